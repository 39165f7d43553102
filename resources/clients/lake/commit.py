"""One commit: files become visible, and others invisible, in exactly one snapshot or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError, ValidationException
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.expressions.visitors import ROWS_MUST_MATCH, _StrictMetricsEvaluator
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.table import Table, Transaction
from sqlalchemy.exc import SQLAlchemyError

from grid_assets.domain.errors import CommitConflictError, LakeError
from resources.clients.engines.base import WrittenFile, WrittenFiles
from resources.clients.engines.layout import ORC
from resources.clients.failpoints import reach
from resources.clients.lake.catalog import path_of
from resources.clients.lake.datafiles import data_file
from resources.clients.lake.producers import compact_append, compact_overwrite


@dataclass(frozen=True)
class Change:
    """What a commit does: add files, in the place of all that a filter covers, or beside all there is (no filter)."""

    written: WrittenFiles
    where: BooleanExpression | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


def commit(table: Table, change: Change, transaction: Transaction | None = None) -> int:
    """Commit a change, with what a transaction has staged before it, and return the id of its one snapshot.

    The filter must cover whole files: a partition column's value, or a value that a file holds alone.

    Raises:
        CommitConflictError: If another writer changed rows of the filter since the table was loaded, or the bounded
            retries of the catalog were used up.
        LakeError: If the filter covers a part of a file only, or the catalog cannot take the commit.
    """
    transaction = transaction or table.transaction()
    files = [data_file(transaction.table_metadata, file, _format(file)) for file in change.written.files]
    snapshot_id = None
    with told_apart(".".join(table.name())):
        try:
            snapshot_id = _stage(table, transaction, change, files)
            reach("commit.staged")
            transaction.commit_transaction()
        except (OSError, SQLAlchemyError):
            if snapshot_id is None or not _has_landed(table, snapshot_id):
                raise
    return snapshot_id


def _format(file: WrittenFile) -> FileFormat:
    return FileFormat.ORC if file.path.endswith(ORC) else FileFormat.PARQUET


def _stage(table: Table, transaction: Transaction, change: Change, files: list[DataFile]) -> int:
    properties = dict(change.properties)
    if change.where is None:
        append = compact_append(transaction, properties)
        for file in files:
            append.append_data_file(file)
        append.commit()
        return append.snapshot_id
    overwrite = compact_overwrite(transaction, properties)
    overwrite.delete_by_predicate(change.where)
    for file in _covered(table, change.where):
        overwrite.delete_data_file(file)
    for file in files:
        overwrite.append_data_file(file)
    overwrite.commit()
    return overwrite.snapshot_id


def _covered(table: Table, where: BooleanExpression) -> list[DataFile]:
    """Return the files that a filter covers, having made sure that none holds other rows as well."""
    if table.metadata.current_snapshot_id is None:
        return []
    files = [task.file for task in table.scan(row_filter=where).plan_files()]
    if isinstance(where, AlwaysTrue):
        return files
    covers = _StrictMetricsEvaluator(table.schema(), where).eval
    for file in files:
        if covers(file) is not ROWS_MUST_MATCH:
            raise LakeError(
                f"the filter {where} may cover only a part of {path_of(file.file_path)}",
                "a filter that covers whole files",
                "this is a defect of the caller; nothing was committed",
            )
    return files


@contextmanager
def told_apart(identifier: str) -> Iterator[None]:
    """Tell of a commit in a block that it met another writer, or that the disk or the catalog refused it.

    Raises:
        CommitConflictError: In the first case.
        LakeError: In the second.
    """
    try:
        yield
    except (CommitFailedException, ValidationException, TableAlreadyExistsError) as error:
        raise CommitConflictError(
            f"the commit to {identifier} met another writer: {error}",
            "nobody else on the same rows meanwhile",
            "run the same command again",
        ) from error
    except (OSError, SQLAlchemyError) as error:
        raise LakeError(
            f"the commit to {identifier} failed: {error}",
            "a disk with room and a catalog that can be written to",
            "mend that and run the same command again; the table is as it was",
        ) from error


def _has_landed(table: Table, snapshot_id: int) -> bool:
    """Return whether a commit that ended in an error took place all the same, as when only its answer was lost."""
    try:
        found = table.catalog.load_table(table.name())
    except NoSuchTableError:
        return False
    return found.metadata.snapshot_by_id(snapshot_id) is not None
