"""Facts of the grid that look like faults and are true: outages, sags, swells, overloads, new registers."""

from dataclasses import replace

import numpy as np

from tests.input.faults.case import Case, Mask, Runs, choose
from tests.input.seeds import generator
from tests.input.world import Outage, Restart

NOMINAL_SHARE = 1.1
"""The upper voltage limit is 1.1 times the nominal voltage (EN 50160)."""


def outage(case: Case, event: Outage) -> Case:
    """Claim the readings of every channel of the interrupted area; the world has already set them to zero."""
    fleet = case.fleet
    area = (fleet.feeders == event.asset_id) | (fleet.transformers == event.asset_id)
    fed = case.sensors_where(area & (fleet.types != "register"))
    during = (case.readings.start >= event.start_us) & (case.readings.start < event.end_us)
    runs = _runs(case, fed & during)
    return case.record("outage", runs, [event.asset_id] * runs.first.size)


def register_restart(case: Case, event: Restart) -> Case:
    """Claim the first reading of a register that counts anew; the world has already given it its new index."""
    rows = case.sensors_where(case.fleet.ids == event.sensor_id) & (case.readings.start == event.day_us)
    runs = _runs(case, rows)
    return case.record(event.kind, runs, [f"index_at_start={event.index:g}"] * runs.first.size)


def overload(case: Case) -> Case:
    """Claim the readings in which an exchange meter runs above its rating."""
    fleet = case.fleet
    exchange = case.sensors_where(fleet.points == "exchange")
    limit = fleet.rated_max[case.readings.sensor]
    runs = _runs(case, exchange & (np.abs(case.readings.true) > limit))
    peaks = [float(np.abs(case.readings.true[a : a + n]).max()) for a, n in zip(runs.first, runs.length, strict=True)]
    return case.record("overload", runs, [f"peak_kwh={peak:g}" for peak in peaks])


def sag(case: Case) -> Case:
    """Voltage at 0.80 to 0.895 of nominal for one to four quarters, on every sensor of a feeder at once."""
    return _dips(case, "sag", (0.80, 0.895))


def swell(case: Case) -> Case:
    """Voltage at 1.105 to 1.15 of nominal for one to four quarters, on every sensor of a feeder at once."""
    return _dips(case, "swell", (1.105, 1.15))


def _dips(case: Case, kind: str, depth: tuple[float, float]) -> Case:
    rng = generator(kind, case.label)
    voltage = case.sensors_where(case.fleet.types == "voltage")
    lengths = rng.integers(1, 5, size=case.count(18))
    for run in range(lengths.size):
        seed = choose(case, voltage, lengths[run : run + 1], rng)
        if seed.first.size:
            case = _dip(case, kind, seed, depth[0] + (depth[1] - depth[0]) * rng.random())
    return case


def _dip(case: Case, kind: str, seed: Runs, depth: float) -> Case:
    """Apply one sag or swell to all voltage sensors of the seed's feeder."""
    fleet, readings = case.fleet, case.readings
    first = int(seed.first[0])
    start, stop = readings.start[first], readings.start[first + int(seed.length[0]) - 1]
    near = case.sensors_where((fleet.types == "voltage") & (fleet.feeders == fleet.feeders[readings.sensor[first]]))
    rows = np.flatnonzero(near & (readings.start >= start) & (readings.start <= stop) & (readings.fault < 0))
    limit = fleet.rated_max[readings.sensor[rows]]
    values = np.round(limit / NOMINAL_SHARE * depth, 1)
    runs = _runs(case, np.isin(np.arange(len(readings)), rows))
    changed = case.record(kind, runs, [f"share_of_nominal={depth:.3f}"] * runs.first.size)
    return replace(changed, readings=changed.readings.assign(rows, value=values, true=values))


def _runs(case: Case, rows: Mask) -> Runs:
    """The maximal runs of marked rows, cut where the sensor changes."""
    positions = np.flatnonzero(rows)
    if positions.size == 0:
        return Runs(positions, positions)
    sensor = case.readings.sensor[positions]
    begins = np.concatenate([[True], (np.diff(positions) != 1) | (np.diff(sensor) != 0)])
    first = np.flatnonzero(begins)
    return Runs(positions[first], np.diff(np.append(first, positions.size)))
