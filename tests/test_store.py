"""The store of training points: the same samples as the plain definition, window by window."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.config import Config
from im2mesh.data import store_files
from im2mesh.data.cells import Cells, windows_of
from im2mesh.data.rng import random_below, random_bits, random_seed, random_uniform
from im2mesh.data.storage import samples_of_split
from im2mesh.data.store import PointStore, grouped_permutation
from im2mesh.data.store_files import open_store
from im2mesh.errors import DataError, InputError
from im2mesh.geometry.patches import Windows
from tests.fixtures import PATCHES, level_config, write_balls
from tests.reference.samples import reference_place, reference_pools, reference_usable

LEVELS = [(64, 32), (32, 16), (16, 16), (16, 8), (128, 64), (96, 32)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_balls(tmp_path_factory.mktemp("data"), {"train": 5, "val": 3}, points=500)


def patches(size: int, stride: int) -> dict[str, object]:
    return {"dataset": "Parts3D", "parts_size": size, "parts_stride": stride}


def arrays(config: Config, split: str = "train") -> list[tuple[np.ndarray, ...]]:
    """Depth, points, inside and sdf of each model, straight from the files."""
    models = [(m.depth(), m.points()) for m in samples_of_split(config, split)]
    return [(depth, p.points, p.occupancies, p.sdf) for depth, p in models]


@pytest.mark.parametrize(
    ("size", "stride", "method"),
    [(*level, method) for level, method in zip(LEVELS, ["onet", "onet_sdf"] * 3, strict=True)],
)
def test_every_window_holds_what_the_definition_says(
    data: Path, tmp_path: Path, size: int, stride: int, method: str
) -> None:
    threshold = {"onet": 0.5, "onet_sdf": -0.02}[method]
    config = level_config(
        data, tmp_path, method=method, data=patches(size, stride), test={"threshold": threshold}
    )
    store = open_store(config, "train", shuffle=False)
    place = 0
    for model, (depth, points, inside, sdf) in enumerate(arrays(config)):
        pools = reference_pools(points, inside, size, stride)
        usable = reference_usable(depth, pools, inside, size, stride)
        windows = store.crops[store.crops[:, 0] == model, 1].tolist()
        assert windows == usable
        per_side = (256 - size) // stride + 1
        for window in windows:
            found = store.evaluation_points(place, place + 1)
            assert found is not None and found.counts == [len(pools[window])]
            expected = reference_place(points[pools[window]], window, size, stride)
            np.testing.assert_allclose(found.points, expected, atol=1e-4)
            targets = {"onet": inside, "onet_sdf": sdf}[method][pools[window]]
            np.testing.assert_array_equal(found.targets, targets.astype(np.float32))
            i, j = window // per_side * stride, window % per_side * stride
            np.testing.assert_array_equal(found.images[0, 0], depth[i : i + size, j : j + size])
            place += 1
    assert place == len(store)


@pytest.mark.parametrize("subsample", [40, [30, 20], [0, 10], [10, 0]])
@pytest.mark.parametrize("level", [{}, PATCHES])
def test_draws_are_the_definition(
    data: Path, tmp_path: Path, subsample: object, level: dict[str, object]
) -> None:
    """The same random numbers into the plain pools give the same samples."""
    config = level_config(data, tmp_path, data=level | {"points_subsample": subsample})
    store = open_store(config, "train")
    size, stride = store.cells.windows.size, store.cells.windows.stride
    files = arrays(config)
    pools = [reference_pools(p, inside, size, stride) for _, p, inside, _ in files]
    epoch, start, stop = 3, 1, 5
    batch = store.batch(epoch, start, stop)
    for b, place in enumerate(range(start, stop)):
        model, window = store.crops[store.order(epoch)[place]].tolist()
        _, points, inside, _ = files[model]
        pool = pools[model][window]
        number, valid, drawn = 0, [], []
        sides = (
            [(pool, subsample)]
            if isinstance(subsample, int)
            else [
                (pool[~inside[pool]], subsample[0]),
                (pool[inside[pool]], subsample[1]),
            ]
        )
        for candidates, count in sides:
            key = torch.arange(number, number + count)
            chosen = random_below(torch.tensor(len(candidates)), 0, epoch, torch.tensor(place), key)
            number += count
            valid += [len(candidates) > 0] * count
            drawn += [candidates[k] if len(candidates) else -1 for k in chosen.tolist()]
        np.testing.assert_array_equal(batch.valid[b], valid)
        real = np.array(valid)
        expected = points[drawn][real]
        if level:
            expected = reference_place(expected, window, size, stride)
        np.testing.assert_allclose(batch.points[b][real], expected, atol=1e-4)
        np.testing.assert_array_equal(batch.targets[b][real], inside[drawn][real])
        assert store.name(int(batch.shapes[b])) == store.names[model]
    assert batch.images.shape == (4, 1, size, size)


def test_a_window_without_outer_points_is_padded(data: Path, tmp_path: Path) -> None:
    config = level_config(data, tmp_path, data=patches(16, 16) | {"points_subsample": [5, 5]})
    store = open_store(config, "train")
    batch = store.batch(0, 0, len(store))
    assert batch.valid[:, 5:].all(), "every usable window has a point inside"
    assert not batch.valid[:, :5].all(), "windows of 16 pixels in 500 points: some have only one"
    assert torch.equal(batch.valid[:, :1].expand(-1, 5), batch.valid[:, :5])


def test_a_part_of_a_batch_is_the_same_alone(data: Path, tmp_path: Path) -> None:
    store = open_store(level_config(data, tmp_path, data=dict(PATCHES)), "train")
    together, alone = store.batch(2, 0, 8), store.batch(2, 3, 5)
    for key, tensor in vars(alone).items():
        assert torch.equal(vars(together)[key][3:5], tensor)
    again = store.batch(1, 3, 5)
    assert not torch.equal(again.points, alone.points)


def test_validation_does_not_change(data: Path, tmp_path: Path) -> None:
    store = open_store(level_config(data, tmp_path, data=dict(PATCHES)), "val", shuffle=False)
    one, other = store.batch(0, 0, 4), store.batch(7, 0, 4)
    assert all(torch.equal(vars(one)[key], vars(other)[key]) for key in vars(one))
    assert [name for name, _ in store.maps(2)] == [store.names[0], store.names[-1]]


@pytest.mark.parametrize("together", [1, 3, 8])
def test_an_epoch_takes_every_window_once(data: Path, tmp_path: Path, together: int) -> None:
    config = level_config(data, tmp_path, data=PATCHES | {"windows_per_shape": together})
    store = open_store(config, "train")
    order = store.order(0)
    assert sorted(order.tolist()) == list(range(len(store)))
    assert not torch.equal(order, store.order(1))
    model = store.crops[order, 0]
    runs = 1 + int((model[1:] != model[:-1]).sum())
    if together > 1:
        counts = torch.bincount(store.crops[:, 0])
        assert runs <= int((-(-counts // together)).sum())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40).map(sorted), st.integers(1, 7))
def test_grouped_permutation(model: list[int], together: int) -> None:
    order = grouped_permutation(np.array(model), together, np.random.default_rng(0))
    assert sorted(order) == list(range(len(model)))


def test_global_levels_take_points_beside_the_cube(tmp_path: Path) -> None:
    """Padding, as some data sets have it, teaches a global level that all is empty outside."""
    points = np.array([[0.52, 0, 0], [0, 0, 0]], np.float32)
    order, counts = Cells(Windows(256, 256)).sort(points, np.array([False, True]))
    assert order.tolist() == [0, 1] and counts.tolist() == [1, 1]
    order, counts = Cells(Windows(64, 32)).sort(points, np.array([False, True]))
    assert order.tolist() == [1] and counts.sum() == 1


# --- in a folder --------------------------------------------------------------------------------


def cached(data: Path, tmp_path: Path, **more: object) -> Config:
    return level_config(data, tmp_path, data={"cache": str(tmp_path / "cache"), **more})


def same(one: PointStore, other: PointStore) -> bool:
    batches = [vars(store.batch(1, 0, min(len(store), 6))).values() for store in (one, other)]
    return all(torch.equal(a, b) for a, b in zip(*batches, strict=True))


def test_mapped_equals_in_memory(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = cached(data, tmp_path, **PATCHES)
    in_memory = open_store(level_config(data, tmp_path, data=dict(PATCHES)), "train")
    assert same(in_memory, open_store(config, "train"))
    monkeypatch.setattr(store_files, "_read", None)  # a second run reads no model
    assert same(in_memory, open_store(config, "train"))


def test_levels_of_other_strides_have_other_caches(data: Path, tmp_path: Path) -> None:
    for stride in (16, 48, 16):
        own = cached(data, tmp_path, **patches(64, stride))
        plain = level_config(data, tmp_path, data=patches(64, stride))
        assert same(open_store(own, "train"), open_store(plain, "train"))


def test_a_cache_written_anew_leaves_the_one_in_use(tmp_path: Path) -> None:
    root = write_balls(tmp_path / "data", {"train": 3}, points=100)
    config = cached(root, tmp_path)
    used = open_store(config, "train")
    before = used.batch(0, 0, 3)
    names = (root / "balls/train.lst").read_text().split()
    (root / "balls/train.lst").write_text("\n".join(names[:2]))
    open_store(config, "train")
    after = used.batch(0, 0, 3)
    assert torch.equal(before.points, after.points) and torch.equal(before.images, after.images)


def test_an_interrupted_cache_is_written_anew(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = cached(data, tmp_path)
    read = store_files._read

    def interrupted(sample, *rest):  # type: ignore[no-untyped-def]
        if sample.name == "ball_0003-00":
            raise KeyboardInterrupt
        return read(sample, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(store_files, "_read", interrupted)
        open_store(config, "train")
    assert same(open_store(config, "train"), open_store(level_config(data, tmp_path), "train"))


def test_ranks_share_a_cache_that_one_of_them_writes(data: Path, tmp_path: Path) -> None:
    config = cached(data, tmp_path)
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(config, "train"), range(4)))
    assert all(same(stores[0], store) for store in stores[1:])
    (folder,) = (tmp_path / "cache").iterdir()
    assert len(list(folder.glob("*.npy"))) == len(store_files.ARRAYS)


def test_a_changed_model_is_read_again(tmp_path: Path) -> None:
    root = write_balls(tmp_path / "data", {"train": 3}, points=100)
    config = cached(root, tmp_path)
    before = open_store(config, "train").batch(0, 0, 3)
    write_balls(root, {"train": 3}, points=120)
    after = open_store(config, "train").batch(0, 0, 3)
    assert not torch.equal(before.points, after.points)


def text(content: str) -> Callable[[Path], None]:
    """Damage: another ``store.json``."""
    return lambda folder: (folder / "store.json").write_text(content) and None


def length(name: str, more: int) -> Callable[[Path], None]:
    """Damage: a file that is longer, or shorter."""

    def spoil(folder: Path) -> None:
        size = (folder / name).stat().st_size
        os.truncate(folder / name, max(size + more, 0))

    return spoil


DAMAGE: dict[str, Callable[[Path], None]] = {
    "empty": text(""),
    "cut": text('{"stamp": "'),
    "deep": text("[" * 100_000),
    "list": text("[]"),
    "no sizes": text('{"stamp": ""}'),
    "sizes": text('{"stamp": "", "sizes": 3}'),
    "short": length("points.npy", -1),
    "long": length("points.npy", 6),
    "nothing": length("depths.npy", -(10**9)),
    "gone": lambda folder: (folder / "usable.npy").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_written_anew(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    config = cached(data, tmp_path)
    open_store(config, "train")
    (folder,) = (tmp_path / "cache").iterdir()
    DAMAGE[damage](folder)
    with caplog.at_level(logging.WARNING, "im2mesh"):
        store = open_store(config, "train")
        assert caplog.messages == [f"{folder}: is damaged; written anew"]
        assert same(store, open_store(level_config(data, tmp_path), "train"))
        open_store(config, "train")
    assert len(caplog.messages) == 1, "only once"


def test_what_is_being_written_anew_counts_for_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stamp of the files before speaks of what was cut off."""
    root = shutil.copytree(data, tmp_path / "data")
    config = cached(root, tmp_path)
    before = open_store(config, "train").batch(0, 0, 3)
    file = root / "balls/ball_0000-00/points.npz"
    written = file.stat().st_mtime
    os.utime(file, (written, written + 1))
    with monkeypatch.context() as patch:
        patch.setattr(store_files, "_read", None)
        with pytest.raises(TypeError):
            open_store(config, "train")
    os.utime(file, (written, written))
    after = open_store(config, "train").batch(0, 0, 3)
    assert torch.equal(before.points, after.points)


