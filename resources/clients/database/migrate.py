"""Bringing a database's schema up to date: whatever opens the database runs the steps that it lacks.

A look at the version that stands in the database is all that opening one costs; alembic is imported only where there
is something to do. All steps run in one transaction under the write lock, so that processes which open a database at
the same time, or die while they migrate it, leave it at the old schema or at the new one.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text

from grid_assets.domain.errors import DatabaseError
from resources.clients.database.transactions import reading

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0003"
"""The step that this version of the project works with."""
FIRST = "0001"
"""The schema of databases that were made before there were steps."""
VERSION_TABLE = "alembic_version"
_STEPS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 4_815_162_342
_ONE_AT_A_TIME = threading.Lock()  # alembic keeps what it works on in the module


def migrate(engine: Engine) -> None:
    """Bring a database's schema up to date; does nothing where it is.

    Raises:
        DatabaseError: If the database was made by a newer version of this project; it stays as it is.
    """
    with reading(engine) as connection:
        found = stored_version(connection)
    if found == NEWEST:
        return
    with _ONE_AT_A_TIME, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        _upgrade(connection)


def stored_version(connection: Connection) -> str | None:
    """Return the step that a database is at, None where it knows of none."""
    if not connection.dialect.has_table(connection, VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - half a second that only a change of the schema should cost

    found = stored_version(connection)  # again, under the lock: another process may have been quicker
    if found == NEWEST:
        return
    config = alembic_config(connection)
    _refuse_unknown(config, connection, found)
    if found is None and connection.dialect.has_table(connection, "batches"):
        command.stamp(config, FIRST)
    command.upgrade(config, NEWEST)


def alembic_config(connection: Connection) -> "Config":
    """Return the configuration with which alembic's own commands work on a connection."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _refuse_unknown(config: "Config", connection: Connection, found: str | None) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    known = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    if found is not None and found not in known:
        raise DatabaseError(
            f"the operational database {connection.engine.url.render_as_string()} has the schema {found}",
            f"one that this version knows, up to {NEWEST}",
            "install the version of this project that wrote it, or a newer one",
        )
