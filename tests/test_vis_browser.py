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
from im2mesh.data.run_folders import write_picture, write_timings
from im2mesh.data.storage import write_depth
from im2mesh.geometry.mesh_files import write_mesh
from im2mesh.metrics import results
from im2mesh.visualize.page import FRAME
from im2mesh.visualize.picture import render
from im2mesh.visualize.scene import Scene, load_layer, load_scene
from tests.fixtures import ball, ball_depth

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
SOFTWARE_GL = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium; tests are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=SOFTWARE_GL)
        yield started
        started.close()


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


def pixels(page: Any, canvas: Any) -> np.ndarray:
    """What a canvas shows, once it is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    link = canvas.evaluate("(canvas) => canvas.toDataURL('image/png').split(',')[1]")
    import base64

    with Image.open(io.BytesIO(base64.b64decode(link))) as image:
        return np.asarray(image.convert("RGBA"))[..., :3].copy()


def wait_for_picture(page: Any, canvas: Any) -> np.ndarray:
    for _ in range(100):
        picture = pixels(page, canvas)
        if (picture < 250).any() and picture.any():
            return picture
        page.wait_for_timeout(50)
    raise AssertionError("the canvas stays blank")


def drag(page: Any, canvas: Any, right: int, down: int) -> None:
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=3)
    page.mouse.up()


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


def test_scene_page(browser: Any, files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scene.html"
    assert vis.main([*files, "--html", str(path)]) == 0
    with opened(browser, path) as page:
        assert page.locator("img").count() == 1, "the depth map with its bar"
        canvases = {
            name: page.get_by_label(name, exact=True).last for name in ("map", "thing", "cloud")
        }
        before = {name: wait_for_picture(page, canvas) for name, canvas in canvases.items()}
        for name, file in zip(canvases, files, strict=True):
            expected = render([*load_scene([file]).layers], size=len(before[name]), zoom=FRAME)
            seen, wanted = (p.min(axis=2) < 250 for p in (before[name], expected))
            # Single points are drawn as squares here, as discs there.
            assert (seen & ~ndimage.binary_dilation(wanted)).mean() < 1e-3, name
            assert (wanted & ~ndimage.binary_dilation(seen)).mean() < 1e-3, name
        # Light and shade are those of the ray-cast pictures, too.
        expected = render([load_layer(files[1])], size=len(before["thing"]), zoom=FRAME)
        error = np.abs(before["thing"].astype(int) - expected.astype(int))
        assert np.percentile(error, 97) <= 8
        drag(page, canvases["thing"], 60, 40)
        for name, canvas in canvases.items():  # all are turned together
            assert (pixels(page, canvas) != before[name]).any(), name
        turned = render([load_layer(files[1])], 30, 20, len(before["thing"]), FRAME)
        error = np.abs(pixels(page, canvases["thing"]).astype(int) - turned.astype(int))
        assert np.percentile(error, 97) <= 10, "0.5 degrees a pixel, azimuth and elevation"
        page.get_by_role("button", name="from the camera").click()
        np.testing.assert_array_equal(pixels(page, canvases["thing"]), before["thing"])
        page.get_by_label("thing").first.uncheck()
        assert not canvases["thing"].is_visible() and canvases["cloud"].is_visible()
        page.get_by_label("in one picture").check()
        whole = page.get_by_label("all layers")
        some = wait_for_picture(page, whole)
        page.get_by_label("thing").first.check()
        assert (pixels(page, whole) != some).any()


@pytest.mark.parametrize("colour", ["depth", "normal", "error"])
def test_coloured_page(browser: Any, files: list[str], tmp_path: Path, colour: str) -> None:
    path = tmp_path / "scene.html"
    options = ["--color", colour, "--ground-truth", files[2]]
    assert vis.main([files[1], *options, "--html", str(path)]) == 0
    scene: Scene = load_scene([files[1]], None, colour, files[2])  # type: ignore[arg-type]
    thing = next(layer for layer in scene.layers if layer.name == "thing")
    with opened(browser, path) as page:
        assert page.locator("#scale").count() == (colour != "normal")
        seen = wait_for_picture(page, page.get_by_label("thing", exact=True).last)
        expected = render([thing], size=len(seen), zoom=FRAME, shading=scene.shading)
        error = np.abs(seen.astype(int) - expected.astype(int))
        assert np.percentile(error, 95) <= 12


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
        write_timings(pd.DataFrame(timings).set_index("idx"), root / run)
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
        # A card's pictures become meshes when the mouse is on them.
        assert page.locator("canvas").count() == 0
        card = page.locator(".card", has_text="chair_a")
        card.locator(".view").nth(1).hover()
        card.locator("canvas").nth(1).wait_for()
        assert page.locator("canvas").count() == 2
        left, right = card.locator("canvas").all()
        before = wait_for_picture(page, left), wait_for_picture(page, right)
        expected = render([load_layer(runs[0] / f"meshes/{a}.ply")], 35, 12, len(before[0]), FRAME)
        error = np.abs(before[0].astype(int) - expected.astype(int))
        assert np.percentile(error, 97) <= 10, "as in the picture that it takes the place of"
        drag(page, left, 40, 20)
        for canvas, picture in zip((left, right), before, strict=True):
            assert (pixels(page, canvas) != picture).any(), "the cameras are linked"
        np.testing.assert_array_equal(pixels(page, left), pixels(page, right))
        # What is not there is said.
        assert "empty" in page.locator(".card", has_text="lamp_b").text_content()
        assert "no mesh" in page.locator(".card", has_text="chair_c").text_content()
        card.get_by_text("all numbers").click()
        assert "chamfer (mesh)" in card.locator("table").inner_text()
        # All cards together, also those that are opened later.
        page.get_by_label("turn all cards together").check()
        drag(page, left, 30, 0)
        other = page.locator(".card", has_text="lamp_b")
        other.locator(".view").nth(1).hover()
        other.locator("canvas").wait_for()
        first = wait_for_picture(page, other.locator("canvas"))
        page.locator("#name").scroll_into_view_if_needed()
        left.focus()
        page.keyboard.press("ArrowLeft")
        other.locator("canvas").scroll_into_view_if_needed()
        assert (pixels(page, other.locator("canvas")) != first).any()


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


@pytest.mark.slow
def test_many_cards_stay_light(browser: Any, runs: list[Path], tmp_path: Path) -> None:
    """Pictures have no canvas of their own until they are opened, and few stay open."""
    run = tmp_path / "run" / "meshes" / "things"
    run.mkdir(parents=True)
    source = next((runs[0] / "meshes/things").glob("*.ply"))
    for k in range(70):
        shutil.copyfile(source, run / f"m_{k:02d}.ply")
    assert vis.main(["--report", str(tmp_path / "run")]) == 0
    with opened(browser, tmp_path / "run" / "report.html") as page:
        assert page.locator("canvas").count() == 0
        for k in range(70):
            page.locator(".card .view").nth(k).dispatch_event("pointerdown")
            page.locator(".card .row").nth(k).dispatch_event("pointerenter")
        page.wait_for_function("document.querySelectorAll('canvas').length >= 55")
        page.wait_for_timeout(300)
        assert page.locator("canvas").count() <= 60


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
