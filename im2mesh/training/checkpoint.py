"""The checkpoints of a training run: their names, their values checked, and writing them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from im2mesh.errors import CheckpointError
from im2mesh.files import atomic

LAST, BEST, END = "model.pt", "model_best.pt", "model_end.pt"
"""The newest checkpoint, from which a run resumes; the one with the best validation; and the one
at which a limit on epochs or iterations ended the run."""

MOST_STEPS = 2**53
"""No run takes as many; up to here a float counts exactly."""


def damaged(path: Path, key: str) -> CheckpointError:
    """Return the error for a value that cannot be used."""
    return CheckpointError(f"{path}: its {key} is damaged; start anew in another training.out_dir")


def read_number(state: dict[str, Any], key: str, default: float, path: Path) -> float:
    """Return a number of a checkpoint, or the default where the key is missing.

    Raises:
        CheckpointError: not a number.
    """
    value = state.get(key, default)
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        number = math.nan
    if math.isnan(number):
        raise damaged(path, key)
    return number


def read_count(state: dict[str, Any], key: str, default: int, path: Path) -> int:
    """Return a whole number ≥ 0 of a checkpoint, or the default where the key is missing.

    Raises:
        CheckpointError: not such a number.
    """
    value = read_number(state, key, default, path)
    if not 0 <= value <= MOST_STEPS or not value.is_integer():
        raise damaged(path, key)
    return int(value)


def load_optimizer(optimizer: torch.optim.Adam, state: Any, path: Path) -> None:
    """Load the moments of Adam or Muon; settings such as the rate stay those of this run.

    The file names parameters by their number or, from torch before 1.6, by their ``id()``, and
    lists these names in order.

    Raises:
        CheckpointError: the state is damaged or belongs to another architecture.
    """
    own = optimizer.state_dict()["param_groups"]
    parameters = optimizer.param_groups[0]["params"]
    try:
        names = [name for group in state["param_groups"] for name in group["params"]]
        same = len(names) == len(parameters)
        number = {name: k for k, name in enumerate(names)}
        moments = {
            number[name]: {
                "step": torch.as_tensor(of["step"]).float().reshape(()),
                "exp_avg": torch.as_tensor(of["exp_avg"]),
                "exp_avg_sq": torch.as_tensor(of["exp_avg_sq"]),
            }
            for name, of in state["state"].items()
        }
        same = same and all(
            of["exp_avg"].shape == of["exp_avg_sq"].shape == parameters[k].shape
            for k, of in moments.items()
        )
        finite = all(tensor.isfinite().all() for of in moments.values() for tensor in of.values())
    except (TypeError, LookupError, AttributeError, ValueError, RuntimeError) as error:
        raise damaged(path, "optimizer") from error
    if not same:
        raise CheckpointError(
            f"{path}: its optimizer belongs to another architecture; start anew in another "
            "training.out_dir"
        )
    if not finite:
        raise damaged(path, "optimizer")
    optimizer.load_state_dict({"state": moments, "param_groups": own})


def write_checkpoint(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    with atomic(path) as beside, open(beside, "wb") as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:
            # On a full disk torch's writer fails once more as it ends, and hides the first error.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def remove_unfinished(out_dir: Path) -> None:
    """Remove the partial checkpoints of processes that were killed while they wrote."""
    for path in out_dir.glob(".model*.part.pt"):
        path.unlink(missing_ok=True)
