"""Random choices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from im2mesh.shapes.kit.copies import Solids
from im2mesh.shapes.shape import Shape

Rng = np.random.Generator
T = TypeVar("T")
Made = TypeVar("Made", Solids, Shape)

Make = Callable[[Rng], Solids]
"""A function that draws the solids of one kind of object."""


def pick(rng: Rng, *options: T) -> T:
    """Return one of the options, each as likely."""
    return options[int(rng.integers(len(options)))]


def uniform(rng: Rng, low: float, high: float) -> float:
    """Return a number in [low, high)."""
    return float(rng.uniform(low, high))


def log_uniform(rng: Rng, low: float, high: float) -> float:
    """Return a number in [low, high) whose logarithm is even, for proportions; 0 < low < high."""
    return math.exp(uniform(rng, math.log(low), math.log(high)))


def count(rng: Rng, low: int, high: int) -> int:
    """Return a whole number from low to high, both included."""
    return int(rng.integers(low, high + 1))


def chance(rng: Rng, probability: float) -> bool:
    """Return True with this probability."""
    return bool(rng.random() < probability)


def draw(rng: Rng, kinds: dict[Callable[[Rng], Made], float]) -> Made:
    """Make one kind of object, drawn by the weights of the kinds."""
    weights = np.array(list(kinds.values()))
    make = list(kinds)[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    return make(rng)
