"""Signed distances and samples of unions: against dense samples of their surfaces."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from im2mesh.errors import InputError
from im2mesh.geometry.visibility import visible
from im2mesh.preparation import demo
from im2mesh.shapes.interior import beyond_planes
from im2mesh.shapes.kit.bars import loop_handle
from im2mesh.shapes.kit.outlines import extrude
from im2mesh.shapes.kit.profiles import smooth_profile, vessel
from im2mesh.shapes.shape import Shape, ShapeBatch
from im2mesh.shapes.solids import beam, box, ellipsoid, frustum
from tests.reference import procedural as reference
from tests.test_procedural import random_shape

SEEDS = st.integers(0, 2**32 - 1)
DEMO = (demo.chair, demo.table, demo.lamp, demo.bookshelf, demo.airplane, demo.car, demo.sofa)


def points_of(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.55, 0.55, (count, 3))


# --- closed forms -----------------------------------------------------------------------------


def test_a_notch() -> None:
    """Two boxes in an L: from inside, the nearest surface is often the inner corner's edge."""
    shape = Shape.of(box((1, 0.5, 1), (0, -0.25, 0)), box((0.5, 1, 1), (-0.25, 0, 0)))
    x, y = (
        a.ravel() for a in np.meshgrid(np.linspace(-0.49, 0.49, 50), np.linspace(-0.49, 0.49, 50))
    )
    sdf = shape.signed_distance(np.column_stack([x, y, 0 * x])).numpy()
    walls = 0.5 - np.maximum(np.abs(x), np.abs(y))
    notch = np.hypot(np.minimum(x, 0), np.minimum(y, 0))
    expected = np.where((x > 0) & (y > 0), np.minimum(x, y), -np.minimum(walls, notch))
    off = np.abs(sdf - expected)
    assert (off > 3e-5).mean() < 0.005 and off.max() < 5e-3


def test_faces_that_touch_are_no_surface() -> None:
    one = Shape.of(box((1, 1, 1)))
    rng = np.random.default_rng(0)
    parts = [box((0.5, 1, 1), (-0.25, 0, 0)), box((0.5, 0.5, 1), (0.25, 0.25, 0))]
    parts += [box((0.5, 0.5, 1), (0.25, -0.25, 0)), parts[0]]
    several = Shape.of(*parts)
    points = rng.uniform(-0.6, 0.6, (2000, 3))
    off = (several.signed_distance(points) - one.signed_distance(points)).abs()
    assert (off > 3e-5).double().mean() < 0.02 and off.max() < 0.02
    # And the faces that are shared outwards are sampled as densely as the others.
    samples, normals = several.sample_surface(12000, torch.Generator().manual_seed(0))
    assert samples.abs().amax(dim=1).min() > 0.5 - 1e-9
    for axis in range(3):
        for sign in (-1, 1):
            on_face = (normals[:, axis] == sign) & (samples[:, axis] == sign * 0.5)
            assert int(on_face.sum()) == pytest.approx(2000, abs=200)
    left = samples[normals[:, 2] == 1][:, 0] < 0
    assert float(left.double().mean()) == pytest.approx(0.5, abs=0.05)


def test_one_ball_in_another() -> None:
    shape = Shape.of(ellipsoid((0.5, 0.5, 0.5)), ellipsoid((0.2, 0.2, 0.2), (0.1, 0, 0)))
    points = points_of(0, 3000)
    expected = np.linalg.norm(points, axis=1) - 0.5
    np.testing.assert_allclose(shape.signed_distance(points), expected, rtol=0, atol=1e-3)
    samples, normals = shape.sample_surface(2000, torch.Generator().manual_seed(1))
    np.testing.assert_allclose(samples.norm(dim=1), 0.5, atol=1e-9)
    np.testing.assert_allclose(2 * samples, normals, atol=1e-9)


