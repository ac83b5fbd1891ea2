"""Reading the shapes of a split into a :class:`im2mesh.data.store.PointStore`.

A store lies in memory, or in a folder (``data.cache``) of ``.npy`` files from which it is mapped.
Processes share such a folder, and the system keeps the parts in memory that are used.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor

from im2mesh.config import Config
from im2mesh.data.cells import Cells, windows_of
from im2mesh.data.storage import NpzSample, Sample, samples_of_split
from im2mesh.data.store import PointStore
from im2mesh.errors import DataError, InputError
from im2mesh.files import check_writable, locked, write_text
from im2mesh.objectives import build_objective
from im2mesh.parallel import in_order
from im2mesh.progress import progress_bar

log = logging.getLogger(__name__)

FORMAT = 2
"""Changes when stores of an earlier version can no longer be read."""

ARRAYS = ("depths", "points", "targets", "counts", "windows", "usable")
"""The arrays of a store; see :class:`PointStore`."""

NOTE = "store.json"
"""The file that is written last: a stamp of the data in the store, and the sizes of its files."""


def open_store(config: Config, split: str | None, shuffle: bool = True) -> PointStore:
    """Read the shapes of a split, or map them from ``data.cache``, which is filled first.

    Without ``shuffle`` (:class:`PointStore`) the points for the IoU are read too.

    Raises:
        InputError: a split or a sample cannot be used, the samples do not fit into memory, or
            ``data.cache`` cannot be written to.
    """
    samples = samples_of_split(config, split)
    names = [f"{sample.class_name}/{sample.name}" for sample in samples]
    iou_file = config.data.points_iou_file

    def opened(iou: bool, other: PointStore | None) -> PointStore:
        reading = _Reading(config, split, samples, Cells(windows_of(config)), iou)
        arrays = _in_memory(reading) if config.data.cache is None else _in_folder(reading)
        return PointStore(config, names, arrays, other, shuffle)

    own_iou = not shuffle and iou_file not in (None, config.data.points_file) and not config.is_h5
    return opened(False, opened(True, None) if own_iou else None)


# --- one shape --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """The arrays of one shape; see :class:`PointStore`."""

    depths: np.ndarray
    points: np.ndarray
    targets: np.ndarray
    counts: np.ndarray
    windows: np.ndarray
    usable: np.ndarray

    @property
    def bytes(self) -> int:
        return sum(array.nbytes for array in vars(self).values())


@dataclass(frozen=True)
class _Reading:
    """The samples of a split and how they are read."""

    config: Config  # of the level
    split: str | None  # its name
    samples: Sequence[Sample]  # of the split
    cells: Cells  # by which points are sorted
    iou: bool  # read the points of `data.points_iou_file`

    def __iter__(self) -> Iterator[_Entry]:
        """Read all samples, by ``training.num_workers`` processes."""
        # Not by threads: before Python 3.11.8 numpy's reader of .npz files is not safe in several.
        entries = in_order(
            lambda k: _read(self.samples[k], self),
            range(len(self.samples)),
            self.config.training.num_workers,
        )
        yield from progress_bar(
            entries, total=len(self.samples), unit="model", desc="reading", leave=False
        )

    def points_file(self, sample: Sample) -> Path | None:
        """Return the file of a sample's points, where it has one of its own."""
        file = self.config.data.points_iou_file if self.iou else self.config.data.points_file
        return sample.folder / file if isinstance(sample, NpzSample) and file is not None else None

    def name(self) -> str:
        """Return a name for the store's folder that changes with every setting of its arrays."""
        data, windows = self.config.data, self.cells.windows
        file = data.points_iou_file if self.iou else data.points_file
        decisive = [FORMAT, os.path.abspath(data.path), data.classes, self.split, file]
        decisive += [data.img_folder, data.points_unpackbits, self.config.method, data.dataset]
        decisive += [windows.size, windows.stride]
        return f"{self.split}-{_digest(decisive)[:16]}"

    def stamp(self) -> str:
        """Return a text that changes whenever a sample's files do."""
        stamps: list[list[Any]] = []
        for sample in self.samples:
            path = self.points_file(sample)
            written = path.stat().st_mtime if path is not None and path.is_file() else 0.0
            stamps.append([sample.class_name, sample.name, sample.changed(), written])
        return _digest(stamps)


def _read(sample: Sample, reading: _Reading) -> _Entry:
    """Read a sample and sort its points."""
    config, cells = reading.config, reading.cells
    depth, points = sample.depth(), sample.points(reading.iou)
    origin = reading.points_file(sample) or sample.origin
    inside, targets = points.inside, points.sdf
    if inside is None:
        raise DataError(f"{origin}: holds neither occupancies nor sdf; write it again")
    if build_objective(config.method, config.test.threshold).learns == "occupancies":
        targets = inside.astype(np.uint8)
    if targets is None:
        raise DataError(
            f"{origin}: holds no sdf, which method {config.method} learns; write it with "
            "build_dataset.py, or train method onet"
        )
    if not (np.isfinite(points.points).all() and np.isfinite(targets).all()):
        raise DataError(f"{origin}: holds values that are not finite; write it again")
    order, counts = cells.sort(points.points, inside)
    windows = cells.usable(depth, counts)
    return _Entry(
        depths=depth[None],
        points=_narrow(points.points[order]),
        targets=_narrow(targets[order]),
        counts=counts,
        windows=windows,
        usable=np.array([len(windows)]),
    )


