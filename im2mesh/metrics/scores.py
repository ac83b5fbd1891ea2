"""From distances to scores: the published names and their definitions.

Distances are lengths in the unit cube, whose side is 1. *Completeness* goes from ground truth to
prediction, *accuracy* the other way. A score is a share in [0, 1] (F-score, recall, precision,
normal consistency), a mean distance, or a mean squared distance (``accuracy2``,
``completeness2``); Chamfer is the sum of mean completeness and mean accuracy.

Two rules hold for the whole object and for its visible and invisible parts (``_vis``, ``_invis``):

- without ground-truth points a score does not exist, it is NaN, and means leave it out;
- without predicted points (but with ground truth) it is the worst: F-score, recall, precision and
  normal consistency 0, the mean distances √3, the cube's diagonal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

THRESHOLDS = {"05": 0.005, "1": 0.01, "2": 0.02}
"""Name in ``fscore@…`` (in percent of the cube's side) → distance; a point nearer is a hit."""

CURVE = np.arange(1, 51) / 1000
"""Distances of the F-score curve, 0.001 … 0.05; those of :data:`THRESHOLDS` are among them."""

FARTHEST = float(np.sqrt(3.0))
"""The diagonal of the cube: what an empty prediction's distances count as."""

PARTS = ("", "_vis", "_invis")
"""Suffixes of a score: the whole object, what the camera saw, the rest."""

_DISTANCES = ("chamfer", "accuracy", "accuracy2", "completeness", "completeness2")
_NORMALS = ("normals completeness", "normals accuracy", "normals")


def surface_scores(
    completeness: np.ndarray,
    accuracy: np.ndarray,
    nearest: np.ndarray,
    visible: np.ndarray | None = None,
    normals: tuple[np.ndarray, np.ndarray] | None = None,
) -> dict[str, float]:
    """Return all scores of a surface.

    Args:
        completeness: (G,) distance from each ground-truth point to the prediction.
        accuracy: (P,) distance from each predicted point to ground truth.
        nearest: (P,) the ground-truth point that is nearest to each predicted one; a predicted
            point is visible if that one is.
        visible: (G,) bool; None: not known, and no ``_vis`` and ``_invis`` scores.
        normals: (G,) and (P,) |cosine| between the normals of each point and its nearest one;
            None: not known, their scores are NaN.

    Returns:
        Published name → value in the published order, then the normals of the parts.
    """
    masks: dict[str, np.ndarray] = {"": np.ones(len(completeness), bool)}
    if visible is not None:
        masks |= {"_vis": visible, "_invis": ~visible}
    parts = {}
    for part, mask in masks.items():
        predicted = mask[nearest]
        parts[part] = _scores_of_part(completeness[mask], accuracy[predicted])
        of_part = None if normals is None else (normals[0][mask], normals[1][predicted])
        parts[part] |= _normals_of_part(of_part, int(mask.sum()))
    names = [*_DISTANCES, *_NORMALS]
    in_order = [(name, "") for name in names]
    in_order += [(name, part) for name in _DISTANCES for part in PARTS[1:]]
    for at in THRESHOLDS:
        hits = [f"{name}@{at}" for name in ("fscore", "recall", "precision")]
        in_order += [(name, "") for name in hits]
        in_order += [(name, part) for name in hits for part in PARTS[1:]]
    in_order += [(name, part) for name in _NORMALS for part in PARTS[1:]]
    return {name + part: parts[part][name] for name, part in in_order if part in parts}


def fscore_curve(completeness: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Return the (50,) F-scores of the whole object at the distances of :data:`CURVE`."""
    if not len(completeness):
        return np.full(len(CURVE), np.nan)
    recall = np.searchsorted(np.sort(completeness), CURVE, side="left") / len(completeness)
    precision = np.searchsorted(np.sort(accuracy), CURVE, side="left") / max(len(accuracy), 1)
    return harmonic_mean(recall, precision)


def _scores_of_part(completeness: np.ndarray, accuracy: np.ndarray) -> dict[str, float]:
    scores = {
        "accuracy": _mean(accuracy, FARTHEST),
        "accuracy2": _mean(accuracy**2, FARTHEST**2),
        "completeness": _mean(completeness, np.nan),
        "completeness2": _mean(completeness**2, np.nan),
    }
    scores["chamfer"] = scores["completeness"] + scores["accuracy"]
    for name, threshold in THRESHOLDS.items():
        recall, precision = _mean(completeness < threshold, np.nan), _mean(accuracy < threshold, 0)
        scores[f"recall@{name}"], scores[f"precision@{name}"] = recall, precision
        scores[f"fscore@{name}"] = float(harmonic_mean(recall, precision))
    return scores if len(completeness) else dict.fromkeys(scores, np.nan)


def _normals_of_part(
    normals: tuple[np.ndarray, np.ndarray] | None, ground_truth: int
) -> dict[str, float]:
    if normals is None or not ground_truth:
        return dict.fromkeys(_NORMALS, np.nan)
    both = _mean(normals[0], np.nan), _mean(normals[1], 0.0)
    return dict(zip(_NORMALS, (*both, sum(both) / 2), strict=True))


def _mean(values: np.ndarray, of_none: float) -> float:
    return float(values.mean()) if len(values) else of_none


def harmonic_mean(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Return 2ab/(a + b), 0 where both are 0."""
    a, b = np.asarray(a), np.asarray(b)
    return np.asarray(2 * a * b / np.where(a + b == 0, 1, a + b))
