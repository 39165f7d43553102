"""Facts of the grid that look like faults."""

import numpy as np

from tests.input.faults import events
from tests.input.world import Outage
from tests.unit.input.given import case


def test_sag__hits_every_voltage_of_the_feeder_and_the_truth() -> None:
    after = events.sag(case(share=0.3))
    rows = np.flatnonzero(after.readings.fault >= 0)
    assert (after.readings.true[rows] == after.readings.value[rows]).all()
    assert (after.readings.value[rows] < 207.0).all()
    starts, counts = np.unique(after.readings.start[rows], return_counts=True)
    assert starts.size > 0
    assert set(counts.tolist()) == {4}


def test_swell__exceeds_the_upper_limit() -> None:
    after = events.swell(case(share=0.3))
    assert (after.readings.value[after.readings.fault >= 0] > 253.0).all()


def test_outage__claims_the_area_but_its_registers() -> None:
    before = case()
    start = int(before.readings.start[50])
    after = events.outage(before, Outage("T1", start, start + 4 * 900_000_000))
    ids = after.fleet.types[after.readings.sensor[after.readings.fault >= 0]]
    assert set(ids.tolist()) == {"energy"}
    assert int((after.readings.fault >= 0).sum()) == 4 * (12 + 2 + 12 + 1)


def test_overload__claims_runs_above_the_rating() -> None:
    before = case()
    exchange = np.flatnonzero(before.sensors_where(before.fleet.points == "exchange"))
    peak = before.readings.assign(exchange[5:8], true=1.2, value=1.2).assign(exchange[20:21], true=-1.1, value=-1.1)
    after = events.overload(type(before)(peak, before.fleet, "test"))
    assert after.log.row == (exchange[5], exchange[20])
    assert after.log.detail == ("peak_kwh=1.2", "peak_kwh=1.1")