def test_the_bottom_of_a_cup() -> None:
    """From inside the floor's rim, the nearest surface is the inner corner's circle, exactly."""
    cup = Shape.of(*vessel([(0.5, 0), (0.5, 1)], 0.2, 0.2))
    rng = np.random.default_rng(0)
    turn, out, down = rng.uniform(0, 2 * np.pi, 400), *rng.uniform(0, 0.07, (2, 400))
    radius = 0.3 + out
    points = np.column_stack([radius * np.cos(turn), 0.2 - down, radius * np.sin(turn)])
    off = -cup.signed_distance(points).numpy() - np.hypot(out, down)
    assert off.min() > -3e-5 and (off > 3e-5).mean() < 0.01 and off.max() < 2e-3


def test_touching_balls_of_the_medial_axis() -> None:
    """A cross of two bars: the middle is as deep as the inner corners are far."""
    shape = Shape.of(box((1, 0.2, 0.9)), box((0.2, 1, 0.9)))
    depth = -float(shape.signed_distance(np.zeros((1, 3)))[0])
    assert depth == pytest.approx(0.1 * 2**0.5, abs=3e-5)


# --- any shape --------------------------------------------------------------------------------


@settings(max_examples=6, deadline=None)
@given(SEEDS)
@example(5957)  # 5 of 209 inner points
def test_distances_against_dense_samples(seed: int) -> None:
    shape = random_shape(seed)
    points = points_of(seed, 1500)
    sdf = shape.signed_distance(points).numpy()
    np.testing.assert_array_equal(sdf <= 0, shape.occupancy(points).numpy() | (sdf == 0))
    samples = reference.surface(shape, 60000)
    dense = reference.distance(shape, points, samples)
    outside = ~shape.occupancy(points).numpy()
    off = np.abs(dense) - np.abs(sdf)
    # The samples may miss the surface by their spacing, and are off round solids by 1e-4 … 1e-3.
    assert off[outside].min() > -1e-3 and off[outside].max() < 0.03
    assert np.quantile(np.abs(off[outside]), 0.9) < 3e-3
    assert off[~outside].max(initial=0) < 0.03
    too_deep = -off[~outside]
    assert (too_deep > 2e-3).mean() < 0.03 if len(too_deep) > 200 else True


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_distances_change_no_faster_than_places(seed: int) -> None:
    shape = random_shape(seed)
    rng = np.random.default_rng(seed)
    here = rng.uniform(-0.6, 0.6, (1500, 3))
    there = here + rng.normal(size=here.shape) * rng.choice([0.002, 0.02, 0.2], (1500, 1))
    change = (shape.signed_distance(here) - shape.signed_distance(there)).abs().numpy()
    excess = change - np.linalg.norm(here - there, axis=1)
    out = ~(shape.occupancy(here) | shape.occupancy(there)).numpy()
    assert excess[out].max(initial=-1) < 2e-6
    assert (excess > 1e-3).mean() < 0.01


def mug() -> Shape:
    """A vessel with a handle."""
    profile = smooth_profile([(0.35, 0), (0.5, 0.3), (0.4, 1)], 6)
    handle = loop_handle((0.45, 0.25, 0), (0.4, 0.85, 0), (0.35, 0, 0), 0.06)
    return Shape.of(*vessel(profile, 0.1, 0.15), *handle)


def arrow() -> Shape:
    """A concave outline, extruded."""
    outline = [(-0.5, -0.15), (0.1, -0.15), (0.1, -0.4), (0.5, 0), (0.1, 0.4), (0.1, 0.15)]
    return Shape.of(*extrude([*outline, (-0.5, 0.15), (-0.4, 0)], 0.3))


