"""Scores: conformance with the released numbers, properties, and every special case."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.geometry.surface import sample_surface
from im2mesh.metrics import GroundTruth, evaluate_cloud, evaluate_mesh
from im2mesh.metrics.alignment import Similarity, fit_similarity, icp
from im2mesh.metrics.distances import Cloud
from im2mesh.metrics.observation import observation_scores
from im2mesh.metrics.scores import CURVE, FARTHEST, THRESHOLDS, surface_scores
from tests.fixtures import ball
from tests.reference import metrics as reference

SEEDS = st.integers(0, 2**32 - 1)
WORST = {"fscore": 0.0, "recall": 0.0, "precision": 0.0, "normals": 0.0}
WORST |= {"chamfer": 2 * FARTHEST, "accuracy": FARTHEST, "completeness": FARTHEST}


def truth_of(mesh: trimesh.Trimesh, count: int = 20_000, seed: int = 1) -> GroundTruth:
    """A mesh's surface with normals, its front visible, and points of the volume."""
    random = np.random.default_rng(seed)
    points, normals = sample_surface(mesh.vertices, mesh.faces, count, random)
    queries = random.uniform(-0.5, 0.5, (count, 3))
    return GroundTruth(
        points, normals, points[:, 2] > 0, queries, np.linalg.norm(queries, axis=1) < 0.4
    )


def rotation(about: np.ndarray, angle: float) -> np.ndarray:
    return trimesh.transformations.rotation_matrix(angle, about)[:3, :3]


# --- conformance ------------------------------------------------------------------------------


def test_released_numbers(shared: Path) -> None:
    """Every published name, in the published order, within 0.5% (they agree to 1e-6)."""
    released = np.load(shared / "conformance/released_metrics.npz")
    truth = GroundTruth(released["ground_truth"], visible=released["visible"])
    found = evaluate_cloud(released["predicted"], truth)
    names = released["keys"].tolist()
    assert list(found)[: len(names)] == names
    values = np.array([found[name] for name in names])
    np.testing.assert_allclose(values, released["values"], rtol=1e-6, equal_nan=True)


def test_plain_definition_has_the_released_numbers(shared: Path) -> None:
    """The reference that everything else is compared with."""
    released = np.load(shared / "conformance/released_metrics.npz")
    found = reference.scores(*(released[k] for k in ("predicted", "ground_truth", "visible")))
    for name, value in zip(released["keys"].tolist(), released["values"], strict=True):
        assert math.isnan(value) or found[name] == pytest.approx(value, rel=1e-6), name


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(40, 90), st.integers(40, 90), st.booleans())
def test_scores_as_by_definition(seed: int, predicted: int, truth: int, align: bool) -> None:
    """Small clouds, by brute force; both parts have points on both sides.

    With fewer points the first matches may lie on a line, and then any turn about it is as good.
    """
    random = np.random.default_rng(seed)
    a = random.uniform(-0.02, 0.02, (predicted, 3))
    b = random.uniform(-0.02, 0.02, (truth, 3))
    visible = b[:, 2] > np.median(b[:, 2])
    nearest = reference.brute_force(a, b)[1]
    if visible[nearest].all() or not visible[nearest].any():
        return
    expected = reference.scores(a, b, visible, align, reference.brute_force)
    found = evaluate_cloud(a, GroundTruth(b, visible=visible), align=align)
    for name, value in expected.items():
        assert found[name if align else f"{name} raw"] == pytest.approx(value, abs=1e-9), name


# --- what must hold ---------------------------------------------------------------------------


def test_a_mesh_and_itself() -> None:
    """Independent samples of one surface: all hits at 1%, Chamfer at the sampling floor."""
    mesh = ball()
    points, normals = sample_surface(mesh.vertices, mesh.faces, 100_000, np.random.default_rng(5))
    found = evaluate_mesh(mesh, GroundTruth(points, normals))
    assert found["fscore@1"] >= 0.999 and found["fscore@1 raw"] >= 0.999
    # The mean distance to the nearest of N points spread over an area A is √(A/N)/2.
    floor = math.sqrt(mesh.area / 100_000)
    assert found["chamfer raw"] == pytest.approx(floor, rel=0.02)
    assert found["chamfer"] <= floor * 1.02
    assert found["normals"] > 0.999


