"""Measure the size of a report and the time to make and open it.

    python benchmarks/report.py [--maps 100] [--runs 3] [--faces 6000]

The meshes are procedural objects, one for each map and the same in every run; the input pictures
are their depth maps. It prints the report's size, the seconds it took, and, where Chromium and
playwright are installed, the seconds until a headless Chromium (software rendering, no network) has
painted the page, and until a mesh is drawn after a click on its picture.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import trimesh

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.data.depth_picture import depth_picture  # noqa: E402
from im2mesh.data.run_folders import write_picture  # noqa: E402
from im2mesh.geometry.mesh_files import write_mesh  # noqa: E402
from im2mesh.shapes.families import FAMILIES, make_shape  # noqa: E402
from im2mesh.visualize.page import save_page  # noqa: E402
from im2mesh.visualize.report import report_page  # noqa: E402


def main() -> None:
    """Make the runs, the report, and open it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--maps", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--faces", type=int, default=6000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder) / f"run{k}" for k in range(args.runs)]
        families = sorted(FAMILIES)
        for k in range(args.maps):
            family = families[k % len(families)]
            shape = make_shape(family, seed=k).posed(30.0, 20.0)
            mesh = trimesh.Trimesh(*shape.mesh(), process=False)
            picture = depth_picture(shape.depth().numpy())
            for run in runs:
                write_mesh(mesh, run / "meshes" / family / f"{family}_{k:03d}.ply")
                write_picture(picture, run / "input" / family / f"{family}_{k:03d}.jpg")
        path = Path(folder) / "report.html"
        start = time.perf_counter()
        save_page(report_page(runs, faces=args.faces), path)
        seconds = time.perf_counter() - start
        print(f"{args.maps} maps, {args.runs} runs, at most {args.faces} faces a mesh")
        print(f"made in    {seconds:6.1f} s")
        print(f"size       {path.stat().st_size / 1e6:6.1f} MB")
        _open(path)


def _open(path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("not opened: there is no Chromium")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        browser = driver.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_context(offline=True).new_page()
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.evaluate("new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")
        print(f"opened in  {time.perf_counter() - start:6.2f} s")
        card = page.locator(".card").first
        card.scroll_into_view_if_needed()
        start = time.perf_counter()
        card.locator(".view button").first.click()
        card.frame_locator("iframe").locator("canvas").wait_for()
        print(f"a mesh in  {time.perf_counter() - start:6.2f} s")
        browser.close()


if __name__ == "__main__":
    main()
