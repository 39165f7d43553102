"""From files on disk to the data-file entries of a commit: partition values, counts and bounds, all checked."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal
from typing import Any, Literal

from pyiceberg.conversions import to_bytes
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
)
from pyiceberg.utils.datetime import date_to_days, datetime_to_micros

from grid_assets.domain.errors import SchemaError
from resources.clients.engines.base import ColumnStatistics, WrittenFile

LONGEST_BOUND = 64
"""Text bounds longer than this are left out: they cost manifest space and prune nothing."""
_EXACT = Context(prec=76)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_FLOATING = (FloatType, DoubleType)


def _boolean(text: str) -> bool:
    return _BOOLEANS[text.lower()]


def _instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


_PARSERS: dict[type[IcebergType], Callable[[str], Any]] = {
    StringType: str,
    IntegerType: int,
    LongType: int,
    FloatType: float,
    DoubleType: float,
    DecimalType: Decimal,
    BooleanType: _boolean,
    DateType: date.fromisoformat,
    TimeType: time.fromisoformat,
    TimestampType: datetime.fromisoformat,
    TimestamptzType: _instant,
}
PARTITION_TYPES = (StringType, IntegerType, LongType, BooleanType, DateType, TimestampType, TimestamptzType)
"""Types whose values are the same however they are written, so that a partition is one value."""


def data_file(metadata: TableMetadata, written: WrittenFile, file_format: FileFormat = FileFormat.PARQUET) -> DataFile:
    """Return the entry of one written file under a table's current schema and partition spec.

    Raises:
        SchemaError: If a partition value is missing, or null where the column may not be.
    """
    fields = {field.name: field for field in metadata.schema().fields}
    known = {fields[name]: stats for name, stats in written.columns.items() if name in fields}
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=f"file://{written.path}",
        file_format=file_format,
        partition=Record(*(_partition_value(metadata, part, written) for part in metadata.spec().fields)),
        record_count=written.rows,
        file_size_in_bytes=written.size_bytes,
        column_sizes={f.field_id: s.size_bytes for f, s in known.items() if s.size_bytes},
        value_counts={f.field_id: written.rows for f in known if f.field_type.is_primitive},
        null_value_counts={f.field_id: s.nulls for f, s in known.items() if f.field_type.is_primitive},
        nan_value_counts={f.field_id: s.nans for f, s in known.items() if s.nans is not None},
        lower_bounds=_bounds(known, "lower"),
        upper_bounds=_bounds(known, "upper"),
        split_offsets=None,
        sort_order_id=None,
        spec_id=metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
    )


def metrics_of(schema: Schema, columns: Mapping[int, ColumnStatistics], rows: int) -> DataFile:
    """Return what is known of some rows in the form that filters are judged on; columns are by field id."""
    fields = {field.field_id: field for field in schema.fields}
    known = {fields[n]: found for n, found in columns.items() if n in fields and fields[n].field_type.is_primitive}
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path="",
        file_format=FileFormat.ORC,
        partition=Record(),
        record_count=rows,
        file_size_in_bytes=0,
        value_counts=dict.fromkeys((f.field_id for f in known), rows),
        null_value_counts={f.field_id: s.nulls for f, s in known.items()},
        nan_value_counts={},
        lower_bounds=_bounds(known, "lower"),
        upper_bounds=_bounds(known, "upper"),
    )


def _bounds(known: Mapping[NestedField, ColumnStatistics], side: Literal["lower", "upper"]) -> dict[int, bytes]:
    # Readers that tell -0.0 from 0.0 need the bounds that hold both.
    zero = -0.0 if side == "lower" else 0.0
    found = {f.field_id: _bound(f, s.lower if side == "lower" else s.upper, zero) for f, s in known.items()}
    return {field_id: bound for field_id, bound in found.items() if bound is not None}


def _partition_value(metadata: TableMetadata, part: PartitionField, written: WrittenFile) -> object:
    field = metadata.schema().find_field(part.source_id)
    text = written.partition.get(field.name)
    is_null = field.name in written.partition and text is None
    stats = written.columns.get(field.name)
    # A null that only the writer's folder claims is a partition column that was left out of the file.
    if text is None and (field.required or not is_null or stats is None or stats.nulls != written.rows):
        raise SchemaError(
            f"the file {written.path} has no value for the partition column {field.name!r}",
            "a value in every row",
            "nothing was committed; this is a defect of the stage that wrote the file",
        )
    return None if text is None else _as_stored(field, text)


def _as_stored(field: NestedField, text: str) -> object:
    # Iceberg keeps a date partition as days and an instant as microseconds since 1970.
    try:
        value = _PARSERS[type(field.field_type)](text)
    except ValueError as error:
        raise SchemaError(
            f"the partition column {field.name!r} has the value {text!r}", f"a {field.field_type} from year 1 to 9999"
        ) from error
    if isinstance(value, datetime):
        return datetime_to_micros(value)
    return date_to_days(value) if isinstance(value, date) else value


def _bound(field: NestedField, text: str | None, zero: float) -> bytes | None:
    """Return a bound as Iceberg keeps it, None where there is none worth keeping."""
    kind = field.field_type
    if text is None or not isinstance(kind, PrimitiveType) or type(kind) not in _PARSERS or len(text) > LONGEST_BOUND:
        return None
    try:
        value = _PARSERS[type(kind)](text)
    except ValueError:
        # Outside of what Python's dates can hold: no bound means that the file is always read.
        return None
    if isinstance(kind, DecimalType):
        # Writers leave out zeros at the end.
        value = value.quantize(Decimal(1).scaleb(-kind.scale), context=_EXACT)
    return to_bytes(kind, zero if isinstance(kind, _FLOATING) and value == 0 else value)
