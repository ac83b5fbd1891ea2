"""Scores of metric meshes, against the true object and against the camera's image.

Meshes and clouds are in metres in the camera's frame, as ``reconstruct.py`` writes them.
"""

from __future__ import annotations

import numpy as np

from im2mesh.geometry.cameras import Camera
from im2mesh.geometry.rendering import render_perspective
from im2mesh.geometry.surface import sample_surface
from im2mesh.metrics.distances import Cloud
from im2mesh.metrics.evaluation import SAMPLES
from im2mesh.metrics.scores import harmonic_mean

MILLIMETRES = (5, 10)
PERCENTS = (1, 2)


def metric_scores(predicted: np.ndarray, truth: np.ndarray, size: float) -> dict[str, float]:
    """Score predicted points.

    Args:
        predicted: (P, 3) in metres; P may be 0, which scores the worst.
        truth: (G, 3), G > 0.
        size: the true object's largest extent in metres.

    Returns:
        ``fscore@5mm``, ``fscore@10mm``, ``fscore@1%``, ``fscore@2%`` of the size, with ``recall…``
        and ``precision…``, in [0, 1]; ``chamfer mm``, mean completeness plus mean accuracy, ∞ where
        nothing is predicted.
    """
    limits = {f"{mm}mm": mm / 1000 for mm in MILLIMETRES}
    limits |= {f"{percent}%": size * percent / 100 for percent in PERCENTS}
    completeness = Cloud(predicted).nearest(truth)[0]
    accuracy = Cloud(truth).nearest(predicted)[0]
    scores = {}
    for name, limit in limits.items():
        recall = float((completeness < limit).mean())
        precision = float((accuracy < limit).mean()) if len(accuracy) else 0.0
        scores[f"fscore@{name}"] = float(harmonic_mean(recall, precision))
        scores[f"recall@{name}"], scores[f"precision@{name}"] = recall, precision
    mean = completeness.mean() + accuracy.mean() if len(accuracy) else np.inf
    return scores | {"chamfer mm": float(1000 * mean)}


def camera_scores(
    vertices: np.ndarray, faces: np.ndarray, depth: np.ndarray, mask: np.ndarray, camera: Camera
) -> dict[str, float]:
    """Score a mesh against the image that it was made from.

    Args:
        vertices: (V, 3) in the camera frame, in metres.
        faces: (F, 3).
        depth: (H, W) z in metres, NaN where nothing was measured.
        mask: (H, W) bool, the object's pixels.
        camera: the image's.

    Returns:
        ``silhouette iou`` in [0, 1]; ``depth error median mm`` and ``… mean mm`` over the mask's
        measured pixels that the mesh covers, NaN where there are none.
    """
    rendered = render_perspective(vertices, faces, camera, (depth.shape[0], depth.shape[1]))
    covered = np.isfinite(rendered)
    either = int((covered | mask).sum())
    error = 1000 * np.abs(rendered - depth)[covered & mask & np.isfinite(depth)]
    return {
        "silhouette iou": int((covered & mask).sum()) / either if either else float("nan"),
        "depth error median mm": float(np.median(error)) if len(error) else float("nan"),
        "depth error mean mm": float(error.mean()) if len(error) else float("nan"),
    }


def surface_points(vertices: np.ndarray, faces: np.ndarray, seed: int = 0) -> np.ndarray:
    """Draw points on a mesh, or return those of a cloud."""
    if not len(faces):
        return vertices
    return sample_surface(vertices, faces, SAMPLES, np.random.default_rng(seed))[0]
