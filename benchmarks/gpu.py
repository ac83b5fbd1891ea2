"""Check a GPU against the CPU, time it, and write a page about it.

    python benchmarks/gpu.py --out gpu.md [--device cuda] [--parts fields meshes …] [--minutes 8]

It needs no data and no weights but the bundled ones. Each part is a process of its own with its
share of the time: one that fails or is too slow costs only itself, and the page has its error.

* ``machine``: the rates of matrix products in float32, TF32 and bfloat16.
* ``fields``, ``meshes``: the same depth map on both devices, by full-size HPN3, HPN3 with an SDF
  level, and the demo's level; images of a depth camera.
* ``data``: procedural training data on both devices.
* ``steps``: a training step of every kind of network on both devices, and a validation.
* ``resume``: two steps and two more after a stop against four.
* ``generation``: seconds a map of full-size HPN3 and of the demo, by precision.
* ``batched``: points a second of the full-size decoder, by precision, compiled, and for several
  maps at once.
* ``training``: samples a second of full-size levels, by precision and compiled, and the share of
  time for data.

Rates are followed by their share of this machine's rate of matrix products in the same precision.
``--device cpu`` runs everything, ``--small`` in seconds. Exit code 1: a check or a part failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import gpu_parts as parts  # noqa: E402
from im2mesh.files import write_text  # noqa: E402

PARTS: dict[str, tuple[Callable[[parts.Setting], None], float]] = {
    "machine": (parts.machine, 0.04),
    "fields": (parts.fields, 0.08),
    "meshes": (parts.meshes, 0.18),
    "data": (parts.data, 0.08),
    "steps": (parts.steps, 0.12),
    "resume": (parts.resume, 0.1),
    "generation": (parts.generation, 0.12),
    "batched": (parts.batched, 0.08),
    "training": (parts.training, 0.2),
}
"""Name → part, and its share of the time."""


CHECKS_FAILED = 3
"""Exit code of a part; an error's is 1 or that of a signal."""


def run_part(name: str, args: argparse.Namespace) -> tuple[str, bool]:
    """Run a part in a process of its own; return its section and whether all is well."""
    limit = PARTS[name][1] * 60 * args.minutes
    command = [sys.executable, __file__, "--device", args.device, "--only", name]
    command += ["--small"] if args.small else []
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors, text=True)
        try:
            code: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        out.seek(0)
        errors.seek(0)
        text, last = out.read(), errors.read().strip().splitlines()
    text = f"\n## {name}\n{text}\n{time.perf_counter() - start:.0f} s of at most {limit:.0f} s.\n"
    if code is None:
        text += "\n**Stopped: its time was up.**\n"
    elif code == CHECKS_FAILED:
        text += "\n**Some checks do not hold.**\n"
    elif code:
        text += f"\n**Failed, exit code {code}:**\n\n```\n" + "\n".join(last[-12:]) + "\n```\n"
    return text, code == 0


def main(argv: list[str] | None = None) -> int:
    """Measure and write; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="the page, Markdown (default: standard output)")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, … or cpu")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[*PARTS])
    parser.add_argument("--minutes", type=float, default=8, help="of all parts together")
    parser.add_argument("--small", action="store_true", help="tiny sizes, to test this script")
    parser.add_argument("--only", choices=PARTS, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    try:
        device = torch.device(args.device)
    except RuntimeError:
        device = None
    if device is None or (device.type == "cuda" and not torch.cuda.is_available()):
        print(f"--device {args.device}: not available here; use --device cpu", file=sys.stderr)
        return 2
    if args.only:
        PARTS[args.only][0](parts.Setting(device, args.small))
        return CHECKS_FAILED if parts.failures else 0
    page, well = f"# {args.device} against the CPU\n", True
    page += "\nWritten by `python benchmarks/gpu.py`"
    page += ", with tiny sizes: its times mean nothing.\n" if args.small else ".\n"
    for name in args.parts:
        text, good = run_part(name, args)
        page, well = page + text, well and good
        print(text, end="", flush=True)
        if args.out is not None:  # after each part: what is done stays, whatever happens
            write_text(args.out, page)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
