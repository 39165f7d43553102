"""Writing a DuckDB query as data files, with the statistics that a commit needs taken from the writer itself."""

from pathlib import Path

import duckdb

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import LakeError, SchemaError
from grid_assets.domain.projections.sql import literal, name_list
from resources.clients.engines.base import ColumnStatistics, WrittenFile, WrittenFiles


def written_files(
    connection: duckdb.DuckDBPyConnection, query: str, table: TableSpec, folder: Path, compression: str
) -> WrittenFiles:
    """Copy a query into a new folder as Parquet and return the files with their statistics.

    Raises:
        LakeError: If the folder exists already, or writing fails (a full disk, no permission).
        SchemaError: If a partition value or a column that may not be null is null.
    """
    if folder.exists():
        raise LakeError(f"the folder {folder} exists already", "a new folder per batch and write")
    folder.mkdir(parents=True)
    field_ids = ", ".join(f"{name}: {number}" for number, name in enumerate(table.column_names, start=1))
    options = f"FORMAT parquet, COMPRESSION {compression}, RETURN_STATS, FIELD_IDS {{{field_ids}}}"
    target = str(folder)
    if table.partition_by:
        options += f", PARTITION_BY ({name_list(table.partition_by)}), WRITE_PARTITION_COLUMNS true"
    else:
        target = str(folder / "part-0.parquet")
    try:
        rows = connection.execute(f"COPY ({query}) TO {literal(target)} ({options})").fetchall()
    except (duckdb.IOException, duckdb.PermissionException, OSError) as error:
        raise LakeError(
            f"writing {table.identifier} under {folder} failed: {error}",
            "a disk with room that may be written to",
            "make room or mend the permissions, then run the same command again",
        ) from error
    files = tuple(_written(row) for row in rows if row[1])
    _assert_not_null(table, files)
    return WrittenFiles(files)


def _written(row: tuple[str, int, int, int, dict[str, dict[str, str]], dict[str, str] | None, object]) -> WrittenFile:
    path, count, size, _, columns, partition, _ = row
    return WrittenFile(
        path=str(Path(path).absolute()),
        rows=count,
        size_bytes=size,
        partition=dict(partition or {}),
        columns={name.strip('"'): _statistics(values) for name, values in columns.items() if "." not in name},
    )


def _statistics(values: dict[str, str]) -> ColumnStatistics:
    return ColumnStatistics(
        lower=values.get("min") if values.get("min_is_exact", "true") == "true" else None,
        upper=values.get("max") if values.get("max_is_exact", "true") == "true" else None,
        nulls=int(values.get("null_count", 0)),
        nans=int(values["nan_count"]) if "nan_count" in values else None,
        size_bytes=int(values.get("column_size_bytes", 0)),
    )


def _assert_not_null(table: TableSpec, files: tuple[WrittenFile, ...]) -> None:
    required = [c.name for c in table.columns if not c.is_nullable]
    for file in files:
        for name in required:
            if name in file.columns and file.columns[name].nulls:
                raise SchemaError(
                    f"{file.columns[name].nulls} null values of {table.identifier}.{name} in {file.path}",
                    "no null in this column",
                    "this is a defect of the stage that made the rows; nothing was committed",
                )
