"""The newest verified value of a sensor: from the cache, else from the database, else from the lake."""

import json
from datetime import date, datetime
from typing import Any

from grid_assets.domain.errors import DatabaseError
from grid_assets.domain.names import latest_key
from grid_assets.domain.tables import SENSOR_LATEST
from grid_assets.domain.warm import LATEST_SQL
from grid_assets.pipeline.filling import Made, read_through
from resources.clients.platform import Platform


def latest(platform: Platform, sensor_id: str) -> dict[str, Any] | None:
    """Return the columns of `sensor_latest` for a sensor as plain JSON values, None where it has no verified value.

    Instants are ISO 8601 in UTC. `batch_id` is the version of the row: it never goes back. That a sensor has none is
    remembered for five seconds.
    """
    return read_through(platform.cache, latest_key(sensor_id), lambda: _made(platform, sensor_id))


def _made(platform: Platform, sensor_id: str) -> Made:
    row = _from_database(platform, sensor_id) or _from_lake(platform, sensor_id)
    return Made(row, None if row is None else int(row["batch_id"]))


def _from_database(platform: Platform, sensor_id: str) -> dict[str, Any] | None:
    try:
        row = platform.database.records.get(SENSOR_LATEST, sensor_id)
    except DatabaseError:
        return None
    return None if row is None else {name: _plain(value) for name, value in row.items()}


def _from_lake(platform: Platform, sensor_id: str) -> dict[str, Any] | None:
    """Return the lake's row, unless the batch that wrote it does not count yet."""
    scan = platform.lake.scan(SENSOR_LATEST)
    uncounted = platform.database.batches.uncounted(SENSOR_LATEST.group)
    with platform.engine.session() as session:
        session.scan("lake", scan)
        rows = session.fetch(f"SELECT * FROM ({LATEST_SQL}) WHERE sensor_id = ?", [sensor_id]).to_pylist()
    row: dict[str, Any] | None = json.loads(rows[0]["value"]) if rows else None
    return None if row is None or row["batch_id"] in uncounted else row


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value
