"""Reading of depth maps, in the format of ``docs/conventions.md``.

Readers return a (256, 256) float32 map with background exactly −1, or raise a :class:`DepthError`.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
from PIL import Image

from im2mesh.data.sensor_files import (
    NOWHERE,
    equal_channels,
    holds_array,
    read_array,
    resampled,
    stored_depth,
)
from im2mesh.errors import DepthError
from im2mesh.files import open_npz, reading, why_missing
from im2mesh.geometry.pixels import BACKGROUND, DEEPEST, IMAGE_SIZE

log = logging.getLogger(__name__)

SHAPE = (IMAGE_SIZE, IMAGE_SIZE)
"""Rows and columns of every map."""

CENTRED = 1e-3
"""Tolerance for the depth extent of an object that is centred in the cube."""

KEYS = ("depth_rescaled", "arr_0", "depth")
"""Names under which a depth map is looked for in an ``.npz`` file, in this order."""

MASK_KEY = "mask"
"""Name of the optional mask of the pixels whose depth or background is known."""

PICTURES = (".png", ".tif", ".tiff")
"""Those of them that may also be pictures or masks."""

MODEL_FILE = "000.npz"
"""The depth map of a model folder."""

FORMATS = (".npz", ".npy", ".exr", ".png", ".tif", ".tiff")
"""Extensions of the files that :func:`load_depth` reads."""

NOT_DEPTH = {"points.npz", "pointcloud.npz"}
"""Files of a model folder that are never depth maps."""


def load_depth(path: str | os.PathLike[str], scale: float | None = None) -> np.ndarray:
    """Read one depth map.

    Args:
        path: a file of :data:`FORMATS`, (S, S) or (S, S, 3) with three equal channels; an ``.npz``
            has it under one of :data:`KEYS`.
        scale: from stored values to sides of the cube; None: 1, which integers of ``.png``,
            ``.tif`` and ``.npy`` cannot have. In these, 0 and the largest integer are background.

    Returns:
        (256, 256) float32; d in [0, 1] where the surface is at z = 0.5 − d, background −1.

    Raises:
        DepthError: the file is missing, unreadable, or not such a depth map; the message
            says what to do.
    """
    path = Path(path)
    with reading(path, DepthError):
        there = path.is_file()
    if not there:
        raise DepthError(f"{path}: {why_missing(path)}")
    if path.suffix.lower() not in FORMATS:
        raise DepthError(
            f"{path}: not a depth map that is read ({' '.join(FORMATS)}); save it with "
            "numpy.savez(path, depth=array), array (256, 256) float32"
        )
    if path.suffix.lower() != ".npz":
        return check_depth(_scaled(stored_depth(path), scale, path), str(path))
    array = read_array(path, KEYS, "the depth map", DepthError)
    if scale is not None and array.dtype.kind in "fiu":
        array = np.where(array < 0, BACKGROUND, array * scale)
    return check_depth(array, str(path))


def _scaled(stored: np.ndarray, scale: float | None, path: Path) -> np.ndarray:
    """Return the depths in sides of the cube of an image file or bare array."""
    if stored.dtype.kind == "f":
        return np.where((stored >= 0) & (stored < NOWHERE), stored * (scale or 1.0), BACKGROUND)
    if stored.dtype.kind not in "iu" or stored.dtype.itemsize == 1:
        raise DepthError(
            f"{path}: holds {stored.dtype} values, too coarse for depth; give 16-bit integers or "
            "floats"
        )
    if scale is None:
        raise DepthError(
            f"{path}: holds integers without a unit; say it with --depth-scale S "
            "(load_depth(path, scale)): stored value × S = depth in sides of the cube, 1/65535 "
            "where 65535 is the cube's back"
        )
    known = (stored > 0) & (stored < np.iinfo(stored.dtype).max)
    return np.where(known, stored * scale, BACKGROUND)


def load_known(path: str | os.PathLike[str]) -> np.ndarray | None:
    """Read the (256, 256) bool mask of a depth map, the array ``mask`` in its file.

    It is False where it is unknown what the ray meets. None: there is no mask, all is known.

    Raises:
        DepthError: see :func:`check_known`, or the file cannot be read.
    """
    if Path(path).suffix.lower() != ".npz":
        return None
    with open_npz(path, DepthError) as arrays:
        if MASK_KEY not in arrays.files:
            return None
        array = arrays[MASK_KEY]
    return check_known(array, f"{path}[{MASK_KEY}]")


def check_known(array: np.ndarray, name: str = "mask") -> np.ndarray:
    """Validate the mask of a depth map, (S, S) bool or 0 and 1, and resample it to 256².

    It is True where the depth was measured or background is certain; ``name`` is for messages.

    Raises:
        DepthError: wrong shape or type.
    """
    array = np.asarray(array)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] < 2:
        raise DepthError(f"{name}: has shape {array.shape}; a mask is square, like its depth map")
    if array.dtype != bool and not (array.dtype.kind in "iu" and np.isin(array, (0, 1)).all()):
        raise DepthError(
            f"{name}: holds {array.dtype} values; a mask holds true where the depth is known, "
            "false where it is not"
        )
    return resampled(array.astype(bool), SHAPE)


def check_depth(array: np.ndarray, name: str = "depth map") -> np.ndarray:
    """Validate an array as a depth map and return it as (256, 256) float32, background −1.

    Args:
        array: (S, S) or (S, S, 1 or 3) real numbers; any negative, NaN or infinite value is
            background. Another size than 256 is resampled by nearest neighbour.
        name: of the map in error messages.

    Raises:
        DepthError: wrong shape or type, no foreground, depths beyond 1, or a background of 0 or of
            the far plane.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "fiu":
        raise DepthError(f"{name}: holds {array.dtype} values; a depth map holds float32")
    if array.ndim == 3 and array.shape[2] in (1, 3):
        if not equal_channels(array):
            raise DepthError(
                f"{name}: its three channels differ, as in an RGB picture; a depth map has one "
                "channel, or three equal ones"
            )
        array = array[..., -1]
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] < 2:
        raise DepthError(
            f"{name}: has shape {array.shape}; a depth map is square, (256, 256) or (256, 256, 3): "
            "crop or pad it so that the cube fills the image"
        )
    depth = array.astype(np.float32)
    foreground = np.isfinite(depth) & (depth >= 0)
    border = np.concatenate([depth[0], depth[-1], depth[:, 0], depth[:, -1]])
    zeros = (border == 0).mean()
    # The object touches the border, but leaves more than half of it free.
    if zeros == 1 or (zeros > 0.5 and foreground.all()):
        raise DepthError(
            f"{name}: its border is 0, so 0 seems to mean background; background must be "
            "negative: depth[depth == 0] = -1"
        )
    if not foreground.any():
        raise DepthError(
            f"{name}: every pixel is background; foreground depths are 0 … 1 from the cube's front"
        )
    deepest = float(depth[foreground].max())
    if deepest > DEEPEST:
        raise DepthError(
            f"{name}: depths reach {deepest:.4g}, beyond the cube (0 … 1); shift and scale them so "
            "that z = 0.5 - depth and the object's largest extent is 1"
        )
    _check_far_plane(depth, foreground, border, name)
    depth[~foreground] = BACKGROUND
    if len(depth) != IMAGE_SIZE:
        depth = resampled(depth, SHAPE)
        if not (depth >= 0).any():
            raise DepthError(f"{name}: no foreground is left at {IMAGE_SIZE}×{IMAGE_SIZE} pixels")
    return depth


