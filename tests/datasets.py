"""A small data set in the project's formats: posed unions of balls, with exact everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from im2mesh.config import Config, from_dict
from im2mesh.data.storage import Points, write_depth, write_points


def balls(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres (K, 3) and radii (K,) of a few overlapping balls in the cube."""
    random = np.random.default_rng(seed)
    count = random.integers(2, 5)
    radii = random.uniform(0.1, 0.2, count)
    return random.uniform(-0.25, 0.25, (count, 3)), radii


def distance(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Signed distance to the union, exact outside."""
    return (np.linalg.norm(points[:, None] - centres, axis=2) - radii).min(axis=1)


def ball_depth(centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """The (256, 256) depth map."""
    axis = (np.arange(256) + 0.5) / 256 - 0.5
    x, y = np.meshgrid(axis, -axis)
    z = np.full((256, 256), -np.inf)
    for (cx, cy, cz), radius in zip(centres, radii, strict=True):
        squared = radius**2 - (x - cx) ** 2 - (y - cy) ** 2
        z = np.where(squared > 0, np.maximum(z, cz + np.sqrt(np.maximum(squared, 0))), z)
    return np.where(np.isfinite(z), 0.5 - z, -1).astype(np.float32)


def write_balls(
    root: Path,
    splits: dict[str, int],
    points: int = 2000,
    sdf: bool = True,
    occupancies: bool = True,
    dtype: str = "float16",
) -> Path:
    """Write ``<root>/balls/<model>/`` and a list for each split; returns the root.

    Args:
        root: the folder of the data set.
        splits: name of each split and its number of models; no model is in two.
        points: in the cube, uniform.
        sdf: write it.
        occupancies: write them.
        dtype: as stored.
    """
    seed = 0
    for split, count in splits.items():
        names = [f"ball_{seed + k:04d}-00" for k in range(count)]
        for name in names:
            centres, radii = balls(seed)
            seed += 1
            places = np.random.default_rng(seed).uniform(-0.5, 0.5, (points, 3))
            places = places.astype(dtype).astype(np.float32)
            found = distance(places, centres, radii).astype(dtype).astype(np.float32)
            folder = root / "balls" / name
            write_depth(folder / "000.npz", ball_depth(centres, radii))
            stored = Points(places, found <= 0 if occupancies else None, found if sdf else None)
            write_points(folder / "points.npz", stored, dtype)
        (root / "balls" / f"{split}.lst").write_text("".join(f"{name}\n" for name in names))
    return root


def level_config(root: Path, out: Path, **changes: dict[str, object]) -> Config:
    """A slim global occupancy level on such a data set; ``changes`` by section."""
    values: dict[str, dict[str, object]] = {
        "data": {
            "path": str(root),
            "classes": ["balls"],
            "input_type": "depth",
            "img_size": 256,
            "img_folder": "",
            "points_subsample": 64,
        },
        "model": {
            "decoder": "cbatchnorm",
            "decoder_kwargs": {"hidden_size": 8},
            "encoder_kwargs": {"width": 2},
            "c_dim": 8,
            "z_dim": 0,
        },
        "training": {
            "out_dir": str(out),
            "batch_size": 4,
            "batch_size_val": 3,
            "print_every": 1,
            "visualize_every": 0,
            "checkpoint_every": 0,
            "validate_every": 0,
            "model_selection_metric": "iou",
            "model_selection_mode": "maximize",
        },
        "generation": {"upsampling_steps": 0, "resolution": 32, "mise_resolution": 16},
    }
    method = changes.pop("method", "onet")
    for section, keys in changes.items():
        values[section] = values.get(section, {}) | keys
    return from_dict({"method": method, **values})


PATCHES: dict[str, object] = {"dataset": "Parts3D", "parts_size": 64, "parts_stride": 32}
"""Keys of ``data`` that make it a patch level."""


VOLUME: dict[str, object] = {
    "encoder": "volume",
    "encoder_kwargs": {"cells": 16, "channels": [8, 16], "features": 8, "lift": 8},
    "decoder": "residual",
    "decoder_kwargs": {"hidden_size": 8, "blocks": 1, "observed": True},
}
"""Keys of ``model`` that make it a tiny volume level."""
