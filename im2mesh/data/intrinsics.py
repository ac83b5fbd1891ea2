"""Intrinsics as users have them: four numbers, or a file of one of several kinds."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from im2mesh.data.sensor_files import ARRAYS, ASPECT, check_file, read_array
from im2mesh.errors import InputError
from im2mesh.files import first_line
from im2mesh.geometry.cameras import Camera

log = logging.getLogger(__name__)

INTRINSICS_FORMATS = (".txt", ".csv", ".npy", ".npz", ".json", ".intr", ".yaml", ".yml")

OFF_CENTRE, SAME_SHARE = 0.15, 0.05
"""Intrinsics look like those of an image of another size where the principal point is further than
this from the middle, in shares of the image, and by the same share in width and height."""


@dataclass(frozen=True)
class Intrinsics:
    """Intrinsics as a file states them.

    Attributes:
        camera: of an image of the stated size.
        width: stated number of columns; None if the file does not say.
        height: stated number of rows.
        depth_scale: stated factor from stored depth to millimetres (BOP).
    """

    camera: Camera
    width: int | None = None
    height: int | None = None
    depth_scale: float | None = None

    def for_image(self, shape: tuple[int, int], name: str) -> Camera:
        """Return the camera of an image of (rows, columns), in the stated aspect.

        Raises:
            InputError: the stated size has another aspect.
        """
        if not self.width or not self.height:
            self._warn_of_other_size(shape, name)
            return self.camera
        if (self.height, self.width) == shape:
            return self.camera
        across, down = shape[1] / self.width, shape[0] / self.height
        if abs(across / down - 1) > ASPECT:
            raise InputError(
                f"{name}: is for images of {self.width}×{self.height}, but the depth image has "
                f"{shape[1]}×{shape[0]}; give the depth image's own intrinsics"
            )
        return self.camera.scaled(across, down)

    def _warn_of_other_size(self, shape: tuple[int, int], name: str) -> None:
        across = (self.camera.cx + 0.5) / shape[1]
        down = (self.camera.cy + 0.5) / shape[0]
        if abs(across - 0.5) > OFF_CENTRE and abs(across - down) < SAME_SHARE * across:
            log.warning(
                "%s: the principal point (%g, %g) would be the middle of an image %.3g times as "
                "large as the depth image (%d×%d); are these its intrinsics?",
                name, self.camera.cx, self.camera.cy, 2 * across, shape[1], shape[0],
            )  # fmt: skip


def read_intrinsics(words: Sequence[str], image: str | None = None) -> Intrinsics:
    """Read intrinsics.

    Args:
        words: fx fy cx cy, or the path of one of :data:`INTRINSICS_FORMATS`.
        image: name of the depth image without its extension. It picks an entry of BOP's
            ``scene_camera.json``.

    Raises:
        InputError: ``words`` are neither; or the file is missing, unreadable, or holds no
            intrinsics.
    """
    numbers = _numbers(" ".join(words))
    if numbers is not None and len(numbers) == 4:
        return Intrinsics(Camera(*numbers))
    if len(words) != 1 or numbers is not None:
        raise InputError(
            f"--intrinsics {' '.join(words)}: give four numbers, fx fy cx cy, or one file"
        )
    path = Path(words[0])
    check_file(path, INTRINSICS_FORMATS, "file of intrinsics", InputError)
    try:
        return _of_file(path, image)
    except InputError as error:
        message = str(error)
        raise InputError(message if message.startswith(str(path)) else f"{path}: {message}") from (
            error
        )
    except (ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise InputError(f"{path}: holds no intrinsics ({first_line(error)})") from error


def _of_file(path: Path, image: str | None) -> Intrinsics:
    kind = path.suffix.lower()
    if kind in ARRAYS:
        return Intrinsics(Camera.of(read_array(path, ["K"], "the matrix", InputError)))
    text = path.read_text(encoding="utf-8-sig")
    if kind in (".txt", ".csv"):
        return Intrinsics(_camera_of_text(text))
    facts = json.loads(text) if kind in (".json", ".intr") else _yaml(text)
    if isinstance(facts, list):
        return Intrinsics(Camera.of(facts))
    return _of_mapping(facts, image)


def _numbers(text: str) -> list[float] | None:
    """Return the numbers of a text, with spaces or commas between; None if it has other words."""
    try:
        return [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        return None


def _camera_of_text(text: str) -> Camera:
    """Read a 3×3 matrix row by row, or fx fy cx cy; brackets and comments after # do not count."""
    lines = (line.split("#")[0] for line in text.splitlines())
    values = _numbers(" ".join(lines).translate(str.maketrans("[]();", " " * 5)))
    if values is None or len(values) not in (4, 9):
        holds = "words" if values is None else f"{len(values)} numbers"
        raise InputError(f"holds {holds}; expected a 3×3 matrix or fx fy cx cy")
    return Camera.of(values if len(values) == 4 else np.reshape(values, (3, 3)))


class _Loader(yaml.SafeLoader):
    """YAML as ROS and OpenCV write it."""

    def matrix(self, node: yaml.MappingNode) -> dict[Any, Any]:
        """Read OpenCV's matrix: its rows, cols and data."""
        return self.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:opencv-matrix", _Loader.matrix)


def _yaml(text: str) -> Any:
    """Return the first document of a file, as ``rostopic echo`` ends each with a line of dashes."""
    # OpenCV writes a directive that YAML does not know.
    lines = (line for line in text.splitlines() if not line.startswith("%"))
    return next(yaml.load_all("\n".join(lines), _Loader), None)


def _of_mapping(facts: Any, image: str | None) -> Intrinsics:
    """Read the names that Open3D, BOP, ROS, RealSense and others use."""
    if not isinstance(facts, Mapping):
        raise InputError("holds no names; expected intrinsic_matrix, cam_K, K or fx fy cx cy")
    facts = {str(key).lstrip("_"): value for key, value in facts.items()}
    if facts and all(key.isdigit() for key in facts):
        facts = _entry(facts, image)
    if isinstance(facts.get("intrinsic"), Mapping):  # Open3D's camera with its pose
        facts = facts["intrinsic"]
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
    for keys in (("fx", "fy", "cx", "cy"), ("fx", "fy", "ppx", "ppy")):
        if all(key in facts for key in keys):
            return Camera(*(float(facts[key]) for key in keys))
    for key in ("cam_K", "K", "k", "camera_matrix"):  # row by row
        if key in facts:
            values = facts[key]
            values = values["data"] if isinstance(values, Mapping) else values
            return Camera.from_matrix(np.reshape(np.asarray(values, np.float64), (3, 3)))
    raise InputError("holds none of intrinsic_matrix, cam_K, K, camera_matrix, fx fy cx cy")


def _entry(facts: Mapping[str, Any], image: str | None) -> dict[str, Any]:
    """Return the entry of BOP's ``scene_camera.json`` for one image."""
    numbers = {int(key): value for key, value in facts.items()}
    if len(numbers) == 1:
        return dict(next(iter(numbers.values())))
    if image is None or not image.isdigit() or int(image) not in numbers:
        some = ", ".join(str(number) for number in sorted(numbers)[:12])
        raise InputError(
            f"has entries for {len(numbers)} images ({some}{' …' if len(numbers) > 12 else ''}), "
            f"and the depth image {image or ''} names none of them"
        )
    return dict(numbers[int(image)])
