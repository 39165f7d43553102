"""Reading a dataset: its newest rows or those of a snapshot, from the files, row groups and columns that matter."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.table import DataScan, Table

from grid_assets.domain.errors import InputError, MissingDataFileError
from grid_assets.domain.projections.sql import name_list
from resources.clients.engines.base import Engine, Scan
from resources.clients.engines.layout import Layout
from resources.clients.lake.catalog import load
from resources.clients.lake.client import Lake
from resources.clients.lake.conditions import columns_of, condition
from resources.clients.lake.datasets import dataset_names, readable_identifier
from resources.clients.lake.stripes import stripes_of
from resources.clients.lake.types import stored_column


@dataclass(frozen=True)
class ReadOptions:
    """What is read: rows that meet the filters, the named columns, of a snapshot's id or the newest up to a time."""

    filters: Any = None
    columns: Any = None
    as_of: int | datetime | None = None


@dataclass(frozen=True)
class ReadPlan:
    """The files of a read, its columns, and the condition on their rows with its parameters; none for all rows.

    `merged` reads the rows less those that delete files of another engine take away; None where there are none.
    """

    scan: Scan
    columns: tuple[str, ...]
    condition: str
    parameters: tuple[Any, ...]
    merged: DataScan | None = None


class DatasetReader:
    """Reads datasets, and the pipeline's tables, of one lake with one engine."""

    def __init__(self, lake: Lake, engine: Engine) -> None:
        self._lake = lake
        self._engine = engine

    def read(self, name: str, options: ReadOptions) -> pa.Table:
        """Return a dataset's rows; rows of a table of the pipeline where the name says `grid.<table>`.

        Raises:
            InputError: If the dataset, a column or the snapshot does not exist, or a filter cannot be used.
            MissingDataFileError: If files that a snapshot names are gone, which one more plan did not mend.
        """
        try:
            return self._rows(self.plan(name, options))
        except MissingDataFileError:
            # Files of an expired snapshot may be removed between the plan and the read: a newer plan knows better.
            return self._rows(self.plan(name, options))

    def plan(self, name: str, options: ReadOptions) -> ReadPlan:
        """Return what a read opens: the files that can hold matching rows, and what is then asked of them.

        Raises:
            InputError: If the dataset, a column or the snapshot does not exist, or a filter cannot be used.
        """
        table = self._load(name)
        snapshot_id = _snapshot_id(table, options.as_of)
        schema = table.schema() if options.as_of is None else _schema_of(table, snapshot_id)
        wanted = condition(options.filters, schema)
        where = wanted.expression
        planned = self._lake.plans.files(table, where, snapshot_id, schema) if snapshot_id else ()
        columns = columns_of(options.columns, schema)
        needed = {*columns, *wanted.columns}
        layout = Layout(name, tuple(stored_column(field) for field in schema.fields if field.name in needed))
        stripes = stripes_of((file.path for file in planned), where, schema)
        files = tuple(file.path for file in planned if stripes.get(file.path) != ())
        scan = Scan(layout, files, snapshot_id=snapshot_id, stripes=stripes)
        merged = None
        if any(file.has_deletes for file in planned):
            names = tuple(column.name for column in layout.columns)
            merged = table.scan(snapshot_id=snapshot_id if options.as_of else None, selected_fields=names)
        return ReadPlan(scan, columns, wanted.sql, wanted.parameters, merged)

    def _rows(self, plan: ReadPlan) -> pa.Table:
        matching = f" WHERE {plan.condition}" if plan.condition else ""
        with self._engine.session() as session:
            if plan.merged is None:
                session.scan("stored", plan.scan)
            else:
                session.bind("stored", plan.merged.to_arrow_batch_reader())
            return session.fetch(f"SELECT {name_list(plan.columns)} FROM stored{matching}", plan.parameters)

    def _load(self, name: str) -> Table:
        catalog = self._lake.catalog
        table = load(catalog, readable_identifier(name))
        if table is None:
            there = ", ".join(dataset_names(catalog)) or "none so far"
            raise InputError(f"no dataset named {name!r}", f"one of those saved: {there}")
        return table


def _snapshot_id(table: Table, as_of: int | datetime | None) -> int | None:
    if as_of is None:
        return table.metadata.current_snapshot_id
    if isinstance(as_of, datetime) and as_of.tzinfo is None:
        raise InputError(f"as_of {as_of.isoformat()}", "an instant with an offset, or a snapshot's id")
    snapshot = (
        table.snapshot_as_of_timestamp(int(as_of.timestamp() * 1000))
        if isinstance(as_of, datetime)
        else table.snapshot_by_id(as_of)
    )
    if snapshot is None:
        kept = ", ".join(str(s.snapshot_id) for s in table.metadata.snapshots) or "none"
        raise InputError(f"{'.'.join(table.name())} has no snapshot as of {as_of}", f"one that is kept: {kept}")
    return snapshot.snapshot_id


def _schema_of(table: Table, snapshot_id: int | None) -> Schema:
    snapshot = table.snapshot_by_id(snapshot_id) if snapshot_id else None
    if snapshot is None or snapshot.schema_id is None:
        return table.schema()
    return table.schemas()[snapshot.schema_id]
