"""Scenes as HTML: one file that needs nothing else, neither a network nor a server.

The drawing is done by three.js, the copy that trimesh ships for its own viewer; what is around it
is in ``web/``.
"""

from __future__ import annotations

import base64
import html
import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
import trimesh
from PIL import Image

from im2mesh.errors import InputError
from im2mesh.files import atomic
from im2mesh.visualize.contact_sheet import VIEWS
from im2mesh.visualize.mesh import FRONT
from im2mesh.visualize.packing import pack
from im2mesh.visualize.picture import tints
from im2mesh.visualize.scene import Scene

FRAME = 1.3
"""Width of a page's pictures in units of the cube, so that little is cut off while things turn."""


def scene_page(scene: Scene, title: str) -> str:
    """A page with every layer of a scene, to be turned with the mouse.

    Args:
        scene: the layers.
        title: of the page.
    """
    described: list[dict[str, Any]] = []
    data: dict[str, str] = {}
    for number, (layer, tint) in enumerate(zip(scene.layers, tints(scene.layers), strict=True)):
        about, data[f"layer-{number}"] = pack(layer.vertices, layer.faces, layer.colours, width=3)
        cloud = layer.is_cloud
        size = f"{len(layer.vertices):,} points" if cloud else f"{len(layer.faces):,} faces"
        described.append({**about, "name": layer.name, "size": size, "tint": css_colour(tint)})
        if layer.depth is not None:
            described[-1]["picture"] = data_url(layer.depth_picture(384))
    data["about"] = json.dumps(
        {
            "layers": described,
            "frame": FRAME * scene.frame,
            "shading": scene.shading,
            "tint": css_colour(FRONT),
        }
    )
    views = "".join(
        f'<button data-azimuth="{azimuth:g}" data-elevation="{elevation:g}">{name}</button>'
        for name, azimuth, elevation in VIEWS
    )
    bar = ""
    if scene.scale is not None:
        source = data_url(scene.scale.bar(384))
        bar = f'<img id="scale" src="{source}" alt="{html.escape(scene.scale.title)}">'
    body = f"""\
<header>
<h1>{html.escape(title)}</h1>
<div class="bar" id="layers"></div>
<div class="bar" id="views">{views}
<label><input type="checkbox" id="together"> in one picture</label>
<span class="faint">drag: turn · Shift + drag: move · wheel: zoom · double click: start over</span>
</div>
{bar}
</header>
<main class="panes" id="panes"></main>
"""
    return page(title, body, data, ["viewer.js", "scene.js"])


def save_page(text: str, path: str | os.PathLike[str]) -> None:
    """Write a page, whole or not at all."""
    with atomic(path) as beside:
        beside.write_text(text, encoding="utf-8")


def page(title: str, body: str, data: Mapping[str, str], scripts: Sequence[str]) -> str:
    """A whole page.

    Args:
        title: of the page.
        body: HTML.
        data: id → text that the scripts read: base64 or JSON.
        scripts: files of ``web/``, run in this order after three.js.
    """
    # Within a script element only "<" needs care; base64 has none, and JSON may write it like this.
    safe = {key: text.replace("<", "\\u003c") for key, text in data.items()}
    store = "\n".join(
        f'<script type="text/plain" id="{key}">{text}</script>' for key, text in safe.items()
    )
    code = "\n".join(f"<script>{text}</script>" for text in [three_js(), *map(_web, scripts)])
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


def three_js() -> str:
    """The code of three.js (MIT licence), from trimesh's viewer.

    Raises:
        InputError: this version of trimesh has another viewer.
    """
    archive = io.BytesIO(trimesh.resources.get_bytes("templates/viewer.zip"))
    with zipfile.ZipFile(archive) as files:
        template = files.read("viewer.html.template").decode("utf-8")
    # The library, a loader and controls, in one script; after them, trimesh's own viewer.
    code, found, _ = template.partition("var camera,controls,scene")
    _, opened, code = code.partition("<script>")
    if not (found and opened and "three.js" in code.lower()):
        raise InputError(
            f"trimesh {trimesh.__version__} ships no three.js where it is looked for; install "
            "the version of requirements.txt"
        )
    return code


def data_url(picture: np.ndarray, lossy: bool = False) -> str:
    """An (H, W, 3) uint8 picture as text that a page can show; ``lossy``: much shorter."""
    file = io.BytesIO()
    kind = "webp" if lossy else "png"
    options: dict[str, Any] = {"quality": 80, "method": 4} if lossy else {"optimize": True}
    Image.fromarray(picture).save(file, format=kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def css_colour(colour: Sequence[float] | np.ndarray) -> str:
    """Red, green and blue, 0 … 255, as CSS writes them."""
    return "#" + "".join(f"{round(float(part)):02x}" for part in colour)


def _web(name: str) -> str:
    return resources.files("im2mesh.visualize").joinpath("web", name).read_text("utf-8")
