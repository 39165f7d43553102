"""Setting up a batch in a connection: its enums, its files and the catalogue, and the empty tables that rows go to.

The catalogue's sensor ids become an enum: a text either is one of them or it is an unknown sensor, and every later step
works on two bytes instead of a text. The enum is in the order of the ids, so sorting by it is sorting by id.
"""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from grid_assets.domain.projections.sql import literal
from grid_assets.domain.vee.units import KNOWN_UNITS
from grid_assets.pipeline.ingest.files import LandingFile
from grid_assets.pipeline.ingest.normalise import CREATE_READINGS, CREATE_REJECTS
from grid_assets.pipeline.ingest.relations import (
    ACCEPTED,
    CANCELLED,
    FILES,
    QUALITY_ENUM,
    READINGS,
    REJECTED,
    REJECTS,
    SENSOR_ENUM,
    SENSORS,
    UNIT_ENUM,
    file_table,
    load,
)

QUALITIES = ("measured", "estimated", "revised", CANCELLED)
CATALOGUE = "ingest_catalogue"


def prepare(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], catalogue: pa.Table | str) -> None:
    """Bind a new batch: drop what an older one left, make enums and tables, and name the files by their order."""
    connection.execute("SET preserve_insertion_order = true")  # row ids are line numbers, see typed.py
    _drop_views(connection)
    source = catalogue
    if not isinstance(source, str):
        load(connection, CATALOGUE, source)
        source = CATALOGUE
    _make_enum(connection, SENSOR_ENUM, f"SELECT DISTINCT sensor_id FROM {source} ORDER BY sensor_id")
    units = ", ".join(f"({literal(unit)})" for unit in sorted(KNOWN_UNITS))
    _make_enum(
        connection,
        UNIT_ENUM,
        f"SELECT DISTINCT unit FROM (SELECT unit FROM {source} UNION ALL VALUES {units}) ORDER BY unit",
    )
    _make_enum(connection, QUALITY_ENUM, f"SELECT unnest([{', '.join(literal(q) for q in QUALITIES)}])")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE {SENSORS} AS SELECT CAST(sensor_id AS {SENSOR_ENUM}) AS sensor, sensor_type,
            CAST(unit AS {UNIT_ENUM}) AS unit, nullif(trim(time_zone), '') AS time_zone, valid_from_utc, valid_to_utc
            FROM {source}"""
    )
    load(connection, FILES, file_table(files))
    connection.execute(CREATE_READINGS)
    connection.execute(CREATE_REJECTS)


def publish(connection: duckdb.DuckDBPyConnection) -> None:
    """Bind the batch's rows to the views that callers read."""
    connection.execute(
        f"""CREATE TEMP VIEW {ACCEPTED} AS SELECT {accepted_columns("r", "s", "f")} FROM {READINGS} r
            JOIN {SENSORS} s ON s.sensor = r.sensor JOIN {FILES} f ON f.file_no = r.file_no"""
    )
    connection.execute(
        f"""CREATE TEMP VIEW {REJECTED} AS
            SELECT f.source_file, r.source_row, r.reason, r.detail, r.raw_text, f.content_hash
            FROM {REJECTS} r JOIN {FILES} f ON f.file_no = r.file_no"""
    )


def accepted_columns(reading: str, sensor: str, file: str) -> str:
    """Return the select list of `sensor_data`'s columns but the batch and its time, over three aliases."""
    return f"""CAST({reading}.sensor AS VARCHAR) AS sensor_id, {sensor}.sensor_type, {reading}.interval_start_utc,
        {reading}.value, CAST({reading}.unit AS VARCHAR) AS unit, CAST({reading}.quality AS VARCHAR) AS quality,
        {reading}.channel, {reading}.interval_minutes, {file}.source_file, {reading}.source_row,
        {file}.file_no AS source_order, {reading}.operating_day"""


def _drop_views(connection: duckdb.DuckDBPyConnection) -> None:
    for view in (ACCEPTED, REJECTED):
        connection.execute(f"DROP VIEW IF EXISTS {view}")


def _make_enum(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    connection.execute(f"DROP TYPE IF EXISTS {name}")
    connection.execute(f"CREATE TEMP TYPE {name} AS ENUM ({query})")
