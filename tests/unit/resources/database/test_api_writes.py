"""Readings of the API: row and outbox entry together, once, and the newest of a row last."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from grid_assets.domain.writes import Stamp, Write, checked
from resources.clients.database.api_writes import allot, enter, put_through
from resources.clients.database.client import Database
from resources.clients.database.schema import API_READINGS
from resources.clients.write_behind.base import QueuedWrite
from tests.support.processes import race

NOW = datetime(2016, 3, 27, 12, tzinfo=UTC)


def a_write(number: int, time: str = "2016-03-27T10:00:00+02:00", **columns: object) -> Write:
    row = {"table": "sensor_data", "sensor_id": "001", "value": float(number), "timestamp": time, **columns}
    return checked(f"sensor:{number}", None, row, "insert", Stamp(f"request-{number}", NOW))


def queued(number: int, version: int, **columns: object) -> QueuedWrite:
    return QueuedWrite(a_write(number, **columns), version, 1)  # type: ignore[arg-type]


def rows_of(database: Database) -> list[tuple[object, ...]]:
    columns = (API_READINGS.c.sensor_id, API_READINGS.c.timestamp_utc, API_READINGS.c.value, API_READINGS.c.version)
    with database.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(API_READINGS.c.timestamp_utc))]


def waiting(database: Database) -> list[float]:
    return [json.loads(entry.payload)["value"] for entry in database.outbox.unlanded()]


def test_apply__writes_row_and_line(database: Database) -> None:
    assert database.api_writes.apply([queued(1, 7, unit="V", channel="Spannung|ü", quality="revised")]) == 1
    assert rows_of(database) == [("001", "2016-03-27T08:00:00.000000Z", 1.0, 7)]
    (entry,) = database.outbox.unlanded()
    assert entry.payload == (
        '{"sensor_id":"001","timestamp":"2016-03-27T08:00:00.000000Z","value":1.0,"unit":"V",'
        '"quality":"revised","channel":"Spannung|ü"}'
    )


def test_apply__enters_in_the_order_of_versions(database: Database) -> None:
    assert database.api_writes.apply([queued(3, 9), queued(1, 7), queued(2, 8)]) == 3
    assert waiting(database) == [1.0, 2.0, 3.0]
    assert rows_of(database)[0][2:] == (3.0, 9)


def test_apply__again_changes_nothing_even_after_the_outbox_forgot(database: Database) -> None:
    writes = [queued(1, 7), queued(2, 8)]
    database.api_writes.apply(writes)
    name = database.outbox.name_file(10)
    database.outbox.mark_landed(str(name), NOW)
    assert database.api_writes.apply(writes) == 0
    assert database.outbox.prune(datetime(2016, 3, 28, tzinfo=UTC)) == 2
    assert database.api_writes.apply(writes) == 0
    assert waiting(database) == []


def test_apply__passes_over_what_a_newer_write_has_overtaken(database: Database) -> None:
    database.api_writes.apply([queued(2, 8)])
    assert database.api_writes.apply([queued(1, 7)]) == 0
    assert rows_of(database)[0][2:] == (2.0, 8)
    assert waiting(database) == [2.0]


def test_apply__of_nothing_does_nothing(database: Database) -> None:
    assert database.api_writes.apply([]) == 0


def test_write_through__gives_growing_versions_and_a_repeat_its_own(database: Database) -> None:
    first = database.api_writes.write_through(a_write(1))
    second = database.api_writes.write_through(a_write(2))
    assert second > first
    assert database.api_writes.write_through(a_write(1)) == first
    assert waiting(database) == [1.0, 2.0]


def test_write_through__knows_the_newest_request_of_a_row_for_ever(database: Database) -> None:
    version = database.api_writes.write_through(a_write(1))
    database.outbox.mark_landed(str(database.outbox.name_file(10)), NOW)
    database.outbox.prune(datetime(2016, 3, 28, tzinfo=UTC))
    assert database.api_writes.write_through(a_write(1)) == version
    assert database.outbox.depth() == 0


def test_functions__work_in_a_transaction_of_sqlite_itself(database: Database, tmp_path: Path) -> None:
    _ = database.engine
    with closing(sqlite3.connect(tmp_path / "grid.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        newest = allot(connection, 3)
        assert enter(connection, [(a_write(1), newest - 1), (a_write(2), newest)]) == 2
        assert put_through(connection, a_write(2)) == newest
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        put_through(connection, a_write(3))
        connection.execute("ROLLBACK")
    assert waiting(database) == [1.0, 2.0]
    assert database.api_writes.write_through(a_write(4)) > newest


def write_many(folder: Path, first: int) -> None:
    """Write readings through, each at an instant of its own."""
    database = Database(f"sqlite:///{folder / 'grid.db'}")
    for number in range(first, first + 20):
        database.api_writes.write_through(a_write(number, f"2016-03-27T10:00:{number % 60:02}Z"))


@pytest.mark.parametrize("processes", [3])
def test_write_through__from_several_processes_gives_each_its_own_version(tmp_path: Path, processes: int) -> None:
    assert race(write_many, [(tmp_path, 20 * number) for number in range(processes)]) == [0] * processes
    database = Database(f"sqlite:///{tmp_path / 'grid.db'}")
    versions = [entry.version for entry in database.outbox.unlanded()]
    assert len(set(versions)) == 20 * processes
    assert versions == sorted(versions)
    database.close()
