"""Tables of numbers as text, LaTeX, Markdown, CSV or HTML, all written by pandas."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

FORMATS = ("text", "latex", "markdown", "csv")


@dataclass(frozen=True)
class Table:
    """Labelled rows of numbers."""

    title: str  # one line
    # A row a label, NaN for a gap; columns are names, or (group, name) in two levels
    frame: pd.DataFrame
    summaries: int = 0  # the number of rows at the end that sum up the others; a rule parts them
    # Text shows only the first and the last rows where there are more than this
    most: int | None = None

    def render(self, form: str) -> str:
        """Return the table in one of :data:`FORMATS`, without a newline at the end."""
        return {
            "text": self._text,
            "latex": self._latex,
            "markdown": self._markdown,
            "csv": self._csv,
        }[form]()

    def html(self) -> str:
        """Return the table as an HTML element, with everything escaped."""
        return self.frame.to_html(float_format=_two_digits, na_rep="–", border=0)

    def _text(self) -> str:
        text = self.frame.to_string(
            float_format=_two_digits, na_rep="-", max_rows=self.most, show_dimensions=False
        )
        lines = text.splitlines()
        rule = "-" * len(lines[0])
        lines.insert(self.frame.columns.nlevels, rule)
        return "\n".join([self.title, *self._with_rule(lines, rule, 0)])

    def _latex(self) -> str:
        text = self.frame.to_latex(
            float_format=_two_digits, na_rep="-", escape=True, multicolumn_format="c"
        )
        # Below the last row stand \bottomrule and \end{tabular}.
        lines = self._with_rule(text.rstrip().splitlines(), r"\midrule", 2)
        return "\n".join([f"% {self.title}", *lines])

    def _markdown(self) -> str:
        return f"{self.title}\n\n{markdown(self._flat())}"

    def _csv(self) -> str:
        return self._flat().to_csv(float_format="%.6f").rstrip("\n")

    def _flat(self) -> pd.DataFrame:
        heads = [" ".join(c) if isinstance(c, tuple) else str(c) for c in self.frame.columns]
        return self.frame.set_axis(heads, axis=1)

    def _with_rule(self, lines: list[str], rule: str, below: int) -> list[str]:
        at = len(lines) - self.summaries - below
        return [*lines[:at], rule, *lines[at:]] if self.summaries else lines


def markdown(frame: pd.DataFrame, digits: int = 2) -> str:
    """Return a Markdown table of numbers and texts; a cell is empty where it is NaN."""

    def cell(value: float | str) -> str:
        text = value if isinstance(value, str) else "" if pd.isna(value) else f"{value:.{digits}f}"
        return text.replace("|", "\\|")

    heads = [["", *frame.columns], ["---", *["---:"] * frame.shape[1]]]
    rows = [*heads, *frame.itertuples(name=None)]
    return "\n".join(f"| {' | '.join(map(cell, row))} |" for row in rows)


def _two_digits(value: float) -> str:
    return f"{value:.2f}"
