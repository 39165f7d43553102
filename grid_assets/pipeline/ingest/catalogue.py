"""Reading catalogue files (`landing/sensors/*`) to the columns of `sensors`, without batch and time.

A catalogue amends: of one sensor the later file's row wins, and of one file the later row. Rows that cannot be used are
rejected with a reason, and never take an older row away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.catalogue_rows import (
    CREATE_ROWS,
    ROWS,
    insert_rows_sql,
    judged_sql,
    load_words,
    rejected_sql,
    sensors_sql,
)
from grid_assets.pipeline.ingest.dedupe import FileCounts
from grid_assets.pipeline.ingest.faults import is_fault_of_file
from grid_assets.pipeline.ingest.files import Container, LandingFile, Packing, UnreadableFile, format_of
from grid_assets.pipeline.ingest.readers.header import SENSOR_COLUMNS, read_header
from grid_assets.pipeline.ingest.readers.parquet import read_columns
from grid_assets.pipeline.ingest.readers.text import LineFields, csv_fields, jsonl_fields
from grid_assets.pipeline.ingest.relations import FILES, REJECTS_SCHEMA, file_table, load
from grid_assets.pipeline.ingest.sanitise import sanitise
from grid_assets.pipeline.ingest.scratch import scratch_folder
from grid_assets.pipeline.ingest.spool import refuse_unreadable, unpack

SENSORS = "ingest_catalogue_sensors"
JUDGED = "ingest_catalogue_judged"
SET_ASIDE = "ingest_catalogue_set_aside"
REJECTED = "ingest_catalogue_rejected"


@dataclass(frozen=True)
class CatalogueRelations:
    """What reading catalogues made.

    `sensors` has the catalogue's columns, one row per sensor; `rejected` has `quarantine`'s columns but the batch and
    its time, unreadable files included as row 0. `counts` are per file; all usable rows count as stored, also those
    that a later row of the same sensor took the place of.
    """

    sensors: str
    rejected: str
    unreadable: tuple[UnreadableFile, ...]
    counts: tuple[FileCounts, ...]


def read_catalogue(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile]) -> CatalogueRelations:
    """Read catalogue files in arrival order: CSV, JSON lines or Parquet, plain or compressed.

    Only sensor_id, sensor_type and meter_id are required. Defaults: the type's unit, 15 minutes, consumption.

    Raises:
        OSError: If the scratch folder cannot be written, for instance because the disk is full.
    """
    for view in (SENSORS, REJECTED):
        connection.execute(f"DROP VIEW IF EXISTS {view}")
    load(connection, FILES, file_table(files))
    connection.execute(CREATE_ROWS)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {SET_ASIDE} {REJECTS_SCHEMA}")
    unreadable: list[UnreadableFile] = []
    with scratch_folder(connection) as scratch:
        for number, file in enumerate(files):
            try:
                _read_file(connection, number, file, scratch)
            except UnreadableFileError as error:
                bad = UnreadableFile.of(file, Reason(error.reason), str(error))
                unreadable.append(bad)
                connection.execute(
                    f"INSERT INTO {SET_ASIDE} VALUES (?, 0, ?, ?, NULL)", [number, bad.reason, bad.detail]
                )
    load_words(connection)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {JUDGED} AS {judged_sql()}")
    connection.execute(f"CREATE TEMP VIEW {SENSORS} AS {sensors_sql(JUDGED)}")
    connection.execute(f"CREATE TEMP VIEW {REJECTED} AS {rejected_sql(JUDGED, SET_ASIDE)}")
    return CatalogueRelations(SENSORS, REJECTED, tuple(unreadable), _counts(connection, files, unreadable))


def _read_file(connection: duckdb.DuckDBPyConnection, number: int, file: LandingFile, scratch: Path) -> None:
    """Put a file's rows, as text, into the rows of the catalogue.

    Raises:
        UnreadableFileError: If the file cannot be read as a whole.
    """
    file_format = format_of(file.name)
    plain = file.path
    refuse_unreadable(plain)
    if file_format.packing is not Packing.NONE:
        plain = scratch / f"{number}.plain"
        unpack(file.path, file_format.packing, plain)
    if plain.stat().st_size == 0:
        raise UnreadableFileError(Reason.EMPTY_FILE, f"{file.name} holds nothing", "a catalogue", "deliver it again")
    if file_format.container is Container.PARQUET:
        shape, _ = read_columns(plain, file.name, SENSOR_COLUMNS)
        fields = {name: shape.field(name) for name, _ in shape.columns}
        lines = LineFields(shape.relation([plain]), fields, "CAST(NULL AS VARCHAR)", shape.raw)
        _insert(connection, insert_rows_sql(number, lines, "src_row", 0), file.name, Reason.NOT_PARQUET)
        return
    try:
        connection.execute(_text_rows_sql(number, file.name, file_format.container, plain, is_marked=False))
    except duckdb.Error as error:
        if not is_fault_of_file(error):
            raise
        marked = scratch / f"{number}.marked"
        sanitise(plain, marked)
        sql = _text_rows_sql(number, file.name, file_format.container, marked, is_marked=True)
        _insert(connection, sql, file.name, Reason.UNREADABLE)


def _text_rows_sql(number: int, name: str, container: Container, plain: Path, *, is_marked: bool) -> str:
    if container is Container.CSV:
        header = read_header(plain, name, SENSOR_COLUMNS)
        lines = csv_fields([plain], header, is_marked=is_marked)
        return insert_rows_sql(number, lines, "row_number() OVER ()", header.line_number)
    if container is Container.JSONL:
        lines = jsonl_fields([plain], SENSOR_COLUMNS.known, is_marked=is_marked)
        return insert_rows_sql(number, lines, "row_number() OVER ()", 0)
    raise UnreadableFileError(
        Reason.UNKNOWN_FORMAT, f"{name} is a catalogue in XML", "CSV, JSON lines or Parquet", "convert it"
    )


def _insert(connection: duckdb.DuckDBPyConnection, sql: str, name: str, reason: Reason) -> None:
    try:
        connection.execute(sql)
    except duckdb.Error as error:
        if not is_fault_of_file(error):
            raise
        raise UnreadableFileError(reason, f"{name}: {str(error)[:300]}", action="deliver it again") from error


def _counts(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], unreadable: Sequence[UnreadableFile]
) -> tuple[FileCounts, ...]:
    received = dict(connection.execute(f"SELECT file_no, count(*) FROM {ROWS} GROUP BY file_no").fetchall())
    bad = dict(
        connection.execute(f"SELECT file_no, count(*) FROM {JUDGED} WHERE reason IS NOT NULL GROUP BY 1").fetchall()
    )
    hashes = {file.content_hash for file in unreadable}
    counts = []
    for number, file in enumerate(files):
        rows, rejected = received.get(number, 0), bad.get(number, 0)
        if file.content_hash in hashes:
            rows, rejected = 1, 1
        counts.append(FileCounts(file.name, file.content_hash, rows, rows - rejected, 0, rejected))
    return tuple(counts)
