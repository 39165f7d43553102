"""What a recomputation changed: new rows against the current ones, by key, in SQL.

Rows that say the same keep the batch that wrote them; a run that finds nothing new therefore writes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime

from grid_assets.domain.columns import ColumnType, TableSpec
from grid_assets.domain.projections.sql import literal, quote
from resources.clients.engines.base import Session

TOLERANCE = 1e-9
"""Sums of doubles depend on the order of their parts; differences below this share of the value are not changes."""


@dataclass(frozen=True)
class Stamp:
    """The batch and knowledge time that changed rows get."""

    batch_id: int
    recorded_at_utc: datetime


def compare(session: Session, table: TableSpec, new: str, current: str, stamp: Stamp) -> str:
    """Bind `<table>_merged`: the new rows, unchanged ones with their old provenance; return its name.

    `new` has the table's columns less the provenance, `current` has all of them; both have each key once.
    """
    merged = f"{table.name}_merged"
    session.materialize(merged, _merged_sql(table, new, current, stamp))
    return merged


def changed_days(session: Session, table: TableSpec, merged: str, current: str, stamp: Stamp) -> tuple[date, ...]:
    """Return the operating days in which a row is new, differs, or is gone."""
    rows = session.fetch(
        f"SELECT DISTINCT operating_day FROM ("
        f"SELECT operating_day FROM {merged} WHERE batch_id = {stamp.batch_id} "
        f"UNION ALL {_gone_sql(table, merged, current)}) ORDER BY operating_day"
    )
    return tuple(rows.column("operating_day").to_pylist())


def has_changed(session: Session, table: TableSpec, merged: str, current: str, stamp: Stamp) -> bool:
    """Return whether any row is new, differs or is gone; for tables without operating days."""
    new = f"SELECT 1 AS found FROM {merged} WHERE batch_id = {stamp.batch_id}"
    gone = _gone_sql(table, merged, current, "1 AS found")
    return bool(session.fetch(f"SELECT found FROM ({new} UNION ALL {gone}) LIMIT 1").num_rows)


def superseded_sql(table: TableSpec, merged: str, current: str, stamp: Stamp) -> str:
    """Return a query of the current rows that changed or are gone, with who took their place and when."""
    columns = ", ".join(f"c.{quote(name)}" for name in table.column_names)
    return (
        f"SELECT {columns}, {literal(stamp.recorded_at_utc)} AS superseded_at_utc, "
        f"{stamp.batch_id} AS superseded_by_batch FROM {current} c LEFT JOIN {merged} m ON {_keys(table, 'c', 'm')} "
        f"WHERE m.batch_id IS NULL OR m.batch_id = {stamp.batch_id}"
    )


def _merged_sql(table: TableSpec, new: str, current: str, stamp: Stamp) -> str:
    content = ", ".join(f"n.{quote(name)}" for name in table.content_names)
    same = f"c.batch_id IS NOT NULL AND {_same(table)}"
    provenance = f"CASE WHEN {same} THEN c.batch_id ELSE {stamp.batch_id} END AS batch_id"
    if "recorded_at_utc" in table.column_names:
        recorded = literal(stamp.recorded_at_utc)
        provenance += f", CASE WHEN {same} THEN c.recorded_at_utc ELSE {recorded} END AS recorded_at_utc"
    return f"SELECT {content}, {provenance} FROM {new} n LEFT JOIN {current} c ON {_keys(table, 'n', 'c')}"


def _gone_sql(table: TableSpec, merged: str, current: str, columns: str = "operating_day") -> str:
    return (
        f"SELECT {columns} FROM {current} c WHERE NOT EXISTS (SELECT 1 FROM {merged} m WHERE {_keys(table, 'c', 'm')})"
    )


def _keys(table: TableSpec, left: str, right: str) -> str:
    # A row that moves to another day is gone from the one and new in the other, so that both days are written.
    names = (*table.key, "operating_day") if table.is_daily and "operating_day" not in table.key else table.key
    return " AND ".join(f"{left}.{quote(name)} = {right}.{quote(name)}" for name in names)


def _same(table: TableSpec) -> str:
    parts = []
    for name in table.content_names:
        if name in table.key:
            continue
        a, b = f"n.{quote(name)}", f"c.{quote(name)}"
        if table.column_index[name].type is ColumnType.DOUBLE:
            close = f"ABS({a} - {b}) <= {TOLERANCE} * GREATEST(1.0, ABS({a}))"
            parts.append(f"(({a} IS NULL AND {b} IS NULL) OR COALESCE({close}, FALSE))")
        else:
            parts.append(f"{a} IS NOT DISTINCT FROM {b}")
    return " AND ".join(parts) or "TRUE"
