"""The embedded cache where the conformance suite does not look: long graces, counters, sizes, errors, many keys."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from grid_assets.domain.errors import CacheError
from resources.clients.cache import statistics
from resources.clients.cache.base import Generation, Versioned
from resources.clients.cache.plain import DEAD_AFTER_SECONDS
from resources.clients.cache.sqlite_cache import SqliteCache
from resources.clients.database.engine import prepare_file
from resources.clients.database.sqlite_file import SqliteFile

DAY = date(2016, 3, 27)


class Clock:
    def __init__(self) -> None:
        self.now = 1_459_080_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(folder: Path, clock: Clock) -> SqliteCache:
    path = folder / "grid.db"
    return SqliteCache(SqliteFile(path, "normal", lambda: prepare_file(path)), clock)


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> Iterator[SqliteCache]:
    each = made(tmp_path, clock)
    yield each
    each.close()


def members(count: int) -> list[pa.RecordBatch]:
    return [pa.record_batch({"member": [f"M{n:06d}" for n in range(count)], "value": ["1"] * count})]


def test_sweep__forgets_expired_and_withdrawn_keys_after_a_day(cache: SqliteCache, clock: Clock) -> None:
    cache.set("plain", b"1", 1)
    cache.put_newer([Versioned("versioned", b"1", 5)], 1)
    cache.put_newer([Versioned("withdrawn", None, 5)])
    cache.set("lasting", b"1", None)
    clock.now += DEAD_AFTER_SECONDS
    assert cache.sweep() == 0
    assert cache.versions_of(["versioned", "withdrawn"]) == {"versioned": 5, "withdrawn": 5}
    clock.now += 2
    assert cache.sweep() == 3
    assert cache.versions_of(["versioned", "withdrawn"]) == {}
    assert cache.get("lasting") == b"1"


def test_sweep__removes_a_load_that_died_without_a_pointer(cache: SqliteCache, clock: Clock) -> None:
    cache.load_generation(Generation("load_daily", DAY, 1), members(5))
    assert cache.sweep() == 0
    clock.now += 3_600
    assert cache.sweep() == 5


def test_statistics__counts_reads_of_every_client(tmp_path: Path, clock: Clock, cache: SqliteCache) -> None:
    cache.set("a", b"12345", None)
    other = made(tmp_path, clock)
    assert (other.get("a"), other.get("b"), other.get_many(["a", "b", "c"])) == (b"12345", None, {"a": b"12345"})
    other.close()
    cache.load_generation(Generation("load_daily", DAY, 1), members(3))
    cache.promote_generation(Generation("load_daily", DAY, 1), 3)
    cache.read_generation("load_daily", DAY, ["M000000", "M000001", "none"])
    cache.read_generation("events", DAY, ["none"])
    found = cache.statistics()
    assert (found.hits, found.misses) == (4, 5)
    assert found.hit_ratio == pytest.approx(4 / 9)
    assert (found.entries, found.generations, found.bytes) == (4, 1, 8)


def test_counters__are_written_down_now_and_then(
    cache: SqliteCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "FLUSH_SECONDS", 0.0)
    cache.set("a", b"1", None)
    cache.get("a")
    cache.close()
    connection = sqlite3.connect(tmp_path / "grid.db")
    assert connection.execute("SELECT value FROM cache_facts WHERE name = 'hits'").fetchall() == [("1",)]
    connection.close()


def test_cache__without_room_or_rights_says_so(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "grid.db").write_text("this is no database, and it is long enough to be taken for one" * 20)
    broken = made(tmp_path, clock)
    for use in (lambda: broken.get("a"), lambda: broken.set("a", b"1", None), broken.epoch):
        with pytest.raises(CacheError, match="does not work"):
            use()
    broken.close()


def test_get_many__of_more_keys_than_a_query_takes(cache: SqliteCache) -> None:
    values = {f"k{n}": b"1" for n in range(25_000)}
    cache.set_many(values, None)
    assert cache.get_many(list(values)) == values


def test_load__of_more_members_than_a_transaction_takes(cache: SqliteCache) -> None:
    generation = Generation("load_daily", DAY, 1)
    assert cache.load_generation(generation, members(45_000)) == 45_000
    assert cache.promote_generation(generation, 45_000)
    assert cache.read_generation("load_daily", DAY, ["M044999"]) == {"M044999": b"1"}
    assert cache.drop_generation("load_daily", DAY) == 45_000
    assert cache.statistics().entries == 0


def test_load__of_a_member_twice_is_refused(cache: SqliteCache) -> None:
    batch = pa.record_batch({"member": ["a", "a"], "value": ["1", "2"]})
    with pytest.raises(CacheError, match="UNIQUE"):
        cache.load_generation(Generation("load_daily", DAY, 1), [batch])


def test_load__that_another_load_took_over_ends(cache: SqliteCache) -> None:
    generation = Generation("load_daily", DAY, 1)

    def overtaken() -> Iterator[pa.RecordBatch]:
        yield members(2)[0]
        cache.load_generation(generation, members(3))
        yield pa.record_batch({"member": ["z"], "value": ["1"]})

    with pytest.raises(CacheError, match="lost its place"):
        cache.load_generation(generation, overtaken())
    assert cache.promote_generation(generation, 3)
