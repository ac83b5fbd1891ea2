"""GLB files in the variations that other programs write: read, or refused by name."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import trimesh

from im2mesh.geometry.formats import glb
from tests.prism import TRIANGLES, VERTICES, measures, refused, same

BOX = trimesh.creation.box()

TYPES = {"b": 5120, "B": 5121, "h": 5122, "H": 5123, "I": 5125, "f": 5126}
WIDTHS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class Gltf:
    """A glTF file that is put together piece by piece."""

    def __init__(self, **tree: Any) -> None:
        self.tree: dict[str, Any] = {"asset": {"version": "2.0"}, **tree}
        self.data = b""

    def add(self, kind: str, entry: dict[str, Any]) -> int:
        self.tree.setdefault(kind, []).append(entry)
        return len(self.tree[kind]) - 1

    def view(self, data: bytes, **more: Any) -> int:
        self.data += b"\0" * (-len(self.data) % 4)
        place = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)}
        self.data += data
        return self.add("bufferViews", place | more)

    def accessor(self, values: Any, code: str = "f", **more: Any) -> int:
        array = np.asarray(values, "<" + code)
        array = array.reshape(len(array), -1)
        entry = {"componentType": TYPES[code], "count": len(array), "type": WIDTHS[array.shape[1]]}
        return self.add("accessors", {"bufferView": self.view(array.tobytes()), **entry, **more})

    def primitive(
        self, points: Any = VERTICES, indices: Any = TRIANGLES, **more: Any
    ) -> dict[str, Any]:
        entry: dict[str, Any] = {"attributes": {"POSITION": self.accessor(points)}, **more}
        if indices is not None:
            entry["indices"] = self.accessor(np.reshape(indices, -1), "H")
        return entry

    def mesh(self, *primitives: dict[str, Any], **more: Any) -> int:
        return self.add("meshes", {"primitives": list(primitives), **more})

    def node(self, **entry: Any) -> int:
        return self.add("nodes", entry)

    def bytes(self, uri: str | None = None, behind: bytes = b"", pad: bytes = b" ") -> bytes:
        self.data += b"\0" * (-len(self.data) % 4)
        if "scenes" not in self.tree and "nodes" in self.tree:
            children = {c for node in self.tree["nodes"] for c in node.get("children", [])}
            roots = [k for k in range(len(self.tree["nodes"])) if k not in children]
            self.tree |= {"scenes": [{"nodes": roots}], "scene": 0}
        buffer: dict[str, Any] = {"byteLength": len(self.data)}
        binary = self.data
        if uri is not None:
            buffer["uri"], binary = uri + base64.b64encode(self.data).decode(), b""
        text = json.dumps({**self.tree, "buffers": [buffer]}).encode()
        text += pad * (4 - len(text) % 4)
        body = struct.pack("<II", len(text), 0x4E4F534A) + text
        if binary:
            body += struct.pack("<II", len(binary), 0x004E4942) + binary
        return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body + behind


def shown(**node: Any) -> Gltf:
    file = Gltf()
    file.node(mesh=file.mesh(file.primitive()), **node)
    return file


def modes() -> Gltf:
    """Return the ends as fans around their inner corner, the sides as a strip; lines and points."""
    file = Gltf()
    around = [k + 6 * up for k in [*range(6), 0] for up in (1, 0)]
    fans = [[3, 2, 1, 0, 5, 4], [9, 10, 11, 6, 7, 8]]
    primitives = [file.primitive(indices=fan, mode=6) for fan in fans]
    primitives.append(file.primitive(VERTICES[around], None, mode=5))
    primitives += [file.primitive(VERTICES * 9, [0, 1], mode=mode) for mode in (0, 1, 2, 3)]
    file.node(mesh=file.mesh(*primitives))
    return file


def transforms() -> Gltf:
    """Return a file in which nodes scale, turn, move, and mirror the mesh, and undo it."""
    file = Gltf()
    # A quarter turn about z and twice the size, mirrored: x, y, z → −2y, 2x, −2z, and 1 up.
    points = np.column_stack([-VERTICES[:, 1], VERTICES[:, 0], -VERTICES[:, 2]]) * 2
    undo = np.array([[0, 0.5, 0, 0], [-0.5, 0, 0, 0], [0, 0, -0.5, 0.5], [0, 0, 0, 1]])
    mesh = file.mesh(file.primitive(points + [0, 0, 1], TRIANGLES[:, ::-1]))
    half = file.node(mesh=mesh, matrix=undo.T.reshape(-1).tolist())
    there = file.node(children=[half], translation=[1, 2, 3], rotation=[0.6, 0, 0, 0.8])
    turned = file.node(children=[there], rotation=[-0.6, 0, 0, 0.8])
    back = np.array([[1, 0, 0], [0, 0.28, 0.96], [0, -0.96, 0.28]]) @ [1, 2, 3]
    file.node(children=[turned], translation=(-back).tolist())
    return file


def quantised() -> Gltf:
    file = Gltf(
        extensionsUsed=["KHR_mesh_quantization"], extensionsRequired=["KHR_mesh_quantization"]
    )
    padded = np.zeros((12, 4), "<i2")  # rows of eight bytes, of which six are used
    padded[:, :3] = VERTICES * 8000
    view = file.view(padded.tobytes(), byteStride=8)
    entry = {"componentType": 5122, "count": 12, "type": "VEC3", "normalized": True}
    primitive = file.primitive()
    primitive["attributes"]["POSITION"] = file.add("accessors", {"bufferView": view, **entry})
    file.node(mesh=file.mesh(primitive), scale=[32767 / 8000] * 3)
    return file


def sparse(base: bool) -> Gltf:
    file = Gltf()
    points = VERTICES.copy()
    changed = [2, 7, 11] if base else [k for k in range(12) if VERTICES[k].any()]
    points[changed] = 0
    primitive = file.primitive(points)
    entry = file.tree["accessors"][primitive["attributes"]["POSITION"]]
    if not base:
        del entry["bufferView"]
    entry["sparse"] = {
        "count": len(changed),
        "indices": {"bufferView": file.view(bytes(changed)), "componentType": 5121},
        "values": {"bufferView": file.view(VERTICES[changed].astype("<f4").tobytes())},
    }
    file.node(mesh=file.mesh(primitive))
    return file


def instanced() -> Gltf:
    """Return the prism cut into two boxes, which are instances of one."""
    file = Gltf(extensionsUsed=[glb.INSTANCING])
    places = {"TRANSLATION": [[0.5, 1.75, 0.375], [1.5, 0.5, 0.375]]}
    places["ROTATION"] = [[0, 0, 0, 1], [0, 0.5**0.5, 0, 0.5**0.5]]
    places["SCALE"] = [[1, 1.5, 0.75], [0.75, 1, 3]]
    attributes = {name: file.accessor(values) for name, values in places.items()}
    mesh = file.mesh(file.primitive(BOX.vertices, BOX.faces))
    file.node(mesh=mesh, extensions={glb.INSTANCING: {"attributes": attributes}})
    return file


def morphed(on_node: bool) -> Gltf:
    file = Gltf()
    first, second = VERTICES * [1, 0, 0], VERTICES * [0, 4, 0]
    targets = [{"POSITION": file.accessor(first)}, {"POSITION": file.accessor(second)}, {}]
    mesh = file.primitive(VERTICES * [0.5, 0, 1], targets=targets)
    weights = [0.5, 0.25, 1]
    if on_node:
        file.node(mesh=file.mesh(mesh, weights=[9, 9, 9]), weights=weights)
    else:
        file.node(mesh=file.mesh(mesh, weights=weights))
    return file


def skinned() -> Gltf:
    """Return a skin that undoes its bind matrices; the place of its node means nothing."""
    file = Gltf()
    primitive = file.primitive(VERTICES - [0, 0, 5])
    primitive["attributes"] |= {
        "JOINTS_0": file.accessor([[1, 0, 0, 0]] * 6 + [[0, 1, 0, 0]] * 6, "B"),
        "WEIGHTS_0": file.accessor(
            [[255, 0, 0, 0]] * 6 + [[0, 255, 0, 0]] * 6, "B", normalized=True
        ),
    }
    first = file.node(translation=[0, 0, 3])
    second = file.node(translation=[0, 0, 2], scale=[1, 1, 2], children=[first])
    bind = np.tile(np.eye(4), (2, 1, 1))
    bind[0] = np.linalg.inv([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 2, 8 - 5], [0, 0, 0, 1]])
    bind[1] = np.linalg.inv([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 2, 2 - 5], [0, 0, 0, 1]])
    matrices = file.accessor(bind.transpose(0, 2, 1).reshape(2, 16))
    skin = file.add("skins", {"joints": [first, second], "inverseBindMatrices": matrices})
    file.node(mesh=file.mesh(primitive), skin=skin, translation=[7, 7, 7])
    return file


def scenes() -> Gltf:
    file = Gltf()
    mesh, other = file.mesh(file.primitive()), file.mesh(file.primitive(VERTICES * 9))
    nodes = [file.node(mesh=other), file.node(mesh=mesh)]
    file.tree |= {"scenes": [{"nodes": nodes[:1]}, {"nodes": nodes[1:]}], "scene": 1}
    return file


def with_camera() -> Gltf:
    camera = {"type": "perspective", "perspective": {"yfov": 1, "znear": 0.1}}
    file = shown(camera=0)
    file.tree["cameras"] = [camera]
    return file


def without_scene() -> Gltf:
    file = shown()
    file.tree["scenes"] = []
    return file


def hidden() -> Gltf:
    file = shown()
    child = file.node(mesh=file.mesh(file.primitive(VERTICES * 9)))
    file.node(children=[child], extensions={glb.VISIBILITY: {"visible": False}})
    return file


def materials() -> Gltf:
    file = shown()
    file.tree["materials"] = [{"extensions": {"KHR_materials_unlit": {}}}]
    file.tree["extensionsRequired"] = ["KHR_materials_unlit", "KHR_texture_transform"]
    file.tree["extensionsUsed"] = [*file.tree["extensionsRequired"], "EXT_nobody_knows"]
    file.tree["animations"] = [{"channels": [], "samplers": []}]
    return file


def draco(fallback: bool) -> Gltf:
    file = Gltf(extensionsUsed=[glb.DRACO])
    primitive = file.primitive(extensions={glb.DRACO: {"bufferView": 0, "attributes": {}}})
    if not fallback:
        for number in (primitive["indices"], primitive["attributes"]["POSITION"]):
            del file.tree["accessors"][number]["bufferView"]
    file.node(mesh=file.mesh(primitive))
    return file


DATA = "data:application/octet-stream;base64,"

GLB_READ: dict[str, Callable[[], bytes]] = {
    "plain": lambda: shown().bytes(),
    "bytes behind": lambda: shown().bytes(behind=b"\0\1\2"),
    "zeros behind the JSON": lambda: shown().bytes(pad=b"\0"),
    "data in the JSON": lambda: shown().bytes(uri=DATA),
    "modes": lambda: modes().bytes(),
    "transforms": lambda: transforms().bytes(),
    "quantised, normalised, strided": lambda: quantised().bytes(),
    "sparse": lambda: sparse(base=True).bytes(),
    "sparse alone": lambda: sparse(base=False).bytes(),
    "morph weights of the mesh": lambda: morphed(on_node=False).bytes(),
    "morph weights of the node": lambda: morphed(on_node=True).bytes(),
    "skin": lambda: skinned().bytes(),
    "several scenes": lambda: scenes().bytes(),
    "no scene": lambda: without_scene().bytes(),
    "a mesh at a camera": lambda: with_camera().bytes(),
    "hidden nodes": lambda: hidden().bytes(),
    "materials": lambda: materials().bytes(),
    "Draco beside plain data": lambda: draco(fallback=True).bytes(),
}


@pytest.mark.parametrize("name", GLB_READ)
def test_glb(name: str) -> None:
    same(glb.read(GLB_READ[name]()))


def test_glb_instances() -> None:
    vertices, faces = glb.read(instanced().bytes())
    assert len(faces) == 24
    assert measures((vertices, faces))[1] == pytest.approx(4.5 * 0.75, rel=1e-5)
    np.testing.assert_allclose(
        measures((vertices, faces))[8:], measures((VERTICES, TRIANGLES))[8:], atol=1e-6
    )


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    file = shown()
    change(file.tree)
    return file.bytes()


def required(name: str) -> bytes:
    return changed(lambda tree: tree.update(extensionsRequired=[name]))


PLAIN = shown().bytes()

GLB_REFUSED: dict[str, tuple[bytes, str]] = {
    **{
        name: (required(name), f"requires the extension {name}, which is not read")
        for name in (glb.DRACO, *glb.MESHOPT, "KHR_mesh_primitive_restart", "EXT_nobody_knows")
    },
    "Draco alone": (draco(fallback=False).bytes(), f"compressed meshes \\({glb.DRACO}\\)"),
    "meshopt": (changed(lambda t: t["bufferViews"][0].update(extensions={glb.MESHOPT[0]: {}})),
        f"compressed data \\({glb.MESHOPT[0]}\\)"),
    "data in another file": (shown().bytes(uri="mesh.bin?"), "in another file \\(mesh.bin"),
    "no data": (changed(lambda t: t["accessors"][0].pop("bufferView")), "accessor 0 has no data"),
    "an accessor beyond its view": (changed(lambda t: t["accessors"][0].update(count=13)),
        "beyond"),
    "an index too large": (changed(lambda t: t["accessors"][0].update(count=11)),
        "vertex 11 .* of 11"),
    "a corner too many": (changed(lambda t: t["accessors"][1].update(count=59)), "mode 4 has 59"),
    "an unknown mode": (changed(lambda t: t["meshes"][0]["primitives"][0].update(mode=7)),
        "mode 7"),
    "too few weights": (
        (lambda f: (f.tree["meshes"][0].update(weights=[1]), f.bytes())[1])(morphed(on_node=False)),
        "3 morph targets and 1 weights",
    ),
    "a circle": (changed(lambda t: t.update(nodes=[{"children": [0]}], scenes=[{"nodes": [0]}])),
        "ancestor"),
    "a child of two": (changed(lambda t: t.update(nodes=[{"children": [1, 1]}, {"mesh": 0}])),
        "two parents"),
    "no type": (changed(lambda t: t["accessors"][0].pop("type")), "JSON lacks 'type'"),
    "no such mesh": (changed(lambda t: t["nodes"][0].update(mesh=3)), "number 3 of its 1 meshes"),
    "no such node": (changed(lambda t: t.update(scenes=[{"nodes": [5]}])),
        "number 5 of its 1 nodes"),
    "glTF 1": (changed(lambda t: t.update(asset={"version": "1.0"})), "glTF 1.0 is not read"),
    "GLB 1": (PLAIN.replace(b"\2\0\0\0", b"\1\0\0\0", 1), "version 1 of GLB"),
    "cut": (PLAIN[:-10], "cut off"),
    "cut in the JSON": (PLAIN[:40], "cut off"),
    "JSON alone": (b'{"asset": {"version": "2.0"}}', "does not start with glTF"),
}  # fmt: skip


@pytest.mark.parametrize("name", GLB_REFUSED)
def test_glb_refused(name: str) -> None:
    refused(glb.read, *GLB_REFUSED[name])
