"""Scenes, pictures, packed meshes and vis.py, without any browser."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from im2mesh.commands import vis
from im2mesh.data.storage import (
    PointCloud,
    Points,
    write_depth,
    write_pointcloud,
    write_points,
)
from im2mesh.errors import InputError
from im2mesh.geometry.pixels import back_project
from im2mesh.geometry.rendering import render_depth
from im2mesh.visualize.colours import Scale, depth_scale, error_scale, normal_colours
from im2mesh.visualize.division import divide
from im2mesh.visualize.mesh import corner_normals
from im2mesh.visualize.page import PLACEHOLDER, pack, scene_page
from im2mesh.visualize.picture import TINTS, render, scene_sheet
from im2mesh.visualize.scene import (
    FILES,
    Layer,
    Scene,
    coloured,
    distances,
    layer_of_depth,
    load_layer,
    load_scene,
    names_of,
)
from tests.fixtures import ball, ball_depth

NOTHING = np.zeros((0, 3), np.int64)
RADIUS = 0.4


def mesh_layer(mesh: trimesh.Trimesh, name: str = "ball") -> Layer:
    return Layer(name, np.asarray(mesh.vertices), np.asarray(mesh.faces, np.int64))


def drawn(picture: np.ndarray) -> np.ndarray:
    return (picture != 255).any(axis=2)


def extent(picture: np.ndarray) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of what is drawn, the frame being [−0.5, 0.5]²."""
    rows, columns = np.nonzero(drawn(picture))
    size = len(picture)
    return (
        columns.min() / size - 0.5,
        (columns.max() + 1) / size - 0.5,
        0.5 - (rows.max() + 1) / size,
        0.5 - rows.min() / size,
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of every kind, each of a ball."""
    folder = tmp_path_factory.mktemp("files") / "a.b"
    folder.mkdir()
    mesh = ball()
    found = {}
    for suffix in ("ply", "off", "obj", "stl", "glb"):
        found[suffix] = folder / f"ball.{suffix}"
        mesh.export(found[suffix])
    found["cloud"] = folder / "cloud.ply"
    trimesh.PointCloud(mesh.vertices).export(found["cloud"])
    found["depth"] = folder / "object-00" / "000.npz"
    write_depth(found["depth"], ball_depth())
    found["pointcloud"] = folder / "pointcloud.npz"
    normals = np.asarray(mesh.vertex_normals, np.float32)
    write_pointcloud(found["pointcloud"], PointCloud(np.asarray(mesh.vertices), normals))
    found["points"] = folder / "points.npz"
    places = np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 3)).astype(np.float32)
    inside = np.linalg.norm(places, axis=1) < RADIUS
    write_points(found["points"], Points(places, inside))
    return found


KINDS = ["ply", "off", "obj", "stl", "glb", "cloud", "depth", "pointcloud", "points"]


# --- scenes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_a_layer(files: dict[str, Path], kind: str) -> None:
    layer = load_layer(files[kind])
    distance = np.linalg.norm(layer.vertices, axis=1)
    if kind == "points":
        assert (distance < RADIUS + 1e-3).all() and len(distance) > 500
    else:
        np.testing.assert_allclose(distance, RADIUS, atol=2e-3)
    assert layer.is_cloud == (kind in ("cloud", "depth", "pointcloud", "points"))
    assert layer.name == ("object-00" if kind == "depth" else files[kind].stem)


def test_a_depth_map_of_integers_is_a_layer(tmp_path: Path) -> None:
    depth, path = ball_depth(), tmp_path / "ball.png"
    stored = np.where(depth < 0, 0, np.round(depth * 65535)).astype(np.uint16)
    Image.fromarray(stored).save(path)
    with pytest.raises(InputError, match=r"ball\.png: holds integers .*--depth-scale"):
        load_layer(path)
    layer = load_layer(path, scale=1 / 65535)
    np.testing.assert_allclose(layer.vertices, back_project(depth), atol=1e-5)
    save = ["--save", str(tmp_path / "x.png"), "--size", "32"]
    assert vis.main([str(path), *save, "--depth-scale", "1/65535"]) == 0


def test_a_depth_map_is_its_points_in_the_camera_frame() -> None:
    depth = np.full((256, 256), -1, np.float32)
    depth[10, 200] = 0.3
    layer = layer_of_depth(depth, "one")
    np.testing.assert_array_equal(layer.vertices, back_project(depth).astype(np.float64))
    np.testing.assert_allclose(layer.vertices, [[200.5 / 256 - 0.5, 0.5 - 10.5 / 256, 0.2]])
    picture = render([layer], size=128)
    rows, columns = np.nonzero(drawn(picture))
    assert abs(rows.mean() - 5) <= 1 and abs(columns.mean() - 100) <= 1


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ("a/x.ply, b/y.ply", "x, y"),
        ("./a.b/x.ply", "x"),
        ("a.b/x.y.ply, x.z.ply", "x.y, x.z"),
        ("onet/meshes/c/m.ply, hpn/meshes/c/m.ply", "onet/meshes/c/m.ply, hpn/meshes/c/m.ply"),
        ("m.ply, m.ply, m.off", "m.ply, m.ply (2), m.off"),
        ("chair-00/000.npz, lamp-01/000.npz", "chair-00, lamp-01"),
    ],
)
def test_names(paths: str, names: str) -> None:
    assert names_of(paths.split(", ")) == names.split(", ")


def test_the_frame_is_the_cube_unless_something_is_larger() -> None:
    assert Scene((mesh_layer(ball()),)).frame == 1
    assert Scene((mesh_layer(ball(0.5)),)).frame == 1
    assert Scene((mesh_layer(ball(3.0)),)).frame == pytest.approx(6.0)


def test_fit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ball(7.0, (100, 0, 0)).export(tmp_path / "big.ply")
    layer = load_layer(tmp_path / "big.ply", fit=True)
    assert np.abs(layer.vertices).max() == pytest.approx(0.5)


def test_errors_are_distances_to_the_surface() -> None:
    """To the surface of a mesh, not to its vertices; to the points of a cloud."""
    cube = trimesh.creation.box((1, 1, 1))
    points = np.array([[0.0, 0.0, 0.5], [0, 0.1, 0.7], [0.5, 0.5, 0.5], [0.1, 0.0, 0.4]])
    truth = mesh_layer(cube)
    np.testing.assert_allclose(distances(points, truth), [0, 0.2, 0, 0.1], atol=1e-9)
    cloud = Layer("c", np.asarray(cube.vertices, np.float64), NOTHING)
    expected = np.linalg.norm(points[:, None] - cube.vertices[None], axis=2).min(axis=1)
    np.testing.assert_allclose(distances(points, cloud), expected)


def test_error_colours_are_right_inside_large_faces() -> None:
    """Two triangles that cross the ground truth: their corners are equally far from it."""
    corners = np.array([[-0.4, -0.4, 0], [0.4, -0.4, 0], [0.4, 0.4, 0], [-0.4, 0.4, 0.0]])
    square = Layer("s", corners, np.array([[0, 1, 2], [0, 2, 3]]))
    truth = Layer("t", np.zeros((1, 3)), NOTHING)
    scene = coloured([square], "error", truth, 0.5)
    picture = render(scene.layers, shading=0.0, size=100)
    assert scene.scale is not None
    for at in (0.0, 0.1, 0.3):
        column = round(100 * (0.5 + at))
        seen = picture[50, column].astype(float)
        np.testing.assert_allclose(seen, scene.scale.colours(np.array([at]))[0], atol=12)


@given(seed=st.integers(0, 2**32 - 1), longest=st.floats(0.05, 2))
@settings(max_examples=40, deadline=None)
def test_dividing_keeps_the_surface(seed: int, longest: float) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(size=(12, 3)) * (0.3, 0.3, 0.02)
    hull = trimesh.convex.convex_hull(points)
    vertices, faces = divide(hull.vertices, hull.faces, longest)
    divided = trimesh.Trimesh(vertices, faces, process=False)
    assert divided.edges_unique_length.max() <= longest
    assert divided.is_watertight and divided.is_winding_consistent
    assert divided.area == pytest.approx(hull.area)
    assert divided.volume == pytest.approx(hull.volume)
    np.testing.assert_array_equal(vertices[: len(hull.vertices)], hull.vertices)


def test_dividing_a_sliver_cuts_it_across_only() -> None:
    sliver = np.array([[0, 0, 0], [1, 0, 0], [1, 0.001, 0]])
    _, faces = divide(sliver, np.array([[0, 1, 2]]), 0.02)
    assert len(faces) < 50**2 / 2


def test_normal_colours() -> None:
    scene = coloured([mesh_layer(trimesh.creation.box((0.8, 0.8, 0.8)))], "normal")
    assert tuple(render(scene.layers, shading=scene.shading, size=32)[16, 16]) == (128, 128, 255)
    side = render(scene.layers, 90, shading=scene.shading, size=32)[16, 16]
    assert tuple(side) == tuple(normal_colours(np.array([[-1.0, 0, 0]]))[0])
    depth = coloured([layer_of_depth(ball_depth(), "d")], "normal").layers[0]
    assert depth.colours is not None
    exact = normal_colours(depth.vertices / np.linalg.norm(depth.vertices, axis=1)[:, None])
    assert np.median(np.abs(depth.colours.astype(int) - exact.astype(int))) <= 3


def test_corner_normals_are_sharp_at_creases_and_smooth_on_balls() -> None:
    cube = trimesh.creation.box((1, 1, 1))
    np.testing.assert_allclose(
        corner_normals(cube.vertices, cube.faces), np.repeat(cube.face_normals[:, None], 3, 1)
    )
    mesh = ball()
    at = np.asarray(mesh.vertices)[mesh.faces] / RADIUS
    assert (corner_normals(np.asarray(mesh.vertices), mesh.faces) * at).sum(axis=2).min() > 0.9995


# --- pictures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [0.1, 0.25, 0.4])
def test_silhouette_of_a_cloud(radius: float) -> None:
    """Seen from its own camera a depth map's cloud has no holes."""
    cloud = render([layer_of_depth(ball_depth(radius), "d")], size=256)
    np.testing.assert_allclose(extent(cloud), (-radius, radius, -radius, radius), atol=2.01 / 256)
    assert np.pi * radius**2 < drawn(cloud).mean() < np.pi * (radius + 1.5 / 256) ** 2


def test_the_nearer_layer_is_in_front() -> None:
    near, far = mesh_layer(ball(0.2, (0, 0, 0.2)), "near"), mesh_layer(ball(0.2), "far")
    both = render([near, far], size=64)
    behind = render([near, far], 180, size=64)
    ratio = both[32, 32].astype(float) / both[32, 32].max()
    np.testing.assert_allclose(ratio, TINTS[0] / max(TINTS[0]), atol=0.02)
    assert abs(int(behind[32, 32, 2]) - int(behind[32, 32, 0])) > 40, "the second layer's tint"
    # A cloud in front of a mesh hides it, behind it it is hidden.
    red = np.full((1, 3), (255, 0, 0), np.uint8)
    for z, seen in ((0.45, True), (-0.45, False)):
        point = Layer("p", np.array([[0.0, 0, z]]), NOTHING, red)
        picture = render([mesh_layer(ball()), point], size=64)
        middle = picture[30:34, 30:34].astype(int)
        assert ((middle[..., 0] - middle[..., 2]).max() > 30) == seen


def test_sheet_has_a_row_for_each_view_and_a_bar(files: dict[str, Path]) -> None:
    scene = load_scene([files["depth"], files["ply"]], colour="depth")
    one = scene_sheet(scene, [("front", 0, 0)], 64)
    two = scene_sheet(scene, [("front", 0, 0), ("back", 180, 0)], 64)
    assert two.shape[1] == one.shape[1] > 2 * 64
    assert two.shape[0] > one.shape[0] + 64
    together = scene_sheet(scene, [("front", 0, 0)], 64, together=True)
    assert together.shape[1] < one.shape[1]


# --- colours ----------------------------------------------------------------------------------


@given(st.floats(-5, 5), st.floats(0.001, 10), st.integers(60, 500))
@settings(max_examples=30, deadline=None)
def test_bars_are_never_clipped(low: float, width: float, pixels: int) -> None:
    scale = Scale("a title that is fairly long", low, low + width, depth_scale(0, 1).stops)
    bar = scale.bar(pixels)
    assert bar.shape[1] == pixels
    border = np.concatenate([bar[20:, 0], bar[20:, -1], bar[-1]])
    if pixels >= 150:
        assert (border == 255).all()


def test_bar_colours_and_labels() -> None:
    scale = error_scale(0.05, "truth")
    bar = scale.bar(300)
    ends = scale.colours(np.array([0.0, 0.05]))
    for column, end in ((37, ends[0]), (262, ends[1])):
        np.testing.assert_allclose(bar[8, column].astype(int), end.astype(int), atol=4)
    np.testing.assert_array_equal(scale.colours(np.array([-1.0, 9.0])), ends)


# --- pages ------------------------------------------------------------------------------------


def unpacked(text: str) -> trimesh.Scene:
    glb = zlib.decompress(base64.b64decode(text))
    return trimesh.load(io.BytesIO(glb), file_type="glb", process=False)


def test_packed_layers_are_whole_small_and_seen_from_where_they_should() -> None:
    text = pack([mesh_layer(ball())], 1.3, azimuth=90.0)
    scene = unpacked(text)
    _, found = scene.geometry.values()  # the corners of the cube are first
    np.testing.assert_allclose(np.sort(found.area_faces), np.sort(ball().area_faces), atol=1e-4)
    assert found.is_watertight and len(text) < 9 * len(found.faces)
    place = scene.camera_transform[:3, 3]
    assert place[0] < -2 and abs(place[1:]).max() < 1e-9, "azimuth 90 shows the left side"


def test_a_page_needs_nothing_else(files: dict[str, Path]) -> None:
    text = scene_page(load_scene([files["depth"], files["ply"], files["cloud"]]), "<b>&title")
    assert "&lt;b&gt;&amp;title" in text and "<b>&title" not in text
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:)""", text)
    assert "http://" not in text and "https://" not in text and "import " not in text
    viewer = re.search(r'id="viewer">(.*?)<', text)
    assert viewer is not None
    shipped = zlib.decompress(base64.b64decode(viewer[1])).decode()
    assert shipped.count(PLACEHOLDER) == 1 and PLACEHOLDER in text
    assert "Three.js Authors" in shipped, "its licence notice goes along"


# --- the command line -------------------------------------------------------------------------

OUTPUTS = {"--save": "x.png", "--html": "x.html", "--turntable": "x.gif"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_in_every_way(files: dict[str, Path], tmp_path: Path, kind: str) -> None:
    outputs = [part for name, file in OUTPUTS.items() for part in (name, str(tmp_path / file))]
    size = ["--size", "48", "--frames", "3", "--view", "0", "0"]
    assert vis.main([str(files[kind]), *outputs, *size]) == 0
    assert 'id="mesh-0"' in (tmp_path / "x.html").read_text()
    for name, frames in (("x.png", 1), ("x.gif", 3)):
        with Image.open(tmp_path / name) as image:
            assert getattr(image, "n_frames", 1) == frames
            assert drawn(np.asarray(image.convert("RGB"))).any()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(OUTPUTS.values())


@pytest.mark.parametrize("colour", ["depth", "normal", "error"])
@pytest.mark.parametrize("kind", ["ply", "cloud", "depth", "pointcloud", "points"])
def test_every_kind_of_file_in_every_colour(
    files: dict[str, Path], tmp_path: Path, kind: str, colour: str
) -> None:
    argv = [str(files[kind]), "--color", colour, "--ground-truth", str(files["off"])]
    argv += ["--size", "48", "--view", "0", "0", "--together", "--save", str(tmp_path / "x.png")]
    assert vis.main(argv) == 0
    assert (tmp_path / "x.png").stat().st_size


def test_paths_with_dots(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files["ply"].parent.parent)
    assert vis.main(["./a.b/ball.ply", "--save", "./a.b/out.d/x.y.png", "--size", "16"]) == 0
    assert Path("a.b/out.d/x.y.png").is_file()


def test_without_flags_it_writes_a_page_where_there_is_no_display(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("sys.stdout.isatty", lambda: False, raising=False)
    assert vis.main([str(files["depth"])]) == 0
    assert (tmp_path / "out/vis/object-00.html").is_file()


def test_a_window_where_there_is_a_display(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.get", lambda: None)
    monkeypatch.setattr("webbrowser.open", lambda link: opened.append(link) or True)
    assert vis.main([str(files["ply"])]) == 0
    assert opened == [(tmp_path / "out/vis/ball.html").as_uri()]
    monkeypatch.setattr("webbrowser.open", lambda link: False)
    with pytest.raises(InputError, match="no window can be opened here"):
        vis.main([str(files["ply"]), "--window"])


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A folder of files that cannot be shown."""
    (tmp_path / "x.xyz").write_text("1 2 3\n")
    (tmp_path / "zero.ply").write_bytes(b"")
    (tmp_path / "torn.ply").write_bytes(b"ply\nformat binary_little_endian 1.0\nelement")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    (tmp_path / "empty.off").write_text("OFF\n0 0 0\n")
    (tmp_path / "empty.obj").write_text("# nothing\n")
    header = "ply\nformat binary_little_endian 1.0\nelement vertex 0\nproperty float x\n"
    header += "property float y\nproperty float z\nelement face 0\n"
    header += "property list uchar int vertex_indices\nend_header\n"
    (tmp_path / "empty.ply").write_text(header)
    (tmp_path / "empty.stl").write_bytes(bytes(80) + struct.pack("<I", 0))
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    np.savez(tmp_path / "no_points.npz", points=np.zeros((0, 3)))
    np.savez(tmp_path / "rgb.npz", depth=np.random.default_rng(0).random((8, 8, 3)))
    write_points(tmp_path / "outside.npz", Points(np.zeros((8, 3)), np.zeros(8, bool)))
    cloud = header.replace("vertex 0", "vertex 1").encode() + struct.pack("<3f", 0, np.nan, 0)
    (tmp_path / "nan.ply").write_bytes(cloud)
    ball().export(tmp_path / "ball.ply")
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["missing.ply"], r"missing\.ply: no such file"),
        (["."], "is a folder; .*--report"),
        (["x.xyz"], r"x\.xyz: cannot be shown; files that can end in " + " ".join(FILES)),
        (["zero.ply"], r"zero\.ply: is empty"),
        (["torn.ply"], r"torn\.ply: not a readable"),
        (["torn.npz"], r"torn\.npz: not a readable"),
        (["empty.off"], r"empty\.off: has no faces"),
        (["empty.obj"], r"empty\.obj: (has no faces|not a readable)"),
        (["empty.ply"], r"empty\.ply: has no faces"),
        (["empty.stl"], r"empty\.stl: (has no faces|not a readable)"),
        (["other.npz"], r"other\.npz: holds something"),
        (["no_points.npz"], r"no_points\.npz: holds no points"),
        (["rgb.npz"], r"rgb\.npz: its three channels differ"),
        (["outside.npz"], r"outside\.npz: none of its 8 points is inside"),
        (["nan.ply"], r"nan\.ply: .*not finite"),
        (["empty.off", "empty.ply"], r"empty\.off: has no faces"),
        (["ball.ply", "--color", "error"], "--color error needs .*--ground-truth"),
        (["ball.ply", "--color", "error", "--ground-truth", "no.ply"], r"no\.ply: no such file"),
        (["ball.ply", "--error-limit", "0"], "--error-limit 0.0: must be a positive length"),
        (["ball.ply", "--error-limit", "nan"], "--error-limit nan"),
        (["ball.ply", "--names", "a", "b"], "--names: 2 names for 1 files"),
        (["ball.ply", "ball.ply", "--names", "a", "a"], "not all different"),
        (["ball.ply", "--save", "x.jpg"], r"--save x\.jpg: writes \.png; name it x\.jpg\.png"),
        (["ball.ply", "--save", "x.html"], r"--save x\.html: writes \.png; use --html"),
        (["ball.ply", "--html", "x"], r"--html x: writes \.html"),
        (["ball.ply", "--turntable", "x.png"], r"writes \.gif"),
        (["ball.ply", "--size", "4"], "--size 4: must be between"),
        (["ball.ply", "--turntable", "x.gif", "--frames", "1"], "at least 2"),
        (["ball.ply", "--serve", "--port", "0"], "--port 0"),
        (["ball.ply", "--save", "x.png", "--view", "nan", "0"], "nan degrees"),
        (["--report", "missing"], "missing: no such folder of a run"),
        (["--report", "empty"], r"empty: holds no meshes/<class>/<model>\.ply"),
        (["--report", ".", "--color", "depth"], "--color goes with files"),
        (["--report", ".", "--serve"], "--serve goes with files"),
        (["--report", ".", "--names", "a", "b"], "--names: 2 names for 1 runs"),
        (["--report", ".", "--faces", "1"], "--faces 1: a closed mesh has at least 4"),
        (["--report", ".", ".", "--names", "a", "a"], "tell them apart with --names"),
    ],
)
def test_bad_input(
    bad: Path, argv: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bad)
    Path("empty").mkdir(exist_ok=True)
    if not {"--save", "--html", "--turntable", "--serve"} & set(argv):
        argv = [*argv, *(["--html", "out.html"])]
    if "--port" in argv:
        pytest.importorskip("viser")
    before = set(bad.iterdir())
    with pytest.raises(InputError, match=message) as caught:
        vis.main(argv)
    assert "\n" not in str(caught.value)
    assert set(bad.iterdir()) == before


