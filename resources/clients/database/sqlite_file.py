"""One SQLite file for work that has to be quick: many small durable writes, shared by their commits.

Callers of `write` that come at the same time share one transaction and one sync (group commit), each in a savepoint of
its own, so that one that fails takes nothing of the others with it. Modes of durability, as SQLite defines them:
`normal` survives the death of every process, `full` also the loss of power.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from grid_assets.domain.errors import DatabaseError
from resources.clients.database.group_commit import CommitLine, InterruptedCommitError, Ticket

Durability = Literal["normal", "full"]
BUSY_SECONDS = 60.0
MOST_IDLE_READERS = 8
Result = TypeVar("Result")
Item = TypeVar("Item")
Batch = Callable[[sqlite3.Connection, list[Item]], Sequence[Result]]
"""Does what several callers want with few statements, and returns a result for each, in their order."""
Work = tuple[Batch[Any, Any], Any]
_INHERITED: list[object] = []


class SqliteFile:
    """Connections to one file: one that writes, and as many that read as are reading; opened on first use.

    Safe to use from many threads, and by a process that was forked while it was open.

    Args:
        path: The file; `prepare` makes it and its tables.
        durability: What a finished write survives.
        prepare: Called once before the file is first opened.
    """

    def __init__(self, path: Path, durability: Durability, prepare: Callable[[], None]) -> None:
        self.path = path
        self.durability = durability
        self._prepare = prepare
        self._writer: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._life = 0
        self._begin_anew()

    def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run some work in a transaction and return its result once that is durable.

        The work must be quick, for others wait for it, and must use only the connection that it is given. It may run
        twice, the first time having been rolled back. What it raises is raised here, and nothing of it stays.

        Raises:
            DatabaseError: If the file cannot be written.
        """
        result: Result = self.write_with_others(_run_works, work)
        return result

    def write_with_others(self, batch: Batch[Item, Result], item: Item) -> Result:
        """Write an item by a function that takes those of all callers who share the commit, and return its result.

        A batch that raises is rolled back and its items are written one by one, so that each caller gets its own error.

        Raises:
            DatabaseError: If the file cannot be written.
        """
        self._own()
        ticket = self._line.done((batch, item))
        if ticket.error is not None:
            raise self._translated(ticket.error)
        result: Result = ticket.result
        return result

    def read(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Return the rows of one query, as of its beginning.

        Raises:
            DatabaseError: If the file cannot be read.
        """
        with self._reading() as connection:
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Open a reading transaction for a block: all of its queries see one state of the file.

        Raises:
            DatabaseError: If the file cannot be read.
        """
        with self._reading() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection, those that still read when they have; the next use opens the file again."""
        self._own()
        with self._turn, self._guard:
            self._life += 1
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _own(self) -> None:
        if self._pid != os.getpid():
            # SQLite's connections must not cross a fork: the parent's are neither used nor closed here.
            _INHERITED.append((self._writer, self._idle))
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._pid = os.getpid()
        self._turn = threading.Lock()
        self._line = CommitLine(self._run, self._turn)
        self._guard = threading.Lock()
        self._writer, self._idle, self._life = None, [], 0
        self._is_prepared = False

    def _run(self, tickets: list[Ticket[Work]]) -> None:
        if self._writer is None:
            self._writer = self._open()
        try:
            _run_all(self._writer, tickets)
        except Exception:
            if len(tickets) == 1:
                raise
            _run_each(self._writer, tickets)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        self._own()
        life = self._life
        try:
            connection = self._reader()
        except sqlite3.Error as error:
            raise self._translated(error) from error
        try:
            yield connection
        except sqlite3.Error as error:
            raise self._translated(error) from error
        finally:
            self._give_back(connection, life)

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            connection = self._open()
            connection.execute("PRAGMA query_only = ON")
            return connection

    def _give_back(self, connection: sqlite3.Connection, life: int) -> None:
        with self._guard:
            if life == self._life and len(self._idle) < MOST_IDLE_READERS and not connection.in_transaction:
                self._idle.append(connection)
                return
        connection.close()

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
        return connection

    def _translated(self, error: Exception) -> Exception:
        """Return the error that a caller gets, one of its own where several share what failed."""
        if not isinstance(error, sqlite3.Error | InterruptedCommitError):
            return error
        made = DatabaseError(
            f"the file {self.path} does not work: {str(error) or 'the write was interrupted'}",
            "a database file that has room, and that this user may write to",
            "check GRID_HOME, make room on the disk, then do the same again",
        )
        made.__cause__ = error
        return made


def _run_works(connection: sqlite3.Connection, works: list[Callable[[sqlite3.Connection], Any]]) -> list[Any]:
    return [work(connection) for work in works]


def _run_all(writer: sqlite3.Connection, tickets: list[Ticket[Work]]) -> None:
    """Run works that are expected to succeed: savepoints would take longer than the works do."""
    batches: dict[Batch[Any, Any], list[Ticket[Work]]] = {}
    for ticket in tickets:
        batches.setdefault(ticket.work[0], []).append(ticket)
    with _transaction(writer):
        for batch, some in batches.items():
            results = batch(writer, [ticket.work[1] for ticket in some])
            for ticket, result in zip(some, results, strict=True):
                ticket.result = result


def _run_each(writer: sqlite3.Connection, tickets: list[Ticket[Work]]) -> None:
    """Run works of which one is known to fail, so that it takes nothing of the others with it."""
    with _transaction(writer):
        for ticket in tickets:
            writer.execute("SAVEPOINT work")
            try:
                batch, item = ticket.work
                (ticket.result,) = batch(writer, [item])
            except Exception as error:
                ticket.error = error
                if not writer.in_transaction:
                    raise  # SQLite gave up the transaction as a whole: no room, or no memory
                writer.execute("ROLLBACK TO work")
            writer.execute("RELEASE work")


@contextmanager
def _transaction(writer: sqlite3.Connection) -> Iterator[None]:
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield
        writer.execute("COMMIT")
    except BaseException:
        if writer.in_transaction:
            writer.execute("ROLLBACK")
        raise
