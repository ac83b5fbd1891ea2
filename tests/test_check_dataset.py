"""build_dataset.py --check and --preview; the rule of what is visible."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import trimesh
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from im2mesh.commands import build_dataset as script
from im2mesh.errors import InputError
from im2mesh.geometry.mesh_files import load_mesh
from im2mesh.geometry.pixels import back_project
from im2mesh.geometry.ray_casting import Obstacles
from im2mesh.geometry.visibility import visible
from im2mesh.preparation.check import check_dataset
from im2mesh.preparation.objects import MeshObject
from tests.fixtures import damaged_npz

CREATED = ("--views", "1", "--points", "3000", "--cloud", "2000", "--workers", "1")


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two bent rods and a crossed sheet."""
    root = tmp_path_factory.mktemp("check")
    for name, (x, y) in (("a", (0.5, 0.15)), ("b", (0.4, 0.25))):
        foot = trimesh.creation.box((x, 0.1, 0.2))
        foot.apply_translation((x / 2 - 0.05, -0.5, 0))
        mesh = trimesh.util.concatenate([trimesh.creation.box((0.1, 1, y)), foot])
        (root / "meshes" / "angle").mkdir(parents=True, exist_ok=True)
        mesh.export(root / "meshes" / "angle" / f"{name}.off")
    arguments = [str(root / "meshes"), *CREATED, "--splits", "train=.5,test=.5"]
    assert script.main([*arguments, "--out", str(root / "npz")]) == 0
    assert script.main([*arguments, "--out", str(root / "h5"), "--format", "h5"]) == 0
    return root


@pytest.fixture
def copy(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good / "npz", tmp_path / "data"))


