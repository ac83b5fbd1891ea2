"""Shared test fixtures: balls, small data sets, damaged files, a sensor's view.

Everything is at module level, so that processes which tests start can import it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from im2mesh.config import Config, GenerationConfig, from_dict
from im2mesh.data.storage import PointCloud, Points, write_depth, write_pointcloud, write_points
from im2mesh.generation.pipeline import Reconstruction
from im2mesh.geometry.cameras import Camera
from im2mesh.geometry.pixels import from_pixels
from im2mesh.geometry.rendering import render_depth
from im2mesh.geometry.surface import sample_surface
from im2mesh.geometry.visibility import visible
from im2mesh.native.point_in_mesh import contains
from im2mesh.preparation.dataset import Outcome, ShapeTask, build_shape
from im2mesh.shapes.shape import Shape, box, capsule, ellipsoid, torus

# --- balls --------------------------------------------------------------------------------------

Place = tuple[float, float, float]


def ball(radius: float = 0.4, at: Place = (0, 0, 0), subdivisions: int = 4) -> trimesh.Trimesh:
    """Return the mesh of a ball."""
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions, radius=radius)
    mesh.apply_translation(at)
    return mesh


def ball_field(radius: float, at: Any = (0, 0, 0)) -> Callable[[Any], Any]:
    """Return the negated signed distance to a ball, for (…, 3) arrays and tensors."""
    return lambda points: radius - sum((points[..., k] - at[k]) ** 2 for k in range(3)) ** 0.5


def ball_depth(radius: float = 0.4, at: Place = (0, 0, 0)) -> np.ndarray:
    """Return the (256, 256) depth map of a ball."""
    return balls_depth(np.array([at]), np.array([radius]))


def random_balls(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return centres (K, 3) and radii (K,) of a few overlapping balls in the cube."""
    rng = np.random.default_rng(seed)
    count = rng.integers(2, 5)
    radii = rng.uniform(0.1, 0.2, count)
    return rng.uniform(-0.25, 0.25, (count, 3)), radii


