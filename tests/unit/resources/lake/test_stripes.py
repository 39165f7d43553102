"""Stripes left out of a read hold no row that meets its filter, whatever is in them and however they are cut."""

import math
import operator
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyorc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.schema import Schema, assign_fresh_schema_ids

from resources.clients.engines.layout import Layout, StoredColumn
from resources.clients.engines.orc import write as orc_write
from resources.clients.engines.orc.index import row_groups
from resources.clients.engines.orc.tail import read_tail
from resources.clients.engines.orc.write import write_orc_batches
from resources.clients.lake.conditions import condition
from resources.clients.lake.stripes import stripes_of
from resources.clients.lake.types import stored_column, unassigned_schema
from tests.properties import examples

SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "number": pa.float64(),
        "whole": pa.int64(),
        "flag": pa.bool_(),
        "day": pa.date32(),
        "at": pa.timestamp("us", tz="UTC"),
        "money": pa.decimal128(20, 3),
    }
)
ICEBERG: Schema = assign_fresh_schema_ids(unassigned_schema(SCHEMA))
INSTANTS = [datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), datetime(1969, 12, 31, 23, 59, 58, 1, UTC)]
ONE = condition([("whole", "==", 1)], ICEBERG).expression
VALUES: dict[str, list[Any]] = {
    "text": ["", "a", "b", "ß", "z" * 70, "\U0001f50c"],
    "number": [0.0, -0.0, 1.5, -1e300, math.inf, -math.inf, 0.1],
    "whole": [0, -1, 2**40, -(2**63), 2**63 - 1],
    "flag": [True, False],
    "day": [date(1, 1, 1), date(2016, 3, 27), date(9999, 12, 31)],
    "at": [*INSTANTS, datetime(1970, 1, 1, tzinfo=UTC), datetime(2016, 3, 27, 1, 0, 0, 1, UTC)],
    "money": [Decimal("0.000"), Decimal("-1.5"), Decimal("12345678901234567.890")],
}
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, values: value in values,
    "is_null": lambda value, wanted: (value is None) is wanted,
}
ROW_VALUES = {
    name: st.sampled_from([None, *values, *([math.nan] if name == "number" else [])]) for name, values in VALUES.items()
}
RUNS = st.lists(st.tuples(st.fixed_dictionaries(ROW_VALUES), st.integers(1, 3)), min_size=1, max_size=6)


def terms(name: str) -> st.SearchStrategy[tuple[str, str, Any]]:
    values = st.sampled_from(VALUES[name])
    comparisons = st.tuples(st.just(name), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), values)
    members = st.tuples(st.just(name), st.just("in"), st.lists(values, min_size=1, max_size=2))
    return st.one_of(comparisons, members, st.tuples(st.just(name), st.just("is_null"), st.booleans()))


FILTERS = st.lists(st.lists(st.one_of(*map(terms, VALUES)), min_size=1, max_size=2), min_size=1, max_size=2)


def written(folder: str, rows: list[dict[str, Any]], group: int, columns: tuple[StoredColumn, ...] = ()) -> str:
    """Write rows as one file, and return its path; noise makes each group of rows a stripe."""
    stored = columns or tuple(stored_column(field) for field in ICEBERG.fields)
    layout = Layout("t", stored, (), (), "zstd", "orc", ("text", "whole", "day"))
    batches = (pa.RecordBatch.from_pylist(rows[n : n + group], schema=SCHEMA) for n in range(0, len(rows), group))
    (file,) = write_orc_batches(batches, SCHEMA, layout, Path(folder) / "files").files
    return file.path


def holds(filters: list[list[tuple[str, str, Any]]], row: dict[str, Any]) -> bool:
    """Return what plain Python says of a row: null matches nothing but is_null."""
    return any(
        all(word == "is_null" or row[name] is not None for name, word, _ in group)
        and all(OPERATORS[word](row[name], value) for name, word, value in group)
        for group in filters
    )


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orc_write, "ROW_GROUP_ROWS", 1000)
    monkeypatch.setattr(orc_write, "WRITER_ROWS", 1000)
    monkeypatch.setattr(orc_write, "STRIPE_BYTES", 1)


