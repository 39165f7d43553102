"""The registry as Arrow schemas."""

import pyarrow as pa

from grid_assets.domain.columns import ColumnType, TableSpec

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.STRING: pa.string(),
    ColumnType.INT32: pa.int32(),
    ColumnType.INT64: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP_UTC: pa.timestamp("us", tz="UTC"),
}


def arrow_schema(table: TableSpec) -> pa.Schema:
    """Return the Arrow schema of a table, nullability included."""
    return pa.schema([pa.field(c.name, ARROW_TYPES[c.type], nullable=c.is_nullable) for c in table.columns])
