"""A training run: its devices, its data and its folder, around a trainer."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.distributed
from lightning_fabric import Fabric

from im2mesh.config import Config, from_dict, save_config, to_dict
from im2mesh.data.batch import Source, ValidationSource
from im2mesh.data.procedural import open_procedural
from im2mesh.data.records import Record, changed_settings
from im2mesh.data.store import PointStore
from im2mesh.data.store_files import open_store
from im2mesh.errors import InputError
from im2mesh.files import check_writable, locked
from im2mesh.parallel import END_SIGNALS
from im2mesh.training.checkpoint import remove_unfinished
from im2mesh.training.limits import End, Limits
from im2mesh.training.progress import Scalars
from im2mesh.training.trainer import NonFiniteError, StoppedWaiting, Trainer, check_training
from im2mesh.training.validation import warn_of_shared_shapes

log = logging.getLogger(__name__)

LOCK = "train.lock"
"""Lock file in ``out_dir`` while a run writes there."""

RESIDENT = 0.5
"""Largest share of a GPU's free memory for training data."""


def launch(config: Config, no_cuda: bool) -> Fabric:
    """Set up the device and the processes that torchrun has started.

    Raises:
        InputError: torchrun has started more processes than there are GPUs.
    """
    cuda = torch.cuda.is_available() and not no_cuda
    ranks, local, devices = 1, 1, 1
    if torch.distributed.is_torchelastic_launched():
        ranks, local = int(os.environ["WORLD_SIZE"]), int(os.environ["LOCAL_WORLD_SIZE"])
        devices = local
        if cuda and local > torch.cuda.device_count():
            raise InputError(
                f"torchrun started {local} processes for {torch.cuda.device_count()} GPUs; lower "
                "--nproc_per_node, or use --no-cuda"
            )
    fabric = Fabric(
        accelerator="cuda" if cuda else "cpu",
        devices=devices,
        num_nodes=ranks // local,
        strategy="ddp" if ranks > 1 else "auto",
    )
    fabric.launch()
    if not cuda:
        keep_freed_memory()
    return fabric


def keep_freed_memory() -> None:
    """Let the C library keep freed memory instead of returning it to the system.

    A training step frees and allocates dozens of large tensors. On a CPU, clearing fresh pages for
    each of them costs a fifth of the step. This works with glibc only.
    """
    never_map, never_trim = (-4, 0), (-1, 2**31 - 1)  # M_MMAP_MAX, M_TRIM_THRESHOLD
    try:
        library = ctypes.CDLL(None)
        for option, value in (never_map, never_trim):
            library.mallopt(option, value)
    except (OSError, AttributeError, TypeError):
        log.debug("no glibc: the system clears memory anew in every step")


def train(config: Config, fabric: Fabric, limits: Limits) -> End | None:
    """Train a level from its last checkpoint, or from the start.

    Returns:
        Why the run ended; None: the loss is not finite.

    Raises:
        InputError: the configuration, the data, the checkpoint or ``out_dir`` cannot be used, or
            another run is writing to ``out_dir``.
    """
    if fabric.global_rank:  # only the first process writes
        return _train(config, fabric, limits)
    out_dir = Path(config.training.out_dir)
    check_writable(out_dir, "change training.out_dir")
    with locked(out_dir / LOCK, "wait for it to end, or change training.out_dir"):
        remove_unfinished(out_dir)
        return _train(config, fabric, limits)


def _train(config: Config, fabric: Fabric, limits: Limits) -> End | None:
    out_dir = Path(config.training.out_dir)
    first = fabric.global_rank == 0
    check_training(config, fabric.world_size)
    source, validation = open_sources(config, fabric.device)
    trainer = Trainer(config, source, validation, fabric)
    resumed = trainer.resume()
    if first:
        _record_config(config, out_dir / "config.yaml", resumed)
        trainer.writer = _writer(out_dir / "logs", trainer.it if resumed else None)
        word = f"going on at step {trainer.it}" if resumed else "a new run"
        log.info("%s: %s, %d samples an epoch", out_dir, word, len(source))
        if not config.training.validate_every:
            log.warning("training.validate_every is 0: no model_best.pt will be written")
    with _stop_at_signals(trainer):
        try:
            end = trainer.run(limits)
        except NonFiniteError as error:
            log.error("%s", error)
            return None
    log.info("%s: step %d: %s", out_dir, trainer.it, end.value)
    return end


def open_sources(config: Config, device: torch.device) -> tuple[Source, ValidationSource | None]:
    """Open the training samples and the validation samples of a configuration.

    There are no validation samples if ``training.validate_every`` and ``visualize_every`` are 0.

    Raises:
        InputError: the data cannot be used.
    """
    measured = config.training.validate_every or config.training.visualize_every
    if config.is_procedural:
        made, kept = open_procedural(config, device)
        return made, kept if measured else None
    source = open_store(config, config.data.train_split)
    if device.type == "cuda" and _fits(source, device):
        source.to(device)
    if not measured:
        return source, None
    validation = open_store(config, config.data.val_split, shuffle=False)
    warn_of_shared_shapes(config, source.names, validation.names)
    return source, validation


def open_validation(config: Config, device: torch.device) -> ValidationSource:
    """Open the validation samples of a configuration."""
    if config.is_procedural:
        return open_procedural(config, device)[1]
    return open_store(config, config.data.val_split, shuffle=False)


def _fits(store: PointStore, device: torch.device) -> bool:
    free, _ = torch.cuda.mem_get_info(device)
    return store.bytes < RESIDENT * free


def _record_config(config: Config, path: Path, resumed: bool) -> None:
    """Write the configuration with all its keys; warn of changes since the run began."""
    for line in changed_settings(path, to_dict(config), _completed) if resumed else ():
        log.warning("%s: changed since the run was started: %s", config.source, line)
    save_config(config, path)


def _completed(record: Record) -> Record:
    """Add the keys that did not exist when a configuration was written, at their defaults."""
    return to_dict(from_dict(dict(record)))


def _writer(folder: Path, it: int | None) -> Scalars:
    """Return a TensorBoard writer; entries of undone steps are hidden."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError("training logs to TensorBoard: pip install tensorboard") from error
    return SummaryWriter(str(folder), purge_step=None if it is None else it + 1)


@contextmanager
def _stop_at_signals(trainer: Trainer) -> Iterator[None]:
    """End the run after the current step on a signal, at once on a second Ctrl-C.

    While it waits for data there is no current step. Signals that are ignored stay so.
    """

    def stop(number: int, _: object) -> None:
        if trainer.stop and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not trainer.stop:
            log.info("stopping after this step; model.pt will be saved")
        trainer.stop = True
        if trainer.is_waiting:
            trainer.is_waiting = False
            raise StoppedWaiting

    caught = [number for number in END_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in caught}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
