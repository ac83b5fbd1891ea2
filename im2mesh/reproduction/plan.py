"""The plan of the experiments: networks to train, methods to compare, ablations, and sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from im2mesh.config import load_config
from im2mesh.data.records import write_record
from im2mesh.errors import InputError
from im2mesh.shapes.families import FURNITURE_AND_VEHICLES

SEEN = ("chair", "car", "aircraft")
"""Families that the networks of the claim are trained on, like the paper's seen classes."""

UNSEEN = (
    "table", "sofa", "lamp", "shelf", "bed", "bench", "cabinet", "motorcycle", "boat", "assembly",
)  # fmt: skip
"""Families that are only tested on."""

SCENES = ("compositional",)
"""Families of arrangements of two objects, which are only tested on, too."""

SEEDS = (0, 1)
"""Training seeds of the networks of the claim."""


@dataclass(frozen=True)
class Size:
    """The size of the experiments."""

    share: float  # share of the networks' training schedules (`configs/procedural`), in (0, 1]
    objects: int  # number of test objects of each family, one view each
    ablation_objects: int  # number of them in the ablations, the first ones
    real_objects: int | None  # number of real meshes of each class, the first ones; None: all
    resolution: int  # cells of the lattice


REDUCED = Size(share=0.15, objects=3, ablation_objects=1, real_objects=1, resolution=64)
"""A size that takes less than an hour on two CPU cores."""

FULL = Size(share=1.0, objects=30, ablation_objects=3, real_objects=None, resolution=128)


@dataclass(frozen=True)
class Network:
    """A level to be trained on the seen families.

    It inherits the configuration ``base``; families, seed, schedule and ``changes`` are replaced.
    """

    name: str
    base: str
    changes: Mapping[str, Any] = field(default_factory=dict)


NETWORKS = (
    Network("global", "configs/procedural/slim_global.yaml"),
    Network("p64s32", "configs/procedural/ablation/plain_p64s32.yaml"),
    Network("p32s16", "configs/procedural/slim_p32s16.yaml"),
    Network("p128s64", "configs/procedural/slim_p128s64.yaml"),
    Network("p16s8", "configs/procedural/slim_p16s8.yaml"),
    Network("global_sdf", "configs/procedural/slim_global_sdf.yaml"),
    Network("observed_global", "configs/procedural/hpn3_observed/global.yaml"),
    Network("observed_p64s32", "configs/procedural/hpn3_observed/p64s32.yaml"),
    Network("observed_p32s16", "configs/procedural/hpn3_observed/p32s16.yaml"),
    Network(
        "p64s32_anywhere",
        "configs/procedural/ablation/plain_p64s32.yaml",
        {"data": {"points_near_surface": 0.0}},
    ),
)
"""All networks. Each is trained with the seeds of the methods that it is a level of."""

BUNDLED = {
    "global": "configs/demo/plain_global.yaml",
    "p64s32": "configs/demo/plain_p64s32.yaml",
    "p32s16": "configs/demo/plain_p32s16.yaml",
    "p128s64": "configs/demo/plain_p128s64.yaml",
    "p16s8": "configs/demo/plain_p16s8.yaml",
    "global_sdf": "configs/demo/plain_global_sdf.yaml",
    "volume": "configs/demo/volume.yaml",
}
"""Network → configuration of the bundled weights."""


@dataclass(frozen=True)
class Method:
    """A hierarchy of networks and its generation settings."""

    name: str  # as tables call it
    levels: Sequence[str]  # names of networks
    seed: int = 0  # of their training
    threshold: float | None = None  # `test.threshold`; None: the networks' own
    generation: Mapping[str, Any] = field(default_factory=dict)  # keys of the `generation` section


ONET = Method("ONet (global)", ["global"])
HPN3_LEVELS = ("global", "p64s32", "p32s16")
HPN3 = Method("HPN3", HPN3_LEVELS)
OBSERVED = Method(
    "observed HPN3",
    ["observed_global", "observed_p64s32", "observed_p32s16"],
    generation={"observation": "surface"},
)
METHODS = (
    ONET,
    Method("p64s32 alone", ["p64s32"]),
    Method("p32s16 alone", ["p32s16"]),
    HPN3,
    Method("HPN5", ["global", "p128s64", "p64s32", "p32s16", "p16s8"]),
    Method("HPN3, SDF global", ["global_sdf", "p64s32", "p32s16"]),
    OBSERVED,
)
"""The methods that are compared, beside the input points."""

VOLUME = Method("volume level", ["volume"], generation={"observation": "surface"})
SYMMETRIC = Method(
    "volume level, symmetry",
    VOLUME.levels,
    generation={"observation": "surface", "symmetry": "auto"},
)
"""The method of ``configs/demo``."""

REAL_METHODS = (*(m for m in METHODS if m is not OBSERVED), VOLUME, SYMMETRIC)
"""The methods on real objects and maps, with the bundled networks. The claim leaves the volume
level out: it is trained on all families, for hours."""

