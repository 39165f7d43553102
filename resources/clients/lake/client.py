"""The lake: Iceberg tables in one catalog, planned reads, and one-snapshot replaces.

Data files are written by an engine first and become visible by one commit here; no reader ever sees half of a day.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError, ValidationException
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.snapshots import Snapshot

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import CommitConflictError, ConfigurationError, LakeError
from resources.clients.engines.base import Scan, WrittenFiles
from resources.clients.lake.datafiles import data_file
from resources.clients.lake.filters import days_predicate, days_sql
from resources.clients.lake.schema import TABLE_PROPERTIES, ZONE_PROPERTY, iceberg_schema, partition_spec

BATCH_PROPERTY = "grid.batch-id"
EPOCH = date(1970, 1, 1)
logging.getLogger("pyiceberg").setLevel(logging.ERROR)


@dataclass(frozen=True)
class LakeSettings:
    """Where the lake lives: the catalog's address, the warehouse folder and the grid's time zone."""

    catalog_uri: str
    warehouse: Path
    time_zone: str


@dataclass(frozen=True)
class PlannedFile:
    """A data file that a plan names; the day is None in tables that are not kept by operating day."""

    path: str
    rows: int
    operating_day: date | None


class Lake:
    """Tables by their registry definitions; every method is safe to call from several processes at once."""

    def __init__(self, settings: LakeSettings) -> None:
        self.settings = settings
        self._plans: dict[tuple[str, int, str], tuple[PlannedFile, ...]] = {}

    @cached_property
    def catalog(self) -> SqlCatalog:
        """Return the catalog, made on first use."""
        self.settings.warehouse.mkdir(parents=True, exist_ok=True)
        return SqlCatalog(
            "grid", uri=self.settings.catalog_uri, warehouse=f"file://{self.settings.warehouse.absolute()}"
        )

    def table(self, spec: TableSpec) -> Table:
        """Return the current table, created when it does not exist yet.

        Raises:
            ConfigurationError: If the table was made under another time zone than the setting now says.
        """
        try:
            table = self.catalog.load_table(spec.identifier)
        except NoSuchTableError:
            table = self._create(spec)
        zone = table.properties.get(ZONE_PROPERTY)
        if spec.namespace == "grid" and zone != self.settings.time_zone:
            raise ConfigurationError(
                f"{spec.identifier} was made for the time zone {zone!r}, the setting says {self.settings.time_zone!r}",
                "the same zone for a lake's whole life, because its operating days depend on it",
                "set GRID_TIME_ZONE back, or use another GRID_HOME",
            )
        return table

    def _create(self, spec: TableSpec) -> Table:
        self.catalog.create_namespace_if_not_exists(spec.namespace)
        properties = {**TABLE_PROPERTIES, ZONE_PROPERTY: self.settings.time_zone, "comment": spec.description}
        try:
            return self.catalog.create_table(
                spec.identifier, iceberg_schema(spec), partition_spec=partition_spec(spec), properties=properties
            )
        except TableAlreadyExistsError:
            return self.catalog.load_table(spec.identifier)

    def folder(self, spec: TableSpec, batch_id: int, part: str = "0") -> str:
        """Return the folder that a batch writes its files of one table into; it does not exist before."""
        return str(self.settings.warehouse.absolute() / spec.namespace / spec.name / "data" / str(batch_id) / part)

    def scan(self, spec: TableSpec, days: Sequence[date] | None = None, snapshot_id: int | None = None) -> Scan:
        """Plan a read: all rows, or those of some operating days, as of a snapshot or now."""
        predicate = "" if days is None else days_sql(days)
        if days is not None and not days:
            return Scan(spec, (), predicate)
        where = AlwaysTrue() if days is None else days_predicate(days)
        return Scan(spec, tuple(file.path for file in self.plan(spec, where, snapshot_id)), predicate)

    def rows_by_day(self, spec: TableSpec, days: Sequence[date]) -> dict[date, int]:
        """Return how many rows the files of each day hold, from the plan alone; days without any are left out."""
        rows: dict[date, int] = {}
        for file in self.plan(spec, days_predicate(days)) if days else ():
            if file.operating_day is not None:
                rows[file.operating_day] = rows.get(file.operating_day, 0) + file.rows
        return rows

    def plan(
        self, spec: TableSpec, where: BooleanExpression, snapshot_id: int | None = None
    ) -> tuple[PlannedFile, ...]:
        """Return the data files that can hold rows of a filter, by path; cached per snapshot."""
        table = self.table(spec)
        current = snapshot_id or (table.metadata.current_snapshot_id or 0)
        if not current:
            return ()
        key = (spec.identifier, current, str(where))
        if key not in self._plans:
            tasks = table.scan(row_filter=where, snapshot_id=current).plan_files()
            planned = (_planned(spec, task) for task in tasks)
            self._plans[key] = tuple(sorted(planned, key=lambda file: file.path))
        return self._plans[key]

    def replace(
        self,
        spec: TableSpec,
        where: BooleanExpression,
        written: WrittenFiles,
        properties: Mapping[str, str],
    ) -> int:
        """Put new files in the place of every file that a filter covers, in one snapshot; return its id.

        The filter must cover whole files: a partition column's value, or a value that a file holds alone.

        Raises:
            CommitConflictError: If another writer changed rows of the filter since they were planned.
            LakeError: If the catalog cannot take the commit.
        """
        table = self.table(spec)
        try:
            with (
                table.transaction() as transaction,
                transaction.update_snapshot(snapshot_properties=dict(properties)).overwrite() as overwrite,
            ):
                overwrite.delete_by_predicate(where)
                for task in table.scan(row_filter=where).plan_files():
                    overwrite.delete_data_file(task.file)
                for file in written.files:
                    overwrite.append_data_file(data_file(table, file))
        except (CommitFailedException, ValidationException) as error:
            raise CommitConflictError(
                f"the commit to {spec.identifier} met another writer: {error}", "nobody else on the same days"
            ) from error
        return _current_id(self.table(spec))

    def append(self, spec: TableSpec, written: WrittenFiles, properties: Mapping[str, str]) -> int:
        """Add files in one snapshot and return its id; appends never conflict with each other.

        Raises:
            CommitConflictError: If the bounded retries of the catalog were used up.
        """
        table = self.table(spec)
        try:
            with (
                table.transaction() as transaction,
                transaction.update_snapshot(snapshot_properties=dict(properties)).merge_append() as append,
            ):
                for file in written.files:
                    append.append_data_file(data_file(table, file))
        except (CommitFailedException, ValidationException) as error:
            raise CommitConflictError(f"the append to {spec.identifier} met other writers: {error}") from error
        return _current_id(self.table(spec))

    def snapshot_of_batch(self, spec: TableSpec, batch_id: int) -> Snapshot | None:
        """Return the newest snapshot that a batch committed to a table, or None."""
        for snapshot in reversed(self.table(spec).metadata.snapshots):
            if snapshot.summary is not None and snapshot.summary.get(BATCH_PROPERTY) == str(batch_id):
                return snapshot
        return None

    def snapshots(self, spec: TableSpec) -> tuple[Snapshot, ...]:
        """Return the snapshots of a table, oldest first."""
        return tuple(sorted(self.table(spec).metadata.snapshots, key=lambda s: s.sequence_number or 0))

    def expire(self, spec: TableSpec, keep: int, protected_batches: frozenset[int] = frozenset()) -> int:
        """Forget all but the newest snapshots of a table and return how many went; data files stay.

        Snapshots of protected (unsettled) batches are kept, because repair reads their properties.
        """
        table = self.table(spec)
        old = self.snapshots(spec)[:-keep] if keep else ()
        ids = [s.snapshot_id for s in old if _batch_of(s) not in protected_batches]
        if ids:
            table.maintenance.expire_snapshots().by_ids(ids).commit()
        return len(ids)


def _batch_of(snapshot: Snapshot) -> int | None:
    text = snapshot.summary.get(BATCH_PROPERTY) if snapshot.summary is not None else None
    return int(text) if text else None


def _current_id(table: Table) -> int:
    snapshot = table.current_snapshot()
    if snapshot is None:
        raise LakeError(f"{table.name()} has no snapshot after a commit")
    return snapshot.snapshot_id


def _planned(spec: TableSpec, task: FileScanTask) -> PlannedFile:
    if task.delete_files:
        raise LakeError(
            f"{spec.identifier} has delete files for {task.file.file_path}",
            "copy-on-write data files only",
            "compact the table, or set write.delete.mode to copy-on-write where the rows were deleted",
        )
    day = None
    if spec.is_daily:
        # Iceberg keeps a date partition as days since 1970.
        day = EPOCH + timedelta(days=int(task.file.partition[spec.partition_by.index("operating_day")]))
    return PlannedFile(task.file.file_path.removeprefix("file://"), task.file.record_count, day)
