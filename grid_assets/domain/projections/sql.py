"""The registry as SQL: type names, quoted identifiers and literals in the engines' common dialect (DuckDB's)."""

from collections.abc import Iterable
from datetime import date, datetime

from grid_assets.domain.columns import ColumnType, TableSpec

SQL_TYPES: dict[ColumnType, str] = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.INT32: "INTEGER",
    ColumnType.INT64: "BIGINT",
    ColumnType.DOUBLE: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP_UTC: "TIMESTAMP WITH TIME ZONE",
}


def quote(name: str) -> str:
    """Return an identifier in double quotes, inner quotes doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float | date | datetime | None) -> str:
    """Return a value as an SQL literal; instants need an offset.

    Raises:
        ValueError: If an instant has no offset.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no offset; instants are written with one")
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + value.replace("'", "''") + "'"


def name_list(names: Iterable[str]) -> str:
    """Return quoted identifiers joined by commas."""
    return ", ".join(quote(name) for name in names)


def cast_list(table: TableSpec, names: Iterable[str] | None = None) -> str:
    """Return a select list that casts each named column to its registry type, under its own name."""
    wanted = table.column_names if names is None else tuple(names)
    return ", ".join(f"CAST({quote(n)} AS {SQL_TYPES[table.column_index[n].type]}) AS {quote(n)}" for n in wanted)
