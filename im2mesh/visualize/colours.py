"""Numbers as colours, and the bar that says which colour is which number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from im2mesh.data.depth_picture import NEAR_TO_FAR
from im2mesh.visualize.contact_sheet import wrap

FAINT_TO_STRONG = np.array(
    [
        (174, 186, 202),
        (250, 222, 110),
        (244, 146, 54),
        (206, 48, 44),
        (92, 14, 66),
    ],
    dtype=np.float64,
)
"""For errors: what is right is as grey as a plain mesh, what is wrong stands out."""

PAPER, INK = (255, 255, 255), (20, 20, 24)
BAR_HEIGHT, TEXT_SIZE, MARGIN, TICKS = 16, 14, 28, 6


@dataclass(frozen=True)
class Scale:
    """Numbers from ``low`` to ``high`` as evenly spaced colours.

    Attributes:
        title: what the numbers are, with their unit.
        low: gets the first colour, and so does everything below it.
        high: gets the last colour, and so does everything above it; > ``low``.
        stops: (K, 3) colours, 0 … 255.
        open_end: there may be numbers above ``high``: the bar's last label says so.
    """

    title: str
    low: float
    high: float
    stops: np.ndarray
    open_end: bool = False

    def colours(self, values: np.ndarray) -> np.ndarray:
        """(N,) finite numbers → (N, 3) uint8."""
        place = np.clip((values - self.low) / (self.high - self.low), 0, 1) * (len(self.stops) - 1)
        steps = np.arange(len(self.stops))
        channels = [np.interp(place, steps, self.stops[:, k]) for k in range(3)]
        return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)

    def bar(self, width: int) -> np.ndarray:
        """A colour bar with ticks and title, (H, width, 3) uint8; no label is clipped."""
        font = ImageFont.load_default(size=TEXT_SIZE)
        line = round(1.4 * TEXT_SIZE)
        title = wrap(self.title, font, width)
        picture = Image.new("RGB", (width, BAR_HEIGHT + 6 + (1 + len(title)) * line), PAPER)
        pen = ImageDraw.Draw(picture)
        inner = max(width - 2 * MARGIN, 2)
        values = np.linspace(self.low, self.high, inner)
        strip = np.repeat(self.colours(values)[None], BAR_HEIGHT, axis=0)
        picture.paste(Image.fromarray(strip), (MARGIN, 0))
        pen.rectangle([MARGIN - 1, -1, MARGIN + inner, BAR_HEIGHT], outline=INK)
        labels = self._labels(font, inner)
        for k, label in enumerate(labels):
            x = MARGIN + k * (inner - 1) / (len(labels) - 1)
            pen.line([(x, BAR_HEIGHT), (x, BAR_HEIGHT + 4)], fill=INK)
            half = font.getlength(label) / 2 + 1
            inside = min(max(x, half), width - half)
            pen.text((inside, BAR_HEIGHT + 5), label, font=font, fill=INK, anchor="ma")
        for k, words in enumerate(title, 1):
            at = (width / 2, BAR_HEIGHT + 5 + k * line)
            pen.text(at, words, font=font, fill=INK, anchor="ma")
        return np.asarray(picture)

    def _labels(self, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> list[str]:
        """As many evenly spaced labels as fit beside one another, two at the least."""
        # Two digits of the step between two ticks, fewer where they would all be 0.
        step = (self.high - self.low) / (TICKS - 1)
        digits = max(0, 1 - int(np.floor(np.log10(step))))
        for count in (TICKS, 3, 2):
            values = np.linspace(self.low, self.high, count)
            texts = [f"{value:.{digits}f}" for value in values]
            if digits > 1 and all(text.endswith("0") for text in texts):
                texts = [text[:-1] for text in texts]
            if self.open_end:
                texts[-1] = f"{texts[-1]}+"
            if count * (max(font.getlength(text) for text in texts) + 8) <= room + 2 * MARGIN:
                break
        return texts


def depth_scale(near: float, far: float) -> Scale:
    """The colours of :func:`im2mesh.data.depth_picture.depth_picture` with these limits."""
    return Scale("depth (cube units)", near, far, NEAR_TO_FAR)


def error_scale(most: float, what: str) -> Scale:
    """Distances from 0 to ``most`` and beyond."""
    return Scale(f"distance to {what} (cube units)", 0.0, most, FAINT_TO_STRONG, open_end=True)


def normal_colours(normals: np.ndarray) -> np.ndarray:
    """(N, 3) unit normals → (N, 3) uint8: x, y, z from −1 to 1 are red, green, blue."""
    return np.rint(255 * np.clip(normals / 2 + 0.5, 0, 1)).astype(np.uint8)


def with_bar(picture: np.ndarray, scale: Scale) -> np.ndarray:
    """A picture with the scale's bar below it."""
    bar = scale.bar(picture.shape[1])
    gap = np.full((8, picture.shape[1], 3), PAPER, np.uint8)
    return np.concatenate([picture, gap, bar])
