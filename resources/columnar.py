"""The published calls for tables of data: save a frame to the lake, read it back pruned.

Datasets are Iceberg tables under GRID_HOME, in a namespace of their own where any name is free. The pipeline's tables
can be read as `grid.<table>`, and only the pipeline writes them. The lake is opened for each call: a home may be
removed, restored or another one by the next.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, overload

import pyarrow as pa

from resources.clients.engines.layout import ORC
from resources.clients.lake.conditions import Filters
from resources.clients.lake.dataset_evolve import evolve
from resources.clients.lake.dataset_read import DatasetReader, ReadOptions
from resources.clients.lake.dataset_save import DatasetWriter, SaveOptions
from resources.clients.lake.datasets import dataset_names
from resources.clients.lake.evolution import Evolution
from resources.clients.lake.frames import Form, Frame, as_form, check_form
from resources.settings import GridSettings
from resources.wiring import open_platform

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Compression = Literal["snappy", "gzip", "brotli", "zstd"]
OrcCompression = Literal["zstd", "zlib", "snappy"]


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
    return _save(df, name, SaveOptions(_names(partition_by), compression, mode), settings)


def save_to_orc(  # noqa: PLR0913 - the published signature; what is beyond save_to_parquet's goes by keyword
    df: "Frame",
    name: str,
    partition_by: str | Sequence[str] | None = None,
    compression: OrcCompression = "zstd",
    mode: Literal["overwrite", "append"] = "overwrite",
    *,
    bloom_filters: Sequence[str] | None = None,
    settings: GridSettings | None = None,
) -> int:
    """Save a frame as a dataset of ORC files; all that `save_to_parquet` says holds for it too.

    Args:
        df: As of `save_to_parquet`; timestamps are of the years 1678 to 2261, which is what readers of ORC take.
        name: The dataset. Both formats share their names, and a dataset has one format: appending the other is refused,
            overwriting changes it.
        partition_by: As of `save_to_parquet`.
        compression: Of the ORC files: zstd, zlib or snappy.
        mode: As of `save_to_parquet`.
        bloom_filters: Columns of text, whole numbers or dates whose files say which values they surely lack; by default
            all of text but those that partition, for an append those that the dataset has.
        settings: Where the lake is; by default the environment says so.

    Raises:
        InputError: If an argument cannot be used.
        SchemaError: If the frame's columns cannot be kept, or do not fit the dataset.
        LakeError: If the disk or the catalog cannot take it; the dataset is then as it was.
    """
    options = SaveOptions(_names(partition_by), compression, mode, ORC, _names(bloom_filters))
    return _save(df, name, options, settings)


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
    """Return rows of a dataset of Parquet or ORC files; files, stripes and columns that cannot matter are skipped.

    `read_from_orc` is the same call: the name says what is read, and the dataset knows its format.

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
    with open_platform(settings) as platform:
        table = DatasetReader(platform.lake, platform.engine).read(name, ReadOptions(filters, columns, as_of))
    return as_form(table, as_)


read_from_orc = read_from_parquet
"""The same call by the other format's name: a dataset knows its format, and its older snapshots may be of the other."""


def evolve_dataset(  # noqa: PLR0913 - each kind of change is an argument of its own
    name: str,
    *,
    add: Mapping[str, pa.DataType] | None = None,
    rename: Mapping[str, str] | None = None,
    widen: Mapping[str, pa.DataType] | None = None,
    drop: Sequence[str] = (),
    reorder: Sequence[str] | None = None,
    settings: GridSettings | None = None,
) -> tuple[str, ...]:
    """Change a dataset's columns in one atomic commit that writes no row; return their names afterwards, in order.

    Files of either format stay as they are and readable, because columns are found by an id and not by name: a renamed
    column keeps its values, an added one is null in the rows there are, even where one of its name was dropped before.
    Snapshots made before keep the columns that they had. Names in the arguments are those before the call.

    Args:
        name: The dataset.
        add: New columns, by name, with their Arrow types.
        rename: New names by old ones; two columns can take each other's.
        widen: Wider types of columns: int32 to int64, float32 to float64, more digits of a decimal with the same scale.
        drop: Columns to drop; none by which the dataset is or was partitioned.
        reorder: All columns as they are to stand after the call, by the names they have then.
        settings: Where the lake is; by default the environment says so.

    Raises:
        InputError: If the dataset or a column does not exist, or nothing or contradictory things are asked for.
        SchemaError: If the dataset cannot have such columns.
        LakeError: If the catalog cannot take the commit; the dataset is then as it was.
    """
    dropped, order = _names(drop) or (), _names(reorder)
    with open_platform(settings) as platform:
        return evolve(platform.lake, name, Evolution(add or {}, rename or {}, widen or {}, dropped, order))


def list_datasets(*, settings: GridSettings | None = None) -> tuple[str, ...]:
    """Return the names of all saved datasets, sorted."""
    with open_platform(settings) as platform:
        return dataset_names(platform.lake.catalog)


def _save(frame: "Frame", name: str, options: SaveOptions, settings: GridSettings | None) -> int:
    with open_platform(settings) as platform:
        writer = DatasetWriter(platform.lake, platform.engine, platform.limits.snapshots_kept)
        return writer.save(frame, name, options)


def _names(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    return (given,) if isinstance(given, str) else None if given is None else tuple(given)
