"""The training loop of one level.

The state of a run after a step depends on its configuration and the step's number alone: the
samples of a step are a function of their positions (:mod:`im2mesh.data.rng`). So a run that was
stopped goes on as if it had not been, with any number of processes.
"""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import torch
import torch.distributed
from lightning_fabric import Fabric
from torch import Tensor, nn

from im2mesh.config import Config
from im2mesh.data.batch import Batch, Source, Staged, ValidationSource
from im2mesh.errors import CheckpointError, ConfigError, InputError
from im2mesh.models.build import build_network
from im2mesh.models.checkpoints import load_state, load_weights
from im2mesh.models.network import Network
from im2mesh.objectives import build_objective
from im2mesh.parallel import in_order
from im2mesh.training.checkpoint import (
    BEST,
    END,
    LAST,
    damaged,
    load_optimizer,
    read_count,
    read_number,
    write_checkpoint,
)
from im2mesh.training.gradients import backward_by_samples, couples_samples
from im2mesh.training.limits import FINAL, End, Limits
from im2mesh.training.mean import update_mean
from im2mesh.training.muon import Muon
from im2mesh.training.pictures import draw_predictions
from im2mesh.training.precision import bfloat16_pays
from im2mesh.training.progress import Progress, Scalars
from im2mesh.training.schedule import BatchSlice, batch_slices, learning_rate
from im2mesh.training.validation import HISTORY, Validator, append_history, batch_loss, check_metric

log = logging.getLogger(__name__)


class NonFiniteError(InputError):
    """The loss or the gradient is not finite."""


class StoppedWaiting(BaseException):
    """A signal that came while the run was waiting for data; no library may catch it."""


