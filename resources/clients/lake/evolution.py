"""Changing a dataset's columns without writing a row: added, renamed, widened, dropped and reordered in one commit.

Files keep columns by field id, so old ones stay readable: a renamed column goes on, a new one is null in old rows, and
one that takes a dropped one's name has an id, and so a life, of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import pyarrow as pa
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.table import Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import AddSchemaUpdate, AssertCurrentSchemaId, SetCurrentSchemaUpdate
from pyiceberg.types import IcebergType, NestedField

from grid_assets.domain.errors import InputError, SchemaError
from resources.clients.lake.dataset_schema import promotes
from resources.clients.lake.formats import BLOOM_PROPERTY
from resources.clients.lake.frames import normal_schema
from resources.clients.lake.types import iceberg_type, schema_of, sql_type, unassigned_schema

NEWEST_SCHEMA = -1


@dataclass(frozen=True)
class Evolution:
    """What changes; names are those that columns have before it, but those of `order`, which names all after it."""

    add: Mapping[str, pa.DataType] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    widen: Mapping[str, pa.DataType] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    order: tuple[str, ...] | None = None

    @property
    def is_empty(self) -> bool:
        """Return whether it asks for nothing."""
        return not (self.add or self.rename or self.widen or self.drop or self.order)


def stage_evolution(transaction: Transaction, identifier: str, evolution: Evolution) -> bool:
    """Stage an evolution in a transaction and return whether anything changes by it.

    Raises:
        InputError: If it names columns that there are not, or asks for two things that exclude each other.
        SchemaError: If the table cannot have such columns: a type that is no wider one, a column that partitions.
    """
    metadata = transaction.table_metadata
    schema = evolved_schema(metadata, identifier, evolution)
    if schema.fields == metadata.schema().fields:
        return False
    stage_schema(transaction, schema)
    blooms = metadata.properties.get(BLOOM_PROPERTY)
    if blooms:
        kept = [evolution.rename.get(name, name) for name in blooms.split(",") if name not in evolution.drop]
        transaction.set_properties({BLOOM_PROPERTY: ",".join(kept)})
    return True


def stage_schema(transaction: Transaction, schema: Schema) -> None:
    """Stage a schema as the newest, unless another writer changes it first; one of the table's older ones is reused."""
    metadata = transaction.table_metadata
    unchanged = AssertCurrentSchemaId.model_validate({"current-schema-id": metadata.current_schema_id})
    known = next((s.schema_id for s in metadata.schemas if s.fields == schema.fields), None)
    adding = () if known is not None else (AddSchemaUpdate.model_validate({"schema": schema}),)
    current = SetCurrentSchemaUpdate.model_validate({"schema-id": NEWEST_SCHEMA if known is None else known})
    transaction._apply((*adding, current), (unchanged,))  # noqa: SLF001 - the public form cannot rename crosswise


def evolved_schema(metadata: TableMetadata, identifier: str, evolution: Evolution) -> Schema:
    """Return the schema that a table has after an evolution.

    Raises:
        InputError: As `stage_evolution`.
        SchemaError: As `stage_evolution`.
    """
    present = {column.name: column for column in metadata.schema().fields}
    _check_names(present, evolution)
    kept = [_changed(present[name], evolution, identifier) for name in present if name not in evolution.drop]
    fields = [*kept, *_added(metadata, evolution.add)]
    _check_columns(fields)
    _check_partitions(metadata, fields, identifier)
    if evolution.order is not None:
        fields = _ordered(fields, evolution.order)
    newest = max(schema.schema_id for schema in metadata.schemas)
    return schema_of(fields, newest + 1)


def _changed(column: NestedField, evolution: Evolution, identifier: str) -> NestedField:
    kind = column.field_type
    if column.name in evolution.widen:
        kind = _widened(column, evolution.widen[column.name], identifier)
    name = evolution.rename.get(column.name, column.name)
    return NestedField(column.field_id, name, kind, required=column.required, doc=column.doc)


def _widened(column: NestedField, wanted: pa.DataType, identifier: str) -> IcebergType:
    kind = iceberg_type(normal_schema(pa.schema([(column.name, wanted)])).field(0).type)
    if kind != column.field_type and not promotes(column.field_type, kind):
        raise SchemaError(
            f"widening the column {column.name!r} of {identifier} from {sql_type(column.field_type)} to "
            f"{sql_type(kind)}",
            "a wider type: int32 to int64, float32 to float64, more digits of a decimal with the same scale",
            "add a column of the other type, or overwrite the dataset",
        )
    return kind


def _added(metadata: TableMetadata, columns: Mapping[str, pa.DataType]) -> Iterator[NestedField]:
    if columns:
        ids = count(metadata.last_column_id + 1)
        unassigned = unassigned_schema(normal_schema(pa.schema(list(columns.items()))))
        yield from assign_fresh_schema_ids(unassigned, lambda: next(ids)).fields


def _ordered(fields: Sequence[NestedField], names: Sequence[str]) -> list[NestedField]:
    by_name = {column.name: column for column in fields}
    if sorted(names) != sorted(by_name):
        raise InputError(f"the order {list(names)}", f"all of {', '.join(by_name)}, each once")
    return [by_name[name] for name in names]


def _check_names(present: Mapping[str, NestedField], evolution: Evolution) -> None:
    named = [*evolution.rename, *evolution.widen, *evolution.drop]
    if unknown := [name for name in named if name not in present]:
        raise InputError(f"a change to the column {unknown[0]!r}", f"one of {', '.join(present)}")
    if both := [name for name in evolution.drop if name in evolution.rename or name in evolution.widen]:
        raise InputError(f"the column {both[0]!r} both dropped and changed", "one of them")


def _check_columns(fields: Sequence[NestedField]) -> None:
    if not fields:
        raise SchemaError("every column would be dropped", "at least one that stays", "add one in the same call")
    # Names that cannot be columns, or differ in case at most, are refused as they are in frames.
    normal_schema(pa.schema([pa.field(column.name, pa.int32()) for column in fields]))


def _check_partitions(metadata: TableMetadata, fields: Sequence[NestedField], identifier: str) -> None:
    """Make sure that columns which partition, now or in older snapshots, stay, and that their old names stay free."""
    by_id = {column.field_id: column for column in fields}
    by_name = {column.name: column for column in fields}
    for part in (part for spec in metadata.partition_specs for part in spec.fields):
        if part.source_id not in by_id:
            raise SchemaError(
                f"dropping the column {part.name!r}, by which {identifier} is or was partitioned",
                "a column that does not partition",
                "save the rows without it under another name",
            )
        if by_name.get(part.name, by_id[part.source_id]).field_id != part.source_id:
            raise SchemaError(
                f"another column named {part.name!r}, which names a partition of {identifier}",
                "another name",
                f"it goes on as {by_id[part.source_id].name!r}",
            )
