"""Numbers as colours, and colour bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from im2mesh.data.depth_picture import NEAR_TO_FAR, interpolated
from im2mesh.visualize.contact_sheet import DPI, blank, pixels, text_height, text_style, wrapped

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
"""For errors: no error is as grey as a plain mesh, large errors stand out."""

BAR_HEIGHT, TEXT_SIZE, MARGIN = 18, 13, 36
"""Pixels."""


@dataclass(frozen=True)
class Scale:
    """Numbers from ``low`` to ``high`` as evenly spaced colours."""

    title: str  # of the numbers, with their unit
    low: float  # gets the first colour, and so does everything below it
    high: float  # gets the last colour, and so does everything above it; > `low`
    stops: np.ndarray  # (K, 3) colours, 0 … 255
    open_end: bool = False  # there may be numbers above `high`; the bar's last label has a `+`

    def colours(self, values: np.ndarray) -> np.ndarray:
        """Return the colours of (N,) finite numbers, (N, 3) uint8."""
        return np.rint(interpolated(self.stops, values, self.low, self.high)).astype(np.uint8)

    def bar(self, width: int) -> np.ndarray:
        """Draw a colour bar with ticks and title, (H, width, 3) uint8."""
        title = wrapped(self.title, TEXT_SIZE, width)
        height = BAR_HEIGHT + 30 + text_height(title, TEXT_SIZE)
        inner = max(width - 2 * MARGIN, 2)
        figure = blank(width, height)
        axes = figure.add_axes(
            (MARGIN / width, 1 - BAR_HEIGHT / height, inner / width, BAR_HEIGHT / height)
        )
        strip = self.colours(np.linspace(self.low, self.high, inner))
        axes.imshow(strip[None], extent=(self.low, self.high, 0, 1), aspect="auto")
        axes.set_yticks([])
        ticks = np.linspace(self.low, self.high, int(np.clip(inner // (4 * TEXT_SIZE), 2, 6)))
        digits = max(0, 1 - int(np.floor(np.log10(ticks[1] - ticks[0]))))
        labels = [f"{tick:.{digits}f}" for tick in ticks]
        axes.set_xticks(ticks, [*labels[:-1], labels[-1] + ("+" if self.open_end else "")])
        axes.tick_params(labelsize=TEXT_SIZE * 72 / DPI)
        place = (width / 2, height - BAR_HEIGHT - 26)
        figure.text(*place, title, transform=None, ha="center", **text_style(TEXT_SIZE))
        return pixels(figure)


def depth_scale(near: float, far: float) -> Scale:
    """Return the scale of :func:`im2mesh.data.depth_picture.depth_picture` with these limits."""
    return Scale("depth (cube units)", near, far, NEAR_TO_FAR)


def error_scale(most: float, what: str) -> Scale:
    """Return the scale of distances from 0 to ``most`` and beyond."""
    return Scale(f"distance to {what} (cube units)", 0.0, most, FAINT_TO_STRONG, open_end=True)


def normal_colours(normals: np.ndarray) -> np.ndarray:
    """Return the colours of (N, 3) unit normals: x, y, z from −1 to 1 are red, green, blue."""
    return np.rint(255 * np.clip(normals / 2 + 0.5, 0, 1)).astype(np.uint8)


def with_bar(picture: np.ndarray, scale: Scale) -> np.ndarray:
    """Return a picture with the scale's bar below it."""
    bar = scale.bar(picture.shape[1])
    gap = np.full((8, picture.shape[1], 3), 255, np.uint8)
    return np.concatenate([picture, gap, bar])
