"""The kinds of values that keys hold, in the annotations of the fields.

``Annotated[int, whole(1, 16)]`` is an integer from 1 to 16. The plain types ``bool``, ``float``,
``str`` (not empty), ``Sequence[str]`` and ``Literal`` need no annotation. Any of them may be
followed by ``| None``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin

LARGEST = 2**63 - 1
"""The largest integer: numpy and torch hold no larger one."""

LARGEST_NUMBER = 1e30
"""The largest number; the least one is its negative. Networks compute in float32."""

MESH_FORMATS = ("ply", "off", "obj", "stl", "glb")
"""Extensions of the mesh files that a run can write, in the order in which they are looked for."""

MOST_POINTS = 2**24
"""The most points of a sample."""


class Mismatch(Exception):
    """A value is not of its kind; the argument is a hint, or empty."""


class Kind(NamedTuple):
    """A kind of value."""

    words: str  # complete "must be …"
    read: Callable[[Any], Any]  # converts a value from YAML, or raises Mismatch


def kind_of(hint: Any) -> Kind:
    """Return the kind of value that a field's type hint asks for."""
    arguments = get_args(hint)
    if get_origin(hint) is Annotated:
        kind: Kind = arguments[1]
        return kind
    if get_origin(hint) in (Union, UnionType):
        inner = kind_of(arguments[0])
        return Kind(f"{inner.words} or null", lambda v: None if v is None else inner.read(v))
    if get_origin(hint) is Literal:
        return _choice(arguments)
    return _PLAIN[hint]


def shown(value: Any) -> str:
    """Return a value as YAML would show it, in one short piece of a line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a number beyond 64 bits"
    return str(value)[:60]


# --- kinds ------------------------------------------------------------------------------------


def _require(fits: bool, hint: str = "") -> None:
    if not fits:
        raise Mismatch(hint)


def whole(least: int, most: int = LARGEST, multiple_of: int = 1) -> Kind:
    """Return the kind of the integers in a range."""

    def read(value: Any) -> int:
        _require(isinstance(value, int) and not isinstance(value, bool))
        _require(least <= value <= most and value % multiple_of == 0)
        return int(value)

    words = "an integer" if multiple_of == 1 else f"a multiple of {multiple_of}"
    if most < LARGEST:
        return Kind(f"{words} from {least} to {most}", read)
    return Kind("a positive integer" if least == 1 else f"{words}, {least} or more", read)


def number(least: float, most: float, words: str = "", excluded: float | None = None) -> Kind:
    """Return the kind of the numbers in a range, without one of them."""

    def read(value: Any) -> float:
        # YAML 1.1 reads 1e-4, which has no dot, as a string.
        if isinstance(value, str) and re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+", value):
            value = float(value)
        _require(isinstance(value, int | float) and not isinstance(value, bool))
        _require(least <= value <= most and value != excluded)
        return float(value)

    return Kind(words or f"a number from {least:g} to {most:g}", read)


def interval(least: float, most: float) -> Kind:
    """Return the kind of the pairs [low, high] within a range."""
    bound = number(least, most)

    def read(value: Any) -> tuple[float, float]:
        _require(isinstance(value, list | tuple) and len(value) == 2)
        low, high = (bound.read(end) for end in value)
        _require(low <= high, "the first is the larger one")
        return low, high

    return Kind(f"[low, high], two numbers from {least:g} to {most:g}", read)


def _choice(options: tuple[Any, ...]) -> Kind:
    def read(value: Any) -> Any:
        _require(type(value) is type(options[0]) and value in options)
        return value

    *first, last = map(str, options)
    return Kind(f"{', '.join(first)} or {last}", read)


def _of_type(kind: type, allow_empty: bool = True) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        _require(isinstance(value, kind) and (allow_empty or bool(value)))
        return value

    return read


def _read_names(value: Any) -> tuple[str, ...]:
    _require(not isinstance(value, str), f"write [{value}]")
    _require(isinstance(value, list | tuple) and len(value) > 0)
    for name in value:
        fits = isinstance(name, str) and name != ""
        _require(fits, f"its entry {shown(name)} is no string, put it in quotes")
    return tuple(value)


def _read_mesh_formats(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple):  # YAML 1.1 reads off, without quotes, as false
        value = ["off" if name is False else name for name in value]
    names = _read_names(value)
    _require(all(name in MESH_FORMATS for name in names))
    _require(len(set(names)) == len(names), "one stands twice")
    return names


def _read_subsample(value: Any) -> int | tuple[int, int]:
    if not isinstance(value, list | tuple):
        return int(whole(1, MOST_POINTS).read(value))
    _require(len(value) == 2, f"the list has {len(value)} entries")
    outside, inside = (whole(0, MOST_POINTS).read(count) for count in value)
    _require(outside + inside > 0, "the list asks for no point at all")
    return outside, inside


def _read_sizes(value: Any) -> tuple[int, ...]:
    _require(isinstance(value, list | tuple) and 1 <= len(value) <= 5)
    return tuple(whole(8, 1024, multiple_of=8).read(size) for size in value)


def _read_pixel_features(value: Any) -> str:
    if isinstance(value, bool):
        return "silhouette" if value else "none"
    _require(value != "features", "features was removed; use silhouette")
    _require(value in ("none", "offset", "silhouette"))
    return str(value)


def _read_amp(value: Any) -> bool | str:
    _require(isinstance(value, bool) or value == "auto")
    return value


_PLAIN: Mapping[Any, Kind] = {
    bool: Kind("true or false", _of_type(bool)),
    float: number(-LARGEST_NUMBER, LARGEST_NUMBER),
    str: Kind("a string that is not empty", _of_type(str, allow_empty=False)),
    Sequence[str]: Kind("a list of strings", _read_names),
}

# --- kinds that several keys share ------------------------------------------------------------

Count: TypeAlias = Annotated[int, whole(1)]
CountOrZero: TypeAlias = Annotated[int, whole(0)]
Channels: TypeAlias = Annotated[int, whole(1, 8192)]
Share: TypeAlias = Annotated[float, number(0, 1)]
Positive: TypeAlias = Annotated[
    float, number(0, LARGEST_NUMBER, "a positive number up to 1e30", excluded=0)
]
TextOrEmpty: TypeAlias = Annotated[str, Kind("a string", _of_type(str))]
Sizes: TypeAlias = Annotated[
    Sequence[int], Kind("a list of one to five multiples of 8 from 8 to 1024", _read_sizes)
]
MeshFormats: TypeAlias = Annotated[
    Sequence[str], Kind(f"a list of {', '.join(MESH_FORMATS)}", _read_mesh_formats)
]
Subsample: TypeAlias = Annotated[
    int | tuple[int, int], Kind("an integer from 1 to 2^24, or [outside, inside]", _read_subsample)
]
Amp: TypeAlias = Annotated[bool | Literal["auto"], Kind("true, false or auto", _read_amp)]
PixelFeatures: TypeAlias = Annotated[
    Literal["none", "offset", "silhouette"],
    Kind("true, false, none, offset or silhouette", _read_pixel_features),
]
