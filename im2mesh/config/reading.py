"""Configurations from YAML files and nested dicts, and back."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import yaml

from im2mesh.bundled import ROOT, find
from im2mesh.config.sections import Config, GenerationConfig
from im2mesh.config.values import Kind, Mismatch, kind_of, shown
from im2mesh.errors import ConfigError
from im2mesh.files import write_text

log = logging.getLogger(__name__)

_WITHOUT_EFFECT = {
    "data": "dim model_file watertight_file img_with_camera n_views pointcloud_n "
    "pointcloud_target_n pointcloud_noise with_transforms",
    "model": "encoder_latent_kwargs multi_gpu use_camera dmc_weight_prior",
    "training": "eval_sample",
    "generation": "use_sampling latent_number latent_H latent_W latent_ny latent_nx latent_repeat "
    "refine n_x n_z",
    "preprocessor": "type config model_file",
}
KEYS_WITHOUT_EFFECT = frozenset(
    f"{section}.{key}" for section, keys in _WITHOUT_EFFECT.items() for key in keys.split()
)
"""Keys that released files have and that no code ever read."""

# --- from a file ------------------------------------------------------------------------------


def load_config(path: str | os.PathLike[str]) -> Config:
    """Read a configuration file and those that it inherits from.

    Args:
        path: a YAML file. It and its ``inherit_from`` are relative to the working directory or,
            where they are not found there, bundled files (:mod:`im2mesh.bundled`).

    Returns:
        The configuration, checked but for :meth:`Config.check_supported`.

    Raises:
        ConfigError: one line that names the file and, for a bad value, the key.
    """
    path = find(path)
    return _build(_read_with_parents(path, []), path)


def from_dict(values: Mapping[str, Any], source: Path | None = None) -> Config:
    """Return the configuration of nested dicts as YAML would hold them; errors as for a file.

    ``inherit_from`` is for files. Here it is an unknown key.
    """
    return _build(_checked_keys(values, "config" if source is None else str(source)), source)


def read_generation(
    values: Mapping[str, Any], source: str, more: Iterable[str] = ()
) -> dict[str, Any]:
    """Validate some keys of the ``generation`` section as those of a file.

    Args:
        values: by the names of the keys within the section; may be numbers of numpy.
        source: named by errors, instead of a file.
        more: other keywords of the caller, for suggestions.

    Returns:
        The values of the keys that have an effect.

    Raises:
        ConfigError: unknown, of the wrong type or out of range.
    """
    kinds = _kinds(GenerationConfig)
    for name in values:
        if name not in kinds and f"generation.{name}" not in KEYS_WITHOUT_EFFECT:
            nearest = difflib.get_close_matches(name, [*kinds, *more], 1, 0)[0]
            raise ConfigError(f"{source}: unknown keyword {name}; the nearest one is {nearest}")
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in values.items()}
    return _checked_section(plain, GenerationConfig, "generation.", source, [])


def to_dict(section: Any) -> dict[str, Any]:
    """Return the keys of a configuration, or of one of its sections, as YAML can hold them.

    :func:`from_dict` reads a configuration's keys back.
    """
    return {
        item.name: _plain(getattr(section, item.name))
        for item in fields(section)
        if item.name != "source"
    }


def save_config(config: Config, path: str | os.PathLike[str]) -> None:
    """Write all keys, inherited ones and defaults included; the file loads to an equal config."""
    write_text(path, yaml.safe_dump(to_dict(config), sort_keys=False, allow_unicode=True))


def with_defaults(values: Any, defaults: Any) -> Any:
    """Complete a record, nested dicts, by the keys that did not exist when it was written."""
    if not isinstance(values, Mapping) or not isinstance(defaults, Mapping):
        return values
    known = {key: with_defaults(values.get(key, its), its) for key, its in defaults.items()}
    return {**values, **known}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """List the differences between two nested dicts.

    There is a line a value, ``generation.lattice: 'exact' -> 'released'``, in the order of the keys
    of ``before`` and then of ``after``; items of lists are ``levels[0]``.
    """
    return list(_differences(before, after, ""))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return to_dict(value)
    return list(value) if isinstance(value, tuple) else value


_ABSENT = object()


def _differences(before: Any, after: Any, key: str) -> Iterable[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            inner = f"{key}.{name}" if key else str(name)
            yield from _differences(before.get(name, _ABSENT), after.get(name, _ABSENT), inner)
    elif _is_list(before) and _is_list(after) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{key}[{index}]")
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        words = ["absent" if value is _ABSENT else repr(value) for value in (before, after)]
        yield f"{key}: {words[0]} -> {words[1]}"


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


@dataclass(frozen=True)
class _Unread:
    """A section without a key that has an effect."""


class _Loader(yaml.SafeLoader):
    """YAML without code, where a key that stands twice in a mapping is an error."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        # As written: merge keys (<<) are resolved later, and what they bring may be overridden.
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.composer.ComposerError(
                    None, None, f"the key {key.value} stands twice", key.start_mark
                )
            seen.add(str(key.value))
        return node


