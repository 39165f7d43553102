"""How transactions begin: those that may write take the write lock at once, those that only read wait for nobody."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

READS_ONLY = "grid_reads_only"
"""The execution option of a connection that will not write."""


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction for a block that only reads: its queries see one state, and it waits for no writer."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection.execution_options(**{READS_ONLY: True})


def begin_sqlite(connection: Connection) -> None:
    """Begin a transaction of SQLite; a reader that turned writer later would fail instead of wait."""
    is_reading = connection.get_execution_options().get(READS_ONLY, False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
