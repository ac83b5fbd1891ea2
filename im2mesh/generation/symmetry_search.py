"""The symmetry of an object, from what one depth map shows of it.

A plane is wrong if it reflects observed points into space that was seen to be empty, and right if
it reflects many of them onto the observed surface, or onto that of a coarse mesh made without it.
An axis of revolution is judged in the same way, by turning observed points about it.

:func:`find_symmetry` first looks for an axis. The line through a surface point along the normal
meets the axis of a solid of revolution; of lines through a few random points that makes linear
equations for the axis (as for kinematic surfaces: Pottmann and Randrup, Rotational and helical
surface approximation, Computing 1998). The axes that most normals meet are judged, the best one is
improved by direct search.

Where there is no axis it looks for the best of all planes near the cube's centre: first coarsely,
then by matching reflected points with their nearest ones (ICP for a reflection), then by direct
search, and at last by bringing reflected points onto the observed surface's tangent planes. With a
plane the map shows more of the object, which may support another plane, perpendicular to it.

Objects without a symmetry, or whose symmetry cannot be told, get none. ``docs/observation.md`` says
how often that goes right and what it is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage, optimize
from scipy.spatial import cKDTree

from im2mesh.generation.observation import Observation, surface_normals
from im2mesh.generation.revolution import met_axes, turn
from im2mesh.generation.symmetry import MirrorPlane, MirrorPlanes, RevolutionAxis, Symmetry
from im2mesh.geometry.pixels import back_project

LEAST = 100
"""Observed points without which no plane is looked for."""

SUPPORT = 0.3
"""Least :attr:`MirrorPlane.support` of a plane that is used."""

CONTRADICTED = 0.12
"""Largest share of observed points that a plane in use reflects into free space."""

PREDICTED = 0.5
"""What a match with the predicted surface counts beside one with the observed surface."""

PENALTY = 4.0
"""What a point in free space counts beside one on the observed surface."""

STEEP = 0.01
"""How far beyond the tolerance a point in free space counts fully, in sides of the cube."""

MOST_PLANES = 3
"""Planes that are looked for, each perpendicular to those before."""

FURTHER_CONTRADICTED = 0.045
"""The same of planes beside the first one. They carve most, and of tables, sofas and screens that
are turned upside down the map contradicts a twentieth only."""

HOPELESS = -0.1
"""Axes, and further planes that were searched for once, whose support is less are given up."""

# --- axes of revolution ---

AXIS_SUPPORT = 0.2
"""Least :attr:`RevolutionAxis.support` of an axis that is used."""

AXIS_CONTRADICTED = 0.03
"""Largest :attr:`RevolutionAxis.contradicted` of an axis that is used."""

AXIS_OUTLIERS = 0.2
"""Largest :attr:`RevolutionAxis.outliers` of an axis that is used."""

OUTLIER = -1.0
"""What an observed point counts that does not belong to the solid."""

ANGLES = np.arange(1, 7) * (2 * np.pi / 13)
"""By which points are turned. No object with a few equal sides, legs or spokes is its own image at
a thirteenth of a turn."""

TURNED = 300
"""Observed points that are turned."""

MET = 6
"""Axes that are judged."""

# --- the coarse scan ---

TABLE = 64
"""Cells along a side of the table that the scan looks scores up in."""

SPACING = 0.1
"""Between the normals of the scan, in radians."""

OFFSETS = np.arange(-10, 11) * 0.02
"""Distances of the scan's planes from the cube's centre, in its sides."""

SCANNED = 400
"""Observed points of the scan."""

KEPT = 12
"""Planes of the scan that are refined."""

ALIKE = 0.97, 0.03
"""Planes whose normals have a larger cosine and whose offsets differ by less are one."""

# --- the refinement ---

RADII = (0.05, 0.04, 0.03, 0.02, 0.02, 0.015, 0.015, 0.01)
"""Within which a reflected point's nearest neighbour is a match, one an iteration of ICP."""

POINTS = 800
"""Observed points of the refinement."""

POLISH = 8, 0.015, 0.9, 0.002
"""Iterations of the last step; most distance of a match, least cosine between its normals; the
distance at which a match weighs half."""

