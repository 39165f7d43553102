"""From files on disk to the data-file entries of a commit: partition values, counts and bounds, all checked."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, cast

from pyiceberg.conversions import to_bytes
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestamptzType,
)

from grid_assets.domain.errors import SchemaError
from resources.clients.engines.base import ColumnStatistics, WrittenFile

LONGEST_BOUND = 64
"""Text bounds longer than this are left out: they cost manifest space and prune nothing."""


def _boolean(text: str) -> bool:
    return text.lower() == "true"


def _instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


_PARSERS: dict[type, Callable[[str], Any]] = {
    StringType: str,
    IntegerType: int,
    LongType: int,
    DoubleType: float,
    BooleanType: _boolean,
    DateType: date.fromisoformat,
    TimestamptzType: _instant,
}


def data_file(table: Table, written: WrittenFile, file_format: FileFormat = FileFormat.PARQUET) -> DataFile:
    """Return the entry of one written file.

    Raises:
        SchemaError: If a partition value is missing.
    """
    schema = table.schema()
    fields = {field.name: field for field in schema.fields}
    known = {fields[name].field_id: stats for name, stats in written.columns.items() if name in fields}
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=f"file://{written.path}",
        file_format=file_format,
        partition=_partition(table, schema, written),
        record_count=written.rows,
        file_size_in_bytes=written.size_bytes,
        column_sizes={i: s.size_bytes for i, s in known.items() if s.size_bytes},
        value_counts=dict.fromkeys(known, written.rows),
        null_value_counts={i: s.nulls for i, s in known.items()},
        nan_value_counts={i: s.nans for i, s in known.items() if s.nans is not None},
        lower_bounds=_bounds(fields, written.columns, lambda s: s.lower),
        upper_bounds=_bounds(fields, written.columns, lambda s: s.upper),
        split_offsets=None,
        sort_order_id=None,
        spec_id=table.metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
    )


def _partition(table: Table, schema: Schema, written: WrittenFile) -> Record:
    values = []
    for part in table.spec().fields:
        name = schema.find_column_name(part.source_id)
        text = written.partition.get(str(name))
        if text is None:
            raise SchemaError(
                f"the file {written.path} has no value for the partition column {name!r}",
                "a value in every row",
                "nothing was committed; this is a defect of the stage that wrote the file",
            )
        values.append(_PARSERS[type(schema.find_field(part.source_id).field_type)](text))
    return Record(*[_partition_value(value) for value in values])


def _partition_value(value: object) -> object:
    # Iceberg keeps a date partition as days since 1970.
    return (value - date(1970, 1, 1)).days if isinstance(value, date) and not isinstance(value, datetime) else value


def _bounds(
    fields: dict[str, NestedField],
    columns: dict[str, ColumnStatistics],
    pick: Callable[[ColumnStatistics], str | None],
) -> dict[int, bytes]:
    bounds = {}
    for name, stats in columns.items():
        text = pick(stats)
        field = fields.get(name)
        if text is None or field is None or type(field.field_type) not in _PARSERS or len(text) > LONGEST_BOUND:
            continue
        bounds[field.field_id] = to_bytes(
            cast("PrimitiveType", field.field_type), _PARSERS[type(field.field_type)](text)
        )
    return bounds
