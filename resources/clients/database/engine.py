"""Opening the operational database: SQLite in WAL mode with immediate transactions, or any other by its address."""

from pathlib import Path

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DatabaseError as DriverError
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from grid_assets.domain.errors import DatabaseError
from resources.clients.database.migrate import migrate
from resources.clients.database.transactions import begin_sqlite

BUSY_SECONDS = 60


def open_database(url: str) -> Engine:
    """Return an engine whose schema is up to date; every failure of the database itself is raised as a DatabaseError.

    Raises:
        DatabaseError: If the database cannot be reached or written, or was made by a newer version of this project.
    """
    address = make_url(url)
    is_file = address.get_backend_name() == "sqlite" and bool(address.database)
    if is_file:
        _make_folder(Path(str(address.database)).parent)
    engine = create_engine(address)
    event.listen(engine, "handle_error", _raise_ours)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", begin_sqlite)
    migrate(engine)
    return engine


def prepare_file(path: Path) -> None:
    """Make a SQLite file with every table of the schema, or bring it up to date.

    Raises:
        DatabaseError: If the file cannot be written.
    """
    open_database(URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)).dispose()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            f"the folder {folder} of the operational database cannot be made: {error.strerror}",
            "a folder that this user may write to",
            "check GRID_HOME or GRID_DATABASE_URL",
        ) from error


def _raise_ours(context: ExceptionContext) -> None:
    """Raise what the driver reports of the database's state (locked, full, unreachable) as this project's error."""
    if type(context.sqlalchemy_exception) in (OperationalError, InternalError, DriverError):
        where = context.engine.url.render_as_string() if context.engine is not None else "it"
        raise DatabaseError(
            f"the operational database {where} does not work: {context.original_exception}",
            "a database that can be reached, has room, and that this user may write to",
            "check GRID_HOME or GRID_DATABASE_URL, make room on the disk, then run the same command again",
        ) from context.original_exception


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
