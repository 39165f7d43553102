"""Binding the day tables of `civil_time.py` for exactly the days that the typed rows of a group touch."""

from datetime import datetime, timedelta

import duckdb

from grid_assets.domain.projections.sql import literal
from grid_assets.pipeline.ingest.civil_time import local_day_table, utc_day_table
from grid_assets.pipeline.ingest.normalise import Limits
from grid_assets.pipeline.ingest.relations import LOCAL_DAYS, SENSORS, TYPED, UTC_DAYS, load

DAY = timedelta(days=1)


def bind_days(connection: duckdb.DuckDBPyConnection, zone_name: str, limits: Limits) -> bool:
    """Bind the day tables for the rows within the limits, and return whether any row has a local time.

    Rows beyond the limits find no day; they are rejected for their date.

    Raises:
        ConfigurationError: If the grid's zone, or a zone of the catalogue, is not known.
    """
    instants = _span(connection, "instant", literal(limits.earliest), literal(limits.latest))
    walls = _span(
        connection,
        "wall",
        f"TIMESTAMP '{(limits.earliest - DAY).replace(tzinfo=None)}'",
        f"TIMESTAMP '{(limits.latest + DAY).replace(tzinfo=None)}'",
    )
    known = [value.date() for value in (*instants, *walls) if value is not None] or [limits.earliest.date()]
    load(connection, UTC_DAYS, utc_day_table(zone_name, min(known) - DAY, max(known) + DAY))
    has_local = bool(connection.execute(f"SELECT count(wall) > 0 FROM {TYPED}").fetchall()[0][0])
    if has_local:
        zones = connection.execute(f"SELECT DISTINCT time_zone FROM {SENSORS} WHERE time_zone IS NOT NULL ORDER BY 1")
        names = tuple(str(name) for (name,) in zones.fetchall())
        load(connection, LOCAL_DAYS, local_day_table(names, min(known) - DAY, max(known) + DAY))
    return has_local


def _span(
    connection: duckdb.DuckDBPyConnection, column: str, low: str, high: str
) -> tuple[datetime | None, datetime | None]:
    query = f"SELECT min({column}), max({column}) FROM {TYPED} WHERE {column} >= {low} AND {column} < {high}"
    first, last = connection.execute(query).fetchall()[0]
    return first, last
