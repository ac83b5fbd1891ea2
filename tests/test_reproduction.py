"""The reproduction: its plan, its jobs, its statistics and its document."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import trimesh
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.commands import reproduce
from im2mesh.config import load_config
from im2mesh.errors import DataError, InputError
from im2mesh.files import read_csv
from im2mesh.metrics import results
from im2mesh.reproduction import document, plan, run, statistics
from im2mesh.reproduction.document import Objects, write_document
from im2mesh.reproduction.jobs import Job, last_line, run_jobs
from im2mesh.reproduction.plan import NETWORKS, Method, Size, method_configs, training_config
from im2mesh.reproduction.run import CLAIM, RAW_INPUT, Reproduction, check_disjoint, folder_of
from im2mesh.reproduction.statistics import bootstrap, contrast
from tests.conftest import REPOSITORY

SMALL = Size(share=0.5, objects=4, ablation_objects=2, real_objects=1, resolution=64)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


# --- jobs -------------------------------------------------------------------------------------


def test_jobs_run_in_order_and_side_by_side(tmp_path: Path) -> None:
    step = "import sys, pathlib; p = pathlib.Path(sys.argv[1]); p.write_text(p.read_text() + 'x')"
    jobs = []
    for k in range(4):
        path = tmp_path / f"{k}.txt"
        path.write_text("")
        jobs.append(Job(str(k), [[*python(step), str(path)]] * 3, tmp_path / "logs" / f"{k}.txt"))
    run_jobs(jobs, 2, "test")
    assert [(tmp_path / f"{k}.txt").read_text() for k in range(4)] == ["xxx"] * 4


def test_a_job_has_its_threads_and_its_log(tmp_path: Path) -> None:
    job = Job("n", [python("import os; print(os.environ['OMP_NUM_THREADS'])")], tmp_path / "a")
    run_jobs([job], 1, "test")
    assert (tmp_path / "a").read_text() == "1\n"


def test_an_accepted_failure_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    some = python("print('b.npz: damaged'); raise SystemExit(1)")
    run_jobs([Job("HPN3", [some], tmp_path / "log", accept=(0, 1))], 1, "test")
    assert f"HPN3: b.npz: damaged (all that it said is in {tmp_path / 'log'})" in caplog.text
    with pytest.raises(InputError, match="exit code 1"):
        run_jobs([Job("HPN3", [some], tmp_path / "log")], 1, "test")


def test_a_failure_names_the_log_and_what_it_said(tmp_path: Path) -> None:
    fails = Job(
        "bad", [python("print('no such thing'); raise SystemExit(2)")], tmp_path / "bad.txt"
    )
    late = tmp_path / "late"
    waits = python("import pathlib, sys, time; time.sleep(60); pathlib.Path(sys.argv[1]).touch()")
    waited = tmp_path / "waited"
    slow = Job("slow", [[*waits, str(waited)], ["touch", str(late)]], tmp_path / "s")
    never = Job("never", [["touch", str(tmp_path / "never")]], tmp_path / "n")
    with pytest.raises(InputError, match=r"bad failed with exit code 2: no such thing \(.*bad.txt"):
        run_jobs([slow, fails, never], 1 + 1, "test")
    # The other one was interrupted, not waited for, and what was to come after it did not.
    assert not waited.exists() and not late.exists()


CAREFUL = """
import pathlib, signal, sys, time
caught = []
signal.signal(signal.SIGINT, lambda *_: caught.append(1))
pathlib.Path(sys.argv[1], "begun").touch()
while not caught:
    time.sleep(0.02)
