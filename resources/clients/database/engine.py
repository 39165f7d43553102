"""Opening the operational database: SQLite in WAL mode with immediate transactions, or any other by its address."""

from pathlib import Path

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from grid_assets.domain.errors import DatabaseError
from resources.clients.database.schema import METADATA

BUSY_SECONDS = 60


def open_database(url: str) -> Engine:
    """Return an engine whose tables exist.

    Raises:
        DatabaseError: If the database cannot be reached or written.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        METADATA.create_all(engine)
    except OperationalError as error:
        raise DatabaseError(
            f"the operational database {address.render_as_string()} cannot be opened: {error.orig}",
            "a database that this user may write to",
            "check GRID_HOME or GRID_DATABASE_URL",
        ) from error
    return engine


def _configure_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    # SQLAlchemy's "begin" event issues BEGIN IMMEDIATE itself, so the driver must not issue its own.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
