"""Scores of a mesh against the depth map that it was made from; no ground truth is needed."""

from __future__ import annotations

import numpy as np

WORST_ERROR = 1.0
"""Depth error where mesh and map have no pixel in common: the cube's depth."""


def observation_scores(
    rendered: np.ndarray, observed: np.ndarray, known: np.ndarray | None = None
) -> dict[str, float]:
    """Compare the (S, S) depth of a mesh with an observed one; background is negative in both.

    Args:
        rendered: of the mesh from the input camera
            (:func:`im2mesh.geometry.rendering.render_depth`).
        observed: the input.
        known: bool, False where the input says nothing (:func:`im2mesh.data.depth.load_known`);
            such pixels count as background in both. None: all is known.

    Returns:
        Name → value:

        * ``silhouette iou``: pixels that are foreground in both over those that are in either;
          NaN where there are none;
        * ``depth error mean`` and ``depth error median``: |difference|, in cube sides, over the
          pixels that are foreground in both; :data:`WORST_ERROR` where there are none.

    Raises:
        ValueError: the shapes differ.
    """
    known = np.ones(observed.shape, bool) if known is None else known
    if not rendered.shape == observed.shape == known.shape:
        raise ValueError(
            f"rendered has shape {rendered.shape}, observed {observed.shape} and known "
            f"{known.shape}; expected the same"
        )
    a, b = (rendered >= 0) & known, (observed >= 0) & known
    both = a & b
    either = int((a | b).sum())
    error = np.abs(rendered[both].astype(np.float64) - observed[both])
    return {
        "silhouette iou": int(both.sum()) / either if either else float("nan"),
        "depth error mean": float(error.mean()) if len(error) else WORST_ERROR,
        "depth error median": float(np.median(error)) if len(error) else WORST_ERROR,
    }
