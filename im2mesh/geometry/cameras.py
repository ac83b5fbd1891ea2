"""Pinhole cameras, and where the unit cube lies in a camera's frame.

The camera frame is OpenCV's: x right, y down,
z forward, in metres; pixel centres are at whole numbers, so u = fx·x/z + cx.

The cube of a reconstruction is looked at along the ray to the object's centre C. With f = C/|C|,
x̂ the camera's x made orthogonal to f, ŷ up and s the cube's side in metres, a point p of the
camera frame is q = (x̂·(p−C), ŷ·(p−C), −f·(p−C))/s in the cube, and p = C + s·Rᵀq, where the rows
of R are x̂, ŷ and −f. The camera itself lies on the cube's z axis, at z = |C|/s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from im2mesh.errors import InputError

FLIP = np.diag([1.0, -1.0, -1.0])
"""From OpenCV's axes to OpenGL's and back: x right, y up, z towards the viewer."""


@dataclass(frozen=True)
class Camera:
    """Intrinsics of a pinhole camera, in pixels whose centres are at whole numbers.

    Attributes:
        fx: focal length along the rows, > 0.
        fy: focal length along the columns, > 0.
        cx: column of the principal point.
        cy: row of the principal point.

    Raises:
        InputError: a number that is not finite, or a focal length that is not positive.
    """

    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(v) for v in (self.fx, self.fy, self.cx, self.cy)):
            raise InputError(
                f"intrinsics {self}: hold numbers that are not finite; give fx fy cx cy in pixels"
            )
        if self.fx <= 0 or self.fy <= 0:
            raise InputError(
                f"intrinsics {self}: focal lengths must be positive; give fx fy cx cy in pixels"
            )

    def __str__(self) -> str:
        return f"fx={self.fx:g} fy={self.fy:g} cx={self.cx:g} cy={self.cy:g}"

    @classmethod
    def of(cls, intrinsics: ArrayLike | Camera) -> Camera:
        """Return the camera of fx, fy, cx, cy or a 3×3 matrix.

        Raises:
            InputError: it is neither.
        """
        if isinstance(intrinsics, Camera):
            return intrinsics
        values = np.asarray(intrinsics)
        if values.dtype.kind not in "fiu":
            raise InputError(f"intrinsics hold {values.dtype} values; give fx fy cx cy, or 3×3")
        if values.shape == (4,):
            return cls(*(float(v) for v in values))
        return cls.from_matrix(values)

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> Camera:
        """Read a 3×3 matrix K.

        Raises:
            InputError: another shape, a lower row that is not (0, 0, 1), or skew.
        """
        k = np.asarray(matrix, dtype=np.float64)
        if k.shape != (3, 3):
            raise InputError(f"intrinsics have shape {k.shape}; expected a 3×3 matrix")
        expected = np.array([[k[0, 0], 0, k[0, 2]], [0, k[1, 1], k[1, 2]], [0, 0, 1]])
        # One part in ten thousand of skew moves a point by less than a tenth of a pixel.
        if not np.allclose(k, expected, rtol=0, atol=1e-4 * max(1.0, float(np.abs(k).max()))):
            hint = "; it looks transposed" if np.allclose(k[:2, 2], 0) and k[2, :2].any() else ""
            raise InputError(
                "intrinsics are no pinhole matrix (fx 0 cx, 0 fy cy, 0 0 1), row by row: "
                f"{np.array2string(k, precision=4).replace(chr(10), '')}{hint}"
            )
        return cls(float(k[0, 0]), float(k[1, 1]), float(k[0, 2]), float(k[1, 2]))

    @property
    def matrix(self) -> np.ndarray:
        """The 3×3 matrix K."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]])

    def scaled(self, across: float, down: float) -> Camera:
        """Return the camera of the image whose width is times ``across``, its height ``down``."""
        # An image's left border is half a pixel left of its first pixel's centre.
        return Camera(
            self.fx * across,
            self.fy * down,
            (self.cx + 0.5) * across - 0.5,
            (self.cy + 0.5) * down - 0.5,
        )

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return (…, 2) column and row in pixels of (…, 3) points of the camera frame, z > 0."""
        x, y, z = np.moveaxis(points, -1, 0)
        return np.stack([self.fx * x / z + self.cx, self.fy * y / z + self.cy], axis=-1)

    def rays(self, columns: ArrayLike, rows: ArrayLike) -> np.ndarray:
        """Return the (…, 3) points at z = 1 that are seen at (…) columns u and rows v."""
        x = (np.asarray(columns, dtype=np.float64) - self.cx) / self.fx
        y = (np.asarray(rows, dtype=np.float64) - self.cy) / self.fy
        return np.stack([x, y, np.ones_like(x)], axis=-1)

    def rays_of(self, shape: tuple[int, int]) -> np.ndarray:
        """Return :meth:`rays` of all pixels of an image, (H, W, 3)."""
        rows, columns = np.indices(shape)
        return self.rays(columns, rows)

    def along_z(self, lengths: np.ndarray) -> np.ndarray:
        """Turn distances along each pixel's ray, (H, W), into z."""
        return lengths / np.linalg.norm(self.rays_of(lengths.shape), axis=-1)


