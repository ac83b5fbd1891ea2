"""Damaged inputs are read rightly or refused with a line; killed runs go on as if never killed.

``python -m tests.fuzz.campaign`` does the same and prints the counts.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import inputs, kills
from tests.fuzz.campaign import INPUTS, KILLS, damage, stop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of whole inputs, to be copied."""
    root = tmp_path_factory.mktemp("whole")
    for folder, prepare in (("inputs", inputs.prepare), ("kills", kills.prepare)):
        (root / folder).mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(root / folder)
            prepare()
    return root


@pytest.mark.parametrize("name", inputs.kinds())
def test_damaged_inputs(whole: Path, name: str) -> None:
    counts = damage(name, whole / "inputs", INPUTS, seed=0)
    assert counts.inputs == INPUTS and not counts.faults


@pytest.mark.parametrize("name", kills.JOBS)
def test_killed_runs(whole: Path, name: str) -> None:
    counts = stop(name, whole / "kills", KILLS, seed=0)
    assert counts.kills >= KILLS and not counts.faults
