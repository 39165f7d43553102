"""The statements of the SQLite queue, and the few functions that run more than one of them.

`due` is one column with one meaning by state: a pending entry is not given out before it, a claimed one may be taken
over after it, a parked one was parked then. So an entry holds up the newer ones of its row exactly while it is not
parked and its `due` lies ahead.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence

WAITING, PARKED = "writes_waiting", "writes_parked"
"""Counters: entries that are pending or claimed, and entries that are parked."""

_WANTED = "request_id IN (SELECT value FROM json_each(:ids))"
KNOWN = f"""
SELECT request_id, version FROM outbox WHERE {_WANTED}
UNION ALL SELECT request_id, version FROM applied_requests WHERE {_WANTED}
UNION ALL SELECT request_id, version FROM write_queue WHERE {_WANTED}"""
"""The versions that requests were given before: they went through write-through, were applied, or wait."""

ENTER = """
INSERT INTO write_queue (version, request_id, row_key, body, state, due, queued, attempts)
VALUES (?, ?, ?, ?, 'pending', ?, ?, 0)"""

_FREE = """
q.due <= :now AND NOT EXISTS (
    SELECT 1 FROM write_queue AS o
    WHERE o.row_key = q.row_key AND o.version < q.version AND o.state <> 'parked' AND o.due > :now
)"""

CANDIDATES = f"""
SELECT version FROM (
    SELECT version FROM write_queue AS q WHERE q.state = 'pending' AND {_FREE} ORDER BY version LIMIT :most
)
UNION ALL SELECT version FROM (
    SELECT version FROM write_queue AS q WHERE q.state = 'claimed' AND {_FREE} ORDER BY version LIMIT :most
)
ORDER BY version LIMIT :most"""
"""The oldest entries that may be given out. Of a row they begin with its oldest, so none overtakes another."""

CLAIM = f"""
UPDATE write_queue SET state = 'claimed', worker = :worker, due = :until, attempts = attempts + 1
WHERE version IN (
    SELECT q.version FROM json_each(:versions) AS wanted JOIN write_queue AS q ON q.version = wanted.value
    WHERE q.state <> 'parked' AND {_FREE}
)
RETURNING version, request_id, body, attempts"""
"""Takes the candidates that are still free: others may have been at them since they were looked up."""

CLAIMANTS = "SELECT DISTINCT worker FROM write_queue WHERE state = 'claimed' AND due > ?"
RELEASE = "UPDATE write_queue SET due = ? WHERE state = 'claimed' AND worker = ?"

_MINE = "version IN (SELECT value FROM json_each(:versions)) AND worker = :worker AND state = 'claimed'"
NOTE_APPLIED = f"""
INSERT INTO applied_requests (request_id, version, applied)
SELECT request_id, version, :now FROM write_queue WHERE {_MINE}
ON CONFLICT (request_id) DO NOTHING"""
REMOVE = f"DELETE FROM write_queue WHERE {_MINE}"
GIVE_BACK = f"UPDATE write_queue SET state = 'pending', worker = NULL, due = :due, error = :error WHERE {_MINE}"
PARK = f"UPDATE write_queue SET state = 'parked', due = :now, error = :error WHERE {_MINE}"
REQUEUE = """
UPDATE write_queue SET state = 'pending', worker = NULL, due = :now, attempts = 0, error = NULL
WHERE version IN (
    SELECT version FROM write_queue WHERE state = 'parked' AND version IN (SELECT value FROM json_each(:versions))
    ORDER BY version LIMIT :most
)"""
PARKED_WRITES = """
SELECT version, request_id, body, attempts, error, due FROM write_queue
WHERE state = 'parked' ORDER BY version LIMIT ?"""

FORGET = """
DELETE FROM applied_requests WHERE applied < :before
AND rowid IN (SELECT rowid FROM applied_requests ORDER BY rowid LIMIT :most)"""
"""Forgets the oldest; rows were noted in the order of their rowids, so no index over times is needed."""

_OLDEST = "SELECT * FROM (SELECT queued FROM write_queue WHERE state = '{state}' ORDER BY version LIMIT 1)"
OLDEST = f"{_OLDEST.format(state='pending')} UNION ALL {_OLDEST.format(state='claimed')}"
CLAIMED = "SELECT COUNT(*) FROM write_queue WHERE state = 'claimed'"

_ADD = """
INSERT INTO counters (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value"""
_TAKE_ROOM = f"{_ADD}, (SELECT value FROM counters WHERE name = '{PARKED}')"


def add(connection: sqlite3.Connection, counter: str, count: int) -> int:
    """Add to a counter, within a transaction, and return what it is now."""
    return int(connection.execute(_ADD, (counter, count)).fetchone()[0])


def take_room(connection: sqlite3.Connection, count: int) -> tuple[int, int]:
    """Count so many entries more, within a transaction; return how many wait then, and how many are parked."""
    waiting, parked = connection.execute(_TAKE_ROOM, (WAITING, count)).fetchone()
    return int(waiting), int(parked or 0)


def counted(connection: sqlite3.Connection, counter: str) -> int:
    """Return a counter."""
    row = connection.execute("SELECT value FROM counters WHERE name = ?", (counter,)).fetchone()
    return int(row[0]) if row else 0


def known_versions(connection: sqlite3.Connection, request_ids: Sequence[str]) -> dict[str, int]:
    """Return the versions of those requests that were given one before."""
    return dict(connection.execute(KNOWN, {"ids": json.dumps(request_ids)}).fetchall())


def as_json(versions: Iterable[int]) -> str:
    """Return versions as the parameter that the statements take."""
    numbers: Sequence[int] = [int(version) for version in versions]
    return json.dumps(numbers)
