"""The page of ``hpn app`` in headless Chromium, which must ask no other machine for anything."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from im2mesh.commands import app
from tests.fixtures import SENSOR, BallLevels, free_port, millimetres, sensor_view, write_image

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio")

NUMBERS = f"{SENSOR.fx} {SENSOR.fy} {SENSOR.cx} {SENSOR.cy}"
PATIENCE = 180_000
"""Milliseconds; a busy machine starts WebGL slowly."""


@pytest.fixture
def page(browser: Any, ball_levels: BallLevels) -> Iterator[Any]:
    pytest.importorskip("gradio", reason="needs gradio: pip install gradio")
    with app.served(ball_levels, "127.0.0.1", free_port()) as address:
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE)
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(address, timeout=PATIENCE)
        yield opened
        context.close()
        strangers = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
        assert asked and not strangers


def upload(page: Any, number: int, path: str) -> None:
    page.locator("input[type=file]").nth(number).set_input_files(path)


def test_upload_run_turn_download_and_an_error(page: Any, tmp_path: Path) -> None:
    depth, mask = sensor_view()
    # An error, in words.
    upload(page, 0, write_image(tmp_path / "eight.png", mask.astype(np.uint8)))
    page.get_by_text("eight.png: holds 8-bit values").first.wait_for()
    page.get_by_label("Remove this file").or_(page.get_by_label("Clear")).first.click()
    # A depth image, its intrinsics, the object that is found, the mesh.
    upload(page, 0, write_image(tmp_path / "thing.png", millimetres(depth)))
    page.locator("img").first.wait_for()
    page.get_by_label("Intrinsics").fill(NUMBERS)
    page.get_by_role("button", name="Reconstruct", exact=True).click()
    page.get_by_text("Watertight").wait_for()
    assert page.get_by_role("row", name="Distance 0.50 m").count() == 1
    before = drawn(page.locator("canvas").first)
    box = page.locator("canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=3)
    page.mouse.up()
    page.wait_for_timeout(300)
    assert (drawn(page.locator("canvas").first) != before).any(), "it turns"
    for ending in ("glb", "ply"):
        with page.expect_download() as download:
            page.get_by_text(re.compile(rf"Download \.{ending}")).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        assert path.name == f"thing.{ending}"
        assert trimesh.load_mesh(path).is_watertight


def drawn(canvas: Any) -> np.ndarray:
    """Return a canvas' (H, W, 3) picture, once there is something in it."""
    for _ in range(300):
        with Image.open(io.BytesIO(canvas.screenshot())) as image:
            seen = np.asarray(image.convert("RGB"))
        middle = seen[len(seen) // 3 : -len(seen) // 3]
        if np.ptp(middle.reshape(-1, 3), axis=0).max() > 30:
            return seen
        canvas.page.wait_for_timeout(200)
    raise AssertionError("the view stays blank")


def test_clicks_and_brush(page: Any, tmp_path: Path) -> None:
    """A click beside the object is an error in words, one on it is none; a brush paints a mask."""
    depth, _ = sensor_view()
    upload(page, 0, write_image(tmp_path / "thing.png", millimetres(depth)))
    page.locator("img").first.wait_for()
    page.get_by_label("Intrinsics").fill(NUMBERS)
    page.get_by_text("One depth image").click()  # leaving the field draws the object
    page.wait_for_timeout(3000)
    picture = page.locator("img").first
    box = picture.bounding_box()

    def at(column: int, row: int) -> dict[str, float]:
        return {"x": column * box["width"] / 160, "y": row * box["height"] / 120}

    picture.click(position=at(20, 100))
    page.get_by_text("no object is at column").first.wait_for()
    page.get_by_text("brushed", exact=True).click()
    page.get_by_role("button", name="Reconstruct", exact=True).click()
    page.get_by_text("nothing is brushed").first.wait_for()
    canvas = page.locator("canvas").last
    drawn(canvas)
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y, steps=3)
    page.mouse.up()
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Reconstruct", exact=True).click()
    page.get_by_text("Watertight").wait_for()
