"""Evidence of one depth map for and against symmetries: scores of points' images.

A symmetry is wrong if it takes observed points into space that was seen to be empty, and right if
it takes many of them onto the observed surface, or onto that of a coarse mesh made without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy import optimize
from scipy.spatial import cKDTree

from im2mesh.generation.constants import SYMMETRY, MatchWidth
from im2mesh.generation.observation import Observation
from im2mesh.generation.observation_maps import surface_normals
from im2mesh.generation.symmetry import image_margin
from im2mesh.geometry.pixels import back_project


class Evidence:
    """Observed and predicted points of an object, and the space that was seen to be free.

    Attributes:
        hidden: (P, 3) points → (P,) distances to hidden space's boundary, negative in free space.
        margin: how much more images may miss, in sides of the cube.
        points: (N, 3) float64 observed points.
        normals: (N, 3) unit normals there.
        sample: some of the observed points in random order, the same for the same map.
        observed: tree of the observed points.
        predicted: tree of points on the predicted surface.
    """

    def __init__(
        self,
        points: np.ndarray,
        normals: np.ndarray,
        predicted: np.ndarray,
        hidden: Callable[[np.ndarray], np.ndarray],
        margin: float = 0.0,
    ) -> None:
        """Index the points; ``predicted`` is (M, 3) float64, M ≥ 0."""
        self.hidden, self.margin = hidden, margin
        self.points, self.normals = points, normals
        # The same points each time, so that the same map gives the same mesh.
        order = np.random.default_rng(0).permutation(len(points))
        self.sample = points[order[: SYMMETRY.points]]
        # Median splits cost more than they save.
        self.observed, self.predicted = (
            cKDTree(each, balanced_tree=False) for each in (points, predicted)
        )

    @classmethod
    def gather(cls, depth: np.ndarray, observation: Observation, predicted: np.ndarray) -> Evidence:
        """Gather the evidence of a depth map, by (M, 3) points on the predicted surface."""

        def hidden(points: np.ndarray) -> np.ndarray:
            on_device = torch.from_numpy(points).float().to(observation.device)
            return observation.hidden_in_cube(on_device).cpu().numpy()

        points = back_project(depth).astype(np.float64)
        predicted = np.asarray(predicted, dtype=np.float64)
        margin = image_margin(observation)
        return cls(points, surface_normals(depth), predicted, hidden, margin)

    def reflected(self, normal: np.ndarray, offset: float) -> Evidence:
        """Return the evidence and its image in a plane together."""
        points = np.concatenate([self.points, reflect(self.points, normal, offset)])
        normals = np.concatenate([self.normals, reflect(self.normals, normal, 0.0)])

        def hidden(points: np.ndarray) -> np.ndarray:
            return np.minimum(self.hidden(points), self.hidden(reflect(points, normal, offset)))

        return Evidence(points, normals, np.asarray(self.predicted.data), hidden, self.margin)

    def scores(self, images: np.ndarray, width: MatchWidth) -> tuple[np.ndarray, np.ndarray]:
        """Score (P, 3) images.

        Returns:
            (P,) scores, see :class:`~im2mesh.generation.constants.SymmetryConstants`; (P,) bool,
            true for images in free space.
        """
        hidden = self.hidden(images)
        observed = self.observed.query(images, distance_upper_bound=3 * width.observed)[0]
        # The best match with the predicted surface is no better than this one.
        good = np.exp(-((observed / width.observed) ** 2)) >= SYMMETRY.predicted_score
        predicted = np.full(len(images), np.inf)
        predicted[~good] = self.predicted.query(
            images[~good], distance_upper_bound=3 * width.predicted
        )[0]
        return score(hidden, observed, predicted, width), hidden < -width.tolerance


def score(
    hidden: np.ndarray, observed: np.ndarray, predicted: np.ndarray, width: MatchWidth
) -> np.ndarray:
    """Score images by their (N,) distances to hidden space, to observed and to predicted points.

    The first is negative in free space, the others are infinite where nothing is near. Scores are
    at most 1.
    """
    match = np.maximum(
        np.exp(-((observed / width.observed) ** 2)),
        SYMMETRY.predicted_score * np.exp(-((predicted / width.predicted) ** 2)),
    )
    free = ((-hidden - width.tolerance) / SYMMETRY.free_ramp).clip(0, 1)
    return np.asarray(match - SYMMETRY.free_penalty * free)


def maximised(
    support: Callable[[np.ndarray], float], steps: np.ndarray, evaluations: int
) -> np.ndarray:
    """Search the maximum of a function of (D,) numbers near 0, by Nelder and Mead's simplex."""
    found = optimize.minimize(
        lambda x: -support(x),
        np.zeros(len(steps)),
        method="Nelder-Mead",
        options={
            "initial_simplex": np.vstack([np.zeros(len(steps)), np.diag(steps)]),
            "maxfev": evaluations,
            "xatol": 5e-4,
            "fatol": 5e-4,
        },
    )
    return np.asarray(found.x)


def reflect(points: np.ndarray, normal: np.ndarray, offset: float) -> np.ndarray:
    """Reflect (N, 3) points in the plane {p: n·p = offset}."""
    return points - 2 * np.outer(points @ normal - offset, normal)


def tangents(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two unit vectors, (3,) each, perpendicular to a third one and to each other."""
    across = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    across /= np.linalg.norm(across)
    return across, np.cross(normal, across)


def unit(vector: np.ndarray, across: Sequence[np.ndarray] = ()) -> np.ndarray:
    """Make a (3,) vector a unit vector, perpendicular to mutually perpendicular unit vectors."""
    for other in across:
        vector = vector - (vector @ other) * other
    return vector / np.linalg.norm(vector)
