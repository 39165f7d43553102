"""Parquet files: typed and text columns, types that no reading has, files that are none."""

import json
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from grid_assets.domain.ingest_reasons import Reason
from tests.unit.pipeline.ingest.world import World, utc

START = utc("2016-01-01T00:00")
INSTANT = pa.timestamp("us", tz="UTC")


def _table(**columns: pa.Array) -> pa.Table:
    base = {"sensor_id": pa.array(["a"]), "timestamp": pa.array([START], INSTANT), "value": pa.array([1.5])}
    return pa.table(base | columns)


@pytest.mark.parametrize(
    "timestamps",
    [
        pa.array([START], INSTANT),
        pa.array([START], pa.timestamp("ms", tz="Europe/Berlin")),
        pa.array([START], pa.timestamp("ns", tz="UTC")),
        pa.array(["2016-01-01T01:00:00+01:00"]),
        pa.array(["2016-01-01T00:00:00Z"]).dictionary_encode(),
    ],
    ids=["us", "ms", "ns", "text", "dictionary"],
)
def test_parquet__timestamps_of_every_type(ingest: World, timestamps: pa.Array) -> None:
    ingest.land("file.parquet", _table(timestamp=timestamps))
    assert ingest.accepted() == [("a", START, 1.5)]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([2], pa.int32()),
        pa.array([2.0], pa.float32()),
        pa.array([Decimal("2.000")]),
        pa.array(["2"]),
        pa.array([" 2 "], pa.large_string()),
    ],
    ids=["int", "float", "decimal", "text", "large text"],
)
def test_parquet__values_of_every_type(ingest: World, values: pa.Array) -> None:
    ingest.land("file.parquet", _table(value=values))
    assert ingest.accepted("value, source_row") == [(2.0, 1)]


def test_parquet__naive_timestamp_is_local_time(ingest: World) -> None:
    walls = pa.array([datetime(2016, 7, 1, 12), datetime(2016, 3, 27, 2, 30)], pa.timestamp("us"))  # noqa: DTZ001 - naive
    ids = pa.array(["local", "local"])
    ingest.land("file.parquet", pa.table({"sensor_id": ids, "timestamp": walls, "value": pa.array([1.0, 2.0])}))
    assert ingest.accepted("interval_start_utc") == [(utc("2016-07-01T10:00"),)]
    assert ingest.rejected() == [(2, Reason.NONEXISTENT_LOCAL_TIME)]


def test_parquet__bad_rows_keep_their_number_and_content(ingest: World) -> None:
    table = pa.table(
        {
            "Sensor_ID": pa.array(["a", "nobody", None, "a", "a", "a", "a"]),
            "timestamp": pa.array([START] * 4 + [None, utc("2999-01-01T00:00"), START], INSTANT),
            "value": pa.array([1.0, 1.0, 1.0, float("nan"), 1.0, 1.0, None]),
            "unit": pa.array(["kWh"] * 7),
            "interval_minutes": pa.array([15] * 7, pa.int16()),
        }
    )
    ingest.land("file.parquet", table)
    assert ingest.rejected() == [
        (2, Reason.UNKNOWN_SENSOR),
        (3, Reason.MISSING_FIELD),
        (4, Reason.NOT_FINITE),
        (5, Reason.MISSING_FIELD),
        (6, Reason.FAR_DATE),
        (7, Reason.MISSING_FIELD),
    ]
    assert json.loads(str(ingest.rejected("raw_text")[0][0])) == {
        "sensor_id": "nobody",
        "timestamp": "2016-01-01 00:00:00+00",
        "value": "1.0",
        "unit": "kWh",
        "interval_minutes": "15",
    }


def test_parquet__infinite_timestamp(ingest: World) -> None:
    ends = pa.array([2**63 - 1, -(2**63) + 1], pa.int64()).cast(INSTANT)
    ids = pa.array(["a", "a"])
    ingest.land("file.parquet", pa.table({"sensor_id": ids, "timestamp": ends, "value": pa.array([1.0, 1.0])}))
    assert [row for row, _ in ingest.rejected()] == [1, 2]


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"sensor_id": ["a"], "value": [1.0]}),
        _table(value=pa.array([True])),
        _table(value=pa.array([[1.0]])),
        _table(sensor_id=pa.array([b"a"])),
        _table(timestamp=pa.array([1451606400])),
    ],
    ids=["no timestamp", "bool", "list", "binary", "epoch"],
)
def test_parquet__schema_that_no_reading_has(ingest: World, table: pa.Table) -> None:
    ingest.land("file.parquet", table)
    assert ingest.rejected() == [(0, Reason.BAD_SCHEMA)]


def test_parquet__several_schemas_in_one_batch(ingest: World) -> None:
    ingest.land("1.parquet", _table())
    ingest.land("2.parquet", _table(value=pa.array(["2"]), unit=pa.array(["Wh"])))
    ingest.land("3.parquet", _table(extra=pa.array([[1]])))
    ingest.land("4.parquet", _table())
    assert [value for _, _, value in ingest.accepted()] == [1.5, 2.0, 1.5, 1.5]


def test_parquet__that_is_none_and_that_is_damaged(ingest: World) -> None:
    whole = ingest.land("1.parquet", pa.table({"sensor_id": ["a"] * 9, "timestamp": [START] * 9, "value": [1.0] * 9}))
    content = whole.path.read_bytes()
    ingest.land("2.parquet", "sensor_id,timestamp,value\n")
    ingest.land("3.parquet", content[: len(content) // 2])
    ingest.land("4.parquet", b"PAR1" + bytes(200) + content[204:])
    read = ingest.read()
    assert [(file.name, file.reason) for file in read.unreadable] == [
        (name, Reason.NOT_PARQUET) for name in ("2.parquet", "3.parquet", "4.parquet")
    ]
    assert len(ingest.rows(read.accepted, "value")) == 9
