"""The fused field: what every level says about a point, and their mean.

A level conditioned on a depth map is a :class:`Field`: it can be asked at any points of the
cube. How the points are laid out (dense lattice, coarse to fine) is none of its business;
see :mod:`im2mesh.generation.extraction`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from im2mesh.models.decoder import FoldedDecoder
from im2mesh.objectives import Objective
from im2mesh.patches import Cover

SILENCE = -10.0
"""Field value of a patch level where no patch speaks: far outside."""


class Field(Protocol):
    """Anything that gives a value at points of the cube."""

    def __call__(self, points: Tensor) -> Tensor:
        """(N, 3) float32 points in the camera frame → (N,) float32, larger inside."""
        ...


class GlobalField:
    """A global level under one depth map."""

    def __init__(self, decoder: FoldedDecoder, objective: Objective, batch_size: int) -> None:
        assert decoder.codes == 1
        self.decoder = decoder
        self.objective = objective
        self._batch_size = batch_size

    def __call__(self, points: Tensor) -> Tensor:
        """The decoder at the points."""
        values = self.decoder(points, [len(points)], self._batch_size)
        return self.objective.field(values)


class PatchField:
    """A patch level under one depth map: Σ w_k(p) f_k(p) / Σ w_k(p) over the patches at p."""

    def __init__(
        self,
        decoder: FoldedDecoder,
        objective: Objective,
        cover: Callable[[Tensor], Cover],
        batch_size: int,
    ) -> None:
        """Bind the pieces.

        Args:
            decoder: folded for the codes of the patches that speak.
            objective: what the values mean.
            cover: from points to their pairs with these patches (:mod:`im2mesh.patches`).
            batch_size: most rows of a decoder pass.
        """
        self.decoder = decoder
        self.objective = objective
        self._cover = cover
        self._batch_size = batch_size

    def __call__(self, points: Tensor) -> Tensor:
        """The blended patches at the points; :data:`SILENCE` where none speaks."""
        cover = self._cover(points)
        values = self.objective.field(
            self.decoder(cover.local, cover.counts, self._batch_size)
        )
        total = points.new_zeros(2, len(points))
        total[0].index_add_(0, cover.point, cover.weight * values)
        total[1].index_add_(0, cover.point, cover.weight)
        return torch.where(total[1] > 0, total[0] / total[1], SILENCE)


@dataclass(frozen=True)
class Rescale:
    """Moves one level's field into the range of another that measures something else.

    v ← v − iso_from; v ← v / max(|min v|, |max v|); v ← v · s + iso_to, where s is the
    distance from iso_to of the reference field's min (if |min v| is the larger) or max. So
    the iso-levels meet, and so do the ends of the larger side.

    Attributes:
        iso_from: iso-level of the level to move.
        iso_to: iso-level of the reference.
        scale: s / max(|min v|, |max v|).
    """

    iso_from: float
    iso_to: float
    scale: float

    @classmethod
    def between(
        cls,
        iso_from: float,
        range_from: tuple[float, float],
        iso_to: float,
        range_to: tuple[float, float],
    ) -> Rescale:
        """From both iso-levels and both (min, max), the silent cells included."""
        low, high = (abs(bound - iso_from) for bound in range_from)
        end = range_to[0] if low > high else range_to[1]
        return cls(iso_from, iso_to, abs(end - iso_to) / max(low, high, 1e-12))

    def __call__(self, values: Tensor) -> Tensor:
        """Rescaled values."""
        return (values - self.iso_from) * self.scale + self.iso_to


class FusedField:
    """The plain mean of several levels' fields.

    Attributes:
        levels: the fields.
        iso_level: value on the surface of the mean.
    """

    def __init__(
        self,
        levels: Sequence[Field],
        iso_level: float,
        rescale: Sequence[Rescale | None] | None = None,
    ) -> None:
        if not levels:
            raise ValueError("a fused field needs at least one level")
        self.levels = list(levels)
        self.iso_level = iso_level
        self._rescale = list(rescale) if rescale is not None else [None] * len(self.levels)

    def __call__(self, points: Tensor) -> Tensor:
        """(N, 3) → (N,) mean over the levels."""
        total = points.new_zeros(len(points))
        for level, rescale in zip(self.levels, self._rescale, strict=True):
            values = level(points)
            total += values if rescale is None else rescale(values)
        return total / len(self.levels)
