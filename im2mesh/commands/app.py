"""Serve a page to try the reconstruction in a browser, on this machine and without a network."""

from __future__ import annotations

import argparse
import html
import logging
import os
import shutil
import socket
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from im2mesh.bundled import ROOT
from im2mesh.cli import DONE, add_device, in_words, new_parser, parse, pick_device, run_script
from im2mesh.errors import InputError
from im2mesh.parallel import thread_log

if TYPE_CHECKING:
    from im2mesh.data.sensor_frames import SensorFrame
    from im2mesh.generation.pipeline import Reconstructor
    from im2mesh.generation.sensor import SensorReconstruction

log = logging.getLogger(__name__)

DESCRIPTION = """\
Serve a page to try the reconstruction: drop a depth image, turn its mesh, download it. The page
needs no network and sends nothing anywhere. docs/app.md has more.

  hpn app
  hpn app --port 8000
"""

SAMPLE = ROOT / "data" / "demo_sensor"

CLICK, BRUSH, FILE = "found, or clicked", "brushed", "in a mask file"
"""Ways to choose the object's pixels."""

KEPT = 3600
"""Seconds after which the files of uploads and results are removed."""


def parser() -> argparse.ArgumentParser:
    p = new_parser(DESCRIPTION)
    p.add_argument("--host", default="127.0.0.1", help="address to serve on (default: %(default)s)")
    p.add_argument("--port", type=int, default=7860, help="default: %(default)s")
    add_device(p)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(parser(), argv)
    check_address(args.host, args.port)
    gradio()
    from im2mesh.generation.pipeline import Reconstructor

    levels = Reconstructor.bundled(pick_device(args.device, args.no_cuda))
    with served(levels, args.host, args.port) as address:
        log.info("serving on %s until Ctrl-C", address)
        if args.host not in ("127.0.0.1", "localhost", "::1"):
            log.warning("everyone who reaches this address can use the page")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            log.info("stopped")
    return DONE


def check_address(host: str, port: int) -> None:
    """Raise an InputError if the port is none or taken, or the host none of this machine."""
    if not 0 < port < 65536:
        raise InputError(f"--port {port}: ports are 1 … 65535")
    try:
        socket.create_server((host, port), family=socket.getaddrinfo(host, port)[0][0]).close()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"--host {host} --port {port}: {reason}; choose another") from error