def _read_with_parents(path: Path, children: list[Path]) -> dict[str, Any]:
    """Return the checked keys of a file, merged over those of the files that it inherits from."""
    chain = [*children, path]
    if path.resolve() in [child.resolve() for child in children]:
        names = " -> ".join(str(file) for file in chain)
        raise ConfigError(f"{chain[0]}: inherit_from goes in a circle: {names}")
    values = read_yaml(path)
    parent = values.pop("inherit_from", None)
    own = _checked_keys(values, str(path))
    if parent is None:
        return own
    if not isinstance(parent, str) or not parent:
        raise ConfigError(f"{path}: inherit_from must be a path, found {shown(parent)}")
    found = find(parent)
    if not found.exists():
        raise ConfigError(
            f"{path}: inherit_from names {parent}, which is neither in the working directory nor "
            f"in {ROOT}"
        )
    return _merged(_read_with_parents(found, chain), own)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a file, a configuration or a record of a run, with unchecked keys.

    Raises:
        ConfigError: one line that names the file.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file") from error
    except IsADirectoryError as error:
        raise ConfigError(f"{path}: is a folder; give a configuration file in it") from error
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"{path}: cannot be read ({reason})") from error
    try:
        values = yaml.load(text, _Loader)  # a SafeLoader
    except yaml.reader.ReaderError as error:
        raise ConfigError(f"{path}: is not a text file that YAML can be read from") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        reason = error.problem or error.context or "cannot be read"
        if reason.startswith("but "):
            reason = f"{error.context}, {reason}"
        reason = " ".join(reason.split())
        raise ConfigError(f"{path}{where}: broken YAML: {reason}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: broken YAML: nested too deeply") from error
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        # PyYAML's own constructors: 2021-13-01 is no date, !!bool maybe is no bool.
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: broken YAML: {reason}") from error
    if values is None:
        raise ConfigError(f"{path}: is empty; a configuration is a mapping of keys")
    if not isinstance(values, dict):
        raise ConfigError(
            f"{path}: must be a mapping of keys such as data: and model:, found {shown(values)}"
        )
    return values


def _merged(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parent's values, overridden by the child's key by key at any depth."""
    merged = dict(parent)
    for key, value in child.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            value = _merged(below, value)
        merged[key] = value
    return merged


def _checked_keys(values: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return the values of known keys, each read by its kind, without those that have no effect."""
    ignored: list[str] = []
    checked = _checked_section(values, Config, "", file, ignored)
    if ignored:
        log.debug("%s: keys without effect: %s", file, ", ".join(ignored))
    return checked


def _checked_section(
    values: Mapping[str, Any], section: type, prefix: str, file: str, ignored: list[str]
) -> dict[str, Any]:
    kinds = _kinds(section)
    checked: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{prefix}{name}"
        kind = kinds.get(name)
        if kind is None and key in _WITHOUT_EFFECT:
            _checked_section(_keys(value, key, file), _Unread, f"{key}.", file, ignored)
        elif kind is None:
            if key not in KEYS_WITHOUT_EFFECT:
                raise ConfigError(f"{file}: unknown key {key}; {_suggestion(key)}")
            ignored.append(key)
        elif isinstance(kind, Kind):
            try:
                checked[name] = kind.read(value)
            except Mismatch as mismatch:
                hint = f"; {mismatch}" if str(mismatch) else ""
                raise ConfigError(
                    f"{file}: {key} must be {kind.words}, found {shown(value)}{hint}"
                ) from None
        else:
            own = _keys(value, key, file)
            checked[name] = _checked_section(own, kind, f"{key}.", file, ignored)
    return checked


def _keys(value: Any, key: str, file: str) -> Mapping[str, Any]:
    """Return a section as a mapping; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{file}: {key} must be a mapping of keys, found {shown(value)}")
    return value


def _build(values: Mapping[str, Any], source: Path | None) -> Config:
    config: Config = _instance(Config, values, source=source)
    config.check()
    return config


def _instance(section: type, values: Mapping[str, Any], **more: Any) -> Any:
    kinds = _kinds(section)
    return section(
        **{
            name: value if isinstance(kind := kinds[name], Kind) else _instance(kind, value)
            for name, value in values.items()
        },
        **more,
    )


@cache
def _kinds(section: type) -> Mapping[str, Kind | type]:
    """Return key → its kind of value, or the section that it is."""
    hints = get_type_hints(section, include_extras=True)
    names = [item.name for item in fields(section) if item.name != "source"]
    return {n: hints[n] if is_dataclass(hints[n]) else kind_of(hints[n]) for n in names}


def _known_keys(section: type = Config, prefix: str = "") -> list[str]:
    """Return all dotted keys, each section before its keys."""
    keys: list[str] = []
    for name, kind in _kinds(section).items():
        keys.append(prefix + name)
        if isinstance(kind, type):
            keys += _known_keys(kind, f"{prefix}{name}.")
    return keys


def _suggestion(key: str) -> str:
    """Suggest a known key for an unknown one: by its name, in the same section before others."""
    section, _, name = key.rpartition(".")
    names = {known: known.rpartition(".")[2] for known in [*_known_keys(), "inherit_from"]}
    beside = {known: own for known, own in names.items() if known.rpartition(".")[0] == section}
    if section in _WITHOUT_EFFECT and not beside:
        return f"nothing reads {section}, leave it out"
    beside = beside or names  # a key that has a dot in its name
    for candidates, likeness in ((names, 1.0), (beside, 0.6), (names, 0.8)):
        close = difflib.get_close_matches(name, candidates.values(), 1, likeness)
        if close:
            return f"did you mean {next(k for k, own in candidates.items() if own == close[0])}?"
    nearest = difflib.get_close_matches(name, beside.values(), 1, 0)[0]
    return f"the nearest known key is {next(k for k, own in beside.items() if own == nearest)}"
