"""The progress of a training run: a bar, rates, and numbers and pictures for TensorBoard."""

from __future__ import annotations

import time
from typing import Any, Protocol

from im2mesh.progress import progress_bar


class Scalars(Protocol):
    """A log of numbers and pictures; a TensorBoard writer is one."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None: ...

    def add_image(
        self, tag: str, img_tensor: Any, global_step: int, *, dataformats: str
    ) -> None: ...

    def flush(self) -> None: ...


class Progress:
    """A progress bar, and the shares of time spent on data and on steps."""

    def __init__(self, name: str, done: int, total: int | None, hidden: bool) -> None:
        """Show a bar that starts at ``done`` of ``total`` steps (None: not known)."""
        self._bar = progress_bar(hidden=hidden, total=total, initial=done, unit="it", desc=name)
        self._mark = time.perf_counter()
        self._restart()

    def _restart(self) -> None:
        self._waiting = self._working = 0.0
        self._samples = 0

    def _lap(self) -> float:
        now = time.perf_counter()
        seconds, self._mark = now - self._mark, now
        return seconds

    def batch_came(self) -> None:
        """Count the time since the last call as waiting for data."""
        self._waiting += self._lap()

    def stepped(self, loss: float, samples: int) -> None:
        """Count the time since the last call, and a step on that many samples, as work."""
        self._working += self._lap()
        self._samples += samples
        self._bar.update()
        if self._bar.disable:
            return
        rate = self._samples / max(self._waiting + self._working, 1e-9)
        self._bar.set_postfix_str(f"loss {loss:.4g}, {rate:.0f} samples/s", refresh=False)

    def skip_time(self) -> None:
        """Count the time since the last call (validation, checkpoints) as neither."""
        self._lap()

    def rates(self) -> tuple[float, float]:
        """Return samples per second and the share of time for data, since the last call."""
        total = max(self._waiting + self._working, 1e-9)
        found = self._samples / total, self._waiting / total
        self._restart()
        return found

    def close(self) -> None:
        self._bar.close()
