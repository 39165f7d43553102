"""All faults together: what is not claimed is right, and every reading has at most one fault."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.input.faults.plan import COPIES, STEPS
from tests.input.readings import CORRECTED, DUPLICATE, MISROUTED, STORED
from tests.unit.input.given import case


@settings(max_examples=settings().max_examples // 20)
@given(st.text("abc", min_size=1, max_size=3))
def test_steps__leave_unclaimed_readings_right(label: str) -> None:
    after = case(share=0.05, label=label)
    for step in (*STEPS, *COPIES):
        after = step(after)
    readings = after.readings
    free = readings.fault < 0
    assert free.any()
    assert (readings.fate[free] == STORED).all()
    assert (readings.value[free] == readings.true[free]).all()
    assert (readings.stamp[free] == readings.start[free]).all()


def test_steps__keep_one_original_of_every_slot() -> None:
    before = case(share=0.05)
    after = before
    for step in (*STEPS, *COPIES):
        after = step(after)
    readings = after.readings
    original = (readings.batch != CORRECTED) & (readings.fate != DUPLICATE) & (readings.form < MISROUTED)
    slots = np.unique(np.stack([readings.sensor[original], readings.start[original]]), axis=1)
    assert int(original.sum()) == len(before.readings)
    assert slots.shape[1] == len(before.readings)


def test_steps__claim_each_row_once() -> None:
    after = case(share=0.05)
    claimed = 0
    for step in STEPS:
        earlier = after.readings.fault
        after = step(after)
        kept = earlier >= 0
        assert (after.readings.fault[kept] == earlier[kept]).all()
        claimed = int((after.readings.fault >= 0).sum())
    assert claimed > 0
    assert sorted(set(after.readings.fault[after.readings.fault >= 0].tolist())) == list(range(len(after.log)))
