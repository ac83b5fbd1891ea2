"""Model folders packed into HDF5 files, a group for each kind of array (``H5_GROUPS``).

A class's models go into ``<class>_<number>.h5`` in its folder, at most :data:`PER_FILE` into each.
A file appears when it is complete. Its model folders are removed after that, so a killed run loses
nothing: models are in a folder, in a file, or in both.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np

from im2mesh.data.depth import find_depth_file, load_depth
from im2mesh.data.storage import H5_GROUPS, open_h5
from im2mesh.errors import DataError
from im2mesh.files import atomic, open_npz

PER_FILE = 100
"""Models of a file, about 2 MB each; a file is made in memory."""


def packed_models(folder: Path) -> dict[str, str]:
    """Return model → HDF5 file, of the files in a class folder.

    Raises:
        DataError: one of them cannot be read.
    """
    models: dict[str, str] = {}
    for path in sorted(folder.glob("[!.]*.h5")):
        with open_h5(path) as file:
            models |= dict.fromkeys(file["depth"], path.name)
    return models


def pack_class(folder: Path, models: Iterable[str]) -> dict[str, str]:
    """Pack the models of a class folder that are not packed yet, and remove their folders.

    Models are complete (:func:`im2mesh.preparation.dataset.is_whole`). Returns model → file, of all
    packed models in the folder.

    Raises:
        DataError: a model or a file cannot be read.
    """
    models = list(models)
    packed = packed_models(folder)
    new = [model for model in models if model not in packed]
    number = 0
    for start in range(0, len(new), PER_FILE):
        while (path := folder / f"{folder.name}_{number}.h5").exists():
            number += 1
        some = new[start : start + PER_FILE]
        image = _packed(folder, some)
        with atomic(path) as beside:
            beside.write_bytes(image)
        packed |= dict.fromkeys(some, path.name)
        _remove(folder, some)
    _remove(folder, models)
    return packed


def _remove(folder: Path, models: Iterable[str]) -> None:
    for model in models:
        if (folder / model).is_dir():
            shutil.rmtree(folder / model)


def _packed(folder: Path, models: Iterable[str]) -> bytes:
    """Return an HDF5 file of models, made in memory: on a full disk the HDF5 library crashes."""
    with h5py.File("packed", "w", driver="core", backing_store=False) as file:
        for model in models:
            _pack(folder / model, model, file)
        file.flush()
        return bytes(file.id.get_file_image())


def _pack(folder: Path, model: str, file: h5py.File) -> None:
    file.create_dataset(
        f"depth/{model}", data=load_depth(find_depth_file(folder)), compression="gzip"
    )
    for kind, groups in H5_GROUPS.items():
        with open_npz(folder / f"{kind}.npz", DataError) as stored:
            arrays = {key: stored[key] for key in groups if key in stored.files}
            if "occupancies" in arrays:  # bits in .npz, a byte each here
                arrays["occupancies"] = np.unpackbits(
                    arrays["occupancies"], count=len(arrays["points"])
                )
        for key, array in arrays.items():
            # Random coordinates do not compress; flags do, eight times and more.
            flags = array.dtype in (np.uint8, np.bool_)
            file.create_dataset(
                f"{groups[key]}/{model}", data=array, compression="gzip" if flags else None
            )
