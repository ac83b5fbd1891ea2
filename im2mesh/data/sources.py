"""Sources of depth maps: the samples of a configuration's split, or files and folders of a user.

Maps are listed first and read one by one.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from im2mesh.config import Config
from im2mesh.data.depth import (
    FORMATS,
    MODEL_FILE,
    find_depth_file,
    has_depth_key,
    load_depth,
    load_known,
    may_be_depth,
)
from im2mesh.data.storage import NpzSample, Sample, samples_of_split
from im2mesh.errors import InputError
from im2mesh.files import is_listed, is_utf8, last_change

log = logging.getLogger(__name__)


def _all_known() -> None:
    """Return the mask of a map that has none."""


@dataclass(frozen=True)
class DepthSource:
    """One depth map that can be read; another process can, too."""

    class_name: str  # folder of the class, by which outputs are sorted
    model: str  # name of the model, unique within its class
    origin: str  # its name in error messages
    # Returns the time of the file's last change (seconds since the epoch)
    changed: Callable[[], float]
    load: Callable[[], np.ndarray]  # returns the (256, 256) map, or raises DepthError
    folder: Path | None = None  # the model folder, where there is one
    # Returns the (256, 256) mask of known pixels (depth.load_known); None: all of it
    known: Callable[[], np.ndarray | None] = _all_known


def sources_of_split(config: Config, split: str | None) -> list[DepthSource]:
    """List the depth maps of a configuration's split; a bad map raises when it is loaded."""
    sources = [
        DepthSource(
            sample.class_name,
            sample.name,
            sample.origin,
            sample.changed,
            sample.depth,
            sample.folder if isinstance(sample, NpzSample) else None,
            partial(_known, sample, config),
        )
        for sample in samples_of_split(config, split, once=True)
    ]
    _reject_duplicates(sources)
    return sources


def _known(sample: Sample, config: Config) -> np.ndarray | None:
    """Read the mask beside a model's depth map; HDF5 files have none."""
    if not isinstance(sample, NpzSample):
        return None
    return load_known(find_depth_file(sample.folder / config.data.img_folder))


def sources_of_paths(
    paths: Iterable[str | os.PathLike[str]], scale: float | None = None
) -> list[DepthSource]:
    """List the depth maps in files and folders that a user gives.

    Folders are searched with their sub-folders, linked ones too, but not hidden ones. Names are
    those of links, not of the files that they name. A sub-folder with one depth file is a model
    folder: the map takes that folder's name, and its class is the folder above. So does
    ``000.npz`` where it is the given file, or the only one of the given folder. Any other file
    is a map of its own, named by its stem, its class the folder.

    Args:
        paths: files of :data:`im2mesh.data.depth.FORMATS` and folders.
        scale: from stored values to sides of the cube, see :func:`im2mesh.data.depth.load_depth`.

    Raises:
        InputError: a path does not exist, a folder holds no depth map, or two maps would
            have the same class and name.
    """
    sources: list[DepthSource] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            found = _in_folder(path, scale)
            if not found:
                raise InputError(
                    f"{path}: holds no depth map ({' '.join(FORMATS)}), nor do its sub-folders"
                )
            sources += found
        elif path.exists() or path.is_symlink():
            sources.append(_of_file(path, path.name == MODEL_FILE, scale))
        else:
            raise InputError(f"{path}: no such file or folder")
    _reject_duplicates(sources)
    return sources


def _in_folder(folder: Path, scale: float | None) -> list[DepthSource]:
    by_folder: list[list[Path]] = []
    hidden = 0
    for place, folders, names in os.walk(folder, onerror=_warn_of, followlinks=True):
        hidden += sum(name.startswith(".") for name in folders)
        below = filter(is_listed, (Path(place, name) for name in folders))
        folders[:] = [path.name for path in below if not _is_loop(path, folder)]
        maps = filter(may_be_depth, (Path(place, name) for name in names))
        if listed := sorted(filter(is_listed, maps)):
            by_folder.append(listed)
    if hidden:
        log.info("%s: hidden folders are left out: %d", folder, hidden)
    sources = []
    for files in sorted(by_folder):
        depth = [path for path in files if has_depth_key(path)]
        if depth:
            for other in sorted(set(files) - set(depth)):
                log.warning("%s: passed over: it holds no depth map", other)
        else:
            depth = files  # the error of each says which keys are looked for
        only = len(depth) == 1
        sources += [
            _of_file(path, only and (path.parent != folder or path.name == MODEL_FILE), scale)
            for path in depth
        ]
    return sources


def _is_loop(path: Path, top: Path) -> bool:
    """Return whether a folder below ``top`` is a link to one that holds it."""
    if not path.is_symlink():
        return False
    target = os.path.realpath(path)
    above = (folder for folder in path.parents if folder.is_relative_to(top))
    return any(Path(os.path.realpath(folder)).is_relative_to(target) for folder in above)


def _warn_of(error: OSError) -> None:
    log.warning("%s: passed over: it cannot be read (%s)", error.filename, error.strerror)


def _of_file(path: Path, in_model_folder: bool, scale: float | None) -> DepthSource:
    """Return the map in a file; in a model folder it takes the name of that folder."""
    folder = Path(os.path.abspath(path)).parent  # not resolved: a link has a name of its own
    model = folder.name if in_model_folder else path.stem
    class_name = (folder.parent if in_model_folder else folder).name
    if not is_utf8(class_name + model):
        raise InputError(f"{folder / path.name}: its name is not UTF-8; rename it")
    return DepthSource(
        class_name or "input",
        model or path.stem,
        str(path),
        partial(last_change, path),
        partial(load_depth, path, scale),
        known=partial(load_known, path),
    )


def _reject_duplicates(sources: Sequence[DepthSource]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for source in sources:
        key = (source.class_name, source.model)
        if key in seen:
            raise InputError(
                f"{source.origin}: would be written over {seen[key]}, both are "
                f"{source.class_name}/{source.model}; give them in separate runs"
            )
        seen[key] = source.origin
