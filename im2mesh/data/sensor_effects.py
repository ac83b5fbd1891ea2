"""Effects of a depth sensor on clean depth maps, for the inputs of training and validation.

A procedural depth map is exact to the last pixel; a map that was resampled from a sensor is not.
:func:`sensor_effects` gives a share of the maps what the sensor's maps have. Each effect has a
probability and a size, drawn for each map:

- noise, smooth and from pixel to pixel, and depth in steps (quantisation);
- rounded edges;
- a rim that is torn, grown or eroded by pixels, in steps of the sensor's coarser grid;
- a gap behind a nearer edge, or the nearer edge grown over what is behind it;
- holes: blobs, small dark spots, surfaces at grazing angles;
- a part cut off: by the frame of the image, with the plane that the object stands on, or by a
  strip in front of the object;
- single missing pixels and thin missing lines, as the resampling of a perspective image leaves.

The effects on a map are a function of its number (:mod:`im2mesh.data.draws`), so a map is the same
whoever asks for it. All maps are computed at once, on their device.

Two habits keep a map at a few milliseconds of one core. Background is :data:`FAR` instead of −1
while effects are applied, so the nearest of neighbours is a minimum. An effect that loses pixels
returns a score, positive where a pixel is lost, and scores are joined by maxima.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import hardshrink, interpolate

from im2mesh.data.draws import random_bits, random_uniform

LEAST_LEFT = 0.4
"""The share of a map's foreground that is left, whatever the effects."""

FAR = 2.0
"""The depth of background while effects are applied; surfaces have depths in [0, 1]."""

REACHES = (1, 3, 6)
"""Pixels by which an edge may grow over what is behind it, or hide it; each at most twice the one
before it, and one."""

JUMP = 0.03
"""The difference in depth between neighbours that makes an edge, in sides of the cube."""

WIDEST = 6.0
"""The widest pixel of the sensor, in pixels of the map."""

_APPLIES, _SIZES, _PIXELS = range(3)  # the use of a random number: each has a key of its own
_GRID = 64  # nodes along a side of the smooth fields, before they are enlarged to the map
_SIZES_OF_A_MAP = 64  # random sizes that are drawn for a map; fewer are used

# Weights of the octaves (8, 16, 32 and 64 nodes along a side) in the four smooth fields, and the
# standard deviations of the sums, by which the fields are divided.
_OCTAVES = (
    (0.0, 0.0, 0.5, 1.0),  # columns by which a rim is displaced
    (0.0, 0.0, 0.5, 1.0),  # rows
    (1.0, 0.8, 0.6, 0.4),  # blobs with ragged edges
    (0.3, 1.0, 0.5, 0.0),  # waves
)
_DEVIATIONS = (0.49, 0.49, 0.64, 0.54)


def sensor_effects(
    depth: Tensor, numbers: Tensor, share: float = 1.0, strength: float = 1.0, seed: int = 0
) -> Tensor:
    """Apply a sensor's effects to some of the depth maps.

    Args:
        depth: (B, S, S) float32, values in [0, 1] and background −1; not changed. S is a multiple
            of 64.
        numbers: (B,) int64, one for each map. The effects are a function of it and of ``seed``.
        share: of the maps that get effects, 0 to 1.
        strength: of the effects; 0 is none, 1 is about what sensors at arm's length have.
        seed: any integer.

    Returns:
        (B, S, S): maps of the same form. A map that gets effects keeps at least
        :data:`LEAST_LEFT` of its foreground.
    """
    assert depth.ndim == 3 and depth.shape[1] == depth.shape[2] and not depth.shape[1] % _GRID
    if share <= 0 or strength <= 0:
        return depth
    chosen = (random_uniform(seed, _APPLIES, numbers) < share).nonzero()[:, 0]
    if not len(chosen):
        return depth
    changed = _with_effects(depth[chosen], _Random(seed, numbers[chosen], strength))
    return depth.index_copy(0, chosen, changed)


