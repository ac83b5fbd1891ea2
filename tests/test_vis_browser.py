"""Pages in a real browser: headless Chromium, from disk, with the network off."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import trimesh
from PIL import Image
from scipy import ndimage

from im2mesh.commands import vis
from im2mesh.data.run_folders import write_picture, write_tables
from im2mesh.data.storage import write_depth
from im2mesh.geometry.mesh_files import write_mesh
from im2mesh.metrics import results
from im2mesh.visualize.colours import error_scale
from im2mesh.visualize.page import FRAME
from im2mesh.visualize.picture import render
from im2mesh.visualize.scene import load_layer, load_scene
from tests.fixtures import ball, ball_depth


@contextlib.contextmanager
def opened(browser: Any, path: Path) -> Iterator[Any]:
    """A page from disk, offline; anything on its console is an error."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(f"wanted {request.url}"))
    page.goto(path.resolve().as_uri())
    yield page
    context.close()
    assert not said


def drawn(box: Any) -> np.ndarray:
    """(H, W) bool: which pixels of an element are not white, once there are some."""
    for _ in range(100):
        with Image.open(io.BytesIO(box.screenshot())) as image:
            seen = np.asarray(image.convert("RGB")).min(axis=2) < 250
        side = min(seen.shape)
        if seen[8:-8, 8:-8].any():  # within the frame's border
            return np.asarray(seen[:side, :side])
        box.page.wait_for_timeout(50)
    raise AssertionError("the view stays blank")


def lopsided() -> trimesh.Trimesh:
    """A mesh that looks different from every side."""
    parts = [
        trimesh.creation.box((0.9, 0.1, 0.5)),
        trimesh.creation.icosphere(subdivisions=3, radius=0.15).apply_translation((0.25, 0.2, 0)),
        trimesh.creation.cylinder(0.05, 0.6).apply_translation((-0.3, -0.1, 0.15)),
    ]
    return trimesh.util.concatenate(parts)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("browser")
    write_depth(folder / "map" / "000.npz", ball_depth())
    write_mesh(lopsided(), folder / "thing.ply")
    trimesh.PointCloud(ball(0.3).vertices).export(folder / "cloud.ply")
    return [str(folder / name) for name in ("map/000.npz", "thing.ply", "cloud.ply")]


@pytest.mark.parametrize("together", [False, True])
def test_scene_page(browser: Any, files: list[str], tmp_path: Path, together: bool) -> None:
    """Meshes and clouds are drawn where the ray-cast pictures have them, and turn."""
    path = tmp_path / "scene.html"
    assert vis.main([*files, "--html", str(path), *(["--together"] if together else [])]) == 0
    scene = load_scene(files)
    groups = [scene.layers] if together else [[layer] for layer in scene.layers]
    with opened(browser, path) as page:
        assert page.get_by_alt_text("depth map").count() == 1
        page.locator("iframe").nth(len(groups) - 1).wait_for()
        for layers, frame in zip(groups, page.locator("iframe").all(), strict=True):
            before = drawn(frame)
            expected = render(layers, zoom=FRAME, size=len(before)).min(axis=2) < 250
            filled = ndimage.binary_closing(before, iterations=3)  # single points are small
            assert filled[expected].mean() > 0.7, "where the pictures have it"
            assert filled[~expected].mean() < 0.2, "in perspective a little more is seen"
            box = frame.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + 60, y + 40, steps=3)
            page.mouse.up()
            page.wait_for_timeout(100)
            assert (drawn(frame) != before).any()


