"""Faults of clocks that do not know summer time, on sensors that deliver local time without an offset."""

import numpy as np
import numpy.typing as npt

from tests.input.constants import AUTUMN_DAY, SPRING_DAY
from tests.input.faults.case import Case, Mask, Rows, Runs
from tests.input.readings import LOST, MISSING_HOUR, QUARANTINED
from tests.input.timeaxis import MINUTE_US, midnight_us

HOUR_US = 60 * MINUTE_US
FORGETFUL_METERS = 8
SINGLE_HOUR_METERS = 6


def missing_hour(case: Case) -> Case:
    """Some meters label the quarters after the change to summer time 02:00 to 02:45, an hour that does not exist."""
    change = midnight_us(SPRING_DAY) + 2 * HOUR_US
    rows = _hour(case, _local_sensors(case, FORGETFUL_METERS), change)
    runs = _quarters(rows)
    details = ["02:00-02:45 local does not exist"] * runs.first.size
    return case.record("missing_hour", runs, details, form=MISSING_HOUR, fate=QUARANTINED)


def repeated_hour(case: Case) -> Case:
    """At the end of summer time some meters give the hour 02 once instead of twice, so its four rows are ambiguous.

    The others give eight rows in order; they are logged as ``repeated_hour_complete`` and are right.
    """
    first = midnight_us(AUTUMN_DAY) + 2 * HOUR_US
    incomplete = _local_sensors(case, SINGLE_HOUR_METERS)
    complete = case.sensors_where(case.fleet.streams == "lvlocal") & ~incomplete
    kept, dropped = _hour(case, incomplete, first), _hour(case, incomplete, first + HOUR_US)
    runs = _quarters(kept)
    case = case.record(
        "repeated_hour_incomplete", runs, ["4 rows, one of two hours"] * runs.first.size, fate=QUARANTINED
    )
    lost = _quarters(dropped)
    case = case.record("repeated_hour_lost", lost, ["never delivered"] * lost.first.size, fate=LOST)
    both = np.sort(np.concatenate([_hour(case, complete, first), _hour(case, complete, first + HOUR_US)]))
    right = Runs(both[::8], np.full(both.size // 8, 8))
    return case.record("repeated_hour_complete", right, ["8 rows in order"] * right.first.size)


def _local_sensors(case: Case, number: int) -> Mask:
    """Rows of the first ``number`` sensors that deliver local time."""
    local = np.flatnonzero(case.fleet.streams == "lvlocal")[:number]
    return np.isin(case.readings.sensor, local)


def _hour(case: Case, sensors: Mask, start: int) -> Rows:
    """Positions of the untouched quarters of one hour, complete hours only."""
    readings = case.readings
    inside = sensors & (readings.start >= start) & (readings.start < start + HOUR_US) & (readings.fault < 0)
    rows = np.flatnonzero(inside)
    whole = np.isin(readings.sensor[rows], _full(readings.sensor[rows]))
    return rows[whole]


def _full(sensor: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    ids, count = np.unique(sensor, return_counts=True)
    complete: npt.NDArray[np.int32] = ids[count == 4]
    return complete


def _quarters(rows: Rows) -> Runs:
    return Runs(rows[::4], np.full(rows.size // 4, 4))