def _with_effects(depth: Tensor, random: _Random) -> Tensor:
    foreground = (depth >= 0).float()
    clean = depth + (FAR + 1) * (1 - foreground)
    white, salt = random.pixels(depth.shape[1])
    across, down, blobs, waves = _smooth_fields(salt)

    near, far, spread = _neighbours(clean, random)
    lost = _cut_off(clean, foreground, random)
    lost = torch.maximum(lost, _grazing(spread, white, random))
    lost = torch.maximum(lost, _torn(far - clean, down, random))
    lost = torch.maximum(lost, _holes(blobs, across, random))
    surface, hidden = _edges(clean, near, blobs, random)
    lost = torch.maximum(lost, hidden)
    # What is lost is far from here on, so the coarser grid shows in its outline, too.
    surface = torch.maximum(_rounded(surface, random), FAR * (lost > 0))
    surface = _displaced(surface, across, down, random)
    lost = torch.maximum(surface - (1 + FAR) / 2, _missing_pixels(salt, random))

    left = ((lost <= 0) * foreground).sum((1, 2), keepdim=True)
    too_few = (left < LEAST_LEFT * foreground.sum((1, 2), keepdim=True)).float()
    lost = torch.lerp(lost, clean - (1 + FAR) / 2, too_few)
    surface = _noisy(torch.lerp(surface, clean, too_few), waves, white, random)
    return torch.where(lost > 0, -1.0, surface)


# --- effects: on maps (B, S, S) with background FAR; each draws its sizes -----------------------


def _cut_off(surface: Tensor, foreground: Tensor, random: _Random) -> Tensor:
    """Return the score of pixels between two planes, at an end of the object or anywhere.

    The planes are parallel to the viewing direction (the frame of the image, a strip in front of
    the object) or oblique (the plane that the object stands on is removed, and what is near it).
    """
    x, y = random.direction()
    slope = random.uniform(-1, 1) * random.flag(0.5)
    share = random.amount(0.35, 0.35).clamp(max=0.5)
    start = (1 - share) * (1 - random.flag(0.3) * random.uniform())
    place = torch.arange(surface.shape[1], device=surface.device) / surface.shape[1]
    along = slope * surface + (x * place - y * place[:, None])
    background = 10 * (1 - foreground)
    top = (along - background).amax((1, 2), keepdim=True)
    bottom = (along + background).amin((1, 2), keepdim=True)
    low, high = torch.lerp(bottom, top, start), torch.lerp(bottom, top, start + 1.01 * share)
    return torch.minimum(along - low, high - along)


def _grazing(spread: Tensor, white: Tensor, random: _Random) -> Tensor:
    """Return the score of steep pixels: the steeper, the likelier they are lost."""
    weight = random.amount(1, 0.5).clamp(max=1)
    # The difference of depth over two pixels, as a slope; silhouettes are steep, too.
    slope = (spread * (spread.shape[1] / 2)).clamp(max=10)
    return slope * weight + 2 * white - 6


def _torn(behind: Tensor, field: Tensor, random: _Random) -> Tensor:
    """Return the score of pixels beside background (``behind`` > 1) that a field picks."""
    picked = field + (4 * random.amount(1, 0.5) - 3).clamp(max=3)
    return torch.minimum(behind - 1, picked)


def _holes(blobs: Tensor, spots: Tensor, random: _Random) -> Tensor:
    """Return the score of large blobs and of small dark spots."""
    large = random.amount(1, 0.4).clamp(max=1.5)
    small = random.amount(1, 0.4).clamp(max=1.5)
    return torch.maximum(blobs + (1.8 * large - 3), spots + (1.2 * small - 3))


def _edges(surface: Tensor, near: Tensor, field: Tensor, random: _Random) -> tuple[Tensor, Tensor]:
    """Let nearer edges grow where a field says so, or return the score of a gap behind them."""
    kind = random.uniform()
    grows, hides = (kind < 0.3).float(), (kind > 0.6).float()
    # Where nothing grows, near is pushed behind the surface.
    push = (5 * (field + random.uniform(-1, 1)) + 10 * (1 - grows)).clamp(min=0)
    grown = surface + hardshrink((near - surface + push).clamp(max=0), JUMP)
    return grown, (surface - near - JUMP) * hides - (1 - hides)


