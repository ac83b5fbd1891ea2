"""Print the facts for a bug report: versions, device, threads, precision, extensions, weights."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from im2mesh import __version__
from im2mesh.bundled import DEMO_LEVELS, ROOT
from im2mesh.cli import DONE, new_parser, parse, run_script
from im2mesh.native import extension
from im2mesh.processors import cpus, threads

EXTENSIONS = ("_mise", "_marching_cubes", "_point_in_mesh")
PACKAGES = ("numpy", "scipy", "trimesh", "embreex")


def main(argv: Sequence[str] | None = None) -> int:
    parse(new_parser("Print what a bug report needs."), argv)
    for name, value in _facts():
        print(f"{name:<12}{value}")
    return DONE


def _facts() -> Iterator[tuple[str, str]]:
    """Yield names and values, the quick ones first."""
    yield "hpn", f"{__version__} in {Path(__file__).resolve().parents[1]}"
    yield "python", f"{platform.python_version()} on {platform.platform()}"
    for name in PACKAGES:
        yield name, _version(name)
    yield "extensions", ", ".join(f"{name.strip('_')} {_state(name)}" for name in EXTENSIONS)
    yield "bundled", str(ROOT)
    for name in DEMO_LEVELS:
        yield "weights", f"{name}: {_weights(name)}"
    yield from _torch()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _state(name: str) -> str:
    try:
        extension(name)
    except ImportError as error:
        return f"missing ({error})"
    return "built"


def _weights(name: str) -> str:
    path = ROOT / "out" / "pretrained" / name / "model_best.pt"
    if not path.is_file():
        return f"missing ({path})"
    content = path.read_bytes()
    return f"{len(content) / 1e6:.1f} MB, sha256 {hashlib.sha256(content).hexdigest()[:12]}"


def _torch() -> Iterator[tuple[str, str]]:
    try:
        import torch
    except ImportError as error:
        yield "torch", f"missing ({error})"
        return
    cuda = f"CUDA {torch.version.cuda}" if torch.version.cuda else "no CUDA"
    yield "torch", f"{torch.__version__}, {cuda}"
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            yield "device", f"cuda:{index}, {torch.cuda.get_device_name(index)}"
    else:
        yield "device", f"cpu, {torch.backends.cpu.get_cpu_capability()}"
    yield "threads", f"{threads()}, {cpus()} processors"
    yield "precision", f"float32, matrix products {torch.get_float32_matmul_precision()}"


if __name__ == "__main__":
    run_script(main)