@pytest.mark.parametrize("build", [demo.car, demo.sofa, mug, arrow])
def test_depth_inside_objects(build: object) -> None:
    """Depths are as exact as the module says, on objects of up to 40 solids."""
    shape = build().posed(40.0, 25.0)  # type: ignore[operator]
    points = points_of(7, 120000)
    points = points[shape.occupancy(points).numpy()][:1500]
    depth = -shape.signed_distance(points).numpy()
    dense = -reference.distance(shape, points, reference.surface(shape, 200000))
    too_deep = depth - dense
    assert (too_deep > 1.5e-3).mean() < 0.02
    assert too_deep.max() < 0.07
    assert (dense - depth).max() < 8e-3  # the reference's own spacing


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_samples_are_on_the_surface_and_in_no_solid(seed: int) -> None:
    shape = random_shape(seed)
    points, normals = shape.sample_surface(500, torch.Generator().manual_seed(seed % 1000))
    assert points.shape == normals.shape == (500, 3)
    torch.testing.assert_close(normals.norm(dim=1), torch.ones(500).double(), rtol=0, atol=1e-9)
    assert shape.signed_distance(points).abs().max() < 3e-5
    at = points.numpy()
    assert reference.occupancy(shape, at, grow=1e-7).all()
    assert not reference.occupancy(shape, at + 1e-5 * normals.numpy(), grow=-1e-9).any()
    # Just inside it is inside, but for pieces thinner than that.
    assert reference.occupancy(shape, at - 1e-5 * normals.numpy()).mean() > 0.99


def test_samples_are_as_dense_everywhere() -> None:
    """A frustum half sunk into a box: what is left of each face gets its share."""
    shape = Shape.of(box((1, 0.4, 1), (0, -0.2, 0)), frustum((0, -0.2, 0), (0, 0.3, 0), 0.25))
    points, normals = shape.sample_surface(20000, torch.Generator().manual_seed(4))
    areas = {
        "top": 1 - np.pi * 0.25**2,
        "lid": np.pi * 0.25**2,
        "tube": 2 * np.pi * 0.25 * 0.3,
        "rest": 1 + 4 * 0.4,
    }
    up, y = normals[:, 1] > 0.5, points[:, 1]
    found = {"top": up & (y < 0.1), "lid": up & (y > 0.1), "tube": ~up & (y > 1e-6)}
    found["rest"] = ~(found["top"] | found["lid"] | found["tube"])
    for name, area in areas.items():
        share = area / sum(areas.values())
        assert float(found[name].double().mean()) == pytest.approx(share, abs=0.012), name


@pytest.mark.parametrize("build", DEMO[::3])
def test_visible_samples_agree_with_rendering(build: object) -> None:
    """Seen points are what a ray through them hits first, at the pixels' own resolution."""
    shape = build().posed(205.0, 15.0)  # type: ignore[operator]
    points, normals = shape.sample_surface(4000, torch.Generator().manual_seed(0))
    seen = visible(points.numpy(), shape.depth().numpy())
    first = shape.first_hit(points[:, :2]).numpy()
    directly = points[:, 2].numpy() >= first - 0.01
    assert 0.2 < seen.mean() < 0.8
    assert (seen == directly).mean() > 0.95
    # Away from edges, where the pixel's ray and the point's see the same face, they are equal.
    facing = normals[:, 2].numpy() > 0.3
    assert (seen == directly)[facing].mean() > 0.97
    assert (
        not seen[(normals[:, 2].numpy() < -0.3) & (points[:, 2].numpy() < first - 0.03)].mean()
        > 0.02
    )


# --- batches ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shapes() -> list[Shape]:
    objects = [build().posed(31.0 * k, 7.0 * k - 15) for k, build in enumerate(DEMO[::2])]
    others = [mug().posed(40, 10), arrow().posed(90, 0), Shape.of(ellipsoid((0.5, 0.2, 0.3)))]
    return [*objects, *others, *(random_shape(seed) for seed in range(5))]