def _rounded(surface: Tensor, random: _Random) -> Tensor:
    """Blur within surfaces: differences beyond :data:`JUMP` stay."""
    weight = random.amount(2, 0.5).clamp(max=1)
    change = _blurred(surface, 2) - surface
    return surface + weight * (change - hardshrink(change, JUMP))


def _displaced(surface: Tensor, across: Tensor, down: Tensor, random: _Random) -> Tensor:
    """Read the map at displaced pixels, in the steps of a coarser grid.

    Within a surface most maps keep their own depth, as where a sensor's pixels are interpolated.
    """
    size = surface.shape[1]
    cell = 1 + random.amount(2.5, 0.6).clamp(max=WIDEST - 1)
    begin = random.uniform() * (cell > 1)
    jitter, blocky = random.amount(1.5, 0.6), random.flag(0.3)
    place = torch.arange(size, device=surface.device)
    middle = ((place / cell + begin).floor() + 0.5 - begin) * cell
    column = (middle + jitter * across).clamp(0, size - 1).floor()
    row = (middle.transpose(1, 2) + jitter * down).clamp(0, size - 1).floor()
    index = (row * size + column).long()
    moved = surface.flatten(1).gather(1, index.flatten(1)).view_as(surface)
    return torch.lerp(surface + hardshrink(moved - surface, JUMP), moved, blocky)


def _missing_pixels(salt: Tensor, random: _Random) -> Tensor:
    """Return the score of single pixels, and of broken lines along rows and columns."""
    single, on_lines = random.amount(0.02, 0.4), random.amount(0.6, 0.3)
    place = torch.arange(salt.shape[1], device=salt.device)
    line = ((place + 50 * random.uniform()) % random.uniform(8, 50) < 1) * on_lines
    probability = line + line.transpose(1, 2) * random.flag(0.5) + single
    return salt - (1 - 2 * probability)


def _noisy(surface: Tensor, waves: Tensor, white: Tensor, random: _Random) -> Tensor:
    """Add noise, then round to steps; depths stay in [0, 1]."""
    smooth = random.amount(0.006, 0.8)
    rough = random.amount(0.006, 0.7) + 0.0005 * random.strength
    step = random.amount(0.01, 0.5).clamp(min=1e-6)
    begin = random.uniform()
    noisy = surface + smooth * waves + rough * white
    return (((noisy / step + begin).round() - begin) * step).clamp(0, 1)


# --- what they are made of ----------------------------------------------------------------------


def _neighbours(surface: Tensor, random: _Random) -> tuple[Tensor, Tensor, Tensor]:
    """Return the nearest and the farthest depth around each pixel, and their spread.

    The first two are of the square that reaches some of :data:`REACHES` pixels, each map's own;
    the spread is of the 3 × 3 pixels.
    """
    reach = random.uniform(0, len(REACHES) * random.strength)
    near = _extreme(surface, REACHES[0], torch.minimum)
    far = _extreme(surface, REACHES[0], torch.maximum)
    spread = far - near
    for k in range(1, len(REACHES)):
        further = (reach > k).float()
        step = REACHES[k] - REACHES[k - 1]
        near = torch.lerp(near, _extreme(near, step, torch.minimum), further)
        far = torch.lerp(far, _extreme(far, step, torch.maximum), further)
    return near, far, spread


def _extreme(image: Tensor, step: int, pick: Callable[..., Tensor]) -> Tensor:
    """Return the least or largest of each pixel and those ``step`` rows and columns away."""
    rows = image.clone()
    pick(rows[:, step:], image[:, :-step], out=rows[:, step:])
    pick(rows[:, :-step], image[:, step:], out=rows[:, :-step])
    both = rows.clone()
    pick(both[:, :, step:], rows[:, :, :-step], out=both[:, :, step:])
    pick(both[:, :, :-step], rows[:, :, step:], out=both[:, :, :-step])
    return both


