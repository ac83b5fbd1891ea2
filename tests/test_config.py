"""Configurations: the published values, inheritance, round trips, and every message."""

from __future__ import annotations

import dataclasses
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.config import (
    KEYS_WITHOUT_EFFECT,
    LARGEST,
    Config,
    DataConfig,
    DecoderConfig,
    EncoderConfig,
    GenerationConfig,
    ModelConfig,
    TestConfig,
    TrainingConfig,
    differences,
    from_dict,
    load_config,
    read_generation,
    save_config,
    sections,
    to_dict,
)
from im2mesh.errors import ConfigError
from im2mesh.native import MAX_RESOLUTION
from tests.conftest import REPOSITORY

CONFIGS = REPOSITORY / "configs"


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


# --- defaults -----------------------------------------------------------------------------------

WITHOUT_EFFECT = {
    "data": "dim model_file watertight_file img_with_camera n_views pointcloud_n "
    "pointcloud_target_n pointcloud_noise with_transforms",
    "model": "encoder_latent_kwargs multi_gpu use_camera dmc_weight_prior",
    "training": "eval_sample",
    "generation": "use_sampling latent_number latent_H latent_W latent_ny latent_nx "
    "latent_repeat refine n_x n_z",
    "preprocessor": "type config model_file",
}
"""Section → keys of the published default.yaml and of other files that nothing reads."""


def test_default_file_says_every_key_and_the_same() -> None:
    assert load_config("configs/default.yaml") == Config()
    written = yaml.safe_load((CONFIGS / "default.yaml").read_text())
    assert flat(written) == flat(to_dict(Config()))


def test_every_key_is_documented() -> None:
    source = Path(sections.__file__).read_text()
    for key in flat(to_dict(Config())):
        lines = re.findall(rf"^    {key.rpartition('.')[2]}: .*$", source, re.MULTILINE)
        assert lines and all("  # " in line for line in lines), key


# --- published files ----------------------------------------------------------------------------

