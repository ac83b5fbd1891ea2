"""Effects of a depth sensor on clean depth maps, for the inputs of training and validation.

A procedural depth map is exact to the last pixel; a map that was resampled from a sensor is not.
:func:`sensor_effects` adds a sensor's defects to a share of the maps. Each effect has a probability
and a size, drawn for each map:

- noise, smooth and from pixel to pixel, and depth in steps (quantisation);
- rounded edges;
- a rim that is torn, grown or eroded by pixels, in steps of the sensor's coarser grid;
- a gap behind a nearer edge, or the nearer edge grown over what is behind it;
- holes: blobs, small dark spots, surfaces at grazing angles;
- a part cut off: by the frame of the image, with the plane that the object stands on, or by a
  strip in front of the object;
- single missing pixels and thin missing lines, as the resampling of a perspective image leaves.

The effects on a map are a function of its number (:mod:`im2mesh.data.rng`), so a map is the same
in every run. All maps are computed at once, on their device.

Two conventions keep the cost of a map at a few milliseconds of one core. Background is :data:`FAR`
instead of −1 while effects are applied, so the nearest of neighbours is a minimum. An effect that
loses pixels returns a score, positive where a pixel is lost, and scores are joined by maxima.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import hardshrink, interpolate

from im2mesh.data.rng import random_bits, random_uniform
from im2mesh.geometry.pixels import IMAGE_SIZE

LEAST_LEFT = 0.4
"""Least share of a map's foreground that effects leave."""

FAR = 2.0
"""The depth of background while effects are applied; surfaces have depths in [0, 1]."""

NOWHERE = 1.5
"""The depth beyond which there is only background."""

REACH = 4
"""The most pixels by which an edge grows over what is behind it, or hides it."""

JUMP = 0.03
"""The difference in depth between neighbours that makes an edge, in sides of the cube."""

STEEPEST = 0.1
"""The most by which the depth of a steep surface differs over two pixels; an edge differs more."""

ROUNDING = 0.01
"""The most by which rounded edges move a depth, in sides of the cube."""

WIDEST = 6.0
"""The widest pixel of the sensor, in pixels of the map."""

_APPLIES, _SIZES, _PIXELS = range(3)  # the use of a random number: each has a key of its own
_GRID = 64  # nodes along a side of the smooth fields, before they are enlarged to the map

# Weights of the octaves (8, 16, 32 and 64 nodes along a side) in the three smooth fields, and the
# standard deviations of the sums, by which the fields are divided.
_OCTAVES = (
    (0.0, 0.0, 0.5, 1.0),  # rim: by which its pixels are displaced
    (1.0, 0.8, 0.6, 0.4),  # blobs with ragged edges
    (0.3, 1.0, 0.5, 0.0),  # waves
)
_DEVIATIONS = (0.44, 0.70, 0.55)


def sensor_effects(
    depth: Tensor, numbers: Tensor, share: float = 1.0, strength: float = 1.0, seed: int = 0
) -> Tensor:
    """Apply a sensor's effects to some of the depth maps.

    Args:
        depth: (B, 256, 256) float32, values in [0, 1] and background −1; not changed.
        numbers: (B,) int64, one for each map. The effects are a function of it and of ``seed``.
        share: of the maps that get effects, 0 to 1.
        strength: of the effects; 0 is none, 1 is about what sensors at arm's length have.
        seed: any integer.

    Returns:
        Maps of the same form. One that gets effects keeps at least :data:`LEAST_LEFT` of its
        foreground.
    """
    assert depth.shape == (len(numbers), IMAGE_SIZE, IMAGE_SIZE)
    if share <= 0 or strength <= 0:
        return depth
    chosen = (random_uniform(seed, _APPLIES, numbers) < share).nonzero()[:, 0]
    if not len(chosen):
        return depth
    changed = _with_effects(depth[chosen], _Random(seed, numbers[chosen], strength))
    return depth.index_copy(0, chosen, changed)


