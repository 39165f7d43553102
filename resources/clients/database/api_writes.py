"""Readings that come by the API: their row in `sensor_data`, and their entry in the outbox, in one transaction.

The statements are plain SQL that SQLite and PostgreSQL both understand, with named parameters, so that a caller with a
connection of SQLite's own can put them into a transaction of its own: `enter` and `allot` take either.
"""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from grid_assets.domain.writes import Write
from resources.clients.write_behind.base import QueuedWrite

ALLOT_VERSIONS = """
INSERT INTO counters (name, value) VALUES ('write_version', :count)
ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value
RETURNING value"""
"""Allots versions and returns the largest. The row stays locked until the end of the transaction, so that versions
become visible in their order."""

LOCK_VERSIONS = "UPDATE counters SET value = value WHERE name = 'write_version'"
"""Takes the same lock without a new version: entries of the outbox become visible in their order too."""

KNOWN_REQUEST = """
SELECT version FROM outbox WHERE request_id = :request_id
UNION ALL
SELECT version FROM sensor_data
WHERE sensor_id = :sensor_id AND timestamp_utc = :timestamp_utc AND request_id = :request_id"""
"""Finds the version that a request was given before. The outbox knows every request of `outbox.KEEP`; the row itself
knows its newest one for ever."""

ENTER_OUTBOX = """
INSERT INTO outbox (request_id, version, table_name, payload)
SELECT :request_id, :version, :table_name, :payload
WHERE NOT EXISTS (
    SELECT 1 FROM sensor_data
    WHERE sensor_id = :sensor_id AND timestamp_utc = :timestamp_utc AND version >= :version
)
ON CONFLICT (request_id) DO NOTHING"""
"""Enters a write once, before its row is written. One that a newer write of the row has overtaken does not enter: it
would land after the newer one, and take its place in the lake."""

PUT_READING = """
INSERT INTO sensor_data
    (sensor_id, timestamp_utc, value, unit, quality, channel, version, request_id, requested_at_utc)
VALUES (:sensor_id, :timestamp_utc, :value, :unit, :quality, :channel, :version, :request_id, :requested_at_utc)
ON CONFLICT (sensor_id, timestamp_utc) DO UPDATE SET
    value = excluded.value, unit = excluded.unit, quality = excluded.quality, channel = excluded.channel,
    version = excluded.version, request_id = excluded.request_id, requested_at_utc = excluded.requested_at_utc
WHERE sensor_data.version < excluded.version"""

PAYLOAD = ("sensor_id", "timestamp", "value", "unit", "quality", "channel")
"""The keys of a line of a landing file, in order."""


class ApiWrites:
    """Writes of the API over one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def apply(self, writes: Sequence[QueuedWrite]) -> int:
        """Apply writes that have their versions already, all or none; return how many were new.

        A write that was applied before, or that a newer one of its row has overtaken, changes nothing, however late it
        comes again.
        """
        if not writes:
            return 0
        with self.engine.begin() as connection:
            return enter(connection, [(queued.write, queued.version) for queued in writes])

    def write_through(self, write: Write) -> int:
        """Give a write its version and apply it, in one transaction; return the version.

        A request that was applied before keeps the version it got then.
        """
        with self.engine.begin() as connection:
            return put_through(connection, write)


def put_through(connection: Connection | sqlite3.Connection, write: Write) -> int:
    """Give a write a version and apply it in the caller's transaction; return the version, the old one of a repeat."""
    version = allot(connection)
    known = _execute(connection, KNOWN_REQUEST, _parameters(write, version)).fetchone()
    if known is not None:
        return int(known[0])
    enter(connection, [(write, version)])
    return version


def allot(connection: Connection | sqlite3.Connection, count: int = 1) -> int:
    """Allot versions to writes, in the caller's transaction, and return the largest; versions may have gaps."""
    return int(_execute(connection, ALLOT_VERSIONS, {"count": count}).fetchone()[0])


def enter(connection: Connection | sqlite3.Connection, writes: Sequence[tuple[Write, int]]) -> int:
    """Write rows and outbox entries of (write, version) in the caller's transaction; return how many were new."""
    values = [_parameters(write, version) for write, version in sorted(writes, key=lambda pair: pair[1])]
    _execute(connection, LOCK_VERSIONS, {})
    entered = _execute_many(connection, ENTER_OUTBOX, values)
    _execute_many(connection, PUT_READING, values)
    return entered


def _parameters(write: Write, version: int) -> dict[str, Any]:
    row = write.row
    line = {name: row[name] for name in PAYLOAD if row.get(name) is not None}
    return {
        **{name: row.get(name) for name in ("sensor_id", "value", "unit", "quality", "channel")},
        "timestamp_utc": row["timestamp"],
        "version": version,
        "request_id": write.request_id,
        "requested_at_utc": _instant(write.requested_at_utc),
        "table_name": write.table,
        "payload": json.dumps(line, ensure_ascii=False, separators=(",", ":")),
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _execute(connection: Connection | sqlite3.Connection, sql: str, values: dict[str, Any]) -> Any:  # noqa: ANN401 - a cursor of either kind
    if isinstance(connection, sqlite3.Connection):
        return connection.execute(sql, values)
    return connection.execute(text(sql), values)


def _execute_many(connection: Connection | sqlite3.Connection, sql: str, values: Sequence[dict[str, Any]]) -> int:
    if isinstance(connection, sqlite3.Connection):
        return connection.executemany(sql, values).rowcount
    return int(connection.execution_options(preserve_rowcount=True).execute(text(sql), list(values)).rowcount)
