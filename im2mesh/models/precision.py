"""Whether bfloat16 is faster than float32: measured here, not guessed from a processor's name."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from im2mesh.processors import undivided

CLEARLY = 1.25
"""bfloat16 pays where it is as many times as fast, so that noise does not decide."""

ROUNDS, ENOUGH = 6, 6.0
"""Most measurements of each of the two, and the seconds after which two have to do."""


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

    times: list[list[float]] = []
    begin = clock()
    with undivided():
        while len(times) < 2 or (len(times) < ROUNDS and clock() - begin < ENOUGH):
            times.append([seconds(fast), seconds(slow)])
    least_fast, least_slow = (min(column) for column in zip(*times, strict=True))
    return least_slow >= CLEARLY * least_fast
