"""How far copies are behind: what each follower has not done, held days left out, unreachable copies named."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from grid_assets.domain.errors import CacheError, DatabaseError, GridError
from grid_assets.domain.tables import SENSORS
from grid_assets.pipeline.lag import lag, pending_days
from resources.clients.cache.sqlite_cache import SqliteCache
from resources.clients.database.changes import Change
from resources.clients.platform import Platform
from resources.settings import load_settings
from resources.wiring import make_file, make_platform
from tests.support.followers import STAGES, History, feeds, new_index

DAY, NEXT = date(2016, 3, 24), date(2016, 3, 25)


class LostCache(SqliteCache):
    """A cache that raises an error wherever it is asked who it is."""

    error: GridError = CacheError("the cache does not answer")

    def epoch(self) -> str:
        raise self.error


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    made = make_platform(load_settings(home=tmp_path, threads=2))
    yield made
    made.close()


def test_lag__of_a_fresh_home_is_nothing(platform: Platform) -> None:
    assert pending_days(lag(platform)) == ()
    assert {entry.stage for entry in lag(platform)} == set(STAGES)


def test_lag__names_what_each_follower_has_not_done(platform: Platform) -> None:
    for kind in platform.search.kinds:
        new_index(platform, kind)
    history = History()
    history.settle(platform, [Change("events", DAY), Change("load_daily", NEXT)])
    history.serve(platform, "warm", lambda: None)
    waiting = {(entry.stage, entry.table): entry.days for entry in lag(platform) if entry.days}
    assert waiting == {("publish", "events"): (DAY,), ("publish", "load_daily"): (NEXT,), ("index", "events"): (DAY,)}
    assert pending_days(lag(platform)) == (DAY, NEXT)
    assert pending_days(lag(platform), "index") == (DAY,)
    consumers = {(entry.consumer, entry.table) for entry in lag(platform)}
    assert consumers == {pair for stage in STAGES for pair in feeds(platform, stage)}


def test_lag__held_days_do_not_count_until_they_are_released(platform: Platform) -> None:
    history = History()
    history.settle(platform, [Change("events", DAY)])
    history.settle(platform, [Change("events", DAY)], is_held=True)
    assert pending_days(lag(platform)) == ()
    history.release(platform)
    assert pending_days(lag(platform)) == (DAY,)


def test_lag__a_kind_without_an_index_waits_for_everything(platform: Platform) -> None:
    History().settle(platform, [Change(SENSORS.name, DAY)])
    (entry,) = [e for e in lag(platform) if e.table == SENSORS.name and e.days and e.consumer == ""][:1]
    assert (entry.stage, entry.days) == ("index", (DAY,))


def test_lag__a_cache_that_lost_everything_waits_again(platform: Platform) -> None:
    history = History()
    history.settle(platform, [Change("load_hourly", DAY)])
    history.serve(platform, "warm", lambda: None)
    assert pending_days(lag(platform), "warm") == ()
    platform.cache.clear()
    assert pending_days(lag(platform), "warm") == (DAY,)


def test_lag__a_copy_that_cannot_be_reached_says_so_beside_the_others(platform: Platform, tmp_path: Path) -> None:
    History().settle(platform, [Change("events", DAY)])
    lost = replace(platform, cache=LostCache(make_file(load_settings(home=tmp_path))))
    entries = lag(lost)
    (problem,) = [entry for entry in entries if entry.problem]
    assert (problem.stage, problem.days) == ("warm", ())
    assert "does not answer" in problem.problem
    assert pending_days(entries, "publish") == (DAY,)


def test_lag__an_error_that_does_not_pass_by_itself_is_raised(platform: Platform, tmp_path: Path) -> None:
    cache = LostCache(make_file(load_settings(home=tmp_path)))
    cache.error = DatabaseError("the database is of a newer version")
    with pytest.raises(DatabaseError):
        lag(replace(platform, cache=cache))
