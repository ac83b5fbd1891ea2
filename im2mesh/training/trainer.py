"""The training loop of one level.

What a run is after a step depends on its configuration and the number of that step alone: the
samples of a step are a function of its place (:mod:`im2mesh.data.rng`), so a run that was
stopped goes on as if it had not been, by any number of processes.
"""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import torch
import torch.distributed
from lightning_fabric import Fabric
from torch import Tensor, nn
from tqdm import tqdm

from im2mesh.config import Config
from im2mesh.data.batch import Batch, Source, Staged, ValidationSource
from im2mesh.errors import CheckpointError, ConfigError, DataError, InputError
from im2mesh.files import atomic
from im2mesh.models.build import build_network
from im2mesh.models.checkpoints import load_state, load_weights
from im2mesh.models.network import Network
from im2mesh.objectives import build_objective
from im2mesh.parallel import in_order
from im2mesh.training.muon import Muon
from im2mesh.training.pictures import draw_predictions
from im2mesh.training.schedule import Place, learning_rate, places
from im2mesh.training.validation import (
    HISTORY,
    Validator,
    batch_loss,
    check_metric,
    read_history,
)

log = logging.getLogger(__name__)

LAST, BEST, END = "model.pt", "model_best.pt", "model_end.pt"
"""Checkpoints of a run: the newest, by which it resumes; the one with the best validation; and
the one at which a limit on epochs or iterations ended it."""


MOST_STEPS = 2**53
"""No run takes as many; up to here a float counts exactly."""


class End(Enum):
    """Why a run ended."""

    COMPLETE = "training.max_iterations is reached"
    TIME = "the time limit is reached"
    EPOCHS = "the limit of epochs is reached"
    ITERATIONS = "the limit of iterations is reached"
    THRESHOLD = "the validation metric has settled"
    STOPPED = "stopped by a signal"


FINAL = (End.EPOCHS, End.ITERATIONS, End.COMPLETE)
"""Ends that leave a ``model_end.pt``."""


@dataclass(frozen=True)
class Limits:
    """When to stop, apart from the configuration; None: never.

    Attributes:
        until: time.monotonic() of the end.
        epochs: passes over the data since the run was first started.
        iterations: steps since the run was first started.
        threshold: stop when a validation's metric is within this of the best before it.
    """

    until: float | None = None
    epochs: int | None = None
    iterations: int | None = None
    threshold: float | None = None


class NonFiniteError(InputError):
    """The loss or the gradient is no longer a number."""


