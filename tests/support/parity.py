"""Two engines on the same input: many small worlds as one, a seeded month, and tables compared value by value."""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from grid_assets.domain.intervals import operating_day
from grid_assets.domain.measures.registry import MEASURES
from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.domain.tables import METER_READINGS, SENSOR_LATEST
from grid_assets.pipeline.aggregate.days import aggregate_days
from resources.clients.engines.base import Session
from tests.unit.domain.vee.world import ZONE, Row, World, sensor, verify_in, whole_day

PLACES = ("sensor_id", "meter_id", "transformer_id", "feeder_id", "substation_id", "region")
OWNERS = (*PLACES, "asset_id")
TOLERANCE = 1e-9
"""Sums of doubles depend on the order of their parts; the pipeline itself takes such differences for none."""
MONTH = tuple(date(2016, 3, 1) + timedelta(days=n) for n in range(31))
_GRID = {"transformer_id": "T1", "feeder_id": "F1", "substation_id": "S1", "region": "north"}


def named(rows: Iterable[Row], world: str) -> list[Row]:
    """Return rows whose sensors and places carry the name of their world, so that worlds together do not meet."""
    return [row | {place: f"{world}:{row[place]}" for place in PLACES if row.get(place)} for row in rows]


def of_world(rows: Iterable[Row], world: str, days: Sequence[date] | None = None) -> list[Row]:
    """Return the rows of one world out of many together, of some operating days where they are named."""
    mine = [row for row in rows if any(str(row.get(owner)).startswith(f"{world}:") for owner in OWNERS)]
    return mine if days is None else [row for row in mine if row["operating_day"] in days]


def assert_same(found: Sequence[Row], expected: Sequence[Row], what: str) -> None:
    """Assert that rows in the same order have the same values, doubles but for their last digits."""
    assert len(found) == len(expected), what
    for mine, other in zip(found, expected, strict=True):
        assert mine.keys() == other.keys(), what
        differing = {name: (mine[name], other[name]) for name in mine if not _is_same(mine[name], other[name])}
        assert not differing, f"{what}: {mine} differs in {differing}"


def _is_same(mine: object, other: object) -> bool:
    if isinstance(mine, float) and isinstance(other, float):
        return math.isclose(mine, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(mine) is type(other) and mine == other


def month_of(seed: int) -> World:
    """Return a month of a small grid with holes, wild values, wrong units, repeated, late and corrected readings."""
    chance = random.Random(seed)
    sensors = (
        *(sensor(f"m{n}.energy", rated_max=20.0, **_GRID) for n in range(1, 4)),
        sensor("p1.energy", point_type="production", **_GRID),
        sensor("x1.energy", point_type="exchange", rated_max=60.0, **_GRID),
        sensor("m1.register", sensor_type="register", **_GRID),
        sensor("v1.voltage", sensor_type="voltage", rated_min=207.0, rated_max=253.0, **_GRID),
        sensor("q1.power", sensor_type="power", interval_minutes=30, **_GRID),
    )
    first = [row for day in MONTH for of in sensors for row in _day(of, day, chance)]
    again = [row | {"batch_id": 2, "source_order": 1} for row in first if chance.random() < 0.02]
    return World(sensors, first + [row | {"value": _value(row, chance)} for row in again])


def _day(of: Row, day: date, chance: random.Random) -> Iterator[Row]:
    number = MONTH.index(day)
    if of["sensor_type"] == "register":
        yield from whole_day(of, day, 500.0 + 30 * number + chance.uniform(0, 5)) if chance.random() > 0.1 else ()
        return
    is_out = chance.random() < 0.03
    for row in whole_day(of, day, 1.0):
        if is_out or chance.random() < 0.04:
            continue
        yield row | {"value": _value(row, chance)} | (_fault(row, chance) if chance.random() < 0.06 else {})


def _value(row: Row, chance: random.Random) -> float:
    if row["sensor_type"] == "voltage":
        return round(chance.gauss(231, 9), 3)
    return round(chance.uniform(0.2, 4.0), 4) * (5 if str(row["sensor_id"]).startswith("x") else 1)


def _fault(row: Row, chance: random.Random) -> Row:
    start = row["interval_start_utc"]
    assert isinstance(start, datetime)
    faults: Sequence[Row] = (
        {"value": 900.0},
        {"value": -1.0},
        {"value": 0.0},
        {"unit": "V"},
        {"unit": "Wh"},
        {"quality": "estimated"},
        {"interval_minutes": 15},
        {"interval_start_utc": start + timedelta(seconds=30)},
        {"interval_start_utc": start + timedelta(minutes=9)},
    )
    return chance.choice(faults)


def whole_pipeline_in(session: Session, days: Sequence[date], world: World) -> dict[str, list[Row]]:
    """Verify and aggregate a world's days in a session; return `meter_readings` and every aggregate table by key."""
    made = {METER_READINGS.name: verify_in(session, days, world)}
    stamp = datetime(2016, 4, 1, tzinfo=UTC).isoformat()
    session.materialize("readings", f"SELECT *, 1 AS batch_id, TIMESTAMPTZ '{stamp}' AS recorded_at_utc FROM verified")
    session.register("fallback", pa.Table.from_pylist([], schema=arrow_schema(METER_READINGS)))
    session.register("previous_latest", pa.Table.from_pylist([], schema=arrow_schema(SENSOR_LATEST)))
    aggregate_days(session, tuple(operating_day(day, ZONE) for day in days))
    for measure in MEASURES:
        query = f"SELECT * FROM {measure.relation} ORDER BY {', '.join(measure.table.key)}"
        made[measure.name] = session.fetch(query).to_pylist()
    return made
