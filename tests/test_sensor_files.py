"""Files of a depth camera: depth, intrinsics, masks, scenes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from im2mesh.data import sensor_files as files
from im2mesh.data.intrinsics import read_intrinsics
from im2mesh.data.sensor_frames import SensorFrame, find_images
from im2mesh.errors import InputError
from tests.fixtures import (
    SENSOR,
    SENSOR_SHAPE,
    millimetres,
    sensor_view,
    write_exr,
    write_image,
)

DEPTH, MASK = sensor_view()
FLOATS = DEPTH.astype(np.float32)
ROW_MAJOR = SENSOR.matrix.ravel().tolist()

# --- depth ------------------------------------------------------------------------------------

WRITERS: dict[str, Callable[[Path], Any]] = {
    "16 bit.png": lambda p: write_image(p, millimetres(DEPTH)),
    "16 bit.tif": lambda p: write_image(p, millimetres(DEPTH)),
    "16 bit big-endian.tif": lambda p: write_image(p, millimetres(DEPTH).astype(">u2")),
    "float.tiff": lambda p: write_image(p, FLOATS),
    "one channel.npy": lambda p: np.save(p, DEPTH[..., None]),
    "one image.npy": lambda p: np.save(p, DEPTH[None]),
    "half.npy": lambda p: np.save(p, DEPTH.astype(np.float16)),
    "integers.npy": lambda p: np.save(p, millimetres(DEPTH).astype(np.int64)),
    "column by column.npy": lambda p: np.save(p, np.asfortranarray(DEPTH)),
    "compressed.npz": lambda p: np.savez_compressed(p, depth=FLOATS),
    "one layer.exr": lambda p: write_exr(p, {"Z": FLOATS}),
    "half.exr": lambda p: write_exr(p, {"Y": DEPTH.astype(np.float16)}),
    "equal colours.exr": lambda p: write_exr(p, {"RGB": np.repeat(FLOATS[..., None], 3, axis=2)}),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_depth(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    read = files.read_depth(tmp_path / name)
    assert read.dtype == np.float64
    assert np.array_equal(np.isnan(read), np.isnan(DEPTH))
    assert np.nanmax(np.abs(read - DEPTH)) <= 5e-4 + 1e-6


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.array([[0.5, 0, -1, np.nan, np.inf, -np.inf, 1e10]]), [0.5] + 6 * [np.nan]),
        (np.array([[500, 0, 65535, 65534]], np.uint16), [0.5, np.nan, np.nan, 65.534]),
        (np.array([[500, -500, 2**31 - 1]], np.int32), [0.5, np.nan, np.nan]),
    ],
)
def test_holes_of_every_kind(stored: np.ndarray, expected: list[float]) -> None:
    found = files.depth_in_metres(stored, None, "d")
    np.testing.assert_allclose(found, [expected])


@pytest.mark.parametrize(
    ("text", "scale"), [("1/1000", 1e-3), ("0.0001", 1e-4), ("2", 2.0), (None, None)]
)
def test_scales(text: str | None, scale: float | None) -> None:
    assert files.parse_scale(text) == pytest.approx(scale)


def test_a_scale_overrides_the_unit(tmp_path: Path) -> None:
    path = write_image(tmp_path / "d.png", np.rint(np.nan_to_num(DEPTH) * 1e4).astype(np.uint16))
    assert np.nanmax(np.abs(files.read_depth(path, 1e-4) - DEPTH)) < 1e-4


# --- intrinsics -------------------------------------------------------------------------------

NAMED = {"fx": 300.0, "fy": 310.0, "cx": 80.0, "cy": 60.0}
SIZE = {"width": 160, "height": 120}
OPEN3D = SIZE | {"intrinsic_matrix": SENSOR.matrix.T.ravel().tolist()}
BOP = {"cam_K": ROW_MAJOR, "depth_scale": 0.1}
REALSENSE = SIZE | {"fx": 300, "fy": 310, "ppx": 80, "ppy": 60, "coeffs": [0.0] * 5}
OPENCV = """%YAML:1.0
---
image_width: 160
image_height: 120
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [300, 0, 80, 0, 310, 60, 0, 0, 1]
"""
TEXTS = {
    "matrix.txt": "300 0 80\n0 310 60\n0 0 1\n",
    "numpy.txt": "# K\n[[300. 0. 80.]\n [0. 310. 60.]\n [0. 0. 1.]]\n",
    "four.txt": "300, 310, 80, 60",
    "byte order mark.txt": "\ufeff300 310 80 60",
    "matrix.csv": "300,0,80\n0,310,60\n0,0,1\n",
    "open3d.json": json.dumps(OPEN3D),
    "open3d with pose.json": json.dumps({"intrinsic": OPEN3D, "extrinsic": [1.0]}),
    "bop.json": json.dumps(BOP),
    "named.json": json.dumps(NAMED),
    "rows.json": json.dumps(SENSOR.matrix.tolist()),
    "realsense.json": json.dumps(REALSENSE),
    "size not known.json": json.dumps(NAMED | {"width": 0, "height": 0}),
    "perception.intr": json.dumps({f"_{k}": v for k, v in (NAMED | {"K": 0}).items()}),
    "bop scene.json": json.dumps({"3": {"cam_K": [1, 0, 0, 0, 1, 0, 0, 0, 1]}, "7": BOP}),
    "ros1.yaml": yaml.safe_dump({"image_width": 160, "image_height": 120, "K": ROW_MAJOR}),
    "ros2 echo.yml": yaml.safe_dump(SIZE | {"k": ROW_MAJOR}) + "---\n",
    "calibration.yaml": yaml.safe_dump(SIZE | {"camera_matrix": {"data": ROW_MAJOR}}),
    "opencv.yaml": OPENCV,
}


@pytest.mark.parametrize("name", [*TEXTS, "words", "commas", "k.npy", "four.npy", "k.npz"])
def test_every_format_gives_the_same_intrinsics(tmp_path: Path, name: str) -> None:
    words = [str(tmp_path / name)]
    if name in TEXTS:
        (tmp_path / name).write_text(TEXTS[name], encoding="utf-8")
    elif name in ("words", "commas"):
        words = ["300", "310", "80", "60"] if name == "words" else ["300,310,80,60"]
    elif name == "k.npz":
        np.savez(tmp_path / name, K=SENSOR.matrix)
    else:
        np.save(tmp_path / name, SENSOR.matrix if name == "k.npy" else [300, 310, 80, 60])
    found = read_intrinsics(words, "000007")
    assert np.abs(found.for_image(SENSOR_SHAPE, name).matrix - SENSOR.matrix).max() < 1e-9
    assert found.depth_scale == (0.1 if name.startswith("bop") else None)


def test_intrinsics_of_a_larger_image_are_scaled(tmp_path: Path) -> None:
    (tmp_path / "k.json").write_text(json.dumps(OPEN3D))
    found = read_intrinsics([str(tmp_path / "k.json")])
    half = found.for_image((60, 80), "k")
    assert half == SENSOR.scaled(0.5, 0.5)
    assert half.cx == pytest.approx((80 + 0.5) / 2 - 0.5)
    with pytest.raises(InputError, match="160×120.*100×100"):
        found.for_image((100, 100), "k")


@pytest.mark.parametrize(
    ("words", "warns"),
    [
        ("300 310 80 60", False),
        ("600 620 160 120", True),  # of an image of twice the size
        ("150 155 40 30", True),
        ("300 310 420 -80", False),  # a part of a larger image
    ],
)
def test_intrinsics_that_seem_to_be_of_another_size_are_warned_of(
    words: str, warns: bool, caplog: pytest.LogCaptureFixture
) -> None:
    read_intrinsics(words.split()).for_image(SENSOR_SHAPE, "k")
    assert ("times as large" in caplog.text) == warns


# --- masks ------------------------------------------------------------------------------------

GREY = MASK.astype(np.uint8)
COLOUR = np.random.default_rng(0).integers(0, 255, (*SENSOR_SHAPE, 3)).astype(np.uint8)
OPAQUE = np.full(SENSOR_SHAPE, 255, np.uint8)
MASKS: dict[str, np.ndarray] = {
    "bool.npy": MASK,
    "float.npy": MASK.astype(np.float32),
    "nan.npy": np.where(MASK, 1.0, np.nan),
    "one channel.npy": MASK[..., None],
    "one image.npy": MASK[None],
    "bool.png": MASK,
    "0 and 1.png": GREY,
    "0 and 255.bmp": GREY * 255,
    "16 bit.png": GREY.astype(np.uint16) * 500,
    "alpha.png": np.dstack([COLOUR, GREY * 255]),
    "grey with alpha.png": np.dstack([GREY * 9, GREY * 255]),
    "opaque.png": np.dstack([GREY, GREY, GREY, OPAQUE]),
    "grey opaque.png": np.dstack([GREY * 255, OPAQUE]),
    "equal colours.png": np.dstack([GREY * 255] * 3),
    "half size.png": GREY[::2, ::2],
    "label.png": np.where(MASK, 7, 3).astype(np.uint16),
}


@pytest.mark.parametrize("name", MASKS)
def test_every_kind_of_mask_is_the_same(tmp_path: Path, name: str) -> None:
    if name.endswith(".npy"):
        np.save(tmp_path / name, MASKS[name])
    else:
        write_image(tmp_path / name, MASKS[name])
    label = "7" if name == "label.png" else None
    found = files.masks_of(files.read_mask_image(tmp_path / name), SENSOR_SHAPE, label, name)
    assert len(found) == 1
    assert np.array_equal(next(iter(found.values())), MASK)


def test_all_labels() -> None:
    values = np.zeros(SENSOR_SHAPE, np.int64)
    values[:10], values[50:60] = 2, 9
    found = files.masks_of(values, SENSOR_SHAPE, "all", "m")
    assert sorted(found) == [2, 9] and found[9].sum() == 10 * SENSOR_SHAPE[1]


# --- scenes -----------------------------------------------------------------------------------


def bop_scene(folder: Path) -> Path:
    """Two images of two objects; the second object of the second image is not seen."""
    for name in ("depth", "mask_visib"):
        (folder / name).mkdir(parents=True)
    for image in ("000007", "000012"):
        write_image(folder / f"depth/{image}.png", millimetres(DEPTH) * 10)
        write_image(folder / f"mask_visib/{image}_000000.png", GREY * 255)
    write_image(folder / "mask_visib/000007_000001.png", np.roll(GREY, 30, 1) * 255)
    write_image(folder / "mask_visib/000012_000001.png", GREY * 0)
    (folder / "scene_camera.json").write_text(json.dumps({"7": BOP, "12": BOP}))
    return folder


def plain_scene(folder: Path) -> Path:
    """One image whose label image has two objects."""
    for name in ("depth", "masks"):
        (folder / name).mkdir(parents=True)
    write_image(folder / "depth/a.png", millimetres(DEPTH))
    labels = GREY * 4
    labels[90:110, 20:60] = 6
    write_image(folder / "masks/a.png", labels)
    np.savetxt(folder / "cam_K.txt", SENSOR.matrix)
    return folder


def npz_scene(folder: Path) -> Path:
    """A file with one label, and one without a mask."""
    folder.mkdir()
    np.savez(folder / "b.npz", depth=DEPTH, K=SENSOR.matrix, segmap=MASK * 2.0)
    np.savez(folder / "c.npz", depth=DEPTH, K=SENSOR.matrix)
    return folder


def frames_of(folder: Path) -> list[SensorFrame]:
    """Read all objects of a scene."""
    return [frame for image in find_images(folder) for frame in image.frames()]


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (bop_scene, ["000007_000000", "000007_000001", "000012_000000"]),
        (plain_scene, ["a_4", "a_6"]),
        (npz_scene, ["b", "c"]),
    ],
)
def test_scenes(tmp_path: Path, make: Callable[[Path], Path], names: list[str]) -> None:
    frames = frames_of(make(tmp_path / "scene"))
    assert [frame.name for frame in frames] == names
    assert np.nanmax(np.abs(frames[0].depth - DEPTH)) < 6e-4
    assert np.array_equal(frames[0].mask, MASK)
    assert np.abs(frames[0].camera.matrix - SENSOR.matrix).max() < 1e-6
    if make is npz_scene:
        assert frames[1].mask is None
        assert [frame.name for frame in frames_of(tmp_path / "scene/b.npz")] == ["b"]


def _without(*paths: str) -> Callable[[Path], None]:
    def remove(folder: Path) -> None:
        for path in paths:
            for file in folder.glob(path):
                file.unlink()

    return remove


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "depth").rename(folder / "images"), "no layout"),
        (_without("depth/*"), "no depth image"),
        (_without("scene_camera.json"), "no scene_camera.json or cam_K.txt"),
        (lambda folder: (folder / "mask_visib").rename(folder / "m"), "no mask_visib or masks"),
        (_without("mask_visib/*"), "no mask of any"),
    ],
)
def test_folders_that_are_no_scene(
    tmp_path: Path, damage: Callable[[Path], Any], message: str
) -> None:
    folder = bop_scene(tmp_path / "scene")
    damage(folder)
    with pytest.raises(InputError, match=message):
        find_images(folder)


def test_a_scene_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        find_images(tmp_path / "nothing")
