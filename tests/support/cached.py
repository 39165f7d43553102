"""What the cache should hold of a lake, computed from its rows in plain Python, and what it does hold."""

import json
import os
import signal
import sqlite3
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from grid_assets.domain.names import latest_key
from grid_assets.domain.tables import BY_NAME, SENSOR_LATEST, SENSORS
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.warm import warm
from resources.clients.platform import Platform
from tests.support.child import Fault, arm
from tests.support.homes import opened

MEMBER_COLUMNS = {
    "meter_readings": ("sensor_id",),
    "load_hourly": ("meter_id", "point_type"),
    "load_daily": ("meter_id", "point_type"),
    "load_by_asset": ("asset_type", "asset_id"),
    "feeder_balance": ("asset_type", "asset_id"),
    "events": ("event_id",),
}
ONE_ROW = ("load_daily", "feeder_balance", "events")
Days = dict[tuple[str, date], dict[str, Any]]


def modelled(platform: Platform) -> Days:
    """Return every day of every warmed table as its members should be, from the lake; days without rows count not."""
    days: Days = defaultdict(dict)
    for table, columns in MEMBER_COLUMNS.items():
        for (day, member), rows in _grouped(platform, table, columns).items():
            days[table, day][member] = _member(table, rows)
    return dict(days)


def cached(platform: Platform, names: Days) -> Days:
    """Return every day that the cache holds, by the members named in some days, as readers see it."""
    found: Days = {}
    for table in MEMBER_COLUMNS:
        members = sorted({name for (other, _), day in names.items() if other == table for name in day})
        for day in platform.cache.generations(table):
            seen = platform.cache.read_generation(table, day, members) or {}
            found[table, day] = {name: json.loads(value) for name, value in seen.items()}
    return found


def modelled_latest(platform: Platform) -> dict[str, Any]:
    """Return the latest value of every sensor of the catalogue that has one."""
    return {row["sensor_id"]: row for row in (_plain(row) for row in _rows(platform, SENSOR_LATEST.name))}


def cached_latest(platform: Platform) -> dict[str, Any]:
    """Return the latest values that the cache holds, of the catalogue's sensors."""
    keys = {latest_key(row["sensor_id"]): row["sensor_id"] for row in _rows(platform, SENSORS.name)}
    return {keys[key]: json.loads(value) for key, value in platform.cache.get_many(list(keys)).items()}


def assert_warm(platform: Platform) -> None:
    """Assert that the cache holds what the lake holds, and nothing else."""
    expected = modelled(platform)
    found = cached(platform, expected)
    assert {place: day for place, day in found.items() if day} == expected
    assert cached_latest(platform) == modelled_latest(platform)
    assert leftovers(platform) == 0


def leftovers(platform: Platform) -> int:
    """Return how many members are stored in the embedded cache that no pointer leads to."""
    with sqlite3.connect(str(platform.database.url).removeprefix("sqlite:///")) as connection:
        (count,) = connection.execute(
            "SELECT COUNT(*) FROM cache_members AS m WHERE NOT EXISTS (SELECT 1 FROM cache_pointers AS p "
            "WHERE p.table_name = m.table_name AND p.day = m.day AND m.number IN (p.number, p.previous))"
        ).fetchone()
    connection.close()
    return int(count)


def warm_and_be_killed_at(home: Path, fault: Fault, marker: Path) -> None:
    """Warm the cache of a home and be killed at a point of that, as by `kill -9`."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with opened(home) as platform:
        warm(platform, "cli", Silent())


def _grouped(platform: Platform, table: str, columns: tuple[str, ...]) -> dict[tuple[date, str], list[dict[str, Any]]]:
    groups: dict[tuple[date, str], list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(platform, table):
        groups[row["operating_day"], "|".join(row[name] for name in columns)].append(row)
    return groups


def _member(table: str, rows: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - a JSON value
    if table in ONE_ROW:
        (row,) = rows
        return {name: value for name, value in _plain(row).items() if name != "batch_id"}
    if table == "meter_readings":
        return _readings(sorted(rows, key=lambda row: row["interval_start_utc"]))
    names = _HOURLY if table == "load_hourly" else _BY_ASSET
    ordered = sorted(
        rows, key=lambda row: (row.get("grain", ""), row.get("period_start_utc", row.get("hour_start_utc")))
    )
    return {"columns": list(names), "rows": [[_plain(row)[name] for name in names] for row in ordered]}


_COUNTS = ("measured_intervals", "edited_intervals", "estimated_intervals", "missing_intervals")
_HOURLY = ("hour_start_utc", "energy_kwh", "peak_kw", *_COUNTS)
_BY_ASSET = (
    *("grain", "period_start_utc", "consumption_kwh", "production_kwh", "net_kwh", "peak_kw"),
    *("load_factor", "coincidence_factor", "meters", *_COUNTS),
)


def _readings(rows: list[dict[str, Any]]) -> dict[str, Any]:
    first, length = rows[0]["interval_start_utc"], rows[0]["interval_minutes"]
    minutes = [int((row["interval_start_utc"] - first).total_seconds() // 60) for row in rows]
    is_regular = len({row["interval_minutes"] for row in rows}) == 1 and minutes == [
        n * length for n in range(len(rows))
    ]
    return {
        "unit": rows[0]["unit"],
        "start": _instant(first),
        **({"every_minutes": length} if is_regular else {"minutes": minutes}),
        "values": [row["value"] for row in rows],
        "not_measured": {
            str(minute): row["quality"]
            for minute, row in zip(minutes, rows, strict=True)
            if row["quality"] != "measured"
        },
    }


def _rows(platform: Platform, table: str) -> list[dict[str, Any]]:
    with platform.engine.session() as session:
        session.scan("looked_at", platform.lake.scan(BY_NAME[table]))
        rows: list[dict[str, Any]] = session.fetch("SELECT * FROM looked_at").to_pylist()
    return rows


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in row.items()}


def _text(value: object) -> object:
    if isinstance(value, datetime):
        return _instant(value)
    return value.isoformat() if isinstance(value, date) else value


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
