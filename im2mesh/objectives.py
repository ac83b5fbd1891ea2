"""All that separates occupancy from signed distance.

A network's raw value becomes a FIELD value by the objective's sign, and the surface lies
where the field crosses the iso-level. Inside is where field > iso-level, for both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


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

    def field(self, values: Tensor) -> Tensor:
        """Raw network values → field values, larger inside."""
        ...


@dataclass(frozen=True)
class Occupancy:
    """The value is a logit; inside where the probability exceeds ``threshold`` in (0, 1)."""

    threshold: float

    @property
    def iso_level(self) -> float:
        """logit(threshold)."""
        return math.log(self.threshold) - math.log1p(-self.threshold)

    def field(self, values: Tensor) -> Tensor:
        """Logits are the field."""
        return values


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

    def field(self, values: Tensor) -> Tensor:
        """The negated distance."""
        return -values


def build_objective(method: str, threshold: float) -> Objective:
    """The objective of ``method`` (``onet`` or ``onet_sdf``)."""
    objectives: dict[str, Callable[[float], Objective]] = {
        "onet": Occupancy,
        "onet_sdf": SignedDistance,
    }
    return objectives[method](threshold)
