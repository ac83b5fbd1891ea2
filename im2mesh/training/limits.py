"""Limits on a training run, and the reasons for its end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class End(Enum):
    """The reason why a run ended."""

    COMPLETE = "training.max_iterations is reached"
    TIME = "the time limit is reached"
    EPOCHS = "the limit of epochs is reached"
    ITERATIONS = "the limit of iterations is reached"
    THRESHOLD = "the validation metric has settled"
    STOPPED = "stopped by a signal"


FINAL = (End.EPOCHS, End.ITERATIONS, End.COMPLETE)
"""Ends that leave a ``model_end.pt``."""


@dataclass(frozen=True)
class Limits:
    """Limits of one call of ``train.py``, beside those of the configuration; None: no limit."""

    until: float | None = None  # time.monotonic() of the end
    epochs: int | None = None  # passes over the data since the run was first started
    iterations: int | None = None  # steps since the run was first started
    # Stop when a validation's metric is within this of the best before it
    threshold: float | None = None
