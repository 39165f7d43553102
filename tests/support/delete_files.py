"""Delete files as another engine leaves them after a merge-on-read DELETE, made by hand."""

import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriterV2,
)
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _FastAppendFiles
from pyiceberg.typedef import Record

PATH_ID, POSITION_ID = 2147483546, 2147483545


class _DeleteWriter(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


class _RowDelta(_FastAppendFiles):
    """An append of one delete file."""

    entry: DataFile

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        table = self._transaction._table  # noqa: SLF001 - as the producers of pyiceberg do
        output = table.io.new_output(f"{table.location()}/metadata/{uuid.uuid4()}-deletes.avro")
        with _DeleteWriter(table.spec(), table.schema(), output, self.snapshot_id, "deflate") as writer:
            writer.add(
                ManifestEntry.from_args(
                    status=ManifestEntryStatus.ADDED,
                    snapshot_id=self.snapshot_id,
                    sequence_number=None,
                    file_sequence_number=None,
                    data_file=self.entry,
                )
            )
        return [*manifests, writer.to_manifest_file()]


def delete_rows(
    table: Table, positions: list[int], content: DataFileContent = DataFileContent.POSITION_DELETES
) -> None:
    """Delete rows of the table's only file, an unpartitioned one, by a delete file of the file's own format."""
    (task,) = table.scan().plan_files()
    file_format = task.file.file_format
    path = Path(task.file.file_path.removeprefix("file://")).with_name(f"deletes.{file_format.value.lower()}")
    rows = pa.table({"file_path": [task.file.file_path] * len(positions), "pos": pa.array(positions, pa.int64())})
    if file_format is FileFormat.ORC:
        fields = zip(rows.schema, (PATH_ID, POSITION_ID), strict=True)
        ids = pa.schema([field.with_metadata({"iceberg.id": str(number)}) for field, number in fields])
        orc.write_table(rows.cast(ids), str(path))
    else:
        pq.write_table(rows, path)
    delta = _RowDelta(operation=Operation.DELETE, transaction=table.transaction(), io=table.io)
    delta.entry = DataFile.from_args(
        content=content,
        file_path=f"file://{path}",
        file_format=file_format,
        partition=Record(),
        record_count=len(positions),
        file_size_in_bytes=path.stat().st_size,
        equality_ids=[1] if content is DataFileContent.EQUALITY_DELETES else None,
        spec_id=0,
    )
    delta.commit()
    delta._transaction.commit_transaction()  # noqa: SLF001 - the same
