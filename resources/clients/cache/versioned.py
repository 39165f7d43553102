"""Versioned keys: an older version never overwrites a newer one, compared where the value is written."""

import sqlite3
import time
from collections.abc import Iterable, Sequence

from resources.clients.cache.base import Versioned
from resources.clients.cache.plain import expiry
from resources.clients.cache.store import Store, portions

_PUT = """
INSERT INTO cache_entries (key, value, version, expires) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, expires = excluded.expires
WHERE cache_entries.version IS NULL
   OR excluded.version > cache_entries.version
   OR (excluded.version = cache_entries.version AND excluded.value IS NULL AND cache_entries.value IS NOT NULL)
"""


def put_newer_on(
    connection: sqlite3.Connection, entries: Sequence[Versioned], expires: float | None, now: float | None = None
) -> int:
    """Set, within a transaction, each key whose version is larger than the stored one; return how many were set.

    Args:
        connection: The transaction of the caller.
        entries: What to set; one without a value withdraws its key, at the stored version too.
        expires: When the values expire, in seconds since 1970; None for never.
        now: The time of withdrawals, in seconds since 1970; by default this machine's clock.
    """
    withdrawn = time.time() if now is None else now
    rows = ((e.key, e.value, e.version, withdrawn if e.value is None else expires) for e in entries)
    if connection.execute("SELECT 1 FROM cache_leases LIMIT 1").fetchone() is None:
        return connection.executemany(_PUT, rows).rowcount if entries else 0
    count = 0
    for row in rows:
        if connection.execute(_PUT, row).rowcount == 1:
            connection.execute("DELETE FROM cache_leases WHERE key = ?", row[:1])
            count += 1
    return count


def put_newer(store: Store, entries: Iterable[Versioned], ttl_seconds: float | None) -> int:
    """Set each key whose version is larger than the stored one, in short transactions; return how many were set."""
    expires, now = expiry(store, ttl_seconds), store.clock()
    count = 0
    for portion in portions(entries):
        count += store.write(lambda connection, some=portion: put_newer_on(connection, some, expires, now))  # type: ignore[misc]
    return count


def versions_of(store: Store, keys: Sequence[str]) -> dict[str, int]:
    """Return the versions of the versioned keys among some, withdrawn and expired ones too."""
    sql = "SELECT key, version FROM cache_entries WHERE version IS NOT NULL AND key IN ({members})"
    return dict(store.read_in(sql, (), keys))
