"""The parts of benchmarks/gpu.py, which says what they do. Each prints a section of the page."""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.generate import flop_per_point, full_size  # noqa: E402
from benchmarks.train import configured, flop_of_step, product_rate, wait, write_views  # noqa: E402
from benchmarks.train import steps as timed_steps  # noqa: E402
from im2mesh.bundled import DEMO_LEVELS, demo_config  # noqa: E402
from im2mesh.config import Config, load_config  # noqa: E402
from im2mesh.data.batch import Batch  # noqa: E402
from im2mesh.data.depth import load_depth  # noqa: E402
from im2mesh.generation.level import Level  # noqa: E402
from im2mesh.generation.pipeline import Reconstruction, Reconstructor  # noqa: E402
from im2mesh.generation.sensor import reconstruct  # noqa: E402
from im2mesh.metrics.sensor import metric_scores, surface_points  # noqa: E402
from im2mesh.models.decoder import CBatchNormDecoder, FoldedDecoder  # noqa: E402
from im2mesh.preparation.demo_sensor import CAMERA, depth_image, scene  # noqa: E402
from im2mesh.training.run import open_sources, open_validation  # noqa: E402
from im2mesh.training.trainer import Trainer  # noqa: E402
from im2mesh.training.validation import Validator  # noqa: E402

HPN3 = ("plain_global", "plain_p64s32", "plain_p32s16")
HPN3_SDF = ("plain_global_sdf", "plain_p64s32", "plain_p32s16")
DEMO = DEMO_LEVELS

PRECISIONS = ("float32", "TF32", "bfloat16")
"""How matrix products and convolutions are computed."""

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Setting:
    """The device and the sizes that a part is run with.

    Attributes:
        device: that is checked and timed.
        small: sizes for a test of this script.
    """

    device: torch.device
    small: bool

    def pick(self, usual: int, small: int) -> int:
        """Return the size to use."""
        return small if self.small else usual


# --- the page -------------------------------------------------------------------------------------

failures: list[str] = []
"""Names of the checks of this process that failed."""


def table(*columns: str) -> None:
    """Begin a table."""
    print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def line(*cells: object) -> None:
    """Write a row of a table at once: a part that is stopped keeps it."""
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


def check(label: str, measured: float, most: float, note: str = "") -> None:
    """Write a row that says whether a difference is small enough."""
    good = measured <= most  # NaN is not
    if not good:
        failures.append(label)
    line(label, f"{measured:.2g}", f"{most:.2g}", "yes" if good else "**no**", note)


def checks() -> None:
    """Begin a table of :func:`check`."""
    table("checked", "difference", "allowed", "holds", "")


def share(rate: float, setting: Setting, precision: str) -> str:
    """Return a rate in TFLOP/s and its share of the machine's own."""
    most = matrix_rate(setting, precision)
    return f"{rate / 1e12:.3g} TFLOP/s ({rate / most:.0%})"


# --- the machine ----------------------------------------------------------------------------------


@contextmanager
def computing(precision: str) -> Iterator[None]:
    """Compute float32 products and convolutions exactly, or for ``TF32`` in that."""
    for backend in (torch.backends.cuda.matmul, torch.backends.cudnn):
        backend.allow_tf32 = precision == "TF32"
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = False, True


def seconds(call: Callable[[], object], device: torch.device, runs: int = 5) -> float:
    """Return the median seconds of a call, after one to warm up."""
    taken = []
    for _ in range(runs + 1):
        wait(device)
        start = time.perf_counter()
        call()
        wait(device)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken[1:]))


_rates: dict[str, float] = {}


def matrix_rate(setting: Setting, precision: str) -> float:
    """Return the FLOP/s of large square products, measured once in a process."""
    if precision not in _rates:
        side = setting.pick(8192 if setting.device.type == "cuda" else 1024, 128)
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        with computing(precision):
            _rates[precision] = product_rate(side, side, setting.device, dtype, repeats=10)
    return _rates[precision]


def machine(setting: Setting) -> None:
    """Describe the machine."""
    name, memory = platform.processor() or platform.machine(), ""
    if setting.device.type == "cuda":
        about = torch.cuda.get_device_properties(setting.device)
        name, memory = about.name, f", {about.total_memory / 1e9:.0f} GB"
        memory += f", compute capability {about.major}.{about.minor}"
    print(f"\n{name}{memory}; torch {torch.__version__}, CUDA {torch.version.cuda}; ", end="")
    print(f"CPU: {torch.get_num_threads()} threads")
    table("precision", "matrix products, TFLOP/s")
    for precision in PRECISIONS:
        line(precision, f"{matrix_rate(setting, precision) / 1e12:.3g}")


# --- CPU against device: generation ---------------------------------------------------------------


