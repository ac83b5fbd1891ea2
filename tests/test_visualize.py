"""Pictures: where things are in them, and which way is up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from im2mesh.data.depth_picture import depth_picture
from im2mesh.errors import InputError
from im2mesh.preparation.demo import MODELS
from im2mesh.visualize import contact_sheet as sheets
from im2mesh.visualize.contact_sheet import contact_sheet
from im2mesh.visualize.mesh import BACK, zoom_out
from im2mesh.visualize.picture import TINTS, VIEWS, mesh_views, render, render_mesh
from im2mesh.visualize.scene import Layer
from tests.fixtures import ball, ball_depth, sheet
from tests.reference import procedural as reference

AXIS = (np.arange(256) + 0.5) / 256 - 0.5
X, Y = AXIS[None], -AXIS[:, None]


def drawn(picture: np.ndarray) -> np.ndarray:
    """Pixels that are not background."""
    return (picture != 255).any(axis=2)


def centre(picture: np.ndarray) -> tuple[float, float]:
    """Where the drawn pixels are on average: x right, y up, the frame being [−0.5, 0.5]²."""
    rows, columns = np.nonzero(drawn(picture))
    size = len(picture)
    return (columns.mean() + 0.5) / size - 0.5, 0.5 - (rows.mean() + 0.5) / size


# --- depth ------------------------------------------------------------------------------------


def test_depth_picture_shows_the_foreground_and_nothing_else() -> None:
    depth = ball_depth()
    depth[0, 0], depth[0, 1], depth[0, 2] = np.nan, np.inf, -0.5
    picture = depth_picture(depth)
    assert picture.shape == (256, 256, 3) and picture.dtype == np.uint8
    np.testing.assert_array_equal(drawn(picture), ball_depth() >= 0)


@pytest.mark.parametrize("shading", [0.0, 0.5])
def test_near_is_bright_and_far_is_dark(shading: float) -> None:
    steps = np.repeat(np.linspace(0.1, 0.9, 8), 32)
    picture = depth_picture(np.tile(steps, (256, 1)), shading=shading)
    brightness = picture[128, 16::32].astype(int).sum(axis=1)
    assert (np.diff(brightness) < -20).all()


def test_depth_colours_can_be_compared_between_maps() -> None:
    near, both = np.full((8, 8), 0.2), np.full((8, 8), 0.2)
    both[:, :4] = 0.8
    same = [depth_picture(d, limits=(0, 1), shading=0)[0, 7] for d in (near, both)]
    np.testing.assert_array_equal(*same)
    own = [depth_picture(d, shading=0)[0, 0].sum() for d in (near, both)]
    assert own[0] > own[1]


def test_depth_is_lit_from_above_left() -> None:
    picture = depth_picture(ball_depth(), shading=1.0).astype(int).sum(axis=2)
    # Two places of equal depth.
    assert picture[64, 80] > picture[191, 175] + 50


def test_depth_edges_are_not_steep() -> None:
    step = np.where(X < 0, 0.2, 0.8) * np.ones((256, 256))
    picture = depth_picture(step)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 2


@pytest.mark.parametrize(
    "depth", [np.full((256, 256), -1.0), np.full((256, 256), np.nan), np.full((4, 6), -1)]
)
def test_depth_picture_of_nothing_is_white(depth: np.ndarray) -> None:
    picture = depth_picture(depth)
    assert picture.shape == (*depth.shape, 3) and (picture == 255).all()
    assert drawn(depth_picture(np.array([[0.5]]))).all(), "of one pixel it is not"


@pytest.mark.parametrize("depth", [np.zeros((4, 4, 3)), np.zeros(4), np.full((4, 4), "a")])
def test_what_is_no_depth_map(depth: np.ndarray) -> None:
    with pytest.raises(InputError, match="cannot be drawn"):
        depth_picture(depth)


# --- meshes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [128, 256])
def test_silhouette_of_a_ball(size: int) -> None:
    mesh = ball()
    picture = render_mesh(mesh.vertices, mesh.faces, size=size)
    assert picture.shape == (size, size, 3) and picture.dtype == np.uint8
    assert np.sqrt(drawn(picture).mean() / np.pi) == pytest.approx(0.4, abs=1 / size)
    assert centre(picture) == pytest.approx((0, 0), abs=0.5 / size)
    for places in np.nonzero(drawn(picture)):
        assert (np.ptp(places) + 1) / size == pytest.approx(0.8, abs=1.5 / size)


def test_light_comes_from_above_left() -> None:
    mesh = ball()
    picture = render_mesh(mesh.vertices, mesh.faces).astype(int).sum(axis=2)
    above, below, left, right, middle = (
        picture[r, c] for r, c in ((50, 128), (205, 128), (128, 50), (128, 205), (128, 128))
    )
    assert above > below + 60 and left > right + 40
    assert middle > below and picture.min() > 0
    assert picture[85, 95] > picture[170, 160] + 60


def test_smooth_shading_hides_facets_and_keeps_edges() -> None:
    rough = trimesh.creation.icosphere(subdivisions=2, radius=0.45)
    shades = render_mesh(rough.vertices, rough.faces)[80:176, 80:176, 0].astype(int)
    assert np.abs(np.diff(shades)).max() <= 3
    cube = trimesh.creation.box((0.9, 0.9, 0.9))
    apart = trimesh.Trimesh(
        cube.vertices[cube.faces.ravel()], np.arange(36).reshape(-1, 3), process=False
    )
    whole, flat = (render_mesh(mesh.vertices, mesh.faces, 30, 20) for mesh in (cube, apart))
    np.testing.assert_array_equal(whole, flat)


@pytest.mark.parametrize(
    ("at", "view", "seen"),
    [
        ((0, 0.3, 0), (0, 0), (0, 0.3)),
        ((0.3, 0, 0), (0, 0), (0.3, 0)),
        ((0, 0, 0.3), (0, 0), (0, 0)),
        ((0, 0, 0.3), (90, 0), (0.3, 0)),  # seen from its left, the front is on the right
        ((0.3, 0.1, 0), (180, 0), (-0.3, 0.1)),
        ((0, 0, 0.3), (0, 90), (0, -0.3)),  # seen from the top, the front is at the bottom
        ((0, 0.3, 0), (0, -90), (0, 0)),
    ],
)
def test_a_marker_is_where_it_should_be(
    at: tuple[float, ...], view: tuple[float, float], seen: tuple[float, float]
) -> None:
    mesh = ball(0.05, at)
    picture = render_mesh(mesh.vertices, mesh.faces, *view)
    assert centre(picture) == pytest.approx(seen, abs=0.5 / 256)


@pytest.mark.parametrize("view", [(0, 0), (180, 0)])
def test_what_is_nearer_hides_what_is_behind(view: tuple[float, float]) -> None:
    cube, small = trimesh.creation.box((0.8, 0.8, 0.8)), ball(0.05, (0, 0, 0.43))
    both = trimesh.Trimesh(
        np.concatenate([cube.vertices, small.vertices]),
        np.concatenate([cube.faces, small.faces + len(cube.vertices)]),
    )
    alone = render_mesh(cube.vertices, cube.faces, *view)
    changed = (render_mesh(both.vertices, both.faces, *view) != alone).any()
    assert changed == (view == (0, 0))


def ring(mask: np.ndarray) -> np.ndarray:
    """Pixels within one of the mask's outline, on either side."""
    square = np.ones((3, 3), bool)
    return ndimage.binary_dilation(mask, square) & ~ndimage.binary_erosion(mask, square)


