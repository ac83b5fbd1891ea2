"""render_depth.py, run as a user would: one shape, one mesh file, pose lists, what goes wrong."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import trimesh

from im2mesh.cli import BAD_INPUT, DONE, SOME_FAILED, run_script
from im2mesh.commands import render_depth as script
from im2mesh.config import from_dict
from im2mesh.data.depth import load_depth
from im2mesh.data.sources import sources_of_paths, sources_of_split
from im2mesh.errors import InputError
from im2mesh.files import locked
from im2mesh.geometry.poses import pose
from im2mesh.geometry.rendering import render_depth
from im2mesh.preparation import depth_maps
from tests.conftest import REPOSITORY
from tests.fixtures import BROKEN_YAML

CHAIR, LAMP = "03001627", "03636649"
HEAD = "classname_modelid-view,classid,azimuth,elevation"
ROWS = [
    f"chair_aa-00,{CHAIR},10.5,20",
    f"lamp_bb-00,{LAMP},0,0",
    f"chair_aa-01,{CHAIR},200,-15",
    f"lamp_bb-07,{LAMP},33,45",
]
NAMES = [row.partition(",")[0] for row in ROWS]


def solid() -> trimesh.Trimesh:
    """Something that looks different from everywhere."""
    mesh = trimesh.creation.cone(0.4, 1.0, sections=7)
    block = trimesh.creation.box((0.9, 0.2, 0.5))
    block.apply_translation((0.2, -0.1, 0.3))
    return trimesh.util.concatenate([mesh, block])


def shapenet(root: Path, *models: tuple[str, str]) -> Path:
    for class_id, model in models:
        path = root / class_id / model / "models" / "model_normalized.obj"
        path.parent.mkdir(parents=True)
        solid().export(path)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small folder laid out like ShapeNetCore.v2."""
    return shapenet(tmp_path / "ShapeNet", (CHAIR, "aa"), (LAMP, "bb"))


def pose_list(tmp_path: Path, *rows: str, name: str = "views.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return path


def run(*arguments: object) -> int:
    return script.main([str(argument) for argument in arguments])


def expected(azimuth: float, elevation: float, size: int = 256) -> np.ndarray:
    mesh = solid()
    return render_depth(pose(mesh.vertices, azimuth, elevation), mesh.faces, size)


def check_map(path: Path, depth: np.ndarray) -> None:
    """The released form, and the depth to what an OBJ file's digits hold."""
    with np.load(path) as arrays:
        assert arrays.files == ["arr_0"]
        array = arrays["arr_0"]
    assert array.dtype == np.float32 and array.shape == (*depth.shape, 3)
    for channel in range(3):
        np.testing.assert_array_equal(array[..., channel] >= 0, depth >= 0)
        np.testing.assert_allclose(array[..., channel], depth, atol=1e-5)


# --- one shape ---------------------------------------------------------------------------------


def test_one_shape(tmp_path: Path, root: Path) -> None:
    out = tmp_path / "renders"
    options = ["--filename", f"{CHAIR}_aa", "--out_dir", out, "--shapenet_dir", root]
    assert run(*options) == DONE
    check_map(out / f"{CHAIR}_aa.npz", expected(10, 10))
    assert run(*options, "--azimuth", -40, "--elevation", 0) == DONE
    check_map(out / f"{CHAIR}_aa.npz", expected(-40, 0))
    assert os.listdir(out) == [f"{CHAIR}_aa.npz"]


def test_published_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shapenet(
        tmp_path / "data" / "ShapeNetCore.v2", ("02691156", "ffc1b82bec23a50995b8d6bdd18d56e8")
    )
    monkeypatch.chdir(tmp_path)
    assert run() == DONE
    path = Path("data/renders/02691156_ffc1b82bec23a50995b8d6bdd18d56e8.npz")
    check_map(path, expected(10, 10))


def test_mesh_file(tmp_path: Path) -> None:
    solid().export(tmp_path / "my.chair.stl")
    options = ["--mesh", tmp_path / "my.chair.stl", "--out_dir", tmp_path / "out"]
    path = tmp_path / "out" / "my.chair.npz"
    assert run(*options, "--azimuth", 40, "--elevation", 25, "--posed-mesh") == DONE
    check_map(path, expected(40, 25))
    truth = trimesh.load(tmp_path / "out" / "my.chair.ply")
    again = render_depth(truth.vertices, truth.faces)
    np.testing.assert_allclose(again, expected(40, 25), atol=1e-6)
    more = ["--azimuth", 40, "--elevation", 25, "--pose-convention", "released-script"]
    assert run(*options, *more, "--size", 64) == DONE
    check_map(path, expected(40, -25, 64))
    assert load_depth(path).shape == (256, 256)


def test_shapenet_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"belongs in data/ShapeNetCore\.v2, its meshes at <class"):
        run()
    with pytest.raises(InputError, match=r"belongs in data/ShapeNetCore\.v2"):
        run("--poses", pose_list(tmp_path, *ROWS))
    assert sorted(os.listdir(tmp_path)) == ["views.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--filename", "02691156"], "expected CLASSID_MODELID"),
        (["--filename", "02691156_../../etc"], "expected CLASSID_MODELID"),
        (["--mesh", "nothing.ply"], "nothing.ply: no such mesh file"),
        (
            ["--mesh", "flat.off", "--azimuth", "90", "--elevation", "0"],
            "flat.off: nothing is seen",
        ),
        (["--mesh", "point.off"], r"point.off: no face has an area"),
        (["--mesh", "solid.ply", "--azimuth", "nan"], "solid.ply: an angle of nan"),
        (["--mesh", "solid.ply", "--size", "1"], "--size 1: must be between 2 and 4096"),
        (["--mesh", "solid.ply", "--size", f"{10**11}"], f"--size {10**11}: must be between"),
        (["--mesh", "solid.ply", "--renderer", "pytorch3d"], "conda env create -f pytorch3d"),
        (["--poses", "nothing.csv"], "nothing.csv: no such pose list"),
        (["--poses", "views.csv", "--azimuth", "3"], "--azimuth: views.csv says where"),
    ],
)
def test_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    solid().export("solid.ply")
    square = "0 0 0\n1 0 0\n1 1 0\n0 1 0\n"
    Path("flat.off").write_text(f"OFF\n4 1 0\n{square}4 0 1 2 3\n")
    Path("point.off").write_text("OFF\n3 1 0\n" + 3 * "1 2 3\n" + "3 0 1 2\n")
    pose_list(tmp_path, *ROWS)
    with pytest.raises(InputError, match=message) as raised:
        run(*arguments)
    assert "\n" not in str(raised.value)
    assert not Path("data").exists()


