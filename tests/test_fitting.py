"""Depth maps whose object does not fill the cube: the warning, and --fit."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import trimesh

from im2mesh.data.depth import load_depth
from im2mesh.data.fitting import Fit, fit_of, fitted, warn_if_small
from im2mesh.generation.pipeline import Reconstructor
from im2mesh.geometry.rendering import render_depth
from tests.conftest import REPOSITORY

BALL = trimesh.creation.icosphere(subdivisions=3, radius=0.5)
POLE = trimesh.creation.box((0.2, 0.2, 1.0))


def shown(mesh: trimesh.Trimesh, scale: float = 1.0, place: tuple = (0, 0, 0)) -> np.ndarray:
    return render_depth(mesh.vertices * scale + np.array(place), mesh.faces)


@pytest.mark.parametrize(
    ("scale", "place"), [(0.25, (0.3, -0.2, 0.1)), (0.6, (-0.19, 0.1, -0.1)), (0.9, (0, 0, 0))]
)
def test_a_small_ball_is_fitted(scale: float, place: tuple[float, float, float]) -> None:
    """Its map becomes that of the whole cube's ball, to a pixel of the small map."""
    depth = shown(BALL, scale, place)
    fit = fit_of(depth)
    pixel = 1 / 256 / scale
    assert fit.side == pytest.approx(scale, abs=3 / 256)
    np.testing.assert_allclose(fit.centre[:2], place[:2], atol=1 / 256)
    at_place = Fit(np.array(place), scale)
    seen, known = fitted(depth, at_place)
    whole = shown(BALL)
    assert known.all()
    assert ((seen >= 0) != (whole >= 0)).mean() < 5 * pixel
    both = (shown(BALL, 0.8) >= 0) & (seen >= 0)
    assert np.median(np.abs(seen - whole)[both]) < pixel


def test_back_is_the_inverse() -> None:
    fit = Fit(np.array([0.1, -0.2, 0.05]), 0.25)
    np.testing.assert_allclose(fit.back(np.zeros((1, 3))), [fit.centre])
    np.testing.assert_allclose(np.ptp(fit.back(np.array([[-0.5] * 3, [0.5] * 3])), axis=0), 0.25)


def test_the_mask_is_fitted_with_its_map() -> None:
    depth = shown(BALL, 0.25, (0.3, 0.3, 0))
    known = np.ones((256, 256), bool)
    known[:, 205:] = False  # right of the ball's middle, x = 0.3
    _, seen = fitted(depth, Fit(np.array([0.3, 0.3, 0]), 1.0), known)
    assert seen[:, :120].all() and not seen[128, 129:170].any()
    assert seen[:, 190:].all(), "outside the map nothing can be"


@pytest.mark.parametrize(
    ("mesh", "scale", "place", "warns"),
    [
        (BALL, 1.0, (0, 0, 0), False),
        (BALL, 0.25, (0, 0, 0), True),
        (BALL, 0.25, (0.3, 0.3, 0.3), True),
        (POLE, 1.0, (0, 0, 0), False),  # end-on: as small in the picture as the quarter ball
    ],
)
def test_small_objects_are_warned_of(
    mesh: trimesh.Trimesh,
    scale: float,
    place: tuple[float, float, float],
    warns: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        warn_if_small(shown(mesh, scale, place), "cup")
    assert ("cup: the object fills 0.2" in caplog.text) is warns


def test_the_mesh_comes_back_in_the_frame_of_the_map() -> None:
    whole = load_depth(REPOSITORY / "data/demo/sofa_demo-00/000.npz")
    quarter = Fit(np.zeros(3), 4.0)  # the map of a cube four times as large
    small, _ = fitted(whole, quarter)
    hpn = Reconstructor.from_configs(
        [REPOSITORY / "configs/demo/volume.yaml"],
        "cpu",
        resolution=32,
        symmetry="none",
        fit=True,
    )
    mesh = hpn(small).mesh
    seen = fit_of(small)
    assert mesh.is_watertight
    low, high = mesh.bounds
    assert (high - low).max() == pytest.approx(seen.side, rel=0.15)
    np.testing.assert_allclose(((low + high) / 2)[:2], seen.centre[:2], atol=0.03)


def test_a_map_that_fills_the_cube_stays_nearly_as_it_is() -> None:
    whole = load_depth(REPOSITORY / "data/demo/sofa_demo-00/000.npz")
    fit = fit_of(whole)
    again, _ = fitted(whole, fit)
    assert ((again >= 0) != (whole >= 0)).mean() < 0.05
