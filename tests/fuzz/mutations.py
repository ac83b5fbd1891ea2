"""Random damage to files, each kind as a function of a generator and the contents."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image

Rng = np.random.Generator
ODD_NUMBERS = (
    b"nan", b"inf", b"-1", b"0", b"1e400", b"99999999999999999999", b"0x10", b"", b"1,5", b"-0.5",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 7, 0.5, 1e30, float("nan"), "", "text", "no/such", [], [1, 2], {},
    {"a": 1}, 10**20, "../x", "é\u2028",
)  # fmt: skip
STRANGERS = (
    b"",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 45\n",
    b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    gzip.compress(b"something else"),
    b"\x00" * 4096,
    b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtin\x94.",
)
"""Contents that are found in place of a file."""


def cut(rng: Rng, data: bytes) -> bytes:
    """Cut off at least a tenth of the end, as an interrupted copy does."""
    return data[: int(rng.integers(1, max(2, int(0.9 * len(data)))))]


def flip(rng: Rng, data: bytes) -> bytes:
    """Flip one to eight bits."""
    changed = bytearray(data)
    for place in rng.integers(0, len(data), rng.integers(1, 9)):
        changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _span(rng: Rng, data: bytes) -> tuple[int, int]:
    start = int(rng.integers(0, len(data)))
    return start, min(len(data), start + int(rng.integers(1, 65)))


def overwrite(rng: Rng, data: bytes) -> bytes:
    """Put other bytes in the place of a few."""
    a, b = _span(rng, data)
    fill = [b"\x00" * (b - a), b"\xff" * (b - a), rng.bytes(b - a)][int(rng.integers(3))]
    return data[:a] + fill + data[b:]


def delete(rng: Rng, data: bytes) -> bytes:
    """Leave out a few bytes."""
    a, b = _span(rng, data)
    return data[:a] + data[b:]


def repeat(rng: Rng, data: bytes) -> bytes:
    """Write a few bytes twice."""
    a, b = _span(rng, data)
    return data[:b] + data[a:]


def stranger(rng: Rng, data: bytes) -> bytes:
    """Put another file in its place."""
    return STRANGERS[int(rng.integers(len(STRANGERS)))]


def number(rng: Rng, data: bytes) -> bytes:
    """Change a number of a text."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?", data))
    if not found:
        return flip(rng, data)
    spot = found[int(rng.integers(len(found)))]
    return (
        data[: spot.start()] + ODD_NUMBERS[int(rng.integers(len(ODD_NUMBERS)))] + data[spot.end() :]
    )


def lines(rng: Rng, data: bytes) -> bytes:
    """Leave out, repeat, exchange or replace a line of a text."""
    rows = data.split(b"\n")
    a, b = (int(k) for k in rng.integers(0, len(rows), 2))
    odd = (
        b"",
        b" ",
        b"../x",
        b"/etc/passwd",
        b"a\x00b",
        b"x" * 5000,
        "é".encode("latin-1"),
        b"\xef\xbb\xbf",
    )
    match int(rng.integers(4)):
        case 0:
            del rows[a]
        case 1:
            rows.insert(a, rows[b])
        case 2:
            rows[a], rows[b] = rows[b], rows[a]
        case _:
            rows[a] = odd[int(rng.integers(len(odd)))]
    return b"\n".join(rows)


BINARY = (cut, flip, overwrite, delete, repeat, stranger)
TEXT = (*BINARY, number, number, lines)


# --- values, not bytes ------------------------------------------------------------------------


def odd_array(rng: Rng, values: np.ndarray) -> np.ndarray:
    """Change an array's type, shape or numbers."""
    kinds: list[Callable[[], Any]] = [
        lambda: values.astype(complex),
        lambda: values.astype(str),
        lambda: values.astype(object),
        lambda: values.astype(np.int8),
        lambda: values[:0],
        lambda: values.reshape(-1),
        lambda: values[None],
        lambda: np.asarray(values.flat[0]),
        lambda: np.where(rng.random(values.shape) < 0.1, np.nan, values),
        lambda: np.where(rng.random(values.shape) < 0.1, np.inf, values),
        lambda: values * 1e6,
        lambda: -values.astype(np.float64),
        lambda: values[: len(values) // 2],
        lambda: np.zeros_like(values),
    ]
    return np.asarray(kinds[int(rng.integers(len(kinds)))]())


def odd_npz(rng: Rng, path: Path) -> None:
    """Change one array of an ``.npz`` file, leave it out, or add one."""
    with np.load(path) as file:
        arrays = dict(file)
    key = sorted(arrays)[int(rng.integers(len(arrays)))]
    match int(rng.integers(6)):
        case 0:
            del arrays[key]
        case 1:
            arrays[f"{key}2"] = arrays.pop(key)
        case _:
            arrays[key] = odd_array(rng, arrays[key])
    np.savez(path, **arrays)


def odd_image(rng: Rng, path: Path) -> None:
    """Change the values, the size or the kind of an image."""
    with Image.open(path) as file:
        values = np.asarray(file)
    kinds: list[Callable[[], np.ndarray]] = [
        lambda: np.zeros_like(values),
        lambda: np.full_like(values, np.iinfo(values.dtype).max),
        lambda: values[::2, ::2],
        lambda: values[:1, :1],
        lambda: values.T,
        lambda: values > 0,
        lambda: values.astype(np.uint8),
        lambda: np.repeat(values.astype(np.uint8)[..., None], 3, 2),
        lambda: rng.integers(0, 256, values.shape).astype(np.uint8),
        lambda: rng.integers(0, 65536, values.shape).astype(np.uint16),
    ]
    Image.fromarray(np.ascontiguousarray(kinds[int(rng.integers(len(kinds)))]())).save(path)


def odd_yaml(rng: Rng, path: Path) -> None:
    """Change a value or a key of a configuration."""
    values = yaml.safe_load(path.read_text())
    inner = values
    while True:
        key = sorted(inner)[int(rng.integers(len(inner)))]
        if not (isinstance(inner[key], dict) and inner[key] and rng.random() < 0.9):
            break
        inner = inner[key]
    if rng.random() < 0.2:
        inner[f"{key}s"] = inner.pop(key)
    else:
        inner[key] = ODD_VALUES[int(rng.integers(len(ODD_VALUES)))]
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")


def odd_checkpoint(rng: Rng, path: Path) -> None:
    """Change a value, a weight or a key of a checkpoint."""
    state = torch.load(path, weights_only=True)
    inner = state if rng.random() < 0.5 else state["model"]
    key = sorted(inner)[int(rng.integers(len(inner)))]
    value = inner[key]
    tensor = value if isinstance(value, torch.Tensor) else torch.zeros(3)
    odd: list[Any] = [
        None, -1, float("nan"), "text", [], {}, 10**20, tensor.double() * torch.nan, tensor[None],
        tensor.to(torch.complex64), tensor.to_sparse() if tensor.dim() else tensor, tensor.bool(),
        torch.empty(0),
    ]  # fmt: skip
    match int(rng.integers(4)):
        case 0:
            del inner[key]
        case 1:
            inner[f"{key}x"] = inner.pop(key)
        case _:
            inner[key] = odd[int(rng.integers(len(odd)))]
    torch.save(state, path)
