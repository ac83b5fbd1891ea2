"""The depth maps of a split or a path, and their names."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from im2mesh.config import Config, from_dict
from im2mesh.data.sources import sources_of_paths, sources_of_split
from im2mesh.data.storage import open_h5, samples_of_split
from im2mesh.errors import ConfigError, DataError, DepthError, InputError
from tests.conftest import REPOSITORY

SOFA = REPOSITORY / "data/demo/sofa_demo-00/000.npz"


def closed_to_us(patch: pytest.MonkeyPatch, folder: str) -> None:
    """Make a folder one that we may not read, whoever we are."""
    closed = os.path.abspath(folder)

    def guarded(real, end=""):
        def call(path, *more, **others):
            if f"{os.path.abspath(path)}{end}".startswith(f"{closed}/"):
                raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
            return real(path, *more, **others)

        return call

    patch.setattr(os, "stat", guarded(os.stat))
    patch.setattr(os, "scandir", guarded(os.scandir, "/"))
    patch.setattr(os, "listdir", guarded(os.listdir, "/"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOFA, path)


def names(*paths: str) -> list[str]:
    return [f"{source.class_name}/{source.model}" for source in sources_of_paths(paths)]


def config(**data: object) -> Config:
    data = {"path": "data", "input_type": "depth", "img_size": 256, "img_folder": "", **data}
    return from_dict({"data": data}, Path("some.yaml"))


def test_a_folder_of_one_map_gives_it_its_name(here: Path) -> None:
    put("data/chairs/a-00/000.npz", "data/chairs/b-00/depth.npz")
    np.savez("data/chairs/a-00/points.npz", points=np.zeros((1, 3)))
    assert names("data") == ["chairs/a-00", "chairs/b-00"]
    assert names("data/chairs/a-00") == ["chairs/a-00"]
    assert names("data/chairs/a-00/000.npz") == ["chairs/a-00"]


def test_maps_that_share_a_folder_keep_their_own_names(here: Path) -> None:
    put("scans/one.npz", "scans/two.npz", "scans/.half.part.npz")
    np.savez("scans/other.npz", something=np.zeros(3))
    assert names("scans") == ["scans/one", "scans/two"]
    assert names("scans/one.npz") == ["scans/one"]
    np.testing.assert_array_equal(
        sources_of_paths(["scans"])[0].load(), sources_of_paths([SOFA])[0].load()
    )


def test_a_map_keeps_its_name_when_others_come(here: Path) -> None:
    put("my_maps/cup.npz")
    assert names("my_maps") == ["my_maps/cup"]
    put("my_maps/bowl.npz", "my_maps/mug/000.npz")
    assert names("my_maps") == ["my_maps/bowl", "my_maps/cup", "my_maps/mug"]


def test_paths_that_hold_nothing(here: Path) -> None:
    Path("empty/deep").mkdir(parents=True)
    with pytest.raises(InputError, match="empty: holds no depth map"):
        sources_of_paths(["empty"])
    with pytest.raises(InputError, match="missing: no such file or folder"):
        sources_of_paths(["missing"])


def test_linked_and_hidden_folders(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    put("store/m1/000.npz", "store/m2/000.npz", "scans/cup.npz")
    put("scans/.ipynb_checkpoints/cup-checkpoint.npz", "scans/bowls/.cache/x.npz")
    links = {
        "scans/chairs": "../store",  # and below it another way back
        "scans/own": "m3",
        "scans/loop": ".",
        "scans/up": "..",
        "store/back": "../scans",
        "scans/self": "self",
    }
    for link, target in links.items():
        Path(link).symlink_to(target)
    caplog.set_level("INFO")
    assert names("scans") == ["chairs/m1", "chairs/m2", "scans/cup"]
    assert set(caplog.messages) == {"scans: hidden folders are left out: 2"}
    Path("scans/.hidden").symlink_to("../store")
    assert names("scans/.hidden") == [".hidden/back", ".hidden/m1", ".hidden/m2"]


def test_links_into_a_content_store(here: Path) -> None:
    """DVC, git-annex and Hugging Face keep files under names without extension."""
    put("a/one.npz", "b/m1/000.npz")
    Path("blobs").mkdir()
    old = time.time() - 1000
    for name, path in (("12", "a/one.npz"), ("34", "b/m1/000.npz")):
        os.replace(path, f"blobs/{name}")
        os.utime(f"blobs/{name}", (old, old))
        Path(path).symlink_to(here / "blobs" / name)
    assert names("a", "b") == ["a/one", "b/m1"]
    assert names("a/one.npz", "b/m1/000.npz") == ["a/one", "b/m1"]
    for source in sources_of_paths(["a", "b"]):
        assert source.load().shape == (256, 256)
        assert source.changed() > old + 500, "pointed to another file just now"
    Path("blobs/12").unlink()
    (lost,) = sources_of_paths(["a"])
    with pytest.raises(DepthError, match=r"a/one.npz: is a link to .*/blobs/12, which is not"):
        lost.load()
    Path("blobs/12").write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(DepthError, match=r"a/one.npz: is no .npz file but a Git LFS pointer"):
        lost.load()


def test_no_map_is_written_over_another(here: Path) -> None:
    put("a/scans/one.npz", "b/scans/one.npz")
    with pytest.raises(InputError, match=r"b/scans/one\.npz: would be written over a/scans/one"):
        sources_of_paths(["a/scans/one.npz", "b/scans/one.npz"])


def test_splits(here: Path) -> None:
    put("data/chairs/a-00/000.npz", "data/chairs/b-00/000.npz", "data/sofas/c-00/im/000.npz")
    Path("data/chairs/test.lst").write_text("b-00\n\n a-00 \n")
    sources = sources_of_split(config(classes=["chairs"]), "test")
    assert [source.model for source in sources] == ["b-00", "a-00"]
    assert sources[0].load().shape == (256, 256) and sources[0].folder == Path("data/chairs/b-00")
    every = sources_of_split(config(img_folder="im"), None)
    assert [source.class_name for source in every] == ["chairs", "chairs", "sofas"]
    assert every[2].load().max() > 0
    hint = "data/chairs/a-00/im: no such model folder; data.img_folder: '' reads data/chairs/a-00/"
    with pytest.raises(DepthError, match=hint):
        every[0].load()


def test_a_model_that_cannot_be_read_is_one_bad_map(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("data/chairs/a-00/000.npz", "data/chairs/b-00/000.npz")
    Path("data/chairs/test.lst").write_text("a-00\nb-00\n")
    first, second = sources_of_split(config(classes=["chairs"]), "test")
    closed_to_us(monkeypatch, "data/chairs/a-00")
    for read in (first.load, first.known, first.changed):
        with pytest.raises(DepthError, match=r"a-00: cannot be read \(Permission denied\)"):
            read()
    assert second.load().shape == (256, 256) and second.known() is None


def test_folders_that_cannot_be_read_are_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put("data/a-00/000.npz", "data/b-00/000.npz")
    closed_to_us(monkeypatch, "data/a-00")
    assert names("data") == ["data/b-00"]
    assert "data/a-00: passed over: it cannot be read (Permission denied)" in caplog.text


def test_lists_in_other_encodings(here: Path) -> None:
    Path("data/chairs").mkdir(parents=True)
    path = Path("data/chairs/test.lst")
    path.write_bytes(b"\xef\xbb\xbfa-00\r\nst\xc3\xbchle-00\r\n")
    found = sources_of_split(config(), "test")
    assert [source.model for source in found] == ["a-00", "stühle-00"]
    for body in (
        "stühle-00".encode("latin-1"),
        "a-00".encode("utf-16"),
        "a-00".encode("utf-16-le"),
    ):
        path.write_bytes(body)
        with pytest.raises(ConfigError, match=r"test\.lst: is not a text file in UTF-8") as raised:
            sources_of_split(config(), "test")
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("data", "text", "message"),
    [
        ({"path": "nowhere"}, "a", r"nowhere: no such folder \(data.path of some.yaml\)"),
        ({"classes": ["tables"]}, "a", r"data/tables: no such folder \(data.classes of"),
        ({"test_split": "val"}, "a", r"data/chairs/val\.lst: no such split list"),
        ({}, "a\nb b.h5\n", r"data/chairs/test\.lst:2: expected '<model>', found 'b b\.h5'"),
        ({}, "\n", "the split test of data names no model"),
        ({}, "a\n../x\n", r"data/chairs/test\.lst:2: '\.\./x' is no model's name"),
        ({}, "/a", r"test\.lst:1: '/a' is no model's name"),
        ({}, "/", r"test\.lst:1: '/' is no model's name"),
        ({"dataset": "Shapes3DH5"}, ". a.h5", r"test\.lst:1: '\.' is no model's name"),
        ({}, "a\nb\na/\n", r"data/chairs/test\.lst:3: names a twice; remove one"),
        ({"dataset": "Shapes3DH5"}, "a", r"test\.lst:1: expected '<model> <file\.h5>', found 'a'"),
        ({"dataset": "Shapes3DH5", "test_split": None}, "a", "HDF5 data needs a split list"),
    ],
)
def test_bad_splits(here: Path, data: dict, text: str, message: str) -> None:
    Path("data/chairs").mkdir(parents=True)
    Path("data/chairs/test.lst").write_text(text)
    bad = config(**data)
    with pytest.raises(ConfigError, match=message):
        sources_of_split(bad, bad.data.test_split)


def test_training_may_see_a_model_twice(here: Path) -> None:
    put("data/chairs/a/000.npz")
    Path("data/chairs/test.lst").write_text("a\na\n")
    assert [model.name for model in samples_of_split(config(), "test")] == ["a", "a"]


def test_lists_of_folders(here: Path) -> None:
    """``ls -d */ > test.lst``."""
    put("data/chairs/a/000.npz")
    Path("data/chairs/test.lst").write_text("a/\n")
    (source,) = sources_of_split(config(), "test")
    assert source.model == "a" and source.load().shape == (256, 256)


def test_hdf5_files_that_are_damaged(here: Path) -> None:
    Path("data/chairs").mkdir(parents=True)
    with h5py.File("data/chairs/all.h5", "w") as file:
        file["depth/a/b"] = np.zeros(3)
        file["depth/text"] = "none"
        for k in range(50):
            file[f"depth/good{k}"] = np.zeros((256, 256), np.float32)
    whole = Path("data/chairs/all.h5").read_bytes()
    Path("data/chairs/test.lst").write_text("a all.h5\ntext all.h5\ngood7 all.h5\n")
    a, text, good = sources_of_split(config(dataset="Shapes3DH5"), "test")
    for source in (a, text):
        with pytest.raises(DepthError, match=r"all\.h5"):
            source.load()
    for start in range(0, len(whole), len(whole) // 16):
        damaged = whole[:start] + bytes(600) + whole[start + 600 :]
        Path("data/chairs/all.h5").write_bytes(damaged)
        try:
            good.load()
        except DepthError as error:
            assert "all.h5" in str(error)


def test_hdf5_files_that_are_not_damaged(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("a.h5")

    def error() -> str:
        with pytest.raises(DataError) as raised, open_h5(path):
            pass
        return str(raised.value).removeprefix("a.h5: ")

    assert error() == "no such file"
    path.write_text("version https://git-lfs.github.com/spec/v1")
    assert error().startswith("is no HDF5 file but a Git LFS pointer")
    path.write_bytes(bytes(100))
    assert error() == "not a readable HDF5 file; write it again"
    with h5py.File(path, "w") as file:
        file["depth/a"] = np.zeros(3)
    with open(path, "rb+") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert error().startswith("is locked, another program writes to it; wait")
    with open_h5(path) as file:
        assert "depth/a" in file

    def denied(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Unable to synchronously open file (…)")

    monkeypatch.setattr(h5py, "File", denied)
    assert error() == "cannot be read (Permission denied)"


def test_maps_in_hdf5(here: Path) -> None:
    depth = sources_of_paths([SOFA])[0].load()
    Path("data/chairs").mkdir(parents=True)
    with h5py.File("data/chairs/all.h5", "w") as file:
        file["depth/a"] = depth
    Path("data/chairs/test.lst").write_text("a all.h5\nb all.h5\nc none.h5\n")
    a, b, c = sources_of_split(config(dataset="Shapes3DH5"), "test")
    np.testing.assert_array_equal(a.load(), depth)
    with pytest.raises(DepthError, match=r"all\.h5: holds no depth/b"):
        b.load()
    with pytest.raises(DepthError, match=r"none\.h5: no such file"):
        c.load()
