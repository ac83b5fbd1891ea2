"""``reconstruct.py``: what it reads, what it refuses, what it writes."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
import yaml
from PIL import Image

from im2mesh.commands import demo_sensor as write_sample
from im2mesh.commands import reconstruct as script
from im2mesh.commands import score_sensor
from im2mesh.config import GenerationConfig
from im2mesh.data import sensor_frames as files
from im2mesh.data.cleaning import find_object
from im2mesh.errors import DepthError, InputError
from im2mesh.generation import sensor
from im2mesh.generation.pipeline import Reconstruction
from im2mesh.generation.sensor import reconstruct
from im2mesh.geometry.cameras import FLIP, Camera
from im2mesh.geometry.rendering import render_perspective
from im2mesh.metrics import sensor as scores
from tests.conftest import REPOSITORY

CAMERA = Camera(300.0, 310.0, 80.0, 60.0)
SHAPE = (120, 160)
K = [str(v) for v in (CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy)]


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Depth in metres and the mask of a box face in front of a wall; two holes."""
    depth = np.full(SHAPE, 0.9)
    mask = np.zeros(SHAPE, bool)
    mask[40:80, 60:110] = True
    depth[mask] = 0.5 + 0.002 * np.indices(SHAPE)[1][mask] / 50
    depth[10, 10] = np.nan
    depth[60:68, 80:88] = np.nan
    return depth, mask


class FakeLevels:
    """Networks that say: a ball, whatever they are shown."""

    levels = ()
    device = "cpu"
    settings = GenerationConfig(observation="none", lattice="released")

    def __call__(self, *_: object, **__: object) -> Reconstruction:
        ball = trimesh.creation.icosphere(2, 0.4)
        return Reconstruction(np.asarray(ball.vertices), np.asarray(ball.faces))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeLevels:
    levels = FakeLevels()
    monkeypatch.setattr(script, "_levels", lambda _: levels)
    monkeypatch.setattr(sensor, "_for_noise", lambda *_, **__: levels)
    return levels


def png(path: Path, values: np.ndarray) -> str:
    Image.fromarray(values).save(path)
    return str(path)


def millimetres(depth: np.ndarray) -> np.ndarray:
    return np.rint(np.nan_to_num(depth) * 1000).astype(np.uint16)


# --- depth ------------------------------------------------------------------------------------


def write_exr(path: Path, depth: np.ndarray) -> None:
    exr = pytest.importorskip("OpenEXR")
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    exr.File(header, {"Z": depth.astype(np.float32)}).write(str(path))


