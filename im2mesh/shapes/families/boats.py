"""A family of boats: sailing yacht, motor boat, rowing boat, ship."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP
from im2mesh.shapes.kit.bars import chain, on_side, point
from im2mesh.shapes.kit.choices import Rng, chance, count, draw, pick
from im2mesh.shapes.kit.copies import Solids, stand
from im2mesh.shapes.kit.machines import panel, propeller, slope
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus

# Where a hull's rows of planks meet, as shares of its height.
HEIGHTS = (0.0, 0.28, 0.62, 1.0)


@dataclass(frozen=True)
class Hull:
    """The right half of a hull's skin.

    Attributes:
        rows: (R, K, 3) points from keel to gunwale, from stern to bow; x > 0.
        stem: R points (3,), where the rows end at the bow.
        thickness: of the planks.
    """

    rows: np.ndarray
    stem: list[np.ndarray]
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
        # Denser towards the bow, where the outline bends; the same z for all rows, so that the
        # planks' ends meet.
        s = 1 - (1 - np.linspace(0, 1, stations)) ** 1.35
        widest = 0.42
        behind = np.clip((widest - s) / widest, 0, 1)
        rows, stem = [], []
        for up in HEIGHTS:
            bow = 1 - rake * (1 - up) ** 1.5
            ahead = np.clip((s - widest) / (bow - widest), 0, 1)
            half = width / 2 * (1 - ahead ** (fullness * (0.7 + 0.3 * up)))
            half = half * (1 - (1 - transom) * behind**2)
            half = half * (flat + (1 - flat) * up ** (0.3 + flat))
            end = depth * (up * (1 + sheer) + 0.12 * (1 - up))
            y = depth * up * (1 + 0.25 * sheer * behind**2) + (end - depth * up) * ahead**3
            rows.append(np.stack([np.maximum(half, 0.3 * thickness), y, length * (s - 0.5)], -1))
            stem.append(point(0, end, length * (bow - 0.5)))
        # Before its own bow, a row climbs the stem.
        for row, bow_end in zip(rows, stem, strict=True):
            climb = np.interp(row[:, 2], [at[2] for at in stem], [at[1] for at in stem])
            row[:, 1] = np.where(row[:, 2] > bow_end[2], climb, row[:, 1])
        return cls(np.array(rows), stem, thickness)

    def gunwale(self, z: float) -> np.ndarray:
        """Return the gunwale's (3,) point at a share of the hull's length."""
        top = self.rows[-1]
        return point(float(np.interp(z, top[:, 2], top[:, 0])), self.height(z), z)

    def height(self, z: float) -> float:
        """Return the gunwale's y at a share of the hull's length."""
        return float(np.interp(z, self.rows[-1, :, 2], self.rows[-1, :, 1]))

    def skin(self, rail: float) -> Solids:
        """Make both sides' planks, the stern's board, and a rail of this radius on the gunwale."""
        parts: Solids = []
        for side in SIDES:
            rows = self.rows * (side, 1, 1)
            for below, above in itertools.pairwise(rows):
                middle, edge = (below + above) / 2, above - below
                tall = np.linalg.norm(edge, axis=1)
                there = tall > 0.1 * tall.max()  # rows meet at the stem
                for k in range(len(middle) - 1):
                    if there[k] or there[k + 1]:
                        wide = float(tall[k] + tall[k + 1]) / 2 + 0.3 * self.thickness
                        across = edge[k] + edge[k + 1]
                        parts.append(beam(middle[k], middle[k + 1], wide, self.thickness, across))
                ribs = zip(below[there], above[there], strict=True)
                parts += [capsule(foot, head, self.thickness / 2) for foot, head in ribs]
            parts += chain(rows[-1], rail)
        for below, above in itertools.pairwise(self.rows[:, 0]):
            left, right = on_side(above, -1), on_side(below, -1)
            parts += panel(left, right, 2 * above[0], 2 * below[0], self.thickness, RIGHT, 9)
        return parts + chain(self.stem, 0.7 * self.thickness)

    def filling(self, deck: float) -> Solids:
        """Make the boxes under the deck, within the skin, up to a share of the hull's height."""
        levels = []
        for share in np.linspace(0, deck, 7):
            row = min(int(np.searchsorted(HEIGHTS, share, side="right")), len(HEIGHTS) - 1) - 1
            part = (share - HEIGHTS[row]) / (HEIGHTS[row + 1] - HEIGHTS[row])
            levels.append(self.rows[row] + part * (self.rows[row + 1] - self.rows[row]))
        parts: Solids = []
        for layer, (below, above) in enumerate(itertools.pairwise(levels)):
            for k in range(len(below) - 1):
                pair = below[k : k + 2]
                wide = 2 * pair[:, 0].min() + 0.5 * self.thickness
                low = pair[:, 1].max() - (0.5 * self.thickness if layer else 0.0)
                high = above[k : k + 2, 1].min()
                first, last = pair[:, 2]
                if high - low > 0.02 * self.thickness:
                    size = (wide, high - low, 1.02 * (last - first))
                    parts.append(box(size, (0, (high + low) / 2, (first + last) / 2)))
        return parts


