"""Filters: the SQL and the expression agree with plain Python on every row, and malformed terms are refused clearly."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from math import isnan
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.expressions.visitors import bind
from pyiceberg.schema import Schema, assign_fresh_schema_ids

from grid_assets.domain.errors import InputError
from resources.clients.lake.conditions import columns_of, condition
from resources.clients.lake.types import unassigned_schema

ARROW = pa.schema(
    {
        "whole": pa.int64(),
        "small": pa.int32(),
        "number": pa.float64(),
        "single": pa.float32(),
        "money": pa.decimal128(10, 2),
        "text": pa.string(),
        "bytes": pa.binary(),
        "flag": pa.bool_(),
        "day": pa.date32(),
        "clock": pa.time64("us"),
        "local": pa.timestamp("us"),
        "instant": pa.timestamp("us", tz="UTC"),
        "parts": pa.list_(pa.field("element", pa.int64())),
    }
)
SCHEMA: Schema = assign_fresh_schema_ids(unassigned_schema(ARROW))
PLAIN: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}
NUMBERS = st.one_of(st.none(), st.floats(width=32), st.sampled_from([0.0, -0.0, float("nan"), float("inf"), 1.5]))
FINITE = st.floats(allow_nan=False, width=32)


def matching(filters: object, rows: pa.Table) -> list[dict[str, Any]]:
    found = condition(filters, SCHEMA)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("rows", rows)
    where = f" WHERE {found.sql}" if found.sql else ""
    relation = connection.sql(f"SELECT * FROM rows{where}", params=list(found.parameters) or None)
    return list(relation.to_arrow_table().to_pylist())


@given(st.lists(NUMBERS, min_size=1), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), FINITE)
def test_condition__on_numbers_is_what_python_says_and_never_null(
    numbers: list[float | None], operator: str, value: float
) -> None:
    rows = pa.table({"number": pa.array(numbers, pa.float64())})
    found = [row["number"] for row in matching([("number", operator, value)], rows)]
    expected = [n for n in numbers if n is not None and PLAIN[operator](n, value)]
    assert repr(found) == repr(expected)


@given(st.lists(NUMBERS, min_size=1), st.sampled_from(["in", "not in"]), st.lists(FINITE, max_size=4))
def test_condition__on_membership_is_what_python_says(
    numbers: list[float | None], operator: str, values: list[float]
) -> None:
    rows = pa.table({"number": pa.array(numbers, pa.float64())})
    found = [row["number"] for row in matching([("number", operator, values)], rows)]
    assert repr(found) == repr([n for n in numbers if n is not None and PLAIN[operator](n, values)])


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc")), min_size=1))
def test_condition__joins_terms_by_and_and_lists_by_or(rows: list[tuple[int, str]]) -> None:
    table = pa.table({"whole": [w for w, _ in rows], "text": [t for _, t in rows]})
    filters = [[("whole", ">", 1), ("text", "==", "a")], [("text", "in", {"b"})]]
    found = [(row["whole"], row["text"]) for row in matching(filters, table)]
    assert found == [(w, t) for w, t in rows if (w > 1 and t == "a") or t == "b"]


@pytest.mark.parametrize("filters", [None, [], [[]], [[], [("whole", ">", 1)]]])
def test_condition__of_nothing_is_met_by_every_row(filters: object) -> None:
    found = condition(filters, SCHEMA)
    assert (found.expression, found.sql, found.parameters) == (AlwaysTrue(), "", ())


@pytest.mark.parametrize(
    ("term", "count"),
    [(("number", "is_null", True), 1), (("number", "is_null"), 1), (("number", "is_null", False), 2)],
)
def test_condition__on_null(term: tuple[object, ...], count: int) -> None:
    rows = pa.table({"number": pa.array([None, float("nan"), 1.0], pa.float64())})
    assert len(matching([term], rows)) == count


BERLIN = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("column", "value", "bound"),
    [
        ("whole", 200, 200),
        ("whole", 200.0, 200),
        ("whole", np.int16(7), 7),
        ("small", Decimal(7), 7),
        ("number", 200, 200.0),
        ("number", np.float32(1.5), 1.5),
        ("single", 0.1, float(np.float32(0.1))),
        ("money", 1.5, Decimal("1.50")),
        ("money", 3, Decimal("3.00")),
        ("money", Decimal("1.5"), Decimal("1.50")),
        ("text", "it's", "it's"),
        ("text", np.str_("a"), "a"),
        ("bytes", b"\x00'", b"\x00'"),
        ("flag", np.bool_(True), True),  # noqa: FBT003 - the value itself
        ("day", date(2016, 3, 27), date(2016, 3, 27)),
        ("day", "2016-03-27", date(2016, 3, 27)),
        ("clock", time(1, 2), time(1, 2)),
        ("local", datetime(2016, 3, 27, 1), datetime(2016, 3, 27, 1)),  # noqa: DTZ001 - a local time is meant
        ("local", pd.Timestamp("2016-03-27 01:00"), datetime(2016, 3, 27, 1)),  # noqa: DTZ001
        ("instant", datetime(2016, 3, 27, 3, tzinfo=BERLIN), datetime(2016, 3, 27, 1, tzinfo=UTC)),
        ("instant", pd.Timestamp("2016-03-27 03:00", tz="Europe/Berlin"), datetime(2016, 3, 27, 1, tzinfo=UTC)),
        ("instant", "2016-03-27T03:00:00+02:00", datetime(2016, 3, 27, 1, tzinfo=UTC)),
    ],
)
def test_condition__takes_a_value_as_one_of_the_column(column: str, value: object, bound: object) -> None:
    found = condition([(column, ">=", value)], SCHEMA)
    assert found.parameters == (bound,)
    assert type(found.parameters[0]) is type(bound)
    # Binding is what planning does first: it fails where the literal is not of the column's type.
    assert not isinstance(bind(SCHEMA, found.expression, case_sensitive=True), AlwaysTrue)


@pytest.mark.parametrize(
    ("column", "value", "kept"),
    [("whole", 200.5, [201]), ("small", 5e9, []), ("money", Decimal("200.005"), [Decimal("201.00")])],
)
def test_condition__on_a_value_between_those_of_the_column_prunes_nothing(
    column: str, value: object, kept: list[object]
) -> None:
    found = condition([(column, ">", value)], SCHEMA)
    assert found.expression == AlwaysTrue()
    rows = pa.table({column: pa.array([200, 201], pa.int64()).cast(pa.string()).cast(ARROW.field(column).type)})
    assert [row[column] for row in matching([(column, ">", value)], rows)] == kept


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ("value > 200", "put the term into a list"),
        (("number", ">", 200), "put the term into a list"),
        ([("number", ">")], "column, operator, value"),
        ([("number", ">", 1, 2)], "column, operator, value"),
        ([["number", ">", 1]], "column, operator, value"),
        ([("nothing", ">", 1)], "one of whole, small"),
        ([("number; DROP TABLE x", ">", 1)], "one of whole, small"),
        ([(["number"], ">", 1)], "column, operator, value"),
        ([("number", "like", 1)], "one of =, ==, !="),
        ([("number", ["=="], 1)], "column, operator, value"),
        ([("number", ">", None)], "is_null"),
        ([("number", "==", float("nan"))], "is_null"),
        ([("number", ">", "200")], "a value that compares with double"),
        ([("text", "==", 5)], "a value that compares with string"),
        ([("flag", "==", 1)], "a value that compares with boolean"),
        ([("whole", "==", True)], "a value that compares with long"),
        ([("whole", "==", 2**70)], "a value that compares with long"),
        ([("whole", "==", [1])], "a value that compares with long"),
        ([("number", "in", 5)], "a list, tuple or set"),
        ([("text", "in", "abc")], "a list, tuple or set"),
        ([("number", "in", [1, None])], "is_null"),
        ([("number", "is_null", 1)], "True for null"),
        ([("day", ">", "yesterday")], "a value that compares with date"),
        ([("day", ">", datetime(2016, 1, 1, tzinfo=UTC))], "a value that compares with date"),
        ([("instant", ">", datetime(2016, 1, 1))], "an instant with an offset"),  # noqa: DTZ001 - the fault itself
        ([("instant", ">", "2016-01-01")], "a value that compares with timestamptz"),
        ([("local", ">", datetime(2016, 1, 1, tzinfo=UTC))], "a local time without an offset"),
        ([("instant", ">", date(2016, 1, 1))], "a value that compares with timestamptz"),
        ([("parts", "==", [1])], "has no single value to compare with"),
    ],
)
def test_condition__refuses_what_it_does_not_understand(filters: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        condition(filters, SCHEMA)


def test_condition__binds_hostile_text_and_quotes_hostile_names() -> None:
    hostile = 'a" OR 1=1 --'
    schema = assign_fresh_schema_ids(unassigned_schema(pa.schema({hostile: pa.string()})))
    found = condition([(hostile, "==", "'; DROP TABLE rows; --")], schema)
    assert found.sql == '"a"" OR 1=1 --" = ?'
    assert found.parameters == ("'; DROP TABLE rows; --",)


def test_condition__on_nan_matches_inequality_alone() -> None:
    rows = pa.table({"number": [float("nan")]})
    for operator in ("==", "<", "<=", ">", ">="):
        assert matching([("number", operator, 0)], rows) == []
    (row,) = matching([("number", "!=", 0)], rows)
    assert isnan(row["number"])


def test_columns_of__gives_all_or_those_named_in_their_order() -> None:
    assert columns_of(None, SCHEMA) == tuple(ARROW.names)
    assert columns_of(["text", "whole"], SCHEMA) == ("text", "whole")


@pytest.mark.parametrize("columns", [[], ["nothing"], ["text", "text"], "text", [5]])
def test_columns_of__refuses_others(columns: list[str]) -> None:
    with pytest.raises(InputError, match="the columns"):
        columns_of(columns, SCHEMA)
