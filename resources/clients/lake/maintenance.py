"""Rewriting a table's small files into larger ones, in one snapshot that holds the same rows.

A rewrite names exactly the files that it takes the place of: what others add meanwhile stays, and where one of its
files has gone, it is refused. Which files nobody names any more is told in `garbage`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.table import FileScanTask, Table
from pyiceberg.types import LongType

from grid_assets.domain.errors import CommitConflictError, LakeError
from resources.clients.engines.base import WrittenFiles
from resources.clients.engines.layout import ORC
from resources.clients.lake.catalog import path_of
from resources.clients.lake.commit import told_apart
from resources.clients.lake.datafiles import data_file
from resources.clients.lake.plans import EPOCH
from resources.clients.lake.producers import compact_overwrite


@dataclass(frozen=True)
class LiveFile:
    """A data file of the current snapshot; `partition` holds the values of its partition columns as Iceberg keeps them.

    `newest` is the greatest value of the column that was asked for, None where that is not known; `day` is the
    operating day, None in tables that are not kept by it.
    """

    path: str
    rows: int
    size_bytes: int
    partition: tuple[object, ...]
    day: date | None
    newest: int | None


def live_files(table: Table, column: str) -> tuple[LiveFile, ...]:
    """Return the current files of a table that can be rewritten, by path, with the greatest value of a whole number.

    Files of an older partitioning, and those that delete files take rows from, are left out.
    """
    if table.metadata.current_snapshot_id is None:
        return ()
    field_id = table.schema().find_field(column).field_id
    names = [field.name for field in table.spec().fields]
    tasks = [t for t in table.scan().plan_files() if t.file.spec_id == table.spec().spec_id and not t.delete_files]
    return tuple(sorted((_live(task, field_id, names) for task in tasks), key=lambda file: file.path))


def _live(task: FileScanTask, field_id: int, names: list[str]) -> LiveFile:
    file = task.file
    values = tuple(file.partition[n] for n in range(len(names)))
    days = values[names.index("operating_day")] if "operating_day" in names else None
    upper = (file.upper_bounds or {}).get(field_id)
    return LiveFile(
        path=path_of(file.file_path),
        rows=file.record_count,
        size_bytes=file.file_size_in_bytes,
        partition=values,
        day=EPOCH + timedelta(days=days) if isinstance(days, int) else None,
        newest=None if upper is None else int(from_bytes(LongType(), upper)),
    )


def rewrite(table: Table, sources: Collection[str], written: WrittenFiles, properties: Mapping[str, str]) -> int:
    """Put written files in the place of exactly the named ones, in one snapshot, and return its id.

    Raises:
        CommitConflictError: If one of the named files is no longer there, or another writer was faster.
        LakeError: If the written files hold another number of rows, or the catalog cannot take the commit.
    """
    identifier = ".".join(table.name())
    with told_apart(identifier):
        replaced = _of_paths(table, frozenset(sources))
        if (found := written.rows) != (expected := sum(file.record_count for file in replaced)):
            raise LakeError(
                f"the rewritten files of {identifier} hold {found} rows",
                f"the {expected} rows of the files that they take the place of",
                "this is a defect; nothing was committed",
            )
        transaction = table.transaction()
        overwrite = compact_overwrite(transaction, dict(properties))
        for file in replaced:
            overwrite.delete_data_file(file)
        for new in written.files:
            kind = FileFormat.ORC if new.path.endswith(ORC) else FileFormat.PARQUET
            overwrite.append_data_file(data_file(transaction.table_metadata, new, kind))
        overwrite.commit()
        transaction.commit_transaction()
    return overwrite.snapshot_id


def _of_paths(table: Table, paths: frozenset[str]) -> list[DataFile]:
    files = [task.file for task in table.scan().plan_files() if path_of(task.file.file_path) in paths]
    if len(files) != len(paths):
        raise CommitConflictError(
            f"{len(paths) - len(files)} files of {'.'.join(table.name())} have gone since they were planned",
            "nobody else on the same rows meanwhile",
            "run the same command again",
        )
    return files
