"""Search for the mirror plane that the evidence supports best.

All planes near the cube's centre are scored coarsely. The best ones are refined by matching
reflected points with their nearest neighbours (ICP for a reflection), then by direct search, and
at last by Gauss–Newton steps onto the observed surface's tangent planes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

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
        planes = [_matched(evidence, *plane) for plane in _scanned(evidence, hemisphere())]
    for stage in SYMMETRY.plane_stages:
        judged = [_judged(evidence, plane, stage.width, stage.points) for plane in planes]
        judged.sort(key=lambda mirror: -mirror.support)
        if across and judged[0].support < SYMMETRY.hopeless_further:
            return None
        planes = _refined(evidence, judged, stage, across)
    mirror = _judged(evidence, _polished(evidence, *planes[0], across), SYMMETRY.final_width)
    most = SYMMETRY.max_contradicted_further if across else SYMMETRY.max_contradicted
    good = mirror.support >= SYMMETRY.min_support and mirror.contradicted <= most
    return mirror if good else None


def _refined(
    evidence: Evidence, judged: Sequence[MirrorPlane], stage: SearchStage, across: Normals
) -> list[Plane]:
    """Refine the best of some planes, each once; at least the first one."""
    planes: list[Plane] = []
    best = judged[0].support
    for mirror in judged[: stage.candidates]:
        if mirror.support < best - SYMMETRY.max_deficit:
            break
        start = mirror.normal, mirror.offset
        if not any(_is_same(start, plane, SYMMETRY.one_plane) for plane in planes):
            planes.append(_searched(evidence, mirror, stage, across))
    return planes


def _is_same(plane: Plane, other: Plane, within: tuple[float, float]) -> bool:
    """Return whether two planes are about the same, by cosine and difference of offsets."""
    cosine = plane[0] @ other[0]
    return bool(
        abs(cosine) >= within[0] and abs(plane[1] * np.sign(cosine) - other[1]) <= within[1]
    )


def _judged(
    evidence: Evidence, plane: Plane, width: MatchWidth, points: int | None = None
) -> MirrorPlane:
    """Return a plane with its support and its contradicted share, by all or the first points."""
    normal, offset = plane
    scores, free = evidence.scores(reflect(evidence.sample[:points], normal, offset), width)
    return MirrorPlane(normal, float(offset), float(scores.mean()), float(free.mean()))


# --- the coarse scan --------------------------------------------------------------------------


def _scanned(evidence: Evidence, directions: np.ndarray) -> list[Plane]:
    """Return the best planes with (K, 3) normals, each group of similar planes once."""
    points = evidence.sample[: SYMMETRY.scan_points]
    scores = scan(_table(evidence), points, directions)
    chosen: list[Plane] = []
    count = len(SYMMETRY.offsets)
    for at in np.argsort(-scores, axis=None, kind="stable"):
        plane = directions[at // count], SYMMETRY.offsets[at % count]
        if not any(_is_same(plane, other, SYMMETRY.same_plane) for other in chosen):
            chosen.append(plane)
        if len(chosen) == SYMMETRY.scan_candidates:
            break
    return chosen


def scan(table: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Score planes coarsely.

    Args:
        table: (T³,) scores at the cells of a coarse lattice, T = ``SYMMETRY.table_cells``.
        points: (N, 3) observed points.
        normals: (K, 3) of the planes.

    Returns:
        (K, O) mean score of the points' images, for each normal and each of ``SYMMETRY.offsets``.
    """
    size, offsets = SYMMETRY.table_cells, np.array(SYMMETRY.offsets)
    # A border of cells stands for all space around the table.
    table = np.pad(table.reshape((size,) * 3), 1, constant_values=-SYMMETRY.free_penalty).ravel()
    axes = (points.T + 0.5) * size + 1
    scores = np.empty((len(normals), len(offsets)))
    for k, normal in enumerate(normals):
        moved = 2 * size * (points @ normal - offsets[:, None])
        at = np.zeros(moved.shape, np.int32)
        for coordinates, component in zip(axes, normal, strict=True):
            at *= size + 2
            at += (coordinates - moved * component).clip(0, size + 1).astype(np.int32)
        scores[k] = table[at].mean(axis=1)
    return scores


def _table(evidence: Evidence) -> np.ndarray:
    """Return (T³,) scores at the middles of a coarse lattice's cells."""
    size = SYMMETRY.table_cells
    middles = (np.arange(size) + 0.5) / size - 0.5
    points = np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), -1)
    hidden = evidence.hidden(points.reshape(-1, 3))
    observed = _cell_distances(evidence.points)
    predicted = _cell_distances(np.asarray(evidence.predicted.data))
    return score(hidden, observed, predicted, SYMMETRY.table_width)


def _cell_distances(points: np.ndarray) -> np.ndarray:
    """Return the (T³,) distances of the table's cells to the nearest cell with a point."""
    size = SYMMETRY.table_cells
    empty = np.ones((size,) * 3, dtype=bool)
    empty[tuple(_cells(points).clip(0, size - 1).T)] = False
    if empty.all():
        return np.full(empty.size, np.inf)
    distance = ndimage.distance_transform_edt(empty) / size
    return np.asarray(distance).ravel()


def _cells(points: np.ndarray) -> np.ndarray:
    """Return the (…, 3) int64 cells of the table that points are in."""
    return np.floor((points + 0.5) * SYMMETRY.table_cells).astype(np.int64)


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


def _matched(evidence: Evidence, normal: np.ndarray, offset: float) -> Plane:
    """Refine a plane by ICP: match images with their nearest points and fit the plane, repeatedly.

    Σ w |M p − q|² over reflections M in planes with normal n is least where n is the eigenvector
    to the least eigenvalue of the symmetric part of Σ w p' q'ᵀ, p' and q' being relative to their
    means; the plane passes through the middle between these.
    """
    points = evidence.sample[: SYMMETRY.icp_points]
    for radius in SYMMETRY.icp_radii:
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


def _searched(evidence: Evidence, start: MirrorPlane, stage: SearchStage, across: Normals) -> Plane:
    """Search the plane of most support near another one."""
    turns = np.stack(tangents(start.normal))
    if across:  # it may turn about the normals in use only: about one, or not at all
        turns = np.cross(start.normal, across[0])[None][: 2 - len(across)]

    def plane(x: np.ndarray) -> Plane:
        return unit(start.normal + x[:-1] @ turns, across), start.offset + x[-1]

    def support(x: np.ndarray) -> float:
        return _judged(evidence, plane(x), stage.width, stage.points).support

    steps = stage.step * np.array([2.0] * len(turns) + [1.0])
    return plane(maximised(support, steps, stage.evaluations))


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
