"""Reading what a depth camera gives: depth, intrinsics, masks, and folders of them.

Whatever the files hold, depth comes out as z in metres, NaN where nothing was measured, intrinsics
as a :class:`~im2mesh.geometry.cameras.Camera` of that image, and a mask as bool. An error is one
line that says what is wrong.
``docs/sensor.md`` lists the formats.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from im2mesh.errors import DepthError, InputError
from im2mesh.files import first_line, open_npz
from im2mesh.geometry.cameras import Camera

IMAGES = (".png", ".tif", ".tiff")
DEPTH_FORMATS = (*IMAGES, ".exr", ".npy", ".npz")
INTRINSICS_FORMATS = (".txt", ".npy", ".npz", ".json", ".intr", ".yaml", ".yml")
MASK_FORMATS = (".png", ".tif", ".tiff", ".bmp", ".npy", ".npz")

MILLIMETRE = 1e-3

FARTHEST = 100.0
"""Floats whose median is beyond this are not metres."""

ASPECT = 0.01
"""Relative difference below which two images have the same aspect."""

MOST_LABELS = 255
"""More values than this make no label image."""

EXR_MAGIC = b"\x76\x2f\x31\x01"


@dataclass(frozen=True)
class SensorFrame:
    """One object in one depth image.

    Attributes:
        name: as its results are called.
        depth: (H, W) float64, z in metres, NaN where nothing was measured.
        camera: the image's.
        mask: (H, W) bool, the object's pixels; None: not known.
    """

    name: str
    depth: np.ndarray
    camera: Camera
    mask: np.ndarray | None = None


# --- depth ------------------------------------------------------------------------------------


def parse_scale(text: str) -> float:
    """Read a factor such as ``0.001`` or ``1/1000``.

    Raises:
        InputError: it is no positive number.
    """
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
        (H, W) float64 in metres along z or the rays, as stored; NaN where nothing was measured:
        0, negative, NaN, infinite, an integer type's maximum.

    Raises:
        DepthError: missing, unreadable, of another format or type, or without any depth.
    """
    path = Path(path)
    stored = _stored_depth(path)
    if stored.ndim == 3 and stored.shape[2] == 1:
        stored = stored[..., 0]
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
        DepthError: 8-bit or not numbers, no depth at all, or floats that cannot be metres.
    """
    if stored.dtype == bool or stored.dtype.itemsize == 1:
        raise DepthError(
            f"{name}: holds 8-bit values, too coarse for depth; is it the mask, or a picture made "
            "for looking at? give the 16-bit or float image"
        )
    if stored.dtype.kind not in "fiu":
        raise DepthError(f"{name}: holds {stored.dtype} values; depth is integer or float")
    whole = stored.dtype.kind in "iu"
    depth = stored.astype(np.float64)
    with np.errstate(invalid="ignore"):
        missing = ~np.isfinite(depth) | (depth <= 0)
    if whole:
        missing |= stored == np.iinfo(stored.dtype).max
    depth[missing] = np.nan
    if missing.all():
        raise DepthError(f"{name}: no pixel has a depth (all are 0, negative or not finite)")
    if scale is None and not whole and np.nanmedian(depth) > FARTHEST:
        raise DepthError(
            f"{name}: floats are metres, and a median of {np.nanmedian(depth):.4g} m cannot be "
            "meant; for millimetres add --depth-scale 1/1000"
        )
    return depth * (scale if scale is not None else MILLIMETRE if whole else 1.0)


def _stored_depth(path: Path) -> np.ndarray:
    kind = path.suffix.lower()
    _check_file(path, kind, DEPTH_FORMATS, "depth image", DepthError)
    if kind == ".npz":
        with open_npz(path, DepthError) as arrays:
            if "depth" not in arrays.files:
                raise DepthError(
                    f"{path}: holds {', '.join(arrays.files) or 'nothing'}; depth must be under "
                    "the key depth"
                )
            return np.asarray(arrays["depth"])
    if kind == ".npy":
        return _read_npy(path, DepthError)
    if kind == ".exr":
        return _read_exr(path)
    with _opened(path, DepthError) as image:
        if image.mode in ("RGB", "RGBA", "P", "CMYK", "YCbCr", "LA", "LAB"):
            raise DepthError(
                f"{path}: is a colour image ({image.mode}); give the depth image, 16-bit or float"
            )
        return np.asarray(image)


def _read_exr(path: Path) -> np.ndarray:
    """The only channel of an EXR file, or three equal ones."""
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
    if values.ndim == 3 and all(
        np.array_equal(values[..., 0], values[..., k], equal_nan=True)
        for k in range(1, min(values.shape[2], 3))
    ):
        values = values[..., 0]
    return values


# --- intrinsics -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Intrinsics:
    """Intrinsics as a file states them.

    Attributes:
        camera: of an image of the stated size.
        width: stated columns, None where the file does not say.
        height: stated rows.
        depth_scale: stated factor from stored depth to millimetres (BOP).
    """

    camera: Camera
    width: int | None = None
    height: int | None = None
    depth_scale: float | None = None

    def for_image(self, shape: tuple[int, int], name: str) -> Camera:
        """Return the camera of an image of ``shape`` (rows, columns).

        Raises:
            InputError: the stated size has another aspect.
        """
        if self.width is None or self.height is None or (self.height, self.width) == shape:
            return self.camera
        across, down = shape[1] / self.width, shape[0] / self.height
        if abs(across / down - 1) > ASPECT:
            raise InputError(
                f"{name}: is for images of {self.width}×{self.height}, but the depth image has "
                f"{shape[1]}×{shape[0]}; give the depth image's own intrinsics"
            )
        return self.camera.scaled(across, down)


def read_intrinsics(words: Sequence[str], image: str | None = None) -> Intrinsics:
    """Read intrinsics: four numbers, or a file.

    Args:
        words: fx fy cx cy, or the path of one of :data:`INTRINSICS_FORMATS`.
        image: name of the depth image without its extension, which picks an entry of BOP's
            ``scene_camera.json``.

    Raises:
        InputError: neither; or the file is missing, unreadable, or holds no intrinsics.
    """
    if len(words) == 4:
        try:
            return Intrinsics(Camera(*(float(word) for word in words)))
        except ValueError as error:
            if isinstance(error, InputError):
                raise
    if len(words) != 1:
        raise InputError(
            f"--intrinsics {' '.join(words)}: give four numbers, fx fy cx cy, or one file"
        )
    path = Path(words[0])
    kind = path.suffix.lower()
    _check_file(path, kind, INTRINSICS_FORMATS, "file of intrinsics", InputError)
    try:
        if kind == ".npz":
            with open_npz(path) as arrays:
                if "K" not in arrays.files:
                    raise InputError(
                        f"holds {', '.join(arrays.files) or 'nothing'}; the matrix must be under K"
                    )
                return Intrinsics(Camera.from_matrix(arrays["K"]))
        if kind == ".npy":
            return Intrinsics(Camera.from_matrix(_read_npy(path, InputError)))
        if kind == ".txt":
            return Intrinsics(_camera_of_text(path.read_text(encoding="utf-8")))
        text = path.read_text(encoding="utf-8")
        facts = json.loads(text) if kind in (".json", ".intr") else _yaml(text)
        return _of_mapping(facts, image)
    except InputError as error:
        message = str(error)
        raise InputError(message if message.startswith(str(path)) else f"{path}: {message}") from (
            error
        )
    except (ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise InputError(f"{path}: holds no intrinsics ({first_line(error)})") from error


def _camera_of_text(text: str) -> Camera:
    """A 3×3 matrix row by row, or fx fy cx cy, with spaces or commas between."""
    values = [float(word) for word in text.replace(",", " ").split()]
    if len(values) == 4:
        return Camera(*values)
    if len(values) != 9:
        raise InputError(f"holds {len(values)} numbers; expected a 3×3 matrix or fx fy cx cy")
    return Camera.from_matrix(np.reshape(values, (3, 3)))


def _yaml(text: str) -> Any:
    lines = text.splitlines()
    # OpenCV writes a directive that YAML does not know.
    return yaml.safe_load("\n".join(line for line in lines if not line.startswith("%")))


def _of_mapping(facts: Any, image: str | None) -> Intrinsics:
    """Intrinsics of Open3D's, BOP's and ROS' files, and of plain names."""
    if not isinstance(facts, Mapping):
        raise InputError("holds no names; expected intrinsic_matrix, cam_K, K or fx fy cx cy")
    facts = {str(key).lstrip("_"): value for key, value in facts.items()}
    if facts and all(key.isdigit() for key in facts):
        facts = _entry(facts, image)
    width = facts.get("width", facts.get("image_width"))
    height = facts.get("height", facts.get("image_height"))
    scale = facts.get("depth_scale")
    return Intrinsics(
        _camera_of(facts),
        None if width is None else int(width),
        None if height is None else int(height),
        None if scale is None else float(scale),
    )


