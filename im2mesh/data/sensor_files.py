"""Files of a depth camera: depth images and masks.

Depth comes out as z in metres, NaN where nothing was measured, and a mask as bool, whatever the
files hold. ``docs/sensor.md`` lists the formats.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from im2mesh.errors import DepthError, InputError
from im2mesh.files import DAMAGED, first_line, open_npz, why_missing

DEPTH_FORMATS = (".png", ".tif", ".tiff", ".exr", ".npy", ".npz")
MASK_FORMATS = (".png", ".tif", ".tiff", ".bmp", ".npy", ".npz")
MASK_KEYS = ("mask", "segmap")
"""Keys of an ``.npz`` that hold a mask or label image."""

MILLIMETRE = 1e-3

FARTHEST = 100.0
"""Floats whose median is beyond this are not metres."""

NOWHERE = 1e9
"""Renderers write this and more where a ray meets nothing (Blender: 1e10)."""

ASPECT = 0.01
"""Relative difference below which two images have the same aspect."""

MOST_LABELS = 255
"""An image with more values than this is no label image."""

SMOOTH = 32
"""An image of 8 bits with more values than this and no chosen label is a smoothed mask."""

ARRAYS = (".npy", ".npz")
"""Extensions of the files of :func:`read_array`."""

EXR_MAGIC = b"\x76\x2f\x31\x01"


def parse_scale(text: str | None) -> float | None:
    """Read a factor such as ``0.001`` or ``1/1000``; None stays None.

    Raises:
        InputError: the text is no positive number.
    """
    if text is None:
        return None
    try:
        scale = float(Fraction(text))
    except (ValueError, ZeroDivisionError, OverflowError):
        scale = math.nan
    if not (math.isfinite(scale) and scale > 0):
        raise InputError(f"--depth-scale {text}: not a positive number such as 0.001 or 1/1000")
    return scale


def read_depth(path: str | os.PathLike[str], scale: float | None = None) -> np.ndarray:
    """Read a depth image.

    Args:
        path: one of :data:`DEPTH_FORMATS`; an ``.npz`` has it under ``depth``.
        scale: from stored values to metres; None: integers are millimetres, floats metres.

    Returns:
        (H, W) float64 in metres, along z or the rays as stored. Holes are NaN: those of
        :func:`without_holes`, and an integer type's maximum.

    Raises:
        DepthError: the file is missing, unreadable, of another format or type, or has no depth.
    """
    path = Path(path)
    stored = _one_channel(stored_depth(path))
    if stored.ndim == 3 and stored.shape[2] in (3, 4):
        raise DepthError(
            f"{path}: has {stored.shape[2]} channels, as a colour image; give the depth image"
        )
    if stored.ndim != 2 or min(stored.shape) < 2:
        raise DepthError(f"{path}: has shape {stored.shape}; a depth image is (rows, columns)")
    return depth_in_metres(stored, scale, str(path))


def depth_in_metres(stored: np.ndarray, scale: float | None, name: str) -> np.ndarray:
    """Turn stored values into metres; see :func:`read_depth`.

    Raises:
        DepthError: the values are 8-bit, no numbers, all holes, or floats that cannot be metres.
    """
    if stored.dtype == bool or stored.dtype.itemsize == 1:
        raise DepthError(
            f"{name}: holds 8-bit values, too coarse for depth; is it the mask, or a picture made "
            "for looking at? give the 16-bit or float image"
        )
    if stored.dtype.kind not in "fiu":
        raise DepthError(f"{name}: holds {stored.dtype} values; depth is integer or float")
    whole = stored.dtype.kind in "iu"
    depth = without_holes(stored)
    if whole:
        depth[stored == np.iinfo(stored.dtype).max] = np.nan
    if np.isnan(depth).all():
        raise DepthError(f"{name}: no pixel has a depth (all are 0, negative or not finite)")
    if scale is None and not whole and np.nanmedian(depth) > FARTHEST:
        raise DepthError(
            f"{name}: floats are metres, and a median of {np.nanmedian(depth):.4g} m is too "
            "far; for millimetres add --depth-scale 1/1000"
        )
    return depth * (scale if scale is not None else MILLIMETRE if whole else 1.0)


def without_holes(stored: np.ndarray) -> np.ndarray:
    """Return float64 depths with NaN for 0, negative, NaN, infinite and :data:`NOWHERE`."""
    depth = stored.astype(np.float64)
    with np.errstate(invalid="ignore"):
        depth[~((depth > 0) & (depth < NOWHERE))] = np.nan
    return depth


def _one_channel(values: np.ndarray) -> np.ndarray:
    """Return (H, W) of (1, H, W) or (H, W, 1), anything else as it is."""
    if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]):
        return values.squeeze(0 if values.shape[0] == 1 else 2)
    return values


def stored_depth(path: Path) -> np.ndarray:
    """Read the values of a depth image as they are stored; (H, W) or (H, W, channels).

    Raises:
        DepthError: the file is missing, unreadable, or of another format.
    """
    kind = path.suffix.lower()
    check_file(path, DEPTH_FORMATS, "depth image", DepthError)
    if kind in ARRAYS:
        return read_array(path, ["depth"], "depth", DepthError)
    if kind == ".exr":
        return _read_exr(path)
    with _opened(path, DepthError) as image:
        if image.mode in ("RGB", "RGBA", "P", "CMYK", "YCbCr", "LA", "LAB"):
            raise DepthError(
                f"{path}: is a colour image ({image.mode}); give the depth image, 16-bit or float"
            )
        return np.asarray(image)


def _read_exr(path: Path) -> np.ndarray:
    """Read the only channel of an EXR file, or three equal ones."""
    try:
        import OpenEXR
    except ImportError as error:
        raise InputError(f"{path}: reading EXR needs OpenEXR: pip install OpenEXR") from error
    with open(path, "rb") as file:
        if file.read(4) != EXR_MAGIC:
            raise DepthError(f"{path}: is no EXR file, whatever its name says")
    try:
        parts = OpenEXR.File(str(path)).parts
        channels = [
            (f"{part.name() or ''}:{name}".lstrip(":"), np.asarray(channel.pixels))
            for part in parts
            for name, channel in part.channels.items()
        ]
    except Exception as error:  # over damaged bytes it raises all there is
        raise DepthError(f"{path}: not a readable EXR file ({first_line(error)})") from error
    if len(channels) != 1:
        raise DepthError(
            f"{path}: holds several layers ({', '.join(name for name, _ in channels)}); write the "
            "depth alone"
        )
    values = channels[0][1]
    return values[..., 0] if values.ndim == 3 and equal_channels(values[..., :3]) else values


def equal_channels(image: np.ndarray) -> bool:
    """Return whether the channels of (H, W, C) numbers are equal, NaN to NaN."""
    return all(
        np.array_equal(image[..., 0], image[..., k], equal_nan=image.dtype.kind == "f")
        for k in range(1, image.shape[2])
    )


def read_mask_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a mask or label image as it is stored, (H, W) bool or integers.

    An ``.npz`` has it under one of :data:`MASK_KEYS`. The mask of an image with alpha that varies
    is its alpha; equal colour channels count as one.

    Raises:
        InputError: the file is missing, unreadable, or no mask.
    """
    path = Path(path)
    check_file(path, MASK_FORMATS, "mask", InputError)
    if path.suffix.lower() in ARRAYS:
        values = read_array(path, MASK_KEYS, "a mask", InputError)
    else:
        with _opened(path, InputError) as image:
            values = np.asarray(image)
    return check_labels(values, str(path))