time.sleep(0.5)
pathlib.Path(sys.argv[1], "saved").write_text(str(len(caught)))
sys.exit(130)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_lets_the_jobs_save(how: signal.Signals, tmp_path: Path) -> None:
    driver = (
        "import sys; from pathlib import Path; from im2mesh.reproduction.jobs import *\n"
        "from im2mesh.cli import run_script\n"
        "folder = Path(sys.argv[1])\n"
        "job = Job('careful', [[sys.executable, '-c', sys.argv[2], sys.argv[1]],\n"
        "                      ['touch', str(folder / 'after')]], folder / 'log')\n"
        "run_script(lambda _: run_jobs([job], 1, 'test'))\n"
    )
    process = subprocess.Popen(
        [*python(driver), str(tmp_path), CAREFUL], cwd=REPOSITORY, start_new_session=True
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(how)
    assert process.wait(60) == 130
    assert (tmp_path / "saved").read_text() == "1"  # one signal: a second would cut it off
    assert not (tmp_path / "after").exists()


def test_the_last_line_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert last_line(path) == ""
    path.write_text("one\ntwo\n\n  \n")
    assert last_line(path) == "two"
    path.write_text("one\n10%\r20%\r")
    assert last_line(path) == "20%"


# --- statistics -------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=8), min_size=1, max_size=4),
    st.floats(-50, 50),
)
def test_the_interval_holds_the_mean_and_moves_with_it(
    by_class: list[list[float]], move: float
) -> None:
    values = pd.Series([value for own in by_class for value in own])
    classes = pd.Series([k for k, own in enumerate(by_class) for _ in own])
    interval = bootstrap(values, classes)
    assert interval.mean == pytest.approx(np.mean([np.mean(own) for own in by_class]), abs=1e-9)
    reach = 2**0.5 * (max(values) - min(values)) + 1e-9
    assert interval.mean - reach <= interval.low <= interval.high <= interval.mean + reach
    moved = bootstrap(values + move, classes)
    for name in ("mean", "low", "high"):
        assert getattr(moved, name) == pytest.approx(getattr(interval, name) + move, abs=1e-6)


