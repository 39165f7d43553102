"""Writing a frame's rows as the files of a commit, and once more where the schema has changed before it was made."""

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from grid_assets.domain.projections.sql import quote
from resources.clients.engines.base import Scan, Session, WrittenFiles
from resources.clients.engines.layout import ORC, Layout
from resources.clients.engines.orc.write import BATCH_ROWS, write_orc_batches

MOST_RUNS = 10_000
"""A frame in which partitions take turns more often than that is sorted."""


@dataclass(frozen=True)
class Written:
    """Files on disk, the layout that they have, and the folder that they are alone in."""

    layout: Layout
    files: WrittenFiles
    folder: Path


class FrameFiles:
    """A frame that can be written under a folder: from itself once, then from the first files.

    A stream gives its rows once, so what was written is the source of a second writing.
    """

    def __init__(self, session: Session, data: pa.Table | pa.RecordBatchReader, folder: Path) -> None:
        self.written: Written | None = None
        self._session = session
        self._data = data
        self._folder = folder

    def in_layout(self, layout: Layout) -> WrittenFiles:
        """Return the frame's rows as files of a layout; columns that the frame lacks are null.

        Raises:
            SchemaError: If a value cannot be kept.
            LakeError: If the disk does not take the files.
        """
        before = self.written
        if before is not None and before.layout == layout:
            return before.files
        folder = self._folder / uuid.uuid4().hex
        if before is None and layout.file_format == ORC and self._comes_by_partition(layout):
            files = self._straight(layout, folder)
        else:
            files = self._through_engine(layout, folder)
        if before is not None:
            shutil.rmtree(before.folder, ignore_errors=True)
        self.written = Written(layout, files, folder)
        return files

    def _through_engine(self, layout: Layout, folder: Path) -> WrittenFiles:
        source, there = "frame", set(self._data.schema.names)
        if self.written is None:
            self._session.bind(source, self._data)
        else:
            source, there = "written_before", {column.name for column in self.written.layout.columns}
            scan = Scan(self.written.layout, tuple(file.path for file in self.written.files.files))
            self._session.scan(source, scan)
        selected = ", ".join(
            quote(column.name) if column.name in there else f"CAST(NULL AS {column.sql_type}) AS {quote(column.name)}"
            for column in layout.columns
        )
        return self._session.write(f"SELECT {selected} FROM {source}", layout, str(folder))

    def _straight(self, layout: Layout, folder: Path) -> WrittenFiles:
        """Write rows as they come, which need no engine to be put in order."""
        self._session.scan("nothing", Scan(layout, ()))
        schema = self._session.fetch("SELECT * FROM nothing").schema
        return write_orc_batches((_typed(b, schema) for b in _batches(self._data)), schema, layout, folder)

    def _comes_by_partition(self, layout: Layout) -> bool:
        if not layout.partition_by or not isinstance(self._data, pa.Table):
            return not layout.partition_by
        return comes_by_partition(self._data.select(list(layout.partition_by)))


def comes_by_partition(keys: pa.Table) -> bool:
    """Return whether rows of the same values in all columns stand together, so that each partition is one run."""
    ends = sorted({end for column in keys.columns for end in _run_ends(column)})
    if len(ends) > MOST_RUNS:
        return False
    starts = pa.array([0, *ends[:-1]] if ends else [], pa.int64())
    runs = [key for key, _ in groupby(tuple(row.values()) for row in keys.take(starts).to_pylist())]
    return len(set(runs)) == len(runs)


def _run_ends(column: pa.ChunkedArray) -> Iterator[int]:
    start = 0
    for chunk in column.chunks:
        for end in pc.run_end_encode(chunk).run_ends.to_pylist():
            yield start + end
        start += len(chunk)


def _batches(data: pa.Table | pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    for batch in data.to_batches(max_chunksize=BATCH_ROWS) if isinstance(data, pa.Table) else data:
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)


def _typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    there = set(batch.schema.names)
    columns = [
        batch.column(f.name).cast(f.type) if f.name in there else pa.nulls(batch.num_rows, f.type) for f in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
