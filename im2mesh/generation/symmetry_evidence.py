"""Evidence of one depth map for and against symmetries: scores of points' images.

A symmetry is wrong if it takes observed points into space that was seen to be empty, and right if
it takes many of them onto the observed surface, or onto that of a coarse mesh made without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import torch
from scipy.spatial import cKDTree

from im2mesh.generation.constants import SYMMETRY, MatchWidth
from im2mesh.generation.observation import Observation
from im2mesh.generation.observation_maps import surface_normals
from im2mesh.generation.symmetry import image_margin
from im2mesh.geometry.pixels import back_project

Look = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""(P, 3) points → (P,) float32 distances to hidden space's boundary, negative in free space; (P,)
float32 distances ≥ 0 to the observed surface."""


class Evidence:
    """Observed and predicted points of an object, and the space that was seen to be free.

    Attributes:
        look: points' distances to hidden space and to the observed surface.
        margin: how much more images may miss, in sides of the cube.
        points: (N, 3) float64 observed points.
        normals: (N, 3) unit normals there.
        sample: some of the observed points in random order, the same for the same map.
        predicted: tree of points on the predicted surface.
    """

    def __init__(
        self,
        points: np.ndarray,
        normals: np.ndarray,
        predicted: cKDTree,
        look: Look,
        margin: float = 0.0,
    ) -> None:
        """Draw the sample."""
        self.look, self.margin = look, margin
        self.points, self.normals, self.predicted = points, normals, predicted
        # The same points each time, so that the same map gives the same mesh.
        order = np.random.default_rng(0).permutation(len(points))
        self.sample = points[order[: SYMMETRY.points]]

    @cached_property
    def observed(self) -> cKDTree:
        """Tree of the observed points."""
        return cKDTree(self.points, balanced_tree=False)  # median splits cost more than they save

    @classmethod
    def gather(cls, depth: np.ndarray, observation: Observation, predicted: np.ndarray) -> Evidence:
        """Gather the evidence of a depth map, by (M, 3) points on the predicted surface, M ≥ 0."""

        def look(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            on_device = torch.from_numpy(points.astype(np.float32)).to(observation.device)
            hidden, surface = observation.beside_surface(on_device)
            return hidden.cpu().numpy(), surface.cpu().numpy()

        points = back_project(depth).astype(np.float64)
        tree = cKDTree(np.asarray(predicted, dtype=np.float64), balanced_tree=False)
        return cls(points, surface_normals(depth), tree, look, image_margin(observation))

    def reflected(self, normal: np.ndarray, offset: float) -> Evidence:
        """Return the evidence and its image in a plane together."""
        points = np.concatenate([self.points, reflect(self.points, normal, offset)])
        normals = np.concatenate([self.normals, reflect(self.normals, normal, 0.0)])

        def look(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            here, there = self.look(points), self.look(reflect(points, normal, offset))
            return np.minimum(here[0], there[0]), np.minimum(here[1], there[1])

        return Evidence(points, normals, self.predicted, look, self.margin)

    def scores(self, images: np.ndarray, width: MatchWidth) -> tuple[np.ndarray, np.ndarray]:
        """Score (…, 3) images.

        Returns:
            (…) scores, see :class:`~im2mesh.generation.constants.SymmetryConstants`; (…) bool,
            true for images in free space.
        """
        shape, images = images.shape[:-1], images.reshape(-1, 3)
        hidden, observed = self.look(images)
        free = hidden < -width.tolerance
        # No match with the predicted surface is better than a good one with the observed surface,
        # nor makes up for the whole penalty.
        good = observed <= width.observed * SYMMETRY.good_match
        refuted = hidden <= -width.tolerance - SYMMETRY.free_ramp
        unsure = np.flatnonzero(~(good | refuted))
        predicted = np.full(len(images), np.inf, np.float32)
        predicted[unsure] = self.predicted.query(
            images[unsure], distance_upper_bound=3 * width.predicted
        )[0]
        return score(hidden, observed, predicted, width).reshape(shape), free.reshape(shape)


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
    support: Callable[[np.ndarray], np.ndarray], count: int, steps: np.ndarray, rounds: int
) -> np.ndarray:
    """Search the maxima of some functions near 0 at once, by parabolas along the axes.

    Args:
        support: (count, K, D) places, K for each function → (count, K) values.
        count: number of functions.
        steps: (D,) first steps.
        rounds: each evaluates 2 D + 2 places, and shortens the steps of functions that moved less.

    Returns:
        (count, D) the best place of each function.
    """
    size = len(steps)
    ways = np.concatenate([np.eye(size), -np.eye(size)])
    best = last = np.zeros((count, 1, size))
    value = support(best)
    scale = np.ones((count, 1, 1))
    for _ in range(rounds):
        step = scale * steps
        places = best + ways * step
        values = support(places)
        forth, back = values[:, :size], values[:, size:]
        # A parabola's summit; without one, a step uphill.
        bend = np.maximum(2 * value - forth - back, np.abs(forth - back) / 2)
        move = ((forth - back) / np.maximum(2 * bend, 1e-12))[:, None] * step
        guesses = best + np.concatenate([move, move + (best - last)], axis=1)
        last = best
        places = np.concatenate([best, places, guesses], axis=1)
        values = np.concatenate([value, values, support(guesses)], axis=1)
        highest = values.argmax(axis=1)[:, None]
        best = np.take_along_axis(places, highest[:, :, None], axis=1)
        value = np.take_along_axis(values, highest, axis=1)
        # Steps stay as long as the summit is farther away than one.
        is_near = (np.abs(best - last) < step).all(axis=2, keepdims=True)
        scale = np.where(is_near, scale * SYMMETRY.shortening, scale)
    return best[:, 0]


def reflect(points: np.ndarray, normal: np.ndarray, offset: float | np.ndarray) -> np.ndarray:
    """Reflect (N, 3) points in the plane {p: n·p = offset}, or in each of B planes.

    Args:
        points: (N, 3).
        normal: (3,) or (B, 3) n, of length 1.
        offset: number or (B,).

    Returns:
        (N, 3) or (B, N, 3).
    """
    height = normal @ points.T - np.asarray(offset)[..., None]
    return np.asarray(points - 2 * height[..., None] * normal[..., None, :])


def tangents(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two unit vectors, (3,) each, perpendicular to a third one and to each other."""
    across = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    across /= np.linalg.norm(across)
    return across, np.cross(normal, across)


def unit(vectors: np.ndarray, across: Sequence[np.ndarray] = ()) -> np.ndarray:
    """Make (…, 3) vectors unit vectors, perpendicular to mutually perpendicular unit vectors."""
    for other in across:
        vectors = vectors - (vectors @ other)[..., None] * other
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
