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
    """Return a file's text without byte order mark and comments, each line ended by LF.

    Args:
        data: of the file.
        comments: whether ``#`` starts a comment that goes on to the end of the line.

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
    """The words of a text by line. Blank lines are left out.

    Attributes:
        counts: (L,) number of words in each line.
        lines: (L,) number of each line in the text, from 1.
    """

    def __init__(self, text: bytes, first_line: int = 1) -> None:
        """Find the words.

        Args:
            text: see :func:`plain`.
            first_line: number of its first line in the file, for messages.
        """
        self._bytes = np.frombuffer(b"\n" + text + b"\n" * 9, np.uint8)
        blank = self._bytes <= _BLANK
        begins = np.flatnonzero(blank[:-1] & ~blank[1:]) + 1
        ends = np.flatnonzero(self._bytes == _NEWLINE)
        self._lengths = np.diff(ends)  # in bytes, of each line and its newline
        first = np.searchsorted(begins, ends)
        words = np.diff(first)
        self._full = words > 0
        self.counts = words[self._full]
        self.lines = np.flatnonzero(self._full) + first_line
        self._begins = begins[first[:-1][self._full]]

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
        """Return the numbers of some lines, one behind the other, as float64.

        Args:
            chosen: (L,) bool, the lines.
            keyword: length of the keyword that each of them starts with, in bytes.
            slashes: whether to leave out what stands behind a slash in a word.

        Raises:
            InputError: a word is no number; the message names its line.
        """
        count = int(self.counts[chosen].sum()) - (int(chosen.sum()) if keyword else 0)
        if not count:
            return np.zeros(0)
        whole = np.zeros(len(self._full), dtype=bool)
        whole[self._full] = chosen
        text = self._bytes[1 : 1 + self._lengths.sum()].copy()
        text[~np.repeat(whole, self._lengths)] = _BLANK
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
            raise self._malformed(data, np.flatnonzero(whole))
        return values

    def _malformed(self, data: bytes, rows: np.ndarray) -> InputError:
        """Return the error that names the first word which is no number."""
        ends = np.cumsum(self._lengths)
        lines = self.lines[0] - np.flatnonzero(self._full)[0] + rows
        # Slashes change the length of the text but not its lines.
        texts = data.split(b"\n") if len(data) != ends[-1] else None
        for row, line in zip(rows.tolist(), lines.tolist(), strict=True):
            text = texts[row] if texts else data[ends[row] - self._lengths[row] : ends[row]]
            for word in text.split():
                try:
                    np.fromstring(word, sep=" ")
                except ValueError:
                    return InputError(
                        f"line {line}: {word[:20].decode('ascii', 'replace')!r} is no number"
                    )
        return InputError("some of its words are no numbers")


def whole(values: np.ndarray, name: str) -> np.ndarray:
    """Return numbers as int64.

    Raises:
        InputError: one is no whole number; the message calls it by ``name``.
    """
    wrong = values[~(np.abs(values) < 2**53) | (values != np.floor(values))]
    if len(wrong):
        raise InputError(f"{name} {wrong[0]:g} is no whole number")
    return values.astype(np.int64)


def split_lists(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Cut a row of numbers into lists, each led by its length.

    Returns:
        (count,) lengths, the numbers of all lists, and how many numbers were used.

    Raises:
        InputError: the numbers end before the last list, or a length is no whole number ≥ 0.
    """
    if not count:
        return np.zeros(0, np.int64), values[:0], 0
    first = values[0] if len(values) else -1
    size = int(first) + 1 if 0 <= first < len(values) else 0
    if size and len(values) >= count * size:  # most files: all lists are as long as the first
        table = values[: count * size].reshape(count, size)
        if (table[:, 0] == size - 1).all():
            return np.full(count, size - 1), table[:, 1:].reshape(-1), count * size
    lengths, at, numbers = np.empty(count, np.int64), 0, values.tolist()
    is_length = np.zeros(len(values), dtype=bool)
    for index in range(count):
        length = numbers[at] if at < len(numbers) else -1
        if length < 0 or length != int(length) or at + 1 + length > len(numbers):
            raise InputError(
                f"it ends before its list {index + 1} of {count}, or the lists are damaged"
            )
        is_length[at], lengths[index] = True, length
        at += 1 + int(length)
    return lengths, values[:at][~is_length[:at]], at
