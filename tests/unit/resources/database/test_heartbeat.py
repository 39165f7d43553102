"""The heartbeat: it moves while a batch is open, ends with it, and survives a database that is busy for a while."""

import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.clients.database import engine, heartbeat
from resources.clients.database.client import Database

NOW = datetime(2016, 3, 27, tzinfo=UTC)


def beat_of(database: Database) -> datetime:
    beat: datetime = database.batches.listing()[0]["heartbeat_utc"]
    return beat


def wait_for_a_beat_after(database: Database, before: datetime) -> datetime:
    deadline = time.monotonic() + 10
    while beat_of(database) <= before:
        assert time.monotonic() < deadline, "no beat within ten seconds"
        time.sleep(0.02)
    return beat_of(database)


def test_heartbeat__beats_until_the_block_ends(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_SECONDS", 0.02)
    batch = database.batches.open("verify", "test", NOW)
    with heartbeat.heartbeat(database.batches, batch.batch_id):
        wait_for_a_beat_after(database, wait_for_a_beat_after(database, NOW.replace(tzinfo=None)))
    last = beat_of(database)
    time.sleep(0.1)
    assert beat_of(database) == last
    assert not [t for t in threading.enumerate() if t.name.startswith("heartbeat")]


def test_heartbeat__goes_on_after_a_beat_that_failed(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_SECONDS", 0.02)
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.02)
    batch = database.batches.open("verify", "test", NOW)
    with heartbeat.heartbeat(database.batches, batch.batch_id):
        other = sqlite3.connect(tmp_path / "grid.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(0.3)
        other.execute("COMMIT")
        other.close()
        wait_for_a_beat_after(database, beat_of(database))
