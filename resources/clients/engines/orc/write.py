"""Writing a DuckDB query as ORC files, one per partition, batch by batch, with the statistics that a commit needs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import orc
from pyarrow import types as at

from grid_assets.domain.errors import SchemaError
from grid_assets.domain.projections.sql import name_list
from resources.clients.engines.ahead import made_ahead
from resources.clients.engines.base import WrittenFile, WrittenFiles
from resources.clients.engines.duckdb_write import writing_into
from resources.clients.engines.folders import assert_not_null
from resources.clients.engines.layout import Layout
from resources.clients.engines.orc.bounds import column_statistics
from resources.clients.engines.orc.ranges import Range, text_of_value
from resources.clients.engines.orc.sink import Sink
from resources.clients.engines.orc.tail import read_tail
from resources.clients.engines.orc.types import column_numbers, orc_schema, stored_rows

BATCH_ROWS = 122_880
"""Rows that the engine hands over at a time: its own row group, so that nothing is cut up."""
STRIPE_BYTES = 4 * 1024 * 1024
"""About a million readings: readers take or leave stripes whole, and smaller ones cost nothing measurable."""
WRITER_ROWS = 8192
DEFAULT_COMPRESSION = "zstd"
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
    layout = replace(layout, compression=compression)
    with writing_into(folder, layout):
        batches = connection.sql(sql).to_arrow_reader(BATCH_ROWS)
        return _written(_rows_of(batches, layout.identifier), batches.schema, layout, folder)


def write_orc_batches(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, layout: Layout, folder: Path
) -> WrittenFiles:
    """Write batches of a schema, in the layout's columns, as they come: a new file where another partition begins.

    Raises:
        LakeError: If the folder exists already, or writing fails (a full disk, no permission); nothing is left of it.
        SchemaError: If a value cannot be kept, or a column that may not be null is null.
    """
    with writing_into(folder, layout):
        return _written(batches, schema, layout, folder)


def _written(batches: Iterator[pa.RecordBatch], schema: pa.Schema, layout: Layout, folder: Path) -> WrittenFiles:
    files = tuple(_files(_parts(batches, layout, orc_schema(layout.columns, schema)), layout, folder))
    assert_not_null(layout, files)
    return WrittenFiles(files)


@dataclass(frozen=True)
class _Part:
    """Rows of one partition as they are to be written, and the ranges of columns whose bounds the writer misses."""

    key: Key
    rows: pa.RecordBatch
    ranges: dict[str, Range]


def _files(parts: Iterator[_Part], layout: Layout, folder: Path) -> Iterator[WrittenFile]:
    """Write one file after the other; rows of a partition come together."""
    current: _File | None = None
    number = 0
    try:
        for part in made_ahead(parts):
            if current is None or current.key != part.key:
                if current is not None:
                    yield current.finished()
                current = _File(folder / f"data_{number}.orc", layout, part)
                number += 1
            current.write(part)
        if current is not None:
            yield current.finished()
    finally:
        if current is not None:
            current.abandon()


def _parts(batches: Iterator[pa.RecordBatch], layout: Layout, schema: pa.Schema) -> Iterator[_Part]:
    for key, rows in _by_partition(batches, layout.partition_by):
        columns = zip(rows.schema.names, rows.columns, strict=True)
        ranges = {n: Range.of(v) for n, v in columns if at.is_floating(v.type) or at.is_timestamp(v.type)}
        yield _Part(key, stored_rows(rows, schema, layout.identifier), ranges)


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

    def __init__(self, path: Path, layout: Layout, first: _Part) -> None:
        self.key = first.key
        self._path = path
        self._layout = layout
        self._rows = 0
        self._ranges: dict[str, Range] = {}
        self._sink = Sink(path)
        self._writer = orc.ORCWriter(
            pa.PythonFile(self._sink, mode="w"),
            compression=layout.compression or DEFAULT_COMPRESSION,
            batch_size=WRITER_ROWS,
            stripe_size=STRIPE_BYTES,
            row_index_stride=ROW_GROUP_ROWS,
            bloom_filter_columns=column_numbers(first.rows.schema, layout.bloom_filters) or None,
        )

    def write(self, part: _Part) -> None:
        """Add rows of the file's partition."""
        for name, found in part.ranges.items():
            self._ranges[name] = found.joined(self._ranges.get(name))
        self._writer.write(pa.Table.from_batches([part.rows]))
        self._sink.check()
        self._rows += part.rows.num_rows

    def finished(self) -> WrittenFile:
        """Close the file and return what a commit needs to know of it."""
        self._writer.close()
        self._sink.finish()
        tail = read_tail(str(self._path))
        columns = {c.name: column_statistics(c, tail.statistics[c.number], self._rows) for c in tail.columns}
        for name, found in self._ranges.items():
            columns[name] = replace(columns[name], lower=found.lower, upper=found.upper, nans=found.nans)
        partition = {n: text_of_value(value) for n, value in zip(self._layout.partition_by, self.key, strict=True)}
        return WrittenFile(str(self._path.absolute()), self._rows, self._path.stat().st_size, partition, columns)

    def abandon(self) -> None:
        """Leave the file as it is; a finished one is not touched. A broken writer must not be closed once more."""
        self._writer.is_open = False
        self._sink.close()
