"""Training: what a step does, that a run goes on as if never stopped, and what ends it."""

from __future__ import annotations

import copy
import errno
import itertools
import math
import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from benchmarks import equal_time
from im2mesh.cli import BAD_INPUT, DONE, INTERRUPTED, SOME_FAILED
from im2mesh.commands.export import export
from im2mesh.commands.export import main as export_main
from im2mesh.commands.train import LIMIT, main
from im2mesh.config import Config, TrainingConfig, load_config, save_config
from im2mesh.data.batch import Batch
from im2mesh.data.store_files import open_store
from im2mesh.errors import CheckpointError, DataError, InputError
from im2mesh.files import read_csv
from im2mesh.models.build import build_network
from im2mesh.models.checkpoints import load_checkpoint, load_weights
from im2mesh.models.decoder import TRIAL_ROWS, FoldedDecoder
from im2mesh.models.decoder import bfloat16_pays as decoder_pays
from im2mesh.models.precision import ROUNDS, clearly_faster, far_slower
from im2mesh.objectives import Occupancy, SignedDistance
from im2mesh.training import trainer as trainer_module
from im2mesh.training.checkpoint import BEST, END, LAST, write_checkpoint
from im2mesh.training.gradients import backward_by_samples, couples_samples
from im2mesh.training.limits import End, Limits
from im2mesh.training.precision import bfloat16_pays
from im2mesh.training.schedule import batch_slices, learning_rate
from im2mesh.training.trainer import NonFiniteError, Trainer
from im2mesh.training.validation import IoU, Validator, append_history, batch_loss
from tests.conftest import REPOSITORY
from tests.fixtures import PATCHES, VOLUME, level_config, write_balls

THRESHOLDS = {"onet": 0.5, "onet_sdf": -0.02}
LEVELS = [(method, kind) for method in THRESHOLDS for kind in ("global", "patch", "volume")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six models to train on and three to validate; also the lists ``empty`` and ``one``."""
    root = write_balls(tmp_path_factory.mktemp("data"), {"train": 6, "val": 3}, points=1500)
    (root / "balls/empty.lst").write_text("")
    (root / "balls/one.lst").write_text("ball_0000-00\n")
    return root


def level(
    data: Path, out: Path, method: str = "onet", kind: str = "global", **training: object
) -> Config:
    return level_config(
        data,
        out,
        method=method,
        data=dict(PATCHES) if kind == "patch" else {},
        model=dict(VOLUME) if kind == "volume" else {},
        test={"threshold": THRESHOLDS[method]},
        training=training,
    )


def trainer(config: Config) -> Trainer:
    return Trainer(
        config,
        open_store(config, "train"),
        open_store(config, "val", shuffle=False) if config.training.validate_every else None,
    )


def command(config: Config, *flags: str) -> int:
    """Run train.py's main on a configuration."""
    path = Path(config.training.out_dir).with_suffix(".yaml")
    save_config(config, path)
    return main([str(path), "--no-cuda", *flags])


def same_state(one: dict, other: dict) -> bool:
    """Equal to the last bit, whatever is nested."""
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_state(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_state, one, other))
    return bool(one == other)


# --- steps --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "kind"), LEVELS)
def test_every_kind_of_level_trains_two_steps(
    data: Path, tmp_path: Path, method: str, kind: str
) -> None:
    config = level(data, tmp_path / "out", method, kind, validate_every=2)
    assert command(config, "--exit-after-it", "2") == LIMIT
    state = load_checkpoint(tmp_path / "out/model.pt")
    assert state["it"] == 2
    fresh = build_network(config)
    load_weights(fresh, tmp_path / "out/model_best.pt")
    with torch.random.fork_rng():
        torch.manual_seed(config.training.seed)
        start = build_network(config).state_dict()
    assert all(tensor.isfinite().all() for tensor in state["model"].values())
    moved = [key for key, tensor in state["model"].items() if not torch.equal(tensor, start[key])]
    assert len(moved) > len(start) / 2


def test_a_step_is_the_definition(data: Path, tmp_path: Path) -> None:
    """The loss, its gradient and Adam's update, written out once more."""
    run = trainer(level(data, tmp_path))
    batch = run.source.batch(0, 0, 4)
    reference = build_network(run.config)
    reference.load_state_dict(run.network.state_dict())
    values = reference(batch.images, batch.points).double()
    p, y = torch.sigmoid(values), batch.targets.double()
    expected = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).sum() / 4
    expected.backward()
    run._prepare()
    assert run.step(batch) == pytest.approx(expected.item(), rel=1e-5)
    largest = max(float(p.grad.abs().max()) for p in reference.parameters() if p.grad is not None)
    for new, old in zip(run.network.parameters(), reference.parameters(), strict=True):
        assert new.grad is not None and old.grad is not None
        torch.testing.assert_close(new.grad, old.grad, rtol=1e-3, atol=1e-5 * largest)
        moved = 1e-4 * new.grad / (new.grad.abs() + 1e-8)  # Adam's first step
        torch.testing.assert_close(new, old - moved, rtol=0, atol=1e-7)