def _camera_of(facts: Mapping[str, Any]) -> Camera:
    if "intrinsic_matrix" in facts:  # Open3D: column by column
        return Camera.from_matrix(np.reshape(facts["intrinsic_matrix"], (3, 3)).T)
    if all(key in facts for key in ("fx", "fy", "cx", "cy")):
        return Camera(*(float(facts[key]) for key in ("fx", "fy", "cx", "cy")))
    for key in ("cam_K", "K", "k", "camera_matrix"):  # row by row
        if key in facts:
            values = facts[key]
            values = values["data"] if isinstance(values, Mapping) else values
            return Camera.from_matrix(np.reshape(np.asarray(values, np.float64), (3, 3)))
    raise InputError("holds none of intrinsic_matrix, cam_K, K, camera_matrix, fx fy cx cy")


def _entry(facts: Mapping[str, Any], image: str | None) -> dict[str, Any]:
    """The entry of BOP's ``scene_camera.json`` for one image."""
    numbers = {int(key): value for key, value in facts.items()}
    if len(numbers) == 1:
        return dict(next(iter(numbers.values())))
    if image is None or not image.isdigit() or int(image) not in numbers:
        raise InputError(
            f"has entries for the images {_some(sorted(numbers))}, and the depth image "
            f"{image or ''} names none of them"
        )
    return dict(numbers[int(image)])


