"""The record of a run: the settings that its results were made with."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from im2mesh import __version__
from im2mesh.config import Config, GenerationConfig, read_yaml, to_dict, with_defaults
from im2mesh.config.sections import Precision
from im2mesh.data import run_folders as outputs
from im2mesh.data.records import changed_settings, write_record
from im2mesh.errors import ConfigError, InputError
from im2mesh.generation.pipeline import Reconstructor

log = logging.getLogger(__name__)

RESULTS = ("meshes", "pointcloud")
"""Folders of a run with results that take long to make."""

_LEVEL = r"levels\[\d+\]\.config\."
_NOT_DECISIVE = re.compile(
    rf"({_LEVEL})?generation\.(mesh_formats|vis_n_outputs|copy_input|copy_groundtruth|batch_size)\b"
    rf"|{_LEVEL}data\.(classes|train_split|val_split|test_split)\b|{_LEVEL}training\b|version\b"
)
"""Keys that change no mesh."""


def record_settings(
    reconstructor: Reconstructor,
    digests: Sequence[str],
    folder: Path,
    resume: bool,
    overwrite: bool,
    again: Collection[Path],
) -> None:
    """Write ``config.yaml``; with ``resume``, refuse other settings than it has.

    Without ``resume``, results made with other settings are removed first. So the record is never
    wrong about the results beside it, wherever the run is interrupted.

    Args:
        reconstructor: has the settings.
        digests: of the levels' weights.
        folder: of the run.
        resume: refuse other settings.
        overwrite: all results may be removed.
        again: the results that this run makes; without ``overwrite`` only these, pictures and
            timings may be removed.

    Raises:
        InputError: the settings differ, and ``resume`` is set or other results would be removed.
    """
    record: dict[str, Any] = {
        "version": __version__,
        "generation": to_dict(reconstructor.settings),
        "levels": [
            {
                "name": level.name,
                "source": str(level.config.source),
                "weights": str(level.weights),
                "sha256": digest,
                "config": to_dict(level.config),
            }
            for level, digest in zip(reconstructor.levels, digests, strict=True)
        ],
    }
    path = folder / outputs.RECORD
    changed = changed_settings(path, record, _completed)
    changed = [line for line in changed if not _NOT_DECISIVE.match(line)]
    former = outputs.written(folder) if changed else []
    if former and resume:
        raise InputError(
            f"{folder}: holds results made with other settings ({changed[0]}); "
            "make them again with --overwrite, or choose another place with --out"
        )
    others = [
        result
        for result in former
        if result not in again and result.relative_to(folder).parts[0] in RESULTS
    ]
    if others and not overwrite:
        raise InputError(
            f"{folder}: holds results made with other settings ({changed[0]}) that this run "
            f"does not make again, such as {others[0].relative_to(folder)}; remove them all "
            "with --overwrite, or choose another place with --out"
        )
    for result in former:
        result.unlink()
    if former:
        log.info("%s: %d files made with other settings were removed", folder, len(former))
    write_record(path, record)


def recorded_precision(folder: Path) -> Precision | None:
    """Return the precision of the results in a folder, if there are any."""
    try:
        record = read_yaml(folder / outputs.RECORD)
    except (ConfigError, OSError):
        return None
    generation = _completed(record)["generation"]
    precision = generation.get("precision") if isinstance(generation, dict) else None
    return precision if precision in ("float32", "bfloat16") else None


def _completed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a record by the keys that did not exist when it was written, at their defaults."""
    level = {"config": to_dict(Config())}
    levels = record.get("levels")
    if isinstance(levels, list):
        record = {**record, "levels": [with_defaults(each, level) for each in levels]}
    # Results without a record of their precision are float32.
    return with_defaults(record, {"generation": to_dict(GenerationConfig(precision="float32"))})
