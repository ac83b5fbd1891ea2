"""Processors and threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from im2mesh import processors
from im2mesh.errors import InputError
from im2mesh.processors import (
    add_in_turn,
    begun,
    cpus,
    in_chunks,
    in_threads,
    threads,
    undivided,
)


@pytest.fixture(params=[1, 2, 5])
def count(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A number of threads, set as a user would."""
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", str(request.param))
    torch.set_num_threads(request.param)
    yield request.param
    assert torch.get_num_threads() == request.param
    torch.set_num_threads(before)


def test_results_are_in_order_and_operations_undivided(count: int) -> None:
    assert threads() == count
    meet = threading.Barrier(count)

    def square(number: int) -> tuple[int, int, bool]:
        if number < count:
            meet.wait(30)  # ends only if there are so many threads
        return number**2, torch.get_num_threads(), torch.is_inference_mode_enabled()

    with torch.inference_mode():
        assert in_threads(square, range(20)) == [(k * k, 1, True) for k in range(20)]
    assert in_threads(square, []) == []


def test_the_first_error_in_order_ends_it(count: int) -> None:
    seen = []

    def check(number: int) -> int:
        seen.append(number)
        if number in (3, 4):
            raise InputError(f"{number} is bad")
        if number > 4:
            time.sleep(0.01)
        return number

    with pytest.raises(InputError, match="3 is bad"):
        in_threads(check, range(1000))
    assert len(seen) < 1000


def test_threads_within_threads_are_one(count: int) -> None:
    outer = in_threads(lambda _: threads() if count > 1 else 1, range(3))
    assert outer == [1] * 3
    with undivided(), undivided():
        assert torch.get_num_threads() == 1 and threads() == count


def test_results_are_added_in_order_and_few_are_kept(count: int) -> None:
    kept: list[int] = []
    added: list[int] = []
    most = 0
    lock, first = threading.Lock(), threading.Event()

    def compute(number: int) -> int:
        nonlocal most
        with lock:
            kept.append(number)
            most = max(most, len(kept))
        if len(kept) > count:
            first.set()
        if number == 0:  # the others go on without it, but not far
            first.wait(30 if count > 1 else 0)
            time.sleep(0.05)
        return number

    def add(number: int) -> None:
        added.append(number)
        with lock:
            kept.remove(number)

    add_in_turn(compute, range(30), add)
    assert added == list(range(30))
    assert most == (count + 1 if count > 1 else 1)


def test_a_computation_is_begun_where_there_is_a_thread_for_it(count: int) -> None:
    here = threading.get_ident()
    going = threading.Event()

    def compute() -> tuple[bool, int, bool]:
        going.set()
        elsewhere = threading.get_ident() != here
        return elsewhere, torch.get_num_threads(), torch.is_inference_mode_enabled()

    with undivided(), torch.inference_mode():
        wait = begun(compute)
        assert going.wait(30 if count > 1 else 0) == (count > 1)
        assert wait() == (count > 1, 1, True)


def test_errors_of_a_begun_computation_are_raised_where_it_is_waited_for(count: int) -> None:
    def fail() -> None:
        raise InputError("bad")

    wait = begun(fail)
    with pytest.raises(InputError, match="bad"):
        wait()


def test_chunks_join_to_the_whole(count: int) -> None:
    rows = torch.rand(23, 3)
    assert torch.equal(torch.cat(in_chunks(torch.exp, rows, 5)), rows.exp())
    assert [len(chunk) for chunk in in_chunks(lambda chunk: chunk, rows[:0], 5)] == [0]


def test_no_more_threads_than_processors_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "cpus", lambda: 2)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert threads() == 7


V1 = "cpu.cfs_quota_us", "cpu.cfs_period_us"


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("", {}, None),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
        ("0::/a/b\n", {"a/cpu.max": "100000 100000", "a/b/cpu.max": "300000 100000"}, 1),
        ("0::/outside/name\n", {"cpu.max": "50000 100000"}, 1),
        ("0::/\n", {"cpu.max": "damaged"}, None),
        ("4:cpu,cpuacct:/x\n1:name=systemd:/x\n", {"cpu,cpuacct/" + V1[0]: "-1"}, None),
        (
            "4:cpu,cpuacct:/x\n0::/x\n",
            {f"cpu,cpuacct/x/{V1[0]}": "400000", f"cpu,cpuacct/x/{V1[1]}": "100000"},
            4,
        ),
        ("3:cpu:/x\n", {f"cpu/{V1[0]}": "20000", f"cpu/{V1[1]}": "100000"}, 1),
    ],
)
def test_quotas_of_control_groups_bound_the_processors(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: str,
    files: dict[str, str],
    expected: int | None,
) -> None:
    for name, text in {
        "proc/self/cgroup": own,
        **{f"sys/fs/cgroup/{k}": v for k, v in files.items()},
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    quota = processors._quota(tmp_path)
    monkeypatch.setattr(processors, "_quota", lambda: quota)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert cpus() == (expected or 64)