COMMON = {
    "data.path": "data",
    "data.input_type": "depth",
    "data.img_size": 256,
    "data.img_augment": False,
    "data.voxels_file": None,
    "model.encoder": "resnet18",
    "model.decoder": "cbatchnorm",
    "model.encoder_kwargs.input_channels": 1,
    "model.encoder_kwargs.normalize": False,
    "model.encoder_kwargs.pretrained": False,
    "model.encoder_latent": None,
    "model.c_dim": 256,
    "model.z_dim": 0,
    "training.model_selection_metric": "iou",
    "training.model_selection_mode": "maximize",
    "test.eval_mesh": True,
    "test.eval_pointcloud": False,
    "generation.upsampling_steps": 0,
    "generation.generate_pointcloud": False,
}
NEVER = "this_must_not_be_used_for_training"
GENRE = ("train_genre", "val_genre", "test_demo")
GENRE_REDUCED = ("train_genre", "val_genre_reduced", "test_demo")
COMPOSITIONAL = (NEVER, NEVER, "test_compositional")
LAMP = ("train_lamp", "val_lamp_reduced", "val")
# path: (method, classes, splits, img_folder, (size, stride), out_dir, batch size,
#        (checkpoint, visualize, validate) every, generation_dir)
Row = tuple[str, str, Any, str, Any, str, int, tuple[int, int, int], str]
PUBLISHED: dict[str, Row] = {
    "00_paper_genre/compositional/compositional_bl.yaml": (
        "onet", "compositional_shapes", COMPOSITIONAL, "im_depth_ortho2", None,
        "out/00_paper_genre/bl", 64, (20000, 20000, 20000), "generation",
    ),
    "00_paper_genre/compositional/compositional_hpn3.yaml": (
        "onet", "compositional_shapes", COMPOSITIONAL, "im_depth_ortho2", (32, 16),
        "out/00_paper_genre/p32s16", 64, (20000, 50000, 20000), "generation_hierarchical3",
    ),
    "00_paper_genre/compositional/compositional_p32.yaml": (
        "onet", "compositional_shapes", COMPOSITIONAL, "im_depth_ortho2", (32, 16),
        "out/00_paper_genre/p32s16", 64, (20000, 50000, 20000), "generation",
    ),
    "00_paper_genre/compositional/compositional_p64.yaml": (
        "onet", "compositional_shapes", COMPOSITIONAL, "im_depth_ortho2", (64, 32),
        "out/00_paper_genre/p64s32", 64, (20000, 50000, 20000), "generation",
    ),
    "00_paper_genre/genre_bl.yaml": (
        "onet", "demo", GENRE, "", None,
        "out/00_paper_genre/bl", 64, (20000, 20000, 20000), "generation",
    ),
    "00_paper_genre/genre_hpn3.yaml": (
        "onet", "demo", (NEVER, NEVER, "test_val_genre"), "", (32, 16),
        "out/00_paper_genre/p32s16", 64, (20000, 50000, 20000), "generation_hierarchical3",
    ),
    "00_paper_genre/genre_p32s16.yaml": (
        "onet", "demo", GENRE_REDUCED, "", (32, 16),
        "out/00_paper_genre/p32s16", 64, (20000, 50000, 20000), "generation",
    ),
    "00_paper_genre/genre_p64s32.yaml": (
        "onet", "demo", GENRE_REDUCED, "", (64, 32),
        "out/00_paper_genre/p64s32", 64, (20000, 50000, 20000), "generation",
    ),
    "00_paper_genre/onet_sdf/compositional_hpn3_sdf.yaml": (
        "onet_sdf", "compositional_shapes", (None, None, "test_compositional"),
        "im_depth_ortho2", (32, 16),
        "out/00_paper_genre/p32s16", 64, (20000, 50000, 20000), "generation_hierarchical3_sdf",
    ),
    "00_paper_genre/onet_sdf/genre_bl_sdf.yaml": (
        "onet_sdf", "demo", GENRE, "", None,
        "out/00_paper_genre/bl_sdf", 64, (10000, 20000, 10000), "generation",
    ),
    "00_paper_genre/onet_sdf/hpn3_sdf.yaml": (
        "onet_sdf", "shapenet_full", GENRE_REDUCED, "", (32, 16),
        "out/00_paper_genre/p32s16", 64, (20000, 50000, 20000), "generation_hierarchical3_sdf",
    ),
    "00_paper_single/lamp_bl.yaml": (
        "onet", "shapenet_full", ("train_lamp", "val_lamp", "val"), "im_depth_ortho2", None,
        "out/00_paper_single/baseline_lamp", 48, (5000, 50000, 20000), "generation",
    ),
    "00_paper_single/lamp_hpn3.yaml": (
        "onet", "shapenet_full", ("donotusefortrain", "donotusefortrain", "val"),
        "im_depth_ortho2", (32, 16),
        "out/00_paper_single/parts_lamp_p32s16", 64, (5000, 50000, 20000),
        "generation_hierarchical3",
    ),
    "00_paper_single/lamp_hpn5.yaml": (
        "onet", "shapenet_full", ("donotusefortrain", "donotusefortrain", "val"),
        "im_depth_ortho2", (32, 16),
        "out/00_paper_single/parts_lamp_p32s16", 64, (5000, 50000, 20000),
        "generation_hierarchical5",
    ),
    "00_paper_single/lamp_p128s64.yaml": (
        "onet", "shapenet_full", LAMP, "im_depth_ortho2", (128, 64),
        "out/00_paper_single/parts_lamp_p128s64", 64, (5000, 50000, 20000), "generation",
    ),
    "00_paper_single/lamp_p16s16.yaml": (
        "onet", "shapenet_full", LAMP, "im_depth_ortho2", (16, 16),
        "out/00_paper_single/parts_lamp_p16s16", 64, (5000, 50000, 20000), "generation",
    ),
    "00_paper_single/lamp_p16s8.yaml": (
        "onet", "shapenet_full", ("donotuse", "donotuse", "val"), "im_depth_ortho2", (16, 8),
        "out/00_paper_single/parts_lamp_p16s16", 64, (5000, 50000, 20000), "generation_s8",
    ),
    "00_paper_single/lamp_p32s16.yaml": (
        "onet", "shapenet_full", LAMP, "im_depth_ortho2", (32, 16),
        "out/00_paper_single/parts_lamp_p32s16", 64, (5000, 50000, 20000), "generation",
    ),
    "00_paper_single/lamp_p64s32.yaml": (
        "onet", "shapenet_full", LAMP, "im_depth_ortho2", (64, 32),
        "out/00_paper_single/parts_lamp_p64s32", 64, (5000, 50000, 20000), "generation",
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", PUBLISHED)
def test_published_file(path: str) -> None:
    method, name, splits, folder, patch, out_dir, batch, every, generation_dir = PUBLISHED[path]
    config = load_config(CONFIGS / path)
    expected = flat(to_dict(Config())) | COMMON
    expected |= {
        "method": method,
        "data.dataset": "Parts3D" if patch else "Shapes3D",
        "data.classes": [name],
        "data.img_folder": folder,
        "data.points_subsample": 1500 if patch else 2048,
        "training.out_dir": out_dir,
        "training.batch_size": batch,
        "test.threshold": -0.02 if method == "onet_sdf" else 0.2,
        "generation.generation_dir": generation_dir,
        "generation.resolution_0": 128 * patch[0] // 256 if patch else 128,
    }
    expected |= zip(("data.train_split", "data.val_split", "data.test_split"), splits, strict=True)
    intervals = ("checkpoint_every", "visualize_every", "validate_every")
    expected |= zip((f"training.{key}" for key in intervals), every, strict=True)
    if patch:
        expected |= {"data.parts_size": patch[0], "data.parts_stride": patch[1]}
        expected |= {"training.batch_size_val": 64, "training.batch_size_vis": 32}
    assert flat(to_dict(config)) == expected
    assert config.resolution == 128
    assert config.is_patch is bool(patch)
    assert config.model_path == Path(out_dir) / "model_best.pt"
    config.check_supported()


def test_no_file_is_forgotten() -> None:
    found = {p.relative_to(CONFIGS).as_posix() for p in CONFIGS.glob("00_*/**/*.yaml")}
    assert found == set(PUBLISHED)


@pytest.mark.parametrize(
    ("name", "width", "patch"),
    [
        ("plain_global", 16, (None, None)),
        ("plain_p128s64", 16, (128, 64)),
        ("plain_p64s32", 16, (64, 32)),
        ("plain_p32s16", 16, (32, 16)),
        ("plain_p16s8", 8, (16, 8)),
    ],
)
def test_file_of_a_plain_level(name: str, width: int, patch: tuple[int | None, int | None]) -> None:
    config = load_config(f"configs/demo/{name}.yaml")
    config.check_supported()
    assert config.model.encoder_kwargs.width == width
    assert config.model.decoder_kwargs.hidden_size == 128
    assert config.model.c_dim == 128
    assert (config.data.parts_size, config.data.parts_stride) == patch
    assert config.resolution == 128
    assert config.test.threshold == 0.5
    assert config.data.classes == ("demo",)
    assert (REPOSITORY / config.data.path / "demo" / f"{config.data.test_split}.lst").is_file()
    assert (REPOSITORY / config.model_path).is_file()


def test_demo_file() -> None:
    config = load_config("configs/demo/volume.yaml")
    config.check_supported()
    assert config.is_volume and config.resolution == 128
    assert config.generation.observation == "surface" and config.generation.symmetry == "auto"
    assert (REPOSITORY / config.model_path).is_file()


BROKEN = (
    "50 cells a patch (generation.resolution_0 and upsampling_steps) of 48 in 256 pixels are not a "
    "whole number of cells of the cube; set generation.resolution"
)
FINE = (
    "generation.resolution_0 and upsampling_steps ask for {} cells along a side of the cube; lower "
    "them, the most is 2048"
)


@pytest.mark.parametrize(
    ("patch", "generation", "message"),
    [
        ((48, 16), {"resolution_0": 25, "upsampling_steps": 1}, BROKEN),
        (None, {"resolution_0": 32, "upsampling_steps": 16}, FINE.format(2097152)),
        (None, {"resolution_0": 2049, "upsampling_steps": 0}, FINE.format(2049)),
        (None, {"resolution_0": LARGEST}, FINE.format("a number beyond 64 bits")),
        ((1, 1), {"resolution_0": 16}, FINE.format(16384)),
    ],
)
def test_resolutions_that_are_no_good(
    patch: tuple[int, int] | None, generation: dict[str, object], message: str
) -> None:
    data: dict[str, object] = {"img_size": 256}
    if patch:
        data |= {"dataset": "Parts3D", "parts_size": patch[0], "parts_stride": patch[1]}
    config = from_dict({"data": data, "generation": generation}, Path("x.yaml"))
    with pytest.raises(ConfigError) as caught:
        _ = config.resolution
    assert str(caught.value) == f"x.yaml: {message}"
    set_by_hand = dataclasses.replace(config.generation, resolution=96)
    assert dataclasses.replace(config, generation=set_by_hand).resolution == 96


def test_the_finest_resolution() -> None:
    for generation in ({"resolution": 2048}, {"resolution_0": 32, "upsampling_steps": 6}):
        assert from_dict({"generation": generation}).resolution == MAX_RESOLUTION


def test_kinds_of_levels() -> None:
    for dataset, patch, h5 in (
        ("Shapes3D", False, False),
        ("Parts3D", True, False),
        ("Shapes3DH5", False, True),
        ("Parts3DH5", True, True),
        ("Procedural3D", False, False),
        ("ProceduralParts3D", True, False),
    ):
        data = {"dataset": dataset, "img_size": 256, "parts_size": 32, "parts_stride": 16}
        config = from_dict({"data": data})
        assert (config.is_patch, config.is_h5, config.is_sdf) == (patch, h5, False)
        assert config.is_procedural is dataset.startswith("Procedural")
    assert from_dict({"method": "onet_sdf", "test": {"threshold": -0.02}}).is_sdf


# --- round trips --------------------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
POSITIVE = st.integers(1, 2**40)
NATURAL = st.integers(0, 2**40)
FEW = st.integers(1, 2**24)
WIDTH = st.integers(1, 1024)
EVERY = {f"{word}_every": NATURAL for word in ("print", "visualize", "checkpoint", "validate")}
DATA = st.fixed_dictionaries(
    {},
    optional={
        "path": NAMES,
        "classes": st.none() | st.lists(NAMES, min_size=1, max_size=3),
        "train_split": st.none() | NAMES,
        "img_folder": NAMES | st.just(""),
        "img_augment": st.booleans(),
        "points_subsample": FEW | st.tuples(FEW, FEW).map(list),
        "points_iou_file": st.none() | NAMES,
    },
)
PATCH = st.tuples(st.integers(1, 16), st.integers(0, 15), st.sampled_from(["Parts3D", "Parts3DH5"]))
VALUES = st.fixed_dictionaries(
    {"data": DATA},
    optional={
        "model": st.fixed_dictionaries(
            {},
            optional={
                "encoder_kwargs": st.fixed_dictionaries({}, optional={"width": WIDTH}),
                "decoder_kwargs": st.fixed_dictionaries(
                    {},
                    optional={
                        "hidden_size": st.integers(1, 8192),
                        "observed": st.sampled_from(["none", "offset", "silhouette"]),
                    },
                ),
                "decoder": NAMES,
                "z_dim": NATURAL,
            },
        ),
        "training": st.fixed_dictionaries(
            {}, optional={**EVERY, "out_dir": NAMES, "batch_size": POSITIVE}
        ),
        "test": st.fixed_dictionaries(
            {}, optional={"threshold": st.floats(0, 1, exclude_min=True, exclude_max=True)}
        ),
        "generation": st.fixed_dictionaries(
            {},
            optional={
                "lattice": st.sampled_from(["exact", "released"]),
                "extraction": st.sampled_from(["mise", "dense"]),
                "resolution": st.none() | st.integers(1, MAX_RESOLUTION),
                "simplify_nfaces": st.none() | st.integers(4, 2**40),
                "upsampling_steps": st.integers(0, 16),
            },
        ),
    },
)


@settings(max_examples=30, deadline=None)
@given(VALUES, st.none() | PATCH)
def test_saved_configs_load_to_equal_ones(
    tmp_path_factory: pytest.TempPathFactory,
    values: dict[str, Any],
    patch: tuple[int, int, str] | None,
) -> None:
    if patch is not None:
        stride, more, dataset = patch
        # An image of `more` strides beyond the first window is tiled by construction.
        tiled = {"parts_size": 16, "parts_stride": stride, "img_size": 16 + more * stride}
        values = values | {"data": values["data"] | tiled | {"dataset": dataset}}
    config = from_dict(values)
    path = tmp_path_factory.getbasetemp() / "round_trip.yaml"
    save_config(config, path)
    loaded = load_config(path)
    assert loaded == config
    assert hash(loaded) == hash(config)
    assert loaded.source == path
    assert from_dict(to_dict(config)) == config
    assert differences(to_dict(config), to_dict(loaded)) == []
    for key, value in flat(values).items():
        assert flat(to_dict(loaded))[key] == value


def test_saving_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "made" / "config.yaml"
    save_config(Config(), path)
    assert [p.name for p in path.parent.iterdir()] == ["config.yaml"]
    assert list(yaml.safe_load(path.read_text())) == [
        "method", "data", "model", "training", "test", "generation",
    ]  # fmt: skip


def test_configs_are_frozen_and_complete_without_arguments() -> None:
    for section in (Config, DataConfig, EncoderConfig, DecoderConfig, ModelConfig, TrainingConfig):
        assert section() == section()
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(section(), dataclasses.fields(section)[0].name, 1)
    assert to_dict(TestConfig()) == to_dict(Config())["test"]
    assert to_dict(GenerationConfig()) == to_dict(Config())["generation"]


# --- reading ------------------------------------------------------------------------------------


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_child_overrides_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "grandparent": "data: {classes: [a, b], path: there, train_split: t}\n"
        "model: {encoder_kwargs: {width: 8}, c_dim: 7}\ntest: {eval_mesh: false}\n",
        "parent": "inherit_from: grandparent.yaml\ndata: {classes: [c]}\ntest: null\nmodel:\n",
        "child": "inherit_from: parent.yaml\ndata: {train_split: null}\n"
        "model: {encoder_kwargs: {normalize: true}, decoder_kwargs: null}\n",
    }.items():
        write(tmp_path, f"{name}.yaml", text)
    config = load_config("child.yaml")
    assert config.data.classes == ("c",)
    assert config.data.path == "there"
    assert config.data.train_split is None
    assert config.model.encoder_kwargs == EncoderConfig(normalize=True, width=8)
    assert config.model.decoder_kwargs == DecoderConfig()
    assert config.model.c_dim == 7
    assert config.test.eval_mesh is False
    assert config.source == Path("child.yaml")


def test_parents_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "mine.yaml", "inherit_from: configs/demo/volume.yaml\n")
    monkeypatch.chdir(tmp_path)
    assert load_config("mine.yaml") == load_config(CONFIGS / "demo/volume.yaml")
    (tmp_path / "configs/demo").mkdir(parents=True)
    write(tmp_path, "configs/demo/volume.yaml", "data: {path: nearer}\n")
    assert load_config("mine.yaml").data.path == "nearer"