def sail_boat(rng: Rng) -> Shape:
    """Make a sailing yacht: mast and boom, mainsail and jib, cabin, keel and rudder."""
    u = rng.uniform
    long = u(7, 12)
    width, depth = u(0.26, 0.34) * long, u(0.10, 0.14) * long
    t = 0.022 * long
    hull = Hull.drawn(
        long,
        width,
        depth,
        transom=u(0.45, 0.75),
        fullness=u(1.8, 2.3),
        flat=0.12,
        sheer=u(0.1, 0.35),
        rake=u(0.05, 0.14),
        thickness=t,
    )
    parts = hull.skin(0.011 * long) + hull.filling(0.9)
    deck, mast_z = hull.height(0.0), u(0.04, 0.12) * long
    mast, tall = 0.0085 * long, u(1.05, 1.35) * long
    top = point(0, deck + tall, mast_z)
    parts.append(frustum((0, 0.5 * depth, mast_z), top, 1.3 * mast, mast))
    swing = math.radians(u(5, 30)) * (1 if chance(rng, 0.5) else -1)
    away = point(math.sin(swing), 0, -math.cos(swing))
    boom, foot = u(0.34, 0.42) * long, point(0, deck + u(0.13, 0.17) * long, mast_z)
    parts.append(capsule(foot, foot + boom * away, 0.9 * mast))
    cloth = 0.009 * long
    tack, head = foot + 0.01 * long * UP, top - 0.03 * tall * UP
    parts += panel(tack, head, 0.95 * boom, 0.08 * boom, cloth, away, 20)
    stem = point(0, hull.height(0.49 * long), 0.485 * long)
    high = top - (0.02 if chance(rng, 0.5) else 0.2) * tall * UP
    parts.append(capsule(stem, high, 0.0045 * long))
    if chance(rng, 0.8):
        # The jib's leading edge is the stay, its foot runs back towards the mast.
        tack = stem + 0.06 * (high - stem)
        head = stem + 0.92 * (high - stem)
        lee = point(0.5 * math.sin(swing), 0.03, -1.0)
        lee = lee / np.linalg.norm(lee)
        parts += panel(tack, head, u(0.30, 0.42) * long, 0.02 * long, cloth, lee, 20)
    parts.append(capsule((0, hull.height(-0.49 * long), -0.49 * long), top, 0.0042 * long))
    for side in SIDES:
        shroud = on_side(hull.gunwale(mast_z - 0.02 * long), side)
        parts.append(capsule(shroud, top - 0.25 * tall * UP, 0.0042 * long))
    roof = u(0.045, 0.065) * long
    house = (0.5 * width, 2 * roof, 0.34 * long)
    parts.append(box(house, (0, deck - 0.1 * depth, mast_z - 0.13 * long)))
    parts.append(
        ellipsoid(
            (0.25 * width, 0.4 * roof, 0.17 * long),
            (0, deck - 0.1 * depth + roof, mast_z - 0.13 * long),
        )
    )
    for side in SIDES:
        bench = (side * 0.3 * width, deck, -0.33 * long)
        parts.append(box((0.12 * width, 0.05 * long, 0.22 * long), bench))
    fin = point(0, 0.2 * depth, 0.1 * long)
    parts += panel(
        fin, fin - point(0, 0.17 * long, 0.05 * long), 0.2 * long, 0.1 * long, 0.02 * long
    )
    bulb = fin - point(0, 0.17 * long, 0.1 * long)
    parts.append(ellipsoid((0.022 * long, 0.022 * long, 0.09 * long), bulb))
    blade = point(0, 0.5 * depth, -0.43 * long)
    parts += panel(blade, blade - 0.14 * long * UP, 0.07 * long, 0.05 * long, 0.014 * long)
    return stand(parts)


