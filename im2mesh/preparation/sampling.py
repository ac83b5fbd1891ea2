"""The arrays of a model: points in the cube, points on the surface, all of one posed solid."""

from __future__ import annotations

import numpy as np

from im2mesh.data.storage import PointCloud, Points
from im2mesh.geometry.visibility import visible
from im2mesh.preparation.objects import PosedObject


def sample_points(
    posed: PosedObject, count: int, random: np.random.Generator, dtype: str = "float16"
) -> Points:
    """Points spread evenly over the cube [−0.5, 0.5]³.

    A coordinate stored as float16 moves by up to 1/8192, which takes points across the surface.
    So they are rounded first, and occupancy and distance are those of the places they move to.

    Args:
        posed: the object.
        count: N.
        random: draws them.
        dtype: in which they will be stored, float16 or float32.

    Returns:
        (N, 3) float32 points, exact in ``dtype``; (N,) occupancies, (N,) distances, in which
        rounding to ``dtype`` keeps the sign.
    """
    points = random.uniform(-0.5, 0.5, (count, 3)).astype(dtype)
    sdf = posed.signed_distance(points.astype(np.float64))
    return Points(points.astype(np.float32), sdf <= 0, sdf.astype(dtype).astype(np.float32))


def sample_cloud(posed: PosedObject, depth: np.ndarray) -> PointCloud:
    """Points on the surface, and which of them the camera saw.

    Args:
        posed: the object.
        depth: its depth map.
    """
    points, normals = posed.surface()
    points = points.astype(np.float32)
    return PointCloud(points, normals.astype(np.float32), visible(points, depth))
