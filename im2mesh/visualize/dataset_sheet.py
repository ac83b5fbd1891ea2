"""A contact sheet of a data set: depth, points by occupancy, cloud by visibility."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np

from im2mesh.data.depth_picture import depth_picture
from im2mesh.data.storage import PointCloud, Points, Sample
from im2mesh.geometry.pixels import IMAGE_SIZE
from im2mesh.geometry.poses import pose_rotation
from im2mesh.preparation.listing import lists_of_folder
from im2mesh.visualize.contact_sheet import Row, contact_sheet
from im2mesh.visualize.picture import render
from im2mesh.visualize.scene import Layer

log = logging.getLogger(__name__)

INSIDE, OUTSIDE = np.array([(196, 60, 40), (222, 226, 232)], dtype=np.uint8)
SEEN, UNSEEN = np.array([(232, 140, 36), (52, 92, 160)], dtype=np.uint8)

# How much darker a point at the back is than one at the front.
FADE = 0.55

# Half the thickness of the slice of points that is shown.
SLICE = 0.02


def dataset_sheet(
    root: str | os.PathLike[str], path: str | os.PathLike[str], most: int = 12
) -> tuple[int, int]:
    """Draw at most so many of a data set's models: of every class in turn, its first ones.

    Return the number of models that are drawn, and the number that there are.

    Raises:
        InputError: the folder holds no lists, or a model cannot be read.
    """
    by_class: dict[str, dict[str, tuple[Sample, str]]] = {}
    splits, problems = lists_of_folder(Path(root))
    for problem in problems:
        log.warning("%s", problem)
    for split in splits:
        models = by_class.setdefault(split.class_name, {})
        for model in split.models():
            models.setdefault(model.name, (model, split.name))
    waiting = [list(models.values()) for models in by_class.values() if models]
    chosen: list[tuple[Sample, str]] = []
    while waiting and len(chosen) < most:
        chosen += [models.pop(0) for models in waiting]
        waiting = [models for models in waiting if models]
    chosen = chosen[:most]
    contact_sheet([_row(model, split) for model, split in chosen], path)
    return len(chosen), sum(len(models) for models in by_class.values())


def _row(model: Sample, split: str) -> Row:
    points, cloud = model.points(), model.pointcloud()
    title = f"{model.class_name}/{model.name} ({split})"
    pictures = [*_points_pictures(points), *_cloud_pictures(cloud)]
    return title, depth_picture(model.depth()), pictures


def _points_pictures(points: Points) -> list[tuple[str, np.ndarray]]:
    inside, places = points.inside, points.points
    assert inside is not None
    # The slice that has most of the object.
    bins = np.linspace(-0.5, 0.5, 26)
    counts = np.histogram(places[inside, 2], bins)[0]
    middle = float(bins[counts.argmax()] + 0.02)
    shown = np.abs(places[:, 2] - middle) < SLICE
    colours = np.where(inside[shown, None], INSIDE, OUTSIDE)
    share = f"{inside.mean():.1%}"
    return [
        (f"slice at z = {middle:.2f}: inside red", _drawn(places[shown], colours, 4)),
        (f"inside: {share} of {len(places)} points", _faded(places[inside], INSIDE)),
    ]


def _cloud_pictures(cloud: PointCloud) -> list[tuple[str, np.ndarray]]:
    seen = cloud.visible
    if seen is None:
        return [("cloud", _faded(cloud.points, UNSEEN))]
    colours = np.where(seen[:, None], SEEN, UNSEEN)
    pictures = []
    for name, azimuth, elevation in (
        (f"cloud: {seen.mean():.0%} seen, orange", 0, 0),
        ("cloud from its right", -90, 0),
        ("cloud from above", 0, 90),
    ):
        turned = cloud.points @ pose_rotation(azimuth, elevation).T
        pictures.append((name, _faded(turned, colours)))
    return pictures


def _faded(points: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Draw points, darker towards the back."""
    bright = 1 - FADE * np.clip(0.5 - points[:, 2:], 0, 1)
    return _drawn(points, (colours * bright).astype(np.uint8))


def _drawn(points: np.ndarray, colours: np.ndarray, width: int = 2) -> np.ndarray:
    cloud = Layer("", points, colours=colours)
    return render([cloud], size=IMAGE_SIZE, zoom=1.0, point=width / IMAGE_SIZE)
