"""Columns as ORC files keep them: Arrow fields that carry Iceberg's ids, and the types that ORC has not.

ORC has no time of day: Iceberg keeps it as microseconds in a whole number. pyarrow reads timestamps as nanoseconds, so
those outside of the years 1678 to 2261 are refused before they are written.
"""

import pyarrow as pa
from pyarrow import types as at

from grid_assets.domain.errors import SchemaError
from resources.clients.engines.layout import StoredColumn
from resources.clients.engines.orc.tail import FIELD_ID, LONG_TYPE, TIME

_REQUIRED = "iceberg.required"


def orc_schema(columns: tuple[StoredColumn, ...], given: pa.Schema) -> pa.Schema:
    """Return the schema to write columns with, whose Arrow types are given."""
    return pa.schema([_field(column, given.field(column.name).type) for column in columns])


def stored_rows(rows: pa.RecordBatch, schema: pa.Schema, identifier: str) -> pa.RecordBatch:
    """Return rows in the types of the schema to write.

    Raises:
        SchemaError: If a timestamp is outside of the years that readers of ORC can take.
    """
    return pa.RecordBatch.from_arrays([_cast(rows.column(f.name), f, identifier) for f in schema], schema=schema)


def column_numbers(schema: pa.Schema, names: tuple[str, ...]) -> list[int]:
    """Return the numbers that top-level columns have in the file, where parts of nested ones are counted as well."""
    number, found = 1, []
    for field in schema:
        if field.name in names:
            found.append(number)
        number += _types_in(field.type)
    return found


def _cast(values: pa.Array, field: pa.Field, identifier: str) -> pa.Array:
    try:
        return values if values.type == field.type else values.cast(field.type)
    except pa.ArrowInvalid as error:
        raise SchemaError(
            f"the column {field.name!r} of {identifier} has timestamps that readers of ORC cannot take: {error}",
            "timestamps of the years 1678 to 2261",
            "save it by save_to_parquet, or keep these values as dates or text",
        ) from error


def _types_in(kind: pa.DataType) -> int:
    if at.is_map(kind):
        return 1 + _types_in(kind.key_type) + _types_in(kind.item_type)
    return 1 + sum(_types_in(kind.field(n).type) for n in range(kind.num_fields))


def _field(column: StoredColumn, kind: pa.DataType) -> pa.Field:
    metadata = {FIELD_ID: str(column.field_id), _REQUIRED: str(not column.is_nullable).lower()}
    if at.is_time(kind):
        metadata[LONG_TYPE] = TIME
    return pa.field(column.name, _stored(column, kind), metadata=metadata)


def _stored(column: StoredColumn, kind: pa.DataType) -> pa.DataType:
    if at.is_time(kind):
        return pa.int64()
    if at.is_timestamp(kind):
        return pa.timestamp("ns", kind.tz)
    if at.is_struct(kind):
        return pa.struct([_field(part, kind.field(part.name).type) for part in column.children])
    if at.is_list(kind):
        return pa.list_(_field(column.children[0], kind.value_type))
    if at.is_map(kind):
        key, value = column.children
        return pa.map_(_field(key, kind.key_type).with_nullable(nullable=False), _field(value, kind.item_type))
    return kind
