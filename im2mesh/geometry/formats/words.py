"""Text of numbers and keywords as arrays: the ground of the OBJ, OFF, PLY and STL readers."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np

from im2mesh.errors import InputError

# Visual C++ writes "1.#INF" and "-1.#IND" for what is no number; that is no comment.
_COMMENT = re.compile(rb"#(?!INF|IND|QNAN|SNAN)[^\n]*")

_NEWLINE, _BLANK = 10, 32  # every byte up to a blank separates words


def plain(data: bytes, comments: bool = True) -> bytes:
    """Return a file's text without byte order mark and ``#`` comments, each line ended by LF.

    Raises:
        InputError: there are zero bytes, as in binary data and UTF-16.
    """
    text = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in text:
        raise InputError("it should be text, but has zero bytes, as binary data and UTF-16 have")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _COMMENT.sub(b"", text) if comments and b"#" in text else text


class Words:
    """The words of a text (:func:`plain`) by line. Blank lines are left out.

    Attributes:
        counts: (L,) number of words in each line.
        lines: (L,) number of each line in the file, from 1.
    """

    def __init__(self, text: bytes, first_line: int = 1) -> None:
        self._bytes = np.frombuffer(b"\n" + text + b"\n" * 9, np.uint8)
        blank = self._bytes <= _BLANK
        begins = np.flatnonzero(blank[:-1] & ~blank[1:]) + 1
        self._ends = np.flatnonzero(self._bytes == _NEWLINE)
        first = np.searchsorted(begins, self._ends)
        words = np.diff(first)
        self._rows = np.flatnonzero(words)  # lines that are not blank
        self.counts = words[self._rows]
        self.lines = self._rows + first_line
        self._begins = begins[first[self._rows]]

    @cached_property
    def heads(self) -> np.ndarray:
        """Return the (L,) bytes of each line's first word, cut to eight."""
        heads = np.zeros((len(self._begins), 8), np.uint8)
        within = np.ones(len(heads), dtype=bool)
        for place in range(8):
            letters = self._bytes[self._begins + place]
            within &= letters > _BLANK
            heads[:, place] = letters * within
        return heads.view("S8")[:, 0]

    def numbers(self, chosen: np.ndarray, keyword: int = 0, slashes: bool = False) -> np.ndarray:
        """Return the numbers of the (L,) bool chosen lines, one behind the other, as float64.

        Args:
            chosen: the lines.
            keyword: length of the keyword that each of them starts with, in bytes.
            slashes: whether to leave out what stands behind a slash in a word.

        Raises:
            InputError: a word is no number; the message names its line.
        """
        count = int(self.counts[chosen].sum()) - (int(chosen.sum()) if keyword else 0)
        if not count:
            return np.zeros(0)
        left_out = np.ones(len(self._ends) - 1, dtype=bool)
        left_out[self._rows[chosen]] = False
        text = self._bytes[1 : self._ends[-1] + 1].copy()
        text[np.repeat(left_out, np.diff(self._ends))] = _BLANK
        for place in range(keyword):
            text[self._begins[chosen] - 1 + place] = _BLANK
        data = text.tobytes()
        if slashes and b"/" in data:
            data = re.sub(rb"/[^\0- ]*", b"", data)
        try:
            values = np.fromstring(data, sep=" ", dtype=np.float64)
        except ValueError:
            values = np.zeros(0)
        if len(values) != count:
            raise self._malformed(chosen, keyword)
        return values

    def _malformed(self, chosen: np.ndarray, keyword: int) -> InputError:
        """Return the error that names the first word which is no number."""
        for row in np.flatnonzero(chosen).tolist():
            end = self._ends[self._rows[row] + 1]
            for word in self._bytes[self._begins[row] + keyword : end].tobytes().split():
                number = word.partition(b"/")[0] or word
                try:
                    np.fromstring(number, sep=" ")
                except ValueError:
                    seen = word[:20].decode("ascii", "replace")
                    return InputError(f"line {self.lines[row]}: {seen!r} is no number")
        return InputError("it has words that are no numbers")


def whole(values: np.ndarray, name: str) -> np.ndarray:
    """Return numbers as int64; an error calls them by ``name``.

    Raises:
        InputError: one is no whole number; the message calls it by ``name``.
    """
    wrong = values[~(np.abs(values) < 2**53) | (values != np.floor(values))]
    if len(wrong):
        raise InputError(f"{name} {wrong[0]:g} is no whole number")
    return values.astype(np.int64)
