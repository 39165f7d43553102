"""Which rows of a batch are new: a row that says what the row before it for the same key said is a duplicate.

The key is the sensor and the interval's start; "before" is the arrival order of files, then the row. The first row of a
key in the batch is held against the newest one stored. So A, B, A are three facts, and A, A, B are two.
"""

from dataclasses import dataclass

import duckdb

from grid_assets.domain.errors import InputError
from grid_assets.pipeline.ingest.relations import FILES, READINGS, REJECTS, SENSOR_ENUM, SENSORS, BatchRelations
from grid_assets.pipeline.ingest.staging import accepted_columns

NEW_ROWS = "ingest_new_rows"
DUPLICATES = "ingest_duplicates"
CROWDED = "ingest_crowded"
SAID = ("value", "unit", "quality", "channel", "interval_minutes")
"""What a reading says about its key; rows are the same where all of these are."""
SLOT_US = 900_000_000
SLOTS_PER_DAY = 96
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class FileCounts:
    """What became of one file's rows; received = stored + duplicate + quarantined, always."""

    source_file: str
    content_hash: str
    received: int
    stored: int
    duplicate: int
    quarantined: int


@dataclass(frozen=True)
class SplitRelations:
    """The rows to store, as the name of a view with `accepted`'s columns, and every file's counts in arrival order."""

    new_rows: str
    counts: tuple[FileCounts, ...]


def split_new(connection: duckdb.DuckDBPyConnection, batch: BatchRelations, stored: str) -> SplitRelations:
    """Tell the batch's new rows from its duplicates.

    Args:
        connection: The connection that `read_batch` bound the batch in.
        batch: What `read_batch` returned.
        stored: A relation with the newest stored row of each key, at least for the days that the batch touches:
            sensor_id, interval_start_utc, value, unit, quality, channel, interval_minutes.

    Raises:
        InputError: If the counts of a file do not add up, which would be a defect of this package.
    """
    connection.execute(f"DROP VIEW IF EXISTS {NEW_ROWS}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {CROWDED} AS {_crowded_sql()}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {DUPLICATES} AS {_duplicates_sql(stored)}")
    connection.execute(
        f"""CREATE TEMP VIEW {NEW_ROWS} AS SELECT {accepted_columns("r", "s", "f")}
            FROM (SELECT * FROM {READINGS} r WHERE NOT EXISTS (SELECT 1 FROM {DUPLICATES} d WHERE d.row_id = r.rowid)) r
            JOIN {SENSORS} s ON s.sensor = r.sensor JOIN {FILES} f ON f.file_no = r.file_no"""
    )
    return SplitRelations(NEW_ROWS, _counts(connection, batch))


def newest_stored_sql(scan: str) -> str:
    """Return the query of the newest row of each key among `sensor_data`'s rows, as `split_new` wants it."""
    return f"""
        SELECT sensor_id, interval_start_utc, value, unit, quality, channel, interval_minutes
        FROM (SELECT *, row_number() OVER (PARTITION BY sensor_id, interval_start_utc
            ORDER BY batch_id DESC, source_order DESC, source_row DESC) AS age FROM {scan}) AS aged
        WHERE age = 1"""


def _crowded_sql() -> str:
    """Return the sensor-days that may hold a key twice: more rows than quarter hours, or rows off the quarters.

    This leaves out nearly every row by one cheap aggregate; comparing row with row costs six times as much.
    """
    micros = "epoch_us(interval_start_utc)"
    slot = f"CAST(({micros} // {SLOT_US}) % {SLOTS_PER_DAY} AS INTEGER)"
    return f"""
        SELECT sensor, {micros} // {DAY_US} AS utc_day FROM {READINGS} GROUP BY ALL
        HAVING count(*) <> bit_count(bit_or(CAST(1 AS HUGEINT) << {slot})) OR max({micros} % {SLOT_US}) > 0"""


def _duplicates_sql(stored: str) -> str:
    """Return the row ids of the duplicates: rows like the one before them, and first rows like the stored one."""
    crowded = f"r.sensor = c.sensor AND c.utc_day = epoch_us(r.interval_start_utc) // {DAY_US}"
    order = "OVER (PARTITION BY sensor, interval_start_utc ORDER BY file_no, source_row)"
    before = ", ".join(f"lag({name}) {order} AS before_{name}" for name in SAID)
    known = ", ".join(f"{name} AS stored_{name}" for name in SAID)
    return f"""
        WITH later AS (
            SELECT row_id, {_same("before_")} AS is_same
            FROM (SELECT *, row_number() {order} AS nth, {before}
                FROM (SELECT r.rowid AS row_id, r.* FROM {READINGS} r JOIN {CROWDED} c ON {crowded}))
            WHERE nth > 1
        ), first_rows AS (
            SELECT r.rowid AS row_id, r.* FROM {READINGS} r
            WHERE NOT EXISTS (SELECT 1 FROM later l WHERE l.row_id = r.rowid)
        ), known AS (
            SELECT TRY_CAST(sensor_id AS {SENSOR_ENUM}) AS sensor, interval_start_utc, {known} FROM {stored}
        )
        SELECT row_id FROM later WHERE is_same
        UNION ALL
        SELECT row_id FROM first_rows JOIN known USING (sensor, interval_start_utc) WHERE {_same("stored_")}"""


def _same(prefix: str) -> str:
    """Return whether a row says what the columns with a prefix say; enums are compared as text, nulls are equal."""
    pairs = (
        (f"CAST({name} AS VARCHAR)", f"CAST({prefix}{name} AS VARCHAR)") for name in ("unit", "quality", "channel")
    )
    texts = " AND ".join(f"{one} IS NOT DISTINCT FROM {other}" for one, other in pairs)
    numbers = " AND ".join(f"{name} IS NOT DISTINCT FROM {prefix}{name}" for name in ("value", "interval_minutes"))
    return f"({numbers} AND {texts})"


def _counts(connection: duckdb.DuckDBPyConnection, batch: BatchRelations) -> tuple[FileCounts, ...]:
    accepted = dict(connection.execute(f"SELECT file_no, count(*) FROM {READINGS} GROUP BY file_no").fetchall())
    rejected = dict(connection.execute(f"SELECT file_no, count(*) FROM {REJECTS} GROUP BY file_no").fetchall())
    repeated = dict(
        connection.execute(
            f"SELECT r.file_no, count(*) FROM {DUPLICATES} d JOIN {READINGS} r ON r.rowid = d.row_id GROUP BY r.file_no"
        ).fetchall()
    )
    counts = []
    for rows in batch.received:
        duplicate, quarantined = repeated.get(rows.file_no, 0), rejected.get(rows.file_no, 0)
        stored = accepted.get(rows.file_no, 0) - duplicate
        if rows.received != stored + duplicate + quarantined:
            raise InputError(
                f"{rows.source_file} holds {rows.received} rows, of which {stored} are new, {duplicate} known and "
                f"{quarantined} bad",
                "counts that add up",
                "report this as a defect",
            )
        counts.append(FileCounts(rows.source_file, rows.content_hash, rows.received, stored, duplicate, quarantined))
    return tuple(counts)