def check_labels(values: np.ndarray, name: str) -> np.ndarray:
    """Validate an array as a mask or label image; see :func:`read_mask_image`."""
    values = _one_channel(values)
    if values.ndim == 3 and values.shape[2] in (2, 4) and np.ptp(values[..., -1]) > 0:
        return np.asarray(values[..., -1] > 127)
    if values.ndim == 3:
        colours = values[..., : 1 if values.shape[2] == 2 else 3]
        if (colours != colours[..., :1]).any():
            raise InputError(f"{name}: is a colour image; a mask has one channel, or alpha")
        values = values[..., 0]
    if values.ndim != 2:
        raise InputError(f"{name}: has shape {values.shape}; a mask is (rows, columns)")
    if values.dtype.kind == "f" and not (values % 1 > 0).any():
        values = np.nan_to_num(values).astype(np.int64)
    if values.dtype.kind not in "biu" or len(np.unique(values)) > MOST_LABELS + 1:
        raise InputError(
            f"{name}: holds {values.dtype} values of many kinds; is it the depth image? a mask "
            "holds 0 and 255, or a label a pixel"
        )
    return values


def masks_of(
    values: np.ndarray, shape: tuple[int, int], label: str | None, name: str
) -> dict[int | None, np.ndarray]:
    """Pick one or all objects of an (H, W) mask or label image.

    Args:
        values: bool or integers.
        shape: rows and columns of the depth image; a mask of the same aspect is resampled to it.
        label: a number, ``all``, or None, for an image with two values.
        name: of the mask in messages.

    Returns:
        Label → (rows, columns) bool, none of them empty; the label is None for a plain mask.

    Raises:
        InputError: the mask has another aspect, is empty, lacks the label, or has several labels
            and none is chosen.
    """
    if values.shape != tuple(shape):
        across, down = shape[1] / values.shape[1], shape[0] / values.shape[0]
        if abs(across / down - 1) > ASPECT:
            raise InputError(
                f"{name}: has {values.shape[1]}×{values.shape[0]} pixels, the depth image "
                f"{shape[1]}×{shape[0]}; a mask shows the same view"
            )
        values = resampled(values, shape)
    labels = [int(value) for value in np.unique(values) if value]
    if not labels:
        raise InputError(f"{name}: is empty: no pixel is set")
    if label == "all":
        return {number: values == number for number in labels}
    if label is None:
        if len(labels) > SMOOTH and values.dtype == np.uint8 and labels[-1] == 255:
            raise InputError(
                f"{name}: holds {len(labels) + 1} values from 0 to 255, as a smoothed mask does; "
                "write it without smoothing, or as 0 and 255"
            )
        if len(labels) > 1:
            raise InputError(
                f"{name}: holds the labels {_some(labels)}; choose one with --label N, or "
                "--label all"
            )
        return {None: values != 0}
    try:
        number = int(label)
    except ValueError:
        raise InputError(f"--label {label}: give a number, or all") from None
    if number not in labels:
        raise InputError(f"{name}: has no label {number}; it holds {_some(labels)}")
    return {number: values == number}