@pytest.mark.parametrize("model", ["chair_demo-00", "lamp_demo-00", "table_demo-00"])
def test_camera_view_lies_on_the_depth_map(model: str) -> None:
    build, azimuth, elevation = MODELS[model]
    shape = build().posed(azimuth, elevation)
    foreground = shape.depth().numpy() >= 0
    mesh = reference.mesh(shape, sections=48)
    picture = render_mesh(mesh.vertices, mesh.faces)
    different = drawn(picture) != foreground
    assert not (different & ~ring(foreground)).any()
    # Neither shifted nor grown: pixels that are wholly covered are foreground.
    full = drawn(picture) & ~ring(drawn(picture))
    assert foreground[full].all() and full.sum() > 1000
    assert different.sum() < 0.12 * foreground.sum()


def test_a_box_that_ends_between_pixels_is_exact() -> None:
    mesh = trimesh.creation.box((100 / 256, 60 / 256, 0.5))
    mesh.apply_translation((10 / 256, 20 / 256, 0))
    expected = np.zeros((256, 256), bool)
    expected[128 - 20 - 30 : 128 - 20 + 30, 128 + 10 - 50 : 128 + 10 + 50] = True
    np.testing.assert_array_equal(drawn(render_mesh(mesh.vertices, mesh.faces)), expected)


