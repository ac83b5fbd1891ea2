"""Lists of the models of a data set's splits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from im2mesh.config import Config
from im2mesh.errors import ConfigError
from im2mesh.files import is_listed, reading


def split_models(
    config: Config, split: str | None, once: bool = False
) -> list[tuple[str, str, str | None]]:
    """List the models that a split names.

    Args:
        config: its ``data`` section says where.
        split: name of the list ``<path>/<class>/<split>.lst``; None: every sub-folder.
        once: refuse a list that names a model twice. Training may see one more often than
            others, but it has one mesh and one row in a table.

    Returns:
        (class, model, HDF5 file name or None) for each model, in order.

    Raises:
        ConfigError: the data folder, a class, or the list is missing or malformed, or it names
            no model.
    """
    root = config.data.folder()
    if not root.is_dir():
        raise ConfigError(f"{root}: no such folder (data.path of {config.source})")
    classes = config.data.classes
    if classes is None:
        classes = sorted(p.name for p in root.iterdir() if p.is_dir() and is_listed(p))
    found: list[tuple[str, str, str | None]] = []
    for name in classes:
        folder = config.data.folder(name)
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder (data.classes of {config.source})")
        if split is None:
            if config.is_h5:
                raise ConfigError(f"{config.source}: HDF5 data needs a split list; name one")
            found += [
                (name, p.name, None)
                for p in sorted(folder.iterdir())
                if p.is_dir() and is_listed(p)
            ]
            continue
        path = folder / f"{split}.lst"
        if not path.is_file():
            raise ConfigError(
                f"{path}: no such split list (a split of {config.source}); "
                "it names the models, one a line"
            )
        named: set[str] = set()
        for number, line in enumerate(read_list(path), 1):
            words = line.split()
            if not words:
                continue
            if len(words) != (2 if config.is_h5 else 1):
                form = "<model> <file.h5>" if config.is_h5 else "<model>"
                raise ConfigError(f"{path}:{number}: expected '{form}', found '{line.strip()}'")
            model = words[0].removesuffix("/")  # as `ls -d */` lists folders
            if "/" in model or model in ("", ".", ".."):
                raise ConfigError(f"{path}:{number}: '{words[0]}' is no model's name")
            if once and model in named:
                raise ConfigError(f"{path}:{number}: names {model} twice; remove one of the lines")
            named.add(model)
            found.append((name, model, words[1] if config.is_h5 else None))
    if not found:
        raise ConfigError(f"{config.source}: the split {split} of {root} names no model")
    return found


def read_list(path: Path) -> list[str]:
    """Read the lines of a list.

    Raises:
        ConfigError: it cannot be read, or is no text in UTF-8.
    """
    try:
        with reading(path, ConfigError):
            text = path.read_text(encoding="utf-8-sig")
        if "\0" in text:
            raise UnicodeError("it holds zeros")
    except UnicodeError as error:
        raise ConfigError(
            f"{path}: is not a text file in UTF-8 ({error}); write it again"
        ) from error
    return text.splitlines()


def class_of(model: str, folder: str) -> str:
    """Return the class of a model in tables: its name before the first ``_``.

    So ``lamp_615019-04`` in the folder ``shapenet_full`` is a lamp, and the arrangements
    ``compositional_…`` are a class of their own. A name without ``_`` has the folder's class.
    """
    name, underscore, _ = model.partition("_")
    return name if underscore and name else folder


def shape_of(model: str) -> str:
    """Return the shape of a model: its name without the number of the view, as ``-03``."""
    return re.sub(r"-\d+$", "", model)


def row_keys(idx: int, folder: str, model: str) -> dict[str, Any]:
    """Return the columns of a table's row that identify its model."""
    return {
        "idx": idx,
        "class id": folder,
        "class name": class_of(model, folder),
        "modelname": model,
    }
