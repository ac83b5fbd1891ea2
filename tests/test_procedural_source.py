"""Training data that are made while they are needed, with a family of one ball."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from im2mesh.config import Config
from im2mesh.data.procedural import (
    EPOCH,
    POINTS_OF_A_CUBE,
    TRAIN,
    VALIDATION,
    ProceduralSource,
    ProceduralValidation,
    open_procedural,
)
from im2mesh.errors import ConfigError
from im2mesh.patches import Windows
from im2mesh.preparation.procedural import Shape, box, ellipsoid
from im2mesh.training.trainer import Trainer
from tests.datasets import level_config

BALL = 0.5  # its radius, once posed


def ball(family: str, seed: int) -> Shape:
    return Shape.of(ellipsoid((1, 1, 1)) if family == "ball" else box((1, 1, 1)))


class Balls:
    """Balls of radius 0.5 about the origin, whatever the shapes are."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = shapes

    def depth(self, size: int = 256) -> Tensor:
        return torch.stack([shape.depth(size) for shape in self._shapes])

    def signed_distance(self, points: Tensor) -> Tensor:
        assert points.ndim == 3 and len(points) == len(self._shapes)
        return points.norm(dim=2) - BALL

    def occupancy(self, points: Tensor) -> Tensor:
        return self.signed_distance(points) <= 0

    def sample_surface(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        normals = torch.randn(len(self._shapes), count, 3, generator=generator)
        normals = normals / normals.norm(dim=2, keepdim=True)
        return BALL * normals, normals


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
    return ProceduralSource(config, split, families, ball, Balls, torch.device("cpu"))


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
    whole = kept.whole(0, 6)
    assert whole is kept.whole(0, 6)
    assert whole.counts == [POINTS_OF_A_CUBE // 16] * 6
    assert len(whole.points) == sum(whole.counts) == len(whole.targets)
    assert torch.equal(whole.images, kept.batch(0, 0, 6).images)
    name, depth = kept.maps(5)[0]
    assert len(kept.maps(5)) == 3 and name.startswith("ball-")
    expected = Shape.of(ellipsoid((1, 1, 1))).posed(0, 0).depth().numpy()
    np.testing.assert_allclose(depth, expected, atol=1e-6)


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


def test_unknown_families(tmp_path: Path) -> None:
    config = configured(tmp_path, val_families=["chairs"])
    with pytest.raises(ConfigError, match=r"data\.val_families names 'chairs'; the families are"):
        open_procedural(config, torch.device("cpu"))


def test_numbers_by_side_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="points_subsample must be one number"):
        source(configured(tmp_path, points_subsample=[5, 5]))
