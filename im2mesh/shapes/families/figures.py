"""Human figures."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.bars import column, point, sweep
from im2mesh.shapes.kit.choices import Rng, chance, pick, uniform
from im2mesh.shapes.kit.copies import Solids, stand
from im2mesh.shapes.kit.profiles import lathe
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, capsule, ellipsoid


def figure(rng: Rng) -> Shape:
    """Draw a human being: standing, walking, sitting, with arms anywhere, at times on a base."""
    solids = body(rng)
    if chance(rng, 0.25):
        low = float(Shape.of(*solids).bounds()[0, 1])
        high = uniform(rng, 0.05, 0.6)
        base = pick(
            rng,
            box((0.9, high, 0.9), (0, low - high / 2 + 0.03, 0)),
            column(low - high + 0.03, low + 0.03, 0.5),
        )
        solids += [base, box((0.4, 0.1, 0.5), (0, low + 0.03, 0.05))]
    return stand(solids)


def body(rng: Rng) -> Solids:
    """Return a human body about 1.8 high, its hips at the origin, looking towards +z."""
    stout = uniform(rng, 0.75, 1.45)
    torso, head = uniform(rng, 0.5, 0.6), uniform(rng, 0.1, 0.13)
    hip, shoulder = 0.1 * stout, uniform(rng, 0.16, 0.23)
    top = point(0, torso, uniform(rng, -0.05, 0.12))
    trunk = [capsule((-0.5 * hip, 0.02, 0), (0.5 * hip, 0.02, 0), 0.11 * stout)]
    trunk += sweep([(0, 0, 0), 0.5 * top, 0.85 * top], [0.13 * stout, 0.115 * stout, 0.14 * stout])
    trunk += [
        capsule(0.92 * top + (-shoulder, 0, 0), 0.92 * top + (shoulder, 0, 0), 0.065 * stout**0.5)
    ]
    crown = top + (0, 0.1 + head, 0.02)
    trunk += [capsule(0.9 * top, crown, 0.055), ellipsoid((0.8 * head, 1.15 * head, head), crown)]
    hat = pick(rng, "none", "none", "hair", "hat")
    if hat == "hair":
        trunk += [
            ellipsoid((0.95 * head, head, 1.05 * head), crown + (0, 0.25 * head, -0.2 * head))
        ]
    elif hat == "hat":
        trunk += lathe(
            [(0.2, 0), (0.2, 0.02), (0.1, 0.03), (0.09, 0.13)], crown + (0, 0.7 * head, 0)
        )
    sitting, stride = chance(rng, 0.2), uniform(rng, -35, 35) * pick(rng, 0, 1)
    thigh, shin = uniform(rng, 0.4, 0.46), uniform(rng, 0.4, 0.46)
    for side in (-1, 1):
        swing = math.radians(80 if sitting else side * stride)
        bend = math.radians(85 if sitting else max(0, -side * stride) * uniform(rng, 0.2, 1.5))
        root = point(side * hip, -0.02, 0)
        knee = root + thigh * point(side * 0.04, -math.cos(swing), math.sin(swing))
        ankle = knee + shin * point(0, -math.cos(swing - bend), math.sin(swing - bend))
        trunk += sweep([root, knee, ankle], [0.09 * stout, 0.065 * stout**0.5, 0.045])
        trunk += [ellipsoid((0.045, 0.04, 0.11), ankle + (0, -0.03, 0.06))]
        joint = 0.92 * top + (side * shoulder, 0, 0)
        out, fore, elbow = (
            math.radians(pick(rng, uniform(rng, 5, 25), uniform(rng, 5, 150))),
            uniform(rng, -0.5, 0.8),
            uniform(rng, 0, 2.0),
        )
        upper = point(side * math.sin(out), -math.cos(out), fore)
        upper /= np.linalg.norm(upper)
        lower = math.cos(elbow) * upper + math.sin(elbow) * point(0, 0.2, 1)
        lower /= np.linalg.norm(lower)
        hand = joint + 0.3 * upper + 0.27 * lower
        trunk += sweep([joint, joint + 0.3 * upper, hand], [0.055 * stout**0.5, 0.045, 0.033])
        trunk += [ellipsoid((0.035, 0.05, 0.05), hand + 0.04 * lower)]
    if chance(rng, 0.2):  # a skirt or a coat
        long = uniform(rng, 0.3, 0.75)
        trunk += lathe([(uniform(rng, 0.2, 0.35), -long), (0.12 * stout, 0.1)])
    return trunk
