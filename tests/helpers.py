"""What processes that tests start must be able to import, and files that are damaged."""

from __future__ import annotations

import os
import signal
import struct
import zipfile
from pathlib import Path

from im2mesh.preparation.dataset import Outcome, Task, build_shape


def deadly(task: Task) -> Outcome:
    """``build_shape``, but for one shape that takes its process with it."""
    if task.shape.name == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    return build_shape(task)


BROKEN_YAML = (b"[", b"a: 2021-13-01", b"a: !!bool maybe", b"[" * 5000, b"a: \xe4")
"""What no record can be read from, each refused at another place of PyYAML."""

NPZ_DAMAGES = ("cut header", "huge shape", "shape beyond integers", "encrypted", "compression")


def damaged_npz(path: Path, damage: str, key: str = "arr_0") -> Path:
    """Write an ``.npz`` file that numpy opens and cannot read, or cannot even open."""
    shape = {"huge shape": f"({10**17},)", "shape beyond integers": f"({2**64},)"}.get(damage, "(9")
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}"
    header += "" if damage == "cut header" else "}"
    body = header.encode().ljust(118 - 1) + b"\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{key}.npy", array)
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    for flags in (6, central + 8):  # then two bytes that name the method of compression
        if damage == "encrypted":
            data[flags] |= 1
        elif damage == "compression":
            data[flags + 2] = 99
    path.write_bytes(data)
    return path
