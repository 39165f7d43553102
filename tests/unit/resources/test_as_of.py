"""The published call of as-of: tables and queries, readings and aggregates, in the form that is asked for."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from grid_assets.domain.errors import InputError
from grid_assets.pipeline.query import query
from grid_assets.pipeline.run import run
from resources.as_of import read_as_of, repeatable_until
from resources.clients.lake.frames import Form
from resources.settings import GridSettings, load_settings
from tests.support.homes import opened
from tests.support.landing import DAYS, SENSORS, corrected, write_catalogue, write_readings

ENERGY = "SELECT operating_day, SUM(energy_kwh) AS kwh FROM load_daily GROUP BY operating_day ORDER BY operating_day"
QUALITIES = "SELECT quality, COUNT(*) AS n FROM meter_readings GROUP BY quality ORDER BY quality"


@dataclass(frozen=True)
class Past:
    """A home that learnt twice, the moment in between, and what two queries said then and say now."""

    settings: GridSettings
    between: datetime
    then: dict[str, list[dict[str, Any]]]
    now: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    home = tmp_path_factory.mktemp("as-of") / "home"
    with opened(home) as platform:
        write_catalogue(home / "landing", "catalogue.csv", SENSORS)
        write_readings(home / "landing", "1.csv", DAYS[:2])
        run(platform)
        between = datetime.now(UTC)
        then = {sql: query(platform, sql).to_pylist() for sql in (ENERGY, QUALITIES)}
        write_readings(home / "landing", "2.csv", DAYS[:1], corrected)
        run(platform)
        now = {sql: query(platform, sql).to_pylist() for sql in (ENERGY, QUALITIES)}
    return Past(load_settings(home=home, threads=2), between, then, now)


@pytest.mark.parametrize("sql", [ENERGY, QUALITIES])
def test_read_as_of__answers_what_was_known(sql: str, past: Past) -> None:
    before = read_as_of(sql, past.between, as_="arrow", settings=past.settings).to_pylist()
    after = read_as_of(sql, datetime.now(UTC), as_="arrow", settings=past.settings).to_pylist()
    assert _rounded(before) == _rounded(past.then[sql])
    assert _rounded(after) == _rounded(past.now[sql])
    assert _rounded(before) != _rounded(after)


@pytest.mark.parametrize("name", ["load_daily", "grid.load_daily", " load_daily "])
def test_read_as_of__takes_the_name_of_a_table(name: str, past: Past) -> None:
    rows = read_as_of(name, past.between.isoformat(), settings=past.settings)
    assert len(rows) == 2 * 6


@pytest.mark.parametrize(("form", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("arrow", pa.Table)])
def test_read_as_of__returns_the_form_asked_for(form: Form, kind: type, past: Past) -> None:
    assert isinstance(read_as_of(QUALITIES, past.between, as_=form, settings=past.settings), kind)


def test_read_as_of__of_some_days_is_the_same_for_these_days(past: Past) -> None:
    first, second = DAYS[:2]
    for moment in (past.between, datetime.now(UTC)):
        whole = read_as_of(ENERGY, moment, as_="arrow", settings=past.settings).to_pylist()
        for day, row in zip((first, second), whole, strict=True):
            assert read_as_of(ENERGY, moment, (day, day), as_="arrow", settings=past.settings).to_pylist() == [row]


def test_read_as_of__before_anything_was_known_is_empty(past: Past) -> None:
    for name in ("sensor_data", "meter_readings", "load_daily", "sensors", "events"):
        assert read_as_of(name, "2000-01-01T00:00:00Z", as_="arrow", settings=past.settings).num_rows == 0, name


@pytest.mark.parametrize("as_of", [datetime(2016, 4, 1), "2016-04-01", "yesterday", "2016-04-01T00:00:00"])  # noqa: DTZ001 - what is refused
def test_read_as_of__needs_an_instant(as_of: datetime | str, past: Past) -> None:
    with pytest.raises(InputError, match="instant with an offset"):
        read_as_of("load_daily", as_of, settings=past.settings)


@pytest.mark.parametrize("source", ["no_such_table", "grid.no_such_table", "DELETE FROM load_daily", "SELECT", ""])
def test_read_as_of__refuses_what_is_no_query(source: str, past: Past) -> None:
    with pytest.raises(InputError):
        read_as_of(source, past.between, settings=past.settings)


def test_read_as_of__refuses_days_that_are_not_in_order(past: Past) -> None:
    with pytest.raises(InputError, match="after the last day"):
        read_as_of("load_daily", past.between, (date(2016, 3, 2), date(2016, 3, 1)), settings=past.settings)


def test_repeatable_until__is_now_when_nothing_is_open(past: Past) -> None:
    assert repeatable_until(settings=past.settings) > past.between


def _rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: float(f"{v:.9g}") if isinstance(v, float) else v for k, v in row.items()} for row in rows]