def test_chamfer_is_symmetric() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(500, 3)) * 0.1, random.normal(size=(700, 3)) * 0.1
    one, other = (evaluate_cloud(p, GroundTruth(q), align=False) for p, q in ((a, b), (b, a)))
    assert one["chamfer raw"] == pytest.approx(other["chamfer raw"], rel=1e-12)
    assert one["accuracy raw"] == pytest.approx(other["completeness raw"], rel=1e-12)
    assert one["fscore@2 raw"] == pytest.approx(other["fscore@2 raw"], rel=1e-12)


def test_a_moved_box() -> None:
    """A box of side s moved by t along x has the distances that can be written down."""
    s, t = 0.6, 0.02
    box = trimesh.creation.box((s,) * 3)
    points, _ = sample_surface(box.vertices, box.faces, 100_000, np.random.default_rng(3))
    found = evaluate_mesh(box, GroundTruth(points + [t, 0, 0]), align=False)
    outer = s**2 * t  # the face that left the box behind: t everywhere
    # The opposite one lies inside: t, but nearer to the walls beside it along its border.
    inner = outer - 4 * (s * t**2 / 2 - t**3 / 3)
    walls = 4 * s * t**2 / 2  # beyond the end of the moved walls, 0 elsewhere
    expected = (outer + inner + walls) / (6 * s**2)
    floor = math.sqrt(box.area / 100_000) / 2
    for name in ("completeness raw", "accuracy raw"):
        assert expected < found[name] < expected + floor
    # Within r: the other walls but for their ends, and the border of the inner face.
    r = 0.01
    within = 4 * (1 - (t - r) / s) + 1 - (1 - 2 * r / s) ** 2
    assert found["recall@1 raw"] == pytest.approx(within / 6, abs=0.01)


def test_thresholds_are_strict() -> None:
    """A point exactly at a threshold is no hit, the next smaller number is one."""
    for name, threshold in THRESHOLDS.items():
        below = np.nextafter(threshold, 0)
        nearest = np.zeros(2, int)
        for distance, hit in ((threshold, 0.0), (below, 1.0)):
            found = surface_scores(np.full(1, distance), np.full(2, distance), nearest)
            assert found[f"recall@{name}"] == found[f"precision@{name}"] == hit
            assert found[f"fscore@{name}"] == hit


def test_curve_goes_through_the_thresholds() -> None:
    truth = truth_of(ball(), 2000)
    result = evaluate_mesh(ball(0.39), truth, samples=2000)
    assert result.curve is not None
    for name, threshold in THRESHOLDS.items():
        at = int(np.flatnonzero(threshold == CURVE)[0])
        assert result.curve[at] == pytest.approx(result[f"fscore@{name}"], abs=1e-12)
        assert result.curve_raw[at] == pytest.approx(result[f"fscore@{name} raw"], abs=1e-12)
    assert (np.diff(result.curve_raw) >= 0).all()


def test_seeds_and_threads() -> None:
    truth = truth_of(ball(), 3000)
    mesh = ball(0.38)
    one = evaluate_mesh(mesh, truth, seed=[3, 4], samples=3000, threads=1)
    assert one == evaluate_mesh(mesh, truth, seed=[3, 4], samples=3000, threads=2)
    other = evaluate_mesh(mesh, truth, seed=[3, 5], samples=3000)
    assert one["chamfer"] != other["chamfer"]
    assert one["chamfer"] == pytest.approx(other["chamfer"], rel=0.1)


# --- special cases ----------------------------------------------------------------------------


@pytest.mark.parametrize("align", [True, False])
def test_an_empty_prediction_scores_the_worst(align: bool) -> None:
    empty = trimesh.Trimesh()
    result = evaluate_mesh(empty, truth_of(ball(), 100), align=align)
    assert result.empty and not result.closed
    of_surface = [name for name in result if not name.startswith("iou")]
    assert len(of_surface) == (2 if align else 1) * 51
    for name in of_surface:
        word = name.split("@")[0].split("_")[0].split()[0]
        expected = WORST[word[:-1]] ** 2 if word.endswith("2") else WORST[word]
        assert result[name] == pytest.approx(expected), name
    for name in ("iou", "iou_vis", "iou_invis", "iou winding"):
        assert result[name] == 0
    assert (result.curve_raw == 0).all()
    of_cloud = evaluate_cloud(np.empty((0, 3)), truth_of(ball(), 100))
    assert of_cloud["fscore@1"] == 0
    assert math.isnan(of_cloud["normals raw"]), "clouds have no normals, empty or not"


def test_no_visible_or_no_invisible_point() -> None:
    """A part without ground truth has no score, and the other one is the whole."""
    points = truth_of(ball(), 500).points
    for visible, gone, there in ((False, "_vis", "_invis"), (True, "_invis", "_vis")):
        truth = GroundTruth(points, visible=np.full(500, visible))
        found = evaluate_mesh(ball(0.39), truth, samples=500)
        for name in ("chamfer", "fscore@1", "precision@2", "accuracy2"):
            assert math.isnan(found[name + gone])
            assert found[name + there] == found[name]


