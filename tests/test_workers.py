"""Worker processes of training."""

from __future__ import annotations

import multiprocessing
import time

import pytest

from im2mesh.data.workers import in_order
from im2mesh.errors import InputError


@pytest.mark.parametrize("workers", [0, 2])
def test_values_and_errors_come_in_order(workers: int) -> None:
    def half(number: int) -> int:
        if number % 2:
            raise InputError(f"{number} is odd")
        return number // 2

    values = in_order(half, [8, 2, 4, 3, 6], workers)
    assert [next(values) for _ in range(3)] == [4, 1, 2]
    with pytest.raises(InputError, match="3 is odd"):
        next(values)
    assert not multiprocessing.active_children()


def test_a_worker_that_hangs_is_killed() -> None:
    def stuck(number: int) -> int:
        if number:
            time.sleep(3600)
        return number

    values = in_order(stuck, range(8), 1)
    assert next(values) == 0
    values.close()  # type: ignore[attr-defined]
    for process in multiprocessing.active_children():
        process.join(10)
    assert not multiprocessing.active_children()
