"""Write-through: the database's row and the cached value, both there or none, when the call returns.

Where both are one SQLite file, one transaction writes them. Otherwise the database comes first and yields the version;
then the cache is set unless it is newer. If that fails, the key is taken out of the cache where it still can be, and
the call raises: it has promised nothing.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from sqlalchemy import select

from grid_assets.domain.errors import CacheError
from grid_assets.domain.writes import Write
from resources.clients.cache.base import Cache, Versioned
from resources.clients.cache.versioned import put_newer_on
from resources.clients.database.api_writes import allot, enter, put_through
from resources.clients.database.client import Database
from resources.clients.database.schema import OUTBOX
from resources.clients.database.sqlite_file import SqliteFile
from resources.clients.failpoints import reach
from resources.clients.write_behind import sqlite_statements as sql
from resources.clients.write_behind.base import Receipt

THROUGH_POINTS = ("through.rows.written", "through.cached", "through.stored")
"""The steps of a call, in order; in one file the last stands after the commit."""


class Through(Protocol):
    """Writes through; safe to use from many threads and processes at once."""

    def write(self, write: Write) -> Receipt:
        """Write the row and the cached value; a request that is known already is not applied again.

        Raises:
            DatabaseError: If the database cannot be written.
            CacheError: If the database has it and the cache could not be written.
        """

    def close(self) -> None:
        """Let go of connections."""


class OneFileThrough:
    """Database and cache in one SQLite file: one transaction."""

    def __init__(self, file: SqliteFile, clock: Callable[[], float] = time.time) -> None:
        self.file = file
        self._clock = clock

    def write(self, write: Write) -> Receipt:
        """Write the row and the cached value in one transaction."""
        receipt = self.file.write(lambda connection: self._write(connection, write))
        reach("through.stored")
        return receipt

    def close(self) -> None:
        """Let go of connections."""
        self.file.close()

    def _write(self, connection: sqlite3.Connection, write: Write) -> Receipt:
        known = sql.known_versions(connection, [write.request_id]).get(write.request_id)
        if known is None:
            version = put_through(connection, write)
        else:
            # It may still wait in the queue; applying it twice changes nothing.
            version = known
            enter(connection, [(write, version)])
        reach("through.rows.written")
        now = self._clock()
        expires = None if write.ttl_seconds is None else now + write.ttl_seconds
        put_newer_on(connection, [Versioned(write.cache_key, write.cache_value, version)], expires, now)
        reach("through.cached")
        return Receipt(write.request_id, version, known is None)


class TwoStoreThrough:
    """A database and a cache apart from each other: first the one, then the other.

    Args:
        database: Where the rows go.
        file: The file of cache and queue; it allots the versions, so that write-behind and write-through share them.
        cache: The cache in that file.
    """

    def __init__(self, database: Database, file: SqliteFile, cache: Cache) -> None:
        self.database = database
        self.file = file
        self.cache = cache

    def write(self, write: Write) -> Receipt:
        """Write the row, then the cached value unless a newer one is there."""
        version = self.file.write(lambda connection: _version(connection, write.request_id))
        with self.database.engine.begin() as connection:
            known = connection.execute(select(OUTBOX.c.version).where(OUTBOX.c.request_id == write.request_id)).scalar()
            if known is None:
                enter(connection, [(write, version)])
        reach("through.rows.written")
        entry = Versioned(write.cache_key, write.cache_value, version if known is None else known)
        try:
            self.cache.put_newer([entry], write.ttl_seconds)
        except CacheError:
            with suppress(CacheError):
                self.cache.delete_many([write.cache_key])
            raise
        reach("through.cached")
        return Receipt(write.request_id, entry.version, known is None)

    def close(self) -> None:
        """Let go of connections."""
        self.database.close()
        self.cache.close()


def _version(connection: sqlite3.Connection, request_id: str) -> int:
    return sql.known_versions(connection, [request_id]).get(request_id) or allot(connection)
