"""The generator scripts from the command line to a run's files, and what each misuse is told."""

from __future__ import annotations

import errno
import importlib
import logging
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import trimesh
import yaml
from PIL import Image

import im2mesh.cli
from im2mesh.config import load_config
from im2mesh.data import run_folders
from im2mesh.data.run_folders import run_folder
from im2mesh.files import atomic, locked, read_csv
from im2mesh.generation import run as run_module
from im2mesh.generation.pipeline import Reconstructor
from im2mesh.geometry.mesh_files import write_mesh
from tests.conftest import REPOSITORY
from tests.fixtures import lost_once

LEVELS = ("global", "p64s32", "p32s16")
MAPS = ("chair_demo-00", "sofa_demo-00", "table_demo-00")


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with small configurations of the bundled levels, and three maps."""
    monkeypatch.chdir(tmp_path)
    for name in LEVELS:
        write_config(
            f"{name}.yaml",
            {
                "inherit_from": f"configs/demo/plain_{name}.yaml",
                "data": {"path": "data", "classes": ["maps"], "test_split": "three"},
                "training": {"out_dir": f"out/{name}"},
                "generation": {
                    "resolution": 16,
                    "mise_resolution": 8,
                    "vis_n_outputs": 2,
                    "observation": "none",
                    "symmetry": "none",  # looking for it takes longer than all the rest
                },
            },
        )
        copy(REPOSITORY / f"out/pretrained/plain_{name}/model_best.pt", f"out/{name}/model_best.pt")
    for model in MAPS:
        copy(REPOSITORY / f"data/demo/{model}/000.npz", f"data/maps/{model}/000.npz")
    Path("data/maps/three.lst").write_text("\n".join(MAPS))
    return tmp_path


def write_config(path: str, values: dict) -> None:
    Path(path).write_text(yaml.safe_dump(values))


def change(path: str, **sections: dict) -> None:
    """Set keys of a configuration file."""
    values = yaml.safe_load(Path(path).read_text())
    for section, keys in sections.items():
        values[section] = {**values.get(section, {}), **keys}
    write_config(path, values)


def copy(source: Path, target: str) -> None:
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def call(script: str, *arguments: str) -> tuple[int, list[str]]:
    """Run a script in this process: its exit code, and its lines on stderr."""
    lines: list[str] = []
    main = importlib.import_module(script).main
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(im2mesh.cli.tqdm, "write", lambda text, **_: lines.append(text))
        with pytest.raises(SystemExit) as done:
            im2mesh.cli.run_script(lambda _: main(list(arguments)))
    assert isinstance(done.value.code, int)
    return done.value.code, lines


def generate(*arguments: str) -> tuple[int, list[str]]:
    return call("generate", "global.yaml", *arguments)


def merge3(*arguments: str) -> tuple[int, list[str]]:
    return call("generate_merge3", *(f"{name}.yaml" for name in LEVELS), *arguments)


def files(folder: str | Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file()}


RUN = "out/p64s32/generation_hierarchical3"


def test_a_run_writes_what_is_published(workplace: Path) -> None:
    """The library makes the same meshes."""
    code, lines = merge3()
    assert code == 0
    assert lines[-1] == f"{RUN}: 3 done"
    tables = {
        f"time_generation{kind}.{suffix}" for kind in ("", "_full") for suffix in ("csv", "pkl")
    }
    results = {f"meshes/maps/{model}.{suffix}" for model in MAPS for suffix in ("ply", "off")}
    pictures = {f"input/maps/{model}.jpg" for model in MAPS}
    shown = {
        f"vis/maps/{number}_{what}" for number in ("00", "01") for what in ("mesh.ply", "in.jpg")
    }
    timings = {f"timings/maps/{model}.json" for model in MAPS}
    made = {*tables, *timings, *results, *pictures, *shown}
    assert files(RUN) == {"config.yaml", "generate.lock", *made}
    for model in MAPS:
        meshes = [
            trimesh.load(f"{RUN}/meshes/maps/{model}.{s}", process=False) for s in ("ply", "off")
        ]
        assert all(mesh.is_watertight and mesh.volume > 0 for mesh in meshes)
        vertices = [np.asarray(mesh.vertices, np.float32) for mesh in meshes]
        np.testing.assert_array_equal(*vertices)
        np.testing.assert_array_equal(meshes[0].faces, meshes[1].faces)
        with Image.open(f"{RUN}/input/maps/{model}.jpg") as picture:
            assert picture.size == (256, 256)
    rows = pd.read_pickle(f"{RUN}/time_generation_full.pkl")
    assert rows["modelname"].tolist() == list(MAPS)
    assert rows["class name"].tolist() == ["chair", "sofa", "table"]
    stages = [c for c in rows if c.startswith("time (") and c != "time (total)"]
    np.testing.assert_allclose(rows[stages].sum(axis=1), rows["time (total)"])
    assert (rows["time (eval points)"] > 0).all()
    means = pd.read_csv(f"{RUN}/time_generation.csv", index_col=0)
    np.testing.assert_allclose(means["time (total)"], rows["time (total)"])
    record = yaml.safe_load(Path(f"{RUN}/config.yaml").read_text())
    assert [level["name"] for level in record["levels"]] == list(LEVELS)
    assert record["generation"]["resolution"] == 16
    hpn3 = Reconstructor.from_configs([f"{name}.yaml" for name in LEVELS])
    mesh = hpn3(f"data/maps/{MAPS[2]}/000.npz").mesh
    np.testing.assert_array_equal(mesh.vertices.astype(np.float32), meshes[0].vertices)
    np.testing.assert_array_equal(mesh.faces, meshes[0].faces)


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("extraction", ["mise", "dense"]),
        ("observation", ["none", "carve", "surface"]),
        ("resolution", [16, 32]),
        ("threshold", [0.3, 0.7]),
    ],
)
def test_options_of_the_command_line(workplace: Path, option: str, values: list[object]) -> None:
    """They are in the record, and all but the extraction make another mesh."""
    change("global.yaml", generation={"resolution": 32, "mise_resolution": 16})
    volumes = []
    for value in map(str, values):
        given = (f"--{option}", value, "--noise", "0.01", "--out", value)
        code, lines = generate("--input", "data/maps/sofa_demo-00", *given)
        assert code == 0
        assert lines[0].startswith("maps/sofa_demo-00: ") and lines[0].endswith("(1 of 1)")
        record = yaml.safe_load(Path(value, "config.yaml").read_text())
        test = record["levels"][0]["config"]["test"]
        assert str((test if option == "threshold" else record["generation"])[option]) == value
        assert record["generation"]["observation_noise"] == 0.01
        volumes.append(trimesh.load(f"{value}/meshes/maps/sofa_demo-00.ply").volume)
    if option == "extraction":
        assert volumes[0] == pytest.approx(volumes[1], rel=1e-3)
    else:
        assert len(set(volumes)) == len(values)
    assert option != "threshold" or volumes[0] > volumes[1]


def test_mesh_formats_and_maps_in_images(workplace: Path) -> None:
    """A 16-bit PNG whose scale is said gives the mesh of its map, in every format."""
    with np.load("data/maps/sofa_demo-00/000.npz") as arrays:
        depth = arrays["arr_0"]
    depth = depth[..., 0] if depth.ndim == 3 else depth
    Path("scans").mkdir()
    Image.fromarray(np.where(depth < 0, 0, depth * 65535).astype(np.uint16)).save("scans/a.png")
    Image.fromarray(np.zeros((256, 256, 3), np.uint8)).save("scans/picture.png")
    formats = ("ply", "off", "obj", "stl", "glb")
    options = ("--input", "scans", "--out", "run")
    code, lines = generate(*options)
    assert code == 2 and "a.png: holds integers without a unit; say it with --dep" in lines[-2]
    options += ("--depth-scale", "1/65535", "--vertex-normals", "--mesh-formats")
    code, lines = generate(*options, *formats)
    assert (code, lines[-1]) == (0, "run: 1 done")
    meshes = {kind: trimesh.load_mesh(f"run/meshes/scans/a.{kind}") for kind in formats}
    for mesh in meshes.values():
        assert mesh.is_watertight
        assert mesh.volume == pytest.approx(meshes["off"].volume, rel=1e-4)
    for kind, mark in (("ply", b"property float nz"), ("obj", b"\nvn "), ("glb", b'"NORMAL"')):
        assert mark in Path(f"run/meshes/scans/a.{kind}").read_bytes()
    assert generate(*options, "glb") == (0, ["run: 0 done, 1 there already"])


def test_resume_skips_what_is_there(workplace: Path) -> None:
    generate("--out", "run")
    Path("run/meshes/maps/sofa_demo-00.off").unlink()
    before = {name: os.stat(f"run/meshes/{name}").st_mtime_ns for name in files("run/meshes")}
    os.utime("data/maps/table_demo-00/000.npz")  # a new depth map makes its mesh out of date
    code, lines = generate("--out", "run", "--resume")
    assert (code, lines[-1]) == (0, "run: 2 done, 1 there already")
    changed = {n for n, t in before.items() if os.stat(f"run/meshes/{n}").st_mtime_ns != t}
    assert not any("chair" in name for name in changed)
    assert pd.read_csv("run/time_generation_full.csv")["modelname"].tolist() == list(MAPS)
    code, lines = generate("--out", "run")
    assert lines[-1] == "run: 3 done", "a split is made again unless told otherwise"


def test_results_of_an_older_version_are_resumed(workplace: Path) -> None:
    """Its record has no keys for what it could not do."""
    generate("--out", "run")
    path = Path("run/config.yaml")
    record = yaml.safe_load(path.read_text())
    del record["generation"]["observation_noise"]
    for level in record["levels"]:
        del level["config"]["generation"]["observation_noise"], level["config"]["data"]["cache"]
    path.write_text(yaml.safe_dump(record))
    code, lines = generate("--out", "run", "--resume")
    assert (code, lines[-1]) == (0, "run: 0 done, 3 there already")
    assert yaml.safe_load(path.read_text())["generation"]["observation_noise"] == 0


def test_a_resumed_run_keeps_its_precision(workplace: Path) -> None:
    """A second measurement might say otherwise."""
    assert generate("--out", "run", "--precision", "bfloat16")[0] == 0
    assert generate("--out", "run", "--resume")[1][-1] == "run: 0 done, 3 there already"
    record = yaml.safe_load(Path("run/config.yaml").read_text())
    assert record["generation"]["precision"] == "bfloat16"
    code, lines = generate("--out", "run", "--resume", "--precision", "float32")
    assert code == 2 and "generation.precision: 'bfloat16' -> 'float32'" in lines[-1]
    level = Reconstructor.from_configs(["global.yaml"])
    run_module.run(level, [], Path("run"), resume=True)
    assert level.settings.precision == "auto", "another folder has its own"


def test_a_folder_resumes_by_itself_and_refuses_other_settings(workplace: Path) -> None:
    arguments = ("--input", "data/maps", "--out", "run")
    assert generate(*arguments)[1][-1] == "run: 3 done"
    assert generate(*arguments) == (0, ["run: 0 done, 3 there already"])
    change("global.yaml", test={"threshold": 0.4})
    code, lines = generate(*arguments)
    assert code == 2
    assert lines[-1].startswith("error: run: holds results made with other settings (levels[0]")
    assert "test.threshold: 0.5 -> 0.4" in lines[-1] and "--overwrite" in lines[-1]
    assert generate(*arguments, "--overwrite")[1][-1] == "run: 3 done"


def test_what_no_mesh_depends_on_is_no_other_setting(workplace: Path) -> None:
    """Other classes, lists and keys of training: their results stand beside those there are."""
    assert generate("--out", "run")[1][-1] == "run: 3 done"
    shutil.copytree("data/maps", "data/others")
    Path("data/others/few.lst").write_text(MAPS[0])
    change(
        "global.yaml",
        data={"classes": ["others"], "test_split": "few"},
        training={"print_every": 7},
        generation={"vis_n_outputs": 1, "batch_size": 500},
    )
    assert generate("--out", "run")[1][-1] == "run: 1 done"
    assert len(files("run/meshes")) == 2 * (3 + 1)
    assert generate("--out", "run", "--resume")[0] == 0
    change("global.yaml", data={"img_folder": "other"})
    code, lines = generate("--out", "run", "--resume")
    assert code == 2 and "data.img_folder" in lines[0]


def test_a_damaged_record_is_one_of_other_settings(workplace: Path) -> None:
    Path("run/meshes/maps").mkdir(parents=True)
    Path("run/meshes/maps/cup.ply").touch()
    Path("run/config.yaml").write_bytes(b"[")
    code, lines = generate("--out", "run", "--resume")
    assert code == 2 and len(lines) == 1
    assert "run: holds results made with other settings (unreadable)" in lines[0]


def test_a_map_that_is_done_has_its_timings(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file a kill keeps from appearing."""
    replace, left = os.replace, 0

    def stop(source: str, target: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt
        replace(source, target)

    for kept in range(1, 6):
        shutil.rmtree("run", ignore_errors=True)
        left = kept + 1
        with monkeypatch.context() as patch:
            patch.setattr("im2mesh.files.os.replace", stop)
            assert generate("--out", "run", "--resume")[0] == 130
        assert generate("--out", "run", "--resume")[0] == 0
        rows = read_csv("run/time_generation_full.csv")
        assert rows["modelname"].tolist() == list(MAPS)


def test_damaged_timings_are_left_out(workplace: Path) -> None:
    """The table is written again, and no mesh."""
    assert generate("--out", "run", "--resume")[0] == 0
    table = Path("run/time_generation_full.csv")
    for text in ("", "[", "[1]", '{"time (total)": "long"}', "\xff"):
        Path(f"run/timings/maps/{MAPS[1]}.json").write_bytes(text.encode("latin-1"))
        table.write_bytes(b"words")
        code, lines = generate("--out", "run", "--resume")
        assert (code, lines[-1]) == (0, "run: 0 done, 3 there already")
        assert f"run/timings/maps/{MAPS[1]}.json: not readable, left out" in lines[-2]
        assert read_csv(table)["modelname"].tolist() == [MAPS[0], MAPS[2]]


def test_long_names(workplace: Path) -> None:
    """A name that fits is fine; one that leaves no room for an extension is one bad map."""
    sofa = Path("data/maps/sofa_demo-00/000.npz")
    for path in ("a.npz", "x" * 245 + ".npz", "y" * 255 + "/000.npz"):
        copy(sofa, f"scans/{path}")
    for more in ((), ("--overwrite", "--observation", "carve")):
        code, lines = generate("--input", "scans", "--out", "run", *more)
        assert (code, lines[-1]) == (1, "run: 2 done, 1 not usable")
        assert lines[-2].endswith("000.npz: its name is too long for files of results; rename it")
    assert not any(".part" in name for name in files("run"))


def test_names_of_digits_stay_names(workplace: Path) -> None:
    """A class folder of ShapeNet, and models that look like numbers or nothing."""
    names = ["0001", "0002", "1e3", "nan"]
    for name in names:
        copy(Path("data/maps/sofa_demo-00/000.npz"), f"scans/03636649/{name}.npz")
    assert generate("--input", "scans", "--out", "run")[0] == 0
    os.utime("scans/03636649/0002.npz")
    lines = generate("--input", "scans", "--out", "run")[1]
    assert lines[-1] == "run: 1 done, 3 there already"
    rows = read_csv("run/time_generation_full.csv")
    assert rows["idx"].tolist() == [0, 1, 2, 3]
    assert rows["class id"].tolist() == ["03636649"] * 4
    assert rows["modelname"].tolist() == names
    assert len(pd.read_pickle("run/time_generation.pkl")) == 1


def test_single_files_are_named_by_themselves(workplace: Path) -> None:
    copy(Path("data/maps/sofa_demo-00/000.npz"), "scans/mine.npz")
    inputs = ("scans/mine.npz", "data/maps/chair_demo-00/000.npz")
    assert generate("--input", *inputs, "--out", "run")[0] == 0
    assert files("run/meshes") >= {"scans/mine.ply", "maps/chair_demo-00.ply"}


def test_one_bad_map_does_not_stop_the_others(workplace: Path) -> None:
    whole = Path("data/maps/sofa_demo-00/000.npz")
    whole.write_bytes(whole.read_bytes()[:500])
    code, lines = generate("--input", "data/maps", "--out", "run")
    assert code == 1
    assert lines[-1] == "run: 2 done, 1 not usable"
    assert lines[-2].startswith("error: data/maps/sofa_demo-00/000.npz: not a readable .npz file")
    assert not any("sofa" in name or ".part" in name for name in files("run"))
    code, lines = generate("--input", str(whole), "--out", "other")
    assert code == 2, "nothing could be done"
    assert files("other") == {"config.yaml", "generate.lock"}


def test_an_empty_result_is_a_result(workplace: Path) -> None:
    change("global.yaml", test={"threshold": 0.9999999})
    code, lines = generate("--out", "run", "--symmetry", "auto")
    assert code == 0
    assert "warning: global.yaml: generation.symmetry auto does nothing" in lines[0]
    assert "warning: maps/chair_demo-00: empty mesh" in lines[1]
    assert Path("run/meshes/maps/chair_demo-00.off").read_text() == "OFF\n0 0 0\n"
    assert pd.read_csv("run/time_generation_full.csv")["faces"].tolist() == [0, 0, 0]


def test_refined_simplified_and_sampled(workplace: Path) -> None:
    change(
        "global.yaml",
        generation={"refinement_step": 2, "simplify_nfaces": 100, "generate_pointcloud": True},
    )
    assert merge3("--out", "run")[0] == 0
    rows = pd.read_csv("run/time_generation_full.csv")
    assert (rows["faces"] <= 100).all() and (rows["time (simplify)"] > 0).all()
    assert (rows["time (refine)"] > 0).all()
    mesh = trimesh.load("run/meshes/maps/sofa_demo-00.ply", process=False)
    cloud = trimesh.load("run/pointcloud/maps/sofa_demo-00.ply")
    assert cloud.vertices.shape == (100_000, 3)
    for point in cloud.vertices[:50]:
        nearest = trimesh.triangles.closest_point(
            mesh.triangles, np.tile(point, (len(mesh.faces), 1))
        )
        assert np.linalg.norm(nearest - point, axis=1).min() < 1e-6


WEIGHTS = Path("out/p32s16/model_best.pt")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda: change("p64s32.yaml", generation={"resolutoin_0": 16}),
            "p64s32.yaml: unknown key generation.resolutoin_0; did you mean generation.re"),
        (lambda: change("p64s32.yaml", data={"parts_stride": 30}),
            "at data.parts_stride 30 do not tile 256 pixels"),
        (lambda: change("p32s16.yaml", data={"test_split": "val"}),
            "p32s16.yaml: data.test_split is 'val' but global.yaml has 'three'"),
        (lambda: change("p32s16.yaml", data={"classes": ["chairs"]}),
            "p32s16.yaml: data.classes is ('chairs',) but global.yaml has ('maps',)"),
        (lambda: change("p32s16.yaml", generation={"resolution": 32}),
            "p32s16.yaml: generation.resolution is 32 but global.yaml has 16"),
        (lambda: change("p32s16.yaml", model={"c_dim": 64}),
            "decoder.block0.bn_0.conv_gamma.weight is (128, 128, 1) where the"),
        (lambda: change("global.yaml", generation={"generate_mesh": False}),
            "are both false: there is nothing to write"),
        (lambda: Path("data/maps/three.lst").unlink(), "data/maps/three.lst: no such split list"),
        (WEIGHTS.unlink,
            "out/p32s16/model_best.pt: no such checkpoint; published checkpoints are un"),
        (lambda: WEIGHTS.write_bytes(WEIGHTS.read_bytes()[:10_000]),
            "out/p32s16/model_best.pt: not a checkpoint that can be loaded: it is dam"),
    ],
)  # fmt: skip
def test_misuse(workplace: Path, spoil: Callable[[], object], message: str) -> None:
    spoil()
    code, lines = merge3("--out", "run")
    assert code == 2
    assert len(lines) == 1 and lines[0].startswith("error: ") and "\n" not in lines[0]
    assert message in lines[0]
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("extraction", "key", "change"),
    [
        ("mise", "decoder.block0.fc_0.weight", lambda weights: weights * 1e30),
        ("dense", "decoder.block0.bn_0.bn.running_var", lambda variances: -variances - 1),
    ],
)
def test_weights_that_give_no_numbers(
    workplace: Path, extraction: str, key: str, change: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    path = Path("out/global/model_best.pt")
    state = {k: v.float() for k, v in torch.load(path)["model"].items()}
    state[key] = change(state[key])
    torch.save({"model": state}, path)
    code, lines = generate("--out", "run", "--extraction", extraction)
    assert code == 2 and len(lines) == 1
    assert lines[0].startswith(f"error: {path}: these weights give values that are not finite")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("generate missing.yaml", "missing.yaml: no such configuration file"),
        ("generate global.yaml --input nowhere", "nowhere: no such file or folder"),
        ("generate global.yaml --input empty",
            "empty: holds no depth map (.npz .npy .exr .png .tif .tiff), nor"),
        ("generate global.yaml --out file/run", "file/run: cannot be written to (Not a directory)"),
        ("generate global.yaml --device quantum", "--device quantum: not available here"),
        ("generate global.yaml --threshold 1.5",
            "global.yaml: test.threshold must lie between 0 and 1"),
        ("generate global.yaml --noise 2",
            "command line: generation.observation_noise must be a number from 0"),
        ("generate global.yaml --resolution 9999",
            "command line: generation.resolution must be an integer from 1"),
        ("generate global.yaml --mesh-formats dae",
            "mesh_formats must be a list of ply, off, obj, stl, glb"),
        ("generate global.yaml --lattice released",
            "generation.lattice released is defined at resolution 128 only, not 16"),
        ("generate_merge3 p64s32.yaml p32s16.yaml global.yaml",
            "p64s32.yaml: is a patch level (occupancy) where GLOBAL is expected"),
        ("generate_merge3_sdfbl global.yaml p64s32.yaml p32s16.yaml",
            "where GLOBAL_SDF is expected"),
    ],
)  # fmt: skip
def test_misused_command_lines(workplace: Path, line: str, message: str) -> None:
    Path("empty").mkdir()
    Path("file").touch()
    code, lines = call(*line.split())
    assert code == 2
    assert len(lines) == 1 and message in lines[0]


