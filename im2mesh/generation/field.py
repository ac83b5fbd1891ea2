"""The fused field: what every level says about a point, their mean, and what the camera saw.

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

from im2mesh.errors import CheckpointError
from im2mesh.generation.observation import Observation
from im2mesh.generation.symmetry import MirrorPlanes, RevolutionAxis, RevolutionProfile, Symmetry
from im2mesh.geometry.patches import PatchAssignment
from im2mesh.models.network import BoundDecoder
from im2mesh.objectives import Objective

EMPTY_LOGIT = -10.0
"""Value of a patch level where no active patch owns the point: far outside."""

FLOOR = 10.0
"""Distances in free space are cut off at this many cells."""

LOGITS_PER_CELL = 1.0
"""What a cell of distance is worth beside logits. A field that is surer than this just behind
the observed surface is carved to a fraction of a cell."""

LARGEST = 1e30
"""No sound network gives such a value; sums and squares of smaller ones are finite."""


class Field(Protocol):
    """Anything that gives a value at points of the cube."""

    def __call__(self, points: Tensor) -> Tensor:
        """(N, 3) float32 points in the camera frame → (N,) float32, larger inside."""
        ...


class GlobalField:
    """A global level under one depth map."""

    def __init__(self, decoder: BoundDecoder, objective: Objective, batch_size: int) -> None:
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
        decoder: BoundDecoder,
        objective: Objective,
        assign: Callable[[Tensor], PatchAssignment],
        batch_size: int,
    ) -> None:
        """Bind the pieces.

        Args:
            decoder: folded for the codes of the active patches.
            objective: what the values mean.
            assign: maps points to their pairs with the active patches
                (:meth:`im2mesh.geometry.patches.Windows.assign`).
            batch_size: most rows of a decoder pass.
        """
        self.decoder = decoder
        self.objective = objective
        self._assign = assign
        self._batch_size = batch_size

    def __call__(self, points: Tensor) -> Tensor:
        """Return the patches' weighted mean at (N, 3) points, :data:`EMPTY_LOGIT` where none is."""
        pairs = self._assign(points)
        values = self.objective.field(self.decoder(pairs.local, pairs.counts, self._batch_size))
        total = points.new_zeros(2, len(points))
        total[0].index_add_(0, pairs.point, pairs.weight * values)
        total[1].index_add_(0, pairs.point, pairs.weight)
        return torch.where(total[1] > 0, total[0] / total[1], EMPTY_LOGIT)


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
        """Fit to both iso-levels and both (min, max), the cells without a patch included."""
        low, high = (abs(bound - iso_from) for bound in range_from)
        end = range_to[0] if low > high else range_to[1]
        larger = max(low, high)
        return cls(iso_from, iso_to, abs(end - iso_to) / larger if larger else 0.0)

    def __call__(self, values: Tensor) -> Tensor:
        """Rescaled values."""
        return (values - self.iso_from) * self.scale + self.iso_to


class FusedField:
    """The mean of several levels' fields: plain, as in the paper, or weighted.

    The field's meaning (logits, or negated signed distances) is that of one of the levels, the
    reference. A level that measures something else is moved into the reference's range first
    (:class:`Rescale`); that takes the ranges of the values, so such a field must be calibrated
    before it can be evaluated.

    Attributes:
        levels: the fields.
        iso_level: field value on the surface of the mean.
        rescales: how each level's values are moved; None: not at all, or not yet calibrated.
    """

    def __init__(
        self,
        levels: Sequence[Field],
        iso_level: float,
        moved_from: Sequence[float | None] | None = None,
        reference: int = 0,
        names: Sequence[str] | None = None,
        weights: Sequence[float] | None = None,
    ) -> None:
        """Fuse ``levels``.

        Args:
            levels: the fields.
            iso_level: of the reference level, and so of the mean.
            moved_from: for each level its own iso-level where it must be moved into the
                reference's range, else None. Default: none is moved.
            reference: which level is the reference.
            names: what an error calls each level: where its networks' weights come from.
            weights: of the levels in the mean, > 0. Default: all the same.
        """
        if not levels:
            raise ValueError("a fused field needs at least one level")
        self.levels = list(levels)
        self.iso_level = iso_level
        self._moved_from = list(moved_from) if moved_from is not None else [None] * len(levels)
        self._reference = reference
        self._weights = [1.0] * len(levels) if weights is None else list(weights)
        self._names = names or [f"level {k}" for k in range(len(levels))]
        self.rescales: list[Rescale | None] = [None] * len(levels)
        self.calibrated = all(iso is None for iso in self._moved_from)

    def calibrate(self, ranges: Sequence[tuple[float, float]]) -> None:
        """Fix the moves from the (min, max) of every level's values on some lattice."""
        self.rescales = [
            None
            if iso is None
            else Rescale.between(iso, ranges[k], self.iso_level, ranges[self._reference])
            for k, iso in enumerate(self._moved_from)
        ]
        self.calibrated = True

    def values(self, points: Tensor) -> Tensor:
        """(N, 3) points → (L, N) values, one row a level, not moved.

        Raises:
            CheckpointError: some of them are not finite, or beyond :data:`LARGEST`.
        """
        values = torch.stack([level(points) for level in self.levels])
        good = (values.abs() < LARGEST).all(dim=1).tolist()
        if not all(good):
            raise CheckpointError(
                f"{self._names[good.index(False)]}: these weights give values that are not finite; "
                "they are damaged: train the level again, or fetch them again"
            )
        return values

    def combine(self, values: Tensor) -> Tensor:
        """(L, N) values of the levels → (N,) mean, moved where needed."""
        assert self.calibrated
        moved = [
            weight * (row if rescale is None else rescale(row))
            for row, rescale, weight in zip(values, self.rescales, self._weights, strict=True)
        ]
        return sum(moved[1:], moved[0]) / sum(self._weights)

    def __call__(self, points: Tensor) -> Tensor:
        """(N, 3) points → (N,) fused values."""
        return self.combine(self.values(points))


