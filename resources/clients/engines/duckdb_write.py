"""Writing a DuckDB query as data files, with the statistics that a commit needs taken from the writer itself."""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from grid_assets.domain.errors import SchemaError
from grid_assets.domain.projections.sql import literal, name_list, quote
from resources.clients.engines.base import ColumnStatistics, WrittenFile, WrittenFiles
from resources.clients.engines.folders import assert_not_null, new_folder, refused
from resources.clients.engines.layout import Layout, StoredColumn

SINGLE_FILE = "data_0.parquet"
_TOP_LEVEL = re.compile(r'"((?:[^"]|"")*)"')
"""The writer names a column in double quotes, a part of a nested one by several such names joined by dots."""


def written_files(
    connection: duckdb.DuckDBPyConnection, query: str, layout: Layout, folder: Path, compression: str
) -> WrittenFiles:
    """Copy a query into a new folder as Parquet and return the files with their statistics.

    The rows of each file are in the layout's order. Files are numbered, so that no value of a partition is ever part
    of a path.

    Raises:
        LakeError: If the folder exists already, or writing fails (a full disk, no permission); nothing is left of it.
        SchemaError: If the rows cannot be had, or a column that may not be null is null.
    """
    with writing_into(folder, layout):
        rows = connection.execute(_copy_sql(query, layout, folder, compression)).fetchall()
        files = tuple(_written(row) for row in rows)
        assert_not_null(layout, files)
    for empty in (file for file in files if not file.rows):
        Path(empty.path).unlink()
    return WrittenFiles(tuple(file for file in files if file.rows))


@contextmanager
def writing_into(folder: Path, layout: Layout) -> Iterator[None]:
    """Make a folder for a block that writes a query's rows into it; nothing is left of it where the block fails.

    Raises:
        LakeError: If the folder exists already, or writing fails (a full disk, no permission).
        SchemaError: If the rows cannot be had.
    """
    new_folder(folder, layout)
    try:
        yield
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, duckdb.IOException | duckdb.PermissionException | OSError):
            raise refused(layout, folder, error) from error
        if isinstance(error, duckdb.InvalidInputException | duckdb.ConversionException):
            raise SchemaError(f"the rows for {layout.identifier} cannot be written: {error}") from error
        raise


def _copy_sql(query: str, layout: Layout, folder: Path, compression: str) -> str:
    ids = ", ".join(_field_id(column) for column in layout.columns)
    options = f"FORMAT parquet, COMPRESSION {compression}, RETURN_STATS, FIELD_IDS {{{ids}}}"
    if not layout.partition_by:
        ordered = f" ORDER BY {name_list(layout.sort_by)}" if layout.sort_by else ""
        return f"COPY ({query}{ordered}) TO {literal(str(folder / SINGLE_FILE))} ({options})"
    options += f", PARTITION_BY ({name_list(layout.partition_by)}), WRITE_PARTITION_COLUMNS true"
    options += ", HIVE_FILE_PATTERN false"
    if layout.sort_by:
        # Each thread would append its own run if the query itself were ordered; the option sorts per file.
        options += f", ORDER_BY ({name_list(layout.sort_by)})"
    return f"COPY ({query}) TO {literal(str(folder))} ({options})"


def _field_id(column: StoredColumn) -> str:
    if not column.children:
        return f"{quote(column.name)}: {column.field_id}"
    parts = ", ".join(_field_id(child) for child in column.children)
    return f"{quote(column.name)}: {{__duckdb_field_id: {column.field_id}, {parts}}}"


def _written(row: Sequence[object]) -> WrittenFile:
    path, count, size, _, columns, partition, *_ = row
    statistics: dict[str, dict[str, str]] = columns  # type: ignore[assignment]
    values: dict[str, str | None] = partition or {}  # type: ignore[assignment]
    return WrittenFile(
        path=str(Path(str(path)).absolute()),
        rows=int(str(count)),
        size_bytes=int(str(size)),
        partition=dict(values),
        columns={
            match[1].replace('""', '"'): _statistics(found)
            for name, found in statistics.items()
            if (match := _TOP_LEVEL.fullmatch(name)) is not None
        },
    )


def _statistics(values: dict[str, str]) -> ColumnStatistics:
    return ColumnStatistics(
        lower=values.get("min") if values.get("min_is_exact", "true") == "true" else None,
        upper=values.get("max") if values.get("max_is_exact", "true") == "true" else None,
        nulls=int(values.get("null_count", 0)),
        nans=int(values["nan_count"]) if "nan_count" in values else None,
        size_bytes=int(values.get("column_size_bytes", 0)),
    )