def test_no_pixel_between_faces_is_missed() -> None:
    """Rays that meet the edges between faces must not fall through."""
    axis = np.linspace(-0.5, 0.5, 129)
    vertices, faces = sheet(axis, lambda x, y: 0.1 * np.sin(9 * x) * np.cos(7 * y))
    picture = render_mesh(vertices, faces)
    assert picture.max() < 250 and drawn(picture).all()


@settings(max_examples=25, deadline=None)
@given(st.floats(-360, 360), st.floats(-90, 90))
def test_the_whole_cube_stays_in_every_frame(azimuth: float, elevation: float) -> None:
    cube = trimesh.creation.box((0.99, 0.99, 0.99))
    picture = drawn(render_mesh(cube.vertices, cube.faces, azimuth, elevation, size=64))
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    if not border.any():
        return
    # Seen straight on, the cube fills the frame to within less than a pixel.
    assert zoom_out(azimuth, elevation) <= 3**0.5
    slightly = drawn(render_mesh(0.9 * cube.vertices, cube.faces, azimuth, elevation, size=64))
    rows, columns = np.nonzero(slightly)
    assert min(rows.min(), columns.min(), 63 - rows.max(), 63 - columns.max()) >= 1


def test_zoom() -> None:
    assert [zoom_out(a, 0) for a in (0, 90, 180, 270, -90)] == [1] * 5
    assert zoom_out(45, 0) == pytest.approx(2**0.5)
    assert max(zoom_out(a, e) for a in range(0, 360, 15) for e in range(-90, 91, 5)) <= 3**0.5
    mesh = ball(0.2)
    wide, near = (
        drawn(render([Layer("", mesh.vertices, mesh.faces)], zoom=zoom)).mean()
        for zoom in (1.0, 0.5)
    )
    assert near == pytest.approx(4 * wide, rel=0.03)


def test_both_sides_of_a_face_are_drawn_in_their_own_colours() -> None:
    square = np.array([[-0.4, -0.4, 0], [0.4, -0.4, 0], [0.4, 0.4, 0], [-0.4, 0.4, 0]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    outer, inner = render_mesh(square, faces), render_mesh(square, faces[:, ::-1])
    np.testing.assert_array_equal(drawn(outer), drawn(inner))
    for picture, colour in ((outer, TINTS[0]), (inner, BACK)):
        seen = picture[128, 128].astype(float)
        np.testing.assert_allclose(seen / seen.max(), np.array(colour) / max(colour), atol=0.02)
    # Turned by 180 degrees, the other side is seen.
    np.testing.assert_array_equal(render_mesh(square, faces, 180)[128, 128], inner[128, 128])


@pytest.mark.parametrize(
    ("vertices", "faces"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3), int)),
        ([], []),
        (np.full((3, 3), np.nan), np.zeros((0, 3), int)),
        (np.zeros((3, 3)), [[0, 1, 2]]),  # a face without area
    ],
)
def test_nothing_to_draw_gives_the_background(vertices: object, faces: object) -> None:
    assert (render_mesh(vertices, faces, 30, 20, size=32) == 255).all()  # type: ignore[arg-type]


def test_what_lies_outside_the_cube_does_no_harm() -> None:
    mesh = ball(0.2, (0, 0, 40.0))
    assert drawn(render_mesh(mesh.vertices, mesh.faces, size=64)).mean() > 0.1
    mesh = ball(0.2, (40, 0, 0))
    assert not drawn(render_mesh(mesh.vertices, mesh.faces, size=64)).any()


def test_render_does_not_change_its_input() -> None:
    mesh = ball()
    vertices, faces = np.array(mesh.vertices), np.array(mesh.faces, dtype=np.int32)
    before = vertices.copy(), faces.copy()
    first = render_mesh(vertices, faces, 20, 10, size=64)
    np.testing.assert_array_equal(first, render_mesh(vertices, faces.astype(np.uint32), 20, 10, 64))
    np.testing.assert_array_equal(vertices, before[0])
    np.testing.assert_array_equal(faces, before[1])


TRIANGLE = np.eye(3)


