"""Split lists by shape: all views of a shape are in the same split."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from im2mesh.data.splits import read_list, shape_of
from im2mesh.errors import InputError

if TYPE_CHECKING:
    from im2mesh.preparation.collection import Entry

UNSEEN = "test_unseen"
"""Name of the split of held-out classes."""

DEFAULT = "train=.8,val=.1,test=.1"


@dataclass(frozen=True)
class Partition:
    """A partition of shapes into splits: shares of each class, or lists of names."""

    # Split → share of each class's shapes; they sum to 1. Empty where there are lists.
    shares: Mapping[str, float]
    lists: Mapping[str, Path]  # split → file that names shapes
    unseen: frozenset[str] = frozenset()  # class folders that are in the split UNSEEN alone

    @classmethod
    def parse(cls, text: str, unseen: Sequence[str] = ()) -> Partition:
        """Read ``train=.8,val=.1,test=.1`` or ``train=FILE,test=FILE``.

        Raises:
            InputError: another form, or shares that are negative or do not sum to 1.
        """
        entries: dict[str, str] = {}
        for entry in text.split(","):
            name, found, value = (part.strip() for part in entry.partition("="))
            if not found or not value or not re.fullmatch(r"[\w-]+", name) or name in entries:
                raise InputError(
                    f"--splits {text}: expected {DEFAULT}, or files in place of shares"
                )
            entries[name] = value
        if UNSEEN in entries and unseen:
            raise InputError(f"--splits {text}: {UNSEEN} is what --unseen writes; rename the split")
        shares = {name: _share(value) for name, value in entries.items()}
        if all(share is not None for share in shares.values()):
            numbers = {name: share for name, share in shares.items() if share is not None}
            if not min(numbers.values()) >= 0:
                raise InputError(f"--splits {text}: a share cannot be negative")
            if not math.isclose(sum(numbers.values()), 1):
                raise InputError(
                    f"--splits {text}: the shares sum to {sum(numbers.values()):g}; make that 1"
                )
            return cls(numbers, {}, frozenset(unseen))
        if any(share is not None for share in shares.values()):
            raise InputError(f"--splits {text}: give shares or files, not both")
        return cls({}, {n: Path(file) for n, file in entries.items()}, frozenset(unseen))

    @property
    def names(self) -> list[str]:
        """The splits, in order, without :data:`UNSEEN`."""
        return [*self.shares, *self.lists]

    def read_lists(self) -> dict[str, set[str]]:
        """Return name of a shape or a model → the splits whose lists name it.

        Each line names a shape, ``<class>/<shape>``, or a model, ``<class>_<shape>-<view>``, which
        stands for the whole shape. In a list with several columns (a pose list, an HDF5 split
        list) the first one counts.
        """
        splits: dict[str, set[str]] = {}
        for split, path in self.lists.items():
            if not path.is_file():
                raise InputError(f"{path}: no such list (--splits {split}=…)")
            for line in read_list(path):
                name = re.split(r"[,\s]", line.strip())[0]
                for key in {name, shape_of(name)} - {""}:
                    splits.setdefault(key, set()).add(split)
        return splits

    def assign(self, shapes: Sequence[Entry], seed: int) -> dict[str, str | None]:
        """Return label → split of each shape; None: in no list.

        With shares, the shapes of a class are shuffled and cut. Each split gets at least one
        shape if there are enough.

        Raises:
            InputError: see :meth:`read_lists`, or two lists name one shape or views of it.
        """
        listed = self.read_lists()
        by_class: dict[str, list[Entry]] = {}
        for shape in shapes:
            by_class.setdefault(shape.folder, []).append(shape)
        result: dict[str, str | None] = {}
        for folder, members in by_class.items():
            if folder in self.unseen:
                result |= dict.fromkeys((shape.label for shape in members), UNSEEN)
            elif self.lists:
                result |= {shape.label: _listed(shape, listed) for shape in members}
            else:
                order = sorted(members, key=lambda shape: _shuffle_key(shape, seed))
                counts = _counts(list(self.shares.values()), len(order))
                names = [n for n, k in zip(self.shares, counts, strict=True) for _ in range(k)]
                result |= {s.label: n for s, n in zip(order, names, strict=True)}
        return result


def _listed(shape: Entry, listed: Mapping[str, set[str]]) -> str | None:
    keys = (shape.label, shape.name, f"{shape.class_name}_{shape.name}")
    found = set().union(*(listed.get(key, set()) for key in keys))
    if len(found) > 1:
        raise InputError(
            f"{shape.label}: is in the lists of {' and '.join(sorted(found))}; splits must be "
            "disjoint by shape, so take it out of all but one"
        )
    return found.pop() if found else None


def _share(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _shuffle_key(shape: Entry, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {shape.label}".encode()).digest()


def _counts(shares: Sequence[float], total: int) -> list[int]:
    """Return whole numbers that sum to ``total``, as near to the shares as possible.

    A share above 0 gets at least one if ``total`` allows.
    """
    counts = [math.floor(share * total + 1e-9) for share in shares]
    rest = [share * total - count for share, count in zip(shares, counts, strict=True)]
    for k in sorted(range(len(shares)), key=lambda k: -rest[k])[: total - sum(counts)]:
        counts[k] += 1
    wanted = [k for k, share in enumerate(shares) if share > 0]
    if total >= len(wanted):
        for k in wanted:
            if counts[k] == 0:
                counts[max(range(len(counts)), key=lambda j: counts[j])] -= 1
                counts[k] = 1
    return counts
