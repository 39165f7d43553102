"""Entries of commits: bounds that prune rightly, partition values in Iceberg's own form, text that is no value."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyiceberg.conversions import from_bytes
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata, new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BinaryType,
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

from grid_assets.domain.errors import SchemaError
from resources.clients.engines.base import ColumnStatistics, WrittenFile
from resources.clients.lake.datafiles import LONGEST_BOUND, data_file


def metadata(kind: IcebergType, *, partitions: bool = False, required: bool = False) -> TableMetadata:
    spec = PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "c")) if partitions else PartitionSpec()
    schema = Schema(NestedField(1, "c", kind, required=required))
    return new_table_metadata(schema, spec, UNSORTED_SORT_ORDER, "file:///t", {"format-version": "2"})


def written(lower: str | None, upper: str | None, *, partition: dict[str, str | None] | None = None) -> WrittenFile:
    nulls = 10 if lower is None else 0
    return WrittenFile("/t/f", 10, 100, partition or {}, {"c": ColumnStatistics(lower, upper, nulls, None, 50)})


def bounds(kind: PrimitiveType, lower: str, upper: str) -> tuple[Any, Any]:
    entry = data_file(metadata(kind), written(lower, upper))
    low, high = entry.lower_bounds.get(1), entry.upper_bounds.get(1)
    return low and from_bytes(kind, low), high and from_bytes(kind, high)


@pytest.mark.parametrize(
    ("kind", "lower", "upper", "expected"),
    [
        (BooleanType(), "0", "1", (False, True)),
        (BooleanType(), "1", "1", (True, True)),
        (BooleanType(), "false", "true", (False, True)),
        (IntegerType(), "-5", "7", (-5, 7)),
        (LongType(), "-9223372036854775808", "9223372036854775807", (-(2**63), 2**63 - 1)),
        (FloatType(), "0.5", "8.0", (0.5, 8.0)),
        (DoubleType(), "-inf", "1e+300", (float("-inf"), 1e300)),
        (DecimalType(10, 2), "-1.50", "8.00", (Decimal("-1.50"), Decimal("8.00"))),
        (DateType(), "1970-01-02", "1970-01-03", (1, 2)),
        (TimeType(), "00:00:01", "00:00:01.5", (1_000_000, 1_500_000)),
        (TimestampType(), "1970-01-01 00:00:01", "1970-01-01 00:00:01.5", (1_000_000, 1_500_000)),
        (TimestamptzType(), "1970-01-01 00:00:01+00", "1970-01-01 01:00:02+01", (1_000_000, 2_000_000)),
        (StringType(), "a'b\"c", "größe", ("a'b\"c", "größe")),
    ],
)
def test_data_file__keeps_bounds_of_every_type(
    kind: PrimitiveType, lower: str, upper: str, expected: tuple[object, object]
) -> None:
    assert bounds(kind, lower, upper) == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (StringType(), "x" * (LONGEST_BOUND + 1)),
        (DateType(), "20000-01-01"),
        (TimestamptzType(), "infinity"),
        (TimestampType(), "0044-03-15 (BC) 00:00:00"),
        (BinaryType(), "6162"),
    ],
)
def test_data_file__leaves_out_a_bound_that_it_cannot_keep(kind: PrimitiveType, text: str) -> None:
    assert bounds(kind, text, text) == (None, None)


def test_data_file__gives_zero_the_bounds_that_hold_both_zeros() -> None:
    low, high = bounds(DoubleType(), "0.0", "-0.0")
    assert (str(low), str(high)) == ("-0.0", "0.0")


def test_data_file__counts_values_and_nulls() -> None:
    entry = data_file(metadata(LongType()), written(None, None))
    assert (entry.record_count, entry.value_counts, entry.null_value_counts) == (10, {1: 10}, {1: 10})
    assert (entry.lower_bounds, entry.upper_bounds, entry.column_sizes) == ({}, {}, {1: 50})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (DateType(), "2016-03-27", (date(2016, 3, 27) - date(1970, 1, 1)).days),
        (TimestamptzType(), "1970-01-01 01:00:00+01", 0),
        (TimestampType(), "1970-01-01 00:00:01", 1_000_000),
        (BooleanType(), "false", False),
        (BooleanType(), "1", True),
        (LongType(), "-3", -3),
        (StringType(), "a=b/c %", "a=b/c %"),
        (StringType(), "", ""),
    ],
)
def test_data_file__keeps_partition_values_as_iceberg_does(kind: IcebergType, text: str, value: object) -> None:
    entry = data_file(metadata(kind, partitions=True), written(text, text, partition={"c": text}))
    assert entry.partition[0] == value


def test_data_file__takes_null_for_a_partition_where_every_row_has_it() -> None:
    entry = data_file(metadata(StringType(), partitions=True), written(None, None, partition={"c": None}))
    assert entry.partition[0] is None


@pytest.mark.parametrize(
    ("required", "stats", "partition"),
    [
        (True, written(None, None), {"c": None}),
        (False, written("a", "a"), {"c": None}),
        (False, written("a", "a"), {}),
        (False, WrittenFile("/t/f", 10, 100, {}, {}), {"c": None}),
    ],
)
def test_data_file__refuses_a_missing_partition_value(
    required: bool,  # noqa: FBT001 - a parameter of the cases
    stats: WrittenFile,
    partition: dict[str, str | None],
) -> None:
    file = WrittenFile(stats.path, stats.rows, stats.size_bytes, partition, stats.columns)
    with pytest.raises(SchemaError, match="no value for the partition column 'c'"):
        data_file(metadata(StringType(), partitions=True, required=required), file)


def test_data_file__refuses_a_partition_value_beyond_the_calendar() -> None:
    with pytest.raises(SchemaError, match="'c' has the value '20000-01-01'"):
        data_file(metadata(DateType(), partitions=True), written(None, None, partition={"c": "20000-01-01"}))
