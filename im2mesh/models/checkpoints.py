"""Checkpoints: a dict with ``model`` and, from training, ``optimizer`` and counters.

Files of the released code load as they are. Loading never runs code from a file: torch's restricted
unpickler reads it, with numpy scalars allowed because the released training stored its best metric
as one.
"""

from __future__ import annotations

import os
import pickle
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from im2mesh.errors import CheckpointError
from im2mesh.models.pixel_features import CHANNELS

_SCALAR = np._core.multiarray.scalar  # type: ignore[attr-defined]
_NUMPY_SCALARS: list[Any] = [
    np.dtype,
    _SCALAR,
    (_SCALAR, "numpy.core.multiarray.scalar"),  # written by numpy 1
    (_SCALAR, "numpy._core.multiarray.scalar"),
    *(type(np.dtype(name)) for name in ("f2", "f4", "f8", "i4", "i8", "u1", "bool")),
]

_DAMAGE = (
    *(OSError, RuntimeError, EOFError, ValueError, TypeError, LookupError, AttributeError),
    *(AssertionError, ArithmeticError, MemoryError, zipfile.BadZipFile, zlib.error, struct.error),
)
"""Errors that the readers raise for damaged files."""

WHERE_THEY_BELONG = (
    "published checkpoints are unzipped into out/, your own are written by train.py; "
    "`make demo` needs neither"
)


def find_checkpoint(path: str | os.PathLike[str]) -> Path:
    """Return the checkpoint file at ``path``: the file itself, or ``model_best.pt`` in a folder.

    Raises:
        CheckpointError: there is no such file; the message says where checkpoints belong.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "model_best.pt"
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint; {WHERE_THEY_BELONG}")
    return path


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a checkpoint onto the CPU.

    Args:
        path: a file, or a folder that holds ``model_best.pt``.

    Returns:
        The stored dict, with numpy scalars as Python numbers. ``model`` is a state dict of any
        floating type. Nothing else is checked, because generation needs the weights only.

    Raises:
        CheckpointError: missing, unreadable, or without ``model``.
    """
    path = find_checkpoint(path)
    try:
        _check_sums(path)
        with torch.serialization.safe_globals(_NUMPY_SCALARS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's guesses about foreign files
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        unsafe = "Unsupported" in str(error) or "GLOBAL" in str(error)
        reason = "it would run code when loaded" if unsafe else "it is damaged or incomplete"
        raise CheckpointError(f"{path}: not a checkpoint that can be loaded: {reason}") from error
    except PermissionError:
        raise
    except _SumsDiffer as error:
        raise CheckpointError(
            f"{path}: its checksums differ: it is damaged, or was saved without any "
            "(torch.serialization.set_crc32_options); copy it or save it again"
        ) from error
    except _DAMAGE as error:
        raise CheckpointError(
            f"{path}: not a checkpoint that can be loaded: it is damaged or incomplete"
        ) from error
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("model"), dict):
        raise CheckpointError(f"{path}: holds no network: a checkpoint is a dict with 'model'")
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in checkpoint.items()}


class _SumsDiffer(Exception):
    """A checksum that does not fit its part of a zip file."""


def _check_sums(path: Path) -> None:
    """Compare the contents of a zip file with their checksums, because torch does not.

    Files of torch before 1.6 are not zip files and have no checksums.

    Raises:
        _SumsDiffer: a checksum does not fit.
        zipfile.BadZipFile: the file is incomplete.
    """
    with open(path, "rb") as file:
        if file.read(4) != b"PK\x03\x04":  # torch decides by the same four bytes
            return
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
    if damaged is not None:
        raise _SumsDiffer(damaged)


def load_weights(network: nn.Module, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Load the weights of a checkpoint of any floating type into ``network``, in place.

    Returns:
        The checkpoint (see :func:`load_checkpoint`).

    Raises:
        CheckpointError: as :func:`load_checkpoint` and :func:`load_state`.
    """
    path = find_checkpoint(path)
    checkpoint = load_checkpoint(path)
    load_state(network, checkpoint["model"], path)
    return checkpoint


def load_state(network: nn.Module, stored: dict[str, Any], path: Path) -> None:
    """Load a state dict of any floating type into ``network``, in place.

    Args:
        network: to be changed; stays as it is where an error is raised.
        stored: the state dict.
        path: the checkpoint that it is from, for messages.

    Raises:
        CheckpointError: keys or shapes differ (the message names the first key, the shape that
            the configuration expects and that of the file), or a weight is not a dense tensor of
            finite numbers.
    """
    expected = network.state_dict()
    for key, tensor in expected.items():
        if key not in stored:
            raise CheckpointError(
                f"{path}: lacks {key}, which the configured network has: "
                "it belongs to another architecture"
            )
        if not _is_plain(stored[key]):
            raise CheckpointError(
                f"{path}: {key} is no plain tensor of numbers; save the network's state_dict on "
                "the CPU, dense, not quantised"
            )
        if stored[key].shape != tensor.shape:
            raise CheckpointError(
                f"{path}: {key} is {tuple(stored[key].shape)} where the config asks for "
                f"{tuple(tensor.shape)}{_hint(stored)}"
            )
        if not torch.isfinite(stored[key].float()).all():
            raise CheckpointError(f"{path}: {key} holds values that are not finite")
    extra = next((key for key in stored if key not in expected), None)
    if extra is not None:
        raise CheckpointError(
            f"{path}: holds {extra}, which the configured network lacks: "
            "it belongs to another architecture"
        )
    network.load_state_dict(stored)


def _is_plain(value: Any) -> bool:
    """Return whether a value is a dense tensor of real numbers on the CPU.

    Integers are among them: batch norm counts its batches.
    """
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not (value.is_nested or value.is_quantized or value.is_complex())
        and value.dtype != torch.bool
    )


def _hint(stored: dict[str, Any]) -> str:
    """Return the keys that fit a stored network, for a message; '' for another architecture."""
    try:
        width = stored["encoder.features.conv1.weight"].shape[0]
        c_dim = stored["encoder.fc.weight"].shape[0]
        hidden, inputs = stored["decoder.fc_p.weight"].shape[:2]
    except (KeyError, AttributeError, IndexError, ValueError):
        return ""
    return (
        f"; the file has model.encoder_kwargs.width {width}, model.c_dim {c_dim}, "
        f"model.decoder_kwargs.hidden_size {hidden}, model.decoder_kwargs.observed "
        + next((kind for kind, count in CHANNELS.items() if 3 + count == inputs), "unknown")
    )