def motor_boat(rng: Rng) -> Shape:
    """Make a motor boat: raked bow, windscreen or cabin, rails, an outboard engine."""
    u = rng.uniform
    long = u(5, 11)
    width, depth = u(0.3, 0.37) * long, u(0.14, 0.18) * long
    hull = Hull.drawn(
        long,
        width,
        depth,
        transom=u(0.85, 0.95),
        fullness=u(2.0, 2.8),
        flat=0.2,
        sheer=u(0.05, 0.3),
        rake=u(0.12, 0.2),
        thickness=0.028 * long,
    )
    parts = hull.skin(0.013 * long)
    cabin = chance(rng, 0.6)
    parts += hull.filling(0.62)
    deck = hull.height(0.2 * long)
    # A closed foredeck in front of an open cockpit.
    top = hull.rows[-1]
    for k in range(len(top) - 1):
        first, last = top[k, 2], top[k + 1, 2]
        if first > 0.08 * long:
            half = min(top[k, 0], top[k + 1, 0])
            crest = min(top[k, 1], top[k + 1, 1])
            parts.append(
                box(
                    (2 * half + 0.01, 0.2 * depth, 1.02 * (last - first)),
                    (0, crest - 0.1 * depth, (first + last) / 2),
                )
            )
    foot, tilt = 0.14 * long, u(0.05, 0.1) * long
    if cabin:
        rise, half = u(0.15, 0.2) * long, 0.38 * width
        back = u(-0.22, -0.1) * long
        parts.append(
            box(
                (2 * half, 0.07 * long, foot - back + 0.06 * long),
                (0, deck + 0.01 * long, (foot + back) / 2),
            )
        )
        glass = 2 * half - 0.03 * long
        low, high = deck + 0.03 * long, deck + rise
        parts += slope(point(0, low, foot), point(0, high, foot - tilt), glass, -1, 0.02 * long)
        parts += [
            box(
                (glass, high - low, foot - tilt - back),
                (0, (low + high) / 2, (foot - tilt + back) / 2),
            ),
            box(
                (2 * half + 0.02 * long, 0.022 * long, foot - tilt - back + 0.08 * long),
                (0, high, (foot - tilt + back) / 2),
            ),
        ]
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
                        0.022 * long,
                        0.022 * long,
                        FRONT,
                    )
                )
        if chance(rng, 0.6):
            parts += [
                capsule((0, high, back), (0, high + 0.1 * long, back - 0.02 * long), 0.007 * long),
                capsule(
                    (-0.09 * long, high + 0.06 * long, back),
                    (0.09 * long, high + 0.06 * long, back),
                    0.008 * long,
                ),
            ]
    else:
        rise = u(0.07, 0.1) * long
        half = float(hull.gunwale(foot)[0]) * 0.85
        parts.append(
            beam(
                (0, deck - 0.02 * long, foot),
                (0, deck + rise, foot - tilt),
                2 * half,
                0.014 * long,
                RIGHT,
            )
        )
        for side in SIDES:
            parts.append(
                beam(
                    (side * half, deck, foot),
                    (side * half * 0.97, deck + 0.5 * rise, -0.04 * long),
                    0.09 * long,
                    0.012 * long,
                    UP,
                )
            )
        parts.append(
            box((2 * half, 0.09 * long, 0.06 * long), (0, deck - 0.04 * long, foot - 0.04 * long))
        )
        wheel = point(0.3 * half, deck + 0.02 * long, foot - 0.11 * long)
        parts.append(torus(0.035 * long, 0.006 * long, wheel, (0, 0.4, -1)))
        parts.append(capsule(wheel, wheel + point(0, -0.02, 0.06) * long, 0.008 * long))
        spoke = point(0.035 * long, 0, 0)
        parts.append(capsule(wheel - spoke, wheel + spoke, 0.006 * long))
    floor = 0.62 * depth
    for side in SIDES:
        for z in (-0.06, -0.26) if not cabin else (-0.32,):
            seat = point(side * 0.22 * width, floor, z * long)
            parts.append(box((0.3 * width, 0.13 * long, 0.1 * long), seat))
            rest = seat + point(0, 0.04 * long, -0.05 * long)
            parts.append(beam(rest, rest + 0.1 * long * UP, 0.3 * width, 0.03 * long, RIGHT))
        rail = []
        for z in np.linspace(0.15, 0.47, 5) * long:
            base = on_side(hull.gunwale(z), side)
            rail.append(base * (0.93, 1, 1) + 0.065 * long * UP)
            parts.append(capsule(base * (0.93, 1, 1), rail[-1], 0.006 * long))
        parts += chain(rail, 0.0065 * long)
    motors = (0.0,) if chance(rng, 0.7) else (-0.13, 0.13)
    for x in motors:
        motor = point(x * width, depth + 0.05 * long, -0.54 * long)
        parts += [
            ellipsoid((0.045 * long, 0.075 * long, 0.06 * long), motor),
            box((0.07 * long, 0.07 * long, 0.09 * long), motor - 0.03 * long * UP),
            box((0.03 * long, 0.05 * long, 0.08 * long), motor + point(0, -0.07, 0.035) * long),
            beam(motor, motor * (1, 0, 1) - 0.06 * long * UP, 0.04 * long, 0.03 * long, FRONT),
        ]
        hub = motor * (1, 0, 1) - point(0, 0.04, 0) * long
        parts.append(ellipsoid((0.016 * long, 0.016 * long, 0.045 * long), hub))
        parts += propeller(rng, hub - 0.04 * long * FRONT, 0.035 * long, 3, 0.008 * long)
    return stand(parts)


