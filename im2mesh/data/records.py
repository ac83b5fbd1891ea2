"""Records of the settings that results were made with, as YAML files beside the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from im2mesh.config import differences, read_yaml
from im2mesh.errors import ConfigError
from im2mesh.files import write_text

Record = Mapping[str, Any]


def changed_settings(
    path: Path, record: Record, decisive: Callable[[Record], Record] = lambda record: record
) -> list[str]:
    """List the settings in which a record differs from the one on disk.

    Args:
        path: of the record on disk.
        record: the settings of this run.
        decisive: picks the values on which results depend from either record.

    Returns:
        A line for each; none where there is no file, "unreadable" where it is damaged.
    """
    if not path.is_file():
        return []
    try:
        return differences(decisive(read_yaml(path)), decisive(record))
    except ConfigError:
        return ["unreadable"]


def write_record(path: Path, record: Record) -> None:
    """Write a record, whole or not at all."""
    write_text(path, yaml.safe_dump(dict(record), sort_keys=False, allow_unicode=True))
