"""Cancellations as rows: they need no value, count like any other row, and stand between what came before and after."""

import pyarrow as pa
import pytest

from grid_assets.domain.ingest_reasons import Reason
from tests.unit.pipeline.ingest.world import World, store

HEADER = "sensor_id,timestamp,value,quality"
AT = "2016-01-01T00:00:00Z"
A, CANCELLED = f"a,{AT},1,", f"a,{AT},,cancelled"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (f"a,{AT},,cancelled", None),
        (f"a,{AT},  , Cancelled ", None),
        (f"a,{AT},1.5,CANCELLED", 1.5),
    ],
)
def test_read_batch__cancellation_needs_no_value(ingest: World, line: str, value: float | None) -> None:
    ingest.csv(line, header=HEADER)
    assert ingest.accepted("value, unit, quality") == [(value, "kWh", "cancelled")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"a,{AT},abc,cancelled", Reason.BAD_VALUE),
        (f"a,{AT},NaN,cancelled", Reason.NOT_FINITE),
        ("a,,,cancelled", Reason.MISSING_FIELD),
        (f"a,{AT},,canceled", Reason.MISSING_FIELD),
        (f"a,{AT},,measured", Reason.MISSING_FIELD),
        (f"a,{AT},,", Reason.MISSING_FIELD),
    ],
)
def test_read_batch__what_only_looks_like_a_cancellation_is_rejected(ingest: World, line: str, reason: Reason) -> None:
    ingest.csv(line, header=HEADER)
    assert ingest.rejected() == [(2, reason)]
    assert ingest.accepted() == []


def test_read_batch__cancellation_without_a_time_is_told_so(ingest: World) -> None:
    ingest.csv("a,,,cancelled", header=HEADER)
    assert ingest.rejected("detail") == [("found nothing for timestamp; expected all three",)]


def test_read_batch__cancellation_in_local_time(ingest: World) -> None:
    ingest.csv("local,2016-01-01T00:00:00,,cancelled", header=HEADER)
    assert ingest.accepted("value, quality") == [(None, "cancelled")]


def test_read_batch__cancellation_in_json_lines(ingest: World) -> None:
    ingest.land(
        "file.jsonl",
        f'{{"sensor_id": "a", "timestamp": "{AT}", "value": null, "quality": "cancelled"}}\n'
        f'{{"sensor_id": "b", "timestamp": "{AT}", "quality": "cancelled"}}\n'
        f'{{"sensor_id": "b", "timestamp": "{AT}", "value": null}}\n',
    )
    assert ingest.accepted("sensor_id, value, quality") == [("a", None, "cancelled"), ("b", None, "cancelled")]
    assert ingest.rejected() == [(3, Reason.MISSING_FIELD)]


@pytest.mark.parametrize("kind", [pa.float64(), pa.int32(), pa.decimal128(9, 3), pa.string()])
def test_read_batch__cancellation_in_parquet(ingest: World, kind: pa.DataType) -> None:
    nothing = pa.nulls(2, kind)
    columns = {"sensor_id": ["a", "b"], "timestamp": [AT, AT], "value": nothing, "quality": ["cancelled", "measured"]}
    ingest.land("file.parquet", pa.table(columns))
    assert ingest.accepted("sensor_id, value, quality") == [("a", None, "cancelled")]
    assert ingest.rejected() == [(2, Reason.MISSING_FIELD)]


def test_split_new__a_cancellation_is_a_fact_of_its_own_and_its_repetition_none(ingest: World) -> None:
    ingest.csv(A, CANCELLED, CANCELLED, A, header=HEADER)
    split = ingest.split()
    assert ingest.rows(split.new_rows, "source_row, value") == [(2, 1.0), (3, None), (5, 1.0)]
    assert [(c.received, c.stored, c.duplicate, c.quarantined) for c in split.counts] == [(4, 3, 1, 0)]


def test_split_new__a_cancellation_that_is_stored_is_known_again(ingest: World) -> None:
    ingest.csv(A, CANCELLED, header=HEADER, name="1.csv")
    stored = store(ingest, 1, ingest.split())
    ingest.files.clear()
    ingest.csv(CANCELLED, A, header=HEADER, name="2.csv")
    assert ingest.rows(ingest.split(stored).new_rows, "source_row, value") == [(3, 1.0)]
