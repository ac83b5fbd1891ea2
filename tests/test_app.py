"""The page of ``hpn app``: its values, its files, its errors; served, through Gradio's client."""

from __future__ import annotations

import html
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from im2mesh.commands import app
from im2mesh.errors import InputError
from tests.fixtures import SENSOR, BallLevels, free_port, millimetres, sensor_view, write_image

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio")

NUMBERS = f"{SENSOR.fx}, {SENSOR.fy} {SENSOR.cx} {SENSOR.cy}"
DEPTH, MASK = sensor_view()


@pytest.fixture
def depth(tmp_path: Path) -> str:
    """The file of a depth image with two objects before a wall."""
    scene = DEPTH.copy()
    scene[90:105, 10:40] = 0.8
    return write_image(tmp_path / "depth.png", millimetres(scene))


def layer(where: np.ndarray, scale: int = 1) -> dict[str, Any]:
    """Return what the brush's component gives for painted pixels."""
    rgba = np.zeros((*where.shape, 4), np.uint8)
    rgba[where] = (90, 170, 110, 255)
    return {"layers": [np.kron(rgba, np.ones((scale, scale, 1), np.uint8))]}


# --- the page's values ------------------------------------------------------------------------


def test_ways_to_choose_the_object(depth: str, tmp_path: Path) -> None:
    """A click takes the object under it, a brush and a file the pixels that they name."""
    assert app.read_object(depth, NUMBERS, None, None, "z").mask is None
    other = app.read_object(depth, NUMBERS, None, "", "z", app.CLICK, (20, 95)).mask
    assert other is not None and other[90:105, 10:40].all() and other.sum() == 15 * 30
    for scale in (1, 2):  # the brush's canvas may be larger
        brushed = app.read_object(
            depth, NUMBERS, None, "", "z", app.BRUSH, None, layer(MASK, scale)
        ).mask
        np.testing.assert_array_equal(brushed, MASK)
    file = write_image(tmp_path / "mask.png", 7 * MASK.astype(np.uint8))
    for label in ("", "7"):
        frame = app.read_object(
            depth, NUMBERS, None, "", "z", app.FILE, (20, 95), layer(~MASK), file, label
        )
        np.testing.assert_array_equal(frame.mask, MASK)
        assert frame.name == Path(depth).stem, "downloads are named after the depth image"


def test_unit_kind_and_file_of_intrinsics(depth: str, tmp_path: Path) -> None:
    camera = tmp_path / "k.txt"
    camera.write_text("300 310 80 60")
    frame = app.read_object(depth, "1 2 3 4", str(camera), " 1/500 ", "ray")
    assert frame.camera == SENSOR
    mm = app.read_object(depth, NUMBERS, None, None, "ray")
    np.testing.assert_allclose(frame.depth, 2 * mm.depth)
    assert (mm.depth[0, 0], mm.depth[60, 80]) < (0.9, 0.9)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"depth": None}, "there is no depth image"),
        ({"numbers": "1 2 3"}, "give four numbers"),
        ({"numbers": None}, "give four numbers"),
        ({"numbers": "1 2 3 x"}, "1 2 3 x"),
        ({"scale": "mm"}, "--depth-scale mm: not a positive number"),
        ({"pixel": (100, 5)}, "no object is at column 100, row 5"),
        ({"way": app.BRUSH}, "nothing is brushed"),
        ({"way": app.BRUSH, "brushed": layer(MASK & False)}, "nothing is brushed"),
        ({"way": app.BRUSH, "brushed": layer(MASK[:50])}, "shows the same view"),
        ({"way": app.FILE}, "there is no mask file"),
        ({"way": app.FILE, "mask": "m.png", "label": "all"}, "give one number"),
        ({"way": app.FILE, "mask": "none.png"}, "no such file"),
    ],
)
def test_values_that_are_refused(depth: str, changes: dict[str, Any], words: str) -> None:
    values = {"depth": depth, "numbers": NUMBERS, "camera": None, "scale": "", "kind": "z"}
    with pytest.raises(InputError, match=words):
        app.read_object(**(values | changes))


def test_pictures(depth: str) -> None:
    plain = app.plain_picture(depth, None)
    assert plain is not None and (plain == plain[..., :1]).all()
    assert app.plain_picture(None, None) is None
    frame = app.read_object(depth, NUMBERS, None, None, "z")
    green = (app.object_picture(frame) != plain).any(axis=2)
    assert green[45:75, 65:75].all(), "the larger object"
    assert not green[90:105, 10:40].any()


