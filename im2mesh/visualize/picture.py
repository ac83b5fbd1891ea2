"""Scenes as pictures: PNG sheets and turntables, ray-cast on the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

from im2mesh.errors import InputError
from im2mesh.files import atomic
from im2mesh.geometry.mesh_files import check_mesh
from im2mesh.geometry.poses import pose_rotation
from im2mesh.progress import progress_bar
from im2mesh.visualize.contact_sheet import picture_sheet
from im2mesh.visualize.mesh import BACKGROUND, SUPERSAMPLING, shaded_hits, to_pixels, zoom_out
from im2mesh.visualize.scene import Layer, Scene

View = tuple[str, float, float]
"""Name, azimuth and elevation in degrees, see :func:`render`."""

VIEWS: tuple[View, ...] = (
    ("from the camera", 0.0, 0.0),
    ("three-quarter", 35.0, 12.0),
    ("from the side", 90.0, 0.0),
    ("from behind", 180.0, 0.0),
)

TINTS = np.array(
    [
        (202, 211, 222),
        (240, 178, 122),
        (140, 190, 150),
        (150, 170, 224),
        (222, 150, 176),
        (206, 196, 120),
    ],
    dtype=np.float64,
)
"""Colours of plain meshes that are drawn in one picture, in the order of the layers."""

POINT = 1.7 / 256
"""Diameter of a point in units of the cube. The points of a depth map then touch each other, seen
from its camera."""

SIZE = 384
"""Pixels along a side of a picture, unless the user gives another size."""

TURNTABLE_SIZE, TURNTABLE_FRAMES = 256, 36
TURNTABLE_ELEVATION, TURNTABLE_SECONDS = 15.0, 3.6


def render(
    layers: Sequence[Layer],
    azimuth: float = 0.0,
    elevation: float = 0.0,
    size: int = SIZE,
    zoom: float | None = None,
    shading: float = 1.0,
    point: float = POINT,
) -> np.ndarray:
    """Draw layers in one picture, (size, size, 3) uint8, the nearer in front of the farther.

    The view (0, 0) is that of the input camera: a silhouette lies on the depth map's foreground,
    pixel for pixel. Any other view turns the layers about the cube's centre by the pose rule
    (:mod:`im2mesh.geometry.poses`): (90, 0) shows their left side, (180, 0) their back, a positive
    elevation looks from above. The frame may cut off parts outside the cube, but depth never does.
    Both sides of a face are drawn, the inner one of plain meshes in a warmer colour.

    Args:
        layers: meshes and clouds; plain meshes get :data:`TINTS`.
        azimuth: degrees.
        elevation: degrees.
        size: pixels along a side.
        zoom: width of the frame in sides of the cube; None: the cube fits.
        shading: see :class:`im2mesh.visualize.scene.Scene`.
        point: diameter of a cloud's points in units of the cube.
    """
    zoom = zoom_out(azimuth, elevation) if zoom is None else zoom
    rotation = pose_rotation(azimuth, elevation)
    rays = size * SUPERSAMPLING
    picture = np.full((rays * rays, 3), BACKGROUND, np.float64)
    nearest = np.full(rays * rays, -np.inf)
    for layer, tint in zip(layers, tints(layers), strict=True):
        points = layer.vertices @ rotation.T
        if layer.is_cloud:
            assert layer.colours is not None
            hit, z, colour = _points_hit(points, layer.colours, rays, zoom, point)
        else:
            own = tint if layer.colours is None else layer.colours.astype(np.float64)
            hit, z, colour = shaded_hits(
                points, layer.faces, rays, zoom, colours=own, shading=shading
            )
        front = z > nearest[hit]
        nearest[hit[front]] = z[front]
        picture[hit[front]] = colour[front]
    return to_pixels(picture)


def render_mesh(
    vertices: ArrayLike,
    faces: ArrayLike,
    azimuth: float = 0.0,
    elevation: float = 0.0,
    size: int = 256,
) -> np.ndarray:
    """Draw a mesh in the camera frame, maybe an empty one; see :func:`render`.

    Raises:
        InputError: malformed arrays, a face that names no vertex, or a vertex that is not finite.
    """
    points, triangles = check_mesh(vertices, faces)
    layers = [Layer("", points, triangles)] if len(triangles) else []
    return render(layers, azimuth, elevation, size)


def mesh_views(
    vertices: np.ndarray, faces: np.ndarray, size: int = 256, views: Sequence[View] = VIEWS
) -> list[tuple[str, np.ndarray]]:
    """Draw a mesh, maybe an empty one, from several sides; return labels and pictures."""
    return [(name, render_mesh(vertices, faces, a, e, size)) for name, a, e in views]


def tints(layers: Sequence[Layer]) -> np.ndarray:
    """Return the (L, 3) colour of each layer, for layers that are plain meshes."""
    plain = np.array([not layer.is_cloud and layer.colours is None for layer in layers], bool)
    return TINTS[np.maximum(np.cumsum(plain) - 1, 0) % len(TINTS)]


def _points_hit(
    points: np.ndarray, colours: np.ndarray, rays: int, zoom: float, diameter: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rays that hit points, drawn as discs; see :func:`.mesh.shaded_hits`."""
    order = np.argsort(points[:, 2], kind="stable")
    at = points[order, :2] / zoom * (1, -1) * rays + rays / 2 - 0.5  # column and row, in rays
    radius = max(diameter / zoom * rays, 1.5) / 2
    reach = int(np.ceil(radius))
    middle = np.rint(at).astype(np.int64)
    nearest = np.full(rays * rays, -1)
    ranks = np.arange(len(order))
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            place = middle + (right, down)
            covered = ((place - at) ** 2).sum(axis=1) <= radius**2
            covered &= ((place >= 0) & (place < rays)).all(axis=1)
            pixels = place[covered, 1] * rays + place[covered, 0]
            # Several points may cover a ray: the one of the highest rank, the nearest, must win.
            np.maximum.at(nearest, pixels, ranks[covered])
    hit = np.flatnonzero(nearest >= 0)
    number = order[nearest[hit]]
    return hit, points[number, 2], colours[number].astype(np.float64)


