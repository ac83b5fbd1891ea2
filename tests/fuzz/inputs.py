"""Damaged inputs of all kinds, and what the commands make of them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import trimesh
import yaml

from im2mesh.commands import build_dataset, reconstruct, train
from im2mesh.commands.generate import generator
from im2mesh.config import to_dict
from im2mesh.data.depth import load_depth
from im2mesh.data.storage import PointCloud, write_pointcloud
from im2mesh.data.store_files import open_store
from im2mesh.geometry.mesh_files import load_mesh
from im2mesh.geometry.visibility import visible
from im2mesh.training.limits import Limits
from im2mesh.training.trainer import Trainer
from tests.fixtures import (
    balls_distance,
    level_config,
    millimetres,
    random_balls,
    sensor_view,
    write_balls,
    write_image,
)
from tests.fuzz import mutations
from tests.fuzz.processes import Main, run

LIMIT = 60.0
"""Seconds after which a command hangs. The longest of them take one."""

generate = generator("levels", None)


def read_mesh(argv: Sequence[str] | None) -> int:
    """Read a mesh and print its digest."""
    assert argv is not None
    vertices, faces = load_mesh(argv[0])
    if not (np.isfinite(vertices).all() and faces.min() >= 0 and faces.max() < len(vertices)):
        raise AssertionError("a mesh that is no mesh")
    print(hashlib.sha256(vertices[faces].astype("<f4").tobytes()).hexdigest())
    return 0


@dataclass
class Kind:
    """A kind of input.

    Attributes:
        file: to be damaged, in a folder that is otherwise whole.
        commands: which read it, as their ``main`` and arguments.
        damages: to the bytes.
        odd: damages to the values.
        is_counted: whether a file that is cut short must be refused.
    """

    file: str
    commands: Sequence[tuple[Main, Sequence[str]]]
    damages: Sequence[Callable[[np.random.Generator, bytes], bytes]] = mutations.BINARY
    odd: Sequence[Callable[[np.random.Generator, Path], None]] = ()
    is_counted: bool = True


@dataclass
class Counts:
    """The outcomes of one kind of input, and a line for each fault."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)


