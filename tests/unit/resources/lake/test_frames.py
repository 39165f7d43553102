"""Frames in and out: every type comes back with the same values or is refused by name; nothing is lost silently."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from grid_assets.domain.errors import InputError, SchemaError
from resources.clients.lake.frames import arrow_data, as_form, check_form, normal_schema

REFUSED = [
    pa.null(),
    pa.duration("us"),
    pa.month_day_nano_interval(),
    pa.decimal256(50, 2),
    pa.struct([]),
    pa.list_(pa.null()),
    pa.uuid(),
    pa.dense_union([pa.field("a", pa.int64())]),
    pa.run_end_encoded(pa.int32(), pa.int64()),
]


@pytest.mark.parametrize("kind", REFUSED, ids=str)
def test_normal_schema__refuses_a_type_that_cannot_be_kept(kind: pa.DataType) -> None:
    with pytest.raises(SchemaError, match="the column 'odd' is of the type"):
        normal_schema(pa.schema({"odd": kind}))


@pytest.mark.parametrize("names", [["a", "a"], ["Value", "value"], ["ä", "Ä"]])
def test_normal_schema__refuses_names_that_differ_in_case_at_most(names: list[str]) -> None:
    with pytest.raises(SchemaError, match="differ in case at most"):
        normal_schema(pa.schema([pa.field(name, pa.int64()) for name in names]))


@pytest.mark.parametrize("name", ["", "two\nlines", "nul\x00", "__duckdb_field_id"])
def test_normal_schema__refuses_names_that_cannot_be_kept(name: str) -> None:
    with pytest.raises(SchemaError, match="a column is named"):
        normal_schema(pa.schema({name: pa.int64()}))


def test_normal_schema__needs_a_column() -> None:
    with pytest.raises(SchemaError, match="no column"):
        normal_schema(pa.schema({}))


@pytest.mark.parametrize("frame", [[1], {"a": 1}, None, "df", pl.LazyFrame({"a": [1]}), pd.Series([1])])
def test_arrow_data__refuses_what_is_no_frame(frame: object) -> None:
    with pytest.raises(InputError, match="a pandas or Polars DataFrame"):
        arrow_data(frame)


def test_arrow_data__tells_a_lazy_frame_to_be_collected() -> None:
    with pytest.raises(InputError, match="collect"):
        arrow_data(pl.LazyFrame({"a": [1]}))


def test_arrow_data__takes_all_forms_alike() -> None:
    columns = {"a": [1, 2], "b": ["x", None]}
    table = pa.table(columns)
    forms: list[Any] = [table, table.to_batches()[0], table.to_reader(), pl.DataFrame(columns), pd.DataFrame(columns)]
    for form in forms:
        data = arrow_data(form)
        read = data if isinstance(data, pa.Table) else data.read_all()
        assert read.to_pydict() == columns


@pytest.mark.parametrize(
    ("index", "names"),
    [
        (None, ["value"]),
        (pd.RangeIndex(5, 8), ["value"]),
        (pd.Index(["a", "b", "c"]), ["index", "value"]),
        (pd.Index(["a", "b", "c"], name="sensor_id"), ["sensor_id", "value"]),
        (pd.MultiIndex.from_tuples([(1, 2), (3, 4), (5, 6)], names=["x", "y"]), ["x", "y", "value"]),
    ],
)
def test_arrow_data__keeps_an_index_that_says_something(index: pd.Index | None, names: list[str]) -> None:
    assert arrow_data(pd.DataFrame({"value": [1.0, 2.0, 3.0]}, index=index)).schema.names == names


def test_arrow_data__refuses_an_index_named_as_a_column_is() -> None:
    frame = pd.DataFrame({"value": [1.0]}, index=pd.Index(["a"], name="value"))
    with pytest.raises(SchemaError, match="cannot be taken"):
        arrow_data(frame)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1, "x"]}),
        pd.DataFrame({"a": [object()]}),
        pd.DataFrame({"a": pd.period_range("2016", periods=1)}),
        pd.DataFrame({"a": [pd.Timedelta("1h")]}),
    ],
)
def test_arrow_data__refuses_pandas_columns_without_a_type(frame: pd.DataFrame) -> None:
    with pytest.raises(SchemaError):
        arrow_data(frame)


def test_arrow_data__refuses_pandas_names_that_are_no_text() -> None:
    with pytest.raises(SchemaError, match="names that are text"):
        arrow_data(pd.DataFrame({0: [1]}))


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1], pa.timestamp("ns")),
        pa.array([1], pa.time64("ns")),
        pa.array([2**63], pa.uint64()),
        pa.array([[1]], pa.list_(pa.timestamp("ns", tz="UTC"))),
        pa.array([{"x": 2**63}], pa.struct([("x", pa.uint64())])),
        pa.array([1], pa.date64()),
    ],
    ids=lambda column: str(column.type),
)
def test_arrow_data__refuses_values_that_would_lose_something(column: pa.Array) -> None:
    with pytest.raises(SchemaError, match="values of the column 'lossy' do not fit"):
        arrow_data(pa.table({"lossy": column}))


def test_arrow_data__takes_nanoseconds_that_are_whole_microseconds() -> None:
    frame = pd.DataFrame({"at": pd.to_datetime(["2016-03-27 01:00:00.000001"]).astype("datetime64[ns]")})
    assert arrow_data(frame).column("at").to_pylist() == [datetime(2016, 3, 27, 1, 0, 0, 1)]  # noqa: DTZ001


def test_arrow_data__streams_a_reader_without_reading_it_whole() -> None:
    taken = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal taken
        for number in range(3):
            taken += 1
            yield pa.record_batch({"a": pa.array([number], pa.uint64())})

    source = pa.RecordBatchReader.from_batches(pa.schema({"a": pa.uint64()}), batches())
    data = arrow_data(source)
    assert taken == 0
    assert data.read_next_batch().to_pydict() == {"a": [0]}
    assert taken < 3


def test_as_form__gives_each_form() -> None:
    table = pa.table({"d": [Decimal("1.50")], "day": [date(2016, 3, 27)], "t": [time(1)]})
    assert as_form(table, "arrow") is table
    assert isinstance(as_form(table, "pandas"), pd.DataFrame)
    assert isinstance(as_form(table, "polars"), pl.DataFrame)
    assert as_form(table, "polars").to_dicts() == table.to_pylist() == as_form(table, "pandas").to_dict("records")


def test_check_form__refuses_others() -> None:
    with pytest.raises(InputError, match="one of pandas, polars, arrow"):
        check_form("numpy")