@pytest.mark.parametrize(
    ("vertices", "faces", "arguments", "message"),
    [
        (TRIANGLE, [[0, 1, 3]], {}, "0 … 3 of 3"),
        (TRIANGLE * np.nan, [[0, 1, 2]], {}, "not finite"),
        (TRIANGLE, [[0, 1, 2]], {"azimuth": float("nan")}, "nan degrees"),
    ],
)
def test_what_cannot_be_drawn(
    vertices: np.ndarray, faces: list, arguments: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        render_mesh(vertices, faces, **arguments)  # type: ignore[arg-type]


# --- contact sheets ---------------------------------------------------------------------------


def plain(value: int, height: int = 64, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG" and image.mode == "RGB"
        return np.asarray(image)


def test_sheet_holds_every_picture_unchanged(tmp_path: Path) -> None:
    values = iter(range(40, 100, 5))
    rows = [
        (f"map {k}", plain(next(values)), [(f"view {n}", plain(next(values))) for n in range(3)])
        for k in range(3)
    ]
    contact_sheet(rows, tmp_path / "new" / "sheet.png")
    sheet = read(tmp_path / "new" / "sheet.png")
    tops = []
    for _, depth, pictures in rows:
        for column, picture in enumerate([depth, *(picture for _, picture in pictures)]):
            left = sheets.MARGIN + column * (64 + sheets.GAP)
            strip = sheet[:, left : left + 64]
            (whole,) = np.nonzero((strip == picture[0, 0]).all(axis=(1, 2)))
            np.testing.assert_array_equal(whole, whole[0] + np.arange(64))
            tops.append(int(whole[0]))
    assert len(set(tops)) == len(rows)
    assert tops == sorted(tops)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["sheet.png"]


def ink(sheet: np.ndarray) -> np.ndarray:
    """Dark pixels: titles (pictures in these tests are light)."""
    return np.asarray((sheet < 60).all(axis=2))


@pytest.mark.parametrize("title", ["word " * 60, "x" * 400, "a/b_c-" * 50])
def test_long_titles_are_wrapped_not_clipped(tmp_path: Path, title: str) -> None:
    heights = []
    for name, text in (("short", "a title"), ("long", title)):
        contact_sheet([(text, plain(200), [("view", plain(200))])], tmp_path / f"{name}.png")
        sheet = read(tmp_path / f"{name}.png")
        heights.append(len(sheet))
        _, columns = np.nonzero(ink(sheet))
        assert columns.min() >= sheets.MARGIN
        assert columns.max() <= sheet.shape[1] - sheets.MARGIN
    assert heights[1] > heights[0] + 5 * sheets.TITLE_SIZE
    # All of its letters are there: about as much ink as their number asks for.
    amount = [ink(read(tmp_path / f"{name}.png")).sum() for name in ("short", "long")]
    assert amount[1] > 15 * amount[0]


def test_rows_of_different_lengths_and_sizes(tmp_path: Path) -> None:
    rows = [
        ("", plain(200, 30, 50), []),
        ("two", plain(200), [("a long label that needs three lines", plain(190, 90, 40))] * 3),
    ]
    contact_sheet(rows, tmp_path / "sheet.png")
    assert read(tmp_path / "sheet.png").shape[1] == 2 * sheets.MARGIN + 4 * 64 + 3 * sheets.GAP


def test_mesh_views_fill_a_row(tmp_path: Path) -> None:
    mesh = ball()
    views = mesh_views(mesh.vertices, mesh.faces, size=64)
    assert [label for label, _ in views] == [label for label, *_ in VIEWS]
    assert all(drawn(picture).any() for _, picture in views)
    nothing = mesh_views(np.zeros((0, 3)), np.zeros((0, 3), int), size=64)
    contact_sheet([("ball", plain(0), views), ("empty", plain(0), nothing)], tmp_path / "s.png")


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        ([], "a.png", "at least one row"),
        ([("t", plain(0), [])], "a.jpg", "name it a.png"),
        ([("t", plain(0)[..., 0], [])], "a.png", r"t, input: .*uint8 \(64, 64\)"),
        ([("t", plain(0), [("v", plain(0) / 255)])], "a.png", "t, v: .*float64"),
        ([("t", plain(0), [("v", plain(0, 0))])], "a.png", r"\(0, 64, 3\)"),
        ([("t", None, [])], "a.png", "NoneType"),
    ],
)
def test_sheets_that_cannot_be_made(tmp_path: Path, rows: list, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        contact_sheet(rows, tmp_path / name)
    assert not list(tmp_path.iterdir())
