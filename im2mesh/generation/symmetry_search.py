"""Find an object's symmetry by its depth map.

:func:`find_symmetry` looks for an axis of revolution and, if there is none, for mirror planes. With
the first plane the map shows more of the object, which may support another plane, perpendicular to
it. An object whose symmetry is uncertain gets none. ``docs/observation.md`` measures how often the
result is right and how much it improves meshes.
"""

from __future__ import annotations

import numpy as np

from im2mesh.generation.axis_search import find_axis
from im2mesh.generation.constants import SYMMETRY
from im2mesh.generation.observation import Observation
from im2mesh.generation.plane_search import find_plane
from im2mesh.generation.symmetry import MirrorPlane, MirrorPlanes, Symmetry
from im2mesh.generation.symmetry_evidence import Evidence


def find_symmetry(
    depth: np.ndarray, observation: Observation, predicted: np.ndarray
) -> Symmetry | None:
    """Find an object's axis of revolution or mirror planes; None if there is no good symmetry.

    What is not known of the (256, 256) map counts as background. ``predicted`` are (M, 3) points on
    the whole surface as predicted without a symmetry, M ≥ 0. Points on the observed surface do no
    harm, because a match with that counts more. The result is deterministic.
    """
    if (depth >= 0).sum() < SYMMETRY.min_points:
        return None
    evidence = Evidence.gather(depth, observation, predicted)
    axis = find_axis(evidence)
    if axis is not None:
        return axis
    planes: list[MirrorPlane] = []
    while len(planes) < SYMMETRY.max_planes:
        found = find_plane(evidence, [plane.normal for plane in planes])
        if found is None:
            break
        planes.append(found)
        evidence = evidence.reflected(found.normal, found.offset)
    return MirrorPlanes(tuple(planes)) if planes else None
