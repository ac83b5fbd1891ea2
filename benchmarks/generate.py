"""Time the way from a depth map to a mesh.

    python benchmarks/generate.py [--tables ways threads …] [--networks demo slim full]
                                  [--methods …] [--map FILE.npz] [--keep FILE.json]

``demo`` is the volume level of ``make demo``, ``slim`` the bundled plain HPN3, ``full`` the same at
the published sizes. The tables, each on the same map and weights:

* ``ways``: the released way against ours. ``released``: a plain transcription of the released code
  (benchmarks/released.py), not for ``demo``; ``dense``: every node of our lattice; ``mise``: coarse
  to fine; ``carve``, ``surface``: the same with ``generation.observation``, which leaves out free
  space; ``mirror``: ``surface`` with ``generation.symmetry``.
* ``precision``: ours with the hidden layers in float32, in bfloat16, and as ``auto`` decides.
* ``threads``: ours with one thread and with two, and both beside a busy process.
* ``resolution``: ours with 64, 128 and 256 cells along a side.
* ``workers``: the demo's eight maps by ``generate.py`` with 1, 2 and 4 workers, start included, and
  whether all of them write the same files.

The last four take the default method of their networks: ``mirror`` for ``demo``, else ``mise``.

Each row is a process of its own. Its seconds are the lower median of up to five runs, fewer where
they take long, after a short warm-up; ``cpu`` is the least processor time of all threads, which
tells more on a busy machine. With ``--keep`` finished rows are kept in a file, and the same
command goes on from there; the rows of ``released`` are kept level by level. Ratios are of rows of
one file, so remove it before you measure again.

The weights of ``full`` networks are the slim ones embedded in them (all other channels zero), so
they compute the same field with a real surface at the full cost.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.released import level_volume  # noqa: E402
from im2mesh.bundled import DEMO_LEVELS, demo_config  # noqa: E402
from im2mesh.config import load_config  # noqa: E402
from im2mesh.data.depth import load_depth  # noqa: E402
from im2mesh.files import atomic  # noqa: E402
from im2mesh.generation.lattice import released_lattice  # noqa: E402
from im2mesh.generation.level import Level  # noqa: E402
from im2mesh.generation.pipeline import Reconstructor  # noqa: E402
from im2mesh.models.decoder import CPU_ROWS, CBatchNormDecoder, FoldedDecoder  # noqa: E402
from im2mesh.models.encoder import ResNet18Encoder  # noqa: E402
from im2mesh.models.network import ImplicitNetwork  # noqa: E402
from im2mesh.models.pixel_features import CHANNELS  # noqa: E402
from im2mesh.processors import cpus, threads  # noqa: E402

PLAIN = ("plain_global", "plain_p64s32", "plain_p32s16")
LEVELS = {"demo": DEMO_LEVELS, "slim": PLAIN, "full": PLAIN}
HIDDEN = {"slim": 128, "full": 256}
METHODS = ("released", "dense", "mise", "carve", "surface", "mirror")
TABLES = ("ways", "precision", "threads", "resolution", "workers")

RUNS, ENOUGH = 5, 20.0
"""A row's runs, and the seconds after which no further one is begun."""


@dataclass(frozen=True)
class Row:
    """A measurement: which networks, how they are used, and what the machine is given.

    Attributes:
        networks: a key of :data:`LEVELS`.
        method: of :data:`METHODS`.
        level: the number of the only level, for ``released``; None: all of them.
        precision: as ``generation.precision``.
        threads: of torch; None: as many as this machine gives.
        busy: processes beside it that compute without end.
        resolution: cells of our lattice.
    """

    networks: str
    method: str
    level: int | None = None
    precision: str = "auto"
    threads: int | None = None
    busy: int = 0
    resolution: int = 128


Result = dict[str, Any]
"""Numbers of a row, as JSON holds them."""


# --- one row, in a process of its own -------------------------------------------------------------


