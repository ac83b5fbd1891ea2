"""Files are whole or not there."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from im2mesh.data.depth import has_depth_key, load_depth, load_known
from im2mesh.data.storage import read_pointcloud, read_points
from im2mesh.errors import DataError, DepthError, InputError
from im2mesh.files import atomic, check_writable, locked_file, open_npz
from im2mesh.preparation.packing import pack_class
from im2mesh.visualize.scene import load_layer
from tests.fixtures import NPZ_DAMAGES, damaged_npz


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


def test_errors_name_the_file_and_not_the_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(IsADirectoryError) as raised, atomic(tmp_path / "a.txt") as beside:
        beside.write_text("new")
    assert raised.value.filename == str(tmp_path / "a.txt")
    with pytest.raises(OSError) as full, atomic(tmp_path / "b.txt"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert full.value.errno == errno.ENOSPC and full.value.filename == str(tmp_path / "b.txt")
    with pytest.raises(FileNotFoundError) as other, atomic(tmp_path / "b.txt"):
        (tmp_path / "none").read_text()
    assert str(other.value.filename) == str(tmp_path / "none")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_a_path_without_a_name(path: str) -> None:
    with pytest.raises(InputError, match="names no file"), atomic(path):
        pytest.fail("nothing to write to")


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 125 + "b.npz")
    with atomic(path) as beside:
        beside.write_text("new")
    assert path.read_text() == "new"


def test_a_lock_on_one_file_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250)
    for _ in range(2):
        with locked_file(path, "wait"):
            with locked_file(tmp_path / "other", "wait"):
                pass
            refused = pytest.raises(InputError, match="x: another process writes there; wait")
            with refused, locked_file(path, "wait"):
                pass
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(InputError, match=r"a: cannot be written to \(it is a file\); do this"):
        check_writable(tmp_path / "a", "do this")


@pytest.mark.parametrize("damage", NPZ_DAMAGES)
def test_damaged_npz(tmp_path: Path, damage: str) -> None:
    """Every reader says so in one line, with its own type of error."""
    depth = damaged_npz(tmp_path / "depth.npz", damage)
    mask = damaged_npz(tmp_path / "mask.npz", damage, "mask")
    points = damaged_npz(tmp_path / "m/points.npz", damage, "points")
    np.savez(tmp_path / "m/000.npz", depth=np.pad(np.ones((254, 254)), 1, constant_values=-1))

    def read_all() -> None:
        with open_npz(depth) as arrays:
            arrays["arr_0"]

    for read, error, path in (
        (read_all, InputError, depth),
        (lambda: load_depth(depth), DepthError, depth),
        (lambda: load_known(mask), DepthError, mask),
        (lambda: read_points(points), DataError, points),
        (lambda: read_pointcloud(points), DataError, points),
        (lambda: load_layer(depth), InputError, depth),
        (lambda: load_layer(points), InputError, points),
        (lambda: pack_class(tmp_path, ["m"]), DataError, points),
    ):
        with pytest.raises(error) as raised:
            read()
        assert str(raised.value).startswith(f"{path}: not a readable .npz file (")
        assert "\n" not in str(raised.value)
    assert has_depth_key(depth)


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n", b"text", pickle.dumps([1]), b"\0" * 9, b"PK"]
)
def test_what_is_no_npz(tmp_path: Path, content: bytes) -> None:
    """numpy takes it for a pickle, and says how to read one."""
    path = tmp_path / "depth.npz"
    path.write_bytes(content)
    with pytest.raises(DepthError) as raised:
        load_depth(path)
    assert str(raised.value).startswith(f"{path}: is no .npz file but ")
    assert "pickle" not in str(raised.value)
