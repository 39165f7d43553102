"""Opening the database: durable settings, racing first starts, and its troubles as the project's own errors."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grid_assets.domain.errors import DatabaseError
from resources.clients.database import engine
from resources.clients.database.client import Database
from tests.support.processes import race
from tests.support.rivals import open_many

NOW = datetime(2016, 3, 27, tzinfo=UTC)


def test_open_database__writes_ahead_and_flushes(database: Database) -> None:
    with database.engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        keys = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
    assert (mode, synchronous, keys) == ("wal", 2, 1)


def test_open_database__is_made_once_by_processes_that_start_together(tmp_path: Path) -> None:
    for number in range(5):
        folder = tmp_path / str(number)
        assert race(open_many, [(folder, 1)] * 4) == [0] * 4
        assert len(Database(f"sqlite:///{folder / 'grid.db'}").batches.listing()) == 4


def test_open_database__says_which_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match=r"folder .*file/home .* cannot be made.*GRID_HOME"):
        _ = Database(f"sqlite:///{tmp_path / 'file' / 'home' / 'grid.db'}").engine


def test_open_database__says_what_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "grid.db"
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        _ = Database(f"sqlite:///{path}").engine


def test_database__waits_for_a_lock_and_then_says_so(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.3)
    assert database.batches.listing() == []
    other = sqlite3.connect(tmp_path / "grid.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="locked"):
        database.batches.open("verify", "test", NOW)
    other.execute("COMMIT")
    assert database.batches.open("verify", "test", NOW).batch_id == 1
    other.close()
