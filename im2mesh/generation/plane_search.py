"""Search for the mirror plane that the evidence supports best.

All planes near the cube's centre are scored coarsely. The best ones are refined by matching
reflected points with their nearest neighbours (ICP for a reflection), then by direct search, and
at last by Gauss–Newton steps onto the observed surface's tangent planes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from im2mesh.generation.constants import SYMMETRY, MatchWidth, SearchStage
from im2mesh.generation.symmetry import MirrorPlane
from im2mesh.generation.symmetry_evidence import (
    Evidence,
    maximised,
    reflect,
    score,
    tangents,
    unit,
)

Plane = tuple[np.ndarray, float]
"""(3,) unit normal n and offset of a plane {p: n·p = offset}."""

Normals = Sequence[np.ndarray]
"""(3,) unit normals of planes that are in use; a further plane is perpendicular to them."""


def find_plane(evidence: Evidence, across: Normals = ()) -> MirrorPlane | None:
    """Find the best mirror plane, perpendicular to the normals ``across``, if one is good."""
    if across:
        # ICP would find the planes again that are in use.
        planes = _scanned(evidence, perpendicular_directions(across))
    else:
        first = SYMMETRY.plane_stages[0]
        planes = _scanned(evidence, hemisphere())
        for radii, kept in SYMMETRY.icp_stages:
            planes = [_matched(evidence, *plane, radii) for plane in planes]
            planes = _chosen(_judged(evidence, planes, first.width, first.points), kept)
    for stage in SYMMETRY.plane_stages:
        judged = _judged(evidence, planes, stage.width, stage.points)
        if across and judged[0].support < SYMMETRY.hopeless_further:
            return None
        least = judged[0].support - SYMMETRY.max_deficit
        near = [mirror for mirror in judged if mirror.support >= least]
        planes = _searched(evidence, _chosen(near, stage.candidates), stage, across)
    (best,) = planes
    (mirror,) = _judged(evidence, [_polished(evidence, *best, across)], SYMMETRY.final_width)
    most = SYMMETRY.max_contradicted_further if across else SYMMETRY.max_contradicted
    good = mirror.support >= SYMMETRY.min_support and mirror.contradicted <= most
    return mirror if good else None


def _chosen(judged: Sequence[MirrorPlane], most: int) -> list[Plane]:
    """Return the first of some planes, each once."""
    chosen: list[Plane] = []
    for mirror in judged:
        plane = mirror.normal, mirror.offset
        if not any(_is_same(plane, other, SYMMETRY.one_plane) for other in chosen):
            chosen.append(plane)
    return chosen[:most]


def _is_same(plane: Plane, other: Plane, within: tuple[float, float]) -> bool:
    """Return whether two planes are about the same, by cosine and difference of offsets."""
    cosine = plane[0] @ other[0]
    return bool(
        abs(cosine) >= within[0] and abs(plane[1] * np.sign(cosine) - other[1]) <= within[1]
    )


def _judged(
    evidence: Evidence, planes: Sequence[Plane], width: MatchWidth, points: int | None = None
) -> list[MirrorPlane]:
    """Return planes with support and contradicted share by all or the first points, best first."""
    normals, offsets = (np.array(each) for each in zip(*planes, strict=True))
    scores, free = evidence.scores(reflect(evidence.sample[:points], normals, offsets), width)
    numbers = zip(offsets.tolist(), scores.mean(axis=1), free.mean(axis=1), strict=True)
    judged = [
        MirrorPlane(normal, offset, float(support), float(contradicted))
        for normal, (offset, support, contradicted) in zip(normals, numbers, strict=True)
    ]
    return sorted(judged, key=lambda mirror: -mirror.support)


# --- the coarse scan --------------------------------------------------------------------------


def _scanned(evidence: Evidence, directions: np.ndarray) -> list[Plane]:
    """Return the best planes with (K, 3) normals, each group of similar planes once."""
    points = evidence.sample[: SYMMETRY.scan_points]
    scores = scan(_table(evidence), points, directions)
    offsets = np.array(SYMMETRY.offsets)
    chosen: list[Plane] = []
    while len(chosen) < SYMMETRY.scan_candidates and scores.max() > -np.inf:
        k, o = np.unravel_index(scores.argmax(), scores.shape)
        chosen.append((directions[k], float(offsets[o])))
        cosines = directions @ directions[k]
        apart = np.abs(offsets * np.where(cosines < 0, -1, 1)[:, None] - offsets[o])
        cosine, distance = SYMMETRY.same_plane
        scores[(np.abs(cosines) >= cosine)[:, None] & (apart <= distance)] = -np.inf
    return chosen


def scan(table: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Score planes coarsely.

    Args:
        table: (T³,) scores at the cells of a coarse lattice, T = ``SYMMETRY.table_cells``.
        points: (N, 3) observed points.
        normals: (K, 3) of the planes.

    Returns:
        (K, O) mean score of the points' images, for each normal and each of ``SYMMETRY.offsets``.
        In single precision, an image on a cell's face may count for the cell beyond.
    """
    size, offsets = SYMMETRY.table_cells, np.array(SYMMETRY.offsets)
    # All space around the table is free. The border is as wide as images reach.
    reach = np.linalg.norm(points, axis=1).max() + 2 * np.abs(offsets).max()
    border = max(0, math.ceil((reach - 0.5) * size)) + 1
    table = table.reshape((size,) * 3).astype(np.float32)
    table = np.pad(table, border, constant_values=-SYMMETRY.free_penalty)
    side, table = len(table), table.ravel()
    # An image is p − 2 (n·p) n + 2 o n. Linear indices are exact in single precision, too.
    doubled = 2 * size * normals.astype(np.float32)
    starts = (points.T + 0.5) * size + border - (doubled @ points.T)[:, None] * normals[:, :, None]
    steps = doubled[:, :, None] * offsets
    starts, steps = starts.astype(np.float32), steps.astype(np.float32)
    shape = len(offsets), len(points)
    cells, total = np.empty((2, *shape), np.float32)
    at = np.empty(shape, np.intp)
    scores = np.empty((len(normals), len(offsets)))
    for k in range(len(normals)):
        total[:] = 0
        for start, step in zip(starts[k], steps[k], strict=True):
            np.add(step[:, None], start, out=cells)
            np.floor(cells, out=cells)
            total *= side
            total += cells
        np.copyto(at, total, casting="unsafe")
        scores[k] = np.add.reduce(table.take(at, mode="clip"), axis=1)
    return scores / len(points)


