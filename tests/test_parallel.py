"""The pools of processes."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import torch

from im2mesh import parallel
from im2mesh.cli import BAD_INPUT, run_script
from im2mesh.errors import InputError
from im2mesh.parallel import WorkerDied, in_order, run_tasks

log = logging.getLogger("im2mesh.said")


def half(number: int) -> int:
    if number % 2:
        raise InputError(f"{number} is odd")
    if number > 100:
        os._exit(9)  # as the system does when memory runs out
    return number // 2


def wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def say(number: int) -> int:
    log.warning("%d is even", number)
    log.debug("too quiet")
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_the_log_of_other_processes_is_that_of_this_one(
    workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "im2mesh"):
        assert len(list(run_tasks(say, [2, 4], workers))) == 2
    lines = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
    assert sorted(lines) == [("im2mesh.said", "WARNING", f"{n} is even") for n in (2, 4)]


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


@pytest.fixture
def long_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files whose name leaves no room for a socket's."""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    monkeypatch.setitem(config, "tempdir", str(folder))
    yield folder


def test_tensors_come_where_they_cannot_share_memory(long_folder: Path) -> None:
    tensors = in_order(lambda number: {"a": torch.full((1000,), number)}, range(8), 2)
    assert [int(values["a"].sum()) for values in tensors] == [1000 * k for k in range(8)]
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_loader_that_dies_ends_the_run_with_one_line(
    number: signal.Signals, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def main(_: object) -> int:
        for value in in_order(lambda number: half(2 * (number % 50)), count(), 2):
            if value == 3:
                child = multiprocessing.active_children()[0]
                assert child.pid is not None
                os.kill(child.pid, number)
        raise AssertionError

    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit) as ended:
        run_script(main)
    error = capsys.readouterr().err
    assert ended.value.code == BAD_INPUT
    assert error.count("\n") == 1 and ("lower training.num_workers" in error or "memory" in error)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_signals_that_end_a_run(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    def main(_: object) -> int:
        for value in in_order(lambda number: half(2 * (number % 50)), count(), 2):
            if value == 3:
                for child in multiprocessing.active_children():
                    assert child.pid is not None
                    os.kill(child.pid, number)  # as a signal to the process group
                signal.raise_signal(number)
        raise AssertionError

    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit) as ended:
        run_script(main)
    assert ended.value.code == 130
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "::::",
        "tcp://",
        "tcp://host:port",
        "tcp://[::1",
        "host:80 80",
        "host:123456",
        "a/b.json",
    ],
)
def test_malformed_addresses_of_a_cluster(address: str) -> None:
    with pytest.raises(InputError) as raised:
        list(run_tasks(abs, [1], cluster=address))
    assert str(raised.value) == (f"--cluster {address}: no address; write it as tcp://host:8786")


@pytest.mark.parametrize("address", ["127.0.0.1:9", "tcp://127.0.0.1:9", "tls://127.0.0.1:9"])
def test_addresses_where_no_cluster_is(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "CLUSTER_TIMEOUT", 1)
    with pytest.raises(InputError, match="no Dask scheduler answers there"):
        list(run_tasks(abs, [1], cluster=address))
