"""Scenes: named layers in one frame, independent of the way they are drawn.

A file becomes a :class:`Layer`. The layer of a depth map has the points that the camera saw (and
the map), that of a mesh its triangles, that of a cloud its points. All are in the camera frame of
``docs/conventions.md``.
Pictures (:mod:`im2mesh.visualize.picture`), pages (:mod:`im2mesh.visualize.page`) and the viser
server (:mod:`im2mesh.visualize.serve`) draw any :class:`Scene`, so every kind of file can be shown
in every way.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

import igl
import numpy as np
from PIL import Image
from scipy.spatial import cKDTree

from im2mesh.data.depth import FORMATS as DEPTH_FORMATS
from im2mesh.data.depth import MODEL_FILE, has_depth_key, load_depth
from im2mesh.data.depth_picture import LEAST_RANGE, depth_normals, depth_picture
from im2mesh.data.storage import read_pointcloud, read_points
from im2mesh.errors import EmptyError, InputError
from im2mesh.files import folder_name, open_npz, why_missing
from im2mesh.geometry.mesh_files import FORMATS, load_mesh_or_cloud
from im2mesh.geometry.pixels import back_project
from im2mesh.geometry.poses import normalise
from im2mesh.geometry.surface import sample_surface
from im2mesh.visualize.colours import Scale, depth_scale, error_scale, normal_colours, with_bar
from im2mesh.visualize.division import divide
from im2mesh.visualize.mesh import corner_normals

log = logging.getLogger(__name__)

Colouring: TypeAlias = Literal["depth", "normal", "error"]

FILES = (*DEPTH_FORMATS, *FORMATS)
"""Extensions of the files that can be shown, in lower or upper case."""

GROUND_TRUTH = "ground truth"

ERROR_LIMIT = 0.05
"""The least distance that gets the strongest colour, unless the user gives another one."""

OUTSIDE = 0.01
"""A layer that reaches out of the cube by more is reported, and the frame is widened for it."""

PROBES = 4000
"""Points of each layer that tell whether it is in the ground truth's frame."""

FAR, FAR_MESH = (0.9, 0.04), (0.5, 0.1)
"""Quantile and share: another frame is suspected if this quantile of a layer's distances to the
ground truth exceeds this share of its size. ``FAR`` is for depth maps, ``FAR_MESH`` for meshes."""

LONGEST_EDGE = 0.03
"""Colours belong to vertices, so faces with longer edges are divided before they are coloured."""

COLOURED_SHADING = 0.5
"""The :attr:`Scene.shading` of colours that stand for numbers."""


@dataclass(frozen=True)
class Layer:
    """One object in a scene: a mesh or a cloud."""

    name: str  # as it is labelled, unique in a scene
    vertices: np.ndarray  # (V, 3) float64 in the camera frame; V may be 0
    # (F, 3) int64; none: a cloud
    faces: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    # (V, 3) uint8; None: a mesh is drawn in one colour with light and shade
    colours: np.ndarray | None = None
    normals: np.ndarray | None = None  # (V, 3) of a cloud's points; None: not known
    # (256, 256) the depth map that the points come from, None for other files
    depth: np.ndarray | None = None

    @property
    def is_cloud(self) -> bool:
        return not len(self.faces)

    @property
    def is_empty(self) -> bool:
        return not len(self.vertices)

    def depth_picture(self, size: int = 256) -> np.ndarray:
        """Draw the depth map with its colour bar, (H, ``size``, 3) uint8."""
        assert self.depth is not None
        near, far = depth_limits(self.depth)
        picture = Image.fromarray(depth_picture(self.depth, (near, far)))
        larger = picture.resize((size, size), Image.Resampling.NEAREST)
        return with_bar(np.asarray(larger), depth_scale(near, far))


