"""Every folder beside this file is a scenario: given catalogue and verified readings, then rows of aggregate tables.

- `given_sensors.csv`: columns of `sensors`; what is left out takes the default of a quarter-hour consumption meter.
- `given_readings.csv`, `given_fallback.csv`: `sensor_id,from_utc,to_utc,value` and, where they matter, `quality`,
  `rule_ids`, `raw_value`; each line stands for every interval from the first instant to before the second.
- `given_previous_latest.csv`: columns of `sensor_latest`.
- `then_<table>.csv`: all rows of that table, the columns that matter. An empty field is a null.

The days aggregated are the operating days of the given readings, and of `given_days.csv` where there is one.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from grid_assets.domain.columns import ColumnType, TableSpec
from grid_assets.domain.intervals import CIVIL_DAY_MINUTES
from grid_assets.domain.tables import BY_NAME, METER_READINGS, SENSOR_LATEST, SENSORS
from tests.unit.domain.measures.world import Row, World, aggregate, reading, sensor

HERE = Path(__file__).parent
SCENARIOS = sorted(folder for folder in HERE.iterdir() if list(folder.glob("then_*.csv")))


@pytest.mark.parametrize("folder", SCENARIOS, ids=[folder.name for folder in SCENARIOS])
def test_scenario__gives_exactly_the_rows_it_names(folder: Path, tmp_path: Path) -> None:
    world, days = given_world(folder)
    made = aggregate(tmp_path, days, world)
    for path in sorted(folder.glob("then_*.csv")):
        table = BY_NAME[path.stem.removeprefix("then_")]
        names, expected = _expected(path, table)
        found = [{name: _comparable(row[name]) for name in names} for row in made[table.name]]
        assert sorted(map(str, found)) == sorted(map(str, expected)), path.name


def test_scenarios__exist_and_each_is_explained() -> None:
    assert len(SCENARIOS) >= 15
    assert all((folder / "README.md").read_text().strip() for folder in SCENARIOS)


def given_world(folder: Path) -> tuple[World, list[date]]:
    """Return what a scenario gives, and the days that it aggregates."""
    world = _world(folder)
    days = {row["operating_day"] for row in world.readings}
    days |= {date.fromisoformat(line["operating_day"]) for line in _lines(folder / "given_days.csv")}
    return world, sorted(day for day in days if isinstance(day, date))


def _world(folder: Path) -> World:
    sensors = {line["sensor_id"]: _sensor(line) for line in _lines(folder / "given_sensors.csv")}
    latest = [_typed(SENSOR_LATEST, line) | {"batch_id": 1} for line in _lines(folder / "given_previous_latest.csv")]
    return World(
        tuple(sensors.values()),
        [row for line in _lines(folder / "given_readings.csv") for row in _readings(sensors, line)],
        latest,
        [row for line in _lines(folder / "given_fallback.csv") for row in _readings(sensors, line)],
    )


def _sensor(line: dict[str, str]) -> Row:
    given = {name: value for name, value in _typed(SENSORS, line).items() if value is not None}
    return sensor(line["sensor_id"], **{name: value for name, value in given.items() if name != "sensor_id"})


def _readings(sensors: dict[str, Row], line: dict[str, str]) -> Iterator[Row]:
    of = sensors[line["sensor_id"]]
    minutes = int(str(of["interval_minutes"]))
    given = _typed(METER_READINGS, {k: v for k, v in line.items() if k in METER_READINGS.column_names})
    value = given.pop("value")
    changes = {name: changed for name, changed in given.items() if changed is not None}
    start, end = (datetime.fromisoformat(line[name]) for name in ("from_utc", "to_utc"))
    while start < end:
        yield reading(of, start, value if isinstance(value, float) else None, **changes)
        start = end if minutes >= CIVIL_DAY_MINUTES else start + timedelta(minutes=minutes)


def _lines(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _expected(path: Path, table: TableSpec) -> tuple[list[str], list[Row]]:
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        rows = [{name: _comparable(value) for name, value in _typed(table, line).items()} for line in reader]
        return list(reader.fieldnames or ()), rows


def _typed(table: TableSpec, line: dict[str, str]) -> Row:
    return {name: _value(table.column_index[name].type, text) for name, text in line.items()}


def _value(kind: ColumnType, text: str) -> object:
    if text == "":
        return None
    match kind:
        case ColumnType.DOUBLE:
            return float(text)
        case ColumnType.INT32 | ColumnType.INT64:
            return int(text)
        case ColumnType.DATE:
            return date.fromisoformat(text)
        case ColumnType.TIMESTAMP_UTC:
            return datetime.fromisoformat(text)
    return text


def _comparable(value: object) -> object:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return None if value == "" else value