def gradio() -> Any:
    """Import Gradio with its telemetry off.

    Raises:
        InputError: it is not installed.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    try:
        import gradio
    except ImportError as error:
        raise InputError(
            "the page needs Gradio: pip install 'hierarchical-prior-networks[app]'"
        ) from error
    return gradio


@contextmanager
def served(levels: Reconstructor, host: str, port: int) -> Iterator[str]:
    """Serve the page and yield its address; in the end no file is left."""
    gr = gradio()
    with tempfile.TemporaryDirectory(prefix="hpn-app-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        # Gradio asks its own server, which no proxy can reach.
        others = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
        os.environ["no_proxy"] = ",".join(filter(None, (others, "localhost", "127.0.0.1", host)))
        page = build(levels, Path(folder))
        _, address, _ = page.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            ssr_mode=False,
            run_history=False,
            footer_links=[],
            allowed_paths=[str(SAMPLE)],
            _frontend=False,  # or Gradio gives up where a busy machine answers it after 3 s
            max_file_size="200mb",
            # The default theme's fonts come from Google.
            theme=gr.themes.Default(
                font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
            ),
        )
        try:
            yield address.rstrip("/")
        finally:
            page.close(verbose=False)


# --- from the page's values to an object, a picture, a mesh -----------------------------------


def read_object(
    depth: str | None,
    numbers: str | None,
    camera: str | None,
    scale: str | None,
    kind: str,
    way: str = CLICK,
    pixel: Sequence[int] | None = None,
    brushed: dict[str, Any] | None = None,
    mask: str | None = None,
    label: str | None = None,
) -> SensorFrame:
    """Read the depth image and the object's pixels; an empty text is none.

    Args:
        depth: file of the depth image.
        numbers: fx fy cx cy.
        camera: file of the intrinsics, which counts instead of the numbers.
        scale: from stored values to metres; none: as the file states it.
        kind: ``z`` or ``ray``.
        way: one of :data:`CLICK`, :data:`BRUSH`, :data:`FILE`.
        pixel: column and row of the click; None: the largest object is meant, the mask is None.
        brushed: the brush's picture, with RGBA ``layers``.
        mask: file of the mask.
        label: of the object in the mask.

    Raises:
        InputError: a value is missing or cannot be used.
    """
    from im2mesh.data.sensor_files import masks_of, parse_scale
    from im2mesh.data.sensor_frames import SensorImage
    from im2mesh.data.supporting_plane import find_object

    if not depth:
        raise InputError("there is no depth image: drop one, or take the sample")
    words = [camera] if camera else (numbers or "").replace(",", " ").split()
    if not camera and len(words) != 4:
        raise InputError("intrinsics: give four numbers, fx fy cx cy, or a file")
    if way == FILE and not mask:
        raise InputError("there is no mask file: drop one, or choose the object in another way")
    if _given(label) == "all":
        raise InputError("--label all: a page shows one mesh; give one number")
    image = SensorImage(Path(depth), words, [Path(mask)] if way == FILE and mask else [])
    frame = next(image.frames(parse_scale(_given(scale)), kind, _given(label)))
    frame = replace(frame, name=Path(depth).stem)  # not the mask's: results are named after it
    if way == CLICK and pixel is not None:
        found = find_object(frame.depth, frame.camera, at=(pixel[1], pixel[0]))
        return replace(frame, mask=found)
    if way == BRUSH:
        layers = [layer[..., 3] > 0 for layer in (brushed or {}).get("layers", [])]
        if not any(layer.any() for layer in layers):
            raise InputError("nothing is brushed: draw over the object")
        rows, columns = frame.depth.shape
        return replace(
            frame, mask=masks_of(np.any(layers, axis=0), (rows, columns), None, "brush")[None]
        )
    return frame


def plain_picture(depth: str | None, scale: str | None) -> np.ndarray | None:
    """Draw the depth image alone, (H, W, 3) uint8; None without one."""
    from im2mesh.data.sensor_files import parse_scale, read_depth
    from im2mesh.visualize.sensor_picture import grey_picture

    return grey_picture(read_depth(depth, parse_scale(_given(scale)))) if depth else None


def _given(text: str | None) -> str | None:
    return (text or "").strip() or None


def object_picture(frame: SensorFrame) -> np.ndarray:
    """Draw the depth image with the object's pixels in green, (H, W, 3) uint8.

    Raises:
        DepthError: there is no mask, and no object is found.
    """
    from im2mesh.data.supporting_plane import find_object
    from im2mesh.visualize.sensor_picture import USED, grey_picture

    own = find_object(frame.depth, frame.camera) if frame.mask is None else frame.mask
    return grey_picture(frame.depth, (own, USED))


def facts_of(result: SensorReconstruction, seconds: float, warnings: Sequence[str]) -> str:
    """Return a result's numbers as Markdown."""
    seen, mesh = (
        " × ".join(f"{1e3 * length:.0f}" for length in lengths)
        for lengths in (result.placement.seen, result.extents)
    )
    rows = {
        "Distance": f"{np.median(result.points[:, 2]):.2f} m",
        "Size, seen": f"{seen} mm (width × height × depth)",
        "Size of the mesh": f"{mesh} mm",
        "Watertight": "yes" if result.closed else "no",
        "Triangles": f"{len(result.mesh.faces):,}",
        "Time": f"{seconds:.1f} s",
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    lines[1:1] = ["|---|---|"]  # Markdown's tables have a header
    return "\n".join([*lines, "", *(f"Note: {html.escape(text)}\n" for text in warnings)])


def make_mesh(
    frame: SensorFrame, levels: Reconstructor, folder: Path
) -> tuple[SensorReconstruction, str, Path, Path]:
    """Reconstruct an object and write its files; old ones (:data:`KEPT`) are removed.

    Returns:
        The result, its numbers as Markdown, a ``.glb`` (OpenGL's axes: y up) and a ``.ply`` (the
        camera's frame), both in metres.

    Raises:
        InputError: the object cannot be used.
    """
    import torch

    from im2mesh.generation.sensor import reconstruct
    from im2mesh.generation.sensor_outputs import write_result

    for old in folder.glob("mesh-*"):
        if time.time() - old.stat().st_mtime > KEPT:
            shutil.rmtree(old, ignore_errors=True)
    started = time.perf_counter()
    with thread_log() as records, torch.inference_mode():
        result = reconstruct(frame.depth, frame.camera, frame.mask, reconstructor=levels)
    seconds = time.perf_counter() - started
    warnings = [r.getMessage() for r in records if r.levelno >= logging.WARNING]
    place = Path(tempfile.mkdtemp(prefix="mesh-", dir=folder))
    glb, ply = place / f"{frame.name}.glb", place / f"{frame.name}.ply"
    write_result(result, glb, frame="opengl")
    write_result(result, ply)
    return result, facts_of(result, seconds, warnings), glb, ply


# --- the page ---------------------------------------------------------------------------------


def build(levels: Reconstructor, folder: Path) -> Any:
    """Return the page, a ``gradio.Blocks``; files of results go into ``folder``."""
    gr = gradio()
    from im2mesh.data.intrinsics import INTRINSICS_FORMATS
    from im2mesh.data.sensor_files import DEPTH_FORMATS, MASK_FORMATS
    from im2mesh.visualize.sensor_picture import image_picture

    def shown(*values: Any) -> np.ndarray | None:
        """Draw what is known so far; what is still missing is no error."""
        depth, numbers, camera, scale, _, way, _, _, mask, _ = values
        if not depth or way == BRUSH or not (camera or numbers) or (way == FILE and not mask):
            return plain_picture(depth, scale)
        frame = read_object(*values)
        try:
            return object_picture(frame)
        except InputError as error:
            gr.Warning(html.escape(str(error)))
            return plain_picture(depth, scale)

    def run(*values: Any) -> tuple[Any, ...]:
        frame = read_object(*values)
        result, facts, glb, ply = make_mesh(frame, levels, folder)
        files = [gr.DownloadButton(value=str(path), interactive=True) for path in (glb, ply)]
        return str(glb), facts, *files, image_picture(frame.depth, result, 512)

    def cleared() -> tuple[Any, ...]:
        none = gr.DownloadButton(value=None, interactive=False)
        return None, "", none, none, None

    def files(label: str, formats: Sequence[str], **options: Any) -> Any:
        # Any file is let through: the readers' messages say more than Gradio's.
        return gr.File(label=f"{label} ({' '.join(formats)})", height=120, **options)

    def picture_of(label: str) -> Any:
        return gr.Image(label=label, format="png", interactive=False, buttons=[])

    with gr.Blocks(
        title="Hierarchical Prior Networks", analytics_enabled=False, delete_cache=(600, KEPT)
    ) as page:
        gr.Markdown(
            "# One depth image in, a closed mesh out\nGive a depth camera's image and its "
            "intrinsics, choose the object, reconstruct. The seen side is measured, the unseen "
            "side is a guess. Nothing leaves this machine."
        )
        with gr.Row():
            with gr.Column():
                depth = files("Depth image", DEPTH_FORMATS)
                sample = gr.Button("Take the bundled sample, a chair", size="sm")
                numbers = gr.Textbox(
                    label="Intrinsics: fx fy cx cy in pixels", placeholder="616.4 616.2 310.3 236.6"
                )
                camera = files("or a file of them", INTRINSICS_FORMATS)
                with gr.Accordion("Unit of the depths", open=False):
                    scale = gr.Textbox(
                        label="Stored value to metres (--depth-scale)",
                        placeholder="1/1000; empty: integers are millimetres, floats metres",
                    )
                    kind = gr.Radio(
                        [("along z", "z"), ("along the rays", "ray")], value="z", label="Measured"
                    )
                way = gr.Radio([CLICK, BRUSH, FILE], value=CLICK, label="The object's pixels are")
                picture = picture_of("Green: the object. Click on another one to take that")
                brushed = gr.ImageEditor(
                    label="Brush over the object",
                    visible=False,
                    sources=(),
                    transforms=(),
                    layers=False,
                    buttons=[],
                    brush=gr.Brush(colors=["#5aaa6e"], color_mode="fixed"),
                )
                mask = files("Mask", MASK_FORMATS, visible=False)
                label = gr.Textbox(label="Its number in a label image (--label)", visible=False)
                start = gr.Button("Reconstruct", variant="primary")
            with gr.Column():
                model = gr.Model3D(label="Mesh: drag to turn it", height=420, interactive=False)
                facts = gr.Markdown()
                with gr.Row():
                    glb = gr.DownloadButton("Download .glb", interactive=False)
                    ply = gr.DownloadButton("Download .ply", interactive=False)
                taken = picture_of("Green: taken for the object; violet: unknown; red: removed")
        pixel = gr.State(None)

        values = [depth, numbers, camera, scale, kind, way, pixel, brushed, mask, label]
        results = [model, facts, glb, ply, taken]
        show = {"fn": _safe(gr, shown), "inputs": values, "outputs": picture}

        def clicked(event: Any) -> tuple[Any, str]:
            return event.index, CLICK

        clicked.__annotations__["event"] = gr.SelectData  # Gradio passes the event by its type
        picture.select(clicked, None, [pixel, way]).then(**show)
        depth.change(
            _safe(gr, lambda depth, scale: (plain_picture(depth, scale), None)),
            [depth, scale],
            [brushed, pixel],
        ).then(**show)
        way.change(
            lambda way: (
                gr.Image(visible=way != BRUSH),
                gr.ImageEditor(visible=way == BRUSH),
                gr.File(visible=way == FILE),
                gr.Textbox(visible=way == FILE),
            ),
            way,
            [picture, brushed, mask, label],
        ).then(**show)
        gr.on([camera.change, mask.change, kind.change], **show)
        gr.on([box.submit for box in (numbers, scale, label)], **show)
        gr.on([box.blur for box in (numbers, scale, label)], **show)
        sample.click(
            lambda: (*(str(SAMPLE / name) for name in ("depth.png", "camera.json")), CLICK),
            None,
            [depth, camera, way],
        )
        # Clicks while it runs are not counted.
        start.click(
            _safe(gr, run), values, results, api_name="reconstruct", concurrency_limit=1
        ).failure(cleared, None, results)
    return page


def _safe(gr: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose errors are shown on the page, in words."""

    @wraps(function)
    def safe(*values: Any) -> Any:
        try:
            return function(*values)
        except Exception as error:
            words = in_words(error)
            if words is None:
                traceback.print_exc()
                words = "This is a bug in the program. Its terminal has the traceback."
            # Uploads lie in folders of no meaning to the user.
            folder = f"{os.environ['GRADIO_TEMP_DIR']}{os.sep}"
            for value in values:
                if isinstance(value, str) and value.startswith(folder):
                    words = words.replace(value, Path(value).name)
            raise gr.Error(html.escape(words), duration=None, print_exception=False) from error

    return safe


if __name__ == "__main__":
    run_script(main)
