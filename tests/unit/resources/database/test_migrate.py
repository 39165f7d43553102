"""Migrations: the steps lead to the schema that the code works with, from nothing and from every schema before."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from grid_assets.domain.errors import DatabaseError
from resources.clients import failpoints
from resources.clients.database.client import Database
from resources.clients.database.engine import prepare_file
from resources.clients.database.migrate import NEWEST, VERSION_TABLE, alembic_config
from resources.clients.database.schema import METADATA
from tests.support.processes import call, race

FIRST_SCHEMA = Path(__file__).with_name("schema_0001.sql")
"""A database as it was before there were steps, with rows."""


def file_in(folder: Path) -> Path:
    return folder / "grid.db"


def made_before(folder: Path) -> Path:
    with closing(sqlite3.connect(file_in(folder))) as connection:
        connection.executescript(FIRST_SCHEMA.read_text())
    return file_in(folder)


def opened(folder: Path) -> Database:
    database = Database(f"sqlite:///{file_in(folder)}")
    _ = database.engine
    return database


def open_and_be_killed(folder: Path, nth: int) -> None:
    """Open the database and be killed after so many steps."""
    passes = []

    def strike() -> None:
        passes.append(1)
        if len(passes) == nth:
            (folder / "marker").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.arm("migrate.step", strike)
    opened(folder)


def open_and_close(folder: Path) -> None:
    opened(folder).close()


def shape_of(path: Path) -> dict[str, list[str]]:
    """Return the lines of every table's and index's definition, in any order."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%alembic%'").fetchall()
    return {name: sorted(line.strip(" ,") for line in (sql or "").splitlines()) for name, sql in found}


def expected_shape(folder: Path) -> dict[str, list[str]]:
    path = folder / "expected.db"
    engine = create_engine(f"sqlite:///{path}")
    METADATA.create_all(engine)
    engine.dispose()
    return shape_of(path)


def version_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()[0])


def test_migrate__makes_the_schema_that_the_code_works_with(tmp_path: Path) -> None:
    database = opened(tmp_path)
    with database.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    database.close()
    assert shape_of(file_in(tmp_path)) == expected_shape(tmp_path)
    assert version_of(file_in(tmp_path)) == NEWEST


def test_migrate__goes_to_the_last_step(tmp_path: Path) -> None:
    database = opened(tmp_path)
    with database.engine.begin() as connection:
        steps = ScriptDirectory.from_config(alembic_config(connection))
        assert steps.get_heads() == [NEWEST]
    database.close()


def test_migrate__brings_a_database_of_the_first_schema_up_to_date(tmp_path: Path) -> None:
    before = dump(made_before(tmp_path))
    database = opened(tmp_path)
    assert [b["state"] for b in database.batches.listing()] == ["settled", "claimed"]
    assert database.change_log.pending("verify", "sensor_data").days == (date(2016, 3, 28),)
    assert database.files.known(["hash-1"]) == {"hash-1"}
    database.close()
    assert shape_of(file_in(tmp_path)) == expected_shape(tmp_path)
    assert set(before) <= set(dump(file_in(tmp_path)))


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if line.startswith("INSERT")]


@pytest.mark.parametrize("is_new", [True, False], ids=["a new database", "one of the first schema"])
def test_migrate__is_done_once_by_processes_that_open_together(tmp_path: Path, *, is_new: bool) -> None:
    if not is_new:
        made_before(tmp_path)
    assert race(open_and_close, [(tmp_path,)] * 4) == [0] * 4
    assert shape_of(file_in(tmp_path)) == expected_shape(tmp_path)
    assert version_of(file_in(tmp_path)) == NEWEST


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("is_new", [True, False], ids=["a new database", "one of the first schema"])
def test_migrate__that_was_killed_is_done_by_the_next_one(tmp_path: Path, nth: int, *, is_new: bool) -> None:
    before = {} if is_new else shape_of(made_before(tmp_path))
    assert call(open_and_be_killed, tmp_path, nth) == -signal.SIGKILL
    assert (tmp_path / "marker").exists()
    assert shape_of(file_in(tmp_path)) == before
    opened(tmp_path).close()
    assert shape_of(file_in(tmp_path)) == expected_shape(tmp_path)


def test_migrate__refuses_a_database_of_a_newer_version_and_leaves_it_alone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with closing(sqlite3.connect(file_in(tmp_path))) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        connection.commit()
    with pytest.raises(DatabaseError, match=r"has the schema 9999.*up to 0003.*newer"):
        opened(tmp_path)
    assert version_of(file_in(tmp_path)) == "9999"


def test_prepare_file__makes_the_same_schema_in_a_folder_with_an_odd_name(tmp_path: Path) -> None:
    path = tmp_path / "100% ?&=" / "grid.db"
    prepare_file(path)
    assert shape_of(path) == expected_shape(tmp_path)


def test_open_database__imports_alembic_only_where_there_is_something_to_do(tmp_path: Path) -> None:
    opened(tmp_path).close()
    code = (
        "import sys; from resources.clients.database.client import Database; "
        f"Database('sqlite:///{file_in(tmp_path)}').engine; sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
