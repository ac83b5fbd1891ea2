"""build_dataset.py: what it writes, for whom, and what it does when it is disturbed."""

from __future__ import annotations

import csv
import errno
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import trimesh
import yaml

import im2mesh.parallel as workers
import im2mesh.preparation.dataset as dataset
from im2mesh.cli import run_script
from im2mesh.commands import build_dataset as script
from im2mesh.config import from_dict
from im2mesh.data.storage import samples_of_split
from im2mesh.errors import InputError
from im2mesh.files import locked
from im2mesh.geometry.poses import pose, pose_rotation
from im2mesh.preparation.collection import find_shapes
from im2mesh.preparation.objects import PosedObject
from im2mesh.preparation.packing import pack_class, packed_models
from im2mesh.preparation.partition import Partition
from im2mesh.preparation.pose_lists import read_poses
from im2mesh.preparation.sampling import sample_points
from tests.conftest import REPOSITORY
from tests.fixtures import BROKEN_YAML, deadly

QUICK = ["--points", "400", "--cloud", "300"]


@pytest.fixture
def meshes(tmp_path: Path) -> Path:
    """Seven small rods in three classes: small grids, so quick ones."""
    root = tmp_path / "meshes"
    for number, name in enumerate(("pin/a", "pin/b", "pin/c d", "ni_b/x_1", "ni_b/y", "bar/s")):
        mesh = trimesh.creation.box((0.1, 1.0, 0.05 + 0.01 * number))
        path = root / f"{name}.{('obj', 'off', 'ply', 'stl', 'glb', 'obj')[number]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        mesh.export(path)
    return root


def build(*arguments: Any, workers: int = 1) -> int:
    return script.main([*map(str, (*arguments, *QUICK)), "--workers", str(workers)])


