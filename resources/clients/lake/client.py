"""The lake: the registry's tables in one Iceberg catalog, planned reads, and one-snapshot replaces.

Data files are written by an engine first and become visible by one commit here; no reader ever sees half of a day.
Datasets of users are in `datasets`; how a commit is made stands in `commit`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import ConfigurationError
from resources.clients.engines.base import Scan, WrittenFiles
from resources.clients.lake.catalog import ensure_namespace, load, open_catalog
from resources.clients.lake.commit import Change, commit
from resources.clients.lake.filters import days_predicate, days_sql
from resources.clients.lake.plans import PlannedFile, Plans, without_deletes
from resources.clients.lake.races import retried
from resources.clients.lake.registry import evolve_to_registry, is_as_registered
from resources.clients.lake.schema import TABLE_PROPERTIES, ZONE_PROPERTY, iceberg_schema, partition_spec

BATCH_PROPERTY = "grid.batch-id"
EXPIRY_ATTEMPTS = 3


@dataclass(frozen=True)
class LakeSettings:
    """Where the lake lives: the catalog's address, the warehouse folder and the grid's time zone."""

    catalog_uri: str
    warehouse: Path
    time_zone: str


class Lake:
    """Tables by their registry definitions; every method is safe to call from several processes at once."""

    def __init__(self, settings: LakeSettings) -> None:
        self.settings = settings
        self.plans = Plans()

    @cached_property
    def catalog(self) -> SqlCatalog:
        """Return the catalog, made on first use."""
        return open_catalog(self.settings.catalog_uri, self.settings.warehouse)

    def close(self) -> None:
        """Let go of the catalog's connections; the next use opens it again."""
        if "catalog" in self.__dict__:
            self.catalog.close()
            del self.__dict__["catalog"]

    def table(self, spec: TableSpec) -> Table:
        """Return the current table, created when it does not exist yet, with columns that the registry has since got.

        Raises:
            ConfigurationError: If the table was made under another time zone than the setting now says, or its
                columns are others than the registry's.
            LakeError: If the catalog or the table's metadata cannot be read.
        """
        table = self._zoned(spec)
        return table if is_as_registered(table, spec) else retried(lambda: self._evolved(spec))

    def _evolved(self, spec: TableSpec) -> Table:
        table = self._zoned(spec)
        return table if is_as_registered(table, spec) else evolve_to_registry(table, spec)

    def _zoned(self, spec: TableSpec) -> Table:
        table = load(self.catalog, spec.identifier) or self._create(spec)
        zone = table.properties.get(ZONE_PROPERTY)
        if spec.namespace == "grid" and zone != self.settings.time_zone:
            raise ConfigurationError(
                f"{spec.identifier} was made for the time zone {zone!r}, the setting says {self.settings.time_zone!r}",
                "the same zone for a lake's whole life, because its operating days depend on it",
                "set GRID_TIME_ZONE back, or use another GRID_HOME",
            )
        return table

    def _create(self, spec: TableSpec) -> Table:
        ensure_namespace(self.catalog, spec.namespace)
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
        table = self.table(spec)
        current = snapshot_id or table.metadata.current_snapshot_id
        return Scan(spec, tuple(file.path for file in self._files(table, where, current)), predicate, current)

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
        """Return the data files that can hold rows of a filter, by path; cached per snapshot.

        Raises:
            LakeError: If rows of a file are deleted by a delete file, which the data files alone do not show.
        """
        table = self.table(spec)
        return self._files(table, where, snapshot_id or table.metadata.current_snapshot_id)

    def _files(self, table: Table, where: BooleanExpression, snapshot_id: int | None) -> tuple[PlannedFile, ...]:
        if snapshot_id is None:
            return ()
        return without_deletes(".".join(table.name()), self.plans.files(table, where, snapshot_id))

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
            LakeError: If the filter covers a part of a file, or the catalog cannot take the commit.
        """
        return commit(self.table(spec), Change(written, where, properties))

    def append(self, spec: TableSpec, written: WrittenFiles, properties: Mapping[str, str]) -> int:
        """Add files in one snapshot and return its id; appends never conflict with each other.

        Raises:
            CommitConflictError: If the bounded retries of the catalog were used up.
            LakeError: If the catalog cannot take the commit.
        """
        return commit(self.table(spec), Change(written, None, properties))

    def snapshot_of_batch(self, spec: TableSpec, batch_id: int) -> Snapshot | None:
        """Return the newest snapshot that a batch committed to a table, or None."""
        for snapshot in reversed(self.snapshots(spec)):
            if _batch_of(snapshot) == batch_id:
                return snapshot
        return None

    def snapshots(self, spec: TableSpec) -> tuple[Snapshot, ...]:
        """Return the snapshots of a table, oldest first."""
        return _by_age(self.table(spec))

    def expire(self, spec: TableSpec, keep: int, protected_batches: frozenset[int] = frozenset()) -> int:
        """Forget all but the newest snapshots of a table and return how many went; data files stay.

        Snapshots of protected (unsettled) batches are kept, because repair reads their properties.
        """
        self.table(spec)  # makes it where it does not exist yet
        return expire(self.catalog, spec.identifier, keep, protected_batches)


def expire(catalog: SqlCatalog, identifier: str, keep: int, protected_batches: frozenset[int] = frozenset()) -> int:
    """Forget all but the newest `keep` snapshots of a table, at least one, and return how many went.

    Other writers win: where they keep committing, old snapshots stay until the next time.
    """
    for _ in range(EXPIRY_ATTEMPTS):
        table = load(catalog, identifier)
        old = _by_age(table)[: -max(keep, 1)] if table else ()
        ids = [s.snapshot_id for s in old if _batch_of(s) not in protected_batches]
        if table is None or not ids:
            return 0
        try:
            table.maintenance.expire_snapshots().by_ids(ids).commit()
        except (CommitFailedException, ValueError):
            continue  # the second kind where another process has forgotten some of the same in between
        return len(ids)
    return 0


def _by_age(table: Table) -> tuple[Snapshot, ...]:
    return tuple(sorted(table.metadata.snapshots, key=lambda s: s.sequence_number or 0))


def _batch_of(snapshot: Snapshot) -> int | None:
    text = snapshot.summary.get(BATCH_PROPERTY) if snapshot.summary is not None else None
    return int(text) if text else None
