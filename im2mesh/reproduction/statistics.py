"""Means with intervals: the bootstrap over objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from im2mesh.errors import InputError

RESAMPLES = 10_000


@dataclass(frozen=True)
class Interval:
    """A mean and where 95% of its resamples lie.

    Attributes:
        mean: of the class means.
        low: 2.5% of the resamples' means are below.
        high: 2.5% are above.
    """

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """The whole interval is on one side of 0."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return f"{self.mean:+.1f} [{self.low:+.1f}, {self.high:+.1f}]"


def bootstrap(values: pd.Series, classes: pd.Series, seed: int = 0) -> Interval:
    """The mean over class means, with its percentile bootstrap interval (Efron 1979).

    Objects are drawn again, with replacement, within their classes; the classes stay. Where no
    class has more than one, a class would always give the same: then all are drawn from as one.

    Args:
        values: one for each object; differences of two methods for a paired comparison. NaN
            where there is none; such objects are left out.
        classes: the class of each, with the same index.
        seed: of the resamples.

    Raises:
        InputError: there are no values.
    """
    values = values.dropna()
    if values.empty:
        raise InputError("there are no objects to take a mean of")
    random = np.random.default_rng(seed)
    means, resampled = [], []
    classes = classes[values.index]
    if classes.is_unique:
        classes = pd.Series(0, values.index)
    for _, of_class in values.groupby(classes, sort=True):
        own = of_class.to_numpy(float)
        drawn = random.integers(len(own), size=(RESAMPLES, len(own)))
        means.append(own.mean())
        resampled.append(own[drawn].mean(axis=1))
    low, high = np.percentile(np.mean(resampled, axis=0), [2.5, 97.5])
    return Interval(float(np.mean(means)), float(low), float(high))
