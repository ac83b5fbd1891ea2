"""Make a closed mesh in metres from a depth camera's image."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from im2mesh.cli import (
    SOME_FAILED,
    add_device,
    add_levels,
    add_sensor_image,
    exit_code,
    new_parser,
    parse,
    pick_device,
    run_script,
)
from im2mesh.errors import DepthError, InputError
from im2mesh.files import check_writable, locked, locked_file

if TYPE_CHECKING:
    from im2mesh.data.sensor_frames import SensorFrame
    from im2mesh.generation.pipeline import Reconstructor

log = logging.getLogger(__name__)

DESCRIPTION = """\
Make a closed mesh in metres, in the camera's frame, from one depth image of an object.

  reconstruct.py --depth d.png --intrinsics 616.4 616.2 310.3 236.6 --mask m.png --out mug.ply
  reconstruct.py --depth d.png --intrinsics camera.json --preview preview.png
  reconstruct.py --scene ycbv/test/000048 --out out/scene48
"""

EPILOG = """\
Depth: 16-bit PNG or TIFF (millimetres), float TIFF, EXR, .npy, .npz (metres); holes are 0, NaN,
infinite, negative, or the integers' maximum. Intrinsics: fx fy cx cy, a 3x3 matrix (.txt, .csv,
.npy, K of an .npz), Open3D's, RealSense's or BOP's JSON, a ROS camera_info YAML; pixel centres are
at whole numbers. The camera's frame is OpenCV's: x right, y down, z forward. docs/sensor.md has
more.
"""

CODES = {SOME_FAILED: "some objects could not be used and are named; the others were done"}


def parser() -> argparse.ArgumentParser:
    p = new_parser(DESCRIPTION, EPILOG, CODES)
    p.add_argument("image", nargs="?", metavar="DEPTH", help="the depth image, as by --depth")
    add_sensor_image(p)
    p.add_argument("--scene", metavar="DIR|NPZ", help="a folder of depth, intrinsics and masks")
    p.add_argument(
        "-o",
        "--out",
        metavar="MESH|DIR",
        help=".ply .obj .off .stl .glb (default mesh.ply); a folder with --scene (out/sensor)",
    )
    p.add_argument("--preview", metavar="PNG", help="draw the object's pixels and the mesh")
    p.add_argument(
        "--noise", type=float, metavar="M", help="of the depths: their standard deviation in m"
    )
    p.add_argument(
        "--size", type=float, metavar="M", help="the object's largest extent, if known, in m"
    )
    p.add_argument(
        "--extent", type=float, metavar="M", help="the same, along the direction of view"
    )
    p.add_argument(
        "--frame", choices=("camera", "opengl", "object"), default="camera", help="of the mesh"
    )
    p.add_argument("--unit", choices=("m", "mm"), default="m", help="of the mesh")
    p.add_argument("--levels", nargs="+", metavar="CONFIG", help="networks (default: the demo's)")
    add_levels(p)
    add_device(p)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    own = parser()
    args = parse(own, argv)
    if args.image and args.depth:
        own.error(f"two depth images, {args.image} and {args.depth}; give one")
    args.depth = args.depth or args.image
    if args.scene and (args.depth or args.intrinsics or args.mask or args.label):
        own.error("give --scene, which takes all objects, or --depth and --intrinsics, not both")
    if not args.scene and not (args.depth and args.intrinsics):
        own.error("give --depth and --intrinsics, or --scene")
    if args.label is not None and not args.mask:
        raise InputError("--label chooses an object of --mask; give the label image")
    args.out = Path(args.out or ("out/sensor" if args.scene else "mesh.ply"))
    _check_places(args)
    advice = "wait for it to end, or choose another place with --out"
    if not args.scene:
        with locked_file(args.out, advice):
            return _image(args)
    with locked(args.out / "reconstruct.lock", advice):
        return _scene(args)


def _image(args: argparse.Namespace) -> int:
    from im2mesh.data.sensor_files import parse_scale
    from im2mesh.data.sensor_frames import SensorImage

    image = SensorImage(Path(args.depth), args.intrinsics, [Path(args.mask)] if args.mask else [])
    frames = list(image.frames(parse_scale(args.depth_scale), args.depth_kind, args.label))
    levels = _levels(args)
    sources = {key: getattr(args, key) for key in ("depth", "intrinsics", "mask", "label")}
    path = args.out
    failed = 0
    for frame in frames:
        own, name = path, Path(args.depth).stem
        if args.label == "all":
            name = str(frame.label)
            own = path.with_name(f"{path.stem}_{name}{path.suffix}")
        try:
            _one(replace(frame, name=name), own, levels, args, sources | {"object": name})
        except DepthError as error:
            if len(frames) == 1:
                raise DepthError(f"{args.depth}: {error}") from error
            log.error("label %s: %s", frame.label, error)
            failed += 1
    return exit_code(len(frames) - failed, failed)


def _scene(args: argparse.Namespace) -> int:
    """Reconstruct all objects of a scene; images and objects that cannot be used are named."""
    from im2mesh.data.sensor_files import parse_scale
    from im2mesh.data.sensor_frames import find_images

    scale = parse_scale(args.depth_scale)
    images = find_images(args.scene)
    levels = _levels(args)
    done = failed = 0
    for image in images:
        try:
            for frame in image.frames(scale, args.depth_kind):
                path = args.out / f"{frame.name}.ply"
                try:
                    _one(frame, path, levels, args, {"scene": args.scene, "object": frame.name})
                    done += 1
                except DepthError as error:
                    log.error("%s: %s", frame.name, error)
                    failed += 1
        except InputError as error:
            log.error("%s", error)
            failed += 1
    return exit_code(done, failed)


def _check_places(args: argparse.Namespace) -> None:
    """Check before the work that its results can be written."""
    from im2mesh.generation.sensor_outputs import check_output

    if args.preview and Path(args.preview).suffix.lower() != ".png":
        raise InputError(f"--preview {args.preview}: is a picture; name it {args.preview}.png")
    if args.scene:
        check_writable(args.out, "choose another place with --out")
    else:
        check_output(args.out)
        check_writable(args.out.parent, "choose another place with --out")
    if args.preview:
        check_writable(Path(args.preview).parent, "choose another place with --preview")


def _levels(args: argparse.Namespace) -> Reconstructor:
    from im2mesh.config import read_generation
    from im2mesh.generation.pipeline import Reconstructor

    device = pick_device(args.device, args.no_cuda)
    overrides = {} if args.resolution is None else {"resolution": args.resolution}
    changes = {"threshold": args.threshold, **read_generation(overrides, "command line")}
    if args.levels:
        return Reconstructor.from_configs(args.levels, device, **changes)
    return Reconstructor.bundled(device, **changes)


def _one(
    frame: SensorFrame,
    path: Path,
    levels: Reconstructor,
    args: argparse.Namespace,
    sources: dict[str, Any],
) -> None:
    import torch

    from im2mesh.generation.sensor import reconstruct
    from im2mesh.generation.sensor_outputs import write_result

    with torch.inference_mode():
        result = reconstruct(
            frame.depth,
            frame.camera,
            frame.mask,
            reconstructor=levels,
            noise=args.noise,
            size=args.size,
            extent=args.extent,
        )
    write_result(result, path, args.frame, args.unit, sources)
    taken = "" if frame.mask is not None else " (no mask: the largest object on the plane)"
    print(f"{path}: {result.summary}{taken}", flush=True)
    if args.preview:
        from im2mesh.visualize.contact_sheet import save_png
        from im2mesh.visualize.sensor_picture import sensor_sheet

        preview = Path(args.preview)
        if args.scene or args.label == "all":
            preview = preview.with_name(f"{preview.stem}_{frame.name}.png")
        save_png(sensor_sheet(frame.name, frame.depth, result), preview)


if __name__ == "__main__":
    run_script(main)
