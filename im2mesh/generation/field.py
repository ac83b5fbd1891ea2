"""The fields of the levels, their weighted mean, and the mean combined with an observation.

A level conditioned on a depth map is a :class:`Field`: it can be evaluated at any points of the
cube. :mod:`im2mesh.generation.extraction` chooses the points (a dense lattice, or coarse to fine).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from im2mesh.errors import CheckpointError
from im2mesh.generation.observation import Observation
from im2mesh.generation.symmetry import (
    MirrorPlanes,
    RevolutionAxis,
    RevolutionProfile,
    Symmetry,
    image_margin,
)
from im2mesh.geometry.patches import PatchAssignment
from im2mesh.models.decoder import FoldedDecoder
from im2mesh.models.network import BoundDecoder
from im2mesh.objectives import Objective
from im2mesh.processors import in_chunks

FLOOR = 10.0
"""Distances in free space are clamped to this, in cells."""

LOGITS_PER_CELL = 1.0
"""Logits that a distance of one cell is worth. Where the networks' logit just behind the observed
surface is larger, the boundary is accurate to a fraction of a cell."""

CHUNK = 1 << 13
"""Points that a thread evaluates at a time on a CPU: enough for passes of many rows."""

PROBES = 1024
"""Points of the cube at which the error of bfloat16 is measured."""

SURELY = 8.0
"""The side of a value that is as many root mean square errors of bfloat16 away is certain."""

LARGEST = 1e30
"""Larger values mean damaged weights; sums and squares of smaller ones are finite."""


def _in_chunks(function: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Evaluate a function from (N, 3) points to (…, N) values, on a CPU in threads."""
    size = CHUNK if points.device.type == "cpu" else max(1, len(points))
    return torch.cat(in_chunks(function, points, size), dim=-1)


class Field(Protocol):
    """A function of points of the cube, larger inside the object."""

    def __call__(self, points: Tensor) -> Tensor:
        """Evaluate (N, 3) float32 points in the camera frame; return (N,) float32 values."""
        ...


class GlobalField:
    """A global level under one depth map."""

    def __init__(self, decoder: BoundDecoder, objective: Objective, batch_size: int) -> None:
        assert decoder.codes == 1
        self.decoder = decoder
        self.objective = objective
        self._batch_size = batch_size

    def __call__(self, points: Tensor) -> Tensor:
        values = self.decoder(points, [len(points)], self._batch_size)
        return self.objective.field(values)

    def rounded(self) -> Field:
        """Return the same field with layers in bfloat16, as far as its decoder has such."""
        return _rounded(self)


class PatchField:
    """A patch level under one depth map: Σ w_k(p) f_k(p) / Σ w_k(p) over the patches at p."""

    def __init__(
        self,
        decoder: BoundDecoder,
        objective: Objective,
        assign: Callable[[Tensor], PatchAssignment],
        batch_size: int,
    ) -> None:
        self.decoder = decoder
        self.objective = objective
        self._assign = assign
        self._batch_size = batch_size

    def __call__(self, points: Tensor) -> Tensor:
        """Return the patches' weighted mean at (N, 3) points, far outside where no patch is."""
        pairs = self._assign(points)
        values = self.objective.field(self.decoder(pairs.local, pairs.counts, self._batch_size))
        total = points.new_zeros(2, len(points))
        total[0].index_add_(0, pairs.point, pairs.weight * values)
        total[1].index_add_(0, pairs.point, pairs.weight)
        return torch.where(total[1] > 0, total[0] / total[1], self.objective.empty)

    def rounded(self) -> Field:
        return _rounded(self)


def _rounded(field: GlobalField | PatchField) -> Field:
    if not isinstance(field.decoder, FoldedDecoder):
        return field
    own = copy.copy(field)
    own.decoder = field.decoder.rounded()
    return own


Learn = Callable[[Any, Callable[[Tensor], Tensor]], Tensor]
"""A computation at indices of some points from values of a field."""