def test_sdf_global_with_occupancy_patches(workplace: Path) -> None:
    change("global.yaml", test={"threshold": -0.02})
    values = yaml.safe_load(Path("global.yaml").read_text())
    write_config("global_sdf.yaml", {**values, "method": "onet_sdf"})
    code, lines = call("generate_merge3_sdfbl", "global_sdf.yaml", "p64s32.yaml", "p32s16.yaml")
    assert (code, lines[-1]) == (0, "out/p64s32/generation_hierarchical3_sdf: 3 done")
    record = yaml.safe_load(Path("out/p64s32/generation_hierarchical3_sdf/config.yaml").read_text())
    assert [level["name"] for level in record["levels"]] == ["global_sdf", "p64s32", "p32s16"]


MIXES = {
    "out/global/generation": "global",
    "out/p32s16/generation_hierarchical": "global p32s16",
    "out/p64s32/generation_hierarchical3": "p64s32 global p32s16",
    "out/p64s32/generation_hierarchical4": "global p64s32 p32s16 p32s16",
}
GENRE, SINGLE = "configs/00_paper_genre/", "configs/00_paper_single/lamp_"
PUBLISHED = {
    "out/00_paper_genre/p32s16/generation_hierarchical3": [
        f"{GENRE}genre_{name}.yaml" for name in ("bl", "p32s16", "p64s32")
    ],
    "out/00_paper_single/parts_lamp_p32s16/generation_hierarchical5": [
        f"{SINGLE}{name}.yaml" for name in ("bl", "p32s16", "p64s32", "p128s64", "p16s8")
    ],
    "out/00_paper_genre/p32s16/generation_hierarchical3_sdf": [
        f"{GENRE}{name}.yaml" for name in ("onet_sdf/genre_bl_sdf", "genre_p32s16", "genre_p64s32")
    ],
}


