"""The verdict of a depth map about a point, one point and one pixel at a time.

Slow and readable counterparts of :mod:`im2mesh.generation.observation`; lengths in pixels.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage


def outline(solid: np.ndarray, row: float, column: float) -> float:
    """Distance of a place, in pixels, from the silhouette before smoothing, positive inside.

    Half a pixel less than the distance to the nearest pixel of the other side; a place as far
    from both sides goes with most of the pixels around it.
    """
    to_object = to_background = math.inf
    for i, j in np.ndindex(*solid.shape):
        distance = math.hypot(i - row, j - column)
        if solid[i, j]:
            to_object = min(to_object, distance)
        else:
            to_background = min(to_background, distance)
    if to_background > to_object:
        return to_background - 0.5
    if to_object > to_background:
        return 0.5 - to_object
    around = {(r, c) for r in _beside(row) for c in _beside(column)}
    return sum(outline(solid, r, c) for r, c in around) / len(around)


def _beside(coordinate: float) -> tuple[int, ...]:
    return tuple({math.floor(coordinate), math.ceil(coordinate)})


def smoothed(signed: np.ndarray, fine: int, shift: np.ndarray | float) -> np.ndarray:
    """Distances blurred and moved back to near where they were, everywhere, four times."""
    values = signed
    for _ in range(4):
        values = ndimage.gaussian_filter(values.clip(-2.5, 2.5), 0.8 * fine, mode="nearest")
        values = values.clip(signed - shift, signed + shift)
    return values


def half_width(within: np.ndarray, most: float) -> np.ndarray:
    """Radius of the largest disc around a point of the fine grid that holds each point."""
    widest = within.copy()
    for i, j in np.ndindex(*within.shape):
        for k, m in np.ndindex(*within.shape):
            far = math.hypot(i - k, j - m) / 2
            if far <= most + 0.5 and far <= within[k, m] + 0.75:
                widest[i, j] = max(widest[i, j], within[k, m])
    return np.minimum(np.maximum(widest, 0.25), most)


def shell(behind: float, cosine: float, within: float, radius: float, upright: float) -> float:
    """Distance to the boundary of a part's shell, positive in it."""
    from_middle = max(radius - within, 0.0)
    half = max(math.sqrt(max(radius**2 - from_middle**2, 0.0)), upright * cosine)
    guessed = min(max(1 - within / (2 * radius), 0.0), 1.0)
    deep = behind * max(cosine, 0.5 * guessed)
    back = radius - math.hypot(from_middle, max(deep - half, 0.0))
    return min(behind * cosine, within, back)


def hidden(e: float, o: float, near: float, far: float, own: float) -> float:
    """Distance to the boundary of what the camera could not see.

    Args:
        e: distance within the silhouette.
        o: distance within the near part's outline.
        near: distance behind the near surface.
        far: distance behind the far surface.
        own: distance behind the only surface, −∞ where there are two.
    """
    far = max(far, own)
    behind_near = o > 0 and near > 0
    behind_far = far > 0
    if e > 0 and (behind_near or behind_far):
        return min(e, max(far, min(o, near)))
    return -max(-e, min(-far, max(-o, -near)))


def observed(
    field: float, hidden: float, shell: float, surface: bool, cell: float, scale: float
) -> float:
    """The value of the observed field, with the iso-level at 0.

    Args:
        field: what the levels say.
        hidden: distance within hidden space.
        shell: distance within the shell.
        surface: ``surface``, else ``carve``.
        cell: side of a cell.
        scale: field value of a unit of distance.
    """
    empty = max(hidden, -10 * cell) * scale
    if hidden <= 0 or (surface and shell >= hidden):
        return empty
    if not surface:
        return min(field, empty)
    return max(min(field, empty), shell * scale)