# --- masks ------------------------------------------------------------------------------------


def read_mask_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a mask or label image as it is stored.

    Args:
        path: one of :data:`MASK_FORMATS`; an ``.npz`` has it under ``mask`` or ``segmap``. Of an
            image with alpha that varies, that is the mask; equal colour channels are one.

    Returns:
        (H, W) bool or integers.

    Raises:
        InputError: missing, unreadable, or no mask.
    """
    path = Path(path)
    kind = path.suffix.lower()
    _check_file(path, kind, MASK_FORMATS, "mask", InputError)
    if kind == ".npz":
        with open_npz(path) as arrays:
            key = next((k for k in ("mask", "segmap") if k in arrays.files), None)
            if key is None:
                raise InputError(
                    f"{path}: holds {', '.join(arrays.files) or 'nothing'}; a mask must be under "
                    "mask or segmap"
                )
            values = np.asarray(arrays[key])
    elif kind == ".npy":
        values = _read_npy(path, InputError)
    else:
        with _opened(path, InputError) as image:
            values = np.asarray(image)
    return check_labels(values, str(path))


def check_labels(values: np.ndarray, name: str) -> np.ndarray:
    """Validate an array as a mask or label image; see :func:`read_mask_image`."""
    if values.ndim == 3 and values.shape[2] in (2, 4) and np.ptp(values[..., -1]) > 0:
        return np.asarray(values[..., -1] > 127)
    if values.ndim == 3:
        if any(not np.array_equal(values[..., 0], values[..., k]) for k in range(1, 3)):
            raise InputError(f"{name}: is a colour image; a mask has one channel, or alpha")
        values = values[..., 0]
    if values.ndim != 2:
        raise InputError(f"{name}: has shape {values.shape}; a mask is (rows, columns)")
    if values.dtype.kind == "f" and np.array_equal(values, np.rint(values)):
        values = values.astype(np.int64)
    if values.dtype.kind not in "biu" or len(np.unique(values)) > MOST_LABELS + 1:
        raise InputError(
            f"{name}: holds {values.dtype} values of many kinds; is it the depth image? a mask "
            "holds 0 and 255, or a label a pixel"
        )
    return values


def masks_of(
    values: np.ndarray, shape: tuple[int, int], label: str | None, name: str
) -> dict[int | None, np.ndarray]:
    """Pick one or all objects of a mask or label image.

    Args:
        values: (H, W) bool or integers.
        shape: rows and columns of the depth image; a mask of the same aspect is brought to it.
        label: a number, ``all``, or None: the image must have two values.
        name: what messages call it.

    Returns:
        Label → (rows, columns) bool, none of them empty; the label is None for a plain mask.

    Raises:
        InputError: another aspect, nothing in it, a label that is not there, or several labels
            and none chosen.
    """
    if values.shape != tuple(shape):
        across, down = shape[1] / values.shape[1], shape[0] / values.shape[0]
        if abs(across / down - 1) > ASPECT:
            raise InputError(
                f"{name}: has {values.shape[1]}×{values.shape[0]} pixels, the depth image "
                f"{shape[1]}×{shape[0]}; a mask shows the same view"
            )
        rows, columns = (
            ((np.arange(new) + 0.5) * old / new).astype(int)
            for new, old in zip(shape, values.shape, strict=True)
        )
        values = values[np.ix_(rows, columns)]
    labels = [int(value) for value in np.unique(values) if value]
    if not labels:
        raise InputError(f"{name}: is empty: no pixel is set")
    if label == "all":
        return {number: values == number for number in labels}
    if label is None:
        if len(labels) > 1:
            raise InputError(
                f"{name}: holds the labels {_some(labels)}; choose one with --label N, or "
                "--label all"
            )
        return {None: values != 0}
    try:
        number = int(label)
    except ValueError:
        raise InputError(f"--label {label}: is no number and not all") from None
    if number not in labels:
        raise InputError(f"{name}: has no label {number}; it holds {_some(labels)}")
    return {number: values == number}


# --- folders ----------------------------------------------------------------------------------


def find_frames(
    folder: str | os.PathLike[str], scale: float | None = None, kind: str = "z"
) -> list[SensorFrame]:
    """Read all objects of a folder, or of one ``.npz`` file.

    Args:
        folder: one of

            * BOP: ``scene_camera.json``, ``depth/``, ``mask_visib/<image>_<object>.png``;
            * ``depth/``, ``masks/<image>*.png`` (each label an object) and ``cam_K.txt``;
            * ``.npz`` files with ``depth``, ``K`` and, if there are several objects, ``segmap``.
        scale: see :func:`read_depth`.
        kind: ``z`` or ``ray``: what depth is measured along.

    Raises:
        InputError: there is no such layout, or one of its files cannot be used.
    """
    folder = Path(folder)
    if not folder.exists():
        raise InputError(f"{folder}: no such folder")
    if folder.is_file() or not (folder / "depth").is_dir():
        files = [folder] if folder.is_file() else sorted(folder.glob("*.npz"))
        if not files or any(file.suffix.lower() != ".npz" for file in files):
            raise InputError(
                f"{folder}: no layout that is known: depth/ with scene_camera.json and "
                "mask_visib/, depth/ with masks/ and cam_K.txt, or .npz files with depth and K"
            )
        return [frame for file in files for frame in _npz_frames(file, scale, kind)]
    depths = sorted(p for p in (folder / "depth").iterdir() if p.suffix.lower() in DEPTH_FORMATS)
    if not depths:
        raise InputError(f"{folder / 'depth'}: holds no depth image")
    frames = []
    for path in depths:
        frames += _folder_frames(folder, path, scale, kind)
    if not frames:
        raise InputError(f"{folder}: has depth images and no mask of any of them")
    return frames


def _folder_frames(folder: Path, path: Path, scale: float | None, kind: str) -> list[SensorFrame]:
    bop = folder / "scene_camera.json"
    source = bop if bop.is_file() else folder / "cam_K.txt"
    facts = read_intrinsics([str(source)], path.stem)
    if scale is None and facts.depth_scale is not None:
        scale = facts.depth_scale * MILLIMETRE
    depth = read_depth(path, scale)
    camera = facts.for_image(_shape(depth), str(source))
    depth = along_z(depth, camera, kind)
    places = [folder / "mask_visib", folder / "masks", folder / "mask"]
    place = next((p for p in places if p.is_dir()), None)
    if place is None:
        raise InputError(f"{folder}: has no folder mask_visib or masks")
    frames = []
    for file in sorted(place.glob(f"{path.stem}*")):
        rest = file.stem[len(path.stem) :]
        if file.suffix.lower() not in MASK_FORMATS or (rest and rest[0] not in "_-."):
            continue
        for label, mask in masks_of(read_mask_image(file), _shape(depth), "all", str(file)).items():
            plain = label in (None, 1, 255)
            name = file.stem if plain else f"{file.stem}_{label}"
            frames.append(SensorFrame(name, depth, camera, mask))
    return frames


def _npz_frames(path: Path, scale: float | None, kind: str) -> list[SensorFrame]:
    depth = read_depth(path, scale)
    camera = read_intrinsics([str(path)]).camera
    depth = along_z(depth, camera, kind)
    with open_npz(path) as arrays:
        key = next((k for k in ("segmap", "mask") if k in arrays.files), None)
        values = None if key is None else np.asarray(arrays[key])
    if values is None:
        return [SensorFrame(path.stem, depth, camera)]
    found = masks_of(check_labels(values, f"{path}[{key}]"), _shape(depth), "all", str(path))
    if len(found) == 1:
        return [SensorFrame(path.stem, depth, camera, next(iter(found.values())))]
    return [SensorFrame(f"{path.stem}_{k}", depth, camera, mask) for k, mask in found.items()]


def along_z(depth: np.ndarray, camera: Camera, kind: str) -> np.ndarray:
    """Depth as z; ``kind`` ``ray`` measures along the pixels' rays."""
    return camera.along_z(depth) if kind == "ray" else depth


