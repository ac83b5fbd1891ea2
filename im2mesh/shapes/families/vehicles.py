"""The families of vehicles, gathered from their modules.

Each function draws one object: its kind (an airliner, a biplane, …), then its proportions and
details. Models have y up, the lowest point at y = 0, and look towards +z; lengths are about
metres. Every part touches another, and few are thinner than 0.008 of the largest extent.
"""

from im2mesh.shapes.families.aeroplanes import aircraft
from im2mesh.shapes.families.boats import boat
from im2mesh.shapes.families.cars import car
from im2mesh.shapes.families.motorcycles import motorcycle

__all__ = ["aircraft", "boat", "car", "motorcycle"]
