"""Checkpoints: a dict with ``model`` and, from training, ``optimizer`` and counters.

Files of the released code load as they are. Loading never runs code from a file: torch's restricted
unpickler reads it, with numpy scalars allowed because the released training stored its best metric
as one. Weights of other tools are found, too: a bare state dict, one under ``state_dict``, one in a
safetensors file, and one with the prefixes of wrappers (``DataParallel``, ``torch.compile``).
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from im2mesh.errors import CheckpointError
from im2mesh.files import foreign_kind, why_missing
from im2mesh.models.pixel_features import CHANNELS

log = logging.getLogger(__name__)

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
    safetensors.SafetensorError,
)
"""Errors that the readers raise for damaged files."""

_NETWORK_KEYS = ("model", "state_dict", "model_state_dict")
"""Keys under which checkpoints of this and of other code hold a state dict."""

_WRAPPERS = {"module", "_orig_mod"}
"""Parts of a weight's name that ``DataParallel`` and ``torch.compile`` put in."""

_UNSAFE = ("GLOBAL", "Unsupported class", "call reduce", "Can only build", "Can only create")
"""Words of the restricted unpickler's errors about contents that would run code."""

WHERE_THEY_BELONG = (
    "published checkpoints are unzipped into out/, your own are written by train.py; "
    "`make demo` needs neither"
)

NOT_YET = (
    "train.py writes it at a validation (every training.validate_every steps); until then set "
    "test.model_file: model.pt, which is there"
)


def find_checkpoint(path: str | os.PathLike[str]) -> Path:
    """Return the checkpoint file at ``path``: the file itself, or ``model_best.pt`` in a folder.

    Raises:
        CheckpointError: there is no such file; the message says where checkpoints belong.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "model_best.pt"
    if path.is_symlink() and not path.exists():
        raise CheckpointError(f"{path}: {why_missing(path)}")
    if not path.is_file():
        started = path.name == "model_best.pt" and path.with_name("model.pt").is_file()
        raise CheckpointError(
            f"{path}: no such checkpoint; {NOT_YET if started else WHERE_THEY_BELONG}"
        )
    return path


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a checkpoint, a file or ``model_best.pt`` in a folder, onto the CPU.

    Returns:
        The stored dict, with numpy scalars as Python numbers. ``model`` is a state dict of any
        floating type, wherever in the file it was. Nothing else is checked, because generation
        needs the weights only.

    Raises:
        CheckpointError: missing, unreadable, of another kind, or without a state dict.
    """
    path = find_checkpoint(path)
    refused = f"{path}: not a checkpoint that can be loaded:"
    kind = foreign_kind(path)
    if kind is not None:
        raise CheckpointError(f"{refused} it is {kind}")
    try:
        checkpoint = _read(path)
    except pickle.UnpicklingError as error:
        if not any(word in str(error) for word in _UNSAFE):
            raise CheckpointError(f"{refused} it is damaged or incomplete") from error
        name = re.search(r"GLOBAL (\S+)", str(error))
        raise CheckpointError(
            f"{refused} it would run code when loaded{f' ({name[1]})' if name else ''}; "
            "save the network's state_dict alone"
        ) from error
    except PermissionError:
        raise
    except _SumsDiffer as error:
        raise CheckpointError(
            f"{path}: its checksums differ: it is damaged, or was saved without any "
            "(torch.serialization.set_crc32_options); copy it or save it again"
        ) from error
    except _NoTorchArchive as error:
        raise CheckpointError(f"{refused} it is a zip archive of other files; unzip it") from error
    except _DAMAGE as error:
        raise CheckpointError(f"{refused} it is damaged or incomplete") from error
    if isinstance(checkpoint, dict):
        for key in _NETWORK_KEYS:
            if isinstance(checkpoint.get(key), dict):
                numbers = {
                    k: v.item() if isinstance(v, np.generic) else v for k, v in checkpoint.items()
                }
                return {**numbers, "model": checkpoint[key]}
        if checkpoint and all(isinstance(value, Tensor) for value in checkpoint.values()):
            return {"model": checkpoint}
    raise CheckpointError(
        f"{path}: holds no network: a checkpoint is a state dict, or a dict with one under "
        + " or ".join(f"'{key}'" for key in _NETWORK_KEYS)
    )


