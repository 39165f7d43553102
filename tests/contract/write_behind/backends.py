"""The queues that the conformance suite runs on; a further one joins by a line in `BACKENDS`."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resources.clients.cache.base import Cache
from resources.clients.cache.sqlite_cache import SqliteCache
from resources.clients.database.engine import prepare_file
from resources.clients.database.sqlite_file import SqliteFile
from resources.clients.write_behind.base import WriteQueue
from resources.clients.write_behind.sqlite_queue import PUT_POINTS, SqliteQueue
from resources.clients.write_behind.worker import Worker

MOST_PENDING = 6
"""The bound of every queue of the suite: small, so that it is met."""
Clock = Callable[[], float]


@dataclass(frozen=True)
class Backend:
    """One kind of queue with its cache.

    Args:
        name: Its name in test names.
        prepare: Called once with a folder.
        fresh: Makes an empty store, by number, and returns its address.
        queue: Opens a client of the queue at an address.
        cache: Opens the cache at an address.
        put_points: Where a call can fail: before the last one nothing is stored, at the last everything is.
        worker: What works on the queue.
    """

    name: str
    prepare: Callable[[Path], None]
    fresh: Callable[[Path, int], Path]
    queue: Callable[[Path, Clock], WriteQueue]
    cache: Callable[[Path], Cache]
    put_points: tuple[str, ...]
    worker: type[Worker] = Worker


def sqlite_file(address: Path) -> SqliteFile:
    """Return the file at an address, whose tables exist."""
    return SqliteFile(address, "normal", lambda: None)


def _prepare_sqlite(folder: Path) -> None:
    prepare_file(folder / "template.db")


def _fresh_sqlite(folder: Path, number: int) -> Path:
    return Path(shutil.copyfile(folder / "template.db", folder / f"{number}.db"))


SQLITE = Backend(
    "sqlite",
    _prepare_sqlite,
    _fresh_sqlite,
    lambda address, clock: SqliteQueue(sqlite_file(address), MOST_PENDING, clock),
    lambda address: SqliteCache(sqlite_file(address)),
    PUT_POINTS,
)
BACKENDS = (SQLITE,)
