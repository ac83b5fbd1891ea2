"""A labelled page of pictures: what went in, and what came out from several sides."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import IdentityTransform
from PIL import Image

from im2mesh.errors import InputError
from im2mesh.files import atomic

Row = tuple[str, np.ndarray, Sequence[tuple[str, np.ndarray]]]

INK, FAINT, RULE = "#141418", "#606068", "#ceced4"
MARGIN, GAP = 16, 12
TITLE_SIZE, LABEL_SIZE = 18, 14
"""Pixels."""

LETTER, LINE = 0.62, 1.4
"""Width of a letter, on average and with a reserve, and height of a line, per size of the font."""

DPI = 64
"""A power of two, so that sizes in inches are whole pixels."""


def contact_sheet(rows: Sequence[Row], path: str | os.PathLike[str]) -> np.ndarray:
    """Write a PNG with one row of pictures for each map, and return the same picture.

    Args:
        rows: (title, picture of the depth map, [(label, picture), …]); pictures are (H, W, 3)
            uint8 of any size. A row's depth picture stands first, under the label "input".
        path: the file, ending in ``.png``; it appears only when it is complete.

    Raises:
        InputError: no rows, something that is not such a picture, or another suffix.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise InputError(f"{path}: a contact sheet is a PNG; name it {path.stem}.png")
    if not rows:
        raise InputError(f"{path}: a contact sheet needs at least one row")
    sheet = picture_sheet(
        [(title, [("input", depth), *pictures]) for title, depth, pictures in rows]
    )
    save_png(sheet, path)
    return sheet


def save_png(picture: np.ndarray, path: str | os.PathLike[str]) -> None:
    """Write an (H, W, 3) uint8 picture as PNG, whole or not at all."""
    with atomic(path) as beside:
        Image.fromarray(picture).save(beside, format="PNG", optimize=True)


def picture_sheet(rows: Sequence[tuple[str, Sequence[tuple[str, np.ndarray]]]]) -> np.ndarray:
    """Draw labelled pictures in rows, as one (H, W, 3) uint8 picture.

    Rows are (title, [(label, picture), …]), at least one; pictures are (H, W, 3) uint8 of any size.
    A title ``""`` takes no room. Long titles and labels are wrapped, never clipped.

    Raises:
        InputError: a picture has another shape or type.
    """
    for title, pictures in rows:
        for label, picture in pictures:
            _check(title, label, picture)
    cell = max(picture.shape[1] for _, pictures in rows for _, picture in pictures)
    columns = max(len(pictures) for _, pictures in rows)
    width = 2 * MARGIN + columns * (cell + GAP) - GAP
    texts: list[tuple[int, int, int, str]] = []  # left, top, size, text
    images: list[tuple[int, int, np.ndarray]] = []  # left, top, picture
    top = 0
    for title, pictures in rows:
        top += MARGIN
        words = wrapped(title, TITLE_SIZE, width - 2 * MARGIN)
        texts.append((MARGIN, top, TITLE_SIZE, words))
        top += text_height(words, TITLE_SIZE)
        labels = [wrapped(label, LABEL_SIZE, cell) for label, _ in pictures]
        below = top + max(text_height(label, LABEL_SIZE) for label in labels) + 4
        for column, (label, (_, picture)) in enumerate(zip(labels, pictures, strict=True)):
            left = MARGIN + column * (cell + GAP)
            texts.append((left, top, LABEL_SIZE, label))
            images.append((left, below, picture))
        top = below + max(len(picture) for _, picture in pictures) + GAP
    height = top + MARGIN
    figure = blank(width, height)
    for left, top, size, words in texts:
        colour = INK if size == TITLE_SIZE else FAINT
        figure.text(left, height - top, words, transform=None, **text_style(size), color=colour)
    for left, top, picture in images:
        tall, wide = picture.shape[:2]
        bottom = height - top - tall
        figure.figimage(picture, left, bottom)
        frame = Rectangle(
            (left - 0.5, bottom - 0.5),
            wide + 1,
            tall + 1,
            fill=False,
            ec=RULE,
            lw=72 / DPI,
            snap=False,
        )
        frame.set_transform(IdentityTransform())
        figure.add_artist(frame)
    return pixels(figure)


def blank(width: int, height: int) -> Figure:
    """Return an empty figure of so many pixels."""
    return Figure((width / DPI, height / DPI), dpi=DPI)


def pixels(figure: Figure) -> np.ndarray:
    """Draw a figure as (H, W, 3) uint8."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def wrapped(text: str, size: int, width: int) -> str:
    """Break a text of ``size`` pixels into lines of at most ``width``: at spaces where it can."""
    return "\n".join(textwrap.wrap(text, max(int(width / (LETTER * size)), 1)))


def text_height(text: str, size: int) -> int:
    """Return the height in pixels of wrapped lines."""
    return round(LINE * size) * len(text.splitlines())


def text_style(size: int) -> dict[str, Any]:
    """Return matplotlib's options of a text of ``size`` pixels that hangs from its place."""
    return {"fontsize": size * 72 / DPI, "va": "top", "linespacing": 1.15, "parse_math": False}


def _check(title: str, label: str, picture: np.ndarray) -> None:
    good = isinstance(picture, np.ndarray) and picture.dtype == np.uint8
    if not good or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        found = f"{getattr(picture, 'dtype', type(picture).__name__)} {np.shape(picture)}"
        raise InputError(f"{title}, {label}: expected an (H, W, 3) uint8 picture, found {found}")
