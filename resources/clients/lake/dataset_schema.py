"""What saving a frame does to a dataset's schema and partitioning, staged in the transaction that commits the rows.

Appending adds columns and widens types. Overwriting also drops columns, takes another of the same name in the place of
one whose type changes, and may partition anew; older snapshots keep what they had.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa
from pyiceberg.exceptions import ResolveError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema, assign_fresh_schema_ids, promote
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import BinaryType, DecimalType, DoubleType, IcebergType, IntegerType, StringType

from grid_assets.domain.errors import InputError, SchemaError
from resources.clients.lake.datafiles import PARTITION_TYPES
from resources.clients.lake.schema import FIRST_PARTITION_FIELD
from resources.clients.lake.types import iceberg_type, sql_type, told_apart_by_name, unassigned_schema

_TEXT_OR_BYTES = (StringType, BinaryType)


@dataclass(frozen=True)
class Shape:
    """The columns of a frame in normal Arrow types, and how to partition it; None leaves that to the dataset."""

    identifier: str
    columns: pa.Schema
    partition_by: tuple[str, ...] | None


def new_schema(shape: Shape) -> tuple[Schema, PartitionSpec]:
    """Return the schema and partition spec of a dataset's first commit.

    Raises:
        InputError: If a partition column does not exist.
        SchemaError: If its type cannot partition.
    """
    schema = assign_fresh_schema_ids(unassigned_schema(shape.columns))
    names = shape.partition_by or ()
    _check_partition(names, schema)
    ids = {field.name: field.field_id for field in schema.fields}
    parts = (PartitionField(ids[n], FIRST_PARTITION_FIELD + i, IdentityTransform(), n) for i, n in enumerate(names))
    return schema, PartitionSpec(*parts)


def stage_append(transaction: Transaction, shape: Shape) -> None:
    """Stage what an append needs: new columns, wider types.

    Raises:
        InputError: If another partitioning is asked for than the dataset has.
        SchemaError: If a column's type does not fit the dataset's.
    """
    present = partition_names(transaction.table_metadata)
    if shape.partition_by is not None and shape.partition_by != present:
        raise InputError(
            f"an append to {shape.identifier} partitioned by {list(shape.partition_by)}",
            f"its own partitioning, {list(present)}",
            "leave partition_by out, or overwrite the dataset",
        )
    _stage_columns(transaction, shape, dropped=())


def stage_overwrite(table: Table, transaction: Transaction, shape: Shape) -> None:
    """Stage what an overwrite needs: the frame's columns and no others, in its order, and the partitioning asked for.

    Raises:
        InputError: If a partition column does not exist.
        SchemaError: If a column that has partitioned the dataset is missing, or changes its type but to a wider one.
    """
    wanted = {field.name: iceberg_type(field.type) for field in shape.columns}
    present = {field.name: field for field in table.schema().fields}
    used = {field.source_id for spec in table.specs().values() for field in spec.fields}
    dropped = [n for n, f in present.items() if n not in wanted or not _stays(f.field_type, wanted[n])]
    partitioning = [n for n in dropped if present[n].field_id in used]
    # A frame's narrower values can still stand in a column that partitions; there is no other way to keep it.
    if kept := [n for n in partitioning if n not in wanted or not _fits(present[n].field_type, wanted[n])]:
        raise SchemaError(
            f"the frame for {shape.identifier} lacks {', '.join(kept)} or has another type there, while older "
            "snapshots are partitioned by it",
            "a frame with these columns as they were",
            "save it under another name",
        )
    _stage_columns(transaction, shape, [n for n in dropped if n not in partitioning])
    _stage_order(transaction, shape)
    _stage_partition(transaction, shape.partition_by or ())


def partition_names(metadata: TableMetadata) -> tuple[str, ...]:
    """Return the columns that a table's current spec partitions by."""
    return tuple(metadata.schema().find_field(field.source_id).name for field in metadata.spec().fields)