@dataclass(frozen=True)
class Rescale:
    """A map of one level's values, such as logits, into the range of another's, such as distances.

    v ← v − iso_from; v ← v / max(|min v|, |max v|); v ← v · s + iso_to, where s is the
    distance from iso_to of the reference field's min (if |min v| is the larger) or max. So
    the iso-levels become equal, and so do the extremes on the larger side.
    """

    iso_from: float  # iso-level of the level to move
    iso_to: float  # iso-level of the reference
    scale: float  # s / max(|min v|, |max v|)

    @classmethod
    def between(
        cls,
        iso_from: float,
        range_from: tuple[float, float],
        iso_to: float,
        range_to: tuple[float, float],
    ) -> Rescale:
        """Fit the map to both iso-levels and both (min, max), cells without a patch included."""
        low, high = (abs(bound - iso_from) for bound in range_from)
        end = range_to[0] if low > high else range_to[1]
        larger = max(low, high)
        return cls(iso_from, iso_to, abs(end - iso_to) / larger if larger else 0.0)

    def __call__(self, values: Tensor) -> Tensor:
        """Return the moved values."""
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
        rounded: the levels with layers in bfloat16; empty: all is float32.
        band: values that are less above or below the iso-level are float32.
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
        """Combine levels.

        Args:
            levels: the fields.
            iso_level: of the reference level, and so of the mean.
            moved_from: for each level its own iso-level where it must be moved into the
                reference's range, else None. Default: none is moved.
            reference: which level is the reference.
            names: of the levels in errors: the files of their weights.
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
        self.rounded: list[Field] = []
        self.band = 0.0
        self.rescales: list[Rescale | None] = [None] * len(levels)
        self.calibrated = all(iso is None for iso in self._moved_from)

    @property
    def decoders(self) -> list[BoundDecoder]:
        """Decoders of the levels, each once, and those in bfloat16."""
        fields = (*self.levels, *self.rounded)
        bound = [field.decoder for field in fields if isinstance(field, GlobalField | PatchField)]
        return list({id(decoder): decoder for decoder in bound}.values())

    def calibrate(self, ranges: Sequence[tuple[float, float]]) -> None:
        """Fix the moves by the (min, max) of every level's values on some lattice."""
        self.rescales = [
            None
            if iso is None
            else Rescale.between(iso, ranges[k], self.iso_level, ranges[self._reference])
            for k, iso in enumerate(self._moved_from)
        ]
        self.calibrated = True

    def use_rounded(self, device: torch.device) -> None:
        """Evaluate the levels in bfloat16 where that leaves no doubt about the side.

        Its error is measured at some points. The field must be calibrated.
        """
        rounded = [
            level.rounded() if isinstance(level, GlobalField | PatchField) else level
            for level in self.levels
        ]
        generator = torch.Generator().manual_seed(0)
        points = (torch.rand(PROBES, 3, generator=generator) - 0.5).to(device)
        error = self.combine(self.values(points)) - self.combine(self.values(points, rounded))
        changed = error[error != 0]
        if len(changed):
            self.band = SURELY * float(changed.square().mean().sqrt())
            self.rounded = rounded

    def values(self, points: Tensor, levels: Sequence[Field] | None = None) -> Tensor:
        """Return the levels' (L, N) values at (N, 3) points, one row a level, not moved.

        ``levels`` are evaluated instead of those of float32.

        Raises:
            CheckpointError: some of them are not finite, or beyond :data:`LARGEST`.
        """
        levels = levels or self.levels
        values = _in_chunks(lambda p: torch.stack([level(p) for level in levels]), points)
        good = (values.abs() < LARGEST).all(dim=1).tolist()
        if not all(good):
            raise CheckpointError(
                f"{self._names[good.index(False)]}: these weights give values that are not finite; "
                "they are damaged: train the level again, or fetch them again"
            )
        return values

    def combine(self, values: Tensor) -> Tensor:
        """Return the (N,) mean of the levels' (L, N) values, moved where needed."""
        assert self.calibrated
        moved = [
            weight * (row if rescale is None else rescale(row))
            for row, rescale, weight in zip(values, self.rescales, self._weights, strict=True)
        ]
        return sum(moved[1:], moved[0]) / sum(self._weights)

    def __call__(self, points: Tensor) -> Tensor:
        """Evaluate (N, 3) points; return (N,) fused values."""
        return self.decided(lambda at, fused: fused(points[at]), self.iso_level)

    def decided(self, compute: Learn, level: float) -> Tensor:
        """Compute values from this field: by the rounded levels, and again where they may mislead.

        ``compute`` takes indices and a function from points to fused values. Values near ``level``
        are computed again in float32.
        """
        everything = slice(None)
        if not self.rounded:
            return compute(everything, lambda points: self.combine(self.values(points)))
        values = compute(everything, lambda p: self.combine(self.values(p, self.rounded)))
        doubtful = ((values - level).abs() < self.band).nonzero().squeeze(1)
        if not len(doubtful):
            return values
        exact = compute(doubtful, lambda points: self.combine(self.values(points)))
        return values.index_copy(0, doubtful, exact)


