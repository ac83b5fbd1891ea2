"""The object's mirror plane, from what one depth map shows of it.

Most things that people make have a left and a right side that are each other's image. Where the
plane between them is known, the depth map says of the far side what it says of the near one: where
a point's image was seen to be empty, the point is empty too.

A plane is wrong if it reflects observed points into space that was seen to be empty, and right if
it reflects many of them onto the observed surface, or onto that of a coarse mesh made without it.
:func:`find_mirror` looks for the best of all planes near the cube's centre: first coarsely, then by
matching reflected points with their nearest ones (ICP for a reflection), then by direct search, and
at last by bringing reflected points onto the observed surface's tangent planes. Objects without a
plane, or whose plane cannot be told, get none.

``docs/observation.md`` says how often that goes right and what it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage, optimize
from scipy.spatial import cKDTree
from torch import Tensor

from im2mesh.generation.observation import Observation, surface_normals
from im2mesh.patches import back_project

LEAST = 100
"""Observed points without which no plane is looked for."""

SUPPORT = 0.3
"""Least :attr:`Mirror.support` of a plane that is used."""

CONTRADICTED = 0.12
"""Largest share of observed points that a plane in use reflects into free space."""

PREDICTED = 0.5
"""What a match with the predicted surface counts beside one with the observed surface."""

PENALTY = 4.0
"""What a point in free space counts beside one on the observed surface."""

STEEP = 0.01
"""How far beyond the tolerance a point in free space counts fully, in sides of the cube."""

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


@dataclass(frozen=True)
class Mirror:
    """A plane {p: n·p = offset} that an object is its own image in.

    Attributes:
        normal: (3,) float64, n, a unit vector in the camera frame.
        offset: from the cube's centre along the normal, in sides of the cube.
        support: mean of what each observed point's image says, at most 1: 1 on the observed
            surface, :data:`PREDICTED` on the predicted one, 0 elsewhere in hidden space,
            −:data:`PENALTY` in free space.
        contradicted: share of the observed points whose images are in free space, in [0, 1].
    """

    normal: np.ndarray
    offset: float
    support: float = 0.0
    contradicted: float = 0.0

    def __call__(self, points: Tensor) -> Tensor:
        """(N, 3) points → (N, 3) their images."""
        normal = torch.as_tensor(self.normal, dtype=points.dtype, device=points.device)
        return points - 2 * (points @ normal - self.offset)[:, None] * normal


def find_mirror(
    depth: np.ndarray, observation: Observation, predicted: np.ndarray
) -> Mirror | None:
    """An object's mirror plane.

    Args:
        depth: (256, 256), background < 0; what is not known counts as background.
        observation: of the same map.
        predicted: (M, 3) points on the whole surface as it is thought to be without a plane,
            M ≥ 0. (The pipeline's are of an observed field, and so hold the observed surface too;
            that changes nothing, since a match with it counts more.)

    Returns:
        The best plane, or None where there is no good one. The same for the same map.
    """
    seen = back_project(depth).astype(np.float64)
    if len(seen) < LEAST:
        return None
    predicted = np.asarray(predicted, dtype=np.float64)
    return _Evidence(seen, surface_normals(depth), predicted, observation).best()


class _Evidence:
    """What speaks for and against planes."""

    def __init__(
        self,
        seen: np.ndarray,
        normals: np.ndarray,
        predicted: np.ndarray,
        observation: Observation,
    ) -> None:
        """Index the points.

        Args:
            seen: (N, 3) float64 observed points.
            normals: (N, 3) of the surface there, of unit length.
            predicted: (M, 3) float64.
            observation: of the map.
        """
        self.observation = observation
        # The same points each time, so that the same map gives the same mesh.
        order = np.random.default_rng(0).permutation(len(seen))
        self.few, self.some = seen[order[:SCANNED]], seen[order[:POINTS]]
        self.seen, self.predicted = cKDTree(seen), cKDTree(predicted)
        self.normals = normals

    def _table(self) -> np.ndarray:
        """(TABLE³,) scores at the middles of a coarse lattice's cells."""
        middles = (np.arange(TABLE) + 0.5) / TABLE - 0.5
        points = np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), -1)
        hidden = self._hidden(points.reshape(-1, 3))
        return _score(hidden, _voxels(self.seen.data), _voxels(self.predicted.data), SCAN_WIDTH)

    def _hidden(self, points: np.ndarray) -> np.ndarray:
        device = self.observation.device
        on_device = torch.from_numpy(points).float().to(device)
        return self.observation.hidden_in_cube(on_device).cpu().numpy()

    def judge(self, normal: np.ndarray, offset: float, width: _Width) -> Mirror:
        """A plane with its support."""
        points = _reflect(self.some, normal, offset)
        hidden = self._hidden(points)
        near = 3 * width.observed, 3 * width.predicted
        observed = self.seen.query(points, distance_upper_bound=near[0])[0]
        predicted = self.predicted.query(points, distance_upper_bound=near[1])[0]
        support = _score(hidden, observed, predicted, width).mean()
        contradicted = (hidden < -width.tolerance).mean()
        return Mirror(normal, float(offset), float(support), float(contradicted))

    def best(self) -> Mirror | None:
        """The best plane, if it is good."""
        planes = [self._matched(*plane) for plane in self._candidates()]
        for keep, width, step, evaluations in STAGES:
            judged = sorted((self.judge(*p, width) for p in planes), key=lambda m: -m.support)
            planes = [self._searched(m, width, step, evaluations) for m in judged[:keep]]
        mirror = self.judge(*self._polished(*planes[0]), FINAL_WIDTH)
        good = mirror.support >= SUPPORT and mirror.contradicted <= CONTRADICTED
        return mirror if good else None

    def _candidates(self) -> list[tuple[np.ndarray, float]]:
        """The scan's best planes, those that are alike only once."""
        directions = _hemisphere(SPACING)
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

    def _polished(self, normal: np.ndarray, offset: float) -> tuple[np.ndarray, float]:
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
            across, up = _tangents(normal)
            height = (p @ normal - offset)[:, None]
            towards = (facing @ normal)[:, None]
            basis = np.stack([across, up], axis=1)
            jacobian = -2 * ((p @ basis) * towards + height * (facing @ basis))
            jacobian = np.hstack([jacobian, 2 * towards])
            weights = 1 / (1 + (residual / half) ** 2)
            square = (jacobian * weights[:, None]).T @ jacobian
            square += DAMPING * len(self.seen.data) * np.eye(3)
            step = np.linalg.solve(square, -(jacobian * weights[:, None]).T @ residual)
            normal = normal + basis @ step[:2]
            normal, offset = normal / np.linalg.norm(normal), offset + step[2]
        return normal, offset

    def _searched(
        self, start: Mirror, width: _Width, step: float, evaluations: int
    ) -> tuple[np.ndarray, float]:
        """The plane of most support near another one (Nelder and Mead's search)."""
        across, up = _tangents(start.normal)

        def plane(x: np.ndarray) -> tuple[np.ndarray, float]:
            normal = start.normal + x[0] * across + x[1] * up
            return normal / np.linalg.norm(normal), start.offset + x[2]

        found = optimize.minimize(
            lambda x: -self.judge(*plane(x), width).support,
            np.zeros(3),
            method="Nelder-Mead",
            options={
                "initial_simplex": np.vstack([np.zeros(3), np.diag([2 * step, 2 * step, step])]),
                "maxfev": evaluations,
                "xatol": 2e-4,
                "fatol": 1e-4,
            },
        )
        return plane(found.x)


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