@dataclass(frozen=True)
class Scene:
    """Layers in one frame."""

    layers: tuple[Layer, ...]  # at least one that is not empty
    scale: Scale | None = None  # of the colours; None: no bar is needed
    shading: float = 1.0  # how much of the meshes' brightness depends on the lights, in [0, 1]

    @property
    def frame(self) -> float:
        """Side of the cube about the origin that holds everything, at least 1."""
        reach = max(float(np.abs(layer.vertices).max(initial=0)) for layer in self.layers)
        return 1.0 if reach <= 0.5 + OUTSIDE else 2 * reach

    def panels(self, together: bool) -> list[tuple[str, tuple[Layer, ...]]]:
        """Return names and layers of the pictures: one of all layers, or one a layer."""
        groups = [self.layers] if together else [(layer,) for layer in self.layers]
        return [(", ".join(layer.name for layer in group), group) for group in groups]


def depth_limits(depth: np.ndarray) -> tuple[float, float]:
    """Return the nearest and farthest foreground depth, at least :data:`LEAST_RANGE` apart."""
    seen = depth[depth >= 0]
    return float(seen.min()), max(float(seen.max()), float(seen.min()) + LEAST_RANGE)


# --- reading ----------------------------------------------------------------------------------


def load_layer(
    path: str | os.PathLike[str],
    name: str | None = None,
    fit: bool = False,
    scale: float | None = None,
) -> Layer:
    """Read a file.

    Args:
        path: a depth map, ``pointcloud.npz``, ``points.npz`` (of which the points inside are
            shown), or a mesh or cloud in one of the formats of :data:`FILES`.
        name: the layer's; None: the file's stem, or its folder's name for ``000.npz``.
        fit: centre it and scale it to a largest extent of 1.
        scale: of a depth map, see :func:`im2mesh.data.depth.load_depth`.

    Raises:
        InputError: one line that names the file: missing, of an unknown kind, malformed, or with
            nothing in it.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: {why_missing(path)}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name the files in it, or use --report for a run")
    if path.suffix.lower() not in FILES:
        raise InputError(f"{path}: cannot be shown; files that can end in {' '.join(FILES)}")
    name = name or _name(path)
    if path.suffix.lower() in FORMATS:
        layer = Layer(name, *load_mesh_or_cloud(path))
    elif has_depth_key(path):
        layer = layer_of_depth(load_depth(path, scale), name)
    else:
        layer = _load_points(path, name)
    if not np.isfinite(layer.vertices).all():
        raise InputError(f"{path}: has points that are not finite; repair or drop it")
    if fit:
        try:
            layer = replace(layer, vertices=normalise(layer.vertices))
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
    reach = float(np.abs(layer.vertices).max())
    if reach > 0.5 + OUTSIDE:
        log.warning(
            "%s: reaches %.3g, beyond the cube [-0.5, 0.5]³: not in the camera frame? "
            "--fit centres and scales each file",
            path,
            reach,
        )
    return layer


def _name(path: Path) -> str:
    return folder_name(path.parent) if path.name == MODEL_FILE else path.stem


def _load_points(path: Path, name: str) -> Layer:
    """Read an ``.npz`` without depth."""
    with open_npz(path) as arrays:
        keys = set(arrays.files)
    if keys & {"occupancies", "sdf"}:
        points = read_points(path)
        assert points.inside is not None
        vertices, normals = points.points[points.inside], None
        if not len(vertices):
            raise EmptyError(f"{path}: none of its {len(points.points)} points is inside")
    elif "points" in keys:
        cloud = read_pointcloud(path)
        vertices, normals = cloud.points, cloud.normals
    else:
        load_depth(path)  # says which keys it looks for
        raise AssertionError
    if not len(vertices):
        raise EmptyError(f"{path}: holds no points")
    return Layer(name, vertices.astype(np.float64), normals=normals)


def layer_of_depth(depth: np.ndarray, name: str) -> Layer:
    """Return the points of a (256, 256) depth map, coloured as in its picture."""
    seen = depth >= 0
    return Layer(
        name,
        back_project(depth).astype(np.float64),
        colours=depth_picture(depth)[seen],
        normals=depth_normals(depth, seen)[seen],
        depth=depth,
    )


def names_of(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return a short name for each file, different for different files.

    Files with the same stem are named by the differing ends of their paths; repeated files are
    numbered.
    """
    files = [Path(path) for path in paths]
    stems = Counter(_name(path) for path in files)
    names = []
    for path in files:
        name = _name(path)
        if stems[name] > 1:
            alike = [Path(os.path.abspath(other)) for other in files if _name(other) == name]
            start = os.path.commonpath([other.parent for other in alike])
            name = os.path.relpath(path, start)
        names.append(name)
    seen: Counter[str] = Counter()
    for k, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[k] = f"{name} ({seen[name]})"
    return names


