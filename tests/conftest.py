"""Fixtures that all tests share."""

from __future__ import annotations

import logging
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from im2mesh.generation import sensor
from tests.fixtures import BallLevels

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would the scripts that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # the same of nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

if "PYTEST_XDIST_WORKER" in os.environ:
    # One thread a process: threads of several processes that wait for one another on the same
    # cores take many times as long.
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """Undo what scripts do to the package's log, which caplog reads through the root logger."""
    _reset_log()  # a fixture of a module may have run a script
    yield
    _reset_log()


def _reset_log() -> None:
    logger = logging.getLogger("im2mesh")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of conformance fixtures and real inputs beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs the fixtures in ../shared, which is not here")
    return SHARED


@pytest.fixture
def ball_levels(monkeypatch: pytest.MonkeyPatch) -> BallLevels:
    """Quick networks for a sensor's objects."""
    levels = BallLevels()
    monkeypatch.setattr(sensor, "_adapted", lambda *_, **__: levels)
    return levels


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
SOFTWARE_GL = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium; tests are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=SOFTWARE_GL)
        yield started
        started.close()
