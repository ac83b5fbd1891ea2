"""Mirror planes and axes of revolution, one point at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from im2mesh.generation.constants import SYMMETRY, MatchWidth
from im2mesh.generation.symmetry import MirrorPlanes, RevolutionAxis


def image(point: np.ndarray, normal: np.ndarray, offset: float) -> np.ndarray:
    """A point's image: as far on the other side of the plane."""
    height = sum(p * n for p, n in zip(point, normal, strict=True)) - offset
    return np.array([p - 2 * height * n for p, n in zip(point, normal, strict=True)])


def images(points: np.ndarray, mirrors: MirrorPlanes) -> np.ndarray:
    """(N, 3) points → (K, N, 3) images by every set of planes, small sets first."""
    count = len(mirrors.planes)
    sets = sorted(range(1, 1 << count), key=lambda s: (s.bit_count(), _members(s, count)))
    found = []
    for which in sets:
        moved = points
        for k in _members(which, count):
            plane = mirrors.planes[k]
            moved = np.stack([image(p, plane.normal, plane.offset) for p in moved])
        found.append(moved)
    return np.stack(found)


def _members(which: int, count: int) -> list[int]:
    return [k for k in range(count) if which >> k & 1]


def cylindrical(point: np.ndarray, direction: np.ndarray, start: np.ndarray) -> tuple[float, float]:
    """Distance from an axis, and height along it above ``start``."""
    height = sum((p - s) * d for p, s, d in zip(point, start, direction, strict=True))
    foot = [s + height * d for s, d in zip(start, direction, strict=True)]
    return math.dist(point, foot), height


def missed(
    point: np.ndarray, normal: np.ndarray, direction: np.ndarray, start: np.ndarray
) -> float:
    """Distance between two lines, times the sine of the angle between them."""
    common = np.cross(normal, direction)
    return abs(float((start - point) @ common))


def on_circle(
    measure: Callable[[np.ndarray], float],
    axis: RevolutionAxis,
    radius: float,
    height: float,
    turns: int,
) -> list[float]:
    """A function's values at points of a circle about an axis."""
    facing, aside, along = axis.frame()
    values = []
    for k in range(turns):
        angle = 2 * math.pi * k / turns
        around = math.cos(angle) * facing + math.sin(angle) * aside
        values.append(measure(axis.point + height * along + radius * around))
    return values


def score(hidden: float, observed: float, predicted: float, width: MatchWidth) -> float:
    """Score one image."""
    match = max(
        math.exp(-((observed / width.observed) ** 2)),
        SYMMETRY.predicted_score * math.exp(-((predicted / width.predicted) ** 2)),
    )
    inside = -hidden - width.tolerance  # how deep in free space
    return match - SYMMETRY.free_penalty * min(max(inside / SYMMETRY.free_ramp, 0.0), 1.0)


def cell_distance(cell: np.ndarray, points: np.ndarray, size: int) -> float:
    """Distance of a cell of the cube's table from the nearest cell with a point, in sides."""
    cells = [[math.floor((x + 0.5) * size) for x in point] for point in points]
    return min((math.dist(cell, other) / size for other in cells), default=math.inf)


def support(table: np.ndarray, points: np.ndarray, normal: np.ndarray, offset: float) -> float:
    """Mean of a cubic table's values at the points' images; outside the cube all is free."""
    total = 0.0
    for point in points:
        cell = [math.floor((x + 0.5) * len(table)) for x in image(point, normal, offset)]
        within = all(0 <= c < len(table) for c in cell)
        total += table[tuple(cell)] if within else -SYMMETRY.free_penalty
    return total / len(points)


def mirrored(
    learned: float, hidden: float, hidden_other: float, shell: float,
    surface: bool, cell: float, scale: float,
) -> float:  # fmt: skip
    """The value at a hidden point of an object with mirror planes.

    Args:
        learned: mean of the fused field there and at the images, iso-level subtracted.
        hidden: distance to hidden space's boundary.
        hidden_other: the least of the same at the images.
        shell: distance to the shell's boundary.
        surface: ``surface``; else ``carve``.
        cell: of the lattice.
        scale: value of a unit of length.
    """
    least = -10 * cell * scale
    kept = shell * scale
    value = min(max(hidden * scale, least), max(hidden_other * scale, least, kept))
    if value > 0:
        value = min(value, learned)
    return max(value, kept) if surface else value


def revolved(
    learned: float, hidden: float, free: float, shell: float, shell_other: float,
    surface: bool, cell: float, scale: float,
) -> float:  # fmt: skip
    """The value at a hidden point of a solid of revolution.

    Args:
        learned: mean of the fused field at images that face the camera, iso-level subtracted;
            for ``carve`` where images are free, that at the point itself.
        hidden: distance to hidden space's boundary.
        free: the least of the same on the point's circle.
        shell: distance to the shell's boundary.
        shell_other: the largest of the same on the circle.
        surface: ``surface``; else ``carve``.
        cell: of the lattice.
        scale: value of a unit of length.
    """
    kept = shell * scale
    low = min(hidden * scale, max(free * scale, -10 * cell * scale, kept))
    if not surface:
        return min(learned, low)
    return max(min(learned, low), min(shell_other * scale, low), kept)
