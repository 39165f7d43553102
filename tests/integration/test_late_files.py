"""Late and corrected files restate exactly their days: other days keep their very files, in every table."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.tables import BY_NAME, TABLES
from grid_assets.pipeline.query import query
from grid_assets.pipeline.run import run
from resources.clients.platform import Platform
from tests.support.homes import HomeShelf, current_files, days_of_snapshots, opened, run_in, standing
from tests.support.landing import (
    DAYS,
    METERS,
    SENSORS,
    VOLTAGE,
    corrected,
    land_without_an_afternoon,
    usual,
    write_catalogue,
    write_readings,
)

DAY = DAYS[1]
DAILY = tuple(table for table in TABLES if table.is_daily)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    made = HomeShelf(tmp_path_factory.mktemp("late"))
    land_without_an_afternoon(made.home / "landing")
    run_in(made.home)
    made.keep("ran")
    return made


@pytest.fixture
def ran(shelf: HomeShelf) -> Iterator[Platform]:
    with opened(shelf.put_back("ran")) as platform:
        yield platform


def rows(platform: Platform, sql: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = query(platform, sql).to_pylist()
    return found


def restated(platform: Platform, before: dict[str, dict[date | None, tuple[str, ...]]]) -> dict[str, set[date | None]]:
    """Return the days of each table whose files are not those that they were."""
    changed = {}
    for table in TABLES:
        now, then = current_files(platform, table), before[table.name]
        changed[table.name] = {day for day in now.keys() | then.keys() if now.get(day) != then.get(day)}
    return changed


def files(platform: Platform) -> dict[str, dict[date | None, tuple[str, ...]]]:
    return {table.name: current_files(platform, table) for table in TABLES}


def snapshots_since(platform: Platform, table: TableSpec, before: dict[str, tuple[int, ...]]) -> list[list[str]]:
    return days_of_snapshots(platform, table, len(before[table.name]))


def test_run__of_a_late_file_restates_its_day_only(ran: Platform) -> None:
    before, stood = files(ran), standing(ran).snapshots
    write_readings(ran.landing, "late.csv", [DAY], sensors=(METERS[2],))
    summary = run(ran)
    assert (summary.received, summary.stored, summary.duplicate, summary.operating_days) == (24, 4, 20, (DAY,))
    changed = restated(ran, before)
    assert {name: days for name, days in changed.items() if days} == {
        name: {DAY}
        for name in (
            "sensor_data",
            "meter_readings",
            "meter_readings_history",
            "load_hourly",
            "load_daily",
            "load_by_asset",
            "feeder_balance",
            "events",
        )
    }
    for table in DAILY:
        expected = [[DAY.isoformat()]] if changed[table.name] else []
        assert snapshots_since(ran, table, stood) == expected, table.name


def test_run__of_a_late_file_makes_what_the_file_in_time_makes(ran: Platform, tmp_path: Path) -> None:
    write_readings(ran.landing, "late.csv", [DAY], sensors=(METERS[2],))
    run(ran)
    home = tmp_path / "in-time"
    write_catalogue(home / "landing", "catalogue.csv", SENSORS)
    write_readings(home / "landing", "all.csv", DAYS)
    run_in(home)
    with opened(home) as in_time:
        for name in ("meter_readings", "load_hourly", "load_daily", "load_by_asset", "feeder_balance", "events"):
            columns = ", ".join(BY_NAME[name].content_names)
            sql = f"SELECT {columns} FROM {name} ORDER BY ALL"
            assert json.dumps(rows(ran, sql), default=str) == json.dumps(rows(in_time, sql), default=str), name


def test_run__of_a_late_file_keeps_what_was_estimated_before(ran: Platform) -> None:
    of_the_day = "WHERE sensor_id = 'M3.e' AND operating_day = DATE '2016-03-25'"
    sql = f"SELECT quality, COUNT(*) AS n FROM {{}} {of_the_day} GROUP BY ALL"
    assert {"quality": "estimated", "n": 4} in rows(ran, sql.format("meter_readings"))
    write_readings(ran.landing, "late.csv", [DAY], sensors=(METERS[2],))
    run(ran)
    assert rows(ran, sql.format("meter_readings")) == [{"quality": "measured", "n": 24}]
    assert rows(ran, sql.format("meter_readings_history")) == [{"quality": "estimated", "n": 4}]


def test_run__of_a_correction_restates_its_days_and_keeps_the_old_rows(ran: Platform) -> None:
    before = files(ran)
    write_readings(ran.landing, "correction.csv", [DAYS[0], DAYS[2]], corrected, sensors=(METERS[0], VOLTAGE))
    summary = run(ran)
    assert summary.operating_days == (DAYS[0], DAYS[2])
    changed = restated(ran, before)
    assert {day for days in changed.values() for day in days} == {DAYS[0], DAYS[2]}
    assert changed["voltage_daily"] == changed["meter_readings"] == {DAYS[0], DAYS[2]}
    revised = "SELECT COUNT(*) AS n FROM meter_readings WHERE quality = 'revised'"
    old = "SELECT COUNT(*) AS n FROM meter_readings_history"
    assert rows(ran, revised) == rows(ran, old) == [{"n": summary.stored}]


def test_run__keeps_the_batch_of_rows_that_a_restatement_did_not_change(ran: Platform) -> None:
    sql = "SELECT sensor_id, interval_start_utc, batch_id, recorded_at_utc FROM meter_readings WHERE {} ORDER BY ALL"
    others = sql.format("NOT (sensor_id = 'M3.e' AND operating_day = DATE '2016-03-25')")
    before = rows(ran, others)
    write_readings(ran.landing, "late.csv", [DAY], sensors=(METERS[2],))
    run(ran)
    assert rows(ran, others) == before
    newest = rows(ran, "SELECT DISTINCT batch_id FROM meter_readings ORDER BY batch_id")
    assert len(newest) == 2


def test_run__moves_the_latest_values_for_a_new_last_day_only(ran: Platform) -> None:
    sql = "SELECT sensor_id, interval_start_utc, value FROM sensor_latest ORDER BY sensor_id"
    before = rows(ran, sql)
    write_readings(ran.landing, "correction.csv", [DAYS[0]], corrected)
    run(ran)
    assert rows(ran, sql) == before
    write_readings(ran.landing, "last.csv", [DAYS[3]], lambda s, t: (usual(s, t) or 0) + 0.001)
    run(ran)
    assert len([1 for old, new in zip(before, rows(ran, sql), strict=True) if old["value"] != new["value"]]) == 8
