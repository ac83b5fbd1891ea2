"""Training data that are made on the fly: fresh shapes in every batch.

A shape's number is a 32-bit hash of the seed, the split, the epoch and its position in the epoch.
The number determines its family, its parameters, its view and the sensor effects on its map. So
runs can be resumed, and a validation set stays the same without any file. Depth, occupancy and
distances are exact (:mod:`im2mesh.shapes.batch`) and computed on the training device, for all
shapes of a batch at once. Sensor effects change the maps only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from im2mesh.config import Config
from im2mesh.data.batch import Batch, EvaluationPoints
from im2mesh.data.cells import windows_of
from im2mesh.data.rng import random_below, random_bits, random_seed, random_uniform
from im2mesh.data.sensor_effects import sensor_effects
from im2mesh.errors import ConfigError
from im2mesh.geometry.poses import pose_rotation, uniform_rotation
from im2mesh.objectives import build_objective
from im2mesh.shapes.batch import ShapeBatch
from im2mesh.shapes.families import FAMILIES, make_shape
from im2mesh.shapes.shape import Shape

EPOCH = 100_000
"""Number of samples that counts as an epoch of endless data."""

SURFACE_POINTS = 800
"""A patch level proposes this many points on the surfaces of each shape's solids, times the image's
side in windows' sides, and makes the points near the surface of its windows from those that lie in
them and are not hidden. A global level draws each of its points anew."""

DISTANCES = (0.003, 0.05)
"""Bounds of the standard deviation of a point's distance from the surface, which is drawn for each
point near the surface, log-uniformly. In sides of the cube."""

POINTS_OF_A_CUBE = 100_000
"""Points for the IoU in the whole cube; a window has its share of them, as in a stored data set."""

TRAIN, VALIDATION = 0, 1
"""Numbers of the splits."""

# Keys of random numbers, one for each use.
_SHAPE, _FAMILY, _AZIMUTH, _ELEVATION, _WINDOW, _SURFACE, _UNIFORM, _PICK, _FAR, _NORMAL = range(10)
_TURNED, _ROTATION, _PLACED, _EXTENT, _OFFSET, _SENSOR = range(10, 16)


@dataclass(frozen=True)
class Views:
    """Distribution of the poses of shapes, and of the sensor effects on their maps."""

    orientation: float  # share of the shapes with a uniformly random rotation
    # (low, high) degrees of the others' elevations; their azimuth is uniform
    elevation: tuple[float, float]
    extent: tuple[float, float]  # (low, high) largest extent, in sides of the cube; see posed
    sensor: float  # share of the maps with sensor effects
    strength: float  # of these effects

    @classmethod
    def of(cls, config: Config, split: int) -> Views:
        """Read the keys of a split."""
        data = config.data
        if split == TRAIN:
            shares = (data.orientation, data.elevation, data.extent, data.sensor)
        else:
            shares = (data.val_orientation, data.val_elevation, data.val_extent, data.val_sensor)
        return cls(*shares, strength=data.sensor_strength)

    def posed(self, shapes: ShapeBatch, numbers: Sequence[int]) -> ShapeBatch:
        """Return the views of shapes that belong to their numbers.

        Half of the shapes draw their extent from :attr:`extent`, evenly, and lie anywhere in the
        cube; the others have the high extent and lie in the middle.
        """
        rotations = np.stack([self._rotation(number) for number in numbers])
        posed = shapes.transformed(rotation=torch.from_numpy(rotations)).normalised()
        if self.extent[0] == 1:
            return posed
        placed = np.array([self._placed(number) for number in numbers])
        extent, place = torch.from_numpy(placed[:, 0]), torch.from_numpy(placed[:, 1:])
        low, high = (posed.bounds() * extent[:, None, None]).unbind(1)
        return posed.transformed(offset=(place - 0.5) * (1 - (high - low)), scale=extent)

    def _rotation(self, number: int) -> np.ndarray:
        """Return the (3, 3) rotation of a shape."""
        if _uniform(number, _TURNED) < self.orientation:
            return uniform_rotation(*(_uniform(number, _ROTATION, k) for k in range(3)))
        low, high = self.elevation
        elevation = low + _uniform(number, _ELEVATION) * (high - low)
        return pose_rotation(_uniform(number, _AZIMUTH) * 360, elevation)

    def _placed(self, number: int) -> list[float]:
        """Return a shape's extent and, along x, y and z, its place in the room left, 0 to 1."""
        low, high = self.extent
        if _uniform(number, _PLACED) >= 0.5:
            return [high, 0.5, 0.5, 0.5]
        extent = low + _uniform(number, _EXTENT) * (high - low)
        return [extent, *(_uniform(number, _OFFSET, k) for k in range(3))]

    def sensed(self, depths: Tensor, numbers: Tensor, seed: int) -> Tensor:
        """Return the maps (B, S, S) as a sensor sees them, for a share of them."""
        seed = random_seed(seed, _SENSOR)
        return sensor_effects(depths, numbers, self.sensor, self.strength, seed)


