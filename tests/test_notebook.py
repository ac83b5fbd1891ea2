"""The notebook of the documentation: its cells run from top to bottom."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from im2mesh.generation import sensor
from im2mesh.generation.pipeline import Reconstructor
from tests.conftest import REPOSITORY

NOTEBOOK = REPOSITORY / "docs/quickstart.ipynb"


def test_the_quickstart_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In plain Python: Jupyter is no dependency, and its viewer is a page of HTML."""
    monkeypatch.chdir(NOTEBOOK.parent)
    shown: list[str] = []
    jupyter = ModuleType("IPython")
    jupyter.display = SimpleNamespace(HTML=shown.append)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", jupyter)
    levels = Reconstructor.bundled("cpu", resolution=64, symmetry="none")  # quicker than usual
    monkeypatch.setattr(sensor, "_bundled", lambda _: levels)
    names: dict[str, Any] = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(cell["source"], names)
    assert names["mesh"].is_watertight
    assert names["scores"]["fscore@2%"] > 0.6
    assert "iframe" in shown[0]
