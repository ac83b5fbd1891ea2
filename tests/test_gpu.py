"""Scripts of benchmarks on the CPU, and the package's CUDA paths on a device that is not there."""

from __future__ import annotations

import argparse
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmarks import generate, gpu, gpu_parts
from im2mesh.config import load_config
from im2mesh.models.build import build_network
from tests.pretend_cuda import pretended

PRETENDED = ("fields", "meshes", "data", "steps", "resume", "training")


@pytest.mark.parametrize("name", [name for name in gpu.PARTS if name not in PRETENDED])
def test_other_parts_run_on_the_cpu(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    gpu.PARTS[name][0](gpu_parts.Setting(torch.device("cpu"), small=True))
    page = capsys.readouterr().out
    assert "| " in page and "**no**" not in page
    assert not gpu_parts.failures


@pytest.mark.parametrize("name", PRETENDED)
def test_no_tensors_of_two_devices_meet(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fabric(device: torch.device) -> SimpleNamespace:
        return SimpleNamespace(
            device=device, global_rank=0, world_size=1, setup=lambda *both: both,
            backward=lambda loss: loss.backward(), barrier=lambda: None,
        )  # fmt: skip

    monkeypatch.setattr(gpu_parts, "fabric_on", fabric)
    with pretended(monkeypatch) as device:
        gpu.PARTS[name][0](gpu_parts.Setting(device, small=True))
    assert "**no**" not in capsys.readouterr().out
    assert not gpu_parts.failures


@pytest.mark.parametrize("name", ["slim_p64s32", "volume"])
def test_a_network_compiles_to_one_graph(name: str) -> None:
    config = load_config(f"configs/procedural/{name}.yaml")
    size = config.data.parts_size or 256
    torch.compiler.reset()
    network = torch.compile(build_network(config), backend="eager", fullgraph=True)
    with torch.autocast("cpu", torch.bfloat16):
        values = network(torch.rand(2, 1, size, size), torch.rand(2, 8, 3) - 0.5)
    values.sum().backward()
    torch.compiler.reset()


def test_a_part_that_fails_costs_only_itself() -> None:
    args = argparse.Namespace(device="none", small=True, minutes=1000)
    text, well = gpu.run_part("machine", args)
    assert not well and "## machine" in text and "exit code 2" in text and "--device none" in text


def test_tensors_of_two_devices_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device that is not there notices what a real one would."""
    with pretended(monkeypatch) as device:
        there, here = torch.zeros(3, device=device), torch.zeros(3)
        assert there.device == device and (there + 1).device == device
        for wrong in (
            lambda: there + here,
            lambda: here[there.long()],
            lambda: torch.cat([there, here]),
        ):
            with pytest.raises(RuntimeError, match="beside|index on"):
                wrong()
        with pytest.raises(TypeError):
            there.numpy()
        assert there.cpu().numpy().shape == (3,) and there.tolist() == [0, 0, 0]
        layer = torch.nn.Linear(3, 1).to(device)
        layer(there).sum().backward()
        assert layer.weight.grad is not None and layer.weight.grad.device == device


def test_the_median_of_an_even_number_of_runs_is_not_the_slower_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = iter([3.0, 2.0])

    def reconstruct(_: object) -> SimpleNamespace:
        stages = {"encode": next(seconds), "mesh": 0.0}
        return SimpleNamespace(seconds=stages, decoder_passes=1, decoder_rows=1, faces=[])

    reconstruct.precision = "float32"  # type: ignore[attr-defined]
    settings = load_config("configs/demo/volume.yaml").generation
    level = SimpleNamespace(config=SimpleNamespace(generation=settings))
    monkeypatch.setattr(generate, "load_levels", lambda _: [level])
    monkeypatch.setattr(generate, "Reconstructor", lambda *_: reconstruct)
    monkeypatch.setattr(generate, "RUNS", 2)
    row = generate.measure(generate.Row("demo", "mise"), np.zeros((256, 256)))
    assert (row["total"], row["slowest"], row["seconds"]) == (2.0, 3.0, {"encode": 2.0})
