"""The progress bar of all loops."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress_bar(items: Iterable[Any] | None = None, hidden: bool = False, **options: Any) -> Any:
    """Return a :class:`tqdm.tqdm` bar; hidden, too, where stderr is no terminal."""
    # tqdm draws nothing in a terminal that reports no size, as some containers' do.
    columns, rows = shutil.get_terminal_size()
    return tqdm(items, disable=True if hidden else None, ncols=columns, nrows=rows, **options)
