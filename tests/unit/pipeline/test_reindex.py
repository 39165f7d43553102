"""Indexing what changed: the index follows the lake, and only what changed is written."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from grid_assets.domain.names import search_consumer
from grid_assets.domain.search.request import SearchRequest
from grid_assets.domain.tables import SENSORS
from grid_assets.pipeline.documents import lake_sums
from grid_assets.pipeline.reindex import REMOVED, WRITTEN, index_changes
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.run import run
from resources.clients.platform import Platform
from resources.clients.search.base import DOCUMENTS, WITHDRAWN, DaySum
from tests.support.homes import HomeShelf, opened
from tests.support.indices import assert_indices_hold_the_lake, index_documents, lake_documents
from tests.support.landing import DAYS, METERS, corrected, land_second, write_catalogue, write_readings


@pytest.fixture
def first(shelf: HomeShelf) -> Iterator[Platform]:
    with opened(shelf.put_back("first")) as platform:
        yield platform


def test_run__leaves_indices_that_hold_the_lake(still: Platform) -> None:
    assert_indices_hold_the_lake(still)
    assert still.search.search(SearchRequest("sensors", "household")).total == 4


def test_index_changes__again_writes_nothing(first: Platform) -> None:
    assert index_changes(first, "test", Silent()).rows == {}
    days = index_changes(first, "test", Silent(), DAYS[:1])
    assert days.rows == {WRITTEN: 0, REMOVED: 0}
    assert set(days.days) == {DAYS[0]}


def test_index_changes__writes_the_documents_that_changed_and_no_other(first: Platform) -> None:
    kind = first.search.kinds["readings"]
    before = lake_documents(first, kind)
    write_readings(first.landing, "late.csv", DAYS[:1], corrected)
    summary = run(first)
    after = lake_documents(first, kind)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    events = index_documents(first, "events")
    assert 0 < len(changed) < len(before) / 4
    assert summary.copies[WRITTEN] == len(changed) + len(events)
    assert_indices_hold_the_lake(first)


def test_index_changes__follows_every_table_of_a_second_run(first: Platform) -> None:
    live = {kind: first.search.live(kind) for kind in first.search.kinds}
    land_second(first.landing)
    run(first)
    assert_indices_hold_the_lake(first)
    assert {kind: first.search.live(kind) for kind in first.search.kinds} == live
    assert first.search.search(SearchRequest("readings", "heat pump")).total > 0


def test_index_changes__of_the_catalogue_remakes_what_names_the_sensor(first: Platform) -> None:
    write_catalogue(first.landing, "renamed.csv", [replace(METERS[0], description="a bakery")])
    summary = run(first)
    hours = first.search.search(SearchRequest("readings", "bakery")).total
    assert first.search.search(SearchRequest("sensors", "bakery")).total == 1
    assert hours == 3 * 24
    assert summary.copies[WRITTEN] == hours + 1


def test_index_changes__removes_what_the_lake_has_no_more(first: Platform) -> None:
    live = first.search.live("readings")
    assert live is not None
    extra = DOCUMENTS.empty_table().from_pylist(
        [{"id": "ghost", "operating_day": DAYS[0], "version": 1, "source": "{}"}], schema=DOCUMENTS
    )
    first.search.apply("readings", live, extra, WITHDRAWN.empty_table())
    assert index_changes(first, "test", Silent(), DAYS[:1]).rows == {WRITTEN: 0, REMOVED: 1}
    assert_indices_hold_the_lake(first)


def test_index_changes__builds_a_kind_that_has_lost_its_index(first: Platform) -> None:
    live = first.search.live("events")
    (first.landing.parent / "search" / "events" / "live").unlink()
    done = index_changes(first, "test", Silent())
    assert first.search.live("events") not in {None, live}
    assert done.rows == {WRITTEN: len(index_documents(first, "events")), REMOVED: 0}


def test_index_changes__of_an_empty_home_makes_empty_indices(platform: Platform) -> None:
    index_changes(platform, "test", Silent())
    assert platform.search.search(SearchRequest("sensors", "anything")).total == 0
    assert_indices_hold_the_lake(platform)


def test_lake_sums__count_the_documents_by_day(still: Platform) -> None:
    kind = still.search.kinds["readings"]
    sums = lake_sums(still, kind, DAYS[:1])
    live = still.search.live("readings")
    assert live is not None
    assert sums == {DAYS[0]: still.search.sums("readings", live)[DAYS[0]]}
    assert sums[DAYS[0]] != DaySum(0, 0)


def test_index_changes__reads_by_the_offset_of_its_index(first: Platform) -> None:
    live = first.search.live("sensors")
    assert live is not None
    assert first.database.change_log.pending(search_consumer(live), SENSORS.name).days == ()
    assert first.database.change_log.pending("search/another", SENSORS.name).days != ()