def full_size(level: Level) -> Level:
    """A level of the published size that computes the same field as a slim one.

    Every tensor is padded by zeros (running variances by ones), so the extra channels carry
    zeros through the whole network; they cost what any channels cost.
    """
    kind = level.config.model.decoder_kwargs.observed
    decoder = CBatchNormDecoder(256, features=CHANNELS[kind])
    network = ImplicitNetwork(ResNet18Encoder(256), decoder, kind)
    state = network.state_dict()
    for key, slim in level.network.state_dict().items():
        padded = torch.ones_like(state[key]) if "var" in key else torch.zeros_like(state[key])
        padded[tuple(slice(0, n) for n in slim.shape)] = slim
        state[key] = padded
    network.load_state_dict(state)
    model = level.config.model
    sizes = replace(model, decoder_kwargs=replace(model.decoder_kwargs, hidden_size=256))
    return Level(replace(level.config, model=sizes), network)


def load_levels(networks: str) -> list[Level]:
    """Return the levels of networks, warm."""
    levels = [Level.load(load_config(demo_config(name))) for name in LEVELS[networks]]
    if networks == "full":
        levels = [full_size(level) for level in levels]
    empty = torch.full((256, 256), -1.0)
    empty[96:160, 96:160] = 0.5
    for level in levels:  # first calls of the libraries cost extra; nobody's method is to blame
        level.bind(empty, 1000)(torch.rand(1000, 3) - 0.5)
    return levels


def measure(row: Row, depth: np.ndarray) -> Result:
    """Run one row and report what it took."""
    levels = load_levels(row.networks)
    if row.method == "released":
        assert row.level is not None
        with torch.inference_mode():
            start, cpu = time.perf_counter(), time.process_time()
            _, calls, points = level_volume(levels[row.level], depth)
            seconds = {"encode + eval points": time.perf_counter() - start}
        runs, faces, precision = [(seconds, time.process_time() - cpu)], 0, "float32"
    else:
        settings = replace(
            levels[0].config.generation,
            extraction="dense" if row.method == "dense" else "mise",
            observation={"carve": "carve", "surface": "surface", "mirror": "surface"}.get(
                row.method, "none"
            ),
            symmetry="auto" if row.method == "mirror" else "none",
            resolution=row.resolution,
            precision=row.precision,
        )
        reconstruct = Reconstructor(levels, settings)
        precision = reconstruct.precision  # measured now, once in a process
        runs, begin = [], time.perf_counter()
        while not runs or (len(runs) < RUNS and time.perf_counter() - begin < ENOUGH):
            cpu = time.process_time()
            result = reconstruct(depth)
            cpu = time.process_time() - cpu
            runs.append(({stage: s for stage, s in result.seconds.items() if s}, cpu))
        calls, points = result.decoder_passes, result.decoder_rows
        faces = len(result.faces)
    totals = [sum(stages.values()) for stages, _ in runs]
    total = statistics.median_low(totals)
    return {
        "seconds": next(stages for stages, _ in runs if sum(stages.values()) == total),
        "total": total,
        "slowest": max(totals),
        "cpu": min(cpu for _, cpu in runs),
        "calls": calls,
        "points": points,
        "faces": faces,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "precision": precision,
        "threads": threads(),
    }


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """Let processes compute beside the block."""
    command = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


class Measured:
    """Rows that are measured when they are asked for, and kept."""

    def __init__(self, path: Path, keep: Path | None) -> None:
        """Take the depth map, and the file of finished rows or None."""
        self.path, self.keep = path, keep
        self.rows: dict[str, Result] = {}
        if keep is not None and keep.is_file():
            self.rows = json.loads(keep.read_text())

    def save(self, key: str, result: Result) -> Result:
        """Keep a result."""
        self.rows[key] = result
        if self.keep is not None:
            with atomic(self.keep) as beside:
                beside.write_text(json.dumps(self.rows, indent=1))
        return result

    def __call__(self, row: Row) -> Result:
        """Return a row's result."""
        if row.method == "released" and row.level is None:
            return _added([self(replace(row, level=k)) for k in range(len(LEVELS[row.networks]))])
        key = json.dumps([str(self.path), asdict(row)])
        if key in self.rows:
            return self.rows[key]
        environment = dict(os.environ)
        if row.threads is not None:
            environment["OMP_NUM_THREADS"] = str(row.threads)
        command = [
            sys.executable,
            __file__,
            "--map",
            str(self.path),
            "--one",
            json.dumps(asdict(row)),
        ]
        with _busy(row.busy):
            done = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, text=True, env=environment
            )
        return self.save(key, json.loads(done.stdout))


