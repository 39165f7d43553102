"""A late, a corrected and a cancelled file change exactly what they touch: files, rows, keys and documents, counted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grid_assets.domain.tables import SENSOR_DATA
from grid_assets.pipeline.query import query
from grid_assets.pipeline.run import run
from resources.clients.platform import Platform
from tests.support.cached import assert_warm
from tests.support.census import NO_DAYS, Change, census, changes
from tests.support.homes import HomeShelf, assert_reconciled, contents, opened, run_in
from tests.support.indices import assert_indices_hold_the_lake
from tests.support.landing import (
    DAYS,
    METERS,
    SENSORS,
    land_without_an_afternoon,
    starts,
    usual,
    write_catalogue,
    write_readings,
)
from tests.support.records import assert_copies_are_the_lake

DAY, LAST = DAYS[1], DAYS[3]
HOUSE = METERS[2]
HEADER = "sensor_id,timestamp,value,quality"
OF_THE_HOUSE = "WHERE sensor_id = 'M3.e' AND operating_day = DATE '2016-03-25'"
VERDICTS = (
    "SELECT quality, rule_ids, raw_value IS NULL AS is_bare, COUNT(*) AS n "
    f"FROM meter_readings {OF_THE_HOUSE} GROUP BY ALL ORDER BY ALL"
)
Said = Callable[[datetime], str]


def land(landing: Path, name: str, hours: Sequence[int], said: Said) -> None:
    """Land a file of some hours (UTC) of the house's second day; `said` gives value and quality of a start."""
    moments = [datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC) for hour in hours]
    lines = [f"{HOUSE.sensor_id},{moment.isoformat()},{said(moment)}" for moment in moments]
    (landing / "readings" / name).write_text("\n".join([HEADER, *lines]) + "\n")


def as_ever(start_utc: datetime) -> str:
    """Return the usual value."""
    return f"{usual(HOUSE, start_utc)},"


def another(start_utc: datetime) -> str:
    """Return a value a little above the usual one."""
    return f"{(usual(HOUSE, start_utc) or 0) + 0.05:.4f},"


def cancelled(_: datetime) -> str:
    """Return a cancellation."""
    return ",cancelled"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    """Return a home with four days, of which the second lacks four hours of one house."""
    made = HomeShelf(tmp_path_factory.mktemp("restated"))
    land_without_an_afternoon(made.home / "landing")
    run_in(made.home)
    made.keep("ran")
    return made


@pytest.fixture
def ran(shelf: HomeShelf) -> Iterator[Platform]:
    with opened(shelf.put_back("ran")) as platform:
        yield platform