def test_equal_parents_are_no_circle(tmp_path: Path) -> None:
    path = write(tmp_path, "x.yaml", "inherit_from: null\nmethod: onet\n")
    assert load_config(path) == Config()


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-4", 1e-4), ("1E-1", 0.1), ("'.5e-1'", 0.05), ("1.e-2", 0.01), ("0.25", 0.25)],
)
def test_numbers(tmp_path: Path, text: str, value: float) -> None:
    config = load_config(write(tmp_path, "x.yaml", f"test: {{threshold: {text}}}"))
    assert config.test.threshold == value


def test_integers_are_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "x.yaml", "method: onet_sdf\ntest: {threshold: 0}")
    threshold = load_config(path).test.threshold
    assert (threshold, type(threshold)) == (0.0, float)


def test_merge_keys_are_no_duplicates(tmp_path: Path) -> None:
    text = (
        "data:\n  <<: &more {path: a, img_folder: b}\n  img_folder: c\n"
        "model:\n  encoder_kwargs: &kwargs\n    <<: {width: 3}\n    width: 4\n"
    )
    config = load_config(write(tmp_path, "x.yaml", text))
    assert (config.data.path, config.data.img_folder) == ("a", "c")
    assert config.model.encoder_kwargs.width == 4


def test_keys_without_effect_are_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG, "im2mesh")
    old = {section: dict.fromkeys(keys.split(), 1) for section, keys in WITHOUT_EFFECT.items()}
    write(tmp_path, "old.yaml", yaml.safe_dump(old))
    write(tmp_path, "new.yaml", "inherit_from: old.yaml\ndata: {dim: 2}\n")
    assert load_config("new.yaml") == Config()
    mine, theirs = caplog.messages
    assert mine == "new.yaml: keys without effect: data.dim"
    file, _, named = theirs.partition(": keys without effect: ")
    assert file == "old.yaml"
    assert set(named.split(", ")) == set(flat(old)) == KEYS_WITHOUT_EFFECT
    caplog.clear()
    write(tmp_path, "null.yaml", "preprocessor:\n")
    assert load_config("null.yaml") == Config()
    load_config(CONFIGS / "00_paper_genre/genre_hpn3.yaml")
    assert not caplog.messages


