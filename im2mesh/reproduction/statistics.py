"""Means with intervals: the bootstrap over objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from im2mesh.errors import InputError

RESAMPLES = 10_000


@dataclass(frozen=True)
class Interval:
    """A mean of class means, and the bounds between which 95% of its resamples lie."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.1f} [{self.low:+.1f}, {self.high:+.1f}]"


def bootstrap(values: pd.Series, classes: pd.Series, seed: int = 0) -> Interval:
    """Return the mean over class means with its percentile bootstrap interval (Efron 1979).

    Objects are drawn again, with replacement, within their classes; the classes stay. Means of n
    drawn objects have (n − 1)/n of the variance of means of n new objects. That is much too little
    for classes of two or three, so deviations from a class's mean are scaled by √(n/(n − 1)) (Rao
    and Wu 1988). The spread of a class of one object is unknown: its deviations are drawn from
    those of the other classes or, where no class has more than one object, from the deviations from
    the mean of all objects. (``scipy.stats.bootstrap`` has no such pool.)

    Values are one an object, differences of two methods for a paired comparison; those that are NaN
    are left out. ``classes`` have the same index.

    Raises:
        InputError: there are no values.
    """
    mean, resampled = _means(values, classes, np.random.default_rng(seed))
    return _interval(mean, resampled)


def contrast(values: pd.Series, classes: pd.Series, second: pd.Series, seed: int = 0) -> Interval:
    """Return by how much the mean over the ``second`` objects exceeds that over the others.

    See :func:`bootstrap`; ``second`` is bool, with the same index.

    Raises:
        InputError: one of the two has no values.
    """
    rng = np.random.default_rng(seed)
    mean, resampled = _means(values[second], classes[second], rng)
    other, other_resampled = _means(values[~second], classes[~second], rng)
    return _interval(mean - other, resampled - other_resampled)


def _interval(mean: float, resampled: np.ndarray) -> Interval:
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Interval(mean, float(low), float(high))


def _means(
    values: pd.Series, classes: pd.Series, rng: np.random.Generator
) -> tuple[float, np.ndarray]:
    """Return the mean over class means and (RESAMPLES,) resampled ones; see :func:`bootstrap`."""
    values = values.dropna()
    if values.empty:
        raise InputError("there are no objects to take a mean of")
    own = [group.to_numpy(float) for _, group in values.groupby(classes[values.index], sort=True)]
    several = [_deviations(of_class) for of_class in own if len(of_class) > 1]
    pool = np.concatenate(several) if several else _deviations(values.to_numpy(float))
    resampled = np.zeros(RESAMPLES)
    for of_class in own:
        source = _deviations(of_class) if len(of_class) > 1 else pool
        drawn = rng.integers(len(source), size=(RESAMPLES, len(of_class)))
        resampled += source[drawn].mean(axis=1) / len(own)
    mean = float(np.mean([of_class.mean() for of_class in own]))
    return mean, mean + resampled


def _deviations(values: np.ndarray) -> np.ndarray:
    """Return deviations from the mean, scaled to the variance of new objects."""
    scale = np.sqrt(len(values) / max(len(values) - 1, 1))
    return np.asarray((values - values.mean()) * scale)