def test_what_is_written_is_good(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for root in (good / "npz", good / "h5", good / "npz" / "angle"):
        assert check_dataset(root) == (2, [])
    assert script.main(["--check", str(good / "npz"), "--workers", "1"]) == 0
    assert "2 models, 0 problems" in capsys.readouterr().err


def edit(file: str, key: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[..., None]:
    """Change one array of ``file`` of the first model."""

    def apply(root: Path) -> None:
        path = root / "angle" / "angle_a-00" / file
        with np.load(path) as stored:
            arrays = dict(stored)
        arrays[key] = change(arrays[key])
        np.savez_compressed(path, **arrays)

    return apply


def first(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[0] = value
        return array

    return change


def spoil(file: str, change: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """Change ``file`` of the first model."""
    return lambda root: change(root / "angle/angle_a-00" / file)


def listed(split: str, *lines: str) -> Callable[[Path], Any]:
    """Write a split's list, in Latin-1."""
    return lambda root: (root / "angle" / split).write_text("\n".join(lines), "latin-1")


POINTS, CLOUD, DEPTH = "points.npz", "pointcloud.npz", "000.npz"

A, ZZ = "angle_a-00", "angle_zz-00"

FAULTS: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "no depth": (spoil(DEPTH, Path.unlink), A, "no depth map"),
    "no points": (spoil(POINTS, Path.unlink), POINTS, "no such file"),
    "half": (spoil(CLOUD, lambda f: f.write_bytes(b"PK\3\4")), CLOUD, "not a readable .npz file"),
    "huge": (spoil(CLOUD, lambda f: damaged_npz(f, "huge shape", "points")), CLOUD, "readable"),
    "all background": (edit(DEPTH, "arr_0", lambda d: 0 * d - 1), DEPTH, "is background"),
    "0 background": (edit(DEPTH, "arr_0", lambda d: np.maximum(d, 0)), DEPTH, "its border is 0,"),
    "another depth": (edit(DEPTH, "arr_0", np.flipud), CLOUD, "shows is not in the cloud"),
    "wide": (edit(POINTS, "points", np.float64), POINTS, "float64; expected float16 or float32"),
    "NaN": (edit(POINTS, "points", first(np.nan)), POINTS, "1 points are not finite"),
    "outside": (edit(POINTS, "points", first(0.52)), POINTS, "1 points are outside the cube"),
    "bytes": (edit(POINTS, "occupancies", np.unpackbits), POINTS, "packed bits of 3000 points"),
    "wrong sign": (edit(POINTS, "sdf", np.negative), POINTS, "it must be negative inside"),
    "infinite": (edit(POINTS, "sdf", first(np.inf)), POINTS, "sdf are not finite"),
    "pixels": (edit(POINTS, "sdf", lambda s: s * 256), POINTS, "beyond the cube's diagonal"),
    "scale": (edit(POINTS, "sdf", lambda s: s * 0.6), POINTS, "sdf is not the distance"),
    "full": (edit(POINTS, "occupancies", lambda o: 0 * o + 255), POINTS, "every point is inside"),
    "another object": (edit(POINTS, "points", np.negative), POINTS, "in front of what"),
    "long normals": (edit(CLOUD, "normals", lambda n: n * 2), CLOUD, "normals are not of length 1"),
    "inward normals": (edit(CLOUD, "normals", np.negative), POINTS, "normals point outwards"),
    "all visible": (edit(CLOUD, "visible", np.ones_like), CLOUD, "visible is wrong at"),
    "missing model": (listed("train.lst", ZZ, A), ZZ, "no such model folder"),
    "model twice": (listed("train.lst", A, A), "train.lst", "names angle_a-00 twice"),
    "twice beside another fault": (listed("train.lst", A, A, ZZ), ZZ, "no such model folder"),
    "two on a line": (listed("test.lst", A, f"{A} x.h5"), "test.lst:2", "expected '<model>'"),
    "Latin-1": (listed("test.lst", "angl\xe9_a-00"), "test.lst", "is not a text file in UTF-8"),
    "shared shape": (listed("val.lst", "angle_a-07", A), "lst", "shares 1 shapes with"),
}
"""Name → the damage, the file that the message names, and a part of the message."""


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(copy: Path, fault: str) -> None:
    """One line for the fault, with the file; no line that another fault would explain."""
    break_it, place, message = FAULTS[fault]
    break_it(copy)
    _, problems = check_dataset(copy)
    assert problems, "nothing was found"
    for problem in problems:
        assert problem.startswith(str(copy)), problem
    matching = [p for p in problems if message in p and place in p.split(": ")[0]]
    assert len(matching) == 1, problems
    assert script.main(["--check", str(copy), "--workers", "1"]) == 1


def test_a_class_that_cannot_be_read(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "closed").mkdir()
    real = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    expected = f"{copy}/closed: cannot be read (Permission denied)"
    assert check_dataset(copy) == (2, [expected])
    assert script.main(["--preview", str(copy), "--rows", "1"]) == 0
    assert f"warning: {expected}" in capsys.readouterr().err


def test_faults_in_hdf5(good: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(good / "h5", tmp_path / "data"))
    with h5py.File(root / "angle" / "angle_0.h5", "a") as file:
        file["sdf/angle_a-00"][:] *= -1
        del file["visible/angle_b-00"]
        file["visible/angle_b-00"] = np.zeros(7, bool)
    _, problems = check_dataset(root)
    where = f"{root}/angle/angle_0.h5"
    first, second = sorted(problems)
    assert first.startswith(f"{where}[angle_a-00]: sdf contradicts the occupancies at ")
    assert second == f"{where}[angle_b-00]: visible has shape (7,) (bool) for 2000 points"


def test_a_file_of_many_models_is_named_once(good: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(good / "h5", tmp_path / "data"))
    (root / "angle" / "angle_0.h5").write_bytes(b"words")
    _, problems = check_dataset(root)
    assert problems == [f"{root}/angle/angle_0.h5: is no HDF5 file but a text file"]


def test_a_configuration(copy: Path, tmp_path: Path) -> None:
    """Only what it would read is checked: no cloud for training, no points for generation alone."""
    path = tmp_path / "config.yaml"
    data: dict[str, Any] = {"path": str(copy), "classes": ["angle"], "img_folder": ""}
    data |= {"input_type": "depth", "img_size": 256, "val_split": None}
    path.write_text(yaml.safe_dump({"data": data}))
    assert check_dataset(path) == (2, [])
    train = (copy / "angle" / "train.lst").read_text().strip()
    test = (copy / "angle" / "test.lst").read_text().strip()
    (copy / "angle" / train / "pointcloud.npz").unlink()
    assert check_dataset(path) == (2, [])
    (copy / "angle" / test / "pointcloud.npz").unlink()
    assert check_dataset(path)[1] == [f"{copy}/angle/{test}/pointcloud.npz: no such file"]
    path.write_text(yaml.safe_dump({"data": {**data, "points_unpackbits": False}}))
    assert any("points_unpackbits" in p or "occupancies" in p for p in check_dataset(path)[1])
    path.write_text(yaml.safe_dump({"data": {**data, "val_split": "val"}}))
    assert f"{copy}/angle/val.lst: no such split list" in check_dataset(path)[1]
    (copy / "angle" / "val.lst").write_text("\n")
    empty = f"{path}: the split val names no model ({copy}/angle/val.lst is empty); training"
    assert any(line.startswith(empty) for line in check_dataset(path)[1])
    assert not any("names no model" in line for line in check_dataset(copy)[1])


# --- visibility -------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 30))
def test_visible_is_what_the_rule_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = 8
    depth = np.where(random.random((size, size)) < 0.3, -1, random.random((size, size)))
    points = random.uniform(-0.5, 0.5, (200, 3))
    points[:2] = [[0.5, -0.5, 0.1], [-0.5, 0.5, 0.1]]  # the last pixel owns the cube's face
    expected = []
    for x, y, z in points:
        column, row = min(int((x + 0.5) * size), size - 1), min(int((0.5 - y) * size), size - 1)
        expected.append(depth[row, column] >= 0 and 0.5 - z - depth[row, column] <= 0.01)
    np.testing.assert_array_equal(visible(points, depth), expected)
    assert visible(back_project(depth), depth).all()


@pytest.mark.slow
def test_visible_agrees_with_looking(shared: Path) -> None:
    """A point is seen if nothing is between it and the camera, but for pixels and tolerance."""
    for name in ("chair/FoldingChair_01", "lamp/DeskLamp", "car/hatchback", "kitchenware/Mug"):
        mesh = load_mesh(shared / "meshes" / f"{name}.ply")
        posed = MeshObject(*mesh, 20000, np.random.default_rng(0)).posed(40, 25)
        points, normals = posed.surface()
        seen = visible(points, posed.depth())
        start = points + 2e-3 * normals
        end = start.copy()
        end[:, 2] = 1
        free = ~Obstacles(posed.vertices, posed.original.faces).block(start, end)
        assert np.mean(seen == free) > 0.93, name
        # Those that only one of the two sees are within the tolerance, or at a silhouette.
        facing = np.abs(normals[:, 2]) > 0.5
        assert np.mean((seen == free)[facing & (normals[:, 2] > 0)]) > 0.97, name


# --- pictures ---------------------------------------------------------------------------------


def test_preview(good: Path, tmp_path: Path) -> None:
    for kind in ("npz", "h5"):
        path = tmp_path / f"{kind}.png"
        arguments = ["--preview", str(good / kind), "--out", str(path), "--rows", "2"]
        assert script.main(arguments) == 0
    with Image.open(tmp_path / "npz.png") as a, Image.open(tmp_path / "h5.png") as b:
        assert a.size == b.size and a.width > 6 * 256
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    with pytest.raises(InputError, match="no such folder"):
        script.main(["--preview", str(tmp_path / "nowhere")])
