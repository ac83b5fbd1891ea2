"""MISE: the fast bookkeeping and the readable one, mostly by properties."""

from __future__ import annotations

import math
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh import native
from im2mesh.native.mise import MISE
from tests.fixtures import ball_field
from tests.reference import mise as reference

both = pytest.mark.parametrize("mise", [MISE, reference.MISE], ids=["native", "reference"])
quick = settings(deadline=None, max_examples=20, derandomize=True)

Field = Callable[[np.ndarray], np.ndarray]
"""(N, 3) points in finest-lattice coordinates → (N,) values."""


def run(machine, field: Field, shuffle: int | None = None) -> np.ndarray:
    """Drive to the end; with ``shuffle`` in random partial batches. Returns the nodes asked for."""
    rng = np.random.default_rng(shuffle)
    asked = np.empty((0, 3), np.int64)
    nodes = machine.query()
    while len(nodes):
        if shuffle is not None:
            nodes = rng.permutation(nodes)[: rng.integers(1, len(nodes) + 1)]
        asked = np.concatenate([asked, nodes])
        machine.update(nodes, field(nodes).astype(np.float32))
        nodes = machine.query()
    return asked


def dense(field: Field, resolution: int) -> np.ndarray:
    side = resolution + 1
    nodes = np.indices((side,) * 3).reshape(3, -1).T
    return field(nodes).astype(np.float32).reshape((side,) * 3)