def _stage_columns(transaction: Transaction, shape: Shape, dropped: Sequence[str]) -> None:
    fields = transaction.table_metadata.schema().fields
    present = {field.name: field.field_type for field in fields if field.name not in dropped}
    _refuse_other_case(shape, present)
    wanted = {field.name: iceberg_type(field.type) for field in shape.columns}
    if wrong := [name for name, kind in wanted.items() if name in present and not _fits(present[name], kind)]:
        ours, theirs = sql_type(present[wrong[0]]), sql_type(wanted[wrong[0]])
        raise SchemaError(
            f"the column {wrong[0]!r} is {theirs} in the frame, {ours} in {shape.identifier}",
            "the same type or a wider one (int to long, float to double, more digits of a decimal)",
            "convert the column, or save under another name",
        )
    with told_apart_by_name(), transaction.update_schema() as update:
        for name in dropped:
            update.delete_column((name,))
        for name, kind in wanted.items():
            if name not in present:
                update.add_column((name,), kind)
            elif promotes(present[name], kind):
                update.update_column((name,), field_type=kind)


def _stage_order(transaction: Transaction, shape: Shape) -> None:
    names = shape.columns.names
    if [field.name for field in transaction.table_metadata.schema().fields] == names:
        return
    with transaction.update_schema() as update:
        update.move_first((names[0],))
        for before, name in pairwise(names):
            update.move_after((name,), (before,))


def _stage_partition(transaction: Transaction, wanted: tuple[str, ...]) -> None:
    present = partition_names(transaction.table_metadata)
    _check_partition(wanted, transaction.table_metadata.schema())
    if wanted == present:
        return
    with transaction.update_spec() as update:
        for part in transaction.table_metadata.spec().fields:
            # Named as its column was when it came to partition.
            update.remove_field(part.name)
    with transaction.update_spec() as update:
        for name in wanted:
            update.add_identity(name)


def _stays(present: IcebergType, wanted: IcebergType) -> bool:
    """Return whether a column can become exactly what a frame has: it is that, or is widened to it."""
    return sql_type(present) == sql_type(wanted) or promotes(present, wanted)


def _fits(present: IcebergType, wanted: IcebergType) -> bool:
    """Return whether values of a frame's type can stand in a column: as they are, widened, or the column widened."""
    is_whole_to_double = isinstance(wanted, IntegerType) and isinstance(present, DoubleType)
    return _stays(present, wanted) or promotes(wanted, present) or is_whole_to_double


def promotes(narrow: IcebergType, wide: IcebergType) -> bool:
    """Return whether one type is widened to the other by Iceberg, which also calls text a form of bytes."""
    if narrow == wide or isinstance(narrow, _TEXT_OR_BYTES) or not (narrow.is_primitive and wide.is_primitive):
        return False
    if isinstance(narrow, DecimalType) and isinstance(wide, DecimalType) and narrow.scale != wide.scale:
        return False  # pyiceberg looks at the precision alone, and would take the digits for others
    try:
        promote(narrow, wide)
    except ResolveError:
        return False
    return True


def _refuse_other_case(shape: Shape, present: Iterable[str]) -> None:
    by_case = {name.lower(): name for name in present}
    for name in shape.columns.names:
        if (other := by_case.get(name.lower(), name)) != name:
            raise SchemaError(
                f"the column {name!r}, while {shape.identifier} has {other!r}", "the same case", "rename the column"
            )


def _check_partition(names: Sequence[str], schema: Schema) -> None:
    kinds = {field.name: field.field_type for field in schema.fields}
    if len(set(names)) != len(names) or not set(names) <= set(kinds):
        raise InputError(f"partition_by {list(names)}", f"some of {', '.join(kinds)}, each once")
    if wrong := [name for name in names if not isinstance(kinds[name], PARTITION_TYPES)]:
        raise SchemaError(
            f"the partition column {wrong[0]!r} is {sql_type(kinds[wrong[0]])}",
            "text, whole numbers, booleans, dates or timestamps",
            "partition by a rounded or named form of it",
        )
