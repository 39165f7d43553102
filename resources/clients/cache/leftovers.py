"""What loads that died left behind: members that no pointer leads to, found without reading them all."""

import sqlite3
from collections.abc import Iterator
from datetime import date

from resources.clients.cache import generations, marks
from resources.clients.cache.base import Generation
from resources.clients.cache.store import Store

_NEXT = """
SELECT table_name, day, number FROM cache_members WHERE (table_name, day, number) > (?, ?, ?)
ORDER BY table_name, day, number LIMIT 1
"""
_POINTER = "SELECT number, previous FROM cache_pointers WHERE table_name = ? AND day = ?"


def sweep(store: Store) -> int:
    """Remove the members that no pointer leads to and no load will put in place any more; return how many."""
    return sum(generations.remove(store, g, "number = ?", (g.number,)) for g in _left_over(store))


def _left_over(store: Store) -> list[Generation]:
    return store.write(lambda c: [g for g in _stored(c) if _is_left_over(c, g, store.clock())])


def _stored(connection: sqlite3.Connection) -> Iterator[Generation]:
    last = ("", "", 0)
    while row := connection.execute(_NEXT, last).fetchone():
        last = row
        yield Generation(row[0], date.fromisoformat(row[1]), row[2])


def _is_left_over(connection: sqlite3.Connection, generation: Generation, now: float) -> bool:
    place = (generation.table, generation.day.isoformat())
    number, previous = connection.execute(_POINTER, place).fetchone() or (None, None)
    if generation.number in (number, previous):
        return False
    return (number or 0) > generation.number or not marks.is_under_way(connection, generation, now)