def test_a_truth_in_another_frame_is_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = trimesh.creation.box((0.3, 1.0, 0.5))
    turned = box.copy().apply_transform(trimesh.transformations.rotation_matrix(1, (0, 1, 1)))
    box.export(tmp_path / "box.ply")
    turned.export(tmp_path / "turned.ply")
    np.savez(tmp_path / "map.npz", depth=render_depth(box.vertices, box.faces))
    for shown in ("box.ply", "map.npz"):
        load_scene([tmp_path / shown], ground_truth=tmp_path / "box.ply")
        assert not caplog.messages
        load_scene([tmp_path / shown], ground_truth=tmp_path / "turned.ply")
        assert "in another frame?" in caplog.text
        caplog.clear()


@pytest.mark.parametrize("colour", [[], ["--color", "depth"], ["--color", "normal"]])
def test_an_empty_mesh_beside_others_is_an_empty_panel(
    bad: Path, colour: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bad)
    files = ["ball.ply", "empty.ply", "empty.off"]
    scene = load_scene(files)
    assert [layer.is_empty for layer in scene.layers] == [False, True, True]
    assert scene.layers[1].name == "empty.ply: empty"
    argv = [*files, *colour, "--size", "32", "--frames", "2", "--view", "0", "0"]
    outputs = ["--save", "x.png", "--html", "x.html", "--turntable", "x.gif"]
    assert vis.main([*argv, *outputs]) == 0
    assert vis.main([*argv, "--together", "--save", "y.png"]) == 0
    error = ["--color", "error", "--ground-truth", "ball.ply"]
    small = ["--size", "32", "--view", "0", "0"]
    assert vis.main(["ball.ply", "empty.ply", *error, *small, "--save", "z.png"]) == 0
    with pytest.raises(InputError, match="empty.ply: has no faces"):
        vis.main(["ball.ply", "--ground-truth", "empty.ply", "--save", "no.png"])


def test_where_nothing_can_be_written(bad: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bad)
    for output in ("--save", "--html", "--turntable"):
        suffix = {"--save": "png", "--html": "html", "--turntable": "gif"}[output]
        with pytest.raises(InputError, match=f"ball.ply: cannot be written to .* {output}"):
            vis.main(["ball.ply", output, f"ball.ply/x.{suffix}", "--size", "16", "--frames", "2"])
        Path(f"folder.{suffix}").mkdir()
        with pytest.raises(InputError, match=f"is a folder; name a file with {output}"):
            vis.main(["ball.ply", output, f"folder.{suffix}"])
    with pytest.raises(InputError, match="ball.ply: cannot be written to"):
        vis.main(["--report", ".", "--html", "ball.ply/x.html"])


@pytest.mark.parametrize("argv", [[], ["x.ply", "--report", "run"]])
def test_nothing_to_show(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        vis.main(argv)
    assert caught.value.code == 2


def test_serving_needs_viser(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "viser", None)
    with pytest.raises(InputError, match=r"--serve needs viser: pip install .*\[view\]"):
        vis.main([str(files["ply"]), "--serve"])
