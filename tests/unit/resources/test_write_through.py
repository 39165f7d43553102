"""The published call of write-through: strong for every reader, one transaction, or a database apart from the cache."""

import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grid_assets.domain.errors import CacheError, DatabaseError, InputError
from grid_assets.domain.writes import Stamp, Write, checked
from resources.clients.cache.base import Versioned
from resources.clients.cache.sqlite_cache import SqliteCache
from resources.clients.database.client import Database
from resources.clients.write_behind.through import TwoStoreThrough
from resources.redis_cluster import cluster_get, cluster_set
from resources.settings import load_settings
from resources.wiring import make_file, make_through
from resources.write_behind import write_behind_cache
from resources.write_through import write_through_cache
from tests.support.histories import Seen, Written, assert_never_old, histories, read_a_lot, write_a_lot
from tests.support.processes import finish, start
from tests.support.writing import Request, rows_in, settings_of, through, work

ROW: dict[str, Any] = {"table": "sensor_data", "sensor_id": "001", "value": 1, "timestamp": "2016-03-27T10:00:00Z"}


def test_call__database_outbox_and_cache_have_it(tmp_path: Path) -> None:
    receipt = write_through_cache("sensor:001", {"value": 1}, ROW, settings=settings_of(tmp_path))
    assert (receipt.version, receipt.is_new) == (1, True)
    assert cluster_get("sensor:001", settings=settings_of(tmp_path)) == {"value": 1}
    assert rows_in(tmp_path, "SELECT value, version FROM sensor_data") == [(1.0, 1)]
    assert rows_in(tmp_path, "SELECT request_id FROM outbox") == [(receipt.request_id,)]


def test_call__again_with_its_id_is_not_applied_twice(tmp_path: Path) -> None:
    first = through(tmp_path, Request(1))
    newer = through(tmp_path, Request(7))
    again = through(tmp_path, Request(1))
    assert (again.version, again.is_new) == (first.version, False)
    assert newer.version > first.version
    assert rows_in(tmp_path, "SELECT value FROM sensor_data") == [(7.0,)]
    assert rows_in(tmp_path, "SELECT COUNT(*) FROM outbox") == [(2,)]
    assert cluster_get("sensor:s1", settings=settings_of(tmp_path)) == "c-7"