def balls_surface(centres: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return thousands of points on a union of balls and their normals, (N, 3) float32 each."""
    normals = np.random.default_rng(0).normal(size=(len(radii), 3000, 3))
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    points = (centres[:, None] + radii[:, None, None] * normals).reshape(-1, 3)
    # Each ball gives points in proportion to its area; those within another ball go.
    taken = (np.arange(3000) < 3000 * (radii[:, None] / radii.max()) ** 2).ravel()
    taken &= balls_distance(points, centres, radii) > -1e-6
    return points[taken].astype(np.float32), normals.reshape(-1, 3)[taken].astype(np.float32)


def prepare() -> None:
    """Write the whole inputs into an empty folder, the working directory of all commands."""
    write_balls(Path("data"), {"train": 4, "val": 2, "test": 1}, points=300)
    for seed, folder in enumerate(sorted(Path("data/balls").glob("*/"))):
        points, normals = balls_surface(*random_balls(seed))
        cloud = PointCloud(points, normals, visible(points, load_depth(folder / "000.npz")))
        write_pointcloud(folder / "pointcloud.npz", cloud)
    config = level_config(
        Path("data"),
        Path("out"),
        training={"batch_size": 2, "max_iterations": 2},
        generation={"upsampling_steps": 0, "resolution": 8, "mise_resolution": 8},
    )
    torch.manual_seed(0)
    trainer = Trainer(config, open_store(config, "train"))
    trainer.run(Limits(iterations=1))
    trainer.save("model_best.pt")
    values = to_dict(config)
    Path("level.yaml").write_text(yaml.safe_dump(values))
    shutil.copytree("data/balls/ball_0006-00", "map")
    mesh = trimesh.creation.icosphere(1, 0.4)
    mesh.export("ball.off")
    mesh.export("ball.stl")
    Path("text.stl").write_text(trimesh.exchange.stl.export_stl_ascii(mesh))
    mesh.export("ball.ply")
    mesh.export("text.ply", encoding="ascii")
    mesh.export("ball.obj")
    mesh.export("ball.glb")
    depth, mask = sensor_view()
    write_image(Path("depth.png"), millimetres(depth))
    write_image(Path("depth.tif"), depth.astype(np.float32))
    np.save("depth.npy", depth.astype(np.float32))
    np.savez("depth.npz", depth=depth.astype(np.float32))
    write_image(Path("mask.png"), mask.astype(np.uint8) * 255)
    matrix = [300.0, 0, 80, 0, 310.0, 60, 0, 0, 1]
    np.savetxt("k.txt", np.reshape(matrix, (3, 3)))
    np.save("k.npy", np.reshape(matrix, (3, 3)))
    Path("bop.json").write_text(json.dumps({"cam_K": matrix, "depth_scale": 1.0}))
    Path("open3d.json").write_text(
        json.dumps(
            {
                "width": 160,
                "height": 120,
                "intrinsic_matrix": np.reshape(matrix, (3, 3)).T.ravel().tolist(),
            }
        )
    )
    Path("ros.yaml").write_text(
        yaml.safe_dump(
            {
                "image_width": 160,
                "image_height": 120,
                "camera_matrix": {"rows": 3, "cols": 3, "data": matrix},
            }
        )
    )


def kinds() -> dict[str, Kind]:
    """Return all kinds of input, by name."""
    a_map = (generate, ["level.yaml", "--input", "map", "--out", "made", "--no-cuda"])
    split = (generate, ["level.yaml", "--out", "made", "--no-cuda"])
    step = (train.main, ["level.yaml", "--no-cuda"])
    check = (build_dataset.main, ["--check", "data", "--workers", "1"])

    def sensor(depth: str = "depth.png", k: str = "bop.json") -> tuple[Main, list[str]]:
        line = ["--depth", depth, "--intrinsics", k, "--mask", "mask.png", "--out", "made/o.ply"]
        return reconstruct.main, [*line, "--levels", "level.yaml", "--no-cuda"]

    text, array, image = mutations.TEXT, [mutations.odd_npz], [mutations.odd_image]
    model = "data/balls/ball_0000-00"
    found = {
        f"mesh {name}": Kind(name, [(read_mesh, [name])], damages, is_counted=name != "ball.obj")
        for name, damages in {
            "ball.off": text, "text.ply": text, "ball.obj": text, "text.stl": text,
            "ball.ply": mutations.TEXT, "ball.stl": mutations.BINARY, "ball.glb": mutations.TEXT,
        }.items()
    }  # fmt: skip
    found |= {
        "npz depth": Kind("map/000.npz", [a_map], odd=array),
        "npz points": Kind(f"{model}/points.npz", [step, check], odd=array),
        "npz of a split": Kind(f"{model}/000.npz", [step, check], odd=array),
        "configuration": Kind("level.yaml", [split, step], text, [mutations.odd_yaml] * 9, False),
        "checkpoint": Kind("out/model_best.pt", [split], odd=[mutations.odd_checkpoint] * 3),
        "checkpoint to resume": Kind("out/model.pt", [step], odd=[mutations.odd_checkpoint] * 3),
        "list": Kind("data/balls/train.lst", [step, check], text, is_counted=False),
        "list of a test": Kind("data/balls/test.lst", [split], text, is_counted=False),
        "mask": Kind("mask.png", [sensor()], odd=image),
        "sensor depth.png": Kind("depth.png", [sensor()], odd=image),
        "sensor depth.tif": Kind("depth.tif", [sensor("depth.tif")]),
        "sensor depth.npy": Kind("depth.npy", [sensor("depth.npy")]),
        "sensor depth.npz": Kind("depth.npz", [sensor("depth.npz")], odd=array),
        "intrinsics k.txt": Kind("k.txt", [sensor(k="k.txt")], text),
        "intrinsics k.npy": Kind("k.npy", [sensor(k="k.npy")]),
        "intrinsics bop.json": Kind("bop.json", [sensor(k="bop.json")], text),
        "intrinsics open3d.json": Kind("open3d.json", [sensor(k="open3d.json")], text),
        "intrinsics ros.yaml": Kind("ros.yaml", [sensor(k="ros.yaml")], text, is_counted=False),
    }
    return found


def campaign(whole: Path, scratch: Path, name: str, kind: Kind, count: int, seed: int) -> Counts:
    """Damage one kind of input ``count`` times; each damage is a function of seed and number.

    Args:
        whole: folder that :func:`prepare` filled.
        scratch: folder for copies of it.
        name: of the kind.
        kind: the kind.
        count: inputs.
        seed: of the damages.
    """
    counts = Counts()
    damages = [*kind.damages, *kind.odd]
    reference = ""
    whole_runs = len(kind.commands)
    for k in range(-whole_runs, count):  # first each command reads the whole file
        folder = scratch / "case"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        rng = np.random.default_rng([seed, max(k, 0), *name.encode()])
        path = folder / kind.file
        damage = damages[int(rng.integers(len(damages)))]
        if k >= 0 and damage in kind.odd:
            damage(rng, path)  # type: ignore[call-arg, arg-type]
        elif k >= 0:
            path.write_bytes(damage(rng, path.read_bytes()))  # type: ignore[arg-type]
        main, argv = kind.commands[k % len(kind.commands)]
        ended = run(main, argv, scratch / "log", LIMIT, prepare=lambda f=folder: _enter(f))
        fault = ended.fault
        if k < 0:
            if ended.code != 0:
                raise AssertionError(f"{name}: the whole input is refused: {ended.text}")
            reference = ended.text
            continue
        counts.inputs += 1
        counts.read += ended.code == 0
        counts.refused += ended.code != 0
        if fault is None and damage is mutations.cut and kind.is_counted and ended.code == 0:
            fault = "silent" if main is not read_mesh or ended.text != reference else None
        if fault is not None:
            last = ended.text.strip().splitlines()[-1:] or [""]
            counts.faults.append(
                f"{name} {k} ({damage.__name__}): {fault}, {ended.code}: {last[0]}"
            )
    return counts


def _enter(folder: Path) -> None:
    os.chdir(folder)
