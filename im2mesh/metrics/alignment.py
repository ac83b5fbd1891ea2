"""Scaled ICP: the similarity transform that moves one cloud onto another.

As published, ground truth is aligned to the prediction before it is compared with it. Besl and
McKay, *A method for registration of 3-D shapes*, PAMI 1992; the closed form of a step is that of
Umeyama, *Least-squares estimation of transformation parameters between two point patterns*, PAMI
1991.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from im2mesh.metrics.distances import Cloud

WITHIN = 0.01
"""The largest distance of a match."""

TOLERANCE = 1e-6
"""ICP ends when the share of matched points changes by less than this."""

MOST_UPDATES = 30
"""ICP ends after this many updates."""


@dataclass(frozen=True)
class Similarity:
    """p → scale · rotation · p + offset, with a (3, 3) rotation and a (3,) offset."""

    scale: float = 1.0
    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))

    def __call__(self, points: np.ndarray) -> np.ndarray:
        return self.scale * self.turn(points) + self.offset

    def turn(self, vectors: np.ndarray) -> np.ndarray:
        """Return (N, 3) directions, turned."""
        # Not a matrix product: those are cut into threads, and the cuts show in the last digit.
        return np.einsum("ij,nj->ni", self.rotation, vectors)

    def inverse(self) -> Similarity:
        back = Similarity(1 / self.scale, self.rotation.T)
        return Similarity(back.scale, back.rotation, -back(self.offset[None])[0])

    def after(self, first: Similarity) -> Similarity:
        """Return the transform that applies ``first`` and then this one."""
        return Similarity(
            self.scale * first.scale, self.rotation @ first.rotation, self(first.offset[None])[0]
        )


def fit_similarity(source: np.ndarray, target: np.ndarray) -> Similarity | None:
    """Return the similarity with the least sum of squared distances from source to target.

    ``trimesh.registration.procrustes`` scales by the ratio of the spreads, which is not the least
    squares scale of the published evaluation. None where the (N, 3) points do not determine one
    (fewer than three, or all in one place).
    """
    if len(source) < 3:
        return None
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    source, target = source - source_mean, target - target_mean
    spread = np.einsum("ni,ni->", source, source)
    u, sizes, v = np.linalg.svd(np.einsum("ni,nj->ij", target, source))
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(v))])  # no mirror image
    scale = float((sizes * signs).sum() / spread) if spread > 0 else 0.0
    if not scale > 0:
        return None
    moved = Similarity(scale, u * signs @ v)
    return Similarity(scale, moved.rotation, target_mean - moved(source_mean[None])[0])


def icp(source: np.ndarray, target: Cloud) -> Similarity:
    """Return the transform that aligns (N, 3) source points to a target cloud, from where they are.

    Point to point, with scaling: each source point is matched with the nearest target point within
    :data:`WITHIN`, the similarity of the matches is applied, and so on until the share of matched
    points changes by less than :data:`TOLERANCE` (absolute) or :data:`MOST_UPDATES` are done. The
    identity where nothing matches.
    """
    moved, whole = source, Similarity()
    distance, number = target.nearest(moved, WITHIN)
    for _ in range(MOST_UPDATES):
        matched = np.isfinite(distance)
        step = fit_similarity(moved[matched], target.points[number[matched]])
        if step is None:
            break
        whole = step.after(whole)
        moved = whole(source)
        before = matched.mean()
        distance, number = target.nearest(moved, WITHIN)
        if abs(np.isfinite(distance).mean() - before) < TOLERANCE:
            break
    return whole
