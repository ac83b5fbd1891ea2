"""The arrays of a model: points in the cube and points on the surface of one posed solid."""

from __future__ import annotations

import numpy as np

from im2mesh.data.storage import PointCloud, Points
from im2mesh.geometry.visibility import visible
from im2mesh.preparation.objects import PosedObject


def sample_points(
    posed: PosedObject, count: int, rng: np.random.Generator, dtype: str = "float16"
) -> Points:
    """Draw points uniformly in the cube [−0.5, 0.5]³, with the sign of the distance at each.

    A coordinate stored as float16 moves by up to 1/8192, which takes points across the surface.
    So points are rounded to ``dtype`` first; occupancies and distances are those of the rounded
    points.
    """
    points = rng.uniform(-0.5, 0.5, (count, 3)).astype(dtype)
    sdf = posed.signed_distance(points.astype(np.float64))
    return Points(points.astype(np.float32), sdf <= 0, sdf.astype(dtype).astype(np.float32))


def sample_cloud(posed: PosedObject, depth: np.ndarray) -> PointCloud:
    """Return points on the surface, and whether the camera of the depth map saw them."""
    points, normals = posed.surface()
    points = points.astype(np.float32)
    return PointCloud(points, normals.astype(np.float32), visible(points, depth))
