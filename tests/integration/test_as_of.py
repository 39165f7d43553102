"""As-of queries: what every table was after each of several runs is what it is now said to have been."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from grid_assets.domain.tables import BY_NAME
from grid_assets.pipeline.query import INGESTED_FILES, query, watermark
from grid_assets.pipeline.run import run
from resources.clients.platform import Platform
from tests.support.homes import opened
from tests.support.landing import (
    DAYS,
    METERS,
    corrected,
    land_first,
    land_second,
    usual,
    write_catalogue,
    write_readings,
)

NAMES = (*BY_NAME, INGESTED_FILES)
STEPS = ("first", "second", "corrected again", "a new meter")


@dataclass(frozen=True)
class Moment:
    """A time between two runs, and every table as it was then."""

    instant: datetime
    tables: dict[str, str]


@dataclass(frozen=True)
class Past:
    """A home with a past."""

    platform: Platform
    moments: dict[str, Moment]


def columns_of(name: str) -> str:
    """Return the columns to compare: of aggregates not the batch, for an answer as of a moment is computed anew."""
    if name == INGESTED_FILES:
        return "*"
    table = BY_NAME[name]
    return ", ".join(table.content_names if table.group == "aggregate" else table.column_names)


def answer(platform: Platform, name: str, as_of: datetime | None = None) -> str:
    rows = query(platform, f"SELECT {columns_of(name)} FROM {name} ORDER BY ALL", as_of).to_pylist()
    return json.dumps([_rounded(row) for row in rows], default=str)


def _rounded(row: dict[str, object]) -> dict[str, object]:
    return {name: float(f"{value:.9g}") if isinstance(value, float) else value for name, value in row.items()}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    home = tmp_path_factory.mktemp("past") / "home"
    landing = home / "landing"
    moments = {}
    with opened(home) as platform:
        for step in STEPS:
            if step == "first":
                land_first(landing)
            elif step == "second":
                land_second(landing)
            elif step == "corrected again":
                write_readings(landing, "30.csv", DAYS[:2], usual)
                write_readings(landing, "31.csv", DAYS[2:3], corrected)
            else:
                newcomer = replace(METERS[0], sensor_id="M8.e", description="moved in")
                write_catalogue(landing, "newcomer.csv", [newcomer])
                write_readings(landing, "40.csv", DAYS[3:], lambda _, t: 1.2 + t.hour / 50, sensors=(newcomer,))
            run(platform)
            tables = {name: answer(platform, name) for name in NAMES}
            moments[step] = Moment(datetime.now(UTC), tables)
        yield Past(platform, moments)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("step", STEPS)
def test_query__as_of_a_moment_is_what_the_table_was_then(step: str, name: str, past: Past) -> None:
    moment = past.moments[step]
    assert answer(past.platform, name, moment.instant) == moment.tables[name]


@pytest.mark.parametrize("name", ["sensor_data", "meter_readings", "load_daily", "events", "sensors", INGESTED_FILES])
def test_past__has_tables_that_differ_from_moment_to_moment(name: str, past: Past) -> None:
    assert len({moment.tables[name] for moment in past.moments.values()}) >= 2


def test_query__as_of_repeats_after_more_was_learnt(past: Past) -> None:
    sql = "SELECT SUM(energy_kwh) AS e, COUNT(*) AS n FROM load_daily"
    instants = [moment.instant for moment in past.moments.values()]
    answers = [[_rounded(row) for row in query(past.platform, sql, instant).to_pylist()] for instant in instants]
    again = [[_rounded(row) for row in query(past.platform, sql, instant).to_pylist()] for instant in instants]
    assert again == answers
    assert len({str(rows) for rows in answers}) >= 3


def test_query__as_of_joins_tables_of_one_moment(past: Past) -> None:
    sql = """SELECT COUNT(*) AS n FROM meter_readings r JOIN sensors s ON s.sensor_id = r.sensor_id
             WHERE s.description = 'a household with a heat pump' AND r.quality = 'revised'"""
    before, after = (query(past.platform, sql, past.moments[s].instant).to_pylist()[0]["n"] for s in STEPS[:2])
    assert (before, after) == (0, 4)


def test_query__as_of_the_very_instant_of_a_batch_has_each_key_once(past: Past) -> None:
    sql = "SELECT DISTINCT superseded_at_utc AS t FROM meter_readings_history ORDER BY t"
    keys = "SELECT COUNT(*) AS n, COUNT(DISTINCT (sensor_id, interval_start_utc)) AS keys FROM meter_readings"
    instants = [row["t"] for row in query(past.platform, sql).to_pylist()]
    assert len(instants) == 2
    for instant in instants:
        (found,) = query(past.platform, keys, instant).to_pylist()
        assert found["n"] == found["keys"]


def test_watermark__is_later_than_every_run_that_ended(past: Past) -> None:
    assert watermark(past.platform) > max(moment.instant for moment in past.moments.values())
