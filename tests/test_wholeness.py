"""Pieces, volume and hidden surface: of meshes where they are known."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import trimesh

from benchmarks import wholeness as benchmark
from im2mesh.cli import INTERRUPTED, SOME_FAILED
from im2mesh.geometry.surface import sample_surface
from im2mesh.metrics.evaluation import GroundTruth
from im2mesh.metrics.wholeness import components, pieces_of_cloud, wholeness_scores
from im2mesh.parallel import WorkerDied
from tests.fixtures import ball


def joined(*meshes: trimesh.Trimesh) -> trimesh.Trimesh:
    return trimesh.util.concatenate(list(meshes))


def hollow(outer: float, inner: float) -> trimesh.Trimesh:
    cavity = ball(inner)
    cavity.invert()
    return joined(ball(outer), cavity)


def truth_of(mesh: trimesh.Trimesh, radius: float) -> GroundTruth:
    """A mesh's surface, its right half visible, and the volume of a ball about the origin."""
    rng = np.random.default_rng(0)
    points, _ = sample_surface(mesh.vertices, mesh.faces, 20_000, rng)
    queries = rng.uniform(-0.5, 0.5, (200_000, 3))
    inside = np.linalg.norm(queries, axis=1) < radius
    return GroundTruth(points, None, points[:, 0] > 0, queries, inside)


def test_components() -> None:
    mesh = joined(hollow(0.2, 0.1), ball(0.05, (0.35, 0, 0)))
    found = components(np.asarray(mesh.vertices), np.asarray(mesh.faces))
    expected = [part.volume for part in mesh.split(only_watertight=False, repair=False)]
    np.testing.assert_allclose(np.sort(found.volumes), np.sort(expected), rtol=1e-9)
    assert found.pieces == 2 and found.cavities == 1
    assert found.largest == pytest.approx(0.2**3 / (0.2**3 + 0.05**3), rel=1e-2)
    for number, volume in enumerate(found.volumes):
        part = trimesh.Trimesh(mesh.vertices, mesh.faces[found.of_face == number], process=False)
        assert part.is_watertight and part.volume == pytest.approx(volume)


def test_vertices_in_one_place_are_one() -> None:
    mesh = ball(0.3)
    corners = mesh.vertices[mesh.faces].reshape(-1, 3)
    found = components(corners, np.arange(len(corners)).reshape(-1, 3))
    assert found.pieces == 1 and found.volumes.sum() == pytest.approx(mesh.volume)


@pytest.mark.parametrize(("gap", "pieces"), [(0.01, 1), (0.03, 2)])
def test_pieces_of_a_cloud(gap: float, pieces: int) -> None:
    mesh = joined(ball(0.15, (-0.15 - gap / 2, 0, 0)), ball(0.15, (0.15 + gap / 2, 0, 0)))
    points, _ = sample_surface(mesh.vertices, mesh.faces, 100_000, np.random.default_rng(1))
    assert pieces_of_cloud(points) == pieces
    stray = np.concatenate([points, [[0.4, 0.4, 0.4]]])
    assert pieces_of_cloud(stray) == pieces


def test_a_mesh_and_itself() -> None:
    mesh = ball(0.4)
    scores = wholeness_scores(mesh, truth_of(mesh, 0.4))
    assert scores["pieces"] == scores["largest piece"] == 1 and scores["cavities"] == 0
    assert scores["volume ratio"] == pytest.approx(1, abs=0.02)
    assert scores["hidden found@2"] == scores["hidden found@5"] == 1


def test_half_an_object() -> None:
    """The seen half is there; of the hidden half a border as wide as the threshold is found."""
    mesh = ball(0.4)
    # The other half is pressed flat.
    half = trimesh.Trimesh(mesh.vertices * [1, 1, 1], mesh.faces, process=False)
    half.vertices[:, 0] = half.vertices[:, 0].clip(0)
    scores = wholeness_scores(half, truth_of(mesh, 0.4))
    assert scores["volume ratio"] == pytest.approx(0.5, abs=0.02)
    for name, distance in (("2", 0.02), ("5", 0.05)):
        # The zone x in (−distance, 0) of the sphere, whose area is in proportion to its height.
        assert scores[f"hidden found@{name}"] == pytest.approx(distance / 0.4, abs=0.02)


