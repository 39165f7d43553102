"""The queue in a SQLite file: a cached value and its queue entry are stored by one transaction of the cache's file.

Versions come from the counter that write-through uses too, and are allotted in the transaction that stores the entry,
so that they are committed in their order. Counters keep how many entries wait and how many are parked: the bound is
exact and needs no count.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from grid_assets.domain.errors import QueueFullError
from grid_assets.domain.writes import Write
from resources.clients.cache.base import Versioned
from resources.clients.cache.versioned import put_newer_on
from resources.clients.database.api_writes import allot
from resources.clients.database.sqlite_file import SqliteFile
from resources.clients.failpoints import reach
from resources.clients.write_behind import sqlite_statements as sql
from resources.clients.write_behind.base import ParkedWrite, QueueDepth, QueuedWrite, Receipt
from resources.clients.write_behind.bodies import body_of, write_of
from resources.clients.write_behind.names import is_dead

PUT_POINTS = ("queue.put.versioned", "queue.put.cached", "queue.put.queued", "queue.put.stored")
"""The steps of storing a call, in order; the last stands after the commit, before the caller hears of it."""
ACKNOWLEDGE_POINTS = ("queue.acknowledge.noted",)
"""The steps of acknowledging, within its transaction."""
KEPT_SECONDS = 7 * 24 * 3600.0
"""How long an applied request is known, so that a repeat of it is not applied again."""
FORGOTTEN_AT_ONCE = 2_000
ERROR_LENGTH = 1_000
_Call = list[tuple[Write, str]]
"""The writes of one call, each with what the queue keeps of it."""


class SqliteQueue:
    """A durable queue beside the embedded cache.

    Args:
        file: The file of cache and queue; its durability is what an answered call survives.
        most_pending: Entries that may wait; as many again may be parked.
        clock: Seconds since 1970.
    """

    def __init__(self, file: SqliteFile, most_pending: int, clock: Callable[[], float] = time.time) -> None:
        self.file = file
        self.most_pending = most_pending
        self._clock = clock

    def put(self, writes: Sequence[Write]) -> tuple[Receipt, ...]:
        """Store cached values and queue entries, all or none; a request that is known already is not stored again.

        Raises:
            QueueFullError: If the bound on pending entries is reached; nothing of the call is stored.
            DatabaseError: If the file cannot be written.
        """
        call = [(write, body_of(write)) for write in writes]
        receipts = self.file.write_with_others(self._put, call)
        reach("queue.put.stored")
        return receipts

    def claim(self, worker: str, most: int, lease_seconds: float) -> tuple[QueuedWrite, ...]:
        """Take the oldest entries for a worker alone, until its lease ends; then others may take them over.

        Claims of workers that are known to be dead are taken over at once. What may be taken is looked up without
        holding anybody up, and taken only where it still may.
        """
        now = self._clock()
        self._release_dead(now)
        found = self.file.read(sql.CANDIDATES, {"now": now, "most": most})
        if not found:
            return ()
        values = {
            "versions": sql.as_json(version for (version,) in found),
            "worker": worker,
            "now": now,
            "until": now + lease_seconds,
        }
        rows = self.file.write(lambda connection: connection.execute(sql.CLAIM, values).fetchall())
        return tuple(QueuedWrite(write_of(row[1], row[2]), row[0], row[3]) for row in sorted(rows))

    def acknowledge(self, worker: str, versions: Sequence[int]) -> int:
        """Remove entries that were applied and are still this worker's; return how many."""
        now = self._clock()
        values = {"versions": sql.as_json(versions), "worker": worker, "now": now}

        def work(connection: sqlite3.Connection) -> int:
            connection.execute(sql.NOTE_APPLIED, values)
            reach("queue.acknowledge.noted")
            count = connection.execute(sql.REMOVE, values).rowcount
            sql.add(connection, sql.WAITING, -count)
            connection.execute(sql.FORGET, {"before": now - KEPT_SECONDS, "most": FORGOTTEN_AT_ONCE})
            return count

        return self.file.write(work)

    def retry_later(self, worker: str, versions: Sequence[int], error: str, delay_seconds: float) -> int:
        """Give entries back, not to be claimed before the delay is over; return how many."""
        values = {
            "versions": sql.as_json(versions),
            "worker": worker,
            "error": error[:ERROR_LENGTH],
            "due": self._clock() + delay_seconds,
        }
        return self.file.write(lambda connection: connection.execute(sql.GIVE_BACK, values).rowcount)

    def park(self, worker: str, version: int, error: str) -> bool:
        """Set an entry aside with its error, so that it holds nothing up."""
        values = {
            "versions": sql.as_json([version]),
            "worker": worker,
            "error": error[:ERROR_LENGTH],
            "now": self._clock(),
        }
        return self.file.write(lambda connection: _move(connection, sql.PARK, values, to_parked=1)) == 1

    def parked(self, most: int = 100) -> tuple[ParkedWrite, ...]:
        """Return what was set aside, oldest first."""
        rows = self.file.read(sql.PARKED_WRITES, (most,))
        return tuple(
            ParkedWrite(write_of(request_id, body), version, attempts, error, datetime.fromtimestamp(due, UTC))
            for version, request_id, body, attempts, error, due in rows
        )

    def requeue(self, versions: Sequence[int]) -> int:
        """Make parked entries pending again, as if never tried, oldest first while there is room; return how many.

        One that a newer write of its row has overtaken meanwhile changes nothing when it is applied.
        """

        def work(connection: sqlite3.Connection) -> int:
            room = max(self.most_pending - sql.counted(connection, sql.WAITING), 0)
            values = {"versions": sql.as_json(versions), "now": self._clock(), "most": room}
            return _move(connection, sql.REQUEUE, values, to_parked=-1)

        return self.file.write(work)

    def depth(self) -> QueueDepth:
        """Return how much waits."""
        with self.file.snapshot() as connection:
            waiting, parked = sql.counted(connection, sql.WAITING), sql.counted(connection, sql.PARKED)
            claimed = int(connection.execute(sql.CLAIMED).fetchone()[0])
            oldest = [queued for (queued,) in connection.execute(sql.OLDEST)]
        age = max(self._clock() - min(oldest), 0.0) if oldest else None
        return QueueDepth(waiting - claimed, claimed, parked, age)

    def close(self) -> None:
        """Let go of connections."""
        self.file.close()

    def _put(self, connection: sqlite3.Connection, calls: list[_Call]) -> list[tuple[Receipt, ...]]:
        """Store what several callers ask for, with the statements that one of them would take."""
        asked = [(write, body) for call in calls for write, body in call]
        versions = sql.known_versions(connection, [write.request_id for write, _ in asked])
        fresh = {write.request_id: (write, body) for write, body in asked if write.request_id not in versions}
        if fresh:
            self._take_room(connection, len(fresh))
            last = allot(connection, len(fresh))
            versions |= dict(zip(fresh, range(last - len(fresh) + 1, last + 1), strict=True))
            reach("queue.put.versioned")
            self._store(connection, [(*each, versions[request_id]) for request_id, each in fresh.items()])
        return [
            tuple(
                Receipt(w.request_id, versions[w.request_id], fresh.pop(w.request_id, None) is not None)
                for w, _ in call
            )
            for call in calls
        ]

    def _store(self, connection: sqlite3.Connection, writes: Sequence[tuple[Write, str, int]]) -> None:
        now = self._clock()
        _cache(connection, ((write, version) for write, _, version in writes), now)
        reach("queue.put.cached")
        rows = [(version, write.request_id, write.row_key, body, now, now) for write, body, version in writes]
        connection.executemany(sql.ENTER, rows)
        reach("queue.put.queued")

    def _take_room(self, connection: sqlite3.Connection, count: int) -> None:
        waiting, parked = sql.take_room(connection, count)
        if waiting > self.most_pending:
            raise QueueFullError(
                f"the write-behind queue holds its {self.most_pending:,} writes",
                "room for another one",
                "start `grid worker`, or call again when it has drained",
            )
        if parked >= self.most_pending:
            raise QueueFullError(
                f"{self.most_pending:,} writes are parked because the database refused them",
                "fewer of them",
                "look at parked_writes(), mend the cause, then requeue_writes(versions)",
            )

    def _release_dead(self, now: float) -> None:
        for (worker,) in self.file.read(sql.CLAIMANTS, (now,)):
            if is_dead(worker):
                self.file.write(lambda connection, dead=worker: connection.execute(sql.RELEASE, (now, dead)).rowcount)  # type: ignore[misc]


def _cache(connection: sqlite3.Connection, writes: Iterable[tuple[Write, int]], now: float) -> None:
    entries: dict[float | None, list[Versioned]] = {}
    for write, version in writes:
        entries.setdefault(write.ttl_seconds, []).append(Versioned(write.cache_key, write.cache_value, version))
    for ttl, some in entries.items():
        put_newer_on(connection, some, None if ttl is None else now + ttl, now)


def _move(connection: sqlite3.Connection, statement: str, values: dict[str, object], to_parked: int) -> int:
    """Move entries between waiting and parked, counters with them; return how many."""
    count = connection.execute(statement, values).rowcount
    sql.add(connection, sql.PARKED, to_parked * count)
    sql.add(connection, sql.WAITING, -to_parked * count)
    return count