def test_a_flat_mesh_is_seen_from_the_front(tmp_path: Path) -> None:
    (tmp_path / "flat.off").write_text("OFF\n4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n")
    angles = ["--azimuth", 0, "--elevation", 0]
    assert run("--mesh", tmp_path / "flat.off", "--out_dir", tmp_path, *angles) == DONE
    np.testing.assert_allclose(load_depth(tmp_path / "flat.npz"), 0.5, atol=1e-6)


def test_bad_options(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["--mesh", "a.ply", "--poses", "b.csv"],
        ["--pose-convention", "blender"],
        ["--renderer", "opengl"],
        ["--size", "big"],
    ):
        with pytest.raises(SystemExit) as left:
            run(*arguments)
        assert left.value.code == BAD_INPUT
    capsys.readouterr()


# --- pose lists --------------------------------------------------------------------------------


def options(tmp_path: Path, root: Path, *rows: str) -> list[object]:
    poses = pose_list(tmp_path, *(rows or ROWS))
    return ["--poses", poses, "--out_dir", tmp_path / "set" / "maps", "--shapenet_dir", root]


def test_pose_list(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mesh is loaded once; generators and data sets read the maps."""
    loaded: list[Path] = []
    original = depth_maps.load_mesh
    monkeypatch.setattr(
        depth_maps, "load_mesh", lambda path: (loaded.append(path), original(path))[1]
    )
    for _ in range(2):
        assert run(*options(tmp_path, root)) == DONE
        assert len(loaded) == 2
    folder = tmp_path / "set" / "maps"
    assert sorted(os.listdir(folder)) == sorted([*NAMES, "views.lst", "views.lock", "views.yaml"])
    for row in ROWS:
        name, _, azimuth, elevation = row.split(",")
        assert os.listdir(folder / name) == ["000.npz"]
        check_map(folder / name / "000.npz", expected(float(azimuth), float(elevation)))
    found = sources_of_paths([folder])
    assert sorted(source.model for source in found) == sorted(NAMES)
    data = {"path": str(tmp_path / "set"), "classes": ["maps"], "img_folder": "", "img_size": 256}
    config = from_dict({"data": {**data, "input_type": "depth", "test_split": "views"}})
    listed = sources_of_split(config, "views")
    assert [source.model for source in listed] == NAMES
    for source in [*found, *listed]:
        np.testing.assert_array_equal(source.load(), load_depth(folder / source.model / "000.npz"))


def test_one_run_at_a_time_renders_a_list(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "set" / "maps"
    folder.mkdir(parents=True)
    with (
        locked(folder / "views.lock", ""),
        pytest.raises(InputError, match="maps: another process writes there; wait for it to end"),
    ):
        run(*options(tmp_path, root))
    assert os.listdir(folder) == ["views.lock"]


def test_one_bad_mesh_does_not_stop_the_others(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / LAMP / "bb" / "models" / "model_normalized.obj").write_text("v 0 0 0\n")
    assert run(*options(tmp_path, root, *ROWS, f"chair_cc-00,{CHAIR},1,2")) == SOME_FAILED
    lines = capsys.readouterr().err.splitlines()
    (lamp,) = [line for line in lines if "point cloud" in line]
    assert lamp.startswith(f"error: {root}/{LAMP}/bb/models/") and lamp.endswith("(2 views)")
    (chair,) = [line for line in lines if "lacks this mesh" in line]
    assert chair.endswith("(1 view)")
    assert lines[-1].endswith("2 rendered, 3 not rendered")
    folder = tmp_path / "set" / "maps"
    assert (folder / "views.lst").read_text().split() == [NAMES[0], NAMES[2]]
    # Repaired, the same command makes what is missing.
    solid().export(root / LAMP / "bb" / "models" / "model_normalized.obj")
    shapenet(root, (CHAIR, "cc"))
    assert run(*options(tmp_path, root, *ROWS, f"chair_cc-00,{CHAIR},1,2")) == DONE
    assert (folder / "views.lst").read_text().split() == [*NAMES, "chair_cc-00"]


def test_no_usable_mesh(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run(*options(tmp_path, tmp_path / "empty")) == BAD_INPUT


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_interrupted_and_started_again(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    assert run(*options(tmp_path, root), "--out_dir", whole) == DONE
    folder = tmp_path / "set" / "maps"
    count = 0

    original = np.savez_compressed

    def stop(*args: object, **arrays: object) -> None:
        nonlocal count
        count += 1
        if count == 3:
            with open(args[0], "wb") as file:  # type: ignore[arg-type]
                file.write(b"half a fi")
            raise KeyboardInterrupt
        original(*args, **arrays)  # type: ignore[arg-type]

    monkeypatch.setattr(np, "savez_compressed", stop)
    with pytest.raises(KeyboardInterrupt):
        run(*options(tmp_path, root))
    assert len(list(folder.glob("*/*.npz"))) == 2 == len(list(folder.rglob("*.npz")))
    written = {path: path.stat().st_mtime_ns for path in folder.glob("*/*.npz")}
    assert run(*options(tmp_path, root)) == DONE
    assert contents(folder) == contents(whole)
    assert all(path.stat().st_mtime_ns == at for path, at in written.items())


def test_maps_made_in_another_way_are_not_taken_for_these(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "set" / "maps"
    assert run(*options(tmp_path, root)) == DONE
    other = [*options(tmp_path, root), "--pose-convention", "released-script"]
    with pytest.raises(InputError, match=r"pose_convention: 'camera' -> 'released-script'.*--over"):
        run(*other)
    changed = [*ROWS[:3], ROWS[3].replace("33", "34")]
    with pytest.raises(InputError, match="sha256"):
        run(*options(tmp_path, root, *changed))
    check_map(folder / NAMES[3] / "000.npz", expected(33, 45))
    assert run(*options(tmp_path, root, *changed), "--overwrite") == DONE
    check_map(folder / NAMES[3] / "000.npz", expected(34, 45))
    for text in BROKEN_YAML:
        (folder / "views.yaml").write_bytes(text)
        with pytest.raises(InputError, match="unreadable"):
            run(*options(tmp_path, root, *changed))


def test_overwriting_may_be_interrupted(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of maps made in another way is not kept when the run goes on."""
    assert run(*options(tmp_path, root)) == DONE
    other = [*options(tmp_path, root), "--pose-convention", "released-script"]

    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(depth_maps, "load_mesh", stop)
        with pytest.raises(KeyboardInterrupt):
            run(*other, "--overwrite")
    assert run(*other) == DONE
    check_map(tmp_path / "set" / "maps" / NAMES[3] / "000.npz", expected(33, -45))


def test_a_full_disk_is_one_line(
    tmp_path: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*args: object, **arrays: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(SystemExit) as left:
        run_script(lambda _: run(*options(tmp_path, root)))
    assert left.value.code == BAD_INPUT
    (line,) = [x for x in capsys.readouterr().err.splitlines() if x.startswith("error")]
    assert "chair_aa-00/000.npz: No space left on device; make room and run the same" in line
    assert not list((tmp_path / "set").rglob("*.npz"))


@pytest.mark.slow
def test_killed_and_started_again(tmp_path: Path, root: Path) -> None:
    rows = [f"chair_aa-{k:03d},{CHAIR},{k},{k % 40}" for k in range(120)]
    command = [sys.executable, "render_depth.py", *map(str, options(tmp_path, root, *rows))]
    folder = tmp_path / "set" / "maps"
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    for _ in range(6000):
        if len(list(folder.glob("*/000.npz"))) > 5 or process.poll() is not None:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = [load_depth(path) for path in folder.glob("*/000.npz")]
    assert 5 < len(before) < 120
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == DONE, done.stderr
    assert f"{120 - len(before)} rendered, {len(before)} there already" in done.stderr
    assert len((folder / "views.lst").read_text().split()) == 120
    assert [s.model for s in sources_of_paths([folder])] == sorted(r.split(",")[0] for r in rows)
