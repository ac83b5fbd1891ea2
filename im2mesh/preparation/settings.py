"""The settings of a data set."""

from __future__ import annotations

from dataclasses import dataclass

from im2mesh.errors import InputError
from im2mesh.geometry.watertight import THICKNESS

MOST = {"views": 10_000, "points": 10_000_000, "cloud": 10_000_000}
"""Setting → its largest value."""


@dataclass(frozen=True)
class DatasetSettings:
    """The settings that decide a model's bytes, beside the shape."""

    views: int = 10  # random views of each shape; those of a pose list are all made
    points: int = 100_000  # number of points in the cube
    cloud: int = 100_000  # number of points on the surface
    dtype: str = "float16"  # of stored points and distances, float16 or float32
    thickness: float = THICKNESS  # of sheets (geometry.watertight)
    seed: int = 0  # of poses, points and splits

    def check(self) -> None:
        for key, most in MOST.items():
            if not 1 <= getattr(self, key) <= most:
                raise InputError(f"--{key} {getattr(self, key)}: must be between 1 and {most}")
        if self.dtype not in ("float16", "float32"):
            raise InputError(f"--dtype {self.dtype}: choose float16 or float32")
        if not 0 < self.thickness <= 0.1:
            raise InputError(f"--thickness {self.thickness:g}: must be above 0, at most 0.1")
        if self.seed < 0:
            raise InputError(f"--seed {self.seed}: must be 0 or more")
