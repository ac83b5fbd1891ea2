"""A sensor's depth image: cameras, cleaning, where the cube goes, resampling, carving by rays."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.data import surfaces
from im2mesh.data.cleaning import clean
from im2mesh.data.placement import depth_extent, place
from im2mesh.data.resampling import orthographic_map, pixel_fans, ray_map
from im2mesh.data.supporting_plane import find_object
from im2mesh.data.surfaces import default_noise
from im2mesh.errors import DepthError, InputError
from im2mesh.generation.extraction import extract_dense, extract_mise
from im2mesh.generation.field import FusedField, ObservedField
from im2mesh.generation.lattice import exact_lattice
from im2mesh.generation.meshing import extract_mesh
from im2mesh.generation.observation import Observation
from im2mesh.geometry.cameras import FLIP, Camera, CubeFrame, Perspective
from im2mesh.geometry.rendering import render_perspective
from im2mesh.shapes.families import FAMILIES, make_shape
from im2mesh.shapes.shape import Shape, ellipsoid, torus
from im2mesh.timing import Stopwatch
from tests.fixtures import SHAPES
from tests.reference import resampling as reference

CPU = torch.device("cpu")
CAMERA = Camera(600.0, 610.0, 160.0, 118.0)
SHAPE = (240, 320)
MAP_SIZE = 128
"""Pixels of the rays' maps whose observation is tested: their measuring takes most of the time."""

centres = st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(0.3, 3.0))


def view_of(
    shape: Shape,
    distance: float = 3.0,
    size: float = 0.15,
    camera: Camera = CAMERA,
    image: tuple[int, int] = SHAPE,
    aside: tuple[float, float] = (0.0, 0.0),
) -> tuple[np.ndarray, CubeFrame]:
    """A shape's depth image from so many of its sizes away, and where its cube is."""
    middle = np.array([aside[0], aside[1], 1.0]) * distance * size
    frame = CubeFrame.looking_at(middle, size)
    vertices, faces = shape.mesh(0.002)
    return render_perspective(frame.to_camera(vertices), faces, camera, image), frame


# --- cameras ----------------------------------------------------------------------------------


@given(centres, st.floats(0.01, 2.0), st.integers(0, 10**6))
def test_camera_to_cube_and_back(centre: tuple[float, ...], size: float, seed: int) -> None:
    frame = CubeFrame.looking_at(centre, size)
    points = np.random.default_rng(seed).normal(size=(50, 3))
    assert np.abs(frame.to_camera(frame.to_cube(points)) - points).max() < 1e-9
    assert np.abs(frame.rotation @ frame.rotation.T - np.eye(3)).max() < 1e-12
    assert np.linalg.det(frame.rotation) == pytest.approx(1)
    homogeneous = np.append(points, np.ones((50, 1)), axis=1) @ frame.matrix.T
    assert np.abs(homogeneous[:, :3] - frame.to_camera(points)).max() < 1e-9
    # The camera is on the cube's z axis, at the frame's distance.
    assert frame.to_cube(np.zeros(3)) == pytest.approx([0, 0, frame.distance], abs=1e-9)


def test_the_cube_is_the_documented_one() -> None:
    frame = CubeFrame.looking_at((0.0, 0.0, 2.0), 0.5)
    right, up, near = frame.to_cube(np.array([[0.25, 0, 2], [0, -0.25, 2], [0, 0, 1.75]]))
    assert right == pytest.approx([0.5, 0, 0])
    assert up == pytest.approx([0, 0.5, 0])  # OpenCV's y runs down
    assert near == pytest.approx([0, 0, 0.5])  # z towards the viewer
    assert FLIP @ np.array([1, 2, 3]) == pytest.approx([1, -2, -3])


@given(st.floats(0.6, 20), st.integers(0, 10**6))
def test_perspective_makes_rays_parallel(distance: float, seed: int) -> None:
    perspective = Perspective(distance)
    points = np.random.default_rng(seed).uniform(-0.5, 0.5, (50, 3))
    seen = perspective(points)
    assert np.abs(seen).max() <= 0.5 + 1e-12
    assert np.abs(perspective.inverse(seen) - points).max() < 1e-9
    on_tensor = perspective(torch.from_numpy(points)).numpy()
    assert np.abs(on_tensor - seen).max() < 1e-12
    eye = np.array([0, 0, distance])
    further = eye + (points - eye) * 1.01
    inside = np.abs(further).max(axis=1) <= 0.5
    moved = perspective(further)[inside] - seen[inside]
    assert np.abs(moved[:, :2]).max(initial=0) < 1e-9
    assert (moved[:, 2] < 0).all()


