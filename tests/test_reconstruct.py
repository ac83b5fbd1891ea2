"""``reconstruct.py``: what it reads, what it refuses, what it writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image

from im2mesh.cli import run_script
from im2mesh.commands import demo_sensor as write_sample
from im2mesh.commands import reconstruct as script
from im2mesh.commands import score_sensor
from im2mesh.data.sensor_frames import SensorImage
from im2mesh.errors import DepthError, InputError
from im2mesh.files import locked
from im2mesh.generation.pipeline import Reconstructor
from im2mesh.generation.sensor import reconstruct
from im2mesh.geometry.cameras import FLIP, Camera
from im2mesh.geometry.rendering import render_perspective
from im2mesh.metrics import sensor as scores
from tests.conftest import REPOSITORY
from tests.fixtures import (
    SENSOR,
    SENSOR_SHAPE,
    BallLevels,
    millimetres,
    sensor_view,
    write_exr,
    write_image,
)

K = [str(v) for v in (SENSOR.fx, SENSOR.fy, SENSOR.cx, SENSOR.cy)]
DEPTH, MASK = sensor_view()

Changes = Callable[[Path], dict[str, object]]
"""A folder → options that replace those of a good command line."""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, ball_levels: BallLevels) -> BallLevels:
    monkeypatch.setattr(script, "_levels", lambda _: ball_levels)
    return ball_levels


# --- what is refused --------------------------------------------------------------------------


def bad(tmp: Path, **changes: object) -> list[str]:
    """A command line, one of its inputs bad."""
    given = {
        "depth": write_image(tmp / "d.png", millimetres(DEPTH)),
        "intrinsics": K,
        "mask": write_image(tmp / "m.png", MASK.astype(np.uint8) * 255),
        "out": str(tmp / "o.ply"),
    } | changes
    line = []
    for key, value in given.items():
        if value is not None:
            line += [f"--{key}", *(value if isinstance(value, list) else [str(value)])]
    return line


def _npy(tmp: Path, values: np.ndarray, name: str = "x.npy") -> str:
    np.save(tmp / name, values, allow_pickle=True)
    return str(tmp / name)


def _depth(values: np.ndarray) -> Changes:
    return lambda tmp: {"depth": _npy(tmp, values)}


def _image(key: str, values: np.ndarray) -> Changes:
    return lambda tmp: {key: write_image(tmp / "other.png", values)}


def _text(key: str, name: str, text: str) -> Changes:
    return lambda tmp: (tmp / name).write_text(text) and {key: str(tmp / name)}


def _layers(tmp: Path) -> dict[str, object]:
    z = np.ones(SENSOR_SHAPE, np.float32)
    return {"depth": write_exr(tmp / "l.exr", {"A.Z": z, "B.Z": z})}


def _no_depth(tmp: Path) -> dict[str, object]:
    np.savez(tmp / "n.npz", x=np.ones(3))
    return {"depth": str(tmp / "n.npz")}


RAMP, ZEROS = np.arange(19200).reshape(SENSOR_SHAPE), np.zeros(SENSOR_SHAPE, np.uint8)
ROW = np.indices(SENSOR_SHAPE)[0].astype(np.uint8)
ONE_PIXEL = np.where(RAMP == 9690, 0.5, 0)
PICKLED = np.array([{"a": 1}], dtype=object)
SMALLER = json.dumps({"width": 160, "height": 90, "fx": 300, "fy": 310, "cx": 80, "cy": 45})


BAD: dict[str, tuple[Changes, str]] = {
    "8-bit": (_image("depth", ZEROS + 1), "8-bit"),
    "RGB": (_image("depth", np.dstack([ZEROS] * 3)), "colour image"),
    "mm as float": (_depth(np.full(SENSOR_SHAPE, 580.0)), "580 m.*--depth-scale 1/1000"),
    "one valid pixel": (_depth(ONE_PIXEL), "no pixel .* is left"),
    "all holes": (_depth(np.zeros(SENSOR_SHAPE)), "no pixel has a depth"),
    "infinite depth": (_depth(np.full(SENSOR_SHAPE, np.inf)), "no pixel"),
    "a pickle": (_depth(PICKLED), "pickle"),
    "unknown extension of depth": (_text("depth", "d.jpg", " "), "not a depth image"),
    "no EXR": (_text("depth", "x.exr", "hello"), "no EXR"),
    "no image": (_text("depth", "x.png", "hello"), "not a readable image"),
    "several layers": (_layers, "several layers"),
    "no depth in it": (_no_depth, "under the key depth"),
    "missing": (lambda t: {"depth": str(t / "nothing.png")}, "no such file"),
    "a scale that is none": (lambda t: {"depth-scale": "1/0"}, "--depth-scale"),
    "intrinsics of another size": (_text("intrinsics", "k.json", SMALLER), "160×90.*160×120"),
    "negative focal length": (lambda t: {"intrinsics": ["-300", *K[1:]]}, "positive"),
    "three numbers": (lambda t: {"intrinsics": K[:3]}, "fx fy cx cy"),
    "words": (lambda t: {"intrinsics": ["a", "b", "c", "d"]}, "four numbers"),
    "no matrix": (_text("intrinsics", "k.txt", "1 2 3"), "3 numbers"),
    "no intrinsics": (_text("intrinsics", "k.json", "{}"), "none of"),
    "broken JSON": (_text("intrinsics", "k.json", "{"), "no intrinsics"),
    "swapped": (lambda t: {"depth": str(t / "m.png"), "mask": str(t / "d.png")}, "is it the mask"),
    "depth as the mask": (_image("mask", np.uint16(RAMP * 3)), "is it the depth image"),
    "an empty mask": (_image("mask", ZEROS), "is empty"),
    "a mask without depth": (_depth(np.where(MASK, 0, np.nan_to_num(DEPTH))), "mask has a depth"),
    "a mask of another view": (_image("mask", np.ones((100, 100), "u1")), "100×100.*160×120"),
    "a smoothed mask": (_image("mask", RAMP.astype(np.uint8)), "without smoothing"),
    "a label that is not there": (lambda t: {"label": "3"}, "no label 3; it holds 255"),
    "a label that is none": (lambda t: {"label": "cup"}, "give a number"),
    "a label without a mask": (lambda t: {"mask": None, "label": "1"}, "--label"),
    "several labels": (_image("mask", ROW), "choose one with --label"),
    "a negative size": (lambda t: {"size": "-1"}, "size"),
    "a size in other units": (
        lambda t: {"size": "0.0001"},
        r"size 0.0001: the seen part .* m long",
    ),
    "too small an extent": (lambda t: {"extent": "0.0001"}, "extent 0.0001: the seen part"),
    "a negative noise without a mask": (lambda t: {"mask": None, "noise": "-1"}, "noise -1"),
    "unknown extension of a mesh": (lambda t: {"out": str(t / "o.xyz")}, r"written as .*\.ply"),
    "an unwritable output": (lambda t: {"out": "/proc/nowhere/o.ply"}, "cannot be written"),
    "a preview that is no picture": (lambda t: {"preview": str(t / "p.jpg")}, r"\.png"),
}
"""Name → changes of a good command line's options, and a part of the message."""


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(
    tmp_path: Path, fake: BallLevels, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, message = BAD[case]
    bad(tmp_path)  # the good files are there
    with pytest.raises(InputError, match=message) as found:
        script.main(bad(tmp_path, **make(tmp_path)))
    assert "\n" not in str(found.value)
    assert not list(tmp_path.glob("o.*"))


def test_bad_input_is_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = bad(tmp_path, depth=_npy(tmp_path, np.full(SENSOR_SHAPE, 580.0)))
    monkeypatch.setattr(sys, "argv", ["reconstruct.py", *line])
    with pytest.raises(SystemExit) as left:
        run_script(script.main)
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "--depth-scale" in told


@pytest.mark.parametrize(
    "line",
    [[], ["--depth", "d.png"], ["--scene", "s", "--depth", "d"], ["--scene", "s", "--label", "1"]],
)
def test_incomplete_command_lines(line: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        script.main(line)
    assert left.value.code == 2


def test_far_objects_are_warned_of(fake: BallLevels, caplog: pytest.LogCaptureFixture) -> None:
    depth, mask = sensor_view()
    reconstruct(depth * 1000, SENSOR, mask, reconstructor=fake)
    assert "501" in caplog.text or "another unit" in caplog.text


# --- what is written --------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".ply", ".obj", ".off", ".stl", ".glb"])
def test_meshes_frames_and_units(tmp_path: Path, fake: BallLevels, ending: str) -> None:
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
        cube = np.asarray(BallLevels()().vertices)
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
    tmp_path: Path, fake: BallLevels, capsys: pytest.CaptureFixture[str]
) -> None:
    line = bad(tmp_path, preview=str(tmp_path / "p.png"))
    assert script.main(line) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "object at 0.50 m, seen 84×65×" in printed and printed.endswith(", closed\n")
    facts = json.loads((tmp_path / "o.ply.json").read_text())
    assert facts["summary"] in printed
    assert facts["K"] == SENSOR.matrix.tolist()
    assert facts["pixels"]["object"] > 1500 and facts["pixels"]["share of holes"] > 0
    assert facts["noise"] == pytest.approx(1e-3 + 1.5e-3 * 0.25, rel=0.02)
    assert facts["sources"]["depth"].endswith("d.png")
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.width > 1000


@pytest.mark.parametrize("scene", [False, True])
def test_one_run_at_a_time_writes_to_a_place(tmp_path: Path, fake: BallLevels, scene: bool) -> None:
    line = ["--scene", str(tmp_path), "--out", str(tmp_path / "o")] if scene else bad(tmp_path)
    (tmp_path / "o").mkdir()
    lock = tmp_path / "o" / "reconstruct.lock" if scene else tmp_path / ".o.ply.lock"
    with locked(lock, ""), pytest.raises(InputError, match=r"o(\.ply)?: another process writes"):
        script.main(line)
    assert not list(tmp_path.rglob("*.ply"))


def test_every_label_is_a_mesh(tmp_path: Path, fake: BallLevels) -> None:
    _, mask = sensor_view()
    labels = np.where(mask, 3, 0)
    labels[90:118, 20:60] = 5
    line = bad(tmp_path, mask=write_image(tmp_path / "l.png", labels.astype(np.uint8)), label="all")
    assert script.main(line) == 0
    assert sorted(p.name for p in tmp_path.glob("o_*.ply")) == ["o_3.ply", "o_5.ply"]


# --- scenes -----------------------------------------------------------------------------------


def test_a_bad_object_or_image_does_not_stop_the_others(tmp_path: Path, fake: BallLevels) -> None:
    depth, mask = sensor_view()
    folder = tmp_path / "scene"
    folder.mkdir()
    labels = mask.astype(np.int64)
    labels[10, 10] = 2  # a hole
    np.savez(folder / "a.npz", depth=depth, K=SENSOR.matrix, segmap=labels)
    np.savez(folder / "b.npz", depth=depth)
    line = ["--scene", str(folder), "--out", str(tmp_path / "out"), "--preview"]
    assert script.main([*line, str(tmp_path / "p.png")]) == 1
    assert [p.stem for p in (tmp_path / "out").glob("*.ply")] == ["a_1"]
    assert [p.name for p in tmp_path.glob("*.png")] == ["p_a_1.png"]
    (folder / "a.npz").unlink()
    assert script.main(line[:4]) == 2


# --- the same object in other images ----------------------------------------------------------


def test_units_and_ray_lengths_do_not_matter(tmp_path: Path, fake: BallLevels) -> None:
    depth, _ = sensor_view()
    lengths = np.linalg.norm(SENSOR.rays_of(SENSOR_SHAPE), axis=-1) * depth
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


def test_a_rolled_camera_sees_the_object_in_its_place(fake: BallLevels) -> None:
    depth, mask = sensor_view()
    rolled = Camera(
        SENSOR.fx, SENSOR.fy, SENSOR_SHAPE[1] - 1 - SENSOR.cx, SENSOR_SHAPE[0] - 1 - SENSOR.cy
    )
    one = reconstruct(depth, SENSOR, mask, reconstructor=fake)
    other = reconstruct(depth[::-1, ::-1], rolled, mask[::-1, ::-1], reconstructor=fake)
    turn = np.diag([-1.0, -1.0, 1.0])
    a, b = one.placement.frame, other.placement.frame
    assert np.abs(turn @ a.centre - b.centre).max() < 1e-9
    assert a.size == pytest.approx(b.size)
    # Guesses in holes depend on the order of equally near pixels.
    assert np.abs(one.shown[::-1, ::-1] - other.shown).max() < 3e-3
    assert np.median(np.abs(one.shown[::-1, ::-1] - other.shown)[other.shown >= 0]) < 1e-6
    assert np.abs(np.asarray(one.mesh.vertices).mean(axis=0) @ turn - b.centre).max() < 1e-3


def test_arrays_that_are_refused(fake: BallLevels) -> None:
    depth, mask = sensor_view()
    with pytest.raises(DepthError, match="shape"):
        reconstruct(depth[None], SENSOR, mask)
    with pytest.raises(DepthError, match="the mask has shape"):
        reconstruct(depth, SENSOR, mask[1:])
    with pytest.raises(InputError, match="3×3"):
        reconstruct(depth, [1.0, 2.0], mask)
    with pytest.raises(InputError, match="extent"):
        reconstruct(depth, SENSOR, mask, extent=0.0)
    with pytest.raises(DepthError, match="too much for its distance"):
        reconstruct(depth, SENSOR, mask, size=2.0)


# --- the sample and scores --------------------------------------------------------------------


def test_the_bundled_sample_is_what_its_command_makes(tmp_path: Path) -> None:
    write_sample.main(["--out", str(tmp_path)])
    bundled = REPOSITORY / "data/demo_sensor"
    assert (tmp_path / "camera.json").read_text() == (bundled / "camera.json").read_text()
    new, old = (np.asarray(Image.open(f / "depth.png")) for f in (tmp_path, bundled))
    assert (np.abs(new.astype(int) - old) > 1).mean() < 1e-3  # embree's rounding on other machines
    new, old = (np.asarray(Image.open(f / "mask.png")) for f in (tmp_path, bundled))
    assert (new != old).mean() < 1e-3


def test_the_bundled_sample_gives_the_expected_mesh() -> None:
    """The whole way through the bundled networks; slow, because only they can tell."""
    folder = REPOSITORY / "data/demo_sensor"
    image = SensorImage(folder / "depth.png", [str(folder / "camera.json")], [folder / "mask.png"])
    (frame,) = image.frames()
    levels = Reconstructor.bundled(resolution=64, symmetry="none")
    with torch.inference_mode():
        result = reconstruct(frame.depth, frame.camera, frame.mask, reconstructor=levels)
    assert result.closed and result.reconstruction.vertices.size
    vertices, faces = np.asarray(result.mesh.vertices), np.asarray(result.mesh.faces)
    assert frame.mask is not None
    found = scores.camera_scores(vertices, faces, frame.depth, frame.mask, frame.camera)
    # Golden values: 0.912, 0.90 mm, 193×323×240 mm, 0.43 litres.
    assert found["silhouette iou"] > 0.9
    assert found["depth error median mm"] < 1.1
    assert result.extents == pytest.approx([0.193, 0.323, 0.240], rel=0.05)
    assert result.mesh.volume == pytest.approx(4.3e-4, rel=0.1)
    assert result.mesh.body_count < 20  # small pieces that no pixel shows are removed


def test_metric_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "SAMPLES", 10_000)
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
    depth = render_perspective(ball.vertices, ball.faces, SENSOR, SENSOR_SHAPE)
    mask = np.isfinite(depth)
    nearer = np.asarray(ball.vertices) - [0, 0, 0.003]
    found = scores.camera_scores(nearer, np.asarray(ball.faces), depth, mask, SENSOR)
    assert found["silhouette iou"] > 0.97
    assert found["depth error median mm"] == pytest.approx(3, abs=0.4)
    ball.export(tmp_path / "ball.ply")
    line = [str(tmp_path / "ball.ply"), "--ground-truth", str(tmp_path / "ball.ply")]
    line += ["--depth", write_image(tmp_path / "d.png", millimetres(depth)), "--intrinsics", *K]
    line += ["--mask", write_image(tmp_path / "m.png", mask.astype(np.uint8) * 255)]
    assert score_sensor.main([*line, "--json", str(tmp_path / "s.json")]) == 0
    table = json.loads((tmp_path / "s.json").read_text())
    assert table["mesh"]["fscore@5mm"] == 1 and table["mesh"]["silhouette iou"] > 0.99
    assert (
        table["measured points"]["precision@5mm"] == 1
        and table["measured points"]["recall@5mm"] < 0.8
    )
