"""eval_meshes.py and read_results.py on small data sets: files, means, resuming, bad input."""

from __future__ import annotations

import os
import pickle
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import trimesh
import yaml
from PIL import Image

import generate
from im2mesh.commands import eval_meshes, read_results
from im2mesh.data.depth import load_depth
from im2mesh.data.run_folders import global_level
from im2mesh.data.storage import Points, read_points, write_points
from im2mesh.errors import ConfigError, DataError, InputError
from im2mesh.files import atomic, locked, read_csv
from im2mesh.geometry.mesh_files import write_mesh
from im2mesh.metrics import results, run, tasks
from im2mesh.metrics.report import class_table, comparison_by_class, printout
from im2mesh.metrics.scored_runs import ScoredMethod, ScoredRun, load_methods
from im2mesh.metrics.tasks import MeshTask
from im2mesh.preparation.packing import pack_class
from tests.conftest import REPOSITORY
from tests.fixtures import BROKEN_YAML, ball, write_dataset, write_image

POINTS = 1_500
"""Points of ground truth, and drawn on each mesh: fewer than usual, which is faster."""

NAMES = ["box_0-00", "box_1-00", "ball_0-00", "compositional_0-00"]


def shapes() -> dict[str, trimesh.Trimesh]:
    left = trimesh.creation.box((0.4, 0.4, 0.4)).apply_translation([-0.3, 0, 0])
    meshes = (
        trimesh.creation.box((1.0, 0.6, 0.4)),
        trimesh.creation.box((0.5, 1.0, 0.3)),
        ball(0.5, subdivisions=3),
        trimesh.util.concatenate([left, ball(0.2, (0.3, 0, 0), 3)]),
    )
    return dict(zip(NAMES, meshes, strict=True))


class Project:
    """A data set, a configuration and the meshes of a run."""

    def __init__(self, root: Path, count: int = POINTS) -> None:
        self.root = root
        self.shapes = shapes()
        if not (root / "data").exists():
            write_dataset(root / "data", "things", self.shapes, count)
        self.run = root / "out" / "generation"
        self.config = self.write_config("method")
        for name in self.shapes:
            # A prediction that is a little off, each by itself.
            self.write_mesh(name, scale=0.97)

    def write_config(self, name: str, **sections: dict) -> str:
        data = {"path": str(self.root / "data"), "classes": ["things"], "test_split": "all"}
        values: dict[str, dict] = {
            "data": {**data, "input_type": "depth", "img_size": 256, "img_folder": ""},
            "training": {"out_dir": str(self.root / "out")},
            "test": {"eval_pointcloud": False},
            "generation": {"generation_dir": "generation"},
        }
        for section, keys in sections.items():
            values[section] |= keys
        path = self.root / f"{name}.yaml"
        path.write_text(yaml.safe_dump(values))
        return str(path)

    def level(self, run: str, **generation: object) -> dict:
        """Return the configuration of a global level whose run alone is ``out/<run>``."""
        return {
            "training": {"out_dir": str(self.root / "out")},
            "generation": {"generation_dir": run, **generation},
        }

    def record(self, run: str, *levels: tuple[str, dict], **generation: object) -> None:
        """Write the record of a run: each level's digest of weights and configuration."""
        entries = [{"sha256": digest, "config": config} for digest, config in levels]
        path = self.root / "out" / run / "config.yaml"
        path.write_text(yaml.safe_dump({"generation": generation, "levels": entries}))

    def mesh_path(self, name: str, run: str = "generation", suffix: str = "ply") -> Path:
        return self.root / "out" / run / "meshes" / "things" / f"{name}.{suffix}"

    def write_mesh(
        self, name: str, scale: float = 1.0, run: str = "generation", suffix: str = "ply"
    ) -> None:
        mesh = self.shapes[name].copy().apply_scale(scale) if scale else trimesh.Trimesh()
        write_mesh(mesh, self.mesh_path(name, run, suffix))

    def score(self, *more: str, code: int = 0) -> None:
        """Run eval_meshes.py."""
        assert eval_meshes.main([self.config, "--workers", "1", *more]) == code

    def evaluate(self, *more: str, code: int = 0) -> pd.DataFrame:
        """Run eval_meshes.py and give the rows by model name."""
        self.score(*more, code=code)
        return self.rows()

    def rows(self, kind: str = results.MESHES) -> pd.DataFrame:
        return results.read_table(self.run / f"{kind}_full_things.pkl").set_index("modelname")

    def by_class(self) -> pd.DataFrame:
        return pd.read_csv(self.run / "eval_meshes_things.csv", index_col="class name")