def chair() -> np.ndarray:
    """Return the demo's chair."""
    return load_depth(ROOT / "data/demo/chair_demo-00/000.npz")


def bundled(names: tuple[str, ...], device: torch.device, small: bool) -> list[Level]:
    """Return bundled levels on a device, those of HPN3 at the published size unless ``small``."""
    levels = []
    for name in names:
        config = load_config(demo_config(name))
        out_dir = str(ROOT / config.training.out_dir)
        config = replace(config, training=replace(config.training, out_dir=out_dir))
        level = Level.load(config)
        if name not in DEMO and not small:
            level = full_size(level)
        level.network.to(device)
        levels.append(level)
    return levels


def fields(setting: Setting) -> None:
    """Compare the values of levels at random points."""
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(setting.pick(20_000, 200), 3, generator=generator) - 0.5
    depth = torch.from_numpy(chair())
    checks()
    for name in ("plain_p64s32", *DEMO) if setting.small else sorted({*HPN3, *HPN3_SDF, *DEMO}):
        (level,) = bundled((name,), CPU, setting.small)
        with computing("float32"):
            exact = level.bind(depth, 100_000)(points)
        level.network.to(setting.device)
        scale = float(exact.abs().mean())
        iso = level.objective.iso_level
        for precision, allowed in (("float32", 1e-4), ("TF32", 2e-2)):
            with computing(precision):
                field = level.bind(depth.to(setting.device), 100_000)
                values = field(points.to(setting.device)).cpu()
            sides = float(((values > iso) != (exact > iso)).float().mean())
            difference = float((values - exact).abs().max()) / scale
            check(f"{name}, {precision}", difference, allowed, f"{sides:.2%} change sides")
        if hasattr(field, "rounded"):
            values = field.rounded()(points.to(setting.device)).cpu()
            error = float((values - exact).square().mean().sqrt()) / scale
            check(f"{name}, bfloat16 (root mean square)", error, 2e-2)
    print("\nDifferences are relative to the mean magnitude of the field.")


def compared(one: Reconstruction, other: Reconstruction) -> tuple[float, float]:
    """Return 1 − F@1% between two meshes, and the relative difference of their volumes."""
    clouds = [surface_points(mesh.vertices, mesh.faces) for mesh in (one, other)]
    volumes = [mesh.mesh.volume for mesh in (one, other)]
    score = metric_scores(*clouds, size=1.0)["fscore@1%"]
    return 1 - score, abs(1 - volumes[1] / volumes[0])


def made(
    names: tuple[str, ...], device: torch.device, setting: Setting, **keys: str
) -> Reconstructor:
    """Return levels that reconstruct on a device."""
    levels = bundled(names, device, setting.small)
    cells = setting.pick(128, 16)
    changed = replace(
        levels[0].config.generation, resolution=cells, mise_resolution=cells // 4, **keys
    )
    return Reconstructor(levels, changed, device)


def meshes(setting: Setting) -> None:
    """Compare meshes."""
    checks()
    cases = [
        ("HPN3", HPN3, PRECISIONS),
        ("HPN3 with an SDF level", HPN3_SDF, ("float32",)),
        ("demo", DEMO, ("float32",)),
    ]
    for name, levels, precisions in cases[: setting.pick(len(cases), 1)]:
        with computing("float32"):
            exact = made(levels, CPU, setting, precision="float32")(chair())
        for precision in precisions[:: setting.pick(1, 2)]:
            hidden = "bfloat16" if precision == "bfloat16" else "float32"
            with computing(precision):
                result = made(levels, setting.device, setting, precision=hidden)(chair())
            missed, volume = compared(exact, result)
            closed = "closed" if result.mesh.is_watertight else "not closed"
            note = f"volume {volume:.2%}, {len(result.faces)} faces, {closed}"
            check(f"{name}, {precision}: 1 − F@1%", missed, 0.005, note)
    if setting.small:
        return
    image, mask = depth_image(*scene())
    camera = (CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy)
    one, other = (
        reconstruct(image / 1000, camera, mask, reconstructor=made(DEMO, device, setting))
        for device in (CPU, setting.device)
    )
    missed = compared(one.reconstruction, other.reconstruction)[0]
    check("a depth camera's image: 1 − F@1%", missed, 0.005)


# --- CPU against device: training -----------------------------------------------------------------


