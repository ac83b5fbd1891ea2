"""Storage of a data set's samples: reading and writing of their arrays.

A sample is a folder of ``.npz`` files, or a name in an HDF5 file. Both are read through the same
:class:`Sample` and give the same arrays. The formats are described in ``docs/conventions.md``.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from im2mesh.config import Config, DataConfig
from im2mesh.data.depth import check_depth, find_depth_file, load_depth
from im2mesh.data.splits import split_models
from im2mesh.errors import DataError, DepthError
from im2mesh.files import (
    atomic,
    file_version,
    foreign_kind,
    last_change,
    open_npz,
    reading,
    why_missing,
)

H5_GROUPS = {
    "points": {"points": "points", "occupancies": "occupancy", "sdf": "sdf"},
    "pointcloud": {"points": "pointclouds", "normals": "normals", "visible": "visible"},
}
"""Kind of points → key in an ``.npz`` file → group of an HDF5 file, which has an array a model."""

H5_ERRORS = (OSError, KeyError, RuntimeError, TypeError, ValueError)
"""Errors of h5py on a file that is damaged, or has a group where an array belongs."""


@contextmanager
def open_h5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file to read in the ``with`` block.

    Raises:
        DataError: on opening or in the block: the file is missing, locked, cannot be read, is
            damaged, or of another format. One line that says what to do.
    """
    _check_file(path)
    try:
        with h5py.File(path) as file:
            yield file
    except H5_ERRORS as error:
        raise DataError(f"{path}: {_h5_problem(path, error)}") from error


def _h5_problem(path: Path, error: Exception) -> str:
    text = str(error)
    if "unable to lock file" in text or "open for write" in text:
        return (
            "is locked, another program writes to it; wait for it to end (if there is none: set "
            "HDF5_USE_FILE_LOCKING=FALSE)"
        )
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read ({os.strerror(error.errno)})"
    kind = None if h5py.is_hdf5(path) else foreign_kind(path)
    return f"is no HDF5 file but {kind}" if kind else "not a readable HDF5 file; write it again"


@dataclass(frozen=True)
class Points:
    """Points in the volume."""

    points: np.ndarray  # (N, 3) float32 in the camera frame
    occupancies: np.ndarray | None = None  # (N,) bool, inside; None where the file has none
    # (N,) float32 signed distance, negative inside; None where the file has none
    sdf: np.ndarray | None = None

    @property
    def inside(self) -> np.ndarray | None:
        """(N,) bool: the occupancies, else where the distance is ≤ 0; None without either.

        A point of distance 0 is inside, as where occupancies are made of distances. Small
        negative distances become −0 when they are stored as float16, and so stay inside.
        """
        if self.occupancies is not None or self.sdf is None:
            return self.occupancies
        return np.asarray(self.sdf <= 0)


@dataclass(frozen=True)
class PointCloud:
    """Points on the surface."""

    points: np.ndarray  # (N, 3) float32 in the camera frame
    normals: np.ndarray | None = None  # (N, 3) float32, outward; None where the file has none
    visible: np.ndarray | None = None  # (N,) bool, seen by the camera; None where the file has none


class Sample(ABC):
    """One item of a data set: a model seen by a camera. Its arrays are read on demand.

    Attributes:
        class_name: folder of the class.
        name: of the sample, unique within its class.
    """

    def __init__(self, class_name: str, name: str) -> None:
        self.class_name = class_name
        self.name = name

    @property
    @abstractmethod
    def origin(self) -> str:
        """Name in error messages."""

    @abstractmethod
    def changed(self) -> float:
        """Return the time of the depth map's last change, in seconds since the epoch."""

    @abstractmethod
    def truth_version(self) -> list[Any]:
        """Return values, for JSON, that change when the ground truth does, without reading arrays.

        They are name, size and time (ns) of each file, and the settings by which they are read.

        Raises:
            DataError: there are no surface points to score against, or they cannot be read.
        """

    @abstractmethod
    def depth(self) -> np.ndarray:
        """Read the (256, 256) float32 depth map, background −1.

        Raises:
            DepthError: missing or unusable.
        """

    @abstractmethod
    def points(self, iou: bool = False) -> Points:
        """Read the points of the volume; with ``iou`` those of ``data.points_iou_file``.

        Raises:
            DataError: missing, unreadable, or malformed.
        """

    @abstractmethod
    def pointcloud(self, chamfer: bool = False) -> PointCloud:
        """Read the points of the surface; ``chamfer``: of ``data.pointcloud_chamfer_file``.

        Raises:
            DataError: missing, unreadable, or malformed.
        """


