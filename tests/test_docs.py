"""README and docs name only files, modules, commands and keys that exist."""

from __future__ import annotations

import argparse
import fnmatch
import functools
import importlib
import inspect
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from im2mesh.commands.hpn import COMMANDS
from im2mesh.config import load_config, to_dict
from tests.conftest import REPOSITORY

PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CHANGELOG.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
FILES = [
    str(path.relative_to(REPOSITORY))
    for top in ("im2mesh", "tests", "benchmarks", "configs", "data", "docs", "img", "out")
    for path in sorted((REPOSITORY / top).rglob("*"))
    if path.is_file()
] + [path.name for path in REPOSITORY.iterdir() if path.is_file()]
FOLDERS = {str(parent) for name in FILES for parent in Path(name).parents}

per_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)


def expanded(pattern: str) -> Iterator[str]:
    """Yield the alternatives of ``a{b,c}``, as a shell would."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        yield pattern
        return
    for choice in found[1].split(","):
        yield from expanded(pattern[: found.start()] + choice + pattern[found.end() :])


def test_braces() -> None:
    assert list(expanded("{a,b}/x{1,2}")) == ["a/x1", "a/x2", "b/x1", "b/x2"]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@per_page
def test_links(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        linked = page.parent / file if file else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@per_page
def test_files(page: Path) -> None:
    """Python files may be named from any folder on; configurations and bundled weights in full.

    ``configs/mine`` stands for the reader's own.
    """
    text = page.read_text(encoding="utf-8")
    python = re.findall(r"(?<![\w./…])[\w./{},*]+\.py\b", text)
    others = re.findall(r"(?<![\w./…])(?:configs|docs|img|out/pretrained)/[\w./{},*]+[\w*]", text)
    for pattern in [name for written in python + others for name in expanded(written)]:
        if not pattern.startswith("configs/mine"):
            known = pattern in FOLDERS or any(
                fnmatch.fnmatch("/" + name, "*/" + pattern) for name in FILES
            )
            assert known, pattern


@per_page
def test_modules(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for module in re.findall(r"python -m (im2mesh[\w.]*)", text):
        source = (REPOSITORY / module.replace(".", "/")).with_suffix(".py")
        assert source.exists(), module
        assert "__main__" in source.read_text(encoding="utf-8"), module
    for module, names in re.findall(r"from (im2mesh[\w.]*) import ([\w, ]+)", text):
        loaded = importlib.import_module(module)
        missing = [name for name in names.split(", ") if not hasattr(loaded, name)]
        assert not missing, (module, missing)


class Accepted(Exception):
    """A parser took its arguments."""


@per_page
def test_commands(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command in a code block is one that its parser accepts; none is run."""
    parse_args = argparse.ArgumentParser.parse_args

    def parse(self: argparse.ArgumentParser, args: list[str] | None = None) -> None:
        parse_args(self, args)
        raise Accepted

    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse)
    for line in re.findall(
        r"^ *((?:python|hpn) (?!-m dask|-m build|setup\.py).*)$", text, re.MULTILINE
    ):
        program, *words = shlex.split(line, comments=True)
        if program == "hpn":
            if words[0] == "--version":
                continue
            module, name = COMMANDS[words[0]][0].split(":")
            main = getattr(importlib.import_module(f"im2mesh.commands.{module}"), name)
        elif words[0] == "-m":
            main = importlib.import_module(words[1]).main
            words = words[1:]
        else:
            main = script(words[0])["main"]
        monkeypatch.setattr(sys, "argv", words)
        try:
            main(*([words[1:]] if inspect.signature(main).parameters else []))
        except Accepted:
            continue
        except SystemExit as end:  # --help
            assert end.code == 0, line


@functools.cache
def script(name: str) -> dict[str, Any]:
    """Return the globals of a script of the repository, which is not started."""
    return runpy.run_path(str(REPOSITORY / name), run_name="script")


@functools.cache
def sections() -> dict[str, Any]:
    """Return all keys of a configuration, nested as in a file."""
    return to_dict(load_config(REPOSITORY / "configs/default.yaml"))


@per_page
def test_keys(page: Path) -> None:
    keys = re.findall(
        r"`((?:data|model|training|test|generation)(?:\.(?!pt|off|csv)\w+)+)[`: =]",
        page.read_text(encoding="utf-8"),
    )
    for key in keys:
        values: Any = sections()
        for part in key.split("."):
            assert isinstance(values, dict) and part in values, key
            values = values[part]


def test_targets() -> None:
    """Every ``make`` target that a page names is one."""
    listed = subprocess.run(
        ["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    for page in PAGES:
        for target in re.findall(
            r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE
        ):
            assert f"make {target} " in listed, (page.name, target)


ARCHITECTURE = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")


def test_layers() -> None:
    """The diagram has the layers that import-linter checks, in the same order."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    layers = [name for layer in contract["layers"] for name in layer.split(" | ")]
    diagram = re.findall(r"```\n(.*?)```", ARCHITECTURE, re.DOTALL)[0]
    drawn = [re.split(r"\s{2,}", line)[0] for line in diagram.splitlines()]
    assert [name.rstrip("/") for line in drawn for name in line.split(", ")] == layers


def test_names() -> None:
    """Classes, constants and functions of the architecture page are defined in the package."""
    package = "\n".join(
        path.read_text(encoding="utf-8") for path in (REPOSITORY / "im2mesh").rglob("*.py")
    )
    names = set(re.findall(r"`([A-Z]\w+|\w+(?=\(\)))", ARCHITECTURE))
    names = {name for name in names if not name.endswith("3D")}
    assert {"Reconstructor", "FAMILIES", "build_network"} <= names
    for name in names:
        assert re.search(rf"^(?:class |def )?{name}\b[^\n]*[(:=]", package, re.MULTILINE), name