DAMPING = 1e-3
"""Of the last step: what keeps a direction where it was of which matches say nothing."""


@dataclass(frozen=True)
class _Width:
    """How exactly surfaces must meet, in sides of the cube.

    Attributes:
        observed: distance from the observed surface at which a match counts 1/e.
        predicted: the same of the predicted surface.
        tolerance: how far in front of the observed surface a point is not in free space yet.
    """

    observed: float
    predicted: float
    tolerance: float


SCAN_WIDTH = _Width(0.03, 0.03, 0.02)
FINAL_WIDTH = _Width(0.008, 0.015, 0.01)
STAGES = (
    (4, _Width(0.016, 0.02, 0.008), 0.02, 50),
    (2, _Width(0.008, 0.015, 0.006), 0.008, 70),
    (1, _Width(0.005, 0.01, 0.004), 0.005, 70),
)
"""Of the direct search: planes that take part, width, first step, evaluations."""
AXIS_STAGES = ((2, STAGES[0][1], 0.02, 60), (1, STAGES[1][1], 0.006, 60))
"""The same of axes, which the normals tell well enough to begin with."""


def find_symmetry(
    depth: np.ndarray, observation: Observation, predicted: np.ndarray
) -> Symmetry | None:
    """Find an object's axis of revolution or mirror planes.

    Args:
        depth: (256, 256), background < 0; what is not known counts as background.
        observation: of the same map.
        predicted: (M, 3) points on the whole surface as it is thought to be without a symmetry,
            M ≥ 0. (The pipeline's are of an observed field, and so hold the observed surface too;
            that changes nothing, since a match with it counts more.)

    Returns:
        The best symmetry, or None where there is no good one. The same for the same map.
    """
    seen = back_project(depth).astype(np.float64)
    if len(seen) < LEAST:
        return None
    normals, predicted = surface_normals(depth), np.asarray(predicted, dtype=np.float64)

    def hidden(points: np.ndarray) -> np.ndarray:
        on_device = torch.from_numpy(points).float().to(observation.device)
        return observation.in_cube(on_device)[0].cpu().numpy()

    evidence = _Evidence(seen, normals, predicted, hidden)
    axis = _AxisSearch(evidence).best()
    if axis is not None:
        return axis
    planes: list[MirrorPlane] = []
    while len(planes) < MOST_PLANES:
        found = evidence.best([plane.normal for plane in planes])
        if found is None:
            break
        planes.append(found)
        evidence = evidence.reflected(found)
    return MirrorPlanes(tuple(planes)) if planes else None


