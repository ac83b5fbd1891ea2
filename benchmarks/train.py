"""Time the training of a level: data, steps, and the share of the machine's own rate.

    python benchmarks/train.py [--parts a b c] [--workers N] [--views 64] [--seconds 10]

(a) patch samples per second of our loader, and of the plain definition written as the released
    code works: for every sample open and decompress the model's depth and points, crop, draw.
    The same workers, the same files of 100 000 points, in a warm page cache.
(b) seconds of a training step spent on data and on computing, and the share of the rate of bare
    matrix products of the decoder's shapes that the computing reaches.
(c) the same seconds on procedural shapes, by threads, and with a process that makes batches ahead
    (``training.num_workers: 1``): then data are what the step waits for it.

All numbers and ratios come from this run. The data set is made of the demo's objects.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.config import Config, from_dict, load_config  # noqa: E402
from im2mesh.data.storage import Points, write_depth, write_points  # noqa: E402
from im2mesh.data.store import PointStore  # noqa: E402
from im2mesh.data.store_files import open_store  # noqa: E402
from im2mesh.parallel import in_order  # noqa: E402
from im2mesh.preparation.demo import MODELS  # noqa: E402
from im2mesh.training.run import keep_freed_memory, open_sources  # noqa: E402
from im2mesh.training.schedule import batch_slices  # noqa: E402
from im2mesh.training.trainer import Trainer  # noqa: E402

POINTS = 100_000
SIZES = {
    "slim": {"c_dim": 128, "hidden": 128, "width": 16},
    "full": {"c_dim": 256, "hidden": 256, "width": 64},
}


def write_views(root: Path, views: int) -> None:
    """Write ``views`` model folders as the released data set has them, and their split list."""
    names = []
    for k in tqdm(range(views), desc="writing views", leave=False):
        model = list(MODELS)[k % len(MODELS)]
        build, azimuth, elevation = MODELS[model]
        shape = build().posed(azimuth + 37.0 * (k // len(MODELS)), elevation)
        random = np.random.default_rng(k)
        points = random.uniform(-0.5, 0.5, (POINTS, 3)).astype(np.float16).astype(np.float32)
        name = f"{model[:-3]}-{k:02d}"
        write_depth(root / "all" / name / "000.npz", shape.depth().numpy())
        inside = shape.occupancy(points).numpy()
        write_points(root / "all" / name / "points.npz", Points(points, inside))
        names.append(name)
    (root / "all/train.lst").write_text("".join(f"{name}\n" for name in names))


def configured(root: Path, size: str, parts: tuple[int, int] | None, **training: object) -> Config:
    """A level of the published recipe on the written views."""
    numbers = SIZES[size]
    patch = {} if parts is None else {"parts_size": parts[0], "parts_stride": parts[1]}
    return from_dict(
        {
            "data": {
                "dataset": "Shapes3D" if parts is None else "Parts3D",
                "path": str(root), "classes": ["all"], "input_type": "depth", "img_size": 256,
                "img_folder": "", "points_subsample": 2048 if parts is None else 1500, **patch,
            },
            "model": {
                "decoder": "cbatchnorm", "c_dim": numbers["c_dim"], "z_dim": 0,
                "decoder_kwargs": {"hidden_size": numbers["hidden"]},
                "encoder_kwargs": {"width": numbers["width"]},
            },
            "training": {
                "out_dir": str(root / "out"), "validate_every": 0, "visualize_every": 0, **training
            },
        }
    )  # fmt: skip


# --- (a) ------------------------------------------------------------------------------------------


class Plain(Dataset[tuple[torch.Tensor, ...]]):
    """A sample as the released code makes it: every file opened again for every window."""

    def __init__(self, store: PointStore, config: Config) -> None:
        self.samples = store.crops.numpy()
        self.names, self.config = store.names, config
        self.corners = store.cells.windows.corners()
        self.random = np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, k: int) -> tuple[torch.Tensor, ...]:
        data, (model, window) = self.config.data, self.samples[k]
        folder = Path(data.path) / self.names[model]
        size, (i, j) = data.parts_size, self.corners[window]
        with np.load(folder / "000.npz") as arrays:
            image = arrays["arr_0"][i : i + size, j : j + size, 2]
        with np.load(folder / "points.npz") as arrays:
            points = arrays["points"].astype(np.float32)
            inside = np.unpackbits(arrays["occupancies"])[: len(points)].astype(np.float32)
        x, y = (points[:, 0] + 0.5) * 256, (0.5 - points[:, 1]) * 256
        owned = np.flatnonzero((x >= j) & (x < j + size) & (y > i) & (y <= i + size))
        drawn = self.random.choice(owned, data.points_subsample)
        local = points[drawn]
        local[:, 0] = (x[drawn] - j) / size - 0.5
        local[:, 1] = 0.5 - (y[drawn] - i) / size
        return torch.from_numpy(image)[None], torch.from_numpy(local), torch.tensor(inside[drawn])


def rate(batches: Callable[[], object], size: int, seconds: float) -> float:
    """Samples per second, after a first batch that starts the workers."""
    batches()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        batches()
        done += size
    return done / (time.perf_counter() - start)


def loader(root: Path, parts: tuple[int, int], workers: int, seconds: float) -> None:
    """Part (a) for one level."""
    config = configured(root, "full", parts, num_workers=workers)
    size = config.training.batch_size
    start = time.perf_counter()
    store = open_store(config, "train")
    built = time.perf_counter() - start
    plain = iter(
        DataLoader(Plain(store, config), size, shuffle=True, num_workers=workers, drop_last=True)
    )
    plain_rate = rate(lambda: next(plain), size, seconds)

    def made(place):  # type: ignore[no-untyped-def]
        return store.batch(place.epoch, place.start, place.stop)

    ours = in_order(made, batch_slices(len(store), size, 1, 0, 0), workers)
    our_rate = rate(lambda: next(ours), size, seconds)
    alone = in_order(made, batch_slices(len(store), size, 1, 0, 0), 0)
    alone_rate = rate(lambda: next(alone), size, seconds)
    print(
        f"p{parts[0]}s{parts[1]}, {len(store.names)} views, {len(store)} windows, {workers} "
        f"workers: plain {plain_rate:.0f} samples/s, ours {our_rate:.0f} samples/s, "
        f"{our_rate / plain_rate:.0f} times as many; without workers {alone_rate:.0f}; reading "
        f"all views once took {built:.1f} s, the store takes {store.bytes / 1e6:.0f} MB"
    )


# --- (b) -------------------------------------------------------------------------------------


def flop_of_step(trainer: Trainer, samples: int, points: int) -> float:
    """Multiply-adds counted twice, of the products and convolutions, forward and backward."""
    hidden = trainer.config.model.decoder_kwargs.hidden_size
    decoder = 2 * (3 * hidden + 10 * hidden * hidden + hidden) * points * samples
    image = torch.zeros(2, 1, *trainer.source.batch(0, 0, 2).images.shape[-2:])
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        trainer.network.encoder(image.to(next(trainer.network.parameters()).device))
    return 3 * (decoder + counter.get_total_flops() / 2 * samples)


def wait(device: torch.device) -> None:
    """Wait for the work of a device."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def product_rate(
    rows: int, hidden: int, device: torch.device, dtype: torch.dtype, repeats: int = 50
) -> float:
    """FLOP/s of (rows, hidden) × (hidden, hidden), the best of five times ``repeats``."""
    a = torch.randn(rows, hidden, device=device, dtype=dtype)
    b = torch.randn(hidden, hidden, device=device, dtype=dtype)
    out = torch.empty_like(a)
    best = float("inf")
    for _ in range(5):
        wait(device)
        start = time.perf_counter()
        for _ in range(repeats):
            torch.mm(a, b, out=out)
        wait(device)
        best = min(best, time.perf_counter() - start)
    return repeats * 2 * rows * hidden * hidden / best


