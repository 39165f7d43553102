"""The test of the test: the suite fails on queues and workers with one realistic bug each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from grid_assets.domain.writes import Write
from resources.clients.cache.base import Versioned
from resources.clients.cache.versioned import put_newer_on
from resources.clients.write_behind import sqlite_statements as sql
from resources.clients.write_behind.base import QueuedWrite, Receipt
from resources.clients.write_behind.sqlite_queue import SqliteQueue
from resources.clients.write_behind.worker import Tally, Worker
from tests.contract.write_behind.backends import MOST_PENDING, SQLITE, Backend, Clock, sqlite_file
from tests.contract.write_behind.machine import hold_in_order


class TwoTransactions(SqliteQueue):
    """Stores the cached value and the queue entry one after the other."""

    def put(self, writes: Sequence[Write]) -> tuple[Receipt, ...]:
        new = [write for write in writes if not self.file.read(sql.KNOWN, {"ids": f'["{write.request_id}"]'})]
        if new and self.depth().pending + self.depth().claimed + len(new) <= self.most_pending:
            (newest,) = self.file.read("SELECT COALESCE(MAX(value), 0) FROM counters WHERE name = 'write_version'")[0]
            entries = [Versioned(w.cache_key, w.cache_value, newest + n) for n, w in enumerate(new, 1)]
            self.file.write(lambda connection: put_newer_on(connection, entries, None))
        return super().put(writes)


class ImpatientQueue(SqliteQueue):
    """Takes claims over although their leases have not ended."""

    def claim(self, worker: str, most: int, lease_seconds: float) -> tuple[QueuedWrite, ...]:
        self.file.write(lambda connection: connection.execute("UPDATE write_queue SET due = 0 WHERE state = 'claimed'"))
        return super().claim(worker, most, lease_seconds)


class OvertakingQueue(SqliteQueue):
    """Gives delayed entries' successors out: of a row, the newer write may be applied before the older one."""

    def claim(self, worker: str, most: int, lease_seconds: float) -> tuple[QueuedWrite, ...]:
        held = "SELECT version FROM write_queue WHERE state = 'pending' AND due > ?"
        versions = sql.as_json(version for (version,) in self.file.read(held, (self._clock(),)))
        hide = "UPDATE write_queue SET row_key = row_key || version WHERE version IN (SELECT value FROM json_each(?))"
        self.file.write(lambda connection: connection.execute(hide, (versions,)))
        return super().claim(worker, most, lease_seconds)


class CountlessQueue(SqliteQueue):
    """Forgets to count what is taken out, so that it is full one day although nothing waits."""

    def park(self, worker: str, version: int, error: str) -> bool:
        parked = super().park(worker, version, error)
        self.file.write(lambda connection: sql.add(connection, sql.WAITING, int(parked)))
        return parked


@dataclass
class HastyWorker(Worker):
    """Acknowledges before it applies."""

    def _settle(self, rows: Sequence[Sequence[QueuedWrite]]) -> Tally:
        versions = [queued.version for writes in rows for queued in writes]
        count = self.queue.acknowledge(self.name, versions)
        self.apply([writes[-1] for writes in rows])
        return Tally(applied=count)


@dataclass
class BackwardWorker(Worker):
    """Keeps the oldest write of each row instead of the newest."""

    def _settle(self, rows: Sequence[Sequence[QueuedWrite]]) -> Tally:
        return super()._settle([[*writes[1:], writes[0]] for writes in rows])


def _with(queue: type[SqliteQueue]) -> Backend:
    def made(address: Path, clock: Clock) -> SqliteQueue:
        return queue(sqlite_file(address), MOST_PENDING, clock)

    return replace(SQLITE, name=queue.__name__, queue=made)


BUGS = (
    *(_with(queue) for queue in (TwoTransactions, ImpatientQueue, OvertakingQueue, CountlessQueue)),
    *(replace(SQLITE, name=worker.__name__, worker=worker) for worker in (HastyWorker, BackwardWorker)),
)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_suite__catches(bug: Backend, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        hold_in_order(bug, tmp_path)
