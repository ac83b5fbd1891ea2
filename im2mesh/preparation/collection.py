"""The shapes of a data set: mesh files in class folders, or procedural families.

Names: the folder of a class keeps its name; a model is ``<class name>_<shape>-<view>``. Readers
take the class name up to the first ``_``, so within it ``_`` becomes ``-``. Spaces and slashes
separate the fields of split lists and HDF5 names, so white space becomes ``-``, too.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from im2mesh.errors import InputError
from im2mesh.files import is_listed
from im2mesh.geometry.mesh_files import FORMATS, SHAPENET_PLACE, load_mesh
from im2mesh.preparation.objects import MeshObject, Object, ShapeObject
from im2mesh.preparation.pose_lists import CLASS_ID, View, read_poses

log = logging.getLogger(__name__)

COMPANIONS = frozenset(
    {".bin", ".bmp", ".csv", ".gif", ".html", ".jpeg", ".jpg", ".json", ".lst", ".md", ".mtl"}
    | {".pdf", ".png", ".tga", ".tif", ".tiff", ".txt", ".webp", ".yaml", ".yml", ".zip"}
)
"""Files that come with meshes, ignored without a message."""

# The part of a ShapeNet mesh's path below its model folder.
_IN_MODEL = Path(*SHAPENET_PLACE.split("/")[2:])

# Streams of random numbers of an entry.
POSES, SURFACE, POINTS, SHAPE = range(4)

AZIMUTH, ELEVATION = (0.0, 360.0), (-20.0, 50.0)
"""Ranges of random views in degrees, uniform; 360° becomes 0°."""


@dataclass(frozen=True)
class Entry(ABC):
    """One shape of a collection; all its views go into the same split."""

    folder: str  # of its class in the data set
    class_name: str  # the first part of its models' names, without `_`
    name: str  # of the shape, unique in its class
    views: tuple[View, ...] = ()  # wanted views; empty: random ones, see with_views

    @property
    def label(self) -> str:
        """Name in lists and messages, ``<folder>/<name>``."""
        return f"{self.folder}/{self.name}"

    def rng(self, seed: int, *stream: int) -> np.random.Generator:
        """Return a generator that depends on the seed, the shape and the stream alone."""
        digest = hashlib.sha256(self.label.encode()).digest()
        return np.random.default_rng([seed, *np.frombuffer(digest[:16], np.uint32), *stream])

    def with_views(self, count: int, seed: int) -> Self:
        """Return the entry with ``count`` random views, or as it is where it has views.

        Random angles are whole tenths of a degree, so that a pose list holds them exactly. The
        first views do not depend on the count.
        """
        if self.views:
            return self
        rng = self.rng(seed, POSES)
        views = []
        for number in range(count):
            azimuth = round(rng.uniform(*AZIMUTH), 1) % 360.0
            elevation = round(rng.uniform(*ELEVATION), 1)
            name = f"{self.class_name}_{self.name}-{number:02d}"
            views.append(
                View(name, self.class_name, self.name, number, self.folder, azimuth, elevation)
            )
        return replace(self, views=tuple(views))

    @abstractmethod
    def load(self, count: int, thickness: float, seed: int) -> Object:
        """Read or make the shape, with ``count`` points on its surface.

        Sheets get a thickness, see :class:`im2mesh.geometry.watertight.MeshSolid`.

        Raises:
            InputError: the shape cannot be used; one line.
        """


@dataclass(frozen=True)
class MeshEntry(Entry):
    """A mesh file."""

    source: Path = Path()

    def load(self, count: int, thickness: float, seed: int) -> MeshObject:
        try:
            return MeshObject(*load_mesh(self.source), count, self.rng(seed, SURFACE), thickness)
        except InputError as error:
            raise InputError(str(error).removeprefix(f"{self.source}: ")) from error


@dataclass(frozen=True)
class FamilyEntry(Entry):
    """A shape of a procedural family."""

    number: int = 0

    def shape_seed(self, seed: int) -> int:
        """Return the shape's seed in its family, below 2⁶²; training uses those below 2³²."""
        return int(self.rng(seed, SHAPE).integers(1 << 62))

    def load(self, count: int, thickness: float, seed: int) -> ShapeObject:
        from im2mesh.shapes.families import make_shape

        shape = make_shape(self.folder, self.shape_seed(seed))
        return ShapeObject(shape, count, self.rng(seed, SURFACE))


def find_families(counts: Mapping[str, int]) -> list[FamilyEntry]:
    """Return the first procedural shapes of each family, so many as ``counts`` says.

    Raises:
        InputError: an unknown family, or a count below 1.
    """
    from im2mesh.shapes.families import FAMILIES

    entries = []
    for family, count in counts.items():
        if family not in FAMILIES:
            raise InputError(f"no procedural family {family!r}; there are {', '.join(FAMILIES)}")
        if count < 1:
            raise InputError(f"{family}={count}: must be at least 1")
        class_name = _clean(family).replace("_", "-")
        entries += [FamilyEntry(family, class_name, f"{k:05d}", number=k) for k in range(count)]
    return entries