def test_differences() -> None:
    before = {"a": 1, "b": {"c": [1, {"d": "x"}], "e": None}, "same": {"k": (1, 2)}, "f": True}
    after = {"a": 1.0, "b": {"c": [1, {"d": "y"}], "e": 2}, "g": 0, "same": {"k": [1, 2]}, "f": 1}
    assert differences(before, after) == [
        "b.c[1].d: 'x' -> 'y'",
        "b.e: None -> 2",
        "f: True -> 1",
        "g: absent -> 0",
    ]
    assert differences({"a": [1]}, {"a": [1, 2]}) == ["a: [1] -> [1, 2]"]
    assert differences({"a": 1}, {}) == ["a: 1 -> absent"]
    assert differences({"a": {"b": 1}}, {"a": 2}) == ["a: {'b': 1} -> 2"]


# --- messages -----------------------------------------------------------------------------------

SUBSAMPLE = "an integer from 1 to 2^24, or [outside, inside]"
THRESHOLD, RATE = "a number from -1e+30 to 1e+30", "a positive number up to 1e30"
DATASETS = "Shapes3D, Parts3D, Shapes3DH5, Parts3DH5, Procedural3D or ProceduralParts3D"
PROBABILITY = "test.threshold must lie between 0 and 1, a probability, for method onet"
HUGE = "a number beyond 64 bits"
CHANNELS = "a list of one to five multiples of 8 from 8 to 1024"
OBSERVED = "true, false, none, offset or silhouette"
MUST_BE = [
    ("preprocessor", "5", "a mapping of keys", "5"),
    ("data", "[1]", "a mapping of keys", "a list"),
    ("model.encoder_kwargs", "64", "a mapping of keys", "64"),
    ("method", "a" * 99, "onet or onet_sdf", f"'{'a' * 57}...'"),
    ("data.img_size", "big", "a positive integer", "'big'"),
    ("data.img_size", "true", "a positive integer", "true"),
    ("data.img_size", "256.0", "a positive integer", "256.0"),
    ("data.img_size", "0", "a positive integer", "0"),
    ("data.val_shapes", 2**63, "a positive integer", HUGE),
    ("data.path", "3", "a string that is not empty", "3"),
    ("data.path", "''", "a string that is not empty", "''"),
    ("data.path", "[" + "a, " * 99 + "]", "a string that is not empty", "a list"),
    ("data.img_folder", "no", "a string", "false"),
    ("data.train_split", "{}", "a string that is not empty or null", "a mapping"),
    ("data.img_augment", "1", "true or false", "1"),
    ("data.classes", "demo", "a list of strings or null", "'demo'; write [demo]"),
    ("data.classes", "[]", "a list of strings or null", "an empty list"),
    ("data.classes", "[03001627]", "a list of strings or null",
     "a list; its entry 787351 is no string, put it in quotes"),
    ("data.points_subsample", "all", SUBSAMPLE, "'all'"),
    ("data.points_subsample", "[1, 2, 3]", SUBSAMPLE, "a list; the list has 3 entries"),
    ("data.points_subsample", "[0, 0]", SUBSAMPLE, "a list; the list asks for no point at all"),
    ("data.points_subsample", "[0, 16777217]", SUBSAMPLE, "a list"),
    ("data.dataset", "parts3d", DATASETS, "'parts3d'"),
    ("data.extent", "0.8", "[low, high], two numbers from 0.1 to 1", "0.8"),
    ("data.extent", "[0.8, 1.1]", "[low, high], two numbers from 0.1 to 1", "a list"),
    ("data.elevation", "[50, -20]", "[low, high], two numbers from -90 to 90",
     "a list; the first is the larger one"),
    ("model.c_dim", "8193", "an integer from 1 to 8192", "8193"),
    ("model.encoder_kwargs.width", "1025", "an integer from 1 to 1024", "1025"),
    ("model.encoder_kwargs.features", "0", "an integer from 1 to 8192", "0"),
    ("model.encoder_kwargs.cells", "48", "16, 32, 64, 128 or 256", "48"),
    ("model.encoder_kwargs.cells", "64.0", "16, 32, 64, 128 or 256", "64.0"),
    ("model.encoder_kwargs.channels", "[12]", CHANNELS, "a list"),
    ("model.encoder_kwargs.channels", "[]", CHANNELS, "an empty list"),
    ("model.encoder_kwargs.channels", "32", CHANNELS, "32"),
    ("model.encoder_kwargs.lift", "4", "a multiple of 8 from 0 to 1024", "4"),
    ("model.decoder_kwargs.hidden_size", "8193", "an integer from 1 to 8192", "8193"),
    ("model.decoder_kwargs.observed", "yes please", OBSERVED, "'yes please'"),
    ("model.decoder_kwargs.observed", "1", OBSERVED, "1"),
    ("model.decoder_kwargs.observed", "null", OBSERVED, "null"),
    ("model.decoder_kwargs.observed", "[offset]", OBSERVED, "a list"),
    ("model.decoder_kwargs.observed", "features", OBSERVED,
     "'features'; features was removed; use silhouette"),
    ("training.print_every", "-1", "an integer, 0 or more", "-1"),
    ("training.seed", 10**30, "an integer, 0 or more", HUGE),
    ("training.seed", "0x" + "f" * 9999, "an integer, 0 or more", HUGE),
    ("training.num_workers", "1025", "an integer from 0 to 1024", "1025"),
    ("training.lr", "0", RATE, "0"),
    ("training.lr", "1.0e+31", RATE, "1e+31"),
    ("training.lr", 10**400, RATE, HUGE),
    ("training.ema", "1", "a number from 0 to below 1", "1"),
    ("training.grad_clip", "-1", f"{RATE} or null", "-1"),
    ("test.threshold", "'0.2'", THRESHOLD, "'0.2'"),
    ("test.threshold", ".nan", THRESHOLD, "nan"),
    ("generation.upsampling_steps", "99", "an integer from 0 to 16", "99"),
    ("generation.extraction", "3", "mise or dense", "3"),
    ("generation.resolution", "2049", "an integer from 1 to 2048 or null", "2049"),
    ("generation.level_weight", "1e300", "a number from 1e-06 to 1e+06", "'1e300'"),
]  # fmt: skip
"""A key, its value in a file, what it must be, and what the message says was found."""