def at(grid: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    return grid[tuple(nodes.T)]


def as_set(nodes: np.ndarray) -> set[tuple[int, ...]]:
    return set(map(tuple, nodes.tolist()))


def tube(y: float, z: float, start: float, end: float, radius: float) -> Field:
    """A round bar along x."""

    def field(nodes: np.ndarray) -> np.ndarray:
        beyond = np.maximum(np.maximum(start - nodes[:, 0], nodes[:, 0] - end), 0)
        return radius - np.hypot(np.hypot(nodes[:, 1] - y, nodes[:, 2] - z), beyond)

    return field


def union(*fields: Field) -> Field:
    return lambda nodes: np.max([field(nodes) for field in fields], axis=0)


@st.composite
def smooth_fields(draw: st.DrawFn, resolution: int) -> Field:
    """A few Gaussian bumps and dents and a plane, around zero."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.integers(1, 4))
    centres = rng.uniform(0, resolution, (count, 3))
    widths = rng.uniform(0.08, 0.4, count) * resolution
    heights = rng.normal(size=count) * 2
    slope = rng.normal(size=3) * draw(st.sampled_from([0.0, 0.5])) / resolution
    offset = rng.normal() * 0.3

    def field(nodes: np.ndarray) -> np.ndarray:
        squared = ((nodes[:, None] - centres) ** 2).sum(2)
        return np.exp(-squared / (2 * widths**2)) @ heights + nodes @ slope + offset

    return field


@st.composite
def problems(draw: st.DrawFn) -> tuple[int, int, dict, Field]:
    """Coarse cells, steps, options and a field."""
    coarse, steps = draw(
        st.sampled_from([(1, 0), (1, 1), (1, 3), (2, 2), (2, 3), (3, 0), (3, 2), (4, 2), (5, 1)])
    )
    resolution = coarse << steps
    cell = st.tuples(*[st.integers(0, resolution - 1)] * 3)
    forced = draw(st.none() | st.lists(cell, max_size=3).map(lambda c: np.array(c).reshape(-1, 3)))
    if forced is not None:
        forced = forced.astype(np.int64)
    options = {
        "threshold": draw(st.sampled_from([0.0, -0.3, 0.25])),
        "forced": forced,
        "margin": draw(st.sampled_from([0.0, 0.0, 0.2, 1.0])),
    }
    return coarse, steps, options, draw(smooth_fields(resolution))


# -- properties ----------------------------------------------------------------------------------


@both
@quick
@given(problem=problems())
def test_agrees_with_the_dense_lattice(mise, problem):
    coarse, steps, options, field = problem
    machine = mise(coarse, steps, **options)
    asked = run(machine, field)
    assert machine.resolution == coarse << steps
    assert len(as_set(asked)) == len(asked) == machine.evaluated  # no node twice
    grid, expected = machine.to_dense(), dense(field, machine.resolution)
    assert grid.shape == (machine.resolution + 1,) * 3 and grid.dtype == np.float32
    assert np.array_equal(at(grid, asked), at(expected, asked))
    if steps == 0:
        assert np.array_equal(grid, expected)


@quick
@given(problem=problems())
def test_both_evaluate_the_same_nodes_and_fill_alike(problem):
    coarse, steps, options, field = problem
    fast, slow = MISE(coarse, steps, **options), reference.MISE(coarse, steps, **options)
    assert as_set(run(fast, field)) == as_set(run(slow, field))
    grid = fast.to_dense()
    assert np.allclose(grid, slow.to_dense(), atol=1e-5)
    threshold = options["threshold"]
    assert np.array_equal(grid > threshold, slow.to_dense() > threshold)


@both
@settings(quick, max_examples=8)
@given(problem=problems(), seed=st.integers(0, 2**32))
def test_order_and_partial_updates_do_not_matter(mise, problem, seed):
    coarse, steps, options, field = problem
    machine, shuffled = mise(coarse, steps, **options), mise(coarse, steps, **options)
    assert as_set(run(machine, field)) == as_set(run(shuffled, field, shuffle=seed))
    assert np.array_equal(machine.to_dense(), shuffled.to_dense())


@quick
@given(problem=problems())
def test_no_known_node_contradicts_an_unsplit_cell(problem):
    coarse, steps, options, field = problem
    fast, slow = MISE(coarse, steps, **options), reference.MISE(coarse, steps, **options)
    asked = run(fast, field)
    run(slow, field)
    known = np.zeros((fast.resolution + 1,) * 3, bool)
    known[tuple(asked.T)] = True
    inside = fast.to_dense() > options["threshold"]
    for low, side in slow.leaves():
        if side > 1:
            box = tuple(slice(i, i + side + 1) for i in low)
            assert not inside[box].any() or inside[box].all()
            assert known[tuple((low + side * reference.CORNERS).T)].all()


@both
@pytest.mark.parametrize(("coarse", "steps"), [(4, 2), (3, 3), (5, 1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_sphere_larger_than_a_coarse_cell(mise, coarse, steps, sign):
    machine = mise(coarse, steps, 0.0)
    r = machine.resolution
    sphere = ball_field(0.36 * r, (0.48 * r, 0.51 * r, 0.5 * r))

    def field(nodes: np.ndarray) -> np.ndarray:
        return sign * sphere(nodes)

    run(machine, field)
    assert np.array_equal(machine.to_dense() > 0, dense(field, r) > 0)
    assert machine.evaluated < (r + 1) ** 3


def test_a_fine_sphere_needs_few_nodes():
    machine = MISE(16, 3, 0.0)
    field = ball_field(40.3, (63.2, 64.9, 62.0))
    run(machine, field)
    assert np.array_equal(machine.to_dense() > 0, dense(field, 128) > 0)
    assert machine.evaluated < 0.1 * 129**3


# -- what is refined -----------------------------------------------------------------------------


@both
@pytest.mark.parametrize(("coarse", "steps"), [(1, 0), (1, 2), (3, 1), (5, 2)])
@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_one_sided_fields_need_the_coarse_nodes_only(mise, coarse, steps, value):
    machine = mise(coarse, steps, 0.0, margin=0.5)
    first = machine.query()
    assert len(first) == (coarse + 1) ** 3
    assert as_set(first % (1 << steps)) == {(0, 0, 0)}
    run(machine, lambda nodes: np.full(len(nodes), value))
    assert machine.evaluated == (coarse + 1) ** 3
    assert (machine.to_dense() == value).all()


@both
def test_unknown_nodes_are_interpolated(mise):
    machine = mise(2, 2, 0.0)

    def field(nodes: np.ndarray) -> np.ndarray:
        return nodes @ np.array([1.0, -2.0, 0.5]) + 40

    run(machine, field)
    assert machine.evaluated == 27
    assert np.allclose(machine.to_dense(), dense(field, 8))


@both
def test_interpolation_keeps_evaluated_nodes_on_the_border_of_a_coarse_cell(mise):
    machine = mise(2, 2, 0.0)
    field = union(ball_field(2.0, (1.0, 1.0, 1.0)), lambda nodes: -5 + np.sin(7.0 * nodes.sum(1)))
    asked = run(machine, field)
    assert ((asked[:, 0] == 4) & (asked[:, 1] % 4 > 0)).any()
    assert np.array_equal(at(machine.to_dense(), asked), at(dense(field, 8), asked))


@both
def test_forced_cells_find_what_lies_between_coarse_nodes(mise):
    blob = ball_field(2.3, (11.4, 12.6, 12.1))
    expected = dense(blob, 24) > 0
    unaware = mise(3, 3, 0.0)
    run(unaware, blob)
    assert not (unaware.to_dense() > 0).any()
    aware = mise(3, 3, 0.0, forced=np.array([[11, 12, 12]]))
    asked = run(aware, blob)
    assert np.array_equal(aware.to_dense() > 0, expected)
    around = [11, 12, 12] + reference.CORNERS
    assert as_set(around) <= as_set(asked)


@both
def test_forced_cells_are_evaluated_in_a_uniform_field(mise):
    cells = np.array([[0, 0, 0], [15, 15, 15], [7, 8, 3]], np.int32)
    machine = mise(2, 3, 0.0, forced=cells)
    asked = as_set(run(machine, lambda nodes: np.full(len(nodes), -3.0)))
    for cell in cells:
        assert as_set(cell + reference.CORNERS) <= asked
    assert len(asked) < 300


@pytest.mark.parametrize(
    ("mise", "axis", "mirrored"),
    [
        *((MISE, axis, mirrored) for axis in range(3) for mirrored in (False, True)),
        (reference.MISE, 1, True),
    ],
)
def test_a_thin_tube_is_followed_through_faces(mise, axis, mirrored):
    # Coarse cells have 8 finest ones a side. The bar passes between the coarse nodes; it is
    # only seen where it leaves the ball, and from there on by consistency.
    body, bar = ball_field(7.0, (6.0, 12.0, 12.0)), tube(13.3, 13.3, 6.0, 29.0, 1.2)

    def field(nodes: np.ndarray) -> np.ndarray:
        nodes = np.roll(32 - nodes if mirrored else nodes, axis, axis=1)
        return union(body, bar)(nodes)

    alone = mise(4, 3, 0.0)
    run(alone, lambda nodes: bar(np.roll(32 - nodes if mirrored else nodes, axis, axis=1)))
    assert not (alone.to_dense() > 0).any()
    machine = mise(4, 3, 0.0)
    run(machine, field)
    expected = dense(field, 32) > 0
    assert np.array_equal(machine.to_dense() > 0, expected)


@both
@pytest.mark.parametrize(
    ("threshold", "margin", "split"),
    [
        (0.5, 0.0, False),
        (0.5, 0.2, False),
        (0.5, 0.3, True),
        (3.5, 0.0, False),
        (3.5, 0.2, False),
        (3.5, 0.3, True),
        (3.0, 0.0, False),
        (3.0, 0.01, True),
    ],
)
def test_margin(mise, threshold, margin, split):
    machine = mise(1, 1, threshold, margin=margin)
    nodes = machine.query()
    values = np.ones(8, np.float32)
    values[5] = 3.0  # spread 2, from 1 to 3
    machine.update(nodes, values)
    assert len(machine.query()) == (27 - 8 if split else 0)


@quick
@given(problem=problems(), margin=st.floats(0.01, 3))
def test_a_wider_margin_never_evaluates_less(problem, margin):
    coarse, steps, options, field = problem
    narrow = as_set(run(MISE(coarse, steps, **options), field))
    options["margin"] += margin
    assert narrow <= as_set(run(MISE(coarse, steps, **options), field))


@both
def test_a_value_at_the_threshold_is_outside(mise):
    machine = mise(1, 1, 0.25)
    machine.update(machine.query(), np.full(8, 0.25))
    assert len(machine.query()) == 0
    machine = mise(1, 1, 0.25)
    machine.update(machine.query(), np.array([0.25] * 7 + [0.26]))
    assert len(machine.query()) == 19


# -- life cycle ----------------------------------------------------------------------------------


@both
def test_query_repeats_what_is_missing(mise):
    machine = mise(2, 1, 0.0)
    nodes = machine.query()
    assert nodes.dtype == np.int64 and nodes.shape == (27, 3)
    assert np.array_equal(machine.query(), nodes)
    machine.update(nodes[::2], np.full(14, -1.0))
    assert np.array_equal(machine.query(), nodes[1::2])
    assert machine.evaluated == 14
    machine.update(nodes[1::2], np.full(13, -1.0))
    assert machine.query().shape == (0, 3)


@pytest.mark.parametrize(
    ("dtype", "integer"), [(np.float32, np.int32), (np.float64, np.int64), (np.float64, np.uint16)]
)
def test_types_and_layouts_of_updates(dtype, integer):
    field = ball_field(2.8, (3.0, 4.0, 4.4))
    expected, machine = MISE(2, 2, 0.0), MISE(2, 2, 0.0)
    run(expected, field)
    while len(nodes := machine.query()):
        values = np.zeros(2 * len(nodes), dtype)[::2]
        values[:] = field(nodes)
        machine.update(np.asfortranarray(nodes.astype(integer)), values)
    assert np.array_equal(machine.to_dense(), expected.to_dense())


def test_an_empty_update_changes_nothing():
    machine = MISE(1, 1, 0.0)
    machine.update(np.empty((0, 3), np.int64), np.empty(0, np.float32))
    assert len(machine.query()) == 8


def test_the_grid_is_a_read_only_view_that_outlives_its_machine():
    machine = MISE(4, 2, 0.0)
    field = ball_field(5.0, (8.0, 8.0, 8.0))
    run(machine, field)
    grid = machine.to_dense()
    assert np.shares_memory(grid, machine.to_dense())
    with pytest.raises(ValueError, match="read-only"):
        grid[0, 0, 0] = 1.0
    del machine
    assert np.array_equal(grid > 0, dense(field, 16) > 0)


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 0.0), "resolution_0 must be at least 1, not 0"),
        ((2, -1, 0.0), "upsampling_steps must be at least 0, not -1"),
        ((2.5, 1, 0.0), "must be integers, not 2.5 and 1"),
        ((32, 7, 0.0), r"32 · 2\^7 cells along an axis are more than 2048"),
        ((1, 10**9, 0.0), "more than 2048"),
        ((2, 1, math.nan), "threshold must be finite, not nan"),
        ((2, 1, -math.inf), "threshold must be finite, not -inf"),
        ((2, 1, 0.0, None, -0.1), "margin must be finite and at least 0, not -0.1"),
        ((2, 1, 0.0, None, math.inf), "margin must be finite and at least 0, not inf"),
        (
            (2, 1, 0.0, np.zeros((4, 2), int)),
            r"forced cells must have shape \(N, 3\), not \(4, 2\)",
        ),
        ((2, 1, 0.0, np.zeros((4, 3))), "forced cells must be integers, not float64"),
        ((2, 1, 0.0, np.array([[0, 0, 0], [0, 4, 0]])), r"in 0 … 3; \[0, 4, 0\] does not"),
        ((2, 1, 0.0, np.array([[-1, 0, 0]])), r"in 0 … 3; \[-1, 0, 0\] does not"),
    ],
)
def test_constructor_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        MISE(*arguments)


@pytest.mark.parametrize(
    ("nodes", "values", "message"),
    [
        (np.zeros((2, 2), int), np.zeros(2), r"nodes must have shape \(N, 3\), not \(2, 2\)"),
        (np.zeros(3, int), np.zeros(1), r"nodes must have shape \(N, 3\), not \(3,\)"),
        (np.zeros((1, 3)), np.zeros(1), "nodes must be integers, not float64"),
        (np.array([[0, 0, 5]]), np.zeros(1), r"in 0 … 4; \[0, 0, 5\] does not"),
        (np.array([[0, -2, 0]]), np.zeros(1), r"in 0 … 4; \[0, -2, 0\] does not"),
        (np.zeros((1, 3), int), np.zeros(2), r"shape \(1,\) like the nodes, not \(2,\)"),
        (np.zeros((1, 3), int), np.zeros((1, 1)), r"shape \(1,\) like the nodes, not \(1, 1\)"),
        (np.zeros((1, 3), int), np.zeros(1, int), "values must be float32 or float64, not int64"),
        (np.zeros((1, 3), int), np.array([math.nan]), r"value nan at node \[0, 0, 0\]"),
        (np.zeros((1, 3), int), np.array([-math.inf]), r"value -inf at node \[0, 0, 0\]"),
        (np.zeros((1, 3), int), np.array([1e300]), "not finite"),
        (np.array([[0, 0, 2], [0, 1, 0]]), np.zeros(2), r"node \[0, 1, 0\] was not asked for"),
        (np.array([[0, 0, 2], [0, 0, 2]]), np.zeros(2), r"node \[0, 0, 2\] was not asked for"),
    ],
)
def test_update_errors_store_nothing(nodes, values, message):
    machine = MISE(2, 1, 0.0)
    with pytest.raises(ValueError, match=message):
        machine.update(nodes, values)
    assert machine.evaluated == 0
    assert len(machine.query()) == 27
    run(machine, ball_field(1.5, (2, 2, 2)))
    assert machine.to_dense()[2, 2, 2] == 1.5


def test_a_known_node_cannot_be_updated_again_nor_an_unfinished_grid_be_read():
    machine = MISE(2, 0, 0.0)
    nodes = machine.query()
    machine.update(nodes[:3], np.zeros(3))
    with pytest.raises(ValueError, match="has its value already"):
        machine.update(nodes[2:5], np.zeros(3))
    assert machine.evaluated == 3
    with pytest.raises(ValueError, match="24 nodes have no value yet"):
        machine.to_dense()


@pytest.mark.parametrize("name", ["marching_cubes", "mise", "point_in_mesh"])
def test_missing_extension_says_what_to_do(monkeypatch, name):
    monkeypatch.setitem(sys.modules, f"im2mesh.native._{name}", None)
    with pytest.raises(ImportError, match="not built: run `pip install -e .`"):
        runpy.run_path(Path(native.__file__).with_name(f"{name}.py"))
