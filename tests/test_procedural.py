"""Procedural shapes: against closed forms, and against slow marching."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.commands.demo import main
from im2mesh.data.depth import load_depth
from im2mesh.errors import InputError
from im2mesh.geometry.poses import pose_rotation
from im2mesh.preparation.demo import MODELS, write_demo
from im2mesh.shapes import shape as procedural
from im2mesh.shapes.shape import Shape, ShapeBatch
from im2mesh.shapes.solids import (
    Primitives,
    beam,
    box,
    capsule,
    ellipsoid,
    frustum,
    prism,
    shell,
    torus,
)
from tests.conftest import REPOSITORY
from tests.reference import procedural as reference

AXIS = (np.arange(256) + 0.5) / 256 - 0.5
X, Y = AXIS[None], -AXIS[:, None]
R = np.hypot(X, Y)


def root(value: np.ndarray) -> np.ndarray:
    """The square root, NaN where there is none."""
    return np.sqrt(np.where(value >= 0, value, np.nan))


def expect(shape: Shape, z: np.ndarray) -> None:
    """Compare a depth map with the heights z of a surface; NaN where there is none."""
    depth = shape.depth()
    assert depth.dtype == torch.float32 and depth.shape == (256, 256)
    expected = np.where(np.isnan(z), -1, 0.5 - np.broadcast_to(z, (256, 256)))
    np.testing.assert_allclose(depth.numpy(), expected, rtol=0, atol=1e-6)


def within(inside: np.ndarray, z: np.ndarray | float) -> np.ndarray:
    return np.where(inside, z, np.nan)


CORNERS = [(-0.4, -0.3), (0.4, -0.3), (0.1, 0.4), (-0.2, 0.3)]
PRISM = np.all(
    [
        (u - x) * (Y - y) - (v - y) * (X - x) >= 0
        for (x, y), (u, v) in zip(CORNERS, CORNERS[1:] + CORNERS[:1], strict=True)
    ],
    axis=0,
)
SIDE = within(np.abs(X) <= 0.4, root(0.04 - Y**2))
HEIGHTS: dict[str, tuple[Primitives, np.ndarray]] = {
    "ball": (ellipsoid((0.5, 0.5, 0.5)), root(0.25 - R**2)),
    "ball aside": (
        ellipsoid((0.1, 0.1, 0.1), (0.2, 0.3, -0.1)),
        root(0.01 - (X - 0.2) ** 2 - (Y - 0.3) ** 2) - 0.1,
    ),
    "ellipsoid": (
        ellipsoid((0.5, 0.2, 0.3)),
        0.3 * root(1 - (X / 0.5) ** 2 - (Y / 0.2) ** 2),
    ),
    "box": (
        box((0.8, 0.5, 0.6), (0, 0.1, 0.2)),
        within((np.abs(X) <= 0.4) & (np.abs(Y - 0.1) <= 0.25), 0.5),
    ),
    "prism": (prism(CORNERS, 0.4, (0, 0, 0.1)), within(PRISM, 0.3)),
    "prism the other way round": (prism(CORNERS[::-1], 0.4, (0, 0, 0.1)), within(PRISM, 0.3)),
    "cylinder from its side": (frustum((-0.4, 0, 0), (0.4, 0, 0), 0.2), SIDE),
    "cone": (frustum((0, 0, -0.5), (0, 0, 0.5), 0.4, 0.0), within(R <= 0.4, 0.5 - R / 0.4)),
    "wide end": (frustum((0, 0, -0.3), (0, 0, 0.3), 0.1, 0.4), within(R <= 0.4, 0.3)),
    "narrow end": (
        frustum((0, 0, -0.3), (0, 0, 0.3), 0.4, 0.1),
        within(R <= 0.4, 0.3 - 0.6 * np.maximum(R - 0.1, 0) / 0.3),
    ),
    "tube from its side": (shell((-0.4, 0, 0), (0.4, 0, 0), (0.15, 0.15), (0.2, 0.2)), SIDE),
    "tube": (  # between the radii at the wide end its face; within, the side of the hole
        shell((0, 0, -0.4), (0, 0, 0.2), (0.1, 0.2), (0.3, 0.4)),
        within((R >= 0.1) & (R <= 0.4), 0.2 - 6 * np.maximum(0.2 - R, 0)),
    ),
    "capsule from its side": (
        capsule((0, -0.3, 0), (0, 0.3, 0), 0.2),
        root(0.04 - X**2 - (Y - np.clip(Y, -0.3, 0.3)) ** 2),
    ),
    "capsule": (capsule((0, 0, -0.3), (0, 0, 0.2), 0.2), 0.2 + root(0.04 - R**2)),
    "torus from its side": (
        torus(0.35, 0.1),
        root((0.35 + root(0.1**2 - Y**2)) ** 2 - X**2),
    ),
    **{
        f"torus of {ring} and {tube}": (
            torus(ring, tube, axis=(0, 0, 1)),
            root(tube**2 - (R - ring) ** 2),
        )
        for ring, tube in ((0.35, 0.15), (0.45, 0.004), (0.2, 0.2))
    },
}
"""Name → a solid, and the heights of its surface; NaN where there is none."""


@pytest.mark.parametrize("name", HEIGHTS)
def test_heights(name: str) -> None:
    solid, z = HEIGHTS[name]
    expect(Shape.of(solid), z)


# --- closed forms -----------------------------------------------------------------------------


def test_a_face_at_the_front_of_the_cube_is_not_background() -> None:
    depth = Shape.of(box((3, 2, 3))).posed(0, 0).depth()
    assert set(depth.unique().tolist()) == {-1.0, 0.0}
    # Nor where rounding puts it a little before the cube.
    depth = Shape.of(box((0.5, 0.5, 1 + 1e-9))).depth()
    assert set(depth.unique().tolist()) == {-1.0, 0.0}


def test_tilted_plate() -> None:
    rotation = pose_rotation(25, 35)
    depth = Shape.of(box((0.6, 0.6, 0.1), (0, 0, 0.05), rotation)).depth().numpy()
    normal = rotation[:, 2]
    z = 0.05 + (0.05 - normal[0] * X - normal[1] * Y) / normal[2]
    middle = R < 0.15
    np.testing.assert_allclose(depth[middle], 0.5 - z[middle], atol=1e-6)
    assert (depth[R > 0.45] == -1).all()


def test_cylinder_turned() -> None:
    turn = np.radians(30)
    end = 0.4 * np.array([np.cos(turn), 0, -np.sin(turn)])
    depth = Shape.of(frustum(-end, end, 0.1)).depth().numpy()
    z = (root(0.01 - Y**2) - X * np.sin(turn)) / np.cos(turn)
    side = (np.abs(X) < 0.25) & (np.abs(Y) < 0.1)
    np.testing.assert_allclose(depth[side], (0.5 - z)[side], atol=1e-6)


def test_cylinder_from_its_end() -> None:
    z = np.where(R <= 0.3, 0.2, np.nan)
    expect(Shape.of(frustum((0, 0, -0.4), (0, 0, 0.2), 0.3)), z)
    # Nearly parallel rays: almost the same, nothing lost.
    depth = Shape.of(frustum((0, 1e-12, -0.4), (0, 0, 0.2), 0.3)).depth().numpy()
    np.testing.assert_allclose(depth, np.where(np.isnan(z), -1, 0.3), atol=1e-6)


def test_cone_with_rays_along_its_side() -> None:
    # Half an angle of 45°, the axis 45° from the line of sight: one side is parallel to the rays.
    cone = Shape.of(frustum((0, -0.2, -0.2), (0, 0.1, 0.1), 0.3 * 2**0.5, 0.0)).normalised()
    grid = np.stack(np.meshgrid(AXIS[::8], AXIS[::8]), -1).reshape(-1, 2)
    check_hits(cone, grid)


def test_union_shows_what_is_nearest() -> None:
    a, b = box((0.5, 0.5, 0.5), (-0.2, 0, 0)), ellipsoid((0.3, 0.3, 0.3), (0.2, 0, 0.1))
    both = Shape.of(a, Shape.of(b)).depth()
    apart = torch.stack([Shape.of(a).depth(), Shape.of(b).depth()])
    nearest = torch.where(apart < 0, torch.inf, apart).amin(dim=0)
    assert torch.equal(both, torch.where(nearest == torch.inf, -1.0, nearest))


def test_beam_is_a_box_between_two_points() -> None:
    plain = Shape.of(box((0.2, 0.6, 0.1), (0.1, 0.2, 0)))
    between = Shape.of(beam((0.1, -0.1, 0), (0.1, 0.5, 0), 0.2, 0.1, (1, 0.3, 0)))
    torch.testing.assert_close(between.bounds(), plain.bounds())
    torch.testing.assert_close(between.depth(), plain.depth())


def test_a_leaning_tube_is_seen_into() -> None:
    turn = np.radians(60)
    end = 0.3 * np.array([np.sin(turn), 0, np.cos(turn)])
    leaning = Shape.of(shell(-end, end, (0.3, 0.3), (0.35, 0.35)))
    check_hits(leaning, np.stack(np.meshgrid(AXIS[::8], AXIS[::8]), -1).reshape(-1, 2))
    # Onto the outside, and through the open end onto the far wall.
    across = (0.25 * np.cos(turn) - 0.3) / np.sin(turn)
    met = leaning.first_hit(np.array([[0.0, 0.0], [0.25, 0.0]])).numpy()
    np.testing.assert_allclose(met, [0.35 / np.sin(turn), across], atol=1e-9)


# --- any shape --------------------------------------------------------------------------------


def random_shape(seed: int) -> Shape:
    """One to five solids of any kinds, some along the axes; posed into the cube."""
    rng = np.random.default_rng(seed)

    def place() -> np.ndarray:
        return rng.uniform(-0.4, 0.4, 3)

    def turn() -> np.ndarray:
        aligned = rng.random() < 0.3
        angles = 90 * rng.integers(0, 4, 3) if aligned else rng.uniform(-180, 180, 3)
        return pose_rotation(*angles[:2]) @ pose_rotation(angles[2], 0)

    def along() -> np.ndarray:
        return turn() @ [0, rng.uniform(0.02, 0.6), 0]

    def hollow(at: np.ndarray, to: np.ndarray) -> Primitives:
        outer = rng.uniform(0.05, 0.4, 2)
        inner = outer * rng.uniform(0, 0.95, 2)
        return shell(at, at + to, (inner[0], inner[1]), (outer[0], outer[1]))

    def corners() -> np.ndarray:
        number = rng.integers(3, 5)
        angle = 2 * np.pi * (np.arange(number) + rng.uniform(-0.3, 0.3, number)) / number
        return rng.uniform(0.05, 0.4, 2) * np.column_stack([np.cos(angle), np.sin(angle)])

    makers = (
        lambda: box(rng.uniform(0.01, 0.7, 3), place(), turn()),
        lambda: frustum(at := place(), at + along(), rng.uniform(0.01, 0.4), rng.uniform(0, 0.4)),
        lambda: frustum(at := place(), at + along(), rng.uniform(0.01, 0.4), 0.0),
        lambda: frustum(at := place(), at + along(), rng.uniform(0.01, 0.4)),
        lambda: ellipsoid(rng.uniform(0.02, 0.4, 3), place(), turn()),
        lambda: capsule(at := place(), at + along(), rng.uniform(0.01, 0.2)),
        lambda: torus(rng.uniform(0.1, 0.4), rng.uniform(0.01, 0.1), place(), along()),
        lambda: hollow(place(), along()),
        lambda: prism(corners(), rng.uniform(0.01, 0.6), place(), turn()),
    )
    solids = [makers[rng.integers(len(makers))]() for _ in range(rng.integers(1, 6))]
    return Shape.of(*solids).normalised()


def check_hits(shape: Shape, xy: np.ndarray) -> None:
    """Each first hit is on the surface, and nothing is in front of it."""
    z = shape.first_hit(xy).numpy()
    marched = reference.march(shape, xy, 0.51, -0.51, 300)
    assert (marched <= z + 1e-9).all()
    hit = np.isfinite(z)
    surface = np.column_stack([xy[hit], z[hit]])
    assert reference.occupancy(shape, surface, grow=1e-7).all()
    # Not `grow=0`: a ray may run along a flat face.
    assert not reference.occupancy(shape, surface + [0, 0, 1e-6], grow=-1e-9).any()


SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_first_hits_against_marching(seed: int) -> None:
    rng = np.random.default_rng(seed)
    check_hits(random_shape(seed), rng.uniform(-0.52, 0.52, (300, 2)))


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_occupancy_against_the_reference(seed: int) -> None:
    shape = random_shape(seed)
    points = np.random.default_rng(seed).uniform(-0.55, 0.55, (4000, 3))
    inside = shape.occupancy(points).numpy()
    np.testing.assert_array_equal(inside, reference.occupancy(shape, points))
    low, high = shape.bounds().numpy()
    assert ((points[inside] >= low) & (points[inside] <= high)).all()


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.floats(-360, 360), st.floats(-90, 90))
def test_posed_shapes_are_centred_and_fill_the_cube(
    seed: int, azimuth: float, elevation: float
) -> None:
    shape = random_shape(seed).posed(azimuth, elevation)
    low, high = shape.bounds().numpy()
    np.testing.assert_allclose(low + high, 0, atol=1e-12)
    assert (high - low).max() == pytest.approx(1, abs=1e-12)
    # Its points say so, too: those of inscribed polyhedra reach nearly as far, never farther.
    vertices = reference.mesh(shape, sections=128).vertices
    assert (vertices >= low - 1e-9).all()
    assert (vertices <= high + 1e-9).all()
    np.testing.assert_allclose(vertices.min(axis=0), low, atol=1e-3)
    np.testing.assert_allclose(vertices.max(axis=0), high, atol=1e-3)


def test_pose_of_a_shape_is_the_pose_of_its_points() -> None:
    shape, points = random_shape(3), np.random.default_rng(3).uniform(-0.6, 0.6, (5000, 3))
    rotation = pose_rotation(40, 20)
    moved = shape.transformed(rotation, offset=(1, 2, 3), scale=0.5)
    expected = reference.occupancy(shape, points)
    assert 0.01 < expected.mean() < 0.9
    inside = moved.occupancy(0.5 * points @ rotation.T + [1, 2, 3])
    np.testing.assert_array_equal(inside.numpy(), expected)


def test_poses_of_a_batch_are_those_of_its_shapes() -> None:
    rng = np.random.default_rng(3)
    shapes = [random_shape(seed) for seed in range(4)]
    turns = [pose_rotation(*rng.uniform(0, 90, 2)) for _ in shapes]
    offsets, scales = rng.uniform(-1, 1, (4, 3)), rng.uniform(0.5, 2, 4)
    moved = ShapeBatch.of(shapes).transformed(
        *map(torch.from_numpy, (np.stack(turns), offsets, scales))
    )
    expected = [
        shape.transformed(*move)
        for shape, *move in zip(shapes, turns, offsets, scales, strict=True)
    ]
    for batch, each in (
        (moved, expected),
        (moved.normalised(), [shape.normalised() for shape in expected]),
    ):
        other = ShapeBatch.of(each)
        for group, one in zip(batch.groups, other.groups, strict=True):
            for key, tensor in vars(group).items():
                torch.testing.assert_close(tensor, vars(one)[key], rtol=0, atol=1e-12)
        torch.testing.assert_close(batch.bounds(), other.bounds(), rtol=0, atol=1e-12)


def test_positive_elevation_shows_the_top() -> None:
    plate = Shape.of(box((1, 0.02, 1)), ellipsoid((0.1, 0.1, 0.1), (0, 0.1, 0)))
    from_above, from_below = plate.posed(0, 40), plate.posed(0, -40)
    assert from_above.depth()[128, 128] < from_below.depth()[128, 128]


def test_blocks_of_pairs_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = random_shape(11)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (500, 3))
    depth, inside = shape.depth(32), shape.occupancy(points)
    monkeypatch.setattr(procedural, "PAIRS_AT_ONCE", 64)
    assert torch.equal(shape.depth(32), depth) and torch.equal(shape.occupancy(points), inside)


def test_depth_of_any_size_sees_the_same_shape() -> None:
    shape = random_shape(5)
    fine, coarse = shape.depth(192).numpy(), shape.depth(64).numpy()
    np.testing.assert_array_equal(fine[1::3, 1::3], coarse)  # the middles of 3×3 blocks


def test_nothing_at_all_is_no_error() -> None:
    shape = Shape.of(ellipsoid((0.5, 0.5, 0.5)))
    assert shape.occupancy(np.zeros((0, 3))).shape == (0,)
    assert shape.first_hit(np.zeros((0, 2))).shape == (0,)
    assert len(shape) == 1 and shape.to("cpu").device.type == "cpu"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Shape.of(), "at least one"),
        (lambda: box((1, 0, 1)), "half height 0"),
        (lambda: box((1, 1, 1), (0, 0)), "three finite"),
        (lambda: box((1, 1, 1), rotation=2 * np.eye(3)), "not a rotation"),
        (lambda: box((1, 1, 1), rotation=-np.eye(3)), "not a rotation"),
        (lambda: ellipsoid((1, float("nan"), 1)), "three finite"),
        (lambda: ellipsoid((1, -1, 1)), "positive"),
        (lambda: frustum((0, 0, 0), (0, 0, 0), 1), "same point"),
        (lambda: frustum((0, 0, 0), (0, 1, 0), 0, 0), "radii"),
        (lambda: frustum((0, 0, 0), (0, 1, 0), 1, -1), "radii"),
        (lambda: frustum((0, 0, 0), (0, 1, 0), float("inf")), "radius at the start inf"),
        (lambda: capsule((0, 0, 0), (0, 1, 0), 0), "radius 0"),
        (lambda: torus(0.1, 0.2), "tube of radius 0.2"),
        (lambda: torus(0.3, 0.0), "tube 0"),
        (lambda: torus(0.3, 0.1, axis=(0, 0, 0)), "same point"),
        (lambda: beam((0, 0, 0), (0, 1, 0), 1, 1, (0, 2, 0)), "along the beam"),
        (lambda: shell((0, 0, 0), (0, 1, 0), (0.2, 0.1), (0.1, 0.2)), "inner radii"),
        (lambda: shell((0, 0, 0), (0, 1, 0), (0.2, 0.2), (0.2, 0.2)), "inner radii"),
        (lambda: shell((0, 0, 0), (0, 1, 0), (-0.1, 0.1), (0.2, 0.2)), "inner radii"),
        (lambda: prism([(0, 0), (1, 0)], 1), "three or four corners"),
        (lambda: prism([(0, 0), (1, 0), (1, float("nan"))], 1), "not convex"),
        (lambda: prism([(0, 0), (1, 0), (2, 0)], 1), "not convex"),
        (lambda: prism([(0, 0), (1, 0), (0.1, 0.1), (0, 1)], 1), "not convex"),
        (lambda: prism([(0, 0), (1, 1), (1, 0), (0, 1)], 1), "not convex"),
        (lambda: prism([(0, 0), (1, 0), (0, 1)], 0), "thickness must be positive"),
        (lambda: Shape.of(box((2, 1, 1))).depth(), "pose or normalise"),
        (lambda: Shape.of(box((1, 1, 1))).transformed(scale=0), "positive"),
        (lambda: Shape.of(box((1, 1, 1))).occupancy(np.zeros((3, 2))), r"\(3, 2\).*\(N, 3\)"),
        (lambda: Shape.of(box((1, 1, 1))).first_hit(np.zeros((3, 3))), r"\(3, 3\).*\(N, 2\)"),
    ],
)
def test_errors(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        call()  # type: ignore[operator]
    assert not re.search(r"tensor\(|\n", str(raised.value))


# --- the demo ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    assert main(["--out", str(out)]) == 0
    return out


def test_demo_is_the_committed_one(demo: Path) -> None:
    committed = REPOSITORY / "data" / "demo"
    for split in ("demo", "test_demo"):
        lines = (committed / f"{split}.lst").read_text().split()
        assert lines == sorted(MODELS) == (demo / f"{split}.lst").read_text().split()
    for model in MODELS:
        with (
            np.load(committed / model / "000.npz") as there,
            np.load(demo / model / "000.npz") as new,
        ):
            assert there.files == new.files == ["arr_0"]
            assert there["arr_0"].dtype == np.float32
            np.testing.assert_allclose(there["arr_0"], new["arr_0"], rtol=0, atol=1e-5)


def test_demo_is_the_same_every_time(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = dict(list(MODELS.items())[3:5])
    monkeypatch.setattr("im2mesh.preparation.demo.MODELS", few)
    *maps, one, other = write_demo(tmp_path)
    assert len(maps) == 2 and {one.name, other.name} == {"demo.lst", "test_demo.lst"}
    for path in maps:
        assert path.read_bytes() == (demo / path.relative_to(tmp_path)).read_bytes()


@pytest.mark.parametrize("model", MODELS)
def test_demo_maps_are_posed_to_fill_the_cube(demo: Path, model: str) -> None:
    depth = load_depth(demo / model / "000.npz")
    build, azimuth, elevation = MODELS[model]
    low, high = build().posed(azimuth, elevation).bounds().numpy()
    rows, columns = np.nonzero(depth >= 0)
    pixel = 1 / 256
    # The first and last pixels that see something, as x and y; a pointed tip may fall between rays.
    seen = [(columns.min(), columns.max()), (rows.min(), rows.max())]
    for axis, (first, last) in enumerate(seen):
        ends = sorted(
            (sign * AXIS[at]) for at, sign in ((first, 1 - 2 * axis), (last, 1 - 2 * axis))
        )
        assert low[axis] <= ends[0] <= low[axis] + 2 * pixel
        assert high[axis] - 2 * pixel <= ends[1] <= high[axis]
        if high[axis] - low[axis] < 1 - 2 * pixel:
            assert first > 0 and last < 255
    assert (high - low).max() == pytest.approx(1)
    nearest = depth[depth >= 0].min()
    assert nearest >= 0
    assert 0.5 - nearest <= high[2] + 1e-6