OTHER_SEEDS = tuple(
    Method(f"{method.name}, seed {seed}", method.levels, seed)
    for seed in SEEDS[1:]
    for method in (ONET, HPN3)
)
"""The claim's main methods once more, with networks of other training seeds."""


@dataclass(frozen=True)
class Ablation:
    """Variants of one method that differ in the thing that the title names.

    The others are compared with the variant called ``base``.
    """

    title: str
    base: str
    methods: Sequence[Method]


def _hpn3(name: str, **generation: Any) -> Method:
    return Method(name, HPN3_LEVELS, generation=generation)


LATTICES = (64, 128, 256)
ABLATED = (
    Ablation(
        "Number of levels (HPN3 is the third)",
        "global, p64s32, p32s16",
        [
            Method("global", ["global"]),
            Method("global, p64s32", ["global", "p64s32"]),
            Method("global, p64s32, p32s16", HPN3_LEVELS),
            Method("and p16s8", [*HPN3_LEVELS, "p16s8"]),
            Method("and p16s8, p128s64", ["global", "p128s64", "p64s32", "p32s16", "p16s8"]),
        ],
    ),
    Ablation(
        "test.threshold (HPN3)",
        "threshold 0.5",
        [Method(f"threshold {at}", HPN3_LEVELS, threshold=at) for at in (0.2, 0.3, 0.4, 0.5, 0.6)],
    ),
    Ablation(
        "Lattice (HPN3)",
        "128 cells",
        [_hpn3(f"{cells} cells", resolution=cells) for cells in LATTICES],
    ),
    Ablation(
        "Lattice (observed HPN3)",
        "observed, 128 cells",
        [
            Method(
                f"observed, {cells} cells",
                OBSERVED.levels,
                generation={"observation": "surface", "resolution": cells},
            )
            for cells in LATTICES
        ],
    ),
    Ablation(
        "Training points of p64s32 (alone)",
        "half of them near the surface",
        [
            Method("half of them near the surface", ["p64s32"]),
            Method("all of them anywhere", ["p64s32_anywhere"]),
        ],
    ),
    Ablation(
        "Patch window (HPN3)",
        "window gaussian",
        [_hpn3(f"window {name}", patch_window=name) for name in ("gaussian", "flat", "hann")],
    ),
)
"""The ablations: questions that a user would ask."""


# --- configuration files ----------------------------------------------------------------------


def write_config(path: Path, values: Mapping[str, Any]) -> Path:
    """Write a configuration file, whole or not at all; return its path."""
    write_record(path, values)
    return path


def training_config(network: Network, seed: int, share: float, out: Path) -> Path:
    """Write ``<out>/networks/seed<seed>/<name>.yaml``, which trains a network of the claim.

    The weights go into the folder of that name. ``share`` is that of the base's steps; warm-up and
    validations are scaled alike.
    """
    base = load_config(network.base).training
    steps = base.max_iterations
    if steps is None:
        raise InputError(f"{network.base}: training.max_iterations is missing")
    place = out / "networks" / f"seed{seed}" / network.name
    changes = {section: dict(keys) for section, keys in network.changes.items()}
    data = {
        "train_families": list(SEEN),
        "val_families": list(FURNITURE_AND_VEHICLES),
        **changes.get("data", {}),
    }
    training = {"out_dir": str(place), "seed": seed}
    if share != 1:
        steps = max(round(steps * share), 2)
        training |= {
            "max_iterations": steps,
            "lr_warmup": round(base.lr_warmup * share),
            "validate_every": steps,
            "visualize_every": 0,
        }
    values = {"inherit_from": network.base, **changes, "data": data, "training": training}
    return write_config(place.with_suffix(".yaml"), values)


def method_configs(
    method: Method,
    networks: Mapping[str, Path],
    data: Path,
    run: Path,
    resolution: int,
    split: str = "test",
) -> list[Path]:
    """Write the levels' configurations of one run, ``<run>/levels/<network>.yaml``.

    ``networks`` are the configurations that name the weights; ``resolution`` counts unless the
    method gives one.
    """
    written = []
    for name in method.levels:
        values: dict[str, Any] = {
            "inherit_from": str(networks[name]),
            "data": {
                # The networks were trained on procedural shapes; these are stored ones.
                "dataset": "Parts3D" if load_config(networks[name]).is_patch else "Shapes3D",
                "path": str(data),
                "classes": None,
                "test_split": split,
                "img_folder": "",
            },
            "generation": {
                "resolution": resolution,
                "observation": "none",
                "symmetry": "none",
                "generate_pointcloud": False,
                "copy_input": False,
                "vis_n_outputs": 0,
                **method.generation,
            },
        }
        if method.threshold is not None:
            values["test"] = {"threshold": method.threshold}
        written.append(write_config(run / "levels" / f"{name}.yaml", values))
    return written