def load_scene(
    paths: Sequence[str | os.PathLike[str]],
    names: Sequence[str] | None = None,
    colour: Colouring | None = None,
    ground_truth: str | os.PathLike[str] | None = None,
    error_limit: float = ERROR_LIMIT,
    fit: bool = False,
    scale: float | None = None,
) -> Scene:
    """Read files as the layers of one scene.

    Beside other files, a file without content is an empty layer.

    Args:
        paths: see :func:`load_layer`.
        names: one for each path; None: :func:`names_of`.
        colour: ``depth``: by the distance from the cube's front; ``normal``; ``error``: by the
            distance to ``ground_truth``; None: plain meshes, clouds by depth.
        ground_truth: a mesh or a cloud, shown as a layer too.
        error_limit: the distance that gets the strongest colour.
        fit: centre and scale each file.
        scale: of depth maps, see :func:`im2mesh.data.depth.load_depth`.

    Raises:
        EmptyError: none of the files, or not the ground truth, has anything in it.
    """
    if colour == "error" and ground_truth is None:
        raise InputError("--color error needs what to compare with: --ground-truth FILE")
    if not (np.isfinite(error_limit) and error_limit > 0):
        raise InputError(f"--error-limit {error_limit}: must be a positive length, such as 0.05")
    if names is None:
        names = names_of(paths)
    elif len(names) != len(paths):
        raise InputError(f"--names: {len(names)} names for {len(paths)} files")
    elif len(set(names)) < len(names):
        raise InputError(f"--names: {', '.join(names)} are not all different")
    layers: list[Layer] = []
    empty: list[EmptyError] = []
    for path, name in zip(paths, names, strict=True):
        try:
            layers.append(load_layer(path, name, fit, scale))
        except EmptyError as error:
            empty.append(error)
            layers.append(Layer(f"{name}: empty", np.zeros((0, 3))))
    if len(empty) == len(layers):
        raise empty[0]
    for nothing_in in empty:
        log.warning("%s", nothing_in)
    truth = None
    if ground_truth is not None:
        taken = {layer.name for layer in layers}
        name = next(
            n
            for k in range(1, len(taken) + 2)
            if (n := GROUND_TRUTH if k == 1 else f"{GROUND_TRUTH} ({k})") not in taken
        )
        truth = load_layer(ground_truth, name, fit)
        _warn_of_frame(ground_truth, truth, [layer for layer in layers if len(layer.vertices)])
        # After the inputs, before what was made of them.
        first = sum(layer.depth is not None for layer in layers)
        layers.insert(first if all(x.depth is not None for x in layers[:first]) else 0, truth)
    return coloured(layers, colour, truth, error_limit)