def draw(samples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let evaluations draw so many points on a mesh."""
    defaults = (0, True, samples, True)
    monkeypatch.setattr(tasks.ScoringSettings.__init__, "__defaults__", defaults)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, to be copied."""
    root = tmp_path_factory.mktemp("data")
    write_dataset(root, "things", shapes(), POINTS)
    return root


@pytest.fixture
def project(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A data set and a run that may be changed."""
    draw(POINTS, monkeypatch)
    shutil.copytree(data, tmp_path / "data")
    return Project(tmp_path)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Scored once, with baselines and against the input; not to be changed."""
    project = Project(tmp_path_factory.mktemp("scored"), 30_000)
    project.config = project.write_config("method", test={"seen_classes": ["box"]})
    with pytest.MonkeyPatch.context() as patch:
        draw(30_000, patch)
        project.score("--baselines")
    project.score("--against-input")
    return project


def remarked(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> str:
    capsys.readouterr()
    assert read_results.main(arguments) == 0
    return capsys.readouterr().err


def printed(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> str:
    capsys.readouterr()
    assert read_results.main(arguments) == 0
    return capsys.readouterr().out


# --- files --------------------------------------------------------------------------------------


def test_files_and_columns(scored: Project, shared: Path) -> None:
    table = pd.read_pickle(scored.run / "eval_meshes_full_things.pkl")
    assert table.index.name == "idx" and table.index.tolist() == [0, 1, 2, 3]
    assert table.columns[:3].tolist() == ["class id", "class name", "modelname"]
    assert table["class name"].tolist() == ["box", "box", "ball", "compositional"]
    assert (table["class id"] == "things").all() and table["modelname"].tolist() == NAMES
    published = np.load(shared / "conformance/released_metrics.npz")["keys"].tolist()
    names = [f"{name} (mesh)" for name in published]
    assert table.columns[3 : 3 + len(names)].tolist() == names
    assert {f"{name} raw" for name in names} | {"iou (mesh)"} <= set(table)
    assert table[names].notna().all(axis=None)
    csv = pd.read_csv(scored.run / "eval_meshes_full_things.csv")
    np.testing.assert_allclose(csv[names], table[names], rtol=1e-14)
    by_class = scored.by_class()
    assert by_class.index.tolist() == ["ball", "box", "compositional"]
    np.testing.assert_allclose(
        by_class["chamfer (mesh)"], table.groupby("class name")["chamfer (mesh)"].mean()
    )
    assert by_class["meshes"].tolist() == [1, 2, 1] and not by_class["missing"].any()
    curves = pd.read_csv(scored.run / "eval_meshes_curve_things.csv")
    np.testing.assert_allclose(curves["0.010"], table["fscore@1 (mesh)"])
    np.testing.assert_allclose(curves["0.010 raw"], table["fscore@1 (mesh) raw"])


def test_names_of_digits_stay_names(scored: Project, tmp_path: Path) -> None:
    """ShapeNet's class folders are numbers with leading zeros; curves are found by them."""
    models = ["0001", "0002", "nan"]
    table = results.read_table(scored.run / "eval_meshes_full_things.pkl")
    keys = [{"idx": k, "class id": "03636649", "modelname": name} for k, name in enumerate(models)]
    rows = [{**row, **key} for row, key in zip(table.to_dict("records"), keys, strict=False)]
    curves = [{**key, **dict.fromkeys(results.curve_columns(raw=True), 0.5)} for key in keys]
    results.write_scores(tmp_path, results.MESHES, "03636649", rows, curves, models)
    scores = results.read_scores(tmp_path, results.MESHES)
    assert scores is not None and scores.curves is not None
    for read in (scores.table, scores.curves):
        assert read["class id"].tolist() == ["03636649"] * 3
        assert read["modelname"].tolist() == models


def test_scores_are_sensible(scored: Project) -> None:
    table = scored.rows()
    assert (table["fscore@2 (mesh)"] > 0.5).all()
    assert table["iou (mesh)"].between(0.85, 0.97).all(), "0.97 ** 3 of the volume"
    inputs = scored.rows(results.INPUT)
    assert (inputs["precision@1 (mesh) raw"] > 0.94).all(), "what the camera saw is on the surface"
    assert (inputs["recall@1_vis (mesh) raw"] > 0.8).all()
    assert (inputs["recall@1_invis (mesh) raw"] < 0.6).all()
    assert "iou (mesh)" not in inputs
    observed = scored.rows(results.OBSERVED)
    assert observed["silhouette iou (mesh)"].between(0.85, 0.99).all()
    assert observed["depth error median (mesh)"].between(0.001, 0.03).all()


def test_what_rows_do_not_depend_on(project: Project) -> None:
    """Processes, other models, the format of meshes and of the data set."""
    one = project.evaluate("--no-icp")
    for path in project.run.glob("eval_*"):
        path.unlink()
    folder = project.root / "data/things"
    (folder / "all.lst").write_text("\n".join(NAMES[:2]))
    assert eval_meshes.main([project.config, "--no-icp", "--workers", "2"]) == 0
    columns = [name for name in one if name not in ("idx", "fingerprint")]
    pd.testing.assert_frame_equal(project.rows()[columns], one[columns].loc[NAMES[:2]])
    (folder / "all.lst").write_text(NAMES[1])
    again = project.evaluate("--no-icp", "--seed", "0")
    pd.testing.assert_frame_equal(again[columns], one[columns].loc[NAMES[1:2]])
    for name in NAMES:
        project.mesh_path(name).unlink()
        project.write_mesh(name, 0.97, suffix="off")
    packed = pack_class(folder, NAMES)
    (folder / "h5.lst").write_text("".join(f"{name} {packed[name]}\n" for name in NAMES))
    project.config = project.write_config("h5", data={"dataset": "Shapes3DH5", "test_split": "h5"})
    scores = [name for name in one if "(mesh)" in name]
    pd.testing.assert_frame_equal(project.evaluate("--no-icp")[scores], one[scores])


# --- means --------------------------------------------------------------------------------------


def test_all_meshes_empty(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for name in NAMES:
        project.write_mesh(name, scale=0)
    table = project.evaluate()
    diagonal = 3**0.5
    for column, expected in (
        ("fscore@1 (mesh)", 0.0),
        ("completeness (mesh)", diagonal),
        ("accuracy (mesh) raw", diagonal),
        ("chamfer (mesh)", 2 * diagonal),
        ("iou (mesh)", 0.0),
    ):
        assert table[column].tolist() == pytest.approx([expected] * 4)
        assert project.by_class()[column].tolist() == pytest.approx([expected] * 3)
    assert project.by_class()["empty"].tolist() == [1, 2, 1]
    text = printed(capsys, [project.config, "--format", "csv"])
    assert "mean,0.000000,0.000000,0.000000,0.000000,0.000000,346.410162," in text


def test_half_of_the_meshes_missing(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """One box left of two, one of the other classes, and that one empty: means by hand."""
    project.mesh_path("box_0-00").unlink()
    project.mesh_path("ball_0-00").unlink()
    project.write_mesh("compositional_0-00", scale=0)
    table = project.evaluate(code=1)
    lines = capfd.readouterr().err.splitlines()
    assert "warning: missing, and in no mean: 2 of 4: things/box_0-00, things/ball_0-00" in lines
    assert "warning: empty, scored as the worst: things/compositional_0-00" in lines
    assert table.index.tolist() == ["box_1-00", "compositional_0-00"]
    by_class = project.by_class()
    assert by_class.index.tolist() == ["ball", "box", "compositional"]
    counts = by_class[["meshes", "empty", "missing"]].to_numpy().tolist()
    assert counts == [[0, 0, 1], [1, 0, 1], [1, 1, 0]]
    box = table["fscore@1 (mesh)"]["box_1-00"]
    assert 0 < box <= 1
    assert by_class["fscore@1 (mesh)"]["box"] == box
    assert np.isnan(by_class["fscore@1 (mesh)"]["ball"])
    assert read_results.main([project.config, "--format", "csv"]) == 0
    shown, remarks = capfd.readouterr()
    mean = next(row for row in shown.splitlines() if row.startswith("mean,")).split(",")
    assert float(mean[2]) == pytest.approx(100 * (box + 0) / 2, abs=1e-5)
    assert remarks.splitlines() == [
        "method: 2 of 4 meshes have no scores and are in no mean",
        "method: 1 of 2 meshes are empty and count as the worst",
        "baselines not in the table: input points; eval_meshes.py CONFIG --baselines adds them",
    ]


def test_means_by_hand(scored: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Over classes, over samples, over seen and unseen classes."""
    table = scored.rows()
    f = {name: 100 * table["fscore@1 (mesh)"][name] for name in NAMES}
    box = (f["box_0-00"] + f["box_1-00"]) / 2
    ball, both = f["ball_0-00"], f["compositional_0-00"]
    out = scored.root / "only"
    out.mkdir(exist_ok=True)
    for path in scored.run.glob("eval_meshes*"):
        (out / path.name).write_bytes(path.read_bytes())
    config = scored.write_config(
        "only", generation={"generation_dir": "../only"}, test={"seen_classes": ["box"]}
    )
    rows = [line.split(",") for line in printed(capsys, [config, "--format", "csv"]).splitlines()]
    found = {row[0]: float(row[2]) for row in rows[1:]}
    assert rows[0][2] == "F@1%"
    assert found == pytest.approx(
        {
            "ball": ball,
            "box": box,
            "compositional": both,
            "mean": (box + ball + both) / 3,
            "mean_sample": sum(f.values()) / 4,
            "mean seen": box,
            "mean_sample seen": box,
            "mean unseen": (ball + both) / 2,
            "mean_sample unseen": (ball + both) / 2,
        },
        abs=1e-5,
    )


# --- resuming -----------------------------------------------------------------------------------


def scored_models(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the models that are scored from now on."""
    names: list[str] = []
    score = MeshTask.score

    def noting(task: MeshTask, threads: int):
        names.append(task.model)
        return score(task, threads)

    monkeypatch.setattr(MeshTask, "score", noting)
    return names


def test_resuming(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Only what changed is scored again; each change comes on top of those before it."""
    table, curves = (project.run / f"eval_meshes_{name}_things" for name in ("full", "curve"))
    table, curves = table.with_suffix(".pkl"), curves.with_suffix(".csv")
    cloud = project.root / "data/things/ball_0-00/pointcloud.npz"

    def rewrite(path: Path, data: bytes) -> None:
        path.unlink()
        path.write_bytes(data)

    def read_otherwise() -> None:
        project.config = project.write_config("bits", data={"points_unpackbits": False})

    def lose(model: str) -> None:
        pd.read_csv(curves).query("modelname != @model").to_csv(curves, index=False)

    plain, seeded, aligned = ["--no-icp"], ["--no-icp", "--seed", "1"], ["--seed", "1"]
    before = project.evaluate(*plain)
    names = scored_models(monkeypatch)
    for flags, change, expected in (
        (plain, lambda: None, []),
        (plain, lambda: project.write_mesh("box_1-00", scale=0.9), ["box_1-00"]),
        (plain, lambda: rewrite(cloud, cloud.read_bytes()), ["ball_0-00"]),
        (plain, lambda: os.utime(cloud, (1000, 1000)), ["ball_0-00"]),
        (plain, lambda: lose("ball_0-00"), ["ball_0-00"]),
        (plain, lambda: pd.read_pickle(table).drop(columns="note").to_pickle(table), []),
        (plain, curves.unlink, NAMES),
        (plain, lambda: rewrite(table, table.read_bytes()[:1000]), NAMES),
        (plain, read_otherwise, NAMES),
        (seeded, lambda: None, NAMES),
        (aligned, lambda: None, NAMES),
    ):
        change()
        names.clear()
        now = project.evaluate(*flags)
        assert names == expected
        kept = [name for name in NAMES if name not in expected]
        scores = [name for name in before if name.endswith(" raw")]
        pd.testing.assert_frame_equal(now.loc[kept, scores], before.loc[kept, scores])
        before = now
    assert re.search(
        r"^warning: .*eval_meshes_full_things.pkl: not a readable table \(.*\): its "
        r"meshes are scored anew$",
        capfd.readouterr().err,
        re.M,
    )
    project.mesh_path("box_0-00").unlink()
    assert project.evaluate(*aligned, code=1).index.tolist() == NAMES[1:]


def interrupt(
    project: Project, names: list[str], after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Score so many meshes, ``names`` (:func:`scored_models`), and press Ctrl-C."""
    score = MeshTask.score

    def stopping(task: MeshTask, threads: int):
        if len(names) == after:
            raise KeyboardInterrupt
        return score(task, threads)

    with monkeypatch.context() as patch:
        patch.setattr(MeshTask, "score", stopping)
        with pytest.raises(KeyboardInterrupt):
            project.score()


def test_an_interrupted_run_goes_on(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    names = scored_models(monkeypatch)
    interrupt(project, names, 2, monkeypatch)
    assert project.rows().index.tolist() == NAMES[:2]
    assert project.by_class()["missing"].tolist() == [1, 0, 1]
    names.clear()
    assert project.evaluate().index.tolist() == NAMES
    assert names == NAMES[2:]


def test_a_class_folder_without_rows(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its old rows go, its models are missing, and the others keep their curves."""
    write_dataset(project.root / "data", "others", {"cup_0-00": project.shapes[NAMES[0]]}, POINTS)
    cup = project.run / "meshes/others/cup_0-00.ply"
    project.config = project.write_config("two", data={"classes": ["things", "others"]})

    def others() -> pd.DataFrame:
        return results.read_table(project.run / "eval_meshes_full_others.pkl")

    def missing() -> dict[str, int]:
        scores = results.read_scores(project.run, results.MESHES)
        assert scores is not None and scores.curves is not None
        assert len(scores.curves) == len(scores.table) == len(NAMES)
        return {name: count for name, count in scores.missing.items() if count}

    project.evaluate(code=1)
    assert not len(others()) and missing() == {"cup": 1}, "missing from the start"
    write_mesh(project.shapes[NAMES[0]], cup)
    project.evaluate()
    assert others()["modelname"].tolist() == ["cup_0-00"]
    cup.unlink()
    project.evaluate(code=1)
    assert not len(others()) and missing() == {"cup": 1}, "missing again"
    assert "two: 1 of 5 meshes have no scores and are in no mean" in remarked(
        capsys, [project.config]
    )
    write_mesh(project.shapes[NAMES[0]], cup)
    project.evaluate()
    for path in [*map(project.mesh_path, NAMES), cup]:
        os.utime(path, (1000, 1000))  # as if all were generated again
    names = scored_models(monkeypatch)
    interrupt(project, names, len(NAMES), monkeypatch)
    assert not len(others()) and missing() == {"cup": 1}, "interrupted before it"


def test_killed_between_two_tables(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fingerprints are written last, so rows beside other curves are scored again."""
    project.evaluate("--no-icp")
    project.write_mesh("box_1-00", scale=0.9)
    written: list[Path] = []

    def killed(path: Path):
        written.append(path)
        if len(written) == 2:
            raise KeyboardInterrupt
        return atomic(path)

    with monkeypatch.context() as patch:
        patch.setattr(results, "atomic", killed)
        with pytest.raises(KeyboardInterrupt):
            project.score("--no-icp")
    names = scored_models(monkeypatch)
    table = project.evaluate("--no-icp")
    curves = pd.read_csv(project.run / "eval_meshes_curve_things.csv", index_col="modelname")
    np.testing.assert_allclose(curves["0.010 raw"], table["fscore@1 (mesh) raw"])
    assert names == ["box_1-00"]


def test_scores_against_the_input_of_an_earlier_mesh(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    def silhouettes() -> pd.Series:
        method = load_methods([ScoredRun(project.run, "method")])[0]
        return method.values("silhouette iou", raw=False)

    project.evaluate("--no-icp")
    project.score("--against-input")
    assert silhouettes().notna().all()
    assert "against the input" not in remarked(capsys, [project.config])
    project.write_mesh("box_1-00", scale=0.5)
    project.evaluate("--no-icp")
    assert silhouettes().isna().tolist() == [name == "box_1-00" for name in NAMES]
    assert "method: 1 of 4 meshes have no scores against the input, or such" in remarked(
        capsys, [project.config]
    )
    # The other way round: nothing of the former meshes is shown as if it were of these.
    for name in NAMES:
        project.write_mesh(name, scale=0.8)
    capsys.readouterr()
    project.score("--against-input")
    shown = capsys.readouterr().out
    assert "Silhouette" in shown and "F@1%" not in shown
    assert "method: 4 of 4 meshes are files of another size or time than were scored" in remarked(
        capsys, [project.config]
    )
    project.evaluate("--no-icp")
    assert "another size or time" not in remarked(capsys, [project.config])
    assert silhouettes().notna().all()
    path = project.run / "eval_observed_full_things.pkl"
    table = pd.read_pickle(path)
    table.assign(fingerprint="0123456789abcdef").to_pickle(path)
    assert silhouettes().notna().all(), "tables of earlier releases do not say"
    table.to_pickle(path)
    project.score("--against-input")
    assert silhouettes().notna().all()


@dataclass(frozen=True)
class DyingTask(tasks.ScoringTask):
    """Takes its process with it, as the system does when memory runs out."""

    def _files(self) -> list:
        return []

    def score(self, threads: int) -> tasks.Row:
        os._exit(9)


@pytest.mark.slow
def test_a_worker_that_dies(tmp_path: Path) -> None:
    dying = [DyingTask(k, "things", f"a_{k}", tasks.ScoringSettings()) for k in range(2)]
    report = run.score(tmp_path, results.MESHES, dying, [], workers=2)
    assert [name for name, _ in report.failed] == ["things/a_0", "things/a_1"]
    assert all("its process died twice" in reason for _, reason in report.failed)
    assert results.read_scores(tmp_path, results.MESHES) is None, "tables without a row"


# --- options ------------------------------------------------------------------------------------


def test_without_icp(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with_icp = project.evaluate()
    without = project.evaluate("--no-icp")
    assert not [n for n in without if n.startswith("chamfer") and not n.endswith("raw")]
    raw = [name for name in without if name.endswith("raw")]
    pd.testing.assert_frame_equal(without[raw], with_icp[raw])
    text = printed(capsys, [project.config])
    assert "class mean ×100, not aligned" in text and "aligned by ICP" not in text


PATCHES = {"data": {"dataset": "Parts3D", "parts_size": 32, "parts_stride": 16}}


def test_baselines(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """The global level alone is found through the fused run's own record."""
    project.record("generation", ("a", PATCHES), ("b", project.level("alone")))
    for name in NAMES[:3]:
        project.write_mesh(name, 0.9, run="alone")
    project.evaluate("--no-icp")
    elsewhere = ["--meshes", str(project.root / "out/alone"), "--no-icp"]
    project.score(*elsewhere, code=1)
    both = "baselines not in the table: input points, global level alone; eval_meshes.py CONFIG"
    assert both in remarked(capsys, [project.config])
    lacking = remarked(capsys, [project.config, elsewhere[1]])
    assert "table: input points; " in lacking, "the global level is one of the runs"
    project.score("--no-icp", "--eval_input")
    assert "not in the table: global level alone; " in remarked(capsys, [project.config])
    (project.root / "out/alone/meshes").rename(project.root / "out/away")
    assert "level alone (its meshes first: generate.py " in remarked(capsys, [project.config])
    (project.root / "out/away").rename(project.root / "out/alone/meshes")
    for path in [*project.run.glob("eval_*"), *(project.root / "out/alone").glob("eval_*")]:
        path.unlink()
    project.score("--no-icp", "--baselines", code=1)
    assert "baselines" not in remarked(capsys, [project.config])
    assert project.rows(results.GLOBAL).index.tolist() == NAMES[:3]
    assert not list((project.root / "out/alone").glob("eval_*")), "all tables of a run in one place"
    text = printed(capsys, [project.config, "--format", "csv", "--raw"])
    head, f1 = text.splitlines()[0].split(","), text.splitlines()[2].split(",")
    assert head[1:4] == ["all method", "all input points", "all global level alone"]
    assert f1[0] == "F@1%" and float(f1[3]) < float(f1[1])
    common = printed(capsys, [project.config, "--format", "csv", "--raw", "--common"])
    values = project.rows()["fscore@1 (mesh) raw"][NAMES[:3]]
    assert "have no scores" not in remarked(capsys, [project.config, "--common"])
    by_hand = 100 * (values[:2].mean() + values.iloc[2]) / 2
    assert float(common.splitlines()[2].split(",")[1]) == pytest.approx(by_hand, abs=1e-5)


def test_a_global_level_that_was_made_otherwise(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    def warned() -> list[str]:
        capfd.readouterr()
        project.score("--no-icp", "--baselines")
        lines = capfd.readouterr().err.splitlines()
        return [line.partition("the run: ")[2] for line in lines if "made otherwise" in line]

    alone = project.level("alone", resolution=64)
    for name in NAMES:
        project.write_mesh(name, 0.9, run="alone")
    project.record("generation", ("b", PATCHES), ("a", alone), observation="surface", seed=1)
    assert not warned(), "without a record nobody knows"
    record = {"observation": "surface", "level_weight": 3.0, "lattice": "exact"}
    project.record("alone", ("a", alone), **record)
    assert not warned()
    coarse = {**alone, "generation": {"resolution_0": 32, "upsampling_steps": 0}}
    project.record("alone", ("c", coarse))
    assert warned() == [
        "other weights",
        "generation.observation: 'surface' -> 'none'",
        "generation.resolution: 64 -> 32",
    ]
    project.record("alone", ("a", {**alone, "test": {"threshold": 0.7}}), observation="surface")
    assert warned() == ["test.threshold: 0.5 -> 0.7"]


def test_the_global_level_alone_made_elsewhere_is_known_by_its_weights(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = ("a", project.level("none")), ("b", PATCHES)
    project.record("generation", other, one)
    for name in NAMES:
        project.write_mesh(name, 0.9, run="elsewhere")
    runs = [str(project.run), str(project.root / "out/elsewhere")]
    project.evaluate("--no-icp")
    project.score("--meshes", runs[1], "--no-icp")
    for level, known in ((("c", one[1]), False), (other, False), (one, True)):
        project.record("elsewhere", level)
        assert ("global level alone" not in remarked(capsys, runs)) == known


def test_eval_input(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.score("--eval_input")
    assert project.rows(results.INPUT).index.tolist() == NAMES
    assert not [path for path in project.run.glob("eval_meshes*") if path.suffix != ".lock"]
    assert not remarked(capsys, [project.config]), "there is nothing to hold against baselines"


def test_meshes_from_elsewhere(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Another method's folder, flat: scored there, and compared by its path."""
    project.evaluate()
    other = project.root / "other"
    for name in NAMES:
        write_mesh(project.shapes[name], other / f"{name}.off")
    project.score("--meshes", str(other))
    assert (other / "eval_meshes_full_things.pkl").is_file()
    text = printed(capsys, [project.config, str(other), "--names", "ours", "theirs"])
    assert re.search(r"^ +ours +theirs +ours +theirs +ours +theirs$", text, re.M)
    with pytest.raises(InputError, match=r"--names: 1 names for 2 runs"):
        read_results.main([project.config, str(other), "--names", "ours"])


def test_point_clouds(project: Project) -> None:
    """test.eval_pointcloud: the clouds that a run wrote, under their own suffix."""
    from im2mesh.data.run_folders import write_pointcloud

    project.config = project.write_config("clouds", test={"eval_pointcloud": True})
    only_meshes = project.evaluate("--no-icp")
    assert not [name for name in only_meshes if "(pcl)" in name], "this run wrote no clouds"
    for name in NAMES:
        write_pointcloud(project.shapes[name], project.run / f"pointcloud/things/{name}.ply", 0)
    (project.run / f"pointcloud/things/{NAMES[0]}.ply").unlink()
    both = project.evaluate("--no-icp")
    chamfer = both[["chamfer (mesh) raw", "chamfer (pcl) raw"]].to_numpy()
    assert np.isfinite(chamfer[:, 0]).all() and np.isnan(chamfer[0, 1])
    assert (chamfer[1:, 1] < chamfer[1:, 0]).all()
    assert both["normals (pcl) raw"].isna().all() and "iou (pcl)" not in both
    project.config = project.write_config(
        "only", test={"eval_mesh": False, "eval_pointcloud": True}
    )
    table = project.evaluate("--no-icp", code=1)
    assert not [name for name in table if "(mesh)" in name] and len(table) == 3


def test_scans_without_a_split(project: Project) -> None:
    """--input: depth maps that no data set names; --depth-scale: the unit of integers."""
    scans, images, out = (project.root / name for name in ("data/things", "deep/things", "scans"))
    images.mkdir(parents=True)
    for name in NAMES[:2]:
        depth = load_depth(scans / name / "000.npz")
        write_image(
            images / f"{name}.png",
            np.where(depth < 0, 0, np.round(depth * 65535)).astype(np.uint16),
        )
        write_mesh(project.shapes[name], out / "meshes/things" / f"{name}.ply")

    def scores(*inputs: str) -> list[list[float]]:
        project.score("--against-input", "--meshes", str(out), "--input", *inputs)
        table = results.read_table(out / "eval_observed_full_things.pkl")
        return table[["silhouette iou (mesh)", "depth error mean (mesh)"]].to_numpy().tolist()

    folders = [str(scans / name) for name in NAMES[:2]]
    for inputs in (folders, [str(images), "--depth-scale", "1/65535"]):
        assert scores(*inputs) == [pytest.approx([1, 0], abs=1e-3)] * 2
    with pytest.raises(InputError, match="--depth-scale no: not a positive number"):
        scores(str(images), "--depth-scale", "no")
    write_mesh(trimesh.Trimesh(), out / "meshes/things" / f"{NAMES[0]}.ply")
    assert scores(*folders)[0] == [0, 1]


def test_pixels_that_are_not_known_do_not_count(project: Project) -> None:
    """A map whose left half is wrong, and says so; of a scan and of a split."""
    name = NAMES[0]
    file = project.root / "data/things" / name / "000.npz"
    with np.load(file) as arrays:
        depth = arrays["arr_0"]
    known = np.ones((256, 256), bool)
    known[:, :128] = False
    depth[:128, :128], depth[128:, :128] = 0.6, -1
    project.write_mesh(name)
    for more in ([], ["--input", str(file.parent)]):
        for arrays, perfect in (({}, False), ({"mask": known}, True)):
            np.savez(file, depth=depth[..., 0], **arrays)
            project.score("--against-input", *more)
            row = project.rows(results.OBSERVED).loc[name]
            assert (row["silhouette iou (mesh)"] > 0.999) == perfect
            assert (row["depth error mean (mesh)"] < 1e-4) == perfect


# --- bad input ----------------------------------------------------------------------------------


def test_no_meshes_at_all(project: Project) -> None:
    for name in NAMES:
        project.mesh_path(name).unlink()
    with pytest.raises(InputError) as caught:
        eval_meshes.main([project.config])
    assert str(caught.value) == (
        f"{project.run / 'meshes'}: holds none of the 4 meshes of the split all of "
        f"{project.config} (first: things/box_0-00.ply); run a generator first, or name their "
        "folder with --meshes"
    )
    with pytest.raises(InputError, match=r"nowhere: no such folder \(--meshes\)"):
        eval_meshes.main([project.config, "--meshes", str(project.root / "nowhere")])
    with pytest.raises(InputError, match="holds a mesh of none of the 4 depth maps"):
        eval_meshes.main([project.config, "--against-input"])


def test_no_ground_truth(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    for section, message in (
        ({"data": {"pointcloud_chamfer_file": None}}, r"none.yaml: data.pointcloud_chamfer_file"),
        ({"test": {"eval_mesh": False}}, "are both false: there is nothing to score"),
    ):
        with pytest.raises(ConfigError, match=message):
            eval_meshes.main([project.write_config("none", **section)])
    first = project.root / "data/things" / NAMES[0] / "pointcloud.npz"
    first.unlink()
    project.evaluate("--no-icp", code=1)
    line = f"error: things/box_0-00: not scored: {first}: no such file"
    assert line in capfd.readouterr().err.splitlines()
    assert project.by_class()["missing"].tolist() == [0, 1, 0]
    for name in NAMES[1:]:
        (project.root / "data/things" / name / "pointcloud.npz").unlink()
    with pytest.raises(DataError) as caught:
        eval_meshes.main([project.config])
    assert str(caught.value) == (
        f"{first}: no such file, and so for all 4 models of the split all: there is no ground "
        "truth; make it with build_dataset.py, or score against the depth maps with --against-input"
    )


def test_unusable_ground_truth(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    for name, points in ((NAMES[0], np.zeros((10, 3))), (NAMES[1], np.full((2000, 3), np.nan))):
        np.savez(project.root / "data/things" / name / "pointcloud.npz", points=points)
    assert project.evaluate("--no-icp", code=1).index.tolist() == NAMES[2:]
    few, wild = (line for line in capfd.readouterr().err.splitlines() if "not scored" in line)
    assert few.startswith(f"error: things/box_0-00: not scored: {project.root}")
    assert "its point cloud has 10 points, too few to score against" in few
    assert "its point cloud has coordinates that are not finite" in wild


def test_peculiar_meshes_are_named(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.write_mesh("box_0-00", scale=50)
    mesh = project.shapes["ball_0-00"].copy()
    mesh.vertices[5] = np.nan
    write_mesh(mesh, project.mesh_path("ball_0-00"))
    project.mesh_path("box_1-00").write_bytes(b"ply\nnonsense")
    project.mesh_path("compositional_0-00").unlink()
    far = trimesh.creation.box((1e200, 1, 1)).export(file_type="off")
    project.mesh_path("compositional_0-00", suffix="off").write_text(far)
    table = project.evaluate(code=1)
    for _ in range(2):  # said again where the rows are kept
        err = capfd.readouterr().err
        assert (
            "warning: far outside the cube [-0.5, 0.5]³, not in the camera frame?: "
            "things/box_0-00 (reaches 25)"
        ) in err
        assert re.search(r"that are not finite left out: things/ball_0-00 \([56]\)", err)
        assert re.search(r"compositional_0-00: not scored: .*has coordinates beyond 1e\+06", err)
        assert re.search(r"error: things/box_1-00: not scored: .*box_1-00.ply: not a readable", err)
        assert (
            "few ground-truth points, distances and F-scores suffer from their gaps: things/" in err
        )
        project.evaluate(code=1)
    assert table["note"]["box_0-00"].count(" | ") == 1


def test_a_folder_for_the_tables_is_tried_before_scoring(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, advice: str) -> None:
        raise InputError(f"{folder}: {advice}")

    monkeypatch.setattr(run, "check_writable", refuse)
    monkeypatch.setattr(run, "run_tasks", lambda *_: pytest.fail("scored before"))
    with pytest.raises(InputError, match="generation: its tables go there"):
        project.evaluate()


def test_no_points_of_the_volume(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    (project.root / "data/things/box_0-00/points.npz").unlink()
    for name, count in ((NAMES[1], 8), (NAMES[2], 0)):
        points, inside = np.full((count, 3), np.nan, np.float32), np.zeros(count // 8, np.uint8)
        file = project.root / "data/things" / name / "points.npz"
        np.savez(file, points=points, occupancies=inside)
    table = project.evaluate()
    assert table["iou (mesh)"].notna().tolist() == [name == NAMES[3] for name in table.index]
    said = capfd.readouterr().err
    assert "warning: no IoU: things/box_0-00" in said
    assert "box_1-00" in said and "not finite" in said
    assert "ball_0-00" in said and "no points in the volume" in said
    project.config = project.write_config("noiou", data={"points_iou_file": None})
    assert "iou (mesh)" not in project.evaluate()


def test_distances_instead_of_occupancies(project: Project) -> None:
    """A point of the ground truth's surface is inside, as where occupancies are written."""
    for name in NAMES:
        file = project.root / "data/things" / name / "points.npz"
        points = read_points(file)
        assert points.occupancies is not None
        write_points(file, Points(points.points, sdf=np.where(points.occupancies, 0, 0.1)))
    assert (project.evaluate("--no-icp")["iou (mesh)"] > 0.8).all()


def test_bad_arguments(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        (["--input", "x"], "--input goes with --against-input"),
        (["--depth-scale", "1"], "--depth-scale goes with --input"),
        (["--seed", "-1"], "--seed must be 0 or more"),
        (["--eval_input", "--baselines"], "not allowed with argument"),
    ):
        with pytest.raises(SystemExit) as caught:
            eval_meshes.main([project.config, *arguments])
        assert caught.value.code == 2
        assert message in capsys.readouterr().err


def test_tables_that_cannot_be_read(scored: Project, tmp_path: Path) -> None:
    def refused(content: bytes) -> str:
        (tmp_path / "eval_meshes_full_things.pkl").write_bytes(content)
        with pytest.raises(DataError) as caught:
            read_results.main([str(tmp_path)])
        message = str(caught.value)
        assert message.startswith(f"{tmp_path}/eval_meshes_full_things.pkl: ")
        assert message.endswith("remove it and run eval_meshes.py again")
        assert "\n" not in message
        return message

    with pytest.raises(DataError, match="holds no scores"):
        read_results.main([str(tmp_path)])
    good = (scored.run / "eval_meshes_full_things.pkl").read_bytes()
    for damaged in (b"", b"nonsense", good[:500], good[:-10]):
        assert "not a readable table" in refused(damaged)
    assert "holds no table of scores" in refused(pickle.dumps(pd.DataFrame({"a": [1]})))

    class Code:
        def __reduce__(self) -> tuple:
            return (print, ("this must not run",))

    assert "it asks for builtins.print" in refused(pickle.dumps(Code()))


def test_published_tables(scored: Project, tmp_path: Path) -> None:
    """Tables of pandas 1 name a class of index that is gone since."""
    table = pd.read_pickle(scored.run / "eval_meshes_full_things.pkl")
    content = pickle.dumps(table.set_index(pd.Index([5, 7, 8, 9], name="idx")), protocol=3)
    now, then = b"cpandas\nIndex\n", b"cpandas.core.indexes.numeric\nInt64Index\n"
    assert now in content
    path = tmp_path / "eval_meshes_full_things.pkl"
    path.write_bytes(content.replace(now, then))
    read = results.read_table(path)
    assert read.index.tolist() == [5, 7, 8, 9]
    np.testing.assert_array_equal(read["fscore@1 (mesh)"], table["fscore@1 (mesh)"])
    path.write_bytes(content.replace(now, b"cpandas.core.indexes.numeric\nNothing\n"))
    with pytest.raises(DataError, match=r"asks for pandas\.core\.indexes\.numeric\.Nothing"):
        results.read_table(path)


ROWS, CLASSES, CURVES = (
    "eval_meshes_full_things.pkl", "eval_meshes_things.csv", "eval_meshes_curve_things.csv"
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        (ROWS, lambda t: t.assign(**{"fscore@1 (mesh)": "good"})),
        (ROWS, lambda t: t.assign(**{"empty (mesh)": "no"})),
        (ROWS, lambda t: t.assign(**{"class name": 7})),
        (ROWS, lambda t: t.assign(**{"class name": [np.nan, *t["class name"][1:]]})),
        (ROWS, lambda t: t.assign(**{"class name": [7, *t["class name"][1:]]})),
        (ROWS, lambda t: t.assign(note=3)),
        (ROWS, lambda t: pd.concat([t, t[["fscore@1 (mesh)"]]], axis=1)),
        (ROWS, lambda t: t.rename(columns={"iou (mesh)": 3})),
        (CLASSES, lambda t: t.assign(missing=np.nan)),
        (CLASSES, lambda t: t.assign(missing="none")),
        (CLASSES, lambda t: t.drop(columns="class name")),
        (CURVES, lambda t: t.drop(columns="class id")),
        (CURVES, lambda t: t.drop(columns="modelname")),
        (CURVES, lambda t: t.assign(**{"0.010": "x"})),
    ],
)
def test_tables_with_the_wrong_values(
    scored: Project, tmp_path: Path, name: str, spoil: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    for path in scored.run.glob("eval_meshes_*"):
        shutil.copy(path, tmp_path)
    path = tmp_path / name
    if name == ROWS:
        spoil(pd.read_pickle(path)).to_pickle(path)
    else:
        spoil(read_csv(path)).to_csv(path, index=False)
    with pytest.raises(DataError, match=rf"{name}: not a readable table \("):
        read_results.main([str(tmp_path)])


@pytest.mark.parametrize("text", BROKEN_YAML)
def test_a_damaged_record_names_no_global_level(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(text)
    assert global_level(tmp_path) is None


def test_a_run_may_be_called_like_a_baseline(
    scored: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [scored.config, scored.config, "--names", "input points", "y"]
    assert "input points 2" in printed(capsys, [*runs, "--format", "csv"])
    printed(capsys, runs)


# --- printing -----------------------------------------------------------------------------------


def test_published_printout(scored: Project, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, [scored.config])
    titles = [line for line in text.splitlines() if "×100" in line]
    assert titles == [
        "method: meshes from worst to best ×100, aligned by ICP (as published)",
        "method: class max ×100, aligned by ICP (as published)",
        "method: class min ×100, aligned by ICP (as published)",
        "method: class mean ×100, aligned by ICP (as published)",
        "method: class mean ×100, not aligned",
        "% method: class mean ×100, aligned by ICP (as published)",
        "method: class mean ×100, aligned by ICP (as published)",
        "means over classes ×100, aligned by ICP (as published)",
        "F@1% by class ×100",
    ]
    table = scored.rows()
    order = [line.split()[0] for line in text.splitlines() if line.startswith("things/")]
    by_score = table["fscore@1 (mesh)"].sort_values(kind="stable").index
    assert order == [f"things/{name}" for name in by_score]
    worst = 100 * table["chamfer (mesh)"][["box_0-00", "box_1-00"]].max()
    block = text[text.index("class max") :].split("\n\n")[0]
    row = next(line for line in block.splitlines() if line.startswith("box"))
    assert f"{worst:.2f}" in row.split()


def test_one_class_gives_one_table() -> None:
    rows = {"class name": "cup", "class id": "cups", "modelname": ["a", "b"]}
    table = pd.DataFrame({**rows, "fscore@1 (mesh)": [0.5, 0.7]})
    method = ScoredMethod("mine", results.Scores(table, None, {}))
    texts = printout(method, raw=False)
    one = [text for text in texts if text.startswith("mine: cup ×100, aligned")]
    assert len(texts) == 5 and "class mean" not in "".join(texts)
    assert [line.split()[0] for line in one[0].splitlines() if "0.00" in line] == [
        "max", "min", "mean"
    ]  # fmt: skip
    for shown in (class_table(method, raw=False), comparison_by_class([method], raw=False)):
        assert list(shown.frame.index) == ["cup"] and shown.summaries == 0


def test_comparison_groups(scored: Project, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, [scored.config, scored.config, "--format", "csv", "--over", "sample"])
    rows = {line.split(",")[0]: line.split(",")[1:] for line in text.splitlines()}
    names = ["method", "method 2", "input points"]
    groups = ["all", "seen", "unseen", "visible", "invisible"]
    assert rows[""] == [f"{group} {name}" for group in groups for name in names]
    table = scored.rows()
    for group, column, models in (
        ("all", "chamfer (mesh)", NAMES),
        ("seen", "chamfer (mesh)", NAMES[:2]),
        ("unseen", "chamfer (mesh)", NAMES[2:]),
        ("visible", "chamfer_vis (mesh)", NAMES),
        ("invisible", "chamfer_invis (mesh)", NAMES),
    ):
        at = rows[""].index(f"{group} method")
        assert float(rows["Chamfer"][at]) == pytest.approx(
            100 * table[column][models].mean(), abs=1e-5
        )
        assert rows["Chamfer"][at + 1] == rows["Chamfer"][at]
    assert rows["IoU"][2] == "", "points have no volume"
    assert rows["Silhouette IoU"][0] and not rows["Silhouette IoU"][2]


def test_formats(scored: Project, capsys: pytest.CaptureFixture[str]) -> None:
    call = [scored.config, str(scored.run), "--names", "A_1", "B|2"]
    latex = printed(capsys, [*call, "--format", "latex"])
    assert r"\begin{tabular}{lrrrrrrrrrrrrrrr}" in latex
    assert r"\multicolumn{3}{c}{invisible}" in latex and r"A\_1 & B|2 & input points" in latex
    assert latex.count(r" \\") == latex.count("\n") - 6, "every other line is a row"
    markdown = printed(capsys, [*call, "--format", "markdown"]).splitlines()
    assert markdown[2].startswith(r"| | all A_1 | all B\|2 |".replace("| |", "|  |"))
    assert len({line.replace(r"\|", "").count("|") for line in markdown[2:]}) == 1
    heads, rows = printed(capsys, [*call, "--format", "text"]).split("-" * 20, 1)
    assert heads.splitlines()[1].split() == ["all", "seen", "unseen", "visible", "invisible"]
    assert heads.splitlines()[2].split() == ["A_1", "B|2", "input", "points"] * 5
    for line in rows.splitlines()[1:]:
        assert re.search(r"^[A-Z].*?( +([\d.]+|-)){15}$", line)
    assert len({len(line) for line in rows.splitlines()[1:]}) == 1


def test_many_rows_are_shortened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"idx": k, "class id": "x", "class name": "a", "modelname": f"a_{k}"}
        | {"fscore@1 (mesh)": k / 100, "note": "", "fingerprint": ""}
        for k in range(50)
    ]
    results.write_scores(tmp_path, results.MESHES, "x", rows, [], ["a"] * 50)
    text = printed(capsys, [str(tmp_path)])
    assert re.search(r"x/a_9 +9.00\n\.\.\. +\.\.\.\nx/a_40 +40.00", text)


def test_published_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tables with published columns only: no visibility, no raw, no counts, no curves."""
    table = pd.DataFrame(
        {
            "class id": ["demo"] * 2,
            "class name": ["lamp", "chair"],
            "modelname": ["lamp_1", "chair_1"],
            "fscore@1 (mesh)": [0.25, 0.75],
            "chamfer (mesh)": [0.03, np.nan],
        },
        index=pd.Index([0, 1], name="idx"),
    )
    table.to_pickle(tmp_path / "eval_meshes_full_demo.pkl")
    text = printed(capsys, [str(tmp_path), "--plot", str(tmp_path / "a.png")])
    assert re.search(r"^mean +50.00 +3.00$", text, re.M)
    assert re.search(r"^chair +75.00 +-$", text, re.M)
    assert (tmp_path / "a.png").is_file()
    both = printed(capsys, [str(tmp_path), str(tmp_path), "--format", "csv"])
    assert "visible" not in both
    with pytest.raises(
        DataError, match=r": its tables have no unaligned scores; try without --raw"
    ):
        read_results.main([str(tmp_path), "--raw"])
    table.drop(columns=["fscore@1 (mesh)", "chamfer (mesh)"]).to_pickle(
        tmp_path / "eval_meshes_full_demo.pkl"
    )
    with pytest.raises(DataError, match=r": its tables have no unaligned scores$"):
        read_results.main([str(tmp_path)])


def test_plot(scored: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "plot.png"
    printed(capsys, [scored.config, "--plot", str(path)])
    with Image.open(path) as image:
        assert image.size[0] > image.size[1] > 300
        colours = image.convert("RGB").getcolors(1 << 24)
    assert colours is not None
    assert {(0, 114, 178), (230, 159, 0)} <= {colour for _, colour in colours}
    for name in ("plot.doc", "plot.pgf", "plot"):
        with pytest.raises(InputError, match=rf"{name}: plots are written as .png .pdf .svg"):
            read_results.main([scored.config, "--plot", str(tmp_path / name)])
        assert not capsys.readouterr().out, "refused before anything is printed"
    observed = tmp_path / "eval_observed_full_things.pkl"
    observed.write_bytes((scored.run / observed.name).read_bytes())
    with pytest.raises(InputError, match=r"there is no F@1% to plot"):
        read_results.main([str(tmp_path), "--plot", str(path)])


# --- from depth map to table --------------------------------------------------------------------


def test_from_depth_maps_to_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """generate.py, eval_meshes.py, read_results.py, with the bundled weights."""
    monkeypatch.chdir(REPOSITORY)
    chosen = {name: shapes()[name] for name in NAMES[:1]}
    write_dataset(tmp_path / "data", "things", chosen, 2_000)
    data = {"path": str(tmp_path / "data"), "classes": ["things"], "test_split": "all"}
    values = {"inherit_from": "configs/demo/volume.yaml", "data": data}
    values["generation"] = {"resolution": 64, "symmetry": "none"}  # a few times as fast
    config = tmp_path / "volume.yaml"
    config.write_text(yaml.safe_dump(values))
    run = ["--meshes", str(tmp_path / "run")]
    assert generate.main([str(config), "--out", run[1], "--no-cuda"]) == 0
    assert eval_meshes.main([str(config), *run, "--workers", "1", "--baselines"]) == 0
    assert eval_meshes.main([str(config), *run, "--workers", "1", "--against-input"]) == 0
    text = printed(capsys, [run[1], "--format", "csv", "--plot", str(tmp_path / "a.png")])
    rows = {line.split(",")[0]: line.split(",")[1:] for line in text.splitlines()}
    assert rows[""][:2] == ["all run", "all input points"]
    assert float(rows["F@2%"][0]) > 20 and float(rows["Silhouette IoU"][0]) > 60


def test_one_evaluation_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "eval_meshes.lock", ""),
        pytest.raises(InputError, match="another process writes there; wait for it to end"),
    ):
        run.score(tmp_path, results.MESHES, [], [], 1)
    assert [path.name for path in tmp_path.iterdir()] == ["eval_meshes.lock"]
