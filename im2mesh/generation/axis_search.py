"""Search for the axis of revolution that the evidence supports best.

The line through a point of a surface of revolution along the normal meets the axis, or is
parallel to it. With the axis as (a, m), a its direction and m = c × a its moment about the origin
for a point c on it, and the line through p along n, that is n·m + (p × n)·a = 0: linear in (a, m)
(Pottmann and Randrup, Rotational and helical surface approximation, Computing 1998). Axes are
fitted to a few random points each. Those that most normals meet are judged by turning observed
points about them, and the best ones are improved by direct search.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from im2mesh.generation.constants import SYMMETRY, MatchWidth, SearchStage
from im2mesh.generation.symmetry import RevolutionAxis
from im2mesh.generation.symmetry_evidence import Evidence, maximised, tangents, unit

Line = tuple[np.ndarray, np.ndarray]
"""(3,) unit vector and (3,) a point of the line, or (B, 3) each for B lines."""


def find_axis(evidence: Evidence) -> RevolutionAxis | None:
    """Find the best axis of revolution; None where no axis is good."""
    found = met_axes(evidence.points, evidence.normals, SYMMETRY.axis_candidates)
    axes: list[Line] = list(zip(*found, strict=True))
    for stage in SYMMETRY.axis_stages:
        supports = _turned(evidence, axes, stage.width.widened(evidence.margin))[0]
        if supports.max() < SYMMETRY.hopeless_support:
            return None
        best = np.argsort(-supports, kind="stable")[: stage.candidates]
        axes = _searched(evidence, [axes[k] for k in best], stage)
    axis = _judged(evidence, axes[0], SYMMETRY.final_width.widened(evidence.margin))
    is_measured = evidence.margin > 0
    most = (
        SYMMETRY.axis_max_contradicted_measured if is_measured else SYMMETRY.axis_max_contradicted
    )
    good = (
        axis.support >= SYMMETRY.axis_min_support
        and axis.contradicted <= most
        and axis.outliers <= SYMMETRY.axis_max_outliers
    )
    return axis if good else None


def _judged(evidence: Evidence, axis: Line, width: MatchWidth) -> RevolutionAxis:
    """Give an axis its support."""
    direction, start = axis
    (support,), (free,) = _turned(evidence, [axis], width)
    outlier = free.mean(axis=0) > 0.5
    distances = np.linalg.norm(np.cross(evidence.points - start, direction), axis=1)
    return RevolutionAxis(
        direction,
        start,
        radius=float(distances.max()),
        support=float(support),
        contradicted=float(free[:, ~outlier].mean()) if not outlier.all() else 1.0,
        outliers=float(outlier.mean()),
    )


def _turned(
    evidence: Evidence,
    axes: Sequence[Line],
    width: MatchWidth,
    points: int = SYMMETRY.turned_points,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (B,) axes' support by some observed points; (B, A, P) bool, their images are free."""
    turns, sample = np.array(SYMMETRY.turns), evidence.sample[:points]
    images = np.stack([turn(sample, *axis, turns) for axis in axes])
    scores, free = evidence.scores(images, width)
    outlier = free.mean(axis=1) > 0.5
    support = np.where(outlier, SYMMETRY.outlier_score, scores.mean(axis=1)).mean(axis=1)
    return support, free


def _searched(evidence: Evidence, near: Sequence[Line], stage: SearchStage) -> list[Line]:
    """Search the axis of most support near each of some others."""

    def axis(number: int, x: np.ndarray) -> Line:
        direction, start = near[number]
        aside, up = tangents(direction)
        direction = unit(direction + x[0] * aside + x[1] * up)
        start = start + x[2] * aside + x[3] * up
        return direction, start - (start @ direction) * direction

    def support(x: np.ndarray) -> np.ndarray:
        axes = [axis(number, place) for number, places in enumerate(x) for place in places]
        return _turned(evidence, axes, stage.width, stage.points)[0].reshape(x.shape[:2])

    steps = stage.step * np.array([2.0, 2.0, 1.0, 1.0])
    found = maximised(support, len(near), steps, stage.rounds)
    return [axis(number, x) for number, x in enumerate(found)]


# --- candidates from normals ------------------------------------------------------------------


