"""Faults of the meter."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.input.faults import values
from tests.input.faults.case import Case
from tests.input.readings import LOST, UNITS
from tests.unit.input.given import case, changed_rows

EVERY = [
    values.spike_beyond_rating,
    values.spike_within_rating,
    values.stuck,
    values.zero_run,
    values.negative,
    values.scale_unlabelled,
    values.unit_convertible,
    values.unit_inconvertible,
    values.gap_short,
    values.gap_long,
    values.gap_slow,
    values.gap_register,
    values.off_clock_seconds,
    values.off_clock_minutes,
]


def touched(after: Case) -> np.ndarray:
    return np.flatnonzero(after.readings.fault >= 0)


@pytest.mark.parametrize("fault", EVERY)
def test_fault__touches_only_what_it_claims_and_leaves_the_truth(fault: Callable[[Case], Case]) -> None:
    before = case()
    after = fault(before)
    changed = changed_rows(before, after, ("value", "unit", "stamp", "fate", "quality", "form"))
    assert changed.any()
    assert (after.readings.fault[changed] >= 0).all()
    assert (after.readings.true == before.readings.true).all()


@pytest.mark.parametrize("fault", EVERY)
def test_fault__repeats_for_a_label_and_differs_between_labels(fault: Callable[[Case], Case]) -> None:
    first, again, other = fault(case()), fault(case()), fault(case(label="other"))
    assert first.log == again.log
    assert first.log != other.log


def test_spike_beyond_rating__exceeds_the_limit_of_verification() -> None:
    after = values.spike_beyond_rating(case())
    rows = touched(after)
    factor = after.readings.value[rows] / after.readings.true[rows]
    assert (after.readings.value[rows] > 1.5).all()
    assert (factor > 7.9).all()
    assert (factor < 100.1).all()


def test_spike_within_rating__stays_within_it() -> None:
    after = values.spike_within_rating(case())
    rows = touched(after)
    assert (after.readings.value[rows] < after.fleet.rated_max[after.readings.sensor[rows]]).all()
    assert (after.readings.value[rows] > 7.9 * after.readings.true[rows]).all()


def test_stuck__repeats_one_value_for_eight_hours_or_more() -> None:
    after = values.stuck(case())
    for number, first in enumerate(after.log.row):
        held = after.readings.value[after.readings.fault == number]
        assert held.size >= 32
        assert set(held.tolist()) == {after.readings.true[first]}


def test_negative__turns_the_sign() -> None:
    after = values.negative(case())
    rows = touched(after)
    assert (after.readings.value[rows] == -after.readings.true[rows]).all()


def test_unit_convertible__is_right_when_read_in_wh() -> None:
    after = values.unit_convertible(case())
    rows = touched(after)
    assert set(after.readings.unit[rows].tolist()) == {UNITS.index("Wh")}
    assert np.allclose(after.readings.value[rows] / 1000, after.readings.true[rows], atol=1e-6)


def test_gap_long__loses_more_than_two_hours() -> None:
    after = values.gap_long(case())
    counts = np.bincount(after.readings.fault[touched(after)])
    assert counts.min() > 8
    assert (after.readings.fate[touched(after)] == LOST).all()


def test_theft__records_a_share_from_its_day_on() -> None:
    before = case()
    since = int(before.readings.start[200])
    after = values.theft(before, "L3.energy", since, 0.3)
    rows = touched(after)
    ids = after.fleet.ids[after.readings.sensor[rows]]
    assert set(ids.tolist()) == {"L3.energy"}
    assert after.readings.start[rows].min() == since
    assert np.allclose(after.readings.value[rows], 0.3 * after.readings.true[rows], atol=5.1e-5)


def test_theft__in_a_window_before_its_day_changes_nothing() -> None:
    before = case()
    assert values.theft(before, "L3.energy", int(before.readings.start.max()) + 1, 0.3) is before


def test_off_clock_minutes__never_reaches_the_next_interval() -> None:
    after = values.off_clock_minutes(case())
    rows = touched(after)
    late = after.readings.stamp[rows] - after.readings.start[rows]
    assert late.min() >= 2 * 60_000_000
    assert late.max() < 15 * 60_000_000
