"""Generations: a day of a table is loaded unseen, and put in place whole by moving one pointer.

The generation before stays for a way back until the next one comes; what is older goes in short transactions.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import repeat

import pyarrow as pa

from grid_assets.domain.errors import CacheError
from resources.clients.cache import marks
from resources.clients.cache.base import Generation
from resources.clients.cache.store import PORTION, Store
from resources.clients.failpoints import reach

GENERATION_POINTS = ("cache.load.begun", "cache.portion.loaded", "cache.pointer.moved")
"""The steps of renewing a day: a load begun, a part of it stored, put in place with older ones not removed yet."""
_INSERT = "INSERT INTO cache_members (table_name, day, number, member, value) VALUES (?, ?, ?, ?, ?)"
_POINTER = "SELECT number, previous, members FROM cache_pointers WHERE table_name = ? AND day = ?"
_SIZE = """
SELECT COUNT(*), COALESCE(SUM(LENGTH(value)), 0) FROM cache_members WHERE table_name = ? AND day = ? AND number = ?
"""
_MOVE = """
INSERT INTO cache_pointers (table_name, day, number, previous, members, bytes, moved) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (table_name, day) DO UPDATE SET number = excluded.number, previous = excluded.previous,
    members = excluded.members, bytes = excluded.bytes, moved = excluded.moved
"""
_READ = """
SELECT m.member, m.value
FROM (SELECT * FROM cache_pointers WHERE table_name = ? AND day = ?) AS p LEFT JOIN cache_members AS m
ON m.table_name = p.table_name AND m.day = p.day AND m.number = p.number AND m.member IN ({members})
"""
_Rows = list[tuple[str, str, int, str, bytes]]


def load(store: Store, generation: Generation, values: Iterable[pa.RecordBatch]) -> int:
    """Store a generation's members unseen by readers, in short transactions; return how many.

    Raises:
        CacheError: If a pointer leads to the generation already, or the cache is cleared meanwhile.
    """
    token = store.write(lambda connection: _begin(connection, generation, store.clock()))
    reach("cache.load.begun")
    remove(store, generation, "number = ?", (generation.number,))
    count = 0
    for batch in values:
        for offset in range(0, batch.num_rows, PORTION):
            count += _insert(store, generation, token, _rows(generation, batch.slice(offset, PORTION)))
            reach("cache.portion.loaded")
    return count


def promote(store: Store, generation: Generation, expected_members: int) -> bool:
    """Move the day's pointer to a loaded generation; False where the pointer is at a newer one already.

    Raises:
        CacheError: If the generation does not hold as many members as expected; the pointer stays.
    """
    number, previous = store.write(lambda c: _promote(c, generation, expected_members, store.clock()))
    if number != generation.number:
        return False
    reach("cache.pointer.moved")
    kept = number if previous is None else previous
    remove(store, generation, "number < ? AND number <> ?", (number, kept))
    return True


def roll_back(store: Store, table: str, day: date) -> int | None:
    """Move the day's pointer back to the generation before, which then is the only one; return its number."""
    where = _place(table, day)

    def work(connection: sqlite3.Connection) -> tuple[int, int] | None:
        number, previous, _ = _pointer(connection, where)
        if number is None or previous is None:
            return None
        members, size = connection.execute(_SIZE, (*where, previous)).fetchone()
        connection.execute(_MOVE, (*where, previous, None, members, size, store.clock()))
        return number, previous

    moved = store.write(work)
    if moved is None:
        return None
    remove(store, Generation(table, day, moved[0]), "number = ?", moved[:1])
    return moved[1]


def drop(store: Store, table: str, day: date) -> int:
    """Forget a day of a table, pointer first; return how many members its current generation had."""
    where = _place(table, day)

    def work(connection: sqlite3.Connection) -> tuple[int, int] | None:
        number, _, members = _pointer(connection, where)
        connection.execute("DELETE FROM cache_pointers WHERE table_name = ? AND day = ?", where)
        return None if number is None else (number, members)

    dropped = store.write(work)
    if dropped is None:
        return 0
    remove(store, Generation(table, day, dropped[0]), "number <= ?", dropped[:1])
    return dropped[1]


def numbers(store: Store, table: str) -> dict[date, int]:
    """Return the generation that each day's pointer is at."""
    rows = store.read("SELECT day, number FROM cache_pointers WHERE table_name = ?", (table,))
    return {date.fromisoformat(day): number for day, number in rows}


def read(store: Store, table: str, day: date, members: Sequence[str]) -> dict[str, bytes] | None:
    """Return members of the day's current generation, all as of one moment; None where the day has none."""
    rows = store.read_in(_READ, _place(table, day), members)
    return {member: value for member, value in rows if member is not None} if rows else None


def remove(store: Store, generation: Generation, which: str, parameters: tuple[int, ...]) -> int:
    """Remove members of the day whose number satisfies a condition, in short transactions; return how many."""
    rows = f"SELECT rowid FROM cache_members WHERE table_name = ? AND day = ? AND {which} LIMIT ?"
    where = (*_place(generation.table, generation.day), *parameters)
    return store.remove(f"DELETE FROM cache_members WHERE rowid IN ({rows})", where)


def _begin(connection: sqlite3.Connection, generation: Generation, now: float) -> str:
    number, previous, _ = _pointer(connection, _place(generation.table, generation.day))
    if generation.number in (number, previous):
        raise CacheError(
            f"generation {generation.number} of {generation.table} of {generation.day} is in use",
            "a new number for a new load",
        )
    return marks.begin(connection, generation, now)


def _insert(store: Store, generation: Generation, token: str, rows: _Rows) -> int:
    def work(connection: sqlite3.Connection) -> int:
        marks.keep(connection, generation, token, store.clock())
        connection.executemany(_INSERT, rows)
        return len(rows)

    return store.write(work)


def _promote(
    connection: sqlite3.Connection, generation: Generation, expected: int, now: float
) -> tuple[int, int | None]:
    """Move the pointer, if it is not as far already; return the numbers that it then has, current and previous."""
    where = _place(generation.table, generation.day)
    number, previous, _ = _pointer(connection, where)
    if number is not None and number >= generation.number:
        return number, previous
    members, size = connection.execute(_SIZE, (*where, generation.number)).fetchone()
    if members != expected:
        raise CacheError(
            f"generation {generation.number} of {generation.table} of {generation.day} has {members:,} members",
            f"{expected:,}",
            "warm again; readers still see the generation before",
        )
    connection.execute(_MOVE, (*where, generation.number, number, members, size, now))
    marks.end(connection, generation)
    return generation.number, number


def _pointer(connection: sqlite3.Connection, where: tuple[str, str]) -> tuple[int | None, int | None, int]:
    return connection.execute(_POINTER, where).fetchone() or (None, None, 0)


def _rows(generation: Generation, batch: pa.RecordBatch) -> _Rows:
    members = batch.column("member").to_pylist()
    values = batch.column("value").cast(pa.binary()).to_pylist()
    table, day = _place(generation.table, generation.day)
    return list(zip(repeat(table), repeat(day), repeat(generation.number), members, values, strict=False))


def _place(table: str, day: date) -> tuple[str, str]:
    return table, day.isoformat()