def steps(config: Config, fabric: Fabric, count: int) -> tuple[float, float, Trainer]:
    """Median seconds of a step for data, and for computing."""
    trainer = Trainer(config, open_sources(config, fabric.device)[0], fabric=fabric)
    trainer._prepare()
    batches = trainer._batches()
    data, compute = [], []
    for k in range(count + 2):
        start = time.perf_counter()
        _, batch = next(batches)
        wait(fabric.device)
        middle = time.perf_counter()
        trainer.step(batch)
        wait(fabric.device)
        if k >= 2:  # the first ones start workers and choose algorithms
            data.append(middle - start)
            compute.append(time.perf_counter() - middle)
    return float(np.median(data)), float(np.median(compute)), trainer


def split(root: Path, size: str, parts: tuple[int, int] | None, batch: int, workers: int) -> None:
    """Part (b) for one level."""
    config = configured(root, size, parts, batch_size=batch, num_workers=workers)
    data, compute, trainer = steps(config, Fabric(accelerator="cpu", devices=1), 3)
    points = config.data.points_subsample
    assert isinstance(points, int)
    hidden = config.model.decoder_kwargs.hidden_size
    reached = flop_of_step(trainer, batch, points) / compute
    bare = product_rate(points, hidden, torch.device("cpu"), torch.float32)
    print(
        f"{size} {_name(parts)}, batch {batch}: data {data * 1e3:.0f} ms, computing "
        f"{compute * 1e3:.0f} ms ({data / (data + compute):.1%} data), {batch / compute:.1f} "
        f"samples/s; {reached / 1e9:.0f} of {bare / 1e9:.0f} GFLOP/s: {reached / bare:.0%} of the "
        "rate of matrix products"
    )