def _blurred(image: Tensor, step: int) -> Tensor:
    """Return the mean of pixels ``step`` apart, weighted 1, 2, 1 along rows and columns."""
    rows = image.clone()
    rows[:, step:-step] = (image[:, 2 * step :] + image[:, : -2 * step]) / 4 + image[
        :, step:-step
    ] / 2
    both = rows.clone()
    both[:, :, step:-step] = (rows[:, :, 2 * step :] + rows[:, :, : -2 * step]) / 4 + rows[
        :, :, step:-step
    ] / 2
    return both


def _smooth_fields(white: Tensor) -> tuple[Tensor, ...]:
    """Return four fields (B, S, S) of about standard normal numbers, from S² random numbers.

    Random numbers on grids of 8² to 64² nodes are enlarged and added, octave by octave.
    """
    count, fields = len(white), len(_OCTAVES)
    grids = white.flatten(1)[:, : 4 * fields * _GRID**2].view(count, 4, fields, _GRID, _GRID)
    weights = white.new_tensor(_OCTAVES) / white.new_tensor(_DEVIATIONS)[:, None]
    total = white.new_zeros(count, fields, 4, 4)
    for octave in range(4):
        nodes = _GRID >> (3 - octave)
        total = interpolate(total, (nodes, nodes), mode="bicubic", align_corners=False)
        grid = grids[:, octave, :, :nodes, :nodes]
        total = total + weights[:, octave, None, None] * grid
    size = white.shape[1:]
    return interpolate(total, size, mode="bilinear", align_corners=False).unbind(1)


class _Random:
    """Random sizes and fields of B maps; see :mod:`im2mesh.data.draws`.

    Sizes are (B, 1, 1), so that they scale whole maps, and are drawn in the order of the calls.
    """

    def __init__(self, seed: int, numbers: Tensor, strength: float) -> None:
        index = torch.arange(64, device=numbers.device)
        uniform = random_uniform(seed, _SIZES, numbers[:, None], index)
        self._next = iter(uniform.t()[:, :, None, None])
        self._seed, self._numbers, self.strength = seed, numbers, strength

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Sizes drawn evenly between two bounds."""
        return low + (high - low) * next(self._next)

    def flag(self, probability: float) -> Tensor:
        """1 with a probability, else 0."""
        return (self.uniform() < probability).float()

    def amount(self, most: float, probability: float) -> Tensor:
        """0, or with a probability a size that is drawn evenly up to ``most`` · strength."""
        return self.uniform(0, most * self.strength) * self.flag(probability)

    def direction(self) -> tuple[Tensor, Tensor]:
        """The two coordinates of a unit vector of about any direction."""
        x, y = self.uniform(-1, 1), self.uniform(-1, 1)
        # No sine: it may differ by a bit between one map and many.
        length = (x * x + y * y).sqrt().clamp(min=1e-6)
        return x / length, y / length

    def pixels(self, size: int) -> tuple[Tensor, Tensor]:
        """Two fields of numbers that are even in [−1, 1), (B, size, size), unrelated by pixel.

        :func:`im2mesh.data.draws.random_bits` of each pixel would take as long as everything else:
        it gives a word for each row and column, which are mixed in 32 bits for each pixel.
        """
        index = torch.arange(2 * size, device=self._numbers.device)
        words = random_bits(self._seed, _PIXELS, self._numbers[:, None], index) - (1 << 31)
        rows, columns = words.int().view(-1, 2, size).unbind(1)
        mixed = (rows[:, :, None] ^ columns[:, None, :]) * 0x7FEB352D
        mixed = (mixed ^ (mixed >> 15)) * 0x6C8E9CF5
        other = (mixed ^ (mixed >> 16)) * 0x27D4EB2F
        return mixed.float() * 2.0**-31, other.float() * 2.0**-31
