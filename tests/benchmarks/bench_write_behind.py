"""Write-behind: calls a second from four clients, beside a bare insert with its own commit, and rows drained a second.

The rival is the least that a durable answer costs without sharing: one row, one commit, the same mode of durability,
from as many threads or processes. A call of ours checks the request, stores the cached value and the queue entry, and
shares its commit with the calls beside it.

    python -m tests.benchmarks.bench_write_behind [calls of each client] [pairs]
"""

import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

from resources.clients.database.client import Database
from resources.clients.database.sqlite_file import Durability
from resources.clients.write_behind.sqlite_queue import SqliteQueue
from resources.clients.write_behind.worker import Worker
from resources.settings import GridSettings, load_settings
from resources.wiring import make_file
from resources.write_behind import pending_writes, write_behind_cache

CLIENTS = 4
CALLS = 5_000
GOAL = 5_000
PENDING = 10_000_000
Client = Callable[[Path, Durability, int, int], None]
"""Makes so many calls on a home, in a mode, as the client of a number."""


def main(calls: int, pairs: int) -> None:
    """Compare in both modes, from threads and from processes, then drain what was queued."""
    for durability in ("full", "normal"):
        for how, run in (("threads", _in_threads), ("processes", _in_processes)):
            _compare(f"{durability}, {CLIENTS} {how}", durability, run, calls, pairs)


def _compare(name: str, durability: Durability, run: Callable[..., float], calls: int, pairs: int) -> None:
    took: dict[str, list[float]] = {"bare insert": [], "write-behind": []}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        _prepare(home, durability)
        for _ in range(pairs):
            for who, client in (("bare insert", _insert), ("write-behind", _call)):
                took[who].append(CLIENTS * calls / run(client, home, durability, calls))
        ours, theirs = (statistics.median(took[who]) for who in ("write-behind", "bare insert"))
        goal = f", {'beyond' if ours >= GOAL else 'below'} the goal of {GOAL:,}" if "threads" in name else ""
        print(
            f"{name}: write-behind {ours:,.0f} calls/s (median of {pairs}, best {max(took['write-behind']):,.0f}), "
            f"bare insert {theirs:,.0f}/s, ratio {ours / theirs:.2f}{goal}"
        )
        _drain(home, durability)


def _drain(home: Path, durability: Durability) -> None:
    settings = _settings(home, durability)
    waiting = pending_writes(settings=settings).pending
    database, queue = Database(settings.database_address), SqliteQueue(make_file(settings), PENDING)
    began = time.perf_counter()
    done = Worker(queue, database.api_writes.apply).drain()
    seconds = time.perf_counter() - began
    assert done.applied == waiting
    rows = len(list(_rows(settings)))
    print(f"  drained {waiting:,} writes in {seconds:.1f} s: {waiting / seconds:,.0f} a second; {rows:,} rows")
    queue.close()
    database.close()


def _rows(settings: GridSettings) -> list[tuple[str]]:
    with closing(sqlite3.connect(settings.cache_file)) as connection:
        return connection.execute("SELECT sensor_id FROM sensor_data").fetchall()


def _in_threads(client: Client, home: Path, durability: Durability, calls: int) -> float:
    running = [threading.Thread(target=client, args=(home, durability, calls, who)) for who in range(CLIENTS)]
    began = time.perf_counter()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return time.perf_counter() - began


def _in_processes(client: Client, home: Path, durability: Durability, calls: int) -> float:
    context = get_context("spawn")
    ready = context.Barrier(CLIENTS + 1, timeout=60)
    running = [
        context.Process(target=_wait_and_run, args=(ready, client, home, durability, calls, who))
        for who in range(CLIENTS)
    ]
    for process in running:
        process.start()
    ready.wait()
    began = time.perf_counter()
    for process in running:
        process.join()
    return time.perf_counter() - began


def _wait_and_run(ready: threading.Barrier, *arguments: object) -> None:
    client, home, durability, calls, who = arguments
    client(home, durability, 1, who)  # type: ignore[operator]
    ready.wait()
    client(home, durability, calls, who)  # type: ignore[operator]


def _call(home: Path, durability: Durability, calls: int, who: int) -> None:
    settings = _settings(home, durability)
    for number in range(calls):
        sensor = f"{who}-{number % 1000:03d}"
        write_behind_cache(
            f"sensor:{sensor}",
            {"value": 220.5, "number": number},
            {"sensor_id": sensor, "value": 220.5, "table": "sensor_data"},
            settings=settings,
        )


def _insert(home: Path, durability: Durability, calls: int, who: int) -> None:
    with closing(sqlite3.connect(home / "bare.db", isolation_level=None, timeout=60)) as connection:
        connection.execute(f"PRAGMA synchronous = {durability.upper()}")
        for number in range(calls):
            connection.execute("INSERT INTO bare (who, number, value) VALUES (?, ?, ?)", (who, number, 220.5))


def _prepare(home: Path, durability: Durability) -> None:
    with closing(sqlite3.connect(home / "bare.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, who INTEGER, number INTEGER, value REAL)")
    for client in (_insert, _call):
        client(home, durability, 10, 0)


def _settings(home: Path, durability: Durability) -> GridSettings:
    return load_settings(home=home, durability=durability, pending_writes=PENDING)


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [CALLS, 3][len(given) :]))
