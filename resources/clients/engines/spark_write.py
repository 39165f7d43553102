"""Writing a Spark query as data files of a batch: one set per partition, sorted, with field ids and statistics.

Spark writes into folders named by partition; the files are then numbered in the batch's own folder, as every engine
leaves them, so that no value is ever part of a path. Nothing is committed here.
"""

import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from grid_assets.domain.errors import LakeError, SchemaError
from grid_assets.domain.projections.spark import spark_type
from resources.clients.engines.base import ColumnStatistics, WrittenFile, WrittenFiles
from resources.clients.engines.folders import assert_not_null, new_folder
from resources.clients.engines.layout import Layout, StoredColumn
from resources.clients.engines.spark_errors import told

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

FIELD_ID = "parquet.field.id"
_PART = "_part_"
_STAGING = "_spark"


def written_files(frame: "DataFrame", layout: Layout, folder: Path, compression: str) -> WrittenFiles:
    """Write a frame into a new folder as Parquet and return the files with their statistics.

    Raises:
        LakeError: If the folder exists already, or writing fails (a full disk, no permission); nothing is left of it.
        SchemaError: If a column that may not be null is null, or the layout has nested columns, whose parts Spark
            gives no ids.
    """
    if nested := [column.name for column in layout.columns if column.children]:
        raise SchemaError(f"the nested columns {nested} of {layout.identifier}", "flat ones", "write it with DuckDB")
    new_folder(folder, layout)
    try:
        _write(frame, layout, folder / _STAGING, compression)
        files = tuple(written for path in _numbered(folder) if (written := _written(path, layout)).rows)
        assert_not_null(layout, files)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return WrittenFiles(files)


def _write(frame: "DataFrame", layout: Layout, folder: Path, compression: str) -> None:
    from pyspark.sql import functions  # noqa: PLC0415 - an extra, imported by those who chose it

    parts = [f"{_PART}{number}" for number, _ in enumerate(layout.partition_by)]
    typed = frame.select(*(_typed(functions.col(_quoted(column.name)), column) for column in layout.columns))
    for part, name in zip(parts, layout.partition_by, strict=True):
        # Spark leaves the columns that it partitions by out of the files, so it is given copies; a letter before the
        # text keeps null and the empty text apart.
        text = functions.concat(functions.lit("v"), functions.col(_quoted(name)).cast("string"))
        typed = typed.withColumn(part, functions.coalesce(text, functions.lit("n")))
    shuffled = typed.repartition(*parts) if parts else typed.repartition(1)
    order = [*parts, *(_quoted(name) for name in layout.sort_by)]
    ordered = shuffled.sortWithinPartitions(*order) if order else shuffled
    with told():
        ordered.write.options(**_options(compression)).partitionBy(*parts).parquet(str(folder))


def _options(compression: str) -> dict[str, str]:
    return {"compression": compression, "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false"}


def _typed(column: "Column", stored: StoredColumn) -> "Column":
    return column.cast(spark_type(stored.sql_type)).alias(stored.name, metadata={FIELD_ID: stored.field_id})


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _numbered(folder: Path) -> Iterator[Path]:
    """Move the files that Spark wrote up into the folder under plain names, and drop what it left beside them."""
    staging = folder / _STAGING
    try:
        for number, path in enumerate(sorted(staging.rglob("*.parquet"))):
            yield path.rename(folder / f"data_{number}.parquet")
        shutil.rmtree(staging)
    except OSError as error:
        raise LakeError(f"the files under {staging} cannot be put in place: {error}", "a folder to write to") from error


def _written(path: Path, layout: Layout) -> WrittenFile:
    footer = pq.read_metadata(path)
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    columns = {
        column.name: _statistics([group.column(number) for group in groups])
        for number, column in enumerate(layout.columns)
    }
    return WrittenFile(
        path=str(path.absolute()),
        rows=footer.num_rows,
        size_bytes=path.stat().st_size,
        partition={name: columns[name].lower for name in layout.partition_by},
        columns=columns,
    )


def _statistics(chunks: list[Any]) -> ColumnStatistics:
    found = [chunk.statistics for chunk in chunks]
    # A chunk of nulls only has no bounds and takes none away; one that counted none of its nulls says nothing.
    bounded = [s for s in found if s.has_min_max]
    is_known = all(s.has_min_max or s.null_count == s.num_values + s.null_count for s in found)
    return ColumnStatistics(
        lower=_text(min(s.min for s in bounded)) if bounded and is_known else None,
        upper=_text(max(s.max for s in bounded)) if bounded and is_known else None,
        nulls=sum(s.null_count for s in found),
        nans=None,
        size_bytes=sum(chunk.total_compressed_size for chunk in chunks),
    )


def _text(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)
