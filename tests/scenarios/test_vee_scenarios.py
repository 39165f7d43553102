"""Verification scenarios: each folder of `vee/` is one, its name what happens; its files say what is given and holds.

given_sensors.csv   catalogue rows; columns left out take the defaults of the test's world (hourly, consumption)
given_readings.csv  sensor_id, from, to, values and optionally columns of sensor_data; the values repeat over the
                    intervals from `from` up to `to` (which is left out); without `to` one reading; `-` is no value
given_days.csv      the operating days to verify
then.csv            what differs from a plain reading: sensor_id, from, to, values, quality, rule_ids, method; rows that
                    are not named must be measured, without a rule, and equal to what was received; `-` is no value
"""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.domain.vee.world import Row, World, reading, sensor, verify

FOLDER = Path(__file__).parent / "vee"
SCENARIOS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
NUMBERS = {
    "interval_minutes": int,
    "rated_min": float,
    "rated_max": float,
    "batch_id": int,
    "source_row": int,
    "source_order": int,
}
INSTANTS = ("valid_from_utc", "valid_to_utc")


@pytest.mark.parametrize("name", SCENARIOS)
def test_verification__matches_the_scenario(name: str, tmp_path: Path) -> None:
    world, days = given_world(name)
    sensors = {str(row["sensor_id"]): row for row in world.sensors}
    verified = verify(tmp_path, days, world)
    expected = {key: row for line in _lines(name, "then.csv") for key, row in _expected(line, sensors)}
    found = {(row["sensor_id"], row["interval_start_utc"]): row for row in verified}
    assert expected.keys() <= found.keys()
    for key, row in found.items():
        plain = {"value": row["raw_value"], "quality": "measured", "rule_ids": "", "method": None}
        _assert_row(key, row, expected.get(key, plain))


def given_world(name: str) -> tuple[World, list[date]]:
    """Return what a scenario gives, and the days that it verifies."""
    sensors = {str(row["sensor_id"]): row for row in _sensors(name)}
    lines = _lines(name, "given_readings.csv")
    # A row has a place of its own in its file; of two that are otherwise alike the later line counts.
    places = ({} if line.get("source_row") else {"source_row": n} for n, line in enumerate(lines, start=1))
    readings = [row | place for line, place in zip(lines, places, strict=True) for row in _readings(line, sensors)]
    days = [date.fromisoformat(line["day"]) for line in _lines(name, "given_days.csv")]
    return World(tuple(sensors.values()), readings), days


def test_scenarios__exist() -> None:
    assert len(SCENARIOS) >= 15


def _lines(name: str, file: str) -> list[dict[str, str]]:
    with (FOLDER / name / file).open(encoding="utf-8", newline="") as lines:
        return [{key: value.strip() for key, value in line.items()} for line in csv.DictReader(lines)]


def _sensors(name: str) -> Iterator[Row]:
    for line in _lines(name, "given_sensors.csv"):
        changes: Row = {key: _typed(key, text) for key, text in line.items() if key != "sensor_id" and text}
        yield sensor(line["sensor_id"], **changes)


def _typed(key: str, text: str) -> object:
    if key in INSTANTS:
        return datetime.fromisoformat(text)
    return NUMBERS[key](text) if key in NUMBERS else text


def _spans(line: dict[str, str], of: Row) -> list[datetime]:
    first = datetime.fromisoformat(line["from"])
    if not line.get("to"):
        return [first]
    last, step = datetime.fromisoformat(line["to"]), timedelta(minutes=int(str(of["interval_minutes"])))
    return [first + n * step for n in range((last - first) // step)]


def _readings(line: dict[str, str], sensors: dict[str, Row]) -> Iterator[Row]:
    of = sensors[line["sensor_id"]]
    values = [None if text == "-" else float(text) for text in line["values"].split()]
    changes = {
        key: _typed(key, text)
        for key, text in line.items()
        if key not in ("sensor_id", "from", "to", "values") and text
    }
    for n, start in enumerate(_spans(line, of)):
        yield reading(of, start, values[n % len(values)], **changes)


def _expected(line: dict[str, str], sensors: dict[str, Row]) -> Iterator[tuple[tuple[object, object], Row]]:
    values = line["values"].split()
    for n, start in enumerate(_spans(line, sensors[line["sensor_id"]])):
        text = values[n % len(values)]
        yield (
            (line["sensor_id"], start),
            {
                "value": None if text == "-" else float(text),
                "quality": line["quality"],
                "rule_ids": line["rule_ids"].replace(" ", ","),
                "method": line["method"] or None,
            },
        )


def _assert_row(key: tuple[object, object], row: Row, expected: Row) -> None:
    shown = f"{key}: {row}"
    assert row["quality"] == expected["quality"], shown
    assert row["rule_ids"] == expected["rule_ids"], shown
    assert row["estimation_method"] == expected["method"], shown
    assert row["value"] == (None if expected["value"] is None else pytest.approx(expected["value"], abs=1e-6)), shown
    assert (row["reason"] is None) == (expected["rule_ids"] == ""), shown
