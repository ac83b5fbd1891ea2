"""The contact sheet of a run, from the files that a generator wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from im2mesh.commands.run_sheet import main, run_sheet
from im2mesh.data.run_folders import write_picture
from im2mesh.errors import InputError
from im2mesh.geometry.mesh_files import write_mesh

BALL = trimesh.creation.icosphere(2, 0.3)


def test_a_row_for_each_mesh(tmp_path: Path) -> None:
    run = tmp_path / "run"
    blue = np.full((256, 256, 3), (0, 0, 255), np.uint8)
    for name, mesh in (("a", BALL), ("b", trimesh.Trimesh()), ("c", BALL)):
        write_mesh(mesh, run / f"meshes/balls/{name}.ply")
        write_picture(blue, run / f"input/balls/{name}.jpg")
    assert main([str(run)]) == 0
    with Image.open(run / "contact_sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    assert (np.abs(pixels - (0, 0, 255)).max(axis=2) < 8).sum() >= 3 * 250**2
    grey = (pixels.max(axis=2) < 250) & (np.ptp(pixels, axis=2) < 40)
    assert grey.sum() > 2 * 4 * 0.2 * 256**2, "two balls from four sides"
    assert run_sheet(run, run / "first.png", most=1) == 3
    with Image.open(run / "first.png") as first:
        assert first.height < sheet.height / 2


def test_meshes_of_other_methods(tmp_path: Path) -> None:
    """An OFF alone, a mesh in no class folder: what the evaluation accepts is drawn."""
    for name in ("balls/a.off", "balls/b.off", "balls/b.ply", "c.ply"):
        write_mesh(BALL, tmp_path / name)
    assert run_sheet(tmp_path, tmp_path / "sheet.png", most=9) == 3


def test_runs_without_a_sheet(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no meshes/<class>/<model>\.ply"):
        run_sheet(tmp_path, tmp_path / "sheet.png", most=1)
    broken = tmp_path / "meshes/balls/a.ply"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"ply\nformat nonsense")
    with pytest.raises(InputError, match=r"a\.ply: not a readable \.ply file"):
        run_sheet(tmp_path, tmp_path / "sheet.png", most=1)
    with pytest.raises(InputError, match="--most 0: must be at least 1"):
        main([str(tmp_path), "--most", "0"])
    write_mesh(BALL, broken)
    picture = tmp_path / "input/balls/a.jpg"
    write_picture(np.zeros((256, 256, 3), np.uint8), picture)
    picture.write_bytes(picture.read_bytes()[:700])
    with pytest.raises(InputError, match=r"a\.jpg: not a readable picture \(.*\); make it again"):
        run_sheet(tmp_path, tmp_path / "sheet.png", most=1)
