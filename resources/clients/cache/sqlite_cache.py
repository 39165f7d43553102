"""The embedded cache: tables of a SQLite file, shared by every thread and process of one machine."""

import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pyarrow as pa

from resources.clients.cache import generations, leases, leftovers, plain, versioned
from resources.clients.cache.base import CacheStatistics, Generation, Lease, Versioned
from resources.clients.cache.statistics import Counters, statistics
from resources.clients.cache.store import Clock, Store
from resources.clients.database.sqlite_file import SqliteFile

_TABLES = ("cache_entries", "cache_leases", "cache_members", "cache_pointers", "cache_facts")


class SqliteCache:
    """Fulfils the Cache protocol over one file; what an answered write survives is the file's durability.

    Args:
        file: The file with the cache's tables; others may keep their tables there too.
        clock: Seconds since 1970; tests give one of their own.
    """

    def __init__(self, file: SqliteFile, clock: Clock = time.time) -> None:
        self._store = Store(file, clock)
        self._counters = Counters(self._store)

    def get(self, key: str) -> bytes | None:
        """Return the value of a key, None where it has none or it has expired."""
        value = plain.get(self._store, key)
        self._counters.count(int(value is not None), int(value is None))
        return value

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values of those keys that have one, all as of one moment."""
        asked = list(dict.fromkeys(keys))
        found = plain.get_many(self._store, asked)
        self._counters.count(len(found), len(asked) - len(found))
        return found

    def set(self, key: str, value: bytes, ttl_seconds: float | None) -> None:
        """Set a key whatever it holds; None lives for ever. The version of a versioned key stays as it is."""
        plain.set_many(self._store, {key: value}, ttl_seconds)

    def set_many(self, values: Mapping[str, bytes], ttl_seconds: float | None) -> None:
        """Set keys, all of them before a reader sees the first."""
        plain.set_many(self._store, values, ttl_seconds)

    def delete_many(self, keys: Sequence[str]) -> int:
        """Remove keys and return how many had a value; a versioned key keeps its version."""
        return plain.delete_many(self._store, keys)

    def put_newer(self, entries: Iterable[Versioned], ttl_seconds: float | None = None) -> int:
        """Set each key whose version is larger than the stored one (or that has none); return how many were set."""
        return versioned.put_newer(self._store, entries, ttl_seconds)

    def versions_of(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the versions of the versioned keys among some, withdrawn and expired ones too."""
        return versioned.versions_of(self._store, keys)

    def lease(self, key: str, seconds: float) -> Lease:
        """Read a key; on a miss let one caller fill it, for so many seconds."""
        lease = leases.lease(self._store, key, seconds)
        self._counters.count(int(lease.value is not None), int(lease.token is not None))
        return lease

    def fill(self, key: str, token: str, value: bytes, ttl_seconds: float | None) -> bool:
        """Set a key under a lease and end the lease; False, and nothing set, where the lease is not held any more."""
        return leases.fill(self._store, key, token, value, ttl_seconds)

    def load_generation(self, generation: Generation, values: Iterable[pa.RecordBatch]) -> int:
        """Store a generation's members (columns `member`, `value`: text) unseen by readers; return how many."""
        return generations.load(self._store, generation, values)

    def promote_generation(self, generation: Generation, expected_members: int) -> bool:
        """Move the day's pointer to a loaded generation; False where the pointer is at a newer one already."""
        return generations.promote(self._store, generation, expected_members)

    def roll_back_generation(self, table: str, day: date) -> int | None:
        """Move the day's pointer back to the generation before, which then is the only one; return its number."""
        return generations.roll_back(self._store, table, day)

    def drop_generation(self, table: str, day: date) -> int:
        """Forget a day of a table, pointer first; return how many members readers could see."""
        return generations.drop(self._store, table, day)

    def generations(self, table: str) -> dict[date, int]:
        """Return the generation that each day's pointer is at."""
        return generations.numbers(self._store, table)

    def read_generation(self, table: str, day: date, members: Sequence[str]) -> dict[str, bytes] | None:
        """Return members of the day's current generation, all of one and the same; None where the day has none."""
        asked = list(dict.fromkeys(members))
        found = generations.read(self._store, table, day, asked)
        self._counters.count(len(found or ()), len(asked) - len(found or ()))
        return found

    def sweep(self) -> int:
        """Remove what expired long ago and what no pointer leads to any more; return how many entries went."""
        return plain.sweep(self._store) + leftovers.sweep(self._store)

    def epoch(self) -> str:
        """Return the identity of this life of the cache: another one after everything was lost."""
        rows = self._store.read("SELECT value FROM cache_facts WHERE name = 'epoch'")
        return str(rows[0][0]) if rows else self._store.write(_begin_epoch)

    def clear(self) -> None:
        """Lose everything, and begin a new epoch."""

        def work(connection: sqlite3.Connection) -> None:
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table}")
            _begin_epoch(connection)

        self._counters.forget()
        self._store.write(work)

    def statistics(self) -> CacheStatistics:
        """Return hits, misses and sizes; what other processes counted in the last half minute may be missing."""
        self._counters.flush()
        return statistics(self._store)

    def close(self) -> None:
        """Write the counters down and let go of connections; the next use opens the file again."""
        self._counters.close()
        self._store.file.close()


def _begin_epoch(connection: sqlite3.Connection) -> str:
    sql = "INSERT OR IGNORE INTO cache_facts (name, value) VALUES ('epoch', ?)"
    connection.execute(sql, (secrets.token_hex(8),))
    return str(connection.execute("SELECT value FROM cache_facts WHERE name = 'epoch'").fetchone()[0])
