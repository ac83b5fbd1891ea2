"""The command ``hpn`` finds the same mains as the scripts, and starts quickly."""

from __future__ import annotations

import importlib
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from im2mesh import __version__
from im2mesh.bundled import DEMO_LEVELS, ROOT
from im2mesh.commands.hpn import COMMANDS, SCRIPTS, main
from im2mesh.config import load_config
from im2mesh.data.storage import samples_of_split
from im2mesh.errors import ConfigError
from tests.conftest import REPOSITORY


def hpn(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    code = "from im2mesh.commands.hpn import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def function(command: str) -> object:
    module, name = COMMANDS[command][0].split(":")
    return getattr(importlib.import_module(f"im2mesh.commands.{module}"), name)


def test_every_script_is_a_subcommand() -> None:
    scripts = {path.stem for path in REPOSITORY.glob("*.py")} - {"setup"}
    commands = {name: SCRIPTS.get(name, name.replace("_", "-")) for name in scripts}
    for script, command in commands.items():
        loaded = runpy.run_path(str(REPOSITORY / f"{script}.py"), run_name="script")
        assert loaded["main"] is function(command)
    for command in COMMANDS:
        assert callable(function(command))


@pytest.mark.parametrize("name", ["generate-merge3", "generate_merge3", "eval", "eval_meshes"])
def test_help_names_the_subcommand(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["hpn", name, "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    command = SCRIPTS.get(name, name.replace("_", "-"))
    assert capsys.readouterr().out.startswith(f"usage: hpn {command} ")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--version"], 0, f"hpn {__version__}\n"),
        (["--help"], 0, "reconstruct   "),
        ([], 2, "the following arguments are required: COMMAND"),
        (["recontruct"], 2, "recontruct is not one of reconstruct, generate"),
        (["reconstruct"], 2, "hpn reconstruct: error: give --depth and --intrinsics, or --scene"),
        (["reconstruct", "a.png", "--depth", "b.png"], 2, "two depth images, a.png and b.png"),
        (["reconstruct", "a.png", "--intrinsics", *"1234", "-o", "m.ply"], 2, "a.png: "),
        (["generate", "nothing.yaml"], 2, "nothing.yaml: no such configuration file"),
    ],
)
def test_exit_codes(
    arguments: list[str],
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["hpn", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    shown = capsys.readouterr()
    assert end.value.code == code
    assert words in (shown.err if code else shown.out)


def test_info_from_an_empty_folder(tmp_path: Path) -> None:
    done = hpn("info", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    facts = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    names = [name for name, _ in facts]
    assert {"hpn", "python", "torch", "device", "threads", "precision", "extensions"} <= {*names}
    assert names.count("weights") == len(DEMO_LEVELS)
    assert dict(facts)["bundled"] == str(ROOT)
    assert "missing" not in done.stdout


def test_bundled_data_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundled configuration's maps, too, and also where the user has data of another name."""
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        config = load_config("configs/demo/volume.yaml")
        assert len(samples_of_split(config, config.data.test_split)) == 8
        Path("data/mine").mkdir(parents=True, exist_ok=True)
    Path("data/demo").mkdir()
    with pytest.raises(ConfigError, match=r"^data/demo/demo\.lst: no such split list"):
        samples_of_split(config, config.data.test_split)


HEAVY = ("torch", "trimesh", "scipy", "pandas", "matplotlib")
"""Packages whose import takes a good part of a second."""


def imported(code: str) -> tuple[str, set[str]]:
    """Run a program; return what it printed and which heavy packages it has imported."""
    code += f"\nimport sys; print(*{{*{HEAVY}}} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    *lines, packages = done.stdout.split("\n")[:-1]
    return "\n".join(lines), set(packages.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_nothing_heavy(command: str) -> None:
    module, function = COMMANDS[command][0].split(":")
    shown, packages = imported(
        "from contextlib import suppress\n"
        f"from im2mesh.commands.{module} import {function} as main\n"
        "with suppress(SystemExit): main(['--help'])"
    )
    assert "exit codes:" in shown
    assert packages == set()


def test_packages_are_imported_where_they_are_needed() -> None:
    """Generators write meshes without trimesh, and tables at their end."""
    generation = "import im2mesh.generation.run, im2mesh.generation.sensor"
    assert imported(generation)[1] == {"torch", "scipy"}
    assert imported("import im2mesh.metrics.run, im2mesh.metrics.report")[1] >= {"pandas"}


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("generate", ["nothing.yaml"]),
        ("train", ["nothing.yaml"]),
        ("export", ["nothing.yaml", "file.pt"]),
        ("reconstruct", ["--depth", "nothing.png", "--intrinsics", "1", "1", "0", "0"]),
    ],
)
def test_a_missing_file_is_named_at_once(module: str, arguments: list[str]) -> None:
    shown, packages = imported(
        f"from im2mesh.commands.{module} import main\n"
        f"try: main({arguments})\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    assert re.match(r"\w+Error nothing\.\w+: no such", shown)
    assert "torch" not in packages