class NpzSample(Sample):
    """A sample in a model folder, ``<path>/<class>/<name>/``."""

    def __init__(self, class_name: str, name: str, data: DataConfig) -> None:
        super().__init__(class_name, name)
        self.folder = data.folder(class_name) / name
        self._data = data

    @property
    def origin(self) -> str:
        return str(self.folder / self._data.img_folder)

    def changed(self) -> float:
        return last_change(find_depth_file(self.folder / self._data.img_folder))

    def truth_version(self) -> list[Any]:
        cloud, iou_file = self._chamfer_path(), self._data.points_iou_file
        _check_file(cloud)
        files = [cloud]
        if iou_file is not None and (self.folder / iou_file).is_file():
            files.append(self.folder / iou_file)
        versions = [[path.name, *file_version(path)] for path in files]
        return [*versions, self._data.points_unpackbits]

    def depth(self) -> np.ndarray:
        return load_depth(find_depth_file(self.folder / self._data.img_folder))

    def points(self, iou: bool = False) -> Points:
        file = self._data.points_iou_file if iou else self._data.points_file
        if file is None:
            raise DataError(f"{self.folder}: the config names no data.points_iou_file")
        return read_points(self.folder / file, self._data.points_unpackbits)

    def pointcloud(self, chamfer: bool = False) -> PointCloud:
        path = self._chamfer_path() if chamfer else self.folder / self._data.pointcloud_file
        return read_pointcloud(path)

    def _chamfer_path(self) -> Path:
        file = self._data.pointcloud_chamfer_file
        if file is None:
            raise DataError(f"{self.folder}: the config names no data.pointcloud_chamfer_file")
        return self.folder / file


class H5Sample(Sample):
    """A sample in the groups of an HDF5 file, ``<path>/<class>/<file>``."""

    def __init__(self, class_name: str, name: str, file: Path) -> None:
        super().__init__(class_name, name)
        self.file = file

    @property
    def origin(self) -> str:
        return f"{self.file}[depth/{self.name}]"

    def changed(self) -> float:
        self.truth_version()  # whose errors say what is wrong with the file
        return last_change(self.file)

    def truth_version(self) -> list[Any]:
        _check_file(self.file)
        return [[self.file.name, *file_version(self.file)]]

    def depth(self) -> np.ndarray:
        try:
            array = self._read({"depth": "depth"}).get("depth")
        except DataError as error:
            raise DepthError(str(error)) from error
        if array is None:
            raise DepthError(f"{self.file}: holds no depth/{self.name}")
        return check_depth(array, self.origin)

    def points(self, iou: bool = False) -> Points:
        """See :class:`Sample`; a file has one set of points for both uses."""
        return _points(self._read(H5_GROUPS["points"]), f"{self.file}[{self.name}]", packed=False)

    def pointcloud(self, chamfer: bool = False) -> PointCloud:
        """See :class:`Sample`; a file has one cloud for both uses."""
        return _pointcloud(self._read(H5_GROUPS["pointcloud"]), f"{self.file}[{self.name}]")

    def _read(self, groups: Mapping[str, str]) -> dict[str, np.ndarray]:
        with open_h5(self.file) as file:
            return {
                key: np.asarray(file[group][self.name][()])
                for key, group in groups.items()
                if group in file and self.name in file[group]
            }


def samples_of_split(config: Config, split: str | None, once: bool = False) -> list[Sample]:
    """Return the samples that a split of a configuration names; see :func:`split_models`.

    Raises:
        ConfigError: see :func:`im2mesh.data.splits.split_models`.
    """
    return [
        NpzSample(class_name, name, config.data)
        if h5 is None
        else H5Sample(class_name, name, config.data.folder(class_name) / h5)
        for class_name, name, h5 in split_models(config, split, once)
    ]


# --- npz files --------------------------------------------------------------------------------


def read_points(path: str | os.PathLike[str], packed: bool = True) -> Points:
    """Read ``points.npz``; its occupancies are bits, eight a byte, if ``packed``.

    Raises:
        DataError: missing, unreadable, without ``points``, or arrays that do not fit.
    """
    return _points(_read_npz(Path(path)), str(path), packed)