def _read(path: Path) -> Any:
    with open(path, "rb") as file:
        start = file.read(9)
    # The length of a JSON header, then the header.
    if start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size:
        return safetensors.torch.load_file(path)
    if start.startswith(b"PK\x03\x04"):  # torch decides by the same four bytes
        _check_archive(path)
    with torch.serialization.safe_globals(_NUMPY_SCALARS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's guesses about foreign files
        return torch.load(path, map_location="cpu", weights_only=True)


class _SumsDiffer(Exception):
    """A checksum that does not fit its part of a zip file."""


class _NoTorchArchive(Exception):
    """A zip file that torch has not written."""


def _check_archive(path: Path) -> None:
    """Compare the contents of a zip file with their checksums, because torch does not.

    Files of torch before 1.6 are not zip files and have no checksums.
    """
    with zipfile.ZipFile(path) as archive:
        if not any(name.endswith("/data.pkl") for name in archive.namelist()):
            raise _NoTorchArchive
        damaged = archive.testzip()
    if damaged is not None:
        raise _SumsDiffer(damaged)


def load_weights(network: nn.Module, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Load the weights of a checkpoint of any floating type into ``network``, in place.

    The checkpoint (see :func:`load_checkpoint`) is returned, its weights named as the network's.

    Raises:
        CheckpointError: as :func:`load_checkpoint` and :func:`load_state`.
    """
    path = find_checkpoint(path)
    checkpoint = load_checkpoint(path)
    checkpoint["model"] = _without_wrappers(checkpoint["model"], network, path)
    load_state(network, checkpoint["model"], path)
    return checkpoint


def _without_wrappers(stored: dict[str, Any], network: nn.Module, path: Path) -> dict[str, Any]:
    """Return a state dict without the prefixes that wrappers of the network put before its names.

    ``DataParallel`` and ``torch.compile`` put in :data:`_WRAPPERS`. Other code has the network as
    an attribute: then all names begin with that, and what begins otherwise is not the network's.
    """
    names = {
        key: ".".join(part for part in str(key).split(".") if part not in _WRAPPERS)
        for key in stored
    }
    first = next(iter(network.state_dict()))
    prefixes = {
        name.removesuffix(first) for name in names.values() if f".{name}".endswith(f".{first}")
    }
    if len(prefixes) > 1:
        listed = ", ".join(f"'{prefix}'" for prefix in sorted(prefixes))
        raise CheckpointError(
            f"{path}: holds several networks, named by {listed}; save one of them alone"
        )
    prefix = next(iter(prefixes), "")
    found = {
        name.removeprefix(prefix): key for key, name in names.items() if name.startswith(prefix)
    }
    found.pop("n_averaged", None)  # of torch's AveragedModel
    changed = next(((name, key) for name, key in found.items() if name != key), None)
    if changed is None or len(set(names.values())) < len(names):
        return stored
    name, key = changed
    log.info("%s: a wrapper named its weights: %s is read as %s, and so on", path, key, name)
    return {name: stored[key] for name, key in found.items()}


def load_state(network: nn.Module, stored: dict[str, Any], path: Path) -> None:
    """Load a state dict of any floating type into ``network``, in place.

    Raises:
        CheckpointError: keys or shapes differ (the message names the first key, the shape that
            the configuration expects and that of the file), or a weight is not a dense tensor of
            finite numbers. The network stays as it is.
    """
    expected = network.state_dict()
    # Batch norm did not count its batches before torch 0.4.1.
    counts = {key: value for key, value in expected.items() if key.endswith("num_batches_tracked")}
    stored = {**counts, **stored}
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