class ObservedField:
    """A fused field combined with an observation.

    Let v be the fused field's value above its iso-level, c and s the distances of
    :class:`Observation`, and K the value of a unit of length. The value is

    * ``carve``: min(v, K·c) in hidden space; K·c, which is negative, in free space.
    * ``surface``: the same, but at least K·s, so that the observed surface stays where the camera
      saw it.

    Under a symmetry, let c' be the least c and s' the largest s at the images of a point. A point
    with an image in free space is empty unless it is in the shell: the value is at most
    K·max(c', s).

    * Mirror planes: v is the mean of the fused field's values at the point and at its images.
    * An axis of revolution: v is the mean of its values at images that face the camera, and for
      ``surface`` the value is at least K·s', too (:class:`RevolutionProfile`).

    Attributes:
        field: the fused field; it is evaluated only where it decides.
        iso_level: 0. The fused field's is subtracted, so that the smallest distance keeps its sign
            in float32.
        symmetry: of the object, set by :meth:`use`; None: none.
    """

    def __init__(
        self, field: FusedField, observation: Observation, surface: bool, is_sdf: bool
    ) -> None:
        """Combine a calibrated field and an observation of the same depth map.

        ``surface`` is the mode of that name, else ``carve``. The field's values are distances if
        ``is_sdf``, else logits.
        """
        self.field = field
        self.iso_level = 0.0
        self.observation = observation
        self.surface = surface
        self.symmetry: Symmetry | None = None
        self._profile: RevolutionProfile | None = None
        self._scale = 1.0 if is_sdf else LOGITS_PER_CELL / observation.cell

    def use(self, symmetry: Symmetry | None) -> None:
        """Take the object to be symmetric; an axis of revolution evaluates the field at once."""
        self.symmetry = symmetry
        self._profile = None
        if isinstance(symmetry, RevolutionAxis):
            self._profile = RevolutionProfile(symmetry, self.observation, self._above)

    def _above(self, points: Tensor) -> Tensor:
        """Evaluate the fused field above its iso-level, in float32."""
        return self.field.combine(self.field.values(points)) - self.field.iso_level

    def __call__(self, points: Tensor) -> Tensor:
        """Evaluate (N, 3) points; return (N,) values above the iso-level, larger inside."""
        hidden, shell = _in_chunks(lambda p: torch.stack(self.observation(p)), points)
        low = self._values(hidden)
        # The networks decide in hidden space only, and not within the shell.
        undecided = hidden > 0
        if self.surface:
            undecided &= hidden > shell
        index = undecided.nonzero().squeeze(1)
        if not len(index):
            return low
        kept = shell[index] * self._scale
        inside, upper = points[index], low[index]
        learned = self.field.decided(
            lambda at, fused: self._learned(
                inside[at], upper[at], kept[at], lambda p: fused(p) - self.field.iso_level
            ),
            0.0,
        )
        if self.surface:
            learned = torch.maximum(learned, kept)
        return low.index_copy(0, index, learned)

    def _values(self, distance: Tensor) -> Tensor:
        """Convert distances to hidden space's boundary to values of the field."""
        return (distance * self._scale).clamp_min(-FLOOR * self.observation.cell * self._scale)

    def _learned(self, points: Tensor, low: Tensor, kept: Tensor, above: Field) -> Tensor:
        """Evaluate hidden points by the networks and by the points' images.

        ``low`` is (N,) K·c, an upper bound of the values; ``kept`` is K·s; ``above`` is the fused
        field above its iso-level.
        """
        if self._profile is not None:
            return self._revolved(self._profile, points, low, kept, above)
        if isinstance(self.symmetry, MirrorPlanes):
            return self._mirrored(self.symmetry, points, low, kept, above)
        return torch.minimum(above(points), low)

    def _revolved(
        self, profile: RevolutionProfile, points: Tensor, low: Tensor, kept: Tensor, above: Field
    ) -> Tensor:
        """Evaluate hidden points of a solid of revolution, see :meth:`_learned`."""
        free, shell, learned = profile(points)
        low = torch.minimum(low, torch.maximum(self._values(free), kept))
        if self.surface:
            learned = torch.minimum(learned, low)
            return torch.maximum(learned, torch.minimum(shell * self._scale, low))
        # A kept part whose images are free, such as a handle, does not belong to the solid.
        alone = ((free <= 0) & (low > 0)).nonzero().squeeze(1)
        if len(alone):
            learned = learned.index_copy(0, alone, above(points[alone]))
        return torch.minimum(learned, low)

    def _mirrored(
        self, planes: MirrorPlanes, points: Tensor, low: Tensor, kept: Tensor, above: Field
    ) -> Tensor:
        """Evaluate hidden points of an object with mirror planes, see :meth:`_learned`."""
        images = planes.images(points)
        hidden = _in_chunks(self.observation.hidden_in_cube, images.flatten(0, 1))
        margin = image_margin(self.observation)
        free = self._values(hidden.view(len(images), -1).amin(dim=0) + margin)
        low = torch.minimum(low, torch.maximum(free, kept))
        # The networks are not evaluated within the shell.
        undecided = low > (kept.clamp_min(0) if self.surface else 0)
        index = undecided.nonzero().squeeze(1)
        if not len(index):
            return low
        # The image of a point of the cube may lie outside, where networks were not trained.
        places = torch.cat([points[index][None], images[:, index].clamp(-0.5, 0.5)])
        values = above(places.flatten(0, 1)).view(len(places), -1).mean(dim=0)
        return low.index_copy(0, index, torch.minimum(values, low[index]))