def line_of(key: str, value: object) -> str:
    """Return a line of YAML that sets a dotted key."""
    first, *rest = key.split(".")
    for part in reversed(rest):
        value = f"{{{part}: {value}}}"
    return f"{first}: {value}"


PATCHES = "data: {dataset: Parts3D, input_type: depth, img_size: 256"
MESSAGES = {
    # unknown keys
    "data: {pth: x}": "unknown key data.pth; did you mean data.path?",
    "inherit_form: y.yaml": "unknown key inherit_form; did you mean inherit_from?",
    "model: {encoder_kwargs: {widht: 3}}": "unknown key model.encoder_kwargs.widht; did you mean "
        "model.encoder_kwargs.width?",
    "model: {width: 3}": "unknown key model.width; did you mean model.encoder_kwargs.width?",
    "generation: {threshold: 0.5}": "unknown key generation.threshold; did you mean "
        "test.threshold?",
    "model: {decoder_kwargs: {leaky: true}}": "unknown key model.decoder_kwargs.leaky; the nearest "
        "known key is model.decoder_kwargs.blocks",
    "3: 4": "unknown key 3; the nearest known key is training",
    "a.path: 4": "unknown key a.path; did you mean data.path?",
    "a.b: 4": "unknown key a.b; the nearest known key is model.decoder_kwargs.blocks",
    "preprocessor: {foo: 1}": "unknown key preprocessor.foo; nothing reads preprocessor, leave it "
        "out",
    # values that do not go together
    "test: {threshold: -0.02}": f"{PROBABILITY}, found -0.02",
    "test: {threshold: 1}": f"{PROBABILITY}, found 1",
    "data: {input_type: depth}": "data.img_size must be 256 for data.input_type depth, found 224",
    PATCHES + "}": "data.dataset Parts3D needs data.parts_size",
    PATCHES + ", parts_size: 32}": "data.dataset Parts3D needs data.parts_stride",
    PATCHES + ", parts_size: 512, parts_stride: 1}": "data.parts_size 512 is larger than "
        "data.img_size 256",
    PATCHES + ", parts_size: 32, parts_stride: 15}": "patches of data.parts_size 32 at "
        "data.parts_stride 15 do not tile 256 pixels: the stride must divide 256 - 32",
    "training: {lr_schedule: cosine}": "training.lr_schedule cosine needs training.max_iterations",
    # what is no configuration
    "": "is empty; a configuration is a mapping of keys",
    "- a\n": "must be a mapping of keys such as data: and model:, found a list",
    "text": "must be a mapping of keys such as data: and model:, found 'text'",
    "a: 2021-13-40": "broken YAML: month must be in 1..12",
    "[" * 500: "broken YAML: nested too deeply",
    "a: \x01": "is not a text file that YAML can be read from",
    # inheritance
    "inherit_from: 3": "inherit_from must be a path, found 3",
    "inherit_from: ''": "inherit_from must be a path, found ''",
    "inherit_from: nowhere.yaml": "inherit_from names nowhere.yaml, which is neither in the "
        f"working directory nor in {REPOSITORY}",
    "inherit_from: x.yaml": "inherit_from goes in a circle: x.yaml -> x.yaml",
    **{line_of(key, value): f"{key} must be {kind}, found {found}"
       for key, value, kind, found in MUST_BE},
}  # fmt: skip
"""A file x.yaml → the message, without the file's name."""

