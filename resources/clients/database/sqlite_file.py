"""One SQLite file for work that has to be quick: many small durable writes, shared by their commits.

Callers of `write` that come at the same time share one transaction and one sync (group commit), each in a savepoint of
its own, so that one that fails takes nothing of the others with it. Modes of durability, as SQLite defines them:
`normal` survives the death of every process, `full` also the loss of power.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from grid_assets.domain.errors import DatabaseError

Durability = Literal["normal", "full"]
BUSY_SECONDS = 60.0
MOST_TOGETHER = 256
Result = TypeVar("Result")


@dataclass
class _Ticket(Generic[Result]):
    """One caller's work, and what came of it."""

    work: Callable[[sqlite3.Connection], Result]
    done: threading.Event = field(default_factory=threading.Event)
    result: Result | None = None
    error: BaseException | None = None


class SqliteFile:
    """Connections to one file: one that writes, and one for each thread that reads; opened on first use.

    Args:
        path: The file; `prepare` makes it and its tables.
        durability: What a finished write survives.
        prepare: Called once before the file is first opened.
    """

    def __init__(self, path: Path, durability: Durability, prepare: Callable[[], None]) -> None:
        self.path = path
        self.durability = durability
        self._prepare = prepare
        self._waiting: deque[_Ticket[Any]] = deque()
        self._turn = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._readers = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._is_prepared = False

    def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run some work in a transaction and return its result once that is durable; the work must be quick.

        The work may run again only if it was rolled back; what it raises is raised here, and nothing of it stays.

        Raises:
            DatabaseError: If the file cannot be written.
        """
        ticket: _Ticket[Result] = _Ticket(work)
        self._waiting.append(ticket)
        with self._turn:
            while not ticket.done.is_set():
                self._commit_together()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value]

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of one query, as of its beginning.

        Raises:
            DatabaseError: If the file cannot be read.
        """
        with self._as_ours():
            return self._reader().execute(sql, parameters).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Open a reading transaction for a block: all of its queries see one state of the file.

        Raises:
            DatabaseError: If the file cannot be read.
        """
        with self._as_ours():
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection; the next use opens the file again."""
        with self._turn, self._guard:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._writer, self._readers = None, threading.local()

    def _commit_together(self) -> None:
        tickets = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
        try:
            with self._as_ours():
                self._run(tickets)
        except BaseException as error:  # noqa: BLE001 - every waiting caller has to hear of it
            for ticket in tickets:
                ticket.error = ticket.error or error
        for ticket in tickets:
            ticket.done.set()

    def _run(self, tickets: list[_Ticket[Any]]) -> None:
        if self._writer is None:
            self._writer = self._open()
        writer = self._writer
        writer.execute("BEGIN IMMEDIATE")
        try:
            for ticket in tickets:
                _run_one(writer, ticket)
            writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            raise

    def _reader(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if found is None:
            found = self._readers.connection = self._open()
            found.execute("PRAGMA query_only = ON")
        return found

    def _open(self) -> sqlite3.Connection:
        with self._guard:
            if not self._is_prepared:
                self._prepare()
                self._is_prepared = True
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self.durability.upper()}")
            self._opened.append(connection)
        return connection

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DatabaseError(
                f"the file {self.path} does not work: {error}",
                "a database file that has room, and that this user may write to",
                "check GRID_HOME, make room on the disk, then do the same again",
            ) from error


def _run_one(writer: sqlite3.Connection, ticket: _Ticket[Any]) -> None:
    writer.execute("SAVEPOINT work")
    try:
        ticket.result = ticket.work(writer)
    except Exception as error:  # noqa: BLE001 - it is the caller's, and raised there
        ticket.error = error
        writer.execute("ROLLBACK TO work")
    writer.execute("RELEASE work")