class _Evidence:
    """What speaks for and against symmetries."""

    def __init__(
        self,
        seen: np.ndarray,
        normals: np.ndarray,
        predicted: np.ndarray,
        hidden: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        """Index the points.

        Args:
            seen: (N, 3) float64 observed points.
            normals: (N, 3) of the surface there, of unit length.
            predicted: (M, 3) float64.
            hidden: (P, 3) points → (P,) distances to hidden space's boundary, negative outside.
        """
        self.hidden = hidden
        # The same points each time, so that the same map gives the same mesh.
        order = np.random.default_rng(0).permutation(len(seen))
        self.few, self.some = seen[order[:SCANNED]], seen[order[:POINTS]]
        self.seen, self.predicted = cKDTree(seen), cKDTree(predicted)
        self.normals = normals

    def reflected(self, mirror: MirrorPlane) -> _Evidence:
        """What there is, and what a plane makes of it."""
        normal, offset = mirror.normal, mirror.offset
        seen = np.concatenate([self.seen.data, _reflect(self.seen.data, normal, offset)])
        normals = np.concatenate([self.normals, _reflect(self.normals, normal, 0.0)])

        def hidden(points: np.ndarray) -> np.ndarray:
            return np.minimum(self.hidden(points), self.hidden(_reflect(points, normal, offset)))

        return _Evidence(seen, normals, np.asarray(self.predicted.data), hidden)

    def _table(self) -> np.ndarray:
        """(TABLE³,) scores at the middles of a coarse lattice's cells."""
        middles = (np.arange(TABLE) + 0.5) / TABLE - 0.5
        points = np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), -1)
        hidden = self.hidden(points.reshape(-1, 3))
        return _score(hidden, _voxels(self.seen.data), _voxels(self.predicted.data), SCAN_WIDTH)

    def scores(self, points: np.ndarray, width: _Width) -> tuple[np.ndarray, np.ndarray]:
        """(P,) scores of images, and (P,) bool, which of them are in free space."""
        hidden = self.hidden(points)
        near = 3 * width.observed, 3 * width.predicted
        observed = self.seen.query(points, distance_upper_bound=near[0])[0]
        predicted = self.predicted.query(points, distance_upper_bound=near[1])[0]
        return _score(hidden, observed, predicted, width), hidden < -width.tolerance

    def judge(self, normal: np.ndarray, offset: float, width: _Width) -> MirrorPlane:
        """A plane with its support."""
        scores, free = self.scores(_reflect(self.some, normal, offset), width)
        return MirrorPlane(normal, float(offset), float(scores.mean()), float(free.mean()))

    def best(self, across: Sequence[np.ndarray] = ()) -> MirrorPlane | None:
        """The best plane, if it is good.

        Args:
            across: normals of planes, (3,) each, that it is perpendicular to.
        """
        if across:
            # Matching would find the planes again that are known.
            planes = self._candidates(_perpendicular(across, SPACING))
        else:
            planes = [self._matched(*plane) for plane in self._candidates(_hemisphere(SPACING))]
        for keep, width, step, evaluations in STAGES:
            judged = sorted((self.judge(*p, width) for p in planes), key=lambda m: -m.support)
            if across and keep < STAGES[0][0] and judged[0].support < HOPELESS:
                return None
            planes = [self._searched(m, width, step, evaluations, across) for m in judged[:keep]]
        mirror = self.judge(*self._polished(*planes[0], across), FINAL_WIDTH)
        most = FURTHER_CONTRADICTED if across else CONTRADICTED
        good = mirror.support >= SUPPORT and mirror.contradicted <= most
        return mirror if good else None

    def _candidates(self, directions: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """The scan's best planes, those that are alike only once."""
        scores = _scan(self._table(), self.few, directions)
        chosen: list[tuple[np.ndarray, float]] = []
        cosine, apart = ALIKE
        for at in np.argsort(-scores, axis=None, kind="stable"):
            normal, offset = directions[at // len(OFFSETS)], OFFSETS[at % len(OFFSETS)]
            if all(
                abs(normal @ n) < cosine or abs(offset * np.sign(normal @ n) - o) > apart
                for n, o in chosen
            ):
                chosen.append((normal, offset))
            if len(chosen) == KEPT:
                break
        return chosen

    def _matched(self, normal: np.ndarray, offset: float) -> tuple[np.ndarray, float]:
        """ICP: the plane that best takes points to their images' nearest neighbours, repeatedly.

        Σ w |M p − q|² over reflections M in planes with normal n is least where n is the
        eigenvector to the least eigenvalue of the symmetric part of Σ w p' q'ᵀ, p' and q' being
        relative to their means; the plane passes through the middle between these.
        """
        for radius in RADII:
            points = _reflect(self.some, normal, offset)
            distance, nearest = self.seen.query(points, distance_upper_bound=radius)
            on_seen = distance < np.inf
            other, guess = self.predicted.query(points, distance_upper_bound=radius)
            on_predicted = (other < np.inf) & ~on_seen
            p = np.concatenate([self.some[on_seen], self.some[on_predicted]])
            q = np.concatenate(
                [self.seen.data[nearest[on_seen]], self.predicted.data[guess[on_predicted]]]
            )
            weights = np.repeat([1.0, PREDICTED], [on_seen.sum(), on_predicted.sum()])
            if len(p) < 10:
                break
            weights /= weights.sum()
            p_mean, q_mean = weights @ p, weights @ q
            spread = ((p - p_mean) * weights[:, None]).T @ (q - q_mean)
            normal = np.linalg.eigh(spread + spread.T)[1][:, 0]
            offset = float(normal @ (p_mean + q_mean) / 2)
        return normal, offset

    def _polished(
        self, normal: np.ndarray, offset: float, across: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, float]:
        """Gauss and Newton's steps that bring images onto the observed surface's planes.

        The residual of a match is nq·(M p − q), with nq the normal at q.
        """
        iterations, radius, cosine, half = POLISH
        for _ in range(iterations):
            points = _reflect(self.seen.data, normal, offset)
            distance, nearest = self.seen.query(points, distance_upper_bound=radius)
            at = np.flatnonzero(distance < np.inf)
            turned = _reflect(self.normals[at], normal, 0.0)
            at = at[(turned * self.normals[nearest[at]]).sum(axis=1) > cosine]
            p, facing = self.seen.data[at], self.normals[nearest[at]]
            residual = ((points[at] - self.seen.data[nearest[at]]) * facing).sum(axis=1)
            aside, up = _tangents(normal)
            height = (p @ normal - offset)[:, None]
            towards = (facing @ normal)[:, None]
            basis = np.stack([aside, up], axis=1)
            jacobian = -2 * ((p @ basis) * towards + height * (facing @ basis))
            jacobian = np.hstack([jacobian, 2 * towards])
            weights = 1 / (1 + (residual / half) ** 2)
            square = (jacobian * weights[:, None]).T @ jacobian
            square += DAMPING * len(self.seen.data) * np.eye(3)
            step = np.linalg.solve(square, -(jacobian * weights[:, None]).T @ residual)
            normal, offset = _unit(normal + basis @ step[:2], across), offset + step[2]
        return normal, offset

    def _searched(
        self,
        start: MirrorPlane,
        width: _Width,
        step: float,
        evaluations: int,
        across: Sequence[np.ndarray],
    ) -> tuple[np.ndarray, float]:
        """The plane of most support near another one."""
        turns = np.stack(_tangents(start.normal))
        if across:  # the ways that are left to turn: one, or none
            turns = np.cross(start.normal, across[0])[None][: 2 - len(across)]

        def plane(x: np.ndarray) -> tuple[np.ndarray, float]:
            return _unit(start.normal + x[:-1] @ turns, across), start.offset + x[-1]

        first = step * np.array([2.0] * len(turns) + [1.0])
        return plane(_climb(lambda x: self.judge(*plane(x), width).support, first, evaluations))


class _AxisSearch:
    """What speaks for and against axes of revolution."""

    def __init__(self, evidence: _Evidence) -> None:
        self.evidence = evidence
        self.points = evidence.some[:TURNED]

    def judge(self, direction: np.ndarray, start: np.ndarray, width: _Width) -> RevolutionAxis:
        """An axis with its support."""
        images = [turn(self.points, direction, start, angle) for angle in ANGLES]
        found = self.evidence.scores(np.concatenate(images), width)
        scores, free = (of_all.reshape(len(ANGLES), -1) for of_all in found)
        outlier = free.mean(axis=0) > 0.5
        support = np.where(outlier, OUTLIER, scores.mean(axis=0)).mean()
        contradicted = free[:, ~outlier].mean() if not outlier.all() else 1.0
        relative = np.asarray(self.evidence.seen.data) - start
        radius = np.linalg.norm(np.cross(relative, direction), axis=1).max()
        return RevolutionAxis(
            direction, start, float(radius), float(support), float(contradicted),
            float(outlier.mean()),
        )  # fmt: skip

    def best(self) -> RevolutionAxis | None:
        """The best axis, if it is good."""
        seen, normals = np.asarray(self.evidence.seen.data), self.evidence.normals
        axes = list(zip(*met_axes(seen, normals, MET), strict=True))
        for keep, width, step, evaluations in AXIS_STAGES:
            judged = sorted((self.judge(*a, width) for a in axes), key=lambda a: -a.support)
            if judged[0].support < HOPELESS:
                return None
            axes = [self._searched(a, width, step, evaluations) for a in judged[:keep]]
        axis = self.judge(*axes[0], FINAL_WIDTH)
        good = (
            axis.support >= AXIS_SUPPORT
            and axis.contradicted <= AXIS_CONTRADICTED
            and axis.outliers <= AXIS_OUTLIERS
        )
        return axis if good else None

    def _searched(
        self, near: RevolutionAxis, width: _Width, step: float, evaluations: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The axis of most support near another one."""
        aside, up = _tangents(near.direction)

        def axis(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            direction = _unit(near.direction + x[0] * aside + x[1] * up)
            start = near.point + x[2] * aside + x[3] * up
            return direction, start - (start @ direction) * direction

        first = np.array([2 * step, 2 * step, step, step])
        return axis(_climb(lambda x: self.judge(*axis(x), width).support, first, evaluations))


def _climb(
    support: Callable[[np.ndarray], float], first: np.ndarray, evaluations: int
) -> np.ndarray:
    """Where a function of (D,) numbers is largest near 0 (Nelder and Mead's search).

    Args:
        support: the function.
        first: (D,) steps.
        evaluations: at the most.
    """
    found = optimize.minimize(
        lambda x: -support(x),
        np.zeros(len(first)),
        method="Nelder-Mead",
        options={
            "initial_simplex": np.vstack([np.zeros(len(first)), np.diag(first)]),
            "maxfev": evaluations,
            "xatol": 2e-4,
            "fatol": 1e-4,
        },
    )
    return np.asarray(found.x)


def _score(
    hidden: np.ndarray, observed: np.ndarray, predicted: np.ndarray, width: _Width
) -> np.ndarray:
    """What images say about a plane, (N,) from their three distances, (N,) each."""
    match = np.maximum(
        np.exp(-((observed / width.observed) ** 2)),
        PREDICTED * np.exp(-((predicted / width.predicted) ** 2)),
    )
    return np.asarray(match - PENALTY * ((-hidden - width.tolerance) / STEEP).clip(0, 1))


def _tangents(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors, (3,) each, perpendicular to a third one and to each other."""
    across = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    across /= np.linalg.norm(across)
    return across, np.cross(normal, across)


def _unit(vector: np.ndarray, across: Sequence[np.ndarray] = ()) -> np.ndarray:
    """Make a (3,) vector perpendicular to unit vectors, which are so to each other, and one."""
    for other in across:
        vector = vector - (vector @ other) * other
    return vector / np.linalg.norm(vector)


def _perpendicular(across: Sequence[np.ndarray], spacing: float) -> np.ndarray:
    """(K, 3) unit vectors perpendicular to one or two, one of each two opposite ones."""
    if len(across) > 1:
        return np.cross(across[0], across[1])[None]
    angles = np.arange(0, np.pi, spacing)[:, None]
    aside, up = _tangents(across[0])
    return np.cos(angles) * aside + np.sin(angles) * up


def _reflect(points: np.ndarray, normal: np.ndarray, offset: float) -> np.ndarray:
    return points - 2 * np.outer(points @ normal - offset, normal)


def _hemisphere(spacing: float) -> np.ndarray:
    """(K, 3) unit vectors with z > 0, about ``spacing`` apart (Fibonacci's lattice)."""
    count = int(2 * np.pi / spacing**2)
    number = np.arange(count) + 0.5
    z = number / count
    angle = np.pi * (1 + 5**0.5) * number
    radius = np.sqrt(1 - z**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)


def _cells(points: np.ndarray) -> np.ndarray:
    """(..., 3) int64 the table's cells that points are in."""
    return np.floor((points + 0.5) * TABLE).astype(np.int64)


def _voxels(points: np.ndarray) -> np.ndarray:
    """(TABLE³,) distances of the table's cells to the nearest one with a point."""
    empty = np.ones((TABLE,) * 3, dtype=bool)
    empty[tuple(_cells(points).clip(0, TABLE - 1).T)] = False
    if empty.all():
        return np.full(empty.size, np.inf)
    distance = ndimage.distance_transform_edt(empty) / TABLE
    return np.asarray(distance).ravel()


def _scan(table: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(K, O) mean score of the points' images in planes of K normals and O offsets."""
    scores = np.empty((len(normals), len(OFFSETS)))
    for k, normal in enumerate(normals):
        along = points @ normal
        moved = 2 * (along - OFFSETS[:, None])
        cells = _cells(points - moved[..., None] * normal)
        within = ((cells >= 0) & (cells < TABLE)).all(axis=-1)
        cells = cells.clip(0, TABLE - 1)
        found = table[(cells[..., 0] * TABLE + cells[..., 1]) * TABLE + cells[..., 2]]
        scores[k] = np.where(within, found, -PENALTY).mean(axis=1)
    return scores
