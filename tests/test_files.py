"""Files are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from im2mesh.files import atomic


def test_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "a.txt"
    with atomic(path) as beside:
        assert beside.suffix == ".txt" and not path.exists()
        beside.write_text("new")
    assert path.read_text() == "new"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), atomic(path) as beside:
        beside.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
