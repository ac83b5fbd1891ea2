"""``python -m im2mesh.commands.families``: a contact sheet of procedural objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from im2mesh.cli import DONE, new_parser, parse, run_script
from im2mesh.errors import InputError
from im2mesh.files import atomic, write_text

if TYPE_CHECKING:
    from PIL import Image

TILE, LABEL = 200, 18  # pixels: a tile's side, and the line below it
ELEVATIONS = (-20.0, 50.0)  # degrees, as the data sets' views


def contact_sheet(
    families: Sequence[str], number: int, seed: int, labelled: bool = True, columns: int = 10
) -> tuple[Image.Image, list[str]]:
    """Draw objects from random sides in a grid.

    Args:
        families: families to draw, equally often and in random order, each with the seeds
            ``seed``, ``seed`` + 1, ….
        number: number of tiles.
        seed: of the order, the poses and the objects.
        labelled: write the family and its seed below each tile; False: the tile's number.
        columns: tiles in a row.

    Returns:
        The picture, and a line "number family seed azimuth elevation" for each tile.

    Raises:
        InputError: an unknown family, no tiles or columns, or a negative seed.
    """
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    from im2mesh.data.depth_picture import depth_picture
    from im2mesh.shapes.families import make_shape

    if number < 1:
        raise InputError(f"a sheet of {number} tiles cannot be drawn; --count must be positive")
    if columns < 1:
        raise InputError(f"a sheet has no {columns} columns; --columns must be positive")
    if seed < 0:
        raise InputError(f"the seed is {seed}; --seed must not be negative")
    rng = np.random.default_rng(seed)
    order = [families[k % len(families)] for k in range(number)]
    rng.shuffle(order)
    seen = dict.fromkeys(families, seed)
    columns = min(columns, number)
    sheet = Image.new(
        "RGB", (columns * TILE, math.ceil(number / columns) * (TILE + LABEL)), "white"
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    lines = []
    for place, family in enumerate(order):
        one, seen[family] = seen[family], seen[family] + 1
        azimuth, elevation = float(rng.uniform(0, 360)), float(rng.uniform(*ELEVATIONS))
        depth = make_shape(family, one).posed(azimuth, elevation).depth(TILE).numpy()
        corner = (place % columns * TILE, place // columns * (TILE + LABEL))
        sheet.paste(Image.fromarray(depth_picture(depth)), corner)
        label = f"{family} {one}" if labelled else str(place + 1)
        draw.text((corner[0] + 6, corner[1] + TILE + 1), label, fill="black", font=font)
        lines.append(f"{place + 1} {family} {one} {azimuth:.1f} {elevation:.1f}")
    return sheet, lines


def main(argv: Sequence[str] | None = None) -> int:
    parser = new_parser("Draw a contact sheet of procedural objects from random sides.")
    parser.add_argument("--sheet", required=True, metavar="FILE", help="the picture (.png)")
    parser.add_argument("--family", nargs="+", metavar="NAME", help="default: all of them")
    parser.add_argument("--count", type=int, default=60, metavar="N", help="tiles (default: 60)")
    parser.add_argument("--columns", type=int, default=10, metavar="N", help="default: 10")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="default: 0")
    parser.add_argument("--unlabelled", action="store_true", help="numbers instead of names")
    parser.add_argument("--key", metavar="FILE", help="text file with each tile's family and view")
    args = parse(parser, argv)
    from im2mesh.shapes.families import FAMILIES

    sheet, lines = contact_sheet(
        args.family or list(FAMILIES), args.count, args.seed, not args.unlabelled, args.columns
    )
    # Few colours, and a palette picks them well: a third of the bytes.
    with atomic(Path(args.sheet)) as beside:
        sheet.quantize(128).save(beside, format="png", optimize=True)
    if args.key:
        write_text(args.key, "".join(f"{line}\n" for line in lines))
    return DONE


if __name__ == "__main__":
    run_script(main)
