"""Mirror planes, one point at a time."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.generation import symmetry


def image(point: np.ndarray, normal: np.ndarray, offset: float) -> np.ndarray:
    """A point's image: as far on the other side of the plane."""
    height = sum(p * n for p, n in zip(point, normal, strict=True)) - offset
    return np.array([p - 2 * height * n for p, n in zip(point, normal, strict=True)])


def says(hidden: float, observed: float, predicted: float, width: symmetry._Width) -> float:
    """What one image says about its plane."""
    match = max(
        math.exp(-((observed / width.observed) ** 2)),
        symmetry.PREDICTED * math.exp(-((predicted / width.predicted) ** 2)),
    )
    inside = -hidden - width.tolerance  # how deep in free space
    return match - symmetry.PENALTY * min(max(inside / symmetry.STEEP, 0.0), 1.0)


def support(table: np.ndarray, points: np.ndarray, normal: np.ndarray, offset: float) -> float:
    """Mean of a cubic table's values at the points' images; outside the cube all is free."""
    total = 0.0
    for point in points:
        cell = [math.floor((x + 0.5) * len(table)) for x in image(point, normal, offset)]
        within = all(0 <= c < len(table) for c in cell)
        total += table[tuple(cell)] if within else -symmetry.PENALTY
    return total / len(points)


def mirrored(
    own: float, other: float, hidden: float, hidden_other: float, shell: float,
    surface: bool, cell: float, scale: float,
) -> float:  # fmt: skip
    """The value at a hidden point of an object with a mirror plane.

    Args:
        own: the fused field there, iso-level subtracted.
        other: the same at the image.
        hidden: distance to hidden space's boundary.
        hidden_other: the same at the image.
        shell: distance to the shell's boundary.
        surface: ``surface``; else ``carve``.
        cell: of the lattice.
        scale: value of a unit of length.
    """
    least = -10 * cell * scale
    kept = shell * scale
    value = min(max(hidden * scale, least), max(hidden_other * scale, least, kept))
    if value > 0:
        value = min(value, (own + other) / 2)
    return max(value, kept) if surface else value
