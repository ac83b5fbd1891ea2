"""Families of procedural objects: endless chairs, tables, aircraft … made of analytic solids.

>>> shape = make_shape("chair", seed=7)             # the same chair every time
>>> depth = shape.posed(azimuth=40, elevation=20).depth()

Models have y up, the floor at y = 0, and look towards +z; lengths are about metres, so pose a
shape before asking for its depth. ``docs/procedural.md`` says how to add a family.
"""

from __future__ import annotations

import difflib

import numpy as np

from im2mesh.errors import InputError
from im2mesh.preparation.families.parts import Maker
from im2mesh.preparation.families.seating import bench, chair, sofa
from im2mesh.preparation.procedural import Shape

__all__ = ["FAMILIES", "make_shape"]

FAMILIES: dict[str, Maker] = {
    "bench": bench,
    "chair": chair,
    "sofa": sofa,
}
"""Name → a function that makes a shape from a random generator."""


def make_shape(family: str, seed: int) -> Shape:
    """A shape of a family.

    Args:
        family: a key of :data:`FAMILIES`.
        seed: ≥ 0; the same seed gives the same shape, and another family another stream.

    Returns:
        The shape in the model's frame (y up, floor at y = 0, front towards +z), about metres.

    Raises:
        InputError: an unknown family, with the nearest name, or a negative seed.
    """
    if family not in FAMILIES:
        near = difflib.get_close_matches(family, FAMILIES, n=1, cutoff=0.0)[0]
        raise InputError(
            f"there is no family {family!r}; did you mean {near!r}? ({', '.join(sorted(FAMILIES))})"
        )
    if seed < 0:
        raise InputError(f"a seed is 0 or more, not {seed}")
    # The name counts, too: shape 7 of every family would otherwise have the same proportions.
    return FAMILIES[family](np.random.default_rng([seed, *family.encode()]))
