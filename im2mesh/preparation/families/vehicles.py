"""Families of vehicles: aircraft, cars, boats, motorcycles and bicycles.

Each function draws one object: its kind (an airliner, a biplane, …), then its proportions and
details. Models have y up, the floor at y = 0, and look towards +z; lengths are about metres.
Everything touches something, and few parts are thinner than 0.008 of the largest extent.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from im2mesh.preparation.procedural import Shape
from im2mesh.preparation.solids import (
    Primitives,
    Vector,
    beam,
    box,
    capsule,
    ellipsoid,
    frustum,
    torus,
)

RIGHT, UP, FRONT = (np.array(axis, dtype=np.float64) for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
SIDES = (-1, 1)

Parts = list[Primitives]


# --- what several vehicles are made of --------------------------------------------------------


def point(x: float, y: float, z: float) -> np.ndarray:
    """(3,) float64."""
    return np.array((x, y, z), dtype=np.float64)


def mirrored(place: np.ndarray, side: int) -> np.ndarray:
    """A point of the right side (x > 0) on the side −1 (left) or 1 (right)."""
    return place * (side, 1, 1)


def on_floor(parts: Sequence[Primitives], scale: float = 1.0) -> Shape:
    """The union of the parts, scaled, its lowest point at y = 0."""
    shape = Shape.of(*parts).transformed(scale=scale)
    return shape.transformed(offset=(0.0, -float(shape.bounds()[0, 1]), 0.0))


def panel(
    root: Vector,
    tip: Vector,
    root_chord: float,
    tip_chord: float,
    thickness: float,
    along: Vector = -FRONT,
) -> Parts:
    """A flat trapezoid, such as a wing or a sail: beams that fan out.

    Args:
        root: (3,) one end of the leading edge.
        tip: (3,) its other end.
        root_chord: how far the panel reaches from the root in the direction ``along``.
        tip_chord: the same at the tip.
        thickness: of the panel.
        along: (3,) unit vector, not parallel to the leading edge.
    """
    root, tip, along = np.asarray(root), np.asarray(tip), np.asarray(along)
    width = max(min(root_chord, tip_chord), max(root_chord, tip_chord) / 10)
    strips = max(2, math.ceil(1.4 * max(root_chord, tip_chord) / width))
    beams = []
    for share in np.linspace(0, 1, strips):
        start = root + (width / 2 + share * max(root_chord - width, 0)) * along
        end = tip + (width / 2 + share * max(tip_chord - width, 0)) * along
        beams.append(beam(start, end, width, thickness, along))
    return beams


def slope(low: np.ndarray, high: np.ndarray, width: float, inwards: float, strip: float) -> Parts:
    """A solid wedge under a slanted face, such as a windscreen: slabs behind one another.

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


def tube(places: Sequence[np.ndarray], radius: float) -> Parts:
    """A bent tube through the places."""
    return [capsule(a, b, radius) for a, b in itertools.pairwise(places)]


