"""What a compute engine offers the stages: a session that binds planned files to names and runs the common SQL.

SQL is written once, in DuckDB's dialect and within the subset that transpiles; engines of other dialects translate it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import pyarrow as pa

from grid_assets.domain.columns import TableSpec
from resources.clients.engines.layout import Layout


@dataclass(frozen=True)
class Scan:
    """The files of one table that a read needs, already planned and pruned.

    `predicate` is SQL over the table's columns that still has to be applied to the rows, empty for none. Engines that
    read through the catalog take the snapshot that the files were planned from; None leaves them the files alone.
    `stripes` says of ORC files which of their stripes can hold rows of the read; of others all are read.
    """

    table: TableSpec | Layout
    files: tuple[str, ...]
    predicate: str = ""
    snapshot_id: int | None = None
    stripes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def narrowed(self, condition: str) -> Self:
        """Return the scan of those of its rows for which one more SQL condition holds."""
        return replace(self, predicate=f"({self.predicate}) AND {condition}" if self.predicate else condition)


@dataclass(frozen=True)
class ColumnStatistics:
    """What the writer knows of one column of one file; bounds as text, None where unknown or not exact."""

    lower: str | None
    upper: str | None
    nulls: int
    nans: int | None
    size_bytes: int


@dataclass(frozen=True)
class WrittenFile:
    """One data file on disk, not yet committed; its format is what its name ends with.

    `partition` maps each partition column to its value as text; `columns` maps top-level columns to statistics.
    """

    path: str
    rows: int
    size_bytes: int
    partition: dict[str, str | None]
    columns: dict[str, ColumnStatistics]


@dataclass(frozen=True)
class WrittenFiles:
    """What one write produced; empty where the query had no row."""

    files: tuple[WrittenFile, ...] = field(default=())

    @property
    def rows(self) -> int:
        """Return the rows of all files."""
        return sum(file.rows for file in self.files)


class Session(Protocol):
    """One connection of an engine with its own temporary views and tables; close it or use it in `with`."""

    def scan(self, name: str, scan: Scan) -> None:
        """Bind planned files to a view of that name with the table's columns and types; no file gives an empty view."""

    def register(self, name: str, data: pa.Table) -> None:
        """Bind an Arrow table to a name."""

    def bind(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Bind Arrow data to a name without a copy; a reader can be queried once."""

    def define(self, name: str, sql: str) -> None:
        """Make a temporary view of a query, replacing one of that name."""

    def materialize(self, name: str, sql: str) -> None:
        """Run a query once and keep its rows under a temporary table's name, replacing one of that name."""

    def drop(self, *names: str) -> None:
        """Drop temporary tables or views, so that their memory is free; unknown names are passed over."""

    def fetch(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run a query, its `?` bound to the parameters, and return its rows; the result is held in memory."""

    def write(self, sql: str, table: TableSpec | Layout, folder: str, order_by: Sequence[str] = ()) -> WrittenFiles:
        """Write a query's rows as the table's data files under a new folder, one file or more per partition.

        The query gives the table's columns, in any order. The rows of a file are sorted by `order_by`, else by the
        table's own order; without either a file without partitions keeps the order of the query.
        """

    def __enter__(self) -> Self:
        """Return the session."""

    def __exit__(self, *_: object) -> None:
        """Close the session."""


class Engine(Protocol):
    """Makes sessions; holds what they share: memory limit, threads and temporary space."""

    def session(self) -> Session:
        """Return a new session with UTC as its time zone."""
