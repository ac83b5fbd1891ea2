"""The published evaluation, plainly: what the tests and the benchmark compare with.

One cloud against another, one search after the other on one thread, the transform kept as a 4×4
matrix, every mean written out.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree


def brute_force(points: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to, and number of, the nearest of ``others``."""
    distance = np.linalg.norm(points[:, None] - others[None], axis=2)
    return distance.min(axis=1), distance.argmin(axis=1)


def by_tree(points: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same by a search tree, built anew each time."""
    return cKDTree(others).query(points)


def umeyama(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(4, 4) similarity with the least squared distances (Umeyama 1991, equations 40 to 43)."""
    source_mean, target_mean = source.mean(0), target.mean(0)
    covariance = (target - target_mean).T @ (source - source_mean) / len(source)
    u, d, vt = np.linalg.svd(covariance)
    s = np.diag([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = u @ s @ vt
    scale = np.trace(np.diag(d) @ s) / ((source - source_mean) ** 2).sum(1).mean()
    matrix = np.eye(4)
    matrix[:3, :3] = scale * rotation
    matrix[:3, 3] = target_mean - scale * rotation @ source_mean
    return matrix


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def icp(source: np.ndarray, target: np.ndarray, nearest=by_tree) -> np.ndarray:
    """(4, 4): within 0.01, until the share of matches changes by under 1e-6, 30 updates at most."""
    matrix = np.eye(4)
    distance, index = nearest(source, target)
    for _ in range(30):
        matched = distance < 0.01
        if matched.sum() < 3:
            break
        moved = apply(matrix, source)
        matrix = umeyama(moved[matched], target[index[matched]]) @ matrix
        distance, index = nearest(apply(matrix, source), target)
        if abs((distance < 0.01).mean() - matched.mean()) < 1e-6:
            break
    return matrix


def scores(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    visible: np.ndarray | None = None,
    align: bool = True,
    nearest=by_tree,
) -> dict[str, float]:
    """All published scores of the surface but the normals, for parts that have points."""
    predicted, ground_truth = predicted.astype(float), ground_truth.astype(float)
    if align:
        ground_truth = apply(icp(ground_truth, predicted, nearest), ground_truth)
    completeness, _ = nearest(ground_truth, predicted)
    accuracy, of = nearest(predicted, ground_truth)
    parts = {"": np.ones(len(ground_truth), bool)}
    if visible is not None:
        parts |= {"_vis": visible, "_invis": ~visible}
    found = {}
    for part, mask in parts.items():
        if not mask[of].any():
            continue
        c, a = completeness[mask], accuracy[mask[of]]
        found[f"completeness{part}"], found[f"accuracy{part}"] = c.mean(), a.mean()
        found[f"completeness2{part}"], found[f"accuracy2{part}"] = (c**2).mean(), (a**2).mean()
        found[f"chamfer{part}"] = c.mean() + a.mean()
        for name, threshold in (("05", 0.005), ("1", 0.01), ("2", 0.02)):
            recall, precision = (c < threshold).mean(), (a < threshold).mean()
            found[f"recall@{name}{part}"], found[f"precision@{name}{part}"] = recall, precision
            both = recall + precision
            found[f"fscore@{name}{part}"] = 2 * recall * precision / both if both else 0.0
    return found
