"""The common parts of all commands: arguments, exit codes, errors as one line."""

from __future__ import annotations

import importlib
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from im2mesh import cli
from im2mesh.errors import InputError
from tests.conftest import REPOSITORY

COMMANDS = sorted(
    {path.stem for path in REPOSITORY.glob("*.py")} - {"setup"}
    | {
        f"im2mesh.commands.{path.stem}"
        for path in REPOSITORY.glob("im2mesh/commands/*.py")
        if "__main__" in path.read_text(encoding="utf-8")
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_the_exit_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        importlib.import_module(command).main(["--help"])
    assert done.value.code == 0
    _, _, table = capsys.readouterr().out.partition("exit codes:\n")
    codes = {int(code) for code in re.findall(r"^  (\d+) +\S", table, re.MULTILINE)}
    assert codes >= {cli.DONE, cli.BAD_INPUT, cli.BUG, cli.INTERRUPTED}
    if command == "train":
        assert codes == {0, 1, 2, 3, 70, 130}


@pytest.mark.parametrize("command", ["build_dataset", "eval_meshes", "reproduce"])
@pytest.mark.parametrize("workers", ["0", "-1", "two"])
def test_workers(command: str, workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        importlib.import_module(command).main(["--workers", workers, "x"])
    assert done.value.code == cli.BAD_INPUT
    assert "argument --workers: " in capsys.readouterr().err


# --- running ------------------------------------------------------------------------------------


def stop_by(number: int) -> Callable[..., int]:
    return lambda _: os.kill(os.getpid(), number) or signal.pause()


def fail(error: BaseException) -> Callable[..., int]:
    def main(_: object) -> int:
        raise error

    return main


INTERRUPTED = "error: interrupted; what is finished is kept"
FULL = "error: a: No space left; make room and run the same command again"
MEMORY = "error: memory ran out: .*lower generation.batch_size"


@pytest.mark.parametrize(
    ("main", "code", "line"),
    [
        (lambda _: 1, 1, ""),
        (fail(InputError("a.yaml: is empty")), cli.BAD_INPUT, "error: a.yaml: is empty"),
        (fail(OSError(28, "No space left", "a")), cli.BAD_INPUT, FULL),
        (fail(KeyboardInterrupt()), cli.INTERRUPTED, INTERRUPTED),
        (stop_by(signal.SIGTERM), cli.INTERRUPTED, INTERRUPTED),
        (stop_by(signal.SIGHUP), cli.INTERRUPTED, INTERRUPTED),
        (fail(torch.OutOfMemoryError("CUDA out of memory.\nMore.")), cli.BAD_INPUT, MEMORY),
        (fail(RuntimeError("worker is killed by signal: Killed.")), cli.BAD_INPUT, MEMORY),
        (lambda _: torch.empty(1 << 60), cli.BAD_INPUT, MEMORY),
        (lambda _: np.empty(1 << 58), cli.BAD_INPUT, MEMORY),
        # Not mistaken for inputs that could not be used: Python's own exit code would be 1.
        (fail(KeyError("ours")), cli.BUG, "Traceback"),
    ],
)
def test_run_script(
    main: Callable[..., int], code: int, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        cli.run_script(main)
    assert done.value.code == code
    shown = capfd.readouterr().err
    assert re.match(line, shown)
    assert code == cli.BUG or len(shown.splitlines()) == bool(line)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX's")
def test_a_bar_in_a_terminal_without_a_size() -> None:
    ours, theirs = os.openpty()
    body = "from im2mesh.progress import progress_bar as bar\nbar(range(3), desc='cup').close()"
    subprocess.run([sys.executable, "-c", body], stdout=theirs, stderr=theirs, check=True)
    os.close(theirs)
    assert b"cup:   0%" in os.read(ours, 1000)
    os.close(ours)


def test_a_reader_that_has_seen_enough() -> None:
    """As ``| head -1`` does: quiet, though the printing is cut short."""
    body = "import sys; sys.argv = ['x']\nfrom im2mesh.cli import run_script\n"
    body += "run_script(lambda argv: [print('line ' * 99) for _ in range(9999)] and 0)"
    script = subprocess.Popen(
        [sys.executable, "-c", body], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert script.stdout is not None and script.stderr is not None
    script.stdout.readline()
    script.stdout.close()
    assert (script.stderr.read(), script.wait()) == (b"", 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.yaml", "--input", ""], "the argument after '--input' is empty"),
        (["a.yaml", "--input", "maps", "", "--no-cuda"], "the argument after 'maps' is empty"),
        (["a.yaml", "--out="], "--out: is empty"),
        ([""], "the argument after 'generate.py' is empty"),
    ],
)
def test_empty_arguments(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """As paths they would be the working directory; they are refused before the script begins."""
    monkeypatch.setattr(sys, "argv", ["generate.py", *arguments])
    with pytest.raises(SystemExit) as done:
        cli.run_script(lambda _: pytest.fail("not refused"))
    assert done.value.code == cli.BAD_INPUT
    assert capfd.readouterr().err.splitlines() == [
        f"error: {message}; give a value or leave it out"
    ]


def test_surroundings(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setattr(sys, "argv", ["vis.py"])
    with pytest.raises(SystemExit) as done:
        cli.run_script(lambda _: os.environ.get("MPLBACKEND", 0))
    assert done.value.code == 0
    monkeypatch.setattr(sys, "argv", ["vis.py", os.fsdecode(b"st\xfchle.ply")])
    with pytest.raises(SystemExit) as done:
        cli.run_script(lambda _: pytest.fail("not refused"))
    assert done.value.code == cli.BAD_INPUT
    assert "is not UTF-8; rename that file or folder" in capfd.readouterr().err


def test_arguments_that_only_look_empty() -> None:
    cli.refuse_empty(["x.py", "a=", "--out", "a=", "--splits=train=", "-", "--", " "])


def test_an_output_that_cannot_show_every_character(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))

    def main(_: Any) -> int:
        print("mean ×100", flush=True)
        return 0

    with pytest.raises(SystemExit):
        cli.run_script(main)
    assert written.getvalue() == b"mean ?100\n"


@pytest.mark.parametrize(
    ("name", "no_cuda", "message"),
    [
        ("quantum", False, "--device quantum: not available here"),
        ("quantum", True, "--device quantum: not available here"),
        ("meta", False, "--device meta: not available here"),
        ("cuda", True, "contradict each other"),
    ],
)
def test_devices_that_are_not_there(name: str, no_cuda: bool, message: str) -> None:
    with pytest.raises(InputError, match=message):
        cli.pick_device(name, no_cuda)
    assert (
        cli.pick_device(None, no_cuda=True)
        == cli.pick_device("cpu", no_cuda)
        == torch.device("cpu")
    )