WRITERS = {
    "d.png": lambda p, d: Image.fromarray(millimetres(d)).save(p),
    "d.tif": lambda p, d: Image.fromarray(millimetres(d)).save(p),
    "d.tiff": lambda p, d: Image.fromarray(d.astype(np.float32)).save(p),
    "d.npy": lambda p, d: np.save(p, d[..., None]),
    "d.npz": lambda p, d: np.savez(p, depth=d.astype(np.float32)),
    "d.exr": write_exr,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_depth(tmp_path: Path, name: str) -> None:
    depth, _ = scene()
    WRITERS[name](tmp_path / name, depth)
    read = files.read_depth(tmp_path / name)
    assert read.dtype == np.float64
    assert np.array_equal(np.isnan(read), np.isnan(depth))
    assert np.nanmax(np.abs(read - depth)) <= 5e-4 + 1e-6


def test_holes_of_every_kind() -> None:
    floats = np.array([[0.5, 0, -1, np.nan], [np.inf, -np.inf, 2, 3]])
    found = files.depth_in_metres(floats, None, "d")
    assert np.isfinite(found).tolist() == [[True, False, False, False], [False, False, True, True]]
    whole = np.array([[500, 0], [65535, 65534]], np.uint16)
    found = files.depth_in_metres(whole, None, "d")
    assert np.isfinite(found).tolist() == [[True, False], [False, True]]
    assert found[0, 0] == pytest.approx(0.5)


@pytest.mark.parametrize(("text", "scale"), [("1/1000", 1e-3), ("0.0001", 1e-4), ("2", 2.0)])
def test_scales(text: str, scale: float) -> None:
    assert files.parse_scale(text) == pytest.approx(scale)


def test_a_scale_overrides_the_unit(tmp_path: Path) -> None:
    depth, _ = scene()
    path = png(tmp_path / "d.png", np.rint(np.nan_to_num(depth) * 1e4).astype(np.uint16))
    assert np.nanmax(np.abs(files.read_depth(path, 1e-4) - depth)) < 1e-4


# --- intrinsics -------------------------------------------------------------------------------

ROS1 = {"image_width": 160, "image_height": 120, "K": CAMERA.matrix.ravel().tolist()}
ROS2 = {"width": 160, "height": 120, "k": CAMERA.matrix.ravel().tolist()}
CALIBRATION = {
    "image_width": 160,
    "image_height": 120,
    "camera_matrix": {"rows": 3, "cols": 3, "data": CAMERA.matrix.ravel().tolist()},
}
OPEN3D = {"width": 160, "height": 120, "intrinsic_matrix": CAMERA.matrix.T.ravel().tolist()}
PLAIN = {"fx": 300.0, "fy": 310.0, "cx": 80.0, "cy": 60.0}
BOP = {"cam_K": CAMERA.matrix.ravel().tolist(), "depth_scale": 0.1}


def write_text(path: Path, text: str) -> list[str]:
    path.write_text(text)
    return [str(path)]


INTRINSICS = {
    "words": lambda p: K,
    "k.txt": lambda p: write_text(p, "300 0 80\n0 310 60\n0 0 1\n"),
    "four.txt": lambda p: write_text(p, "300, 310, 80, 60"),
    "k.npy": lambda p: (np.save(p, CAMERA.matrix), [str(p)])[1],
    "k.npz": lambda p: (np.savez(p, K=CAMERA.matrix), [str(p)])[1],
    "open3d.json": lambda p: write_text(p, json.dumps(OPEN3D)),
    "camera.json": lambda p: write_text(p, json.dumps(BOP)),
    "plain.json": lambda p: write_text(p, json.dumps(PLAIN)),
    "perception.intr": lambda p: write_text(
        p, json.dumps({f"_{k}": v for k, v in (PLAIN | {"K": 0}).items()})
    ),
    "scene_camera.json": lambda p: write_text(
        p, json.dumps({"3": {"cam_K": [1, 0, 0, 0, 1, 0, 0, 0, 1]}, "7": BOP})
    ),
    "ros1.yaml": lambda p: write_text(p, yaml.safe_dump(ROS1)),
    "ros2.yml": lambda p: write_text(p, yaml.safe_dump(ROS2)),
    "calibration.yaml": lambda p: write_text(p, "%YAML:1.0\n" + yaml.safe_dump(CALIBRATION)),
}


@pytest.mark.parametrize("name", INTRINSICS)
def test_every_format_gives_the_same_intrinsics(tmp_path: Path, name: str) -> None:
    words = INTRINSICS[name](tmp_path / name)
    found = files.read_intrinsics(words, "000007")
    assert np.abs(found.for_image(SHAPE, name).matrix - CAMERA.matrix).max() < 1e-9
    assert found.depth_scale == (0.1 if "camera.json" in name else None)


def test_intrinsics_of_a_larger_image_are_scaled(tmp_path: Path) -> None:
    found = files.read_intrinsics(INTRINSICS["open3d.json"](tmp_path / "open3d.json"))
    half = found.for_image((60, 80), "k")
    assert half == CAMERA.scaled(0.5, 0.5)
    assert half.cx == pytest.approx((80 + 0.5) / 2 - 0.5)
    with pytest.raises(InputError, match="160×120.*100×100"):
        found.for_image((100, 100), "k")


# --- masks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bool", "0/1", "0/255", "alpha", "label", "float", "half size"])
def test_every_kind_of_mask_is_the_same(tmp_path: Path, kind: str) -> None:
    mask = np.zeros(SHAPE, bool)
    mask[40:80, 60:110] = True
    path, label = tmp_path / "m.png", None
    if kind == "bool":
        path = tmp_path / "m.npy"
        np.save(path, mask)
    elif kind == "float":
        path = tmp_path / "m.npy"
        np.save(path, mask.astype(np.float32))
    elif kind == "alpha":
        colour = np.full((*SHAPE, 4), 90, np.uint8)
        colour[..., 3] = mask * 255
        png(path, colour)
    elif kind == "label":
        png(path, np.where(mask, 7, 3).astype(np.uint16))
        label = "7"
    else:
        values = mask.astype(np.uint8) * (1 if kind == "0/1" else 255)
        png(path, values[::2, ::2] if kind == "half size" else values)
    found = files.masks_of(files.read_mask_image(path), SHAPE, label, str(path))
    assert len(found) == 1
    assert np.array_equal(next(iter(found.values())), mask)


def test_all_labels() -> None:
    values = np.zeros(SHAPE, np.int64)
    values[:10], values[50:60] = 2, 9
    found = files.masks_of(values, SHAPE, "all", "m")
    assert sorted(found) == [2, 9] and found[9].sum() == 10 * SHAPE[1]


def test_without_a_mask_the_largest_object_on_the_plane_is_taken() -> None:
    camera = Camera(300.0, 300.0, 160.0, 120.0)
    rays = camera.rays_of((240, 320))
    depth = 0.5 / rays[..., 2]  # a table straight below
    depth[100:140, 140:200] = 0.44
    depth[20:30, 20:30] = 0.47  # a smaller one
    rng = np.random.default_rng(0)
    depth += 5e-4 * rng.standard_normal(depth.shape)
    found = find_object(depth, camera)
    assert found[101:139, 141:199].all()
    assert found.sum() <= 42 * 62
    with pytest.raises(DepthError, match="nothing stands"):
        find_object(np.full((240, 320), 0.5), camera)


# --- what is refused --------------------------------------------------------------------------


def bad(tmp: Path, **changes: object) -> list[str]:
    """A command line, one of its inputs bad."""
    depth, mask = scene()
    given = {
        "depth": png(tmp / "d.png", millimetres(depth)),
        "intrinsics": K,
        "mask": png(tmp / "m.png", mask.astype(np.uint8) * 255),
        "out": str(tmp / "o.ply"),
    } | changes
    line = []
    for key, value in given.items():
        if value is not None:
            line += [f"--{key}", *(value if isinstance(value, list) else [str(value)])]
    return line


def _rgb(tmp: Path) -> str:
    return png(tmp / "rgb.png", np.zeros((*SHAPE, 3), np.uint8))


def _layers(tmp: Path) -> str:
    exr = pytest.importorskip("OpenEXR")
    z = np.ones(SHAPE, np.float32)
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    exr.File(header, {"A.Z": z, "B.Z": z}).write(str(tmp / "l.exr"))
    return str(tmp / "l.exr")


def _npy(tmp: Path, values: np.ndarray, name: str = "x.npy") -> str:
    np.save(tmp / name, values, allow_pickle=True)
    return str(tmp / name)


def _one_pixel() -> np.ndarray:
    depth = np.zeros(SHAPE, np.float32)
    depth[60, 90] = 0.5
    return depth


def _text(tmp: Path, name: str, text: str) -> str:
    (tmp / name).write_text(text)
    return str(tmp / name)


def _holes_in_mask() -> np.ndarray:
    depth, mask = scene()
    return np.where(mask, 0, np.nan_to_num(depth)).astype(np.float32)


BAD = {
    "8-bit": (lambda t: {"depth": png(t / "b.png", np.ones(SHAPE, np.uint8))}, "8-bit"),
    "RGB": (lambda t: {"depth": _rgb(t)}, "colour image"),
    "mm as float": (
        lambda t: {"depth": _npy(t, np.full(SHAPE, 580.0))},
        "580 m.*--depth-scale 1/1000",
    ),
    "intrinsics of another size": (
        lambda t: {"intrinsics": _text(t, "k.json", json.dumps(OPEN3D | {"height": 90}))},
        "160×90.*160×120",
    ),
    "swapped depth and mask": (
        lambda t: {"depth": str(t / "m.png"), "mask": str(t / "d.png")},
        "is it the mask",
    ),
    "depth as the mask": (
        lambda t: {"mask": png(t / "g.png", np.arange(19200, dtype=np.uint16).reshape(SHAPE) * 3)},
        "is it the depth image",
    ),
    "an empty mask": (lambda t: {"mask": png(t / "e.png", np.zeros(SHAPE, np.uint8))}, "is empty"),
    "a mask without depth": (lambda t: {"depth": _npy(t, _holes_in_mask())}, "mask has a depth"),
    "a mask of another view": (
        lambda t: {"mask": png(t / "s.png", np.ones((100, 100), np.uint8))},
        "100×100.*160×120",
    ),
    "one valid pixel": (lambda t: {"depth": _npy(t, _one_pixel())}, "no pixel .* is left"),
    "all holes": (lambda t: {"depth": _npy(t, np.zeros(SHAPE))}, "no pixel has a depth"),
    "infinite depth": (lambda t: {"depth": _npy(t, np.full(SHAPE, np.inf))}, "no pixel"),
    "negative focal length": (lambda t: {"intrinsics": ["-300", *K[1:]]}, "positive"),
    "three numbers": (lambda t: {"intrinsics": K[:3]}, "fx fy cx cy"),
    "words": (lambda t: {"intrinsics": ["a", "b", "c", "d"]}, "four numbers"),
    "no matrix": (lambda t: {"intrinsics": _text(t, "k.txt", "1 2 3")}, "3 numbers"),
    "no intrinsics": (lambda t: {"intrinsics": _text(t, "k.json", "{}")}, "none of"),
    "broken JSON": (lambda t: {"intrinsics": _text(t, "k.json", "{")}, "no intrinsics"),
    "a label that is not there": (lambda t: {"label": "3"}, "no label 3; it holds 255"),
    "a label that is none": (lambda t: {"label": "cup"}, "no number"),
    "a label without a mask": (lambda t: {"mask": None, "label": "1"}, "--label"),
    "several labels": (
        lambda t: {"mask": png(t / "l.png", np.indices(SHAPE)[0].astype(np.uint8))},
        "choose one with --label",
    ),
    "unknown extension of depth": (lambda t: {"depth": _text(t, "d.jpg", "")}, "not a depth image"),
    "unknown extension of a mesh": (lambda t: {"out": str(t / "o.xyz")}, r"\.ply \.obj"),
    "an unwritable output": (lambda t: {"out": "/proc/nowhere/o.ply"}, "cannot be written"),
    "several layers": (lambda t: {"depth": _layers(t)}, "several layers"),
    "no EXR": (lambda t: {"depth": _text(t, "x.exr", "hello")}, "no EXR"),
    "no image": (lambda t: {"depth": _text(t, "x.png", "hello")}, "not a readable image"),
    "a pickle": (
        lambda t: {"depth": _npy(t, np.array([{"a": 1}], dtype=object))},
        "pickle",
    ),
    "no depth in it": (
        lambda t: {"depth": (np.savez(t / "n.npz", x=np.ones(3)), str(t / "n.npz"))[1]},
        "under the key depth",
    ),
    "missing": (lambda t: {"depth": str(t / "nothing.png")}, "no such file"),
    "a scale that is none": (lambda t: {"depth-scale": "1/0"}, "--depth-scale"),
    "a negative size": (lambda t: {"size": "-1"}, "size"),
    "a preview that is no picture": (lambda t: {"preview": str(t / "p.jpg")}, r"\.png"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(
    tmp_path: Path, fake: FakeLevels, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, message = BAD[case]
    bad(tmp_path)  # the good files are there
    with pytest.raises(InputError, match=message) as found:
        script.main(bad(tmp_path, **make(tmp_path)))
    assert "\n" not in str(found.value)
    assert not list(tmp_path.glob("o.*"))


def test_bad_input_is_exit_code_2(tmp_path: Path) -> None:
    line = bad(tmp_path, depth=_npy(tmp_path, np.full(SHAPE, 580.0)))
    ran = subprocess.run(
        [sys.executable, REPOSITORY / "reconstruct.py", *line], capture_output=True, text=True
    )
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1 and "--depth-scale" in ran.stderr


@pytest.mark.parametrize("line", [[], ["--depth", "d.png"], ["--scene", "s", "--depth", "d"]])
def test_incomplete_command_lines(line: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        script.main(line)
    assert left.value.code == 2


def test_far_objects_are_warned_of(fake: FakeLevels, caplog: pytest.LogCaptureFixture) -> None:
    depth, mask = scene()
    logger = importlib.import_module("logging").getLogger("im2mesh")
    logger.propagate = True
    reconstruct(depth * 1000, CAMERA, mask, reconstructor=fake)
    assert "501" in caplog.text or "another unit" in caplog.text


# --- what is written --------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".ply", ".obj", ".off", ".stl", ".glb"])
def test_meshes_frames_and_units(tmp_path: Path, fake: FakeLevels, ending: str) -> None:
    meshes = {}
    for frame, unit in (("camera", "m"), ("camera", "mm"), ("opengl", "m"), ("object", "m")):
        out = tmp_path / f"{frame}_{unit}{ending}"
        assert script.main([*bad(tmp_path, out=str(out)), "--frame", frame, "--unit", unit]) == 0
        mesh = trimesh.load_mesh(out, process=False)
        corners = np.asarray(mesh.triangles).reshape(-1, 3)
        meshes[frame, unit] = corners[np.lexsort(np.round(corners, 6).T)]
        facts = json.loads(out.with_name(out.name + ".json").read_text())
        assert facts["frame"] == frame and facts["unit"] == unit and facts["closed"]
        # The record says how to get from the cube to the file.
        cube = np.asarray(FakeLevels()().vertices)
        moved = np.array(facts["T_output_camera"]) @ np.array(facts["T_camera_cube"])
        there = cube @ moved[:3, :3].T + moved[:3, 3]
        reach = np.ptp(there, axis=0)
        assert np.allclose(corners.min(axis=0), there.min(axis=0), atol=1e-5 * reach.max())
        assert np.allclose(corners.max(axis=0), there.max(axis=0), atol=1e-5 * reach.max())
        assert np.asarray(mesh.volume) > 0  # faces look outward in every frame
    camera = meshes["camera", "m"]
    assert np.abs(camera.mean(axis=0) - [0.01, 0.0, 0.52]).max() < 0.05
    flipped = meshes["opengl", "m"] @ FLIP
    for mean in (np.mean, np.min, np.max):
        assert np.allclose(mean(flipped, axis=0), mean(camera, axis=0), atol=1e-6)
        assert np.allclose(
            mean(meshes["camera", "mm"], axis=0) / 1000, mean(camera, axis=0), atol=1e-6
        )
    assert np.abs(meshes["object", "m"].mean(axis=0)).max() < 0.01


def test_the_line_the_record_and_the_preview(
    tmp_path: Path, fake: FakeLevels, capsys: pytest.CaptureFixture[str]
) -> None:
    line = bad(tmp_path, preview=str(tmp_path / "p.png"))
    assert script.main(line) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "object at 0.50 m, seen 84×65×" in printed and printed.endswith(", closed\n")
    facts = json.loads((tmp_path / "o.ply.json").read_text())
    assert facts["summary"] in printed
    assert facts["K"] == CAMERA.matrix.tolist()
    assert facts["pixels"]["object"] > 1500 and facts["pixels"]["share of holes"] > 0
    assert facts["noise"] == pytest.approx(1e-3 + 1.5e-3 * 0.25, rel=0.02)
    assert facts["sources"]["depth"].endswith("d.png")
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.width > 1000


def test_every_label_is_a_mesh(tmp_path: Path, fake: FakeLevels) -> None:
    _, mask = scene()
    labels = np.where(mask, 3, 0)
    labels[90:118, 20:60] = 5
    line = bad(tmp_path, mask=png(tmp_path / "l.png", labels.astype(np.uint8)), label="all")
    assert script.main(line) == 0
    assert sorted(p.name for p in tmp_path.glob("o_*.ply")) == ["o_3.ply", "o_5.ply"]


# --- scenes -----------------------------------------------------------------------------------


def bop_scene(folder: Path) -> Path:
    depth, mask = scene()
    for name in ("depth", "mask_visib"):
        (folder / name).mkdir(parents=True)
    png(folder / "depth" / "000007.png", (millimetres(depth) * 10))
    png(folder / "mask_visib" / "000007_000000.png", mask.astype(np.uint8) * 255)
    png(folder / "mask_visib" / "000007_000001.png", np.roll(mask, 30, 1).astype(np.uint8) * 255)
    facts = {"7": {"cam_K": CAMERA.matrix.ravel().tolist(), "depth_scale": 0.1}}
    (folder / "scene_camera.json").write_text(json.dumps(facts))
    return folder


def plain_scene(folder: Path) -> Path:
    depth, mask = scene()
    for name in ("depth", "masks"):
        (folder / name).mkdir(parents=True)
    png(folder / "depth" / "a.png", millimetres(depth))
    labels = mask.astype(np.uint8) * 4
    labels[90:110, 20:60] = 6
    png(folder / "masks" / "a.png", labels)
    np.savetxt(folder / "cam_K.txt", CAMERA.matrix)
    return folder


def npz_scene(folder: Path) -> Path:
    depth, mask = scene()
    folder.mkdir()
    np.savez(folder / "b.npz", depth=depth, K=CAMERA.matrix, segmap=mask * 2.0)
    return folder


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (bop_scene, ["000007_000000", "000007_000001"]),
        (plain_scene, ["a_4", "a_6"]),
        (npz_scene, ["b"]),
    ],
)
def test_scenes(tmp_path: Path, fake: FakeLevels, make, names: list[str]) -> None:
    folder = make(tmp_path / "scene")
    frames = files.find_frames(folder)
    assert [frame.name for frame in frames] == names
    depth, mask = scene()
    assert np.nanmax(np.abs(frames[0].depth - depth)) < 6e-4
    assert np.array_equal(frames[0].mask, mask)
    assert np.abs(frames[0].camera.matrix - CAMERA.matrix).max() < 1e-6
    assert script.main(["--scene", str(folder), "--out", str(tmp_path / "out")]) == 0
    assert sorted(p.stem for p in (tmp_path / "out").glob("*.ply")) == names


def test_one_bad_object_does_not_stop_the_others(tmp_path: Path, fake: FakeLevels) -> None:
    folder = bop_scene(tmp_path / "scene")
    corner = np.zeros(SHAPE, np.uint8)
    corner[10, 10] = 255  # a hole
    png(folder / "mask_visib" / "000007_000001.png", corner)
    assert script.main(["--scene", str(folder), "--out", str(tmp_path / "out")]) == 1
    assert [p.stem for p in (tmp_path / "out").glob("*.ply")] == ["000007_000000"]


def test_folders_that_are_no_scene(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        files.find_frames(tmp_path / "nothing")
    with pytest.raises(InputError, match="no layout"):
        files.find_frames(tmp_path)


# --- the same object in other images ----------------------------------------------------------


def test_units_and_ray_lengths_do_not_matter(tmp_path: Path, fake: FakeLevels) -> None:
    depth, _ = scene()
    lengths = np.linalg.norm(CAMERA.rays_of(SHAPE), axis=-1) * depth
    names = {
        "m": (_npy(tmp_path, depth, "m.npy"), []),
        "km": (_npy(tmp_path, depth * 1000, "k.npy"), ["--depth-scale", "1/1000"]),
        "ray": (_npy(tmp_path, lengths, "r.npy"), ["--depth-kind", "ray"]),
    }
    meshes = []
    for name, (path, more) in names.items():
        out = tmp_path / f"{name}.ply"
        assert script.main([*bad(tmp_path, depth=path, out=str(out)), *more]) == 0
        meshes.append(np.asarray(trimesh.load_mesh(out, process=False).vertices))
    assert np.abs(meshes[1] - meshes[0]).max() < 1e-6
    assert np.abs(meshes[2] - meshes[0]).max() < 1e-6


def test_a_rolled_camera_sees_the_object_in_its_place(fake: FakeLevels) -> None:
    depth, mask = scene()
    rolled = Camera(CAMERA.fx, CAMERA.fy, SHAPE[1] - 1 - CAMERA.cx, SHAPE[0] - 1 - CAMERA.cy)
    one = reconstruct(depth, CAMERA, mask, reconstructor=fake)
    other = reconstruct(depth[::-1, ::-1], rolled, mask[::-1, ::-1], reconstructor=fake)
    turn = np.diag([-1.0, -1.0, 1.0])
    a, b = one.placement.frame, other.placement.frame
    assert np.abs(turn @ a.centre - b.centre).max() < 1e-9
    assert a.size == pytest.approx(b.size)
    # Guesses in holes depend on the order of equally near pixels.
    assert np.abs(one.shown[::-1, ::-1] - other.shown).max() < 3e-3
    assert np.median(np.abs(one.shown[::-1, ::-1] - other.shown)[other.shown >= 0]) < 1e-6
    assert np.abs(np.asarray(one.mesh.vertices).mean(axis=0) @ turn - b.centre).max() < 1e-3


def test_arrays_that_are_refused(fake: FakeLevels) -> None:
    depth, mask = scene()
    with pytest.raises(DepthError, match="shape"):
        reconstruct(depth[None], CAMERA, mask)
    with pytest.raises(DepthError, match="the mask has shape"):
        reconstruct(depth, CAMERA, mask[1:])
    with pytest.raises(InputError, match="3×3"):
        reconstruct(depth, [1.0, 2.0], mask)
    with pytest.raises(InputError, match="extent"):
        reconstruct(depth, CAMERA, mask, extent=0.0)
    with pytest.raises(DepthError, match="too much for its distance"):
        reconstruct(depth, CAMERA, mask, size=2.0)


# --- the sample and scores --------------------------------------------------------------------


def test_the_bundled_sample_is_what_its_command_makes(tmp_path: Path) -> None:
    write_sample.main(["--out", str(tmp_path)])
    bundled = REPOSITORY / "data/demo_sensor"
    assert (tmp_path / "camera.json").read_text() == (bundled / "camera.json").read_text()
    new, old = (np.asarray(Image.open(f / "depth.png")) for f in (tmp_path, bundled))
    assert (np.abs(new.astype(int) - old) > 1).mean() < 1e-3  # embree's rounding on other machines
    new, old = (np.asarray(Image.open(f / "mask.png")) for f in (tmp_path, bundled))
    assert (new != old).mean() < 1e-3


def test_metric_scores() -> None:
    ball = trimesh.creation.icosphere(3, 0.05)
    truth = scores.surface_points(np.asarray(ball.vertices), np.asarray(ball.faces))
    same = scores.metric_scores(truth, truth, 0.1)
    assert same["fscore@1%"] == 1 and same["chamfer mm"] == 0
    moved = scores.metric_scores(truth * 1.12, truth, 0.1)  # 6 mm off
    assert moved["fscore@5mm"] == 0 and moved["fscore@10mm"] == 1 and moved["fscore@2%"] == 0
    assert moved["chamfer mm"] == pytest.approx(12, rel=0.05)
    half = scores.metric_scores(truth[truth[:, 0] > 0], truth, 0.1)
    assert half["precision@1%"] == 1 and half["recall@1%"] == pytest.approx(0.5, abs=0.03)
    none = scores.metric_scores(np.zeros((0, 3)), truth, 0.1)
    assert none["fscore@2%"] == 0 and none["chamfer mm"] == np.inf


def test_scores_through_the_camera_and_the_command(tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(4, 0.08)
    ball.apply_translation((0, 0, 0.5))
    depth = render_perspective(ball.vertices, ball.faces, CAMERA, SHAPE)
    mask = np.isfinite(depth)
    nearer = np.asarray(ball.vertices) - [0, 0, 0.003]
    found = scores.camera_scores(nearer, np.asarray(ball.faces), depth, mask, CAMERA)
    assert found["silhouette iou"] > 0.97
    assert found["depth error median mm"] == pytest.approx(3, abs=0.4)
    ball.export(tmp_path / "ball.ply")
    line = [str(tmp_path / "ball.ply"), "--ground-truth", str(tmp_path / "ball.ply")]
    line += ["--depth", png(tmp_path / "d.png", millimetres(depth)), "--intrinsics", *K]
    line += ["--mask", png(tmp_path / "m.png", mask.astype(np.uint8) * 255)]
    assert score_sensor.main([*line, "--json", str(tmp_path / "s.json")]) == 0
    table = json.loads((tmp_path / "s.json").read_text())
    assert table["mesh"]["fscore@5mm"] == 1 and table["mesh"]["silhouette iou"] > 0.99
    assert table["raw points"]["precision@5mm"] == 1 and table["raw points"]["recall@5mm"] < 0.8
