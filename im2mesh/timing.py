"""A stopwatch for the stages of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Stopwatch:
    """Seconds spent in named stages.

    The outer stage's clock stands still during a stage inside it, so the stages add up to the
    time measured.
    """

    def __init__(self, device: torch.device | None = None) -> None:
        """Time stages on a device; each boundary waits for the device's CUDA work."""
        self.seconds: dict[str, float] = {}
        self._cuda = device if device is not None and device.type == "cuda" else None
        self._open: list[str] = []
        self._since = 0.0

    def _lap(self) -> None:
        if self._cuda is not None:
            torch.cuda.synchronize(self._cuda)  # without an argument: the current device alone
        now = time.perf_counter()
        if self._open:
            stage = self._open[-1]
            self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        self._since = now

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count the time of the ``with`` block as ``stage``."""
        self._lap()
        self._open.append(stage)
        try:
            yield
        finally:
            self._lap()
            self._open.pop()

    @property
    def total(self) -> float:
        return sum(self.seconds.values())
