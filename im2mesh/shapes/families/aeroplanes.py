"""A family of aeroplanes: airliner, propeller planes, fighter, biplane, glider."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP
from im2mesh.shapes.kit.bars import ball, on_side, point
from im2mesh.shapes.kit.choices import Rng, chance, count, draw
from im2mesh.shapes.kit.copies import Solids, stand
from im2mesh.shapes.kit.machines import panel, propeller
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, capsule, ellipsoid, frustum, torus


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
        """Return a point of the leading edge, share 0 at the root, 1 at the tip."""
        return on_side(self.root + share * (self.tip - self.root), side)

    def chord(self, share: float) -> float:
        """Return the wing's chord there."""
        return self.root_chord + share * (self.tip_chord - self.root_chord)

    def middle(self, share: float, side: int) -> np.ndarray:
        """Return the point in the middle of the chord there."""
        return self.lead(share, side) - self.chord(share) / 2 * FRONT

    def parts(self) -> Solids:
        """Both wings, thicker at the root, with round tips and leading edges."""
        parts: Solids = []
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


def nacelle(front: np.ndarray, length: float, radius: float) -> Solids:
    """Make a jet engine: a tapered drum with a lip and a cone inside, and a nozzle behind."""
    back = front - length * FRONT
    return [
        frustum(back, front - 0.1 * radius * FRONT, 0.62 * radius, 0.95 * radius),
        ellipsoid((radius, radius, 0.38 * length), front - 0.42 * length * FRONT),
        torus(0.86 * radius, 0.16 * radius, front, FRONT),
        frustum(front - 0.1 * radius * FRONT, front + 0.3 * radius * FRONT, 0.35 * radius, 0.0),
        frustum(back - 0.25 * length * FRONT, back, 0.22 * radius, 0.45 * radius),
    ]


def undercarriage(top: np.ndarray, wheel: np.ndarray, radius: float, spat: bool) -> Solids:
    """Make a strut with a wheel, perhaps under a streamlined cover."""
    tyre = 0.36 * radius
    parts = [
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
) -> Solids:
    """Make a fin and a tailplane.

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
    plane = Wing.swept(plane_root, half_span, 0.7 * sweep, 3.0, (chords[0], chords[1]), thickness)
    return parts + plane.parts()


def airliner(rng: Rng) -> Shape:
    """Make a jet airliner: two or four engines under swept wings, or two at the tail."""
    u = rng.uniform
    radius, flat = u(0.042, 0.064), u(0.30, 0.36)
    parts = [
        frustum((0, 0, -0.22), (0, 0, flat), radius),
        ellipsoid((radius, radius, u(0.10, 0.16)), (0, 0, flat)),
        frustum((0, 0, -0.22), (0, 0.45 * radius, -0.54), radius, 0.22 * radius),
        ball(0.22 * radius, (0, 0.45 * radius, -0.54)),
        ellipsoid((0.9 * radius, 0.55 * radius, 0.17), (0, -0.62 * radius, 0.03)),
    ]
    layout = rng.choice(["under", "four", "rear"], p=[0.5, 0.25, 0.25])
    half, sweep = u(0.44, 0.56), u(22, 36)
    # The root's leading edge is further in front, the more the wing is swept.
    root = point(0.5 * radius, -0.55 * radius, 0.06 + 0.3 * math.tan(math.radians(sweep)))
    if layout == "rear":
        root[2] -= 0.08
    wing = Wing.swept(root, half, sweep, u(3, 7), (u(0.19, 0.24), u(0.045, 0.07)), u(0.012, 0.016))
    parts += wing.parts()
    high = layout == "rear" or chance(rng, 0.15)
    fin = point(0, 0.7 * radius, -0.36)
    parts += tail(fin, u(0.15, 0.2), u(0.14, 0.18), u(32, 45), u(0.15, 0.2), high, 0.012)
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
    if chance(rng, 0.4):
        wheel = u(0.015, 0.02)
        low = -radius - size * 2.0
        parts += undercarriage(point(0, 0, flat), point(0, low, flat), 0.8 * wheel, False)
        for side in SIDES:
            top = wing.middle(0.14, side)
            parts += undercarriage(top, top * (1, 0, 1) + low * UP, wheel, False)
    return stand(parts, u(25, 60))


def light_fuselage(radius: float, front: float, back: float, lift: float) -> Solids:
    """Make a small aeroplane's fuselage: thick at the front, a slim, slightly raised tail."""
    end = point(0, lift, back)
    return [
        frustum((0, 0, 0), (0, 0, front), radius, 0.78 * radius),
        ellipsoid((radius, 1.02 * radius, 0.14), (0, 0, 0)),
        frustum((0, 0, 0), end, radius, 0.25 * radius),
        ball(0.25 * radius, end),
        ellipsoid((0.78 * radius, 0.78 * radius, 0.035), (0, 0, front)),
    ]