class ProceduralSource:
    """Endless samples of procedural shapes; see :class:`im2mesh.data.batch.Source`.

    A patch level has ``data.windows_per_shape`` neighbouring samples of each shape, which show
    different windows; a global level has one, which shows the whole shape. A share
    ``data.points_near_surface`` of their points lie near the surface, the others anywhere in the
    window. The points near the surface depend on the first position of their batch; everything
    else depends on the sample's own position only.
    """

    def __init__(
        self,
        config: Config,
        split: int,
        families: Sequence[str],
        make_shape: Callable[[str, int], Shape],
        device: torch.device,
    ) -> None:
        """Bind the pieces.

        Args:
            config: of the level.
            split: a number; shapes of different splits differ.
            families: from which shapes are drawn, with equal probability.
            make_shape: (family, seed) → a shape.
            device: of the batches.
        """
        if not isinstance(config.data.points_subsample, int):
            raise ConfigError(
                f"{config.source}: data.points_subsample must be one number for procedural "
                "shapes; data.points_near_surface balances inside and outside"
            )
        self.config, self.families, self.device = config, list(families), device
        self._split, self._make_shape = split, make_shape
        self._views = Views.of(config, split)
        self.windows = windows_of(config)
        self.per_shape = config.data.windows_per_shape if config.is_patch else 1
        self._points: int = config.data.points_subsample
        self._learns = build_objective(config.method, config.test.threshold).learns

    def __len__(self) -> int:
        return EPOCH

    def name(self, shape: int) -> str:
        """Return ``<family>-<number>``, which identifies the shape."""
        return f"{self._family(shape)}-{shape}"

    def _family(self, number: int) -> str:
        return self.families[random_seed(number, _FAMILY) % len(self.families)]

    def shapes(self, numbers: Sequence[int]) -> ShapeBatch:
        """Return the posed shapes with the given numbers, on the CPU."""
        made = [self._make_shape(self._family(number), number) for number in numbers]
        return self._views.posed(ShapeBatch.of(made), numbers)

    def batch(self, epoch: int, start: int, stop: int) -> Batch:
        return self.finish(self.prepare(epoch, start, stop))

    def prepare(self, epoch: int, start: int, stop: int) -> Drawn:
        """See :class:`im2mesh.data.batch.Staged`: the shapes, which take most of the CPU's time."""
        first, last = start // self.per_shape, -(-stop // self.per_shape)
        numbers = [self._number(epoch, index) for index in range(first, last)]
        return Drawn(epoch, start, stop, numbers, self.shapes(numbers))

    def finish(self, prepared: Drawn) -> Batch:
        """See :class:`im2mesh.data.batch.Staged`: maps and points, on the source's device."""
        made = self._made(prepared, self._points, self.config.data.points_near_surface)
        # A window without a point inside is skipped.
        occupied = made.inside.any(dim=1, keepdim=True)
        valid = occupied.expand(made.inside.shape)
        return Batch(made.images, made.local, made.targets, valid, made.numbers)

    def evaluation_points(self, start: int, stop: int) -> EvaluationPoints:
        """Return points anywhere in the windows, at a density of 100 000 in the cube."""
        share = (self.windows.size / self.windows.image_size) ** 2
        count = round(POINTS_OF_A_CUBE * share)
        made = self._made(self.prepare(0, start, stop), count, 0.0)
        return EvaluationPoints(
            made.images, made.local.flatten(0, 1), made.targets.flatten(), [count] * (stop - start)
        )

    def maps(self, count: int) -> list[tuple[str, np.ndarray]]:
        """Return names and maps of the first shapes of the first epoch."""
        numbers = [self._number(0, k) for k in range(count)]
        shapes = self.shapes(numbers).to(self.device)
        depths = self._sensed(shapes, torch.tensor(numbers, device=self.device))
        return [
            (self.name(number), depth.cpu().numpy())
            for number, depth in zip(numbers, depths, strict=True)
        ]

    def _number(self, epoch: int, index: int) -> int:
        return random_seed(self.config.training.seed, _SHAPE, self._split, epoch, index)

    def _made(self, prepared: Drawn, count: int, near: float) -> _Made:
        """Return the samples of drawn shapes, a share ``near`` of the points near the surface."""
        first, numbers = prepared.start // self.per_shape, prepared.numbers
        shapes = prepared.shapes.to(self.device)
        number = torch.tensor(numbers, device=self.device)
        depths = self._sensed(shapes, number)
        window = self._choose_windows(depths, number)  # (shapes, windows of each)
        group = torch.arange(len(numbers), device=self.device).repeat_interleave(self.per_shape)
        flat = window.flatten()
        place = torch.arange(self.per_shape, device=self.device).repeat(len(numbers))
        keys = (number.repeat_interleave(self.per_shape)[:, None], place[:, None])
        local = self._anywhere(keys, count)
        surface = round(near * count)
        if surface:
            seed = random_seed(
                self.config.training.seed, _SURFACE, self._split, prepared.epoch, first
            )
            generator = torch.Generator(self.device).manual_seed(seed)
            if self._whole_image:
                on_surface, _ = shapes.sample_surface(surface, generator)
            else:
                on_surface = self._surface_in(shapes, window, generator)
            found, there = self._near(on_surface.float(), group, flat, keys, surface)
            local[:, :surface] = torch.where(there[:, None, None], found, local[:, :surface])
        cube = local if self._whole_image else self.windows.to_cube(local, flat[:, None])
        of_shapes = cube.view(len(numbers), self.per_shape * count, 3)
        if self._learns == "sdf":
            distance = shapes.signed_distance(of_shapes).view(len(flat), count)
            targets, inside = distance.float(), distance <= 0
        else:
            inside = shapes.occupancy(of_shapes).view(len(flat), count)
            targets = inside.float()
        wanted = slice(
            prepared.start - first * self.per_shape, prepared.stop - first * self.per_shape
        )
        return _Made(
            self.windows.pick(depths, group[wanted], flat[wanted])[:, None],
            local[wanted],
            targets[wanted],
            inside[wanted],
            keys[0][wanted, 0],
        )

    def _sensed(self, shapes: ShapeBatch, numbers: Tensor) -> Tensor:
        """Return the maps of shapes as the network is given them."""
        return self._views.sensed(shapes.depth(), numbers, self.config.training.seed)

    @property
    def _whole_image(self) -> bool:
        return len(self.windows) == 1

    def _choose_windows(self, depths: Tensor, number: Tensor) -> Tensor:
        """Choose (B, per_shape) random windows of each map, all with a foreground pixel.

        If there are fewer, some are repeated.
        """
        if self._whole_image:
            return number.new_zeros(len(number), 1)
        seen = torch.nn.functional.max_pool2d(
            (depths >= 0).float()[:, None], self.windows.size, self.windows.stride
        )
        seen = seen.flatten(1) > 0
        every = torch.arange(len(self.windows), device=self.device)
        rank = random_bits(self.config.training.seed, _WINDOW, number[:, None], every)
        order = torch.where(seen, rank, 1 << 32).argsort(dim=1)
        turn = torch.arange(self.per_shape, device=self.device) % seen.sum(1, keepdim=True)
        return order.gather(1, turn)

    def _surface_in(self, shapes: ShapeBatch, window: Tensor, generator: torch.Generator) -> Tensor:
        """Return (B, M, 3) points on the surface behind each shape's windows (B, W), or NaN."""
        corners = torch.tensor([[-0.5, -0.5, 0], [0.5, 0.5, 0]], device=self.device)
        columns = self.windows.to_cube(corners, window.flatten()[:, None]).double()
        low, high = columns[..., :2].view(*window.shape, 2, 2).unbind(2)
        across = self.windows.image_size // self.windows.size
        return shapes.surface_in_columns(low, high, SURFACE_POINTS * across, generator)

    def _anywhere(self, keys: tuple[Tensor, Tensor], count: int) -> Tensor:
        """Return (B, count, 3) uniform points of the windows' own cubes."""
        index = torch.arange(3 * count, device=self.device)
        uniform = random_uniform(self.config.training.seed, _UNIFORM, *keys, index)
        return uniform.view(len(keys[0]), count, 3) - 0.5

    def _near(
        self,
        surface: Tensor,
        group: Tensor,
        window: Tensor,
        keys: tuple[Tensor, Tensor],
        count: int,
    ) -> tuple[Tensor, Tensor]:
        """Draw (B, count, 3) points near the surface, in the coordinates of B windows.

        A point on the surface, (S, M, 3), in the window's column is moved by a normal deviate.
        Points that leave the window are reflected at its bounds. ``group`` numbers each window's
        shape, ``window`` the window. The (B,) bool says that there is a surface point in the
        column.
        """
        seed = self.config.training.seed
        index = torch.arange(count, device=self.device)
        local = surface[group]
        scale = local.new_ones(3)
        if self._whole_image:
            owned = torch.ones_like(local[..., 0], dtype=torch.bool)
            at = index.expand(len(group), count)
        else:
            local = self.windows.to_local(local, window[:, None])
            owned = (local[..., :2].abs() <= 0.5).all(dim=2)
            scale[:2] = self.windows.image_size / self.windows.size
            ranks = owned.cumsum(1)
            chosen = random_below(ranks[:, -1:], seed, _PICK, *keys, index) + 1
            at = torch.searchsorted(ranks, chosen).clamp_(max=local.shape[1] - 1)
        base = local.gather(1, at[..., None].expand(-1, -1, 3))
        low, high = (math.log(distance) for distance in DISTANCES)
        far = random_uniform(seed, _FAR, *keys, index)
        deviation = torch.exp(low + far * (high - low))[..., None] * scale
        moved = base + deviation * self._normal(keys, count)
        # Reflected at ±0.5, repeatedly.
        return ((moved - 0.5) % 2 - 1).abs() - 0.5, owned.any(dim=1)

    def _normal(self, keys: tuple[Tensor, Tensor], count: int) -> Tensor:
        """Return (B, count, 3) standard normal deviates (Box and Muller)."""
        index = torch.arange(6 * count, device=self.device)
        uniform = random_uniform(self.config.training.seed, _NORMAL, *keys, index)
        one, other = uniform.view(len(keys[0]), 2, count, 3).unbind(1)
        return torch.sqrt(-2 * torch.log1p(-one)) * torch.cos(2 * math.pi * other)


