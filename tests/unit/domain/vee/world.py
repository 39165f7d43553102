"""Small grids for the tests of verification: catalogue rows and received readings as dicts, and one call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.intervals import CIVIL_DAY_MINUTES, operating_day, zone_of
from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.domain.tables import SENSOR_DATA, SENSORS
from grid_assets.domain.vee.units import UNIT_OF_TYPE
from grid_assets.pipeline.verify.days import verify_days
from resources.clients.engines.base import Session
from resources.clients.engines.duckdb_engine import DuckDBEngine

Row = dict[str, object]

ZONE_NAME = "Europe/Berlin"
ZONE = zone_of(ZONE_NAME)
RECORDED = datetime(2016, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """What verification is given: the catalogue and every reading as received."""

    sensors: Sequence[Row]
    readings: Sequence[Row] = ()


def sensor(sensor_id: str, **changes: object) -> Row:
    """Return a catalogue row: by default an hourly consumption meter without any place or rating."""
    kind = str(changes.get("sensor_type", "energy"))
    row: Row = dict.fromkeys(SENSORS.column_names)
    row |= {
        "sensor_id": sensor_id,
        "sensor_type": kind,
        "unit": UNIT_OF_TYPE[kind],
        "meter_id": sensor_id.split(".", maxsplit=1)[0],
    }
    row |= {"interval_minutes": CIVIL_DAY_MINUTES if kind == "register" else 60, "point_type": "consumption"}
    return row | {"batch_id": 1, "recorded_at_utc": RECORDED} | changes


def reading(of: Mapping[str, object], start_utc: datetime, value: float | None, **changes: object) -> Row:
    """Return a received reading of a catalogue row, measured, from batch 1 and the file `a.csv`."""
    row: Row = dict.fromkeys(SENSOR_DATA.column_names)
    row |= {"sensor_id": of["sensor_id"], "sensor_type": of["sensor_type"], "unit": of["unit"], "quality": "measured"}
    row |= {"interval_start_utc": start_utc, "value": value, "recorded_at_utc": RECORDED, "batch_id": 1}
    row |= {"source_file": "a.csv", "source_order": 0, "source_row": int(start_utc.timestamp()) // 60}
    return row | {"operating_day": start_utc.astimezone(ZONE).date()} | changes


def starts(day: date, minutes: int = 60) -> list[datetime]:
    """Return the interval starts of a civil day; one for an interval of a civil day."""
    span = operating_day(day, ZONE)
    if minutes >= CIVIL_DAY_MINUTES:
        return [span.start_utc]
    return [span.start_utc + timedelta(minutes=n) for n in range(0, span.minutes, minutes)]


def whole_day(of: Mapping[str, object], day: date, values: float | Sequence[float | None]) -> list[Row]:
    """Return the readings of a sensor's day: one value for all intervals, or one for each, None for no reading."""
    instants = starts(day, int(str(of["interval_minutes"])))
    chosen = [values] * len(instants) if isinstance(values, int | float) else values
    pairs = zip(instants, chosen, strict=True)
    return [reading(of, start, value) for start, value in pairs if value is not None]


def verify(scratch: Path, days: Iterable[date], world: World, threads: int = 1) -> list[Row]:
    """Verify a world's days in DuckDB and return the verified rows by sensor and time."""
    with DuckDBEngine(scratch, threads=threads).session() as session:
        return verify_in(session, days, world)


def verify_in(session: Session, days: Iterable[date], world: World) -> list[Row]:
    """Verify a world's days in a session of any engine and return the verified rows by sensor and time."""
    session.register("sensors", table(SENSORS, world.sensors))
    session.register("received", table(SENSOR_DATA, world.readings))
    verify_days(session, tuple(operating_day(day, ZONE) for day in days), ZONE_NAME)
    rows: list[Row] = session.fetch("SELECT * FROM verified ORDER BY sensor_id, interval_start_utc").to_pylist()
    return rows


def table(spec: TableSpec, rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table of a registered table's schema."""
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(spec))
