"""Saving a dataset: a frame becomes files and one commit, again and again until no other writer is in between.

Files are written first and become visible by one commit. A commit that meets another one is made again on top of it,
with the same files unless the schema has changed in between.
"""

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import AssertCurrentSchemaId

from grid_assets.domain.errors import CommitConflictError, InputError, SchemaError
from resources.clients.engines.base import Engine
from resources.clients.engines.layout import ORC, PARQUET, Layout
from resources.clients.failpoints import reach
from resources.clients.lake.catalog import ensure_namespace, load
from resources.clients.lake.client import Lake, expire
from resources.clients.lake.commit import Change, commit
from resources.clients.lake.dataset_files import FrameFiles
from resources.clients.lake.dataset_schema import (
    Shape,
    new_schema,
    partition_names,
    stage_append,
    stage_overwrite,
)
from resources.clients.lake.datasets import NAMESPACE, dataset_identifier
from resources.clients.lake.formats import (
    BLOOM_PROPERTY,
    FORMATS,
    FileFormat,
    bloom_columns,
    check_compression,
    format_of,
    properties_of,
)
from resources.clients.lake.frames import arrow_data, normal_schema
from resources.clients.lake.races import retried
from resources.clients.lake.schema import TABLE_PROPERTIES
from resources.clients.lake.types import stored_column

MODES = ("overwrite", "append")
SAVE_POINTS = ("save.files.written", "commit.staged", "save.committed")
"""Where tests kill a save, in order."""
# A lost race is told at once: the schema is then looked at anew before the next try.
_PROPERTIES = {**TABLE_PROPERTIES, "commit.retry.num-retries": "0"}


@dataclass(frozen=True)
class SaveOptions:
    """How a frame is saved; without `partition_by` an overwrite is not partitioned and an append as the dataset is.

    Without `bloom_filters` ORC files of an overwrite have them on text, those of an append as the dataset has them.
    """

    partition_by: tuple[str, ...] | None = None
    compression: str = "zstd"
    mode: str = "overwrite"
    file_format: str = PARQUET
    bloom_filters: tuple[str, ...] | None = None

    @property
    def format(self) -> FileFormat:
        """Return what is known of the format."""
        return FORMATS[self.file_format]


@dataclass(frozen=True)
class _Staged:
    """A commit up to its files: the table, its transaction and the layout that the files must have."""

    table: Table
    transaction: Transaction
    layout: Layout


class DatasetWriter:
    """Saves datasets in one lake with one engine; safe to use from several processes at once."""

    def __init__(self, lake: Lake, engine: Engine, snapshots_kept: int) -> None:
        self._lake = lake
        self._engine = engine
        self._snapshots_kept = snapshots_kept

    def save(self, frame: object, name: str, options: SaveOptions) -> int:
        """Save a frame as one snapshot of a dataset, made where it does not exist, and return the snapshot's id.

        Raises:
            InputError: If an argument cannot be used.
            SchemaError: If the frame's columns cannot be kept, or do not fit the dataset.
            LakeError: If the disk or the catalog cannot take it; the dataset is then as it was.
        """
        _check_options(options)
        data = arrow_data(frame)
        shape = Shape(dataset_identifier(name), normal_schema(data.schema), options.partition_by)
        folder = self._folder(shape)
        with self._engine.session() as session:
            try:
                snapshot_id = self._commit(FrameFiles(session, data, folder), shape, options)
            except (CommitConflictError, InputError, SchemaError):
                # Not committed for certain; after other errors a commit may name the files, and vacuum tells later.
                shutil.rmtree(folder, ignore_errors=True)
                raise
        table = load(self._lake.catalog, shape.identifier)
        if table is not None and len(table.metadata.snapshots) > 2 * self._snapshots_kept:
            expire(self._lake.catalog, shape.identifier, self._snapshots_kept)
        return snapshot_id

    def _commit(self, frame: FrameFiles, shape: Shape, options: SaveOptions) -> int:
        where = AlwaysTrue() if options.mode == "overwrite" else None

        def attempt() -> int:
            staged = self._stage(shape, options)
            if frame.written is None or frame.written.layout != staged.layout:
                frame.in_layout(staged.layout)
                reach("save.files.written")
                # Writing took its time: the table is looked at anew.
                staged = self._stage(shape, options)
            snapshot_id = commit(staged.table, Change(frame.in_layout(staged.layout), where), staged.transaction)
            reach("save.committed")
            return snapshot_id

        return retried(attempt)

    def _stage(self, shape: Shape, options: SaveOptions) -> _Staged:
        catalog = self._lake.catalog
        table = load(catalog, shape.identifier)
        if table is None:
            return _stage_new(catalog, shape, options)
        transaction = table.transaction()
        unchanged = AssertCurrentSchemaId.model_validate({"current-schema-id": table.metadata.current_schema_id})
        transaction._apply((), (unchanged,))  # noqa: SLF001 - else files of a dropped column could be appended
        if options.mode == "append":
            _check_format(table, options)
            stage_append(transaction, shape)
        else:
            stage_overwrite(table, transaction, shape)
        layout = _layout(shape, transaction.table_metadata, options)
        wanted = properties_of(options.format, options.compression, layout.bloom_filters)
        if changed := {name: value for name, value in wanted.items() if table.properties.get(name) != value}:
            transaction.set_properties(changed)
        return _Staged(table, transaction, layout)

    def _folder(self, shape: Shape) -> Path:
        base = self._lake.settings.warehouse.absolute().joinpath(*shape.identifier.split("."))
        return base / "data" / uuid.uuid4().hex


def _stage_new(catalog: SqlCatalog, shape: Shape, options: SaveOptions) -> _Staged:
    ensure_namespace(catalog, NAMESPACE)
    schema, spec = new_schema(shape)
    blooms = bloom_columns(schema, shape.partition_by or (), options.bloom_filters)
    properties = {**_PROPERTIES, **properties_of(options.format, options.compression, blooms)}
    transaction = catalog.create_table_transaction(shape.identifier, schema, partition_spec=spec, properties=properties)
    table = transaction._table  # noqa: SLF001 - the staged table, which no public name gives
    return _Staged(table, transaction, _layout(shape, transaction.table_metadata, options))


def _layout(shape: Shape, metadata: TableMetadata, options: SaveOptions) -> Layout:
    columns = tuple(stored_column(field) for field in metadata.schema().fields)
    parts = partition_names(metadata)
    blooms = _blooms(metadata, parts, options) if options.file_format == ORC else ()
    return Layout(shape.identifier, columns, parts, (), options.compression, options.file_format, blooms)


def _blooms(metadata: TableMetadata, parts: tuple[str, ...], options: SaveOptions) -> tuple[str, ...]:
    kept = metadata.properties.get(BLOOM_PROPERTY)
    if options.mode == "append" and options.bloom_filters is None and kept is not None:
        names = set(kept.split(","))
        return tuple(field.name for field in metadata.schema().fields if field.name in names)
    return bloom_columns(metadata.schema(), parts, options.bloom_filters)


def _check_format(table: Table, options: SaveOptions) -> None:
    present = format_of(table.properties)
    if present.name != options.file_format:
        name = table.name()[-1]
        raise InputError(
            f"an append of {options.format.title} files to {name!r}, whose files are {present.title}",
            "one format per dataset",
            f"append by save_to_{present.name}, or overwrite the dataset",
        )


def _check_options(options: SaveOptions) -> None:
    check_compression(options.format, options.compression)
    if options.mode not in MODES:
        raise InputError(f"the mode {options.mode!r}", f"one of {', '.join(MODES)}")
