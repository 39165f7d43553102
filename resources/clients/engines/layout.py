"""How a table's files are laid out: columns by field id, partitioning, order and compression, for any engine.

A layout comes from the registry for the pipeline's tables, and from an Iceberg schema for datasets of users.
"""

from dataclasses import dataclass

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.projections.sql import SQL_TYPES

PARQUET = "parquet"
ORC = "orc"
FORMATS = (PARQUET, ORC)
"""Formats of data files; their names end with it."""


@dataclass(frozen=True)
class StoredColumn:
    """A column as files keep it: found by its field id, whatever it was called when a file was written.

    `sql_type` is in DuckDB's dialect; `children` are the parts of a nested type (fields of a struct, `element` of a
    list, `key` and `value` of a map).
    """

    name: str
    field_id: int
    sql_type: str
    is_nullable: bool = True
    children: tuple["StoredColumn", ...] = ()


@dataclass(frozen=True)
class Layout:
    """What a writer and a reader of a table's files need to know; no compression means the engine's own.

    `bloom_filters` are the columns that get one in each file, where the format has them.
    """

    identifier: str
    columns: tuple[StoredColumn, ...]
    partition_by: tuple[str, ...] = ()
    sort_by: tuple[str, ...] = ()
    compression: str | None = None
    file_format: str = PARQUET
    bloom_filters: tuple[str, ...] = ()


def layout_of(table: TableSpec | Layout) -> Layout:
    """Return the layout of a registry table, field ids being positions from 1; a layout is returned as it is."""
    if isinstance(table, Layout):
        return table
    columns = tuple(
        StoredColumn(column.name, number, SQL_TYPES[column.type], column.is_nullable)
        for number, column in enumerate(table.columns, start=1)
    )
    return Layout(table.identifier, columns, table.partition_by, table.sort_by)
