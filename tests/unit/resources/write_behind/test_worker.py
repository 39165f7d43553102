"""The worker: coalescing, refusals, poison found by halving, take-over, and several workers at once."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grid_assets.domain.errors import DatabaseError
from grid_assets.domain.writes import Stamp, Write, checked
from resources.clients.database.engine import prepare_file
from resources.clients.database.sqlite_file import SqliteFile
from resources.clients.write_behind.base import QueuedWrite
from resources.clients.write_behind.names import is_dead, worker_name
from resources.clients.write_behind.sqlite_queue import SqliteQueue
from resources.clients.write_behind.worker import Tally, Worker, WorkerOptions, by_row

OPTIONS = WorkerOptions(batch_size=8, attempts=3, first_delay=0.001)


@dataclass
class Sink:
    """A database that notes what it was given, and refuses what it is told to."""

    poison: set[float] = field(default_factory=set)
    refusals: int = 0
    batches: list[list[float]] = field(default_factory=list)

    def apply(self, writes: Sequence[QueuedWrite]) -> int:
        if self.refusals:
            self.refusals -= 1
            raise DatabaseError("locked")
        values = [queued.write.row["value"] for queued in writes]
        if self.poison & set(values):
            raise ValueError("a constraint")
        self.batches.append(values)
        return len(values)

    @property
    def applied(self) -> list[float]:
        return [value for batch in self.batches for value in batch]


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[SqliteQueue]:
    path = tmp_path / "grid.db"
    made = SqliteQueue(SqliteFile(path, "normal", lambda: prepare_file(path)), 1_000)
    yield made
    made.close()


def write(number: int, sensor: str = "") -> Write:
    row = {
        "table": "sensor_data",
        "sensor_id": sensor or f"s{number}",
        "value": number,
        "timestamp": "2016-03-27T10:00Z",
    }
    stamp = Stamp(f"request-{number}", datetime(2016, 3, 27, tzinfo=UTC))
    return checked(f"sensor:{sensor or number}", number, row, "insert", stamp)


def test_step__takes_a_batch_at_a_time(queue: SqliteQueue) -> None:
    queue.put([write(n) for n in range(20)])
    sink = Sink()
    worker = Worker(queue, sink.apply, OPTIONS)
    assert worker.step() == Tally(applied=8)
    assert worker.drain() == Tally(applied=12)
    assert worker.step() == Tally()
    assert [len(batch) for batch in sink.batches] == [8, 8, 4]
    assert sink.applied == list(range(20))


def test_step__of_one_row_applies_the_newest_and_acknowledges_all(queue: SqliteQueue) -> None:
    queue.put([write(n, "one") for n in range(5)])
    sink = Sink()
    assert Worker(queue, sink.apply, OPTIONS).step() == Tally(applied=5)
    assert sink.applied == [4]
    assert queue.depth().pending == 0


def test_drain__finds_the_poison_parks_it_and_applies_the_rest(queue: SqliteQueue) -> None:
    queue.put([write(n) for n in range(20)])
    sink = Sink(poison={3, 11, 12})
    worker = Worker(queue, sink.apply, OPTIONS)
    done = worker.drain()
    assert (done.applied, done.parked) == (17, 3)
    assert sorted(sink.applied) == [n for n in range(20) if n not in sink.poison]
    assert [(p.write.row["value"], p.attempts, p.error) for p in queue.parked()] == [
        (n, 3, "ValueError: a constraint") for n in (3, 11, 12)
    ]
    assert worker.metrics().done == done
    assert worker.metrics().depth.parked == 3


def test_drain__a_poisoned_newest_gives_way_to_the_one_before_it(queue: SqliteQueue) -> None:
    queue.put([write(n, "one") for n in range(4)])
    sink = Sink(poison={2, 3})
    done = Worker(queue, sink.apply, OPTIONS).drain()
    assert (done.applied, done.parked) == (2, 2)
    assert sink.applied == [1]


def test_drain__ends_when_the_database_refuses_and_goes_on_later(queue: SqliteQueue) -> None:
    queue.put([write(n) for n in range(10)])
    sink = Sink(refusals=1)
    worker = Worker(queue, sink.apply, WorkerOptions(batch_size=8, first_delay=0.0001))
    assert worker.drain() == Tally(retried=8, refusals=1)
    assert queue.depth().pending == 10
    done = Tally()
    while queue.depth().pending:
        done += worker.drain()
    assert (done.applied, done.parked) == (10, 0)
    assert sorted(sink.applied) == list(range(10))


def test_drain__stops_between_batches_when_told(queue: SqliteQueue) -> None:
    queue.put([write(n) for n in range(20)])
    stop = threading.Event()
    done = Worker(queue, Sink().apply, OPTIONS).drain(stop, heard=lambda _: stop.set())
    assert done == Tally(applied=8)
    assert queue.depth().pending == 12


def test_workers__at_once_apply_each_write_once(queue: SqliteQueue) -> None:
    queue.put([write(n) for n in range(500)])
    sinks = [Sink() for _ in range(4)]
    running = [threading.Thread(target=Worker(queue, sink.apply, OPTIONS).drain) for sink in sinks]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert sorted(value for sink in sinks for value in sink.applied) == list(range(500))


def test_claims__of_a_dead_process_are_taken_over_at_once(queue: SqliteQueue) -> None:
    host, pid, _ = worker_name().rsplit(":", 2)
    queue.put([write(1)])
    gone = f"{host}:{pid}:12345#1"
    assert is_dead(gone)
    assert len(queue.claim(gone, 10, 1_000_000)) == 1
    (taken,) = queue.claim(worker_name(), 10, 60)
    assert taken.attempts == 2
    assert queue.acknowledge(gone, [taken.version]) == 0


def test_is_dead__of_others_nothing_is_known() -> None:
    assert not is_dead(worker_name())
    assert not is_dead("another-host:1:1#1")
    assert not is_dead("worker 1")
    assert not is_dead("a:b#c")


def test_by_row__orders_rows_by_their_newest_and_writes_by_version() -> None:
    claimed = [QueuedWrite(write(n, sensor), n, 1) for n, sensor in ((3, "b"), (1, "a"), (2, "b"), (4, "a"))]
    assert [[queued.version for queued in row] for row in by_row(claimed)] == [[2, 3], [1, 4]]