def small_levels(setting: Setting, root: Path) -> dict[str, Config]:
    """Return a level of every kind, on procedural shapes or on stored views."""
    steps = {"validate_every": 0, "visualize_every": 0, "num_workers": 0}
    steps |= {"out_dir": str(root / "out")}
    found = {
        "stored global": configured(root, "slim", None, batch_size=8),
        "stored p64s32": configured(root, "slim", (64, 32), batch_size=16),
    }
    for name in ("volume", "slim_p64s32", "global_sdf"):
        config = load_config(ROOT / f"configs/procedural/{name}.yaml")
        data = replace(config.data, val_shapes=2)
        batch = min(config.training.batch_size, 16)
        training = replace(config.training, **steps, batch_size=batch, batch_size_val=2)
        found[name] = replace(config, data=data, training=training)
    if setting.small:
        found = {
            name: replace(
                config,
                data=replace(config.data, points_subsample=64, windows_per_shape=1),
                training=replace(config.training, batch_size=2, batch_size_val=1),
            )
            for name, config in found.items()
            if name in ("stored p64s32", "volume")
        }
    return found


def fabric_on(device: torch.device) -> Fabric:
    """Return the launched Fabric of a device."""
    if device.type == "cpu":
        return Fabric(accelerator="cpu", devices=1)
    return Fabric(accelerator="cuda", devices=[device.index or 0])


def data(setting: Setting) -> None:
    """Compare procedural data."""
    checks()
    for name in ("volume", "slim_p64s32", "global_sdf"):
        config = load_config(ROOT / f"configs/procedural/{name}.yaml")
        # Points near the surface are drawn by each device's own generator.
        changed = replace(config.data, points_near_surface=0.0, val_shapes=1)
        if setting.small:
            changed = replace(changed, points_subsample=64)
        config = replace(config, data=changed)
        size = setting.pick(16, 2 if not config.is_patch else 8)
        one, other = (
            open_sources(config, device)[0].batch(0, 0, size) for device in (CPU, setting.device)
        )
        other = other.to(CPU)
        images = float(((one.images - other.images).abs() > 1e-4).float().mean())
        check(f"{name}: share of pixels that differ", images, 1e-3)
        check(f"{name}: points", float((one.points - other.points).abs().max()), 1e-6)
        wrong = float(((one.targets - other.targets).abs() > 1e-3).float().mean())
        check(f"{name}: share of targets that differ", wrong, 1e-3)


def gradients(trainer: Trainer) -> torch.Tensor:
    """Return all gradients of the last step as one vector on the CPU."""
    found = [p.grad.flatten().cpu() for p in trainer.network.parameters() if p.grad is not None]
    return torch.cat(found)


def trained(config: Config, batches: list[Batch], device: torch.device) -> tuple[Trainer, float]:
    """Return a level after a step with each batch, and the last loss."""
    source = open_sources(config, device)[0]
    trainer = Trainer(config, source, fabric=fabric_on(device))
    trainer._prepare()
    loss = 0.0
    for batch in batches:
        loss = trainer.step(batch.to(device))
    return trainer, loss


def steps(setting: Setting) -> None:
    """Compare a training step and a validation."""
    with tempfile.TemporaryDirectory() as folder:
        write_views(Path(folder), 4)
        checks()
        for name, config in small_levels(setting, Path(folder)).items():
            config = replace(config, training=replace(config.training, amp=False))
            batch = open_sources(config, CPU)[0].batch(0, 0, config.training.batch_size)
            rounded = replace(config, training=replace(config.training, amp=True))
            with computing("float32"):
                exact, loss = trained(config, [batch], CPU)
                other, its = trained(config, [batch], setting.device)
            direction, its_direction = gradients(exact), gradients(other)
            check(f"{name}: loss", abs(its / loss - 1), 1e-3)
            difference = float((its_direction - direction).norm() / direction.norm())
            check(f"{name}: gradient", difference, 1e-2)
            half, its = trained(rounded, [batch], setting.device)
            cosine = float(torch.cosine_similarity(gradients(half), direction, dim=0))
            check(f"{name}: bfloat16, loss", abs(its / loss - 1), 3e-2)
            check(f"{name}: bfloat16, 1 − cosine of the gradient", 1 - cosine, 0.1)
            if config.is_procedural and not setting.small:
                source = open_validation(config, CPU)
                found = [
                    Validator(config, source, exact.objective)(network, device)
                    for network, device in (
                        (exact.network, CPU), (exact.network.to(setting.device), setting.device)
                    )
                ]  # fmt: skip
                gap = abs(found[1]["loss"] / found[0]["loss"] - 1)
                check(f"{name}: loss of a validation", gap, 1e-3)


def resume(setting: Setting) -> None:
    """Compare two and two steps with four."""
    with tempfile.TemporaryDirectory() as folder:
        write_views(Path(folder), 4)
        checks()
        for name, config in small_levels(setting, Path(folder)).items():
            size = config.training.batch_size
            source = open_sources(config, setting.device)[0]
            batches = [source.batch(0, k * size, (k + 1) * size) for k in range(4)]
            whole, _ = trained(config, batches, setting.device)
            first, _ = trained(config, batches[:2], setting.device)
            first.save("model.pt")
            second = Trainer(config, source, fabric=fabric_on(setting.device))
            assert second.resume()
            second._prepare()
            for batch in batches[2:]:
                second.step(batch.to(setting.device))
            one, other = (
                torch.cat([p.detach().flatten().cpu() for p in t.network.parameters()])
                for t in (whole, second)
            )
            same = "the same to the bit" if torch.equal(one, other) else ""
            check(f"{name}: weights", float((one - other).norm() / one.norm()), 1e-3, same)
            (Path(config.training.out_dir) / "model.pt").unlink()