def test_run_folders(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, levels in MIXES.items():
        configs = [load_config(f"{name}.yaml") for name in levels.split()]
        assert str(run_folder(configs)) == folder
    monkeypatch.chdir(REPOSITORY)
    for folder, paths in PUBLISHED.items():
        assert str(run_folder([load_config(path) for path in paths])) == folder


def test_patch_levels_alone(workplace: Path) -> None:
    Path("data/maps/three.lst").write_text(MAPS[0])
    code, lines = call("generate", "p32s16.yaml", "p64s32.yaml")
    assert (code, lines[-1]) == (0, "out/p32s16/generation_hierarchical: 1 done")
    assert len(files("out/p32s16/generation_hierarchical/meshes")) == 2


def test_one_run_at_a_time_writes_to_a_folder(workplace: Path) -> None:
    with locked(workplace / "run/generate.lock", ""):
        code, lines = generate("--out", "run")
    assert (code, lines) == (
        2,
        [
            "error: run: another process writes there; wait for it to end, or choose another "
            "place with --out"
        ],
    )
    assert files("run") == {"generate.lock"}


def test_copies_that_a_full_disk_prevented_are_made_up_for(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = run_folders.copy_file

    def full(source: Path, path: Path) -> None:
        if path.name == "00_mesh.ply":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        copy(source, path)

    with monkeypatch.context() as patch:
        patch.setattr(run_folders, "copy_file", full)
        code, lines = generate("--out", "run")
    assert (code, lines[-1]) == (
        2,
        "error: run/vis/maps/00_mesh.ply: No space left on device; make room and run the same "
        "command again",
    )
    Path(f"run/input/maps/{MAPS[0]}.jpg").unlink()
    code, lines = generate("--out", "run", "--resume")
    assert (code, lines[-1]) == (0, "run: 2 done, 1 there already")
    assert {"vis/maps/00_mesh.ply", f"input/maps/{MAPS[0]}.jpg"} <= files("run")


def test_names_that_are_not_utf8(workplace: Path) -> None:
    for name in (b"scans/b\xfccher.npz", b"scans/st\xfchle/000.npz", b"scans/cup.npz"):
        copy(REPOSITORY / f"data/demo/{MAPS[0]}/000.npz", os.fsdecode(name))
    code, lines = generate("--input", "scans", "--out", "run")
    assert (code, lines[-1]) == (0, "run: 1 done")
    passed = [line for line in lines if "passed over: its name is not UTF-8" in line]
    assert len(passed) == 2
    odd = os.fsdecode(b"scans/b\xfccher.npz")
    code, lines = generate("--input", odd, "--out", "run")
    assert code == 2 and "its name is not UTF-8; rename it" in lines[-1]


def test_interruption_keeps_what_is_finished(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the second map, as the file of its mesh is being written."""
    written = []

    def interrupted(mesh: trimesh.Trimesh, path: Path, normals: bool) -> None:
        if len(written) == 2 and "meshes" in path.parts:
            with atomic(path) as beside:
                beside.write_bytes(b"ply")
                raise KeyboardInterrupt
        written.extend([path] if "meshes" in path.parts else [])
        write_mesh(mesh, path, normals)

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "write_mesh", interrupted)
        code, lines = generate("--out", "run")
    assert code == 130 and "interrupted" in lines[-1]
    assert files("run/meshes") == {f"maps/{MAPS[0]}.{suffix}" for suffix in ("ply", "off")}
    code, lines = generate("--out", "run", "--resume")
    assert (code, lines[-1]) == (0, "run: 2 done, 1 there already")


def test_an_interrupted_run_keeps_nothing_of_other_settings(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made at 16 cells, again at 8 and interrupted, then resumed: no mesh of 16 cells is left."""
    maps = ("--input", "data/maps", "--out")
    assert generate(*maps, "run")[0] == 0
    change("global.yaml", generation={"resolution": 8})
    call_one, given = Reconstructor.__call__, []

    def interrupted(self: Reconstructor, *arguments: object) -> object:
        given.append(arguments)
        if len(given) == 2:
            raise KeyboardInterrupt
        return call_one(self, *arguments)

    monkeypatch.setattr(Reconstructor, "__call__", interrupted)
    assert generate(*maps, "run", "--overwrite")[0] == 130
    assert len(files("run/meshes")) == 2
    assert generate(*maps, "run")[1][-1] == "run: 2 done, 1 there already"
    assert generate(*maps, "new")[0] == 0
    for name in files("new/meshes"):
        assert Path("run/meshes", name).read_bytes() == Path("new/meshes", name).read_bytes()


def test_overwriting_with_other_settings_leaves_no_result_of_the_former(workplace: Path) -> None:
    """Results of maps that are not made again go, too; what is not the generator's stays."""
    change("global.yaml", generation={"generate_pointcloud": True})
    for number, model in enumerate(MAPS):
        copy(Path(f"data/maps/{model}/000.npz"), f"scans{min(number, 1)}/{model}.npz")
    one = ("--out", "run", "--input")
    assert generate(*one, "scans0", "scans1")[1][-1] == "run: 3 done"
    own = {"meshes/scans0/notes.txt", "meshes/mine.ply", "vis/scans0/my_mesh.ply", "mine/a.ply"}
    for name in own:
        Path("run", name).parent.mkdir(parents=True, exist_ok=True)
        Path("run", name).touch()
    change("global.yaml", generation={"generate_pointcloud": False}, test={"threshold": 0.4})
    kept = {"config.yaml", "generate.lock"}
    before = files("run") - own - kept
    lines = generate(*one, "scans1", "--overwrite")[1]
    assert lines[0] == f"run: {len(before)} files made with other settings were removed"
    assert lines[-1] == "run: 2 done"
    assert own <= files("run")
    assert not any("scans0" in name or "pointcloud" in name for name in files("run") - own)
    assert generate(*one, "scans0")[1][-1] == "run: 1 done"
    lines = generate(*one, "scans0", "scans1", "--overwrite")[1]
    assert not any("removed" in line for line in lines), "the same settings"


def test_other_settings_without_overwrite_lose_nothing(workplace: Path) -> None:
    """A split is made again by itself, but only its own results make way."""
    one = ("--out", "run")
    assert generate(*one)[0] == 0
    assert generate(*one, "--observation", "none")[1][-1] == "run: 3 done"
    Path("data/maps/three.lst").write_text(MAPS[0])
    before = files("run")
    code, lines = generate(*one, "--observation", "carve")
    assert code == 2 and files("run") == before
    assert (
        "run: holds results made with other settings (generation.observation: 'none' -> 'carve')"
        f" that this run does not make again, such as meshes/maps/{MAPS[1]}.off; remove" in lines[0]
    )
    record = yaml.safe_load(Path("run/config.yaml").read_text())
    assert record["generation"]["observation"] == "none"
    assert generate(*one, "--observation", "carve", "--overwrite")[0] == 0
    assert files("run/meshes") == {f"maps/{MAPS[0]}.{suffix}" for suffix in ("ply", "off")}


def test_timings_of_a_resumed_run_follow_the_list(workplace: Path) -> None:
    split = Path("data/maps/three.lst")
    table = Path("run/time_generation_full.csv")
    for listed, done in ((MAPS[1:], 2), (MAPS, 1), (MAPS[::-1], 0), (MAPS[:1], 0), (MAPS[1:], 0)):
        split.write_text("\n".join(listed))
        lines = generate("--out", "run", "--resume")[1]
        assert lines[-1].startswith(f"run: {done} done")
        rows = read_csv(table)
        assert rows["modelname"].tolist() == list(listed)
        assert rows["idx"].tolist() == list(range(len(listed)))
        means = pd.read_csv("run/time_generation.csv")["class name"]
        assert means.tolist() == sorted(name.split("_")[0] for name in listed)


# --- several processes ------------------------------------------------------------------------


def lose_a_process(patch: pytest.MonkeyPatch) -> None:
    """Kill the process that first finishes a map, before it can say so."""
    run_tasks = run_module.run_tasks

    def losing(function: Any, *arguments: Any, **options: Any) -> Any:
        return run_tasks(
            partial(lost_once, function, Path("killed").absolute()), *arguments, **options
        )

    patch.setattr(run_module, "run_tasks", losing)


def same_results(one: str, other: str) -> None:
    """Check that two runs have the same files, to the byte but for timings."""
    assert files(one) == files(other)
    for name in files(one):
        if name.startswith(("time_generation", "timings")):
            kept = [c for c in read_csv(f"{one}/time_generation_full.csv") if "time" not in c]
            rows = [read_csv(f"{run}/time_generation_full.csv")[kept] for run in (one, other)]
            pd.testing.assert_frame_equal(*rows)
        else:
            assert Path(one, name).read_bytes() == Path(other, name).read_bytes(), name


def test_workers_make_the_same_files(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one of them is killed, a map is bad and another map's mesh is there already."""
    Path("data/maps/bad").mkdir()
    Path("data/maps/bad/000.npz").write_bytes(b"")
    Path("data/maps/three.lst").write_text("\n".join((MAPS[0], "bad", *MAPS[1:])))
    change("global.yaml", test={"threshold": 0.9999999}, generation={"copy_groundtruth": True})
    code, one = generate("--out", "one")
    assert (code, one[-1]) == (1, "one: 3 done, 1 not usable")
    listed = Path("data/maps/three.lst").read_text()
    Path("data/maps/three.lst").write_text(MAPS[0])
    assert generate("--out", "two")[0] == 0
    Path("data/maps/three.lst").write_text(listed)
    lose_a_process(monkeypatch)
    code, two = generate("--out", "two", "--resume", "--workers", "2")
    assert (code, two[-1]) == (1, "two: 2 done, 1 there already, 1 not usable")
    assert Path("killed").exists()
    same_results("one", "two")
    told = [sorted(x for x in lines if x.startswith(("warning", "error"))) for lines in (one, two)]
    assert len(told[0]) == 3 + 1 + 1, "empty meshes, no ground truth to copy, a bad map"
    assert told[1] == [line for line in told[0] if f"{MAPS[0]}: empty" not in line]


def test_workers_that_find_other_weights_stop_the_run(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = run_module.file_digest
    monkeypatch.setattr(run_module, "file_digest", lambda path: digest(path)[::-1])
    code, lines = generate("--out", "run", "--workers", "2")
    assert code == 2 and len(lines) == 1
    assert "model_best.pt: changed during the run, or differs on" in lines[0]


@pytest.mark.slow
def test_a_cluster_makes_and_scores_the_same(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its workers were started in another folder, and one of them dies."""
    distributed = pytest.importorskip("distributed")
    assert merge3("--out", "one")[0] == 0
    monkeypatch.chdir("/")
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        monkeypatch.chdir(workplace)
        lose_a_process(monkeypatch)
        address = cluster.scheduler_address
        assert merge3("--out", "two", "--cluster", address)[1][-1] == "two: 3 done"
        assert Path("killed").exists()
        same_results("one", "two")
        scoring = ("global.yaml", "--against-input", "--meshes")
        assert call("eval_meshes", *scoring, "one", "--workers", "1")[0] == 0
        assert call("eval_meshes", *scoring, "two", "--cluster", address)[0] == 0
    tables = [pd.read_csv(f"{run}/eval_observed_full_maps.csv") for run in ("one", "two")]
    pd.testing.assert_frame_equal(*(table.drop(columns="fingerprint") for table in tables))
