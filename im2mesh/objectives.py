"""The differences between occupancy and signed distance: loss, sign and iso-level.

The objective's sign turns a network's raw value into a FIELD value. The surface lies where the
field crosses the iso-level; inside is where field > iso-level, for both. The targets of a network
are one of the arrays that a data set has at each point.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

NEAR, NEAR_WEIGHT = 0.01, 4.0
"""Absolute signed distances below the first have the second as weight."""


class Objective(Protocol):
    """Meaning of a level's values."""

    @property
    def threshold(self) -> float: ...

    @property
    def iso_level(self) -> float:
        """The field value on the surface."""
        ...

    @property
    def empty(self) -> float:
        """A field value that stands for far outside."""
        ...

    @property
    def learns(self) -> Literal["occupancies", "sdf"]:
        """Array of a data set that the network learns."""
        ...

    def field(self, values: Tensor) -> Tensor:
        """Turn raw network values into field values, which are larger inside."""
        ...

    def loss(self, values: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each point, in the shape of both arguments."""
        ...

    def inside(self, values: Tensor) -> Tensor:
        """Return which raw network values are inside, for the IoU."""
        ...

    def target_inside(self, targets: Tensor) -> Tensor:
        """Return which targets are inside, so that exact values have an IoU of 1."""
        ...


@dataclass(frozen=True)
class Occupancy:
    """Occupancy: a logit, inside where the probability exceeds ``threshold`` in (0, 1)."""

    threshold: float

    @property
    def iso_level(self) -> float:
        return math.log(self.threshold) - math.log1p(-self.threshold)

    @property
    def empty(self) -> float:
        return -10.0

    @property
    def learns(self) -> Literal["occupancies", "sdf"]:
        return "occupancies"

    def field(self, values: Tensor) -> Tensor:
        """Return the logits."""
        return values

    def loss(self, values: Tensor, targets: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(values, targets, reduction="none")

    def inside(self, values: Tensor) -> Tensor:
        """Return where the probability is at least the threshold."""
        return values >= self.iso_level

    def target_inside(self, targets: Tensor) -> Tensor:
        """Return where the true probability, 0 or 1, is at least the threshold."""
        return targets >= self.threshold


@dataclass(frozen=True)
class SignedDistance:
    """Signed distance, negative inside; the field is its negation.

    ``threshold`` is in field units: −0.02 puts the surface where the distance is +0.02.
    """

    threshold: float

    @property
    def iso_level(self) -> float:
        return self.threshold

    @property
    def empty(self) -> float:
        """The cube's side, which no distance in it exceeds by much."""
        return -1.0

    @property
    def learns(self) -> Literal["occupancies", "sdf"]:
        return "sdf"

    def field(self, values: Tensor) -> Tensor:
        """Return the negated distance."""
        return -values

    def loss(self, values: Tensor, targets: Tensor) -> Tensor:
        """Return the absolute error, weighted by :data:`NEAR_WEIGHT` near the surface."""
        return (values - targets).abs() * torch.where(targets.abs() < NEAR, NEAR_WEIGHT, 1.0)

    def inside(self, values: Tensor) -> Tensor:
        """Return where the field exceeds the threshold, as in generation: distance < +0.02."""
        return self.field(values) > self.iso_level

    def target_inside(self, targets: Tensor) -> Tensor:
        """Return where the negated true distance exceeds the threshold."""
        return self.field(targets) > self.iso_level


def build_objective(method: str, threshold: float) -> Objective:
    """Return the objective of ``method`` (``onet`` or ``onet_sdf``)."""
    objectives: dict[str, Callable[[float], Objective]] = {
        "onet": Occupancy,
        "onet_sdf": SignedDistance,
    }
    return objectives[method](threshold)