def test_batch_is_what_its_shapes_are(shapes: list[Shape]) -> None:
    batch = ShapeBatch.of(shapes)
    assert len(batch) == len(shapes) and batch.to("cpu").device.type == "cpu"
    points = torch.from_numpy(np.stack([points_of(k, 1000) for k in range(len(shapes))]))
    inside, sdf, depth = batch.occupancy(points), batch.signed_distance(points), batch.depth()
    assert (inside.dtype, sdf.dtype, depth.dtype) == (torch.bool, torch.float32, torch.float32)
    assert depth.shape == (len(shapes), 256, 256)
    for k, shape in enumerate(shapes):
        torch.testing.assert_close(batch.bounds()[k], shape.bounds(), rtol=0, atol=1e-15)
        assert torch.equal(inside[k], shape.occupancy(points[k]))
        one = shape.signed_distance(points[k]).float()
        torch.testing.assert_close(sdf[k], one, rtol=0, atol=2e-6)
        exact = shape.depth()
        assert ((depth[k] < 0) != (exact < 0)).sum() <= 2  # rays along an edge
        off = (depth[k] - exact).abs()[(depth[k] >= 0) & (exact >= 0)]
        assert (off > 1e-5).double().mean() < 2e-4 and off.quantile(0.99) < 1e-6


def test_batch_of_any_size_of_image(shapes: list[Shape]) -> None:
    for size in (1, 50, 131):
        depth = ShapeBatch.of(shapes[:3]).depth(size)
        for got, shape in zip(depth, shapes[:3], strict=True):
            torch.testing.assert_close(got, shape.depth(size), rtol=0, atol=1e-5)


def test_batch_samples_each_shape(shapes: list[Shape]) -> None:
    batch = ShapeBatch.of(shapes)
    points, normals = batch.sample_surface(300, torch.Generator().manual_seed(0))
    again, _ = batch.sample_surface(300, torch.Generator().manual_seed(0))
    assert points.dtype == normals.dtype == torch.float32
    assert points.shape == normals.shape == (len(shapes), 300, 3)
    assert torch.equal(points, again)
    assert batch.signed_distance(points).abs().max() < 3e-5
    other, _ = batch.sample_surface(300, torch.Generator().manual_seed(1))
    assert not torch.equal(points, other)


def test_surface_in_columns_is_that_of_all(shapes: list[Shape]) -> None:
    """Golden reference: the same proposals everywhere, then those in the columns."""
    batch = ShapeBatch.of(shapes)
    low = torch.rand(len(shapes), 3, 2, generator=torch.Generator().manual_seed(1)).double() - 0.5
    high = low + 0.25
    everywhere = torch.full((len(shapes), 1, 2), 9.0, dtype=torch.float64)

    def found(low: Tensor, high: Tensor, seed: int = 0) -> list[Tensor]:
        random = torch.Generator().manual_seed(seed)
        return [p[~p.isnan().any(1)] for p in batch.surface_in_columns(low, high, 2000, random)]

    wanted = found(-everywhere, everywhere)
    random = torch.Generator().manual_seed(0)
    proposed, _, good = batch._propose(2000, random)
    total = 0
    for k, some in enumerate(found(low, high)):
        torch.testing.assert_close(wanted[k], proposed[k][good[k]], rtol=0, atol=0)
        flat = wanted[k][:, None, :2]
        within = ((flat >= low[k]) & (flat <= high[k])).all(2).any(1)
        torch.testing.assert_close(some, wanted[k][within], rtol=0, atol=0)
        total += len(some)
    assert 0 < total < 0.6 * sum(map(len, wanted))
    assert not any(map(len, found(everywhere, everywhere))), "beside all shapes"


def test_batch_depends_on_nothing_but_the_shape(shapes: list[Shape]) -> None:
    points = torch.from_numpy(np.stack([points_of(k, 400) for k in range(len(shapes))]))
    together = ShapeBatch.of(shapes).signed_distance(points)
    for k in (0, 4, len(shapes) - 1):
        alone = ShapeBatch.of([shapes[k]]).signed_distance(points[k : k + 1])[0]
        torch.testing.assert_close(alone, together[k], rtol=0, atol=2e-6)


