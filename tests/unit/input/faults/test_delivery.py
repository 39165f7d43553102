"""Readings that come late, twice, corrected or from nobody."""

import numpy as np

from tests.input.faults import delivery
from tests.input.readings import CORRECTED, DUPLICATE, LATE, MISROUTED, OVERLAP, QUALITIES, QUARANTINED
from tests.unit.input.given import case


def test_late__moves_whole_days_without_changing_them() -> None:
    before = case()
    after = delivery.late(before)
    moved = after.readings.batch == LATE
    assert int(moved.sum()) % 96 == 0
    assert moved.any()
    assert (after.readings.value == before.readings.value).all()


def test_corrected__delivers_an_estimate_and_then_the_truth() -> None:
    after = delivery.corrected(case()).readings
    first = (after.fault >= 0) & (after.batch != CORRECTED)
    second = after.batch == CORRECTED
    assert (after.quality[first] == QUALITIES.index("estimated")).all()
    assert (after.quality[second] == QUALITIES.index("revised")).all()
    assert (after.value[second] == after.true[second]).all()
    assert sorted(zip(after.sensor[first], after.start[first], strict=True)) == sorted(
        zip(after.sensor[second], after.start[second], strict=True)
    )


def test_overlap__repeats_rows_exactly() -> None:
    before = case()
    after = delivery.overlap(before).readings
    copies = np.flatnonzero(after.fate == DUPLICATE)
    assert (copies >= len(before.readings)).all()
    assert (after.batch[copies] == OVERLAP).all()
    stored = set(
        zip(before.readings.sensor.tolist(), before.readings.start.tolist(), before.readings.value, strict=True)
    )
    repeated = set(zip(after.sensor[copies].tolist(), after.start[copies].tolist(), after.value[copies], strict=True))
    assert repeated <= stored


def test_unknown_sensor__adds_rows_and_takes_none() -> None:
    before = case()
    after = delivery.unknown_sensor(before).readings
    strangers = after.form >= MISROUTED
    assert int(strangers.sum()) == len(after) - len(before.readings)
    assert (after.fate[strangers] == QUARANTINED).all()