class Scalars(Protocol):
    """Where numbers and pictures of a run are shown; a TensorBoard writer is one."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """One number."""
        ...

    def add_image(self, tag: str, img_tensor: Any, global_step: int, *, dataformats: str) -> None:
        """One picture."""
        ...

    def flush(self) -> None:
        """Write what is held back."""
        ...


def check_training(config: Config, ranks: int) -> None:
    """Refuse what no training can be done with, before any data are read.

    Raises:
        ConfigError: for the first contradiction.
    """
    size, each = config.training.batch_size, ""
    if ranks > 1:
        each = f" for each of {ranks} processes, the same number"
    if size % ranks or size < 2 * ranks:
        raise ConfigError(
            f"{config.source}: training.batch_size is {size}; batch normalisation needs at least "
            f"2 samples{each}"
        )
    if config.data.img_augment:
        raise ConfigError(
            f"{config.source}: data.img_augment true would tear the depth maps from their points; "
            "set it to false"
        )
    if config.training.validate_every:
        check_metric(config)


class Trainer:
    """A level in training.

    Attributes:
        config: of the level.
        out_dir: where everything is written.
        network: the weights that are trained.
        averaged: their running mean (``training.ema``), or None.
        it: steps taken.
        epoch: the pass over the data that the last step belonged to.
        place: how far in that pass.
        best: the selection metric of the best validation so far, ±∞ before the first.
        validated_at: the step of the last validation, 0 before the first.
    """

    def __init__(
        self,
        config: Config,
        source: Source,
        validation: ValidationSource | None = None,
        fabric: Fabric | None = None,
        writer: Scalars | None = None,
    ) -> None:
        """Build the network and put it on the device.

        Args:
            config: of the level.
            source: what is learnt from.
            validation: what it is measured on; None: no validation.
            fabric: launched; None: one process on the CPU.
            writer: gets numbers and pictures.

        Raises:
            ConfigError: contradictions, or what is not built here.
        """
        self.config, self.out_dir = config, Path(config.training.out_dir)
        self.fabric = fabric or Fabric(accelerator="cpu", devices=1)
        self.rank, self.ranks = self.fabric.global_rank, self.fabric.world_size
        check_training(config, self.ranks)
        if len(source) < 2 * self.ranks:
            raise ConfigError(
                f"{config.source}: the training split holds {len(source)} samples; batch "
                f"normalisation needs at least {2 * self.ranks}"
            )
        self.source, self.validation, self.writer = source, validation, writer
        self.objective = build_objective(config.method, config.test.threshold)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = build_network(config)
        if self.ranks > 1 and self.fabric.device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        self.network: Network = network.to(self.fabric.device)
        self.averaged = copy.deepcopy(self.network) if config.training.ema else None
        kind = {"adam": torch.optim.Adam, "muon": Muon}[config.training.optimizer]
        self.optimizer = kind(self.network.parameters(), lr=config.training.lr)
        self.it, self.epoch, self.place, self.validated_at = 0, 0, 0, 0
        self._last_place = False
        maximize = config.training.model_selection_mode == "maximize"
        self._sign = 1.0 if maximize else -1.0
        self.best = -self._sign * math.inf
        self._validate = None
        if validation is not None:
            self._validate = Validator(
                config, validation, self.objective, self.rank, self.ranks, self._add_up
            )
        self.stop = False
        """Set it, from a signal handler, to end the run after the step at hand."""

    # --- checkpoints --------------------------------------------------------------------------

    def resume(self) -> bool:
        """Go on from ``model.pt``, if there is one.

        A checkpoint of the released code has no place within its epoch: the next epoch begins.

        Raises:
            CheckpointError: it cannot be read, is damaged or belongs to another architecture.
        """
        path = self.out_dir / LAST
        if not path.is_file():
            return False
        state = load_weights(self.network, path)
        self.it = _count(state, "it", 0, path)
        self.epoch = _count(state, "epoch_it", 0, path)
        self.place = _count(state, "place", len(self.source), path)
        self._last_place = len(self.source) - self.place < 2 * self.ranks
        self.best = _number(state, "loss_val_best", self.best, path)
        self.validated_at = _count(state, "validated_at", 0, path)
        if "optimizer" in state:
            self._load_optimizer(state["optimizer"], path)
        if self.averaged is not None:
            mean = state.get("ema", state["model"])
            if not isinstance(mean, dict):
                raise _damaged(path, "ema")
            try:
                load_state(self.averaged, mean, path)
            except CheckpointError as error:
                raise _damaged(path, "ema") from error
        return True

    def _load_optimizer(self, state: Any, path: Path) -> None:
        """Take over Adam's moments; its settings are this run's own."""
        parameters = list(self.network.parameters())
        try:
            same = len(state["param_groups"][0]["params"]) == len(parameters)
            moments = {
                k: {
                    "step": torch.as_tensor(of["step"]).float().reshape(()),
                    "exp_avg": torch.as_tensor(of["exp_avg"]),
                    "exp_avg_sq": torch.as_tensor(of["exp_avg_sq"]),
                }
                for k, of in state["state"].items()
            }
            same = same and all(
                0 <= k < len(parameters)
                and of["exp_avg"].shape == of["exp_avg_sq"].shape == parameters[k].shape
                for k, of in moments.items()
            )
            good = all(tensor.isfinite().all() for of in moments.values() for tensor in of.values())
        except (TypeError, LookupError, AttributeError, ValueError, RuntimeError) as error:
            raise _damaged(path, "optimizer") from error
        if not same:
            raise CheckpointError(
                f"{path}: its optimizer belongs to another architecture; start anew in another "
                "training.out_dir"
            )
        if not good:
            raise _damaged(path, "optimizer")
        own = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": own})

    def state(self) -> dict[str, Any]:
        """What ``model.pt`` holds."""
        state = {
            "model": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch_it": self.epoch,
            "it": self.it,
            "loss_val_best": self.best,
            "validated_at": self.validated_at,
            "place": self.place,
        }
        if self.averaged is not None:
            state["ema"] = self.averaged.state_dict()
        return state

    def save(self, name: str) -> None:
        """Write a checkpoint into ``out_dir``, whole or not at all; the first process does.

        ``model_best.pt`` holds what was validated: with ``training.ema`` the running mean.
        """
        if self.rank:
            return
        state = self.state()
        if name == BEST:
            state["model"] = self.validated.state_dict()
        path = self.out_dir / name
        try:
            with atomic(path) as beside, open(beside, "wb") as file:
                torch.save(state, file)
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error

    @property
    def validated(self) -> Network:
        """The network that validation and pictures see."""
        return self.network if self.averaged is None else self.averaged

    # --- one step -----------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Wrap network and optimizer for the device, and for several processes."""
        network: nn.Module = self.network
        if self.config.training.compile:
            network = torch.compile(network)  # type: ignore[assignment]
        self._model, self._optimizer = self.fabric.setup(network, self.optimizer)
        self._model.train()

    def step(self, batch: Batch) -> float:
        """One step of the optimizer.

        Returns:
            The loss of this process's samples.

        Raises:
            NonFiniteError: the loss or the gradient is not finite; the weights, the optimizer
                and the running statistics are as before.
        """
        training = self.config.training
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(training, self.it)
        buffers = list(self.network.buffers())
        before = [buffer.clone() for buffer in buffers]
        # Not Fabric's own mixed precision, which rounds depths and coordinates to 8 bits as well.
        with torch.autocast(self.fabric.device.type, torch.bfloat16, enabled=training.amp):
            values = self._model(batch.images, batch.points)
        loss = batch_loss(self.objective, values.float(), batch)
        self._optimizer.zero_grad()
        self.fabric.backward(loss)
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        # Gradients are averaged over all processes, so all of them see what one of them has.
        norm = nn.utils.get_total_norm(gradients)
        value, self.gradient_norm = torch.stack([loss.detach(), norm]).tolist()
        if not (math.isfinite(value) and math.isfinite(self.gradient_norm)):
            with torch.no_grad():
                for buffer, old in zip(buffers, before, strict=True):
                    buffer.copy_(old)
            raise NonFiniteError(self._what_is_not_finite(value, batch))
        if training.grad_clip is not None:
            nn.utils.clip_grads_with_norm_(self.network.parameters(), training.grad_clip, norm)
        self._optimizer.step()
        self.it += 1
        if self.averaged is not None:
            self._average(self.averaged)
        return value

    def _what_is_not_finite(self, loss: float, batch: Batch) -> str:
        names = list(dict.fromkeys(self.source.name(k) for k in batch.shapes.tolist()))
        what = "the loss" if not math.isfinite(loss) else "the gradient"
        return (
            f"{what} of step {self.it + 1} is not finite; the batch's models: {', '.join(names)}; "
            f"{self.out_dir / LAST} holds the state before it; check these models, or lower "
            "training.lr"
        )

    @torch.no_grad()
    def _average(self, averaged: Network) -> None:
        # In the first steps the mean follows faster, or it would hold the random weights long.
        decay = min(self.config.training.ema, (1 + self.it) / (10 + self.it))
        for mean, now in zip(
            averaged.state_dict().values(), self.network.state_dict().values(), strict=True
        ):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1 - decay)
            else:
                mean.copy_(now)

    # --- the loop -----------------------------------------------------------------------------

    def run(self, limits: Limits | None = None) -> End:
        """Train until something ends it; ``model.pt`` is saved then.

        Raises:
            NonFiniteError: see :meth:`step`; ``model.pt`` is saved before.
        """
        limits = limits or Limits()
        end = self._ended(limits)
        if end is None or self._validation_is_due():
            self._prepare()
            # One that a kill prevented.
            if self._validation_is_due() and self.validate(limits.threshold):
                end = End.THRESHOLD
            end = end or self._train(limits)
            if end in FINAL:
                self.save(END)
            self.save(LAST)
        elif end is End.COMPLETE or (end in FINAL and not (self.out_dir / END).is_file()):
            self.save(END)  # a kill came before it; what an earlier limit left stays
        self.fabric.barrier()
        return end

    def _train(self, limits: Limits) -> End:
        """The loop itself."""
        meter = _Meter(self, limits)
        try:
            for place, batch in self._batches():
                meter.waited()
                try:
                    value = self.step(batch)
                except NonFiniteError:
                    self.save(LAST)
                    raise
                self.epoch, self.place, self._last_place = place.epoch, place.stop, place.last
                meter.stepped(value, self.ranks * len(batch))
                settled = self._events(value, meter, limits.threshold)
                meter.looked_around()
                end = End.THRESHOLD if settled else self._ended(limits)
                if end is not None:
                    return end
        finally:
            meter.close()
        raise AssertionError("the steps to come are endless")

    def _batches(self) -> Iterator[tuple[Place, Batch]]:
        """The steps to come, and this process's samples of each."""
        training, device = self.config.training, self.fabric.device
        upcoming = places(len(self.source), training.batch_size, self.ranks, self.epoch, self.place)
        workers = training.num_workers
        prepare: Callable[[int, int, int], Any] = self.source.batch
        finish: Callable[[Any], Batch] = _as_it_is
        if _is_on_gpu(self.source):
            # Worker processes cannot use the training process's GPU.
            if isinstance(self.source, Staged):
                prepare, finish = self.source.prepare, self.source.finish
            else:
                workers = 0

        def prepared(place: Place) -> tuple[Place, Any]:
            return place, prepare(place.epoch, *place.share(self.rank, self.ranks))

        pin = device.type == "cuda" and workers > 0
        for place, part in in_order(prepared, upcoming, workers, pin):
            yield place, finish(part).to(device)

    def _events(self, value: float, meter: _Meter, threshold: float | None) -> bool:
        """All that happens every so many steps; True: the metric has settled."""
        training = self.config.training

        def due(every: int) -> bool:
            return every > 0 and self.it % every == 0

        if due(training.print_every):
            self._print(value, meter)
        if due(training.visualize_every):
            self._visualize()
        validates = self._validation_is_due()
        if validates:
            self.save(LAST)  # a validation takes a while
        settled = validates and self.validate(threshold)
        if validates or due(training.checkpoint_every):
            self.save(LAST)  # it knows of the validation of its step
        if due(training.backup_every):
            self.save(f"model_{self.it}.pt")
        return settled

    def _validation_is_due(self) -> bool:
        """Every so many steps, and at the last, which a falling rate has made the best."""
        every, most = self.config.training.validate_every, self.config.training.max_iterations
        if self._validate is None or not every or self.validated_at == self.it:
            return False
        return self.it % every == 0 or (most is not None and self.it >= most)

    def _ended(self, limits: Limits) -> End | None:
        """Which limit is reached, the same in all processes."""
        most = self.config.training.max_iterations
        if most is not None and self.it >= most:
            return End.COMPLETE
        if limits.iterations is not None and self.it >= limits.iterations:
            return End.ITERATIONS
        epochs = self.epoch + self._last_place
        if limits.epochs is not None and epochs >= limits.epochs:
            return End.EPOCHS
        late = limits.until is not None and time.monotonic() >= limits.until
        # One process may be late or be sent a signal before the others are.
        flags = torch.tensor([late, self.stop], dtype=torch.float64)
        late, stop = (flag > 0 for flag in self._add_up(flags).tolist())
        return End.STOPPED if stop else End.TIME if late else None

    def _add_up(self, sums: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.ranks == 1:
            return sums
        # nccl adds on the device only.
        moved = sums.to(self.fabric.device)
        torch.distributed.all_reduce(moved)
        return moved.cpu()

    # --- what is shown ------------------------------------------------------------------------

    def _print(self, value: float, meter: _Meter) -> None:
        value = float(self._add_up(torch.tensor([value], dtype=torch.float64))) / self.ranks
        rate, waiting = meter.rates()
        if self.rank:
            return
        log.info(
            "it %d, epoch %d: loss %.4g, %.0f samples/s, %.0f%% of the time for data",
            self.it, self.epoch, value, rate, 100 * waiting,
        )  # fmt: skip
        self._scalars(
            "train",
            {
                "loss": value,
                "lr": self.optimizer.param_groups[0]["lr"],
                "gradient_norm": self.gradient_norm,
                "samples_per_second": rate,
                "share_of_time_for_data": waiting,
            },
        )

    def _scalars(self, group: str, values: dict[str, float]) -> None:
        if self.writer is not None:
            for name, value in values.items():
                self.writer.add_scalar(f"{group}/{name}", value, self.it)
            self.writer.flush()

    def _visualize(self) -> None:
        if self.validation is None or self.rank:
            return
        maps = self.validation.maps(self.config.training.batch_size_vis)
        path = self.out_dir / "vis" / f"{self.it:08d}.png"
        draw_predictions(self.config, self.validated, self.fabric.device, maps, path)
        log.info("%s: %d predicted shapes", path, len(maps))
        if self.writer is not None:
            from PIL import Image

            with Image.open(path) as image:
                pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
                pixels = pixels.view(image.height, image.width, 3)
            self.writer.add_image("predicted shapes", pixels, self.it, dataformats="HWC")

    def validate(self, threshold: float | None = None) -> bool:
        """Measure the level, and save it as ``model_best.pt`` if none before was better.

        Args:
            threshold: see the result.

        Returns:
            Whether the metric is within ``threshold`` of the best before this one.
        """
        if self._validate is None:
            return False
        if self.ranks > 1:  # the statistics that are validated are those that are saved
            for buffer in self.validated.buffers():
                torch.distributed.broadcast(buffer, 0)
        metrics = self._validate(self.validated, self.fabric.device)
        value = metrics[self.config.training.model_selection_metric]
        settled = threshold is not None and abs(value - self.best) <= threshold
        improved = self._sign * (value - self.best) > 0
        self.validated_at = self.it
        if improved:
            self.best = value
            self.save(BEST)
        if self.rank == 0:
            shown = ", ".join(f"{name} {number:.4g}" for name, number in metrics.items())
            log.info("it %d, validation: %s%s", self.it, shown, " (best)" if improved else "")
            self._scalars("val", metrics)
            self._record(metrics)
        return settled

    def _record(self, metrics: dict[str, float]) -> None:
        """Add a row to ``validation.csv``, dropping those of steps that were undone."""
        path = self.out_dir / HISTORY
        row = pd.DataFrame([{"it": self.it, "epoch": self.epoch, **metrics}])
        if path.is_file():
            try:
                before = read_history(path)
                row = pd.concat([before[before["it"] < self.it], row])
            except DataError as error:
                broken = path.replace(path.with_name(f"{HISTORY}.broken"))
                log.warning("%s; it is now %s, and a new one is begun", error, broken)
        with atomic(path) as beside:
            row.to_csv(beside, index=False)


def _damaged(path: Path, key: str) -> CheckpointError:
    return CheckpointError(f"{path}: its {key} is damaged; start anew in another training.out_dir")


def _number(state: dict[str, Any], key: str, default: float, path: Path) -> float:
    value = state.get(key, default)
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        number = math.nan
    if math.isnan(number):
        raise _damaged(path, key)
    return number


def _count(state: dict[str, Any], key: str, default: int, path: Path) -> int:
    value = _number(state, key, default, path)
    if not 0 <= value <= MOST_STEPS or not value.is_integer():
        raise _damaged(path, key)
    return int(value)


def _is_on_gpu(source: Source) -> bool:
    device: torch.device | None = getattr(source, "device", None)
    return device is not None and device.type != "cpu"


def _as_it_is(batch: Batch) -> Batch:
    return batch


class _Meter:
    """A progress bar, and where the time goes."""

    def __init__(self, trainer: Trainer, limits: Limits) -> None:
        ends = (trainer.config.training.max_iterations, limits.iterations)
        total = min((end for end in ends if end is not None), default=None)
        self._bar = tqdm(
            total=total,
            initial=trainer.it,
            unit="it",
            desc=trainer.out_dir.name,
            disable=True if trainer.rank else None,
        )
        self._mark = time.perf_counter()
        self._restart()

    def _restart(self) -> None:
        self._waiting = self._working = 0.0
        self._samples = 0

    def _lap(self) -> float:
        now = time.perf_counter()
        seconds, self._mark = now - self._mark, now
        return seconds

    def waited(self) -> None:
        """A batch has come."""
        self._waiting += self._lap()

    def stepped(self, loss: float, samples: int) -> None:
        """A step is done."""
        self._working += self._lap()
        self._samples += samples
        self._bar.update()
        if self._bar.disable:
            return
        rate = self._samples / max(self._waiting + self._working, 1e-9)
        self._bar.set_postfix_str(f"loss {loss:.4g}, {rate:.0f} samples/s", refresh=False)

    def looked_around(self) -> None:
        """Time that belongs to neither: validation, pictures, checkpoints."""
        self._lap()

    def rates(self) -> tuple[float, float]:
        """Samples per second and the share of time spent waiting, since the last call."""
        total = max(self._waiting + self._working, 1e-9)
        found = self._samples / total, self._waiting / total
        self._restart()
        return found

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.close()


def remove_unfinished(out_dir: Path) -> None:
    """Remove what a process that was killed while it saved left behind."""
    for path in out_dir.glob(".model*.part.pt"):
        path.unlink(missing_ok=True)
