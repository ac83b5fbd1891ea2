"""Pages in one file that need neither a network nor a server.

A page opens with pictures. A click on one puts trimesh's HTML viewer of that mesh in its place.
"""

from __future__ import annotations

import base64
import html
import io
import os
import zlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
import trimesh
from PIL import Image
from trimesh.viewer import scene_to_html

from im2mesh.files import write_text
from im2mesh.geometry.poses import pose_rotation
from im2mesh.visualize.picture import SIZE, render, tints
from im2mesh.visualize.scene import Layer, Scene

FRAME = 1.3
"""Width of a page's pictures in units of the cube, so that little is cut off while things turn."""

FIELD_OF_VIEW = 20.0
"""Angle of view of the page's camera, in degrees; narrow, almost like the orthographic pictures."""

HEADLIGHT = 1.75
"""Strength of the viewer's light. Colours are divided by it, so that they come out as they are."""

PLACEHOLDER = "@MESH@"
"""Stands in the viewer's HTML for the mesh; ``web/viewer.js`` puts it in."""


def scene_page(scene: Scene, title: str, together: bool = False) -> str:
    """Return a page with every layer of a scene, all in one view if ``together``."""
    meshes: dict[str, str] = {}
    panes = [
        _pane(f"{layer.name}: depth map", _image(layer.depth_picture(SIZE), "depth map"))
        for layer in scene.layers
        if layer.depth is not None
    ]
    for name, layers in scene.panels(together):
        key = f"mesh-{len(meshes)}"
        picture = render(layers, zoom=FRAME * scene.frame, shading=scene.shading)
        meshes[key] = pack(layers, FRAME * scene.frame)
        panes.append(_pane(name, view(key, data_url(picture), name, opened=True), _legend(layers)))
    bar = "" if scene.scale is None else _image(scene.scale.bar(SIZE), scene.scale.title, "scale")
    body = f"""\
<header>
<h1>{html.escape(title)}</h1>
<span class="faint">drag: turn · right button: move · wheel: zoom</span>
{bar}
</header>
<main class="panes">{"".join(panes)}</main>
"""
    return page(title, body, meshes, ["viewer.js"])


def view(key: str, picture: str, name: str, opened: bool = False) -> str:
    """Return the HTML of a picture, a data URL, that becomes the mesh of the key on a click.

    ``opened`` shows the mesh from the start.
    """
    return (
        f'<div class="view"><button data-mesh="{key}"{" data-opened" if opened else ""} '
        f'title="click to turn it"><img src="{picture}" alt="{html.escape(name)}"></button></div>'
    )


def save_page(text: str, path: str | os.PathLike[str]) -> None:
    """Write a page, whole or not at all."""
    write_text(path, text)


