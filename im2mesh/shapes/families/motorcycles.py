"""A family of two-wheelers: motorcycles of four kinds, scooter, bicycle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP, tilt
from im2mesh.shapes.kit.bars import ball, chain, on_side, point
from im2mesh.shapes.kit.choices import Rng, chance, draw, pick
from im2mesh.shapes.kit.copies import Solids, stand
from im2mesh.shapes.kit.machines import band, spokes
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus


def cycle_wheel(
    hub: np.ndarray, radius: float, tyre: float, count: int, spoke: float, broad: float
) -> Solids:
    """Make a motorcycle's or a bicycle's wheel: tyre, rim, hub and spokes.

    Args:
        hub: (3,) its centre; the axle is along x.
        radius: over the tyre.
        tyre: radius of the tyre's tube.
        count: of the spokes; 0: a disc.
        spoke: their radius.
        broad: half the hub's width.
    """
    rim = radius - 1.9 * tyre
    parts = [
        torus(radius - tyre, tyre, hub, RIGHT),
        torus(rim, max(0.45 * tyre, 0.008), hub, RIGHT),
        frustum(hub - broad * RIGHT, hub + broad * RIGHT, max(0.12 * radius, 0.02)),
    ]
    if count == 0:
        return [*parts, frustum(hub - 0.5 * tyre * RIGHT, hub + 0.5 * tyre * RIGHT, rim)]
    return parts + spokes(hub, 0.0, rim, count, spoke, 0.2)


def cylinder(base: np.ndarray, top: np.ndarray, radius: float, fins: int) -> Solids:
    """Make an engine's cylinder with cooling fins."""
    parts = [frustum(base, top, 0.78 * radius)]
    step = (top - base) / (2 * fins)
    for k in range(fins):
        middle = base + (2 * k + 1.2) * step
        parts.append(frustum(middle - 0.5 * step, middle + 0.5 * step, radius))
    return parts


@dataclass(frozen=True)
class Frame:
    """The main points of a motorcycle."""

    rear: np.ndarray
    front: np.ndarray
    head: np.ndarray
    """The top of the fork, under the handlebar."""
    radii: tuple[float, float]
    """Radii of the rear and the front wheel."""


def _front_end(frame: Frame, tyre: float, tube_radius: float, rise: float, pull: float) -> Solids:
    """Make fork and handlebar; ``rise`` above the fork's top and ``pull`` towards the rider."""
    spread = tyre + 2.2 * tube_radius
    up = (frame.head - frame.front) / np.linalg.norm(frame.head - frame.front)
    parts = [capsule(frame.front - spread * RIGHT, frame.front + spread * RIGHT, 0.018)]
    grip = frame.head + point(0, rise, -pull)
    for side in SIDES:
        leg = side * spread * RIGHT
        middle = frame.front + 0.5 * (frame.head - frame.front)
        parts.append(capsule(frame.front + leg, middle + leg, 1.35 * tube_radius))
        parts.append(capsule(middle + leg, frame.head + leg, tube_radius))
        bend = frame.head + point(side * 0.14, 0.6 * rise + 0.02, -0.2 * pull)
        out = grip + side * 0.24 * RIGHT
        end = grip + point(side * 0.38, -0.02, -0.10)
        parts += chain([frame.head + 0.3 * leg, bend, out, end], 0.014)
        parts.append(capsule(out + 0.5 * (end - out), end, 0.021))
        parts.append(capsule(out + 0.3 * (end - out), end + point(0, 0, 0.05), 0.009))
    for along in (0.0, 0.16):
        clamp = frame.head - along * up
        parts.append(beam(clamp - spread * RIGHT, clamp + spread * RIGHT, 0.09, 0.035, FRONT))
    return parts


