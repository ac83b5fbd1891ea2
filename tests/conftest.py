"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of conformance fixtures and real inputs beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs the fixtures in ../shared, which is not here")
    return SHARED
