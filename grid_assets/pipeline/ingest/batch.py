"""Reading a batch of landing files: the one entry of this package for readings.

Files are read in groups; a group's rows are typed in one pass, then judged, and only the compact result stays. A file
that breaks a query is found, set aside and retried alone, so that no file can hold back another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from grid_assets.domain.errors import InputError, UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.pipeline.ingest.day_tables import bind_days
from grid_assets.pipeline.ingest.faults import is_fault_of_file
from grid_assets.pipeline.ingest.files import LandingFile, UnreadableFile, format_of
from grid_assets.pipeline.ingest.groups import NumberedFile, groups_of
from grid_assets.pipeline.ingest.normalise import (
    Limits,
    judged_sql,
    readings_sql,
    received_sql,
    rejects_sql,
    safe_span_sql,
)
from grid_assets.pipeline.ingest.readers.plan import Part, parts_of
from grid_assets.pipeline.ingest.relations import (
    ACCEPTED,
    GROUP,
    REJECTED,
    REJECTS,
    TYPED,
    BatchRelations,
    FileRows,
    load,
)
from grid_assets.pipeline.ingest.scratch import scratch_folder
from grid_assets.pipeline.ingest.staging import prepare, publish
from grid_assets.pipeline.ingest.typed import SafeSpan, typed_sql


@dataclass
class _Batch:
    """What is known while a batch is read."""

    connection: duckdb.DuckDBPyConnection
    zone_name: str
    limits: Limits
    span: SafeSpan
    scratch: Path
    received: dict[int, int] = field(default_factory=dict)
    unreadable: dict[int, UnreadableFile] = field(default_factory=dict)


def read_batch(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[LandingFile],
    catalogue: pa.Table | str,
    zone_name: str,
    now_utc: datetime,
) -> BatchRelations:
    """Read landing files of readings, in arrival order, and return the relations that hold their rows.

    Args:
        connection: A DuckDB connection with UTC as its time zone; relations named `ingest_*` in it are replaced.
        files: The files in arrival order; of one key's readings, those of later files are the newer ones.
        catalogue: The sensors table, or the name of a relation in the connection with its columns; one row per sensor.
        zone_name: The grid's zone, which decides the operating day.
        now_utc: The batch's clock, with an offset; readings more than a day ahead of it are rejected.

    Raises:
        InputError: If the clock has no offset.
        ConfigurationError: If the zone is not known.
        OSError: If the scratch folder cannot be written, for instance because the disk is full.
    """
    if now_utc.tzinfo is None:
        raise InputError(
            f"the batch's clock {now_utc.isoformat()} has no offset", "an instant such as datetime.now(UTC)"
        )
    prepare(connection, files, catalogue)
    limits = Limits.at(now_utc)
    span = SafeSpan(*connection.execute(safe_span_sql(limits)).fetchall()[0])
    with scratch_folder(connection) as scratch:
        batch = _Batch(connection, zone_name, limits, span, scratch)
        for group in groups_of(_numbered(batch, files)):
            for part in parts_of(group, batch.scratch, batch.unreadable):
                _read_part(batch, part)
    _set_aside(batch)
    publish(connection)
    rows = tuple(FileRows(n, f.name, f.content_hash, batch.received.get(n, 0)) for n, f in enumerate(files))
    return BatchRelations(ACCEPTED, REJECTED, tuple(batch.unreadable[n] for n in sorted(batch.unreadable)), rows)


def _numbered(batch: _Batch, files: Sequence[LandingFile]) -> list[NumberedFile]:
    numbered: list[NumberedFile] = []
    for number, file in enumerate(files):
        try:
            numbered.append(NumberedFile(number, file, format_of(file.name)))
        except UnreadableFileError as error:
            batch.unreadable[number] = UnreadableFile.of(file, Reason(error.reason), str(error))
    return numbered


def _read_part(batch: _Batch, part: Part) -> None:
    """Read files that one query can take; where it fails, find the files that are to blame and read the others."""
    waiting = [part]
    while waiting:
        current = waiting.pop()
        try:
            source = current.source(batch.connection)
            batch.connection.execute(f"CREATE OR REPLACE TEMP TABLE {TYPED} AS {typed_sql(source, batch.span)}")
        except duckdb.Error as error:
            if not is_fault_of_file(error):
                raise
            waiting.extend(current.after_refusal(str(error), batch.scratch, batch.unreadable))
        else:
            load(batch.connection, GROUP, _group_table(batch, current))
            _judge(batch)


def _judge(batch: _Batch) -> None:
    """Move the typed rows on to readings and rejects, and count what each file holds.

    Raises:
        InputError: If rows were lost or doubled on the way, which would be a defect of this package.
    """
    has_local = bind_days(batch.connection, batch.zone_name, batch.limits)
    judged = judged_sql(batch.limits, has_local=has_local)
    received = dict(batch.connection.execute(received_sql()).fetchall())
    moved = sum(batch.connection.execute(sql).fetchall()[0][0] for sql in (readings_sql(judged), rejects_sql(judged)))
    if moved != sum(received.values()):
        raise InputError(
            f"{moved} of {sum(received.values())} rows came through", "every row once", "report this as a defect"
        )
    batch.received.update(received)
    batch.connection.execute(f"DROP TABLE {TYPED}")


def _group_table(batch: _Batch, part: Part) -> pa.Table:
    firsts = dict(
        batch.connection.execute(f"SELECT file_index, min(rowid) FROM {TYPED} GROUP BY file_index").fetchall()
    )
    indexes = range(len(part.members))
    return pa.table(
        {
            "file_index": pa.array(indexes, pa.int64()),
            "file_no": pa.array([member.file.number for member in part.members], pa.int32()),
            "first_row": pa.array([firsts.get(index, 0) for index in indexes], pa.int64()),
            "header_row": pa.array([member.header_row for member in part.members], pa.int64()),
        }
    )


def _set_aside(batch: _Batch) -> None:
    """Put each unreadable file into the rejects as its row 0."""
    for number, file in batch.unreadable.items():
        batch.connection.execute(f"INSERT INTO {REJECTS} VALUES (?, 0, ?, ?, NULL)", [number, file.reason, file.detail])
        batch.received[number] = 1
