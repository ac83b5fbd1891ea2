"""Contents of a report, without any browser."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import trimesh

from im2mesh.commands import vis
from im2mesh.data.run_folders import write_picture, write_tables
from im2mesh.data.storage import PointCloud, write_pointcloud
from im2mesh.errors import InputError
from im2mesh.geometry.mesh_files import write_mesh
from im2mesh.metrics import results
from im2mesh.metrics.tables import Table
from im2mesh.visualize.report import _layer, report_page

BALL = trimesh.creation.icosphere(subdivisions=4, radius=0.4)


def held(text: str, key: str) -> str:
    found = re.search(rf'<script type="text/plain" id="{key}">(.*?)</script>', text, re.S)
    assert found is not None
    return found[1]


def about(text: str) -> Any:
    return json.loads(held(text, "about"))


def notes(text: str) -> dict[str, list[str | None]]:
    """Card → what is said instead of a mesh, for each run; None: there is a mesh."""
    found = {}
    for card in re.findall(r'<section class="card">(.*?)</section>', text, re.S):
        cells = [cell for cell in card.split('<div class="cell">')[1:] if "<h3>input" not in cell]
        said = [re.search(r'<span class="faint">(.*?)</span>', cell) for cell in cells]
        found[card.partition("<h2>")[2].partition("</h2>")[0]] = [note and note[1] for note in said]
    return found


def mesh_of(text: str, key: str) -> Any:
    glb = zlib.decompress(base64.b64decode(held(text, key)))
    scene = trimesh.load(io.BytesIO(glb), file_type="glb", process=False)
    _, mesh = scene.geometry.values()  # the corners of the cube are first
    return mesh


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    for name in ("ball_a-00", "cup_b-00"):
        write_mesh(BALL, folder / f"meshes/things/{name}.ply")
        write_picture(np.full((256, 256, 3), 90, np.uint8), folder / f"input/things/{name}.jpg")
    return folder


def test_a_mesh_is_simplified_and_stays_where_it_is(run: Path) -> None:
    text = report_page([run], faces=500)
    cards = about(text)["cards"]
    assert [(card["name"], card["class"]) for card in cards] == [
        ("things/ball_a-00", "ball"),
        ("things/cup_b-00", "cup"),
    ]
    mesh = mesh_of(text, "mesh-1")
    assert len(mesh.faces) <= 500 and mesh.is_watertight
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 0.4, atol=0.01)
    assert text.count("data:image/webp") == 4, "two inputs and two meshes"


def test_double_sided_sheets_are_shown(tmp_path: Path) -> None:
    """As ShapeNet has them: each face twice, turned both ways."""
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.1)
    sheet = trimesh.creation.box((1, 1, 0)).subdivide().subdivide()
    both = trimesh.Trimesh(sheet.vertices, np.concatenate([sheet.faces, sheet.faces[:, ::-1]]))
    path = tmp_path / "sheet.ply"
    write_mesh(trimesh.util.concatenate([ball, both]), path)
    layer = _layer(path, 3000)
    assert layer is not None and len(layer.faces) <= 3000
    np.testing.assert_allclose(np.ptp(layer.vertices, axis=0)[:2], 1, atol=0.01)


def test_what_is_missing_empty_or_damaged(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_mesh(trimesh.Trimesh(), other / "meshes/things/ball_a-00.ply")
    torn = other / "meshes/things/torn_c-00.ply"
    torn.write_bytes(b"ply\nnonsense")
    nowhere = trimesh.Trimesh(np.full((3, 3), np.nan), [[0, 1, 2]], process=False)
    write_mesh(nowhere, other / "meshes/things/nan_d-00.ply")
    (run / "input/things/ball_a-00.jpg").write_bytes(b"no picture")
    (run / "time_generation_full.csv").write_text("a,b\n1,2\n")
    text = report_page([run, other])
    assert notes(text) == {
        "things/ball_a-00": [None, "empty"],
        "things/cup_b-00": [None, "no mesh"],
        "things/nan_d-00": ["no mesh", "not readable"],
        "things/torn_c-00": ["no mesh", "not readable"],
    }
    assert text.count('alt="depth map"') == 1, "the other input is damaged"


def test_scores_and_timings(run: Path) -> None:
    keys = [
        {"idx": k, "class id": "things", "class name": name.split("_")[0], "modelname": name}
        for k, name in enumerate(("ball_a-00", "cup_b-00"))
    ]
    rows = [
        key | {"fscore@1 (mesh)": 0.25 + k / 2, "iou (mesh)": np.nan, "empty (mesh)": False}
        for k, key in enumerate(keys)
    ]
    rows = [row | {"note": "", "fingerprint": ""} for row in rows]
    results.write_scores(run, results.MESHES, "things", rows, [], ["ball", "cup", "cup"])
    write_tables(pd.DataFrame([k | {"time (total)": 2.0} for k in keys]).set_index("idx"), run)
    text = report_page([run], ["HPN"])
    assert "F@1% 25.0 · 2.00 s" in text and "F@1% 75.0 · 2.00 s" in text
    numbers = about(text)["cards"][0]["numbers"][0]
    assert numbers["fscore@1 (mesh)"] == 0.25 and numbers["time (total)"] == 2.0
    assert "iou (mesh)" not in numbers, "NaN is no number"
    assert about(text)["numbers"][:2] == ["fscore@1 (mesh)", "time (total)"]
    assert "mean_sample" in text and "50.00" in text
    assert "1 of 3 meshes have no scores" in text
    assert "baselines not in the table: input points; " in text


def test_a_damaged_table_of_scores_is_an_error(run: Path) -> None:
    (run / "eval_meshes_full_things.pkl").write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"eval_meshes_full_things\.pkl: not a readable table"):
        report_page([run])


def test_tables_without_a_row(run: Path) -> None:
    """As an interrupted evaluation leaves them, beside those of a baseline."""
    row = {"idx": 0, "class id": "things", "class name": "ball", "modelname": "ball_a-00"}
    row |= {"fscore@1 (mesh)": 0.5, "note": "", "fingerprint": ""}
    results.write_scores(run, results.INPUT, "things", [row], [], ["ball"])
    results.write_scores(run, results.MESHES, "things", [], [], ["ball"])
    assert "no scores (eval_meshes.py makes them): HPN" in report_page([run], ["HPN"])


def test_ground_truth_of_meshes_and_of_a_data_set(run: Path, tmp_path: Path) -> None:
    write_mesh(BALL, tmp_path / "truth/things/ball_a-00.off")
    points = np.random.default_rng(0).normal(size=(40_000, 3)).astype(np.float32)
    points *= 0.4 / np.linalg.norm(points, axis=1, keepdims=True)
    write_pointcloud(tmp_path / "truth/things/cup_b-00/pointcloud.npz", PointCloud(points))
    text = report_page([run], None, tmp_path / "truth")
    assert about(text)["runs"] == ["ground truth", "run"]
    mesh, cloud = (mesh_of(text, key) for key in ("mesh-0", "mesh-2"))
    assert len(mesh.faces) > 0 and isinstance(cloud, trimesh.PointCloud)
    assert 5_000 < len(cloud.vertices) <= 12_000
    np.testing.assert_allclose(np.linalg.norm(cloud.vertices, axis=1), 0.4, atol=1e-3)
    (tmp_path / "empty").mkdir()
    for folder, message in (("nowhere", "no such folder"), ("empty", "holds neither")):
        with pytest.raises(InputError, match=rf"{folder}: {message} .*\(--ground-truth\)"):
            report_page([run], None, tmp_path / folder)


def test_meshes_in_no_class_folder(run: Path, tmp_path: Path) -> None:
    """They lie where the evaluation finds them, and stand beside those of their names."""
    flat = tmp_path / "flat"
    for name in ("ball_a-00.ply", "cup_b-00.off", "own.ply"):
        write_mesh(BALL, flat / name)
    write_mesh(trimesh.Trimesh(), flat / "things/cup_b-00.ply")
    assert notes(report_page([run, flat])) == {
        "own": ["no mesh", None],
        "things/ball_a-00": [None, None],
        "things/cup_b-00": [None, "empty"],
    }
    for name in ("ball_a-00", "cup_b-00"):
        (run / f"meshes/things/{name}.ply").rename(run / f"meshes/{name}.ply")
    assert list(notes(report_page([run], None, flat)).values()) == [[None, None], [None, None]]


def test_names_are_escaped(run: Path) -> None:
    name = "</script><b>"
    text = report_page([run], [name])
    assert name not in text and about(text)["runs"] == [name]


def test_runs_of_one_name_are_called_by_their_paths(tmp_path: Path) -> None:
    runs = [tmp_path / level / "generation" for level in ("p32", "p64")]
    for folder in runs:
        write_mesh(BALL, folder / "meshes/things/ball_a-00.ply")
    assert about(report_page(runs))["runs"] == ["p32/generation", "p64/generation"]
    with pytest.raises(InputError, match="tell them apart with --names"):
        report_page([runs[0], runs[0]])


def test_tables_are_escaped() -> None:
    frame = pd.DataFrame({"x & y": [1.0], "<i>": [np.nan]}, ["<row>"])
    text = Table("a", frame).html()
    assert "x &amp; y" in text and "&lt;i&gt;" in text and "&lt;row&gt;" in text
    assert "<td>1.00</td>" in text and "<td>–</td>" in text


def test_the_report_is_in_the_run_unless_it_is_said_where(run: Path, tmp_path: Path) -> None:
    assert vis.main(["--report", str(run)]) == 0
    assert (run / "report.html").is_file()
    assert vis.main(["--report", str(run), "--html", str(tmp_path / "new" / "r.html")]) == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["r.html"]