@pytest.mark.usefixtures("_small")
@examples(60)
@given(RUNS, FILTERS)
def test_stripes__that_are_left_out_have_no_row_to_give(
    runs: list[tuple[dict[str, Any], int]], filters: list[list[tuple[str, str, Any]]]
) -> None:
    rows = [row for row, count in runs for _ in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, rows, group=5)
        chosen = stripes_of([path], condition(filters, ICEBERG).expression, ICEBERG).get(path)
        assert chosen != () or not any(holds(filters, row) for row in rows)


@pytest.mark.usefixtures("_small")
def test_row_groups__are_judged_each_by_itself(tmp_path: Path) -> None:
    rows = [dict.fromkeys(SCHEMA.names) | {"whole": n, "text": f"t{n % 7}"} for n in range(3500)]
    path = written(str(tmp_path), rows, 3500)
    tail = read_tail(path)
    groups = [group for n in range(len(tail.stripes)) for group in row_groups(tail, n, tail.columns)]
    assert [group.rows for group in groups] == [1000, 1000, 1000, 500]
    for filters, found in (
        ([("whole", "==", 2500)], True),
        ([("whole", "==", 5000)], False),
        ([("text", "==", "t3x")], False),
        ([("text", "==", "t3"), ("whole", "<", 0)], False),
        ([("text", "is_null")], False),
        ([("number", "is_null")], True),
        ([("number", ">", 0)], False),
    ):
        assert bool(stripes_of([path], condition(filters, ICEBERG).expression, ICEBERG)[path]) is found, filters


def test_stripes__of_every_row_are_not_judged(tmp_path: Path) -> None:
    path = written(str(tmp_path), [dict.fromkeys(SCHEMA.names)], 1)
    assert stripes_of([path], AlwaysTrue(), ICEBERG) == {}
    assert stripes_of(["/no/such.parquet"], ONE, ICEBERG) == {}


def test_stripes__of_a_file_that_lacks_the_column_are_read(tmp_path: Path) -> None:
    columns = tuple(StoredColumn(f.name, f.field_id + 100, stored_column(f).sql_type) for f in ICEBERG.fields)
    path = written(str(tmp_path), [dict.fromkeys(SCHEMA.names, None)], 1, columns)
    assert stripes_of([path], ONE, ICEBERG) == {path: (0,)}


@pytest.mark.parametrize("compression", ["ZLIB", "SNAPPY", "ZSTD", "NONE"])
def test_stripes__of_another_writer_are_judged_as_well(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "other.orc"
    kind = pyorc.TypeDescription.from_string("struct<whole:bigint,text:string>")
    ids: dict[str, Any] = {"whole": 3, "text": 1}
    for name, number in ids.items():
        kind[name].set_attributes({"iceberg.id": str(number)})  # type: ignore[index]
    with path.open("wb") as file:
        options = {"compression": getattr(pyorc.CompressionKind, compression), "bloom_filter_columns": (1, 2)}
        with pyorc.Writer(file, kind, **options) as writer:
            writer.writerows((n, f"text {n}") for n in range(0, 40_000, 2))
    for filters, chosen in (
        ([("whole", "==", 20_000)], (0,)),
        ([("whole", "==", 40_001)], ()),
        ([("whole", "==", 20_001)], ()),
        ([("text", "==", "text 20002")], (0,)),
        ([("text", "==", "text 20003")], ()),
    ):
        found = stripes_of([str(path)], condition(filters, ICEBERG).expression, ICEBERG)
        assert found == {str(path): chosen}, filters


def test_bounds__of_instants_before_1970_hold_them(tmp_path: Path) -> None:
    for number, moment in enumerate([*INSTANTS, INSTANTS[0] - timedelta(days=4000, microseconds=7)]):
        rows = [dict.fromkeys(SCHEMA.names) | {"at": moment}]
        path = written(str(tmp_path / str(number)), rows, 1)
        assert stripes_of([path], condition([("at", "==", moment)], ICEBERG).expression, ICEBERG) == {path: (0,)}
