"""Scenes for a browser on another machine, by viser."""

from __future__ import annotations

import logging
import threading
from typing import Any

import numpy as np
import trimesh

from im2mesh.errors import InputError
from im2mesh.visualize.picture import POINT, tints
from im2mesh.visualize.scene import Layer, Scene

log = logging.getLogger(__name__)


def serve(scene: Scene, port: int = 8080) -> None:
    """Serve a scene until Ctrl-C, each layer with a box that switches it on and off.

    If the port is taken, the next free one is used.

    Raises:
        InputError: viser is not installed, or the port is none.
    """
    server = start(scene, port)
    log.info(
        "serving on http://localhost:%d until Ctrl-C; over SSH forward the port first: "
        "ssh -L %d:localhost:%d HOST",
        *[server.get_port()] * 3,
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        log.info("stopped")
    finally:
        server.stop()


def start(scene: Scene, port: int = 8080) -> Any:
    """Start a viser server that shows a scene; see :func:`serve`."""
    try:
        import viser
    except ImportError as error:
        raise InputError(
            "--serve needs viser: pip install 'hierarchical-prior-networks[view]' (or viser); "
            "--html makes a page without it"
        ) from error
    if not 0 < port < 65536:
        raise InputError(f"--port {port}: ports are 1 … 65535")
    server = viser.ViserServer(port=port, verbose=False)
    server.scene.set_up_direction("+y")

    server.initial_camera.position = (0.0, 0.0, 2.0 * scene.frame)
    server.initial_camera.look_at = (0.0, 0.0, 0.0)
    for layer, tint in zip(scene.layers, tints(scene.layers), strict=True):
        if layer.is_empty:
            continue
        if layer.is_cloud:
            assert layer.colours is not None
            node: Any = server.scene.add_point_cloud(
                f"/{layer.name}", layer.vertices.astype(np.float32), layer.colours, point_size=POINT
            )
        elif layer.colours is None:
            node = server.scene.add_mesh_simple(
                f"/{layer.name}",
                layer.vertices.astype(np.float32),
                layer.faces.astype(np.uint32),
                color=tint.astype(np.uint8),
                side="double",
            )
        else:
            node = server.scene.add_mesh_trimesh(f"/{layer.name}", _coloured_mesh(layer))
        _switch(server, layer.name, node)
        if layer.depth is not None:
            server.gui.add_image(layer.depth_picture(), label=f"{layer.name}: depth map")
    if scene.scale is not None:
        server.gui.add_image(scene.scale.bar(300), label=scene.scale.title)
    return server


def _coloured_mesh(layer: Layer) -> trimesh.Trimesh:
    """Return a mesh for glTF, which takes colours of vertices as linear light."""
    linear = np.rint(255 * (np.asarray(layer.colours) / 255) ** 2.2).astype(np.uint8)
    return trimesh.Trimesh(layer.vertices, layer.faces, vertex_colors=linear, process=False)


def _switch(server: Any, name: str, node: Any) -> None:
    box = server.gui.add_checkbox(name, initial_value=True)

    @box.on_update  # type: ignore[untyped-decorator]
    def _(_: object) -> None:
        node.visible = box.value