def test_a_part_without_predicted_points_scores_the_worst() -> None:
    """Only the visible half is predicted, far from where the invisible points are."""
    truth = np.array([[0.0, 0, 0.4], [0, 0, -0.4]])
    found = evaluate_cloud(
        np.array([[0, 0, 0.401]]), GroundTruth(truth, visible=np.array([True, False])), align=False
    )
    assert found["fscore@1_vis raw"] == 1
    assert found["precision@1_invis raw"] == found["fscore@2_invis raw"] == 0
    assert found["accuracy_invis raw"] == FARTHEST
    assert found["completeness_invis raw"] == pytest.approx(0.801)


def test_one_triangle() -> None:
    mesh = trimesh.Trimesh([[-0.4, -0.4, 0], [0.4, -0.4, 0], [0, 0.4, 0]], [[0, 1, 2]])
    truth = truth_of(mesh, 1000)
    result = evaluate_mesh(mesh, truth, samples=20_000, align=False)
    assert result["recall@1 raw"] > 0.99
    assert result["normals raw"] == pytest.approx(1)
    assert not result.closed and result["iou"] == 0


def test_vertices_that_are_not_finite() -> None:
    """Faces that use them are left out, and it is said; unused ones do not matter."""
    mesh = ball()
    truth = truth_of(mesh, 20_000)
    whole = evaluate_mesh(mesh, truth, samples=500)
    beside = trimesh.Trimesh(np.r_[mesh.vertices, [[np.nan] * 3]], mesh.faces, process=False)
    assert evaluate_mesh(beside, truth, samples=500) == whole
    for bad in (np.nan, np.inf):
        vertices = mesh.vertices.copy()
        vertices[0] = bad
        result = evaluate_mesh(trimesh.Trimesh(vertices, mesh.faces, process=False), truth)
        assert result.notes == ["faces with vertices that are not finite left out: 5"]
        assert result["fscore@2"] > 0.9 and not result.closed
        nothing = trimesh.Trimesh(np.full_like(vertices, bad), mesh.faces, process=False)
        result = evaluate_mesh(nothing, truth)
        assert result.empty and result["chamfer"] == 2 * FARTHEST
    cloud = evaluate_cloud(np.array([[0, 0, np.nan], [0, 0, 0.4]]), truth)
    assert cloud.notes == ["points that are not finite left out: 1"]


def test_no_area() -> None:
    line = trimesh.Trimesh([[0, 0, 0], [0.1, 0, 0], [0.2, 0, 0]], [[0, 1, 2]], process=False)
    result = evaluate_mesh(line, truth_of(ball(), 100))
    assert result.empty and result.notes == ["no face has an area"]


def test_far_outside_is_said() -> None:
    mesh = ball()
    truth = truth_of(mesh, 500)
    assert not evaluate_mesh(mesh, truth, samples=500).notes
    mesh.apply_translation([37, 0, 0])
    result = evaluate_mesh(mesh, truth, samples=500)
    assert result["fscore@2"] == 0
    assert result.notes == [
        "far outside the cube [-0.5, 0.5]³, not in the camera frame?: reaches 37.4"
    ]
    moved = GroundTruth(truth.points + 2)
    notes = evaluate_mesh(ball(), moved, samples=500).notes
    assert notes[0].startswith("ground truth far outside the cube")


def test_iou_of_parts_and_of_holes() -> None:
    """A ball whose back half is missing: the invisible part suffers, the visible one does not."""
    truth = truth_of(ball(), 20_000)
    half = ball()
    half.vertices = np.maximum(half.vertices, [-1, -1, 0])
    found = evaluate_mesh(half, truth, samples=2000)
    assert found["iou"] == pytest.approx(0.5, abs=0.02)
    assert found["iou_vis"] > 0.97 and found["iou_invis"] < 0.03
    assert found["iou winding"] == pytest.approx(found["iou"], abs=1e-3)
    mesh = ball()
    holed = trimesh.Trimesh(mesh.vertices, mesh.faces[mesh.triangles_center[:, 2] < 0.37])
    found = evaluate_mesh(holed, truth, samples=2000)
    assert found["iou"] < 0.95 < found["iou winding"]