@dataclass(frozen=True)
class Drawn:
    """The shapes of the samples at [start, stop) of an epoch, on the CPU."""

    epoch: int
    start: int
    stop: int
    numbers: list[int]
    shapes: ShapeBatch


@dataclass(frozen=True)
class _Made:
    """Samples before they become a batch: (B, 1, s, s), (B, T, 3), (B, T), (B, T), (B,)."""

    images: Tensor
    local: Tensor
    targets: Tensor
    inside: Tensor
    numbers: Tensor


class ProceduralValidation:
    """The first shapes of a source, made once and kept."""

    def __init__(self, source: ProceduralSource, shapes: int) -> None:
        self._source = source
        self._shapes = shapes
        self._batches: dict[tuple[int, int], Batch] = {}
        self._evaluation_points: dict[tuple[int, int], EvaluationPoints] = {}

    def __len__(self) -> int:
        return self._shapes * self._source.per_shape

    def name(self, shape: int) -> str:
        return self._source.name(shape)

    def batch(self, epoch: int, start: int, stop: int) -> Batch:
        if (start, stop) not in self._batches:
            self._batches[start, stop] = self._source.batch(0, start, stop)
        return self._batches[start, stop]

    def evaluation_points(self, start: int, stop: int) -> EvaluationPoints:
        if (start, stop) not in self._evaluation_points:
            self._evaluation_points[start, stop] = self._source.evaluation_points(start, stop)
        return self._evaluation_points[start, stop]

    def maps(self, count: int) -> list[tuple[str, np.ndarray]]:
        return self._source.maps(min(count, self._shapes))


def _uniform(number: int, *keys: int) -> float:
    """Return a random number in [0, 1) of the shape ``number`` for the use that the keys name."""
    return random_seed(number, *keys) / 2**32


def open_procedural(
    config: Config, device: torch.device
) -> tuple[ProceduralSource, ProceduralValidation]:
    """Return the sources of training and of validation of a configuration.

    Raises:
        ConfigError: an unknown family, or points that cannot be drawn.
    """

    def source(split: int, key: str) -> ProceduralSource:
        chosen: Sequence[str] | None = getattr(config.data, key)
        for name in chosen or ():
            if name not in FAMILIES:
                raise ConfigError(
                    f"{config.source}: data.{key} names {name!r}; the families are "
                    f"{', '.join(FAMILIES)}"
                )

        families = chosen or list(FAMILIES)
        return ProceduralSource(config, split, families, make_shape, device)

    validation = source(VALIDATION, "val_families")
    return source(TRAIN, "train_families"), ProceduralValidation(validation, config.data.val_shapes)
