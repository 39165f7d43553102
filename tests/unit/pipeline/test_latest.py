"""Reading through the cache: latest values and members of days, from wherever they are."""

import json
import threading
from pathlib import Path

import pytest

from grid_assets.domain.errors import CacheError, GateError, InputError
from grid_assets.domain.names import latest_key
from grid_assets.domain.warm import MEMBERS, member_of
from grid_assets.pipeline.filling import Made, read_through
from grid_assets.pipeline.latest import latest
from grid_assets.pipeline.serving import day
from resources.clients.cache.base import Lease, Versioned
from resources.clients.cache.sqlite_cache import SqliteCache
from resources.clients.database.engine import prepare_file
from resources.clients.database.sqlite_file import SqliteFile
from resources.clients.platform import Platform
from tests.support.cached import modelled, modelled_latest
from tests.support.homes import HomeShelf, opened
from tests.support.landing import DAYS


@pytest.fixture
def cache(tmp_path: Path) -> SqliteCache:
    path = tmp_path / "grid.db"
    return SqliteCache(SqliteFile(path, "normal", lambda: prepare_file(path)))


class UnreachableCache(SqliteCache):
    def lease(self, key: str, seconds: float) -> Lease:
        raise CacheError(f"no way to {key} for {seconds} s")


def test_latest__is_the_same_from_cache_database_and_lake(shelf: HomeShelf) -> None:
    with opened(shelf.put_back("first")) as platform:
        expected = modelled_latest(platform)
        assert {sensor: latest(platform, sensor) for sensor in expected} == expected
        platform.cache.clear()
        assert {sensor: latest(platform, sensor) for sensor in expected} == expected
        assert platform.cache.statistics().entries == len(expected)
        platform.cache.clear()
        _forget_records(platform)
        assert {sensor: latest(platform, sensor) for sensor in expected} == expected


def _forget_records(platform: Platform) -> None:
    with platform.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM sensor_latest")


def test_latest__of_an_unknown_sensor_is_none_and_that_is_remembered(still: Platform) -> None:
    assert latest(still, "nobody") is None
    assert still.cache.get(latest_key("nobody")) == b"null"
    assert latest(still, "nobody") is None


def test_latest__does_not_bring_back_what_a_newer_version_withdrew(shelf: HomeShelf) -> None:
    with opened(shelf.put_back("first")) as platform:
        old = latest(platform, "M1.e")
        assert old is not None
        platform.cache.put_newer([Versioned(latest_key("M1.e"), None, old["batch_id"] + 1)])
        assert latest(platform, "M1.e") == old
        assert platform.cache.get(latest_key("M1.e")) is None


def test_day__is_the_same_from_generation_and_lake(shelf: HomeShelf) -> None:
    with opened(shelf.put_back("first")) as platform:
        expected = modelled(platform)
        for (table, on), members in expected.items():
            for name, value in members.items():
                assert day(platform, table, on, name) == value
        for table in MEMBERS:
            platform.cache.drop_generation(table, DAYS[0])
        for _ in range(2):
            name = member_of("M1", "consumption")
            assert day(platform, "load_daily", DAYS[0], name) == expected["load_daily", DAYS[0]][name]
            assert day(platform, "load_daily", DAYS[0], "nobody|consumption") is None
            assert day(platform, "load_daily", DAYS[3], name) is None


def test_day__of_another_table_is_refused(still: Platform) -> None:
    with pytest.raises(InputError, match="load_daily"):
        day(still, "sensor_data", DAYS[0], "M1.e")


def test_day__that_a_gate_holds_is_not_made_from_the_lake(shelf: HomeShelf) -> None:
    with opened(shelf.put_back("first")) as platform:
        platform.cache.clear()
        with platform.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE batches SET is_held = 1 WHERE stage = 'aggregate'")
        with pytest.raises(GateError, match="load_daily of 2016-03-24"):
            day(platform, "load_daily", DAYS[0], "M1|consumption")


def test_read_through__makes_a_value_once_for_many_readers(cache: SqliteCache) -> None:
    made, found = [], []
    may_end = threading.Event()

    def make() -> Made:
        made.append(1)
        may_end.wait(5)
        return Made({"value": 1})

    def read() -> None:
        found.append(read_through(cache, "k", make))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    may_end.wait(0.1)
    may_end.set()
    for thread in threads:
        thread.join()
    assert (len(made), found) == (1, [{"value": 1}] * 6)
    cache.close()


def test_read_through__takes_the_stale_value_while_another_caller_fills(cache: SqliteCache) -> None:
    cache.set("k", b'{"value":1}', 0.000001)
    token = cache.lease("k", 60).token
    assert token is not None
    assert read_through(cache, "k", lambda: Made({"value": 2})) == {"value": 1}
    assert cache.fill("k", token, b'{"value":3}', None)
    assert read_through(cache, "k", lambda: Made({"value": 2})) == {"value": 3}
    cache.close()


def test_read_through__that_read_before_a_newer_write_stores_nothing(cache: SqliteCache) -> None:
    def make() -> Made:
        cache.put_newer([Versioned("k", json.dumps({"value": 9}).encode(), 9)])
        return Made({"value": 4}, 4)

    assert read_through(cache, "k", make) == {"value": 4}
    assert read_through(cache, "k", make) == {"value": 9}
    cache.close()


def test_read_through__never_fails_for_the_cache(tmp_path: Path) -> None:
    path = tmp_path / "grid.db"
    broken = UnreachableCache(SqliteFile(path, "normal", lambda: prepare_file(path)))
    assert read_through(broken, "k", lambda: Made({"value": 1})) == {"value": 1}
