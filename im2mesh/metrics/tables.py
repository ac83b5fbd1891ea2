"""A table of numbers as text, LaTeX, Markdown or CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

FORMATS = ("text", "latex", "markdown", "csv")

_LATEX = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)


@dataclass(frozen=True)
class Table:
    """Labelled rows of numbers, or of words.

    Attributes:
        title: one line.
        columns: (group, name) of each; columns of one group stand together, ``""`` is no group.
        rows: label and one value a column; NaN is a gap. A label ``""`` with no values is a line.
    """

    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Sequence[float | str]]]

    def render(self, form: str) -> str:
        """The table in one of :data:`FORMATS`, without a newline at the end."""
        return {
            "text": self._text,
            "latex": self._latex,
            "markdown": self._markdown,
            "csv": self._csv,
        }[form]()

    @property
    def _groups(self) -> list[tuple[str, int]]:
        return [(g, len(list(c))) for g, c in groupby(self.columns, key=lambda c: c[0])]

    @property
    def _grouped(self) -> bool:
        return any(group for group, _ in self.columns)

    def _cells(self) -> list[tuple[str, list[str]]]:
        return [(label, [_cell(v, "-") for v in values]) for label, values in self.rows]

    def _text(self) -> str:
        cells = self._cells()
        first = max(len(label) for label, _ in [*cells, ("", [])])
        widths = [
            max(*map(len, name.split()), *(len(row[k]) for _, row in cells if row))
            for k, (_, name) in enumerate(self.columns)
        ]
        groups, at = "", 0
        for group, count in self._groups:
            own = widths[at : at + count]
            # A group's name may be wider than its columns: then the last one makes room for it.
            widths[at + count - 1] += max(0, len(group) - sum(own) - 2 * (count - 1))
            at += count
            groups += "  " + group.center(sum(widths[at - count : at]) + 2 * (count - 1))
        heads = [wrap(name, width) for (_, name), width in zip(self.columns, widths, strict=True)]
        deepest = max(map(len, heads), default=0)
        rule = "-" * (first + sum(widths) + 2 * len(widths))
        lines = [self.title, *([" " * first + groups.rstrip()] if self._grouped else [])]
        for k in range(deepest):  # long heads are broken at spaces, and end on the last line
            words = ["" if k < deepest - len(h) else h[k - deepest + len(h)] for h in heads]
            lines.append(_line("", words, first, widths))
        lines.append(rule)
        lines += [_line(label, row, first, widths) if row else rule for label, row in cells]
        return "\n".join(lines)

    def _latex(self) -> str:
        count = len(self.columns)
        lines = [rf"\begin{{tabular}}{{l{'r' * count}}}", r"\toprule"]
        if self._grouped:
            spans = [rf"\multicolumn{{{n}}}{{c}}{{{_tex(group)}}}" for group, n in self._groups]
            lines.append(" & ".join(["", *spans]) + r" \\")
        for label, row in [("", [name for _, name in self.columns]), ("", []), *self._cells()]:
            lines.append(" & ".join(map(_tex, [label, *row])) + r" \\" if row else r"\midrule")
        return "\n".join([f"% {self.title}", *lines, r"\bottomrule", r"\end{tabular}"])

    def _markdown(self) -> str:
        heads = [f"{group} {name}".strip() for group, name in self.columns]
        lines = [["", *heads], ["---", *["---:"] * len(heads)]]
        lines += [[label, *row] for label, row in self._cells() if row]
        rows = ["| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines]
        return "\n".join([self.title, "", *rows])

    def _csv(self) -> str:
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["", *(f"{group} {name}".strip() for group, name in self.columns)])
        for label, values in self.rows:
            if values:
                writer.writerow([label, *(_cell(value, "", 6) for value in values)])
        return file.getvalue().rstrip("\n")


def _line(label: str, row: Sequence[str], first: int, widths: Sequence[int]) -> str:
    padded = [value.rjust(width) for value, width in zip(row, widths, strict=True)]
    return "  ".join([label.ljust(first), *padded]).rstrip()


def _cell(value: float | str, gap: str, digits: int = 2) -> str:
    if isinstance(value, str):
        return value
    return gap if math.isnan(value) else f"{value:.{digits}f}"


def _tex(words: str) -> str:
    return words.translate(_LATEX)
