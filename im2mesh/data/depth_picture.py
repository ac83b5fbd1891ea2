"""Depth maps as pictures."""

from __future__ import annotations

import numpy as np

from im2mesh.errors import InputError

WHITE = (255, 255, 255)

# Near to far, evenly spaced: rising hue and falling lightness, so that grey prints read too.
NEAR_TO_FAR = np.array(
    [
        (252, 226, 158),
        (246, 172, 108),
        (224, 110, 96),
        (166, 68, 108),
        (98, 48, 108),
        (40, 30, 78),
    ],
    dtype=np.float64,
)

# A light above the camera's left shoulder, in the camera frame (x right, y up, z to the viewer).
LIGHT = np.array([-0.35, 0.5, 0.8]) / np.linalg.norm([-0.35, 0.5, 0.8])

# A map whose depths differ by less than this is coloured as if they differed by this much.
LEAST_RANGE = 0.05


def depth_picture(
    depth: np.ndarray, limits: tuple[float, float] | None = None, shading: float = 0.5
) -> np.ndarray:
    """Colour a depth map: near bright, far dark, background white, with some relief.

    Args:
        depth: (H, W) real numbers; d ≥ 0 where the surface is at z = 0.5 − d; any negative, NaN
            or infinite value is background.
        limits: the depths that get the brightest and the darkest colour; None: the nearest and
            the farthest of this map.
        shading: how much of the brightness is shading by the slope, in [0, 1].

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: not a 2-D array of numbers.
    """
    depth = np.asarray(depth)
    if depth.ndim != 2 or depth.dtype.kind not in "fiu":
        raise InputError(
            f"a depth map of shape {depth.shape} ({depth.dtype}) cannot be drawn; expected (H, W)"
        )
    depth = depth.astype(np.float64)
    foreground = np.isfinite(depth) & (depth >= 0)
    picture = np.full((*depth.shape, 3), WHITE, dtype=np.uint8)
    if not foreground.any():
        return picture
    seen = depth[foreground]
    near, far = limits if limits is not None else (seen.min(), seen.max())
    far = max(far, near + LEAST_RANGE)
    colour = interpolated(NEAR_TO_FAR, seen, near, far)
    light = np.clip(depth_normals(depth, foreground)[foreground] @ LIGHT, 0, 1)
    brightness = 1 - shading * (1 - (0.35 + 0.65 * light / LIGHT[2]).clip(0, 1.15))
    picture[foreground] = np.clip(np.rint(colour * brightness[:, None]), 0, 255).astype(np.uint8)
    return picture


def interpolated(stops: np.ndarray, values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return (N, 3) colours of (N,) values, between (K, 3) evenly spaced ones from low to high."""
    at = np.linspace(low, high, len(stops))
    return np.stack([np.interp(values, at, channel) for channel in stops.T], axis=-1)


def depth_normals(depth: np.ndarray, foreground: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) unit normals of a depth map; those of the background face the viewer.

    The slope at a pixel is taken towards the neighbour that is nearer in depth, so that an edge of
    the object does not look like a steep wall.
    """
    z = np.where(foreground, -depth, np.nan)
    right = _gentler(z, axis=1) * depth.shape[1]
    down = _gentler(z, axis=0) * depth.shape[0]
    normals = np.stack([-right, down, np.ones_like(z)], axis=-1)
    return normals / np.linalg.norm(normals, axis=-1, keepdims=True)


def _gentler(z: np.ndarray, axis: int) -> np.ndarray:
    """Return the smaller difference to a neighbour along an axis, 0 where there is none."""
    step = np.diff(z, axis=axis)
    gap = np.full_like(np.take(z, [0], axis=axis), np.nan)
    ahead = np.concatenate([step, gap], axis=axis)
    behind = np.concatenate([gap, step], axis=axis)
    smaller = np.fmin(np.abs(ahead), np.abs(behind))
    return np.nan_to_num(np.where(np.abs(ahead) == smaller, ahead, behind))