def _warn_of_frame(path: str | os.PathLike[str], truth: Layer, layers: Sequence[Layer]) -> None:
    """Log a warning where the truth is far from what the files show, so of another frame.

    A depth map's points lie on the truth. Meshes may be wrong, so they count only where there is
    no depth map.
    """
    maps = [layer for layer in layers if layer.depth is not None]
    shown, (quantile, limit) = (maps, FAR) if maps else (layers, FAR_MESH)
    own = truth.vertices
    if len(truth.faces):
        own = sample_surface(own, truth.faces, PROBES, np.random.default_rng(0))[0]
    tree = cKDTree(own[:: -(-len(own) // PROBES)])
    points = np.concatenate([v[:: -(-len(v) // PROBES)] for v in (s.vertices for s in shown)])
    size = float(np.ptp(truth.vertices, axis=0).max())
    apart = float(np.quantile(tree.query(points)[0], quantile))
    if size > 0 and apart > limit * size:
        log.warning(
            "%s: lies up to %.3g from what the files show, %.0f%% of its size: in another frame? "
            "The truth must be in the camera frame of the depth map (render_depth.py --posed-mesh "
            "writes it)",
            path,
            apart,
            100 * apart / size,
        )


# --- colours ----------------------------------------------------------------------------------


def coloured(
    layers: Sequence[Layer],
    colour: Colouring | None = None,
    truth: Layer | None = None,
    error_limit: float = ERROR_LIMIT,
) -> Scene:
    """Return layers as a scene, coloured as by :func:`load_scene`; ``error`` needs ``truth``."""
    if colour is None:
        scale = _depths(layers)
        shown = [
            replace(layer, colours=scale.colours(0.5 - layer.vertices[:, 2]))
            if layer.is_cloud and layer.colours is None
            else layer
            for layer in layers
        ]
        return Scene(tuple(shown))
    if colour == "normal":
        return Scene(tuple(_by_normal(layer) for layer in layers), shading=0.0)
    # Ground truth has no error anywhere, however long its edges are.
    one_colour = truth if colour == "error" else None
    divided = [layer if layer is one_colour else _divided(layer) for layer in layers]
    if colour == "depth":
        scale = _depths(divided)
        values = [0.5 - layer.vertices[:, 2] for layer in divided]
    else:
        assert truth is not None
        scale = error_scale(error_limit, truth.name)
        values = [distances(layer.vertices, truth) for layer in divided]
    shown = [
        replace(layer, colours=scale.colours(of_layer))
        for layer, of_layer in zip(divided, values, strict=True)
    ]
    return Scene(tuple(shown), scale, COLOURED_SHADING)


def distances(points: np.ndarray, truth: Layer) -> np.ndarray:
    """Return (N,) distances to the surface of a mesh, or to the nearest point of a cloud."""
    if truth.is_cloud or not len(points):
        return np.asarray(cKDTree(truth.vertices).query(points)[0])
    squared = igl.point_mesh_squared_distance(points, truth.vertices, truth.faces)[0]
    return np.sqrt(np.maximum(squared, 0))


def _depths(layers: Sequence[Layer]) -> Scale:
    z = np.concatenate([layer.vertices[:, 2] for layer in layers])
    near = 0.5 - float(z.max())
    return depth_scale(near, max(0.5 - float(z.min()), near + LEAST_RANGE))


def _by_normal(layer: Layer) -> Layer:
    """Colour a layer by its normals; a mesh gets a vertex for each corner, to keep edges sharp."""
    if not layer.is_cloud:
        normals = corner_normals(layer.vertices, layer.faces).reshape(-1, 3)
        return replace(
            layer,
            vertices=layer.vertices[layer.faces.reshape(-1)],
            faces=np.arange(len(normals)).reshape(-1, 3),
            colours=normal_colours(normals),
        )
    if layer.normals is None:
        if layer.is_empty:
            return replace(layer, colours=np.zeros((0, 3), np.uint8))
        log.warning("%s: has points without normals; they are shown in grey", layer.name)
        return replace(layer, colours=np.full((len(layer.vertices), 3), 150, np.uint8))
    return replace(layer, colours=normal_colours(layer.normals))


def _divided(layer: Layer) -> Layer:
    """Divide a mesh until no edge is longer than :data:`LONGEST_EDGE` of the frame."""
    if layer.is_cloud:
        return layer
    longest = LONGEST_EDGE * Scene((layer,)).frame
    vertices, faces = divide(layer.vertices, layer.faces, longest)
    return replace(layer, vertices=vertices, faces=faces)