def test_blocks_do_not_matter(shapes: list[Shape], monkeypatch: pytest.MonkeyPatch) -> None:
    batch = ShapeBatch.of(shapes[:4])
    points = torch.from_numpy(np.stack([points_of(k, 300) for k in range(4)]))
    before = batch.depth(64), batch.occupancy(points), batch.signed_distance(points)
    monkeypatch.setattr("im2mesh.shapes.unions.BLOCK", 700)
    after = batch.depth(64), batch.occupancy(points), batch.signed_distance(points)
    for a, b in zip(before, after, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def test_nothing_at_all_is_no_error(shapes: list[Shape]) -> None:
    batch = ShapeBatch.of(shapes[:2])
    assert batch.occupancy(torch.zeros(2, 0, 3)).shape == (2, 0)
    assert batch.signed_distance(torch.zeros(2, 0, 3)).shape == (2, 0)
    assert batch.sample_surface(0)[0].shape == (2, 0, 3)
    assert shapes[0].signed_distance(np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda batch: ShapeBatch.of([]), "at least one shape"),
        (lambda batch: batch.occupancy(torch.zeros(3, 5, 3)), r"\(3, 5, 3\); expected \(2, N, 3\)"),
        (lambda batch: batch.signed_distance(torch.zeros(2, 5)), r"\(2, 5\)"),
        (lambda batch: batch.sample_surface(-1), "-1 points"),
        (
            lambda batch: ShapeBatch.of([Shape.of(box((1, 1, 1))), demo.car()]).depth(),
            "shape 1 of the batch",
        ),
    ],
)
def test_errors(shapes: list[Shape], call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call(ShapeBatch.of(shapes[:2]))  # type: ignore[operator]


# --- projections onto half-spaces -------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.integers(1, 6))
def test_shortest_vectors_beyond_planes(seed: int, planes: int) -> None:
    rng = np.random.default_rng(seed)
    # Normals about one direction, so that there is something beyond all of them.
    normals = rng.normal(size=(3, planes, 40)) + np.array([0, 2.5, 0])[:, None, None]
    normals /= np.linalg.norm(normals, axis=0)
    offsets = rng.uniform(-0.2, 0.5, (planes, 40))
    offsets[0] = np.abs(offsets[0]) + 0.01
    offsets[1:][rng.random((planes - 1, 40)) < 0.2] = -np.inf
    found = beyond_planes(torch.from_numpy(normals), torch.from_numpy(offsets)).numpy()
    finite = np.isfinite(found[0])
    assert finite.mean() > 0.8
    room = np.einsum("kpm,km->pm", normals, found) - offsets
    assert (room[:, finite] >= -1e-8).all()
    # No other vector beyond all planes is shorter.
    length = np.linalg.norm(found, axis=0)
    for _ in range(20):
        trial = found + rng.normal(size=found.shape) * rng.choice([0.01, 0.1, 0.5])
        legal = (np.einsum("kpm,km->pm", normals, trial) >= offsets).all(axis=0)
        assert (np.linalg.norm(trial, axis=0) >= length - 1e-8)[legal & finite].all()


def test_a_beam_through_a_ball_has_a_crease() -> None:
    """A point beneath the crease of a ball and a bar is settled by the descent, exactly."""
    shape = Shape.of(ellipsoid((0.3, 0.3, 0.3)), beam((0, 0, 0), (0, 0.5, 0), 0.2, 0.2, (1, 0, 0)))
    height = (0.3**2 - 0.1**2) ** 0.5
    point = np.array([[0.07, height - 0.05, 0.0]])
    crease = np.array([0.1, height, 0.0])
    depth = -float(shape.signed_distance(point)[0])
    assert depth == pytest.approx(np.linalg.norm(point[0] - crease), abs=5e-5)
