"""How well a mesh agrees with the depth map it was made from; no ground truth is needed."""

from __future__ import annotations

import numpy as np

FARTHEST = 1.0
"""The cube's depth: what the error counts as where mesh and map have no pixel in common."""


def observation_scores(rendered: np.ndarray, observed: np.ndarray) -> dict[str, float]:
    """Compare the depth of a mesh with an observed one.

    Args:
        rendered: (S, S) depth of the mesh from the input camera
            (:func:`im2mesh.preparation.rendering.render_depth`); background negative.
        observed: (S, S) the input, in the same form, with foreground.

    Returns:
        ``silhouette iou``: pixels that are foreground in both over those that are in either;
        ``depth error mean`` and ``depth error median``: |difference|, in cube sides, over the
        pixels that are foreground in both, 1 (the cube's depth) where there are none.

    Raises:
        ValueError: the shapes differ.
    """
    if rendered.shape != observed.shape:
        raise ValueError(f"depth maps of {rendered.shape} and {observed.shape} do not compare")
    a, b = rendered >= 0, observed >= 0
    both = a & b
    either = int((a | b).sum())
    error = np.abs(rendered[both].astype(np.float64) - observed[both])
    return {
        "silhouette iou": int(both.sum()) / either if either else float("nan"),
        "depth error mean": float(error.mean()) if len(error) else FARTHEST,
        "depth error median": float(np.median(error)) if len(error) else FARTHEST,
    }