def _narrow(array: np.ndarray) -> np.ndarray:
    """Return floats as float16 where that is exact, as it is for files that hold float16."""
    if array.dtype != np.float32:
        return array
    narrow = array.astype(np.float16)
    return narrow if np.array_equal(narrow, array) else array


# --- all shapes -------------------------------------------------------------------------------


def _in_memory(reading: _Reading) -> dict[str, Tensor]:
    entries: list[_Entry] = []
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    taken = 0
    for entry in reading:
        entries.append(entry)
        taken += entry.bytes
        needed = taken / len(entries) * len(reading.samples)
        if needed > present / 2:
            raise InputError(
                f"{reading.config.source}: {len(reading.samples)} models take about "
                f"{needed / 1e9:.0f} GB, this machine has {present / 1e9:.0f} GB of memory; set "
                "data.cache to a folder with that much space"
            )
    return {
        key: torch.from_numpy(np.concatenate([getattr(entry, key) for entry in entries]))
        for key in ARRAYS
    }


def _in_folder(reading: _Reading) -> dict[str, Tensor]:
    """Map the arrays from ``data.cache``; write them first where they are not there."""
    folder = Path(str(reading.config.data.cache)) / reading.name()
    advice = "choose another data.cache"
    check_writable(folder, advice)
    with locked(folder / "lock", advice, wait=True):
        stamp = reading.stamp()
        if not _is_complete(folder, stamp):
            _write(folder, reading)
            write_text(folder / NOTE, json.dumps({"stamp": stamp, "sizes": _sizes(folder)}))
        # Mapped read-only, because the system counts a writable map as memory in use.
        arrays = {key: np.load(_file(folder, key), mmap_mode="r") for key in ARRAYS}
    with warnings.catch_warnings():
        # No one writes to these tensors.
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return {key: torch.from_numpy(array) for key, array in arrays.items()}


def _is_complete(folder: Path, stamp: str) -> bool:
    """Return whether a folder holds the data that a stamp stands for; log why it does not."""
    if not (folder / NOTE).is_file():
        return False
    try:
        note = json.loads((folder / NOTE).read_text())
        before, damaged = note["stamp"], note["sizes"] != _sizes(folder)
    except (ValueError, TypeError, LookupError, RecursionError, FileNotFoundError):
        damaged = True
    if damaged:
        log.warning("%s: is damaged; written anew", folder)
    elif before != stamp:
        log.info("%s: the data have changed since it was written; written anew", folder)
    return not damaged and bool(before == stamp)


def _write(folder: Path, reading: _Reading) -> None:
    (folder / NOTE).unlink(missing_ok=True)
    # Most data sets hold float16. Where only some of the samples do, all are written as float32.
    if not _write_arrays(folder, reading, narrow=True):
        _write_arrays(folder, reading, narrow=False)


def _write_arrays(folder: Path, reading: _Reading, narrow: bool) -> bool:
    """Write all arrays, sample by sample; ``narrow``: as float16 where the first sample holds that.

    False where a later sample does not fit into float16; the files are then unfinished.
    """
    files: dict[str, _NpyWriter] = {}
    with ExitStack() as stack:
        for entry in reading:
            for key in ARRAYS:
                rows = getattr(entry, key)
                if rows.dtype == np.float16 and not narrow:
                    rows = rows.astype(np.float32)
                if key not in files:
                    files[key] = stack.enter_context(_NpyWriter(_file(folder, key), rows))
                if not np.can_cast(rows.dtype, files[key].dtype):
                    return False
                files[key].append(rows)
    return True


class _NpyWriter:
    """An ``.npy`` file to which rows are appended; its header is completed at the end."""

    def __init__(self, path: Path, like: np.ndarray) -> None:
        path.unlink(missing_ok=True)  # not emptied: another run may have it mapped
        self.dtype = like.dtype
        self._row = like.shape[1:]
        self._count = 0
        self._file: IO[bytes] = open(path, "xb")  # noqa: SIM115
        self._write_header()

    def append(self, rows: np.ndarray) -> None:
        self._file.write(np.ascontiguousarray(rows, self.dtype).data)
        self._count += len(rows)

    def __enter__(self) -> _NpyWriter:
        return self

    def __exit__(self, *_: object) -> None:
        # numpy pads headers such that the number of rows can grow.
        self._file.seek(0)
        self._write_header()
        self._file.flush()
        os.fsync(self._file.fileno())  # before the note that says that it is complete
        self._file.close()

    def _write_header(self) -> None:
        shape = (self._count, *self._row)
        kind = np.lib.format.dtype_to_descr(self.dtype)
        header = {"descr": kind, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)


def _file(folder: Path, key: str) -> Path:
    return folder / f"{key}.npy"


def _sizes(folder: Path) -> dict[str, int]:
    return {key: _file(folder, key).stat().st_size for key in ARRAYS}


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
