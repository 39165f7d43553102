"""The names that the ingest binds in a connection, and what it hands to its caller.

All names start with `ingest_`, so that a caller's own relations are never in the way. Shapes:

- `ingest_files`: file_no (arrival order from 0), source_file, content_hash.
- `ingest_sensors`: the catalogue by its enum: sensor, sensor_type, unit, time_zone, valid_from_utc, valid_to_utc.
- `ingest_group`: the files that are being read: file_index, file_no, first_row (row id of its first line), header_row.
- `ingest_typed`: the rows of those files, typed, in file order; see `typed.py`.
- `ingest_utc_days`, `ingest_local_days`: see `civil_time.py`.
- `ingest_readings`, `ingest_rejects`: the rows of the whole batch, compact; see `normalise.py`.
- `ingest_accepted`, `ingest_rejected`: the same for callers, with `sensor_data`'s and `quarantine`'s names and types.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from grid_assets.pipeline.ingest.files import LandingFile, UnreadableFile

FILES = "ingest_files"
SENSORS = "ingest_sensors"
TYPED = "ingest_typed"
GROUP = "ingest_group"
READINGS = "ingest_readings"
REJECTS = "ingest_rejects"
ACCEPTED = "ingest_accepted"
REJECTED = "ingest_rejected"
SENSOR_ENUM = "ingest_sensor"
UNIT_ENUM = "ingest_unit"
QUALITY_ENUM = "ingest_quality"
UTC_DAYS = "ingest_utc_days"
LOCAL_DAYS = "ingest_local_days"
DAY_US = 86_400_000_000
CANCELLED = "cancelled"
"""The quality of a row that withdraws what its sender said of an interval before; such a row needs no value."""

BLANK = "blank"
"""Reason of a line that is empty and no row at all; it never leaves `ingest_typed`."""
ROW = "coalesce(t.source_row, t.rowid - g.first_row + 1)"
"""Where a typed row `t` of a group's file `g` stands in its file, from 1."""
IS_ROW = f"coalesce(t.reason, '') <> '{BLANK}' AND {ROW} <> g.header_row"
"""Whether a typed row `t` of a group's file `g` is a reading, and not a blank line or the header."""

REJECTS_SCHEMA = "(file_no INTEGER, source_row BIGINT, reason VARCHAR, detail VARCHAR, raw_text VARCHAR)"


@dataclass(frozen=True)
class FileRows:
    """How many rows one file holds, counted before any of them is judged; 1 for a file that is quarantined as one."""

    file_no: int
    source_file: str
    content_hash: str
    received: int


@dataclass(frozen=True)
class BatchRelations:
    """What reading a batch made: two relations, the files that could not be read, and the rows of each file.

    `accepted` has `sensor_data`'s columns but the batch and its time; `rejected` has `quarantine`'s, whole files
    included as row 0. Both are views and hold until the connection's next `read_batch`.
    """

    accepted: str
    rejected: str
    unreadable: tuple[UnreadableFile, ...]
    received: tuple[FileRows, ...]


def file_table(files: Sequence[LandingFile]) -> pa.Table:
    """Return the rows of `ingest_files` for files in arrival order."""
    return pa.table(
        {
            "file_no": pa.array(range(len(files)), pa.int32()),
            "source_file": pa.array([file.name for file in files], pa.string()),
            "content_hash": pa.array([file.content_hash for file in files], pa.string()),
        }
    )


def load(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Copy an Arrow table into a temporary table of that name, replacing one that has it."""
    connection.register("ingest_arrow_source", table)
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM ingest_arrow_source")
    finally:
        connection.unregister("ingest_arrow_source")
