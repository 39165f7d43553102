"""The published tables: copies of lake tables for quick lookups, projected from the registry.

A copy has the table's own name, columns and key; `batch_id` is the version of a row. A withdrawn row stays as a
tombstone with its version, so every column but the key, the version and the mark can be null here.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, Double, Index, Integer, String, Table
from sqlalchemy.types import DateTime, TypeEngine

from grid_assets.domain.columns import ColumnType, TableSpec
from grid_assets.domain.tables import EVENTS, LOAD_DAILY, SENSOR_LATEST
from resources.clients.database.schema import METADATA

PUBLISHED: tuple[TableSpec, ...] = (SENSOR_LATEST, LOAD_DAILY, EVENTS)
"""The lake's tables that the operational database has a copy of, in the order in which they are brought up to date."""
VERSION = "batch_id"
DAY = "operating_day"
IS_WITHDRAWN = "is_withdrawn"

SQL_TYPES: dict[ColumnType, TypeEngine[Any]] = {
    ColumnType.STRING: String(),
    ColumnType.INT32: Integer(),
    ColumnType.INT64: BigInteger(),
    ColumnType.DOUBLE: Double(),
    ColumnType.BOOLEAN: Boolean(),
    ColumnType.DATE: Date(),
    ColumnType.TIMESTAMP_UTC: DateTime(),  # without an offset, in UTC
}


def _record_table(spec: TableSpec) -> Table:
    """Return the copy of a table, with an index on its operating day."""
    kept = {*spec.key, VERSION}
    columns = (
        Column(
            column.name,
            SQL_TYPES[column.type],
            primary_key=column.name in spec.key,
            nullable=column.name not in kept,
        )
        for column in sorted(spec.columns, key=lambda c: (c.name not in spec.key, spec.column_names.index(c.name)))
    )
    table = Table(spec.name, METADATA, *columns, Column(IS_WITHDRAWN, Boolean, nullable=False, default=False))
    Index(f"{spec.name}_by_day", table.c[DAY])
    return table


RECORD_TABLES: dict[str, Table] = {spec.name: _record_table(spec) for spec in PUBLISHED}
"""Each published table's copy by the table's name."""
