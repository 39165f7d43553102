"""Types of datasets: from Arrow to what Iceberg keeps, and from that to what an engine writes and reads.

Integers of 8 and 16 bits come back with 32, unsigned ones of 32 and 64 with 64; half floats as single; dictionaries as
their values; instants with any zone as UTC; lists of any kind as lists. What would lose something is refused.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyarrow import types as at
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
    TimeType,
)

from grid_assets.domain.errors import InputError, SchemaError
from grid_assets.domain.projections.sql import quote
from resources.clients.engines.layout import StoredColumn

_UNASSIGNED = -1
_LARGEST_PRECISION = 38
_SQL_TYPES: dict[type[IcebergType], str] = {
    BooleanType: "BOOLEAN",
    IntegerType: "INTEGER",
    LongType: "BIGINT",
    FloatType: "FLOAT",
    DoubleType: "DOUBLE",
    DateType: "DATE",
    TimeType: "TIME",
    TimestampType: "TIMESTAMP",
    TimestamptzType: "TIMESTAMP WITH TIME ZONE",
    StringType: "VARCHAR",
    BinaryType: "BLOB",
}
_KINDS: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType, type[IcebergType]], ...] = (
    (at.is_boolean, pa.bool_(), BooleanType),
    (lambda t: t in {pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16()}, pa.int32(), IntegerType),
    (lambda t: t in {pa.int64(), pa.uint32(), pa.uint64()}, pa.int64(), LongType),
    (lambda t: t in {pa.float16(), pa.float32()}, pa.float32(), FloatType),
    (at.is_float64, pa.float64(), DoubleType),
    (at.is_date, pa.date32(), DateType),
    (at.is_time, pa.time64("us"), TimeType),
    (lambda t: at.is_timestamp(t) and t.tz is None, pa.timestamp("us"), TimestampType),
    (lambda t: at.is_timestamp(t) and t.tz is not None, pa.timestamp("us", tz="UTC"), TimestamptzType),
    (lambda t: at.is_string(t) or at.is_large_string(t) or at.is_string_view(t), pa.string(), StringType),
    (
        lambda t: at.is_binary(t) or at.is_large_binary(t) or at.is_binary_view(t) or at.is_fixed_size_binary(t),
        pa.binary(),
        BinaryType,
    ),
)
"""How each simple Arrow type is recognised, its normal form in Arrow, and what Iceberg keeps."""


_LISTS = (at.is_list, at.is_large_list, at.is_fixed_size_list, at.is_list_view, at.is_large_list_view)


def normal_type(column: str, kind: pa.DataType) -> pa.DataType:
    """Return the Arrow type that a column of a type is kept as.

    Raises:
        SchemaError: If no type of the lake holds all of its values.
    """
    for is_kind, normal, _ in _KINDS:
        if is_kind(kind):
            return normal
    if at.is_decimal(kind) and kind.precision <= _LARGEST_PRECISION and 0 <= kind.scale <= kind.precision:
        return pa.decimal128(kind.precision, kind.scale)
    if at.is_dictionary(kind):
        return normal_type(column, kind.value_type)
    if any(is_kind(kind) for is_kind in _LISTS):
        return pa.list_(pa.field("element", normal_type(column, kind.value_type)))
    if at.is_map(kind):
        return pa.map_(normal_type(column, kind.key_type), normal_type(column, kind.item_type))
    if at.is_struct(kind) and kind.num_fields:
        return pa.struct([pa.field(f.name, normal_type(column, f.type)) for f in kind])
    raise SchemaError(
        f"the column {column!r} is of the type {kind}, which the lake cannot keep",
        "numbers, text, booleans, dates, times, timestamps, decimals of up to 38 digits, binary, lists, structs, maps",
        "convert the column; one of missing values only needs a type",
    )


def iceberg_type(normal: pa.DataType) -> IcebergType:
    """Return the Iceberg type of a normal Arrow type; its parts have no field ids yet."""
    for _, arrow, iceberg in _KINDS:
        if arrow == normal:
            return iceberg()
    if at.is_decimal(normal):
        return DecimalType(normal.precision, normal.scale)
    if at.is_list(normal):
        return ListType(_UNASSIGNED, iceberg_type(normal.value_type), element_required=False)
    if at.is_map(normal):
        key, value = iceberg_type(normal.key_type), iceberg_type(normal.item_type)
        return MapType(_UNASSIGNED, key, _UNASSIGNED, value, value_required=False)
    return StructType(*(_optional(field) for field in normal))


def unassigned_schema(normal: pa.Schema) -> Schema:
    """Return the Iceberg schema of normal Arrow columns, all optional, without field ids yet.

    Raises:
        SchemaError: If a name with a dot is that of a part of another column as well.
    """
    return schema_of(_optional(field) for field in normal)


def schema_of(fields: Iterable[NestedField], schema_id: int = 0) -> Schema:
    """Return a schema of columns.

    Raises:
        SchemaError: If a name with a dot is that of a part of another column as well.
    """
    with told_apart_by_name():
        return Schema(*fields, schema_id=schema_id)


@contextmanager
def told_apart_by_name() -> Iterator[None]:
    """Refuse, in a block that makes a schema, names that Iceberg cannot tell apart.

    Raises:
        SchemaError: If a name with a dot is that of a part of another column as well.
    """
    try:
        yield
    except ValueError as error:
        raise SchemaError(
            f"columns that cannot be told apart: {error}",
            "no column named as a part of another one is, such as 'a.b' beside the part b of a",
            "rename one",
        ) from error


def arrow_type(kind: IcebergType) -> pa.DataType:
    """Return the normal Arrow type of a simple Iceberg type.

    Raises:
        InputError: If the type is nested, so that no value compares with it.
    """
    if isinstance(kind, DecimalType):
        return pa.decimal128(kind.precision, kind.scale)
    for _, arrow, iceberg in _KINDS:
        if type(kind) is iceberg:
            return arrow
    raise InputError(f"the type {kind} has no single value to compare with", "a column of a simple type")


def sql_type(kind: IcebergType) -> str:
    """Return an Iceberg type in DuckDB's dialect.

    Raises:
        SchemaError: If it is a type that neither datasets nor the registry have.
    """
    if type(kind) in _SQL_TYPES:
        return _SQL_TYPES[type(kind)]
    if isinstance(kind, DecimalType):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if isinstance(kind, ListType):
        return f"{sql_type(kind.element_type)}[]"
    if isinstance(kind, MapType):
        return f"MAP({sql_type(kind.key_type)}, {sql_type(kind.value_type)})"
    if isinstance(kind, StructType):
        return f"STRUCT({', '.join(f'{quote(f.name)} {sql_type(f.field_type)}' for f in kind.fields)})"
    raise SchemaError(f"the type {kind} is not read here", "a type that this project writes")


def stored_column(field: NestedField) -> StoredColumn:
    """Return a column of an Iceberg schema as an engine writes and reads it."""
    kind = field.field_type
    parts = tuple(stored_column(part) for part in _parts(kind))
    return StoredColumn(field.name, field.field_id, sql_type(kind), not field.required, parts)


def _parts(kind: IcebergType) -> tuple[NestedField, ...]:
    if isinstance(kind, StructType):
        return kind.fields
    if isinstance(kind, ListType):
        return (kind.element_field,)
    return (kind.key_field, kind.value_field) if isinstance(kind, MapType) else ()


def _optional(field: pa.Field) -> NestedField:
    return NestedField(_UNASSIGNED, field.name, iceberg_type(field.type), required=False)