def _check_far_plane(
    depth: np.ndarray, foreground: np.ndarray, border: np.ndarray, name: str
) -> None:
    """Refuse a map whose background is a renderer's far plane, or warn where it may be one."""
    nearest, deepest = float(depth[foreground].min()), float(depth[foreground].max())
    share = (border == deepest).mean()
    if share < 1 and not (share > 0.5 and foreground.all()):
        return
    value = str(np.float32(deepest))
    seen = f"{name}: its border is {value}, the largest depth"
    # A centred object reaches as far behind the centre as before it.
    if deepest > 1 - nearest + CENTRED:
        raise DepthError(
            f"{seen}, so {value} seems to mean background; background must be negative: "
            f"depth[depth == {value}] = -1"
        )
    if nearest < deepest:
        log.warning("%s; if it means background: depth[depth == %s] = -1", seen, value)


def find_depth_file(folder: Path) -> Path:
    """Find the depth file of a model folder: ``000.npz``, else the only one with a depth key.

    Raises:
        DepthError: there is none, or more than one, or the folder cannot be read.
    """
    with reading(folder, DepthError):
        if (folder / MODEL_FILE).is_file():
            return folder / MODEL_FILE
        if not folder.is_dir():
            beside = folder.parent / MODEL_FILE
            hint = f"; data.img_folder: '' reads {beside}" if beside.is_file() else ""
            raise DepthError(f"{folder}: no such model folder{hint}")
        found = [path for path in depth_candidates(folder) if has_depth_key(path)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise DepthError(f"{folder}: holds no depth map; expected 000.npz")
    raise DepthError(
        f"{folder}: holds several depth maps ({', '.join(p.name for p in found)}) and no 000.npz"
    )


def depth_candidates(folder: Path) -> list[Path]:
    """List the ``.npz`` files of a folder that may hold depth, sorted by name.

    Raises:
        OSError: the folder cannot be read.
    """
    return sorted(p for p in folder.iterdir() if p.suffix == ".npz" and may_be_depth(p))


def may_be_depth(path: Path) -> bool:
    """Return whether a file may hold depth, by its name, and by its type if it is an image."""
    if path.name in NOT_DEPTH or path.name.startswith("."):
        return False
    suffix = path.suffix.lower()
    return suffix in FORMATS and (suffix not in PICTURES or _is_deep(path))


def _is_deep(path: Path) -> bool:
    """Return whether an image file holds 16-bit integers or floats, not a picture or a mask."""
    try:
        with Image.open(path) as image:
            return image.mode.startswith(("I", "F"))
    except Exception:  # over damaged bytes Pillow raises all there is
        return False


def has_depth_key(path: Path) -> bool:
    """Return whether a file that may be depth is; True where an ``.npz`` cannot be opened."""
    return path.suffix.lower() != ".npz" or holds_array(path, KEYS, unreadable=True)
