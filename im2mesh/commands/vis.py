"""Show depth maps, meshes and clouds, or a report of generation runs."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from im2mesh.cli import BAD_INPUT, DONE, new_parser, parse, run_script
from im2mesh.errors import InputError
from im2mesh.files import check_writable

if TYPE_CHECKING:
    from im2mesh.visualize.scene import Scene

log = logging.getLogger(__name__)

DEFAULT_FOLDER = Path("out/vis")

EPILOG = """\
files: depth maps (.npz .npy .exr .png .tif), meshes and clouds (.ply .off .obj .stl .glb),
pointcloud.npz, points.npz;
all in the camera frame: x right, y up, z towards the viewer, in the cube [-0.5, 0.5]^3

where it shows (several at once are fine): --save, --html, --turntable, --serve, --window. With
none of them: a window where there is a display; else, where viser is installed and this is a
terminal, --serve; else a page, out/vis/<name>.html. What was done is said.

  vis.py data/demo/sofa_demo-00/000.npz out/demo/meshes/demo/sofa_demo-00.ply --save sofa.png
  vis.py hpn.ply --ground-truth gt.ply --color error --html error.html
  vis.py --report out/onet out/hpn3 --names ONet HPN3
"""

CODES = {BAD_INPUT: "bad input, or a window without a display: one line says why"}


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__, EPILOG, CODES)
    parser.add_argument("files", nargs="*", metavar="FILE", help="files to show, side by side")
    parser.add_argument(
        "--report",
        nargs="+",
        metavar="RUN_DIR",
        help="a page of the maps and meshes of a generation run, or of several side by side",
    )
    where = parser.add_argument_group("where it shows")
    where.add_argument("--save", metavar="FILE.png", help="a picture, made without any display")
    where.add_argument(
        "--html",
        metavar="FILE.html",
        help="a page in one file, needs no network (report: default RUN_DIR/report.html)",
    )
    where.add_argument("--turntable", metavar="FILE.gif", help="one turn about the up axis")
    where.add_argument("--serve", action="store_true", help="a link for the browser (needs viser)")
    where.add_argument("--port", type=int, default=8080, help="of --serve (default %(default)s)")
    where.add_argument("--window", action="store_true", help="a window of this machine's browser")
    how = parser.add_argument_group("how")
    how.add_argument("--names", nargs="+", metavar="NAME", help="names of the files or runs")
    how.add_argument(
        "--color",
        choices=("depth", "normal", "error"),
        help="colour by depth, by normal, by distance to --ground-truth (default: light and shade)",
    )
    how.add_argument(
        "--ground-truth",
        metavar="PATH",
        help="a mesh or cloud, shown too; with --report a folder of <class>/<model>.ply, or a data "
        "set with <class>/<model>/pointcloud.npz",
    )
    how.add_argument(
        "--error-limit",
        type=float,
        metavar="D",
        help="distance of the strongest colour of --color error (default 0.05)",
    )
    how.add_argument("--fit", action="store_true", help="centre and scale each file to the cube")
    how.add_argument(
        "--depth-scale",
        metavar="S",
        help="of depth maps: stored value to sides of the cube; 16-bit images need it, 1/65535 "
        "where 65535 is the cube's back",
    )
    how.add_argument("--together", action="store_true", help="draw all files in one picture")
    how.add_argument(
        "--view",
        nargs=2,
        type=float,
        action="append",
        metavar=("AZIMUTH", "ELEVATION"),
        help="of --save, in degrees, any number of times (default: four sides)",
    )
    how.add_argument(
        "--size", type=int, metavar="PIXELS", help="side of a picture (384; --turntable 256)"
    )
    how.add_argument("--frames", type=int, default=36, help="of --turntable (default %(default)s)")
    how.add_argument(
        "--faces",
        type=int,
        default=6000,
        metavar="N",
        help="of a mesh in a report, simplified (default %(default)s)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    args = parse(parser, argv)
    written_by = {".png": "save", ".html": "html", ".gif": "turntable"}
    for ending, option in written_by.items():
        path = getattr(args, option)
        if path is not None and (found := Path(path).suffix.lower()) != ending:
            right = written_by.get(found)
            advice = f"use --{right}" if right else f"name it {path}{ending}"
            raise InputError(f"--{option} {path}: writes {ending}; {advice}")
    if args.size is not None and not 16 <= args.size <= 4096:
        raise InputError(f"--size {args.size}: must be between 16 and 4096")
    if args.report:
        if args.files:
            parser.error("name files or --report, not both")
        return _report(args)
    if not args.files:
        parser.error("name at least one file, or --report RUN_DIR")
    from im2mesh.data.sensor_files import parse_scale
    from im2mesh.visualize import scene as scenes

    limit = scenes.ERROR_LIMIT if args.error_limit is None else args.error_limit
    scene = scenes.load_scene(
        args.files,
        args.names,
        args.color,
        args.ground_truth,
        limit,
        args.fit,
        parse_scale(args.depth_scale),
    )
    title = " · ".join(layer.name for layer in scene.layers)
    if not (args.save or args.html or args.turntable or args.serve or args.window):
        _choose(args, scene)
    _write(args, scene, title)
    if args.serve:
        from im2mesh.visualize.serve import serve

        serve(scene, args.port)
    return DONE


def _write(args: argparse.Namespace, scene: Scene, title: str) -> None:
    from im2mesh.visualize import page, picture
    from im2mesh.visualize.contact_sheet import save_png

    for option in ("save", "html", "turntable"):
        if getattr(args, option):
            _check_place(Path(getattr(args, option)), option)
    if args.save:
        views = picture.VIEWS
        if args.view:
            views = tuple((f"azimuth {a:g}°, elevation {e:g}°", a, e) for a, e in args.view)
        size = args.size or picture.SIZE
        sheet = picture.scene_sheet(scene, views, size, args.together)
        save_png(sheet, args.save)
        log.info("%s: a picture", args.save)
    if args.html or args.window:
        path = args.html or DEFAULT_FOLDER / f"{Path(_name(scene)).name}.html"
        page.save_page(page.scene_page(scene, title, args.together), path)
        log.info("%s: a page; open it in a browser", path)
        if args.window:
            _open(Path(path))
    if args.turntable:
        size = args.size or picture.TURNTABLE_SIZE
        picture.save_turntable(scene, args.turntable, size, args.frames, args.together)
        log.info("%s: a turntable", args.turntable)


def _check_place(path: Path, option: str) -> None:
    """Find out before the work that its result cannot be written."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file with --{option}")
    check_writable(path.parent, f"choose another place with --{option}")