def test_iou_of_pieces_that_overlap() -> None:
    """Closed boxes: parity calls what they share outside, the winding number does not."""
    boxes = [trimesh.creation.box((0.5, 0.5, 0.5)) for _ in range(2)]
    boxes[1].apply_translation([0.3, 0, 0])
    queries = np.random.default_rng(0).uniform(-0.5, 0.5, (20_000, 3))
    x, y, z = np.abs(queries - [0.15, 0, 0]).T
    union = (x < 0.4) & (y < 0.25) & (z < 0.25)
    truth = GroundTruth(boxes[0].vertices, queries=queries, occupancies=union)
    result = evaluate_mesh(trimesh.util.concatenate(boxes), truth, align=False, samples=100)
    assert result.closed
    assert result["iou winding"] == 1
    assert result["iou"] == pytest.approx(0.1375 / 0.1875, abs=0.02)


def test_ground_truth_is_checked() -> None:
    points = np.zeros((4, 3))
    for arguments, message in (
        ({"points": np.empty((0, 3))}, "ground truth without points"),
        ({"points": points, "queries": points}, "their occupancies need None"),
        ({"points": points, "occupancies": np.ones(4, bool)}, "queries have shape None"),
        (
            {"points": points, "queries": points, "occupancies": np.ones(3, bool)},
            "queries have shape (4, 3); their occupancies need (3, 3)",
        ),
        ({"points": points, "visible": np.ones(3, bool)}, "visible have shape (3,); expected (4,)"),
        ({"points": points, "normals": points[:2]}, "normals have shape (2, 3); expected (4, 3)"),
        ({"points": points[:, :2]}, "points have shape (4, 2); expected (N, 3)"),
        ({"points": points * np.nan}, "points have coordinates that are not finite"),
    ):
        with pytest.raises(ValueError) as caught:
            evaluate_cloud(points, GroundTruth(**arguments))
        assert message in str(caught.value)


# --- alignment --------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.floats(0.01, 100), st.integers(3, 40))
def test_fit_recovers_a_similarity(seed: int, scale: float, count: int) -> None:
    random = np.random.default_rng(seed)
    wanted = Similarity(
        scale, rotation(random.normal(size=3), random.uniform(-3, 3)), random.normal(size=3)
    )
    points = random.normal(size=(count, 3))
    found = fit_similarity(points, wanted(points))
    assert found is not None
    np.testing.assert_allclose(found(points), wanted(points), atol=1e-9 * max(scale, 1))
    np.testing.assert_allclose(found.inverse()(found(points)), points, atol=1e-9)
    twice = found.after(found)
    np.testing.assert_allclose(twice(points), found(found(points)), atol=1e-9 * max(scale, 1) ** 2)
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_fit_makes_no_mirror_images() -> None:
    points = np.random.default_rng(0).normal(size=(50, 3))
    found = fit_similarity(points, points * [1, 1, -1])
    assert found is not None and np.linalg.det(found.rotation) == pytest.approx(1)


def test_fit_without_enough_points() -> None:
    points = np.ones((10, 3))
    assert fit_similarity(points[:2], points[:2]) is None
    assert fit_similarity(points, points) is None


def test_icp_recovers_a_small_similarity() -> None:
    """Points that stay nearest to their own images: the transform comes back exactly."""
    axis = np.linspace(-0.4, 0.4, 9)
    points = np.stack(np.meshgrid(axis, axis, axis), -1).reshape(-1, 3)
    wanted = Similarity(1.01, rotation(np.array([1, 2, 3]), 0.01), np.array([0.001, -0.001, 0]))
    found = icp(points, Cloud(wanted(points)))
    assert found.scale == pytest.approx(wanted.scale, abs=1e-12)
    np.testing.assert_allclose(found.rotation, wanted.rotation, atol=1e-12)
    np.testing.assert_allclose(found.offset, wanted.offset, atol=1e-12)


def test_icp_brings_surfaces_together() -> None:
    """Other samples of a moved surface: nearer than before, and as the plain version has it."""
    box = trimesh.creation.box((0.7, 0.5, 0.3))
    draws = [
        sample_surface(box.vertices, box.faces, 8_000, np.random.default_rng(k)) for k in (1, 2)
    ]
    moved = Similarity(1.01, rotation(np.array([1, 2, 3]), 0.01), np.array([0.003, -0.002, 0.002]))
    source, target = draws[0][0], moved(draws[1][0])
    cloud = Cloud(target)
    found = icp(source, cloud)
    matrix = reference.icp(source, target)
    np.testing.assert_allclose(found(source), reference.apply(matrix, source), atol=1e-9)
    assert cloud.nearest(found(source))[0].mean() < 0.9 * cloud.nearest(source)[0].mean()


