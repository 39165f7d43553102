"""Types: every Arrow type of a dataset has an Iceberg type, SQL of it, and field ids down to its parts."""

import pyarrow as pa
import pytest
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.types import FixedType, StringType, StructType

from grid_assets.domain.errors import InputError, SchemaError
from resources.clients.engines.layout import StoredColumn
from resources.clients.lake.types import (
    arrow_type,
    iceberg_type,
    normal_type,
    sql_type,
    stored_column,
    unassigned_schema,
)

NESTED = pa.struct([("x", pa.list_(pa.int8())), ("y z", pa.map_(pa.large_string(), pa.float16()))])


@pytest.mark.parametrize(
    ("given", "normal", "sql"),
    [
        (pa.bool_(), pa.bool_(), "BOOLEAN"),
        *((kind, pa.int32(), "INTEGER") for kind in (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16())),
        *((kind, pa.int64(), "BIGINT") for kind in (pa.int64(), pa.uint32(), pa.uint64())),
        *((kind, pa.float32(), "FLOAT") for kind in (pa.float16(), pa.float32())),
        (pa.float64(), pa.float64(), "DOUBLE"),
        *((kind, pa.date32(), "DATE") for kind in (pa.date32(), pa.date64())),
        *((kind, pa.time64("us"), "TIME") for kind in (pa.time32("s"), pa.time32("ms"), pa.time64("ns"))),
        *((pa.timestamp(unit), pa.timestamp("us"), "TIMESTAMP") for unit in ("s", "ms", "us", "ns")),
        (pa.timestamp("ns", tz="Europe/Berlin"), pa.timestamp("us", tz="UTC"), "TIMESTAMP WITH TIME ZONE"),
        *((kind, pa.string(), "VARCHAR") for kind in (pa.string(), pa.large_string(), pa.string_view())),
        *((kind, pa.binary(), "BLOB") for kind in (pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(4))),
        *((kind, pa.decimal128(9, 2), "DECIMAL(9, 2)") for kind in (pa.decimal128(9, 2), pa.decimal32(9, 2))),
        (pa.decimal256(38, 10), pa.decimal128(38, 10), "DECIMAL(38, 10)"),
        (pa.dictionary(pa.int8(), pa.large_string()), pa.string(), "VARCHAR"),
        (pa.dictionary(pa.int32(), pa.int16()), pa.int32(), "INTEGER"),
        (pa.list_(pa.int8(), 3), pa.list_(pa.field("element", pa.int32())), "INTEGER[]"),
        (pa.large_list(pa.string_view()), pa.list_(pa.field("element", pa.string())), "VARCHAR[]"),
        (pa.list_view(pa.date64()), pa.list_(pa.field("element", pa.date32())), "DATE[]"),
        (pa.map_(pa.int8(), pa.string_view()), pa.map_(pa.int32(), pa.string()), "MAP(INTEGER, VARCHAR)"),
    ],
)
def test_normal_type__of_every_kind(given: pa.DataType, normal: pa.DataType, sql: str) -> None:
    assert normal_type("c", given) == normal
    assert sql_type(iceberg_type(normal)) == sql


def test_stored_column__has_ids_down_to_the_parts() -> None:
    schema = assign_fresh_schema_ids(unassigned_schema(pa.schema({"a": pa.int32(), "n": normal_type("n", NESTED)})))
    assert stored_column(schema.fields[1]) == StoredColumn(
        "n",
        2,
        'STRUCT("x" INTEGER[], "y z" MAP(VARCHAR, FLOAT))',
        is_nullable=True,
        children=(
            StoredColumn("x", 3, "INTEGER[]", children=(StoredColumn("element", 5, "INTEGER"),)),
            StoredColumn(
                "y z",
                4,
                "MAP(VARCHAR, FLOAT)",
                children=(StoredColumn("key", 6, "VARCHAR", is_nullable=False), StoredColumn("value", 7, "FLOAT")),
            ),
        ),
    )


def test_unassigned_schema__leaves_every_column_optional() -> None:
    schema: Schema = unassigned_schema(pa.schema([pa.field("a", pa.int32(), nullable=False)]))
    assert [field.required for field in schema.fields] == [False]


def test_sql_type__refuses_what_this_project_does_not_write() -> None:
    with pytest.raises(SchemaError, match="is not read here"):
        sql_type(FixedType(3))


def test_arrow_type__of_a_simple_type_alone() -> None:
    assert arrow_type(StringType()) == pa.string()
    with pytest.raises(InputError, match="no single value"):
        arrow_type(StructType())
