"""Models of a data set: npz and HDF5 read alike, and what each malformed file is told."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.config import Config, from_dict
from im2mesh.data.splits import class_of
from im2mesh.data.storage import (
    H5_GROUPS,
    PointCloud,
    Points,
    read_pointcloud,
    read_points,
    samples_of_split,
    write_depth,
    write_pointcloud,
    write_points,
)
from im2mesh.errors import DataError
from tests.fixtures import ball_depth


def sphere(count: int, seed: int = 0) -> tuple[Points, PointCloud, np.ndarray]:
    """A sphere of radius 0.4: points, cloud, depth."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.5, 0.5, (count, 3)).astype(np.float16).astype(np.float32)
    sdf = (np.linalg.norm(points, axis=1) - 0.4).astype(np.float16).astype(np.float32)
    normals = rng.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    cloud = PointCloud(
        (0.4 * normals).astype(np.float32),
        normals.astype(np.float16).astype(np.float32),
        normals[:, 2] > 0,
    )
    return Points(points, sdf <= 0, sdf), cloud, ball_depth(0.4)


def configs(root: Path) -> tuple[Config, Config]:
    """The same data set as npz and as HDF5."""
    data = {"path": str(root), "classes": ["balls"], "img_folder": "", "test_split": "all"}
    data |= {"input_type": "depth", "img_size": 256}
    npz = from_dict({"data": data})
    h5 = from_dict({"data": {**data, "dataset": "Shapes3DH5", "test_split": "all_h5"}})
    return npz, h5


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 50), st.booleans(), st.booleans())
def test_npz_and_h5_give_the_same(
    tmp_path_factory: pytest.TempPathFactory, count: int, with_sdf: bool, with_visible: bool
) -> None:
    root = tmp_path_factory.mktemp("data")
    points, cloud, depth = sphere(count)
    points = Points(points.points, points.occupancies, points.sdf if with_sdf else None)
    cloud = PointCloud(cloud.points, cloud.normals, cloud.visible if with_visible else None)
    folder = root / "balls" / "ball_a-00"
    write_depth(folder / "000.npz", depth)
    write_points(folder / "points.npz", points)
    write_pointcloud(folder / "pointcloud.npz", cloud)
    with h5py.File(root / "balls" / "balls.h5", "w") as file:
        file["depth/ball_a-00"] = depth
        for kind, arrays in (("points", points), ("pointcloud", cloud)):
            for key, group in H5_GROUPS[kind].items():
                if getattr(arrays, key) is not None:
                    file[f"{group}/ball_a-00"] = getattr(arrays, key)
    (root / "balls" / "all.lst").write_text("ball_a-00\n")
    (root / "balls" / "all_h5.lst").write_text("ball_a-00 balls.h5\n")
    npz, h5 = (samples_of_split(config, config.data.test_split)[0] for config in configs(root))
    assert (npz.class_name, npz.name) == (h5.class_name, h5.name) == ("balls", "ball_a-00")
    np.testing.assert_array_equal(npz.depth(), depth)
    np.testing.assert_array_equal(h5.depth(), depth)
    for model in (npz, h5):
        for found, written in ((model.points(), points), (model.pointcloud(), cloud)):
            for key, array in vars(written).items():
                np.testing.assert_array_equal(getattr(found, key), array)


def bad(**arrays: np.ndarray) -> dict[str, np.ndarray]:
    return arrays


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (bad(occupancies=np.zeros(1, np.uint8)), "holds occupancies, but no points"),
        (bad(points=np.zeros((8, 2))), r"points has shape \(8, 2\)"),
        (bad(points=np.zeros((9, 3)), occupancies=np.zeros(9, bool)), "points_unpackbits: false"),
        (bad(points=np.zeros((9, 3)), sdf=np.zeros(8)), r"sdf has shape \(8,\).* for 9 points"),
    ],
)
def test_malformed_points(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    np.savez(tmp_path / "points.npz", **arrays)
    with pytest.raises(DataError, match=message) as raised:
        read_points(tmp_path / "points.npz")
    assert str(tmp_path / "points.npz") in str(raised.value)


def test_unpacked_points(tmp_path: Path) -> None:
    inside = np.arange(9) % 2 == 0
    np.savez(tmp_path / "points.npz", points=np.zeros((9, 3)), occupancies=inside.astype("f4"))
    np.testing.assert_array_equal(
        read_points(tmp_path / "points.npz", packed=False).occupancies, inside
    )


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (None, "no such file"),
        (bad(points=np.zeros((3, 3)), normals=np.zeros((2, 3))), "2 normals for 3 points"),
        (bad(points=np.zeros((3, 3)), visible=np.zeros(2, bool)), "visible has shape"),
    ],
)
def test_malformed_clouds(
    tmp_path: Path, arrays: dict[str, np.ndarray] | None, message: str
) -> None:
    if arrays is not None:
        np.savez(tmp_path / "pointcloud.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read_pointcloud(tmp_path / "pointcloud.npz")


def test_class_of_a_model() -> None:
    assert class_of("lamp_615019-04", "shapenet_full") == "lamp"
    assert class_of("compositional_lamp_3", "x") == "compositional"
    assert class_of("615019-04", "lamp") == class_of("_615019", "lamp") == "lamp"


def test_which_version_of_ground_truth(tmp_path: Path) -> None:
    """Any of its files counts, not only the last one written, and so does how they are read."""
    points, cloud, _ = sphere(40)
    config, _ = configs(tmp_path)
    folder = tmp_path / "balls" / "a"
    write_pointcloud(folder / "pointcloud.npz", cloud)
    (tmp_path / "balls" / "all.lst").write_text("a\n")
    (model,) = samples_of_split(config, "all")
    found = [model.truth_version()]
    write_points(folder / "points.npz", points)
    os.utime(folder / "points.npz", (2000, 2000))
    found.append(model.truth_version())
    for time in (1000, 1001):
        os.utime(folder / "pointcloud.npz", (time, time))
        found.append(model.truth_version())
    for keys in ({"points_unpackbits": False}, {"points_iou_file": None}):
        (other,) = samples_of_split(replace(config, data=replace(config.data, **keys)), "all")
        found.append(other.truth_version())
    write_pointcloud(folder / "pointcloud.npz", sphere(39)[1])
    os.utime(folder / "pointcloud.npz", (1001, 1001))
    found.append(model.truth_version())
    assert len({json.dumps(version) for version in found}) == len(found) == 7
    assert model.truth_version() == found[-1]
    (folder / "pointcloud.npz").unlink()
    with pytest.raises(DataError, match=r"pointcloud.npz: no such file$"):
        model.truth_version()


def test_inside() -> None:
    """A distance of 0, or what float16 makes of a small negative one, is inside."""
    sdf = np.array([-0.1, -1e-9, 0, 1e-3]).astype(np.float16).astype(np.float32)
    expected = [True, True, True, False]
    assert np.equal(Points(np.zeros((4, 3)), sdf=sdf).inside, expected).all()
    occupancies = np.array([False, True, False, True])
    assert Points(np.zeros((4, 3)), occupancies, sdf).inside is occupancies
    assert Points(np.zeros((4, 3))).inside is None
