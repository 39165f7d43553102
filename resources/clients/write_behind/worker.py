"""The worker behind the queue: it claims writes, applies them to the database in batches, and acknowledges them.

Of several writes of one row only the newest is applied; the older ones are acknowledged with it. What the database
refuses for now (locked, full, away) is given back whole and tried later. What it refuses for good is found by halving
the batch; after some attempts it is parked with its error, and the rest goes on.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from grid_assets.domain.errors import DatabaseError, Retryable
from resources.clients.failpoints import reach
from resources.clients.write_behind.base import QueueDepth, QueuedWrite, WriteQueue
from resources.clients.write_behind.names import worker_name

WORKER_POINTS = ("worker.claimed", "worker.applied", "worker.acknowledged", "worker.retried", "worker.parked")
"""The steps of a worker, in order."""
Apply = Callable[[Sequence[QueuedWrite]], int]
"""Applies writes to the database, all or none, each once however often it is given; returns how many were new."""


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker goes about it; times in seconds.

    Args:
        batch_size: Writes that are claimed and applied at once.
        lease: How long a claim holds; longer than a locked database is waited for. Claims of processes that are known
            to be dead do not count.
        attempts: How often a write is tried that the database refuses for good, before it is parked.
        first_delay: The delay before the second attempt; it doubles with each one, give or take a quarter.
        longest_delay: What delays grow to.
    """

    batch_size: int = 1_000
    lease: float = 180.0
    attempts: int = 5
    first_delay: float = 0.02
    longest_delay: float = 30.0


@dataclass(frozen=True)
class Tally:
    """What became of writes: applied (those that a newer one of their row replaced too), parked, given back."""

    applied: int = 0
    parked: int = 0
    retried: int = 0
    refusals: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return both, added up."""
        return Tally(
            self.applied + other.applied,
            self.parked + other.parked,
            self.retried + other.retried,
            self.refusals + other.refusals,
        )

    @property
    def claimed(self) -> int:
        """Return how many writes that were."""
        return self.applied + self.parked + self.retried


@dataclass(frozen=True)
class WorkerMetrics:
    """How much waits, how long the oldest has waited, and what this worker has done since it was made."""

    depth: QueueDepth
    lag_seconds: float
    done: Tally


class Stop(Protocol):
    """Says when to end, such as a threading.Event."""

    def is_set(self) -> bool:
        """Return whether to end."""

    def wait(self, timeout: float) -> bool:
        """Wait to be told to end, at most so many seconds; return whether that was said."""


@dataclass
class Worker:
    """One worker; several may work on one queue, in threads, processes or hosts."""

    queue: WriteQueue
    apply: Apply
    options: WorkerOptions = WorkerOptions()
    name: str = field(default_factory=worker_name)
    done: Tally = Tally()
    _due: list[float] = field(default_factory=list)

    def step(self) -> Tally:
        """Claim a batch, apply it, and return what became of it; nothing where nothing can be claimed."""
        claimed = self.queue.claim(self.name, self.options.batch_size, self.options.lease)
        if not claimed:
            return Tally()
        reach("worker.claimed")
        tally = self._settle(by_row(claimed))
        self.done += tally
        return tally

    def drain(self, stop: Stop | None = None, heard: Callable[[Tally], None] = lambda _: None) -> Tally:
        """Work until nothing can be claimed any more, or the database refuses for now.

        Waits for the next attempts of writes that this worker gave back, so that it ends with them applied or parked.
        """
        total = Tally()
        while not (stop is not None and stop.is_set()):
            tally = self.step()
            total += tally
            heard(tally)
            if tally.refusals:
                break
            if tally.claimed == 0:
                if not self._due:
                    break
                time.sleep(max(0.0, min(self._due) - time.monotonic()))
                self._due = [due for due in self._due if due > time.monotonic()]
        return total

    def metrics(self) -> WorkerMetrics:
        """Return how things stand."""
        depth = self.queue.depth()
        return WorkerMetrics(depth, depth.oldest_seconds or 0.0, self.done)

    def _settle(self, rows: Sequence[Sequence[QueuedWrite]]) -> Tally:
        """Apply the newest write of each row and acknowledge all of its writes; halve where one is refused for good."""
        versions = [queued.version for writes in rows for queued in writes]
        try:
            self.apply([writes[-1] for writes in rows])
        except Exception as error:  # noqa: BLE001 - whatever a write makes the database say, it must not stop the others
            if isinstance(error, DatabaseError | Retryable):
                return self._give_back(rows, error, refusals=1)
            if len(rows) == 1:
                return self._refused(rows[0], error)
            middle = len(rows) // 2
            return self._settle(rows[:middle]) + self._settle(rows[middle:])
        reach("worker.applied")
        count = self.queue.acknowledge(self.name, versions)
        reach("worker.acknowledged")
        return Tally(applied=count)

    def _refused(self, writes: Sequence[QueuedWrite], error: Exception) -> Tally:
        """Park the newest write of a row after its last attempt, and go on with the older ones that it had replaced."""
        newest = writes[-1]
        if newest.attempts < self.options.attempts:
            return self._give_back([writes], error, refusals=0)
        parked = self.queue.park(self.name, newest.version, f"{type(error).__name__}: {error}")
        reach("worker.parked")
        rest = self._settle([writes[:-1]]) if len(writes) > 1 else Tally()
        return Tally(parked=int(parked)) + rest

    def _give_back(self, rows: Sequence[Sequence[QueuedWrite]], error: Exception, refusals: int) -> Tally:
        delay = self._delay(max(queued.attempts for writes in rows for queued in writes))
        versions = [queued.version for writes in rows for queued in writes]
        count = self.queue.retry_later(self.name, versions, f"{type(error).__name__}: {error}", delay)
        reach("worker.retried")
        if count and not refusals:
            self._due.append(time.monotonic() + delay)
        return Tally(retried=count, refusals=refusals)

    def _delay(self, attempts: int) -> float:
        grown: float = self.options.first_delay * 2 ** min(attempts - 1, 30)
        return min(grown, self.options.longest_delay) * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, hides nothing


def by_row(claimed: Sequence[QueuedWrite]) -> list[list[QueuedWrite]]:
    """Return claimed writes row by row, each row's oldest first, rows in the order of their newest."""
    rows: dict[str, list[QueuedWrite]] = {}
    for queued in sorted(claimed, key=lambda each: each.version):
        rows.setdefault(queued.write.row_key, []).append(queued)
    return sorted(rows.values(), key=lambda writes: writes[-1].version)
