"""`aggregate_days` in a session: what it leaves behind, empty input, zones, and the latest values day by day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from grid_assets.domain.columns import PROVENANCE
from grid_assets.domain.intervals import operating_day
from grid_assets.domain.measures.registry import MEASURES, STEPS
from grid_assets.domain.projections.arrow import ARROW_TYPES
from grid_assets.domain.tables import METER_READINGS, SENSOR_LATEST, SENSORS
from grid_assets.pipeline.aggregate.days import aggregate_days
from resources.clients.engines.base import Scan, Session
from resources.clients.engines.duckdb_engine import DuckDBEngine
from tests.unit.domain.measures.world import World, aggregate, reading, sensor, whole_day

DAY = date(2016, 2, 15)


def _empty(session: Session) -> None:
    for name, table in (("sensors", SENSORS), ("readings", METER_READINGS), ("fallback", METER_READINGS)):
        session.scan(name, Scan(table, ()))
    session.scan("previous_latest", Scan(SENSOR_LATEST, ()))


def test_aggregate_days__leaves_typed_empty_tables_where_nothing_was_read(tmp_path: Path) -> None:
    with DuckDBEngine(tmp_path).session() as session:
        _empty(session)
        aggregate_days(session, [operating_day(DAY, ZoneInfo("Europe/Berlin"))])
        for measure in MEASURES:
            made = session.fetch(f"SELECT * FROM {measure.relation}")
            columns = [column for column in measure.table.columns if column.name not in PROVENANCE]
            assert made.num_rows == 0
            assert made.column_names == [column.name for column in columns]
            assert [_plain(field.type) for field in made.schema] == [ARROW_TYPES[column.type] for column in columns]


def test_aggregate_days__leaves_no_step_behind(tmp_path: Path) -> None:
    with DuckDBEngine(tmp_path).session() as session:
        _empty(session)
        aggregate_days(session, [operating_day(DAY, ZoneInfo("Europe/Berlin"))])
        names = session.fetch("SELECT table_name FROM information_schema.tables").column("table_name").to_pylist()
    assert not {step.name for step in STEPS} & set(names)
    assert {measure.relation for measure in MEASURES} <= set(names)


@pytest.mark.parametrize(("zone", "minute"), [("Asia/Kolkata", 30), ("Asia/Kathmandu", 15), ("Europe/Berlin", 0)])
def test_hours__are_counted_from_the_start_of_the_operating_day(zone: str, minute: int, tmp_path: Path) -> None:
    day = operating_day(DAY, ZoneInfo(zone))
    meter = sensor("M.energy", feeder_id="F1")
    rows = [reading(meter, day.start_utc + timedelta(minutes=n), 1.0, operating_day=DAY) for n in range(0, 1440, 15)]
    with DuckDBEngine(tmp_path).session() as session:
        _empty(session)
        session.register("sensors", pa.Table.from_pylist([meter]))
        session.register("readings", pa.Table.from_pylist(rows))
        aggregate_days(session, [day])
        hours = session.fetch("SELECT hour_start_utc, energy_kwh FROM new_load_hourly ORDER BY 1").to_pylist()
    assert len(hours) == 24
    assert hours[0]["hour_start_utc"] == day.start_utc
    assert {hour["hour_start_utc"].minute for hour in hours} == {minute}
    assert {hour["energy_kwh"] for hour in hours} == {4.0}


def test_hours__of_a_day_with_half_an_hour_more_keep_their_power(tmp_path: Path) -> None:
    day = operating_day(date(2016, 4, 3), ZoneInfo("Australia/Lord_Howe"))
    meter = sensor("M.energy", feeder_id="F1")
    rows = [
        reading(meter, day.start_utc + timedelta(minutes=n), 1.0, operating_day=day.day) for n in range(0, 1470, 15)
    ]
    with DuckDBEngine(tmp_path).session() as session:
        _empty(session)
        session.register("sensors", pa.Table.from_pylist([meter]))
        session.register("readings", pa.Table.from_pylist(rows))
        aggregate_days(session, [day])
        hours = session.fetch(
            "SELECT net_kwh, peak_kw FROM new_load_by_asset WHERE grain = 'hour' ORDER BY 1"
        ).to_pylist()
        (daily,) = session.fetch("SELECT load_factor FROM new_load_by_asset WHERE grain = 'day'").to_pylist()
    assert hours == [{"net_kwh": 2.0, "peak_kw": 4.0}, *[{"net_kwh": 4.0, "peak_kw": 4.0}] * 24]
    assert daily["load_factor"] == 1.0


def test_sensor_latest__is_the_same_day_by_day_in_any_order_and_at_once(tmp_path: Path) -> None:
    meters = [sensor("A.energy"), sensor("B.energy")]
    days = [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
    rows = {day: whole_day(meters[0], day, 1.0 + n) for n, day in enumerate(days)}
    rows[days[0]] += whole_day(meters[1], days[0], 9.0)
    at_once = aggregate(tmp_path, days, World(meters, [row for day in days for row in rows[day]]))["sensor_latest"]
    for order in (days, days[::-1], [days[1], days[0], days[2]]):
        latest = aggregate(tmp_path, [order[0]], World(meters, rows[order[0]]))["sensor_latest"]
        for day in order[1:]:
            known = [row | {"batch_id": 1} for row in latest]
            latest = aggregate(tmp_path, [day], World(meters, rows[day], known))["sensor_latest"]
        assert latest == at_once
    assert [row["value"] for row in at_once] == [3.0, 9.0]
    assert at_once[0]["interval_start_utc"] == datetime(2016, 2, 17, 22, 45, tzinfo=UTC)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return an instant's type with the name of UTC that the registry uses; engines call it Etc/UTC as well."""
    return pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(kind) else kind
