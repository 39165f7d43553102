"""The registry's tables in a lake of an older version: columns added at the end appear, anything else is refused."""

from dataclasses import replace

import pyarrow as pa
import pytest

from grid_assets.domain.columns import Column, ColumnType, TableSpec
from grid_assets.domain.errors import ConfigurationError
from resources.clients.lake.filters import days_predicate
from tests.support.lakes import TABLE, Bench, bench_of, readings
from tests.support.publications import DAY, NEXT_DAY

NOTE = Column("note", ColumnType.STRING, "Added later.", is_nullable=True)
RANK = Column("rank", ColumnType.INT64, "Added later still.", is_nullable=True)
LATER = replace(TABLE, columns=(*TABLE.columns, NOTE, RANK))


def with_column(table: TableSpec, which: str, **change: object) -> TableSpec:
    """Return a table one of whose columns is changed."""
    changed = (replace(c, **change) if c.name == which else c for c in table.columns)  # type: ignore[arg-type]
    return replace(table, columns=tuple(changed))


def test_table__of_an_older_version_gets_the_columns_that_came_later(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    rows = readings([NEXT_DAY], 2.0, 2)
    rows = rows.append_column("note", pa.array(["n"] * rows.num_rows))
    rows = rows.append_column("rank", pa.array(range(rows.num_rows), pa.int64()))
    with bench.engine.session() as session:
        session.register("given", rows)
        files = session.write("SELECT * FROM given", LATER, bench.lake.folder(LATER, 2))
    bench.lake.replace(LATER, days_predicate([NEXT_DAY]), files, {})
    found = bench.rows(
        "SELECT operating_day, note, COUNT(rank) AS ranks FROM readings GROUP BY ALL ORDER BY ALL",
        bench.lake.scan(LATER),
    )
    assert found == [(DAY, None, 0), (NEXT_DAY, "n", 6)]
    assert [field.name for field in bench.lake.table(LATER).schema().fields] == list(LATER.column_names)


def test_table__is_evolved_once_and_not_again(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    first = bench.lake.table(LATER).metadata_location
    assert bench.lake.table(LATER).metadata_location == first
    other = bench_of(bench.home)
    assert other.lake.table(LATER).metadata_location == first
    other.lake.close()


def test_table__is_evolved_on_top_of_what_another_process_did_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.replaced([DAY], 1.0, 1)
    other = bench_of(bench.home)
    evolved = other.lake._evolved  # noqa: SLF001 - the step between the look and the commit
    met: list[bool] = []

    def late(spec: TableSpec) -> object:
        if not met:
            met.append(True)
            stale = other.lake.table(TABLE)
            monkeypatch.setattr(other.lake, "_zoned", lambda _: stale)
            bench.lake.table(LATER)
            try:
                return evolved(spec)
            finally:
                monkeypatch.undo()
        return evolved(spec)

    monkeypatch.setattr(other.lake, "_evolved", late)
    assert other.lake.table(LATER).metadata_location == bench.lake.table(LATER).metadata_location
    assert len(bench.lake.table(LATER).schemas()) == 2
    other.lake.close()


def test_table__whose_column_may_be_null_from_now_on_says_so(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    relaxed = with_column(TABLE, "unit", is_nullable=True)
    assert bench.lake.table(relaxed).schema().find_field("unit").required is False
    assert bench.rows("SELECT COUNT(*) AS n FROM readings", bench.lake.scan(relaxed)) == [(6,)]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (replace(TABLE, columns=TABLE.columns[:-1]), r"has \d+ columns, the last of them 'recorded_at_utc'"),
        (replace(TABLE, columns=(NOTE, *TABLE.columns)), "has 'sensor_id' .* where the registry says 'note'"),
        (with_column(TABLE, "unit", type=ColumnType.INT64), r"has 'unit' \(string, not null\).*'unit' \(long, not"),
        (with_column(TABLE, "reason", is_nullable=False), r"has 'reason' \(string\).*'reason' \(string, not null\)"),
        (with_column(TABLE, "value", name="amount"), "where the registry says 'amount'"),
        (replace(TABLE, partition_by=("operating_day",)), "is partitioned by"),
        (
            replace(TABLE, columns=(*TABLE.columns, replace(NOTE, is_nullable=False))),
            "has rows without note, which may not be null",
        ),
    ],
)
def test_table__of_another_shape_is_refused(bench: Bench, spec: TableSpec, said: str) -> None:
    bench.replaced([DAY], 1.0, 1)
    with pytest.raises(ConfigurationError, match=said):
        bench.lake.table(spec)
    assert bench.values() == [(DAY, 1.0, 6)]


def test_table__of_a_newer_version_is_refused(bench: Bench) -> None:
    bench.lake.table(LATER)
    with pytest.raises(ConfigurationError, match=r"the last of them 'rank'.*use the version that made this lake"):
        bench.lake.table(TABLE)


def test_table__that_lost_a_column_is_refused(bench: Bench) -> None:
    with bench.lake.table(LATER).update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("rank")
    with pytest.raises(ConfigurationError, match="has lost a column"):
        bench.lake.table(LATER)
