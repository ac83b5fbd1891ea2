"""A labelled page of pictures: what went in, and what came out from several sides."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from im2mesh.errors import InputError
from im2mesh.files import atomic
from im2mesh.visualize.mesh import render_mesh

VIEWS: tuple[tuple[str, float, float], ...] = (
    ("from the camera", 0.0, 0.0),
    ("three-quarter", 35.0, 12.0),
    ("from the side", 90.0, 0.0),
    ("from behind", 180.0, 0.0),
)
"""Name, azimuth and elevation (degrees) of the views in a row, see :func:`mesh_views`."""

Row = tuple[str, np.ndarray, Sequence[tuple[str, np.ndarray]]]

PAPER, INK, FAINT, RULE = (255, 255, 255), (20, 20, 24), (96, 96, 104), (206, 206, 212)
MARGIN, GAP = 16, 12
TITLE_SIZE, LABEL_SIZE = 20, 15


def mesh_views(
    vertices: np.ndarray, faces: np.ndarray, size: int = 256
) -> list[tuple[str, np.ndarray]]:
    """A mesh from each of :data:`VIEWS`, as pictures with labels for :func:`contact_sheet`.

    Args:
        vertices: (V, 3) in the camera frame; may be empty.
        faces: (F, 3) vertex numbers; may be empty.
        size: pixels along a side of each picture.
    """
    return [
        (name, render_mesh(vertices, faces, azimuth, elevation, size))
        for name, azimuth, elevation in VIEWS
    ]


def contact_sheet(rows: Sequence[Row], path: str | os.PathLike[str]) -> None:
    """Write a PNG with one row of pictures for each map.

    Args:
        rows: (title, picture of the depth map, [(label, picture), …]); pictures are (H, W, 3)
            uint8 of any size. A row's depth picture stands first, under the label "input".
            Long titles and labels are wrapped, never clipped.
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
    with atomic(path) as beside:
        Image.fromarray(sheet).save(beside, format="PNG", optimize=True)


def picture_sheet(
    rows: Sequence[tuple[str, Sequence[tuple[str, np.ndarray]]]],
) -> np.ndarray:
    """Labelled pictures in rows, as one picture.

    Args:
        rows: (title, [(label, picture), …]), at least one; pictures are (H, W, 3) uint8 of any
            size. A title ``""`` takes no room. Long titles and labels are wrapped, never clipped.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: something that is not such a picture.
    """
    for title, pictures in rows:
        for label, picture in pictures:
            _check(title, label, picture)
    everything = [picture for _, pictures in rows for _, picture in pictures]
    cell = max(picture.shape[1] for picture in everything)
    columns = max(len(pictures) for _, pictures in rows)
    width = 2 * MARGIN + columns * cell + (columns - 1) * GAP
    laid_out = [_Row(title, pictures, cell, width) for title, pictures in rows]
    sheet = Image.new("RGB", (width, sum(row.height for row in laid_out) + MARGIN), PAPER)
    top = 0
    for number, row in enumerate(laid_out):
        row.draw(sheet, top, rule=number > 0 and bool(row.title))
        top += row.height
    return np.asarray(sheet)


class _Row:
    """One row of the sheet: its title, wrapped, above its labelled pictures."""

    def __init__(
        self, title: str, pictures: Sequence[tuple[str, np.ndarray]], cell: int, width: int
    ) -> None:
        self.cell = cell
        self.title_font = ImageFont.load_default(size=TITLE_SIZE)
        self.label_font = ImageFont.load_default(size=LABEL_SIZE)
        self.title = wrap(title, self.title_font, width - 2 * MARGIN) if title else []
        self.labels = [wrap(label, self.label_font, cell) for label, _ in pictures]
        self.pictures = [picture for _, picture in pictures]
        self.above = MARGIN + _line(self.title_font) * len(self.title)
        self.between = _line(self.label_font) * max(len(lines) for lines in self.labels) + 4
        tallest = max(picture.shape[0] for picture in self.pictures)
        self.height = self.above + self.between + tallest + GAP

    def draw(self, sheet: Image.Image, top: int, rule: bool) -> None:
        """Put the row on the sheet, its upper edge at ``top``."""
        pen = ImageDraw.Draw(sheet)
        if rule:
            pen.line([(MARGIN, top), (sheet.width - MARGIN, top)], fill=RULE)
        for k, line in enumerate(self.title):
            at = (MARGIN, top + MARGIN + k * _line(self.title_font) - 4)
            pen.text(at, line, font=self.title_font, fill=INK)
        for column, (lines, picture) in enumerate(zip(self.labels, self.pictures, strict=True)):
            left = MARGIN + column * (self.cell + GAP)
            for k, line in enumerate(lines):
                at = (left, top + self.above + k * _line(self.label_font))
                pen.text(at, line, font=self.label_font, fill=FAINT)
            frame_top = top + self.above + self.between
            height, width = picture.shape[:2]
            sheet.paste(Image.fromarray(picture), (left, frame_top))
            pen.rectangle([left - 1, frame_top - 1, left + width, frame_top + height], outline=RULE)


def _check(title: str, label: str, picture: np.ndarray) -> None:
    good = isinstance(picture, np.ndarray) and picture.dtype == np.uint8
    if not good or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        found = f"{getattr(picture, 'dtype', type(picture).__name__)} {np.shape(picture)}"
        raise InputError(f"{title}, {label}: expected an (H, W, 3) uint8 picture, found {found}")


def _line(font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> int:
    """Height of a line of text with its space, in pixels."""
    return round(1.3 * (font.getbbox("Ågjy")[3]))


def wrap(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` pixels: at spaces, in long words anywhere."""
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = ""
        for letter in word:
            if line and font.getlength(line + letter) > width:
                lines.append(line)
                line = ""
            line += letter
    return [*lines, line]
