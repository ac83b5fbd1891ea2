"""Which points of the volume a mesh contains, and the intersection over union that follows."""

from __future__ import annotations

from typing import Literal

import numpy as np
import trimesh

from im2mesh.errors import InputError
from im2mesh.native.point_in_mesh import contains


def inside(
    vertices: np.ndarray,
    faces: np.ndarray,
    points: np.ndarray,
    rule: Literal["parity", "winding"] = "parity",
) -> np.ndarray:
    """Whether a mesh contains each point.

    For a closed mesh that nowhere overlaps itself and whose faces all turn the same way both rules
    agree, away from the surface. Where a mesh overlaps itself, parity calls what is covered twice
    outside; the winding number does not.

    Args:
        vertices: (V, 3) finite numbers.
        faces: (F, 3) vertex numbers.
        points: (N, 3) finite numbers.
        rule: ``parity``: rays up and down both cross the surface an odd number of times, as
            published; where a hole makes them disagree, the point is outside. ``winding``: the
            surface turns around the point by more than half (the generalised winding number of
            Jacobson et al., SIGGRAPH 2013, by the method of Barill et al., SIGGRAPH 2018), which
            closes holes in the way that fits the rest best, but needs faces that turn the same way.

    Returns:
        (N,) bool.
    """
    if rule == "parity" or not len(faces):
        return contains(vertices, faces, points)
    try:
        import igl
    except ImportError as error:
        raise InputError("the IoU by winding number needs libigl: pip install libigl") from error
    number = igl.fast_winding_number(
        np.ascontiguousarray(vertices, np.float64),
        np.ascontiguousarray(faces, np.int64),
        np.ascontiguousarray(points, np.float64),
    )
    # The magnitude, so that a mesh that is inside out counts as well.
    return np.asarray(np.abs(number) > 0.5)


def is_closed(vertices: np.ndarray, faces: np.ndarray) -> bool:
    """Whether every edge belongs to two faces, once vertices in one place are one."""
    if trimesh.Trimesh(vertices, faces, process=False).is_watertight:
        return True
    corners = vertices[faces].reshape(-1, 3)
    soup = trimesh.Trimesh(corners, np.arange(len(corners)).reshape(-1, 3), process=False)
    soup.merge_vertices()
    return bool(soup.is_watertight)


def iou(predicted: np.ndarray, occupancies: np.ndarray) -> float:
    """Points inside both over points inside either; NaN where no point is inside either.

    Args:
        predicted: (N,) bool.
        occupancies: (N,) bool, ground truth.
    """
    union = int((predicted | occupancies).sum())
    return int((predicted & occupancies).sum()) / union if union else float("nan")