def bytes_of(root: Path) -> dict[str, bytes]:
    """All files but the record, whose versions and paths may differ."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "dataset.yaml"
    }


def listed(root: Path) -> dict[str, list[str]]:
    return {
        str(path.relative_to(root).with_suffix("")): path.read_text().split()
        for path in sorted(root.glob("*/*.lst"))
    }


def config_of(root: Path, class_name: str, h5: bool = False) -> Any:
    data = {"path": str(root), "classes": [class_name], "img_folder": "", "img_size": 256}
    return from_dict(
        {"data": {**data, "input_type": "depth", "dataset": "Shapes3DH5" if h5 else "Shapes3D"}}
    )


# --- what is written --------------------------------------------------------------------------


def test_a_data_set(meshes: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    assert build(meshes, "--out", out, "--views", 2) == 0
    names = {
        "pin": ["pin_a", "pin_b", "pin_c-d"],
        "ni_b": ["ni-b_x_1", "ni-b_y"],  # the class name ends at the first _
        "bar": ["bar_s"],
    }
    found = {
        folder: sorted(path.name for path in (out / folder).iterdir() if path.is_dir())
        for folder in names
    }
    assert found == {
        folder: [f"{shape}-{view:02d}" for shape in shapes for view in range(2)]
        for folder, shapes in names.items()
    }
    for folder, lists in (("pin", 3), ("ni_b", 3), ("bar", 3)):
        assert len(list((out / folder).glob("*.lst"))) == lists
    by_shape: dict[str, set[str]] = {}
    for name, models in listed(out).items():
        for model in models:
            by_shape.setdefault(f"{name.split('/')[0]}/{model[:-3]}", set()).add(name)
    assert len(by_shape) == 6 and all(len(lists) == 1 for lists in by_shape.values())
    views = read_poses(out / "poses.csv")
    assert len(views) == 12
    assert all(0 <= v.azimuth < 360 and -20 <= v.elevation <= 50 for v in views)
    assert (out / "rejected.csv").read_text() == "name,reason\n"
    record = yaml.safe_load((out / "dataset.yaml").read_text())
    assert record["settings"]["points"] == 400 and record["versions"].keys() >= {"libigl", "numpy"}


def test_arrays_of_a_model(meshes: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    build(meshes, "--out", out, "--views", 1, "--classes", "pin", "--splits", "all=1")
    view = read_poses(out / "poses.csv")[0]
    with np.load(out / "pin" / view.name / "points.npz") as stored:
        assert {k: str(stored[k].dtype) for k in stored.files} == {
            "points": "float16",
            "occupancies": "uint8",
            "sdf": "float16",
        }
    model = samples_of_split(config_of(out, "pin"), "all")[0]
    points, cloud, depth = model.points(), model.pointcloud(), model.depth()
    assert points.points.shape == (400, 3) and cloud.points.shape == (300, 3)
    assert points.occupancies is not None and points.sdf is not None
    np.testing.assert_array_equal(points.occupancies, points.sdf < 0)
    # Again, from the mesh: the stored places in its own frame.
    vertices = np.asarray(trimesh.load(meshes / "pin" / "a.obj").vertices)
    rotation = pose_rotation(view.azimuth, view.elevation)
    turned = vertices @ rotation.T
    centre, extent = (turned.max(0) + turned.min(0)) / 2, np.ptp(turned, axis=0).max()
    places = (points.points.astype(np.float64) * extent + centre) @ rotation
    half = np.array([0.05, 0.5, 0.025])
    beyond = np.abs(places) - half
    sdf = np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(axis=1), 0)
    np.testing.assert_allclose(points.sdf, sdf / extent, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(points.occupancies, sdf <= 0)
    assert cloud.normals is not None and cloud.visible is not None
    on = np.abs((cloud.points * extent + centre) @ rotation)
    assert np.abs((on - half).max(axis=1)).max() < 1e-6
    posed = pose(vertices, view.azimuth, view.elevation)
    assert np.ptp(posed, axis=0).max() == pytest.approx(1)
    front = cloud.normals[:, 2] > 0.05  # a convex object: seen is what faces the camera
    over = depth[
        np.clip(((0.5 - cloud.points[:, 1]) * 256).astype(int), 0, 255),
        np.clip(((cloud.points[:, 0] + 0.5) * 256).astype(int), 0, 255),
    ]
    np.testing.assert_array_equal(cloud.visible[front], over[front] >= 0)


def test_distances_are_those_of_the_rounded_places() -> None:
    """float16 moves a point by up to 1/8192: near a wall that would turn its sign."""

    class Wall(PosedObject):
        def depth(self) -> np.ndarray:
            raise NotImplementedError

        surface = depth  # type: ignore[assignment]

        def signed_distance(self, points: np.ndarray) -> np.ndarray:
            return points[:, 0] - 0.3701

    for dtype in ("float16", "float32"):
        sample = sample_points(Wall(), 200_000, np.random.default_rng(0), dtype)
        assert sample.occupancies is not None and sample.sdf is not None
        np.testing.assert_array_equal(sample.points, sample.points.astype(dtype))
        np.testing.assert_array_equal(sample.occupancies, sample.points[:, 0] <= 0.3701)
        np.testing.assert_array_equal(sample.occupancies, sample.sdf <= 0)
        assert np.abs(sample.points).max() <= 0.5


def test_same_seed_same_bytes(meshes: Path, tmp_path: Path) -> None:
    """Whatever the number of processes, the order, and what else is made."""
    a, b, c, d = (tmp_path / name for name in "abcd")
    base = [meshes, "--classes", "pin", "--views"]
    assert build(*base, 1, "--out", a) == 0
    assert build(*base, 1, "--out", b, workers=2) == 0
    assert bytes_of(a) == bytes_of(b)
    (meshes / "pin" / "b.off").unlink()
    assert build(*base, 2, "--out", c) == 0
    same = {k: v for k, v in bytes_of(a).items() if k.endswith(".npz") and "pin_b" not in k}
    assert same.items() <= bytes_of(c).items()
    assert build(*base, 1, "--out", d, "--seed", 1) == 0
    assert not set(same.values()) & set(bytes_of(d).values())


def test_npz_and_h5_give_the_same(meshes: Path, tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    arguments = [meshes, "--views", 1, "--unseen", "bar", "--out"]
    assert build(*arguments, a) == 0
    assert build(*arguments, b, "--format", "h5") == 0
    assert not list(b.glob("*/*/")), "the folders that were packed are gone"
    for name, models in listed(a).items():
        class_name, split = name.split("/")
        lines = (b / f"{name}.lst").read_text().splitlines()
        assert lines == [f"{model} {class_name}_0.h5" for model in models]
        if not models:
            continue
        pairs = zip(
            samples_of_split(config_of(a, class_name), split),
            samples_of_split(config_of(b, class_name, h5=True), split),
            strict=True,
        )
        for npz, h5 in pairs:
            np.testing.assert_array_equal(npz.depth(), h5.depth())
            for one, other in ((npz.points(), h5.points()), (npz.pointcloud(), h5.pointcloud())):
                for key, array in vars(one).items():
                    np.testing.assert_array_equal(array, getattr(other, key))
    before = bytes_of(b)
    assert build(*arguments, b, "--format", "h5") == 0
    assert bytes_of(b) == before, "nothing is made again"
    assert build(*arguments, b, "--format", "h5", "--overwrite") == 0
    assert bytes_of(b) == before, "nor in another way"


def test_packing_that_was_interrupted(
    meshes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a file is written, and after it is there but before its folders are gone."""
    out = tmp_path / "data"
    arguments = [meshes, "--out", out, "--views", 1, "--format", "h5"]
    real = h5py.File.create_dataset
    calls = iter(range(100))

    def interrupted(self: Any, name: str, **more: Any) -> Any:
        if next(calls) == 9:
            raise KeyboardInterrupt
        return real(self, name, **more)

    with monkeypatch.context() as patch:
        patch.setattr(h5py.File, "create_dataset", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build(*arguments)
    assert not list(out.rglob(".*"))
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            build(*arguments)
    assert list(out.glob("*/*/")) and list(out.glob("*/*.h5"))
    assert build(*arguments) == 0
    assert not list(out.glob("*/*/"))
    assert {len(packed_models(out / c)) for c in ("pin", "ni_b", "bar")} == {3, 2, 1}
    for folder in ("pin", "ni_b", "bar"):
        assert len(list((out / folder).glob("*.h5"))) == 1


def test_classes_that_fill_several_files(
    meshes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("im2mesh.preparation.packing.PER_FILE", 4)
    out = tmp_path / "data"
    arguments = [meshes, "--views", 3, "--classes", "pin", "--out", out, "--splits", "all=1"]
    assert build(*arguments, "--format", "h5") == 0
    files = [line.split()[1] for line in (out / "pin" / "all.lst").read_text().splitlines()]
    assert files == ["pin_0.h5"] * 4 + ["pin_1.h5"] * 4 + ["pin_2.h5"]
    assert script.main(["--check", str(out), "--workers", "1"]) == 0


def test_packed_files_add_up(meshes: Path, tmp_path: Path) -> None:
    """A class that grew gets another file; a broken one is named."""
    out = tmp_path / "data"
    arguments = [meshes, "--out", out, "--views", 1, "--format", "h5", "--classes", "pin"]
    assert build(*arguments) == 0
    trimesh.creation.box((0.1, 1, 0.2)).export(meshes / "pin" / "z.ply")
    assert build(*arguments) == 0
    assert [p.name for p in sorted(out.glob("pin/*.h5"))] == ["pin_0.h5", "pin_1.h5"]
    lines = [line for path in out.glob("pin/*.lst") for line in path.read_text().splitlines()]
    assert sorted(lines)[-1] == "pin_z-00 pin_1.h5" and len(lines) == 4
    assert pack_class(out / "pin", []) == packed_models(out / "pin")
    (out / "pin" / "pin_1.h5").write_bytes(b"no")
    with pytest.raises(InputError, match=r"pin_1.h5: is no HDF5 file but a text file"):
        build(*arguments)


# --- splits -----------------------------------------------------------------------------------


def test_classes_held_out(meshes: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    arguments = [meshes, "--out", out, "--views", 1, "--splits", "train=.5,test=.5"]
    assert build(*arguments) == 0
    assert build(*arguments, "--unseen", "bar") == 0
    lists = listed(out)
    assert lists["bar/test_unseen"] == ["bar_s-00"]
    assert not [name for name in lists if name.startswith("bar/") and name != "bar/test_unseen"]
    assert sorted(lists["pin/train"] + lists["pin/test"]) == ["pin_a-00", "pin_b-00", "pin_c-d-00"]
    with pytest.raises(InputError, match="--unseen bus: no shape is of such a class"):
        build(*arguments, "--unseen", "bus")


def test_split_lists(meshes: Path, tmp_path: Path) -> None:
    """By shape, by model, by a pose list; a shape is in one of them only."""
    out = tmp_path / "data"
    one, two = tmp_path / "one.lst", tmp_path / "two.csv"
    one.write_text("pin/a\nni-b_y\n")
    two.write_text("classname_modelid-view,classid,azimuth,elevation\npin_b-07,pin,1,2\n")
    arguments = [meshes, "--out", out, "--views", 2, "--splits", f"train={one},test={two}"]
    assert build(*arguments) == 0
    lists = {name: models for name, models in listed(out).items() if models}
    assert lists == {
        "pin/train": ["pin_a-00", "pin_a-01"],
        "pin/test": ["pin_b-00", "pin_b-01"],
        "ni_b/train": ["ni-b_y-00", "ni-b_y-01"],
    }
    two.write_text("pin_a-01\n")
    with pytest.raises(InputError, match=r"pin/a: is in the lists of test and train; .* disjoint"):
        build(*arguments)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ("train=.8,test=.1", "the shares sum to 0.9"),
        ("train=1.5,test=-.5", "a share cannot be negative"),
        ("train=nan,test=.5", "a share cannot be negative"),
        ("train", "expected train=.8"),
        ("train=.5,train=.5", "expected train=.8"),
        ("tr/ain=1", "expected train=.8"),
        ("train=.5,test=list.lst", "shares or files, not both"),
        ("train=nowhere.lst", "nowhere.lst: no such list"),
        ("train=latin.lst", "latin.lst: is not a text file in UTF-8"),
    ],
)
def test_malformed_splits(
    meshes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, splits: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("latin.lst").write_bytes(b"pin/\xe4\n")
    with pytest.raises(InputError, match=re.escape(message)):
        build(meshes, "--out", "out", "--splits", splits)


@pytest.mark.parametrize("total", [1, 2, 3, 4, 10, 97, 1000])
def test_shares(total: int, meshes: Path) -> None:
    entries = find_shapes(meshes)[0]
    many = [replace(entries[0], name=f"{k}") for k in range(total)]
    partition = Partition.parse("train=.8,val=.1,test=.1")
    splits = partition.assign(many, 0)
    counts = [list(splits.values()).count(name) for name in ("train", "val", "test")]
    assert sum(counts) == total
    assert all(abs(n - s * total) < 2 for n, s in zip(counts, (0.8, 0.1, 0.1), strict=True))
    if total >= 3:
        assert min(counts) >= 1
    assert splits == partition.assign(many[::-1], 0)
    if total >= 97:
        assert splits != partition.assign(many, 1)


# --- where shapes come from -------------------------------------------------------------------


def test_shapenet_layout(tmp_path: Path) -> None:
    root, out = tmp_path / "ShapeNetCore.v2", tmp_path / "out"
    for model in ("aa11", "bb22"):
        path = root / "03636649" / model / "models" / "model_normalized.obj"
        path.parent.mkdir(parents=True)
        trimesh.creation.box((0.1, 1, 0.1)).export(path)
    (root / "03636649" / "cc33").mkdir()
    (root / "taxonomy.json").write_text(
        json.dumps([{"synsetId": "03636649", "name": "lamp,floor lamp", "children": []}])
    )
    assert build(root, "--out", out, "--views", 1) == 1
    assert sorted(p.name for p in out.glob("*/*/")) == ["lamp_aa11-00", "lamp_bb22-00"]
    reason = "is a folder without models/model_normalized.obj"
    assert (out / "rejected.csv").read_text() == f"name,reason\n03636649/cc33,{reason}\n"


def test_pose_lists(meshes: Path, tmp_path: Path) -> None:
    out, poses = tmp_path / "out", tmp_path / "poses.csv"
    header = "classname_modelid-view,classid,azimuth,elevation\n"
    poses.write_text(
        header + "pin_a-03,pin,90.5,20\npin_a-04,pin,10,0\nnib_y-00,ni_b,1,2\npin_zz-00,pin,0,0\n"
    )
    assert build(meshes, "--out", out, "--poses", poses, "--splits", f"val={poses}") == 1
    assert listed(out) == {"pin/val": ["pin_a-03", "pin_a-04"], "ni_b/val": ["nib_y-00"]}
    rows = list(csv.reader((out / "poses.csv").open()))
    assert ["pin_a-03", "pin", "90.5", "20.0"] in rows and len(rows) == 4
    assert "pin/zz,no mesh" in (out / "rejected.csv").read_text()
    # The poses that were written lead to the same models.
    again = tmp_path / "again"
    assert build(meshes, "--out", again, "--poses", out / "poses.csv") == 0
    models = {k: v for k, v in bytes_of(out).items() if k.endswith(".npz")}
    assert models == {k: v for k, v in bytes_of(again).items() if k.endswith(".npz")}
    # Another pose under the same name does not slip in.
    poses.write_text(header + "pin_a-03,pin,91,20\n")
    with pytest.raises(InputError, match="the pose of pin_a-03"):
        build(meshes, "--out", out, "--poses", poses)


def test_classes_that_lists_cannot_name(meshes: Path, tmp_path: Path) -> None:
    """Are found before any work."""
    shutil.copytree(meshes, tmp_path / "in")
    first = next(path for path in sorted((tmp_path / "in").iterdir()) if path.is_dir())
    first.rename(first.with_name("office chair"))
    for more in ([], ["--classes", "office chair"], ["--classes", str(first)], ["--classes", ""]):
        with pytest.raises(InputError, match="the class '.*' is no name for the lists"):
            build(tmp_path / "in", "--out", tmp_path / "out", *more)
    assert not (tmp_path / "out").exists()
    shutil.rmtree(tmp_path / "in" / "office chair")
    (tmp_path / "in" / "old stuff").mkdir()  # is no class
    (tmp_path / "in" / "old stuff" / "notes.txt").touch()
    shapes, problems = find_shapes(tmp_path / "in")
    assert shapes and not problems


def test_a_flat_folder_is_one_class(
    meshes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The user is warned of an empty split."""
    (meshes / "ni_b" / "textures").mkdir()
    (meshes / "ni_b" / "textures" / "wood.png").touch()
    shapes, problems = find_shapes(meshes / "ni_b")
    assert [shape.label for shape in shapes] == ["ni_b/x_1", "ni_b/y"] and not problems
    splits = ("--splits", "train=.5,val=.3,test=.2")
    assert build(meshes / "ni_b", "--out", tmp_path / "out", *splits) == 0
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()} == {"ni_b"}
    shown = capsys.readouterr().err
    assert "the split test is empty" in shown and "split train" not in shown


def test_bad_meshes(tmp_path: Path) -> None:
    folder, out = tmp_path / "meshes" / "things", tmp_path / "out"
    folder.mkdir(parents=True)
    square = "v 0 0 0\nv 1 0 0\nv 1 0 1\nv 0 0 1\n"
    texts = {
        "empty.obj": "",
        "faceless.obj": square,
        "flat.obj": square + "f 1 2 3\nf 1 3 4\n",
        "line.obj": square + "f 1 1 2\n",
        "nan.off": "OFF\n3 1 0\nnan 0 0\n1 0 0\n0 1 0\n3 0 1 2\n",
        "cloud.ply": "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\n"
        "property float y\nproperty float z\nend_header\n0 0 0\n",
        "noise.glb": "noise",
        "model.step": "ISO-10303-21;",
        "good.mtl": "newmtl a\n",
        "notes.txt": "not a mesh, and not meant to be one",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    trimesh.creation.box((0.1, 1, 0.1)).export(folder / "good.stl")
    trimesh.creation.box((0.1, 1, 0.1)).export(folder / "good.ply")
    assert build(tmp_path / "meshes", "--out", out, "--views", 1) == 1
    reasons = dict(list(csv.reader((out / "rejected.csv").open()))[1:])
    assert {name: reason.split(";")[0] for name, reason in reasons.items()} == {
        "things/cloud": "is a point cloud (1 points, no faces)",
        "things/empty": "is empty",
        "things/faceless": "is a point cloud (4 points, no faces)",
        "things/flat": "the mesh is flat: all of it lies in a plane, so it is no solid object",
        "things/good.stl": "has the same name as good.ply",
        "things/line": "no face has an area",
        "things/model.step": "not a mesh file that is read (.obj .off .ply .stl .glb)",
        "things/nan": "the mesh has vertices that are not finite",
        "things/noise": reasons["things/noise"].split(";")[0],
    }
    assert sorted(p.name for p in out.glob("*/*/")) == ["things_good-00"]


def test_nothing_usable(tmp_path: Path, meshes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CLUSTER_TIMEOUT", 0.5)
    (tmp_path / "bad" / "things").mkdir(parents=True)
    (tmp_path / "bad" / "things" / "a.obj").touch()
    assert build(tmp_path / "bad", "--out", tmp_path / "out") == 2
    for arguments, message in (
        ([tmp_path / "nowhere"], "no such folder; give one with <class>/<name>"),
        ([meshes, "--classes", "cow"], "meshes/cow: no such class folder"),
        ([meshes, "--views", 0], "--views 0: must be between 1 and 10000"),
        ([meshes, "--views", 10**12], f"--views {10**12}: must be between 1 and 10000"),
        ([meshes, "--points", 10**14], f"--points {10**14}: must be between 1 and 10000000"),
        ([meshes, "--cloud", 10**14], f"--cloud {10**14}: must be between 1 and 10000000"),
        ([meshes, "--thickness", 0], "--thickness 0: must be above 0"),
        ([meshes, "--seed", -1], "--seed -1"),
        ([meshes, "--check", meshes], "name one of"),
        ([], "name one of"),
        (["--check", tmp_path / "nowhere"], "neither the folder of a data set nor a configuration"),
        (["--check", meshes], "holds no <class>/<split>.lst"),
        (["--procedural", "chair=x"], "expected FAMILY=N"),
        ([meshes, "--cluster", "tcp://127.0.0.1:9"], "no Dask scheduler answers there"),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            script.main([*map(str, arguments), "--out", str(tmp_path / "o")])
    with pytest.raises(InputError, match="--out is missing"):
        script.main([str(meshes)])


def test_one_run_at_a_time_writes_to_a_folder(meshes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with (
        locked(out / "build_dataset.lock", ""),
        pytest.raises(InputError, match="out: another process writes there; wait for it to end"),
    ):
        build(meshes, "--out", out)
    assert os.listdir(out) == ["build_dataset.lock"]


@pytest.mark.parametrize("where", ["sample_points", "sample_cloud", "write_points"])
def test_too_little_memory_for_a_shape(
    where: str, meshes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is rejected, wherever in its making that is; so the others would be made."""

    def full(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(dataset, where, full)
    arguments = [meshes, "--out", tmp_path / "out", "--views", 1, "--classes", "pin"]
    assert build(*arguments, "--splits", "all=1") == 2
    with open(tmp_path / "out" / "rejected.csv", newline="") as file:
        reasons = [row["reason"] for row in csv.DictReader(file)]
    assert reasons and set(reasons) == {"needs more memory than there is"}


# --- disturbed --------------------------------------------------------------------------------


def test_only_what_is_missing_is_made(
    meshes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    out, whole = tmp_path / "data", tmp_path / "whole"
    arguments = [meshes, "--views", 2, "--classes", "pin", "--out"]
    assert build(*arguments, whole) == 0
    assert build(*arguments, out) == 0
    model = out / "pin" / "pin_b-01"
    half = (model / "points.npz").read_bytes()
    (model / "points.npz").write_bytes(half[: len(half) // 2])  # as after a loss of power
    (out / "pin" / "pin_a-00" / "pointcloud.npz").unlink()
    (out / "pin" / "pin_a-00" / ".points.1.part.npz").write_bytes(b"left by a run that was killed")
    loaded: list[str] = []
    real = dataset.write_depth
    monkeypatch.setattr(
        dataset, "write_depth", lambda path, d: (loaded.append(path.parent.name), real(path, d))
    )
    assert build(*arguments, out) == 0
    assert loaded == ["pin_a-00", "pin_b-01"]
    assert bytes_of(out) == bytes_of(whole)
    assert build(*arguments, out) == 0 and len(loaded) == 2
    for option, value in (("--points", "401"), ("--seed", "5"), ("--dtype", "float32")):
        with pytest.raises(InputError, match=rf"settings|{option[2:]}.*--overwrite"):
            script.main([*map(str, arguments), str(out), *QUICK, option, value])
    loaded.clear()
    assert build(*arguments, out, "--overwrite") == 0
    assert len(loaded) == 6 and bytes_of(out) == bytes_of(whole)
    for text in (b"[]", *BROKEN_YAML):
        (out / "dataset.yaml").write_bytes(text)
        with pytest.raises(InputError, match=r"dataset.yaml: is no record of a data set"):
            build(*arguments, out)
    with pytest.raises(InputError, match=r"dataset.yaml: cannot be written to \(it is a file\)"):
        build(*arguments, out / "dataset.yaml")


def test_full_disk(
    meshes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, exit code 2, nothing half written, and then it goes on."""
    out, whole = tmp_path / "data", tmp_path / "whole"
    arguments = [meshes, "--views", 1, "--out"]
    real = np.savez_compressed
    calls = iter(range(1000))

    def full(file: Any, **arrays: Any) -> None:
        if next(calls) >= 7:
            Path(file).write_bytes(b"half of it")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file, **arrays)

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez_compressed", full)
        with pytest.raises(SystemExit) as left:
            run_script(lambda _: build(*arguments, out))
    assert left.value.code == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "shape/s" not in line]
    assert len([line for line in lines if line.startswith("error: ")]) == 1
    full = r"error: .*/data/.*\.npz: No space left on device; make room and run the same command"
    assert re.match(full, lines[-1])
    assert not list(out.rglob(".*"))
    assert build(*arguments, out) == build(*arguments, whole) == 0
    assert bytes_of(out) == bytes_of(whole)


def run_in_background(*arguments: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "build_dataset.py", *map(str, arguments)],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
@pytest.mark.parametrize("how", ["ctrl-c", "ctrl-c in the main process only", "kill -9"])
def test_interrupted_runs_go_on(meshes: Path, tmp_path: Path, how: str) -> None:
    out, whole = tmp_path / "data", tmp_path / "whole"
    arguments = [meshes, "--views", 6, "--out"]
    process = run_in_background(*arguments, out, *QUICK, "--workers", 2)
    wait_for(lambda: len(list(out.glob("*/*/pointcloud.npz"))) >= 3)
    workers = children_of(process.pid)
    assert len(workers) >= 2
    if how == "kill -9":
        process.kill()
    elif how == "ctrl-c":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if how == "kill -9" else 130)
    if how != "kill -9":
        assert "Traceback" not in errors
        assert "error: interrupted; what is finished is kept" in errors
    wait_for(lambda: not any(Path(f"/proc/{pid}/stat").exists() for pid in workers), 30)
    done = {path: path.stat().st_mtime_ns for path in out.glob("*/*/pointcloud.npz")}
    assert 3 <= len(done) < 36
    assert build(*arguments, out, workers=2) == build(*arguments, whole, workers=2) == 0
    assert all(path.stat().st_mtime_ns == when for path, when in done.items())
    assert bytes_of(out) == bytes_of(whole)


@pytest.mark.slow
def test_a_shape_that_kills_its_process(
    meshes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a mesh that crashes a library or takes all memory: it is rejected, the others are made."""
    monkeypatch.setattr(dataset, "build_shape", deadly)
    out = tmp_path / "data"
    assert build(meshes, "--out", out, "--views", 1, workers=2) == 1
    rows = list(csv.reader((out / "rejected.csv").open()))[1:]
    assert [name for name, _ in rows] == ["pin/b"] and "died" in rows[0][1]
    assert len(list(out.glob("*/*/pointcloud.npz"))) == 5


@pytest.mark.slow
def test_dask_cluster_loses_a_worker(meshes: Path, tmp_path: Path) -> None:
    """Two processes, one killed while it works: all is made, once, the same bytes."""
    distributed = pytest.importorskip("distributed")
    out, whole = tmp_path / "data", tmp_path / "whole"
    arguments = [meshes, "--views", 6, "--out"]
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        process = run_in_background(*arguments, out, *QUICK, "--cluster", address)
        wait_for(lambda: len(list(out.glob("*/*/pointcloud.npz"))) >= 3)
        victim = next(iter(cluster.workers.values())).pid
        os.kill(victim, signal.SIGKILL)
        done = {path: path.stat().st_mtime_ns for path in out.glob("*/*/pointcloud.npz")}
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert len(done) < 36
    assert all(path.stat().st_mtime_ns == when for path, when in done.items())
    assert build(*arguments, whole) == 0
    assert bytes_of(out) == bytes_of(whole)


# --- procedural -------------------------------------------------------------------------------


def test_procedural(tmp_path: Path) -> None:
    out = tmp_path / "data"
    assert build("--procedural", "lamp=2,table=1", "--views", 2, "--out", out) == 0
    assert sorted(p.name for p in out.glob("*/*/")) == [
        *[f"lamp_0000{k}-0{v}" for k in range(2) for v in range(2)],
        *[f"table_00000-0{v}" for v in range(2)],
    ]
    folder = out / "table" / "table_00000-00"
    assert sorted(p.name for p in folder.iterdir()) == [
        "000.npz",
        "model.off",
        "pointcloud.npz",
        "points.npz",
    ]
    mesh = trimesh.load(folder / "model.off", process=False)
    assert mesh.is_watertight and np.ptp(mesh.vertices, axis=0).max() == pytest.approx(1, abs=1e-3)
    assert script.main(["--check", str(out), "--workers", "1"]) == 0
    with pytest.raises(InputError, match="no procedural family 'chiar'"):
        build("--procedural", "chiar=2", "--out", out)


# --- real meshes ------------------------------------------------------------------------------


@pytest.mark.slow
def test_all_real_meshes_go_through(shared: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    arguments = ["--views", "1", "--points", "20000", "--cloud", "5000"]
    code = script.main([str(shared / "meshes"), "--out", str(out), *arguments])
    rejected = list(csv.reader((out / "rejected.csv").open()))[1:]
    assert len(rejected) <= 0.05 * 84 and code == (1 if rejected else 0)
    assert len(list(out.glob("*/*/pointcloud.npz"))) == 84 - len(rejected)
    assert script.main(["--check", str(out)]) == 0
