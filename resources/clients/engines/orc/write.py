"""Writing a DuckDB query as ORC files, one per partition, batch by batch, with the statistics that a commit needs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import orc
from pyarrow import types as at

from grid_assets.domain.errors import SchemaError
from grid_assets.domain.projections.sql import name_list
from resources.clients.engines.base import WrittenFile, WrittenFiles
from resources.clients.engines.duckdb_write import writing_into
from resources.clients.engines.folders import assert_not_null
from resources.clients.engines.layout import Layout
from resources.clients.engines.orc.bounds import column_statistics
from resources.clients.engines.orc.ranges import Range, text_of_value
from resources.clients.engines.orc.tail import read_tail
from resources.clients.engines.orc.types import column_numbers, orc_schema, stored_rows

BATCH_ROWS = 122_880
"""Rows that the engine hands over at a time: its own row group, so that nothing is cut up."""
STRIPE_BYTES = 4 * 1024 * 1024
"""About a million readings: readers take or leave stripes whole, and smaller ones cost nothing measurable."""
WRITER_ROWS = 8192
ROW_GROUP_ROWS = 10_000
"""ORC's own default; statistics and bloom filters are per row group."""

Key = tuple[Any, ...]


def written_orc_files(
    connection: duckdb.DuckDBPyConnection, query: str, layout: Layout, folder: Path, compression: str
) -> WrittenFiles:
    """Write a query's rows into a new folder as ORC, one file per partition, and return the files with statistics.

    Rows are streamed: no more than some batches and a stripe are in memory, and the engine's sort spills.

    Raises:
        LakeError: If the folder exists already, or writing fails (a full disk, no permission); nothing is left of it.
        SchemaError: If the rows cannot be had or kept, or a column that may not be null is null.
    """
    ordered = (*layout.partition_by, *layout.sort_by)
    sql = f"{query} ORDER BY {name_list(ordered)}" if ordered else query
    with writing_into(folder, layout):
        batches = connection.sql(sql).to_arrow_reader(BATCH_ROWS)
        files = tuple(_files(batches, layout, folder, compression))
        assert_not_null(layout, files)
    return WrittenFiles(files)


def _files(batches: pa.RecordBatchReader, layout: Layout, folder: Path, compression: str) -> Iterator[WrittenFile]:
    """Write one file after the other; rows of a partition come together."""
    schema = orc_schema(layout.columns, batches.schema)
    current: _File | None = None
    number = 0
    try:
        for key, rows in _by_partition(_rows_of(batches, layout.identifier), layout.partition_by):
            if current is None or current.key != key:
                if current is not None:
                    yield current.finished()
                current = _File(folder / f"data_{number}.orc", layout, schema, key, compression)
                number += 1
            current.write(rows)
        if current is not None:
            yield current.finished()
    finally:
        if current is not None:
            current.abandon()


def _rows_of(batches: pa.RecordBatchReader, identifier: str) -> Iterator[pa.RecordBatch]:
    """Return the engine's batches that have rows; what it says of a failure reaches this side as text alone."""
    try:
        yield from (batch for batch in batches if batch.num_rows)
    except (OSError, pa.ArrowException) as error:
        if "IO Error" in str(error) or "Out of Memory" in str(error):
            raise
        said = str(error).partition(" Detail:")[0]
        raise SchemaError(f"the rows for {identifier} cannot be written: {said}") from error


def _by_partition(batches: Iterable[pa.RecordBatch], names: tuple[str, ...]) -> Iterator[tuple[Key, pa.RecordBatch]]:
    for batch in batches:
        ends = sorted({end for name in names for end in _run_ends(batch.column(name))}) or [batch.num_rows]
        for start, end in zip([0, *ends], ends, strict=False):
            rows = batch.slice(start, end - start)
            yield tuple(rows.column(name)[0].as_py() for name in names), rows


def _run_ends(values: pa.Array) -> list[int]:
    found: list[int] = pc.run_end_encode(values).run_ends.to_pylist()
    return found


class _File:
    """One ORC file while it is written."""

    def __init__(self, path: Path, layout: Layout, schema: pa.Schema, key: Key, compression: str) -> None:
        self.key = key
        self._path = path
        self._layout = layout
        self._schema = schema
        self._rows = 0
        self._ranges: dict[str, Range] = {}
        self._writer = orc.ORCWriter(
            str(path),
            compression=compression,
            batch_size=WRITER_ROWS,
            stripe_size=STRIPE_BYTES,
            row_index_stride=ROW_GROUP_ROWS,
            bloom_filter_columns=column_numbers(schema, layout.bloom_filters) or None,
        )

    def write(self, rows: pa.RecordBatch) -> None:
        """Add rows.

        Raises:
            SchemaError: If a timestamp is outside of what ORC's readers take.
        """
        for name, values in zip(rows.schema.names, rows.columns, strict=True):
            if at.is_floating(values.type) or at.is_timestamp(values.type):
                self._ranges[name] = Range.of(values).joined(self._ranges.get(name))
        self._writer.write(pa.Table.from_batches([stored_rows(rows, self._schema, self._layout.identifier)]))
        self._rows += rows.num_rows

    def finished(self) -> WrittenFile:
        """Close the file and return what a commit needs to know of it."""
        self._writer.close()
        tail = read_tail(str(self._path))
        columns = {c.name: column_statistics(c, tail.statistics[c.number], self._rows) for c in tail.columns}
        for name, found in self._ranges.items():
            columns[name] = replace(columns[name], lower=found.lower, upper=found.upper, nans=found.nans)
        partition = {n: text_of_value(value) for n, value in zip(self._layout.partition_by, self.key, strict=True)}
        return WrittenFile(str(self._path.absolute()), self._rows, self._path.stat().st_size, partition, columns)

    def abandon(self) -> None:
        """Leave the file as it is; a finished one is not touched. A broken writer must not be closed once more."""
        self._writer.is_open = False
