"""The bundled demo inputs: eight objects made of analytic solids, one depth map each.

``python -m im2mesh.commands.demo [--out data/demo]`` writes ``<out>/<model>/000.npz``, the
split list ``<out>/demo.lst`` and, under the name that the published configurations look for,
the same list as ``<out>/test_demo.lst``. The same files come out every time. With ``--truth DIR``
it writes the objects themselves instead, as meshes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import trimesh

from im2mesh.files import atomic, write_text
from im2mesh.geometry.mesh_files import write_mesh
from im2mesh.geometry.poses import pose_rotation
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import Primitives, beam, box, capsule, ellipsoid, frustum, torus

log = logging.getLogger(__name__)

OUT = Path("data/demo")
SPLITS = ("demo", "test_demo")

# Models have y up, the floor at y = 0, and look towards +z; lengths are about metres.
RIGHT, UP, FRONT = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
SIDES = (-1, 1)


def chair() -> Shape:
    """Make a dining chair: tapered, splayed legs, stretchers, a leaning back of upright slats."""
    parts: list[Primitives] = [box((0.50, 0.045, 0.48), (0, 0.46, 0))]
    for x in SIDES:
        parts.append(frustum((x * 0.25, 0, 0.25), (x * 0.20, 0.45, 0.19), 0.014, 0.028))
        parts.append(frustum((x * 0.25, 0, -0.27), (x * 0.20, 0.45, -0.19), 0.014, 0.028))
        parts.append(frustum((x * 0.21, 0.45, -0.20), (x * 0.23, 1.0, -0.31), 0.024, 0.018))
        parts.append(capsule((x * 0.23, 0.17, 0.23), (x * 0.23, 0.17, -0.24), 0.011))
    parts.append(capsule((-0.23, 0.17, 0), (0.23, 0.17, 0), 0.011))
    parts.append(beam((-0.24, 0.94, -0.298), (0.24, 0.94, -0.298), 0.10, 0.03, (0, 1, -0.2)))
    parts.append(beam((-0.22, 0.60, -0.23), (0.22, 0.60, -0.23), 0.04, 0.025, (0, 1, -0.2)))
    for x in np.linspace(-0.13, 0.13, 4):
        parts.append(beam((x, 0.60, -0.23), (x * 1.1, 0.94, -0.298), 0.04, 0.014, RIGHT))
    return Shape.of(*parts)


def table() -> Shape:
    """Make a rectangular table: four turned legs under an apron."""
    parts: list[Primitives] = [
        box((1.50, 0.045, 0.85), (0, 0.74, 0)),
        box((1.30, 0.09, 0.03), (0, 0.68, 0.34)),
        box((1.30, 0.09, 0.03), (0, 0.68, -0.34)),
    ]
    for x in SIDES:
        parts.append(box((0.03, 0.09, 0.68), (x * 0.65, 0.68, 0)))
        for z in SIDES:
            at = (x * 0.65, z * 0.34)
            parts.append(box((0.09, 0.16, 0.09), (at[0], 0.65, at[1])))
            parts.append(frustum((at[0], 0, at[1]), (at[0], 0.58, at[1]), 0.024, 0.042))
            parts.append(torus(0.030, 0.018, (at[0], 0.555, at[1])))
    return Shape.of(*parts)


def lamp() -> Shape:
    """Make a desk lamp: round foot, two thin arms with joints, a conical shade tilted down."""
    foot, elbow, head = (0, 0.03, -0.10), (0, 0.40, -0.27), (0, 0.66, 0.06)
    tip = np.array(head)
    aim = np.array([0.0, -0.82, 0.57])
    return Shape.of(
        frustum((0, 0, -0.10), (0, 0.025, -0.10), 0.15, 0.14),
        frustum((0, 0.025, -0.10), (0, 0.05, -0.10), 0.05, 0.03),
        capsule(foot, elbow, 0.012),
        capsule(elbow, head, 0.011),
        capsule((-0.03, 0.40, -0.27), (0.03, 0.40, -0.27), 0.020),
        capsule((-0.025, 0.66, 0.06), (0.025, 0.66, 0.06), 0.018),
        frustum(tip - 0.03 * aim, tip + 0.05 * aim, 0.035, 0.048),
        frustum(tip + 0.05 * aim, tip + 0.20 * aim, 0.048, 0.135),
        torus(0.132, 0.006, tip + 0.20 * aim, aim),
        ellipsoid((0.045, 0.045, 0.045), tip + 0.205 * aim),
    )


def bookshelf() -> Shape:
    """Make a bookcase: two sides, a back, five boards; books, one leaning, and a vase."""
    boards = np.linspace(0.05, 1.76, 5)
    parts: list[Primitives] = [box((0.84, 1.70, 0.012), (0, 0.91, -0.15))]
    parts += [box((0.03, 1.80, 0.32), (x * 0.42, 0.90, 0)) for x in SIDES]
    parts += [box((0.84, 0.03, 0.31), (0, y, 0)) for y in boards]
    # Books: (board, x of the first, [(thickness, height, depth), …]).
    rows = (
        (0, -0.39, ((0.06, 0.33, 0.24), (0.05, 0.30, 0.22), (0.07, 0.34, 0.25), (0.05, 0.29, 0.2))),
        (1, 0.05, ((0.05, 0.27, 0.20), (0.06, 0.31, 0.24), (0.04, 0.25, 0.19), (0.07, 0.3, 0.23))),
        (2, -0.39, ((0.04, 0.28, 0.20), (0.06, 0.25, 0.22), (0.05, 0.31, 0.21))),
        (3, 0.12, ((0.07, 0.29, 0.24), (0.05, 0.26, 0.20), (0.06, 0.32, 0.23))),
    )
    for board, left, books in rows:
        for width, height, deep in books:
            middle = (left + width / 2, boards[board] + 0.015 + height / 2, -0.14 + deep / 2)
            parts.append(box((width - 0.006, height, deep), middle))
            left += width
    parts.append(beam((-0.16, 0.925, -0.03), (-0.235, 1.19, -0.03), 0.20, 0.035, FRONT))
    floor = float(boards[3]) + 0.015
    parts.append(ellipsoid((0.075, 0.09, 0.075), (-0.20, floor + 0.088, 0.0)))
    parts.append(frustum((-0.20, floor + 0.15, 0), (-0.20, floor + 0.25, 0), 0.025, 0.05))
    return Shape.of(*parts)


def airplane() -> Shape:
    """Make an airliner: round fuselage, swept wings with engines under them, a tail."""
    parts: list[Primitives] = [
        frustum((0, 0, -0.30), (0, 0, 0.42), 0.062),
        ellipsoid((0.062, 0.062, 0.14), (0, 0, 0.42)),
        frustum((0, 0, -0.30), (0, 0.035, -0.62), 0.062, 0.014),
        ellipsoid((0.055, 0.035, 0.20), (0, -0.04, 0.02)),
    ]
    parts += _panel((0, 0.03, -0.42), (0, 0.23, -0.58), 0.17, 0.07, 0.014)
    for x in SIDES:
        root, tip = np.array([x * 0.02, -0.03, 0.15]), np.array([x * 0.62, 0.04, -0.17])
        parts += _panel(root, tip, 0.22, 0.06, 0.016)
        parts += _panel((x * 0.01, 0.03, -0.47), (x * 0.23, 0.05, -0.59), 0.12, 0.05, 0.012)
        for share in (0.34, 0.64):
            hang = root + share * (tip - root) + np.array([0, -0.05, 0])
            back, front = hang - 0.09 * np.array(FRONT), hang + 0.06 * np.array(FRONT)
            parts.append(frustum(back, front, 0.018, 0.032))
            parts.append(torus(0.027, 0.007, front, FRONT))
            parts.append(beam(hang, hang + np.array([0, 0.05, 0]), 0.07, 0.010, FRONT))
    return Shape.of(*parts)


def _panel(
    root: Sequence[float] | np.ndarray,
    tip: Sequence[float] | np.ndarray,
    root_chord: float,
    tip_chord: float,
    thickness: float,
) -> list[Primitives]:
    """Make a tapered, swept wing: beams that fan out from the tip.

    ``root`` and ``tip`` are the ends of the leading edge; the chords run from there to the back.
    """
    strips = max(2, int(np.ceil(1.4 * root_chord / tip_chord)))
    beams = []
    for back in np.linspace(0, 1, strips):
        start = np.array(root) - (tip_chord / 2 + back * (root_chord - tip_chord)) * np.array(FRONT)
        end = np.array(tip) - tip_chord / 2 * np.array(FRONT)
        beams.append(beam(start, end, tip_chord, thickness, FRONT))
    return beams


def car() -> Shape:
    """Make a saloon car: body with bonnet and boot, a cabin of pillars, four wheels with rims."""
    parts: list[Primitives] = [
        box((1.60, 0.36, 4.0), (0, 0.58, 0)),
        capsule((-0.66, 0.62, 2.0), (0.66, 0.62, 2.0), 0.16),
        capsule((-0.66, 0.62, -2.0), (0.66, 0.62, -2.0), 0.16),
        capsule((-0.74, 0.45, 2.06), (0.74, 0.45, 2.06), 0.10),
        capsule((-0.74, 0.45, -2.06), (0.74, 0.45, -2.06), 0.10),
        box((1.50, 0.10, 3.7), (0, 0.78, 0)),
        ellipsoid((0.72, 0.14, 0.95), (0, 0.80, 1.15)),
        box((1.16, 0.05, 1.35), (0, 1.40, -0.35)),
        ellipsoid((0.58, 0.08, 0.72), (0, 1.41, -0.35)),
        box((1.34, 0.16, 2.2), (0, 0.86, -0.30)),
        # seats, seen through the open windows
        beam((0, 0.75, -1.05), (0, 1.20, -1.20), 1.2, 0.14, RIGHT),
    ]
    for x in SIDES:
        parts.append(capsule((x * 0.78, 0.58, -1.9), (x * 0.78, 0.58, 1.9), 0.17))
        parts.append(beam((x * 0.64, 0.90, 0.85), (x * 0.56, 1.40, 0.30), 0.10, 0.06, FRONT))
        parts.append(beam((x * 0.64, 0.88, -1.55), (x * 0.56, 1.37, -1.02), 0.20, 0.06, FRONT))
        parts.append(beam((x * 0.66, 0.90, -0.35), (x * 0.57, 1.40, -0.35), 0.12, 0.06, FRONT))
        parts.append(capsule((x * 0.57, 1.39, -1.0), (x * 0.57, 1.39, 0.3), 0.04))
        parts.append(ellipsoid((0.09, 0.07, 0.06), (x * 0.86, 0.98, 0.72)))
        parts.append(ellipsoid((0.17, 0.09, 0.10), (x * 0.56, 0.68, 2.10)))
        parts.append(beam((x * 0.33, 0.75, 0.05), (x * 0.33, 1.20, -0.10), 0.45, 0.13, RIGHT))
        for z in (1.30, -1.28):
            wheel = np.array([x * 0.84, 0.35, z])
            outward = np.array([x * 1.0, 0, 0])
            parts.append(frustum(wheel - 0.1 * outward, wheel + 0.09 * outward, 0.30))
            parts.append(torus(0.24, 0.11, wheel + 0.02 * outward, outward))
            parts.append(frustum(wheel, wheel + 0.13 * outward, 0.15, 0.06))
    return Shape.of(*parts)


def sofa() -> Shape:
    """Make a two-seat sofa: rolled arms, a leaning back, cushions, short feet."""
    lean = pose_rotation(0.0, -9.0)
    parts: list[Primitives] = [box((1.70, 0.20, 0.78), (0, 0.22, 0.02))]
    parts.append(box((1.70, 0.58, 0.15), (0, 0.55, -0.37), lean))
    parts.append(capsule((-0.78, 0.84, -0.42), (0.78, 0.84, -0.42), 0.085))
    for x in SIDES:
        parts.append(box((0.19, 0.40, 0.84), (x * 0.86, 0.34, 0.02)))
        parts.append(capsule((x * 0.88, 0.56, -0.36), (x * 0.88, 0.56, 0.38), 0.125))
        parts.append(box((0.74, 0.09, 0.68), (x * 0.378, 0.375, 0.07)))
        parts.append(ellipsoid((0.37, 0.075, 0.36), (x * 0.378, 0.405, 0.08)))
        parts.append(box((0.72, 0.38, 0.10), (x * 0.378, 0.62, -0.255), lean))
        parts.append(ellipsoid((0.35, 0.20, 0.09), (x * 0.378, 0.62, -0.215), lean))
        for z in (-0.30, 0.36):
            parts.append(frustum((x * 0.82, 0, z), (x * 0.82, 0.14, z), 0.025, 0.045))
    return Shape.of(*parts)


def chair_beside_table() -> Shape:
    """Make an arrangement of two: the chair, turned towards a round table with a pedestal."""
    parts: list[Primitives] = [
        frustum((0, 0.70, 0), (0, 0.74, 0), 0.52),
        torus(0.515, 0.02, (0, 0.72, 0)),
        frustum((0, 0.10, 0), (0, 0.70, 0), 0.045, 0.06),
        ellipsoid((0.09, 0.11, 0.09), (0, 0.28, 0)),
    ]
    for angle in (20, 140, 260):
        out = pose_rotation(angle, 0.0) @ np.array([0, 0, 1.0])
        parts.append(capsule((0, 0.14, 0), 0.34 * out + np.array([0, 0.03, 0]), 0.03))
    beside = chair().transformed(pose_rotation(205.0, 0.0), offset=(0.62, 0, 0.62))
    return Shape.of(*parts, beside)


MODELS: dict[str, tuple[Callable[[], Shape], float, float]] = {
    "airplane_demo-00": (airplane, 311.0, 24.0),
    "bookshelf_demo-00": (bookshelf, 338.0, 12.0),
    "car_demo-00": (car, 52.0, 16.0),
    "chair_demo-00": (chair, 38.0, 19.0),
    "compositional_demo-00": (chair_beside_table, 287.0, 24.0),
    "lamp_demo-00": (lamp, 71.0, -4.0),
    "sofa_demo-00": (sofa, 23.0, 33.0),
    "table_demo-00": (table, 214.0, 14.0),
}
"""Model name → the object, its azimuth and its elevation in degrees."""


def demo_depth(model: str) -> np.ndarray:
    """Return the (256, 256) float32 depth map of a demo model, background −1."""
    build, azimuth, elevation = MODELS[model]
    return build().posed(azimuth, elevation).depth().numpy()


def write_demo(out: str | os.PathLike[str] = OUT) -> list[Path]:
    """Write the demo's depth maps and split lists; return the files, the depth maps first."""
    out = Path(out)
    written = []
    for model in MODELS:
        path = out / model / "000.npz"
        with atomic(path) as beside:
            np.savez_compressed(beside, arr_0=demo_depth(model))
        written.append(path)
        log.info("%s", path)
    for split in SPLITS:
        path = out / f"{split}.lst"
        write_text(path, "".join(f"{model}\n" for model in MODELS))
        written.append(path)
    return written


def write_truth(out: str | os.PathLike[str]) -> list[Path]:
    """Write the demo's objects as meshes in the frame of each map; return the files.

    They are ``<out>/demo/<model>.ply``, as a generation run names them.
    """
    written = []
    for model, (build, azimuth, elevation) in MODELS.items():
        vertices, faces = build().posed(azimuth, elevation).mesh()
        path = Path(out) / "demo" / f"{model}.ply"
        write_mesh(trimesh.Trimesh(vertices, faces, process=False), path)
        written.append(path)
        log.info("%s", path)
    return written
