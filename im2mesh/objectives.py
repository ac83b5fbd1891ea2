"""All that separates occupancy from signed distance.

A network's raw value becomes a FIELD value by the objective's sign, and the surface lies
where the field crosses the iso-level. Inside is where field > iso-level, for both. A network
learns one of the arrays that a data set has at each point: its targets.
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
"""Signed distances smaller than this count this many times."""


class Objective(Protocol):
    """What a level's values mean."""

    @property
    def threshold(self) -> float:
        """``test.threshold``."""
        ...

    @property
    def iso_level(self) -> float:
        """The field value on the surface."""
        ...

    @property
    def learns(self) -> Literal["occupancies", "sdf"]:
        """Which array of a data set the network learns."""
        ...

    def field(self, values: Tensor) -> Tensor:
        """Raw network values → field values, larger inside."""
        ...

    def loss(self, values: Tensor, targets: Tensor) -> Tensor:
        """The loss of each point, of the shape of both arguments."""
        ...

    def inside(self, values: Tensor) -> Tensor:
        """Raw network values → bool: inside, for the IoU."""
        ...

    def target_inside(self, targets: Tensor) -> Tensor:
        """Targets → bool, by the same rule as :meth:`inside`: right values give an IoU of 1."""
        ...


@dataclass(frozen=True)
class Occupancy:
    """The value is a logit; inside where the probability exceeds ``threshold`` in (0, 1)."""

    threshold: float

    @property
    def iso_level(self) -> float:
        """logit(threshold)."""
        return math.log(self.threshold) - math.log1p(-self.threshold)

    @property
    def learns(self) -> Literal["occupancies", "sdf"]:
        """Targets are 0 outside and 1 inside."""
        return "occupancies"

    def field(self, values: Tensor) -> Tensor:
        """Logits are the field."""
        return values

    def loss(self, values: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy."""
        return F.binary_cross_entropy_with_logits(values, targets, reduction="none")

    def inside(self, values: Tensor) -> Tensor:
        """Where the probability is at least the threshold."""
        return values >= self.iso_level

    def target_inside(self, targets: Tensor) -> Tensor:
        """The same for the true probability, 0 or 1."""
        return targets >= self.threshold


@dataclass(frozen=True)
class SignedDistance:
    """The value is a signed distance, negative inside; the field is its negation.

    ``threshold`` is in field units: −0.02 puts the surface where the distance is +0.02.
    """

    threshold: float

    @property
    def iso_level(self) -> float:
        """The threshold itself."""
        return self.threshold

    @property
    def learns(self) -> Literal["occupancies", "sdf"]:
        """Targets are distances, negative inside."""
        return "sdf"

    def field(self, values: Tensor) -> Tensor:
        """The negated distance."""
        return -values

    def loss(self, values: Tensor, targets: Tensor) -> Tensor:
        """The absolute error, :data:`NEAR_WEIGHT` times where the surface is near."""
        return (values - targets).abs() * torch.where(targets.abs() < NEAR, NEAR_WEIGHT, 1.0)

    def inside(self, values: Tensor) -> Tensor:
        """Where the field exceeds the threshold, as in generation: distances below +0.02."""
        return self.field(values) > self.iso_level

    def target_inside(self, targets: Tensor) -> Tensor:
        """The same for the true distance."""
        return self.field(targets) > self.iso_level


def build_objective(method: str, threshold: float) -> Objective:
    """The objective of ``method`` (``onet`` or ``onet_sdf``)."""
    objectives: dict[str, Callable[[float], Objective]] = {
        "onet": Occupancy,
        "onet_sdf": SignedDistance,
    }
    return objectives[method](threshold)
