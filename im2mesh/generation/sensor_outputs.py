"""Files of a reconstructed object: the mesh in a chosen frame and unit, and its record."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from im2mesh import __version__
from im2mesh.errors import InputError
from im2mesh.files import write_text
from im2mesh.geometry.cameras import FLIP
from im2mesh.geometry.mesh_files import FORMATS, write_mesh

if TYPE_CHECKING:
    from im2mesh.generation.sensor import SensorReconstruction

UNITS = {"m": 1.0, "mm": 1000.0}
"""Unit → its number in a metre."""


def check_output(path: Path) -> None:
    """Check the name of a mesh file before the work.

    Raises:
        InputError: the extension is none of :data:`im2mesh.geometry.mesh_files.FORMATS`.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            f"{path}: meshes are written as {' '.join(FORMATS)}; name the file by one of these"
        )
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")


def output_transform(result: SensorReconstruction, frame: str, unit: str) -> np.ndarray:
    """Return the (4, 4) similarity from the camera frame in metres to an output frame and unit.

    Frames are ``camera`` (OpenCV: x right, y down, z forward); ``opengl`` (x right, y up, z
    backward); ``object``: the cube's axes (x right, y up, z towards the camera), with the cube's
    centre as the origin.
    """
    matrix = np.eye(4)
    if frame == "opengl":
        matrix[:3, :3] = FLIP
    elif frame == "object":
        cube = result.placement.frame
        matrix[:3, :3] = cube.rotation
        matrix[:3, 3] = -cube.rotation @ cube.centre
    matrix[:3] *= UNITS[unit]
    return matrix


def write_result(
    result: SensorReconstruction,
    path: Path,
    frame: str = "camera",
    unit: str = "m",
    sources: dict[str, Any] | None = None,
) -> None:
    """Write the mesh and, beside it, ``<path>.json``, with the input files as ``sources``.

    Raises:
        InputError: see :func:`check_output`.
        OSError: it cannot be written.
    """
    import trimesh

    check_output(path)
    matrix = output_transform(result, frame, unit)
    vertices = np.asarray(result.mesh.vertices) @ matrix[:3, :3].T + matrix[:3, 3]
    mesh = trimesh.Trimesh(vertices, result.mesh.faces, process=False)
    write_mesh(mesh, path)
    facts = record(result, frame, unit, sources)
    write_text(path.with_name(path.name + ".json"), json.dumps(facts, indent=2) + "\n")


def record(
    result: SensorReconstruction, frame: str, unit: str, sources: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the facts about a mesh for JSON; lengths are in metres."""
    import trimesh

    cleaned, placement = result.cleaned, result.placement
    pixels = cleaned.measured + cleaned.holes + sum(cleaned.removed.values())
    return {
        "summary": result.summary,
        "frame": frame,
        "unit": unit,
        "T_output_camera": output_transform(result, frame, unit).tolist(),
        "T_camera_cube": placement.frame.matrix.tolist(),
        "K": result.camera.matrix.tolist(),
        "size": {
            "cube": placement.frame.size,
            "depth extent": placement.extent,
            "how": placement.how,
            "seen": placement.seen.tolist(),
            "mesh": result.extents.tolist(),
        },
        "pixels": {
            "object": cleaned.measured,
            "share of holes": cleaned.holes / pixels,
            "share filled": cleaned.filled / pixels,
            "share removed": {k: v / pixels for k, v in cleaned.removed.items()},
        },
        "noise": cleaned.noise,
        "supporting plane": None
        if cleaned.plane is None
        else {"normal": cleaned.plane.normal.tolist(), "offset": cleaned.plane.offset},
        "closed": result.closed,
        "seconds": result.reconstruction.seconds,
        "sources": sources or {},
        "versions": {
            "im2mesh": __version__,
            "numpy": np.__version__,
            "trimesh": trimesh.__version__,
            "python": platform.python_version(),
        },
    }