def check_file(path: Path, formats: Sequence[str], what: str, error: type[InputError]) -> None:
    """Raise an error if a path is no file of a known format."""
    if path.is_dir():
        raise error(f"{path}: is a folder; give a {what}")
    if not path.is_file():
        raise error(f"{path}: {why_missing(path)}")
    if path.suffix.lower() not in formats:
        raise error(f"{path}: not a {what} that is read ({' '.join(formats)}); convert it")


def resampled(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return an (H, W) image in another shape, by the nearest pixels."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(int)
        for new, old in zip(shape, image.shape, strict=True)
    )
    return image[np.ix_(rows, columns)]


def holds_array(path: Path, keys: Sequence[str], unreadable: bool) -> bool:
    """Return whether an ``.npz`` file has one of some arrays, or ``unreadable`` where it is."""
    try:
        with open_npz(path) as arrays:
            return any(key in arrays.files for key in keys)
    except InputError:
        return unreadable


def read_array(path: Path, keys: Sequence[str], what: str, error: type[InputError]) -> np.ndarray:
    """Read the first of some arrays that an ``.npz`` file has, or an ``.npy`` file; runs no code.

    Raises:
        InputError: of the type ``error``: the file cannot be read, or has none of the ``keys``.
    """
    if path.suffix.lower() == ".npz":
        with open_npz(path, error) as arrays:
            key = next((key for key in keys if key in arrays.files), None)
            if key is None:
                raise error(
                    f"{path}: holds {', '.join(arrays.files) or 'nothing'}; {what} must be under "
                    f"the key {' or '.join(keys)}"
                )
            return np.asarray(arrays[key])
    try:
        values = np.load(path, allow_pickle=False)
    except OSError as problem:
        raise error(f"{path}: not a readable array ({first_line(problem)})") from problem
    except DAMAGED as problem:
        pickled = "pickle" in str(problem)
        hint = "it is a pickle, which may run code" if pickled else first_line(problem)
        raise error(f"{path}: not a readable array ({hint}); write it with numpy.save") from problem
    if not isinstance(values, np.ndarray):
        raise error(f"{path}: holds several arrays; name it .npz")
    return values


def _opened(path: Path, error: type[InputError]) -> Image.Image:
    try:
        image = Image.open(path)
        image.load()
    except Exception as problem:  # over damaged bytes Pillow raises all there is
        raise error(f"{path}: not a readable image ({first_line(problem)})") from problem
    return image


def _some(numbers: Sequence[int], most: int = 12) -> str:
    text = ", ".join(str(number) for number in numbers[:most])
    return text + (f", … ({len(numbers)} in all)" if len(numbers) > most else "")