@dataclass(frozen=True)
class CubeFrame:
    """The place of the unit cube in the camera frame.

    Attributes:
        centre: (3,) float64, C, the cube's centre in metres.
        size: s, the cube's side in metres.
        rotation: (3, 3) float64, R, from the camera's axes to the cube's.
    """

    centre: np.ndarray
    size: float
    rotation: np.ndarray

    @classmethod
    def looking_at(cls, centre: ArrayLike, size: float) -> CubeFrame:
        """Return the cube of ``size`` metres that is looked at along the ray to its (3,) centre."""
        middle = np.asarray(centre, dtype=np.float64)
        assert middle[2] > 0 and size > 0, "the cube is in front of the camera"
        forward = middle / np.linalg.norm(middle)
        right = np.array([1.0, 0.0, 0.0]) - forward[0] * forward
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        return cls(middle, float(size), np.stack([right, up, -forward]))

    @property
    def distance(self) -> float:
        """The camera's distance from the cube's centre, in sides of the cube."""
        return float(np.linalg.norm(self.centre)) / self.size

    def to_cube(self, points: np.ndarray) -> np.ndarray:
        """Turn (…, 3) points of the camera frame, in metres, into points of the cube."""
        return (points - self.centre) @ self.rotation.T / self.size

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Turn (…, 3) points of the cube into points of the camera frame, in metres."""
        return points @ self.rotation * self.size + self.centre

    @property
    def matrix(self) -> np.ndarray:
        """The (4, 4) similarity that takes points of the cube to the camera frame."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation.T * self.size
        matrix[:3, 3] = self.centre
        return matrix


@dataclass(frozen=True)
class Perspective:
    """The projective map that makes the rays of a camera in front of the cube parallel.

    The camera is at (0, 0, D). A point q goes to q·(D − ½)/(D − z): the cube's face at z = ½ stays
    where it is, the cube goes into itself, planes stay planes, and the ray through q becomes a
    line parallel to the z axis. A depth map of that cube has a pixel for each of the camera's rays.

    Attributes:
        distance: D, > ½, in sides of the cube.
    """

    distance: float

    def magnification(self, z: Any) -> Any:
        """Return how much longer lengths across the rays become at z (an array or a tensor)."""
        # Behind the camera nothing is seen; there the map need only be finite.
        return (self.distance - 0.5) / (self.distance - z).clip(min=(self.distance - 0.5) / 8)

    def __call__(self, points: Any) -> Any:
        """Map (…, 3) points of the cube, an array or a tensor."""
        return points * self.magnification(points[..., 2:])

    def inverse_z(self, z: Any) -> Any:
        """Map back the z of points, an array or a tensor."""
        # z* = z·a/(D − z) with a = D − ½, so z = D·z*/(a + z*) and (D − z)/a = D/(a + z*).
        # What is infinitely far away goes to z* = −a. Beyond that the map need only be finite.
        near = self.distance - 0.5
        return self.distance * z / (near + z).clip(min=near / 1e3)

    def inverse(self, points: np.ndarray) -> np.ndarray:
        """Map (…, 3) points back into the cube."""
        return points * (self.distance / (self.distance - 0.5 + points[..., 2:]))


@dataclass(frozen=True)
class RayMap:
    """A camera's view of the cube, with a pixel for each ray."""

    # (S, S) float32 depth map of the cube that `perspective` makes of the cube, as
    # depth.check_depth has it, background −1
    depth: np.ndarray
    known: np.ndarray  # (S, S) bool, False where the camera could not tell what a ray meets
    perspective: Perspective  # where the camera is