def propeller_single(rng: Rng) -> Shape:
    """Make a light aeroplane with one propeller: low wing, or high wing on struts; fixed wheels."""
    u = rng.uniform
    radius, front, lift = u(0.06, 0.078), u(0.20, 0.27), u(0.01, 0.04)
    parts = light_fuselage(radius, front, -0.58, lift)
    high = chance(rng, 0.55)
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
    parts += propeller(rng, hub, u(0.13, 0.18), count(rng, 2, 3))
    wheel, spat = u(0.032, 0.042), chance(rng, 0.5)
    low = -radius - u(0.07, 0.1)
    for side in SIDES:
        if high:
            foot = point(side * 0.6 * radius, -0.6 * radius, 0.04)
            top = wing.middle(0.5, side)
            parts.append(beam(foot, top, 0.022, 0.012, FRONT))
            parts.append(beam(foot - 0.05 * FRONT, top - 0.03 * FRONT, 0.016, 0.012, FRONT))
        leg = point(side * 0.5 * radius, -0.6 * radius, 0.03)
        parts += undercarriage(leg, point(side * 0.15, low, 0.03), wheel, spat)
    if chance(rng, 0.6):
        parts += undercarriage(
            point(0, -0.3 * radius, front - 0.03), point(0, low, front), 0.85 * wheel, spat
        )
    else:
        parts += undercarriage(point(0, lift, -0.53), point(0, lift - 0.06, -0.57), 0.018, False)
    return stand(parts, u(7, 10))


def propeller_twin(rng: Rng) -> Shape:
    """Make a transport with two or four propellers on straight wings."""
    u = rng.uniform
    radius, flat = u(0.055, 0.078), u(0.24, 0.3)
    lift = 0.5 * radius
    parts = [
        frustum((0, 0, -0.12), (0, 0, flat), radius),
        ellipsoid((radius, radius, u(0.11, 0.16)), (0, 0, flat)),
        frustum((0, 0, -0.12), (0, lift, -0.55), radius, 0.25 * radius),
        ball(0.25 * radius, (0, lift, -0.55)),
        ellipsoid((0.6 * radius, 0.5 * radius, 0.06), (0, 0.7 * radius, flat - 0.02)),
    ]
    high = chance(rng, 0.5)
    wing = Wing.swept(
        point(0, (0.95 if high else -0.6) * radius, u(0.1, 0.15)),
        u(0.52, 0.64),
        u(2, 8),
        u(0, 2) if high else u(4, 7),
        (u(0.15, 0.19), u(0.07, 0.1)),
        u(0.015, 0.019),
    )
    parts += wing.parts()
    raised = float(chance(rng, 0.4))
    fin = point(0, 0.7 * lift, -0.39)
    parts += tail(fin, u(0.18, 0.23), u(0.15, 0.18), u(20, 38), u(0.18, 0.24), raised, 0.013)
    size, blades = u(0.026, 0.036), count(rng, 3, 6)
    shares = (0.27, 0.54) if chance(rng, 0.25) else (u(0.28, 0.36),)
    low = -radius - u(0.06, 0.09)
    for side in SIDES:
        for share in shares:
            front = wing.lead(share, side) + point(0, 0, u(0.06, 0.08))
            back = front - 0.22 * FRONT
            parts.append(frustum(back, front, 0.4 * size, size))
            parts.append(ellipsoid((size, size, 0.7 * size), front))
            parts += propeller(rng, front + 0.7 * size * FRONT, u(0.085, 0.105), blades)
        top = wing.middle(shares[0], side) + 0.03 * FRONT
        parts += undercarriage(top, top * (1, 0, 1) + low * UP, 0.03, False)
    parts += undercarriage(point(0, 0, flat), point(0, low, flat), 0.025, False)
    return stand(parts, u(12, 26))


def jet_fighter(rng: Rng) -> Shape:
    """Make a jet fighter.

    Needle nose, bubble canopy, intakes, delta or swept wings, one or two fins.
    """
    u = rng.uniform
    radius = u(0.045, 0.06)
    nose = u(0.5, 0.58)
    twin = chance(rng, 0.5)
    parts = [
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
    delta = chance(rng, 0.5)
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
    elif chance(rng, 0.6):
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
    return stand(parts, u(12, 20))


def biplane(rng: Rng) -> Shape:
    """Make a biplane.

    Two wings held by struts, an open cockpit, a big propeller, wheels on an axle.
    """
    u = rng.uniform
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
    shares = (0.72,) if chance(rng, 0.6) else (0.42, 0.8)
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
    parts.append(capsule(axle, on_side(axle, -1), 0.008))
    parts += tail(point(0, 0.01, -0.45), u(0.13, 0.16), 0.15, u(10, 30), u(0.16, 0.2), 0.0, 0.013)
    parts.append(capsule(point(0, 0, -0.54), point(0, -0.06, -0.6), 0.008))
    parts += propeller(rng, point(0, 0, front + 0.04), u(0.16, 0.2), 2)
    return stand(parts, u(6, 9))


def glider(rng: Rng) -> Shape:
    """Make a glider.

    Very long, slim, straight wings, a drop of a cockpit, a thin boom, a T-tail.
    """
    u = rng.uniform
    radius = u(0.042, 0.052)
    parts = [
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
    return stand(parts, u(6, 9))


def aircraft(rng: Rng) -> Shape:
    """Make an aeroplane: airliner, light or larger propeller plane, fighter, biplane or glider."""
    kinds: dict[Callable[[Rng], Shape], float] = {
        airliner: 0.3, propeller_single: 0.2, propeller_twin: 0.15, jet_fighter: 0.17,
        biplane: 0.1, glider: 0.08,
    }  # fmt: skip
    return draw(rng, kinds)
