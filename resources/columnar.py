"""The published calls for tables of data: save a frame to the lake, read it back pruned.

Datasets are Iceberg tables under GRID_HOME, in a namespace of their own where any name is free. The pipeline's tables
can be read as `grid.<table>`, and only the pipeline writes them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, overload

import pyarrow as pa

from resources.clients.lake.conditions import Filters
from resources.clients.lake.dataset_read import DatasetReader, ReadOptions
from resources.clients.lake.dataset_save import DatasetWriter, SaveOptions
from resources.clients.lake.datasets import dataset_names
from resources.clients.lake.frames import Form, Frame, as_form, check_form
from resources.clients.platform import Platform
from resources.settings import GridSettings, load_settings
from resources.wiring import make_platform

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Compression = Literal["snappy", "gzip", "brotli", "zstd"]


def save_to_parquet(
    df: "Frame",
    name: str,
    partition_by: str | Sequence[str] | None = None,
    compression: Compression = "zstd",
    mode: Literal["overwrite", "append"] = "overwrite",
    *,
    settings: GridSettings | None = None,
) -> int:
    """Save a frame as a dataset in one atomic commit and return the id of its snapshot, which `as_of` takes.

    Readers see all of the rows or none, and earlier snapshots stay readable. Several processes may save the same
    dataset at once: appends all count, of overwrites the last one stands.

    Args:
        df: A pandas or Polars frame, an Arrow table or an Arrow record batch reader (streamed). A pandas index other
            than plain row numbers becomes columns. NaN of pandas means null; NaN of Polars and Arrow stays NaN.
        name: The dataset: letters, digits, underscores and hyphens.
        partition_by: Column or columns whose values part the files, so that filters on them read only their files. A
            null is a value like others. Without it an append goes on as the dataset is.
        compression: Of the Parquet files: snappy, gzip, brotli or zstd.
        mode: `overwrite` puts the frame, its columns and its partitioning in the dataset's place; `append` adds rows,
            and columns that are new.
        settings: Where the lake is; by default the environment says so.

    Raises:
        InputError: If an argument cannot be used.
        SchemaError: If the frame's columns cannot be kept, or do not fit the dataset.
        LakeError: If the disk or the catalog cannot take it; the dataset is then as it was.
    """
    parts = (partition_by,) if isinstance(partition_by, str) else partition_by
    options = SaveOptions(None if parts is None else tuple(parts), compression, mode)
    with _platform(settings) as platform:
        writer = DatasetWriter(platform.lake, platform.engine, platform.limits.snapshots_kept)
        return writer.save(df, name, options)


@overload
def read_from_parquet(
    name: str,
    filters: Filters | None = ...,
    columns: Sequence[str] | None = ...,
    as_of: int | datetime | None = ...,
    as_: Literal["pandas"] = ...,
    *,
    settings: GridSettings | None = ...,
) -> "pd.DataFrame": ...
@overload
def read_from_parquet(
    name: str,
    filters: Filters | None = ...,
    columns: Sequence[str] | None = ...,
    as_of: int | datetime | None = ...,
    *,
    as_: Literal["polars"],
    settings: GridSettings | None = ...,
) -> "pl.DataFrame": ...
@overload
def read_from_parquet(
    name: str,
    filters: Filters | None = ...,
    columns: Sequence[str] | None = ...,
    as_of: int | datetime | None = ...,
    *,
    as_: Literal["arrow"],
    settings: GridSettings | None = ...,
) -> pa.Table: ...
def read_from_parquet(
    name: str,
    filters: Filters | None = None,
    columns: Sequence[str] | None = None,
    as_of: int | datetime | None = None,
    as_: Form = "pandas",
    *,
    settings: GridSettings | None = None,
) -> Any:
    """Return rows of a dataset; files, row groups and columns that cannot matter are not read.

    Args:
        name: The dataset, or a table of the pipeline as `grid.<table>`.
        filters: Terms `(column, operator, value)` that all must hold, or a list of such lists of which one must. The
            operators are == != < <= > >= in, not in and is_null (value True or False). Nulls match is_null alone;
            NaN matches != and not in alone.
        columns: The columns to return, in this order; all by default.
        as_of: The id of a snapshot, or an instant with an offset: the dataset as it was then.
        as_: The form to return: pandas, polars or arrow.
        settings: Where the lake is; by default the environment says so.

    Raises:
        InputError: If the dataset, a column or the snapshot does not exist, or a filter cannot be used.
    """
    check_form(as_)
    with _platform(settings) as platform:
        table = DatasetReader(platform.lake, platform.engine).read(name, ReadOptions(filters, columns, as_of))
    return as_form(table, as_)


def list_datasets(*, settings: GridSettings | None = None) -> tuple[str, ...]:
    """Return the names of all saved datasets, sorted."""
    with _platform(settings) as platform:
        return dataset_names(platform.lake.catalog)


@contextmanager
def _platform(settings: GridSettings | None) -> Iterator[Platform]:
    # Opened for each call: a home may be removed, restored or another one by the next.
    platform = make_platform(settings or load_settings())
    try:
        yield platform
    finally:
        platform.lake.close()
