"""The bundled sensor sample: a procedural object on a table, seen by a simulated depth camera.

``python -m im2mesh.commands.demo_sensor [--out data/demo_sensor]`` writes

* ``depth.png``: 640×480, 16 bits, millimetres, 0 where nothing was measured;
* ``camera.json``: its intrinsics (fx, fy, cx, cy, width, height);
* ``mask.png``: the object's pixels, 255;
* with ``--truth MESH``: the object itself, in metres in the camera's frame.

The same files come out every time.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image
from scipy import ndimage

from im2mesh.data.surfaces import default_noise
from im2mesh.files import atomic, write_text
from im2mesh.geometry.cameras import Camera
from im2mesh.geometry.rendering import render_perspective
from im2mesh.preparation.demo import chair

log = logging.getLogger(__name__)

OUT = Path("data/demo_sensor")

CAMERA = Camera(610.0, 610.0, 321.3, 238.4)
SHAPE = (480, 640)

HEIGHT = 0.26
"""Height of the object, a toy chair, in metres."""

DISTANCE, ELEVATION, AZIMUTH = 0.55, 25.0, 35.0
"""Camera's distance from the object's middle in metres; its elevation and azimuth in degrees."""

BASELINE = 0.05
"""Distance of the sensor's two cameras in metres; a point must be seen by both."""

GRAZING = 0.15
"""Cosine between ray and surface below which nothing is measured."""


def scene() -> tuple[trimesh.Trimesh, trimesh.Trimesh]:
    """Return the object and the table that it stands on, in metres in the camera frame."""
    vertices, faces = chair().mesh()
    vertices = vertices - [0, vertices[:, 1].min(), 0]
    vertices *= HEIGHT / np.ptp(vertices[:, 1])
    table = trimesh.creation.box((1.2, 0.02, 0.8))
    table.apply_translation((0.05, -0.01, -0.05))
    # The model: y up. The camera: y down, z forward, turned and tilted, looking at the middle.
    middle = np.array([0, HEIGHT / 2, 0])
    a, e = np.radians([AZIMUTH, ELEVATION])
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    tilt = np.array([[1, 0, 0], [0, np.cos(e), -np.sin(e)], [0, np.sin(e), np.cos(e)]])
    matrix = np.diag([1.0, -1.0, -1.0]) @ tilt @ turn

    def seen(points: np.ndarray) -> np.ndarray:
        return (points - middle) @ matrix.T + [0, 0, DISTANCE]

    return (
        trimesh.Trimesh(seen(vertices), faces, process=False),
        trimesh.Trimesh(seen(np.asarray(table.vertices)), table.faces, process=False),
    )


def depth_image(
    model: trimesh.Trimesh, table: trimesh.Trimesh, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate the image of a stereo depth camera.

    Returns:
        (H, W) uint16 millimetres, 0 where nothing was measured; (H, W) bool the object's pixels.
    """
    own = render_perspective(model.vertices, model.faces, CAMERA, SHAPE)
    other = render_perspective(table.vertices, table.faces, CAMERA, SHAPE)
    mask = np.isfinite(own) & ~(other < own)
    exact = np.where(mask, own, other)
    rng = np.random.default_rng(seed)
    there = np.isfinite(exact)
    # Noise is correlated between neighbours, as with matching windows; flying pixels lie between
    # surfaces.
    noise = ndimage.gaussian_filter(rng.standard_normal(SHAPE), 1.2)
    depth = exact + default_noise(DISTANCE) * 0.8 * noise / noise.std()
    mixed = ndimage.uniform_filter(np.where(there, exact, 1.2), 3)
    edge = ndimage.maximum_filter(np.where(there, exact, 1.2), 3) - np.where(there, exact, 1.2)
    flying = there & (edge > 0.02) & (rng.random(SHAPE) < 0.35)
    depth = np.where(flying, mixed, depth)
    # Nothing is measured at grazing angles, where the other camera sees nothing, and at random.
    points = CAMERA.rays_of(SHAPE) * np.where(there, exact, np.nan)[..., None]
    normal = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
    length = np.linalg.norm(normal, axis=-1) * np.linalg.norm(points, axis=-1)
    with np.errstate(invalid="ignore"):
        cosine = np.abs((normal * points).sum(axis=-1)) / length
        lost = ~there | (cosine < GRAZING) & (edge < 0.02) | _hidden_from_second(exact)
    lost |= ndimage.gaussian_filter(rng.standard_normal(SHAPE), 2.0) > 0.4
    millimetres = np.rint(np.where(lost, 0, depth) * 1000)
    return millimetres.clip(0, 65534).astype(np.uint16), mask


def _hidden_from_second(depth: np.ndarray) -> np.ndarray:
    """Return the pixels whose point the sensor's second camera, on the right, does not see."""
    disparity = CAMERA.fx * BASELINE / np.where(np.isfinite(depth), depth, np.inf)
    columns = np.arange(depth.shape[1]) - disparity
    # In the second image, a point to the right of a nearer neighbour is behind that one.
    reach = np.minimum.accumulate(columns[:, ::-1], axis=1)[:, ::-1]
    behind = np.roll(reach, -1, axis=1)
    behind[:, -1] = np.inf
    return np.asarray(columns > behind)


def write(folder: Path) -> trimesh.Trimesh:
    """Write the sample's files, and return the object."""
    model, table = scene()
    depth, mask = depth_image(model, table)
    for name, picture in (("depth.png", depth), ("mask.png", mask.astype(np.uint8) * 255)):
        with atomic(folder / name) as beside:
            Image.fromarray(picture).save(beside, format="PNG", optimize=True)
    facts = {
        "fx": CAMERA.fx,
        "fy": CAMERA.fy,
        "cx": CAMERA.cx,
        "cy": CAMERA.cy,
        "width": SHAPE[1],
        "height": SHAPE[0],
    }
    write_text(folder / "camera.json", json.dumps(facts, indent=2) + "\n")
    return model
