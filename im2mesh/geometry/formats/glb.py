"""GLB files: the triangles of a glTF 2.0 scene.

The scene is read as it stands when nothing moves: with its morph weights and the pose of its
skins, without animations. https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import numpy as np

from im2mesh.errors import InputError
from im2mesh.geometry.formats.polygons import strip

_JSON, _BINARY = 0x4E4F534A, 0x004E4942

_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}

_POINTS, _LINES, _TRIANGLES, _STRIP, _FAN = 0, (1, 2, 3), 4, 5, 6

DRACO = "KHR_draco_mesh_compression"
INSTANCING = "EXT_mesh_gpu_instancing"
VISIBILITY = "KHR_node_visibility"
MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")

SUPPORTED = re.compile(
    rf"KHR_mesh_quantization|{INSTANCING}|{VISIBILITY}|KHR_animation_pointer"
    r"|(KHR|EXT|MSFT|ADOBE)_(materials|texture|lights|xmp)\w*"
)
"""Extensions that a file may require: those that are read and those that say nothing of shape."""

Mesh = tuple[np.ndarray, np.ndarray]


def read(data: bytes) -> Mesh:
    """Read a mesh; see :mod:`im2mesh.geometry.formats`. Points count where there is no face."""
    tree, binary = _chunks(data)
    try:
        return _read_tree(tree, binary)
    except KeyError as error:
        raise InputError(f"its JSON lacks {error}, or has it wrong") from error


def _read_tree(tree: dict[str, Any], binary: bytes) -> Mesh:
    version = str(tree["asset"].get("minVersion", tree["asset"]["version"]))
    if not version.startswith("2.") or ("minVersion" in tree["asset"] and version != "2.0"):
        raise InputError(f"glTF {version} is not read, only 2.0")
    for name in tree.get("extensionsRequired", []):
        if not SUPPORTED.fullmatch(name):
            raise InputError(f"it requires the extension {name}, which is not read")
    return _Scene(tree, binary).mesh()


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    if data[:4] != b"glTF":
        raise InputError("it does not start with glTF")
    version, length = np.frombuffer(data, "<u4", 2, 4).tolist()
    if version != 2:
        raise InputError(f"version {version} of GLB is not read, only 2")
    found: dict[int, bytes] = {}
    at = 12
    while at + 8 <= min(length, len(data)):
        size, kind = np.frombuffer(data, "<u4", 2, at).tolist()
        found.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    if length > len(data) or at > length:
        raise InputError("it is cut off")
    if _JSON not in found:
        raise InputError("it has no JSON")
    # Some writers fill up with zeros in place of blanks.
    return json.loads(found[_JSON].rstrip(b"\0")), found.get(_BINARY, b"")


class _Scene:
    def __init__(self, tree: dict[str, Any], binary: bytes) -> None:
        self._tree = tree
        self._binary = binary
        self._nodes: list[dict[str, Any]] = tree.get("nodes", [])
        self._world = self._matrices()
        self._parts: list[Mesh] = []

    def mesh(self) -> Mesh:
        scenes = self._tree.get("scenes", [])
        children = {child for node in self._nodes for child in node.get("children", [])}
        roots = [index for index in range(len(self._nodes)) if index not in children]
        shown = (
            self._get("scenes", self._tree.get("scene", 0)).get("nodes", []) if scenes else roots
        )
        pending = list(reversed(shown))
        while pending:
            index = pending.pop()
            node = self._get("nodes", index)
            if node.get("extensions", {}).get(VISIBILITY, {}).get("visible", True):
                self._add(node, self._world[index])
                pending += reversed(node.get("children", []))
        parts = [(np.zeros((0, 3)), np.zeros((0, 3), np.int64)), *self._parts]
        starts = np.cumsum([0] + [len(vertices) for vertices, _ in parts])
        faces = [part + start for (_, part), start in zip(parts, starts[:-1], strict=True)]
        return np.concatenate([vertices for vertices, _ in parts]), np.concatenate(faces)

    # --- nodes --------------------------------------------------------------------------------

    def _matrices(self) -> np.ndarray:
        """Return the (N, 4, 4) transforms of the nodes to the scene's frame."""
        world = np.stack([_matrix(node) for node in self._nodes] or [np.eye(4)])
        seen: set[int] = set()
        for node in self._nodes:
            for child in node.get("children", []):
                if child in seen or not 0 <= child < len(self._nodes):
                    raise InputError(f"node {child} is no node, or that of two parents")
                seen.add(child)
        done = [index for index in range(len(self._nodes)) if index not in seen]
        for index in done:  # it grows
            for child in self._nodes[index].get("children", []):
                world[child] = world[index] @ world[child]
                done.append(child)
        if len(done) < len(self._nodes):
            raise InputError("a node is its own ancestor")
        return world

    def _add(self, node: dict[str, Any], matrix: np.ndarray) -> None:
        if "mesh" not in node:
            return
        mesh = self._get("meshes", node["mesh"])
        weights = node.get("weights", mesh.get("weights", []))
        matrices = matrix @ self._instances(node)
        for primitive in mesh["primitives"]:
            if (
                primitive.get("mode", _TRIANGLES) in _LINES
                or "POSITION" not in primitive["attributes"]
            ):
                continue
            points, faces = self._primitive(primitive, weights)
            if "skin" in node and "JOINTS_0" in primitive["attributes"]:
                self._parts.append((self._skinned(points, primitive, node["skin"]), faces))
                continue
            for place in matrices:
                moved = (
                    points
                    if np.array_equal(place, np.eye(4))
                    else points @ place[:3, :3].T + place[:3, 3]
                )
                # A mirrored face is turned inside out.
                mirrored = np.linalg.det(place[:3, :3]) < 0
                self._parts.append((moved, faces[:, ::-1] if mirrored else faces))

    def _instances(self, node: dict[str, Any]) -> np.ndarray:
        """Return the (K, 4, 4) transforms of the instances of a node's mesh."""
        extension = node.get("extensions", {}).get(INSTANCING)
        if extension is None:
            return np.eye(4)[None]
        found = {
            name.lower(): self._accessor(index)
            for name, index in extension["attributes"].items()
            if name in ("TRANSLATION", "ROTATION", "SCALE")
        }
        return _compose(**found) if found else np.eye(4)[None]

    def _skinned(self, points: np.ndarray, primitive: dict[str, Any], number: int) -> np.ndarray:
        """Return (V, 3) points where the joints of a skin move them to."""
        skin = self._get("skins", number)
        matrices = self._world[skin["joints"]]
        if "inverseBindMatrices" in skin:
            bind = self._accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4)
            if len(bind) < len(matrices):
                raise InputError(f"a skin has {len(matrices)} joints and {len(bind)} bind matrices")
            matrices = matrices @ bind[: len(matrices)].transpose(0, 2, 1)
        joints, weights = (
            np.concatenate(
                [
                    self._accessor(index)
                    for key, index in sorted(primitive["attributes"].items())
                    if key.startswith(name)
                ],
                axis=1,
            )
            for name in ("JOINTS_", "WEIGHTS_")
        )
        weights = weights / weights.sum(axis=1, keepdims=True)
        moved = np.zeros((len(points), 3, 4))
        for joint, weight in zip(joints.astype(int).T, weights.T, strict=True):
            moved += weight[:, None, None] * matrices[joint, :3]
        return np.einsum("vij,vj->vi", moved[:, :, :3], points) + moved[:, :, 3]

    # --- meshes -------------------------------------------------------------------------------

    def _primitive(self, primitive: dict[str, Any], weights: list[float]) -> Mesh:
        """Return (V, 3) points of a primitive, with its morph targets, and (F, 3) faces."""
        position = primitive["attributes"]["POSITION"]
        if DRACO in primitive.get("extensions", {}) and not self._has_data(position):
            raise InputError(f"it has compressed meshes ({DRACO}), which are not read")
        points = self._accessor(position).astype(np.float64)
        targets = primitive.get("targets", [])
        if weights and targets and len(weights) != len(targets):
            raise InputError(f"a mesh has {len(targets)} morph targets and {len(weights)} weights")
        for weight, target in zip(weights, targets, strict=False):
            if weight and "POSITION" in target:
                points += weight * self._accessor(target["POSITION"])
        if "indices" in primitive:
            corners = self._accessor(primitive["indices"])[:, 0].astype(np.int64)
        else:
            corners = np.arange(len(points))
        mode = primitive.get("mode", _TRIANGLES)
        if mode == _POINTS:
            faces = np.zeros((0, 3), np.int64)
        elif mode == _STRIP:
            faces = strip(corners)
        elif mode == _FAN:
            first = np.repeat(corners[:1], max(len(corners) - 2, 0))
            faces = np.stack([corners[1:-1], corners[2:], first], axis=1)
        elif mode == _TRIANGLES and len(corners) % 3 == 0:
            faces = corners.reshape(-1, 3)
        else:
            raise InputError(f"a mesh of mode {mode} has {len(corners)} corners")
        if len(corners) and not 0 <= corners.min() <= corners.max() < len(points):
            raise InputError(
                f"a face names vertex {corners.max()} (counted from 0) of {len(points)}"
            )
        return points, faces

    def _has_data(self, number: int) -> bool:
        return not {"bufferView", "sparse"}.isdisjoint(self._get("accessors", number))

    def _accessor(self, number: int) -> np.ndarray:
        """Return the (count, width) values of an accessor."""
        if not self._has_data(number):
            raise InputError(f"accessor {number} has no data")
        entry = self._get("accessors", number)
        kind, width = np.dtype(_COMPONENTS[entry["componentType"]]), _WIDTHS[entry["type"]]
        values = np.zeros((entry["count"], width), kind)
        if "bufferView" in entry:
            values = self._view(entry, kind, width, entry["count"])
        if "sparse" in entry:
            sparse = entry["sparse"]
            index = np.dtype(_COMPONENTS[sparse["indices"]["componentType"]])
            values = values.copy()
            rows = self._view(sparse["indices"], index, 1, sparse["count"])[:, 0]
            values[rows] = self._view(sparse["values"], kind, width, sparse["count"])
        if entry.get("normalized") and kind.kind != "f":
            return np.maximum(values / np.iinfo(kind).max, -1)
        return values

    def _view(self, place: dict[str, Any], kind: np.dtype, width: int, count: int) -> np.ndarray:
        """Return (count, width) values of a buffer view."""
        view = self._get("bufferViews", place["bufferView"])
        for name in MESHOPT:
            if name in view.get("extensions", {}):
                raise InputError(f"it has compressed data ({name}), which are not read")
        offset = place.get("byteOffset", 0)
        stride = view.get("byteStride", kind.itemsize * width)
        end = offset + stride * (count - 1) + kind.itemsize * width
        start = view.get("byteOffset", 0)
        data = self._buffer(view["buffer"])[start : start + view["byteLength"]]
        if min(offset, start, stride) < 0 or (count and end > len(data)):
            raise InputError("its data are cut off, or an accessor reaches beyond them")
        return np.ndarray((count, width), kind, data, offset, (stride, kind.itemsize))

    def _buffer(self, number: int) -> memoryview:
        buffer = self._get("buffers", number)
        uri = buffer.get("uri")
        if uri is None:
            return memoryview(self._binary)
        head, found, text = uri.partition(";base64,")
        if not found or not head.startswith("data:"):
            raise InputError(f"its data are in another file ({uri[:60]}), which is not read")
        return memoryview(base64.b64decode(text, validate=True))

    def _get(self, kind: str, index: int) -> dict[str, Any]:
        entries = self._tree.get(kind, [])
        if not isinstance(index, int) or not 0 <= index < len(entries):
            raise InputError(f"it names number {index} of its {len(entries)} {kind}")
        return entries[index]


def _matrix(node: dict[str, Any]) -> np.ndarray:
    """Return the (4, 4) transform of a node to its parent's frame."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    parts = {
        key: np.array([node[key]]) for key in ("translation", "rotation", "scale") if key in node
    }
    return _compose(**parts)[0] if parts else np.eye(4)


def _compose(
    translation: np.ndarray | None = None,
    rotation: np.ndarray | None = None,
    scale: np.ndarray | None = None,
) -> np.ndarray:
    """Return (K, 4, 4) transforms that scale, rotate (quaternions, real part last) and move."""
    count = next(len(part) for part in (translation, rotation, scale) if part is not None)
    matrices = np.tile(np.eye(4), (count, 1, 1))
    if rotation is not None:
        from scipy.spatial.transform import Rotation

        matrices[:, :3, :3] = Rotation.from_quat(rotation).as_matrix()
    if scale is not None:
        matrices[:, :3, :3] *= scale[:, None, :]
    if translation is not None:
        matrices[:, :3, 3] = translation
    return matrices
