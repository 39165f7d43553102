"""Telling Dagster of what `grid run` made: every day once, with checks, from where the last telling ended."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from jobs.instance import open_instance
from jobs.report import main
from jobs.reporting import Offset, news_since, report
from tests.support.dagster import settings_of
from tests.support.homes import HomeShelf, opened, run_in
from tests.support.landing import DAYS, land_first, land_second

FIRST_DAYS = {day.isoformat() for day in DAYS[:3]}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    """Return a home that `grid run` has run in, put back by copying."""
    kept = HomeShelf(tmp_path_factory.mktemp("homes"))
    land_first(kept.home / "landing")
    run_in(kept.home)
    kept.keep("made")
    return kept


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as in_memory:
        yield in_memory


def materialized(instance: dg.DagsterInstance, table: str) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey(table)))


def test_report__tells_the_homes_instance_everything_once(shelf: HomeShelf) -> None:
    settings = settings_of(shelf.put_back("made"))
    assert main(settings) > 20
    assert main(settings) == 0
    with open_instance(settings) as instance:
        for table in ("sensor_data", "meter_readings", "load_hourly", "voltage_daily", "sensor_latest"):
            assert materialized(instance, table) == FIRST_DAYS, table
        newest = instance.get_latest_materialization_event(dg.AssetKey("load_by_asset"))
        assert newest is not None
        assert newest.asset_materialization is not None
        assert {"plot", "preview", "dagster/row_count"} <= set(newest.asset_materialization.metadata)
        for table, check in (("meter_readings", "g11_uncovered_intervals"), ("load_daily", "reconciliation")):
            key = dg.AssetCheckKey(dg.AssetKey(table), check)
            (told,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=2)
            assert told.status.value == "SUCCEEDED", key


def test_report__goes_on_where_it_ended(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("made")
    with opened(home) as platform:
        report(instance, platform)
        told = instance.fetch_materializations(dg.AssetKey("meter_readings"), limit=100).records
    land_second(home / "landing")
    run_in(home)
    with opened(home) as platform:
        report(instance, platform)
    more = instance.fetch_materializations(dg.AssetKey("meter_readings"), limit=100).records
    new = {record.partition_key for record in more[: len(more) - len(told)]}
    assert new == {DAYS[0].isoformat(), DAYS[3].isoformat()}
    assert materialized(instance, "meter_readings_history") == {DAYS[0].isoformat()}


@pytest.mark.parametrize("page", [1, 4, 1_000])
def test_news_since__pages_give_the_same_days(shelf: HomeShelf, page: int) -> None:
    home = shelf.put_back("made")
    with opened(home) as platform:
        whole = news_since(platform, Offset())
        seen: dict[str, set[object]] = {}
        offset = Offset()
        while (news := news_since(platform, offset, page)).offset != offset:
            for table, days in news.days.items():
                assert not seen.get(table, set()) & set(days), "told twice"
                seen.setdefault(table, set()).update(days)
            offset = news.offset
    assert seen == {table: set(days) for table, days in whole.days.items()}
    assert offset == whole.offset


def test_report__is_silent_of_a_home_where_nothing_ran(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    with opened(tmp_path) as platform:
        assert report(instance, platform) == 0
