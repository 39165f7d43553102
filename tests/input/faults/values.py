"""Faults of the meter: what it records is wrong, or nothing is recorded."""

import numpy as np

from tests.input.faults.case import Case, Mask, Rows, Runs, choose
from tests.input.grid import Floats
from tests.input.readings import LOST, UNITS
from tests.input.seeds import generator
from tests.input.timeaxis import MINUTE_US, Instants


def _is_interval(case: Case) -> Mask:
    """Energy of customers and plants, and power: the channels that value faults hit."""
    fleet = case.fleet
    energy = (fleet.types == "energy") & (fleet.points != "exchange")
    return case.sensors_where(energy | (fleet.types == "power"))


def _is_energy_in(case: Case, streams: tuple[str, ...]) -> Mask:
    fleet = case.fleet
    return case.sensors_where(
        (fleet.types == "energy") & (fleet.points != "exchange") & np.isin(fleet.streams, streams)
    )


def _rated(case: Case) -> Floats:
    return case.fleet.rated_max[case.readings.sensor]


def _rounded(case: Case, rows: Rows, values: Floats) -> Floats:
    scale = 10.0 ** case.fleet.decimals[case.readings.sensor[rows]]
    return np.round(values * scale) / scale


def _lengths(rng: np.random.Generator, episodes: int, shortest: int, longest: int) -> Rows:
    return rng.integers(shortest, longest + 1, size=episodes)


def spike_beyond_rating(case: Case) -> Case:
    """Single readings multiplied by 8 to 100, beyond 1.6 times the rating (true values that reach it so)."""
    rng = generator("spike_beyond_rating", case.label)
    rated, true = _rated(case), case.readings.true
    runs = choose(case, _is_interval(case) & (true * 90 > rated * 1.6), np.ones(case.count(140), np.int64), rng)
    rows = runs.rows()
    least = np.maximum(8.0, 1.6 * rated[rows] / true[rows])
    factor = least + (100.0 - least) * rng.random(rows.size) ** 2
    values = _rounded(case, rows, true[rows] * factor)
    return case.record("spike_beyond_rating", runs, [f"factor={f:.1f}" for f in factor], value=values)


def spike_within_rating(case: Case) -> Case:
    """Single readings multiplied by 8 to 20, below 0.9 times the rating: only their neighbours betray them."""
    rng = generator("spike_within_rating", case.label)
    rated, true = _rated(case), case.readings.true
    visible = (true * 9 < rated * 0.9) & (true > 0.01 * rated)
    runs = choose(case, _is_interval(case) & visible, np.ones(case.count(70), np.int64), rng)
    rows = runs.rows()
    most = np.minimum(20.0, 0.9 * rated[rows] / true[rows])
    factor = 8.0 + (most - 8.0) * rng.random(rows.size)
    values = _rounded(case, rows, true[rows] * factor)
    return case.record("spike_within_rating", runs, [f"factor={f:.1f}" for f in factor], value=values)


def stuck(case: Case) -> Case:
    """The first value is repeated for 8 to 30 hours."""
    rng = generator("stuck", case.label)
    eligible = _is_interval(case) & case.sensors_where(
        (case.fleet.minutes == 15) & (case.fleet.points == "consumption")
    )
    runs = choose(case, eligible & (case.readings.true > 0), _lengths(rng, case.count(45), 32, 120), rng)
    held = runs.spread(case.readings.true[runs.first])
    return case.record("stuck", runs, [f"value={v:g}" for v in case.readings.true[runs.first]], value=held)


def zero_run(case: Case) -> Case:
    """Zeros for 4 to 48 hours where the customer consumed."""
    rng = generator("zero_run", case.label)
    eligible = _is_interval(case) & case.sensors_where(
        (case.fleet.minutes == 15) & (case.fleet.points == "consumption")
    )
    runs = choose(case, eligible & (case.readings.true > 0), _lengths(rng, case.count(45), 16, 192), rng)
    return case.record("zero_run", runs, [""] * runs.first.size, value=0.0)


def negative(case: Case) -> Case:
    """The sign is turned for up to 4 hours."""
    rng = generator("negative", case.label)
    eligible = _is_interval(case) & (case.readings.true > 0)
    runs = choose(case, eligible, _lengths(rng, case.count(60), 1, 16), rng)
    return case.record("negative", runs, [""] * runs.first.size, value=-case.readings.true[runs.rows()])