def test_colours_come_out_as_they_are(browser: Any, tmp_path: Path) -> None:
    """A square that faces the camera has the colour of its distance to the ground truth."""
    for name, z in (("square", 0.02), ("truth", 0.0)):
        trimesh.creation.box((0.8, 0.8, 0.01)).apply_translation((0, 0, z)).export(
            tmp_path / f"{name}.ply"
        )
    options = ["--color", "error", "--ground-truth", str(tmp_path / "truth.ply")]
    path = tmp_path / "scene.html"
    assert vis.main([str(tmp_path / "square.ply"), *options, "--html", str(path)]) == 0
    with opened(browser, path) as page:
        assert page.locator("#scale").count() == 1
        frame = page.locator('iframe[title="square"]')
        frame.wait_for()
        drawn(frame)
        with Image.open(io.BytesIO(frame.screenshot())) as image:
            seen = np.asarray(image.convert("RGB"))[image.height // 2, image.width // 2]
    expected = error_scale(0.05, "truth").colours(np.array([0.02]))[0]
    np.testing.assert_allclose(seen.astype(int), expected.astype(int), atol=12)


# --- reports ----------------------------------------------------------------------------------


SCORES = {"onet": (0.2, 0.9, 0.5), "hpn": (0.6, 0.4, 0.8)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two scored runs of three maps; in the second one mesh is empty and one is missing."""
    root = tmp_path_factory.mktemp("runs")
    models = [("chair_a-00", "chair"), ("lamp_b-00", "lamp"), ("chair_c-00", "chair")]
    for run, scores in SCORES.items():
        rows, timings = [], []
        for k, ((model, class_name), score) in enumerate(zip(models, scores, strict=True)):
            keys = {"idx": k, "class id": "things", "class name": class_name, "modelname": model}
            empty = run == "hpn" and k == 1
            if not (run == "hpn" and k == 2):
                mesh = trimesh.Trimesh() if empty else lopsided().apply_scale(1 - 0.2 * k)
                write_mesh(mesh, root / run / "meshes/things" / f"{model}.ply")
            picture = np.full((256, 256, 3), (60 * k, 90, 200), np.uint8)
            write_picture(picture, root / run / "input/things" / f"{model}.jpg")
            rows.append(
                {**keys, "fscore@1 (mesh)": score, "chamfer (mesh)": 1 - score}
                | {"empty (mesh)": empty, "note": "", "fingerprint": ""}
            )
            timings.append({**keys, "time (total)": 1.5 + k})
        results.write_scores(root / run, results.MESHES, "things", rows, [], [c for _, c in models])
        write_tables(pd.DataFrame(timings).set_index("idx"), root / run)
    return [root / run for run in SCORES]


def shown(page: Any) -> list[str]:
    cards = page.locator(".card:not([hidden]) h2")
    return [str(title) for title in cards.all_text_contents()]


def test_report(browser: Any, runs: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    argv = ["--report", *map(str, runs), "--names", "ONet", "HPN & co", "--html", str(path)]
    assert vis.main(argv) == 0
    a, b, c = "things/chair_a-00", "things/lamp_b-00", "things/chair_c-00"
    with opened(browser, path) as page:
        table = page.locator("table").first.text_content()
        assert "HPN & co" in table and "F@1%" in table
        assert "1 of 3 meshes are empty" in page.locator("header").first.text_content()
        assert shown(page) == [a, c, b]
        assert "F@1% 20.0" in page.locator(".card").first.text_content()
        assert "1.50 s" in page.locator(".card").first.text_content()
        # Sorting, by any score, of either run; what has no score comes last.
        page.locator("#sort").select_option("fscore@1 (mesh)")
        assert shown(page) == [b, c, a]
        page.locator("#order").click()
        assert shown(page) == [a, c, b]
        page.locator("#run").select_option(label="HPN & co")
        assert shown(page) == [b, a, c]
        page.locator("#sort").select_option("time (total)")
        assert shown(page) == [a, b, c]
        # Filtering.
        page.locator("#class").select_option("chair")
        assert shown(page) == [a, c]
        page.locator("#name").fill("R_c")
        assert shown(page) == [c]
        page.locator("#name").fill("")
        page.locator("#class").select_option("")
        assert page.locator("#count").inner_text() == "3 of 3 shown"
        # A picture becomes a mesh on a click.
        assert page.locator("iframe").count() == 0
        card = page.locator(".card", has_text="chair_a")
        card.get_by_alt_text("mesh by ONet").click()
        card.locator("iframe").wait_for()
        seen = drawn(card.locator("iframe"))
        layer = load_layer(runs[0] / f"meshes/{a}.ply")
        expected = render([layer], 35, 12, len(seen), FRAME).min(axis=2) < 250
        assert seen.mean() == pytest.approx(expected.mean(), rel=0.2)
        card.get_by_text("all numbers").click()
        assert "chamfer (mesh)" in card.locator("table").inner_text()
        # Absent meshes are named.
        assert "empty" in page.locator(".card", has_text="lamp_b").text_content()
        assert "no mesh" in page.locator(".card", has_text="chair_c").text_content()


def test_report_of_one_run_without_scores(browser: Any, runs: list[Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(runs[0] / "meshes", run / "meshes")
    truth = tmp_path / "truth" / "things"
    shutil.copytree(runs[0] / "meshes" / "things", truth)
    assert vis.main(["--report", str(run), "--ground-truth", str(truth.parent)]) == 0
    with opened(browser, run / "report.html") as page:
        assert "no scores" in page.locator("header").first.text_content()
        assert page.locator("table").count() == 0
        assert "ground truth" in page.locator(".card").first.text_content()
        assert len(shown(page)) == 3
        page.locator("#order").click()
        assert shown(page)[0] == "things/lamp_b-00"


def test_few_meshes_stay_open(browser: Any, tmp_path: Path) -> None:
    for k in range(10):
        write_mesh(trimesh.creation.box((0.5, 0.5, 0.5)), tmp_path / f"meshes/a/m_{k}.ply")
    assert vis.main(["--report", str(tmp_path)]) == 0
    with opened(browser, tmp_path / "report.html") as page:
        for button in page.locator(".view button").all():
            button.evaluate("(button) => button.click()")
        page.wait_for_function("document.querySelectorAll('iframe').length == 8")
        assert page.locator(".view button:not([hidden])").count() == 2


def test_serving(browser: Any, files: list[str]) -> None:
    pytest.importorskip("viser", reason="needs viser: pip install viser")
    from im2mesh.visualize.serve import start

    server = start(load_scene(files), 18080)
    try:
        page = browser.new_page()
        page.goto(f"http://localhost:{server.get_port()}")
        page.locator("canvas").first.wait_for(timeout=20_000)
        page.get_by_text("thing", exact=True).first.wait_for(timeout=20_000)
        page.get_by_text("map: depth map").first.wait_for(timeout=20_000)
        page.close()
    finally:
        server.stop()
