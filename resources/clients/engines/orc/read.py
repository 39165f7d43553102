"""Reading ORC files for an engine: the stripes of a plan as one Arrow stream, columns found by Iceberg's field id.

A stream can be had again and again, and reads nothing before its first rows are asked for.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from pyarrow import orc

from grid_assets.domain.errors import GridError, LakeError, MissingDataFileError
from resources.clients.engines.base import Scan
from resources.clients.engines.layout import Layout, layout_of
from resources.clients.engines.orc.fit import field_id, fitted
from resources.clients.engines.orc.tail import read_tail

AHEAD = 2
"""Stripes that are read before they are asked for, so that decoding goes on while the engine works."""


@dataclass(frozen=True)
class _Stripe:
    path: str
    number: int


class OrcStream:
    """The rows of a scan's ORC files, file by file and stripe by stripe, in the types of a schema."""

    def __init__(self, scan: Scan, schema: pa.Schema) -> None:
        self._error: GridError | None = None
        self._scan = scan
        self._layout = layout_of(scan.table)
        self._schema = schema

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return a new stream of the rows, as engines ask for it."""
        reader = pa.RecordBatchReader.from_batches(self._schema, self._kept(self._batches()))
        return reader.__arrow_c_stream__(requested_schema)

    def taken_error(self) -> GridError | None:
        """Return the error that ended the last reading, None without one, and forget it."""
        error, self._error = self._error, None
        return error

    def _kept(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Keep an error of this project: the engine would tell of its text alone."""
        try:
            yield from batches
        except GridError as error:
            self._error = error
            raise

    def _batches(self) -> Iterator[pa.RecordBatch]:
        read = partial(read_stripe, self._layout, self._schema)
        waiting: deque[Future[pa.RecordBatch]] = deque()
        with ThreadPoolExecutor(AHEAD) as pool:
            try:
                for stripe in self._stripes():
                    waiting.append(pool.submit(read, stripe.path, stripe.number))
                    if len(waiting) > AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _stripes(self) -> Iterator[_Stripe]:
        for path in self._scan.files:
            chosen: Iterable[int] | None = self._scan.stripes.get(path)
            for number in range(len(read_tail(path).stripes)) if chosen is None else chosen:
                yield _Stripe(path, number)


def read_stripe(layout: Layout, schema: pa.Schema, path: str, number: int) -> pa.RecordBatch:
    """Return the rows of one stripe in the columns of a layout and the types of a schema.

    Raises:
        MissingDataFileError: If the file is gone.
        LakeError: If the file cannot be read, or has no field ids.
    """
    try:
        file = orc.ORCFile(path)
        there = {field_id(field, path): field for field in file.schema}
        wanted = [there[column.field_id] for column in layout.columns if column.field_id in there]
        if not wanted:
            return _of_nulls(schema, read_tail(path).stripes[number].rows)
        rows = file.read_stripe(number, columns=_selected(file.schema, [field.name for field in wanted]))
    except FileNotFoundError as error:
        raise MissingDataFileError(
            f"a planned data file is gone: {path}", "the files of the planned snapshot", "read again"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise LakeError(
            f"the data file {path} cannot be read: {error}", "a whole ORC file", "restore it from a backup"
        ) from error
    columns = [
        fitted(rows.column(there[column.field_id].name), there[column.field_id], column, target.type)
        if column.field_id in there
        else pa.nulls(rows.num_rows, target.type)
        for column, target in zip(layout.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _of_nulls(schema: pa.Schema, rows: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(rows, field.type) for field in schema], schema=schema)


def _selected(schema: pa.Schema, names: list[str]) -> list[str] | None:
    """Return the columns to ask for, None for all: a dot in a name means a part of another column to the reader."""
    return None if any("." in name for name in schema.names) else names