def _added(parts: Sequence[Result]) -> Result:
    """Join the results of one level each."""
    whole = {
        key: sum(part[key] for part in parts)
        for key in ("total", "slowest", "cpu", "calls", "points")
    }
    seconds = {"encode + eval points": whole["total"]}
    memory = max(part["memory"] for part in parts)
    return {**parts[0], **whole, "seconds": seconds, "memory": memory, "faces": 0}


# --- tables ---------------------------------------------------------------------------------------


def flop_per_point(hidden: int) -> int:
    """Multiply-adds counted twice, of the matrix products of one decoder point."""
    return 2 * (3 * hidden + 10 * hidden * hidden + hidden)


def rates(hidden: int, c_dim: int, points: int = 100_000) -> tuple[float, float]:
    """GFLOP/s of the folded decoder in float32, and of its ten square products alone."""
    decoder = FoldedDecoder(CBatchNormDecoder(c_dim, hidden).eval(), torch.randn(1, c_dim))
    inputs = torch.rand(points, 3) - 0.5
    matrix, rows = torch.randn(hidden, hidden), torch.randn(CPU_ROWS, hidden)
    out = torch.empty_like(rows)
    best_decoder = best_product = float("inf")
    with torch.inference_mode():
        for _ in range(5):  # interleaved, so that a busy moment hits both
            start = time.perf_counter()
            decoder(inputs, [points], points)
            middle = time.perf_counter()
            for _ in range(10 * points // CPU_ROWS):
                torch.mm(rows, matrix, out=out)
            end = time.perf_counter()
            best_decoder = min(best_decoder, middle - start)
            best_product = min(best_product, end - middle)
    products = 10 * points // CPU_ROWS * CPU_ROWS * 2 * hidden * hidden
    return points * flop_per_point(hidden) / best_decoder / 1e9, products / best_product / 1e9


HEAD = f"{'':24}{'total':>9}{'cpu':>9}{'calls':>7}{'points':>11}{'GFLOP/s':>9}{'memory':>9}"
HEAD += f"{'faces':>8}   stages"


def show(label: str, row: Row, result: Result) -> None:
    """Print one line."""
    stages = ", ".join(f"{stage} {s:.2f}" for stage, s in result["seconds"].items())
    field = result["seconds"].get("eval points") or result["seconds"]["encode + eval points"]
    hidden = HIDDEN.get(row.networks)
    rate = f"{result['points'] * flop_per_point(hidden) / field / 1e9:.0f}" if hidden else ""
    print(
        f"{label:24}{result['total']:7.2f} s{result['cpu']:7.2f} s{result['calls']:7d}"
        f"{result['points']:11d}{rate:>9}{result['memory']:6.2f} GB{result['faces']:8d}   "
        f"{stages} s",
        flush=True,
    )


def default(networks: str) -> Row:
    """Return the row of our default way."""
    return Row(networks, "mirror" if networks == "demo" else "mise")


def ways(networks: str, measured: Measured, args: argparse.Namespace) -> None:
    """Print the released way and ours, and their ratios."""
    results = {}
    for method in args.methods:
        if networks == "demo" and method == "released":
            continue
        row = Row(networks, method, resolution=args.resolution)
        results[method] = measured(row)
        show(method, row, results[method])
    if "released" in results and args.resolution == released_lattice().nodes:
        for method in [method for method in results if method != "released"]:
            ratio, cpu = (results["released"][k] / results[method][k] for k in ("total", "cpu"))
            print(f"{method} is {ratio:.1f} times as fast as released; {cpu:.1f} by cpu")
    for method in ("carve", "surface", "mirror"):
        if method in results and "mise" in results:
            points = results[method]["points"] / results["mise"]["points"]
            total = results[method]["total"] / results["mise"]["total"]
            print(f"{method} takes {points:.0%} of the points and {total:.0%} of the time of mise")
    if networks in HIDDEN:
        decoder, product = rates(HIDDEN[networks], HIDDEN[networks])
        print(
            f"float32: decoder {decoder:.0f} GFLOP/s, matrix products of its shapes {product:.0f} "
            f"GFLOP/s: {decoder / product:.0%}"
        )


def precision(networks: str, measured: Measured, args: argparse.Namespace) -> None:
    """Print ours in both precisions, and what ``auto`` takes."""
    for precision in ("float32", "bfloat16", "auto"):
        row = replace(default(networks), precision=precision)
        result = measured(row)
        taken = f" ({result['precision']})" if precision == "auto" else ""
        show(f"{precision}{taken}", row, result)


def by_threads(networks: str, measured: Measured, args: argparse.Namespace) -> None:
    """Print ours by threads, quiet and beside a busy process."""
    for busy in (0, 1):
        for count in (1, 2):
            row = replace(default(networks), threads=count, busy=busy)
            result = measured(row)
            show(f"{count} thread{'s' * (count > 1)}{', busy beside' * busy}", row, result)
    quiet, beside = (measured(replace(default(networks), threads=2, busy=b)) for b in (0, 1))
    print(
        f"two threads beside a busy process take {beside['total'] / quiet['total']:.1f} times as "
        f"long (the slowest run {beside['slowest'] / quiet['total']:.1f} times)"
    )


def resolution(networks: str, measured: Measured, args: argparse.Namespace) -> None:
    """Print ours by the lattice's resolution, with ratios to the one before."""
    before = None
    for cells in (64, 128, 256):
        row = replace(default(networks), resolution=cells)
        result = measured(row)
        grown = ""
        if before is not None:
            grown = f", {result['points'] / before['points']:.1f} x the points"
            grown += f", {result['total'] / before['total']:.1f} x the time"
        show(f"{cells}{grown}", row, result)
        before = result


def workers(measured: Measured) -> None:
    """Print maps a minute of ``generate.py`` by workers; start included."""
    hashes = set()
    print("\nworkers: the demo's maps by generate.py")
    for count in (1, 2, 4):
        key = f"workers {count}"
        result = measured.rows.get(key) or measured.save(key, _generate(count))
        hashes.add(result["hash"])
        print(
            f"{count} worker{'s' * (count > 1)}: {result['maps']} maps in {result['total']:.1f} s, "
            f"{60 * result['maps'] / result['total']:.0f} a minute; "
            f"{result['each']:.2f} s a map in its stages, the slowest {result['slowest']:.2f} s",
            flush=True,
        )
    print("the same meshes, to the byte" if len(hashes) == 1 else "THE MESHES DIFFER")


def _generate(count: int) -> Result:
    """Run the demo's maps once with a number of workers."""
    config = demo_config(DEMO_LEVELS[0])
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "generate.py"), str(config), "--out", folder]
        start = time.perf_counter()
        subprocess.run(
            [*command, "--workers", str(count)], check=True, cwd=ROOT, stderr=subprocess.DEVNULL
        )
        total = time.perf_counter() - start
        timings = [json.loads(p.read_text()) for p in sorted(Path(folder).glob("timings/*/*.json"))]
        digest = hashlib.sha256()
        for mesh in sorted(Path(folder).glob("meshes/*/*")):
            digest.update(mesh.name.encode() + mesh.read_bytes())
    each = [timing["time (total)"] for timing in timings]
    return {
        "total": total,
        "maps": len(each),
        "each": statistics.mean(each),
        "slowest": max(each),
        "hash": digest.hexdigest(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    chair = ROOT / "data/demo/chair_demo-00/000.npz"
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=["ways"])
    parser.add_argument("--map", type=Path, default=chair, help="a depth map (.npz)")
    parser.add_argument("--networks", nargs="+", choices=LEVELS, default=[*LEVELS])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS, help="of ways")
    parser.add_argument("--resolution", type=int, default=128, help="cells of our lattice, of ways")
    parser.add_argument("--keep", type=Path, help="file of finished rows, to go on from")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:  # a process of its own for each row, so that peak memory is its own
        print(json.dumps(measure(Row(**json.loads(args.one)), load_depth(args.map))))
        return
    print(f"{args.map}, {threads()} threads, {cpus()} processors")
    measured = Measured(args.map, args.keep)
    tables = {
        "ways": ways, "precision": precision, "threads": by_threads, "resolution": resolution
    }  # fmt: skip
    for table in args.tables:
        if table == "workers":
            workers(measured)
            continue
        for networks in args.networks:
            hidden = f" (hidden size {HIDDEN[networks]})" if networks in HIDDEN else ""
            print(f"\n{table}: {networks} networks{hidden}\n{HEAD}")
            tables[table](networks, measured, args)


if __name__ == "__main__":
    main()
