"""Commands that are killed at random moments, and what they leave."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import trimesh

from im2mesh.cli import DONE, INTERRUPTED
from im2mesh.commands import build_dataset, eval_meshes, train
from im2mesh.config import read_yaml
from im2mesh.geometry.mesh_files import write_mesh
from im2mesh.metrics import run as scoring
from im2mesh.parallel import END_SIGNALS
from tests.fixtures import write_dataset
from tests.fuzz import inputs
from tests.fuzz.processes import Main, run

LIMIT = 120.0
"""Seconds after which a command hangs."""


@dataclass
class Job:
    """A command that is killed.

    Attributes:
        main: of the command.
        argv: its arguments.
        out: the folder that it writes.
    """

    main: Main
    argv: Sequence[str]
    out: str


JOBS = {
    "train.py": Job(train.main, ["level.yaml", "--no-cuda"], "out"),
    "generate.py": Job(
        inputs.generate,
        ["level.yaml", "--input", "data/balls", "--out", "made", "--no-cuda", "--resume"],
        "made",
    ),
    "build_dataset.py": Job(
        build_dataset.main,
        ["meshes", "--out", "built", "--points", "300", "--cloud", "300", "--workers", "1",
         "--splits", "train=0.5,test=0.5"],
        "built",
    ),
    "build_dataset.py --format h5": Job(
        build_dataset.main,
        ["meshes", "--out", "built", "--points", "300", "--cloud", "300", "--workers", "2",
         "--splits", "train=0.5,test=0.5", "--format", "h5"],
        "built",
    ),
    "eval_meshes.py": Job(
        eval_meshes.main,
        ["level.yaml", "--meshes", "scored", "--no-icp", "--workers", "1"],
        "scored",
    ),
}  # fmt: skip


@dataclass
class Counts:
    """The outcomes of one command, and a line for each fault."""

    kills: int = 0
    signals: int = 0
    resumed: int = 0
    faults: list[str] = field(default_factory=list)


def prepare() -> None:
    """Write the inputs of all commands into an empty folder, the working directory."""
    inputs.prepare()
    text = Path("level.yaml").read_text()
    for old, new in {
        "max_iterations: 2": "max_iterations: 12",
        "checkpoint_every: 0": "checkpoint_every: 2",
        "validate_every: 0": "validate_every: 4",
        "backup_every: 0": "backup_every: 6",
        "points_iou_file: null": "points_iou_file: points.npz",
    }.items():
        text = text.replace(old, new)
    Path("level.yaml").write_text(text)
    shutil.copy("out/model_best.pt", "model_best.pt")
    shapes = {f"ball_{k:04d}-00": trimesh.creation.box((0.5, 0.8, 0.3 + 0.1 * k)) for k in range(3)}
    for name, mesh in shapes.items():
        path = Path("meshes/things") / f"{name[:9]}.off"
        path.parent.mkdir(parents=True, exist_ok=True)
        mesh.export(path)
        write_mesh(mesh, Path("scored/meshes/balls") / f"{name}.ply")
    write_dataset(Path("data"), "balls", shapes, 1000)
    shutil.move("data/balls/all.lst", "data/balls/test.lst")


def enter(folder: Path, job: Job, event: int | None = None) -> None:
    """Set up a forked process, which kills itself before it changes a file, the ``event``-th."""
    os.chdir(folder)
    scoring.SAVE_EVERY = 0.0
    if event is None:
        return
    seen = 0

    def watch(name: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        opened = name == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
        if opened or name in ("os.rename", "os.remove"):
            seen += 1
            if seen == event:
                os.killpg(0, signal.SIGKILL)

    sys.addaudithook(watch)


def contents(out: Path) -> dict[str, Any]:
    """Read all results in a folder, apart from times; fails where one is not whole."""
    found: dict[str, Any] = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        hidden = any(part.startswith(".") for part in Path(name).parts)
        if hidden or not path.is_file() or path.suffix in (".lock", ".log") or "logs" in name:
            continue
        match path.suffix:
            case ".pt":
                state = torch.load(path, weights_only=True)
                found[name] = {k: v.tolist() for k, v in _flat(state).items()}
            case ".npz":
                with np.load(path) as arrays:
                    found[name] = {k: (v.dtype.str, v.tobytes()) for k, v in arrays.items()}
            case ".h5":
                found[name] = path.read_bytes()
            case ".pkl" | ".csv" if name.startswith("time_"):
                table = pd.read_pickle(path) if path.suffix == ".pkl" else pd.read_csv(path)
                found[name] = table.get("modelname", table.index.to_series()).tolist()
            case ".json":
                found[name] = sorted(json.loads(path.read_bytes()))
            case ".pkl":
                found[name] = pd.read_pickle(path).to_csv()
            case ".yaml":
                found[name] = read_yaml(path)
            case ".ply" | ".off":
                found[name] = (len(trimesh.load(path, process=False).vertices), path.read_bytes())
            case _:
                found[name] = path.read_bytes()
    return found


def _flat(state: Any, name: str = "") -> dict[str, torch.Tensor]:
    if isinstance(state, dict):
        return {
            k: v for key, inner in state.items() for k, v in _flat(inner, f"{name}/{key}").items()
        }
    if isinstance(state, list):
        return _flat(dict(enumerate(state)), name)
    return {name: torch.as_tensor(state) if state is not None else torch.zeros(0)}


def campaign(whole: Path, scratch: Path, name: str, job: Job, count: int, seed: int) -> Counts:
    """Kill a command ``count`` times, and half as often send it a signal at which it may save.

    Each run is killed up to three times, then it is let finish. Half of the kills come before a
    random change of a file, the others at random times.

    Args:
        whole: folder that :func:`prepare` filled.
        scratch: folder for copies of it.
        name: of the command.
        job: the command.
        count: of kills.
        seed: of the moments.
    """
    counts = Counts()
    rng = np.random.default_rng([seed, *name.encode()])
    folder, log = scratch / "run", scratch / "log"

    def fresh() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)

    def go(kill: Callable[[int], None] | None = None, event: int | None = None) -> Any:
        return run(job.main, job.argv, log, LIMIT, kill, lambda: enter(folder, job, event))

    fresh()
    started = time.monotonic()
    ended = go()
    seconds = time.monotonic() - started
    if ended.code != DONE:
        raise AssertionError(f"{name}: the run that nobody stops fails: {ended.text}")
    wanted = contents(folder / job.out)
    while counts.kills < count:
        fresh()
        for _ in range(int(rng.integers(1, 4))):
            kind = int(rng.integers(3))
            number = (
                signal.SIGKILL if kind < 2 else END_SIGNALS[int(rng.integers(len(END_SIGNALS)))]
            )
            delay = float(rng.uniform(0, seconds))
            group = bool(rng.integers(2))
            event = int(rng.integers(1, 40)) if kind == 0 else None

            def kill(
                child: int, delay: float = delay, number: int = number, group: bool = group
            ) -> None:
                end = time.monotonic() + delay
                while time.monotonic() < end:
                    time.sleep(0.005)
                    if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                        return
                (os.killpg if group and os.getpgid(child) == child else os.kill)(child, number)

            ended = go(kill if event is None else None, event)
            allowed = (
                {DONE, -signal.SIGKILL}
                if number == signal.SIGKILL
                else {DONE, INTERRUPTED, -number}
            )
            what = f"{name}, {signal.Signals(number).name} at {event or round(delay, 3)}"
            if number == signal.SIGKILL:
                counts.kills += ended.code == -signal.SIGKILL
            else:
                counts.signals += ended.code != DONE
            if ended.fault not in (None, "crash") or ended.code not in allowed:
                counts.faults.append(f"{what}: {ended.fault}, {ended.code}: {ended.text[-300:]}")
            try:
                contents(folder / job.out)
            except Exception as error:
                counts.faults.append(f"{what}: half-written: {type(error).__name__}: {error}")
        ended = go()
        counts.resumed += 1
        if ended.code != DONE:
            counts.faults.append(f"{what}: does not go on: {ended.code}: {ended.text[-300:]}")
            continue
        got = contents(folder / job.out)
        others = [key for key in wanted.keys() | got.keys() if wanted.get(key) != got.get(key)]
        if others:
            counts.faults.append(f"{what}: the resumed run differs: {sorted(others)}")
    return counts