def _with_effects(depth: Tensor, rng: _Random) -> Tensor:
    background = _positive(-depth)
    clean = depth + (FAR + 1) * background
    white, salt = rng.pixels(depth.shape[1])
    rim, blobs, waves = _smooth_fields(salt)

    near, spread, beside = _neighbours(clean, rng)
    # What one pixel does at a rim cannot be made smaller, so weaker effects are rarer there.
    kind, often = rng.uniform(), min(rng.strength, 1.0)
    grows, hides = (kind < 0.3 * often).float(), (kind > 1 - 0.4 * often).float()
    lost = _cut_off(clean, background, rng)
    at_rims = _grazing(spread, white, rng)
    _join(at_rims, _torn(beside, rim, rng))
    # Where a rim grows nothing is lost at it, else a ring would be left.
    _join(lost, at_rims.sub_(10 * grows))
    _join(lost, _holes(blobs, rim, rng))
    _join(lost, _hidden(clean, near, hides))
    surface = _rounded(_grown(clean, near, grows), rng)
    # What is lost is far from here on, so the coarser grid shows in its outline, too.
    _join(surface, _positive(lost).mul_(FAR))
    surface = _displaced(surface, rim, rng)
    lost = surface - NOWHERE
    _join(lost, _missing_pixels(salt, rng))

    # A map that would lose too much keeps its outline, and has noise alone.
    had = (1 - background).sum((1, 2), keepdim=True)
    gone = torch.maximum(_positive(lost), background).sum((1, 2), keepdim=True)
    left = background[0].numel() - gone
    too_few = (left < LEAST_LEFT * had).float()
    surface = _noisy(surface.lerp_(clean, too_few), waves, white, rng)
    lost = _positive(lost.lerp_(clean - NOWHERE, too_few))
    return surface.lerp_(surface.new_tensor(-1.0), lost)


# --- effects: on maps (B, S, S) with background FAR; each draws its sizes -----------------------


def _cut_off(surface: Tensor, background: Tensor, rng: _Random) -> Tensor:
    """Return the score of pixels between two planes, at an end of the object or anywhere.

    The planes are parallel to the viewing direction (the frame of the image, a strip in front of
    the object) or oblique (the plane that the object stands on is removed, and what is near it).
    """
    x, y = rng.direction()
    slope = rng.uniform(-1, 1) * rng.flag(0.5)
    share = rng.amount(0.35, 0.35).clamp(max=0.5)
    strip = rng.flag(0.3)
    start = (1 - share) * (1 - strip * rng.uniform())
    stop = start + share * (11 - 10 * strip)  # without a strip, well beyond the end
    place = torch.arange(surface.shape[1], device=surface.device) / surface.shape[1]
    along = slope * surface + (x * place + y * place[:, None])
    # The ends of the object, to four pixels.
    some, nothing = along[:, ::4, ::4], 10 * background[:, ::4, ::4]
    top = (some - nothing).amax((1, 2), keepdim=True)
    bottom = (some + nothing).amin((1, 2), keepdim=True)
    low, high = torch.lerp(bottom, top, start), torch.lerp(bottom, top, stop)
    return torch.minimum(high - along, along.sub_(low))


def _grazing(spread: Tensor, white: Tensor, rng: _Random) -> Tensor:
    """Return the score of steep pixels: the steeper, the likelier they are lost."""
    weight = rng.amount(1, 0.5).clamp(max=1)
    steep = spread - hardshrink(spread, STEEPEST)  # edges are not steep surfaces
    # As a slope: the difference is that of two pixels.
    return steep.mul_(spread.shape[1] / 2 * weight).add_(white).sub_(3)


def _torn(beside: Tensor, field: Tensor, rng: _Random) -> Tensor:
    return torch.minimum(beside, field + (5 * rng.amount(1, 0.5) - 4).clamp(max=3))


def _holes(blobs: Tensor, spots: Tensor, rng: _Random) -> Tensor:
    """Return the score of large blobs and of small dark spots."""
    large = rng.amount(1, 0.35).clamp(max=1.5)
    small = rng.amount(1, 0.4).clamp(max=1.5)
    return torch.maximum(
        blobs + (1.8 * large - 3.3 - 10.0 * (large == 0)),
        spots + (1.4 * small - 3.2 - 10.0 * (small == 0)),
    )


def _hidden(surface: Tensor, near: Tensor, hides: Tensor) -> Tensor:
    """Return the score of pixels behind a nearer edge, in maps where ``hides`` is 1."""
    return surface - near + (10 * (hides - 1) - JUMP)