def test_pixel_centres_are_at_whole_numbers() -> None:
    camera = Camera(500.0, 400.0, 3.0, 2.0)
    assert camera.project(np.array([0.0, 0.0, 2.0])) == pytest.approx([3, 2])
    assert camera.project(camera.rays(7, 5) * 0.7) == pytest.approx([7, 5])
    # Twice the pixels: the first pixel's left border stays.
    assert camera.scaled(2, 2).project(np.array([0.0, 0.0, 2.0])) == pytest.approx([6.5, 4.5])
    along = np.linalg.norm(camera.rays_of((5, 6)) * 1.5, axis=-1)
    assert camera.along_z(along) == pytest.approx(np.full((5, 6), 1.5))


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.eye(2), "3×3"),
        (np.diag([1.0, -1.0, 1.0]), "positive"),
        (np.diag([np.nan, 1.0, 1.0]), "pinhole|finite"),
        (np.array([[5.0, 0, 3], [0, 5, 2], [0, 0, 1]]).T, "transposed"),
        (np.array([[5.0, 1, 3], [0, 5, 2], [0, 0, 1]]), "pinhole"),
    ],
)
def test_matrices_that_are_no_intrinsics(matrix: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Camera.from_matrix(matrix)


# --- resampling -------------------------------------------------------------------------------


def plane_view(normal: tuple[float, float, float], offset: float) -> np.ndarray:
    """Depth of a plane over a patch of the image."""
    depth = offset / (CAMERA.rays_of(SHAPE) @ np.asarray(normal))
    patch = np.full(SHAPE, np.nan)
    patch[60:180, 80:240] = depth[60:180, 80:240]
    return patch


@given(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
@settings(max_examples=5, deadline=None)
def test_planes_stay_planes(tilt_x: float, tilt_y: float) -> None:
    normal = np.array([tilt_x, tilt_y, 1.0])
    depth = plane_view(tuple(normal), 0.5)
    fans = pixel_fans(depth, CAMERA, 0.0)
    middle = CAMERA.rays(160, 118) * depth[118, 160]
    frame = CubeFrame.looking_at(middle, 0.3)
    shown = orthographic_map(fans, frame)
    rows, columns = np.nonzero((shown > 0) & (shown < 1))
    q = np.stack(
        [(columns + 0.5) / 256 - 0.5, 0.5 - (rows + 0.5) / 256, 0.5 - shown[rows, columns]]
    )
    assert len(rows) > 500
    off = frame.to_camera(q.T) @ normal - 0.5
    assert np.abs(off).max() / np.linalg.norm(normal) < 1e-6
    rays = ray_map(fans, np.zeros(SHAPE, bool), frame)
    side = len(rays.depth)
    rows, columns = np.nonzero((rays.depth > 0) & (rays.depth < 1))
    z = 0.5 - rays.depth[rows, columns]
    q = np.stack([(columns + 0.5) / side - 0.5, 0.5 - (rows + 0.5) / side, z], axis=1)
    off = frame.to_camera(rays.perspective.inverse(q)) @ normal - 0.5
    assert np.abs(off).max() / np.linalg.norm(normal) < 1e-6


def test_fans_tile_the_image_and_meet_at_their_corners() -> None:
    depth = view_of(Shape.of(ellipsoid((0.5, 0.4, 0.45))))[0]
    fans = pixel_fans(depth, CAMERA, 0.0)
    vertices, faces = fans.mesh()
    assert len(faces) == 4 * np.isfinite(depth).sum()
    seen = render_perspective(vertices, faces, CAMERA, SHAPE)
    assert np.array_equal(np.isfinite(seen), np.isfinite(depth))
    assert np.nanmax(np.abs(seen - depth)) < 1e-9
    # Away from the rim neighbours share their corners' depth.
    number, r, c = fans.number, 118, 160
    corners = fans.corners
    assert corners[2, number[r, c]] == pytest.approx(corners[0, number[r + 1, c + 1]], rel=1e-12)
    assert corners[1, number[r, c]] == pytest.approx(corners[3, number[r - 1, c + 1]], rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_lookup_and_rasterising_agree_with_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    camera = Camera(40.0, 42.0, 4.2, 3.1)
    depth = 0.5 + 0.03 * rng.random((8, 9))
    depth[rng.random((8, 9)) < 0.3] = np.nan
    frame = CubeFrame.looking_at(camera.rays(4, 3) * 0.52, 0.14)
    fans = pixel_fans(depth, camera, 0.002)
    vertices, faces = fans.mesh()
    slow = reference.rasterised(frame.to_cube(vertices), faces, 16)
    fast = orthographic_map(fans, frame, 16)
    crossed = (fast >= 0) & (slow < 0)  # cracks are closed
    assert np.abs(np.where(crossed, 0, fast - slow)).max() < 1e-5
    rays = ray_map(fans, np.zeros(depth.shape, bool), frame, 16)
    slow = reference.rasterised(rays.perspective(frame.to_cube(vertices)), faces, len(rays.depth))
    assert np.abs(rays.depth - slow).max() < 1e-5


def test_what_is_outside_the_image_or_unknown_is_not_background() -> None:
    depth, frame = view_of(Shape.of(ellipsoid((0.5, 0.5, 0.5))), aside=(0.24, 0.0))
    unknown = np.zeros(SHAPE, bool)
    unknown[10:14] = True
    rays = ray_map(pixel_fans(depth, CAMERA, 0.0), unknown, frame)
    side = len(rays.depth)
    face = np.stack(np.meshgrid(*2 * [(np.arange(side) + 0.5) / side - 0.5]), axis=-1)
    face = np.concatenate([face * [1, -1], np.full((side, side, 1), 0.5)], axis=-1)
    at = np.rint(CAMERA.project(frame.to_camera(face)))
    outside = (at[..., 0] >= SHAPE[1]) & (rays.depth < 0)
    assert outside.any() and not rays.known[outside].any()
    within = (
        (at[..., 0] < SHAPE[1]) & (rays.depth < 0) & (at[..., 1] > 14) & (at[..., 1] < SHAPE[0])
    )
    assert rays.known[within].all()
    assert not rays.known[(at[..., 1] == 12) & (rays.depth < 0)].any()


# --- the observation along the camera's rays --------------------------------------------------


@settings(max_examples=3, deadline=None)
@given(
    st.sampled_from(sorted(FAMILIES)),
    st.integers(0, 10**6),
    st.sampled_from([2.0, 3.0, 5.0]),
    st.floats(300, 900),
    st.floats(-0.2, 0.2),
)
def test_a_point_of_the_object_is_never_carved(
    family: str, seed: int, distance: float, focal: float, aside: float
) -> None:
    """Not on any of the camera's rays, and elsewhere none that is a cell or a pixel deep."""
    shape = make_shape(family, seed).posed(seed % 360, seed % 50)
    camera = Camera(focal, focal * 1.02, 160.0 - aside * focal, 118.0)
    depth, frame = view_of(shape, distance, camera=camera, aside=(aside, 0.0))
    fans = pixel_fans(depth, camera, 0.0)
    rays = ray_map(fans, np.zeros(SHAPE, bool), frame, MAP_SIZE)
    seen = Observation(rays.depth, 64, 0.0, rays.known, perspective=rays.perspective)
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.5, 0.5, (20000, 3))
    points = points[shape.occupancy(points).numpy()]
    if not len(points):
        return
    hidden, shell = (v.numpy() for v in seen(torch.from_numpy(points).float()))
    pixel = distance / focal  # of the sensor, in sides of the cube
    deep = -shape.signed_distance(points).numpy()
    assert not (hidden[deep > max(1 / 64, pixel)] < 0).any()
    assert (shell <= hidden + 1e-6).all()
    # Twice as far behind the object as it is deep is hidden, before it all is free.
    in_front = rays.perspective.inverse(
        np.stack([*rng.uniform(-0.5, 0.5, (2, 5000)), np.full(5000, 0.5 - 1e-3)], axis=1)
    )
    nearest = 0.5 - rays.depth[rays.depth >= 0].min()
    at = camera.project(frame.to_camera(in_front))
    inside = ((at > 1) & (at < np.array(SHAPE[::-1]) - 2)).all(axis=1)
    if nearest < 0.45 and inside.any():
        known = seen(torch.from_numpy(in_front[inside]).float())[0].numpy() < 0
        assert known.mean() > 0.9


def mesh_of(
    depth: np.ndarray, frame: CubeFrame, field, camera: Camera = CAMERA, resolution: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """The mesh in metres of an image, with a field instead of networks."""
    fans = pixel_fans(depth, camera, 0.0)
    rays = ray_map(fans, np.zeros(depth.shape, bool), frame, MAP_SIZE)
    seen = Observation(rays.depth, resolution, 0.0, rays.known, perspective=rays.perspective)
    observed = ObservedField(FusedField([field], 0.0), seen, True, True)
    lattice = exact_lattice(resolution)
    values = extract_mise(observed, lattice, 16, orthographic_map(fans, frame), CPU, Stopwatch())
    vertices, faces = extract_mesh(values, lattice, observed.iso_level)
    return frame.to_camera(vertices), faces


MIDDLE = Camera(500.0, 500.0, 140.0, 130.0)


@pytest.mark.parametrize(
    ("name", "distance", "empty", "camera", "aside"),
    [
        ("ball", 2.0, True, MIDDLE, (0.0, 0.0)),
        ("ball", 5.0, False, MIDDLE, (0.0, 0.0)),
        ("tilted box", 2.0, True, MIDDLE, (0.0, 0.0)),
        ("tilted box", 5.0, False, MIDDLE, (0.0, 0.0)),
        ("ring before a wall", 2.0, True, MIDDLE, (0.0, 0.0)),
        ("ring before a wall", 3.0, False, MIDDLE, (0.0, 0.0)),
        # The principal point is outside the image.
        ("ball", 3.0, False, Camera(500.0, 500.0, 420.0, -80.0), (-0.52, 0.4)),
        # The object is at the image's corner.
        ("ball", 3.0, False, Camera(500.0, 480.0, 160.0, 118.0), (0.27, -0.2)),
    ],
)
def test_the_mesh_is_where_the_camera_saw_it(
    name: str, distance: float, empty: bool, camera: Camera, aside: tuple[float, float]
) -> None:
    """Whatever the field says: silhouette IoU ≥ 0.97, depth within half a percent of the size."""
    depth, frame = view_of(SHAPES[name], distance, camera=camera, aside=aside)

    def field(points: torch.Tensor) -> torch.Tensor:
        if empty:
            return torch.full((len(points),), -1.0)
        return -SHAPES[name].signed_distance(points.double()).float()

    vertices, faces = mesh_of(depth, frame, field, camera)
    again = render_perspective(vertices, faces, camera, SHAPE)
    a, b = np.isfinite(again), np.isfinite(depth)
    assert (a & b).sum() >= 0.97 * (a | b).sum()
    assert np.median(np.abs(again - depth)[a & b]) <= 0.005 * frame.size


def test_coarse_to_fine_equals_dense() -> None:
    shape = SHAPES["ring before a wall"]
    depth, frame = view_of(shape, 2.0)
    fans = pixel_fans(depth, CAMERA, 0.0)
    rays = ray_map(fans, np.zeros(SHAPE, bool), frame, MAP_SIZE)
    seen = Observation(rays.depth, 32, 0.0, rays.known, perspective=rays.perspective)
    lattice = exact_lattice(32)
    field = ObservedField(
        FusedField([lambda p: -shape.signed_distance(p.double()).float()], 0.0), seen, True, True
    )
    dense = extract_dense(field, lattice, CPU, Stopwatch())
    shown = orthographic_map(fans, frame)
    fine = extract_mise(field, lattice, 8, shown, CPU, Stopwatch())
    assert np.array_equal(dense > 0, fine > 0)
    # The signs that are looked up are those of the values.
    nodes = lattice.points(lattice.slab(0, lattice.nodes))
    hidden, shell = seen(nodes)
    looked_up = seen.sides(lattice)
    assert np.array_equal(looked_up[0].ravel(), (hidden > 0).numpy())
    assert np.array_equal(looked_up[1].ravel(), (shell > 0).numpy())


# --- placement --------------------------------------------------------------------------------


def test_the_regression_is_the_documented_one() -> None:
    seen = np.array([0.12, 0.08, 0.06])
    assert depth_extent(seen) == pytest.approx(
        0.12 * (0.10 + 0.87 * 0.5 + 0.14 * (0.08 / 0.12) + 0.04 * 0.25)
    )
    assert depth_extent(np.array([0.1, 0.1, 0.5])) >= 0.5


@pytest.mark.parametrize("name", ["ball", "tilted box", "ring before a wall"])
def test_the_cube_holds_the_visible_side_and_little_more(name: str) -> None:
    depth, frame = view_of(SHAPES[name], 3.0, aside=(0.04, -0.02))
    cleaned = clean(depth, np.isfinite(depth), CAMERA, 0.0)
    placement = place(cleaned, CAMERA)
    vertices = SHAPES[name].mesh(0.002)[0]
    q = placement.frame.to_cube(frame.to_camera(vertices))
    # Across the cube holds it; how deep it is, is a guess.
    assert np.abs(q[:, :2]).max() < 0.53
    assert q[:, 2].max() < 0.5 and q[:, 2].min() > -0.75
    assert 0.85 < placement.frame.size / frame.size < 1.2
    given_size = place(cleaned, CAMERA, size=0.3, extent=0.2)
    assert given_size.frame.size == pytest.approx(0.3, rel=0.05)
    nearest = placement.frame.to_camera(np.array([0, 0, 1.0]))
    assert nearest[2] < placement.frame.centre[2]


def test_the_supporting_plane_bounds_the_depth() -> None:
    """A low lid, seen from right above: it cannot reach through the table."""
    rays = CAMERA.rays_of(SHAPE)
    depth = 0.6 / rays[..., 2]
    lid = np.zeros(SHAPE, bool)
    lid[80:160, 110:210] = True
    depth[lid] = 0.59
    placement = place(clean(depth, lid, CAMERA, 1e-4), CAMERA)
    assert placement.how == "bounded by the supporting plane"
    assert placement.extent == pytest.approx(0.01, abs=0.004)


# --- cleaning ---------------------------------------------------------------------------------


def table_scene() -> tuple[np.ndarray, np.ndarray]:
    """A ball over a slanted table: depth and the ball's pixels."""
    rays = CAMERA.rays_of(SHAPE)
    normal = np.array([0.0, -0.8, -0.6])
    table = -0.32 / (rays @ normal)
    ball, _ = view_of(Shape.of(ellipsoid((0.5, 0.5, 0.5))), 3.5, 0.1)
    mask = np.isfinite(ball) & ~(table < ball)
    return np.where(mask, ball, np.where((table > 0) & (table < 2), table, np.nan)), mask


def test_an_exact_view_is_left_as_it_is() -> None:
    depth, mask = table_scene()
    cleaned = clean(depth, mask, CAMERA, 0.0)
    assert cleaned.plane is not None
    assert np.abs(cleaned.plane.normal - [0.0, -0.8, -0.6]).max() < 1e-3
    assert cleaned.measured >= 0.97 * mask.sum()  # the rim is all but parallel to the rays
    assert np.nanmax(np.abs(cleaned.depth - depth)) == 0
    assert not (cleaned.seen & cleaned.unknown).any()


def test_flying_pixels_far_pieces_and_spilt_masks_go() -> None:
    depth, mask = table_scene()
    noisy = depth.copy()
    rim = mask & ~np.roll(mask, -1, axis=1)
    rows, columns = np.nonzero(rim)
    noisy[rows, columns + 1] = (depth[rows, columns] + 0.02)[: len(rows)]  # between ball and table
    spilt = mask.copy()
    spilt[rows, columns + 1] = True
    piece = np.zeros_like(mask)
    piece[20:26, 30:40] = True
    noisy[piece] = 0.9
    spilt |= piece
    cleaned = clean(noisy, spilt, CAMERA, 5e-4)
    assert cleaned.removed["flying pixels"] >= 0.8 * len(rows)
    assert cleaned.removed["far pieces"] >= piece.sum() - 4  # its corners fly
    assert (cleaned.seen & mask).sum() >= 0.97 * mask.sum()
    assert not (cleaned.seen & piece).any()


def test_holes_are_unknown_small_ones_are_filled() -> None:
    depth, mask = table_scene()
    middle = np.argwhere(mask).mean(axis=0).astype(int)
    large, small = np.zeros_like(mask), np.zeros_like(mask)
    large[middle[0] - 12 : middle[0], middle[1] - 12 : middle[1]] = True
    small[middle[0] + 5 : middle[0] + 8, middle[1] + 5 : middle[1] + 8] = True
    broken = np.where(large | small, np.nan, depth)
    cleaned = clean(broken, mask, CAMERA, 0.0)
    assert cleaned.holes == (large | small).sum()
    assert cleaned.unknown[large].all()
    assert cleaned.seen[small].all() and cleaned.filled == small.sum()
    assert np.abs(cleaned.depth - depth)[small].max() < 1e-3
    assert cleaned.measured <= mask.sum() - cleaned.holes


def test_an_occluder_hides_what_may_be_behind_it() -> None:
    depth, mask = table_scene()
    bar = np.zeros_like(mask)
    bar[:, 150:160] = True
    bar &= np.indices(SHAPE)[0] < 130
    cleaned = clean(np.where(bar, 0.25, depth), mask & ~bar, CAMERA, 1e-4)
    assert cleaned.unknown[bar & mask].mean() > 0.95
    # The table in front of the ball is no occluder.
    below = np.zeros_like(mask)
    below[-20:] = True
    assert not cleaned.unknown[below].any()


def test_a_hole_through_the_object_is_none() -> None:
    """The scene seen through a ring is behind it: background, not a gap of the mask."""
    depth, frame = view_of(Shape.of(torus(0.4, 0.1, (0, 0, 0), (0, 0, 1))))
    mask = np.isfinite(depth)
    wall = np.where(mask, depth, 0.8)
    cleaned = clean(wall, mask, CAMERA, 0.0)
    middle = CAMERA.project(frame.centre).astype(int)[::-1]
    assert not cleaned.seen[tuple(middle)] and not cleaned.unknown[tuple(middle)]


def test_without_a_mask_the_largest_object_on_the_plane_is_taken() -> None:
    rng = np.random.default_rng(0)
    depth = 0.5 + 5e-4 * rng.standard_normal(SHAPE)  # a table straight below
    with pytest.raises(DepthError, match="nothing stands"):
        find_object(depth, CAMERA)
    depth[100:140, 140:200] -= 0.06
    depth[20:30, 20:30] -= 0.03  # a smaller one
    depth[170:, 200:] -= 0.05  # a larger one, which the border of the image cuts off
    found = find_object(depth, CAMERA)
    assert found[101:139, 141:199].all()
    assert found.sum() <= 42 * 62
    depth[100:140, 140:200] += 0.06
    depth[20:30, 20:30] += 0.03
    assert find_object(depth, CAMERA)[200:, 240:].all()


def test_smoothing_agrees_with_the_reference_and_keeps_planes() -> None:
    rng = np.random.default_rng(0)
    depth = 0.5 + 0.01 * rng.standard_normal((12, 13))
    depth[rng.random(depth.shape) < 0.2] = np.nan
    fast = surfaces.smoothed(depth, CAMERA, 0.004)
    slow = reference.smoothed(
        depth, 0.004, surfaces.SMOOTHING, surfaces.SMOOTHING_REACH, surfaces.SIGMAS
    )
    assert np.nanmax(np.abs(fast - slow)) < 1e-9
    plane = plane_view((0.8, -0.5, 1.0), 0.5)
    assert np.nanmax(np.abs(surfaces.smoothed(plane, CAMERA, 0.002) - plane)) < 1e-4
    noisy = plane + 0.0015 * rng.standard_normal(plane.shape)
    off = surfaces.smoothed(noisy, CAMERA, 0.0015) - plane
    assert np.nanstd(off) < 0.0015 / 2


def test_the_expected_noise_is_the_documented_one() -> None:
    assert default_noise(0.5) == pytest.approx(1e-3 + 1.5e-3 * 0.25)


def test_too_few_points_have_no_extent() -> None:
    depth = np.full(SHAPE, np.nan)
    depth[100, 100] = 0.5
    with pytest.raises(DepthError, match="too few"):
        cleaned = clean(depth, np.isfinite(depth), CAMERA, 0.0)
        place(cleaned, CAMERA)