class ObservedField:
    """A fused field that keeps what the camera saw.

    With v the fused field's value above its iso-level, c and s as :class:`Observation` measures
    them, and K the value of a unit of length, the value is

    * ``carve``: min(v, K·c) in hidden space; K·c, which is negative, in free space.
    * ``surface``: moreover at least K·s, so that the observed surface is where the camera saw it.

    Of a symmetric object the map shows more. With c' and s' what the observation measures at the
    images of a point, the least c and the largest s of all, what is free at an image is empty: the
    value is at most K·max(c', s), so that the shell stays, where the camera saw the object itself.

    * Mirror planes: v is the mean of the fused field's values at the point and at its images.
    * An axis of revolution: v is the mean of its values at images that face the camera, and for
      ``surface`` the value is at least K·s', too (:class:`RevolutionProfile`).

    Attributes:
        field: the fused field; it is asked only where it matters.
        levels: its levels.
        iso_level: 0; the fused field's is subtracted, so that even the least distance keeps its
            sign in float32.
        symmetry: of the object; None: none (:meth:`use`).
    """

    def __init__(
        self, field: FusedField, observation: Observation, surface: bool, is_sdf: bool
    ) -> None:
        """Combine.

        Args:
            field: calibrated.
            observation: of the same depth map.
            surface: ``surface``; else ``carve``.
            is_sdf: the field's values are distances; else logits.
        """
        self.field = field
        self.levels: Sequence[Field] = field.levels
        self.iso_level = 0.0
        self.observation = observation
        self.surface = surface
        self.symmetry: Symmetry | None = None
        self._profile: RevolutionProfile | None = None
        self._scale = 1.0 if is_sdf else LOGITS_PER_CELL / observation.cell

    def use(self, symmetry: Symmetry | None) -> None:
        """Take the object to be symmetric; an axis of revolution asks the networks at once."""
        self.symmetry = symmetry
        self._profile = None
        if isinstance(symmetry, RevolutionAxis):
            self._profile = RevolutionProfile(symmetry, self.observation, self._above)

    def _above(self, points: Tensor) -> Tensor:
        """The fused field's values above its iso-level."""
        return self.field(points) - self.field.iso_level

    def __call__(self, points: Tensor) -> Tensor:
        """(N, 3) points → (N,) values above the iso-level, larger inside."""
        hidden, shell = self.observation(points)
        low = self._values(hidden)
        # What the networks say matters in hidden space only, and not where the shell rules.
        asked = hidden > 0
        if self.surface:
            asked &= hidden > shell
        index = asked.nonzero().squeeze(1)
        if not len(index):
            return low
        kept = shell[index] * self._scale
        learned = self._learned(points[index], low[index], kept)
        if self.surface:
            learned = torch.maximum(learned, kept)
        return low.index_copy(0, index, learned)

    def _values(self, distance: Tensor) -> Tensor:
        """Distances to hidden space's boundary as values of the field."""
        return (distance * self._scale).clamp_min(-FLOOR * self.observation.cell * self._scale)

    def _learned(self, points: Tensor, low: Tensor, kept: Tensor) -> Tensor:
        """The values that networks and images say.

        Args:
            points: (N, 3) hidden ones.
            low: (N,) K·c.
            kept: (N,) K·s.

        Returns:
            (N,) values of at most ``low``.
        """
        if self._profile is not None:
            free, shell, learned = self._profile(points)
            low = torch.minimum(low, torch.maximum(self._values(free), kept))
            if self.surface:
                learned = torch.minimum(learned, low)
                return torch.maximum(learned, torch.minimum(shell * self._scale, low))
            # What stays though its images are free, such as a handle, is no part of the solid.
            alone = ((free <= 0) & (low > 0)).nonzero().squeeze(1)
            if len(alone):
                learned = learned.index_copy(0, alone, self._above(points[alone]))
            return torch.minimum(learned, low)
        if not isinstance(self.symmetry, MirrorPlanes):
            return torch.minimum(self._above(points), low)
        images = self.symmetry.images(points)
        hidden = self.observation.in_cube(images.flatten(0, 1))[0]
        free = self._values(hidden.view(len(images), -1).amin(dim=0))
        low = torch.minimum(low, torch.maximum(free, kept))
        # Where the shell rules anyway nothing is asked.
        asked = low > (kept.clamp_min(0) if self.surface else 0)
        index = asked.nonzero().squeeze(1)
        if not len(index):
            return low
        # The image of a point of the cube may lie just outside; networks know the cube.
        places = torch.cat([points[index][None], images[:, index].clamp(-0.5, 0.5)])
        values = self._above(places.flatten(0, 1)).view(len(places), -1).mean(dim=0)
        return low.index_copy(0, index, torch.minimum(values, low[index]))
