"""Events: stable ids, one row a run, and nothing for what nobody observed."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid_assets.domain.intervals import operating_day
from tests.unit.domain.measures.world import ZONE, Row, World, aggregate, reading, sensor, starts

DAY, NEXT = date(2016, 10, 30), date(2016, 10, 31)
VOLTAGE = sensor("V.voltage", sensor_type="voltage", rated_min=207.0, rated_max=253.0)
EXCHANGE = sensor("X.energy", point_type="exchange", feeder_id="F1", rated_max=10.0)
METERS = tuple(sensor(f"M{n}.energy", feeder_id="F1", rated_max=5.0) for n in range(3))
LEVELS = (0.0, 195.0, 206.0, 230.0, 230.0, 254.0, None)


def _readings(day: date, seed: int) -> list[Row]:
    random = Random(seed)
    rows = [reading(VOLTAGE, start, random.choice(LEVELS)) for start in starts(day, 15)]
    rows += [reading(EXCHANGE, start, random.choice((-11.0, 3.0, 10.0, 12.5))) for start in starts(day, 15)]
    for start in starts(day, 15):
        is_out = random.random() < 0.2
        for meter in METERS:
            value = 0.0 if is_out else random.choice((0.0, 1.0, 2.0))
            rule = random.choice(("", "", "V02", "V04", "V05,V06"))
            rows.append(reading(meter, start, value, quality="estimated" if rule else "measured", rule_ids=rule))
    return rows


@given(seed=st.integers(0, 2**32))
@settings(max_examples=max(settings().max_examples // 20, 1))
def test_events__are_the_same_in_any_order_and_alone_or_together(seed: int, scratch: Path) -> None:
    sensors = (VOLTAGE, EXCHANGE, *METERS)
    rows = {day: _readings(day, seed + day.day) for day in (DAY, NEXT)}
    both = rows[DAY] + rows[NEXT]
    together = aggregate(scratch, [DAY, NEXT], World(sensors, both))["events"]
    mixed = aggregate(scratch, [NEXT, DAY], World(sensors, Random(seed).sample(both, len(both))), threads=2)["events"]
    alone = [event for day in rows for event in aggregate(scratch, [day], World(sensors, rows[day]))["events"]]
    assert together == mixed
    assert sorted(alone, key=lambda event: str(event["event_id"])) == together
    assert max(Counter(event["event_id"] for event in together).values()) == 1


@given(seed=st.integers(0, 2**32))
@settings(max_examples=max(settings().max_examples // 20, 1))
def test_events__cover_flagged_intervals_exactly(seed: int, scratch: Path) -> None:
    rows = [row for row in _readings(DAY, seed) if row["sensor_id"] == VOLTAGE["sensor_id"]]
    events = aggregate(scratch, [DAY], World((VOLTAGE,), rows))["events"]
    told = Counter[str]()
    for event in events:
        start, end = event["started_at_utc"], event["ended_at_utc"]
        told[str(event["event_type"])] += int((end - start) / timedelta(minutes=15))  # type: ignore[operator]
    values = [row["value"] for row in rows]
    expected: dict[str, tuple[object, ...]] = {
        "outage": (0.0,),
        "sag": (195.0, 206.0),
        "swell": (254.0,),
        "gap": (None,),
    }
    assert told == Counter({kind: sum(v in levels for v in values) for kind, levels in expected.items()})


def test_events__of_one_kind_never_touch(scratch: Path) -> None:
    rows = _readings(DAY, 7)
    events = aggregate(scratch, [DAY], World((VOLTAGE, EXCHANGE, *METERS), rows))["events"]
    who = ("event_type", "sensor_id", "asset_id")
    ends = {tuple(event[name] for name in (*who, "ended_at_utc")) for event in events}
    begins = {tuple(event[name] for name in (*who, "started_at_utc")) for event in events}
    assert events
    assert not ends & begins


def test_events__end_with_their_day(scratch: Path) -> None:
    rows = [reading(VOLTAGE, start, 200.0) for day in (DAY, NEXT) for start in starts(day, 15)]
    first, second = sorted(
        aggregate(scratch, [DAY, NEXT], World((VOLTAGE,), rows))["events"], key=lambda row: str(row["operating_day"])
    )
    span = operating_day(DAY, ZONE)
    assert (first["started_at_utc"], first["ended_at_utc"]) == (span.start_utc, span.end_utc)
    assert second["started_at_utc"] == span.end_utc
    assert "1500 min" in str(first["message"])


def test_events__id_depends_on_the_facts_only(scratch: Path) -> None:
    start = starts(DAY, 15)[8]
    ids = set()
    for value in (200.0, 201.0):
        (event,) = aggregate(scratch, [DAY], World((VOLTAGE,), [reading(VOLTAGE, start, value)]))["events"]
        ids.add(str(event["event_id"]))
    assert ids == {"sag-ec93bee7abdc741f12894492f48cffaa"}


@pytest.mark.parametrize("quality", ["estimated", "missing"])
def test_events__do_not_tell_what_nobody_observed(quality: str, scratch: Path) -> None:
    start = starts(DAY, 15)[8]
    rows = [
        reading(VOLTAGE, start, None if quality == "missing" else 0.0, quality=quality, raw_value=0.0, rule_ids="V05"),
        reading(EXCHANGE, start, None if quality == "missing" else 50.0, quality=quality, rule_ids="V03"),
    ]
    kinds = {row["event_type"] for row in aggregate(scratch, [DAY], World((VOLTAGE, EXCHANGE), rows))["events"]}
    assert kinds <= {"spike", "gap"}
    assert "spike" in kinds
