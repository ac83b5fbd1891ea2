"""Families of procedural objects: endless variants of many things, drawn from a generator.

A family is a function from a random generator to a :class:`Shape`: a union of analytic solids
that touch each other. Models have y up, stand on the floor at y = 0 (a boat and an aircraft too,
or above it), look towards +z, and are measured in metres or thereabouts; what is made of them is
scaled to the unit cube anyway.

>>> chair = make_shape("chair", seed=7)
>>> depth = chair.posed(azimuth=30, elevation=20).depth()  # (256, 256) float32

``python -m im2mesh.commands.families --sheet sheet.png`` draws a contact sheet.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

import numpy as np

from im2mesh.errors import InputError
from im2mesh.shapes.families.aeroplanes import aircraft
from im2mesh.shapes.families.animals import animal
from im2mesh.shapes.families.appliances import appliance
from im2mesh.shapes.families.assemblies import assembly, compositional
from im2mesh.shapes.families.bathrooms import bathroom
from im2mesh.shapes.families.beds import bed
from im2mesh.shapes.families.benches import bench
from im2mesh.shapes.families.boats import boat
from im2mesh.shapes.families.bottles import bottle, jar
from im2mesh.shapes.families.boxes import box
from im2mesh.shapes.families.broad import extrusion, mixture, revolution, soft, sweep
from im2mesh.shapes.families.cabinets import cabinet
from im2mesh.shapes.families.cans import can
from im2mesh.shapes.families.cars import car
from im2mesh.shapes.families.chairs import chair
from im2mesh.shapes.families.cups import bowl, cup
from im2mesh.shapes.families.displays import display
from im2mesh.shapes.families.figures import figure
from im2mesh.shapes.families.flying import helicopter
from im2mesh.shapes.families.food import fruit
from im2mesh.shapes.families.instruments import instrument
from im2mesh.shapes.families.lamps import lamp
from im2mesh.shapes.families.motorcycles import motorcycle
from im2mesh.shapes.families.shelves import shelf
from im2mesh.shapes.families.sofas import sofa
from im2mesh.shapes.families.tables import table
from im2mesh.shapes.families.tanks import tank
from im2mesh.shapes.families.tools import tool
from im2mesh.shapes.families.toys import toy
from im2mesh.shapes.families.trains import train
from im2mesh.shapes.families.trucks import truck
from im2mesh.shapes.families.vases import vase
from im2mesh.shapes.families.wearables import clothing
from im2mesh.shapes.shape import Shape

FAMILIES: dict[str, Callable[[np.random.Generator], Shape]] = {
    "chair": chair,
    "table": table,
    "sofa": sofa,
    "lamp": lamp,
    "shelf": shelf,
    "bed": bed,
    "bench": bench,
    "cabinet": cabinet,
    "aircraft": aircraft,
    "car": car,
    "boat": boat,
    "motorcycle": motorcycle,
    "assembly": assembly,
    "compositional": compositional,
    "box": box,
    "can": can,
    "bottle": bottle,
    "jar": jar,
    "cup": cup,
    "bowl": bowl,
    "vase": vase,
    "tool": tool,
    "revolution": revolution,
    "extrusion": extrusion,
    "sweep": sweep,
    "blob": soft,
    "mixture": mixture,
    "appliance": appliance,
    "display": display,
    "bathroom": bathroom,
    "fruit": fruit,
    "clothing": clothing,
    "animal": animal,
    "figure": figure,
    "toy": toy,
    "instrument": instrument,
    "train": train,
    "truck": truck,
    "tank": tank,
    "helicopter": helicopter,
}
"""Name → what draws one object of the family from a generator."""

FURNITURE_AND_VEHICLES = tuple(FAMILIES)[:14]
"""The families up to ``compositional``, with which the paper's claim is reproduced. Their order
and their shapes stay: the number of a training shape chooses a family by its place in the list."""


def make_shape(family: str, seed: int) -> Shape:
    """Make one object, the same for the same family and seed, whatever was made before.

    Args:
        family: a key of :data:`FAMILIES`.
        seed: ≥ 0.

    Returns:
        The object in its own frame (y up, front to +z), neither posed nor scaled; float64, CPU.

    Raises:
        InputError: no such family, or a negative seed.
    """
    if family not in FAMILIES:
        near = get_close_matches(family, FAMILIES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FAMILIES)}"
        raise InputError(f"no procedural family is called {family!r}; {hint}")
    if seed < 0:
        raise InputError(f"{family}: the seed is {seed}; it must not be negative")
    # The name is part of the seed, so that shape 0 of two families has nothing in common.
    return FAMILIES[family](np.random.default_rng([*family.encode(), seed]))