@pytest.fixture
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coverage is about as good with a tenth of the resamples."""
    monkeypatch.setattr(statistics, "RESAMPLES", 1_000)


@pytest.mark.usefixtures("few_resamples")
@pytest.mark.parametrize(
    "counts", [[30] * 5, [3] * 28, [2] * 28, [1] * 28, [1] * 10 + [2, 2] + [3] * 5 + [5] * 11]
)
def test_the_interval_covers_the_truth_as_often_as_it_says(counts: list[int]) -> None:
    rng = np.random.default_rng(0)
    classes = pd.Series(np.repeat(range(len(counts)), counts))
    # Classes differ, but where one object of each has to say by how much objects do.
    means = np.arange(len(counts)) if max(counts) > 1 else np.zeros(len(counts))
    covered = 0
    for k in range(200):
        values = pd.Series(rng.normal(means[classes], 5.0))
        interval = bootstrap(values, classes, seed=k)
        covered += interval.low <= means.mean() <= interval.high
    assert 180 <= covered <= 199  # 95% of 200 are 190


@pytest.mark.usefixtures("few_resamples")
def test_a_contrast_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    classes = pd.Series(np.repeat(range(8), 10))
    covered = 0
    for k in range(200):
        values = pd.Series(rng.normal(classes * 3.0, 5.0))
        interval = contrast(values, classes, classes > 2, seed=k)  # means of 3 … 7 and of 0 … 2
        covered += interval.low <= 12 <= interval.high
    assert 180 <= covered <= 199


def test_the_interval_of_one_object_a_class_has_a_width() -> None:
    values = pd.Series(np.arange(9.0))
    each = bootstrap(values, pd.Series(range(9)))
    together = bootstrap(values, pd.Series([0] * 9))
    for name in ("mean", "low", "high"):
        assert getattr(each, name) == pytest.approx(getattr(together, name), abs=0.1)
    assert each.mean == 4 and each.low < 3 and each.high > 5


def test_the_interval_of_nothing() -> None:
    with pytest.raises(InputError, match="no objects"):
        bootstrap(pd.Series([np.nan]), pd.Series([0]))
    interval = bootstrap(pd.Series([1.0, np.nan, 1.0]), pd.Series([0, 0, 1]))
    assert (interval.mean, interval.low, interval.high) == (1, 1, 1)
    assert str(interval) == "+1.0 [+1.0, +1.0]"


# --- the plan ---------------------------------------------------------------------------------


def test_training_configs_differ_from_their_base_in_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    for network in NETWORKS:
        config = load_config(training_config(network, 3, 0.5, tmp_path))
        base = load_config(network.base)
        assert config.data.train_families == plan.SEEN
        assert sorted(config.data.val_families) == sorted((*plan.SEEN, *plan.UNSEEN, *plan.SCENES))
        assert config.training.seed == 3
        assert config.training.max_iterations == base.training.max_iterations / 2
        assert config.training.lr_warmup == base.training.lr_warmup / 2
        assert config.model == base.model
        assert config.method == base.method
        whole = load_config(training_config(network, 3, 1, tmp_path))
        assert whole.training.max_iterations == base.training.max_iterations
        assert Path(whole.training.out_dir) == tmp_path / "networks" / "seed3" / network.name


def test_families_are_those_that_there_are() -> None:
    from im2mesh.shapes.families import FURNITURE_AND_VEHICLES

    assert sorted((*plan.SEEN, *plan.UNSEEN, *plan.SCENES)) == sorted(FURNITURE_AND_VEHICLES)


def test_parts_train_what_they_need(tmp_path: Path) -> None:
    reproduction = Reproduction(tmp_path, SMALL, None, None, 1)
    claim, ablations = reproduction.networks(["claim"]), reproduction.networks(["ablations"])
    assert {name for name, _ in claim} | {name for name, _ in ablations} == {
        network.name for network in NETWORKS
    }
    assert ("p64s32_anywhere", 0) not in claim
    assert ("global_sdf", 0) not in ablations
    assert [name for name, seed in claim if seed == 1] == ["global", "p64s32", "p32s16"]
    assert not reproduction.networks(["real", "maps"])


def test_test_objects_are_none_of_training() -> None:
    check_disjoint(30)


def test_methods_have_different_folders() -> None:
    claim = Reproduction(Path(), SMALL, None, None, 1).claim
    for methods in (claim, plan.REAL_METHODS, run.MAP_METHODS):
        names = [folder_of(method.name) for method in methods]
        assert len(set(names)) == len(names)
    variants = [method.name for a in plan.ABLATED for method in a.methods]
    assert len({folder_of(name) for name in variants}) == len(variants)
    for ablation in plan.ABLATED:
        assert ablation.base in [method.name for method in ablation.methods]


def test_method_configs_ask_for_the_test_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    networks = {n.name: training_config(n, 0, 0.5, tmp_path) for n in NETWORKS}
    for method in [*plan.METHODS, *(m for a in plan.ABLATED for m in a.methods)]:
        paths = method_configs(method, networks, tmp_path / "data", tmp_path / "run", 64)
        levels = [load_config(path) for path in paths]
        assert len({level.resolution for level in levels}) == 1
        for level, name in zip(levels, method.levels, strict=True):
            assert level.data.path == str(tmp_path / "data")
            assert level.training.out_dir == str(tmp_path / "networks" / "seed0" / name)
            assert level.generation.observation == method.generation.get("observation", "none")
            assert level.data.dataset == ("Parts3D" if level.is_patch else "Shapes3D")
        if method.threshold is not None:
            assert {level.test.threshold for level in levels} == {method.threshold}


def test_bundled_networks_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    for path in run.bundled().values():
        assert Path(load_config(path).model_path).is_file(), path
    methods = (*plan.REAL_METHODS, *run.MAP_METHODS)
    assert {name for method in methods for name in method.levels} == set(plan.BUNDLED)


def test_results_of_another_size_are_not_mixed(tmp_path: Path) -> None:
    def begin(size: Size) -> None:
        list(Reproduction(tmp_path, size, None, None, 1).run([]))

    begin(Size(1, 4, 2, 1, 128))
    begin(SMALL)  # nothing was made
    (tmp_path / "networks/seed0/global").mkdir(parents=True)
    (tmp_path / "real/hpn3/meshes").mkdir(parents=True)
    begin(Size(share=0.5, objects=9, ablation_objects=2, real_objects=1, resolution=64))
    for other in (Size(1, 4, 2, 1, 64), Size(0.5, 4, 2, 1, 128)):
        with pytest.raises(InputError, match="choose another --out"):
            begin(other)
    for damaged in (b"", b"- 1", b"\xff", b"share: 0.5", b"5"):
        (tmp_path / "size.yaml").write_bytes(damaged)
        with pytest.raises(InputError, match=r"size\.yaml: damaged; choose another --out"):
            begin(SMALL)


def test_results_of_other_inputs_are_not_mixed(tmp_path: Path) -> None:
    def begin(meshes: str | None, maps: str | None) -> None:
        folders = [name and tmp_path / name for name in (meshes, maps)]
        list(Reproduction(tmp_path / "out", SMALL, *folders, 1).run([]))

    begin("a", "b")
    begin("c", "d")  # nothing was made
    (tmp_path / "out/data/real/box").mkdir(parents=True)
    begin("c", "e")
    (tmp_path / "out/maps/hpn3/meshes").mkdir(parents=True)
    begin(None, None)
    begin("c", "e")
    for meshes, maps in (("a", "e"), ("c", "d")):
        with pytest.raises(InputError, match="holds results of (meshes|maps) .*another --out"):
            begin(meshes, maps)


def test_the_working_folder_is_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"{tmp_path}: has no .*; run this in {REPOSITORY}"):
        list(Reproduction(tmp_path / "out", SMALL, None, None, 1).run([]))
    assert not (tmp_path / "out").exists()


def test_unusable_inputs_are_found_before_the_work(tmp_path: Path) -> None:
    for meshes, maps in ((tmp_path, None), (None, tmp_path)):
        reproduction = Reproduction(tmp_path / "out", SMALL, meshes, maps, 1)
        with pytest.raises(InputError, match=str(tmp_path)):
            next(reproduction.run(run.PARTS))
        assert not (tmp_path / "out").exists()


def test_bad_arguments(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "notes.md").write_text("# Notes\n\n## Real objects\n\nmine\n")
    (tmp_path / "more.md").write_text("# Results\n\n## Something of mine\n\nmine\n")
    (tmp_path / "latin.md").write_bytes(b"# Results\n\xe9\n")
    for arguments, words in [
        (["--share", "0"], "--share 0.0: must be above 0"),
        (["--objects", "0"], "--objects 0: must be at least 1"),
        (["--real-meshes", str(tmp_path / "none")], "--real-meshes .*none: no such folder"),
        (["--only", "claim", "maps"], "--only maps needs --real-maps DIR"),
        (["--document", str(tmp_path)], "the document's name ends in .md"),
        (["--document", str(tmp_path / "folder.md")], "folder.md: no document that reproduce.py"),
        (["--document", str(tmp_path / "notes.md")], "notes.md: no document that reproduce.py"),
        (["--document", str(tmp_path / "more.md")], "more.md: no document that reproduce.py"),
        (["--document", str(tmp_path / "latin.md")], "latin.md: no document that reproduce.py"),
    ]:
        with pytest.raises(InputError, match=words):
            reproduce.main(arguments)


# --- the document -----------------------------------------------------------------------------


def fake_scores(
    reproduction: Reproduction, part: str, name: str, f: float, classes: list[str], kind: str
) -> None:
    """Scores of four objects of each class, around ``f``."""
    folder = reproduction.place(part, name)
    names = ("fscore@1", "fscore@1_vis", "fscore@1_invis", "recall@1", "precision@1", "chamfer")
    columns = [*results.curve_columns(True), *results.curve_columns(False)]
    for class_name in classes:
        rows, curves = [], []
        for idx in range(4):
            keys = {"idx": idx, "class id": class_name, "class name": class_name}
            keys["modelname"] = f"{class_name}_{idx:05d}-00"
            scores = {
                f"{score} (mesh){raw}": f + 0.01 * idx + aligned
                for raw, aligned in (("", 0.1), (" raw", 0))
                for score in names
            }
            rows.append({**keys, **scores, "iou (mesh)": f, "note": "", "fingerprint": "0"})
            curves.append({**keys, **dict.fromkeys(columns, f)})
        results.write_scores(folder, kind, class_name, rows, curves, [class_name] * 4)


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scores of the claim, to be copied."""
    reproduction = Reproduction(tmp_path_factory.mktemp("scores"), SMALL, None, None, 1)
    families = [*plan.SEEN, *plan.UNSEEN, *plan.SCENES]
    values = {RAW_INPUT: 0.6, "ONet (global)": 0.2, "HPN3": 0.3, "observed HPN3": 0.7,
              "ONet (global), seed 1": 0.2, "HPN3, seed 1": 0.21}  # fmt: skip
    for name, f in values.items():
        kind = results.INPUT if name == RAW_INPUT else results.MESHES
        fake_scores(reproduction, CLAIM, name, f, families, kind)
    return reproduction.out


