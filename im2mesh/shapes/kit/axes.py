"""Directions and rotations: x right, y up, z to the front."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.geometry.poses import pose_rotation

RIGHT, UP, FRONT = np.eye(3)
SIDES = (-1, 1)


def around(angle: float) -> np.ndarray:
    """Return the (3,) level unit vector at an angle in degrees: 0 is +z, 90 is +x."""
    return pose_rotation(angle, 0.0)[:, 2]


def roll(degrees: float) -> np.ndarray:
    """Return the (3, 3) rotation about z that leans upright things to the left, −x."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def tilt(degrees: float) -> np.ndarray:
    """Return the (3, 3) rotation about x that leans upright things forward; if negative, back."""
    return pose_rotation(0.0, degrees)
