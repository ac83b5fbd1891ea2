"""Whether bfloat16 is faster than float32: measured here, not guessed from a processor's name."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch

from im2mesh.processors import undivided

CLEARLY = 1.25
"""bfloat16 pays where it is as many times as fast, so that noise does not decide."""

FAR = 6.0
"""Emulated bfloat16 takes more than as many times as long as float32."""

ROUNDS, ENOUGH, DECISIVE = 6, 6.0, 2.0
"""Most measurements of each of the two; two have to do after as many seconds, or if one takes as
many times as long as the other."""


def clearly_faster(
    fast: Callable[[], object], slow: Callable[[], object], device: torch.device
) -> bool:
    """Measure two computations in turn; return whether ``fast`` takes clearly less time.

    Args:
        fast: computes in this thread, or on the device.
        slow: the same.
        device: where they compute. On a CPU the time of this thread counts, because others may be
            busy there.
    """
    least_fast, least_slow = _least_seconds(fast, slow, device)
    return least_slow >= CLEARLY * least_fast


def far_slower(
    fast: Callable[[], object], slow: Callable[[], object], device: torch.device
) -> bool:
    """Measure as :func:`clearly_faster`; return whether ``fast`` takes far more time.

    Small computations tell this, where large ones would take seconds.
    """
    least_fast, least_slow = _least_seconds(fast, slow, device)
    return least_fast > FAR * least_slow


def _least_seconds(
    one: Callable[[], object], other: Callable[[], object], device: torch.device
) -> tuple[float, float]:
    on_cpu = device.type == "cpu"
    clock = time.thread_time if on_cpu else time.perf_counter

    def seconds(compute: Callable[[], object]) -> float:
        if not on_cpu:
            torch.cuda.synchronize(device)
        start = clock()
        compute()
        if not on_cpu:
            torch.cuda.synchronize(device)
        return clock() - start

    least = math.inf, math.inf
    begin = clock()
    with undivided():
        for done in range(ROUNDS):
            if done > 1 and (max(least) > DECISIVE * min(least) or clock() - begin > ENOUGH):
                break
            least = min(least[0], seconds(one)), min(least[1], seconds(other))
    return least
