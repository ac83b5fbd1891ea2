"""The decoder in numpy, one formula a line."""

from __future__ import annotations

import numpy as np


def _linear(weights: dict, name: str, x: np.ndarray) -> np.ndarray:
    return x @ weights[f"{name}.weight"][:, :, 0].T + weights[f"{name}.bias"]


def _norm(weights: dict, name: str, x: np.ndarray, code: np.ndarray) -> np.ndarray:
    mean, var = weights[f"{name}.bn.running_mean"], weights[f"{name}.bn.running_var"]
    normalised = (x - mean) / np.sqrt(var + 1e-5)
    gamma = _linear(weights, f"{name}.conv_gamma", code[None])
    beta = _linear(weights, f"{name}.conv_beta", code[None])
    return gamma * normalised + beta


def reference_decoder(weights: dict, points: np.ndarray, code: np.ndarray) -> np.ndarray:
    """(T, 3) points under one code → (T,) values, in evaluation mode."""
    x = _linear(weights, "fc_p", points)
    for k in range(5):
        hidden = np.maximum(_norm(weights, f"block{k}.bn_0", x, code), 0)
        hidden = _linear(weights, f"block{k}.fc_0", hidden)
        hidden = np.maximum(_norm(weights, f"block{k}.bn_1", hidden, code), 0)
        x = x + _linear(weights, f"block{k}.fc_1", hidden)
    return _linear(weights, "fc_out", np.maximum(_norm(weights, "bn", x, code), 0))[:, 0]


def reference_norm_relu_linear(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    residual: np.ndarray | None,
    eps: float,
) -> np.ndarray:
    """Compute what im2mesh/models/blocked.py computes, one operation after the other."""
    rows = x.reshape(-1, x.shape[2])
    mean, variance = rows.mean(axis=0), rows.var(axis=0)
    normed = gamma[:, None] * (x - mean) / np.sqrt(variance + eps) + beta[:, None]
    y = np.maximum(normed, 0) @ weight.T + bias
    return y if residual is None else y + residual