# --- files ------------------------------------------------------------------------------------


def _check_file(
    path: Path, kind: str, formats: Sequence[str], what: str, error: type[InputError]
) -> None:
    if path.is_dir():
        raise error(f"{path}: is a folder; give a {what}")
    if not path.is_file():
        raise error(f"{path}: no such file")
    if kind not in formats:
        raise error(f"{path}: not a {what} that is read ({' '.join(formats)}); convert it")


def _read_npy(path: Path, error: type[InputError]) -> np.ndarray:
    try:
        values = np.load(path, allow_pickle=False)
    except ValueError as problem:
        pickled = "pickle" in str(problem)
        hint = "it is a pickle, which may run code" if pickled else first_line(problem)
        raise error(f"{path}: not a readable array ({hint}); write it with numpy.save") from problem
    except (EOFError, MemoryError, OSError) as problem:
        raise error(f"{path}: not a readable array ({first_line(problem)})") from problem
    if not isinstance(values, np.ndarray):
        raise error(f"{path}: holds several arrays; name it .npz")
    return values


def _opened(path: Path, error: type[InputError]) -> Image.Image:
    """An image, its pixels read."""
    try:
        image = Image.open(path)
        image.load()
    except Exception as problem:  # over damaged bytes Pillow raises all there is
        raise error(f"{path}: not a readable image ({first_line(problem)})") from problem
    return image


def _shape(depth: np.ndarray) -> tuple[int, int]:
    return int(depth.shape[0]), int(depth.shape[1])


def _some(numbers: Sequence[int], most: int = 12) -> str:
    text = ", ".join(str(number) for number in numbers[:most])
    return text + (f", … ({len(numbers)} in all)" if len(numbers) > most else "")