# --- files ------------------------------------------------------------------------------------


def scene_sheet(
    scene: Scene, views: Sequence[View] = VIEWS, size: int = SIZE, together: bool = False
) -> np.ndarray:
    """Draw depth maps with their bars, then a row for each view and a column for each layer.

    ``together`` draws all layers in one picture.
    """
    rows: list[tuple[str, list[tuple[str, np.ndarray]]]] = []
    depths = [layer for layer in scene.layers if layer.depth is not None]
    if depths:
        pictures = [(layer.name, layer.depth_picture(size)) for layer in depths]
        rows.append(("depth map" if len(depths) == 1 else "depth maps", pictures))
    for name, azimuth, elevation in views:
        zoom = scene.frame * zoom_out(azimuth, elevation)
        pictures = [
            (label, render(layers, azimuth, elevation, size, zoom, scene.shading))
            for label, layers in scene.panels(together)
        ]
        rows.append((name, pictures))
    if together:
        rows.append(("", [("", _legend(scene.layers, size))]))
    if scene.scale is not None:
        rows.append(("", [("", scene.scale.bar(size))]))
    return picture_sheet(rows)


def _legend(layers: Sequence[Layer], width: int) -> np.ndarray:
    font = ImageFont.load_default(size=14)
    picture = Image.new("RGB", (width, 22 * len(layers)), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    for k, (layer, tint) in enumerate(zip(layers, tints(layers), strict=True)):
        plain = layer.colours is None or layer.is_empty
        colour = tint if plain else np.asarray(layer.colours).mean(axis=0)
        pen.rectangle([2, 22 * k + 4, 15, 22 * k + 17], fill=tuple(int(c) for c in colour))
        pen.text((22, 22 * k + 2), layer.name, font=font, fill=(20, 20, 24))
    return np.asarray(picture)


def save_turntable(
    scene: Scene,
    path: str | os.PathLike[str],
    size: int = 256,
    frames: int = TURNTABLE_FRAMES,
    together: bool = False,
) -> None:
    """Write a GIF in which every layer turns once about its up axis, starting from the front.

    Depth maps stand still on the left. ``together`` draws all layers in one picture.
    """
    if frames < 2:
        raise InputError(f"a turntable of {frames} frames does not turn; give at least 2")
    path = Path(path)
    zoom = _turning_zoom(scene)
    lead = [
        (f"{layer.name}: depth", layer.depth_picture(size))
        for layer in scene.layers
        if layer.depth is not None
    ]
    pictures = []
    for k in progress_bar(range(frames), unit="frame", desc=path.name):
        azimuth = 360.0 * k / frames
        row = [
            (label, render(layers, azimuth, TURNTABLE_ELEVATION, size, zoom, scene.shading))
            for label, layers in scene.panels(together)
        ]
        rows: list[tuple[str, list[tuple[str, np.ndarray]]]] = [("", [*lead, *row])]
        if scene.scale is not None:
            rows.append(("", [("", scene.scale.bar(size))]))
        pictures.append(Image.fromarray(picture_sheet(rows)))
    palette = _palette(pictures)
    small = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    with atomic(path) as beside:
        small[0].save(
            beside,
            format="GIF",
            save_all=True,
            append_images=small[1:],
            duration=round(1000 * TURNTABLE_SECONDS / frames),
            loop=0,
            optimize=True,
        )


def _turning_zoom(scene: Scene) -> float:
    points = np.concatenate([layer.vertices for layer in scene.layers])
    radius = float(np.hypot(points[:, 0], points[:, 2]).max())
    height = float(np.abs(points[:, 1]).max())
    tilt = np.radians(TURNTABLE_ELEVATION)
    half = max(radius, height * np.cos(tilt) + radius * np.sin(tilt))
    return max(2.08 * float(half), 1e-6)  # a little more than it fills


def _palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return one palette for all frames, so that colours do not flicker; white stays white."""
    some = pictures[:: max(1, len(pictures) // 4)]
    stacked = np.concatenate([np.asarray(picture) for picture in some])
    palette = Image.fromarray(stacked).quantize(255, method=Image.Quantize.MEDIANCUT)
    colours = np.full((256, 3), 255)
    found = np.array(palette.getpalette()).reshape(-1, 3)[:255]
    colours[: len(found)] = np.where(found.min(axis=1, keepdims=True) > 246, 255, found)
    palette.putpalette(colours.reshape(-1).tolist())
    return palette
