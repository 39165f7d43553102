"""What clients of write-behind and write-through ask for in tests, what started processes do, and what must hold after.

A request is known by its number alone, so that the process that checks can say what the one that was killed asked for.
"""

import os
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.clients.database.client import Database
from resources.clients.write_behind.base import Receipt
from resources.clients.write_behind.sqlite_queue import SqliteQueue
from resources.clients.write_behind.worker import Tally, Worker, WorkerOptions
from resources.redis_cluster import cluster_get
from resources.settings import GridSettings, load_settings
from resources.wiring import make_file
from resources.write_behind import write_behind_cache
from resources.write_through import write_through_cache
from tests.support.child import Fault, arm

SENSORS = ("s0", "s1", "s2")
POISON = "poison"
OPTIONS = WorkerOptions(batch_size=4, attempts=2, first_delay=0.001)
REFUSE_POISON = f"""
CREATE TRIGGER refuse BEFORE INSERT ON sensor_data WHEN NEW.sensor_id = '{POISON}'
BEGIN SELECT RAISE(ABORT, 'this sensor is refused'); END"""


def settings_of(home: Path) -> GridSettings:
    """Return the settings of a home whose writes survive the death of processes."""
    return load_settings(home=home, durability="normal")


@dataclass(frozen=True)
class Request:
    """The request of a number: a few rows and keys that many requests share, and a value that tells them apart."""

    number: int
    who: str = "c"

    @property
    def request_id(self) -> str:
        return f"{self.who}-{self.number}"

    @property
    def arguments(self) -> dict[str, Any]:
        """Return what the published calls get."""
        sensor = SENSORS[self.number % len(SENSORS)]
        hour = self.number % 2
        row = {"sensor_id": sensor, "value": self.number, "timestamp": f"2016-03-27T0{hour}:00:00Z"}
        return {
            "cache_key": f"sensor:{sensor}",
            "data": self.request_id,
            "db_data": {"table": "sensor_data", **row},
            "request_id": self.request_id,
        }

    @property
    def row(self) -> tuple[str, str]:
        """Return the key of its row."""
        db_data = self.arguments["db_data"]
        return db_data["sensor_id"], db_data["timestamp"].replace("Z", ".000000Z")


def behind(home: Path, request: Request) -> Receipt:
    """Ask write-behind."""
    return write_behind_cache(**request.arguments, settings=settings_of(home))


def through(home: Path, request: Request) -> Receipt:
    """Ask write-through."""
    return write_through_cache(**request.arguments, settings=settings_of(home))


def call_and_note(home: Path, notes: Path, who: str, count: int, *, is_through: bool = False) -> None:
    """Make calls one after the other, and note each answer before the next: what is noted was acknowledged."""
    with notes.open("a") as writing:
        for number in range(count):
            receipt = (through if is_through else behind)(home, Request(number, who))
            writing.write(f"{receipt.request_id} {receipt.version}\n")
            writing.flush()


def call_and_be_killed(home: Path, notes: Path, fault: Fault, marker: Path) -> None:
    """Make calls of write-behind and be killed at a point of one, as by `kill -9`."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    call_and_note(home, notes, "c", 20)


def write_through_and_be_killed(home: Path, notes: Path, fault: Fault, marker: Path) -> None:
    """Make calls of write-through and be killed at a point of one."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    call_and_note(home, notes, "c", 20, is_through=True)


def work_and_be_killed(home: Path, fault: Fault, marker: Path) -> None:
    """Work on the queue and be killed at a point of that."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    work(home)


def work(home: Path) -> Tally:
    """Work on the queue until nothing is left, in small batches."""
    settings = settings_of(home)
    database, queue = Database(settings.database_address), SqliteQueue(make_file(settings), settings.pending_writes)
    try:
        return Worker(queue, database.api_writes.apply, OPTIONS).drain()
    finally:
        queue.close()
        database.close()


def work_for_ever(home: Path) -> None:
    """Work on the queue until killed."""
    while True:
        work(home)


def noted(*files: Path) -> dict[str, int]:
    """Return the acknowledged requests with their versions; the last line may have been cut off by a kill."""
    lines = (line for file in files if file.exists() for line in file.read_text().splitlines(keepends=True))
    return {line.split()[0]: int(line.split()[1]) for line in lines if line.endswith("\n")}


def rows_in(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on a home's database."""
    with closing(sqlite3.connect(settings_of(home).cache_file)) as connection:
        return connection.execute(sql).fetchall()


def assert_all_is_there_once(home: Path, acknowledged: dict[str, int], requests: list[Request]) -> None:
    """Assert that database, outbox and cache hold what was acknowledged, each once, and nothing else."""
    asked = {request.request_id: request for request in requests}
    entered = Counter(request_id for (request_id,) in rows_in(home, "SELECT request_id FROM outbox"))
    assert set(entered.values()) <= {1}
    assert entered.keys() <= acknowledged.keys()
    newest: dict[tuple[str, str], tuple[int, str]] = {}
    cached: dict[str, tuple[int, str]] = {}
    for request_id, version in acknowledged.items():
        row, key = asked[request_id].row, asked[request_id].arguments["cache_key"]
        newest[row] = max(newest.get(row, (0, "")), (version, request_id))
        cached[key] = max(cached.get(key, (0, "")), (version, request_id))
    stored = rows_in(home, "SELECT sensor_id, timestamp_utc, version, request_id, value FROM sensor_data")
    assert {(r[0], r[1]): (r[2], r[3]) for r in stored} == newest
    assert all(row[4] == asked[row[3]].number for row in stored)
    for request_id, version in acknowledged.items():
        assert request_id in entered or newest[asked[request_id].row][0] > version, f"{request_id} is lost"
    for key, (_, request_id) in cached.items():
        assert cluster_get(key, settings=settings_of(home)) == request_id