def test_a_hollow_object_has_less_volume() -> None:
    scores = wholeness_scores(hollow(0.4, 0.3), truth_of(ball(0.4), 0.4))
    assert scores["pieces"] == scores["cavities"] == 1
    assert scores["volume ratio"] == pytest.approx(1 - 0.75**3, abs=0.02)


def test_what_is_not_known_is_nan() -> None:
    mesh, points = ball(0.4), np.asarray(ball(0.4).vertices)
    scores = wholeness_scores(mesh, GroundTruth(points))
    assert math.isnan(scores["volume ratio"]) and math.isnan(scores["hidden found@2"])
    everything = wholeness_scores(mesh, GroundTruth(points, visible=np.ones(len(points), bool)))
    assert math.isnan(everything["hidden found@5"])
    torn = trimesh.Trimesh(mesh.vertices, mesh.faces[1:], process=False)
    of_torn = wholeness_scores(torn, truth_of(mesh, 0.4))
    assert all(
        math.isnan(of_torn[name])
        for name in ("pieces", "cavities", "largest piece", "volume ratio")
    )
    assert of_torn["hidden found@2"] == 1


def test_an_empty_mesh() -> None:
    empty = trimesh.Trimesh(np.empty((0, 3)), np.empty((0, 3), int))
    scores = wholeness_scores(empty, truth_of(ball(0.4), 0.4))
    assert scores["pieces"] == scores["volume ratio"] == scores["hidden found@5"] == 0
    assert math.isnan(scores["largest piece"])


@pytest.mark.parametrize("ending", [None, KeyboardInterrupt, RuntimeError])
def test_the_benchmark_keeps_what_is_finished(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: type[BaseException] | None,
) -> None:
    row = dict.fromkeys(benchmark.SCORES.values(), 0.5) | dict.fromkeys(benchmark.WAY, 0)
    row |= {"true pieces": 1, "pieces": 1, "cavities": 0, "volume ratio": 1.0, "seconds": 1.0}
    entries = []
    for name in ("good", "bad", "other"):
        entry = SimpleNamespace(folder=f"class/{name}", views=[SimpleNamespace(name="000")])
        entry.with_views = lambda *_, entry=entry: entry
        entries.append(entry)
        (tmp_path / entry.folder / "000").mkdir(parents=True)
        (tmp_path / entry.folder / "000/pointcloud.npz").touch()

    def results(_: object, tasks: list[Any], __: int) -> Iterator[tuple[Any, Any]]:
        yield tasks[0], [row | {"object": "good"}]
        yield tasks[1], WorkerDied("its process died twice")
        if ending is not None:
            raise ending
        yield tasks[2], [row | {"object": "other"}]

    monkeypatch.setattr(benchmark, "find_shapes", lambda _: (entries, []))
    monkeypatch.setattr(benchmark, "build_dataset", lambda *_, **__: None)
    monkeypatch.setattr(benchmark, "run_tasks", results)
    out = tmp_path / "scores.csv"
    monkeypatch.setattr(
        sys,
        "argv",
        ["wholeness.py", "meshes", "a.yaml", "--data", str(tmp_path), "--out", str(out)],
    )
    if ending is RuntimeError:
        with pytest.raises(RuntimeError):
            benchmark.main()
    else:
        assert benchmark.main() == (SOME_FAILED if ending is None else INTERRUPTED)
    finished = ["good", "other"] if ending is None else ["good"]
    assert pd.read_csv(out)["object"].tolist() == finished
    assert "class/bad: its process died twice" in capsys.readouterr().err
