"""Axes of revolution that the normals of a surface meet.

Every normal of a surface of revolution, as a line, meets its axis (or is parallel to it). With the
axis as (a, m), a its direction and m = c × a its moment about the origin for a point c on it, and
the line through p along n, that is n·m + (p × n)·a = 0: linear in (a, m).
"""

from __future__ import annotations

import numpy as np

TRIALS = 300
"""Samples of points that axes are computed from."""

SAMPLE = 6
"""Points of a sample. Four would do; of nearly parallel normals some more say more."""

POINTS = 800
"""Points that axes are compared by."""

MISSED = 0.01
"""Distance of a normal from the axis at which it counts 1/e, in sides of the cube, times the sine
of the angle between the two."""

IMPROVED = 40
"""Axes, at the most, that are improved."""

ROUNDS = 5
"""Of the weighted fits that improve one."""

ALIKE = 0.98, 0.03
"""Axes whose directions have a larger cosine, and which are nearer than this, are one."""

LEAST_TURN = 1e-3
"""Added to the equations for m, of points with mean 0 and mean square 1: where the normals leave
the axis free to move, it passes by the middle of the points."""

Axes = tuple[np.ndarray, np.ndarray]
"""(B, 3) directions, unit vectors, and (B, 3) points on them."""


def met_axes(points: np.ndarray, normals: np.ndarray, most: int) -> Axes:
    """Find the axes that the most normals meet.

    Args:
        points: (N, 3) on a surface, N ≥ 1.
        normals: (N, 3) unit vectors.
        most: how many.

    Returns:
        One or more, none twice, the best first. The same for the same points.
    """
    rng = np.random.default_rng(0)
    middle = points.mean(axis=0)
    scale = max(float(np.sqrt(((points - middle) ** 2).sum(axis=1).mean())), 1e-9)
    points = (points - middle) / scale
    missed = MISSED / scale
    samples = rng.integers(len(points), size=(TRIALS, SAMPLE))
    axes = fit_axes(points[samples], normals[samples], np.ones((TRIALS, SAMPLE)))
    few = rng.permutation(len(points))[:POINTS]
    points, normals = points[few], normals[few]
    met = np.exp(-((misses(points, normals, axes) / missed) ** 2)).mean(axis=1)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for number in np.argsort(-met, kind="stable")[:IMPROVED]:
        axis = axes[0][number, None], axes[1][number, None]
        if any(_alike(axis[0][0], axis[1][0] * scale + middle, *other) for other in found):
            continue
        for _ in range(ROUNDS):
            weights = np.exp(-((misses(points, normals, axis) / missed) ** 2)) + 1e-9
            axis = fit_axes(points[None], normals[None], weights)
        direction, start = axis[0][0], axis[1][0] * scale + middle
        if not any(_alike(direction, start, *other) for other in found):
            found.append((direction, start))
        if len(found) == most:
            break
    return np.stack([a for a, _ in found]), np.stack([c for _, c in found])


def fit_axes(points: np.ndarray, normals: np.ndarray, weights: np.ndarray) -> Axes:
    """Fit axes to the normals of sets of points, by least squares.

    Args:
        points: (B, N, 3) of mean about 0 and mean square about 1.
        normals: (B, N, 3) unit vectors.
        weights: (B, N) ≥ 0, not all 0.

    Returns:
        An axis for each set; its point is the one nearest to the origin.
    """
    rows = np.concatenate([np.cross(points, normals), normals], axis=2)
    square = np.einsum("bni,bnj,bn->bij", rows, rows, weights)
    square /= weights.sum(axis=1)[:, None, None]
    # For a given a the best m is linear in it; what is left of the sum is quadratic in a.
    of_moment = square[:, 3:, 3:] + LEAST_TURN * np.eye(3)
    moment_of = -np.linalg.solve(of_moment, square[:, 3:, :3])
    left = square[:, :3, :3] + square[:, :3, 3:] @ moment_of
    direction = np.linalg.eigh(left)[1][:, :, 0]
    moment = (moment_of @ direction[:, :, None])[:, :, 0]
    # Whatever m has along a is a motion along the axis, as of a screw. m = c × a, so c = a × m.
    return direction, np.cross(direction, moment)


def misses(points: np.ndarray, normals: np.ndarray, axes: Axes) -> np.ndarray:
    """Measure by how much normals miss axes.

    Args:
        points: (N, 3).
        normals: (N, 3) unit vectors.
        axes: B of them.

    Returns:
        (B, N) distances of the lines, times the sine of the angle between them, signed.
    """
    direction, start = axes
    return np.cross(start, direction) @ normals.T + direction @ np.cross(points, normals).T


def turn(points: np.ndarray, direction: np.ndarray, start: np.ndarray, angle: float) -> np.ndarray:
    """Turn (N, 3) points about an axis by an angle in radians (Rodrigues' formula)."""
    relative = points - start
    along = np.outer(relative @ direction, direction)
    across = relative - along
    aside = np.cross(direction, across)
    return start + along + np.cos(angle) * across + np.sin(angle) * aside


def _alike(
    direction: np.ndarray, start: np.ndarray, other: np.ndarray, other_start: np.ndarray
) -> bool:
    cosine, apart = ALIKE
    distance = np.linalg.norm(np.cross(direction, start - other_start))
    return bool(abs(direction @ other) > cosine and distance < apart)
