"""Meshes and clouds as short text: quantised, predicted, deflated, in base64.

Coordinates become 16 or 24 bits along each axis of the layer's bounds: an error of at most the
extent / 131070, which shows in nothing but the shading of thin slivers. Vertices are numbered in
the order in which the faces first use them, so a vertex number is stored as its distance from the
next new one, which is mostly small (*high-water mark* coding), and a coordinate as its difference
from that of the vertex before. The bytes of equal place stand together, and deflate does the rest.
``web/viewer.js`` reads it; :func:`unpack` is the same in Python.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

DEFLATE_LEVEL = 9


def pack(
    vertices: np.ndarray, faces: np.ndarray, colours: np.ndarray | None = None, width: int = 2
) -> tuple[dict[str, Any], str]:
    """Encode a mesh or a cloud.

    Args:
        vertices: (V, 3) finite; V may be 0.
        faces: (F, 3) vertex numbers; F may be 0.
        colours: (V, 3) uint8, or None.
        width: bytes of a coordinate, 2 or 3.

    Returns:
        What the reader must know, as JSON can hold it, and the data in base64. Where there are
        faces, the vertices come back in another order, without those that no face uses.
    """
    if len(faces):
        used, first, flat = np.unique(faces.reshape(-1), return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        vertices = vertices[used[order]]
        colours = None if colours is None else colours[used[order]]
        numbers = rank[flat.reshape(-1)]
    else:
        numbers = np.zeros(0, np.int64)
    corners = vertices if len(vertices) else np.zeros((1, 3))
    low, high = corners.min(axis=0), corners.max(axis=0)
    steps = 256**width
    step = np.maximum(high - low, 1e-12) / (steps - 1)
    places = np.rint((vertices - low) / step).astype(np.int64)
    planes = [_bytes(_differences(places[:, axis], steps), width) for axis in range(3)]
    if colours is not None:
        channels = colours.astype(np.int64).T
        planes += [_bytes(_differences(channel, 256), 1) for channel in channels]
    # A number is at most one more than the largest before it; what is stored is how much less.
    water = np.maximum.accumulate(np.concatenate([[-1], numbers]))[:-1] + 1
    planes.append(_bytes(water - numbers, 4))
    about = {
        "vertices": len(vertices),
        "faces": len(faces),
        "low": low.tolist(),
        "step": step.tolist(),
        "coloured": colours is not None,
        "width": width,
    }
    data = zlib.compress(b"".join(planes), DEFLATE_LEVEL)
    return about, base64.b64encode(data).decode("ascii")


def unpack(about: dict[str, Any], text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Decode what :func:`pack` gave: (V, 3) float64, (F, 3) int64 and (V, 3) uint8 or None."""
    data = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    count, start = about["vertices"], 0

    def read(size: int, width: int) -> np.ndarray:
        nonlocal start
        planes = data[start : start + size * width].reshape(width, size).astype(np.int64)
        start += size * width
        return (planes << (8 * np.arange(width))[:, None]).sum(axis=0)

    width = about["width"]
    places = [_sums(read(count, width), 256**width) for _ in range(3)]
    vertices = np.stack(places, axis=1) * about["step"] + about["low"]
    colours = None
    if about["coloured"]:
        colours = np.stack([_sums(read(count, 1), 256) for _ in range(3)], axis=1).astype(np.uint8)
    numbers = np.empty(3 * about["faces"], np.int64)
    water = 0
    for k, below in enumerate(read(len(numbers), 4)):
        numbers[k] = water - below
        water += below == 0
    return vertices, numbers.reshape(-1, 3), colours


def _differences(values: np.ndarray, modulus: int) -> np.ndarray:
    """Differences from the value before, modulo, small ones of either sign near 0 (zigzag)."""
    half = modulus // 2
    steps = (np.diff(values, prepend=0) + half) % modulus - half
    return np.where(steps < 0, -2 * steps - 1, 2 * steps)


def _sums(zigzag: np.ndarray, modulus: int) -> np.ndarray:
    """The reverse of :func:`_differences`."""
    steps = np.where(zigzag % 2, -(zigzag + 1) // 2, zigzag // 2)
    return np.cumsum(steps) % modulus


def _bytes(values: np.ndarray, width: int) -> bytes:
    """The lowest bytes of all values, then the next ones."""
    return b"".join((values >> (8 * k) & 255).astype(np.uint8).tobytes() for k in range(width))