def _table(evidence: Evidence) -> np.ndarray:
    """Return (T³,) scores at the middles of a coarse lattice's cells."""
    size = SYMMETRY.table_cells
    middles = (np.arange(size) + 0.5) / size - 0.5
    points = np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), -1)
    hidden, observed = evidence.look(points.reshape(-1, 3))
    width = SYMMETRY.table_width
    predicted = cell_distances(np.asarray(evidence.predicted.data), 3 * width.predicted)
    return score(hidden, observed, predicted, width)


def cell_distances(points: np.ndarray, most: float) -> np.ndarray:
    """Return the distances of the table's cells to the nearest cell with a point.

    Args:
        points: (N, 3), N ≥ 0; a point outside the cube counts for the nearest cell.
        most: distance in sides of the cube up to which cells are searched along each axis.

    Returns:
        (T³,) float32 in sides of the cube, infinite where no cell is near.
    """
    size = SYMMETRY.table_cells
    squares = np.full((size,) * 3, np.inf, np.float32)
    cells = np.floor((points + 0.5) * size).astype(np.int64).clip(0, size - 1)
    squares[tuple(cells.T)] = 0
    # The nearest along one axis after the other: squares of distances add up.
    for axis in range(3):
        before = np.moveaxis(squares.copy(), axis, 0)
        after = np.moveaxis(squares, axis, 0)
        for step in range(1, int(most * size) + 1):
            for to, of in ((after[step:], before[:-step]), (after[:-step], before[step:])):
                np.minimum(to, of + np.float32(step**2), out=to)
    return np.sqrt(squares).ravel() / size


def hemisphere() -> np.ndarray:
    """Return (K, 3) unit vectors with z > 0, evenly spaced (Fibonacci's lattice)."""
    count = int(2 * np.pi / SYMMETRY.normal_spacing**2)
    number = np.arange(count) + 0.5
    z = number / count
    angle = np.pi * (1 + 5**0.5) * number
    radius = np.sqrt(1 - z**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)


def perpendicular_directions(across: Normals) -> np.ndarray:
    """Return (K, 3) unit vectors perpendicular to one or two, one of each opposite pair."""
    if len(across) > 1:
        return np.cross(across[0], across[1])[None]
    angles = np.arange(0, np.pi, SYMMETRY.further_spacing)[:, None]
    aside, up = tangents(across[0])
    return np.cos(angles) * aside + np.sin(angles) * up


# --- the refinement ---------------------------------------------------------------------------


