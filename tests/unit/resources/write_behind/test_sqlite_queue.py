"""What the queue on SQLite adds to the conformance suite: its bounds, what it forgets, its cost, its place."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grid_assets.domain.errors import QueueFullError
from grid_assets.domain.writes import Stamp, Write, checked
from resources.clients.cache.sqlite_cache import SqliteCache
from resources.clients.database.engine import prepare_file
from resources.clients.database.sqlite_file import SqliteFile
from resources.clients.write_behind import sqlite_statements as sql
from resources.clients.write_behind.sqlite_queue import KEPT_SECONDS, SqliteQueue


class Clock:
    now = 1_500_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteFile]:
    path = tmp_path / "grid.db"
    made = SqliteFile(path, "normal", lambda: prepare_file(path))
    yield made
    made.close()


def write(number: int, ttl: float | None = None) -> Write:
    row = {"table": "sensor_data", "sensor_id": f"s{number}", "value": number, "timestamp": "2016-03-27T10:00Z"}
    return checked("key", number, row, "insert", Stamp(f"r{number}", datetime(2016, 3, 27, tzinfo=UTC)), ttl)


def test_put__beyond_the_bound_stores_nothing_of_the_call(file: SqliteFile) -> None:
    queue, cache = SqliteQueue(file, 3), SqliteCache(file)
    queue.put([write(1), write(2)])
    with pytest.raises(QueueFullError, match="holds its 3 writes"):
        queue.put([write(3), write(4)])
    assert cache.get("key") == b"2"
    assert queue.depth().pending == 2
    queue.put([write(3)])
    assert queue.put([write(1)])[0].is_new is False, "what is known needs no room"


def test_put__is_refused_while_as_many_are_parked(file: SqliteFile) -> None:
    queue = SqliteQueue(file, 2)
    for number in (1, 2):
        queue.put([write(number)])
        (claimed,) = queue.claim("w", 1, 60)
        assert queue.park("w", claimed.version, "an error " * 1_000)
    with pytest.raises(QueueFullError, match="parked_writes"):
        queue.put([write(3)])
    assert len(queue.parked()[0].error) == 1_000
    assert queue.requeue([p.version for p in queue.parked()]) == 2
    assert queue.requeue([1, 2]) == 0


def test_put__the_cached_value_lives_as_long_as_was_asked(file: SqliteFile) -> None:
    clock = Clock()
    queue, cache = SqliteQueue(file, 10, clock), SqliteCache(file, clock)
    queue.put([write(1, ttl=60)])
    clock.now += 59
    assert cache.get("key") == b"1"
    clock.now += 2
    assert cache.get("key") is None
    assert queue.depth().pending == 1


def test_acknowledge__knows_a_request_for_seven_days_and_then_forgets(file: SqliteFile) -> None:
    clock = Clock()
    queue = SqliteQueue(file, 10, clock)
    queue.put([write(1)])
    queue.acknowledge("w", [q.version for q in queue.claim("w", 1, 60)])
    clock.now += KEPT_SECONDS - 1
    assert queue.put([write(1)])[0].is_new is False
    clock.now += 2
    queue.put([write(2)])
    queue.acknowledge("w", [q.version for q in queue.claim("w", 1, 60)])
    assert file.read("SELECT request_id FROM applied_requests") == [("r2",)]


def test_candidates__are_found_by_index(file: SqliteFile) -> None:
    plan = file.read(f"EXPLAIN QUERY PLAN {sql.CANDIDATES}", {"now": 0.0, "most": 10})
    steps = [str(row[3]) for row in plan]
    assert not [step for step in steps if step.startswith("SCAN") and "(" not in step and "CONSTANT" not in step]
    assert sum("write_queue_by_state" in step for step in steps) == 2
    assert sum("write_queue_by_row" in step for step in steps) == 2


def test_bodies__keep_the_request_and_not_the_cached_value(file: SqliteFile) -> None:
    queue = SqliteQueue(file, 10)
    asked = write(1, ttl=5)
    queue.put([asked])
    (claimed,) = queue.claim("w", 1, 60)
    assert claimed.write.row == asked.row
    assert claimed.write.requested_at_utc == asked.requested_at_utc
    assert (claimed.write.cache_key, claimed.write.operation, claimed.write.cache_value) == ("key", "insert", b"")


def test_parked__says_since_when(file: SqliteFile) -> None:
    clock = Clock()
    queue = SqliteQueue(file, 10, clock)
    queue.put([write(1)])
    clock.now += 60
    queue.park("w", queue.claim("w", 1, 60)[0].version, "never")
    (parked,) = queue.parked()
    assert parked.parked_at_utc == datetime.fromtimestamp(Clock.now, UTC) + timedelta(seconds=60)
