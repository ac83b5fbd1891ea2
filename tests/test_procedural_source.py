"""Training data that are made while they are needed, with a family of one ball."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from im2mesh.config import Config
from im2mesh.data.batch import Batch, Staged
from im2mesh.data.procedural import (
    EPOCH,
    POINTS_OF_A_CUBE,
    TRAIN,
    VALIDATION,
    ProceduralSource,
    ProceduralValidation,
    open_procedural,
)
from im2mesh.data.rng import random_seed
from im2mesh.errors import ConfigError
from im2mesh.geometry.patches import Windows
from im2mesh.shapes.batch import OUTSIDE, ShapeBatch
from im2mesh.shapes.families import make_shape
from im2mesh.shapes.shape import Shape, box, ellipsoid
from im2mesh.training.trainer import Trainer
from tests.fixtures import level_config

BALL = 0.5  # its radius, once posed


def ball(family: str, seed: int) -> Shape:
    return Shape.of(ellipsoid((1, 1, 1)) if family == "ball" else box((1, 1, 1)))


def configured(tmp_path: Path, kind: str = "patch", method: str = "onet", **data: object) -> Config:
    keys: dict[str, object] = {"dataset": "Procedural3D", "points_subsample": 200}
    if kind == "patch":
        keys |= {
            "dataset": "ProceduralParts3D", "parts_size": 64, "parts_stride": 32,
            "windows_per_shape": 4,
        }  # fmt: skip
    threshold = 0.5 if method == "onet" else -0.02
    return level_config(
        tmp_path, tmp_path, method=method, data=keys | data, test={"threshold": threshold}
    )


def source(config: Config, split: int = TRAIN, families: Sequence[str] = ("ball",)):  # type: ignore[no-untyped-def]
    return ProceduralSource(config, split, families, ball, torch.device("cpu"))


def in_cube(batch_points: Tensor, images: Tensor, windows: Windows) -> list[Tensor]:
    """Points in the cube, the window found again by its picture."""
    depth = Shape.of(ellipsoid((1, 1, 1))).posed(0, 0).depth()
    crops = windows.crop(depth)
    cubes = []
    for points, image in zip(batch_points, images[:, 0], strict=True):
        window = (crops - image).abs().flatten(1).amax(1).argmin()
        cubes.append(windows.to_cube(points, window.expand(len(points))))
    return cubes


@pytest.mark.parametrize("method", ["onet", "onet_sdf"])
def test_patches_hold_what_is_there(tmp_path: Path, method: str) -> None:
    made = source(configured(tmp_path, method=method))
    batch = made.batch(0, 0, 12)
    assert batch.images.shape == (12, 1, 64, 64) and batch.points.shape == (12, 200, 3)
    assert batch.points.abs().max() <= 0.5 and (batch.images >= 0).flatten(1).any(1).all()
    for cube, targets in zip(
        in_cube(batch.points, batch.images, Windows(64, 32)), batch.targets, strict=True
    ):
        distance = cube.norm(dim=1) - BALL
        if method == "onet_sdf":
            torch.testing.assert_close(targets, distance, rtol=0, atol=1e-4)
        else:
            clear = distance.abs() > 1e-4
            assert torch.equal(targets[clear] == 1, distance[clear] < 0)
        assert (distance[:100].abs() < 0.02).float().mean() > 0.5, "the near half"
        assert (distance[100:].abs() < 0.02).float().mean() < 0.4, "the uniform half"
    valid = batch.targets.le(0).any(1) if method == "onet_sdf" else batch.targets.eq(1).any(1)
    assert torch.equal(batch.valid, valid[:, None].expand(-1, 200))


def test_global_samples(tmp_path: Path) -> None:
    made = source(configured(tmp_path, "global", points_near_surface=0.25))
    batch = made.batch(0, 0, 3)
    assert batch.images.shape == (3, 1, 256, 256)
    assert len(batch.shapes.unique()) == 3
    distance = batch.points.norm(dim=2) - BALL
    assert (distance[:, :50].abs() < 0.05).float().mean() > 0.7
    assert (distance[:, 50:].abs() < 0.05).float().mean() < 0.4


@pytest.mark.parametrize("near", [0.0, 0.5, 1.0])
def test_a_sample_is_a_function_of_its_place(tmp_path: Path, near: float) -> None:
    made = source(configured(tmp_path, points_near_surface=near))
    whole, part = made.batch(1, 0, 12), made.batch(1, 5, 7)
    for key, tensor in vars(part).items():
        if key == "points":  # those near the surface depend on where the batch begins
            first = round(near * 200)
            assert torch.equal(tensor[:, first:], whole.points[5:7, first:])
        elif key not in ("targets", "valid"):
            assert torch.equal(tensor, vars(whole)[key][5:7])
    again = source(configured(tmp_path, points_near_surface=near)).batch(1, 0, 12)
    assert all(torch.equal(vars(again)[key], vars(whole)[key]) for key in vars(whole))
    other = made.batch(2, 0, 12)
    assert not set(other.shapes.tolist()) & set(whole.shapes.tolist())


def test_windows_of_a_shape_differ(tmp_path: Path) -> None:
    batch = source(configured(tmp_path)).batch(0, 0, 8)
    assert batch.shapes.tolist() == [k for k in batch.shapes[::4].tolist() for _ in range(4)]
    assert len({image.numpy().tobytes() for image in batch.images[:4]}) > 1


def test_families_and_names(tmp_path: Path) -> None:
    made = source(configured(tmp_path, "global"), families=("ball", "box"))
    names = [made.name(int(k)) for k in made.batch(0, 0, 40).shapes]
    counts = [sum(name.startswith(family) for name in names) for family in ("ball-", "box-")]
    assert sum(counts) == 40 and min(counts) > 8
    assert len(made) == EPOCH


def test_validation_is_another_set_and_stays(tmp_path: Path) -> None:
    config = configured(tmp_path)
    kept = ProceduralValidation(source(config, VALIDATION), 3)
    train = source(config)
    assert len(kept) == 12
    seen = set(train.batch(0, 0, 40).shapes.tolist())
    assert not seen & set(kept.batch(0, 0, 12).shapes.tolist())
    assert kept.batch(0, 0, 6) is kept.batch(5, 0, 6)
    whole = kept.evaluation_points(0, 6)
    assert whole is kept.evaluation_points(0, 6)
    assert whole.counts == [POINTS_OF_A_CUBE // 16] * 6
    assert len(whole.points) == sum(whole.counts) == len(whole.targets)
    assert torch.equal(whole.images, kept.batch(0, 0, 6).images)
    name, depth = kept.maps(5)[0]
    assert len(kept.maps(5)) == 3 and name.startswith("ball-")
    expected = Shape.of(ellipsoid((1, 1, 1))).posed(0, 0).depth().numpy()
    np.testing.assert_allclose(depth, expected, atol=1e-5)


def test_real_families_train_a_step(tmp_path: Path) -> None:
    config = configured(tmp_path, train_families=["chair", "car"], val_families=["lamp"])
    train, kept = open_procedural(config, torch.device("cpu"))
    batch = train.batch(0, 0, 8)
    assert {train.name(int(k)).split("-")[0] for k in batch.shapes} <= {"chair", "car"}
    assert batch.valid.any() and 0 < batch.targets.mean() < 1
    assert kept.name(int(kept.batch(0, 0, 4).shapes[0])).startswith("lamp-")
    run = Trainer(config, train, kept)
    run._prepare()
    assert run.step(batch) > 0


# --- views and sensor effects -------------------------------------------------------------------

FAMILIES = {"train_families": ["chair", "car", "lamp"], "val_families": ["table", "sofa"]}


def opened(tmp_path: Path, kind: str = "global", **data: object):  # type: ignore[no-untyped-def]
    config = configured(tmp_path, kind, val_shapes=4, **FAMILIES, **data)
    return open_procedural(config, torch.device("cpu"))


def numbers_of(made: ProceduralSource, count: int) -> list[int]:
    per_shape = made.per_shape
    return made.batch(0, 0, count * per_shape).shapes[::per_shape].tolist()


def test_defaults_are_upright_full_and_clean(tmp_path: Path) -> None:
    train, kept = opened(tmp_path)
    names = ["lamp-2024692378", "lamp-2782098827", "car-83661149"]
    assert [train.name(number) for number in numbers_of(train, 3)] == names
    names = ["table-1022273383", "sofa-3876506404", "table-63377933"]
    assert [name for name, _ in kept.maps(3)] == names
    batch = train.batch(0, 0, 3)
    for number, image in zip(batch.shapes.tolist(), batch.images[:, 0], strict=True):
        # The keys 2 and 3 and the bounds that they always had.
        azimuth = random_seed(number, 2) / 2**32 * 360
        elevation = -20 + random_seed(number, 3) / 2**32 * 70
        shape = make_shape(train.name(number).split("-")[0], number).posed(azimuth, elevation)
        torch.testing.assert_close(train.shapes([number]).bounds()[0], shape.bounds())
        torch.testing.assert_close(image, ShapeBatch.of([shape]).depth()[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_a_share_has_any_orientation(tmp_path: Path, share: float) -> None:
    def make(family: str, number: int) -> Shape:
        return Shape.of(box((1, 2, 3)))

    config = configured(tmp_path, "global", orientation=share)
    made = ProceduralSource(config, TRAIN, ["box"], make, torch.device("cpu"))
    turns = made.shapes(range(400)).groups[0].rotation
    # Where the model's up axis points: upright, it has no x.
    up = turns[:, :, 1]
    upright = up[:, 0].abs() < 1e-12
    assert (~upright).float().mean() == pytest.approx(share, abs=0.08)
    turned = up[~upright]
    assert (turned.mean(0).abs() < 4 / math.sqrt(3 * len(turned))).all()
    torch.testing.assert_close(
        (turned**2).mean(0), torch.full((3,), 1 / 3, dtype=torch.float64), rtol=0, atol=0.09
    )


def test_elevations_are_those_of_the_range(tmp_path: Path) -> None:
    made = source(configured(tmp_path, "global", elevation=[60, 90]), families=("box",))
    up = made.shapes(range(60)).groups[0].rotation[:, :, 1]
    above = torch.rad2deg(torch.asin(up[:, 2]))
    assert above.min() >= 60 and above.max() <= 90 and above.max() - above.min() > 20


@pytest.mark.parametrize("orientation", [0, 1])
def test_extents_and_places_stay_in_the_cube(tmp_path: Path, orientation: float) -> None:
    train, kept = opened(tmp_path, extent=[0.6, 0.9], orientation=orientation)
    bounds = train.shapes(range(60)).bounds()
    assert bounds.abs().max() <= 0.5 + OUTSIDE
    extent = (bounds[:, 1] - bounds[:, 0]).amax(1)
    middle = bounds.mean(1)
    placed = middle.abs().amax(1) > 1e-9
    assert 0.35 < placed.float().mean() < 0.65
    torch.testing.assert_close(extent[~placed], torch.full_like(extent[~placed], 0.9))
    assert extent[placed].min() >= 0.6 and extent[placed].max() <= 0.9
    assert extent[placed].max() - extent[placed].min() > 0.2
    reached = bounds[placed].abs().amax(1)
    assert (reached > 0.45).any(0).all() and (middle[placed] < 0).any(0).all(), "any place"
    # What is not in the cube is empty, and the map is of what is in it.
    batch = train.batch(0, 0, 4)
    shapes = train.shapes(batch.shapes.tolist())
    outside = torch.rand(4, 500, 3) - 0.5
    outside[..., 0] = outside[..., 0].sign() * 0.51
    assert not shapes.occupancy(outside).any()
    assert ((batch.images == -1) | ((batch.images >= 0) & (batch.images <= 1))).all()
    full = kept.maps(1)[0][1]
    rows, columns = np.nonzero(full >= 0)
    seen = max(np.ptp(rows), np.ptp(columns), np.ptp(full[full >= 0]) * 256)
    assert seen > 200, "validation is as it was"


def test_sensor_effects_are_on_maps_alone(tmp_path: Path) -> None:
    clean, sensed = (opened(tmp_path, sensor=share)[0] for share in (0, 1))
    one, other = clean.batch(0, 0, 6), sensed.batch(0, 0, 6)
    assert all(
        torch.equal(vars(one)[key], vars(other)[key])
        for key in ("points", "targets", "valid", "shapes")
    )
    assert (one.images != other.images).flatten(1).any(1).all()
    assert torch.equal(
        one.images, opened(tmp_path, sensor=1, sensor_strength=0)[0].batch(0, 0, 6).images
    )
    some = opened(tmp_path, sensor=0.5)[0].batch(0, 0, 6).images
    same = [(some == images).flatten(1).all(1) for images in (one.images, other.images)]
    assert torch.equal(same[0], ~same[1]) and same[0].any() and same[1].any()
    depths = torch.from_numpy(np.stack([depth for _, depth in sensed.maps(6)]))
    assert torch.equal(depths, other.images[:, 0]), "pictures show what the network is given"


@pytest.mark.parametrize("kind", ["global", "patch"])
def test_sensor_effects_belong_to_the_sample(tmp_path: Path, kind: str) -> None:
    made, _ = opened(tmp_path, kind, sensor=0.7, orientation=0.5, extent=[0.7, 1])
    whole = made.batch(0, 0, 8)
    parts = [made.batch(0, 0, 4), made.batch(0, 4, 8)]
    assert torch.equal(whole.images, torch.cat([part.images for part in parts]))
    assert torch.equal(whole.points[:, 100:], torch.cat([part.points[:, 100:] for part in parts]))


def test_windows_are_cut_from_the_map_with_effects(tmp_path: Path) -> None:
    made, _ = opened(tmp_path, "patch", sensor=1, windows_per_shape=4)
    batch = made.batch(0, 0, 32)
    assert (batch.images >= 0).flatten(1).any(1).all(), "every window sees something"
    depths = dict(made.maps(8))
    for number, image in zip(batch.shapes.tolist(), batch.images[:, 0], strict=True):
        crops = made.windows.crop(torch.from_numpy(depths[made.name(number)]))
        assert (crops == image).flatten(1).all(1).any()


def test_validation_has_keys_of_its_own(tmp_path: Path) -> None:
    def maps(**data: object) -> list[np.ndarray]:
        return [depth for _, depth in opened(tmp_path, **data)[1].maps(4)]

    usual = maps()
    wide = {"orientation": 1, "elevation": [80, 90], "extent": [0.5, 0.5], "sensor": 1}
    for one, other in zip(usual, maps(**wide), strict=True):
        np.testing.assert_array_equal(one, other)
    for key, value in wide.items():
        changed = maps(**{f"val_{key}": value})
        assert not any(map(np.array_equal, usual, changed)), key


def test_unknown_families(tmp_path: Path) -> None:
    config = configured(tmp_path, val_families=["chairs"])
    with pytest.raises(ConfigError, match=r"data\.val_families names 'chairs'; the families are"):
        open_procedural(config, torch.device("cpu"))


def test_numbers_by_side_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="points_subsample must be one number"):
        source(configured(tmp_path, points_subsample=[5, 5]))


@pytest.mark.parametrize("kind", ["global", "patch"])
def test_batches_in_two_parts(tmp_path: Path, kind: str) -> None:
    """The work of worker processes beside a GPU goes through a pipe; the batch is the same."""
    config = configured(tmp_path, kind, train_families=["box", "cup"], sensor=1.0)
    made, _ = open_procedural(config, torch.device("cpu"))
    assert isinstance(made, Staged)
    prepared = pickle.loads(pickle.dumps(made.prepare(1, 3, 9)))
    found, expected = made.finish(prepared), made.batch(1, 3, 9)
    for field in fields(Batch):
        assert torch.equal(getattr(found, field.name), getattr(expected, field.name))
