"""Time the way from a depth map to a mesh against the released way.

    python benchmarks/generate.py [--map FILE.npz] [--networks demo slim full] [--resolution 128]

``demo`` is the volume level of ``make demo``, ``slim`` the bundled plain HPN3, ``full`` the same at
the published sizes. For each of them one process each runs, on the same map and the same weights:

* ``released``: a plain transcription of the released code (benchmarks/released.py), not for
  ``demo``;
* ``dense``: every node of our lattice, norms folded, in chunks that stay in the cache;
* ``mise``: coarse to fine on the fused field;
* ``carve``, ``surface``: the same with ``generation.observation``: free space is not evaluated;
* ``mirror``: ``surface`` with ``generation.symmetry``: two points are evaluated for one.

It prints seconds by stage, decoder calls and points, peak memory, and ratios, all measured in
this run (those to ``released``, which has 128 nodes a side at any ``--resolution``, only at 128);
then the rate of the decoder in GFLOP/s beside that of bare matrix products of the same shapes.
The weights of ``full`` networks are the slim ones embedded in them (all other channels zero), so
they compute the same field with a real surface at the full cost. Full-size ``released`` takes about
ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.released import fused_volume  # noqa: E402
from im2mesh.bundled import DEMO_LEVELS, demo_config  # noqa: E402
from im2mesh.config import load_config  # noqa: E402
from im2mesh.data.depth import load_depth  # noqa: E402
from im2mesh.generation.lattice import released_lattice  # noqa: E402
from im2mesh.generation.level import Level  # noqa: E402
from im2mesh.generation.meshing import extract_mesh  # noqa: E402
from im2mesh.generation.pipeline import Reconstructor  # noqa: E402
from im2mesh.models.decoder import CPU_ROWS, CBatchNormDecoder, FoldedDecoder  # noqa: E402
from im2mesh.models.encoder import ResNet18Encoder  # noqa: E402
from im2mesh.models.network import ImplicitNetwork  # noqa: E402
from im2mesh.models.pixel_features import CHANNELS  # noqa: E402

PLAIN = ("plain_global", "plain_p64s32", "plain_p32s16")
LEVELS = {"demo": DEMO_LEVELS, "slim": PLAIN, "full": PLAIN}
METHODS = ("released", "dense", "mise", "carve", "surface", "mirror")


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
    return Level(level.config, network)


def measure(method: str, networks: str, depth: np.ndarray, resolution: int) -> dict[str, object]:
    """Run one method once, after a warm-up of the decoder, and report what it took."""
    levels = [Level.load(load_config(demo_config(name))) for name in LEVELS[networks]]
    if networks == "full":
        levels = [full_size(level) for level in levels]
    for level in levels:  # first calls of the libraries cost extra; nobody's method is to blame
        level.bind(torch.from_numpy(depth), 1000)(torch.rand(1000, 3) - 0.5)
    start = time.perf_counter()
    if method == "released":
        volume, calls, points = fused_volume(levels, depth)
        evaluated = time.perf_counter()
        lattice = released_lattice()
        _, faces = extract_mesh(volume, lattice, levels[0].objective.iso_level)
        done = time.perf_counter()
        seconds = {"encode + eval points": evaluated - start, "marching cubes": done - evaluated}
    else:
        settings = replace(
            levels[0].config.generation,
            extraction="dense" if method == "dense" else "mise",
            observation={"carve": "carve", "surface": "surface", "mirror": "surface"}.get(
                method, "none"
            ),
            symmetry="auto" if method == "mirror" else "none",
            resolution=resolution,
        )
        result = Reconstructor(levels, settings)(depth)
        done = time.perf_counter()
        seconds = {k: v for k, v in result.seconds.items() if v}
        calls, points, faces = result.decoder_passes, result.decoder_rows, result.faces
    return {
        "seconds": seconds,
        "total": done - start,
        "calls": calls,
        "points": points,
        "faces": len(faces),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
    }


def flop_per_point(hidden: int) -> int:
    """Multiply-adds counted twice, of the matrix products of one decoder point."""
    return 2 * (3 * hidden + 10 * hidden * hidden + hidden)


def rates(hidden: int, c_dim: int, points: int = 100_000) -> tuple[float, float]:
    """GFLOP/s of the folded decoder, and of its ten square products alone."""
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


def report(networks: str, results: dict[str, dict], hidden: int | None, resolution: int) -> None:
    """Print one table.

    Args:
        networks: their size, by name.
        results: what :func:`measure` gave, by method.
        hidden: width of the decoder; None: of another kind.
        resolution: cells of our lattice; ``released`` is compared with it at its own only.
    """
    print(f"\n{networks} networks" + (f" (hidden size {hidden})" if hidden else ""))
    head = f"{'':10}{'total':>9}{'calls':>8}{'points':>12}{'GFLOP/s':>9}{'memory':>9}{'faces':>9}"
    print(head + "   stages")
    for method, row in results.items():
        stages = ", ".join(f"{k} {v:.2f} s" for k, v in row["seconds"].items())
        field = row["seconds"].get("eval points") or row["seconds"]["encode + eval points"]
        rate = row["points"] * flop_per_point(hidden) / field / 1e9 if hidden else float("nan")
        print(
            f"{method:10}{row['total']:7.2f} s{row['calls']:8d}{row['points']:12d}{rate:9.0f}"
            f"{row['memory']:6.2f} GB{row['faces']:9d}   {stages}"
        )
    if "released" in results and resolution == released_lattice().nodes:
        for method in ("dense", "mise"):
            if method in results:
                ratio = results["released"]["total"] / results[method]["total"]
                print(f"{method} is {ratio:.1f} times as fast as released")
    for method in ("carve", "surface", "mirror"):
        if method in results and "mise" in results:
            points = results[method]["points"] / results["mise"]["points"]
            total = results[method]["total"] / results["mise"]["total"]
            print(f"{method} takes {points:.0%} of the points and {total:.0%} of the time of mise")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = ROOT / "data/demo/chair_demo-00/000.npz"
    parser.add_argument("--map", type=Path, default=default, help="a depth map (.npz)")
    parser.add_argument("--networks", nargs="+", choices=LEVELS, default=[*LEVELS])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--resolution", type=int, default=128, help="cells of our lattice")
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "NETWORKS"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:  # a process of its own for each method, so that peak memory is its own
        print(json.dumps(measure(*args.one, load_depth(args.map), args.resolution)))
        return
    print(f"{args.map}, {torch.get_num_threads()} threads, resolution {args.resolution}")
    for networks in args.networks:
        results = {}
        for method in args.methods:
            if networks == "demo" and method == "released":
                continue
            command = [sys.executable, __file__, "--map", str(args.map), "--one", method, networks]
            command += ["--resolution", str(args.resolution)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            results[method] = json.loads(done.stdout)
        hidden = {"demo": None, "slim": 128, "full": 256}[networks]
        report(networks, results, hidden, args.resolution)
        if hidden is None:
            continue
        decoder, product = rates(hidden, hidden)
        print(
            f"decoder {decoder:.0f} GFLOP/s, matrix products of its shapes {product:.0f} GFLOP/s: "
            f"{decoder / product:.0%}"
        )


if __name__ == "__main__":
    main()