# --- times ----------------------------------------------------------------------------------------


def generation(setting: Setting) -> None:
    """Time whole maps."""
    table("networks", "extraction", "precision", "seconds a map", "stages", "decoder")
    cases = [
        (HPN3, "full-size HPN3", extraction, precision)
        for extraction in ("mise", "dense")
        for precision in PRECISIONS
    ]
    cases += [(DEMO, "demo", "mise", precision) for precision in ("float32", "TF32")]
    for names, label, extraction, precision in cases[: setting.pick(len(cases), len(PRECISIONS))]:
        hidden = "bfloat16" if precision == "bfloat16" else "float32"
        run = made(names, setting.device, setting, extraction=extraction, precision=hidden)
        with computing(precision):
            results = [run(chair()) for _ in range(setting.pick(4, 1))]
        last = results[-1]
        taken = float(np.median([sum(r.seconds.values()) for r in results[1:] or results]))
        stages = ", ".join(f"{k} {v:.2f}" for k, v in last.seconds.items() if v >= 0.005)
        rate = ""
        if names == HPN3:
            flop = last.decoder_rows * flop_per_point(128 if setting.small else 256)
            rate = share(flop / last.seconds["eval points"], setting, precision)
        line(label, extraction, precision, f"{taken:.3f}", stages, rate)


def batched(setting: Setting) -> None:
    """Time the decoder of full-size levels for one and several maps at once."""
    table("decoder", "maps", "million points a second", "rate")
    count = setting.pick(1 << 18, 1 << 10)
    device = setting.device
    network = CBatchNormDecoder(256).eval().to(device)
    for maps in (1, 4, 16):
        points = torch.rand(count, 3, device=device) - 0.5
        exact = FoldedDecoder(network, torch.randn(maps, 256, device=device))
        decoders = {name: (name, exact) for name in ("float32", "TF32")}
        decoders["bfloat16"] = ("bfloat16", exact.rounded())
        if maps == 1 and not setting.small:
            compiled = exact.rounded()
            compiled._pass = torch.compile(compiled._pass)  # type: ignore[method-assign]
            decoders["bfloat16, compiled"] = ("bfloat16", compiled)
        for label, (precision, decoder) in decoders.items():
            call = partial(decoder, points, [count // maps] * maps, 100_000)
            with computing(precision), torch.inference_mode():
                taken = seconds(call, device, setting.pick(5, 1))
            rate = share(count * flop_per_point(256) / taken, setting, precision)
            line(label, maps, f"{count / taken / 1e6:.3g}", rate)


def training(setting: Setting) -> None:
    """Time training steps of full-size levels."""
    table("level", "precision", "samples/s", "data", "rate of computing")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_views(root, setting.pick(16, 4))
        size = "slim" if setting.small else "full"
        volume = load_config(ROOT / "configs/procedural/volume.yaml")
        keys = {"out_dir": str(root / "out"), "validate_every": 0, "visualize_every": 0}
        stored = {"batch_size": setting.pick(64, 2)}
        levels = {
            "stored global": configured(root, size, None, **stored),
            "stored p32s16": configured(root, size, (32, 16), **stored),
            "volume": replace(
                volume, training=replace(volume.training, **keys, batch_size=setting.pick(8, 2))
            ),
        }
        for name, config in levels.items():
            if setting.small and name != "stored p32s16":
                continue
            ways = [(precision, False) for precision in PRECISIONS[:: setting.pick(1, 2)]]
            for precision, compiled in ways + [("bfloat16", True)] * (not setting.small):
                changed = replace(config.training, amp=precision == "bfloat16", compile=compiled)
                with computing(precision):
                    waiting, working, trainer = timed_steps(
                        replace(config, training=changed),
                        fabric_on(setting.device),
                        setting.pick(10, 2),
                    )
                rate = ""
                if not config.is_volume:
                    points = config.data.points_subsample
                    assert isinstance(points, int)
                    flop = flop_of_step(trainer, config.training.batch_size, points)
                    rate = share(flop / working, setting, precision)
                samples = config.training.batch_size / (waiting + working)
                how = precision + (", compiled" if compiled else "")
                line(name, how, f"{samples:.3g}", f"{waiting / (waiting + working):.1%}", rate)
