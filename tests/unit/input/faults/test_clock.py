"""Clocks that do not know summer time."""

from datetime import UTC, datetime

import numpy as np

from tests.input.faults.clock import missing_hour, repeated_hour
from tests.input.readings import LOST, MISSING_HOUR, QUARANTINED
from tests.input.timeaxis import from_us
from tests.unit.input.given import AUTUMN, case


def test_missing_hour__claims_the_quarters_after_the_change() -> None:
    after = missing_hour(case())
    rows = np.flatnonzero(after.readings.fault >= 0)
    assert rows.size == 8 * 4
    assert (after.readings.form[rows] == MISSING_HOUR).all()
    starts = {from_us(int(start)) for start in after.readings.start[rows]}
    assert starts == {datetime(2016, 3, 27, 1, minute, tzinfo=UTC) for minute in (0, 15, 30, 45)}


def test_missing_hour__is_absent_from_other_days() -> None:
    assert len(missing_hour(case(AUTUMN)).log) == 0


def test_repeated_hour__is_given_once_or_twice() -> None:
    after = repeated_hour(case(AUTUMN))
    fate = after.readings.fate
    assert int((fate == QUARANTINED).sum()) == 6 * 4
    assert int((fate == LOST).sum()) == 6 * 4
    assert after.log.kind.count("repeated_hour_complete") == 12 - 6
    complete = [n for n, kind in enumerate(after.log.kind) if kind == "repeated_hour_complete"]
    assert all(int((after.readings.fault == n).sum()) == 8 for n in complete)