def find_shapes(
    root: str | os.PathLike[str], classes: Sequence[str] | None = None
) -> tuple[list[MeshEntry], list[tuple[str, str]]]:
    """Find the meshes of a folder.

    Args:
        root: holds a folder for each class, with ``<name>.<extension>`` files or ShapeNet's
            ``<name>/models/model_normalized.obj``; or itself holds meshes, and no folder of it
            does: those are one class, named after the folder. ShapeNet's ``taxonomy.json``, where
            it is in the folder, turns class ids into class names.
        classes: folders to take; None: all.

    Returns:
        The shapes in order, and (``<class>/<file>``, reason) for entries that cannot be used.

    Raises:
        InputError: no such folder or class, an empty one, or a class name with white space.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(
            f"{root}: no such folder; give one with <class>/<name>{{{','.join(FORMATS)}}} or "
            f"ShapeNet's {SHAPENET_PLACE}"
        )
    chosen = classes is not None
    if classes is None and _is_flat(root):
        whole = Path(os.path.abspath(root))
        found, bad = find_shapes(whole.parent, [whole.name])
        return found, [each for each in bad if not (whole.parent / each[0]).is_dir()]
    if classes is None:
        folders = [path for path in root.iterdir() if path.is_dir()]
        classes = sorted(path.name for path in folders if is_listed(path))
        hidden = sum(path.name.startswith(".") for path in folders)
        if hidden:
            log.info("%s: hidden folders are left out: %d", root, hidden)
    names = _taxonomy(root)
    shapes: list[MeshEntry] = []
    problems: list[tuple[str, str]] = []
    for folder in classes:
        if chosen:
            _check_class(root, folder)
        if not (root / folder).is_dir():
            raise InputError(f"{root / folder}: no such class folder")
        class_name = _clean(names.get(folder, folder)).replace("_", "-")
        taken: dict[str, str] = {}
        for path in sorted((root / folder).iterdir()):
            reason, source = _mesh_of(path)
            if reason is None and source is None:
                continue
            _check_class(root, folder)  # other folders may be called anything
            name = _clean(path.name if path.is_dir() else path.stem)
            if reason is None and name in taken:
                reason = f"has the same name as {taken[name]}; rename one of them"
            if reason is not None:
                problems.append((f"{folder}/{path.name}", reason))
                continue
            assert source is not None
            taken[name] = path.name
            shapes.append(MeshEntry(folder, class_name, name, source=Path(os.path.abspath(source))))
    if not shapes and not problems:
        raise InputError(
            f"{root}: holds no <class>/<name>{{{','.join(FORMATS)}}} and no {SHAPENET_PLACE}"
        )
    return shapes, problems


def _is_flat(root: Path) -> bool:
    """Return whether a folder holds meshes itself, and no folder in it does."""
    entries = [path for path in root.iterdir() if not path.name.startswith(".")]
    own = any(path.is_file() and path.suffix.lower() in FORMATS for path in entries)
    return own and not any(
        _mesh_of(inner)[1] for path in entries if path.is_dir() for inner in path.iterdir()
    )


def _check_class(root: Path, folder: str) -> None:
    if not CLASS_ID.fullmatch(folder):
        raise InputError(
            f"{root}: the class '{folder}' is no name for the lists of a data set; name its "
            "folder without white space, slashes and a leading dot"
        )


def find_shapes_of_poses(
    root: str | os.PathLike[str], lists: Sequence[str | os.PathLike[str]]
) -> tuple[list[MeshEntry], list[tuple[str, str]]]:
    """Find the shapes and views that pose lists (:mod:`im2mesh.preparation.pose_lists`) name.

    The class folders of ``root`` are named by the lists' class ids. Returns as :func:`find_shapes`;
    a mesh that is not there is a problem.

    Raises:
        InputError: a list cannot be read, no such folder, or two lists name the same view.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; the pose lists name meshes in it")
    views: dict[tuple[str, str, str], list[View]] = {}
    seen: dict[str, str | os.PathLike[str]] = {}
    for file in lists:
        for view in read_poses(file):
            if view.name in seen:
                raise InputError(f"{file}: names {view.name}, as {seen[view.name]} does")
            seen[view.name] = file
            views.setdefault((view.class_id, view.class_name, view.model), []).append(view)
    shapes: list[MeshEntry] = []
    problems: list[tuple[str, str]] = []
    for (folder, class_name, name), wanted in sorted(views.items()):
        places = [root / folder / name / _IN_MODEL]
        places += [root / folder / f"{name}{extension}" for extension in FORMATS]
        source = next((place for place in places if place.is_file()), None)
        if source is None:
            problems.append((f"{folder}/{name}", f"no mesh: neither {places[0]} nor {name}.obj …"))
        else:
            shapes.append(
                MeshEntry(folder, class_name, name, tuple(wanted), Path(os.path.abspath(source)))
            )
    return shapes, problems


def _mesh_of(path: Path) -> tuple[str | None, Path | None]:
    """Return the problem of an entry of a class folder, or its mesh; both None: not a shape."""
    if not is_listed(path):
        return None, None
    if path.is_dir():
        if (path / _IN_MODEL).is_file():
            return None, path / _IN_MODEL
        return f"is a folder without {_IN_MODEL}", None
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return None, path
    if suffix in COMPANIONS or not suffix:
        return None, None
    return f"not a mesh file that is read ({' '.join(FORMATS)}); convert it", None


def _taxonomy(root: Path) -> Mapping[str, str]:
    """Read ShapeNet's class ids → class names, the first of each list of synonyms."""
    path = root / "taxonomy.json"
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {str(e["synsetId"]): str(e["name"]).split(",")[0] for e in entries}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not ShapeNet's taxonomy ({error}); remove it") from error


def _clean(name: str) -> str:
    return re.sub(r"\s+", "-", name.strip())
