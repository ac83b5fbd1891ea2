"""The pools of processes."""

from __future__ import annotations

import multiprocessing
import os
import time

import pytest

from im2mesh.errors import InputError
from im2mesh.parallel import WorkerDied, in_order, run_tasks


def half(number: int) -> int:
    if number % 2:
        raise InputError(f"{number} is odd")
    if number > 100:
        os._exit(9)  # as the system does when memory runs out
    return number // 2


def wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_as_they_are_finished(workers: int) -> None:
    numbers = [8, 2, 4]
    assert sorted(run_tasks(half, numbers, workers)) == [(2, 1), (4, 2), (8, 4)]
    with pytest.raises(InputError, match="3 is odd"):
        list(run_tasks(half, [3, 4], workers))
    assert not multiprocessing.active_children()


def test_a_task_that_kills_its_process_is_named_and_the_others_go_on() -> None:
    results = dict(run_tasks(half, [2, 102, 4], 2))
    assert results[2] == 1 and results[4] == 2
    assert isinstance(results[102], WorkerDied) and "died twice" in str(results[102])


def test_who_leaves_does_not_wait_for_tasks_that_hang() -> None:
    results = run_tasks(wait, [0, 3600, 3600], 2)
    assert next(results) == (0, 0)
    results.close()
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", [0, 2])
def test_values_and_errors_come_in_order(workers: int) -> None:
    values = in_order(lambda number: half(number), [8, 2, 4, 3, 6], workers)
    assert [next(values) for _ in range(3)] == [4, 1, 2]
    with pytest.raises(InputError, match="3 is odd"):
        next(values)
    assert not multiprocessing.active_children()


def test_a_worker_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    # How long torch waits for a worker to end by itself, in seconds.
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.5)
    values = in_order(lambda number: wait(3600 * number), range(8), 1)
    assert next(values) == 0
    values.close()  # type: ignore[attr-defined]
    for process in multiprocessing.active_children():
        process.join(10)
    assert not multiprocessing.active_children()