OTHER_PLACES = {
    "data: [1, 2\nmodel: 3\n": "x.yaml:2:6: broken YAML: expected ',' or ']', but got ':'",
    "data:\n\tpath: a\n": (
        "x.yaml:2:1: broken YAML: found character '\\t' that cannot start any token"
    ),
    "data: {path: a, path: b}": "x.yaml:1:17: broken YAML: the key path stands twice",
    "data: {}\ntest: {}\ndata: {}\n": "x.yaml:3:1: broken YAML: the key data stands twice",
    "? [a]\n: 3\n": "x.yaml:1:3: broken YAML: found unhashable key",
    "a: 1\n---\nb: 2\n": (
        "x.yaml:2:1: broken YAML: expected a single document in the stream, but found another "
        "document"
    ),
    "a: !!python/object/apply:os.getcwd []\n": (
        "x.yaml:1:4: broken YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.getcwd'"
    ),
    "inherit_from: .": ".: is a folder; give a configuration file in it",
}
"""The same where the message begins with a line's number or another file."""


@pytest.mark.parametrize(
    ("text", "message"),
    [(text, f"x.yaml: {message}") for text, message in MESSAGES.items()]
    + list(OTHER_PLACES.items()),
    ids=lambda text: text[:40].replace("\n", "|"),
)
def test_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "x.yaml", text)
    with pytest.raises(ConfigError) as caught:
        load_config("x.yaml")
    assert str(caught.value).splitlines() == [message]