@pytest.fixture
def scored(scores: Path, tmp_path: Path) -> Reproduction:
    shutil.copytree(scores, tmp_path / "out")
    return Reproduction(tmp_path / "out", SMALL, None, None, 1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write documents without plots, and with rough intervals."""
    monkeypatch.setattr(document, "plot", lambda *_, **__: None)
    monkeypatch.setattr(statistics, "RESAMPLES", 10)


def test_the_document_has_the_numbers(scored: Reproduction, tmp_path: Path) -> None:
    path = write_document(scored, tmp_path / "results.md", "python reproduce.py")
    text = path.read_text()
    # Means over four objects are f + 0.015, aligned ones 0.1 more.
    assert "| HPN3 | 31.5 | 31.5 | 30.0 |" in text
    assert "| observed HPN3 | **71.5** | 71.5 | **70.0** |" in text
    assert "| HPN3 | 41.5 |" in text
    assert "56 test objects, 4 of each family" in text
    same = "+10.0 [+10.0, +10.0]"
    assert f"| HPN3 − ONet (global) | {same} | {same} | {same} | +0.0 [" in text
    verdicts = [line for line in text.splitlines() if line.startswith("* HPN3")]
    assert "**holds** (+10.0" in verdicts[0]
    assert "**does NOT hold** (+1.0" in verdicts[1]
    assert "On seen families: **better** (+10.0" in verdicts[0]
    assert (tmp_path / "results" / "claim.png").stat().st_size > 10_000
    assert "results/claim.png" in text


def test_ablations_are_held_against_their_base(scored: Reproduction, tmp_path: Path) -> None:
    ablation = next(a for a in plan.ABLATED if a.title == "Number of levels (HPN3 is the third)")
    names = [method.name for method in ablation.methods[:3]]
    assert names[2] == ablation.base
    for name, f in zip(names, (0.2, 0.4, 0.3), strict=True):
        fake_scores(scored, run.ABLATIONS, name, f, [*plan.SEEN, "lamp"], results.MESHES)
    path = write_document(scored, tmp_path / "results.md", "command", ["ablations"])
    rows = [line.split(" | ") for line in path.read_text().splitlines() if line.startswith("| g")]
    assert [row[1] for row in rows] == ["21.5", "**41.5**", "31.5"]
    same = ["-10.0 [-10.0, -10.0]", "+10.0 [+10.0, +10.0]", ""]
    assert [row[-2].strip() for row in rows] == same


@pytest.mark.usefixtures("quick")
def test_other_sections_stay(scored: Reproduction, tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    path.write_text(
        "# Results\n\nearlier words\n\n## Real depth maps\n\nkept\n\n### too\n\n"
        "## Ablations\n\nalso\n"
    )
    write_document(scored, path, "python reproduce.py --only claim", ["claim"])
    first = path.read_text()
    assert "earlier words" not in first and first.count("--only claim") == 1
    assert first.endswith("## Real depth maps\n\nkept\n\n### too\n\n## Ablations\n\nalso\n")
    write_document(scored, path, "python reproduce.py --only claim", ["claim", "maps"])
    assert path.read_text() == first
    with pytest.raises(InputError, match="holds no scores"):
        write_document(scored, path, "python reproduce.py --only maps", ["maps"])
    assert path.read_text() == first


def test_a_difference_is_object_by_object(scored: Reproduction) -> None:
    objects = Objects.read(scored, CLAIM, ["HPN3", "ONet (global)"], results.MESHES)
    assert objects is not None
    # Both vary by 0.03 over their objects, but together.
    interval = objects.difference("HPN3", "ONet (global)")
    assert interval is not None
    assert interval.high - interval.low < 1e-9
    assert objects.difference("HPN3", "HPN5") is None
    assert objects.difference("HPN3", "ONet (global)", ["none"]) is None
    beyond = objects.gain_beyond("HPN3", "ONet (global)", plan.UNSEEN, plan.SEEN)
    assert beyond is not None and abs(beyond.mean) < 1e-9  # 10 points everywhere
    assert objects.gain_beyond("HPN3", "HPN5", plan.UNSEEN, plan.SEEN) is None
    assert objects.gain_beyond("HPN3", "ONet (global)", plan.UNSEEN, []) is None


def test_a_map_that_one_method_lacks(tmp_path: Path) -> None:
    reproduction = Reproduction(tmp_path / "out", SMALL, None, None, 1)
    for count, method in zip((2, 1), run.MAP_METHODS, strict=False):
        rows = [
            {
                "idx": k, "class id": "maps", "class name": "maps", "modelname": f"lamp{k}",
                "silhouette iou (mesh)": 0.9, "depth error median (mesh)": 0.01,
                "note": "", "fingerprint": "0",
            }
            for k in range(count)
        ]  # fmt: skip
        folder = reproduction.place("maps", method.name)
        results.write_scores(folder, results.OBSERVED, "maps", rows, [], ["maps"] * count)
    text = write_document(reproduction, tmp_path / "results.md", "command", ["maps"]).read_text()
    assert "| lamp0 | 0.900, 0.0100 | 0.900, 0.0100 |" in text
    assert "| lamp1 | 0.900, 0.0100 |  |" in text


@pytest.mark.usefixtures("quick")
def test_tables_of_numbers(scored: Reproduction, tmp_path: Path) -> None:
    """Validations and seconds are shown; a gap is no damage."""
    training_config(next(n for n in NETWORKS if n.name == "global"), 0, 0.1, scored.out)
    curve = scored.trained(0)["global"].with_suffix("") / "validation.csv"
    curve.parent.mkdir(parents=True)
    curve.write_text("it,epoch,loss,iou\n100,1,0.5,\n200,2,0.5,0.5\n")
    name = plan.ABLATED[0].methods[0].name
    fake_scores(scored, run.ABLATIONS, name, 0.5, [*plan.SEEN], results.MESHES)
    times = scored.place(run.ABLATIONS, name) / "time_generation_full.csv"
    times.write_text("idx,time (total)\n0,1.5\n1,2.5\n")
    text = write_document(scored, tmp_path / "a.md", "command", ["claim", "ablations"]).read_text()
    assert "nan (100), 0.500 (200)" in text and " 2.0 |" in text
    times.write_bytes(b"words")
    with pytest.raises(DataError, match=r"time_generation_full\.csv: not a readable table"):
        write_document(scored, tmp_path / "a.md", "command", ["ablations"])


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"it,iou,time (total)\nx,y,z\n", b"\x89PNG\xff\n", b"words"]
)
def test_a_damaged_table_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "validation.csv"
    path.write_bytes(content)
    said = r"validation\.csv: not a readable table \(.+\); remove it, .* without its numbers$"
    with pytest.raises(DataError, match=said):
        read_csv(path, ["it"], ["iou"], document.ADVICE)


def test_no_scores_no_document(tmp_path: Path) -> None:
    empty = Reproduction(tmp_path / "out", SMALL, None, None, 1)
    with pytest.raises(InputError, match="holds no scores"):
        write_document(empty, tmp_path / "results.md", "python reproduce.py")
    assert not (tmp_path / "results.md").exists()


# --- all of it --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_tiny_reproduction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two networks, three families, every script in earnest; and once more, with all done."""
    monkeypatch.chdir(REPOSITORY)
    names = ("observed_global", "observed_p64s32")
    method = Method("two levels", names)
    ablation = plan.Ablation("One or two", method.name, [method, Method("one level", names[:1])])
    both = {
        "NETWORKS": [n for n in NETWORKS if n.name in names],
        "SEEN": ("chair",),
        "UNSEEN": ("table", "lamp"),
        "SCENES": (),
        "ABLATED": [ablation],
        "REAL_METHODS": [plan.VOLUME],
        "MAP_METHODS": [plan.VOLUME],
    }
    for module in (run, document):
        for name, value in both.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(run, "METHODS", [method])
    monkeypatch.setattr(run, "OTHER_SEEDS", ())
    monkeypatch.setattr(document, "GROUPS", {"seen": ("chair",), "unseen": ("table", "lamp")})
    monkeypatch.setattr(document, "_main_names", lambda: ["two levels", plan.VOLUME.name])
    monkeypatch.setattr(document, "_listed", ", ".join)
    for name in ("one", "two"):  # of which a reduced run takes the first
        path = tmp_path / "real" / "box" / f"{name}.ply"
        path.parent.mkdir(parents=True, exist_ok=True)
        trimesh.creation.box((0.8, 0.5, 0.3)).export(path)
    (tmp_path / "maps").mkdir()
    shutil.copy("data/demo/sofa_demo-00/000.npz", tmp_path / "maps")
    arguments = ["--share", "0.003", "--objects", "1", "--resolution", "32", "--no-cuda"]
    arguments += ["--real-meshes", str(tmp_path / "real"), "--real-maps", str(tmp_path / "maps")]
    arguments += ["--out", str(tmp_path / "out"), "--document", str(tmp_path / "results.md")]
    assert reproduce.main(arguments) == 0
    first = (tmp_path / "results.md").read_text()
    for shown in ("3 test objects, 1 of each family", "| two levels |", "### One or two"):
        assert shown in first
    for shown in ("Meshes: 1, of 1 classes", "## Real depth maps"):
        assert shown in first
    meshes = sorted((tmp_path / "out" / "claim" / "two_levels" / "meshes").rglob("*.ply"))
    assert len(meshes) == 3
    made = [path.stat().st_mtime for path in meshes]
    assert reproduce.main(arguments) == 0
    assert (tmp_path / "results.md").read_text() == first
    assert [path.stat().st_mtime for path in meshes] == made
    settings = yaml.safe_load((tmp_path / "out" / "size.yaml").read_text())
    assert settings["objects"] == 1
