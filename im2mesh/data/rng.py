"""Counter-based random numbers: functions of a seed and of keys that name their use.

A number is a hash of the seed and of its keys (epoch, place in the epoch, place in the sample),
so a sample is the same on any device, for any number of workers or ranks, and after a run was
resumed.
"""

from __future__ import annotations

import torch
from torch import Tensor

# The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), in wrapping 64-bit arithmetic.
_STEP = 0x9E3779B97F4A7C15 - (1 << 64)
_MIX_1 = 0xBF58476D1CE4E5B9 - (1 << 64)
_MIX_2 = 0x94D049BB133111EB - (1 << 64)
_WORD = (1 << 64) - 1


def random_bits(seed: int, *keys: Tensor | int) -> Tensor:
    """Return 32 random bits, int64 in [0, 2³²), for each combination of keys.

    Args:
        seed: any integer.
        keys: at least one tensor of int64 among them; they are broadcast against one another.
            Numbers that differ in the seed, in a key or in the number of keys are unrelated.
    """
    device = next(key.device for key in keys if isinstance(key, Tensor))
    state = _mixed(torch.tensor(_wrapped(seed), dtype=torch.int64, device=device))
    for key in keys:
        state = _mixed(state ^ (_wrapped(key) if isinstance(key, int) else key))
    return _shifted(state, 32)


def random_below(limit: Tensor, seed: int, *keys: Tensor | int) -> Tensor:
    """Return random integers in [0, limit), limit < 2³¹; 0 where that is 0."""
    return (random_bits(seed, *keys) * limit) >> 32


def random_uniform(seed: int, *keys: Tensor | int) -> Tensor:
    """Return random float32 in [0, 1); see :func:`random_bits`."""
    return (random_bits(seed, *keys) >> 8).float() / (1 << 24)


def random_seed(seed: int, *keys: int) -> int:
    """Return the same 32 bits as :func:`random_bits` for one combination of keys, as a number."""
    state = _mixed_number(seed)
    for key in keys:
        state = _mixed_number(state ^ key)
    return state >> 32


def _wrapped(value: int) -> int:
    """Wrap an integer to a signed 64-bit one."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _mixed(state: Tensor) -> Tensor:
    state = state + _STEP
    state = (state ^ _shifted(state, 30)) * _MIX_1
    state = (state ^ _shifted(state, 27)) * _MIX_2
    return state ^ _shifted(state, 31)


def _mixed_number(state: int) -> int:
    """Do as :func:`_mixed` with one number, which is far faster in Python than as a tensor."""
    state = (state + _STEP) & _WORD
    state = ((state ^ (state >> 30)) * _MIX_1) & _WORD
    state = ((state ^ (state >> 27)) * _MIX_2) & _WORD
    return state ^ (state >> 31)


def _shifted(state: Tensor, bits: int) -> Tensor:
    """Shift to the right without copying the sign, as torch's own shift does."""
    return (state >> bits) & ((1 << (64 - bits)) - 1)
