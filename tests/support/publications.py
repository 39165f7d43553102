"""Small publications made by hand: rows by their decisive columns, everything else filled in."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

import pyarrow as pa

from grid_assets.domain.columns import Column, ColumnType, TableSpec
from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.domain.tables import METER_READINGS, METER_READINGS_HISTORY, QUARANTINE, SENSOR_DATA
from grid_assets.pipeline.plan import TableCommit
from resources.clients.database.batches import Batch
from resources.clients.engines.base import WrittenFiles
from resources.clients.platform import Platform

DAY, NEXT_DAY = date(2016, 3, 24), date(2016, 3, 25)
_FILLERS: dict[ColumnType, object] = {
    ColumnType.STRING: "x",
    ColumnType.INT32: 60,
    ColumnType.INT64: 1,
    ColumnType.DOUBLE: 1.5,
    ColumnType.BOOLEAN: False,
    ColumnType.DATE: DAY,
    ColumnType.TIMESTAMP_UTC: datetime(2016, 3, 24, 12, tzinfo=UTC),
}


def filled(table: TableSpec, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return rows of a table; columns that a row does not name are null, or something of their type."""
    complete = [{c.name: row.get(c.name, _filler(c)) for c in table.columns} for row in rows]
    return pa.Table.from_pylist(complete, schema=arrow_schema(table))


def _filler(column: Column) -> object:
    return None if column.is_nullable else _FILLERS[column.type]


def write(platform: Platform, batch: Batch, table: TableSpec, rows: Sequence[Mapping[str, object]]) -> WrittenFiles:
    """Write rows of a batch as a table's data files, not yet committed."""
    stamped = [{"batch_id": batch.batch_id, "recorded_at_utc": batch.recorded_at_utc, **row} for row in rows]
    with platform.engine.session() as session:
        session.register("given", filled(table, stamped))
        return session.write("SELECT * FROM given", table, platform.lake.folder(table, batch.batch_id))


def a_reading(day: date = DAY, sensor_id: str = "a", **columns: object) -> dict[str, object]:
    """Return the decisive columns of a reading at noon of a day."""
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    return {
        "sensor_id": sensor_id,
        "sensor_type": "energy",
        "interval_start_utc": noon,
        "operating_day": day,
        **columns,
    }


def received(platform: Platform, batch: Batch, days: Sequence[date] = (DAY,)) -> tuple[TableCommit, ...]:
    """Return what an ingest batch commits: a quarantine row, and one reading a day."""
    name = f"file-of-{batch.batch_id}"
    lost = write(platform, batch, QUARANTINE, [{"source_file": name, "reason": "bad_value"}])
    kept = write(platform, batch, SENSOR_DATA, [a_reading(day, source_file=name) for day in days])
    return (
        TableCommit(QUARANTINE, lost, is_append=True, principal=SENSOR_DATA.name, undo_column="batch_id"),
        TableCommit(SENSOR_DATA, kept, tuple(days), is_append=True),
    )


def verified(platform: Platform, batch: Batch, value: float, days: Sequence[date] = (DAY,)) -> tuple[TableCommit, ...]:
    """Return what a verification batch commits: a history row and a verified row a day."""
    old = [a_reading(day, superseded_by_batch=batch.batch_id) for day in days]
    history = write(platform, batch, METER_READINGS_HISTORY, old)
    new = write(platform, batch, METER_READINGS, [a_reading(day, value=value) for day in days])
    companion = {"is_append": True, "principal": METER_READINGS.name, "undo_column": "superseded_by_batch"}
    return (
        TableCommit(METER_READINGS_HISTORY, history, tuple(days), **companion),  # type: ignore[arg-type]
        TableCommit(METER_READINGS, new, tuple(days)),
    )


def rows(platform: Platform, table: TableSpec, *names: str) -> list[tuple[object, ...]]:
    """Return some columns of a table's rows, sorted."""
    with platform.engine.session() as session:
        session.scan("looked_at", platform.lake.scan(table))
        found = session.fetch(f"SELECT {', '.join(names)} FROM looked_at").to_pylist()
    return sorted((tuple(row[name] for name in names) for row in found), key=repr)