def _matched(
    evidence: Evidence, normal: np.ndarray, offset: float, radii: Sequence[float]
) -> Plane:
    """Refine a plane by ICP: match images with their nearest points and fit the plane, repeatedly.

    A match is at most as far as the iteration's radius.

    Σ w |M p − q|² over reflections M in planes with normal n is least where n is the eigenvector
    to the least eigenvalue of the symmetric part of Σ w p' q'ᵀ, p' and q' being relative to their
    means; the plane passes through the middle between these.
    """
    points = evidence.sample[: SYMMETRY.icp_points]
    for radius in radii:
        images = reflect(points, normal, offset)
        distance, nearest = evidence.observed.query(images, distance_upper_bound=radius)
        on_seen = distance < np.inf
        others = points[~on_seen]
        other, guess = evidence.predicted.query(images[~on_seen], distance_upper_bound=radius)
        on_predicted = other < np.inf
        p = np.concatenate([points[on_seen], others[on_predicted]])
        q = np.concatenate(
            [evidence.points[nearest[on_seen]], evidence.predicted.data[guess[on_predicted]]]
        )
        if len(p) < SYMMETRY.icp_min_matches:
            break
        counts = [on_seen.sum(), on_predicted.sum()]
        weights = np.repeat([1.0, SYMMETRY.predicted_score], counts)
        weights /= weights.sum()
        p_mean, q_mean = weights @ p, weights @ q
        spread = ((p - p_mean) * weights[:, None]).T @ (q - q_mean)
        normal = np.linalg.eigh(spread + spread.T)[1][:, 0]
        offset = float(normal @ (p_mean + q_mean) / 2)
    return normal, offset


def _searched(
    evidence: Evidence, starts: Sequence[Plane], stage: SearchStage, across: Normals
) -> list[Plane]:
    """Search the plane of most support near each of some others."""
    points = evidence.sample[: stage.points]
    normals, offsets = (np.array(each) for each in zip(*starts, strict=True))
    turns = np.stack([np.stack(tangents(normal)) for normal in normals])
    if across:  # it may turn about the normals in use only: about one, or not at all
        turns = np.cross(normals, across[0])[:, None][:, : 2 - len(across)]
    # Planes turn about their point nearest to the middle, so that turns move images least.
    middle = points.mean(axis=0)
    pivots = middle - (normals @ middle - offsets)[:, None] * normals

    def moved(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        turned = unit(normals[:, None] + x[..., :-1] @ turns, across)
        return turned, (turned * pivots[:, None]).sum(axis=-1) + x[..., -1]

    def support(x: np.ndarray) -> np.ndarray:
        images = reflect(points, *(each.reshape(-1, *each.shape[2:]) for each in moved(x)))
        return evidence.scores(images, stage.width)[0].mean(axis=1).reshape(x.shape[:2])

    steps = stage.step * np.array([2.0] * turns.shape[1] + [1.0])
    found = maximised(support, len(starts), steps, stage.rounds)
    turned, distances = (each[:, 0] for each in moved(found[:, None]))
    return list(zip(turned, distances.tolist(), strict=True))


def _polished(evidence: Evidence, normal: np.ndarray, offset: float, across: Normals) -> Plane:
    """Bring images onto the observed surface's tangent planes by Gauss–Newton steps.

    The residual of a match is nq·(M p − q), with nq the normal at q.
    """
    every = -(-len(evidence.points) // SYMMETRY.newton_points)
    points, normals = evidence.points[::every], evidence.normals[::every]
    for _ in range(SYMMETRY.newton_iterations):
        images = reflect(points, normal, offset)
        distance, nearest = evidence.observed.query(
            images, distance_upper_bound=SYMMETRY.newton_radius
        )
        at = np.flatnonzero(distance < np.inf)
        turned = reflect(normals[at], normal, 0.0)
        facing = evidence.normals[nearest[at]]
        same = (turned * facing).sum(axis=1) > SYMMETRY.newton_min_cosine
        at, facing = at[same], facing[same]
        p = points[at]
        residual = ((images[at] - evidence.points[nearest[at]]) * facing).sum(axis=1)
        basis = np.stack(tangents(normal), axis=1)
        height = (p @ normal - offset)[:, None]
        towards = (facing @ normal)[:, None]
        jacobian = -2 * ((p @ basis) * towards + height * (facing @ basis))
        jacobian = np.hstack([jacobian, 2 * towards])
        weights = 1 / (1 + (residual / SYMMETRY.newton_half_weight) ** 2)
        square = (jacobian * weights[:, None]).T @ jacobian
        square += SYMMETRY.newton_damping * len(points) * np.eye(3)
        step = np.linalg.solve(square, -(jacobian * weights[:, None]).T @ residual)
        normal, offset = unit(normal + basis @ step[:2], across), offset + step[2]
        if np.abs(step).max() < SYMMETRY.newton_least_step:
            break
    return normal, offset