def test_icp_without_matches_is_the_identity() -> None:
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (100, 3))
    found = icp(points, Cloud(points + 0.5))
    assert found.scale == 1 and np.array_equal(found(points), points)


def test_aligned_normals_turn_with_the_points() -> None:
    mesh = trimesh.creation.box((0.7, 0.5, 0.3))
    truth = truth_of(mesh, 20_000)
    turn = rotation(np.array([0, 0, 1]), 0.02)
    mesh.vertices = mesh.vertices @ turn.T
    found = evaluate_mesh(mesh, truth, samples=20_000)
    assert found["normals raw"] < found["normals"]


# --- clouds and samples -----------------------------------------------------------------------


def test_samples_lie_on_the_surface_and_are_spread_by_area() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 3, 1], [0, 0, 1]], float)
    faces = np.array([[3, 5, 3], [0, 1, 2], [5, 4, 0], [1, 1, 1]])  # the first and last: no area
    points, normals = sample_surface(vertices, faces, 40_000, np.random.default_rng(0))
    on_floor, on_wall = points[:, 2] == 0, points[:, 0] == 0
    assert (on_floor | on_wall).all()
    assert on_floor.mean() == pytest.approx(0.25, abs=0.01), "areas 0.5 and 1.5"
    np.testing.assert_allclose(
        normals[on_floor & ~on_wall], [[0, 0, 1]] * (on_floor & ~on_wall).sum()
    )
    floor = points[on_floor]
    assert (floor[:, :2] >= 0).all() and (floor[:, :2].sum(axis=1) <= 1 + 1e-12).all()
    np.testing.assert_allclose(floor[:, :2].mean(axis=0), [1 / 3, 1 / 3], atol=0.01)


def test_a_cloud_keeps_what_belongs_together() -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(300, 3))
    cloud = Cloud(points, 7 * points, points[:, 0] > 0)
    assert cloud.normals is not None and cloud.visible is not None
    assert sorted(map(tuple, cloud.points)) == sorted(map(tuple, points))
    assert np.array_equal(cloud.visible, cloud.points[:, 0] > 0)
    lengths = np.linalg.norm(cloud.points, axis=1, keepdims=True)
    np.testing.assert_allclose(cloud.normals, cloud.points / lengths)
    distance, number = cloud.nearest(points)
    assert (distance == 0).all() and np.array_equal(cloud.points[number], points)
    distance, number = cloud.nearest(points + 100, within=1)
    assert np.isinf(distance).all() and (number == 300).all()
    same = Cloud(np.zeros((1000, 3)))
    assert (same.nearest(np.ones((5, 3)))[0] == math.sqrt(3)).all()


# --- against the input ------------------------------------------------------------------------


def test_observation_scores() -> None:
    observed = np.full((4, 4), -1.0, np.float32)
    observed[:2] = 0.5
    rendered = observed.copy()
    assert observation_scores(rendered, observed) == {
        "silhouette iou": 1.0,
        "depth error mean": 0.0,
        "depth error median": 0.0,
    }
    rendered[0] = -1
    rendered[1] = [0.5, 0.5, 0.5, 0.9]
    rendered[2, 0] = 0.1
    found = observation_scores(rendered, observed)
    assert found["silhouette iou"] == 4 / 9
    assert found["depth error mean"] == pytest.approx(0.1)
    assert found["depth error median"] == 0
    nothing = observation_scores(np.full((4, 4), -1.0), observed)
    assert nothing == {
        "silhouette iou": 0.0,
        "depth error mean": 1.0,
        "depth error median": 1.0,
    }
    with pytest.raises(ValueError, match="expected the same"):
        observation_scores(rendered[:2], observed)
    with pytest.raises(ValueError, match="expected the same"):
        observation_scores(rendered, observed, np.ones((2, 4), bool))


def test_observation_scores_where_little_is_known() -> None:
    observed = np.full((4, 4), -1.0, np.float32)
    observed[:2] = 0.5
    rendered = observed.copy()
    rendered[0] = 0.9  # another depth
    rendered[3] = 0.5  # background in the map
    known = np.zeros((4, 4), bool)
    known[1:3] = True
    assert observation_scores(rendered, observed, known) == {
        "silhouette iou": 1.0,
        "depth error mean": 0.0,
        "depth error median": 0.0,
    }
    nothing = observation_scores(rendered, observed, np.zeros((4, 4), bool))
    assert math.isnan(nothing["silhouette iou"]) and nothing["depth error mean"] == 1
