"""Parts of the sensor effects, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def extreme(image: np.ndarray, step: int, pick: Callable[[list[float]], float]) -> np.ndarray:
    """Return ``pick`` of each pixel and those ``step`` rows and columns away, on (S, S).

    Pixels without both neighbours along an axis are not compared along it.
    """
    size = len(image)
    rows = image.copy()
    for i in range(step, size - step):
        for j in range(size):
            rows[i, j] = pick([image[i - step, j], image[i, j], image[i + step, j]])
    both = rows.copy()
    for i in range(size):
        for j in range(step, size - step):
            both[i, j] = pick([rows[i, j - step], rows[i, j], rows[i, j + step]])
    return both


def blurred(image: np.ndarray, step: int) -> np.ndarray:
    """Return means of pixels ``step`` apart, weighted 1, 2, 1 along rows and columns."""
    return extreme(image, step, lambda three: float(np.dot(three, [0.25, 0.5, 0.25])))


def mixed(row: int, column: int) -> tuple[int, int]:
    """Return the two signed 32-bit numbers that a row's and a column's word give a pixel."""

    def signed(word: int) -> int:
        return (word + (1 << 31)) % (1 << 32) - (1 << 31)

    word = signed((row ^ column) * 0x7FEB352D)
    word = signed((word ^ (word >> 15)) * 0x6C8E9CF5)
    return word, signed((word ^ (word >> 16)) << 16)