def rows(platform: Platform, sql: str, as_of: datetime | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = query(platform, sql, as_of).to_pylist()
    return found


REPLACED = Change(1, 1)
# Four readings of one house: its four hours and its day; hours and day of its transformer, feeder, substation, region.
FOUR_READINGS = {
    "files of sensor_data": Change(0, 1),
    "rows of sensor_data": Change(0, 4),
    "files of meter_readings": Change(3, 3),  # a file for each type of sensor: the day is replaced whole
    "rows of meter_readings": Change(4, 4),  # and the other rows keep the batch that wrote them
    "files of meter_readings_history": Change(0, 1),
    "rows of meter_readings_history": Change(0, 4),
    "files of load_hourly": REPLACED,
    "rows of load_hourly": Change(4, 4),
    "files of load_daily": REPLACED,
    "rows of load_daily": Change(1, 1),
    "files of load_by_asset": REPLACED,
    "rows of load_by_asset": Change(4 * (4 + 1), 4 * (4 + 1)),
    "files of feeder_balance": REPLACED,
    "rows of feeder_balance": Change(1, 1),
    "database of load_daily": Change(1, 1),
    **{
        f"cache of {name}": REPLACED
        for name in ("meter_readings", "load_hourly", "load_daily", "load_by_asset", "feeder_balance")
    },
    "documents of readings": Change(4, 4),
}
# The day has one event at first, the gap of the afternoon.
GAP_GONE = {
    "files of events": Change(1, 0),
    "rows of events": Change(1, 0),
    "database of events": Change(1, 0),
    "cache of events": Change(1, 0),
    "documents of events": Change(1, 0),
}
GAP_COME = {
    "files of events": REPLACED,
    "rows of events": Change(0, 1),
    "database of events": Change(0, 1),
    "cache of events": REPLACED,
    "documents of events": Change(0, 1),
}


@pytest.mark.parametrize(
    ("hours", "said", "counted"),
    [
        pytest.param(range(12, 16), as_ever, FOUR_READINGS | GAP_GONE, id="late"),
        pytest.param(range(4, 8), another, FOUR_READINGS, id="corrected"),
        pytest.param(range(4, 8), cancelled, FOUR_READINGS | GAP_COME, id="cancelled"),
    ],
)
def test_file_of_four_readings__changes_its_day_and_nothing_else(
    hours: range, said: Said, counted: dict[str, Change], ran: Platform
) -> None:
    before = census(ran)
    land(ran.landing, "news.csv", hours, said)
    summary = run(ran)
    assert (summary.received, summary.stored, summary.operating_days) == (4, 4, (DAY,))
    assert changes(before, census(ran)) == {part: {DAY: change} for part, change in counted.items()}
    assert_reconciled(ran)
    assert_warm(ran)
    assert_copies_are_the_lake(ran)
    assert_indices_hold_the_lake(ran)


@pytest.mark.parametrize("said", [as_ever, another, cancelled])
def test_file_of_four_readings__again_changes_nothing(said: Said, ran: Platform) -> None:
    land(ran.landing, "news.csv", range(4, 8), said)
    run(ran)
    before = census(ran)
    # Other bytes, so that it is another file; the same facts.
    land(ran.landing, "again.csv", range(7, 3, -1), said)
    summary = run(ran)
    assert (summary.received, summary.duplicate, summary.operating_days) == (4, 4, ())
    assert changes(before, census(ran)) == {}


def test_cancellation__of_the_newest_readings_moves_the_latest_value_of_its_sensor_only(ran: Platform) -> None:
    before = census(ran)
    lines = [f"{HOUSE.sensor_id},{start.isoformat()},,cancelled" for start in starts(HOUSE, LAST)]
    (ran.landing / "readings" / "cancelled.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    run(ran)
    found = changes(before, census(ran))
    assert {day for days in found.values() for day in days} == {LAST, NO_DAYS}
    latest = {part: days[NO_DAYS] for part, days in found.items() if NO_DAYS in days}
    # A file of a table without days is replaced whole; of its rows the one that differs.
    assert latest == {
        "files of sensor_latest": REPLACED,
        "rows of sensor_latest": REPLACED,
        "database of sensor_latest": REPLACED,
        "cache of latest values": REPLACED,
        "documents of sensors": REPLACED,
    }
    assert found["rows of meter_readings"] == {LAST: Change(23, 23)}
    assert_copies_are_the_lake(ran)
    assert_indices_hold_the_lake(ran)


def test_cancellation__leaves_what_was_received_and_says_why_the_value_is_an_estimate(ran: Platform) -> None:
    plain = {"quality": "measured", "rule_ids": "", "is_bare": False}
    gap = {"quality": "estimated", "rule_ids": "V02", "is_bare": True, "n": 4}
    assert rows(ran, VERDICTS) == [gap, {**plain, "n": 20}]
    land(ran.landing, "cancelled.csv", range(4, 8), cancelled)
    run(ran)
    assert rows(ran, VERDICTS) == [gap, {**gap, "rule_ids": "V16"}, {**plain, "n": 16}]
    counts = "SELECT quality, COUNT(*) AS n, COUNT(value) AS with_value"
    assert rows(ran, f"{counts} FROM sensor_data {OF_THE_HOUSE} GROUP BY 1 ORDER BY 1") == [
        {"quality": "cancelled", "n": 4, "with_value": 0},
        {"quality": "measured", "n": 20, "with_value": 20},
    ]
    reasons = rows(ran, f"SELECT DISTINCT reason FROM meter_readings {OF_THE_HOUSE} AND rule_ids = 'V16'")
    assert reasons == [{"reason": "the reading was cancelled by its sender"}]


def test_cancellation__sent_again_is_as_if_it_had_never_been_but_for_the_history(ran: Platform) -> None:
    before = contents(ran)
    land(ran.landing, "cancelled.csv", range(4, 8), cancelled)
    run(ran)
    assert contents(ran)["load_daily"] != before["load_daily"]
    land(ran.landing, "resent.csv", range(4, 8), as_ever)
    run(ran)
    after = contents(ran)
    grown = {name for name in after if after[name] != before[name]}
    assert grown == {"sensor_data", "meter_readings_history"}
    assert (len(after["sensor_data"]) - len(before["sensor_data"]), len(after["meter_readings_history"])) == (8, 8)


def test_cancellation__is_not_known_before_it_came(ran: Platform) -> None:
    of_the_day = "operating_day = DATE '2016-03-25'"
    energy = f"SELECT ROUND(energy_kwh, 6) AS kwh, estimated_intervals FROM load_daily WHERE {of_the_day} ORDER BY ALL"
    events = f"SELECT COUNT(*) AS n FROM events WHERE {of_the_day}"
    before = {sql: rows(ran, sql) for sql in (VERDICTS, energy, events)}
    moment = datetime.now(UTC)
    land(ran.landing, "cancelled.csv", range(4, 8), cancelled)
    run(ran)
    for sql, then in before.items():
        assert rows(ran, sql) != then
        assert rows(ran, sql, moment) == then


def test_lake_of_the_version_before__takes_cancellations(tmp_path: Path) -> None:
    """Before there were cancellations the value of a received reading could not be null."""
    older = tuple(replace(c, is_nullable=c.is_nullable and c.name != "value") for c in SENSOR_DATA.columns)
    write_catalogue(tmp_path / "landing", "catalogue.csv", SENSORS)
    write_readings(tmp_path / "landing", "day.csv", [DAY])
    with opened(tmp_path) as platform:
        made = platform.lake.table(replace(SENSOR_DATA, columns=older))
        assert made.schema().find_field("value").required
        run(platform)
        land(platform.landing, "cancelled.csv", range(4, 8), cancelled)
        assert run(platform).stored == 4
        assert not platform.lake.table(SENSOR_DATA).schema().find_field("value").required
