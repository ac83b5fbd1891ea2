"""Points of the volume that a mesh contains, and the intersection over union (IoU)."""

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
    """Return (N,) bool, which of (N, 3) points a mesh contains.

    Both rules agree, away from the surface, for a closed mesh that does not overlap itself and
    whose faces all have the same orientation. Where a mesh overlaps itself, space that is covered
    twice is outside by parity and inside by the winding number.

    Args:
        vertices: (V, 3) finite numbers.
        faces: (F, 3) vertex numbers.
        points: finite numbers.
        rule: ``parity``, as published: rays up and down both cross the surface an odd number of
            times; where a hole makes them disagree, the point is outside. ``winding``: the
            generalised winding number (Jacobson et al., SIGGRAPH 2013, by the method of Barill et
            al., SIGGRAPH 2018) is above 0.5 in magnitude; holes are closed smoothly, but all faces
            must have the same orientation.
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
    """Return whether every edge belongs to two faces, with coincident vertices merged."""
    if trimesh.Trimesh(vertices, faces, process=False).is_watertight:
        return True
    corners = vertices[faces].reshape(-1, 3)
    soup = trimesh.Trimesh(corners, np.arange(len(corners)).reshape(-1, 3), process=False)
    soup.merge_vertices()
    return bool(soup.is_watertight)


def iou(predicted: np.ndarray, occupancies: np.ndarray) -> float:
    """Return the points inside both (N,) bool over those inside either; NaN if none is."""
    union = int((predicted | occupancies).sum())
    return int((predicted & occupancies).sum()) / union if union else float("nan")