@pytest.mark.parametrize("order", [("float16", "float32"), ("float32", "float16")])
def test_mixed_precisions(tmp_path: Path, order: tuple[str, str]) -> None:
    root = tmp_path / "data"
    for k, dtype in enumerate(order):
        write_balls(root / dtype, {"train": 2}, dtype=dtype)
        shutil.copytree(root / dtype / "balls/ball_0000-00", root / f"balls/m{k}")
    (root / "balls/train.lst").write_text("m0\nm1\n")
    configs = level_config(root, tmp_path), cached(root, tmp_path)
    stores = [open_store(config, "train") for config in configs]
    assert same(*stores)
    assert stores[0]._points.dtype == torch.float32


def test_float16_files_stay_float16(data: Path, tmp_path: Path) -> None:
    assert open_store(level_config(data, tmp_path), "train")._points.dtype == torch.float16


# --- what is told to whom -----------------------------------------------------------------------


def change(**arrays: object) -> Callable[[Path], None]:
    """Change arrays of a ``points.npz``; None removes one."""

    def spoil(path: Path) -> None:
        stored = {key: arrays.get(key, array) for key, array in np.load(path).items()}
        np.savez(path, **{key: a for key, a in stored.items() if a is not None})

    return spoil


NAN = np.full((50, 3), np.nan, np.float16)
REFUSED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "missing": (Path.unlink, "onet", r"ball_0001-00/points\.npz: no such file"),
    "no sdf": (change(sdf=None), "onet_sdf", r"ball_0001-00/points\.npz: holds no sdf, which "),
    "nan": (change(points=NAN), "onet", r"ball_0001-00/points\.npz: holds values that are not"),
    "neither": (change(sdf=None, occupancies=None), "onet", "holds neither occupancies nor sdf"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_points(tmp_path: Path, case: str) -> None:
    spoil, method, message = REFUSED[case]
    root = write_balls(tmp_path / "data", {"train": 2}, points=50)
    spoil(root / "balls/ball_0001-00/points.npz")
    with pytest.raises(DataError, match=message):
        open_store(level_config(root, tmp_path, method=method), "train")


def test_occupancy_needs_no_sdf(tmp_path: Path) -> None:
    root = write_balls(tmp_path / "data", {"train": 2}, points=50, sdf=False)
    assert len(open_store(level_config(root, tmp_path), "train")) == 2


def test_occupancy_from_sdf(tmp_path: Path) -> None:
    both = write_balls(tmp_path / "both", {"train": 2}, points=50)
    only = write_balls(tmp_path / "only", {"train": 2}, points=50, occupancies=False)
    assert same(*(open_store(level_config(root, tmp_path), "train") for root in (both, only)))


@pytest.mark.parametrize("config_of", [level_config, cached])
def test_no_usable_window(tmp_path: Path, config_of: Callable[..., Config]) -> None:
    root = write_balls(tmp_path / "data", {"train": 2}, points=50)
    for path in (root / "balls").glob("*/points.npz"):
        change(occupancies=np.zeros(7, np.uint8))(path)
    with pytest.raises(DataError, match="no window has both a foreground pixel and a point"):
        open_store(config_of(root, tmp_path), "train")


def test_a_cache_that_cannot_be_written(data: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    config = cached(data, tmp_path)
    with pytest.raises(InputError, match=r"cannot be written to .*; choose another data\.cache"):
        open_store(config, "train")


def test_more_than_the_memory(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_files.os, "sysconf", lambda key: 1000)
    with pytest.raises(InputError, match=r"5 models take about .* set data\.cache to a folder"):
        open_store(level_config(data, tmp_path), "train")


def test_other_points_for_the_iou(tmp_path: Path) -> None:
    root = write_balls(tmp_path / "data", {"val": 2}, points=50)
    for path in (root / "balls").glob("*/points.npz"):
        stored = dict(np.load(path))
        stored["occupancies"] = np.packbits(np.ones(30, bool))
        stored["points"], stored["sdf"] = stored["points"][:30], stored["sdf"][:30]
        np.savez(path.with_name("iou.npz"), **stored)
    config = level_config(root, tmp_path, data={"points_iou_file": "iou.npz"})
    found = open_store(config, "val", shuffle=False).evaluation_points(0, 2)
    assert found is not None and found.counts == [30, 30] and found.targets.all()
    config = level_config(root, tmp_path, data={"points_iou_file": None})
    assert open_store(config, "val", shuffle=False).evaluation_points(0, 2) is None


# --- windows and random numbers -------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(LEVELS), st.integers(0, 99))
def test_windows_to_cube_and_back(level: tuple[int, int], seed: int) -> None:
    windows = Windows(*level)
    generator = torch.Generator().manual_seed(seed)
    window = torch.randint(len(windows), (20,), generator=generator)
    local = torch.rand(20, 3, generator=generator) - 0.5
    cube = windows.to_cube(local, window)
    torch.testing.assert_close(windows.to_local(cube, window), local, rtol=0, atol=1e-4)
    assignment = windows.assign(cube)
    owner = np.repeat(np.arange(len(windows)), assignment.counts)
    owned = {(int(k), int(w)) for k, w in zip(assignment.point, owner, strict=True)}
    assert len({(k, int(w)) for k, w in enumerate(window)} - owned) <= 1  # rounded onto a bound


def test_picked_windows_are_the_crops() -> None:
    windows = Windows(64, 32)
    images = torch.rand(3, 256, 256)
    image, window = torch.tensor([0, 2, 2]), torch.tensor([5, 0, 48])
    expected = torch.stack([windows.crop(images[i])[w] for i, w in zip(image, window, strict=True)])
    assert torch.equal(windows.pick(images, image, window), expected)


def test_windows_of_a_global_level_are_the_image(data: Path, tmp_path: Path) -> None:
    assert windows_of(level_config(data, tmp_path)) == Windows(256, 256)


def test_random_numbers_are_splitmix64() -> None:
    """Golden: the generator's first output for the seed 0 is 0xE220A8397B1DCDAF."""

    def mix(state: int) -> int:
        wrap = (1 << 64) - 1
        state = (state + 0x9E3779B97F4A7C15) & wrap
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & wrap
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & wrap
        return state ^ (state >> 31)

    assert mix(0) == 0xE220A8397B1DCDAF
    keys = torch.tensor([0, 1, -1, 2**40])
    expected = [mix(mix(7) ^ (int(key) % 2**64)) >> 32 for key in keys]
    assert random_bits(7, keys).tolist() == expected
    assert [random_seed(7, key) for key in keys.tolist()] == expected
    assert random_seed(-3, 5, -(2**40)) == int(random_bits(-3, 5, torch.tensor(-(2**40))))


def test_random_numbers_are_even_and_unrelated() -> None:
    keys = torch.arange(40_000)
    counts = torch.bincount(random_below(torch.tensor(10), 1, 2, keys), minlength=10)
    assert (counts - 4000).abs().max() < 300
    one, other = random_uniform(1, 2, keys), random_uniform(1, 3, keys)
    assert abs(float(torch.corrcoef(torch.stack([one, other]))[0, 1])) < 0.03
    assert float(one.min()) >= 0 and float(one.max()) < 1
    assert random_below(torch.tensor(0), 1, keys).max() == 0
    assert len({random_seed(0, 1, k) for k in range(100)}) == 100