def batch_of(values: np.ndarray, targets: np.ndarray, valid: np.ndarray) -> Batch:
    size = len(values)
    return Batch(
        torch.zeros(size, 1, 8, 8),
        torch.zeros(*values.shape, 3),
        torch.from_numpy(targets).float(),
        torch.from_numpy(valid),
        torch.zeros(size, dtype=torch.int64),
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 9))
def test_losses_equal_the_reference(seed: int, size: int, points: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(0, 3, (size, points)).astype(np.float32)
    valid = random.random((size, points)) < 0.6
    inside = random.random((size, points)) < 0.4
    sdf = random.normal(0, 0.02, (size, points)).astype(np.float32)
    entropy = np.logaddexp(0, values.astype(float)) - inside * values
    occupancy = batch_loss(
        Occupancy(0.2), torch.from_numpy(values), batch_of(values, inside, valid)
    )
    assert float(occupancy) == pytest.approx(entropy[valid].sum() / size, rel=1e-4, abs=1e-6)
    error = np.abs(values - sdf) * np.where(np.abs(sdf) < 0.01, 4, 1)
    distance = batch_loss(
        SignedDistance(-0.02), torch.from_numpy(values), batch_of(values, sdf, valid)
    )
    assert float(distance) == pytest.approx(error[valid].sum() / size, rel=1e-4, abs=1e-6)


def test_masked_points_have_no_gradient() -> None:
    values = torch.randn(2, 5, requires_grad=True)
    valid = np.array([[True] * 5, [True, False, False, True, False]])
    batch = batch_of(np.zeros((2, 5)), np.ones((2, 5)), valid)
    batch_loss(Occupancy(0.5), values, batch).backward()
    assert values.grad is not None and torch.equal(values.grad != 0, batch.valid)


def test_gradients_are_clipped(data: Path, tmp_path: Path) -> None:
    run = trainer(level(data, tmp_path, grad_clip=0.1))
    run._prepare()
    run.step(run.source.batch(0, 0, 4))
    assert run.gradient_norm > 0.1
    gradients = [p.grad for p in run.network.parameters() if p.grad is not None]
    assert float(torch.nn.utils.get_total_norm(gradients)) == pytest.approx(0.1, rel=1e-3)


def test_running_mean_of_the_weights(data: Path, tmp_path: Path) -> None:
    run = trainer(level(data, tmp_path, ema=0.9))
    run._prepare()
    assert run.averaged is not None and run.validated is run.averaged
    mean = {key: tensor.clone() for key, tensor in run.network.state_dict().items()}
    for k in range(3):
        run.step(run.source.batch(0, 0, 4))
        decay = min(0.9, (2 + k) / (11 + k))
        for key, now in run.network.state_dict().items():
            exact = decay * mean[key] + (1 - decay) * now
            mean[key] = exact if now.dtype.is_floating_point else now.clone()
    for key, tensor in run.averaged.state_dict().items():
        torch.testing.assert_close(tensor, mean[key])


@pytest.mark.parametrize("pays", [True, False])
def test_a_run_keeps_the_precision_that_it_measured(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pays: bool
) -> None:
    measured = "im2mesh.training.trainer.bfloat16_pays"
    config = level(data, tmp_path, amp="auto")
    monkeypatch.setattr(measured, lambda *_: pays)
    first = trainer(config)
    first.run(Limits(iterations=2))
    assert first.bfloat16 is pays
    monkeypatch.setattr(measured, lambda *_: not pays)
    second = trainer(config)
    assert second.resume() and second.bfloat16 is pays
    explicit = trainer(level(data, tmp_path, amp=not pays))
    assert explicit.resume() and explicit.bfloat16 is not pays


def test_samples_in_threads_have_the_gradient_of_the_batch(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(level(data, tmp_path / "volume", kind="volume"))
    network, objective, batch = run.network, run.objective, run.source.batch(0, 0, 5)
    assert not couples_samples(network)
    assert couples_samples(trainer(level(data, tmp_path / "global")).network)
    loss = batch_loss(objective, network(batch.images, batch.points), batch)
    expected = torch.autograd.grad(loss, list(network.parameters()))
    found = {}
    for threads in (1, 3):
        monkeypatch.setattr("im2mesh.processors.threads", lambda threads=threads: threads)
        network.zero_grad()
        value = backward_by_samples(network, objective, batch, bfloat16=False)
        assert float(value) == pytest.approx(float(loss.detach()), rel=1e-5)
        found[threads] = [parameter.grad for parameter in network.parameters()]
    largest = max(float(gradient.abs().max()) for gradient in expected)
    for one, three, whole in zip(found[1], found[3], expected, strict=True):
        assert torch.equal(one, three), "the same with any number of threads"
        torch.testing.assert_close(one, whole, rtol=1e-3, atol=1e-6 * largest)


def test_gradients_of_few_samples_are_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(level(data, tmp_path / "volume", kind="volume"))
    seen: list[weakref.ref[Tensor]] = []
    most, original = 0, torch.autograd.grad

    def counted(*args: Any, **kwargs: Any) -> tuple[Tensor | None, ...]:
        nonlocal most
        found = original(*args, **kwargs)
        seen.append(weakref.ref(next(gradient for gradient in found if gradient is not None)))
        most = max(most, sum(gradient() is not None for gradient in seen))
        return found

    monkeypatch.setattr(torch.autograd, "grad", counted)
    monkeypatch.setattr("im2mesh.processors.threads", lambda: 1)
    backward_by_samples(run.network, run.objective, run.source.batch(0, 0, 6), bfloat16=False)
    assert len(seen) == 3 and most == 2, "the new one, and the first, to which it is added"


@pytest.mark.parametrize("kind", ["global", "patch", "volume"])
def test_measuring_the_precision_changes_nothing(data: Path, tmp_path: Path, kind: str) -> None:
    run = trainer(level(data, tmp_path, kind=kind))
    before, state = copy.deepcopy(run.network.state_dict()), torch.get_rng_state()
    assert bfloat16_pays(run.config, run.network, run.fabric.device) in (True, False)
    assert same_state(run.network.state_dict(), before)
    assert torch.equal(torch.get_rng_state(), state)


def test_clearly_faster() -> None:
    def products(count: int) -> Callable[[], None]:
        matrix = torch.ones(128, 128)
        return lambda: [matrix @ matrix for _ in range(count)] and None

    cpu = torch.device("cpu")
    assert clearly_faster(products(10), products(100), cpu)
    assert not clearly_faster(products(100), products(10), cpu)


@pytest.mark.parametrize(
    ("fast", "slow", "clearly", "far", "rounds"),
    [
        (0.1, 0.15, True, False, ROUNDS),
        (0.1, 0.12, False, False, ROUNDS),
        (0.1, 0.3, True, False, 2),
        (0.7, 0.1, False, True, 2),
        (30.0, 20.0, False, False, 2),  # it would take too long to be sure
    ],
)
def test_a_measurement_ends_early(
    fast: float,
    slow: float,
    clearly: bool,
    far: bool,
    rounds: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "thread_time", lambda: now[-1])

    def taking(seconds: float) -> Callable[[], None]:
        return lambda: now.append(now[-1] + seconds)

    cpu = torch.device("cpu")
    for measure, verdict in ((clearly_faster, clearly), (far_slower, far)):
        now[:] = [0.0]
        assert measure(taking(fast), taking(slow), cpu) is verdict
        assert len(now) == 1 + 2 * rounds


def test_the_decoder_of_emulated_bfloat16_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a pass of all rows can take seconds, at every start."""
    rows: list[int] = []
    forward = FoldedDecoder.__call__

    def slow_if_rounded(self: FoldedDecoder, points: Tensor, *others: Any) -> Tensor:
        rows.append(len(points))
        clock.append(clock[-1] + (10.0 if self._rounded else 1.0))
        return forward(self, points, *others)

    clock = [0.0]
    monkeypatch.setattr(time, "thread_time", lambda: clock[-1])
    monkeypatch.setattr(FoldedDecoder, "__call__", slow_if_rounded)
    assert not decoder_pays.__wrapped__(torch.device("cpu"), 16)
    assert {*rows} == {TRIAL_ROWS}


def test_bf16_rounds_neither_depth_nor_coordinates(data: Path, tmp_path: Path) -> None:
    """Eight bits are 0.002 of the cube: the first products of both networks stay in float32."""
    run = trainer(level(data, tmp_path, amp=True))
    run._prepare()
    batch = run.source.batch(0, 0, 4)
    first = run.network.encoder.features.conv1, run.network.decoder.fc_p
    given: list[tuple[Tensor, Tensor]] = []
    for layer in first:
        layer.register_forward_hook(lambda _, inputs, output: given.append((inputs[0], output)))
    inner: list[torch.dtype] = []
    run.network.encoder.features.layer2.register_forward_hook(
        lambda _, inputs, output: inner.append(output.dtype)
    )
    expected = [layer(x) for layer, x in zip(first, (batch.images, batch.points), strict=True)]
    given.clear()
    run.step(batch)
    for (seen, output), x, y in zip(given, (batch.images, batch.points), expected, strict=True):
        assert torch.equal(seen, x) and torch.equal(output, y)
    assert inner == [torch.bfloat16]


# --- going on -----------------------------------------------------------------------------------

EMA: dict[str, object] = {"ema": 0.9, "lr_schedule": "cosine", "lr_warmup": 2, "max_iterations": 6}


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        ("patch", {}),
        ("global", EMA),
        ("volume", EMA | {"optimizer": "muon"}),
        ("patch", {"num_workers": 1, "seed": 3}),
    ],
    ids=["plain", "ema+cosine", "ema+muon", "worker"],
)
def test_two_and_two_steps_are_four(
    data: Path, tmp_path: Path, kind: str, variant: dict[str, object]
) -> None:
    """Bit for bit, across the end of an epoch (six models, batches of four)."""
    keys = variant | {"validate_every": 2}
    for name, stops in (("once", (4,)), ("twice", (2, 4))):
        config = level(data, tmp_path / name, "onet", kind, **keys)
        for stop in stops:
            assert command(config, "--exit-after-it", str(stop)) == LIMIT
    for file in ("model.pt", "model_best.pt", "model_end.pt"):
        one, two = (load_checkpoint(tmp_path / name / file) for name in ("once", "twice"))
        assert same_state(one, two), file


@pytest.mark.parametrize("procedural", [False, True])
def test_workers_and_batches_ahead_change_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, procedural: bool
) -> None:
    states = []
    for workers in (0, 2):
        config = level(data, tmp_path / str(workers), kind="patch", num_workers=workers)
        if procedural:  # by workers beside a GPU, which the source does not use all the same
            shapes = {"dataset": "ProceduralParts3D", "train_families": ["box"]}
            config = replace(config, data=replace(config.data, **shapes))
            monkeypatch.setattr(trainer_module, "_is_on_gpu", lambda _, to=workers: to > 0)
        assert command(config, "--exit-after-it", "3") == LIMIT
        states.append(load_checkpoint(tmp_path / str(workers) / "model.pt"))
    assert same_state(*states)


def test_a_released_checkpoint_goes_on_with_its_next_epoch(data: Path, tmp_path: Path) -> None:
    config = level(data, tmp_path / "out")
    run = trainer(config)
    run._prepare()
    run.step(run.source.batch(0, 0, 4))
    state = run.state() | {"epoch_it": 7, "it": 1, "loss_val_best": np.float64(0.25)}
    del state["place"]
    (tmp_path / "out").mkdir()
    torch.save(state, tmp_path / "out/model.pt")
    again = trainer(config)
    assert again.resume() and again.best == 0.25
    assert command(config, "--exit-after-it", "2") == LIMIT
    after = load_checkpoint(tmp_path / "out/model.pt")
    assert (after["epoch_it"], after["it"], after["place"]) == (8, 2, 4)


# --- one run in a folder ------------------------------------------------------------------------


def test_a_killed_run_leaves_a_whole_checkpoint_and_no_lock(data: Path, tmp_path: Path) -> None:
    """A run beside it is refused; kill −9 in the middle of a save lets the next one go on.

    Workers that the killed run has forked may live a little longer.
    """
    out, go = tmp_path / "out", tmp_path / "go"
    config = level(data, out, backup_every=1, validate_every=1, num_workers=2)
    save_config(config, tmp_path / "first.yaml")
    code = f"""
import io, os, pathlib, signal, torch
from im2mesh.commands.train import main
save = torch.save
def half(state, file):
    if not pathlib.Path({str(go)!r}).exists():
        return save(state, file)
    whole = io.BytesIO()
    save(state, whole)
    file.write(whole.getvalue()[: whole.tell() // 2])
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
torch.save = half
main([{str(tmp_path / "first.yaml")!r}, "--no-cuda"])
"""
    first = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY)
    try:
        deadline = time.monotonic() + 120
        while not (out / "model_2.pt").exists():
            assert time.monotonic() < deadline and first.poll() is None
            time.sleep(0.1)
        line = f"{out}: another process writes there; wait for it to end, or change"
        assert raised_by(config).startswith(line)
        assert load_checkpoint(out / BEST)["it"] >= 1, "readers need no lock"
        go.touch()
        assert first.wait(timeout=120) == -signal.SIGKILL
    finally:
        first.kill()
        first.wait()
    assert (out / "train.lock").exists()
    assert len(list(out.glob(".model*.part.pt"))) == 1
    steps = load_checkpoint(out / LAST)["it"]
    assert steps >= 2
    for _ in range(2):  # the run before has let go of the lock
        assert command(config, "--exit-after-it", str(steps + 1)) == LIMIT
    assert load_checkpoint(out / LAST)["it"] == steps + 1
    assert not list(out.glob(".model*.part.pt"))


def test_a_folder_that_cannot_be_locked_is_trained_in(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cannot(lock: filelock.FileLock) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(filelock.FileLock, "acquire", cannot)
    assert command(level(data, tmp_path / "out"), "--exit-after-it", "1") == LIMIT
    assert "cannot be locked" in capsys.readouterr().err


# --- what ends a run ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "flags", "code", "it"),
    [
        ({}, ["--exit-after-it", "3"], LIMIT, 3),
        ({}, ["--exit-after-epochs", "2"], LIMIT, 4),  # 6 models: batches of 4 and 2
        ({"max_iterations": 2}, [], DONE, 2),
    ],
)
def test_limits(
    data: Path, tmp_path: Path, keys: dict[str, object], flags: list[str], code: int, it: int
) -> None:
    for _ in range(2):  # the second time, nothing is left to do
        assert command(level(data, tmp_path / "out", **keys), *flags) == code
        for name in (LAST, END):
            assert load_checkpoint(tmp_path / "out" / name)["it"] == it
        (tmp_path / "out" / END).unlink()  # as if a signal had stopped it there


def test_limit_on_time(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.chain([0.0, 0.0], itertools.repeat(math.inf))  # late after the second step
    monkeypatch.setattr(trainer_module, "monotonic", lambda: next(clock))
    assert command(level(data, tmp_path / "out"), "--exit-after", "9") == LIMIT
    assert load_checkpoint(tmp_path / "out/model.pt")["it"] == 2
    assert not (tmp_path / "out/model_end.pt").exists()


def test_limit_on_the_metrics_change(data: Path, tmp_path: Path) -> None:
    config = level(data, tmp_path / "out", validate_every=1)
    assert command(config, "--exit-threshold", "1.0") == LIMIT
    assert load_checkpoint(tmp_path / "out/model.pt")["it"] == 2, "the second validation"
    table = pd.read_csv(tmp_path / "out/validation.csv")
    assert table["it"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff\xfe" * 99, b"step,iou\n1,0.5\n", b"it,iou\none,0.5\n", b"it,iou\n,1\n"]
)
def test_a_damaged_history_is_put_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    path = tmp_path / "validation.csv"
    path.write_bytes(body)
    with pytest.raises(DataError, match=r"validation\.csv: not a readable table"):
        read_csv(path, ["it"])
    with caplog.at_level("WARNING", "im2mesh"):
        for it in (1, 2):
            append_history(path, {"it": it, "iou": 0.5})
    assert f"it is renamed to {path}.broken, and a new one is begun" in caplog.text
    assert Path(f"{path}.broken").read_bytes() == body
    assert read_csv(path, ["it"])["it"].tolist() == [1, 2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_save_and_exit(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    step = Trainer.step

    def interrupted(run: Trainer, batch: Batch) -> float:
        if run.it == 1:
            signal.raise_signal(number)
        return step(run, batch)

    monkeypatch.setattr(Trainer, "step", interrupted)
    before = signal.getsignal(number)
    assert command(level(data, tmp_path / "out")) == INTERRUPTED
    assert "model.pt will be saved" in capsys.readouterr().err
    assert load_checkpoint(tmp_path / "out/model.pt")["it"] == 2, "the step at hand is finished"
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    "flags",
    [
        ("--exit-after", "0"),
        ("--exit-after-it", "-1"),
        ("--exit-after-epochs", "x"),
        ("--exit-threshold", "-1"),
        ("--exit-threshold", "nan"),
        ("--gpu",),
    ],
)
def test_flags_that_mean_nothing(tmp_path: Path, flags: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as raised:
        main([str(tmp_path / "x.yaml"), *flags])
    assert raised.value.code == BAD_INPUT


# --- not finite ---------------------------------------------------------------------------------


class Spoilt:
    """A source whose batches go wrong after a while."""

    def __init__(self, source, batches: int) -> None:  # type: ignore[no-untyped-def]
        self._source, self._left = source, batches

    def __len__(self) -> int:
        return len(self._source)

    def name(self, shape: int) -> str:
        return str(self._source.name(shape))

    def batch(self, epoch: int, start: int, stop: int) -> Batch:
        batch: Batch = self._source.batch(epoch, start, stop)
        self._left -= 1
        if self._left >= 0:
            return batch
        images = batch.images.clone()
        images[0, 0, 0, 0] = math.nan
        return replace(batch, images=images)


def test_a_loss_that_is_not_finite(data: Path, tmp_path: Path) -> None:
    config = level(data, tmp_path / "out")
    run = Trainer(config, Spoilt(open_store(config, "train"), 2))
    good = Trainer(config, open_store(config, "train"))
    good.run(Limits(iterations=2))
    with pytest.raises(NonFiniteError) as raised:
        run.run()
    message = str(raised.value)
    assert message.startswith("the loss of step 3 is not finite; the batch's models: balls/ball_0")
    assert "\n" not in message
    state = load_checkpoint(tmp_path / "out/model.pt")
    assert state["it"] == 2
    assert same_state(state["model"], good.state()["model"]), "running statistics too"
    assert trainer(config).resume()


def test_main_says_so(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "im2mesh.training.run.open_sources",
        lambda config, device: (Spoilt(open_store(config, "train"), 0), None),
    )
    assert command(level(data, tmp_path / "out")) == SOME_FAILED
    assert "error: the loss of step 1 is not finite" in capsys.readouterr().err


# --- validation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "kind"), LEVELS)
def test_metrics_equal_the_plain_computation(
    data: Path, tmp_path: Path, method: str, kind: str
) -> None:
    config = level(data, tmp_path, method, kind, batch_size_val=2)
    store = open_store(config, "val", shuffle=False)
    objective = {"onet": Occupancy(0.5), "onet_sdf": SignedDistance(-0.02)}[method]
    network = build_network(config)
    metrics = Validator(config, store, objective)(network, torch.device("cpu"))
    assert network.training, "left as it was"
    network.eval()
    losses, ratios, errors = [], [], []
    with torch.no_grad():
        for start in range(0, len(store), 2):
            stop = min(start + 2, len(store))
            batch, whole = store.batch(0, start, stop), store.evaluation_points(start, stop)
            assert whole is not None
            each = objective.loss(network(batch.images, batch.points), batch.targets)
            losses.append(float(each.sum()))
            parts = torch.split(whole.points, whole.counts)
            values = torch.cat(
                [network(i[None], p[None])[0] for i, p in zip(whole.images, parts, strict=True)]
            )
            if method == "onet":
                predicted, true = torch.sigmoid(values) >= 0.5, whole.targets == 1
            else:
                predicted, true = values < 0.02, whole.targets < 0.02
                errors += (values - whole.targets).abs().tolist()
            if (predicted | true).any():
                ratios.append(float((predicted & true).sum() / (predicted | true).sum()))
    assert metrics["loss"] == pytest.approx(sum(losses) / len(store), rel=1e-4)
    assert metrics["iou"] == pytest.approx(np.mean(ratios), abs=2e-3)
    if method == "onet_sdf":
        assert metrics["l1"] == pytest.approx(np.mean(errors), rel=1e-4)


def test_empty_unions_are_left_out() -> None:
    iou = IoU()
    no, yes = torch.zeros(3, dtype=torch.bool), torch.ones(3, dtype=torch.bool)
    iou.add(no, no)
    iou.add(yes, torch.tensor([True, False, False]))
    assert (iou.total, iou.batches) == (pytest.approx(1 / 3), 1)


@pytest.mark.parametrize("objective", [Occupancy(0.2), SignedDistance(-0.02)])
def test_right_values_have_an_iou_of_one(objective) -> None:  # type: ignore[no-untyped-def]
    sdf = torch.linspace(-0.1, 0.1, 50)
    if isinstance(objective, Occupancy):
        targets = (sdf <= 0).float()
        values = torch.where(sdf <= 0, 9.0, -9.0)
    else:
        targets = values = sdf
    assert torch.equal(objective.inside(values), objective.target_inside(targets))


@pytest.mark.parametrize("mode", ["maximize", "minimize"])
def test_the_best_model_is_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    sign = 1 if mode == "maximize" else -1
    scores = iter([sign * score for score in (0.2, 0.5, 0.4, math.nan, 0.6)])
    config = level(data, tmp_path / "out", validate_every=1, model_selection_mode=mode)
    run = trainer(config)
    monkeypatch.setattr(run, "_validate", lambda *_: {"iou": next(scores)})
    kept = []
    for _ in range(5):
        run.it += 1
        run.validate()
        kept.append(load_checkpoint(tmp_path / "out/model_best.pt")["it"])
    assert kept == [1, 2, 2, 2, 5] and run.best == sign * 0.6


@pytest.mark.parametrize(("step", "checkpoint_every"), [(2, 1), (2, 100), (3, 3), (3, 100)])
def test_a_validation_that_a_kill_ended_is_made_up_for(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    checkpoint_every: int,
) -> None:
    """The last step is validated; no step is lost, and no worse model replaces the best one."""
    config = level(
        data, tmp_path / "out",
        validate_every=2, max_iterations=3, checkpoint_every=checkpoint_every,
    )  # fmt: skip
    scores, killed = {2: 0.5, 3: 0.48}, []

    def started() -> Trainer:
        run = trainer(config)

        def measured(*_: object) -> dict[str, float]:
            if run.it == step and not killed:
                killed.append(step)
                raise KeyboardInterrupt
            return {"iou": scores[run.it]}

        monkeypatch.setattr(run, "_validate", measured)
        return run

    with pytest.raises(KeyboardInterrupt):
        started().run()
    again = started()
    assert again.resume() and again.it == step
    assert again.run() is End.COMPLETE
    assert pd.read_csv(tmp_path / "out/validation.csv")["it"].tolist() == [2, 3]
    best, last = (load_checkpoint(tmp_path / "out" / name) for name in (BEST, LAST))
    assert (best["it"], best["loss_val_best"]) == (2, 0.5)
    assert (last["it"], last["loss_val_best"], last["validated_at"]) == (3, 0.5, 3)
    assert load_checkpoint(tmp_path / "out" / END)["it"] == 3
    scores.clear()  # what is complete is not measured again
    third = started()
    assert third.resume() and third.run() is End.COMPLETE


def test_the_checkpoint_of_a_limit_stays(data: Path, tmp_path: Path) -> None:
    config = level(data, tmp_path / "out", validate_every=0)
    for limit, end in ((2, 2), (4, 4), (2, 4)):
        run = trainer(config)
        run.resume()
        assert run.run(Limits(iterations=limit)) is End.ITERATIONS
        assert load_checkpoint(tmp_path / "out" / END)["it"] == end
    run.it = 5  # trained on, without a limit
    run.save(LAST)
    assert run.run(Limits(iterations=2)) is End.ITERATIONS
    assert load_checkpoint(tmp_path / "out" / END)["it"] == 4


def test_shared_shapes_are_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = level(data, tmp_path / "out", validate_every=1)
    config = replace(config, data=replace(config.data, val_split="train"))
    command(config, "--exit-after-it", "1")
    assert "shares 6 shapes with data.train_split train" in capsys.readouterr().err


# --- what a run leaves --------------------------------------------------------------------------


def test_pictures_logs_and_backups(data: Path, tmp_path: Path) -> None:
    config = level(
        data, tmp_path / "out", kind="patch", validate_every=2, visualize_every=2,
        backup_every=1, batch_size_vis=2,
    )  # fmt: skip
    assert command(config, "--exit-after-it", "2") == LIMIT
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "model.pt", "model_best.pt", "model_end.pt", "model_1.pt", "model_2.pt",
        "config.yaml", "validation.csv", "vis", "logs", "train.lock",
    }  # fmt: skip
    assert [path.name for path in (tmp_path / "out/vis").iterdir()] == ["00000002.png"]
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "out/logs")).Reload()
    assert {"train/loss", "train/lr", "val/loss", "val/iou"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("train/loss")] == [1, 2]
    assert events.Tags()["images"] == ["predicted shapes"]


def test_a_changed_configuration_is_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = level(data, tmp_path / "out")
    command(config, "--exit-after-it", "1")
    changed = replace(config, training=replace(config.training, lr=0.5))
    command(changed, "--exit-after-it", "2")
    assert "training.lr: 0.0001 -> 0.5" in capsys.readouterr().err


# --- bad input ----------------------------------------------------------------------------------


def raised_by(config: Config, *flags: str) -> str:
    with pytest.raises(InputError) as raised:
        command(config, *flags)
    message = str(raised.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("section", "keys", "message"),
    [
        ("data", {"train_split": "none"}, "none.lst: no such split list"),
        ("data", {"val_split": "none"}, "none.lst: no such split list"),
        ("data", {"train_split": "empty"}, "names no model"),
        ("data", {"train_split": "one"}, "holds 1 samples"),
        ("data", {"img_augment": True}, "img_augment true would tear"),
        ("training", {"out_dir": "/dev/null"}, "cannot be written to"),
        ("training", {"batch_size": 1}, "batch_size is 1; batch normalisation needs at least 2"),
        (
            "training",
            {"model_selection_metric": "chamfer"},
            "training.model_selection_metric is 'chamfer'; this level's validation measures "
            "loss, iou",
        ),
        (
            "training",
            {"model_selection_metric": "l1"},
            "this level's validation measures loss, iou",
        ),
    ],
)
def test_what_cannot_be_trained(
    data: Path, tmp_path: Path, section: str, keys: dict[str, object], message: str
) -> None:
    config = level(data, tmp_path / "out", validate_every=1)
    changed = replace(config, **{section: replace(getattr(config, section), **keys)})
    save_config(changed, tmp_path / "x.yaml")
    with pytest.raises(InputError) as raised:
        main([str(tmp_path / "x.yaml"), "--no-cuda"])
    assert message in str(raised.value) and "\n" not in str(raised.value)


def test_a_full_disk_is_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch's own error says nothing of it."""

    def full(*_: object) -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        finally:
            raise RuntimeError("unexpected pos 290496 vs 290384")

    path = tmp_path / "model.pt"
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_checkpoint({}, path)
    assert raised.value.filename == str(path)
    assert not list(tmp_path.iterdir())


def test_checkpoint_of_another_architecture(data: Path, tmp_path: Path) -> None:
    config = level(data, tmp_path / "out")
    command(config, "--exit-after-it", "1")
    wider = replace(config, model=replace(config.model, c_dim=16))
    assert "where the config asks for" in raised_by(wider)
    state = load_checkpoint(tmp_path / "out/model.pt")
    state["optimizer"]["state"][0]["exp_avg"] = torch.zeros(3)
    torch.save(state, tmp_path / "out/model.pt")
    with pytest.raises(CheckpointError, match="its optimizer belongs to another architecture"):
        trainer(config).resume()


def test_optimizers_of_old_torch_go_on(data: Path, tmp_path: Path) -> None:
    """Before torch 1.6 the moments were keyed by the parameters' id()."""
    run = trainer(level(data, tmp_path / "out"))
    run._prepare()
    run.step(run.source.batch(0, 0, 4))
    state = run.state()
    before = state["optimizer"]["state"]
    ids = [139_900_000_000_000 - 8 * k for k in before]
    state["optimizer"]["state"] = {ids[k]: of for k, of in reversed(before.items())}
    state["optimizer"]["param_groups"][0]["params"] = ids
    (tmp_path / "out").mkdir(exist_ok=True)
    torch.save(state, tmp_path / "out/model.pt")
    again = trainer(level(data, tmp_path / "out"))
    assert again.resume()
    for k, of in again.optimizer.state_dict()["state"].items():
        assert all(torch.equal(of[key], before[k][key]) for key in ("step", "exp_avg"))


def nest(state: dict, value: object, *keys: object) -> None:
    """Put a value at a place in nested containers."""
    for key in keys[:-1]:
        state = state[key]
    state[keys[-1]] = value


@pytest.fixture(scope="module")
def stepped(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """A trainer after a step; it may be resumed."""
    run = trainer(level(data, tmp_path_factory.mktemp("stepped"), ema=0.9))
    run._prepare()
    run.step(run.source.batch(0, 0, 4))
    return run


@pytest.mark.parametrize(
    ("value", "place"),
    [
        *(
            (value, (key,))
            for key in ("it", "epoch_it", "place", "loss_val_best", "optimizer", "ema")
            for value in (None, "text", math.nan, [], 10**400)
        ),
        (-1, ("it",)),
        (1.5, ("it",)),
        (10**40, ("it",)),
        (10**40, ("epoch_it",)),
        ([], ("optimizer", "param_groups")),
        ([{}], ("optimizer", "param_groups")),
        (None, ("optimizer", "state")),
        ({}, ("optimizer", "state", 0)),
        (None, ("optimizer", "state", 0, "exp_avg")),
        (None, ("optimizer", "state", 0, "step")),
        (math.nan, ("optimizer", "state", 0, "step")),
        (torch.zeros(2), ("optimizer", "state", 0, "step")),
        (torch.zeros(4, 1, 7, 7, device="meta"), ("optimizer", "state", 0, "exp_avg")),
        (torch.zeros(3), ("ema", "encoder.features.conv1.weight")),
    ],
)
def test_damaged_checkpoints(stepped: Trainer, value: object, place: tuple[object, ...]) -> None:
    stepped.save(LAST)
    assert stepped.resume(), "as it was"
    path = Path(stepped.config.training.out_dir) / LAST
    state = load_checkpoint(path)
    nest(state, value, *place)
    torch.save(state, path)
    with pytest.raises(CheckpointError) as raised:
        stepped.resume()
    assert str(raised.value) == (
        f"{path}: its {place[0]} is damaged; start anew in another training.out_dir"
    )


# --- schedules ----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 6), st.integers(0, 40), st.integers(0, 60))
def test_batch_slices(ranks: int, each: int, extra: int, start: int) -> None:
    batch, samples = ranks * (each + 1), 2 * ranks + extra
    found = []
    for part in batch_slices(samples, batch, ranks, 0, start):
        found.append(part)
        if part.epoch >= 3:
            break
    epochs = {part.epoch for part in found}
    assert epochs <= {0, 1, 2, 3} and {1, 2, 3} <= epochs
    for part in found:
        shares = [part.share(rank, ranks) for rank in range(ranks)]
        assert shares[0][0] == part.start and shares[-1][1] == part.stop <= samples
        assert all(a[1] == b[0] for a, b in itertools.pairwise(shares))
        assert {stop - begin for begin, stop in shares} == {(part.stop - part.start) // ranks}
        assert 2 <= (part.stop - part.start) // ranks <= batch // ranks
    whole = [part for part in found if part.epoch == 1]
    assert whole[0].start == 0 and samples - whole[-1].stop < 2 * ranks
    assert [part.last for part in whole] == [False] * (len(whole) - 1) + [True]


def test_a_resumed_run_may_have_another_number_of_ranks() -> None:
    def first(count: int, ranks: int, start: int) -> list[tuple[int, int]]:
        slices = batch_slices(100, 12, ranks, 0, start)
        return [(part.epoch, part.start) for part in itertools.islice(slices, count)]

    assert first(8, 1, 0)[2:] == first(6, 2, 24)


def test_learning_rates() -> None:
    constant = TrainingConfig(lr=0.5)
    assert {learning_rate(constant, it) for it in (0, 10, 10**6)} == {0.5}
    cosine = TrainingConfig(lr=2.0, lr_schedule="cosine", lr_warmup=4, max_iterations=104)
    rates = [learning_rate(cosine, it) for it in range(106)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[4] == 2.0 and rates[54] == pytest.approx(1.0)
    assert rates[104] == rates[105] == pytest.approx(0.0)
    assert all(a >= b for a, b in itertools.pairwise(rates[4:]))


# --- several processes --------------------------------------------------------------------------


def simulated(config: Config, ranks: int, steps: int) -> tuple[list[float], dict[str, Tensor]]:
    """Plainly: each rank's share through its own network, the mean of the gradients, Adam."""
    store = open_store(config, "train")
    networks = []
    for _ in range(ranks):
        torch.manual_seed(config.training.seed)
        networks.append(build_network(config))
    optimizers = [torch.optim.Adam(n.parameters(), config.training.lr) for n in networks]
    losses = []
    order = batch_slices(len(store), config.training.batch_size, ranks, 0, 0)
    for part, _ in zip(order, range(steps), strict=False):
        each = []
        for rank, network in enumerate(networks):
            batch = store.batch(part.epoch, *part.share(rank, ranks))
            loss = batch_loss(Occupancy(0.5), network(batch.images, batch.points), batch)
            network.zero_grad()
            loss.backward()
            each.append(loss.item())
        losses.append(sum(each) / ranks)
        for parameters in zip(*(network.parameters() for network in networks), strict=True):
            mean = torch.stack([p.grad for p in parameters if p.grad is not None]).mean(0)
            for parameter in parameters:
                parameter.grad = mean.clone()
        for optimizer in optimizers:
            optimizer.step()
    return losses, networks[0].state_dict()


def torchrun(config: Path, *flags: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port",
         "0", "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0", "train.py", str(config),
         "--no-cuda", *flags],
        cwd=REPOSITORY,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert "the limit of iterations is reached" in done.stderr, done.stderr


def test_two_processes_are_the_simulation(data: Path, tmp_path: Path) -> None:
    config = level(data, tmp_path / "out", kind="patch", batch_size=6, validate_every=3)
    save_config(config, tmp_path / "x.yaml")
    torchrun(tmp_path / "x.yaml", "--exit-after-it", "3")
    losses, state = simulated(config, 2, 3)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "out/logs")).Reload()
    shown = [event.value for event in events.Scalars("train/loss")]
    np.testing.assert_allclose(shown, losses, rtol=1e-4)
    found = load_checkpoint(tmp_path / "out/model_end.pt")
    for key, tensor in found["model"].items():
        torch.testing.assert_close(tensor, state[key], rtol=1e-4, atol=1e-4)
    # What two processes measured is what one measures.
    one = trainer(config)
    one.resume()
    assert one._validate is not None
    alone = one._validate(one.network, torch.device("cpu"))
    table = pd.read_csv(tmp_path / "out/validation.csv")
    assert table["iou"].iloc[-1] == pytest.approx(alone["iou"], abs=1e-3)
    assert table["loss"].iloc[-1] == pytest.approx(alone["loss"], rel=1e-4)
    # One process goes on where two stopped.
    assert command(config, "--exit-after-it", "4") == LIMIT


# --- learning -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("method", "kind"), LEVELS)
def test_a_level_overfits_one_shape(tmp_path: Path, method: str, kind: str) -> None:
    root = write_balls(tmp_path / "data", {"train": 1}, points=30_000, dtype="float32")
    if kind == "global":  # a batch needs at least two maps
        names = [f"ball_000{k}-00" for k in range(4)]
        for name in names[1:]:
            shutil.copytree(root / "balls" / names[0], root / "balls" / name)
        (root / "balls/train.lst").write_text("\n".join(names))
    config = level_config(
        root,
        tmp_path / "out",
        method=method,
        data={"points_subsample": 1024 if kind == "global" else 400, "val_split": "train"}
        | (PATCHES | {"parts_size": 128, "parts_stride": 64} if kind == "patch" else {}),
        model={"decoder_kwargs": {"hidden_size": 64}, "encoder_kwargs": {"width": 8}, "c_dim": 32},
        test={"threshold": THRESHOLDS[method]},
        training={
            "lr": 2e-3, "lr_schedule": "cosine",
            "max_iterations": 600 if kind == "global" else 1000,
            "batch_size": 4 if kind == "global" else 32, "batch_size_val": 64,
            "validate_every": 100, "print_every": 100,
        },
    )  # fmt: skip
    assert command(config) == DONE
    best = pd.read_csv(tmp_path / "out/validation.csv")["iou"].max()
    assert best > 0.95, best


# --- the benchmark at equal time ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "dataset"),
    [
        ("configs/procedural/volume.yaml", "Procedural3D"),
        ("configs/procedural/p32s16.yaml", "ProceduralParts3D"),
        ("configs/00_paper_genre/genre_bl.yaml", "Procedural3D"),
        ("configs/00_paper_genre/genre_p64s32.yaml", "ProceduralParts3D"),
    ],
)
def test_every_level_sees_the_wide_world(tmp_path: Path, path: str, dataset: str) -> None:
    own = load_config(REPOSITORY / path)
    config = equal_time.on_the_wide_world(REPOSITORY / path, tmp_path, 4)
    assert config.data.dataset == dataset and config.data.orientation == 0.4
    assert config.data.parts_size == own.data.parts_size
    source = equal_time.trainer_of(config).source
    size = own.data.parts_size or 256
    assert source.batch(0, 0, 2).images.shape == (2, 1, size, size)


def test_stopped_quarters_cost_what_they_took(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step takes a minute. The run is killed while it trains, then while it validates."""
    minutes = [0.0]
    killers: list[str] = ["train", "validate"]
    original = Trainer.step

    def step(self: Trainer, batch: Batch) -> float:
        value = original(self, batch)
        minutes[0] += 1
        training = self.config.training.out_dir == str(tmp_path / "run")
        if training and self.it == 1 and killers[:1] == ["train"]:
            killers.pop(0)
            raise KeyboardInterrupt
        return value

    def ious(*_: object) -> dict[str, float]:
        if killers:
            killers.pop(0)
            raise KeyboardInterrupt
        return {"upright": 0.5, "any": 0.5}

    def config(_: Path, out: Path, steps: int) -> Config:
        return level(data, out, max_iterations=steps)

    def opened(config: Config, _: object) -> tuple[Any, None]:
        return open_store(config, "train"), None

    monkeypatch.setattr(Trainer, "step", step)
    monkeypatch.setattr(equal_time, "ious", ious)
    monkeypatch.setattr(equal_time, "on_the_wide_world", config)
    monkeypatch.setattr(equal_time, "open_sources", opened)
    monkeypatch.setattr(time, "process_time", lambda: 60 * minutes[0])
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            equal_time.train(Path("x.yaml"), tmp_path / "run", 8, 1)
    curve = equal_time.train(Path("x.yaml"), tmp_path / "run", 8, 1)
    assert [row["minutes"] for row in curve] == [2, 4, 6, 8]
    # A trial that was begun before is no shorter.
    assert [equal_time.trial(Path("x.yaml"), tmp_path / "run") for _ in range(2)] == [60, 60]


# --- giving weights away --------------------------------------------------------------------------


def test_export(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = level(data, tmp_path / "out")
    assert command(config, "--exit-after-it", "2") == LIMIT
    config = replace(config, test=replace(config.test, model_file="model.pt"))
    save_config(config, tmp_path / "level.yaml")
    file = tmp_path / "given" / "away.pt"
    assert export_main([str(tmp_path / "level.yaml"), str(file)]) == 0
    before, after = load_checkpoint(config.model_path), load_checkpoint(file)
    assert set(after) == {"model"} and file.stat().st_size < config.model_path.stat().st_size / 3
    for key, tensor in before["model"].items():
        given = after["model"][key]
        assert given.dtype == (torch.float16 if tensor.dtype.is_floating_point else tensor.dtype)
        torch.testing.assert_close(given.to(tensor.dtype), tensor, rtol=1e-3, atol=1e-6)
    load_weights(build_network(config), file)


def test_export_refuses(data: Path, tmp_path: Path) -> None:
    config, file = level(data, tmp_path / "out"), tmp_path / "x.pt"
    with pytest.raises(CheckpointError, match=r"model_best\.pt: no such checkpoint"):
        export(config, file)
    network = build_network(config)
    (tmp_path / "out").mkdir()
    torch.save({"model": network.state_dict()}, config.model_path)
    with pytest.raises(InputError, match="names no file"):
        export(config, Path(""))
    network.state_dict()["decoder.fc_p.bias"][0] = 1e6
    torch.save({"model": network.state_dict()}, config.model_path)
    with pytest.raises(CheckpointError, match=r"decoder\.fc_p\.bias holds values beyond"):
        export(config, file)
    assert not file.exists()