def procedural(name: str, threads: int, workers: int, count: int = 12) -> None:
    """Part (c) for one level; its data change from step to step, so it takes more steps."""
    torch.set_num_threads(threads)
    config = load_config(ROOT / f"configs/procedural/{name}.yaml")
    keys = {"validate_every": 0, "visualize_every": 0, "num_workers": workers}
    config = replace(config, training=replace(config.training, **keys))
    data, compute, trainer = steps(config, Fabric(accelerator="cpu", devices=1), count)
    print(
        f"{name}, {threads} threads, {workers} workers, "
        f"{'bfloat16' if trainer.bfloat16 else 'float32'}: data {data * 1e3:.0f} ms, computing "
        f"{compute * 1e3:.0f} ms ({data / (data + compute):.0%} data), "
        f"{config.training.batch_size / (data + compute):.1f} samples/s",
        flush=True,
    )


def _name(parts: tuple[int, int] | None) -> str:
    return "global" if parts is None else f"p{parts[0]}s{parts[1]}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=("a", "b", "c"), default=["a", "b", "c"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--views", type=int, default=64, help="in the data set (at least 50)")
    parser.add_argument("--seconds", type=float, default=10, help="of each loader in (a)")
    args = parser.parse_args()
    print(f"{torch.get_num_threads()} threads")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if {"a", "b"} & set(args.parts):
            write_views(root, args.views)
        if "a" in args.parts:
            for parts in ((64, 32), (32, 16)):
                loader(root, parts, args.workers, args.seconds)
        if "b" in args.parts:
            keep_freed_memory()  # as train.py does on a CPU
            split(root, "slim", (64, 32), 64, 0)
            split(root, "slim", None, 16, 0)
            split(root, "full", (32, 16), 16, 0)
    if "c" in args.parts:
        keep_freed_memory()
        for name in ("volume", "slim_p64s32", "slim_global"):
            for threads, workers in ((1, 0), (1, 1), (2, 0), (2, 1)):
                procedural(name, threads, workers)


if __name__ == "__main__":
    main()
