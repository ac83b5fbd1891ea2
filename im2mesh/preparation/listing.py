"""The split lists of a data set, found in its folder or named by a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from im2mesh.config import Config, from_dict
from im2mesh.data.splits import read_list
from im2mesh.data.storage import Sample, samples_of_split
from im2mesh.errors import InputError


@dataclass(frozen=True)
class SplitList:
    """A split list of one class, and which files of its models are read."""

    config: Config
    class_name: str
    name: str
    uses: frozenset[str] = frozenset({"points", "cloud"})  # of points, iou and cloud

    @property
    def path(self) -> Path:
        return self.config.data.folder(self.class_name) / f"{self.name}.lst"

    def models(self) -> list[Sample]:
        """Return the listed models; none where the list is empty.

        Raises:
            ConfigError: the list is missing or malformed.
        """
        if self.path.is_file() and not any(map(str.strip, read_list(self.path))):
            return []
        data = replace(self.config.data, classes=(self.class_name,))
        return samples_of_split(replace(self.config, data=data), self.name)


def lists_of_folder(root: Path) -> tuple[list[SplitList], list[str]]:
    """Return all lists of a data set's folder, or of a class's folder, by class and name.

    A line follows for each list or folder that cannot be read.

    Raises:
        InputError: there are none.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    folders = [p for p in sorted(root.iterdir()) if p.is_dir() and p.name[0] != "."]
    top = root
    if any(root.glob("*.lst")):
        top, folders = root.absolute().parent, [root.absolute()]
    lists: list[SplitList] = []
    problems: list[str] = []
    for folder in folders:
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix == ".lst")
        except OSError as error:
            problems.append(f"{folder}: cannot be read ({error.strerror or error})")
            continue
        for path in paths:
            try:
                words = next(iter(read_list(path)), "").split()
            except InputError as error:
                problems.append(str(error))
                continue
            data = {
                "dataset": "Shapes3DH5" if len(words) == 2 else "Shapes3D",
                "path": str(top),
                "classes": [folder.name],
                "input_type": "depth",
                "img_size": 256,
                "img_folder": "",
            }
            lists.append(SplitList(from_dict({"data": data}), folder.name, path.stem))
    if not lists:
        raise InputError(
            problems[0] if problems else f"{root}: holds no <class>/<split>.lst, so no data set"
        )
    return lists, problems


def lists_of_config(config: Config) -> Iterator[SplitList]:
    """Yield the lists that training, validation and testing with a configuration read.

    Raises:
        InputError: there is no such data folder.
    """
    data = config.data
    root = data.folder()
    if not root.is_dir():
        raise InputError(f"{root}: no such folder (data.path of {config.source})")
    iou = {"iou"} if data.points_iou_file else set()
    cloud = {"cloud"} if data.pointcloud_chamfer_file else set()
    classes = data.classes or sorted(p.name for p in root.iterdir() if p.is_dir())
    made = config.is_procedural  # training and validation read no files then
    for name, uses in (
        (None if made else data.train_split, {"points"}),
        (None if made else data.val_split, {"points"} | iou),
        (data.test_split, iou | cloud),
    ):
        for class_name in classes:
            if name is not None:
                yield SplitList(config, class_name, name, frozenset(uses))