def row_boat(rng: Rng) -> Shape:
    """Make a rowing boat: an open shell with benches, ribs and a pair of oars."""
    u = rng.uniform
    long = u(3.2, 5.0)
    width, depth = u(0.3, 0.38) * long, u(0.11, 0.14) * long
    t = 0.016 * long
    hull = Hull.drawn(
        long,
        width,
        depth,
        transom=u(0.5, 0.75) if chance(rng, 0.7) else 0.05,
        fullness=u(1.9, 2.5),
        flat=u(0.45, 0.6),
        sheer=u(0.15, 0.5),
        rake=u(0.03, 0.1),
        thickness=t,
        stations=14,
    )
    parts = hull.skin(0.009 * long) + hull.filling(0.16)
    for z in np.linspace(-0.3, 0.26, count(rng, 2, 3)) * long:
        bench = hull.gunwale(z)
        wide = 2 * bench[0] * 0.85
        parts.append(box((wide, 0.018 * long, 0.07 * long), (0, 0.72 * bench[1], z)))
        parts.append(box((0.02 * long, 0.6 * depth, 0.04 * long), (0, 0.42 * depth, z)))
    stem = hull.rows[-1, -1]
    parts.append(capsule(stem - 0.02 * long * UP, stem + 0.02 * long * UP, 0.011 * long))
    parts.append(
        beam(
            point(0, 0.0, -0.45 * long), point(0, 0.0, 0.36 * long), 0.02 * long, 0.03 * long, RIGHT
        )
    )
    lean, sweep = u(-0.1, 0.35), u(-0.35, 0.35)
    for side in SIDES:
        pivot = on_side(hull.gunwale(-0.03 * long), side) + 0.02 * long * UP
        parts.append(capsule(pivot - 0.03 * long * UP, pivot, 0.008 * long))
        out = point(side, -lean, sweep) / math.sqrt(1 + lean**2 + sweep**2)
        grip, blade = pivot - 0.13 * long * out, pivot + 0.26 * long * out
        parts.append(capsule(grip, blade, 0.0075 * long))
        parts.append(beam(blade, blade + 0.13 * long * out, 0.045 * long, 0.011 * long, FRONT))
    return stand(parts)


