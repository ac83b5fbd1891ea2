"""The documentation's site: it builds strictly, fetches nothing, and its start page runs."""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import trimesh
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config

from im2mesh.config import load_config as load_level
from im2mesh.models.build import build_network
from tests.conftest import REPOSITORY

START = (REPOSITORY / "docs/index.md").read_text(encoding="utf-8")
PUBLISHED = ("genre_bl", "genre_p32s16", "genre_p64s32")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning would end the build (``strict``)."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        logging.getLogger("mkdocs").setLevel(logging.WARNING)
        config = load_config(str(REPOSITORY / "mkdocs.yml"), site_dir=str(folder))
        build(config)
    return folder


def test_pages(site: Path) -> None:
    """Every page of docs/ is one of the site, and so are pictures and what lies outside docs/."""
    for page in (REPOSITORY / "docs").rglob("*.md"):
        assert (site / page.relative_to(REPOSITORY / "docs")).with_suffix(".html").is_file(), page
    assert 'href="architecture.html"' in (site / "CONTRIBUTING.html").read_text(encoding="utf-8")
    assert '<img alt="objects of every family" src="img/families.png"' in (
        site / "families.html"
    ).read_text(encoding="utf-8")
    assert (site / "img/families.png").is_file()
    assert "Trimesh" in (site / "quickstart.html").read_text(encoding="utf-8")
    assert not list(site.rglob("*.py"))


def test_docstrings(site: Path) -> None:
    page = (site / "api/reconstruction.html").read_text(encoding="utf-8")
    for name in ("reconstruct", "SensorReconstruction", "Reconstructor", "load_depth"):
        assert re.search(rf'<h3 id="im2mesh\.[\w.]*\.{name}"', page), name
    assert "holes are 0, negative, NaN or infinite" in page
    for page in (path.read_text(encoding="utf-8") for path in (site / "api").iterdir()):
        assert not re.search(r":(?:func|class|meth|data|mod):", page)
        assert "blockquote" not in page  # of a line that starts with >


def test_pages_fetch_nothing(site: Path) -> None:
    """Links may lead elsewhere; scripts, styles, pictures and fonts may not come from there."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe|source)[^>]*\ssrc=\"?([^\"\s>]+)", text)
        fetched += re.findall(r"<link[^>]*rel=\"?stylesheet[^>]*", text)
        assert fetched
        assert not [address for address in fetched if "//" in address], page
        assert "preconnect" not in text
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//", style.read_text(encoding="utf-8"))


@pytest.fixture
def beginner(tmp_path: Path) -> Path:
    """A folder with what the start page speaks of: an image, meshes, weights, a configuration."""
    for sample in (REPOSITORY / "data/demo_sensor").iterdir():
        shutil.copy(sample, tmp_path)
    for k in range(8):
        path = tmp_path / f"my_meshes/box/{k}.obj"
        path.parent.mkdir(parents=True, exist_ok=True)
        trimesh.creation.box((1, 0.4 + 0.1 * k, 0.3)).export(path)
    written = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", START, re.DOTALL)[0])
    written["training"].update(max_iterations=2, validate_every=1, batch_size=2)
    (tmp_path / "configs/mine").mkdir(parents=True)
    (tmp_path / "configs/mine/global.yaml").write_text(yaml.safe_dump(written))
    for name in PUBLISHED:
        level = load_level(REPOSITORY / f"configs/00_paper_genre/{name}.yaml")
        weights = tmp_path / level.model_path
        weights.parent.mkdir(parents=True)
        torch.save({"model": build_network(level).state_dict()}, weights)
    return tmp_path


SMALL = {
    "dataset": ["--views", "1", "--points", "5000", "--cloud", "5000"],
    "generate": ["--resolution", "32"],
    "generate-merge3": ["--resolution", "32"],
}
"""Arguments that keep a command of the test short."""


@pytest.mark.slow
def test_commands_of_the_start_page_run(beginner: Path) -> None:
    """Each ``hpn`` line runs from top to bottom; `make` runs the others in CI."""
    commands = re.findall(r"^    hpn (.*)$", START.replace("\\\n", " "), re.MULTILINE)
    assert len(commands) == 9
    for words in map(shlex.split, commands):
        added = SMALL.get(words[0], []) if "--check" not in words else []
        call = "from im2mesh.commands.hpn import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", call, *words, *added],
            cwd=beginner,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (words, done.stderr)
    assert (beginner / "chair.png").is_file()
    assert trimesh.load(beginner / "chair.ply").is_watertight
    assert (beginner / "out/mine/global/generation/eval_meshes_box.csv").is_file()
    folder = beginner / "out/00_paper_genre/p32s16/generation_hierarchical3"
    assert len(list(folder.rglob("meshes/*/*.ply"))) == 8
