"""Parts of vehicles and machines: wheels, wings, mudguards, propellers."""

from __future__ import annotations

import itertools
import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT
from im2mesh.shapes.kit.bars import point
from im2mesh.shapes.kit.choices import Rng, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored
from im2mesh.shapes.solids import Vector, beam, capsule, ellipsoid, frustum, torus


def panel(
    root: Vector,
    tip: Vector,
    root_chord: float,
    tip_chord: float,
    thickness: float,
    along: Vector = -FRONT,
    strips: int = 2,
) -> Solids:
    """Make a flat trapezoid, such as a wing or a sail: beams that fan out.

    Args:
        root: (3,) one end of the leading edge.
        tip: (3,) its other end.
        root_chord: how far the panel reaches from the root in the direction ``along``.
        tip_chord: the same at the tip.
        thickness: of the panel.
        along: (3,) unit vector, not parallel to the leading edge.
        strips: beams at least; the more, the cleaner are the root's and the tip's edge.
    """
    root, tip, along = np.asarray(root), np.asarray(tip), np.asarray(along)
    longer = max(root_chord, tip_chord)
    width = max(min(root_chord, tip_chord), longer / 10)
    strips = max(strips, math.ceil(1.4 * longer / width))
    width = min(width, 1.4 * longer / strips) if strips > 2 else width
    beams = []
    for share in np.linspace(0, 1, strips):
        start = root + (width / 2 + share * max(root_chord - width, 0)) * along
        end = tip + (width / 2 + share * max(tip_chord - width, 0)) * along
        beams.append(beam(start, end, width, thickness, along))
    return beams


def slope(low: np.ndarray, high: np.ndarray, width: float, inwards: float, strip: float) -> Solids:
    """Make a solid wedge under a slanted face, such as a windscreen: slabs behind one another.

    Args:
        low: (3,) the middle of the face's lower edge.
        high: (3,) the middle of its upper edge, above and further ``inwards``.
        width: along x.
        inwards: +1 or −1, the direction along z in which the solid lies.
        strip: the slabs' thickness.
    """
    up = (high - low) / np.linalg.norm(high - low)
    inside = np.cross(RIGHT, up)
    inside = inside * np.sign(inside[2] * inwards)
    deep = abs(high[2] - low[2]) * abs(inside[2])
    slabs = []
    for depth in np.arange(strip / 2, deep + strip, 0.9 * strip):
        slabs.append(beam(low + depth * inside, high + depth * inside, width, strip, RIGHT))
    return slabs


def band(
    centre: np.ndarray,
    radius: float,
    width: float,
    thickness: float,
    first: float,
    last: float,
    pieces: int,
) -> Solids:
    """Make a bent band about an axis along x, such as a mudguard or a wheel arch.

    Args:
        centre: (3,) in the middle of the band's width.
        radius: of the middle of its thickness.
        width: along x.
        thickness: along the radius.
        first: degrees from the front (0) over the top (90) to the back (180), where it begins.
        last: where it ends.
        pieces: beams it is made of.
    """
    angles = np.radians(np.linspace(first, last, pieces + 1))
    rim = [centre + radius * point(0, math.sin(a), math.cos(a)) for a in angles]
    return [beam(a, b, width, thickness, RIGHT) for a, b in itertools.pairwise(rim)]


def spokes(
    hub: np.ndarray, inner: float, outer: float, count: int, radius: float, phase: float
) -> Solids:
    """Round spokes in the plane across x, evenly spread."""
    directions = (
        point(0, math.cos(a), math.sin(a))
        for a in phase + np.linspace(0, 2 * math.pi, count, endpoint=False)
    )
    return [capsule(hub + inner * d, hub + outer * d, radius) for d in directions]


def road_wheel(
    centre: np.ndarray, radius: float, width: float, side: int, count: int, phase: float
) -> Solids:
    """Make a car's wheel: tyre, recessed rim, broad spokes and a cap on the side that looks out."""
    out = side * RIGHT
    tread = min(width / 2, 0.45 * radius)
    parts = [
        frustum(centre - 0.42 * width * out, centre + 0.1 * width * out, 0.97 * radius),
        torus(radius - tread, tread, centre, out),
        frustum(centre, centre + 0.44 * width * out, 0.18 * radius, 0.12 * radius),
        torus(0.66 * radius, 0.06 * radius, centre + 0.40 * width * out, out),
    ]
    hub = centre + 0.34 * width * out
    for angle in phase + np.linspace(0, 2 * math.pi, count, endpoint=False):
        spoke = point(0, math.cos(angle), math.sin(angle))
        across = np.cross(spoke, RIGHT)
        parts.append(beam(hub, hub + 0.66 * radius * spoke, 0.14 * radius, 0.2 * width, across))
    return parts


def wheels(rng: Rng, places: list[float], x: float, radius: float, width: float) -> Solids:
    """Return pairs of wheels that stand on the floor, and their axles.

    Args:
        rng: draws their hubs.
        places: z of each axle.
        x: of the wheels' outer faces.
        radius: of the wheels.
        width: of each.
    """
    hub, solids = uniform(rng, 0.3, 0.6) * radius, []
    for z in places:
        wheel = [frustum((x - width, radius, z), (x, radius, z), radius)]
        wheel += [frustum((x - width / 2, radius, z), (x + 0.1 * width, radius, z), hub)]
        solids += mirrored(*wheel) + [frustum((-x, radius, z), (x, radius, z), 0.25 * radius)]
    return solids


def propeller(
    rng: Rng, hub: np.ndarray, radius: float, blades: int, thickness: float = 0.0085
) -> Solids:
    """Make blades about an axis along z, and a spinner that points to the front."""
    nose = 0.16 * radius
    parts = [ellipsoid((nose, nose, 1.7 * nose), hub)]
    for angle in rng.uniform(0, math.pi) + np.linspace(0, 2 * math.pi, blades, endpoint=False):
        blade = point(math.cos(angle), math.sin(angle), 0)
        across = np.cross(blade, FRONT) + 0.35 * FRONT
        parts.append(
            beam(hub, hub + radius * blade, max(0.16 * radius, 1.5 * thickness), thickness, across)
        )
    return parts
