"""Contact sheets of the families: one picture of many shapes, each in a random pose."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from im2mesh.cli import DONE, EXIT_CODES
from im2mesh.errors import InputError
from im2mesh.files import atomic
from im2mesh.preparation.families import FAMILIES, make_shape
from im2mesh.preparation.procedural import ShapeBatch
from im2mesh.visualize.depth import depth_picture

log = logging.getLogger("im2mesh.preparation.families")

TILE, GAP, CAPTION = 160, 6, 18
"""Pixels: a tile's side, the space between tiles, and a caption's height."""

AZIMUTHS, ELEVATIONS = (0.0, 360.0), (-20.0, 50.0)
"""Poses are even in these ranges, in degrees."""

PAPER, INK = (255, 255, 255), (40, 40, 46)
AT_ONCE = 16


def tiles(entries: Sequence[tuple[str, int]], seed: int) -> list[np.ndarray]:
    """Pictures of shapes in random poses.

    Args:
        entries: (family, seed) of each shape.
        seed: of the poses.

    Returns:
        (256, 256, 3) uint8 pictures of depth, in the order of the entries.
    """
    rng = np.random.default_rng([seed, 1])
    poses = [(rng.uniform(*AZIMUTHS), rng.uniform(*ELEVATIONS)) for _ in entries]
    pictures: list[np.ndarray] = []
    with tqdm(total=len(entries), unit="shape", disable=None) as bar:
        for begin in range(0, len(entries), AT_ONCE):
            some = list(zip(entries, poses, strict=True))[begin : begin + AT_ONCE]
            shapes = [make_shape(*entry).posed(*pose) for entry, pose in some]
            pictures += [depth_picture(depth) for depth in ShapeBatch.of(shapes).depth().numpy()]
            bar.update(len(some))
    return pictures


def write_sheet(
    entries: Sequence[tuple[str, int]],
    path: str | os.PathLike[str],
    seed: int = 0,
    labelled: bool = True,
) -> None:
    """Write a PNG with a tile for each shape, row by row.

    Args:
        entries: (family, seed) of each shape.
        path: the file, ending in ``.png``; it appears only when it is complete.
        seed: of the poses.
        labelled: name the family and the seed under each tile; otherwise number the tiles.

    Raises:
        InputError: no entries, an unknown family, or another suffix.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise InputError(f"{path}: a contact sheet is a PNG; name it {path.stem}.png")
    if not entries:
        raise InputError(f"{path}: a contact sheet needs at least one shape")
    columns = min(10, max(1, round((1.6 * len(entries)) ** 0.5)))
    rows = -(-len(entries) // columns)
    wide, high = TILE + GAP, TILE + CAPTION + GAP
    page = Image.new("RGB", (columns * wide + GAP, rows * high + GAP), PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=12)
    for number, (picture, (family, shape_seed)) in enumerate(
        zip(tiles(entries, seed), entries, strict=True)
    ):
        left = GAP + number % columns * wide
        top = GAP + number // columns * high
        small = Image.fromarray(picture).resize((TILE, TILE), Image.Resampling.LANCZOS)
        page.paste(small, (left, top))
        text = f"{family} {shape_seed}" if labelled else str(number + 1)
        pen.text((left + 2, top + TILE), text, font=font, fill=INK)
    with atomic(path) as beside:
        page.save(beside, format="PNG", optimize=True)
    log.info("%s", path)


def mixed_entries(count: int, seed: int) -> list[tuple[str, int]]:
    """(family, seed) of ``count`` shapes: every family about as often, in random order."""
    rng = np.random.default_rng(seed)
    names = sorted(FAMILIES)
    order = [names[k % len(names)] for k in range(count)]
    rng.shuffle(order)
    return [(name, int(rng.integers(1 << 31))) for name in order]


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m im2mesh.preparation.families",
        description="Draw a contact sheet of procedural shapes in random poses.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sheet", required=True, metavar="FILE.png", help="the picture to write")
    parser.add_argument("--family", metavar="NAME", help=f"one of {', '.join(sorted(FAMILIES))}")
    parser.add_argument("--count", type=int, default=60, metavar="N", help="tiles (default: 60)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="default: 0")
    parser.add_argument("--unlabelled", action="store_true", help="number the tiles only")
    args = parser.parse_args(argv)
    if args.count < 1 or args.seed < 0:
        raise InputError("--count is 1 or more and --seed 0 or more")
    if args.family is None:
        entries = mixed_entries(args.count, args.seed)
    else:
        entries = [(args.family, args.seed + k) for k in range(args.count)]
    write_sheet(entries, args.sheet, args.seed, labelled=not args.unlabelled)
    return DONE