def test_files_of_a_mesh(depth: str, tmp_path: Path, ball_levels: BallLevels) -> None:
    """Both files hold one mesh in metres, one turned; old files go."""
    old = tmp_path / "mesh-old"
    old.mkdir()
    os.utime(old, (0, time.time() - 2 * app.KEPT))
    frame = app.read_object(depth, NUMBERS, None, "1/100", "z")  # 5 m away
    result, facts, glb, ply = app.make_mesh(frame, ball_levels, tmp_path)
    meshes = [trimesh.load_mesh(path, process=False) for path in (ply, glb)]
    np.testing.assert_allclose(meshes[0].vertices, result.mesh.vertices, rtol=1e-5)
    np.testing.assert_allclose(meshes[0].vertices * (1, -1, -1), meshes[1].vertices, rtol=1e-5)
    for words in (
        "Distance | 5.0",
        "Watertight | yes",
        "Triangles | 320",
        " s |",
        "Note: the object is",
    ):
        assert words in facts
    assert not old.exists()
    assert (glb.name, ply.name) == ("depth.glb", "depth.ply")


# --- the command ------------------------------------------------------------------------------


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_ports_that_are_none(port: str) -> None:
    with pytest.raises(InputError, match=f"--port {port}: ports are 1"):
        app.main([f"--port={port}"])


def test_addresses_that_cannot_be_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--port {port}: Address already in use.*; choose"):
            app.main(["--port", str(port)])
    with pytest.raises(InputError, match="--host 192.0.2.1"):
        app.main(["--host", "192.0.2.1"])


def test_without_gradio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(InputError, match=r"pip install '.*\[app\]'"):
        app.main(["--port", str(free_port())])


# --- served -----------------------------------------------------------------------------------


def test_served(
    depth: str, tmp_path: Path, ball_levels: BallLevels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Upload, run, both files back, past a proxy; errors are words; in the end no file is left."""
    pytest.importorskip("gradio", reason="needs gradio")
    from gradio_client import Client, handle_file
    from gradio_client.exceptions import AppError

    eight_bits = write_image(tmp_path / "eight.png", MASK.astype(np.uint8))
    monkeypatch.setenv("no_proxy", "example.org")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nobody listens there
    with app.served(ball_levels, "127.0.0.1", free_port()) as address:
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        client = Client(address, verbose=False, download_files=tmp_path / "got")

        def reconstruct(**changes: Any) -> Any:
            values = {"numbers": NUMBERS, "camera": None, "mask": None, "label": None}
            values |= {"depth": handle_file(depth), "scale": None, "kind": "z", "way": app.CLICK}
            values |= {"brushed": None} | changes
            return client.predict(
                *(values[k] for k in ("depth", "numbers", "camera", "scale", "kind", "way")),
                *(values[k] for k in ("brushed", "mask", "label")),
                api_name="/reconstruct",
            )

        _, facts, glb, ply, taken = reconstruct()
        assert "Watertight | yes" in facts
        for file in (glb, ply):
            assert trimesh.load_mesh(value(file)).is_watertight
        assert Path(value(taken)).stat().st_size
        refused = {"give the 16-bit or float image": {"depth": handle_file(eight_bits)}}
        refused["fx fy cx cy, or a file"] = {"numbers": "1 2"}
        for words, changes in refused.items():
            with pytest.raises(AppError) as error:
                reconstruct(**changes)
            assert html.unescape(str(error.value)).strip("'").endswith(words)
        assert any(folder.iterdir())
    assert not folder.exists()


def value(answer: Any) -> str:
    """Return the path in a component's answer, which may be an update."""
    return str(answer["value"] if isinstance(answer, dict) else answer)


def test_errors_become_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The words name the file as the user does; a bug keeps its traceback in the terminal."""
    gr = pytest.importorskip("gradio", reason="needs gradio")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    path = str(tmp_path / "0123" / "a<b.png")

    def failing(error: Exception) -> Callable[..., None]:
        def function(_: str) -> None:
            raise error

        return app._safe(gr, function)

    for error, words in [
        (InputError(f"{path}: is bad"), "a<b.png: is bad"),
        (FileNotFoundError(2, "No such file", path), "a<b.png: No such file"),
        (MemoryError(), "memory ran out"),
        (KeyError("x"), "This is a bug"),
    ]:
        with pytest.raises(gr.Error) as raised:
            failing(error)(path)
        assert html.unescape(raised.value.message).startswith(words)
        assert "<" not in raised.value.message and not raised.value.print_exception
