"""Pose lists: the released format, and what each malformed one is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from im2mesh.errors import InputError
from im2mesh.preparation.pose_lists import HEADER, View, read_poses

HEAD = ",".join(HEADER)
ROW = "chair_e642ac79a2517d0054f92a30b31f64e-08,03001627,90.1,21.4"


def write(path: Path, *lines: str, end: str = "\n") -> Path:
    path.write_text("".join(line + end for line in lines), encoding="utf-8", newline="")
    return path


def test_a_row(tmp_path: Path) -> None:
    assert HEAD == "classname_modelid-view,classid,azimuth,elevation"
    assert read_poses(write(tmp_path / "a.csv", HEAD, ROW)) == [
        View(
            "chair_e642ac79a2517d0054f92a30b31f64e-08",
            "chair",
            "e642ac79a2517d0054f92a30b31f64e",
            8,
            "03001627",
            90.1,
            21.4,
        )
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_make_of_it(tmp_path: Path, end: str) -> None:
    path = write(
        tmp_path / "a.csv", "\ufeff" + HEAD, "", '"car_u-1_b-2-003", 02958343, -7e1 ,0', end=end
    )
    (view,) = read_poses(path)
    assert (view.name, view.class_name, view.model) == ("car_u-1_b-2-003", "car", "u-1_b-2")
    assert (view.number, view.class_id, view.azimuth, view.elevation) == (3, "02958343", -70, 0)


@given(
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True),
    st.integers(0, 999),
    st.floats(-720, 720),
)
def test_names_come_apart_as_they_were_put_together(
    tmp_path_factory: pytest.TempPathFactory, name: str, model: str, number: int, angle: float
) -> None:
    path = write(
        tmp_path_factory.mktemp("poses") / "a.csv",
        HEAD,
        f"{name}_{model}-{number:02d},0,{angle!r},0",
    )
    (view,) = read_poses(path)
    assert (view.class_name, view.model, view.number) == (name, model, number)
    assert view.azimuth == angle


@pytest.mark.parametrize(("file", "count"), [("test_sample.csv", 496), ("val_lamp.csv", 930)])
def test_released_lists(shared: Path, file: str, count: int) -> None:
    views = read_poses(shared / "poses" / file)
    assert len(views) == count
    assert all(0 <= view.azimuth <= 360 and -20 <= view.elevation <= 50 for view in views)
    assert all(len(view.class_id) == 8 for view in views)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "names no view"),
        ([HEAD], "names no view"),
        ([ROW], f":1: expected the header '{HEAD}', found 'chair_"),
        ([HEAD.replace(",", ";"), ROW], ":1: expected the header"),
        ([HEAD, ROW + ",7"], r":2: expected 4 values \(.*\), found 5"),
        ([HEAD, ROW.rpartition(",")[0]], ":2: expected 4 values .* found 3"),
        ([HEAD, "", "chair-08,03001627,1,2"], ":3: expected classname_modelid-view"),
        ([HEAD, "chair_abc,03001627,1,2"], ":2: expected classname_modelid-view"),
        ([HEAD, "chair_../abc-00,03001627,1,2"], ":2: expected classname_modelid-view"),
        ([HEAD, "chair_a bc-00,03001627,1,2"], ":2: expected classname_modelid-view"),
        ([HEAD, "chair_abc-00,,1,2"], ":2: expected a class id, found ''"),
        ([HEAD, "chair_abc-00,../x,1,2"], ":2: expected a class id"),
        ([HEAD, ROW.replace("90.1", "east")], ":2: azimuth must be degrees, found 'east'"),
        ([HEAD, ROW.replace("21.4", "inf")], ":2: elevation must be degrees, found 'inf'"),
        ([HEAD, ROW, "", ROW], ":4: chair_.*-08 stands in line 2 already"),
        ([HEAD, 'chair_"abc'], "not a CSV file|:2: expected 4 values"),
        ([HEAD, '"chair_abc'], "is not a CSV file in UTF-8"),
    ],
)
def test_bad_lists(tmp_path: Path, lines: list[str], message: str) -> None:
    path = write(tmp_path / "a.csv", *lines)
    with pytest.raises(InputError, match=message) as raised:
        read_poses(path)
    assert str(raised.value).startswith(str(path)) and "\n" not in str(raised.value)


def test_no_list(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "a.csv"):
        with pytest.raises(InputError, match="no such pose list"):
            read_poses(path)
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a CSV file in UTF-8"):
        read_poses(tmp_path / "a.csv")
