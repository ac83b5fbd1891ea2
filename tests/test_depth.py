"""Depth files: what is read, and what each unusable file is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from im2mesh.data.depth import check_depth, find_depth_file, load_depth, load_known, may_be_depth
from im2mesh.errors import DepthError
from tests.conftest import REPOSITORY

Write = Callable[[Path], object]


def disc(size: int = 256, value: float = 0.4) -> np.ndarray:
    """A round object in the middle of the image."""
    axis = (np.arange(size) + 0.5) / size - 0.5
    inside = axis[:, None] ** 2 + axis[None] ** 2 < 0.16
    return np.where(inside, value, -1.0).astype(np.float32)


@pytest.mark.parametrize("key", ["depth_rescaled", "arr_0", "depth"])
@pytest.mark.parametrize("channels", [None, 1, 3])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_formats(tmp_path: Path, key: str, channels: int | None, dtype: type) -> None:
    array = disc(value=0.5).astype(dtype)
    stored = array if channels is None else np.repeat(array[..., None], channels, 2)
    np.savez(tmp_path / "a.npz", **{key: stored})
    depth = load_depth(tmp_path / "a.npz")
    assert depth.dtype == np.float32 and depth.shape == (256, 256)
    np.testing.assert_array_equal(depth, disc(value=0.5))


def test_order_of_keys(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", depth=disc(value=0.1), arr_0=disc(value=0.2))
    assert load_depth(tmp_path / "a.npz").max() == np.float32(0.2)
    np.savez(tmp_path / "a.npz", arr_0=disc(value=0.2), depth_rescaled=disc(value=0.3))
    assert load_depth(tmp_path / "a.npz").max() == np.float32(0.3)


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        (8, 8),
        elements=st.one_of(
            st.floats(0, 1, width=32),
            st.sampled_from([-1.0, -0.5, np.nan, np.inf, -np.inf, -0.0]),
        ),
    )
)
def test_whatever_is_not_a_depth_is_background(array: np.ndarray) -> None:
    array[0, 0], array[3, 3] = -1, 0.5
    depth = check_depth(np.kron(array, np.ones((32, 32), np.float32)))[::32, ::32]
    foreground = np.isfinite(array) & (array >= 0)
    np.testing.assert_array_equal(depth[~foreground], -1)
    np.testing.assert_array_equal(depth[foreground], array[foreground])


@pytest.mark.parametrize("size", [64, 128, 200, 512, 640])
def test_other_sizes_are_resampled_in_place(size: int) -> None:
    depth = check_depth(disc(size))
    assert depth.shape == (256, 256)
    assert set(np.unique(depth)) == {np.float32(-1), np.float32(0.4)}
    # Still as large, and centred to within half a pixel of the source (a tie between two).
    assert abs(int((depth > 0).sum()) - int((disc() > 0).sum())) < 1500
    assert ((depth > 0) != (depth > 0)[::-1, ::-1]).sum() < 300


def test_input_is_not_changed() -> None:
    array = disc()
    array[0, 0] = np.nan
    check_depth(array)
    assert np.isnan(array[0, 0])


def zero_background() -> np.ndarray:
    return np.where(disc() < 0, 0, disc())


def far_background(depth: float) -> np.ndarray:
    return np.where(disc() < 0, depth, disc(value=0.3)).astype(np.float32)


def rgb() -> np.ndarray:
    return np.random.default_rng(0).random((256, 256, 3), np.float32)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((256, 256), np.float32), "border is 0.*depth == 0"),
        (zero_background(), "border is 0.*depth == 0"),
        (far_background(1), r"border is 1.0, .*depth == 1.0\] = -1"),
        (far_background(0.9), "border is 0.9.*background"),
        (np.full((256, 256), 1.0), "border is 1"),
        (np.full((256, 256), -1.0), "every pixel is background"),
        (np.full((256, 256), np.nan), "every pixel is background"),
        (rgb(), "three channels differ"),
        (np.zeros((256, 256, 4)), r"\(256, 256, 4\)"),
        (np.zeros((256, 200)), r"\(256, 200\).*square"),
        (np.zeros(10), r"\(10,\)"),
        (disc(value=3.5), "depths reach 3.5"),
        (np.array([["a"]]), "float32"),
        (disc().astype(complex), "float32"),
        (disc() > 0, "float32"),
    ],
)
def test_what_is_not_a_depth_map(tmp_path: Path, array: np.ndarray, message: str) -> None:
    path = tmp_path / "map.npz"
    np.savez(path, arr_0=array)
    with pytest.raises(DepthError, match=message) as raised:
        load_depth(path)
    text = str(raised.value)
    assert text.startswith(str(path)) and "\n" not in text


@pytest.mark.parametrize("path", sorted((REPOSITORY / "data/demo").glob("*/000.npz")), ids=str)
def test_a_zero_background_behind_a_real_object(path: Path) -> None:
    """Return a map of an object that touches the border."""
    depth = load_depth(path)
    with pytest.raises(DepthError, match="border is 0"):
        check_depth(np.where(depth < 0, 0, depth))
    with pytest.raises(DepthError, match="border is 1"):
        check_depth(np.where(depth < 0, 1, depth))


def test_a_surface_at_the_front_is_none() -> None:
    depth = np.zeros((256, 256), np.float32)
    depth[:, 200:] = -1
    np.testing.assert_array_equal(check_depth(depth), depth)
    depth[:, 200:] = 0.3
    depth[0] = depth[-1] = 0.1
    np.testing.assert_array_equal(check_depth(depth), depth)


def test_a_border_that_may_be_background_or_not(caplog: pytest.LogCaptureFixture) -> None:
    """The front of a slab, alone and with a knob on it; a background where it is no far plane."""
    slab = np.full((256, 256), 0.4, np.float32)
    np.testing.assert_array_equal(check_depth(slab), slab)
    assert not caplog.messages
    knob = np.where(disc() < 0, 0.4, 0.35).astype(np.float32)
    np.testing.assert_array_equal(check_depth(knob, "a.npz"), knob)
    assert caplog.messages == [
        "a.npz: its border is 0.4, the largest depth; if it means background: "
        "depth[depth == 0.4] = -1"
    ]


def stored(damage: Callable[[bytearray], bytes | bytearray], packed: bool = False) -> Write:
    """Write a map, then damage the bytes of its file."""

    def write(path: Path) -> None:
        save = np.savez_compressed if packed else np.savez
        save(path, arr_0=np.random.default_rng(0).random((256, 256)))
        path.write_bytes(damage(bytearray(path.read_bytes())))

    return write


def bare(path: Path) -> None:
    with open(path, "wb") as file:
        np.save(file, disc())


UNREADABLE: dict[str, tuple[Write, str]] = {
    "missing.npz": (lambda path: None, "no such file"),
    "folder.npz": (Path.mkdir, "no such file"),
    "cut.npz": (stored(lambda body: body[:1000]), "not a readable .npz"),
    "zeros.npz": (stored(lambda body: body[:2000] + bytes(99) + body[2099:]), "not a readable"),
    "packed.npz": (stored(lambda body: body[:5000] + bytes(200) + body[5200:], True), "not a rea"),
    "empty.npz": (Path.touch, "not a readable .npz"),
    "bare.npz": (bare, "it holds one bare array; numpy.savez writes .npz files"),
    "other.npz": (
        lambda path: np.savez(path, data=disc()),
        "holds data; the depth map must be under the key depth_rescaled or arr_0 or depth",
    ),
    "pickled.npz": (
        lambda path: np.savez(path, arr_0=np.array([{}], dtype=object)),
        "not a readable .npz",
    ),
    "picture.png": (lambda path: path.write_bytes(b"\x89PNG"), "not a readable image"),
    "picture.jpg": (lambda path: path.write_bytes(b"JFIF"), "not a depth map that is read"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_files(tmp_path: Path, name: str) -> None:
    write, message = UNREADABLE[name]
    write(tmp_path / name)
    with pytest.raises(DepthError, match=re.escape(message)) as raised:
        load_depth(tmp_path / name)
    assert str(tmp_path / name) in str(raised.value) and "\n" not in str(raised.value)


def test_file_of_a_model_folder(tmp_path: Path) -> None:
    with pytest.raises(DepthError, match="no such model folder"):
        find_depth_file(tmp_path / "none")
    np.savez(tmp_path / "points.npz", points=disc())
    np.savez(tmp_path / "pointcloud.npz", points=disc(), depth=disc())
    with pytest.raises(DepthError, match="no depth map; expected 000.npz"):
        find_depth_file(tmp_path)
    np.savez(tmp_path / "view.npz", depth=disc())
    assert find_depth_file(tmp_path).name == "view.npz"
    np.savez(tmp_path / "view2.npz", depth=disc())
    with pytest.raises(DepthError, match="several depth maps"):
        find_depth_file(tmp_path)
    np.savez(tmp_path / "000.npz", depth=disc())
    assert find_depth_file(tmp_path).name == "000.npz"


def test_real_maps(shared: Path) -> None:
    for path in (shared / "depth").glob("*/000.npz"):
        depth = load_depth(path)
        assert (depth >= 0).sum() > 10_000 and depth.min() == -1 and depth.max() < 1


def write_exr(path: Path, array: np.ndarray) -> None:
    OpenEXR = pytest.importorskip("OpenEXR")
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"Z": array.astype(np.float32)}) as file:
        file.write(str(path))


def in_integers(background: int) -> np.ndarray:
    array = disc(value=0.4)
    return np.where(array < 0, background, np.rint(array * 65535)).astype(np.uint16)


OTHER_FILES: dict[str, tuple[Write, float | None]] = {
    "a.npy": (lambda path: np.save(path, disc()), None),
    "b.npy": (lambda path: np.save(path, np.where(disc() < 0, np.inf, disc() * 1000)), 1e-3),
    "c.npy": (lambda path: np.save(path, in_integers(0)), 1 / 65535),
    "a.exr": (lambda path: write_exr(path, np.where(disc() < 0, 1e10, disc())), None),
    "a.png": (lambda path: Image.fromarray(in_integers(0)).save(path), 1 / 65535),
    "b.PNG": (lambda path: Image.fromarray(in_integers(65535)).save(path), 1 / 65535),
    "a.tiff": (lambda path: Image.fromarray(disc()).save(path), None),
    "scaled.npz": (lambda path: np.savez(path, depth=disc() * 2), 0.5),
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_images_and_bare_arrays(tmp_path: Path, name: str) -> None:
    write, scale = OTHER_FILES[name]
    write(tmp_path / name)
    depth = load_depth(tmp_path / name, scale)
    np.testing.assert_array_equal(depth < 0, disc() < 0)
    np.testing.assert_allclose(depth, disc(), atol=1e-5)
    assert may_be_depth(tmp_path / name)
    assert load_known(tmp_path / name) is None


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("a.png", in_integers(0), "holds integers without a unit; say it with --depth-scale S"),
        ("b.png", (in_integers(0) >> 8).astype(np.uint8), "holds uint8 values, too coarse"),
        ("c.png", np.zeros((256, 256, 3), np.uint8), "is a colour image (RGB)"),
    ],
)
def test_images_that_are_refused(
    tmp_path: Path, name: str, array: np.ndarray, message: str
) -> None:
    Image.fromarray(array).save(tmp_path / name)
    with pytest.raises(DepthError, match=re.escape(f"{tmp_path / name}: {message}")):
        load_depth(tmp_path / name)
    assert may_be_depth(tmp_path / name) is (array.dtype == np.uint16)
