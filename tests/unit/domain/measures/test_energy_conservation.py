"""Invariants of the loads: energy and counts are the same at every level, whatever is missing or estimated."""

from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid_assets.domain.measures.energy import COUNT_NAMES
from tests.unit.domain.measures.world import Row, World, aggregate, reading, sensor, starts

ORDINARY, SHORT, LONG = date(2016, 3, 26), date(2016, 3, 27), date(2016, 10, 30)
SENSORS = (
    sensor("M1.energy", feeder_id="F1", transformer_id="T1", region="R"),
    sensor("M2.energy", feeder_id="F1", transformer_id="T2", region="R", interval_minutes=30),
    sensor("M3.energy", feeder_id="F2", transformer_id="T2", region="R", interval_minutes=60),
    sensor("M4.energy", feeder_id="F2", region="R", interval_minutes=1440),
    sensor("M5.energy", feeder_id="F2", region="R", point_type="production"),
    sensor("M6.one", meter_id="M6", feeder_id="F1", region="R"),
    sensor("M6.two", meter_id="M6", feeder_id="F1", region="R"),
)
FEW = max(settings().max_examples // 16, 1)
"""Each example runs every measure, so a profile's count is divided."""
QUALITIES = ("measured", "measured", "revised", "edited", "estimated", "missing")


def _readings(day: date, seed: int) -> list[Row]:
    random = Random(seed)
    rows: list[Row] = []
    for one in SENSORS:
        for start in starts(day, int(str(one["interval_minutes"]))):
            quality = random.choice(QUALITIES)
            value = None if quality == "missing" else round(random.uniform(0, 9), random.choice((0, 4, 9)))
            rows.append(reading(one, start, value, quality=quality))
    return rows


def _total(rows: list[Row], column: str = "energy_kwh", **where: object) -> float:
    chosen = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return sum(float(str(row[column])) for row in chosen if row[column] is not None)


@given(day=st.sampled_from((ORDINARY, SHORT, LONG)), seed=st.integers(0, 2**32))
@settings(max_examples=FEW)
def test_energy__is_conserved_from_intervals_to_assets(day: date, seed: int, scratch: Path) -> None:
    rows = _readings(day, seed)
    made = aggregate(scratch, [day], World(SENSORS, rows))
    received = _total(rows, "value")
    fine = _total([row for row in rows if row["interval_minutes"] != 1440], "value")
    assert _total(made["load_hourly"]) == pytest.approx(fine, abs=1e-9)
    assert _total(made["load_daily"]) == pytest.approx(received, abs=1e-9)
    for kind in ("feeder", "region"):
        where = {"asset_type": kind, "grain": "day"}
        both = [_total(made["load_by_asset"], name, **where) for name in ("consumption_kwh", "production_kwh")]
        assert sum(both) == pytest.approx(received, abs=1e-9)
        hours = {"asset_type": kind, "grain": "hour"}
        both = [_total(made["load_by_asset"], name, **hours) for name in ("consumption_kwh", "production_kwh")]
        assert sum(both) == pytest.approx(fine, abs=1e-9)


@given(day=st.sampled_from((ORDINARY, SHORT, LONG)), seed=st.integers(0, 2**32))
@settings(max_examples=FEW)
def test_counts__add_up_to_the_expected_intervals(day: date, seed: int, scratch: Path) -> None:
    rows = _readings(day, seed)
    made = aggregate(scratch, [day], World(SENSORS, rows))
    for table in ("load_hourly", "load_daily", "load_by_asset"):
        for row in made[table]:
            expected, *parts = [int(str(row[name])) for name in COUNT_NAMES]
            assert expected == sum(parts)
            named = str(row.get("qualities", "")).split(",")
            assert named == sorted(named)
    assert _total(made["load_daily"], "expected_intervals") == len(rows)
    assert _total(made["load_daily"], "missing_intervals") == sum(row["value"] is None for row in rows)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=FEW)
def test_aggregates__do_not_depend_on_row_order_or_threads(seed: int, scratch: Path) -> None:
    rows = _readings(ORDINARY, seed) + _readings(SHORT, seed + 1)
    shuffled = Random(seed).sample(rows, len(rows))
    first = aggregate(scratch, [ORDINARY, SHORT], World(SENSORS, rows))
    second = aggregate(scratch, [SHORT, ORDINARY], World(tuple(reversed(SENSORS)), shuffled), threads=2)
    assert first == second


def test_days__computed_alone_give_what_they_give_together(scratch: Path) -> None:
    rows = _readings(ORDINARY, 1) + _readings(SHORT, 2)
    together = aggregate(scratch, [ORDINARY, SHORT], World(SENSORS, rows))
    for day in (ORDINARY, SHORT):
        alone = aggregate(scratch, [day], World(SENSORS, [row for row in rows if row["operating_day"] == day]))
        for table in ("load_hourly", "load_daily", "load_by_asset", "feeder_balance", "voltage_daily", "events"):
            assert alone[table] == [row for row in together[table] if row["operating_day"] == day], table


@pytest.mark.parametrize(("day", "quarters", "hours"), [(SHORT, 92, 23), (ORDINARY, 96, 24), (LONG, 100, 25)])
def test_days__have_their_true_length(day: date, quarters: int, hours: int, scratch: Path) -> None:
    made = aggregate(scratch, [day], World(SENSORS, _readings(day, 3)))
    (daily,) = [row for row in made["load_daily"] if row["meter_id"] == "M1"]
    hourly = [row for row in made["load_hourly"] if row["meter_id"] == "M1"]
    assert daily["expected_intervals"] == quarters
    assert len(hourly) == hours
    assert {row["expected_intervals"] for row in hourly} == {4}
    assert not [row for row in made["load_hourly"] if row["meter_id"] == "M4"]
