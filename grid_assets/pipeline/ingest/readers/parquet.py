"""Parquet files as a row source: columns by name, timestamps and values typed or text.

A timestamp with a zone is an instant; one without is a local time of its sensor. What no field can be, such as a nested
or a binary column, makes the file one bad file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from grid_assets.domain.errors import UnreadableFileError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.sql import literal, quote
from grid_assets.pipeline.ingest.readers.header import READING_COLUMNS, ColumnSet
from grid_assets.pipeline.ingest.typed import NULL_TEXT, RowSource, TimestampType


@dataclass(frozen=True)
class ParquetShape:
    """The file's own name of each known column, the whole schema as text, and what timestamps and values are."""

    columns: tuple[tuple[str, str], ...]
    schema: str
    timestamp_type: TimestampType = TimestampType.TEXT
    is_value_number: bool = False

    @property
    def signature(self) -> tuple[object, ...]:
        """Return what two files must share to be read by one query."""
        return (self.schema,)

    def relation(self, paths: Sequence[Path]) -> str:
        """Return the query of files of this shape: src_file_index, src_row (from 1), src_ and each known column."""
        files = ", ".join(literal(str(path)) for path in paths)
        selected = ", ".join(f"{quote(column)} AS src_{name}" for name, column in self.columns)
        return f"""SELECT file_index AS src_file_index, file_row_number + 1 AS src_row, {selected}
            FROM read_parquet([{files}], file_row_number = true, hive_partitioning = false)"""

    def field(self, name: str, *, is_typed: bool = False) -> str:
        """Return the expression of a column as text, or as it is; null for one that the file does not have."""
        if name not in dict(self.columns):
            return NULL_TEXT
        return f"src_{name}" if is_typed else f"CAST(src_{name} AS VARCHAR)"

    @property
    def raw(self) -> str:
        """Return the expression of a row's known columns as JSON."""
        members = ", ".join(f"{literal(name)}: {self.field(name)}" for name, _ in self.columns)
        return f"CAST(to_json({{{members}}}) AS VARCHAR)"


def read_columns(path: Path, name: str, columns: ColumnSet) -> tuple[ParquetShape, pa.Schema]:
    """Return what a Parquet file's footer says, all columns taken as text; `name` is the file's, for messages.

    Raises:
        UnreadableFileError: With reason not_parquet, or bad_schema.
    """
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFileError(
            Reason.NOT_PARQUET, f"{name} is no readable Parquet file: {str(error)[:200]}", action="deliver it again"
        ) from error
    try:
        positions = columns.positions(schema.names)
    except UnreadableFileError as error:
        raise _bad_schema(name, error.found, error.expected) from error
    for known, position in positions.items():
        kind = schema.field(position).type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise _bad_schema(name, f"column {known} is {kind}", "text, a number or a timestamp")
    named = tuple((known, schema.names[position]) for known, position in positions.items())
    return ParquetShape(named, ",".join(f"{field.name}:{field.type}" for field in schema)), schema


def read_shape(path: Path, name: str) -> ParquetShape:
    """Return the shape of a Parquet file of readings, with the types of timestamp and value.

    Raises:
        UnreadableFileError: With reason not_parquet, or bad_schema.
    """
    shape, schema = read_columns(path, name, READING_COLUMNS)
    columns = dict(shape.columns)
    value = schema.field(columns["value"]).type
    is_number = pa.types.is_floating(value) or pa.types.is_integer(value) or pa.types.is_decimal(value)
    if not (is_number or _is_text(value)):
        raise _bad_schema(name, f"column value is {value}", "a number or text")
    kind = _timestamp_type(schema.field(columns["timestamp"]).type, name)
    return ParquetShape(shape.columns, shape.schema, kind, bool(is_number))


def parquet_source(paths: Sequence[Path], shape: ParquetShape) -> RowSource:
    """Return Parquet files of one schema as a row source; the source row is the row's number in its file, from 1."""
    return RowSource(
        shape.relation(paths),
        sensor_id=shape.field("sensor_id"),
        timestamp=shape.field("timestamp", is_typed=shape.timestamp_type is not TimestampType.TEXT),
        value=shape.field("value", is_typed=shape.is_value_number),
        raw=shape.raw,
        source_row="src_row",
        unit=shape.field("unit"),
        quality=shape.field("quality"),
        channel=shape.field("channel"),
        interval_minutes=shape.field("interval_minutes"),
        timestamp_type=shape.timestamp_type,
        is_value_number=shape.is_value_number,
    )


def _timestamp_type(kind: pa.DataType, name: str) -> TimestampType:
    if pa.types.is_timestamp(kind):
        return TimestampType.LOCAL if kind.tz is None else TimestampType.INSTANT
    if _is_text(kind):
        return TimestampType.TEXT
    raise _bad_schema(name, f"column timestamp is {kind}", "a timestamp or text")


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _bad_schema(name: str, found: str, expected: str) -> UnreadableFileError:
    return UnreadableFileError(Reason.BAD_SCHEMA, f"{name}: {found}", expected, "convert the file and land it again")
