"""Validate levels on upright shapes and in any view, with and without sensor effects.

    python benchmarks/views.py configs/demo/volume.yaml [CONFIG …] [--weights MODEL.pt]
        [--shapes 64] [--families all|former] [--thresholds 0.4 0.5 0.6]

The validation IoU of each level on procedural shapes, at four settings: upright ones that fill the
cube, as the first levels were trained on; any orientation, extents from 0.75 and anywhere in the
cube; and both of them with sensor effects on the maps. The shapes are those of validation, which no
training sees; ``former`` are the fourteen families of furniture and vehicles. ``--thresholds``
prints a row for each of these values of ``test.threshold``: the best one calibrates a level on
shapes that neither its training nor its scores see.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.config import Config, load_config  # noqa: E402
from im2mesh.models.build import build_network  # noqa: E402
from im2mesh.models.checkpoints import load_weights  # noqa: E402
from im2mesh.objectives import build_objective  # noqa: E402
from im2mesh.shapes.families import FURNITURE_AND_VEHICLES  # noqa: E402
from im2mesh.training.run import open_validation  # noqa: E402
from im2mesh.training.validation import Validator  # noqa: E402

ANY = {"val_orientation": 1.0, "val_extent": (0.75, 1.0)}
SETTINGS: dict[str, dict[str, object]] = {
    "upright": {},
    "upright, sensor": {"val_sensor": 1.0},
    "any view": ANY,
    "any view, sensor": {**ANY, "val_sensor": 1.0},
}


def measured(config: Config, shapes: int, families: str, **views: object) -> Config:
    """Return the configuration with validation on such shapes, whatever it is trained on."""
    data = replace(
        config.data,
        dataset="ProceduralParts3D" if config.is_patch else "Procedural3D",
        points_near_surface=0.5,
        points_subsample=2048,
        val_shapes=shapes,
        val_families=list(FURNITURE_AND_VEHICLES) if families == "former" else None,
        **views,
    )
    return replace(config, data=data, training=replace(config.training, batch_size_val=shapes))


def main() -> None:
    """Print a row a level."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("configs", nargs="+", metavar="CONFIG")
    parser.add_argument("--weights", metavar="MODEL.pt", help="instead of the (only) config's own")
    parser.add_argument("--shapes", type=int, default=64)
    parser.add_argument("--families", choices=["all", "former"], default="former")
    parser.add_argument("--thresholds", nargs="+", type=float, metavar="T", default=[])
    args = parser.parse_args()
    if args.weights and len(args.configs) > 1:
        parser.error("--weights is for one CONFIG")
    print(f"{'':<42}" + "".join(f"{name:>18}" for name in SETTINGS))
    for path in args.configs:
        config = load_config(path)
        network = build_network(config)
        load_weights(network, Path(args.weights or config.model_path))
        for threshold in args.thresholds or [config.test.threshold]:
            objective = build_objective(config.method, threshold)
            ious = []
            for views in tqdm(SETTINGS.values(), leave=False):
                own = measured(config, args.shapes, args.families, **views)
                source = open_validation(own, torch.device("cpu"))
                found = Validator(own, source, objective)(network, torch.device("cpu"))
                ious.append(found["iou"])
            name = f"{path} at {threshold:g}" if args.thresholds else path
            print(f"{name:<42}" + "".join(f"{iou:18.3f}" for iou in ious), flush=True)


if __name__ == "__main__":
    main()
