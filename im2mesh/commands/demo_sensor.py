"""Write the bundled sensor sample again: a procedural object as a depth camera sees it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from im2mesh.cli import DONE, new_parser, parse, run_script
from im2mesh.files import atomic
from im2mesh.preparation.demo_sensor import OUT, write

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    parser = new_parser(__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default %(default)s)")
    parser.add_argument("--truth", type=Path, metavar="MESH", help="also write the object, a .ply")
    args = parse(parser, argv)
    original = write(args.out)
    if args.truth is not None:
        with atomic(args.truth) as beside:
            original.export(beside, file_type="ply")
    log.info("%s: depth.png, mask.png, camera.json", args.out)
    return DONE


if __name__ == "__main__":
    run_script(main)
