"""Analytic solids: box, frustum, ellipsoid, capsule, torus, shell and prism.

:class:`Primitives` is a batch of one kind; ``box(…)``, ``frustum(…)`` … make single
solids. A kind is a set of pure functions in the solid's own frame, over any shape of batch that
sizes and points broadcast to:

- ``intersect``: where a line first meets the solid;
- ``contains``: whether a point is inside or on the surface;
- ``distance``: the signed distance, negative inside;
- ``nearest``: the nearest point of the surface, and ``normal``: the outward normal there;
- ``sample``: points spread evenly over the surface;
- ``support``: how far the solid extends in a direction, which gives exact extents;
- ``half_extents``: half the sides of a box about the own origin that holds it.

They compute in the type of their arguments. Lengths and frames: a solid's own frame has its axis
of symmetry along y; ``rotation`` and ``centre`` take it to the shape's frame (x right, y up, z
towards the viewer). What a batch stores is float64 on one device.
"""

from im2mesh.shapes.solids.build import (
    ORIGIN,
    UP,
    Vector,
    beam,
    box,
    capsule,
    ellipsoid,
    frusta,
    frustum,
    prism,
    prisms,
    rotation_matrix,
    shell,
    shells,
    torus,
    vector,
)
from im2mesh.shapes.solids.cones import Frustum, Shell
from im2mesh.shapes.solids.polyhedra import Box, Prism
from im2mesh.shapes.solids.primitives import Primitives, union_bounds
from im2mesh.shapes.solids.rounded import Capsule, Ellipsoid
from im2mesh.shapes.solids.tori import Torus

KINDS: tuple[type[Primitives], ...] = (Box, Frustum, Ellipsoid, Capsule, Torus, Shell, Prism)
"""All kinds. Their order is that of a shape's groups, which random draws depend on."""

__all__ = [
    "KINDS",
    "ORIGIN",
    "UP",
    "Box",
    "Capsule",
    "Ellipsoid",
    "Frustum",
    "Primitives",
    "Prism",
    "Shell",
    "Torus",
    "Vector",
    "beam",
    "box",
    "capsule",
    "ellipsoid",
    "frusta",
    "frustum",
    "prism",
    "prisms",
    "rotation_matrix",
    "shell",
    "shells",
    "torus",
    "union_bounds",
    "vector",
]
