"""Frames for tests of datasets: every type, hostile partition values, a few readings."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa

NOON = datetime(2016, 3, 27, 12, tzinfo=UTC)
READINGS = pa.table(
    {
        "sensor_id": [f"s{n}" for n in range(6)],
        "sensor_type": ["energy", "power"] * 3,
        "value": [50.0, 100.0, 150.0, 200.0, 250.0, 300.0],
    }
)
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
HOSTILE = ["a=b", "a/b", "..", "%2F", "ß", "'; DROP TABLE x; --", "[x]*?", "x" * 300, "", " ", None, HIVE_NULL]


def every_type() -> pa.Table:
    """Return three rows, the middle one of nulls, with a column of every type that datasets keep."""
    return pa.table(
        {
            "int8": pa.array([1, None, -128], pa.int8()),
            "uint8": pa.array([1, None, 255], pa.uint8()),
            "uint32": pa.array([1, None, 2**32 - 1], pa.uint32()),
            "int64": pa.array([1, None, -(2**63)], pa.int64()),
            "half": pa.array([1.5, None, -0.0], pa.float16()),
            "single": pa.array([0.1, None, float("inf")], pa.float32()),
            "double": pa.array([0.1, float("nan"), 1e300], pa.float64()),
            "money": pa.array([Decimal("1.50"), None, Decimal("-99999999.99")], pa.decimal128(10, 2)),
            "wide": pa.array([Decimal("1." + "1" * 10), None, Decimal("9" * 28)], pa.decimal128(38, 10)),
            "flag": [True, None, False],
            "text": ["", None, "größe\n\t'\"\x00" + "x" * 10_000],
            "large": pa.array(["a", None, "b"], pa.large_string()),
            "kind": pa.array(["a", None, "a"]).dictionary_encode(),
            "bytes": [b"", None, b"\x00\xff"],
            "fixed": pa.array([b"abcd", None, b"\x00\x00\x00\x00"], pa.binary(4)),
            "day": [date(1, 1, 1), None, date(9999, 12, 31)],
            "clock": [time(0), None, time(23, 59, 59, 999999)],
            "local": pa.array([datetime(1, 1, 1), None, datetime(9999, 12, 31)], pa.timestamp("us")),  # noqa: DTZ001
            "seconds": pa.array([0, None, 2**31], pa.timestamp("s")),
            "instant": pa.array([NOON, None, NOON], pa.timestamp("us", tz="Europe/Berlin")),
            "list": pa.array([[1, None], None, []], pa.list_(pa.int16())),
            "lists": [[["a"], None], None, [[]]],
            "struct": [{"x": 1, "y z": {"deep": ["a"]}}, None, {"x": None, "y z": None}],
            "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        }
    )


def every_type_of_orc() -> pa.Table:
    """Return the same with timestamps that readers of ORC can take."""
    table = every_type()
    local = pa.array([datetime(1969, 12, 31, 23, 59, 59, 999999), None, datetime(2200, 12, 31)], pa.timestamp("us"))  # noqa: DTZ001
    return table.set_column(table.schema.get_field_index("local"), "local", local)


def in_utc(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as it comes back: instants of any zone in UTC."""
    is_instant = pa.types.is_timestamp(column.type) and column.type.tz is not None
    return column.cast(pa.timestamp("us", tz="UTC")) if is_instant else column
