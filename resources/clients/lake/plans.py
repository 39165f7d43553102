"""Plans: which data files of a snapshot can hold rows of a filter, kept per snapshot because snapshots never change."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock

from pyiceberg.expressions import BooleanExpression
from pyiceberg.expressions.visitors import _InclusiveMetricsEvaluator
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table

from grid_assets.domain.errors import LakeError
from resources.clients.lake.catalog import path_of

PLANS_KEPT = 256
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class PlannedFile:
    """A data file that a plan names; the day is None in tables that are not kept by operating day.

    `has_deletes` says that delete files of another engine take some of its rows away, which the file does not show.
    """

    path: str
    rows: int
    operating_day: date | None
    has_deletes: bool = False


class Plans:
    """The newest plans of one process; safe to share between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int, str], tuple[PlannedFile, ...]] = OrderedDict()
        self._lock = Lock()

    def files(
        self, table: Table, where: BooleanExpression, snapshot_id: int, schema: Schema | None = None
    ) -> tuple[PlannedFile, ...]:
        """Return the data files of a snapshot that can hold rows of a filter, by path.

        The filter is in the names of a schema, by default the table's newest: after a rename they may mean others.

        Raises:
            LakeError: If the plan cannot be made, as where rows are deleted by their values, not their places.
        """
        named = schema or table.schema()
        key = (str(table.metadata.table_uuid), snapshot_id, named.schema_id, str(where))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        with _refused(table):
            tasks = _tasks(table, where, snapshot_id, named)
            planned = tuple(sorted((_planned(table, task) for task in tasks), key=lambda file: file.path))
        with self._lock:
            self._kept[key] = planned
            while len(self._kept) > PLANS_KEPT:
                self._kept.popitem(last=False)
        return planned


def _tasks(table: Table, where: BooleanExpression, snapshot_id: int, named: Schema) -> Iterable[FileScanTask]:
    if named.schema_id == table.schema().schema_id:
        # The library compares a partition's null with the filter's value; the bounds below prune without that.
        with suppress(TypeError):
            return table.scan(row_filter=where, snapshot_id=snapshot_id).plan_files()
    # A scan binds names to the newest schema. Bounds are by field id, and partition columns have them as well.
    can_match = _InclusiveMetricsEvaluator(named, where).eval
    return (task for task in table.scan(snapshot_id=snapshot_id).plan_files() if can_match(task.file))


def _planned(table: Table, task: FileScanTask) -> PlannedFile:
    names = [field.name for field in table.specs()[task.file.spec_id].fields]
    day = None
    if "operating_day" in names:
        # Iceberg keeps a date partition as days since 1970.
        value = task.file.partition[names.index("operating_day")]
        day = EPOCH + timedelta(days=value) if isinstance(value, int) else None
    return PlannedFile(path_of(task.file.file_path), task.file.record_count, day, bool(task.delete_files))


def without_deletes(identifier: str, planned: tuple[PlannedFile, ...]) -> tuple[PlannedFile, ...]:
    """Return a plan for readers of data files alone.

    Raises:
        LakeError: If rows of a file are deleted by a delete file, which the data files alone do not show.
    """
    if merged := [file.path for file in planned if file.has_deletes]:
        raise _has_deletes(identifier, f"has delete files for {merged[0]}")
    return planned


@contextmanager
def _refused(table: Table) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        if "equality deletes" not in str(error):
            raise
        raise _has_deletes(".".join(table.name()), f"has rows that are deleted by value: {error}") from error


def _has_deletes(identifier: str, found: str) -> LakeError:
    return LakeError(
        f"{identifier} {found}",
        "copy-on-write data files only",
        "compact the table, or set write.delete.mode to copy-on-write where the rows were deleted",
    )
