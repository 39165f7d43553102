"""Choosing runs of rows and claiming them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.input.faults.case import Runs, choose
from tests.unit.input.given import case


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 120), min_size=1, max_size=30))
def test_choose__gives_runs_that_lie_apart_within_one_sensor(seed: int, lengths: list[int]) -> None:
    given_case = case()
    eligible = given_case.sensors_where(given_case.fleet.streams == "lv")
    runs = choose(given_case, eligible, np.array(lengths), np.random.default_rng(seed))
    assert 0 < runs.first.size <= len(lengths)
    assert set(runs.length.tolist()) <= set(lengths)
    assert eligible[runs.rows()].all()
    last = runs.first + runs.length - 1
    assert (given_case.readings.sensor[runs.first] == given_case.readings.sensor[last]).all()
    assert (runs.first[1:] > last[:-1] + 1).all()


def test_choose__avoids_what_is_claimed_and_its_neighbours() -> None:
    fresh = case()
    everything = np.ones(len(fresh.readings), dtype=bool)
    claimed = fresh.record("claimed", Runs(np.array([10]), np.array([5])), [""])
    runs = choose(claimed, everything, np.ones(4000, np.int64), np.random.default_rng(1))
    assert not set(runs.first.tolist()) & set(range(9, 16))


def test_choose__finds_nothing_where_nothing_is_eligible() -> None:
    fresh = case()
    nothing = np.zeros(len(fresh.readings), dtype=bool)
    assert choose(fresh, nothing, np.ones(3, np.int64), np.random.default_rng(1)).first.size == 0


def test_record__changes_only_the_rows_of_its_runs() -> None:
    fresh = case()
    runs = Runs(np.array([3, 40]), np.array([2, 3]))
    changed = fresh.record("odd", runs, ["a", "b"], value=np.arange(5.0))
    rows = [3, 4, 40, 41, 42]
    assert changed.readings.value[rows].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert changed.readings.fault[rows].tolist() == [0, 0, 1, 1, 1]
    assert np.flatnonzero(changed.readings.fault >= 0).tolist() == rows
    assert (changed.readings.true == fresh.readings.true).all()
    assert changed.log.end == tuple(changed.readings.start[[4, 42]] + 900_000_000)
    assert len(fresh.log) == 0
