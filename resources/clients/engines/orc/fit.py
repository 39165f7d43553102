"""From a column as an ORC file has it to the column as a table has it now: wider types, renamed and added parts."""

import pyarrow as pa
from pyarrow import types as at

from grid_assets.domain.errors import LakeError
from resources.clients.engines.layout import StoredColumn
from resources.clients.engines.orc.tail import FIELD_ID

_KEY = FIELD_ID.encode()


def field_id(field: pa.Field, path: str) -> int:
    """Return Iceberg's id of a file's column.

    Raises:
        LakeError: If the file has none, so that its columns could only be guessed.
    """
    if field.metadata is None or _KEY not in field.metadata:
        raise LakeError(
            f"the column {field.name!r} of {path} has no field id",
            f"{FIELD_ID} on each column, as writers of Iceberg's ORC files give it",
            "write the file anew through the table",
        )
    return int(field.metadata[_KEY])


def fitted(values: pa.Array, given: pa.Field, column: StoredColumn, target: pa.DataType) -> pa.Array:
    """Return a file's values as a column of the target type; parts of structs are found by their ids.

    Instants finer than a microsecond are cut to it; every other change of type keeps the values.
    """
    if at.is_struct(target):
        return _struct(values, column, target)
    if at.is_map(target):
        return _map(values, given, column, target)
    if at.is_list(target):
        inner = fitted(values.values, given.type.value_field, column.children[0], target.value_type)
        return pa.ListArray.from_arrays(values.offsets, inner, type=target, mask=_nulls(values))
    if values.type == target:
        return values
    return values.cast(target, safe=not at.is_timestamp(target))


def _struct(values: pa.Array, column: StoredColumn, target: pa.StructType) -> pa.Array:
    there = {_part_id(part): number for number, part in enumerate(values.type)}
    parts = []
    for child, wanted in zip(column.children, target, strict=True):
        number = there.get(child.field_id)
        if number is None:
            parts.append(pa.nulls(len(values), wanted.type))
        else:
            parts.append(fitted(values.field(number), values.type.field(number), child, wanted.type))
    return pa.StructArray.from_arrays(parts, fields=list(target), mask=_nulls(values))


def _map(values: pa.Array, given: pa.Field, column: StoredColumn, target: pa.MapType) -> pa.Array:
    key, item = column.children
    keys = fitted(values.keys, given.type.key_field, key, target.key_type)
    items = fitted(values.items, given.type.item_field, item, target.item_type)
    return pa.MapArray.from_arrays(values.offsets, keys, items, type=target, mask=_nulls(values))


def _part_id(field: pa.Field) -> int | None:
    found = (field.metadata or {}).get(_KEY)
    return int(found) if found else None


def _nulls(values: pa.Array) -> pa.Array | None:
    return values.is_null() if values.null_count else None
