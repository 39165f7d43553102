"""Marks of loads under way: who loads a generation, and until when it is left alone."""

import secrets
import sqlite3

from grid_assets.domain.errors import CacheError
from resources.clients.cache.base import Generation

LOAD_SECONDS = 900.0
"""How long a load may go on without a sign of life before sweeping takes it for dead."""


def begin(connection: sqlite3.Connection, generation: Generation, now: float) -> str:
    """Begin a load, in the place of one that died, and return its token."""
    token = secrets.token_hex(16)
    sql = "INSERT OR REPLACE INTO cache_leases (key, token, expires) VALUES (?, ?, ?)"
    connection.execute(sql, (_key(generation), token, now + LOAD_SECONDS))
    return token


def keep(connection: sqlite3.Connection, generation: Generation, token: str, now: float) -> None:
    """Say that a load lives.

    Raises:
        CacheError: If the cache was cleared meanwhile, or another load of the same generation began.
    """
    sql = "UPDATE cache_leases SET expires = ? WHERE key = ? AND token = ?"
    if connection.execute(sql, (now + LOAD_SECONDS, _key(generation), token)).rowcount == 0:
        raise CacheError(
            f"the load of {generation.table} of {generation.day} lost its place",
            "a cache that nobody clears meanwhile",
            "warm again",
        )


def end(connection: sqlite3.Connection, generation: Generation) -> None:
    """Forget a load: it was put in place."""
    connection.execute("DELETE FROM cache_leases WHERE key = ?", (_key(generation),))


def is_under_way(connection: sqlite3.Connection, generation: Generation, now: float) -> bool:
    """Return whether somebody loads a generation, or has loaded it and is about to put it in place."""
    sql = "SELECT 1 FROM cache_leases WHERE key = ? AND expires > ?"
    return connection.execute(sql, (_key(generation), now)).fetchone() is not None


def _key(generation: Generation) -> str:
    return f"grid:load:{generation.table}:{generation.day}:{generation.number}"
