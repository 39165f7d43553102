"""Leases: on a miss one caller fills a key, and what it read before a newer write is not stored."""

import secrets
import sqlite3

from resources.clients.cache import plain
from resources.clients.cache.base import Lease
from resources.clients.cache.plain import expiry, set_on
from resources.clients.cache.store import Store

_TAKE = """
INSERT INTO cache_leases (key, token, expires) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET token = excluded.token, expires = excluded.expires WHERE cache_leases.expires <= ?
"""


def lease(store: Store, key: str, seconds: float) -> Lease:
    """Read a key; on a miss let one caller fill it, for so many seconds."""
    value = plain.get(store, key)
    if value is not None:
        return Lease(value)
    now, token = store.clock(), secrets.token_hex(16)

    def work(connection: sqlite3.Connection) -> Lease:
        row = connection.execute("SELECT value, expires FROM cache_entries WHERE key = ?", (key,)).fetchone()
        last, expires = row or (None, None)
        if last is not None and (expires is None or expires > now):
            return Lease(last)
        is_taken = connection.execute(_TAKE, (key, token, now + seconds, now)).rowcount == 1
        return Lease(token=token) if is_taken else Lease(stale=last)

    return store.write(work)


def fill(store: Store, key: str, token: str, value: bytes, ttl_seconds: float | None) -> bool:
    """Set a key under a lease and end the lease; False, and nothing set, where the lease is not held any more."""
    expires, now = expiry(store, ttl_seconds), store.clock()
    held = "SELECT 1 FROM cache_leases WHERE key = ? AND token = ? AND expires > ?"

    def work(connection: sqlite3.Connection) -> bool:
        if connection.execute(held, (key, token, now)).fetchone() is None:
            return False
        set_on(connection, {key: value}, expires)
        return True

    return store.write(work)
