"""The file under the embedded cache, with its errors as the cache's own; and cutting work into short transactions."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from grid_assets.domain.errors import CacheError, DatabaseError
from resources.clients.database.sqlite_file import SqliteFile

PORTION = 20_000
"""Rows that one transaction writes or removes at most, so that no other writer waits long."""
MOST_PARAMETERS = 10_000
Clock = Callable[[], float]
Result = TypeVar("Result")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Store:
    """A SQLite file and the clock (seconds since 1970) that times to live are measured with."""

    file: SqliteFile
    clock: Clock = time.time

    def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run some work in a transaction; it is durable when this returns.

        Raises:
            CacheError: If the file cannot be written.
        """
        with _as_ours():
            return self.file.write(work)

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of one query, as of its beginning.

        Raises:
            CacheError: If the file cannot be read.
        """
        with _as_ours():
            return self.file.read(sql, parameters)

    def read_in(self, sql: str, parameters: Sequence[Any], members: Sequence[str]) -> list[Any]:
        """Return the rows of a query whose `{members}` stands for some texts, all of them as of one moment.

        Raises:
            CacheError: If the file cannot be read.
        """
        cuts = list(portions(members, MOST_PARAMETERS))
        if len(cuts) <= 1:
            return self.read(*_filled(sql, parameters, cuts[0] if cuts else []))
        with _as_ours(), self.file.snapshot() as connection:
            return [row for cut in cuts for row in connection.execute(*_filled(sql, parameters, cut))]

    def remove(self, sql: str, parameters: Sequence[Any]) -> int:
        """Repeat a DELETE whose last parameter bounds its rows until it finds none; return how many went."""
        gone = 0
        while went := self.write(lambda connection: connection.execute(sql, (*parameters, PORTION)).rowcount):
            gone += went
        return gone


def portions(items: Iterable[Item], size: int = PORTION) -> Iterator[list[Item]]:
    """Cut items into lists of at most so many."""
    rest = iter(items)
    while portion := list(islice(rest, size)):
        yield portion


def _filled(sql: str, parameters: Sequence[Any], members: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    return sql.format(members=", ".join("?" * len(members))), (*parameters, *members)


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise CacheError(error.found, error.expected, error.action) from error
    except sqlite3.Error as error:
        raise CacheError(
            f"the cache cannot be written: {error}", "a file that has room", "check GRID_HOME, then do the same again"
        ) from error
