"""Objects in depth images: one image with its intrinsics and mask, or a folder of them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from im2mesh.data.intrinsics import read_intrinsics
from im2mesh.data.sensor_files import (
    DEPTH_FORMATS,
    MASK_FORMATS,
    MASK_KEYS,
    MILLIMETRE,
    holds_array,
    masks_of,
    read_depth,
    read_mask_image,
)
from im2mesh.errors import InputError
from im2mesh.files import is_listed
from im2mesh.geometry.cameras import Camera

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SensorFrame:
    """One object in one depth image."""

    name: str  # as its results are called
    depth: np.ndarray  # (H, W) float64, z in metres, NaN where nothing was measured
    camera: Camera  # the image's
    mask: np.ndarray | None = None  # (H, W) bool, the object's pixels; None: not known
    label: int | None = None  # the object's number in a label image


@dataclass(frozen=True)
class SensorImage:
    """The files of one depth image."""

    depth: Path  # file of read_depth
    intrinsics: Sequence[str]  # words of read_intrinsics
    masks: Sequence[Path] = ()  # files of read_mask_image; none: the objects are not known

    def frames(
        self, scale: float | None = None, kind: str = "z", label: str | None = "all"
    ) -> Iterator[SensorFrame]:
        """Read the image's objects. An empty mask beside others is skipped.

        Args:
            scale: from stored values to metres; None: as the intrinsics state it, or
                :func:`read_depth`'s.
            kind: ``z`` or ``ray``: the direction that depth is measured along.
            label: see :func:`masks_of`.

        Raises:
            InputError: a file cannot be used. An empty mask beside others is skipped.
        """
        facts = read_intrinsics(self.intrinsics, self.depth.stem)
        if scale is None and facts.depth_scale is not None:
            scale = facts.depth_scale * MILLIMETRE
        depth = read_depth(self.depth, scale)
        shape = int(depth.shape[0]), int(depth.shape[1])
        camera = facts.for_image(shape, " ".join(self.intrinsics))
        depth = camera.along_z(depth) if kind == "ray" else depth
        if not self.masks:
            yield SensorFrame(self.depth.stem, depth, camera)
        for file in self.masks:
            values = read_mask_image(file)
            if len(self.masks) > 1 and not values.any():
                log.warning("%s: is empty, skipped", file)
                continue
            found = masks_of(values, shape, label, str(file))
            for number, mask in found.items():
                name = self._name(file, number, len(found))
                yield SensorFrame(name, depth, camera, mask, number)

    def _name(self, file: Path, number: int | None, count: int) -> str:
        """Return the name of an object: its mask's, and the label if that distinguishes it."""
        own = file == self.depth
        plain = count == 1 and (own or number in (None, 1, 255))
        return file.stem if plain else f"{file.stem}_{number}"


def find_images(folder: str | os.PathLike[str]) -> list[SensorImage]:
    """List the images of a folder in one of these layouts, or of one ``.npz`` file.

    * BOP: ``scene_camera.json``, ``depth/``, ``mask_visib/<image>_<object>.png``;
    * ``depth/``, ``masks/<image>*.png`` (each label an object) and ``cam_K.txt``;
    * ``.npz`` files with ``depth``, ``K`` and, if there are several objects, ``segmap``.

    Raises:
        InputError: there is no such layout.
    """
    folder = Path(folder)
    if not folder.exists():
        raise InputError(f"{folder}: no such folder")
    if folder.is_file() or not (folder / "depth").is_dir():
        files = [folder] if folder.is_file() else sorted(filter(is_listed, folder.glob("*.npz")))
        if not files or any(file.suffix.lower() != ".npz" for file in files):
            raise InputError(
                f"{folder}: no layout that is known: depth/ with scene_camera.json and "
                "mask_visib/, depth/ with masks/ and cam_K.txt, or .npz files with depth and K"
            )
        return [
            SensorImage(f, [str(f)], [f] if holds_array(f, MASK_KEYS, unreadable=False) else [])
            for f in files
        ]
    depths = sorted(
        path
        for path in (folder / "depth").iterdir()
        if path.suffix.lower() in DEPTH_FORMATS and is_listed(path)
    )
    if not depths:
        raise InputError(f"{folder / 'depth'}: holds no depth image")
    intrinsics = _first(folder, "scene_camera.json", "cam_K.txt")
    place = _first(folder, "mask_visib", "masks", "mask")
    images = []
    for depth in depths:
        masks = [path for path in sorted(place.glob(f"{depth.stem}*")) if _is_of(path, depth)]
        if masks:
            images.append(SensorImage(depth, [str(intrinsics)], masks))
    if not images:
        raise InputError(f"{folder}: has depth images and no mask of any of them")
    return images


def _first(folder: Path, *names: str) -> Path:
    """Return the first of some files or folders that is there."""
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise InputError(f"{folder}: has no {' or '.join(names)}")


def _is_of(mask: Path, depth: Path) -> bool:
    """Return whether a mask has a depth image's name, or that and more after ``_-.``."""
    rest = mask.stem[len(depth.stem) :]
    return mask.suffix.lower() in MASK_FORMATS and (not rest or rest[0] in "_-.")
