"""The registry as Markdown: the reference of every table and column, so that it is never behind the code."""

from grid_assets.domain.columns import Column, TableSpec
from grid_assets.domain.tables import TABLES

HEAD = """# Tables

Generated from the registry in `grid_assets/domain/tables.py`. The pipeline's tables live in the namespace `grid`; only
the pipeline writes them, each at the stage that its heading names.

Conventions: names carry units (`energy_kwh`, `peak_kw`), instants end in `_utc` and are starts of intervals, an
operating day is a civil day of the grid's time zone. `varies` means that the column `unit` says it, or the sensor's
catalogue row; `1` is a share.
"""


def tables_markdown(tables: tuple[TableSpec, ...] = TABLES) -> str:
    """Return the reference of tables as Markdown text that ends with a line feed: an overview, then every column."""
    parts = [HEAD, _overview(tables), *(_table(table) for table in tables)]
    return "\n".join(parts)


def _overview(tables: tuple[TableSpec, ...]) -> str:
    rows = "".join(f"| [{t.name}](#{t.name}) | {t.group} | {', '.join(t.key)} | {t.description} |\n" for t in tables)
    return f"## Overview\n\n| table | stage | key | holds |\n|---|---|---|---|\n{rows}"


def _table(table: TableSpec) -> str:
    partition = ", ".join(table.partition_by) or "not partitioned"
    lines = "".join(_line(number, column, table) for number, column in enumerate(table.columns, start=1))
    return (
        f"## {table.name}\n\n{table.description}\n\n"
        f"Stage: {table.group}. Partitioned by: {partition}. Sorted by: {', '.join(table.sort_by)}.\n\n"
        f"| field | column | type | unit | null | meaning |\n|---|---|---|---|---|---|\n{lines}"
    )


def _line(number: int, column: Column, table: TableSpec) -> str:
    key = " (key)" if column.name in table.key else ""
    null = "yes" if column.is_nullable else ""
    return f"| {number} | `{column.name}`{key} | {column.type} | {column.unit} | {null} | {column.description} |\n"