def ship(rng: Rng) -> Shape:
    """Make a ship: cargo with containers, liner with rows of decks, or a tug."""
    u = rng.uniform
    long = 1.0
    kind = pick(rng, "cargo", "liner", "tug")
    tug = kind == "tug"
    width = u(0.28, 0.33) if tug else u(0.14, 0.18)
    depth = u(0.13, 0.16) if tug else u(0.08, 0.11)
    hull = Hull.drawn(
        long,
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
        front, back, decks = -0.28, -0.40, count(rng, 4, 5)
    elif kind == "liner":
        front, back, decks = u(0.2, 0.28), -0.36, count(rng, 3, 5)
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
    funnels = count(rng, 1, 3) if kind == "liner" else 1
    size = u(0.018, 0.024) if not tug else u(0.032, 0.042)
    tall = u(0.07, 0.1) if not tug else u(0.11, 0.15)
    for z in np.linspace(bridge - 0.1, aft + 0.06, funnels) if funnels > 1 else (aft + 0.035,):
        lean = point(0, floor + tall, z - 0.25 * tall)
        base = point(0, floor - 0.02, z)
        parts.append(frustum(base, lean, 1.15 * size, size))
        parts.append(torus(size, 0.2 * size, lean - 0.01 * UP, lean - base))
    if kind == "cargo":
        wide = 0.86 * width
        columns = count(rng, 3, 4)
        bays = np.arange(-0.22, 0.33, 0.085)
        for z in bays:
            room = float(hull.gunwale(float(z + 0.04))[0]) * 1.8
            for column in range(columns):
                cell = min(wide, room) / columns
                x = (column - (columns - 1) / 2) * cell
                stack = count(rng, 1, 4)
                high = 0.024 * stack
                parts.append(box((0.92 * cell, high + 0.01, 0.076), (x, deck + high / 2, z)))
            parts.append(box((min(wide, room), 0.024, 0.086), (0, deck, z)))
        if chance(rng, 0.4):
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
                tyre = on_side(hull.gunwale(z), side) - 0.035 * UP
                parts.append(torus(0.022, 0.009, tyre, RIGHT))
        parts.append(frustum((0, deck, -0.28), (0, deck + 0.05, -0.28), 0.03, 0.022))
        parts.append(capsule((-0.05, deck + 0.04, -0.28), (0.05, deck + 0.04, -0.28), 0.012))
    bow = hull.height(0.4)
    parts.append(capsule((0, deck, 0.41), (0, bow + 0.09, 0.41), 0.005))
    return stand(parts, u(20, 30) if tug else u(80, 200))


def boat(rng: Rng) -> Shape:
    """Make a boat: sailing yacht, motor boat, rowing boat or ship."""
    return draw(rng, {sail_boat: 0.3, motor_boat: 0.25, row_boat: 0.17, ship: 0.28})
