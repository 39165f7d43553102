"""The first rows of a table as markdown, short enough to be read in the UI."""

from collections.abc import Sequence
from datetime import date, datetime

from grid_assets.domain.columns import ColumnType, TableSpec
from grid_assets.domain.projections.sql import name_list, quote
from resources.clients.engines.base import Session
from resources.clients.platform import Platform

ROWS = 6
MOST_CHARACTERS = 950
"""Longer markdown is shown only behind a link in the UI."""
LONGEST_CELL = 40


def preview(platform: Platform, table: TableSpec, day: date | None) -> str:
    """Return the first rows of a table, of one operating day where it is kept by day; a sentence where it has none."""
    days = [day] if day is not None and table.is_daily else None
    with platform.engine.session() as session:
        session.scan("preview", platform.lake.scan(table, days))
        return _markdown(session, table)


def _markdown(session: Session, table: TableSpec) -> str:
    rows = session.fetch(f"SELECT * FROM preview ORDER BY {_order(table)} LIMIT {ROWS}").to_pylist()
    if not rows:
        return "_No rows._"
    cells = [[row[name] for name in table.column_names] for row in rows]
    whole = [markdown_table(table.column_names, cells[:n]) for n in range(1, len(cells) + 1)]
    short = [text for text in whole if len(text) <= MOST_CHARACTERS]
    return (short or whole[:1])[-1]


def _order(table: TableSpec) -> str:
    """Return the table's own order, rows with a value before rows without: a head of nulls shows nothing."""
    order = name_list(table.sort_by or table.key)
    values = [c.name for c in table.columns if c.type is ColumnType.DOUBLE and c.is_nullable]
    return f"CASE WHEN {quote(values[0])} IS NULL THEN 1 ELSE 0 END, {order}" if values else order


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a markdown table; text that would break it is escaped and long text cut."""
    lines = [header, ["---"] * len(header), *([cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object) -> str:
    """Return one value for a markdown cell: numbers short, instants to the minute, no value as nothing."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    text = str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
