"""The registry as Iceberg schemas, partition specs and table properties."""

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
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

from grid_assets.domain.columns import ColumnType, TableSpec

ICEBERG_TYPES: dict[ColumnType, PrimitiveType] = {
    ColumnType.STRING: StringType(),
    ColumnType.INT32: IntegerType(),
    ColumnType.INT64: LongType(),
    ColumnType.DOUBLE: DoubleType(),
    ColumnType.BOOLEAN: BooleanType(),
    ColumnType.DATE: DateType(),
    ColumnType.TIMESTAMP_UTC: TimestamptzType(),
}
FIRST_PARTITION_FIELD = 1000
ZONE_PROPERTY = "grid.time-zone"

TABLE_PROPERTIES = {
    "format-version": "2",
    "write.format.default": "parquet",
    "write.parquet.compression-codec": "zstd",
    "commit.manifest-merge.enabled": "true",
    "commit.retry.num-retries": "8",
    "commit.retry.min-wait-ms": "50",
    "commit.retry.max-wait-ms": "2000",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    # Parquet tables stay copy-on-write, so that planned data files are the whole truth for readers outside Iceberg.
    "write.delete.mode": "copy-on-write",
    "write.update.mode": "copy-on-write",
    "write.merge.mode": "copy-on-write",
}


def iceberg_schema(table: TableSpec) -> Schema:
    """Return the Iceberg schema; field ids are the columns' positions from 1."""
    return Schema(
        *(
            NestedField(number, c.name, ICEBERG_TYPES[c.type], required=not c.is_nullable, doc=c.description)
            for number, c in enumerate(table.columns, start=1)
        )
    )


def partition_spec(table: TableSpec) -> PartitionSpec:
    """Return the partition spec: the identity of each partition column."""
    ids = {name: number for number, name in enumerate(table.column_names, start=1)}
    return PartitionSpec(
        *(
            PartitionField(ids[name], FIRST_PARTITION_FIELD + n, IdentityTransform(), name)
            for n, name in enumerate(table.partition_by)
        )
    )
