"""Compare levels that are trained from the start for the same processor time.

    python benchmarks/equal_time.py CONFIG [CONFIG …] [--minutes 15] [--out out/equal_time]

Every level sees the shapes of ``configs/procedural/volume.yaml`` (all families, many of them turned
and seen by a sensor), whatever its own configuration reads; the length of the learning rate's
cosine follows from the time of a trial step. It is validated at each quarter of its time, outside
of that time, on the shapes of ``benchmarks/views.py``: upright, and in any view with sensor
effects. A quarter that was stopped is trained again by the same command; one whose validation was
stopped is only validated.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.views import ANY, measured  # noqa: E402
from im2mesh.config import Config, load_config  # noqa: E402
from im2mesh.files import write_text  # noqa: E402
from im2mesh.training.limits import Limits  # noqa: E402
from im2mesh.training.run import open_sources, open_validation  # noqa: E402
from im2mesh.training.trainer import Trainer  # noqa: E402
from im2mesh.training.validation import Validator  # noqa: E402

PARTS = 4
TRIAL, UNCOUNTED = 20, 4
"""Steps that measure the time of one, and how many of them come before the clock starts."""

VIEWS: dict[str, dict[str, object]] = {"upright": {}, "any": {**ANY, "val_sensor": 1.0}}

OWN = ("points_subsample", "parts_size", "parts_stride", "windows_per_shape")
"""Keys of ``data`` that a level keeps."""


def on_the_wide_world(path: Path, out_dir: Path, steps: int) -> Config:
    """Return the configuration with the wide world's shapes and a run of ``steps``."""
    config, wide = load_config(path), load_config(ROOT / "configs/procedural/volume.yaml").data
    data = replace(
        wide,
        dataset="ProceduralParts3D" if config.is_patch else "Procedural3D",
        **{name: getattr(config.data, name) for name in OWN},
    )
    training = replace(
        config.training,
        out_dir=str(out_dir),
        max_iterations=steps,
        lr_warmup=max(1, steps // 20),
        ema=0.98,  # short runs: the mean of the last fifty steps
        print_every=0,
        checkpoint_every=0,
        validate_every=0,
        visualize_every=0,
        backup_every=0,
        num_workers=0,
    )
    return replace(config, data=data, training=training)


def trainer_of(config: Config) -> Trainer:
    """Return a trainer of the configuration, resumed where its folder has a checkpoint."""
    source, _ = open_sources(config, torch.device("cpu"))
    trainer = Trainer(config, source)
    trainer.resume()
    return trainer


def trial(path: Path, folder: Path) -> float:
    """Return the processor seconds of a step."""
    shutil.rmtree(folder / "trial", ignore_errors=True)  # it would go on from its own end
    trainer = trainer_of(on_the_wide_world(path, folder / "trial", TRIAL))
    trainer.run(Limits(iterations=UNCOUNTED))
    start = time.process_time()
    trainer.run()
    return (time.process_time() - start) / (TRIAL - UNCOUNTED)


def ious(config: Config, trainer: Trainer, shapes: int) -> dict[str, float]:
    """Return the validation IoU of a trainer's weights in each of the views."""
    found = {}
    for name, views in VIEWS.items():
        own = measured(config, shapes, "former", **views)
        source = open_validation(own, torch.device("cpu"))
        validate = Validator(own, source, trainer.objective)
        found[name] = validate(trainer.validated, torch.device("cpu"))["iou"]
    return found


def train(path: Path, folder: Path, minutes: float, shapes: int) -> list[dict[str, float]]:
    """Train a level for so long, from where an earlier call was stopped; return its curve."""
    record = folder / "curve.json"
    state = json.loads(record.read_text()) if record.is_file() else None
    if state is None:
        steps = PARTS * max(1, round(60 * minutes / trial(path, folder) / PARTS))
        state = {"steps": steps, "spent": 0.0, "curve": []}
        write_text(record, json.dumps(state))
    config = on_the_wide_world(path, folder, state["steps"])
    curve = state["curve"]
    for part in tqdm(range(len(curve), PARTS), desc=path.stem, initial=len(curve), total=PARTS):
        trainer = trainer_of(config)
        end = (part + 1) * state["steps"] // PARTS
        start = time.process_time()
        trainer.run(Limits(iterations=end))
        state["spent"] += (time.process_time() - start) / 60
        write_text(record, json.dumps(state))  # a validation takes a while
        row = {"minutes": state["spent"], "shapes": end * config.training.batch_size}
        curve.append({**row, **ious(config, trainer, shapes)})
        write_text(record, json.dumps(state))
    return list(curve)


def main() -> None:
    """Train the levels one after another and print a row for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("configs", nargs="+", type=Path, metavar="CONFIG")
    parser.add_argument("--minutes", type=float, default=15, help="processor time of each level")
    parser.add_argument("--shapes", type=int, default=32, help="shapes of the validation")
    parser.add_argument("--out", type=Path, default=Path("out/equal_time"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = {}
    for path in args.configs:
        rows[path.stem] = train(path, args.out / path.stem, args.minutes, args.shapes)
    print("| level | minutes | shapes seen | upright | any view, sensor |\n|---|---|---|---|---|")
    for name, curve in rows.items():
        upright, any_view = (", ".join(f"{row[view]:.3f}" for row in curve) for view in VIEWS)
        minutes = ", ".join(f"{row['minutes']:.1f}" for row in curve)
        print(f"| {name} | {minutes} | {curve[-1]['shapes']} | {upright} | {any_view} |")


if __name__ == "__main__":
    main()