def page(title: str, body: str, data: Mapping[str, str], scripts: Sequence[str]) -> str:
    """Return a whole page with a body of HTML.

    Args:
        title: of the page.
        body: HTML.
        data: id → text that the scripts read, without any ``<``: base64, or escaped JSON.
        scripts: files of ``web/``, run in this order.
    """
    store = "\n".join(
        f'<script type="text/plain" id="{key}">{text}</script>'
        for key, text in {**data, "viewer": _deflated(_viewer().encode())}.items()
    )
    code = "\n".join(f"<script>{_web(name)}</script>" for name in scripts)
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{html.escape(title)}</title>
<style>{_web("style.css")}</style>
</head>
<body>
{body}
{store}
{code}
</body>
</html>
"""


def pack(
    layers: Sequence[Layer], frame: float, azimuth: float = 0.0, elevation: float = 0.0
) -> str:
    """Return layers as deflated GLB in base64, with the camera that the viewer starts from.

    ``frame`` is the width of the picture about the origin; angles are in degrees
    (:func:`im2mesh.visualize.picture.render`).
    """
    # The viewer turns things about the centre of their bounds. White corners of the cube about the
    # origin, which do not show on white, make that the origin.
    corners = frame / FRAME * (np.indices((2, 2, 2)).reshape(3, -1).T - 0.5)
    shapes: list[Any] = [trimesh.PointCloud(corners, np.full((8, 4), 255, np.uint8))]
    for layer, tint in zip(layers, tints(layers), strict=True):
        if not layer.is_empty:
            shapes.append(_shape(layer, tint))
    return _deflated(_scene(shapes, frame, azimuth, elevation).export(file_type="glb"))


def _scene(
    shapes: Sequence[Any], frame: float, azimuth: float = 0.0, elevation: float = 0.0
) -> trimesh.Scene:
    camera = trimesh.scene.Camera(
        resolution=(SIZE, SIZE), fov=(FIELD_OF_VIEW, FIELD_OF_VIEW), z_near=0.01 * frame
    )
    place = np.eye(4)
    place[:3, :3] = pose_rotation(azimuth, elevation).T
    place[:3, 3] = place[:3, 2] * frame / 2 / np.tan(np.radians(FIELD_OF_VIEW / 2))
    return trimesh.Scene(shapes, camera=camera, camera_transform=place)


def _shape(layer: Layer, tint: np.ndarray) -> trimesh.Trimesh | trimesh.PointCloud:
    """Return a layer as the viewer draws it: coordinates of 13 bits, which deflate well."""
    vertices = np.round(layer.vertices * 8192) / 8192
    if layer.is_cloud:
        return trimesh.PointCloud(vertices, layer.colours)
    colours = tint if layer.colours is None else layer.colours
    colours = np.broadcast_to(np.rint(colours / HEADLIGHT), vertices.shape)
    opaque = np.column_stack([colours, np.full(len(vertices), 255)]).astype(np.uint8)
    material = trimesh.visual.material.PBRMaterial(
        doubleSided=True, metallicFactor=0.0, roughnessFactor=1.0
    )
    visual = trimesh.visual.TextureVisuals(material=material)
    visual.vertex_attributes["color"] = opaque
    return trimesh.Trimesh(vertices, layer.faces, visual=visual, process=False)


def _viewer() -> str:
    """Return trimesh's HTML viewer (three.js, MIT licence) with :data:`PLACEHOLDER` for a mesh."""
    scene = _scene([trimesh.creation.box()], 1.0)
    mesh = base64.b64encode(scene.export(file_type="glb")).decode("ascii")
    text = scene_to_html(scene)
    assert mesh in text
    return text.replace(mesh, PLACEHOLDER)


def _deflated(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def data_url(picture: np.ndarray, lossy: bool = False) -> str:
    """Return an (H, W, 3) uint8 picture as a data URL; ``lossy``: a much shorter one."""
    file = io.BytesIO()
    kind = "webp" if lossy else "png"
    options: dict[str, Any] = {"quality": 80, "method": 4} if lossy else {"optimize": True}
    Image.fromarray(picture).save(file, format=kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _image(picture: np.ndarray, alt: str, key: str = "") -> str:
    return f'<img id="{key}" src="{data_url(picture)}" alt="{html.escape(alt)}">'


def _pane(title: str, *content: str) -> str:
    return f'<section class="pane"><h3>{html.escape(title)}</h3>{"".join(content)}</section>'


def _legend(layers: Sequence[Layer]) -> str:
    """Return the sizes of layers, each beside its colour where there are several."""
    words = []
    for layer, tint in zip(layers, tints(layers), strict=True):
        size = f"{len(layer.faces):,} faces"
        if layer.is_cloud:
            size = f"{len(layer.vertices):,} points"
        if len(layers) > 1:
            size = f"{html.escape(layer.name)}: {size}"
        if len(layers) > 1 and layer.colours is None:
            colour = ", ".join(f"{part:.0f}" for part in tint)
            size = f'<span class="swatch" style="background: rgb({colour})"></span>{size}'
        words.append(size)
    return f'<p class="faint">{" · ".join(words)}</p>'


def _web(name: str) -> str:
    return resources.files("im2mesh.visualize").joinpath("web", name).read_text("utf-8")
