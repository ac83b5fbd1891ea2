"""Pose lists, models and their viewing angles, in the released CSV format.

    classname_modelid-view,classid,azimuth,elevation
    chair_e642ac79a2517d0054f92a30b31f64e-08,03001627,90.1,21.4

One row a view, angles in degrees by the rule of :mod:`im2mesh.geometry.poses`.
"""

from __future__ import annotations

import csv
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

from im2mesh.errors import InputError

HEADER = ("classname_modelid-view", "classid", "azimuth", "elevation")

# Names become folders and lines of split lists. The class ends at the first '_' and the view begins
# behind the last '-'; a model's id may contain both.
_NAME = re.compile(r"(?P<class_name>[^_\s/\\.][^_\s/\\]*)_(?P<model>[^\s/\\]+)-(?P<number>[0-9]+)")
CLASS_ID = re.compile(r"[^\s/\\.][^\s/\\]*")
"""Names of class folders."""


@dataclass(frozen=True)
class View:
    """One row of a pose list."""

    # The first column as it stands, `<class name>_<model>-<number>`: the model's name in a data set
    name: str
    class_name: str  # `chair`
    model: str  # the model's id in its class
    number: int  # of the view
    class_id: str  # the folder of the class in ShapeNet, `03001627`
    azimuth: float  # degrees
    elevation: float  # degrees


def read_poses(path: str | os.PathLike[str]) -> list[View]:
    """Read a pose list: at least one view, in the file's order, with unique names.

    Raises:
        InputError: the file is missing or malformed; the message names the line.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such pose list; give a CSV file with {','.join(HEADER)}")
    views: list[View] = []
    lines: dict[str, int] = {}
    header_seen = False
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file, strict=True)
            for row in rows:
                where, values = f"{path}:{rows.line_num}", [value.strip() for value in row]
                if not any(values):
                    continue
                if not header_seen:
                    if tuple(values) != HEADER:
                        raise InputError(
                            f"{where}: expected the header '{','.join(HEADER)}', found "
                            f"'{_short(','.join(row))}'"
                        )
                    header_seen = True
                    continue
                view = _view(values, where)
                if view.name in lines:
                    raise InputError(
                        f"{where}: {view.name} stands in line {lines[view.name]} already; "
                        "number the views of a model"
                    )
                lines[view.name] = rows.line_num
                views.append(view)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is not a CSV file in UTF-8 ({error}); write it again") from error
    if not views:
        raise InputError(f"{path}: names no view; below the header there is one row a view")
    return views


def _view(values: list[str], where: str) -> View:
    if len(values) != len(HEADER):
        raise InputError(
            f"{where}: expected {len(HEADER)} values ({','.join(HEADER)}), found {len(values)}"
        )
    name = _NAME.fullmatch(values[0])
    if name is None:
        raise InputError(f"{where}: expected {HEADER[0]}, found '{_short(values[0])}'")
    if not CLASS_ID.fullmatch(values[1]):
        raise InputError(f"{where}: expected a class id, found '{_short(values[1])}'")
    azimuth, elevation = (
        _angle(value, key, where) for value, key in zip(values[2:], HEADER[2:], strict=True)
    )
    return View(
        values[0],
        name["class_name"],
        name["model"],
        int(name["number"]),
        values[1],
        azimuth,
        elevation,
    )


def _angle(value: str, key: str, where: str) -> float:
    try:
        angle = float(value)
    except ValueError:
        angle = math.nan
    if not math.isfinite(angle):
        raise InputError(f"{where}: {key} must be degrees, found '{_short(value)}'")
    return angle


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