def arc(
    centre: np.ndarray,
    radius: float,
    width: float,
    thickness: float,
    first: float,
    last: float,
    pieces: int,
) -> Parts:
    """A bent band about an axis along x, such as a mudguard or a wheel arch.

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
) -> Parts:
    """Round spokes in the plane across x, evenly spread."""
    directions = (
        point(0, math.cos(a), math.sin(a))
        for a in phase + np.linspace(0, 2 * math.pi, count, endpoint=False)
    )
    return [capsule(hub + inner * d, hub + outer * d, radius) for d in directions]


def road_wheel(
    centre: np.ndarray, radius: float, width: float, side: int, count: int, phase: float
) -> Parts:
    """A car's wheel: tyre, recessed rim, broad spokes and a cap on the side that looks out."""
    out = side * RIGHT
    tread = min(width / 2, 0.45 * radius)
    parts: Parts = [
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


# --- aircraft ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wing:
    """One pair of wings, given by the right one's leading edge and its chords."""

    root: np.ndarray
    tip: np.ndarray
    root_chord: float
    tip_chord: float
    thickness: float

    @classmethod
    def swept(
        cls,
        root: np.ndarray,
        half_span: float,
        sweep: float,
        dihedral: float,
        chords: tuple[float, float],
        thickness: float,
    ) -> Wing:
        """From angles in degrees."""
        back, up = math.tan(math.radians(sweep)), math.tan(math.radians(dihedral))
        tip = root + half_span * point(1, up, -back)
        return cls(root, tip, *chords, thickness)

    def lead(self, share: float, side: int) -> np.ndarray:
        """A point of the leading edge, share 0 at the root, 1 at the tip."""
        return mirrored(self.root + share * (self.tip - self.root), side)

    def chord(self, share: float) -> float:
        """How deep the wing is there."""
        return self.root_chord + share * (self.tip_chord - self.root_chord)

    def middle(self, share: float, side: int) -> np.ndarray:
        """The point in the middle of the chord there."""
        return self.lead(share, side) - self.chord(share) / 2 * FRONT

    def parts(self) -> Parts:
        """Both wings, thicker at the root, with round tips and leading edges."""
        parts: Parts = []
        for side in SIDES:
            root, tip = self.lead(0, side), self.lead(1, side)
            parts += panel(root, tip, self.root_chord, self.tip_chord, self.thickness)
            thicker, half = 1.5 * self.thickness, self.lead(0.45, side)
            inset = 0.12 * FRONT
            parts += panel(
                root - inset * self.root_chord,
                half - inset * self.chord(0.45),
                0.6 * self.root_chord,
                0.5 * self.chord(0.45),
                thicker,
            )
            end = self.middle(1, side)
            parts.append(ellipsoid((self.thickness, self.thickness / 2, self.tip_chord / 2), end))
        return parts


def propeller(random: np.random.Generator, hub: np.ndarray, radius: float, blades: int) -> Parts:
    """Blades about an axis along z, and a spinner that points to the front."""
    nose = 0.16 * radius
    parts: Parts = [ellipsoid((nose, nose, 1.7 * nose), hub)]
    for angle in random.uniform(0, math.pi) + np.linspace(0, 2 * math.pi, blades, endpoint=False):
        blade = point(math.cos(angle), math.sin(angle), 0)
        across = np.cross(blade, FRONT) + 0.35 * FRONT
        parts.append(beam(hub, hub + radius * blade, 0.16 * radius, 0.05 * radius, across))
    return parts


def nacelle(front: np.ndarray, length: float, radius: float) -> Parts:
    """A jet engine: a tapered drum with a lip and a cone inside, and a nozzle behind."""
    back = front - length * FRONT
    return [
        frustum(back, front - 0.1 * radius * FRONT, 0.62 * radius, 0.95 * radius),
        ellipsoid((radius, radius, 0.38 * length), front - 0.42 * length * FRONT),
        torus(0.86 * radius, 0.16 * radius, front, FRONT),
        frustum(front - 0.1 * radius * FRONT, front + 0.3 * radius * FRONT, 0.35 * radius, 0.0),
        frustum(back - 0.25 * length * FRONT, back, 0.22 * radius, 0.45 * radius),
    ]


def undercarriage(top: np.ndarray, wheel: np.ndarray, radius: float, spat: bool) -> Parts:
    """A strut with a wheel, perhaps under a streamlined cover."""
    tyre = 0.36 * radius
    parts: Parts = [
        capsule(top, wheel, max(0.24 * radius, 0.005)),
        torus(radius - tyre, tyre, wheel, RIGHT),
        frustum(wheel - 0.9 * tyre * RIGHT, wheel + 0.9 * tyre * RIGHT, 0.6 * radius),
    ]
    if spat:
        place = wheel + point(0, 0.35 * radius, -0.25 * radius)
        parts.append(ellipsoid((0.55 * radius, 0.85 * radius, 1.7 * radius), place))
    return parts


def tail(
    place: np.ndarray,
    height: float,
    chord: float,
    sweep: float,
    half_span: float,
    raised: float,
    thickness: float,
) -> Parts:
    """A fin and a tailplane.

    Args:
        place: (3,) the fin's root, its leading edge.
        height: of the fin.
        chord: at its root.
        sweep: degrees of its leading edge.
        half_span: of the tailplane.
        raised: where on the fin the tailplane is: 0 at the root, 1 at the top.
        thickness: of both.
    """
    lean = math.tan(math.radians(sweep))
    top = place + height * point(0, 1, -lean)
    parts = panel(place - 0.05 * height * UP, top, chord, 0.5 * chord, thickness)
    plane_root = place + raised * height * point(0, 1, -lean)
    if raised < 0.5:
        plane_root = plane_root - 0.1 * chord * FRONT
    chords = ((0.9, 0.45) if raised < 0.5 else (0.7, 0.4)) * np.array(chord)
    plane = Wing.swept(
        plane_root, half_span, 0.7 * sweep, 3.0, (float(chords[0]), float(chords[1])), thickness
    )
    return parts + plane.parts()


def airliner(random: np.random.Generator) -> Shape:
    """A jet airliner: two or four engines under swept wings, or two at the tail."""
    u = random.uniform
    radius, flat = u(0.042, 0.064), u(0.30, 0.36)
    parts: Parts = [
        frustum((0, 0, -0.22), (0, 0, flat), radius),
        ellipsoid((radius, radius, u(0.10, 0.16)), (0, 0, flat)),
        frustum((0, 0, -0.22), (0, 0.45 * radius, -0.54), radius, 0.22 * radius),
        ellipsoid((0.22 * radius,) * 3, (0, 0.45 * radius, -0.54)),
        ellipsoid((0.9 * radius, 0.55 * radius, 0.17), (0, -0.62 * radius, 0.03)),
    ]
    layout = random.choice(["under", "four", "rear"], p=[0.5, 0.25, 0.25])
    half, sweep = u(0.44, 0.56), u(22, 36)
    # The root's leading edge is further in front, the more the wing is swept.
    root = point(0.5 * radius, -0.55 * radius, 0.06 + 0.3 * math.tan(math.radians(sweep)))
    if layout == "rear":
        root[2] -= 0.08
    wing = Wing.swept(root, half, sweep, u(3, 7), (u(0.19, 0.24), u(0.045, 0.07)), u(0.012, 0.016))
    parts += wing.parts()
    high = layout == "rear" or random.random() < 0.15
    fin = point(0, 0.7 * radius, -0.36)
    parts += tail(fin, u(0.15, 0.2), u(0.14, 0.18), u(32, 45), u(0.15, 0.2), float(high), 0.012)
    size = u(0.024, 0.034) * (0.85 if layout == "four" else 1.0)
    shares = {"under": (u(0.28, 0.36),), "four": (u(0.26, 0.32), u(0.54, 0.62)), "rear": ()}
    for side in SIDES:
        for share in shares[str(layout)]:
            front = wing.lead(share, side) + point(0, -1.25 * size, 0.055)
            parts += nacelle(front, 3.6 * size, size)
            hang = front - 1.8 * size * FRONT
            parts.append(beam(hang, hang + 1.35 * size * UP, 3.2 * size, 0.011, FRONT))
        if layout == "rear":
            front = point(side * (radius + 0.95 * size), 0.35 * radius, -0.19)
            parts += nacelle(front, 4.0 * size, size)
            inner = front * (0, 1, 1) - 2.2 * size * FRONT
            parts.append(beam(inner, inner + front * (1, 0, 0), 2.4 * size, 0.012, FRONT))
        if half > 0.5:
            end = wing.lead(1, side) - 0.2 * wing.tip_chord * FRONT
            up = end + point(side * 0.012, 0.06, -0.04)
            parts += panel(end, up, 0.75 * wing.tip_chord, 0.35 * wing.tip_chord, 0.01)
    if random.random() < 0.4:
        wheel = u(0.015, 0.02)
        low = -radius - size * 2.0
        parts += undercarriage(point(0, 0, flat), point(0, low, flat), 0.8 * wheel, False)
        for side in SIDES:
            top = wing.middle(0.14, side)
            parts += undercarriage(top, top * (1, 0, 1) + low * UP, wheel, False)
    return on_floor(parts, u(25, 60))


def light_fuselage(radius: float, front: float, back: float, lift: float) -> Parts:
    """A small aeroplane's fuselage: thick at the front, a slim, slightly raised tail."""
    end = point(0, lift, back)
    return [
        frustum((0, 0, 0), (0, 0, front), radius, 0.78 * radius),
        ellipsoid((radius, 1.02 * radius, 0.14), (0, 0, 0)),
        frustum((0, 0, 0), end, radius, 0.25 * radius),
        ellipsoid((0.25 * radius,) * 3, end),
        ellipsoid((0.78 * radius, 0.78 * radius, 0.035), (0, 0, front)),
    ]


def propeller_single(random: np.random.Generator) -> Shape:
    """A light aeroplane with one propeller: low wing, or high wing on struts; fixed wheels."""
    u = random.uniform
    radius, front, lift = u(0.06, 0.078), u(0.20, 0.27), u(0.01, 0.04)
    parts = light_fuselage(radius, front, -0.58, lift)
    high = bool(random.random() < 0.55)
    parts.append(ellipsoid((0.72 * radius, 0.8 * radius, u(0.12, 0.17)), (0, 0.75 * radius, -0.02)))
    height = 1.5 * radius if high else -0.7 * radius
    wing = Wing.swept(
        point(0.0, height, u(0.07, 0.11)),
        u(0.5, 0.66),
        u(0, 5),
        u(1, 3) if high else u(4, 7),
        (u(0.16, 0.2), u(0.1, 0.15)),
        u(0.015, 0.02),
    )
    parts += wing.parts()
    fin = point(0, lift + 0.1 * radius, -0.42)
    parts += tail(fin, u(0.16, 0.21), u(0.14, 0.18), u(15, 38), u(0.18, 0.24), 0.0, 0.013)
    hub = point(0, 0, front + 0.04)
    parts += propeller(random, hub, u(0.13, 0.18), int(random.integers(2, 4)))
    wheel, spat = u(0.032, 0.042), bool(random.random() < 0.5)
    low = -radius - u(0.07, 0.1)
    for side in SIDES:
        if high:
            foot = point(side * 0.6 * radius, -0.6 * radius, 0.04)
            top = wing.middle(0.5, side)
            parts.append(beam(foot, top, 0.022, 0.012, FRONT))
            parts.append(beam(foot - 0.05 * FRONT, top - 0.03 * FRONT, 0.016, 0.012, FRONT))
        leg = point(side * 0.5 * radius, -0.6 * radius, 0.03)
        parts += undercarriage(leg, point(side * 0.15, low, 0.03), wheel, spat)
    if random.random() < 0.6:
        parts += undercarriage(
            point(0, -0.3 * radius, front - 0.03), point(0, low, front), 0.85 * wheel, spat
        )
    else:
        parts += undercarriage(point(0, lift, -0.53), point(0, lift - 0.06, -0.57), 0.018, False)
    return on_floor(parts, u(7, 10))


def propeller_twin(random: np.random.Generator) -> Shape:
    """A transport with two or four propellers on straight wings."""
    u = random.uniform
    radius, flat = u(0.055, 0.078), u(0.24, 0.3)
    lift = 0.5 * radius
    parts: Parts = [
        frustum((0, 0, -0.12), (0, 0, flat), radius),
        ellipsoid((radius, radius, u(0.11, 0.16)), (0, 0, flat)),
        frustum((0, 0, -0.12), (0, lift, -0.55), radius, 0.25 * radius),
        ellipsoid((0.25 * radius,) * 3, (0, lift, -0.55)),
        ellipsoid((0.6 * radius, 0.5 * radius, 0.06), (0, 0.7 * radius, flat - 0.02)),
    ]
    high = bool(random.random() < 0.5)
    wing = Wing.swept(
        point(0, (0.95 if high else -0.6) * radius, u(0.1, 0.15)),
        u(0.52, 0.64),
        u(2, 8),
        u(0, 2) if high else u(4, 7),
        (u(0.15, 0.19), u(0.07, 0.1)),
        u(0.015, 0.019),
    )
    parts += wing.parts()
    raised = float(random.random() < 0.4)
    fin = point(0, 0.7 * lift, -0.39)
    parts += tail(fin, u(0.18, 0.23), u(0.15, 0.18), u(20, 38), u(0.18, 0.24), raised, 0.013)
    size, blades = u(0.026, 0.036), int(random.integers(3, 7))
    shares = (0.27, 0.54) if random.random() < 0.25 else (u(0.28, 0.36),)
    low = -radius - u(0.06, 0.09)
    for side in SIDES:
        for share in shares:
            front = wing.lead(share, side) + point(0, 0, u(0.06, 0.08))
            back = front - 0.22 * FRONT
            parts.append(frustum(back, front, 0.4 * size, size))
            parts.append(ellipsoid((size, size, 0.7 * size), front))
            parts += propeller(random, front + 0.7 * size * FRONT, u(0.085, 0.105), blades)
        top = wing.middle(shares[0], side) + 0.03 * FRONT
        parts += undercarriage(top, top * (1, 0, 1) + low * UP, 0.03, False)
    parts += undercarriage(point(0, 0, flat), point(0, low, flat), 0.025, False)
    return on_floor(parts, u(12, 26))


def jet_fighter(random: np.random.Generator) -> Shape:
    """A jet fighter: needle nose, bubble canopy, intakes, delta or swept wings, one or two fins."""
    u = random.uniform
    radius = u(0.045, 0.06)
    nose = u(0.5, 0.58)
    twin = bool(random.random() < 0.5)
    parts: Parts = [
        frustum((0, 0, 0.22), (0, -0.1 * radius, nose), 0.95 * radius, 0.006),
        capsule((0, -0.1 * radius, nose), (0, -0.1 * radius, nose + 0.05), 0.005),
        frustum((0, 0, -0.42), (0, 0, 0.22), 0.9 * radius, 0.95 * radius),
        ellipsoid((0.6 * radius, 0.75 * radius, u(0.10, 0.14)), (0, 0.8 * radius, 0.19)),
        ellipsoid((0.7 * radius, 0.6 * radius, 0.3), (0, 0.5 * radius, -0.08)),
    ]
    for side in SIDES:
        intake = point(side * 1.15 * radius, -0.15 * radius, 0.12)
        parts.append(beam(intake - 0.45 * FRONT, intake, 1.3 * radius, 1.2 * radius, UP))
        parts.append(beam(intake, intake + 0.04 * FRONT, 1.3 * radius, 0.012, UP))
        engine = point(side * (0.85 * radius if twin else 0.0), 0, -0.42)
        parts.append(frustum(engine - 0.1 * FRONT, engine, 0.62 * radius, 0.85 * radius))
        parts.append(torus(0.58 * radius, 0.1 * radius, engine - 0.1 * FRONT, FRONT))
    delta = bool(random.random() < 0.5)
    root = point(0.9 * radius, -0.05 * radius, u(0.08, 0.16))
    if delta:
        wing = Wing.swept(root, u(0.3, 0.38), u(48, 56), u(-3, 2), (u(0.42, 0.5), 0.05), 0.013)
    else:
        root[2] -= 0.04
        wing = Wing.swept(
            root, u(0.34, 0.44), u(30, 42), u(-4, 2), (u(0.27, 0.33), u(0.08, 0.11)), 0.013
        )
    parts += wing.parts()
    if not delta:
        plane = point(0.9 * radius, -0.1 * radius, -0.33)
        parts += Wing.swept(plane, u(0.17, 0.22), 38, -2, (0.16, 0.06), 0.011).parts()
    elif random.random() < 0.6:
        canard = point(0.8 * radius, 0.3 * radius, u(0.22, 0.27))
        parts += Wing.swept(canard, u(0.12, 0.16), 45, 4, (0.11, 0.035), 0.01).parts()
    height = u(0.15, 0.2)
    for side in SIDES if twin else (0,):
        base = point(side * 1.1 * radius, 0.5 * radius, -0.25)
        top = base + height * point(side * u(0.15, 0.4), 1, -0.75)
        parts += panel(base, top, 0.19, 0.075, 0.013)
    for side in SIDES:
        if not delta or twin:
            rail = wing.middle(1, side)
            parts.append(capsule(rail - 0.07 * FRONT, rail + 0.08 * FRONT, 0.009))
            parts += panel(rail - 0.02 * FRONT, rail + point(0.022, 0, -0.05), 0.03, 0.02, 0.008)
        hang = wing.middle(0.45, side) - 0.03 * UP
        parts.append(capsule(hang - 0.07 * FRONT, hang + 0.09 * FRONT, 0.014))
        parts.append(beam(hang, hang + 0.03 * UP, 0.06, 0.01, FRONT))
    return on_floor(parts, u(12, 20))


def biplane(random: np.random.Generator) -> Shape:
    """A biplane: two wings held by struts, an open cockpit, a big propeller, wheels on an axle."""
    u = random.uniform
    radius, front = u(0.066, 0.08), u(0.2, 0.25)
    parts = light_fuselage(radius, front, -0.6, 0.02)
    parts.append(torus(0.8 * radius, 0.28 * radius, (0, 0, front - 0.01), FRONT))
    parts.append(torus(0.5 * radius, 0.2 * radius, (0, 0.95 * radius, -0.12), UP))
    parts.append(ellipsoid((0.35 * radius, 0.5 * radius, 0.35 * radius), (0, 1.2 * radius, -0.12)))
    chord, half, gap = u(0.14, 0.18), u(0.5, 0.6), u(0.2, 0.26)
    stagger, thickness = u(0.0, 0.07), u(0.014, 0.018)
    lower = Wing.swept(
        point(0, -0.75 * radius, 0.08), u(0.85, 1.0) * half, 0, 2, (chord, 0.9 * chord), thickness
    )
    upper = Wing.swept(
        point(0, -0.75 * radius + gap, 0.08 + stagger), half, 0, 1, (chord, 0.9 * chord), thickness
    )
    parts += lower.parts() + upper.parts()
    shares = (0.72,) if random.random() < 0.6 else (0.42, 0.8)
    strut = u(0.006, 0.008)
    for side in SIDES:
        for share in shares:
            feet = [lower.lead(share, side) - k * chord * FRONT for k in (0.15, 0.75)]
            heads = [upper.lead(share, side) - k * chord * FRONT for k in (0.15, 0.75)]
            parts += [capsule(foot, head, strut) for foot, head in zip(feet, heads, strict=True)]
            parts.append(capsule(feet[0], heads[1], strut))
        for back in (0.2, 0.8):
            head = upper.lead(0.12, side) - back * chord * FRONT
            foot = point(side * 0.5 * radius, 0.6 * radius, head[2])
            parts.append(capsule(foot, head, strut))
        wheel = point(side * 0.14, -radius - 0.09, 0.11)
        for back in (0.02, 0.17):
            parts.append(capsule(point(side * 0.4 * radius, -0.7 * radius, back), wheel, strut))
        parts += undercarriage(wheel, wheel + 1e-3 * UP, 0.052, False)
    axle = point(0.14, -radius - 0.09, 0.11)
    parts.append(capsule(axle, mirrored(axle, -1), 0.008))
    parts += tail(point(0, 0.01, -0.45), u(0.13, 0.16), 0.15, u(10, 30), u(0.16, 0.2), 0.0, 0.013)
    parts.append(capsule(point(0, 0, -0.54), point(0, -0.06, -0.6), 0.008))
    parts += propeller(random, point(0, 0, front + 0.04), u(0.16, 0.2), 2)
    return on_floor(parts, u(6, 9))


def glider(random: np.random.Generator) -> Shape:
    """A glider: very long, slim, straight wings, a drop of a cockpit, a thin boom, a T-tail."""
    u = random.uniform
    radius = u(0.042, 0.052)
    parts: Parts = [
        ellipsoid((radius, 1.15 * radius, 0.24), (0, 0, 0.13)),
        ellipsoid((0.75 * radius, 0.8 * radius, 0.13), (0, 0.65 * radius, 0.17)),
        frustum((0, 0, 0.05), (0, 0.02, -0.52), 0.8 * radius, 0.014),
        ellipsoid((0.014, 0.02, 0.03), (0, 0.02, -0.52)),
    ]
    wing = Wing.swept(
        point(0, 0.6 * radius, 0.07),
        u(0.8, 1.0),
        u(-1, 3),
        u(2, 5),
        (u(0.1, 0.125), u(0.045, 0.06)),
        u(0.017, 0.02),
    )
    parts += wing.parts()
    for side in SIDES:
        end = wing.lead(1, side)
        if wing.tip[0] > 0.9:
            tip = end + point(side * 0.02, 0.07, -0.05)
            parts += panel(end, tip, wing.tip_chord, 0.03, 0.016)
    fin = point(0, 0.02, -0.42)
    parts += tail(fin, u(0.14, 0.18), u(0.11, 0.13), u(8, 25), u(0.17, 0.22), 1.0, 0.016)
    parts += undercarriage(point(0, 0, 0.1), point(0, -1.15 * radius, 0.1), 0.032, False)
    return on_floor(parts, u(6, 9))


def aircraft(random: np.random.Generator) -> Shape:
    """An aeroplane: airliner, light or larger propeller plane, fighter, biplane or glider."""
    kinds = (airliner, propeller_single, propeller_twin, jet_fighter, biplane, glider)
    return _one_of(random, kinds, (0.3, 0.2, 0.15, 0.17, 0.1, 0.08))


# --- cars -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Body:
    """A car's proportions: metres across and up, shares of the length along (0 in the middle)."""

    length: tuple[float, float]
    width: tuple[float, float]
    height: tuple[float, float]
    belt: float
    """Height of the windows' lower edge, as a share of the height."""
    wheel: tuple[float, float]
    axles: tuple[float, float]
    """Where the front and the rear axle are."""
    screen: tuple[float, float]
    """Where the windscreen's lower and upper edge are."""
    back: tuple[float, float]
    """Where the rear window's upper and lower edge are."""
    pillars: tuple[float, ...]
    """Where the side windows are divided."""


BODIES = {
    "saloon": Body(
        (4.3, 5.0),
        (1.75, 1.9),
        (1.38, 1.5),
        0.63,
        (0.31, 0.35),
        (0.31, -0.29),
        (0.22, 0.06),
        (-0.17, -0.33),
        (-0.05,),
    ),
    "hatchback": Body(
        (3.5, 4.2),
        (1.65, 1.82),
        (1.42, 1.55),
        0.61,
        (0.29, 0.34),
        (0.32, -0.31),
        (0.25, 0.1),
        (-0.35, -0.46),
        (-0.08,),
    ),
    "estate": Body(
        (4.5, 5.0),
        (1.75, 1.88),
        (1.42, 1.55),
        0.62,
        (0.31, 0.35),
        (0.32, -0.28),
        (0.24, 0.09),
        (-0.42, -0.485),
        (-0.03, -0.24),
    ),
    "suv": Body(
        (4.2, 5.0),
        (1.8, 2.0),
        (1.66, 1.95),
        0.62,
        (0.36, 0.42),
        (0.31, -0.29),
        (0.22, 0.12),
        (-0.43, -0.48),
        (-0.03, -0.24),
    ),
    "pickup": Body(
        (5.0, 5.7),
        (1.8, 2.0),
        (1.68, 1.9),
        0.6,
        (0.36, 0.42),
        (0.32, -0.3),
        (0.22, 0.13),
        (-0.07, -0.09),
        (0.03,),
    ),
    "van": Body(
        (4.6, 5.9),
        (1.85, 2.1),
        (1.9, 2.5),
        0.52,
        (0.32, 0.37),
        (0.33, -0.3),
        (0.4, 0.27),
        (-0.475, -0.49),
        (0.12, -0.15),
    ),
    "bus": Body(
        (9.0, 12.0),
        (2.4, 2.6),
        (2.9, 3.3),
        0.45,
        (0.46, 0.52),
        (0.31, -0.27),
        (0.492, 0.475),
        (-0.485, -0.495),
        (0.34, 0.2, 0.06, -0.08, -0.22, -0.36),
    ),
    "convertible": Body(
        (3.8, 4.6),
        (1.7, 1.85),
        (1.25, 1.4),
        0.66,
        (0.3, 0.34),
        (0.32, -0.31),
        (0.16, 0.05),
        (-0.2, -0.25),
        (),
    ),
}


def road_car(random: np.random.Generator, kind: str) -> Shape:
    """A car of one of the kinds in :data:`BODIES`."""
    u, body = random.uniform, BODIES[kind]
    length, width, height = u(*body.length), u(*body.width), u(*body.height)
    belt, radius = body.belt * height * u(0.97, 1.03), u(*body.wheel)
    low, end = radius * u(0.55, 0.75), length / 2
    gap = radius * u(1.12, 1.2)  # of the wheel arch
    top = radius + gap
    belt = max(belt, top + 0.12)
    front, back = (share * length for share in body.axles)
    cowl, roof_front = (share * length for share in body.screen)
    roof_back, rear = (share * length for share in body.back)
    tyre = u(0.2, 0.25) if kind != "bus" else 0.3
    boxy = kind in ("van", "bus")
    nose = belt - (u(0.0, 0.04) if boxy else u(0.08, 0.2))
    nose = max(nose, top + 0.04)

    # Below: a narrow body between the wheels, full width where there are none.
    parts: Parts = [
        box((width - 2 * tyre - 0.12, belt - low - 0.02, length - 0.2), (0, (belt + low) / 2, 0))
    ]
    for first, last in ((back + gap, front - gap), (front + gap, end), (-end, back - gap)):
        middle = (0, (low + top) / 2, (first + last) / 2)
        if last - first > 0.05:
            parts.append(box((width, top - low + 0.02, last - first), middle))
    # Above the arches: cabin's flanks, a sloping bonnet, a boot.
    lid = rear if kind not in ("saloon", "convertible") else -end
    bed = kind == "pickup"
    flank_end = rear if bed else -end
    parts.append(
        box((width, belt - top, cowl - flank_end), (0, (belt + top) / 2, (cowl + flank_end) / 2))
    )
    parts += panel(
        point(0, belt, cowl - 0.05), point(0, nose, end), belt - top, nose - top, width, -UP
    )
    parts.append(
        ellipsoid(
            (0.42 * width, 0.09, 0.5 * (end - cowl) + 0.1),
            (0, (belt + nose) / 2 - 0.01, (cowl + end) / 2 - 0.05),
        )
    )
    parts += _ends(random, width, low, top, nose, belt, end)
    shoulder = (belt + top) / 2
    for side in SIDES:
        if not boxy:
            bulge = side * (width / 2 - 0.06)
            parts.append(
                capsule((bulge, shoulder, flank_end + 0.2), (bulge, shoulder, end - 0.2), 0.10)
            )
        for axle in (front, back):
            wheel = point(side * (width / 2 - tyre / 2 - 0.01), radius, axle)
            phase, count = 0.3, 5 if kind != "bus" else 8
            parts += road_wheel(wheel, radius, tyre, side, count, phase)
            lip = point(side * (width / 2 - 0.08), radius, axle)
            parts += arc(lip, 1.2 * gap, 0.18, 0.4 * gap, 12, 168, 6)
        mirror = point(side * (width / 2 + 0.06), belt + 0.08, cowl - 0.25 * (cowl - roof_front))
        parts.append(ellipsoid((0.10, 0.075, 0.055), mirror))
        parts.append(capsule(mirror, mirror + point(-side * 0.16, -0.09, 0.0), 0.025))
    if kind == "convertible":
        parts += _open_cabin(random, width, belt, height, cowl, roof_front, rear)
        return on_floor(parts)
    parts += _cabin(random, body, kind, (length, width, belt, height))
    if bed:
        parts += _bed(width, low, top, belt, rear, end)
    if kind in ("suv", "estate") and random.random() < 0.7:
        for side in SIDES:
            x = side * 0.34 * width
            parts.append(
                capsule(
                    (x, height + 0.06, roof_back + 0.1), (x, height + 0.06, roof_front - 0.1), 0.03
                )
            )
            for z in np.linspace(roof_back + 0.15, roof_front - 0.15, 3):
                parts.append(capsule((x, height - 0.03, z), (x, height + 0.06, z), 0.025))
    if kind == "suv" and random.random() < 0.5:
        spare = point(0, (belt + top) / 2, -end - 0.07)
        parts.append(torus(0.72 * radius, 0.28 * radius, spare, FRONT))
        parts.append(frustum(spare - 0.08 * FRONT, spare + 0.12 * FRONT, 0.6 * radius))
    if lid == -end and random.random() < 0.2:
        parts.append(
            beam(
                (-0.4 * width, belt + 0.12, -end + 0.2),
                (0.4 * width, belt + 0.12, -end + 0.2),
                0.2,
                0.04,
                FRONT,
            )
        )
        for side in SIDES:
            parts.append(box((0.05, 0.16, 0.1), (side * 0.33 * width, belt + 0.05, -end + 0.2)))
    return on_floor(parts)


def _ends(
    random: np.random.Generator,
    width: float,
    low: float,
    top: float,
    nose: float,
    belt: float,
    end: float,
) -> Parts:
    """Bumpers, lamps, grille and number plates of a car."""
    parts: Parts = []
    half = width / 2
    grille = random.uniform(0.2, 0.3) * width
    for face, crest in ((1, nose), (-1, belt)):
        z = face * end
        bumper = (low + top) / 2 - 0.03
        parts.append(capsule((0.1 - half, bumper, z), (half - 0.1, bumper, z), 0.11))
        parts.append(capsule((0.12 - half, crest - 0.12, z), (half - 0.12, crest - 0.12, z), 0.10))
        parts.append(box((width - 0.04, crest - low - 0.06, 0.12), (0, (crest + low) / 2, z)))
        parts.append(box((0.5, 0.13, 0.06), (0, bumper, z + face * 0.10)))
        for side in SIDES:
            lamp = (side * (half - 0.22), crest - 0.14, z + face * 0.05)
            size = (0.17, 0.10, 0.10) if face > 0 else (0.10, 0.16, 0.09)
            parts.append(ellipsoid(size, lamp))
    for y in np.linspace((low + top) / 2 + 0.12, nose - 0.12, 3):
        parts.append(capsule((-grille, y, end + 0.08), (grille, y, end + 0.08), 0.03))
    return parts


def _cabin(
    random: np.random.Generator,
    body: Body,
    kind: str,
    lengths: tuple[float, float, float, float],
) -> Parts:
    """Roof, pillars and glass that is set back; ``lengths``: length, width, belt, height."""
    length, width, belt, height = lengths
    cowl, roof_front = (share * length for share in body.screen)
    roof_back, rear = (share * length for share in body.back)
    boxy = kind in ("van", "bus")
    wide, narrow = (0.49, 0.47) if boxy else (0.47, random.uniform(0.37, 0.41))
    wide, narrow = wide * width, narrow * width
    under = height - 0.06
    glass = 2 * narrow - 0.10
    run = roof_front - roof_back
    parts: Parts = [
        box((2 * narrow, 0.07, run), (0, height - 0.045, (roof_front + roof_back) / 2)),
        ellipsoid(
            (0.95 * narrow, 0.06, 0.5 * run), (0, height - 0.02, (roof_front + roof_back) / 2)
        ),
        box(
            (glass, under - belt + 0.1, run), (0, (under + belt) / 2, (roof_front + roof_back) / 2)
        ),
    ]
    inset = 0.05
    parts += slope(
        point(0, belt - 0.02, cowl - inset), point(0, under, roof_front - inset), glass, -1, 0.09
    )
    parts += slope(
        point(0, belt - 0.02, rear + inset), point(0, under, roof_back + inset), glass, 1, 0.09
    )
    thick = 0.11 if boxy else 0.09
    for side in SIDES:
        foot, head = side * (wide - 0.04), side * (narrow - 0.03)
        ends = ((cowl - 0.04, roof_front - 0.03, thick), (rear + 0.08, roof_back + 0.05, 0.17))
        for below, above, across in ends:
            parts.append(
                beam((foot, belt - 0.05, below), (head, under, above), across, 0.07, FRONT)
            )
        for share in body.pillars:
            z = share * length
            parts.append(beam((foot, belt - 0.05, z), (head, under, z), thick, 0.06, FRONT))
        rail = height - 0.06
        parts.append(capsule((head, rail, roof_back + 0.05), (head, rail, roof_front - 0.05), 0.05))
        if not boxy:
            parts.append(capsule((foot, belt, rear + 0.06), (foot, belt, cowl - 0.06), 0.035))
        if kind == "van":
            # A van for goods: closed sides behind the front doors.
            first, last = roof_back, body.pillars[0] * length
            middle = (side * (narrow - 0.04), (under + belt) / 2, (first + last) / 2)
            parts.append(box((0.08, under - belt + 0.06, last - first), middle))
    for z in (roof_front - 0.03, roof_back + 0.03):
        parts.append(capsule((0.05 - narrow, under, z), (narrow - 0.05, under, z), 0.055))
    if kind == "bus":
        parts.append(box((0.8, 0.18, 0.25 * length), (0, height + 0.06, -0.2 * length)))
        for side in SIDES:
            rim = side * (wide - 0.01)
            parts.append(box((0.06, 0.1, 0.97 * length), (rim, 0.62 * belt, 0)))
            parts.append(
                box((0.08, 0.22, 0.97 * length), (side * (narrow - 0.01), under - 0.08, 0))
            )
    return parts


def _open_cabin(
    random: np.random.Generator,
    width: float,
    belt: float,
    height: float,
    cowl: float,
    top: float,
    rear: float,
) -> Parts:
    """A convertible's windscreen in its frame, seats, steering wheel and folded hood."""
    half, back = 0.42 * width, belt + 0.35
    parts: Parts = []
    header = (top, height)
    for side in SIDES:
        foot = point(side * half, belt - 0.05, cowl)
        head = point(side * 0.9 * half, header[1], header[0])
        parts.append(beam(foot, head, 0.07, 0.05, FRONT))
        # Doors stand above the cockpit's floor.
        parts.append(
            capsule((side * half * 1.08, belt, rear), (side * half * 1.08, belt, cowl), 0.06)
        )
    parts.append(capsule((-0.9 * half, height, top), (0.9 * half, height, top), 0.035))
    parts.append(beam((0, belt - 0.05, cowl), (0, height, top), 1.7 * half, 0.036, RIGHT))
    parts.append(capsule((-half, belt + 0.02, cowl), (half, belt + 0.02, cowl), 0.06))
    for side in SIDES:
        x = side * 0.22 * width
        seat = (cowl + rear) / 2 - 0.15
        parts.append(beam((x, belt - 0.1, seat), (x, back, seat - 0.16), 0.24 * width, 0.14, RIGHT))
        parts.append(box((0.25 * width, 0.14, 0.5), (x, belt - 0.02, seat + 0.2)))
        parts.append(ellipsoid((0.13, 0.10, 0.08), (x, back + 0.08, seat - 0.18)))
    wheel = point(0.22 * width, belt + 0.16, cowl - 0.38)
    parts.append(torus(0.18, 0.022, wheel, (0, 0.45, -1)))
    parts.append(capsule(wheel, (0.22 * width, belt, cowl), 0.03))
    parts.append(capsule(wheel - 0.17 * RIGHT, wheel + 0.17 * RIGHT, 0.02))
    hood = random.uniform(0.1, 0.14)
    parts.append(
        capsule((-0.36 * width, belt + 0.03, rear), (0.36 * width, belt + 0.03, rear), hood)
    )
    return parts


def _bed(width: float, low: float, top: float, belt: float, first: float, end: float) -> Parts:
    """A pickup's open bed behind its cabin: side walls, tailgate, floor."""
    middle, run, rise = (first - end) / 2, first + end, belt - top + 0.05
    parts: Parts = [
        box((width, belt - low, 0.09), (0, (belt + low) / 2, -end + 0.03)),
        box((width, rise, 0.09), (0, belt - rise / 2, first)),
    ]
    for side in SIDES:
        parts.append(box((0.1, rise, run), (side * (width / 2 - 0.05), belt - rise / 2, middle)))
        parts.append(
            capsule(
                (side * (width / 2 - 0.05), belt, 0.04 - end),
                (side * (width / 2 - 0.05), belt, first),
                0.06,
            )
        )
    return parts


def race_car(random: np.random.Generator) -> Shape:
    """A single-seater for races: open wheels on wishbones, wings, a halo over the cockpit."""
    u = random.uniform
    length, track = u(4.6, 5.4), u(0.76, 0.85)
    front, back = 0.32 * length, -0.34 * length
    parts: Parts = [
        frustum((0, 0.42, 0.05 * length), (0, 0.30, 0.47 * length), 0.27, 0.09),
        ellipsoid((0.09, 0.08, 0.2), (0, 0.30, 0.47 * length)),
        box((1.3, 0.06, 0.62 * length), (0, 0.13, -0.06 * length)),
        ellipsoid((0.33, 0.30, 0.22 * length), (0, 0.48, -0.12 * length)),
        frustum((0, 0.60, -0.08 * length), (0, 0.42, back - 0.1), 0.26, 0.12),
        capsule((0, 0.88, -0.1 * length), (0, 0.55, back), 0.11),
        torus(0.11, 0.04, (0, 0.90, -0.085 * length), FRONT),
        torus(0.29, 0.05, (0, 0.66, 0.06 * length), UP),
        ellipsoid((0.13, 0.16, 0.14), (0, 0.76, 0.05 * length)),
        box((0.5, 0.3, 0.3 * length), (0, 0.3, back + 0.1 * length)),
    ]
    if random.random() < 0.6:
        halo = point(0, 0.9, 0.1 * length)
        parts.append(capsule((0, 0.6, 0.13 * length), halo, 0.03))
        for side in SIDES:
            bend = point(side * 0.27, 0.92, 0.03 * length)
            parts += tube([halo, bend, point(side * 0.27, 0.68, -0.04 * length)], 0.035)
    wide = u(0.75, 0.9)
    high = u(0.82, 0.98)
    for side in SIDES:
        pod = side * 0.46
        parts.append(capsule((pod, 0.36, 0.0), (pod * 0.75, 0.32, back + 0.35), 0.21))
        parts.append(beam((pod, 0.38, 0.0), (pod, 0.38, 0.06 * length), 0.4, 0.36, RIGHT))
        for axle, radius, tyre in ((front, 0.32, 0.32), (back, 0.34, 0.40)):
            wheel = point(side * track, radius, axle)
            parts += road_wheel(wheel, radius, tyre, side, 8, 0.0)
            for z in (-0.2, 0.2):
                for y in (-0.08, 0.10):
                    inner = point(side * 0.12, radius + y, axle + z)
                    parts.append(capsule(inner, wheel + point(-side * 0.1, y, 0), 0.022))
        parts.append(box((0.04, 0.24, 0.5), (side * wide, 0.2, 0.47 * length)))
        parts.append(box((0.045, 0.48, 0.5), (side * 0.5, high - 0.12, -0.47 * length)))
        parts.append(
            box((0.05, high - 0.35, 0.2), (side * 0.12, 0.5 * high + 0.17, -0.44 * length))
        )
        parts.append(ellipsoid((0.08, 0.06, 0.05), (side * 0.5, 0.68, 0.1 * length)))
        parts.append(
            capsule((side * 0.5, 0.66, 0.1 * length), (side * 0.2, 0.5, 0.1 * length), 0.02)
        )
    for y, z, chord in ((0.12, 0.48, 0.30), (0.20, 0.45, 0.18)):
        parts.append(box((2 * wide, 0.04, chord), (0, y, z * length)))
    parts.append(box((0.12, 0.3, 0.25), (0, 0.22, 0.46 * length)))
    for y, z in ((high, -0.47), (high - 0.14, -0.455)):
        parts.append(box((1.0, 0.045, 0.3), (0, y, z * length)))
    parts.append(box((0.3, 0.16, 0.45), (0, 0.40, -0.45 * length)))
    return on_floor(parts)


def car(random: np.random.Generator) -> Shape:
    """A car: saloon, hatchback, estate, off-roader, pickup, van, bus, convertible or racer."""
    kinds = (*BODIES, "race")
    kind = str(random.choice(kinds, p=[0.18, 0.14, 0.1, 0.14, 0.12, 0.09, 0.07, 0.08, 0.08]))
    return race_car(random) if kind == "race" else road_car(random, kind)


# --- boats ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hull:
    """The right half of a hull's skin.

    Attributes:
        rows: (R, K, 3) points from keel to gunwale, from stern to bow; x ≥ 0.
        thickness: of the planks.
    """

    rows: np.ndarray
    thickness: float

    @classmethod
    def drawn(
        cls,
        length: float,
        width: float,
        depth: float,
        *,
        transom: float,
        fullness: float,
        flat: float,
        sheer: float,
        rake: float,
        thickness: float,
        stations: int = 12,
    ) -> Hull:
        """From a handful of numbers.

        Args:
            length: along z; the stern is at −length/2.
            width: at the widest place.
            depth: from keel to gunwale amidships; the keel is at y = 0.
            transom: width of the stern as a share of the largest.
            fullness: 1.5 a slim bow, 4 a full one.
            flat: width of the bottom as a share of the gunwale's.
            sheer: how much higher the bow's gunwale is, as a share of the depth.
            rake: how far the bow hangs over, as a share of the length.
            thickness: of the planks.
            stations: places along the length.
        """
        # Denser towards the bow, where the outline bends.
        s = 1 - (1 - np.linspace(0, 1, stations)) ** 1.35
        widest = 0.42
        ahead = np.clip((s - widest) / (1 - widest), 0, 1)
        behind = np.clip((widest - s) / widest, 0, 1)
        half = width / 2 * (1 - ahead**fullness) * (1 - (1 - transom) * behind**2)
        half = np.maximum(half, 0.3 * thickness)
        rows = []
        for up, share in ((0.0, flat), (0.4, flat + 0.72 * (1 - flat)), (1.0, 1.0)):
            y = depth * up * (1 + sheer * ahead**2 + 0.25 * sheer * behind**2)
            y = y + 0.25 * depth * (1 - up) * ahead**3
            z = length * (s - 0.5) - rake * length * (1 - up) * ahead**2
            rows.append(np.stack([half * share, y, z], axis=-1))
        return cls(np.array(rows), thickness)

    def gunwale(self, z: float) -> np.ndarray:
        """(3,) where the gunwale is at a place along the hull."""
        top = self.rows[-1]
        return point(float(np.interp(z, top[:, 2], top[:, 0])), self.height(z), z)

    def height(self, z: float) -> float:
        """The gunwale's y at a place along the hull."""
        return float(np.interp(z, self.rows[-1, :, 2], self.rows[-1, :, 1]))

    def skin(self, rail: float) -> Parts:
        """Planks of both sides, the stern's board, and a rail of this radius on the gunwale."""
        parts: Parts = []
        for side in SIDES:
            rows = self.rows * (side, 1, 1)
            for below, above in itertools.pairwise(rows):
                middle = (below + above) / 2
                edge = above - below
                for k in range(len(middle) - 1):
                    across = edge[k] + edge[k + 1]
                    wide = float(np.linalg.norm(across)) / 2 + 0.3 * self.thickness
                    parts.append(beam(middle[k], middle[k + 1], wide, self.thickness, across))
                for k in range(len(middle)):
                    parts.append(capsule(below[k], above[k], self.thickness / 2))
            for a, b in zip(rows[-1, :-1], rows[-1, 1:], strict=True):
                parts.append(capsule(a, b, rail))
        for below, above in zip(self.rows[:-1, 0], self.rows[1:, 0], strict=True):
            parts += panel(
                mirrored(above, -1),
                mirrored(below, -1),
                2 * above[0],
                2 * below[0],
                self.thickness,
                RIGHT,
            )
        return parts

    def filling(self, deck: float) -> Parts:
        """What is under the deck: boxes within the skin, up to a share of the hull's height."""
        layers = 6
        shares = np.linspace(0, deck, layers + 1)
        ups = np.array((0.0, 0.4, 1.0))
        # (layer, station, 3) by interpolation between the rows.
        levels = np.empty((layers + 1, *self.rows.shape[1:]))
        for k, share in enumerate(shares):
            row = int(np.searchsorted(ups, share, side="right") - 1)
            row = min(row, 1)
            part = (share - ups[row]) / (ups[row + 1] - ups[row])
            levels[k] = self.rows[row] + part * (self.rows[row + 1] - self.rows[row])
        parts: Parts = []
        for below, above in itertools.pairwise(levels):
            for k in range(below.shape[0] - 1):
                half = min(below[k, 0], below[k + 1, 0]) + 0.4 * self.thickness
                first, last = above[k, 2], above[k + 1, 2]
                low, high = below[k : k + 2, 1].min(), above[k : k + 2, 1].min()
                last = min(last, below[k + 1, 2] + 0.02 * abs(last))
                if last > first and high > low:
                    size = (2 * half, high - low, 1.02 * (last - first))
                    parts.append(box(size, (0, (high + low) / 2, (first + last) / 2)))
        return parts


def sail_boat(random: np.random.Generator) -> Shape:
    """A sailing yacht: mast and boom, mainsail and jib, cabin, keel and rudder."""
    u = random.uniform
    length = u(7, 12)
    width, depth = u(0.26, 0.34) * length, u(0.10, 0.14) * length
    t = 0.022 * length
    hull = Hull.drawn(
        length,
        width,
        depth,
        transom=u(0.45, 0.75),
        fullness=u(1.8, 2.3),
        flat=0.12,
        sheer=u(0.1, 0.35),
        rake=u(0.05, 0.14),
        thickness=t,
    )
    parts = hull.skin(0.011 * length) + hull.filling(0.9)
    deck, mast_z = hull.height(0.0), u(0.04, 0.12) * length
    mast, tall = 0.0085 * length, u(1.05, 1.35) * length
    top = point(0, deck + tall, mast_z)
    parts.append(frustum((0, 0.5 * depth, mast_z), top, 1.3 * mast, mast))
    swing = math.radians(u(5, 30)) * (1 if random.random() < 0.5 else -1)
    away = point(math.sin(swing), 0, -math.cos(swing))
    boom, foot = u(0.34, 0.42) * length, point(0, deck + u(0.13, 0.17) * length, mast_z)
    parts.append(capsule(foot, foot + boom * away, 0.9 * mast))
    cloth = 0.009 * length
    parts += panel(
        foot + 0.01 * length * UP, top - 0.03 * tall * UP, 0.95 * boom, 0.08 * boom, cloth, away
    )
    stem = point(0, hull.height(0.49 * length), 0.485 * length)
    high = top - (0.02 if random.random() < 0.5 else 0.2) * tall * UP
    parts.append(capsule(stem, high, 0.0045 * length))
    if random.random() < 0.8:
        # The jib's leading edge is the stay, its foot runs back towards the mast.
        tack = stem + 0.06 * (high - stem)
        head = stem + 0.92 * (high - stem)
        lee = point(0.5 * math.sin(swing), 0.03, -1.0)
        lee = lee / np.linalg.norm(lee)
        parts += panel(tack, head, u(0.30, 0.42) * length, 0.02 * length, cloth, lee)
    parts.append(capsule((0, hull.height(-0.49 * length), -0.49 * length), top, 0.0042 * length))
    for side in SIDES:
        chain = mirrored(hull.gunwale(mast_z - 0.02 * length), side)
        parts.append(capsule(chain, top - 0.25 * tall * UP, 0.0042 * length))
    roof = u(0.045, 0.065) * length
    house = (0.5 * width, 2 * roof, 0.34 * length)
    parts.append(box(house, (0, deck - 0.1 * depth, mast_z - 0.13 * length)))
    parts.append(
        ellipsoid(
            (0.25 * width, 0.4 * roof, 0.17 * length),
            (0, deck - 0.1 * depth + roof, mast_z - 0.13 * length),
        )
    )
    for side in SIDES:
        bench = (side * 0.3 * width, deck, -0.33 * length)
        parts.append(box((0.12 * width, 0.05 * length, 0.22 * length), bench))
    fin = point(0, 0.2 * depth, 0.1 * length)
    parts += panel(
        fin, fin - point(0, 0.17 * length, 0.05 * length), 0.2 * length, 0.1 * length, 0.02 * length
    )
    bulb = fin - point(0, 0.17 * length, 0.1 * length)
    parts.append(ellipsoid((0.022 * length, 0.022 * length, 0.09 * length), bulb))
    blade = point(0, 0.5 * depth, -0.43 * length)
    parts += panel(blade, blade - 0.14 * length * UP, 0.07 * length, 0.05 * length, 0.014 * length)
    return on_floor(parts)


def motor_boat(random: np.random.Generator) -> Shape:
    """A motor boat: raked bow, windscreen or cabin, rails, an outboard engine."""
    u = random.uniform
    length = u(5, 11)
    width, depth = u(0.3, 0.37) * length, u(0.14, 0.18) * length
    hull = Hull.drawn(
        length,
        width,
        depth,
        transom=u(0.85, 0.95),
        fullness=u(2.0, 2.8),
        flat=0.2,
        sheer=u(0.05, 0.3),
        rake=u(0.12, 0.2),
        thickness=0.028 * length,
    )
    parts = hull.skin(0.013 * length)
    cabin = bool(random.random() < 0.6)
    parts += hull.filling(0.62)
    deck = hull.height(0.2 * length)
    # A closed foredeck in front of an open cockpit.
    top = hull.rows[-1]
    for k in range(len(top) - 1):
        first, last = top[k, 2], top[k + 1, 2]
        if first > 0.08 * length:
            half = min(top[k, 0], top[k + 1, 0])
            crest = min(top[k, 1], top[k + 1, 1])
            parts.append(
                box(
                    (2 * half + 0.01, 0.5 * depth, 1.02 * (last - first)),
                    (0, crest - 0.25 * depth, (first + last) / 2),
                )
            )
    foot, tilt = 0.14 * length, u(0.05, 0.1) * length
    if cabin:
        rise, half = u(0.15, 0.2) * length, 0.38 * width
        back = u(-0.22, -0.1) * length
        parts.append(
            box(
                (2 * half, 0.07 * length, foot - back + 0.06 * length),
                (0, deck + 0.01 * length, (foot + back) / 2),
            )
        )
        glass = 2 * half - 0.03 * length
        low, high = deck + 0.03 * length, deck + rise
        parts += slope(point(0, low, foot), point(0, high, foot - tilt), glass, -1, 0.02 * length)
        parts.append(
            box(
                (glass, high - low, foot - tilt - back),
                (0, (low + high) / 2, (foot - tilt + back) / 2),
            )
        )
        parts.append(
            box(
                (2 * half + 0.02 * length, 0.022 * length, foot - tilt - back + 0.08 * length),
                (0, high, (foot - tilt + back) / 2),
            )
        )
        for side in SIDES:
            for a, b in (
                (foot, foot - tilt),
                (0.5 * (foot + back), 0.5 * (foot + back)),
                (back, back),
            ):
                parts.append(
                    beam(
                        (side * half, low, a),
                        (side * half, high, b),
                        0.022 * length,
                        0.022 * length,
                        FRONT,
                    )
                )
        if random.random() < 0.6:
            parts.append(
                capsule(
                    (0, high, back), (0, high + 0.1 * length, back - 0.02 * length), 0.007 * length
                )
            )
            parts.append(
                capsule(
                    (-0.09 * length, high + 0.06 * length, back),
                    (0.09 * length, high + 0.06 * length, back),
                    0.008 * length,
                )
            )
    else:
        rise = u(0.07, 0.1) * length
        half = float(hull.gunwale(foot)[0]) * 0.85
        parts.append(
            beam(
                (0, deck - 0.02 * length, foot),
                (0, deck + rise, foot - tilt),
                2 * half,
                0.014 * length,
                RIGHT,
            )
        )
        for side in SIDES:
            parts.append(
                beam(
                    (side * half, deck, foot),
                    (side * half * 0.97, deck + 0.5 * rise, -0.04 * length),
                    0.09 * length,
                    0.012 * length,
                    UP,
                )
            )
        parts.append(
            box(
                (2 * half, 0.09 * length, 0.06 * length),
                (0, deck - 0.04 * length, foot - 0.04 * length),
            )
        )
        wheel = point(0.3 * half, deck + 0.02 * length, foot - 0.11 * length)
        parts.append(torus(0.035 * length, 0.006 * length, wheel, (0, 0.4, -1)))
        parts.append(capsule(wheel, wheel + point(0, -0.02, 0.06) * length, 0.008 * length))
    floor = 0.62 * depth
    for side in SIDES:
        for z in (-0.06, -0.26) if not cabin else (-0.32,):
            seat = point(side * 0.22 * width, floor, z * length)
            parts.append(box((0.3 * width, 0.13 * length, 0.1 * length), seat))
            rest = seat + point(0, 0.04 * length, -0.05 * length)
            parts.append(beam(rest, rest + 0.1 * length * UP, 0.3 * width, 0.03 * length, RIGHT))
        rail = []
        for z in np.linspace(0.15, 0.47, 5) * length:
            base = mirrored(hull.gunwale(float(z)), side)
            rail.append(base * (0.93, 1, 1) + 0.065 * length * UP)
            parts.append(capsule(base * (0.93, 1, 1), rail[-1], 0.006 * length))
        parts += tube(rail, 0.0065 * length)
    motors = (0.0,) if random.random() < 0.7 else (-0.13, 0.13)
    for x in motors:
        motor = point(x * width, depth + 0.05 * length, -0.54 * length)
        parts.append(ellipsoid((0.045 * length, 0.075 * length, 0.06 * length), motor))
        parts.append(box((0.07 * length, 0.07 * length, 0.09 * length), motor - 0.03 * length * UP))
        parts.append(
            box(
                (0.03 * length, 0.05 * length, 0.08 * length),
                motor + point(0, -0.07, 0.035) * length,
            )
        )
        parts.append(
            beam(motor, motor * (1, 0, 1) - 0.06 * length * UP, 0.04 * length, 0.03 * length, FRONT)
        )
        hub = motor * (1, 0, 1) - point(0, 0.04, 0) * length
        parts.append(ellipsoid((0.016 * length, 0.016 * length, 0.045 * length), hub))
        parts += propeller(random, hub - 0.04 * length * FRONT, 0.035 * length, 3)
    return on_floor(parts)


def row_boat(random: np.random.Generator) -> Shape:
    """A rowing boat: an open shell with benches, ribs and a pair of oars."""
    u = random.uniform
    length = u(3.2, 5.0)
    width, depth = u(0.3, 0.38) * length, u(0.11, 0.14) * length
    t = 0.016 * length
    hull = Hull.drawn(
        length,
        width,
        depth,
        transom=u(0.5, 0.75) if random.random() < 0.7 else 0.05,
        fullness=u(1.9, 2.5),
        flat=u(0.45, 0.6),
        sheer=u(0.15, 0.5),
        rake=u(0.03, 0.1),
        thickness=t,
        stations=14,
    )
    parts = hull.skin(0.009 * length) + hull.filling(0.16)
    for z in np.linspace(-0.3, 0.26, int(random.integers(2, 4))) * length:
        bench = hull.gunwale(float(z))
        wide = 2 * bench[0] * 0.93
        parts.append(box((wide, 0.018 * length, 0.07 * length), (0, 0.72 * bench[1], z)))
        parts.append(box((0.02 * length, 0.6 * depth, 0.04 * length), (0, 0.42 * depth, z)))
    stem = hull.rows[:, -1]
    parts += tube([stem[0], stem[1], stem[2] + 0.02 * length * UP], 0.011 * length)
    parts.append(
        beam(
            point(0, 0.0, -0.45 * length),
            point(0, 0.0, 0.36 * length),
            0.02 * length,
            0.03 * length,
            RIGHT,
        )
    )
    lean, sweep = u(-0.1, 0.35), u(-0.35, 0.35)
    for side in SIDES:
        pivot = mirrored(hull.gunwale(-0.03 * length), side) + 0.02 * length * UP
        parts.append(capsule(pivot - 0.03 * length * UP, pivot, 0.008 * length))
        out = point(side, -lean, sweep) / math.sqrt(1 + lean**2 + sweep**2)
        grip, blade = pivot - 0.13 * length * out, pivot + 0.26 * length * out
        parts.append(capsule(grip, blade, 0.0075 * length))
        parts.append(
            beam(blade, blade + 0.13 * length * out, 0.045 * length, 0.011 * length, FRONT)
        )
    return on_floor(parts)


def ship(random: np.random.Generator) -> Shape:
    """A ship: cargo with containers, liner with rows of decks, or a tug."""
    u = random.uniform
    length = 1.0
    kind = str(random.choice(["cargo", "liner", "tug"]))
    tug = kind == "tug"
    width = u(0.28, 0.33) if tug else u(0.14, 0.18)
    depth = u(0.13, 0.16) if tug else u(0.08, 0.11)
    hull = Hull.drawn(
        length,
        width,
        depth,
        transom=u(0.6, 0.9),
        fullness=u(2.6, 4.5),
        flat=u(0.5, 0.75),
        sheer=u(0.3, 0.6) if tug else u(0.05, 0.3),
        rake=u(0.03, 0.08),
        thickness=0.016,
    )
    parts = hull.skin(0.008) + hull.filling(0.86)
    deck = 0.86 * depth
    if not tug:
        parts.append(ellipsoid((0.02, 0.022, 0.05), (0, 0.2 * depth, 0.44)))
    if kind == "cargo":
        front, back, decks = -0.28, -0.40, int(random.integers(4, 6))
    elif kind == "liner":
        front, back, decks = u(0.2, 0.28), -0.36, int(random.integers(3, 6))
    else:
        front, back, decks = u(0.16, 0.2), u(-0.12, -0.05), 2
    storey = u(0.026, 0.032) if not tug else u(0.06, 0.07)
    shrink = 0.0 if kind == "cargo" else u(0.02, 0.04)
    floor, half = deck, 0.43 * width
    for level in range(decks):
        fore, aft = front - level * shrink, back + 0.7 * level * shrink
        middle = (fore + aft) / 2
        parts.append(
            box((2 * half - 0.016, storey, fore - aft - 0.016), (0, floor + storey / 2, middle))
        )
        parts.append(box((2 * half, 0.32 * storey, fore - aft), (0, floor + 0.9 * storey, middle)))
        parts.append(box((2 * half, 0.3 * storey, fore - aft), (0, floor + 0.1 * storey, middle)))
        # Posts between the windows.
        for z in np.linspace(
            aft + 0.006, fore - 0.006, 3 if tug else max(3, int((fore - aft) / 0.06))
        ):
            parts.append(box((2 * half, storey, 0.012), (0, floor + storey / 2, z)))
        for x in np.linspace(-half + 0.006, half - 0.006, 5):
            parts.append(box((0.011, storey, fore - aft), (x, floor + storey / 2, middle)))
        floor += storey
        half *= 0.96 if kind != "tug" else 0.75
    fore, aft = front - decks * shrink, back + 0.7 * decks * shrink
    if kind == "cargo":
        parts.append(
            box((1.05 * width, 0.8 * storey, 0.04), (0, floor - 0.3 * storey, front - 0.03))
        )
    bridge = fore - 0.03
    parts.append(box((1.5 * half, 0.9 * storey, 0.05), (0, floor + 0.45 * storey, bridge)))
    parts.append(capsule((0, floor, bridge), (0, floor + u(0.08, 0.11), bridge - 0.01), 0.0055))
    mast = floor + 0.06
    parts.append(capsule((-0.03, mast, bridge - 0.005), (0.03, mast, bridge - 0.005), 0.005))
    funnels = int(random.integers(1, 4)) if kind == "liner" else 1
    size = u(0.018, 0.024) if not tug else u(0.032, 0.042)
    tall = u(0.07, 0.1) if not tug else u(0.11, 0.15)
    for z in np.linspace(bridge - 0.1, aft + 0.06, funnels) if funnels > 1 else (aft + 0.035,):
        lean = point(0, floor + tall, z - 0.25 * tall)
        base = point(0, floor - 0.02, z)
        parts.append(frustum(base, lean, 1.15 * size, size))
        parts.append(torus(size, 0.2 * size, lean - 0.01 * UP, lean - base))
    if kind == "cargo":
        wide = 0.86 * width
        columns = int(random.integers(3, 5))
        bays = np.arange(-0.22, 0.33, 0.085)
        for z in bays:
            room = float(hull.gunwale(float(z + 0.04))[0]) * 1.8
            for column in range(columns):
                cell = min(wide, room) / columns
                x = (column - (columns - 1) / 2) * cell
                stack = int(random.integers(1, 5))
                high = 0.024 * stack
                parts.append(box((0.92 * cell, high + 0.01, 0.076), (x, deck + high / 2, z)))
            parts.append(box((min(wide, room), 0.024, 0.086), (0, deck, z)))
        if random.random() < 0.4:
            for z in (bays[2] + 0.0425, bays[4] + 0.0425):
                post = point(0, deck + 0.15, z)
                parts.append(frustum((0, deck, z), post, 0.011, 0.008))
                parts.append(capsule(post, post + point(0, 0.03, 0.1), 0.006))
    if kind == "liner":
        for side in SIDES:
            for z in np.linspace(aft + 0.08, fore - 0.08, 4):
                boat = point(side * (0.43 * width + 0.004), deck + 1.4 * storey, z)
                parts.append(capsule(boat - 0.022 * FRONT, boat + 0.022 * FRONT, 0.011))
    if tug:
        for side in SIDES:
            for z in np.linspace(-0.3, 0.3, 4):
                tyre = mirrored(hull.gunwale(float(z)), side) - 0.035 * UP
                parts.append(torus(0.022, 0.009, tyre, RIGHT))
        parts.append(frustum((0, deck, -0.28), (0, deck + 0.05, -0.28), 0.03, 0.022))
        parts.append(capsule((-0.05, deck + 0.04, -0.28), (0.05, deck + 0.04, -0.28), 0.012))
    bow = hull.height(0.4)
    parts.append(capsule((0, deck, 0.41), (0, bow + 0.09, 0.41), 0.005))
    return on_floor(parts, u(20, 30) if tug else u(80, 200))


def boat(random: np.random.Generator) -> Shape:
    """A boat: sailing yacht, motor boat, rowing boat or ship."""
    return _one_of(random, (sail_boat, motor_boat, row_boat, ship), (0.3, 0.25, 0.17, 0.28))


# --- motorcycles ------------------------------------------------------------------------------


def cycle_wheel(
    hub: np.ndarray, radius: float, tyre: float, count: int, spoke: float, broad: float
) -> Parts:
    """A motorcycle's or a bicycle's wheel: tyre, rim, hub and spokes.

    Args:
        hub: (3,) its centre; the axle is along x.
        radius: over the tyre.
        tyre: radius of the tyre's tube.
        count: of the spokes; 0: a disc.
        spoke: their radius.
        broad: half the hub's width.
    """
    rim = radius - 1.9 * tyre
    parts: Parts = [
        torus(radius - tyre, tyre, hub, RIGHT),
        torus(rim, max(0.45 * tyre, 0.008), hub, RIGHT),
        frustum(hub - broad * RIGHT, hub + broad * RIGHT, max(0.12 * radius, 0.02)),
    ]
    if count == 0:
        return [*parts, frustum(hub - 0.5 * tyre * RIGHT, hub + 0.5 * tyre * RIGHT, rim)]
    return parts + spokes(hub, 0.0, rim, count, spoke, 0.2)


def cylinder(base: np.ndarray, top: np.ndarray, radius: float, fins: int) -> Parts:
    """An engine's cylinder with cooling fins."""
    parts: Parts = [frustum(base, top, 0.78 * radius)]
    step = (top - base) / (2 * fins)
    for k in range(fins):
        middle = base + (2 * k + 1.2) * step
        parts.append(frustum(middle - 0.5 * step, middle + 0.5 * step, radius))
    return parts


@dataclass(frozen=True)
class Frame:
    """Where a motorcycle's main points are."""

    rear: np.ndarray
    front: np.ndarray
    head: np.ndarray
    """The top of the fork, under the handlebar."""
    radii: tuple[float, float]
    """Of the rear and the front wheel."""


def _front_end(frame: Frame, tyre: float, tube_radius: float, rise: float, pull: float) -> Parts:
    """Fork and handlebar; ``rise`` above the fork's top and ``pull`` towards the rider."""
    spread = tyre + 2.2 * tube_radius
    up = (frame.head - frame.front) / np.linalg.norm(frame.head - frame.front)
    parts: Parts = [capsule(frame.front - spread * RIGHT, frame.front + spread * RIGHT, 0.018)]
    grip = frame.head + point(0, rise, -pull)
    for side in SIDES:
        leg = side * spread * RIGHT
        middle = frame.front + 0.5 * (frame.head - frame.front)
        parts.append(capsule(frame.front + leg, middle + leg, 1.35 * tube_radius))
        parts.append(capsule(middle + leg, frame.head + leg, tube_radius))
        bend = frame.head + point(side * 0.14, 0.6 * rise + 0.02, -0.2 * pull)
        out = grip + side * 0.24 * RIGHT
        end = grip + point(side * 0.38, -0.02, -0.10)
        parts += tube([frame.head + 0.3 * leg, bend, out, end], 0.014)
        parts.append(capsule(out + 0.5 * (end - out), end, 0.021))
        parts.append(capsule(out + 0.3 * (end - out), end + point(0, 0, 0.05), 0.009))
    for along in (0.0, 0.16):
        clamp = frame.head - along * up
        parts.append(beam(clamp - spread * RIGHT, clamp + spread * RIGHT, 0.09, 0.035, FRONT))
    return parts


def _engine(random: np.random.Generator, place: np.ndarray, size: float) -> Parts:
    """A crankcase with one cylinder, a V of two, or a row of four."""
    parts: Parts = [
        box((0.9 * size, 0.55 * size, 1.35 * size), place),
        frustum(
            place - point(0.58 * size, 0, 0.1 * size),
            place + point(0.58 * size, 0, -0.1 * size),
            0.3 * size,
        ),
        frustum(
            place + point(-0.52 * size, 0.02, 0.4 * size),
            place + point(0.52 * size, 0.02, 0.4 * size),
            0.22 * size,
        ),
    ]
    kind = str(random.choice(["single", "vee", "row"]))
    if kind == "row":
        for x in np.linspace(-0.5, 0.5, 4) * size:
            base = place + point(x, 0.2 * size, 0.22 * size)
            parts += cylinder(base, base + point(0, 0.75, 0.22) * size, 0.2 * size, 5)
        return parts
    leans = (-0.45, 0.55) if kind == "vee" else (0.12,)
    for lean in leans:
        base = place + point(0, 0.15 * size, 0.3 * lean * size)
        top = base + 0.95 * size * point(0, 1, lean) / math.hypot(1, lean)
        parts += cylinder(base, top, 0.34 * size, 6)
        parts.append(ellipsoid((0.26 * size, 0.17 * size, 0.26 * size), top))
    return parts


def _mirrors_and_lamps(frame: Frame, rise: float, pull: float, tail_at: np.ndarray) -> Parts:
    """Headlamp with its rim, rear lamp, mirrors on stalks, indicators."""
    lamp = frame.head + point(0, -0.06, 0.08)
    parts: Parts = [
        frustum(lamp - 0.06 * FRONT, lamp + 0.06 * FRONT, 0.055, 0.095),
        torus(0.09, 0.013, lamp + 0.06 * FRONT, FRONT),
        ellipsoid((0.085, 0.085, 0.03), lamp + 0.06 * FRONT),
        capsule(lamp, frame.head - 0.05 * UP, 0.03),
        ellipsoid((0.06, 0.04, 0.04), tail_at),
    ]
    for side in SIDES:
        base = frame.head + point(side * 0.25, rise, -pull)
        mirror = base + point(side * 0.07, 0.16, 0.02)
        parts.append(capsule(base, mirror, 0.009))
        parts.append(ellipsoid((0.065, 0.042, 0.02), mirror))
        parts.append(capsule(lamp, lamp + side * 0.16 * RIGHT, 0.011))
        parts.append(ellipsoid((0.03, 0.026, 0.035), lamp + side * 0.17 * RIGHT))
    return parts


def _exhaust(start: np.ndarray, end: np.ndarray, side: float, pipe: float) -> Parts:
    """From a cylinder forwards, down, and back to a muffler."""
    knee = start + point(0, -0.02, 0.10)
    low = point(0.6 * side, end[1] - 0.02, start[2] + 0.04)
    middle = point(side, end[1], start[2] - 0.28)
    back = end * (0, 1, 1) + side * RIGHT
    parts = tube([start, knee, low, middle, back], pipe)
    muffler = middle + 0.35 * (back - middle)
    return [
        *parts,
        frustum(muffler, back, 1.6 * pipe, 2.1 * pipe),
        ellipsoid((1.6 * pipe,) * 3, muffler),
    ]


def _machine(random: np.random.Generator, kind: str) -> Shape:
    """A motorcycle: a roadster, a chopper, a dirt bike or a faired sports machine."""
    u = random.uniform
    chopper, dirt, sport = kind == "chopper", kind == "dirt", kind == "sport"
    rake = math.radians(u(34, 42) if chopper else u(24, 28))
    base = u(1.6, 1.85) if chopper else u(1.35, 1.48)
    radii = (u(0.30, 0.32), u(0.33, 0.36)) if not dirt else (u(0.31, 0.33), u(0.34, 0.37))
    if sport:
        radii = (0.31, 0.31)
    tyre = (u(0.08, 0.1), u(0.05, 0.065)) if not dirt else (0.06, 0.05)
    rear, front = point(0, radii[0], -base / 2), point(0, radii[1], base / 2)
    rise = {"chopper": u(0.2, 0.38), "dirt": 0.12, "sport": 0.0}.get(kind, u(0.07, 0.14))
    pull = {"chopper": u(0.12, 0.25), "dirt": 0.05, "sport": 0.03}.get(kind, u(0.06, 0.14))
    fork = u(0.8, 0.95) if chopper else u(0.66, 0.72) + 0.08 * dirt
    head = front + fork * point(0, math.cos(rake), -math.sin(rake))
    frame = Frame(rear, front, head, radii)
    count = int(random.choice([5, 10, 14])) if not (dirt or chopper) else 14
    thick = 0.022 if count == 5 else 0.0085
    parts = cycle_wheel(rear, radii[0], tyre[0], count, thick, 0.07)
    parts += cycle_wheel(front, radii[1], tyre[1], count, thick, 0.055)
    for hub, x, size in ((front, tyre[1] + 0.015, 0.14), (rear, 0.07, 0.11)):
        parts.append(frustum(hub + (x - 0.008) * RIGHT, hub + (x + 0.008) * RIGHT, size))
    parts += _front_end(frame, tyre[1], 0.02, rise, pull)

    seat_y = {"chopper": u(0.6, 0.68), "dirt": u(0.9, 0.96), "sport": 0.82}.get(kind, u(0.76, 0.82))
    neck = head - 0.10 * point(0, math.cos(rake), -math.sin(rake)) - 0.03 * FRONT
    seat_z = rear[2] + (0.34 if chopper else 0.30)
    crank = point(0, 0.36 + 0.06 * dirt, 0.02 * base - 0.04)
    pivot = crank + point(0, -0.02, -0.24)
    size = u(0.27, 0.33) * (0.85 if dirt else 1.0)
    parts += _engine(random, crank, size)
    # The frame: a backbone, a cradle around the engine, a loop under the seat.
    hip = point(0, seat_y - 0.10, seat_z + 0.12)
    parts.append(capsule(neck, hip, 0.028))
    tail_at = point(0, seat_y + (0.10 if sport else 0.0), rear[2] - 0.12)
    for side in SIDES:
        tubes = side * 0.12 * RIGHT
        parts += tube(
            [
                neck,
                crank + tubes + point(0, 0.12, 0.28),
                crank + tubes + point(0, -0.16, 0.2),
                crank + tubes + point(0, -0.16, -0.18),
                hip + 0.8 * tubes,
            ],
            0.017,
        )
        parts += tube([hip + 0.8 * tubes, tail_at + 0.6 * tubes - 0.04 * UP], 0.016)
        arm = side * (tyre[0] + 0.025) * RIGHT
        parts.append(beam(pivot + arm, rear + arm, 0.06, 0.03, UP))
        if not dirt and not sport:
            foot, top = rear + arm + 0.02 * FRONT, hip + arm * 0.95 + point(0, -0.02, -0.14)
            parts.append(frustum(foot, top, 0.018))
            parts += [
                torus(0.030, 0.011, foot + k * (top - foot), top - foot)
                for k in np.linspace(0.3, 0.9, 6)
            ]
        peg = pivot + point(side * 0.12, -0.06, 0.04)
        parts.append(capsule(peg * (0, 1, 1), peg + side * 0.10 * RIGHT, 0.016))
    spread = (tyre[0] + 0.025) * RIGHT
    parts.append(capsule(rear - spread, rear + spread, 0.02))
    parts.append(capsule(pivot - spread, pivot + spread, 0.03))
    parts.append(beam(pivot, hip, 0.12, 0.05, RIGHT))

    # Tank and seat.
    tank = neck + 0.45 * (hip - neck) + point(0, 0.05, 0.03)
    lean = math.degrees(math.atan2(neck[1] - hip[1], neck[2] - hip[2]))
    tilt = _pitch(0.6 * lean)
    long = 0.52 * float(np.linalg.norm(neck - hip))
    parts.append(ellipsoid((0.12 if dirt else u(0.13, 0.16), 0.12, long), tank, tilt))
    parts.append(ellipsoid((0.10, 0.10, 0.7 * long), tank + point(0, 0.035, 0.04), tilt))
    parts.append(frustum(tank + 0.08 * UP, tank + point(0, 0.15, 0.0), 0.035))
    bench = [
        hip + point(0, 0.09, 0.02),
        point(0, seat_y, seat_z - 0.02),
        tail_at + point(0, 0.03, 0.05),
    ]
    if chopper:
        bench = [
            hip + point(0, 0.06, 0.0),
            point(0, seat_y - 0.02, seat_z),
            point(0, seat_y + 0.10, seat_z - 0.2),
        ]
        parts.append(ellipsoid((0.13, 0.05, 0.13), (0, seat_y + 0.14, seat_z - 0.32)))
        parts.append(capsule(bench[-1], (0, seat_y + 0.12, seat_z - 0.32), 0.05))
        bar = point(0.07, seat_y + 0.45, seat_z - 0.45)
        for side in SIDES:
            parts.append(
                capsule((side * 0.09, seat_y - 0.1, seat_z - 0.36), mirrored(bar, side), 0.012)
            )
        parts.append(capsule(mirrored(bar, -1), bar, 0.012))
        parts.append(
            beam(bar * (0, 1, 1) - 0.2 * UP + 0.03 * FRONT, bar * (0, 1, 1), 0.13, 0.04, RIGHT)
        )
    for a, b in itertools.pairwise(bench):
        for side in SIDES:
            parts.append(capsule(a + side * 0.05 * RIGHT, b + side * 0.06 * RIGHT, 0.055))
        parts.append(beam(a, b, 0.14, 0.09, RIGHT))
    parts.append(beam(hip - 0.02 * UP, tail_at, 0.16, 0.06, RIGHT))
    if not sport:
        for side in SIDES:
            parts.append(ellipsoid((0.03, 0.10, 0.13), hip + point(side * 0.10, -0.09, 0.0)))

    # Mudguards.
    if dirt:
        crown = head - 0.2 * point(0, math.cos(rake), -math.sin(rake))
        crown = crown + point(0, 0.02, 0.0)
        parts.append(beam(crown - 0.12 * FRONT, crown + point(0, 0.03, 0.25), 0.14, 0.025, RIGHT))
        parts.append(
            beam(crown + point(0, 0.03, 0.25), crown + point(0, -0.03, 0.45), 0.12, 0.022, RIGHT)
        )
        parts.append(beam(tail_at, tail_at + point(0, 0.10, -0.32), 0.13, 0.025, RIGHT))
        parts.append(box((0.2, 0.24, 0.03), head + point(0, 0.02, 0.08), _pitch(20)))
        parts.append(capsule(head, head + point(0, 0.02, 0.08), 0.04))
        for side in SIDES:
            parts.append(
                beam(
                    neck + point(side * 0.12, 0.02, 0.05),
                    crank + point(side * 0.15, 0.22, 0.26),
                    0.16,
                    0.03,
                    FRONT,
                )
            )
            parts.append(capsule(neck + point(side * 0.12, 0.02, 0.0), neck, 0.03))
    else:
        parts += arc(front, radii[1] + 0.025, 2.4 * tyre[1], 0.018, 25, 150, 8)
        parts += arc(rear, radii[0] + 0.035, 2.3 * tyre[0], 0.02, 50, 195, 9)
        for side in SIDES:
            stay = side * (1.2 * tyre[1]) * RIGHT
            parts.append(
                capsule(
                    front + stay, front + stay + (radii[1] + 0.025) * point(0, 0.94, -0.34), 0.01
                )
            )
            stay = side * (1.15 * tyre[0]) * RIGHT
            parts.append(
                capsule(rear + stay, rear + stay + (radii[0] + 0.035) * point(0, 0.5, -0.87), 0.01)
            )
        guard = rear + (radii[0] + 0.03) * UP
        parts.append(capsule(guard, guard * (0, 0, 1) + (seat_y - 0.03) * UP, 0.03))
        parts += _mirrors_and_lamps(frame, rise, pull, tail_at)

    # Exhausts.
    port = crank + point(0, 0.3 * size, 0.55 * size)
    high = tail_at[1] - 0.12 if dirt else radii[0] - 0.06 + 0.1 * sport
    end = point(0, high, rear[2] - (0.18 if not dirt else -0.05))
    for side in (1,) if dirt or random.random() < 0.4 else SIDES:
        parts += _exhaust(port + side * 0.06 * RIGHT, end, side * 0.19, 0.026)
        parts.append(
            capsule(
                end * (0, 1, 1) + point(side * 0.19, 0, 0.25),
                hip * (0, 1, 1) + point(side * 0.08, -0.1, -0.05)
                if dirt
                else rear + side * 0.1 * RIGHT,
                0.014,
            )
        )

    if sport:
        parts += _fairing(neck, crank, head)
    return on_floor(parts)


def _fairing(neck: np.ndarray, crank: np.ndarray, head: np.ndarray) -> Parts:
    """A sports machine's nose, screen and flanks."""
    nose = head + point(0, -0.12, 0.24)
    parts: Parts = [
        ellipsoid((0.19, 0.16, 0.24), head + point(0, -0.10, 0.06)),
        ellipsoid((0.12, 0.09, 0.12), nose),
        beam(head + point(0, 0.0, 0.2), head + point(0, 0.17, 0.0), 0.26, 0.02, RIGHT),
        ellipsoid((0.17, 0.2, 0.25), crank + point(0, -0.08, 0.1)),
    ]
    for side in SIDES:
        top = neck + point(side * 0.19, -0.06, 0.06)
        low = crank + point(side * 0.17, -0.12, 0.12)
        parts.append(beam(top, low, 0.42, 0.035, FRONT))
        parts.append(capsule(top, neck, 0.05))
        parts.append(beam(low + point(0, 0.1, 0.0), low + point(0, -0.02, -0.28), 0.2, 0.035, UP))
    return parts


def _pitch(degrees: float) -> np.ndarray:
    """(3, 3): turned about x so that the front rises by an angle."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[1, 0, 0], [0, c, s], [0, -s, c]], dtype=np.float64)


def scooter(random: np.random.Generator) -> Shape:
    """A scooter: small wheels, a shield before the legs, a floor board, a round body."""
    u = random.uniform
    base, radius, tyre = u(1.2, 1.32), u(0.21, 0.25), u(0.05, 0.06)
    rear, front = point(0, radius, -base / 2), point(0, radius, base / 2)
    rake = math.radians(u(24, 28))
    head = front + u(0.76, 0.84) * point(0, math.cos(rake), -math.sin(rake))
    frame = Frame(rear, front, head, (radius, radius))
    parts = cycle_wheel(rear, radius, tyre, 5, 0.02, 0.05)
    parts += cycle_wheel(front, radius, tyre, 5, 0.02, 0.05)
    parts += _front_end(frame, tyre, 0.018, 0.06, 0.06)
    floor = 0.28
    down = head - front
    knee = point(0, floor, front[2] - radius - 0.08)
    neck = head - 0.1 * down
    parts.append(beam(knee, neck - 0.05 * FRONT, u(0.36, 0.44), 0.04, RIGHT))
    parts.append(ellipsoid((0.13, 0.30, 0.07), (knee + neck) / 2 + 0.01 * FRONT, _pitch(-20)))
    parts.append(ellipsoid((0.15, 0.09, 0.12), head + point(0, 0.02, 0.0)))
    parts.append(beam(knee + 0.03 * FRONT, point(0, floor, rear[2] + 0.3), 0.36, 0.06, RIGHT))
    parts.append(ellipsoid((0.11, 0.09, 0.22), front + 0.72 * radius * UP, _pitch(-4)))
    for side in SIDES:
        x = side * 0.17
        parts.append(capsule((x, floor, knee[2]), (x, neck[1] - 0.08, neck[2] - 0.04), 0.03))
        parts.append(ellipsoid((0.10, 0.17, u(0.30, 0.34)), (side * 0.11, 0.46, rear[2] + 0.05)))
    parts.append(ellipsoid((0.16, 0.2, 0.36), (0, 0.5, rear[2] + 0.08)))
    parts.append(box((0.24, 0.42, 0.24), (0, 0.46, rear[2] + 0.24)))
    seat = u(0.72, 0.78)
    parts.append(box((0.2, seat - 0.55, 0.5), (0, (seat + 0.5) / 2, rear[2] + 0.1)))
    for x in (-0.06, 0.06):
        parts.append(capsule((x, seat, rear[2] - 0.18), (x, seat, rear[2] + 0.36), 0.065))
    arm = point(0.09, radius, rear[2])
    parts.append(beam(arm, arm + point(0, 0.06, 0.3), 0.12, 0.08, UP))
    parts.append(capsule(rear - 0.1 * RIGHT, rear + 0.1 * RIGHT, 0.02))
    parts.append(
        frustum((-0.13, radius, rear[2] - 0.22), (-0.13, radius + 0.04, rear[2] + 0.12), 0.05)
    )
    parts.append(
        capsule((-0.13, radius + 0.04, rear[2] + 0.1), (0, radius + 0.1, rear[2] + 0.22), 0.025)
    )
    parts += _mirrors_and_lamps(frame, 0.06, 0.06, point(0, 0.55, rear[2] - 0.28))
    if random.random() < 0.5:
        case = point(0, seat + 0.2, rear[2] - 0.3)
        parts.append(box((0.34, 0.24, 0.3), case))
        parts.append(box((0.36, 0.05, 0.32), case + 0.03 * UP))
        parts.append(beam(case - 0.1 * UP, (0, seat - 0.1, rear[2]), 0.16, 0.05, RIGHT))
    return on_floor(parts)


def bicycle(random: np.random.Generator) -> Shape:
    """A bicycle: a diamond or a low frame, thin tyres, spokes, cranks, saddle, handlebar."""
    u = random.uniform
    radius, base = u(0.31, 0.35), u(0.98, 1.1)
    tyre = u(0.016, 0.028)
    rear, front = point(0, radius, -base / 2), point(0, radius, base / 2)
    count = int(random.choice([10, 12, 16]))
    parts = cycle_wheel(rear, radius, tyre, count, 0.0065, 0.045)
    parts += cycle_wheel(front, radius, tyre, count, 0.0065, 0.045)
    rake = math.radians(u(17, 21))
    steer = point(0, math.cos(rake), -math.sin(rake))
    head = front - 0.045 * FRONT + u(0.56, 0.64) * steer
    lower = head - u(0.13, 0.18) * steer
    bracket = point(0, u(0.26, 0.3), rear[2] + u(0.41, 0.45))
    lean = math.radians(u(15, 19))
    post = point(0, math.cos(lean), -math.sin(lean))
    low = bool(random.random() < 0.3)
    cluster = bracket + u(0.44, 0.54) * post
    pipe = u(0.014, 0.019)
    top = head - 0.04 * steer
    parts.append(capsule(bracket, lower, 1.1 * pipe))
    if low:
        parts.append(capsule(bracket + 0.4 * (cluster - bracket), top - 0.06 * steer, pipe))
    else:
        parts.append(capsule(cluster, top, pipe))
    saddle = cluster + u(0.1, 0.2) * post
    parts += [capsule(bracket, cluster, pipe), capsule(cluster, saddle, 0.8 * pipe)]
    parts.append(capsule(lower, head, 1.25 * pipe))
    for side in SIDES:
        x = side * 0.045 * RIGHT
        parts.append(capsule(bracket + 0.5 * x, rear + x, 0.0105))
        parts.append(capsule(cluster, rear + x, 0.0095))
        parts += tube([lower, lower + x - 0.04 * steer, front + x], 0.012)
    # Saddle, with a nose to the front.
    parts.append(ellipsoid((0.075, 0.03, 0.10), saddle + point(0, 0.02, -0.05)))
    parts.append(capsule(saddle + point(0, 0.022, -0.04), saddle + point(0, 0.022, 0.13), 0.024))
    # Handlebar.
    stem = head + u(0.04, 0.1) * steer
    clamp = stem + point(0, 0.01, u(0.05, 0.1))
    parts += tube([head, stem, clamp], 0.014)
    half = u(0.21, 0.32)
    parts.append(capsule(clamp - 0.6 * half * RIGHT, clamp + 0.6 * half * RIGHT, 0.0125))
    style = str(random.choice(["drop", "flat", "swept"]))
    for side in SIDES:
        end = clamp + side * (0.6 if style != "flat" else 1.0) * half * RIGHT
        if style == "drop":
            bends = [(0.2, 0.0, 0.07), (0.2, -0.06, 0.11), (0.2, -0.12, 0.08), (0.2, -0.13, -0.03)]
        elif style == "flat":
            bends = [(0.0, 0.0, 0.0), (0.15, 0.0, -0.03)]
        else:
            bends = [(0.2, 0.06, 0.04), (0.4, 0.07, -0.06), (0.45, 0.05, -0.2)]
        bends_at = [end + point(side * x * half, y, z) for x, y, z in bends]
        start = clamp + side * 0.6 * half * RIGHT
        parts += tube([start, *bends_at], 0.0125)
        parts.append(capsule(bends_at[-2], bends_at[-1], 0.017))
    # Cranks, chain wheel, chain.
    angle = u(0, 2 * math.pi)
    crank = 0.17 * point(0, math.sin(angle), math.cos(angle))
    parts.append(capsule(bracket - 0.06 * RIGHT, bracket + 0.06 * RIGHT, 0.022))
    for side in SIDES:
        arm = bracket + side * 0.065 * RIGHT
        parts.append(capsule(arm, arm + side * crank, 0.011))
        pedal = arm + side * crank + side * 0.05 * RIGHT
        parts.append(box((0.09, 0.022, 0.08), pedal))
    plate, cog = 0.085, 0.04
    for hub, size in ((bracket, plate), (rear, cog)):
        parts.append(frustum(hub - 0.051 * RIGHT, hub - 0.039 * RIGHT, size))
    for y in SIDES:
        parts.append(
            capsule(bracket + point(-0.045, y * plate, 0), rear + point(-0.045, y * cog, 0), 0.0065)
        )
    if random.random() < 0.5:
        for hub, first, last in ((front, 40, 175), (rear, 15, 200)):
            parts += arc(hub, radius + 0.02, 2.6 * tyre, 0.013, first, last, 9)
        stay = (radius + 0.02) * point(0, math.sin(math.radians(160)), math.cos(math.radians(160)))
        for hub in (front, rear):
            for side in SIDES:
                parts.append(capsule(hub + side * 0.045 * RIGHT, hub + stay, 0.0065))
        parts.append(capsule(front + (radius + 0.02) * steer, lower, 0.012))
    if random.random() < 0.35:
        rack = rear + (radius + 0.06) * UP
        parts.append(box((0.13, 0.016, 0.34), rack))
        parts.append(capsule(rack + 0.15 * FRONT, cluster, 0.009))
        for side in SIDES:
            parts.append(
                capsule(rear + side * 0.045 * RIGHT, rack + point(side * 0.05, 0, -0.08), 0.008)
            )
    if random.random() < 0.35:
        basket = clamp + point(0, 0.02, 0.16)
        parts += [
            box((0.28, 0.012, 0.2), basket - 0.09 * UP),
            capsule(clamp, basket - point(0, 0.06, 0.09), 0.016),
        ]
        for up in (-0.09, -0.02, 0.06):
            for side in SIDES:
                parts.append(box((0.014, 0.016, 0.21), basket + point(side * 0.14, up, 0)))
                parts.append(box((0.29, 0.016, 0.014), basket + point(0, up, side * 0.1)))
        for share in np.linspace(-0.14, 0.14, 5):
            for side in SIDES:
                parts.append(box((0.014, 0.16, 0.014), basket + point(share, -0.015, side * 0.1)))
    return on_floor(parts)


def motorcycle(random: np.random.Generator) -> Shape:
    """Two wheels: roadster, chopper, dirt bike, sports machine, scooter or bicycle."""
    kinds: tuple[Callable[[np.random.Generator], Shape], ...] = (
        lambda r: _machine(r, "roadster"),
        lambda r: _machine(r, "chopper"),
        lambda r: _machine(r, "dirt"),
        lambda r: _machine(r, "sport"),
        scooter,
        bicycle,
    )
    return _one_of(random, kinds, (0.24, 0.17, 0.15, 0.12, 0.14, 0.18))


def _one_of(
    random: np.random.Generator,
    kinds: Sequence[Callable[[np.random.Generator], Shape]],
    shares: Sequence[float],
) -> Shape:
    """One of several kinds, drawn with these probabilities."""
    return kinds[int(random.choice(len(kinds), p=shares))](random)