def _grown(surface: Tensor, near: Tensor, grows: Tensor) -> Tensor:
    """Let nearer edges grow over what is behind them, in maps where ``grows`` is 1."""
    return hardshrink(near - surface, JUMP).mul_(grows).add_(surface)


def _rounded(surface: Tensor, rng: _Random) -> Tensor:
    weight = rng.amount(2, 0.5).clamp(max=1)
    change = _blurred(surface, 2).sub_(surface).clamp_(-ROUNDING, ROUNDING)
    return change.mul_(weight).add_(surface)


def _displaced(surface: Tensor, field: Tensor, rng: _Random) -> Tensor:
    """Read the map at displaced pixels, in the steps of a coarser grid.

    Within a surface most maps keep their own depth, as where a sensor's pixels are interpolated.
    """
    size = surface.shape[1]
    cell = 1 + rng.amount(2.5, 0.6).clamp(max=WIDEST - 1)
    begin = rng.uniform() * (cell > 1)
    jitter, blocky = rng.amount(1.2, 0.5), rng.flag(0.3)
    place = torch.arange(size, device=surface.device)
    middle = ((place / cell + begin).floor() + 0.5 - begin) * cell
    column = (jitter * field).add_(middle).clamp_(0, size - 1).floor_()
    # Turned half around, the same field is another one.
    row = (jitter * field.flip(1, 2)).add_(middle.transpose(1, 2)).clamp_(0, size - 1).floor_()
    index = row.mul_(size).add_(column).long()
    moved = surface.flatten(1).gather(1, index.flatten(1)).view_as(surface)
    own = hardshrink(moved - surface, JUMP).add_(surface)
    return torch.lerp(own, moved, blocky)


def _missing_pixels(salt: Tensor, rng: _Random) -> Tensor:
    """Return the score of single pixels, and of broken lines along rows and columns."""
    single, on_lines = rng.amount(0.01, 0.3), rng.amount(0.5, 0.2)
    place = torch.arange(salt.shape[1], device=salt.device)
    line = ((place + 50 * rng.uniform()) % rng.uniform(8, 50) < 1) * on_lines
    columns, rows = line + single, line.transpose(1, 2) * rng.flag(0.5)
    return salt + (2 * columns - 1) + 2 * rows


def _noisy(surface: Tensor, waves: Tensor, white: Tensor, rng: _Random) -> Tensor:
    """Add noise, then round to steps; depths stay in [0, 1]."""
    smooth = rng.amount(0.006, 0.8)
    rough = rng.amount(0.004, 0.7) + 0.0005 * rng.strength
    step = rng.amount(0.01, 0.5).clamp(min=1e-6)
    begin = rng.uniform()
    noisy = (smooth * waves).add_(surface).add_(rough * white)
    return noisy.div_(step).add_(begin).round_().sub_(begin).mul_(step).clamp_(0, 1)


# --- operations on maps -------------------------------------------------------------------------


def _neighbours(surface: Tensor, rng: _Random) -> tuple[Tensor, Tensor, Tensor]:
    """Return measures of each pixel's neighbourhood.

    Returns:
        The nearest depth within one pixel or :data:`REACH`, each map's own; the difference between
        the farthest and the nearest depth within one pixel; a score that is positive for surfaces
        within one pixel of background.
    """
    wide = (rng.uniform(0, rng.strength) > 0.4).float()
    near = _extreme(surface, 1, torch.minimum)
    far = _extreme(surface, 1, torch.maximum)
    nearest = torch.lerp(near, _extreme(near, REACH - 1, torch.minimum), wide)
    return nearest, far - near, far - surface - 1


def _extreme(image: Tensor, step: int, pick: Callable[..., Tensor]) -> Tensor:
    """Return the least or largest of each pixel and those ``step`` rows and columns away."""
    for axis in (1, 2):
        before, _, after = _shifted(image, axis, step)
        image = image.clone()
        middle = _shifted(image, axis, step)[1]
        pick(middle, before, out=middle)
        pick(middle, after, out=middle)
    return image


