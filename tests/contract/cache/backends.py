"""The caches that the conformance suite runs on; a further one joins by a line in `BACKENDS`."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resources.clients.cache.base import Cache
from resources.clients.cache.sqlite_cache import SqliteCache
from resources.clients.cache.store import Clock
from resources.clients.database.engine import prepare_file
from resources.clients.database.sqlite_file import SqliteFile


@dataclass(frozen=True)
class Backend:
    """One kind of cache.

    `prepare` is called once with a folder, `fresh` gives the place of an empty cache, `make` one client of it whose
    times to live go by a clock (seconds since 1970).
    """

    name: str
    prepare: Callable[[Path], None]
    fresh: Callable[[Path, int], str]
    make: Callable[[str, Clock], Cache]


def sqlite_client(place: str, clock: Clock, kind: type[SqliteCache] = SqliteCache) -> SqliteCache:
    """Return a client of the embedded cache, or of one with a planted bug."""
    path = Path(place)
    return kind(SqliteFile(path, "normal", lambda: prepare_file(path)), clock)


def _fresh_sqlite(folder: Path, number: int) -> str:
    path = folder / f"{number}.db"
    shutil.copyfile(folder / "template.db", path)
    return str(path)


SQLITE = Backend("sqlite", lambda folder: prepare_file(folder / "template.db"), _fresh_sqlite, sqlite_client)
BACKENDS = (SQLITE,)
