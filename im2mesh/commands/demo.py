"""Write the bundled demo inputs again, or the objects they were rendered from."""

from __future__ import annotations

from collections.abc import Sequence

from im2mesh.cli import DONE, new_parser, parse, run_script
from im2mesh.preparation.demo import OUT, write_demo, write_truth


def main(argv: Sequence[str] | None = None) -> int:
    parser = new_parser(
        "Write the demo's eight depth maps and their split lists, or their objects."
    )
    parser.add_argument("--out", default=str(OUT), metavar="DIR", help="default: %(default)s")
    parser.add_argument(
        "--truth", metavar="DIR", help="write the objects' meshes there instead: <DIR>/demo/*.ply"
    )
    args = parse(parser, argv)
    if args.truth is not None:
        write_truth(args.truth)
    else:
        write_demo(args.out)
    return DONE


if __name__ == "__main__":
    run_script(main)
