"""Muon by singular values, in float64."""

from __future__ import annotations

import numpy as np


def polynomial(values: np.ndarray) -> np.ndarray:
    """Jordan et al.'s quintic, applied five times to singular values in [0, 1]."""
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return values


def orthogonalize(matrix: np.ndarray) -> np.ndarray:
    """Map the singular values, after division by the Frobenius norm, and keep the vectors."""
    u, values, v = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    return u @ np.diag(polynomial(values / np.linalg.norm(matrix))) @ v


def train(weight: np.ndarray, gradients: list[np.ndarray], lr: float) -> np.ndarray:
    """Return a matrix after a step for each gradient."""
    weight, momentum = weight.astype(np.float64), np.zeros_like(weight, dtype=np.float64)
    for gradient in gradients:
        momentum = 0.95 * momentum + 0.05 * gradient
        update = orthogonalize(0.05 * gradient + 0.95 * momentum)
        weight = (1 - 0.02 * lr) * weight - 0.2 * np.sqrt(max(weight.shape)) * lr * update
    return weight