def read_pointcloud(path: str | os.PathLike[str]) -> PointCloud:
    """Read ``pointcloud.npz``: ``points`` and, where known, ``normals`` and ``visible``.

    Raises:
        DataError: missing, unreadable, without ``points``, or arrays that do not fit.
    """
    return _pointcloud(_read_npz(Path(path)), str(path))


def write_points(path: str | os.PathLike[str], points: Points, dtype: str = "float16") -> None:
    """Write ``points.npz``, whole or not at all, the occupancies as packed bits."""
    arrays = {"points": points.points.astype(dtype)}
    if points.occupancies is not None:
        arrays["occupancies"] = np.packbits(points.occupancies)
    if points.sdf is not None:
        arrays["sdf"] = points.sdf.astype(dtype)
    _write_npz(path, arrays)


def write_pointcloud(path: str | os.PathLike[str], cloud: PointCloud) -> None:
    """Write ``pointcloud.npz``, whole or not at all: float32 points, float16 normals."""
    arrays = {"points": cloud.points.astype(np.float32)}
    if cloud.normals is not None:
        arrays["normals"] = cloud.normals.astype(np.float16)
    if cloud.visible is not None:
        arrays["visible"] = cloud.visible.astype(bool)
    _write_npz(path, arrays)


def write_depth(path: str | os.PathLike[str], depth: np.ndarray) -> None:
    """Write a (S, S) depth map in the released form: ``arr_0``, three equal float32 channels."""
    _write_npz(path, {"arr_0": np.repeat(depth.astype(np.float32)[..., None], 3, axis=2)})


def _write_npz(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    with atomic(path) as beside:
        np.savez_compressed(beside, **arrays)  # type: ignore[arg-type]


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    _check_file(path)
    with open_npz(path, DataError) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _check_file(path: Path) -> None:
    with reading(path, DataError):
        if not path.is_file():
            raise DataError(f"{path}: {why_missing(path)}")


def _points(arrays: Mapping[str, np.ndarray], origin: str, packed: bool) -> Points:
    points = _coordinates(arrays, "points", origin)
    occupancies = arrays.get("occupancies")
    if occupancies is not None:
        if packed:
            if occupancies.dtype != np.uint8 or occupancies.size != -(-len(points) // 8):
                raise DataError(
                    f"{origin}: occupancies ({occupancies.dtype}, {occupancies.size}) are not the "
                    f"packed bits of {len(points)} points; set data.points_unpackbits: false "
                    "where they are not packed"
                )
            occupancies = np.unpackbits(occupancies, count=len(points))
        occupancies = _one_each(occupancies, "occupancies", len(points), origin)
        occupancies = occupancies.astype(np.float32) >= 0.5
    sdf = arrays.get("sdf")
    if sdf is not None:
        sdf = _one_each(sdf, "sdf", len(points), origin).astype(np.float32)
    return Points(points, occupancies, sdf)


def _pointcloud(arrays: Mapping[str, np.ndarray], origin: str) -> PointCloud:
    points = _coordinates(arrays, "points", origin)
    normals = visible = None
    if "normals" in arrays:
        normals = _coordinates(arrays, "normals", origin)
        if len(normals) != len(points):
            raise DataError(f"{origin}: {len(normals)} normals for {len(points)} points")
    if "visible" in arrays:
        visible = _one_each(arrays["visible"], "visible", len(points), origin).astype(bool)
    return PointCloud(points, normals, visible)


def _coordinates(arrays: Mapping[str, np.ndarray], key: str, origin: str) -> np.ndarray:
    if key not in arrays:
        raise DataError(f"{origin}: holds {', '.join(arrays) or 'nothing'}, but no {key}")
    array = arrays[key]
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "fiu":
        raise DataError(
            f"{origin}: {key} has shape {array.shape} ({array.dtype}); expected (N, 3) numbers"
        )
    return array.astype(np.float32)


def _one_each(array: np.ndarray, key: str, count: int, origin: str) -> np.ndarray:
    if array.size != count or array.dtype.kind not in "fiub":
        raise DataError(
            f"{origin}: {key} has shape {array.shape} ({array.dtype}) for {count} points"
        )
    return array.reshape(count)
