"""Sensor effects on depth maps: what holds for every map, and what each effect does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from im2mesh.data import sensor_effects as effects
from im2mesh.data.rng import random_bits
from im2mesh.data.sensor_effects import FAR, JUMP, LEAST_LEFT, REACH, sensor_effects
from im2mesh.shapes.batch import ShapeBatch
from im2mesh.shapes.families import make_shape
from im2mesh.shapes.shape import Shape, box, ellipsoid
from tests.reference import sensor_effects as reference


@pytest.fixture(scope="module")
def maps() -> Tensor:
    """(8, 256, 256) clean maps: a ball, a box, real families."""
    shapes = [Shape.of(ellipsoid((1, 1, 1))), Shape.of(box((1, 2, 1)))]
    shapes += [make_shape(name, k) for k, name in enumerate(("chair", "lamp", "car") * 2)]
    return ShapeBatch.of([shape.posed(30, 25) for shape in shapes]).depth()


def numbers(count: int, first: int = 0) -> Tensor:
    return torch.arange(first, first + count)


def kept(before: Tensor, after: Tensor) -> Tensor:
    """(B,) the share of the foreground that is left."""
    was = before >= 0
    return (was & (after >= 0)).sum((1, 2)) / was.sum((1, 2))


# --- what holds for every map -------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(first=st.integers(0, 2**40), strength=st.sampled_from([0.05, 0.5, 1.0, 4.0]))
def test_maps_stay_maps(maps: Tensor, first: int, strength: float) -> None:
    before = maps.clone()
    after = sensor_effects(maps, numbers(8, first), strength=strength)
    assert torch.equal(maps, before) and after.shape == maps.shape and after.dtype == maps.dtype
    assert ((after == -1) | ((after >= 0) & (after <= 1))).all()
    assert (kept(maps, after) >= LEAST_LEFT).all()
    assert (after != maps).flatten(1).any(1).all(), "every map changes"


def test_no_share_or_no_strength_is_no_change(maps: Tensor) -> None:
    assert torch.equal(sensor_effects(maps, numbers(8), share=0), maps)
    assert torch.equal(sensor_effects(maps, numbers(8), strength=0), maps)


def test_a_sensor_of_almost_no_strength_changes_almost_no_rim() -> None:
    maps = torch.full((60, 256, 256), 0.7)
    maps[:, 80:170, 80:170] = 0.3
    after = sensor_effects(maps, numbers(60), strength=1e-6)
    changed = ((after - maps).abs() > 1e-3).sum((1, 2)).float()
    assert changed.mean() < 120, "pixels; a rim has 360"


def test_a_weak_sensor_changes_little(maps: Tensor) -> None:
    after = sensor_effects(maps, numbers(8), strength=0.02)
    both = (maps >= 0) & (after >= 0)
    assert (after - maps)[both].abs().median() < 2e-4
    assert (kept(maps, after) > 0.9).all()


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_effects_are_a_function_of_the_number(maps: Tensor, share: float) -> None:
    whole = sensor_effects(maps, numbers(8), share)
    parts = [sensor_effects(maps[k], numbers(8)[k], share) for k in (slice(3), slice(3, 8))]
    assert torch.equal(whole, torch.cat(parts))
    order = torch.tensor([5, 2, 7, 0, 1, 6, 4, 3])
    assert torch.equal(whole[order], sensor_effects(maps[order], order, share))


def test_share_chooses_maps_and_leaves_effects_alone(maps: Tensor) -> None:
    ball = maps[:1].expand(100, -1, -1)
    every, some = (sensor_effects(ball, numbers(100), share) for share in (1.0, 0.3))
    changed = (some != ball).flatten(1).any(1)
    assert 18 <= changed.sum() <= 42
    assert torch.equal(some[changed], every[changed])


def test_numbers_and_seeds_draw_other_effects(maps: Tensor) -> None:
    ball = maps[:1].expand(4, -1, -1)
    one, other = (sensor_effects(ball, numbers(4), seed=seed) for seed in (0, 1))
    seen = {image.numpy().tobytes() for image in torch.cat([one, other])}
    assert len(seen) == 8


def test_empty_and_full_maps() -> None:
    blank = torch.stack([torch.full((256, 256), depth) for depth in (-1.0, 0.0, 1.0)])
    for first in range(0, 30, 3):
        after = sensor_effects(blank, numbers(3, first))
        assert (after[0] == -1).all()
        assert (kept(blank[1:], after[1:]) >= LEAST_LEFT).all()
        assert (after[1:] <= 1).all()


def test_what_most_maps_look_like(maps: Tensor) -> None:
    ball = maps[:1].expand(100, -1, -1)
    after = sensor_effects(ball, numbers(100))
    assert 0.8 < kept(ball, after).mean() < 0.97
    grown = ((after >= 0) & (ball < 0)).flatten(1).any(1)
    assert 0.2 < grown.float().mean() < 0.9, "rims grow in some maps only"
    core = (slice(None), slice(108, 148), slice(108, 148))
    off = torch.where(after[core] >= 0, after[core] - ball[core], 0).abs()
    assert 0.0005 < off.median() < 0.005 and off.max() < 0.06


# --- what each effect does, with sizes that are given -------------------------------------------


class Given(effects._Random):
    """Draws the numbers it was given, then zeros."""

    def __init__(self, values: Sequence[float] = (), strength: float = 1.0) -> None:
        super().__init__(0, torch.tensor([0]), strength)
        drawn = [*values] + [0.0] * (64 - len(values))
        self._next = iter(torch.tensor(drawn)[:, None, None, None])


@pytest.fixture
def step() -> Tensor:
    """(1, 64, 64): the left half is at 0.2, the right one at 0.6."""
    surface = torch.full((1, 64, 64), 0.2)
    surface[:, :, 32:] = 0.6
    return surface


YES, NO = 0.0, 0.9  # of a flag
SURE = (1.0, YES)  # of an amount: its most


def test_edges_hide_or_grow(step: Tensor) -> None:
    for wide, reach in ((0.1, 1), (0.9, REACH)):
        near, spread, beside = effects._neighbours(step, Given([wide]))
        band = torch.zeros(64, dtype=torch.bool)
        band[32 : 32 + reach] = True
        hidden = effects._hidden(step, near, torch.ones(1, 1, 1)) > 0
        assert torch.equal(hidden[0, 20], band)
        grown = effects._grown(step, near, torch.ones(1, 1, 1))
        assert torch.equal(grown[0, 20] < 0.3, band | (torch.arange(64) < 32))
        assert not (effects._hidden(step, near, torch.zeros(1, 1, 1)) > 0).any()
        assert torch.equal(effects._grown(step, near, torch.zeros(1, 1, 1)), step)
        assert torch.equal(spread[0, 20] > 0.3, (torch.arange(64) - 31.5).abs() < 1)
        assert (beside <= 0).all(), "no background"


def test_rims_are_torn_where_the_field_says(step: Tensor) -> None:
    surface = torch.where(step == 0.6, FAR, step)
    _, _, beside = effects._neighbours(surface, Given())
    field = torch.full_like(surface, 1.0)
    field[:, 32:] = -2.0
    torn = effects._torn(beside, field, Given([0.8, YES])) > 0
    expected = torch.zeros_like(torn)
    expected[0, :32, 31] = True
    assert torch.equal(torn, expected)
    assert not (effects._torn(beside, field, Given([1.0, NO])) > 0).any()


def test_steep_surfaces_are_lost_more_often_than_flat_ones() -> None:
    white = torch.linspace(-1, 1, 64).expand(1, 64, 64)
    lost = [
        (effects._grazing(torch.full((1, 64, 64), slope * 2 / 64), white, Given(SURE)) > 0)
        .float().mean() for slope in (0.0, 1.0, 3.0)
    ]  # fmt: skip
    assert lost[0] == 0 and lost[0] <= lost[1] < lost[2]
    edge = torch.full((1, 64, 64), 0.5)
    assert not (effects._grazing(edge, white, Given(SURE)) > 0).any(), "an edge is not steep"


@pytest.mark.parametrize("strip", [False, True])
def test_a_share_is_cut_off(strip: bool) -> None:
    surface = torch.full((1, 64, 64), FAR)
    surface[:, :, 16:48] = 0.5
    background = (surface == FAR).float()
    # Along the columns, not oblique; the most of the object; at the end or at its middle.
    sizes = [1.0, 0.5, 0.5, NO, *SURE, YES if strip else NO, 0.5]
    lost = (effects._cut_off(surface, background, Given(sizes)) > 0)[0, 10, 16:48]
    assert 8 <= lost.sum() <= 15, "about 35 % of 32 columns"
    assert bool(lost[-1]) is not strip and not lost[0]
    sizes[5] = NO
    assert not (effects._cut_off(surface, background, Given(sizes)) > 0)[0, :, 16:48].any()


def test_a_coarser_grid_shows_at_edges(step: Tensor) -> None:
    step[:, :, 33:] = 0.6
    step[:, :, 32] = 0.2
    field = torch.zeros_like(step)
    step += 0.0001 * torch.arange(64)
    # Cells of 3.5 pixels, no jitter.
    coarse = effects._displaced(step, field, Given([*SURE, 0.0, 0.0, NO, NO]))
    edge = int((coarse[0, 20] > 0.4).nonzero()[0])
    assert abs(edge - 33) <= 2
    inside = (torch.arange(64) - 33).abs() > 3
    assert torch.equal(coarse[0, 20, inside], step[0, 20, inside]), "surfaces keep their depth"
    blocky = effects._displaced(step, field, Given([*SURE, 0.0, 0.0, NO, YES]))
    assert len(blocky[0, 20].unique()) in (18, 19), "one depth a cell"
    fine = effects._displaced(step, field, Given([0.0, NO, 0.5, 0.0, NO, YES]))
    assert torch.equal(fine, step)
    moved = effects._displaced(step, field + 2.5, Given([0.0, NO, 0.5, *SURE, YES]))
    assert torch.equal(moved[0, 20, :60], step[0, 20, 3:63]), "2.5 · 1.2 pixels"


def test_depths_come_in_steps() -> None:
    surface = torch.linspace(0.2, 0.8, 64 * 64).view(1, 64, 64)
    zero = torch.zeros_like(surface)
    stepped = effects._noisy(surface, zero, zero, Given([0.0, NO, 0.0, NO, *SURE, 0.25]))
    assert len(stepped.unique()) == pytest.approx(61, abs=1)
    assert (stepped - surface).abs().max() <= 0.005 + 1e-6
    smooth = effects._noisy(surface, zero, zero, Given([0.0, NO, 0.0, NO, 0.0, NO, 0.0]))
    assert (smooth - surface).abs().max() < 2e-6


def test_noise_has_the_size_that_was_drawn() -> None:
    surface, zero = torch.full((1, 64, 64), 0.5), torch.zeros(1, 64, 64)
    waves = torch.randn(1, 64, 64, generator=torch.Generator().manual_seed(0))
    noisy = effects._noisy(surface, waves, zero, Given([1.0, YES, 0.0, NO, 0.0, NO]))
    assert (noisy - 0.5).std() == pytest.approx(0.006, rel=0.05)


def test_holes_cover_a_few_percent() -> None:
    random = Given()
    _, salt = random.pixels(256)
    rim, blobs, _ = effects._smooth_fields(salt)
    for sizes, low, high in (
        ([*SURE, 0.0, NO], 0.02, 0.3), ([0.0, NO, *SURE], 0.005, 0.1), ([0.0, NO, 0.0, NO], 0, 0)
    ):  # fmt: skip
        share = (effects._holes(blobs, rim, Given(sizes)) > 0).float().mean()
        assert low <= share <= high


def test_missing_pixels_and_lines() -> None:
    salt = Given().pixels(256)[1]
    single = effects._missing_pixels(salt, Given([*SURE, 0.0, NO, 0.0, 0.0, NO])) > 0
    assert single.float().mean() == pytest.approx(0.01, rel=0.2)
    lines = effects._missing_pixels(salt, Given([0.0, NO, *SURE, 0.0, 0.5, NO])) > 0
    columns = lines[0].float().mean(0)
    assert ((columns == 0) | ((columns > 0.35) & (columns < 0.65))).all()
    assert 256 / 50 - 1 <= (columns > 0).sum() <= 256 / 8


# --- what they are made of ----------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 3])
def test_neighbours_as_the_reference(step: int) -> None:
    image = torch.rand(2, 64, 64, generator=torch.Generator().manual_seed(step))
    before = image.clone()
    for found, slow in (
        (effects._extreme(image, step, torch.minimum), lambda x: reference.extreme(x, step, min)),
        (effects._extreme(image, step, torch.maximum), lambda x: reference.extreme(x, step, max)),
        (effects._blurred(image, step), lambda x: reference.blurred(x, step)),
    ):
        for fast, one in zip(found.numpy(), image.numpy(), strict=True):
            np.testing.assert_allclose(fast, slow(one), atol=1e-6)
    assert torch.equal(image, before)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), row=st.integers(0, 63), column=st.integers(0, 63))
def test_random_pixels_as_the_reference(seed: int, row: int, column: int) -> None:
    keys = torch.tensor([seed]), torch.arange(128)
    words = random_bits(5, effects._PIXELS, keys[0][:, None], keys[1])[0] - (1 << 31)
    expected = reference.mixed(int(words[row]), int(words[64 + column]))
    found = effects._Random(5, keys[0], 1.0).pixels(64)
    for field, number in zip(found, expected, strict=True):
        assert float(field[0, row, column]) == pytest.approx(number / 2**31, abs=1e-7)


def test_random_pixels_are_even_and_unrelated() -> None:
    white, salt = (field.double() for field in effects._Random(0, numbers(4), 1.0).pixels(256))
    for field in (white, salt):
        assert field.mean().abs() < 0.005 and field.std() == pytest.approx(3**-0.5, rel=0.01)
        counts = torch.histc(field, 32, -1, 1) / field.numel() * 32
        assert (counts - 1).abs().max() < 0.05
    pairs = [
        (white, salt), (white[0], white[1]), (white[:, 1:], white[:, :-1]),
        (white[:, :, 1:], white[:, :, :-1]), (salt[:, 1:, 1:], salt[:, :-1, :-1]),
        (salt[:, 1:] * salt[:, :-1], white[:, 1:]),
    ]  # fmt: skip
    for one, other in pairs:
        both = torch.stack([one.flatten(), other.flatten()])
        assert torch.corrcoef(both)[0, 1].abs() < 0.02


def test_smooth_fields_are_standard_and_smooth() -> None:
    white = effects._Random(0, numbers(16), 1.0).pixels(256)[1]
    for field in effects._smooth_fields(white):
        assert field.shape == (16, 256, 256)
        assert field.mean().abs() < 0.15 and field.std() == pytest.approx(1, abs=0.1)
        assert (field[:, 1:] - field[:, :-1]).abs().mean() < 0.3


def test_jumps_are_larger_than_noise() -> None:
    # Else noise itself would make edges.
    assert JUMP > 4 * 0.006
