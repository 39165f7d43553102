"""Plain keys: a value and a time to live, in the embedded cache."""

import sqlite3
from collections.abc import Mapping, Sequence

from resources.clients.cache.store import Store

DEAD_AFTER_SECONDS = 86_400.0
"""How long an expired or withdrawn key is remembered: its value as a stale one, its version against slow writers."""
_ALIVE = "value IS NOT NULL AND (expires IS NULL OR expires > ?)"
_SET = """
INSERT INTO cache_entries (key, value, expires) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires
"""
_END_LEASE = "DELETE FROM cache_leases WHERE key = ?"


def get_many(store: Store, keys: Sequence[str]) -> dict[str, bytes]:
    """Return the values of those keys that have one, all as of one moment."""
    sql = f"SELECT key, value FROM cache_entries WHERE {_ALIVE} AND key IN ({{members}})"
    return dict(store.read_in(sql, (store.clock(),), keys))


def get(store: Store, key: str) -> bytes | None:
    """Return the value of a key, None where it has none or it has expired."""
    rows = store.read(f"SELECT value FROM cache_entries WHERE {_ALIVE} AND key = ?", (store.clock(), key))
    return rows[0][0] if rows else None


def set_many(store: Store, values: Mapping[str, bytes], ttl_seconds: float | None) -> None:
    """Set keys in one transaction, and end their leases; versions stay as they are."""
    expires = expiry(store, ttl_seconds)
    if values:
        store.write(lambda connection: set_on(connection, values, expires))


def set_on(connection: sqlite3.Connection, values: Mapping[str, bytes], expires: float | None) -> None:
    """Set keys within a transaction; `expires` in seconds since 1970, None for never."""
    connection.executemany(_SET, ((key, value, expires) for key, value in values.items()))
    connection.executemany(_END_LEASE, ((key,) for key in values))


def delete_many(store: Store, keys: Sequence[str]) -> int:
    """Remove keys and end their leases; return how many had a value; versions stay."""
    now = store.clock()

    def work(connection: sqlite3.Connection) -> int:
        count = 0
        for key in keys:
            count += len(
                connection.execute(f"SELECT 1 FROM cache_entries WHERE {_ALIVE} AND key = ?", (now, key)).fetchall()
            )
            connection.execute("DELETE FROM cache_entries WHERE key = ? AND version IS NULL", (key,))
            connection.execute("UPDATE cache_entries SET value = NULL, expires = ? WHERE key = ?", (now, key))
            connection.execute(_END_LEASE, (key,))
        return count

    return store.write(work) if keys else 0


def expiry(store: Store, ttl_seconds: float | None) -> float | None:
    """Return when a value set now expires, in seconds since 1970; None for never."""
    return None if ttl_seconds is None else store.clock() + ttl_seconds


def sweep(store: Store) -> int:
    """Forget what expired or was withdrawn long ago, its version too, and leases that are over; return how many."""
    now = store.clock()
    dead = "SELECT key FROM cache_entries WHERE expires < ? LIMIT ?"
    gone = store.remove(f"DELETE FROM cache_entries WHERE key IN ({dead})", (now - DEAD_AFTER_SECONDS,))
    store.remove(
        "DELETE FROM cache_leases WHERE key IN (SELECT key FROM cache_leases WHERE expires < ? LIMIT ?)", (now,)
    )
    return gone
