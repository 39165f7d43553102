"""Backfills: ranges and chunks, days in any order, a day that fails while the others stand, and going on afterwards."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.tables import METER_READINGS, SENSOR_DATA
from grid_assets.pipeline.aggregate_stage import aggregate
from grid_assets.pipeline.apart import DaysFailedError
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.run import run, take
from grid_assets.pipeline.verify_stage import verify
from jobs.backfill import chunked
from resources.clients.platform import Limits, Platform
from tests.properties import examples
from tests.support.dagster import project, run_job
from tests.support.homes import HomeShelf, contents, current_files, digests, opened
from tests.support.landing import DAYS, SENSORS, corrected, write_catalogue, write_readings

FIRST, LAST = DAYS[0], DAYS[3]
MADE = ("meter_readings", "load_hourly", "load_daily", "load_by_asset", "feeder_balance", "voltage_daily", "events")
EACH_DAY_ALONE = Limits(chunk_readings=1, batch_bytes=1_000_000, snapshots_kept=30)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    """Return homes to put back: `received` has four days that wait for verification, two of them in two versions."""
    made = HomeShelf(tmp_path_factory.mktemp("backfills"))
    write_catalogue(made.home / "landing", "catalogue.csv", SENSORS)
    for number, day in enumerate(DAYS):
        write_readings(made.home / "landing", f"{number}.csv", [day])
    write_readings(made.home / "landing", "9.csv", DAYS[1:3], corrected)
    with opened(made.home) as platform:
        take(platform, "test", Silent())
    made.keep("received")
    return made


@pytest.fixture(scope="module")
def expected(shelf: HomeShelf) -> dict[str, str]:
    """Return what every table holds once all days were done in one go."""
    with opened(shelf.put_back("received")) as platform:
        run(platform)
        return digests(platform)


@contextmanager
def damaged(platform: Platform, day: date) -> Iterator[Path]:
    """Take half of a received day's file away for a while."""
    path = Path(current_files(platform, SENSOR_DATA)[day][0].removeprefix("file://"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        yield path
    finally:
        path.write_bytes(whole)


def days_of(platform: Platform) -> set[date]:
    """Return the days that have verified readings."""
    return set(platform.lake.rows_by_day(METER_READINGS, DAYS))


@given(order=st.permutations(DAYS), cuts=st.sets(st.integers(1, 3)))
@examples(3)
def test_days__in_any_order_and_any_chunks_give_the_same(
    order: list[date], cuts: set[int], shelf: HomeShelf, expected: dict[str, str]
) -> None:
    bounds = [0, *sorted(cuts), len(order)]
    chunks = [order[a:b] for a, b in itertools.pairwise(bounds)]
    with opened(shelf.put_back("received")) as platform:
        for chunk in chunks:
            verify(platform, "test", Silent(), chunk)
        for chunk in reversed(chunks):
            aggregate(platform, "test", Silent(), chunk)
        assert digests(platform) == expected


@pytest.mark.parametrize("limits", [None, EACH_DAY_ALONE], ids=["one chunk", "a chunk a day"])
def test_run__with_a_day_that_cannot_be_read_names_it_and_does_the_others(
    limits: Limits | None, shelf: HomeShelf, expected: dict[str, str]
) -> None:
    with opened(shelf.put_back("received"), limits) as platform:
        with damaged(platform, LAST) as path, pytest.raises(DaysFailedError, match=str(LAST)) as raised:
            run(platform)
        assert set(raised.value.failed) == {LAST}
        assert path.name in str(raised.value)
        assert str(DAYS[1]) not in str(raised.value)
        assert days_of(platform) == set(DAYS[:3])
        assert platform.database.change_log.pending("verify", SENSOR_DATA.name).days == (LAST,)
        assert platform.database.batches.unsettled() == ()
        assert {row[0] for row in contents(platform)["sensor_latest"]}
        run(platform)
        assert digests(platform) == expected


def test_run__needs_the_days_before_and_says_so(shelf: HomeShelf) -> None:
    """A day is judged beside the 28 days before it, so a file that is lost holds these days up as well."""
    with opened(shelf.put_back("received")) as platform, damaged(platform, DAYS[1]):
        with pytest.raises(DaysFailedError) as raised:
            run(platform)
        assert set(raised.value.failed) == set(DAYS[1:])
        assert days_of(platform) == {FIRST}


def test_range__is_one_run_in_chunks_or_not(shelf: HomeShelf, expected: dict[str, str]) -> None:
    for config in (None, chunked(1_000)):
        home = shelf.put_back("received")
        with dg.DagsterInstance.ephemeral() as instance:
            ran = run_job(project(home), instance, "restate", (FIRST, LAST), config)
            assert ran.success
            assert len(instance.get_runs()) == 1
            assert instance.get_materialized_partitions(dg.AssetKey("load_daily")) == {d.isoformat() for d in DAYS}
        with opened(home) as platform:
            assert digests(platform) == expected


def test_range__with_a_day_that_fails_is_resumed_with_what_is_missing(
    shelf: HomeShelf, expected: dict[str, str]
) -> None:
    home = shelf.put_back("received")
    key = dg.AssetKey(METER_READINGS.name)
    with dg.DagsterInstance.ephemeral() as instance, opened(home) as platform:
        with damaged(platform, LAST):
            ran = run_job(project(home), instance, "restate", (FIRST, LAST))
        assert not ran.success
        (failure,) = [e.step_failure_data.error for e in ran.result.all_events if e.is_step_failure]
        assert failure is not None
        assert str(LAST) in failure.to_string()
        # The UI shows the day that failed as missing, and the others as made.
        assert instance.get_materialized_partitions(key) == {day.isoformat() for day in DAYS[:3]}
        assert run_job(project(home), instance, "restate", (LAST, LAST)).success
        assert run_job(project(home), instance, "restate", (FIRST, LAST)).success
        assert instance.get_materialized_partitions(key) == {day.isoformat() for day in DAYS}
        assert digests(platform) == expected