def _engine(rng: Rng, place: np.ndarray, size: float) -> Solids:
    """Make a crankcase with one cylinder, a V of two, or a row of four."""
    parts = [
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
    kind = pick(rng, "single", "vee", "row")
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


def _mirrors_and_lamps(frame: Frame, rise: float, pull: float, tail_at: np.ndarray) -> Solids:
    """Make a headlamp with its rim, rear lamp, mirrors on stalks, indicators."""
    lamp = frame.head + point(0, -0.06, 0.08)
    parts = [
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


def _exhaust(start: np.ndarray, end: np.ndarray, side: float, pipe: float) -> Solids:
    """From a cylinder forwards, down, and back to a muffler."""
    knee = start + point(0, -0.02, 0.10)
    low = point(0.6 * side, end[1] - 0.02, start[2] + 0.04)
    middle = point(side, end[1], start[2] - 0.28)
    back = end * (0, 1, 1) + side * RIGHT
    parts = chain([start, knee, low, middle, back], pipe)
    muffler = middle + 0.35 * (back - middle)
    return [*parts, frustum(muffler, back, 1.6 * pipe, 2.1 * pipe), ball(1.6 * pipe, muffler)]


def _machine(rng: Rng, kind: str) -> Shape:
    """Make a motorcycle: a roadster, a chopper, a dirt bike or a faired sports machine."""
    u = rng.uniform
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
    count = int(rng.choice([5, 10, 14])) if not (dirt or chopper) else 14
    thick = 0.022 if count == 5 else 0.0095
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
    parts += _engine(rng, crank, size)
    # The frame: a backbone, a cradle around the engine, a loop under the seat.
    hip = point(0, seat_y - 0.10, seat_z + 0.12)
    parts.append(capsule(neck, hip, 0.028))
    tail_at = point(0, seat_y + (0.10 if sport else 0.0), rear[2] - 0.12)
    for side in SIDES:
        tubes = side * 0.12 * RIGHT
        parts += chain(
            [
                neck,
                crank + tubes + point(0, 0.12, 0.28),
                crank + tubes + point(0, -0.16, 0.2),
                crank + tubes + point(0, -0.16, -0.18),
                hip + 0.8 * tubes,
            ],
            0.017,
        )
        parts += chain([hip + 0.8 * tubes, tail_at + 0.6 * tubes - 0.04 * UP], 0.016)
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
    pitch = tilt(-0.6 * lean)
    long = 0.52 * float(np.linalg.norm(neck - hip))
    parts.append(ellipsoid((0.12 if dirt else u(0.13, 0.16), 0.12, long), tank, pitch))
    parts.append(ellipsoid((0.10, 0.10, 0.7 * long), tank + point(0, 0.035, 0.04), pitch))
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
                capsule((side * 0.09, seat_y - 0.1, seat_z - 0.36), on_side(bar, side), 0.012)
            )
        parts.append(capsule(on_side(bar, -1), bar, 0.012))
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
        parts.append(box((0.2, 0.24, 0.03), head + point(0, 0.02, 0.08), tilt(-20)))
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
        parts += band(front, radii[1] + 0.025, 2.4 * tyre[1], 0.018, 25, 150, 8)
        parts += band(rear, radii[0] + 0.035, 2.3 * tyre[0], 0.02, 50, 195, 9)
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
    for side in (1,) if dirt or chance(rng, 0.4) else SIDES:
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
    return stand(parts)


def _fairing(neck: np.ndarray, crank: np.ndarray, head: np.ndarray) -> Solids:
    """Make a sports machine's nose, screen and flanks."""
    nose = head + point(0, -0.12, 0.24)
    parts = [
        ellipsoid((0.19, 0.15, 0.24), head + point(0, -0.10, 0.08), tilt(12)),
        ellipsoid((0.11, 0.08, 0.12), nose),
        beam(head + point(0, 0.0, 0.2), head + point(0, 0.17, 0.0), 0.24, 0.02, RIGHT),
        ellipsoid((0.16, 0.16, 0.34), crank + point(0, -0.10, 0.02), tilt(8)),
    ]
    for side in SIDES:
        top = neck + point(side * 0.14, -0.06, 0.02)
        low = crank + point(side * 0.12, -0.04, 0.06)
        lean = math.degrees(math.atan2(top[2] - low[2], top[1] - low[1]))
        half = float(np.linalg.norm(top - low)) / 2
        parts.append(ellipsoid((0.07, half + 0.12, 0.22), (top + low) / 2, tilt(lean)))
        parts.append(capsule(top, neck, 0.05))
        parts.append(ellipsoid((0.05, 0.09, 0.26), low + point(side * 0.01, 0.02, -0.2)))
    return parts


def scooter(rng: Rng) -> Shape:
    """Make a scooter: small wheels, a shield before the legs, a floor board, a round body."""
    u = rng.uniform
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
    parts.append(ellipsoid((0.13, 0.30, 0.07), (knee + neck) / 2 + 0.01 * FRONT, tilt(20)))
    parts.append(ellipsoid((0.15, 0.09, 0.12), head + point(0, 0.02, 0.0)))
    parts.append(beam(knee + 0.03 * FRONT, point(0, floor, rear[2] + 0.3), 0.36, 0.06, RIGHT))
    parts.append(ellipsoid((0.11, 0.09, 0.22), front + 0.72 * radius * UP, tilt(4)))
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
    parts += [
        beam(arm, arm + point(0, 0.06, 0.3), 0.12, 0.08, UP),
        capsule(rear - 0.1 * RIGHT, rear + 0.1 * RIGHT, 0.02),
        frustum((-0.13, radius, rear[2] - 0.22), (-0.13, radius + 0.04, rear[2] + 0.12), 0.05),
        capsule((-0.13, radius + 0.04, rear[2] + 0.1), (0, radius + 0.1, rear[2] + 0.22), 0.025),
    ]
    parts += _mirrors_and_lamps(frame, 0.06, 0.06, point(0, 0.55, rear[2] - 0.28))
    if chance(rng, 0.5):
        case = point(0, seat + 0.2, rear[2] - 0.3)
        parts.append(box((0.34, 0.24, 0.3), case))
        parts.append(box((0.36, 0.05, 0.32), case + 0.03 * UP))
        parts.append(beam(case - 0.1 * UP, (0, seat - 0.1, rear[2]), 0.16, 0.05, RIGHT))
    return stand(parts)


def bicycle(rng: Rng) -> Shape:
    """Make a bicycle: a diamond or a low frame, thin tyres, spokes, cranks, saddle, handlebar."""
    u = rng.uniform
    radius, base = u(0.31, 0.35), u(0.98, 1.1)
    tyre = u(0.016, 0.028)
    rear, front = point(0, radius, -base / 2), point(0, radius, base / 2)
    count = int(rng.choice([10, 12, 16]))
    parts = cycle_wheel(rear, radius, tyre, count, 0.0075, 0.045)
    parts += cycle_wheel(front, radius, tyre, count, 0.0075, 0.045)
    rake = math.radians(u(17, 21))
    steer = point(0, math.cos(rake), -math.sin(rake))
    head = front - 0.045 * FRONT + u(0.56, 0.64) * steer
    lower = head - u(0.13, 0.18) * steer
    bracket = point(0, u(0.26, 0.3), rear[2] + u(0.41, 0.45))
    lean = math.radians(u(15, 19))
    post = point(0, math.cos(lean), -math.sin(lean))
    low = chance(rng, 0.3)
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
        parts += chain([lower, lower + x - 0.04 * steer, front + x], 0.012)
    # Saddle, with a nose to the front.
    parts.append(ellipsoid((0.075, 0.03, 0.10), saddle + point(0, 0.02, -0.05)))
    parts.append(capsule(saddle + point(0, 0.022, -0.04), saddle + point(0, 0.022, 0.13), 0.024))
    # Handlebar.
    stem = head + u(0.04, 0.1) * steer
    clamp = stem + point(0, 0.01, u(0.05, 0.1))
    parts += chain([head, stem, clamp], 0.014)
    half = u(0.21, 0.32)
    parts.append(capsule(clamp - 0.6 * half * RIGHT, clamp + 0.6 * half * RIGHT, 0.0125))
    style = pick(rng, "drop", "flat", "swept")
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
        parts += chain([start, *bends_at], 0.0125)
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
    if chance(rng, 0.5):
        for hub, first, last in ((front, 40, 175), (rear, 15, 200)):
            parts += band(hub, radius + 0.02, 2.6 * tyre, 0.013, first, last, 9)
        stay = (radius + 0.02) * point(0, math.sin(math.radians(160)), math.cos(math.radians(160)))
        for hub in (front, rear):
            for side in SIDES:
                parts.append(capsule(hub + side * 0.045 * RIGHT, hub + stay, 0.0065))
        parts.append(capsule(front + (radius + 0.02) * steer, lower, 0.012))
    if chance(rng, 0.35):
        rack = rear + (radius + 0.06) * UP
        parts.append(box((0.13, 0.016, 0.34), rack))
        parts.append(capsule(rack + 0.15 * FRONT, cluster, 0.009))
        for side in SIDES:
            parts.append(
                capsule(rear + side * 0.045 * RIGHT, rack + point(side * 0.05, 0, -0.08), 0.008)
            )
    if chance(rng, 0.35):
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
    return stand(parts)


def motorcycle(rng: Rng) -> Shape:
    """Two wheels: roadster, chopper, dirt bike, sports machine, scooter or bicycle."""
    kinds: dict[Callable[[Rng], Shape], float] = {
        partial(_machine, kind="roadster"): 0.24,
        partial(_machine, kind="chopper"): 0.17,
        partial(_machine, kind="dirt"): 0.15,
        partial(_machine, kind="sport"): 0.12,
        scooter: 0.14,
        bicycle: 0.18,
    }
    return draw(rng, kinds)
