"""Small grids for the tests of measures: catalogue rows and verified readings, and one call that aggregates them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.intervals import CIVIL_DAY_MINUTES, operating_day, zone_of
from grid_assets.domain.measures.registry import MEASURES
from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.domain.tables import METER_READINGS, SENSOR_LATEST, SENSORS
from grid_assets.pipeline.aggregate.days import aggregate_days
from resources.clients.engines.base import Session
from resources.clients.engines.duckdb_engine import DuckDBEngine

Row = dict[str, object]

ZONE = zone_of("Europe/Berlin")
PROVENANCE: Row = {"batch_id": 1, "recorded_at_utc": datetime(2016, 1, 1, tzinfo=UTC)}
UNITS = {"energy": "kWh", "register": "kWh", "voltage": "V", "power": "kW"}


@dataclass(frozen=True)
class World:
    """What aggregation is given: the catalogue, the wanted days' readings, and what was known before."""

    sensors: Sequence[Row]
    readings: Sequence[Row] = ()
    previous_latest: Sequence[Row] = ()
    fallback: Sequence[Row] = field(default=())


def sensor(sensor_id: str, **changes: object) -> Row:
    """Return a catalogue row: by default a quarter-hour consumption meter without any place or rating."""
    kind = str(changes.get("sensor_type", "energy"))
    row: Row = dict.fromkeys(SENSORS.column_names)
    row |= {"sensor_id": sensor_id, "meter_id": sensor_id.split(".", maxsplit=1)[0]}
    row |= {"sensor_type": kind, "unit": UNITS[kind]}
    return row | {"interval_minutes": 15, "point_type": "consumption"} | PROVENANCE | changes


def reading(of: Mapping[str, object], start_utc: datetime, value: float | None, **changes: object) -> Row:
    """Return a verified reading of a catalogue row: measured, or missing where the value is None."""
    row: Row = dict.fromkeys(METER_READINGS.column_names)
    row |= {name: of[name] for name in ("sensor_id", "sensor_type", "meter_id", "unit", "interval_minutes")}
    row |= {"interval_start_utc": start_utc, "value": value, "raw_value": value, "raw_unit": of["unit"]}
    row |= {"quality": "missing" if value is None else "measured", "rule_ids": "", "rule_version": "1"}
    return row | {"operating_day": start_utc.astimezone(ZONE).date()} | PROVENANCE | changes


def starts(day: date, minutes: int) -> list[datetime]:
    """Return the interval starts of a civil day: 92, 96 or 100 quarters."""
    span = operating_day(day, ZONE)
    if minutes >= CIVIL_DAY_MINUTES:
        return [span.start_utc]
    return [span.start_utc + timedelta(minutes=n) for n in range(0, span.minutes, minutes)]


def whole_day(of: Mapping[str, object], day: date, values: float | Sequence[float | None]) -> list[Row]:
    """Return the readings of a sensor's day: one value for all intervals, or one for each."""
    instants = starts(day, int(str(of["interval_minutes"])))
    chosen = [values] * len(instants) if isinstance(values, int | float) else values
    return [reading(of, start, value) for start, value in zip(instants, chosen, strict=True)]


def aggregate(scratch: Path, days: Iterable[date], world: World, threads: int = 1) -> dict[str, list[Row]]:
    """Aggregate a world's days in DuckDB and return the rows of every measure, sorted by the table's key."""
    with DuckDBEngine(scratch, threads=threads).session() as session:
        return aggregate_in(session, days, world)


def aggregate_in(session: Session, days: Iterable[date], world: World) -> dict[str, list[Row]]:
    """Aggregate a world's days in a session of any engine and return every measure's rows, by the table's key."""
    session.register("sensors", _table(SENSORS, world.sensors))
    session.register("readings", _table(METER_READINGS, world.readings))
    session.register("fallback", _table(METER_READINGS, world.fallback))
    session.register("previous_latest", _table(SENSOR_LATEST, world.previous_latest))
    aggregate_days(session, tuple(operating_day(day, ZONE) for day in days))
    queries = {m.name: f"SELECT * FROM {m.relation} ORDER BY {', '.join(m.table.key)}" for m in MEASURES}
    return {name: session.fetch(query).to_pylist() for name, query in queries.items()}


def _table(table: TableSpec, rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(table))