def _blurred(image: Tensor, step: int) -> Tensor:
    """Return means of pixels ``step`` apart, weighted 1, 2, 1 along rows and columns."""
    for axis in (1, 2):
        before, _, after = _shifted(image, axis, step)
        image = image.clone()
        # (2/3 middle + 1/3 before) · 3/4 + 1/4 after
        _shifted(image, axis, step)[1].lerp_(before, 1 / 3).lerp_(after, 1 / 4)
    return image


def _join(scores: Tensor, others: Tensor) -> None:
    torch.maximum(scores, others, out=scores)


def _positive(score: Tensor) -> Tensor:
    """Return 1 where a score is positive, else 0; faster than a comparison, and a new tensor."""
    return score.sign().clamp_(min=0)


def _shifted(image: Tensor, axis: int, step: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return views of the pixels before, at and after those that have both neighbours."""
    count = image.shape[axis] - 2 * step
    before, middle, after = (image.narrow(axis, k * step, count) for k in range(3))
    return before, middle, after


def _smooth_fields(white: Tensor) -> tuple[Tensor, ...]:
    """Return fields (B, S, S) of about standard normal numbers, from S² random numbers.

    Random numbers on grids of 8² to 64² nodes are enlarged and added, octave by octave.
    """
    count, fields = len(white), len(_OCTAVES)
    grids = white.flatten(1)[:, : 4 * fields * _GRID**2].view(count, 4, fields, _GRID, _GRID)
    weights = white.new_tensor(_OCTAVES) / white.new_tensor(_DEVIATIONS)[:, None]
    total = white.new_zeros(count, fields, 4, 4)
    for octave in range(4):
        nodes = _GRID >> (3 - octave)
        total = interpolate(total, (nodes, nodes), mode="bicubic")
        grid = grids[:, octave, :, :nodes, :nodes]
        total = total + weights[:, octave, None, None] * grid
    size = white.shape[1:]
    # One channel at a time: of several, interpolate takes three times as long.
    total = interpolate(total.view(-1, 1, _GRID, _GRID), size, mode="bilinear")
    return total.view(count, fields, *size).unbind(1)


class _Random:
    """Random sizes and fields of B maps; see :mod:`im2mesh.data.rng`.

    Sizes are (B, 1, 1), so that they scale whole maps, and are drawn in the order of the calls.
    """

    def __init__(self, seed: int, numbers: Tensor, strength: float) -> None:
        index = torch.arange(64, device=numbers.device)
        uniform = random_uniform(seed, _SIZES, numbers[:, None], index)
        self._next = iter(uniform.t()[:, :, None, None])
        self._seed, self._numbers, self.strength = seed, numbers, strength

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * next(self._next)

    def flag(self, probability: float) -> Tensor:
        return (self.uniform() < probability).float()

    def amount(self, most: float, probability: float) -> Tensor:
        """Draw, with a probability, sizes up to ``most`` · strength, uniform; else 0."""
        return self.uniform(0, most * self.strength) * self.flag(probability)

    def direction(self) -> tuple[Tensor, Tensor]:
        """Draw the two coordinates of unit vectors, of about uniform direction."""
        x, y = self.uniform(-1, 1), self.uniform(-1, 1)
        # No sine: it may differ by a bit between one map and many.
        length = (x * x + y * y).sqrt().clamp(min=1e-6)
        return x / length, y / length

    def pixels(self, size: int) -> tuple[Tensor, Tensor]:
        """Draw two (B, size, size) fields of independent numbers, uniform in [−1, 1).

        :func:`im2mesh.data.rng.random_bits` of each pixel would take as long as everything else:
        it gives a word for each row and column, which are mixed in 32 bits for each pixel.
        """
        index = torch.arange(2 * size, device=self._numbers.device)
        words = random_bits(self._seed, _PIXELS, self._numbers[:, None], index) - (1 << 31)
        rows, columns = words.int().view(-1, 2, size).unbind(1)
        mixed = (rows[:, :, None] ^ columns[:, None, :]).mul_(0x7FEB352D)
        mixed ^= mixed >> 15
        mixed.mul_(0x6C8E9CF5)
        other = (mixed ^ (mixed >> 16)) << 16  # the lower half, which the upper one is mixed into
        return mixed.float().mul_(2.0**-31), other.float().mul_(2.0**-31)
