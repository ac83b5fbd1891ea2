"""The files that say what to install agree with one another, and with what is installed."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import im2mesh
from im2mesh import Reconstructor
from im2mesh.bundled import DEMO_LEVELS, FILES, ROOT, demo_config, find
from im2mesh.config import load_config
from tests.conftest import REPOSITORY


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def pinned_lines(name: str) -> list[str]:
    lines = [line.strip() for line in read(name).splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "-r"))]


def named(lines: list[str]) -> dict[str, str]:
    """Return the version of each package."""
    parted = [line.partition("==") for line in lines]
    return {canonicalize_name(name): version for name, _, version in parted}


PROJECT: dict[str, Any] = tomllib.loads(read("pyproject.toml"))
RUNNING, OTHERS = pinned_lines("requirements.txt"), pinned_lines("requirements-dev.txt")
PINS = named(RUNNING + OTHERS)
RUN = [
    Requirement(line)
    for line in PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"]
]
EXTRAS = PROJECT["project"]["optional-dependencies"]
DIRECT = RUN + [Requirement(line) for lines in EXTRAS.values() for line in lines]


def test_requirements_are_exact() -> None:
    lines = RUNNING + OTHERS
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", line) for line in lines)
    assert len(PINS) == len(lines)
    assert "-r requirements.txt" in read("requirements-dev.txt")


@pytest.mark.parametrize("requirement", DIRECT, ids=str)
def test_pins_are_in_the_ranges(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])
    assert str(requirement.specifier), "a range, not any version at all"


@pytest.mark.parametrize("pins", [named(RUNNING), PINS], ids=["requirements.txt", "both files"])
def test_pins_are_closed(pins: dict[str, str]) -> None:
    """A pinned package has its requirements pinned, in a version that it accepts; extras, too."""
    wanted = [(name, "") for name in pins]
    for name, extra in wanted:
        version = pins[name]
        installed = importlib.metadata.version(name).partition("+")[0]
        if installed != version:
            pytest.skip(f"{name} {installed} is installed, not what requirements.txt pins")
        for line in importlib.metadata.requires(name) or []:
            needed = Requirement(line)
            if needed.marker is not None and not needed.marker.evaluate({"extra": extra}):
                continue
            if re.match(r"nvidia|cuda|triton", needed.name):
                continue  # torch's, of its build for CUDA
            pin = pins.get(canonicalize_name(needed.name))
            assert pin is not None, f"{name} needs {needed}"
            wanted += [(canonicalize_name(needed.name), more) for more in needed.extras]
            assert needed.specifier.contains(pin), f"{name} needs {needed}"


def test_running_needs_its_requirements_only() -> None:
    """Tools of tests and lint are not installed for the demo, but for what those need anyway."""
    assert {canonicalize_name(r.name) for r in RUN} <= set(named(RUNNING))
    extras = {canonicalize_name(r.name) for r in DIRECT} - {canonicalize_name(r.name) for r in RUN}
    assert extras & set(named(RUNNING)) == {"packaging"}


def test_conda_environments() -> None:
    mesho3d, pt3d = (yaml.safe_load(read(f"{name}.yaml")) for name in ("mesho3d", "pytorch3d"))
    assert (mesho3d["name"], pt3d["name"]) == ("mesho3d", "pt3d")
    assert mesho3d["dependencies"][-1]["pip"] == RUNNING
    assert set(pt3d["dependencies"][-1]["pip"]) <= set(RUNNING)
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    for environment in (mesho3d, pt3d):
        python = next(str(d) for d in environment["dependencies"] if str(d).startswith("python="))
        assert supported.contains(python.removeprefix("python="))


def test_python_versions() -> None:
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    minors = [minor for minor in range(30) if supported.contains(f"3.{minor}")]
    assert minors == [11, 12, 13]
    classifiers = PROJECT["project"]["classifiers"]
    assert [c for c in classifiers if "Python ::" in c] == [
        f"Programming Language :: Python :: 3.{minor}" for minor in minors
    ]


def test_version_is_the_same_everywhere() -> None:
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "im2mesh.__version__"}
    citation = yaml.safe_load(read("CITATION.cff"))
    assert str(citation["version"]) == im2mesh.__version__
    assert citation["license"] == PROJECT["project"]["license"] == "AGPL-3.0-only"


def test_both_papers_are_cited() -> None:
    citation = yaml.safe_load(read("CITATION.cff"))
    authors = [[a["family-names"] for a in paper["authors"]] for paper in citation["references"]]
    assert authors == [
        ["Bechtold", "Tatarchenko", "Fischer", "Brox"],
        ["Mescheder", "Oechsle", "Niemeyer", "Nowozin", "Geiger"],
    ]
    assert [paper["year"] for paper in citation["references"]] == [2021, 2019]


def test_licences_of_all_direct_dependencies_are_listed() -> None:
    text = read("3rd-party-licenses.txt")
    listed = dict(
        re.findall(r"^(\S+) (\S+)\n    licence:  .+\n(?:     .+\n)*    used for: ", text, re.M)
    )
    assert {canonicalize_name(name): version for name, version in listed.items()} == {
        name: PINS[name]
        for name in {canonicalize_name(r.name) for r in [*DIRECT, Requirement("wheel")]}
    }
    for name in listed:
        expressions = importlib.metadata.metadata(name).get_all("License-Expression") or []
        if importlib.metadata.version(name).startswith(listed[name]):
            assert all(words in " ".join(text.split()) for words in expressions), name


def run_make(*arguments: str, folder: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_lists_its_targets() -> None:
    shown = run_make().stdout
    targets = re.findall(r"^ *make ([a-z-]+) +\S", shown, re.M)
    declared = re.search(r"^\.PHONY: (.+)$", read("Makefile"), re.M)
    assert declared is not None
    assert targets == declared[1].split()


def test_make_refuses_another_python(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(read("Makefile"))
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).touch()
    other = tmp_path / "python3.10"
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    for python in (str(other), "no-such-python"):
        done = run_make(f"PYTHON={python}", "typecheck", folder=tmp_path)
        assert done.returncode == 2
        assert done.stderr.splitlines()[0] == (
            f"{python} is not a Python 3.11, 3.12 or 3.13; name one: "
            "make PYTHON=python3.12 typecheck"
        )
        assert not (tmp_path / ".venv").exists()


def test_ci_calls_make() -> None:
    script = REPOSITORY / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert {"make lint", "make test", "make docs", "make dist"} <= set(
        script.read_text().splitlines()
    )


# --- bundled files ----------------------------------------------------------------------------


def test_makefile_names_the_levels_of_the_package() -> None:
    levels = re.search(r"^LEVELS := (.+)$", read("Makefile"), re.M)
    assert levels is not None
    assert [REPOSITORY / name for name in levels[1].split()] == [*map(demo_config, DEMO_LEVELS)]


def test_wheels_hold_every_file_of_the_bundled_levels() -> None:
    held = {path for pattern in FILES for path in REPOSITORY.glob(pattern) if path.is_file()}
    for name in DEMO_LEVELS:
        config = load_config(demo_config(name))
        assert {demo_config(name), ROOT / config.model_path} <= held
    assert set((REPOSITORY / "configs").rglob("*.*")) <= held
    samples = [p for folder in ("demo", "demo_sensor") for p in (ROOT / "data" / folder).rglob("*")]
    assert {path for path in samples if path.is_file()} <= held


def test_bundled_files_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the working directory comes first."""
    monkeypatch.chdir(tmp_path)
    name = "configs/default.yaml"
    assert find(name) == ROOT / name
    Path("configs").mkdir()
    Path(name).write_text("method: onet_sdf\n")
    assert find(name) == Path(name)
    assert load_config(name).is_sdf
    assert find("configs/mine.yaml") == Path("configs/mine.yaml")
    assert load_config("configs/demo/volume.yaml").model_path.is_file()
    assert Reconstructor.bundled(resolution=32, mise_resolution=16).resolution == 32