def check_training(config: Config, ranks: int) -> None:
    """Check that a configuration can be trained, before any data are read.

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
        position: the sample of that pass behind the last step's.
        best: the selection metric of the best validation so far, ±∞ before the first.
        validated_at: the step of the last validation, 0 before the first.
        bfloat16: layers are computed in it; None: not measured yet (``training.amp: auto``).
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
            source: training samples.
            validation: validation samples; None: no validation.
            fabric: launched; None: one process on the CPU.
            writer: log for numbers and pictures.
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
        self.it, self.epoch, self.position, self.validated_at = 0, 0, 0, 0
        self._epoch_is_over = False
        amp = config.training.amp
        self.bfloat16 = None if amp == "auto" else amp
        maximize = config.training.model_selection_mode == "maximize"
        self._sign = 1.0 if maximize else -1.0
        self.best = -self._sign * math.inf
        self._validate = None
        if validation is not None:
            self._validate = Validator(
                config, validation, self.objective, self.rank, self.ranks, self._add_up
            )
        self.stop = False
        """A signal handler sets this to end the run after the current step."""
        self.is_waiting = False
        """True while the run waits for data: a signal handler may then raise StoppedWaiting."""

    # --- checkpoints --------------------------------------------------------------------------

    def resume(self) -> bool:
        """Load ``model.pt``, if there is one; return whether there is.

        A checkpoint of the released code has no position in its epoch: the next epoch begins.

        Raises:
            CheckpointError: it cannot be read, is damaged or belongs to another architecture.
        """
        path = self.out_dir / LAST
        if not path.is_file():
            return False
        state = load_weights(self.network, path)
        self.it = read_count(state, "it", 0, path)
        self.epoch = read_count(state, "epoch_it", 0, path)
        self.position = read_count(state, "place", len(self.source), path)
        self._epoch_is_over = len(self.source) - self.position < 2 * self.ranks
        self.best = read_number(state, "loss_val_best", self.best, path)
        self.validated_at = read_count(state, "validated_at", 0, path)
        if self.bfloat16 is None and isinstance(state.get("bfloat16"), bool):
            self.bfloat16 = state["bfloat16"]  # whatever a second measurement would say
        if "optimizer" in state:
            load_optimizer(self.optimizer, state["optimizer"], path)
        else:
            log.warning("%s: holds no optimizer; it starts anew", path)
        if self.averaged is not None:
            mean = state.get("ema", state["model"])
            if not isinstance(mean, dict):
                raise damaged(path, "ema")
            try:
                load_state(self.averaged, mean, path)
            except CheckpointError as error:
                raise damaged(path, "ema") from error
        return True

    def state(self) -> dict[str, Any]:
        """Return the contents of ``model.pt``."""
        state = {
            "model": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch_it": self.epoch,
            "it": self.it,
            "loss_val_best": self.best,
            "validated_at": self.validated_at,
            "place": self.position,
            "bfloat16": self.bfloat16,
        }
        if self.averaged is not None:
            state["ema"] = self.averaged.state_dict()
        return state

    def save(self, name: str) -> None:
        """Write a checkpoint into ``out_dir``, in the first process only.

        ``model_best.pt`` holds the validated weights: with ``training.ema`` the running mean.
        """
        if self.rank:
            return
        state = self.state()
        if name == BEST:
            state["model"] = self.validated.state_dict()
        write_checkpoint(state, self.out_dir / name)

    @property
    def validated(self) -> Network:
        """The network for validation and pictures: the running mean, if there is one."""
        return self.network if self.averaged is None else self.averaged

    # --- one step -----------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Wrap network and optimizer for the device, and for several processes."""
        if self.bfloat16 is None:
            pays = float(bfloat16_pays(self.config, self.network, self.fabric.device))
            votes = self._add_up(torch.tensor([pays], dtype=torch.float64))
            self.bfloat16 = bool(2 * votes > self.ranks)  # the same in all processes
            log.debug("training.amp auto: %s", "bfloat16" if self.bfloat16 else "float32")
        network: nn.Module = self.network
        if self.config.training.compile:
            network = torch.compile(network)  # type: ignore[assignment]
        self._model, self._optimizer = self.fabric.setup(network, self.optimizer)
        self._model.train()

    def step(self, batch: Batch) -> float:
        """Take one step of the optimizer; return the loss of this process's samples.

        Raises:
            NonFiniteError: the loss or the gradient is not finite; the weights, the optimizer
                and the running statistics are as before.
        """
        training = self.config.training
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(training, self.it)
        buffers = list(self.network.buffers())
        before = [buffer.clone() for buffer in buffers]
        self._optimizer.zero_grad()
        loss = self._backward(batch)
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        # Gradients are averaged over all processes, so a bad one of any process is seen by all.
        norm = nn.utils.get_total_norm(gradients)
        value, self.gradient_norm = torch.stack([loss.detach(), norm]).tolist()
        if not (math.isfinite(value) and math.isfinite(self.gradient_norm)):
            with torch.no_grad():
                for buffer, old in zip(buffers, before, strict=True):
                    buffer.copy_(old)
            raise NonFiniteError(self._not_finite(value, batch))
        if training.grad_clip is not None:
            nn.utils.clip_grads_with_norm_(self.network.parameters(), training.grad_clip, norm)
        self._optimizer.step()
        self.it += 1
        if self.averaged is not None:
            update_mean(self.averaged, self.network, self.config.training.ema, self.it)
        return value

    def _backward(self, batch: Batch) -> Tensor:
        """Set the gradients; return the loss."""
        device, bfloat16 = self.fabric.device.type, bool(self.bfloat16)
        plain = device == "cpu" and self.ranks == 1 and not self.config.training.compile
        if plain and not couples_samples(self.network):
            return backward_by_samples(self.network, self.objective, batch, bfloat16)
        # Not Fabric's own mixed precision, which rounds depths and coordinates to 8 bits as well.
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            values = self._model(batch.images, batch.points)
        loss = batch_loss(self.objective, values.float(), batch)
        self.fabric.backward(loss)
        return loss

    def _not_finite(self, loss: float, batch: Batch) -> str:
        names = list(dict.fromkeys(self.source.name(k) for k in batch.shapes.tolist()))
        bad = "the loss" if not math.isfinite(loss) else "the gradient"
        return (
            f"{bad} of step {self.it + 1} is not finite; the batch's models: {', '.join(names)}; "
            f"{self.out_dir / LAST} holds the state before it; check these models, or lower "
            "training.lr"
        )

    # --- the loop -----------------------------------------------------------------------------

    def run(self, limits: Limits | None = None) -> End:
        """Train until a limit or signal; save ``model.pt`` then.

        Raises:
            NonFiniteError: see :meth:`step`; ``model.pt`` is saved before.
        """
        limits = limits or Limits()
        end = self._ended(limits)
        if end is None or self._validation_is_due():
            self._prepare()
            # The previous run was killed before its validation.
            if self._validation_is_due() and self.validate(limits.threshold):
                end = End.THRESHOLD
            end = end or self._train(limits)
            if end in FINAL:
                self.save(END)
            self.save(LAST)
        elif end is End.COMPLETE or (end in FINAL and not (self.out_dir / END).is_file()):
            self.save(END)  # the run was killed before; a file of an earlier limit is kept
        self.fabric.barrier()
        return end

    def _train(self, limits: Limits) -> End:
        ends = (self.config.training.max_iterations, limits.iterations)
        progress = Progress(
            self.out_dir.name,
            self.it,
            min((end for end in ends if end is not None), default=None),
            hidden=self.rank > 0,
        )
        try:
            for part, batch in self._batches():
                progress.batch_came()
                try:
                    value = self.step(batch)
                except NonFiniteError:
                    self.save(LAST)
                    raise
                self.epoch, self.position = part.epoch, part.stop
                self._epoch_is_over = part.last
                progress.stepped(value, self.ranks * len(batch))
                settled = self._after_step(value, progress, limits.threshold)
                progress.skip_time()
                end = End.THRESHOLD if settled else self._ended(limits)
                if end is not None:
                    return end
        except StoppedWaiting:
            return End.STOPPED
        finally:
            progress.close()
        raise AssertionError("the batches never end")

    def _batches(self) -> Iterator[tuple[BatchSlice, Batch]]:
        """Yield the slices of all further steps and this process's samples of each."""
        training, device = self.config.training, self.fabric.device
        slices = batch_slices(
            len(self.source), training.batch_size, self.ranks, self.epoch, self.position
        )
        workers = training.num_workers
        prepare: Callable[[int, int, int], Any] = self.source.batch
        finish: Callable[[Any], Batch] | None = None
        if _is_on_gpu(self.source):
            # Worker processes cannot use the training process's GPU.
            if isinstance(self.source, Staged):
                prepare, finish = self.source.prepare, self.source.finish
            else:
                workers = 0

        def prepared(part: BatchSlice) -> tuple[BatchSlice, Any]:
            return part, prepare(part.epoch, *part.share(self.rank, self.ranks))

        pin = device.type == "cuda" and workers > 0
        alone = self.ranks == 1  # others would wait for this process
        self.is_waiting = alone
        try:
            for part, batch in in_order(prepared, slices, workers, pin):
                self.is_waiting = False
                yield part, (finish(batch) if finish else batch).to(device)
                self.is_waiting = alone
        finally:
            self.is_waiting = False

    def _after_step(self, value: float, progress: Progress, threshold: float | None) -> bool:
        """Log, draw, validate and save where it is due; return whether the metric has settled."""
        training = self.config.training

        def due(every: int) -> bool:
            return every > 0 and self.it % every == 0

        if due(training.print_every):
            self._print(value, progress)
        if due(training.visualize_every):
            self._visualize()
        validates = self._validation_is_due()
        if validates:
            self.save(LAST)  # a validation takes a while
        settled = validates and self.validate(threshold)
        if validates or due(training.checkpoint_every):
            self.save(LAST)  # with the result of this step's validation
        if due(training.backup_every):
            self.save(f"model_{self.it}.pt")
        return settled

    def _validation_is_due(self) -> bool:
        """Return whether to validate: every ``validate_every`` steps and after the last one."""
        every, most = self.config.training.validate_every, self.config.training.max_iterations
        if self._validate is None or not every or self.validated_at == self.it:
            return False
        return self.it % every == 0 or (most is not None and self.it >= most)

    def _ended(self, limits: Limits) -> End | None:
        """Return the limit that is reached, the same in all processes; None: go on."""
        most = self.config.training.max_iterations
        if most is not None and self.it >= most:
            return End.COMPLETE
        if limits.iterations is not None and self.it >= limits.iterations:
            return End.ITERATIONS
        epochs = self.epoch + self._epoch_is_over
        if limits.epochs is not None and epochs >= limits.epochs:
            return End.EPOCHS
        late = limits.until is not None and monotonic() >= limits.until
        # One process may be late or get a signal before the others.
        flags = torch.tensor([late, self.stop], dtype=torch.float64)
        late, stop = (flag > 0 for flag in self._add_up(flags).tolist())
        return End.STOPPED if stop else End.TIME if late else None

    def _add_up(self, sums: Tensor) -> Tensor:
        if self.ranks == 1:
            return sums
        # nccl sums on the device only.
        moved = sums.to(self.fabric.device)
        torch.distributed.all_reduce(moved)
        return moved.cpu()

    # --- logs and validation ------------------------------------------------------------------

    def _print(self, value: float, progress: Progress) -> None:
        value = float(self._add_up(torch.tensor([value], dtype=torch.float64))) / self.ranks
        rate, waiting = progress.rates()
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
        pixels = draw_predictions(self.config, self.validated, self.fabric.device, maps, path)
        log.info("%s: %d predicted shapes", path, len(maps))
        if self.writer is not None:
            self.writer.add_image("predicted shapes", pixels, self.it, dataformats="HWC")

    def validate(self, threshold: float | None = None) -> bool:
        """Validate the level, and save it as ``model_best.pt`` if it is the best so far.

        Returns:
            True if the metric is within ``threshold`` (None: never) of the best one before.
        """
        if self._validate is None:
            return False
        if self.ranks > 1:  # validate the statistics that the first process saves
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
            row = {"it": self.it, "epoch": self.epoch, **metrics}
            append_history(self.out_dir / HISTORY, row)
        return settled


def _is_on_gpu(source: Source) -> bool:
    device: torch.device | None = getattr(source, "device", None)
    return device is not None and device.type != "cpu"