def test_message_names_the_file_that_holds_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "parent.yaml", "data: {pth: x}\n")
    write(tmp_path, "child.yaml", "inherit_from: parent.yaml\n")
    with pytest.raises(ConfigError, match=r"^parent\.yaml: unknown key data\.pth; did you mean "):
        load_config("child.yaml")
    write(tmp_path, "a.yaml", "inherit_from: b.yaml")
    write(tmp_path, "b.yaml", "inherit_from: ./a.yaml")
    with pytest.raises(ConfigError) as caught:
        load_config("a.yaml")
    assert str(caught.value) == (
        "a.yaml: inherit_from goes in a circle: a.yaml -> b.yaml -> a.yaml"
    )


def test_message_without_a_file() -> None:
    for source, name in ((None, "config"), (Path("x.yaml"), "x.yaml")):
        with pytest.raises(ConfigError) as caught:
            from_dict({"data": {"pth": 1}}, source)
        assert str(caught.value) == f"{name}: unknown key data.pth; did you mean data.path?"
    with pytest.raises(ConfigError) as caught:
        from_dict({"test": {"threshold": 3}})
    assert str(caught.value).startswith("config: test.threshold must lie between 0 and 1")


def test_keys_of_generation_alone() -> None:
    assert read_generation({"resolution": 64, "level_weight": 2}, "me") == {
        "resolution": 64, "level_weight": 2.0,
    }  # fmt: skip
    numbers = read_generation(
        {"resolution": np.int64(64), "observation_noise": np.float32(0.25)}, "me"
    )
    assert numbers == {"resolution": 64, "observation_noise": 0.25}
    assert [type(number) for number in numbers.values()] == [int, float]
    with pytest.raises(ConfigError) as caught:
        read_generation({"lattice": "relased"}, "me")
    assert str(caught.value) == (
        "me: generation.lattice must be exact or released, found 'relased'"
    )


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def message(path: str) -> str:
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        return str(caught.value)

    assert message("none.yaml") == "none.yaml: no such configuration file"
    assert message(".") == ".: is a folder; give a configuration file in it"
    (tmp_path / "x.yaml").write_bytes(bytes(range(128, 256)))
    assert message("x.yaml") == "x.yaml: is not a text file that YAML can be read from"
    assert message("x.yaml/y") == "x.yaml/y: cannot be read (Not a directory)"

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert message("x.yaml") == "x.yaml: cannot be read (Permission denied)"