def test_call__overtakes_what_waits_in_the_queue_for_good(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    write_behind_cache("sensor:001", 1, ROW, request_id="slow", settings=settings)
    write_through_cache("sensor:001", 2, {**ROW, "value": 2}, request_id="quick", settings=settings)
    assert cluster_get("sensor:001", settings=settings) == 2
    assert work(tmp_path).applied == 1
    assert rows_in(tmp_path, "SELECT value FROM sensor_data") == [(2.0,)]
    assert rows_in(tmp_path, "SELECT request_id FROM outbox") == [("quick",)]


def test_call__of_a_request_that_waits_applies_it_at_once_and_once(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    queued = write_behind_cache("sensor:001", 1, ROW, request_id="mine", settings=settings)
    written = write_through_cache("sensor:001", 1, ROW, request_id="mine", settings=settings)
    assert (written.version, written.is_new) == (queued.version, False)
    assert rows_in(tmp_path, "SELECT value FROM sensor_data") == [(1.0,)]
    work(tmp_path)
    assert rows_in(tmp_path, "SELECT COUNT(*) FROM outbox") == [(1,)]


def test_call__that_the_database_refuses_changes_nothing(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    write_through_cache("sensor:001", "old", ROW, settings=settings)
    with closing(sqlite3.connect(settings.cache_file)) as connection:
        connection.execute("CREATE TRIGGER no BEFORE UPDATE ON sensor_data BEGIN SELECT RAISE(ABORT, 'refused'); END")
    with pytest.raises(DatabaseError, match="refused"):
        write_through_cache("sensor:001", "new", {**ROW, "value": 2}, settings=settings)
    assert cluster_get("sensor:001", settings=settings) == "old"
    assert rows_in(tmp_path, "SELECT value FROM sensor_data") == [(1.0,)]
    assert rows_in(tmp_path, "SELECT COUNT(*) FROM outbox") == [(1,)]


def test_call__refuses_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing_such"):
        write_through_cache("key", 1, {**ROW, "table": "nothing_such"}, settings=settings_of(tmp_path / "home"))
    assert not (tmp_path / "home").exists()


def test_call__of_many_threads_keeps_the_newest_everywhere(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    receipts: list[tuple[int, str]] = []

    def write(who: int) -> None:
        for number in range(50):
            value = f"{who}-{number}"
            row = {**ROW, "value": number}
            receipt = write_through_cache("key", value, row, request_id=value, settings=settings)
            receipts.append((receipt.version, value))
            seen = str(cluster_get("key", settings=settings))
            versions = {told: version for version, told in list(receipts)}
            assert versions.get(seen, receipt.version) >= receipt.version

    running = [threading.Thread(target=write, args=(who,)) for who in range(8)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(receipts) == len({version for version, _ in receipts}) == 400
    newest = max(receipts)[1]
    assert cluster_get("key", settings=settings) == newest
    assert rows_in(tmp_path, "SELECT request_id FROM sensor_data") == [(newest,)]


def test_history__no_reader_sees_older_data_than_what_had_returned(tmp_path: Path) -> None:
    home, notes = tmp_path / "home", [tmp_path / f"note {number}" for number in range(5)]
    through(home, Request(0))
    running = [start(write_a_lot, home, note, f"w{n}", 2.0) for n, note in enumerate(notes[:3])]
    running += [start(read_a_lot, home, note, 2.0) for note in notes[3:]]
    assert [finish(process) for process in running] == [0] * 5
    written, seen = histories(notes)
    assert len({each.version for each in written}) == len(written)
    assert assert_never_old(written, seen) > 20


def test_history__the_check_notices_an_old_answer() -> None:
    written = [Written("a", "one", 1, 1.0), Written("a", "two", 2, 2.0)]
    assert assert_never_old(written, [Seen("a", "one", 1.5), Seen("a", "two", 1.5), Seen("a", "two", 3.0)]) == 3
    with pytest.raises(AssertionError, match="a newer write had returned"):
        assert_never_old(written, [Seen("a", "one", 2.5)])


class BrokenCache(SqliteCache):
    """A cache that cannot be written for a while."""

    is_broken = True

    def put_newer(self, entries: Iterable[Versioned], ttl_seconds: float | None = None) -> int:
        if self.is_broken:
            raise CacheError("the cache cannot be reached")
        return super().put_newer(entries, ttl_seconds)


def test_two_stores__database_first_and_never_an_old_value_after(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    file = make_file(settings)
    cache, database = BrokenCache(file), Database(f"sqlite:///{tmp_path / 'other.db'}")
    through_two = TwoStoreThrough(database, file, cache)
    cluster_set("key", "old", settings=settings)
    asked = _checked("key", "new", "mine")
    with pytest.raises(CacheError):
        through_two.write(asked)
    assert cluster_get("key", settings=settings) is None, "the key is taken out, for what it held is old now"
    cache.is_broken = False
    receipt = through_two.write(asked)
    assert not receipt.is_new
    assert cluster_get("key", settings=settings) == "new"
    assert len(database.outbox.unlanded()) == 1
    through_two.close()


def test_two_stores__share_versions_with_write_behind(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    file = make_file(settings)
    database = Database(f"sqlite:///{tmp_path / 'other.db'}")
    through_two = TwoStoreThrough(database, file, SqliteCache(file))
    queued = write_behind_cache("key", "slow", ROW, settings=settings)
    written = through_two.write(_checked("key", "quick", "mine"))
    assert written.version > queued.version
    assert cluster_get("key", settings=settings) == "quick"
    through_two.close()


def test_make_through__by_where_the_database_is(tmp_path: Path) -> None:
    assert type(make_through(load_settings(home=tmp_path))).__name__ == "OneFileThrough"
    elsewhere = load_settings(home=tmp_path, database_url="postgresql://nobody@localhost/none")
    assert not elsewhere.is_one_file
    assert elsewhere.cache_file == tmp_path / "grid.db"


def _checked(key: str, value: object, request_id: str) -> Write:
    return checked(key, value, ROW, "insert", Stamp(request_id, datetime(2016, 3, 27, tzinfo=UTC)), 3600)
