"""A contact sheet of a generation run: each input beside its mesh, from several sides.

python -m im2mesh.commands.run_sheet RUN [--save FILE.png] [--most N]
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from im2mesh.cli import DONE, new_parser, parse, run_script
from im2mesh.errors import InputError

log = logging.getLogger(__name__)


def run_sheet(run: Path, path: Path, most: int) -> int:
    """Draw the first ``most`` meshes of a run, by class and name; return how many there are.

    Raises:
        InputError: ``most`` is below 1, the run holds no mesh, or a file cannot be read.
    """
    import numpy as np

    from im2mesh.data.run_folders import find_meshes, mesh_folder, read_picture
    from im2mesh.geometry.mesh_files import read_mesh
    from im2mesh.visualize.contact_sheet import contact_sheet
    from im2mesh.visualize.picture import mesh_views

    if most < 1:
        raise InputError(f"--most {most}: must be at least 1")
    meshes = find_meshes(mesh_folder(run))
    if not meshes:
        raise InputError(f"{run}: holds no meshes/<class>/<model>.ply; run a generator first")
    rows = []
    for class_name, model in sorted(meshes)[:most]:
        file = meshes[class_name, model]
        mesh = read_mesh(file)
        picture = run / "input" / class_name / f"{model}.jpg"
        depth = np.full((256, 256, 3), 255, np.uint8)
        if picture.is_file():
            depth = read_picture(picture)
        closed = "closed" if mesh.is_watertight else "empty" if mesh.is_empty else "NOT closed"
        name = "/".join(filter(None, (class_name, model)))
        title = f"{name}: {len(mesh.faces)} triangles, {closed}"
        rows.append((title, depth, mesh_views(mesh.vertices, mesh.faces)))
    contact_sheet(rows, path)
    return len(meshes)


def main(argv: Sequence[str] | None = None) -> int:
    parser = new_parser((__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="folder that a generator wrote")
    parser.add_argument(
        "--save", type=Path, metavar="FILE.png", help="default: RUN_DIR/contact_sheet.png"
    )
    parser.add_argument(
        "--most", type=int, default=40, metavar="N", help="rows at the most (default 40)"
    )
    args = parse(parser, argv)
    path = args.save or args.run / "contact_sheet.png"
    count = run_sheet(args.run, path, args.most)
    log.info("%s: %d of %d meshes", path, min(count, args.most), count)
    return DONE


if __name__ == "__main__":
    run_script(main)