def met_axes(points: np.ndarray, normals: np.ndarray, most: int) -> Line:
    """Find up to ``most`` different axes that most normals of (N, 3) points meet, the best first.

    The same points give the same axes.
    """
    rng = np.random.default_rng(0)
    middle = points.mean(axis=0)
    scale = max(float(np.sqrt(((points - middle) ** 2).sum(axis=1).mean())), 1e-9)
    points = (points - middle) / scale
    distance = SYMMETRY.normal_distance / scale
    shape = SYMMETRY.samples, SYMMETRY.sample_size
    samples = rng.integers(len(points), size=shape)
    axes = fit_axes(points[samples], normals[samples], np.ones(shape))
    few = rng.permutation(len(points))[: SYMMETRY.compared_points]
    points, normals = points[few], normals[few]

    def met(axes: Line) -> np.ndarray:
        return np.asarray(np.exp(-((misses(points, normals, axes) / distance) ** 2)))

    found: list[Line] = []
    best = np.argsort(-met(axes).mean(axis=1), kind="stable")
    for number in best[: SYMMETRY.improved_axes]:
        axis = axes[0][number, None], axes[1][number, None]
        if _is_among(found, axis[0][0], axis[1][0] * scale + middle):
            continue
        for _ in range(SYMMETRY.improving_fits):
            axis = fit_axes(points[None], normals[None], met(axis) + 1e-9)
        direction, start = axis[0][0], axis[1][0] * scale + middle
        if not _is_among(found, direction, start):
            found.append((direction, start))
        if len(found) == most:
            break
    return np.stack([a for a, _ in found]), np.stack([c for _, c in found])


def fit_axes(points: np.ndarray, normals: np.ndarray, weights: np.ndarray) -> Line:
    """Fit axes to the normals of sets of points, by least squares.

    Args:
        points: (B, N, 3) of mean about 0 and mean square about 1.
        normals: (B, N, 3) unit vectors.
        weights: (B, N) ≥ 0, not all 0.

    Returns:
        An axis for each set; its point is the one nearest to the origin.
    """
    rows = np.concatenate([np.cross(points, normals), normals], axis=2)
    square = (rows * weights[:, :, None]).swapaxes(1, 2) @ rows
    square /= weights.sum(axis=1)[:, None, None]
    # The best m is linear in a. With it the sum of squares is quadratic in a.
    of_moment = square[:, 3:, 3:] + SYMMETRY.moment_damping * np.eye(3)
    moment_of = -np.linalg.solve(of_moment, square[:, 3:, :3])
    rest = square[:, :3, :3] + square[:, :3, 3:] @ moment_of
    direction = np.linalg.eigh(rest)[1][:, :, 0]
    moment = (moment_of @ direction[:, :, None])[:, :, 0]
    # m's component along a is a motion along the axis, as of a screw. m = c × a, so c = a × m.
    return direction, np.cross(direction, moment)


def misses(points: np.ndarray, normals: np.ndarray, axes: Line) -> np.ndarray:
    """Return the (B, N) distances by which the normals of (N, 3) points miss B axes.

    They are those of the lines, times the sine of the angle between them, signed.
    """
    direction, start = axes
    return np.cross(start, direction) @ normals.T + direction @ np.cross(points, normals).T


def turn(
    points: np.ndarray, direction: np.ndarray, start: np.ndarray, angle: float | np.ndarray
) -> np.ndarray:
    """Turn (N, 3) points about an axis by (…) angles in radians (Rodrigues' formula).

    Returns:
        (…, N, 3).
    """
    x, y, z = direction
    crossing = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    cosine, sine = (each(angle)[..., None, None] for each in (np.cos, np.sin))
    matrix = cosine * np.eye(3) + sine * crossing + (1 - cosine) * np.outer(direction, direction)
    return np.asarray((points - start) @ matrix.swapaxes(-1, -2) + start)


def _is_among(axes: list[Line], direction: np.ndarray, start: np.ndarray) -> bool:
    """Return whether an axis is about the same as one of the others."""
    cosine, distance = SYMMETRY.same_axis
    return any(
        abs(direction @ other) > cosine
        and np.linalg.norm(np.cross(direction, start - other_start)) < distance
        for other, other_start in axes
    )
