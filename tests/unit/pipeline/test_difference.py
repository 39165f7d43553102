"""The difference by key in SQL against the same in plain Python, over random tables."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.columns import Column, ColumnType, TableSpec
from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.pipeline.difference import TOLERANCE, Stamp, changed_days, compare, has_changed, superseded_sql
from resources.clients.engines.duckdb_engine import DuckDBEngine, DuckDBSession
from tests.properties import examples

TABLE = TableSpec(
    "things",
    "Things with a key that does not say their day.",
    (
        Column("thing", ColumnType.STRING, "Key."),
        Column("operating_day", ColumnType.DATE, "Day."),
        Column("value", ColumnType.DOUBLE, "Value.", is_nullable=True),
        Column("note", ColumnType.STRING, "Note.", is_nullable=True),
        Column("batch_id", ColumnType.INT64, "Batch."),
        Column("recorded_at_utc", ColumnType.TIMESTAMP_UTC, "When."),
    ),
    key=("thing",),
    partition_by=("operating_day",),
)
DAYS = tuple(date(2016, 3, 1) + timedelta(days=n) for n in range(3))
BEFORE, NOW = datetime(2016, 4, 1, tzinfo=UTC), datetime(2016, 4, 2, tzinfo=UTC)
STAMP = Stamp(9, NOW)
Content = tuple[date, float | None, str | None]
CONTENTS = st.tuples(
    st.sampled_from(DAYS), st.sampled_from([None, 0.0, 1.5, 1.5 + 1e-12, -7.0]), st.sampled_from([None, "", "a"])
)
TABLES = st.dictionaries(st.sampled_from("abcdef"), CONTENTS)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBSession]:
    with DuckDBEngine(tmp_path_factory.mktemp("engine"), threads=1).session() as made:
        yield made


def bind(session: DuckDBSession, name: str, things: dict[str, Content], *, is_current: bool) -> None:
    found = [
        {"thing": thing, "operating_day": day, "value": value, "note": note, "batch_id": 3, "recorded_at_utc": BEFORE}
        for thing, (day, value, note) in things.items()
    ]
    table = pa.Table.from_pylist(found, schema=arrow_schema(TABLE))
    session.register(name, table if is_current else table.drop_columns(["batch_id", "recorded_at_utc"]))


def is_same(new: Content, old: Content) -> bool:
    if new[0] != old[0] or new[2] != old[2] or (new[1] is None) != (old[1] is None):
        return False
    return new[1] is None or old[1] is None or abs(new[1] - old[1]) <= TOLERANCE * max(1.0, abs(new[1]))


@examples(60)
@given(new=TABLES, old=TABLES)
def test_compare__finds_what_is_new_changed_or_gone(
    session: DuckDBSession, new: dict[str, Content], old: dict[str, Content]
) -> None:
    bind(session, "new", new, is_current=False)
    bind(session, "current", old, is_current=True)
    merged = compare(session, TABLE, "new", "current", STAMP)
    same = {thing for thing in new if thing in old and is_same(new[thing], old[thing])}
    batches = {r["thing"]: (r["batch_id"], r["recorded_at_utc"]) for r in session.fetch(f"FROM {merged}").to_pylist()}
    assert batches == {thing: (3, BEFORE) if thing in same else (9, NOW) for thing in new}
    expected = {new[t][0] for t in new if t not in same} | {old[t][0] for t in old if t not in same}
    assert changed_days(session, TABLE, merged, "current", STAMP) == tuple(sorted(expected))
    assert has_changed(session, TABLE, merged, "current", STAMP) == bool(expected)
    superseded = session.fetch(superseded_sql(TABLE, merged, "current", STAMP)).to_pylist()
    assert {row["thing"] for row in superseded} == old.keys() - same
    assert all((r["superseded_by_batch"], r["superseded_at_utc"], r["batch_id"]) == (9, NOW, 3) for r in superseded)


def test_compare__of_the_same_rows_finds_nothing(session: DuckDBSession) -> None:
    things: dict[str, Content] = {"a": (DAYS[0], None, None), "b": (DAYS[1], 2.5, "x")}
    bind(session, "new", things, is_current=False)
    bind(session, "current", things, is_current=True)
    merged = compare(session, TABLE, "new", "current", STAMP)
    assert changed_days(session, TABLE, merged, "current", STAMP) == ()
    assert session.fetch(superseded_sql(TABLE, merged, "current", STAMP)).num_rows == 0


def test_compare__takes_a_row_that_moves_to_another_day_as_gone_and_new(session: DuckDBSession) -> None:
    bind(session, "new", {"a": (DAYS[1], 1.0, "x")}, is_current=False)
    bind(session, "current", {"a": (DAYS[0], 1.0, "x")}, is_current=True)
    merged = compare(session, TABLE, "new", "current", STAMP)
    assert changed_days(session, TABLE, merged, "current", STAMP) == DAYS[:2]
