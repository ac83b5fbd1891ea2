"""Points where a patch is a few slices: the training data of a split, each model read once.

The points of a model are sorted by the square cell of the image that they lie behind and, in a
cell, into outside and inside. The cells are as large as they can be such that every window is a
square of whole ones. So the points of a window are one slice for each row of its cells, and its
inner points one for each cell: a sample costs what its points cost, however many windows a model
has.

A store lies in memory, or in a folder from which it is mapped: then processes share it, and the
system keeps in memory what is used. ``tests/reference/samples.py`` is the plain definition.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import math
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from im2mesh.config import Config
from im2mesh.data.batch import Batch, EvaluationPoints
from im2mesh.data.rng import random_below, random_seed
from im2mesh.data.storage import NpzSample, Points, Sample, samples_of_split
from im2mesh.errors import ConfigError, DataError, InputError
from im2mesh.files import atomic
from im2mesh.geometry.patches import Windows
from im2mesh.geometry.pixels import IMAGE_SIZE
from im2mesh.objectives import build_objective
from im2mesh.parallel import in_order

log = logging.getLogger(__name__)

CHUNK = 64
"""Models that are read between two notes of how far a store has come."""

FORMAT = 1
"""Changes when stores of an earlier version can no longer be read."""


# --- one model --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cells:
    """The square cells of the image of which the windows are made.

    Attributes:
        windows: the windows; for a global level the one that is the whole image.
    """

    windows: Windows

    @property
    def size(self) -> int:
        """Pixels along a side of a cell."""
        return math.gcd(self.windows.size, self.windows.stride)

    @property
    def per_side(self) -> int:
        """Cells along a side of the image."""
        return self.windows.image_size // self.size

    @property
    def across(self) -> int:
        """Cells along a side of a window."""
        return self.windows.size // self.size

    @property
    def groups(self) -> int:
        """Outside and inside of each cell: group 2 c is the outside of cell c, 2 c + 1 its inside.

        Cells are numbered row by row from the image's top left.
        """
        return 2 * self.per_side**2

    def first(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Row and column of the top left cell of windows."""
        step = self.windows.stride // self.size
        row = torch.div(window, self.windows.per_side, rounding_mode="floor")
        return row * step, window % self.windows.per_side * step

    def sort(self, points: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sort points into groups, in their order within each.

        Args:
            points: (N, 3) float32.
            inside: (N,) bool.

        Returns:
            Indices of the points in the order of their groups, and (groups,) their numbers.
            Points that lie in no cell are left out; a single cell takes every point.
        """
        if self.per_side == 1:
            index, cell = np.arange(len(points)), np.zeros(len(points), np.int64)
        else:
            assignment = Windows(self.size, self.size, self.windows.image_size).assign(
                torch.from_numpy(points)
            )
            index = assignment.point.numpy()
            cell = np.repeat(np.arange(self.per_side**2), assignment.counts)
        group = 2 * cell + inside[index]
        order = np.argsort(group, kind="stable")
        return index[order], np.bincount(group, minlength=self.groups)

    def usable(self, depth: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The windows with a foreground pixel and a point inside.

        Args:
            depth: (S, S).
            counts: (groups,) of :meth:`sort`.
        """
        n, size = self.per_side, self.size
        seen = (depth >= 0).reshape(n, size, n, size).any(axis=(1, 3))
        inside = counts[1::2].reshape(n, n) > 0
        step = self.windows.stride // size
        across = (self.across, self.across)
        found = np.ones(len(self.windows), dtype=bool)
        for grid in (seen, inside):
            squares = np.lib.stride_tricks.sliding_window_view(grid, across)[::step, ::step]
            found &= np.any(squares, axis=(2, 3)).ravel()
        return np.flatnonzero(found)


@dataclass(frozen=True)
class _Entry:
    """What a store holds of one model; see :class:`PointStore`."""

    depths: np.ndarray
    points: np.ndarray
    targets: np.ndarray
    counts: np.ndarray
    windows: np.ndarray

    @property
    def bytes(self) -> int:
        return sum(array.nbytes for array in vars(self).values())


def _read(model: Sample, config: Config, cells: Cells, iou: bool) -> _Entry:
    """Read a model and sort its points.

    Raises:
        DepthError, DataError: a file is missing or does not hold what the method learns.
    """
    depth, points = model.depth(), model.points(iou)
    learns = build_objective(config.method, config.test.threshold).learns
    origin = _points_path(model, config, iou) or model.origin
    inside, targets = _inside(points, str(origin)), points.sdf
    if learns == "occupancies":
        targets = inside
    if targets is None:
        raise DataError(
            f"{origin}: holds no sdf, which method {config.method} learns; write it with "
            "build_dataset.py, or train method onet"
        )
    if not (np.isfinite(points.points).all() and np.isfinite(targets).all()):
        raise DataError(f"{origin}: holds values that are not finite; write it again")
    order, counts = cells.sort(points.points, inside)
    return _Entry(
        depth,
        _narrow(points.points[order]),
        targets[order].astype(np.uint8) if learns == "occupancies" else _narrow(targets[order]),
        counts.astype(np.int64),
        cells.usable(depth, counts).astype(np.int64),
    )


def _inside(points: Points, origin: str) -> np.ndarray:
    inside = points.inside
    if inside is None:
        raise DataError(f"{origin}: holds neither occupancies nor sdf; write it again")
    return inside


def _narrow(array: np.ndarray) -> np.ndarray:
    """As float16 if that loses nothing, as in files that hold float16."""
    narrow = array.astype(np.float16)
    return narrow if np.array_equal(narrow.astype(np.float32), array) else array


def _points_path(model: Sample, config: Config, iou: bool) -> Path | None:
    """The file of a model's points, where it has one of its own."""
    file = config.data.points_iou_file if iou else config.data.points_file
    return model.folder / file if isinstance(model, NpzSample) and file is not None else None


# --- all models of a split --------------------------------------------------------------------


class PointStore:
    """The models of a split, as a :class:`im2mesh.data.batch.ValidationSource`.

    Attributes:
        config: of the level.
        names: ``<class>/<model>`` of each model.
        samples: (S, 2) int64 (model, window) of each usable window, model by model; a global
            level's window 0 is the whole image.
    """

    def __init__(
        self,
        config: Config,
        names: Sequence[str],
        arrays: dict[str, Tensor],
        iou: PointStore | None = None,
        shuffle: bool = True,
    ) -> None:
        """Bind the arrays.

        Args:
            config: of the level.
            names: of the M models.
            arrays: ``depths`` (M, 256, 256), ``points`` (N, 3) and ``targets`` (N,) of all
                models one after the other, ``counts`` (M · groups,) of each model's groups,
                ``windows`` (S,) usable ones, ``usable`` (M,) how many each model has.
            iou: the points for the IoU: another store of the same models; None: these.
            shuffle: draw another order and other points in every epoch; else the samples stand
                in the order of the models, the same in every epoch.

        Raises:
            DataError: no window is usable.
        """
        self.config = config
        self.names = list(names)
        self.cells = Cells(windows_of(config))
        self.iou = self if iou is None else iou
        self._shuffle = shuffle
        self._depths, self._points, self._targets = (
            arrays[key] for key in ("depths", "points", "targets")
        )
        zero = arrays["counts"].new_zeros(1)
        self._starts = torch.cat([zero, arrays["counts"].cumsum(0)])
        model = torch.arange(len(names)).repeat_interleave(arrays["usable"])
        self.samples = torch.stack([model, arrays["windows"]], dim=1)
        if not len(self.samples):
            raise DataError(
                f"{names[0]} and all other models of {config.data.path}: no window has both a "
                "foreground pixel and a point inside; are depth and points in the same frame?"
            )
        self._order: tuple[int, Tensor] = (-1, torch.empty(0, dtype=torch.int64))

    def __len__(self) -> int:
        return len(self.samples)

    def name(self, shape: int) -> str:
        """``<class>/<model>``."""
        return self.names[shape]

    @property
    def device(self) -> torch.device:
        """Where the arrays are and batches are made."""
        return self._points.device

    @property
    def bytes(self) -> int:
        """Of all arrays."""
        tensors = (self._depths, self._points, self._targets, self._starts)
        return sum(tensor.nbytes for tensor in tensors)

    def to(self, device: torch.device) -> PointStore:
        """Move all arrays to a device; returns itself."""
        for key in ("_depths", "_points", "_targets", "_starts", "samples"):
            setattr(self, key, getattr(self, key).to(device))
        if self.iou is not self:
            self.iou.to(device)
        return self

    def batch(self, epoch: int, start: int, stop: int) -> Batch:
        """See :class:`im2mesh.data.batch.Source`."""
        epoch = epoch if self._shuffle else 0
        place = torch.arange(start, stop, device=self.device)
        model, window = self.samples[self.order(epoch)[start:stop].to(self.device)].unbind(1)
        index, valid = self._draw(model, window, epoch, place)
        return Batch(
            self._images(model, window),
            self._local(index, window[:, None]),
            self._targets.take(index).float(),
            valid,
            model,
        )

    def evaluation_points(self, start: int, stop: int) -> EvaluationPoints | None:
        """See :class:`im2mesh.data.batch.ValidationSource`."""
        if self.config.data.points_iou_file is None:
            return None
        model, window = self.samples[start:stop].unbind(1)
        begin, length = self.iou._rows(model, window)
        counts = length.sum(1)
        flat = length.flatten()
        within = torch.arange(int(flat.sum()), device=self.device)
        within -= (flat.cumsum(0) - flat).repeat_interleave(flat)
        index = begin.flatten().repeat_interleave(flat) + within
        return EvaluationPoints(
            self._images(model, window),
            self.iou._local(index, window.repeat_interleave(counts)),
            self.iou._targets[index].float(),
            counts.tolist(),
        )

    def maps(self, count: int) -> list[tuple[str, np.ndarray]]:
        """See :class:`im2mesh.data.batch.ValidationSource`; spread over the models."""
        chosen = np.linspace(0, len(self.names) - 1, min(count, len(self.names))).astype(int)
        # Copies, as a cache on disk must not be written to.
        return [(self.names[k], self._depths[k].cpu().numpy().copy()) for k in chosen]

    def order(self, epoch: int) -> Tensor:
        """The samples of an epoch: a permutation of all, on the CPU.

        ``data.windows_per_shape`` windows of a model, chosen at random, stand together.
        """
        if not self._shuffle:
            return torch.arange(len(self.samples))
        if self._order[0] != epoch:
            random = np.random.default_rng(random_seed(self.config.training.seed, epoch))
            model = self.samples[:, 0].cpu().numpy()
            order = grouped_permutation(model, self.config.data.windows_per_shape, random)
            self._order = (epoch, torch.from_numpy(order))
        return self._order[1]

    def _images(self, model: Tensor, window: Tensor) -> Tensor:
        return self.cells.windows.pick(self._depths, model, window)[:, None]

    def _local(self, index: Tensor, window: Tensor) -> Tensor:
        """Points as their windows see them: (…) indices, (…) or (…, 1) windows → (…, 3)."""
        points = self._points.index_select(0, index.flatten()).view(*index.shape, 3).float()
        if self.cells.per_side == 1:
            return points
        return self.cells.windows.to_local(points, window)

    def _draw(
        self, model: Tensor, window: Tensor, epoch: int, place: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Draw ``data.points_subsample`` points of windows, with replacement.

        Returns:
            (B, T) indices of points, and (B, T) bool: there was a point to draw.
        """
        subsample = self.config.data.points_subsample
        if isinstance(subsample, int):
            slices, counts = [self._rows(model, window)], [subsample]
        else:
            slices = [self._sides(model, window, side) for side in (0, 1)]
            counts = list(subsample)
        drawn, valid, first = [], [], 0
        for (begin, length), count in zip(slices, counts, strict=True):
            end = length.cumsum(1)
            total = end[:, -1:]
            number = torch.arange(first, first + count, device=self.device)
            chosen = random_below(
                total, self.config.training.seed, epoch, place[:, None], number[None]
            )
            # Within slice k a number n stands at n + offset[k]; there are few slices.
            offset = begin - (end - length)
            index = chosen + offset[:, :1]
            for k in range(1, end.shape[1]):
                step = (offset[:, k] - offset[:, k - 1])[:, None]
                index += (chosen >= end[:, k - 1, None]) * step
            valid.append((total > 0).expand(index.shape))
            drawn.append(index.clamp_(max=len(self._points) - 1))
            first += count
        return torch.cat(drawn, dim=1), torch.cat(valid, dim=1)

    def _rows(self, model: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
        """Begin and length (B, across) of the slices that hold all points of windows."""
        row, column = self.cells.first(window)
        down = torch.arange(self.cells.across, device=self.device)
        cell = (row[:, None] + down) * self.cells.per_side + column[:, None]
        return self._slices(model[:, None], 2 * cell, 2 * (cell + self.cells.across))

    def _sides(self, model: Tensor, window: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """Begin and length (B, across²) of the slices of the points on one side: 1 is inside."""
        row, column = self.cells.first(window)
        step = torch.arange(self.cells.across, device=self.device)
        cell = (row[:, None, None] + step[:, None]) * self.cells.per_side
        group = (2 * (cell + column[:, None, None] + step) + side).flatten(1)
        return self._slices(model[:, None], group, group + 1)

    def _slices(self, model: Tensor, group: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
        first = model * self.cells.groups
        begin = self._starts[first + group]
        return begin, self._starts[first + end] - begin


def windows_of(config: Config) -> Windows:
    """The windows of a patch level; the whole image for a global one."""
    if not config.is_patch:
        return Windows(IMAGE_SIZE, IMAGE_SIZE)
    assert config.data.parts_size is not None and config.data.parts_stride is not None
    return Windows(config.data.parts_size, config.data.parts_stride)


def grouped_permutation(
    model: np.ndarray, together: int, random: np.random.Generator
) -> np.ndarray:
    """A random order in which up to ``together`` samples of a model are neighbours.

    Args:
        model: (S,) of each sample, rising.
        together: size of the groups; each model's last one may be smaller.
        random: where the order comes from.

    Returns:
        (S,) a permutation.
    """
    if together == 1:
        return random.permutation(len(model))
    order = np.lexsort((random.random(len(model)), model))
    begins = np.flatnonzero(np.diff(model, prepend=-1))
    within = np.arange(len(model)) - np.repeat(begins, np.diff(begins, append=len(model)))
    group = np.cumsum(within % together == 0) - 1
    place = random.permutation(group[-1] + 1)
    return order[np.argsort(place[group], kind="stable")]


# --- building ---------------------------------------------------------------------------------


def open_store(config: Config, split: str | None, shuffle: bool = True) -> PointStore:
    """Read the models of a split, or map them from ``data.cache``, where they are put first.

    Args:
        config: of the level.
        split: see :func:`im2mesh.data.splits.split_models`.
        shuffle: see :class:`PointStore`; without it the points for the IoU are read too.

    Raises:
        ConfigError: the split cannot be read or names nothing.
        DataError, DepthError: a model cannot be used.
        InputError: the models do not fit into memory.
    """
    models = samples_of_split(config, split)
    data = config.data
    other = not shuffle and data.points_iou_file not in (None, data.points_file)
    iou = _open(config, split, models, None, True, shuffle) if other and not config.is_h5 else None
    return _open(config, split, models, iou, False, shuffle)


def _open(
    config: Config,
    split: str | None,
    models: Sequence[Sample],
    iou_store: PointStore | None,
    iou: bool,
    shuffle: bool,
) -> PointStore:
    cells = Cells(windows_of(config))
    if config.data.cache is None:
        arrays = _in_memory(models, config, cells, iou)
    else:
        arrays = _in_folder(models, config, split, cells, iou)
    names = [f"{model.class_name}/{model.name}" for model in models]
    return PointStore(config, names, arrays, iou_store, shuffle)


def _entries(models: Sequence[Sample], config: Config, cells: Cells, iou: bool) -> Iterator[_Entry]:
    """Read models, by ``training.num_workers`` processes."""
    # Not by threads: before Python 3.11.8 numpy's reader of .npz files is not safe in several.
    entries = in_order(
        lambda k: _read(models[k], config, cells, iou),
        range(len(models)),
        config.training.num_workers,
    )
    yield from tqdm(
        entries, total=len(models), unit="model", desc="reading", disable=None, leave=False
    )


def _in_memory(
    models: Sequence[Sample], config: Config, cells: Cells, iou: bool
) -> dict[str, Tensor]:
    entries: list[_Entry] = []
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    taken = 0
    for entry in _entries(models, config, cells, iou):
        entries.append(entry)
        taken += entry.bytes
        needed = taken / len(entries) * len(models)
        if needed > present / 2:
            raise InputError(
                f"{config.source}: {len(models)} models take about {needed / 1e9:.0f} GB, this "
                f"machine has {present / 1e9:.0f} GB of memory; set data.cache to a folder with "
                "that much space"
            )
    arrays = {
        "counts": np.concatenate([entry.counts for entry in entries]),
        "windows": np.concatenate([entry.windows for entry in entries]),
        "usable": np.array([len(entry.windows) for entry in entries]),
        "depths": np.stack([entry.depths for entry in entries]),
        "targets": np.concatenate([entry.targets for entry in entries]),
        "points": np.concatenate([entry.points for entry in entries]),
    }
    return {key: torch.from_numpy(array) for key, array in arrays.items()}


FILES = ("depths", "points", "targets", "counts", "windows", "usable")


class _NotExact(Exception):
    """Float16 does not hold a model that came after others that it holds."""


def _in_folder(
    models: Sequence[Sample], config: Config, split: str | None, cells: Cells, iou: bool
) -> dict[str, Tensor]:
    """Map the arrays from ``data.cache``; write them first, or what is missing of them."""
    assert config.data.cache is not None
    file = config.data.points_iou_file if iou else config.data.points_file
    what = [FORMAT, os.path.abspath(config.data.path), config.data.classes, split, file]
    what += [config.data.img_folder, config.data.points_unpackbits, config.method, cells.size]
    what += [config.data.dataset, cells.windows.size, cells.windows.stride]
    folder = Path(config.data.cache) / f"{split}-{_digest(what)[:16]}"
    stamp = _digest([_stamp(model, config, iou) for model in models])
    with _alone(folder):
        for narrow in (True, False):
            try:
                done, types = _write(folder, stamp, models, config, cells, iou, narrow)
                break
            except _NotExact:
                continue
    rows = {"depths": (-1, IMAGE_SIZE, IMAGE_SIZE), "points": (-1, 3)}
    assert done == len(models)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nobody does
        return {
            key: torch.from_numpy(_mapped(folder / f"{key}.bin", types[key], rows.get(key, (-1,))))
            for key in FILES
        }


def _mapped(path: Path, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    if not path.stat().st_size:  # no system maps nothing
        return np.empty(0, kind).reshape(shape)
    # Not to be written to, else the system counts all of it as memory in use.
    return np.memmap(path, kind, mode="r").reshape(shape)


def _write(
    folder: Path,
    stamp: str,
    models: Sequence[Sample],
    config: Config,
    cells: Cells,
    iou: bool,
    narrow: bool,
) -> tuple[int, dict[str, str]]:
    """Append the models that a folder lacks.

    ``store.json`` says how many models the files hold and how long they are; what an interrupted
    run wrote beyond that is cut off. A damaged folder is written anew.

    Returns:
        The number of models, and the type of each file.
    """
    note = folder / "store.json"
    state: dict[str, Any] = {"stamp": stamp, "done": 0, "types": {}, "sizes": {}}
    if note.is_file():
        before = _noted(note, len(models))
        if before is None:
            log.warning("%s: is damaged; written anew", folder)
        elif before["stamp"] != stamp:
            log.info("%s: the data have changed since it was written; written anew", folder)
        elif narrow or before["done"] == len(models):
            state = before
    if state["done"] == len(models):
        return state["done"], state["types"]
    if not state["done"]:
        note.unlink(missing_ok=True)
        for key in FILES:  # not emptied: another run may have them mapped
            (folder / f"{key}.bin").unlink(missing_ok=True)
    files = {key: open(folder / f"{key}.bin", "ab") for key in FILES}  # noqa: SIM115
    try:
        for key, file in files.items():
            file.truncate(state["sizes"].get(key, 0))
        for entry in _entries(models[state["done"] :], config, cells, iou):
            for key, file in files.items():
                _append(file, key, entry, state["types"], narrow)
            state["done"] += 1
            if state["done"] % CHUNK and state["done"] < len(models):
                continue
            for file in files.values():
                file.flush()
                os.fsync(file.fileno())
            state["sizes"] = {key: file.tell() for key, file in files.items()}
            with atomic(note) as beside:
                beside.write_text(json.dumps(state))
    finally:
        for file in files.values():
            file.close()
    return state["done"], state["types"]


def _noted(note: Path, models: int) -> dict[str, Any] | None:
    """What ``store.json`` says of the files beside it; None where it, or one of them, is damaged.

    Args:
        note: the file.
        models: how many a store holds that is complete; such files end where they should.
    """
    lengths = {}
    try:
        state = json.loads(note.read_text())
        stamp, done, sizes = state["stamp"], state["done"], state["sizes"]
        for key in FILES:
            present = note.with_name(f"{key}.bin").stat().st_size
            if present < sizes[key] or (done == models and present > sizes[key]):
                return None
            lengths[key] = sizes[key] / np.dtype(str(state["types"][key])).itemsize
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, FileNotFoundError):
        return None
    fits = (
        isinstance(stamp, str)
        and isinstance(done, int)
        and lengths["usable"] == done
        and lengths["depths"] == done * IMAGE_SIZE**2
        and lengths["points"] == 3 * lengths["targets"]
    )
    return state if fits else None


def _append(file: Any, key: str, entry: _Entry, types: dict[str, str], narrow: bool) -> None:
    array = np.array([len(entry.windows)]) if key == "usable" else getattr(entry, key)
    if array.dtype == np.float16 and not narrow:
        array = array.astype(np.float32)
    kind = types.setdefault(key, array.dtype.str)
    if kind != array.dtype.str:
        if array.dtype != np.float16:
            raise _NotExact
        array = array.astype(kind)
    file.write(np.ascontiguousarray(array).data)


def _stamp(model: Sample, config: Config, iou: bool) -> list[str | float]:
    """Changes whenever a model's files do."""
    path = _points_path(model, config, iou)
    written = path.stat().st_mtime if path is not None and path.is_file() else 0.0
    return [model.class_name, model.name, model.changed(), written]


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time write into a folder; the lock goes with the process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / "lock", "w")  # noqa: SIM115
    except OSError as error:
        raise ConfigError(
            f"{folder}: cannot be written to ({error.strerror}); choose another data.cache"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