def _name(scene: Scene) -> str:
    """Return a file name for the shown files."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in scene.layers[0].name)


def _choose(args: argparse.Namespace, scene: Scene) -> None:
    """Pick where to show, and say so."""
    import importlib.util

    if _has_display():
        log.info("showing it in a window of the browser (there is a display)")
        args.window = True
    elif importlib.util.find_spec("viser") and sys.stdout.isatty():
        log.info("no display here: serving it for a browser elsewhere (--serve)")
        args.serve = True
    else:
        log.info("no display here: writing a page (--html); --save makes a picture")
        args.html = str(DEFAULT_FOLDER / f"{_name(scene)}.html")


def _has_display() -> bool:
    import webbrowser

    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _open(path: Path) -> None:
    import webbrowser

    if not (_has_display() and webbrowser.open(path.resolve().as_uri())):
        raise InputError(
            f"no window can be opened here (no display, or no browser); {path} is written: open it "
            "where there is one, or use --serve"
        )


def _report(args: argparse.Namespace) -> int:
    for option in ("save", "turntable", "serve", "color", "view", "fit", "together", "error_limit"):
        if getattr(args, option):
            raise InputError(f"--{option.replace('_', '-')} goes with files, not with --report")
    from im2mesh.visualize import page
    from im2mesh.visualize.report import report_page

    runs = [Path(run) for run in args.report]
    path = Path(args.html) if args.html else runs[0] / "report.html"
    truth = Path(args.ground_truth) if args.ground_truth else None
    if args.html or runs[0].is_dir():
        _check_place(path, "html")
    page.save_page(report_page(runs, args.names, truth, args.faces), path)
    log.info("%s: %.1f MB; open it in a browser", path, path.stat().st_size / 1e6)
    if args.window:
        _open(path)
    return DONE


if __name__ == "__main__":
    run_script(main)