def scale_unlabelled(case: Case) -> Case:
    """Wh delivered as kWh: values 1000 times too large for 1 to 24 hours, with nothing that says so."""
    rng = generator("scale_unlabelled", case.label)
    eligible = _is_interval(case) & (case.readings.true > 0.002 * _rated(case))
    runs = choose(case, eligible, _lengths(rng, case.count(40), 4, 96), rng)
    values = np.round(case.readings.true[runs.rows()] * 1000.0, 3)
    return case.record("scale_unlabelled", runs, ["factor=1000"] * runs.first.size, value=values)


def unit_convertible(case: Case) -> Case:
    """Wh delivered with the label Wh: unusual and right."""
    rng = generator("unit_convertible", case.label)
    eligible = _is_energy_in(case, ("lv", "mv", "mvslow"))
    runs = choose(case, eligible, _lengths(rng, case.count(40), 4, 96), rng)
    values = np.round(case.readings.true[runs.rows()] * 1000.0, 3)
    return case.record("unit_convertible", runs, ["Wh"] * runs.first.size, value=values, unit=UNITS.index("Wh"))


def unit_inconvertible(case: Case) -> Case:
    """Energy labelled kW: stored as received, but no factor makes it kWh without guessing."""
    rng = generator("unit_inconvertible", case.label)
    eligible = _is_energy_in(case, ("lv", "mv", "mvslow"))
    runs = choose(case, eligible, _lengths(rng, case.count(40), 1, 8), rng)
    return case.record("unit_inconvertible", runs, ["kW on energy"] * runs.first.size, unit=UNITS.index("kW"))


def gap_short(case: Case) -> Case:
    """Up to two hours are missing, in any interval channel."""
    rng = generator("gap_short", case.label)
    quarters = case.sensors_where(case.fleet.minutes == 15)
    return _gap(case, "gap_short", quarters, (case.count(320), 1, 8), rng)


def gap_long(case: Case) -> Case:
    """More than two hours and up to three days are missing, in any interval channel."""
    rng = generator("gap_long", case.label)
    quarters = case.sensors_where(case.fleet.minutes == 15)
    return _gap(case, "gap_long", quarters, (case.count(70), 9, 288), rng)


def gap_slow(case: Case) -> Case:
    """One to six half hours or hours are missing on meters with long intervals."""
    rng = generator("gap_slow", case.label)
    slow = case.sensors_where(np.isin(case.fleet.minutes, (30, 60)))
    return _gap(case, "gap_slow", slow, (case.count(35), 1, 6), rng)


def gap_register(case: Case) -> Case:
    """One or two daily register readings are missing."""
    rng = generator("gap_register", case.label)
    registers = case.sensors_where(case.fleet.types == "register")
    return _gap(case, "gap_register", registers, (case.count(35), 1, 2), rng)


def _gap(case: Case, kind: str, eligible: Mask, size: tuple[int, int, int], rng: np.random.Generator) -> Case:
    episodes, shortest, longest = size
    runs = choose(case, eligible, _lengths(rng, episodes, shortest, longest), rng)
    return case.record(kind, runs, [f"readings={n}" for n in runs.length], fate=LOST)


def theft(case: Case, sensor_id: str, since: int, recorded: float) -> Case:
    """From the instant ``since`` on the meter records only the share ``recorded`` of what flows."""
    sensor = case.sensors_where(case.fleet.ids == sensor_id)
    rows = np.flatnonzero(sensor & (case.readings.start >= since))
    if rows.size == 0:
        return case
    runs = Runs(rows[:1], np.array([rows.size]))
    values = _rounded(case, rows, case.readings.true[rows] * recorded)
    return case.record("theft", runs, [f"recorded_share={recorded}"], value=values)


def off_clock_seconds(case: Case) -> Case:
    """The timestamp is 1 to 30 seconds after the start of the interval."""
    rng = generator("off_clock_seconds", case.label)
    seconds = rng.integers(1, 31, size=case.count(60))
    return _off_clock(case, "off_clock_seconds", seconds * (MINUTE_US // 60), rng)


def off_clock_minutes(case: Case) -> Case:
    """The timestamp is 2 to 13 minutes after the start of the interval."""
    rng = generator("off_clock_minutes", case.label)
    minutes = rng.integers(2, 14, size=case.count(45))
    return _off_clock(case, "off_clock_minutes", minutes * MINUTE_US, rng)


def _off_clock(case: Case, kind: str, shift: Instants, rng: np.random.Generator) -> Case:
    runs = choose(case, _is_interval(case), np.ones(shift.size, np.int64), rng)
    moved = shift[: runs.first.size]
    stamps = case.readings.start[runs.first] + moved
    return case.record(kind, runs, [f"seconds={s // 1_000_000}" for s in moved], stamp=stamps)
