"""Time reading, cleaning, resampling and mapping back for one 640×480 image.

    python benchmarks/sensor_time.py [--repeat 10] [--depth D --intrinsics K --mask M]

By default the bundled sample (data/demo_sensor). Prints the median seconds of each step and of all,
without the networks, and how much of 0.3 s that is. ``--cpu``: of the processor's time, which other
programs change less.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.data.cleaning import clean  # noqa: E402
from im2mesh.data.placement import place  # noqa: E402
from im2mesh.data.resampling import orthographic_map, pixel_fans, ray_map  # noqa: E402
from im2mesh.data.sensor_frames import SensorImage  # noqa: E402

LIMIT = 0.3
SAMPLE = ROOT / "data/demo_sensor"
VERTICES = 150_000
"""Vertices of the mesh that is mapped back, about as many as 128 cells give."""


def main() -> int:
    """Time the steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--depth", default=str(SAMPLE / "depth.png"))
    parser.add_argument("--intrinsics", nargs="+", default=[str(SAMPLE / "camera.json")])
    parser.add_argument("--mask", default=str(SAMPLE / "mask.png"))
    parser.add_argument("--cpu", action="store_true", help="count the processor's time")
    args = parser.parse_args()
    vertices = np.random.default_rng(0).uniform(-0.5, 0.5, (VERTICES, 3))
    clock = time.process_time if args.cpu else time.perf_counter
    rows = []
    for _ in range(args.repeat):
        at = [clock()]
        image = SensorImage(Path(args.depth), args.intrinsics, [Path(args.mask)])
        frame = next(image.frames(label=None))
        depth, camera = frame.depth, frame.camera
        at.append(clock())
        cleaned = clean(depth, frame.mask, camera)
        at.append(clock())
        cube = place(cleaned, camera).frame
        at.append(clock())
        fans = pixel_fans(cleaned.depth, camera, cleaned.noise)
        orthographic_map(pixel_fans(cleaned.guess, camera, cleaned.noise), cube)
        ray_map(fans, cleaned.unknown, cube)
        at.append(clock())
        cube.to_camera(vertices)
        at.append(clock())
        rows.append(np.diff(at))
    steps = np.median(rows, axis=0)
    names = ("reading", "cleaning", "placement", "resampling", "mapping back")
    for name, seconds in zip(names, steps, strict=True):
        print(f"{name:13} {seconds:6.3f} s")
    total = float(np.median(np.sum(rows, axis=1)))
    print(f"{'all':13} {total:6.3f} s, {100 * total / LIMIT:.0f}% of {LIMIT} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