def balls_distance(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return the signed distance to a union of balls, exact outside."""
    return (np.linalg.norm(points[:, None] - centres, axis=2) - radii).min(axis=1)


def balls_depth(centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return the (256, 256) depth map of a union of balls."""
    x, y = from_pixels(*np.indices((256, 256)), 256)
    z = np.full((256, 256), -np.inf)
    for (cx, cy, cz), radius in zip(centres, radii, strict=True):
        squared = radius**2 - (x - cx) ** 2 - (y - cy) ** 2
        z = np.where(squared >= 0, np.maximum(z, cz + np.sqrt(np.maximum(squared, 0))), z)
    return np.where(np.isfinite(z), 0.5 - z, -1).astype(np.float32)


def random_depth(seed: int, size: int) -> np.ndarray:
    """Return a (size, size) map: pieces at several depths with noise, holes and background."""
    rng = np.random.default_rng(seed)
    depth = np.kron(rng.choice([-1.0, 0.2, 0.215, 0.5, 0.9], (size // 4,) * 2), np.ones((4, 4)))
    depth[depth >= 0] += rng.uniform(0, 0.01, int((depth >= 0).sum()))
    depth[rng.uniform(size=depth.shape) < 0.05] = -1
    return depth.astype(np.float32)


def sheet(along: np.ndarray, height: Callable[..., np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the mesh of a height z over a square grid of x and y."""
    n = len(along)
    x, y = np.meshgrid(along, along, indexing="ij")
    corner = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).reshape(-1)
    faces = [(corner, corner + n, corner + n + 1), (corner, corner + n + 1, corner + 1)]
    vertices = np.stack([x, y, height(x, y)], axis=-1).reshape(-1, 3)
    return vertices, np.concatenate([np.column_stack(face) for face in faces])


# --- exact shapes ---------------------------------------------------------------------------------

SHAPES = {
    "ball": Shape.of(ellipsoid((0.5, 0.5, 0.5))),
    "tilted box": Shape.of(box((1.0, 0.6, 0.8))).posed(35, 25),
    "ring before a wall": Shape.of(
        box((1.0, 1.0, 0.1), (0, 0, -0.4)), torus(0.25, 0.06, (0, 0, 0.2), (0.3, 0, 1))
    ).normalised(),
    "sticks": Shape.of(
        *(capsule((x, -0.4, 0), (0.3 - x, 0.4, 0.5), 0.02) for x in (-0.3, 0.1, 0.4))
    ).normalised(),
}
"""Shapes in the cube: name → shape."""

# --- a data set of balls, and levels that learn it ----------------------------------------------


def write_balls(
    root: Path,
    splits: dict[str, int],
    points: int = 2000,
    sdf: bool = True,
    occupancies: bool = True,
    dtype: str = "float16",
) -> Path:
    """Write ``<root>/balls/<model>/`` and a list for each split; returns the root.

    Args:
        root: the folder of the data set.
        splits: name of each split and its number of models; no model is in two.
        points: in the cube, uniform.
        sdf: write it.
        occupancies: write them.
        dtype: as stored.
    """
    seed = 0
    for split, count in splits.items():
        names = [f"ball_{seed + k:04d}-00" for k in range(count)]
        for name in names:
            centres, radii = random_balls(seed)
            seed += 1
            places = np.random.default_rng(seed).uniform(-0.5, 0.5, (points, 3))
            places = places.astype(dtype).astype(np.float32)
            found = balls_distance(places, centres, radii).astype(dtype).astype(np.float32)
            folder = root / "balls" / name
            write_depth(folder / "000.npz", balls_depth(centres, radii))
            stored = Points(places, found <= 0 if occupancies else None, found if sdf else None)
            write_points(folder / "points.npz", stored, dtype)
        (root / "balls" / f"{split}.lst").write_text("".join(f"{name}\n" for name in names))
    return root


def level_config(root: Path, out: Path, **changes: dict[str, object]) -> Config:
    """Return a slim global occupancy level on such a data set; ``changes`` go by section."""
    values: dict[str, dict[str, object]] = {
        "data": {
            "path": str(root),
            "classes": ["balls"],
            "input_type": "depth",
            "img_size": 256,
            "img_folder": "",
            "points_subsample": 64,
        },
        "model": {
            "decoder": "cbatchnorm",
            "decoder_kwargs": {"hidden_size": 8},
            "encoder_kwargs": {"width": 2},
            "c_dim": 8,
            "z_dim": 0,
        },
        "training": {
            "out_dir": str(out),
            "batch_size": 4,
            "batch_size_val": 3,
            "print_every": 1,
            "visualize_every": 0,
            "checkpoint_every": 0,
            "validate_every": 0,
            "model_selection_metric": "iou",
            "model_selection_mode": "maximize",
        },
        "generation": {"upsampling_steps": 0, "resolution": 32, "mise_resolution": 16},
    }
    method = changes.pop("method", "onet")
    for section, keys in changes.items():
        values[section] = values.get(section, {}) | keys
    return from_dict({"method": method, **values})


PATCHES: dict[str, object] = {"dataset": "Parts3D", "parts_size": 64, "parts_stride": 32}
"""Keys of ``data`` that make it a patch level."""

VOLUME: dict[str, object] = {
    "encoder": "volume",
    "encoder_kwargs": {"cells": 16, "channels": [8, 16], "features": 8, "lift": 8},
    "decoder": "residual",
    "decoder_kwargs": {"hidden_size": 8, "blocks": 1, "observed": True},
}
"""Keys of ``model`` that make it a tiny volume level."""


# --- a data set with ground truth, for scores ---------------------------------------------------


def ground_truth(
    mesh: trimesh.Trimesh, count: int = 5_000, seed: int = 0
) -> tuple[np.ndarray, PointCloud, Points]:
    """Return a mesh's depth map, surface points and points of the volume."""
    rng = np.random.default_rng(seed)
    depth = render_depth(mesh.vertices, mesh.faces)
    points, normals = sample_surface(mesh.vertices, mesh.faces, count, rng)
    queries = rng.uniform(-0.5, 0.5, (count, 3)).astype(np.float16).astype(np.float32)
    inside = contains(mesh.vertices, mesh.faces, queries)
    return depth, PointCloud(points, normals, visible(points, depth)), Points(queries, inside)


def write_dataset(
    root: Path, class_id: str, meshes: Mapping[str, trimesh.Trimesh], count: int = 5_000
) -> None:
    """Write model folders and the split list ``all.lst``."""
    for seed, (name, mesh) in enumerate(meshes.items()):
        depth, cloud, points = ground_truth(mesh, count, seed)
        folder = root / class_id / name
        write_depth(folder / "000.npz", depth)
        write_pointcloud(folder / "pointcloud.npz", cloud)
        write_points(folder / "points.npz", points)
    (root / class_id / "all.lst").write_text("".join(f"{name}\n" for name in meshes))


# --- damage -------------------------------------------------------------------------------------


def deadly(task: ShapeTask) -> Outcome:
    """Build a shape, or kill the process where the shape is called b."""
    if task.shape.name == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    return build_shape(task)


def lost_once(function: Callable[..., Any], flag: Path, task: Any) -> Any:
    """Call a function on a task; the first process to do so with any task is killed at its end.

    So it has written its results, and nobody has heard of them.

    Args:
        function: of a task.
        flag: a file that is there from then on.
        task: the task.
    """
    result = function(task)
    with contextlib.suppress(FileExistsError):
        flag.touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)
    return result


BROKEN_YAML = (b"[", b"a: 2021-13-01", b"a: !!bool maybe", b"[" * 700, b"a: \xe4")
"""Files that are no records, each refused at another place of PyYAML."""

NPZ_DAMAGES = ("cut header", "huge shape", "shape beyond integers", "encrypted", "compression")


def damaged_npz(path: Path, damage: str, key: str = "arr_0") -> Path:
    """Write an ``.npz`` file that numpy opens and cannot read, or cannot even open."""
    shape = {"huge shape": f"({10**17},)", "shape beyond integers": f"({2**64},)"}.get(damage, "(9")
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}"
    header += "" if damage == "cut header" else "}"
    body = header.encode().ljust(118 - 1) + b"\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{key}.npy", array)
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    for flags in (6, central + 8):  # then two bytes that name the method of compression
        if damage == "encrypted":
            data[flags] |= 1
        elif damage == "compression":
            data[flags + 2] = 99
    path.write_bytes(data)
    return path


# --- a depth camera's image ---------------------------------------------------------------------

SENSOR = Camera(300.0, 310.0, 80.0, 60.0)
SENSOR_SHAPE = (120, 160)


def sensor_view() -> tuple[np.ndarray, np.ndarray]:
    """Return depth in metres and the mask of a box's face before a wall; it has two holes."""
    depth = np.full(SENSOR_SHAPE, 0.9)
    mask = np.zeros(SENSOR_SHAPE, bool)
    mask[40:80, 60:110] = True
    depth[mask] = 0.5 + 0.002 * np.indices(SENSOR_SHAPE)[1][mask] / 50
    depth[10, 10] = np.nan
    depth[60:68, 80:88] = np.nan
    return depth, mask


def free_port() -> int:
    """Return a port of this machine that nothing serves on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class BallLevels:
    """Networks that say: a ball, whatever they are shown."""

    levels = ()
    device = "cpu"
    settings = GenerationConfig(observation="none", lattice="released")

    def __call__(self, *_: object, **__: object) -> Reconstruction:
        mesh = ball(subdivisions=2)
        return Reconstruction(np.asarray(mesh.vertices), np.asarray(mesh.faces))


def write_image(path: Path, values: np.ndarray) -> str:
    """Write an image and return its path."""
    Image.fromarray(values).save(path)
    return str(path)


def write_exr(path: Path, channels: Mapping[str, np.ndarray]) -> str:
    """Write an EXR file and return its path; skip the test where OpenEXR is missing."""
    exr = pytest.importorskip("OpenEXR")
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    exr.File(header, dict(channels)).write(str(path))
    return str(path)


def millimetres(depth: np.ndarray) -> np.ndarray:
    """Return depth as a sensor stores it: uint16 in mm, 0 in holes."""
    return np.rint(np.nan_to_num(depth) * 1000).astype(np.uint16)