@pytest.mark.parametrize(
    ("key", "value", "found", "only"),
    [
        ("data.input_type", "img", "'img'", "'depth'"),
        ("model.decoder", "simple", "'simple'", "'cbatchnorm'"),
        ("model.encoder", "resnet50", "'resnet50'", "'resnet18'"),
        ("model.encoder", "null", "null", "'resnet18'"),
        ("model.encoder_latent", "x", "'x'", "null"),
        ("model.z_dim", "64", "64", "0"),
        ("model.encoder_kwargs.input_channels", "3", "3", "1"),
        ("model.encoder_kwargs.normalize", "true", "true", "false"),
        ("model.encoder_kwargs.pretrained", "true", "true", "false"),
    ],
)
def test_what_is_not_built(key: str, value: str, found: str, only: str) -> None:
    good = {
        "data": {"input_type": "depth", "img_size": 256},
        "model": {"decoder": "cbatchnorm", "z_dim": 0},
    }
    from_dict(good).check_supported()
    changed = yaml.safe_load(line_of(key, value))
    merged = {section: good[section] | changed.get(section, {}) for section in good}
    with pytest.raises(ConfigError) as caught:
        from_dict(merged, Path("x.yaml")).check_supported()
    assert str(caught.value) == f"x.yaml: {key} is {found}, but only {only} is supported"


def test_defaults_are_legal_in_a_file_but_not_built() -> None:
    with pytest.raises(ConfigError, match=r"data\.input_type is 'img'"):
        load_config("configs/default.yaml").check_supported()
