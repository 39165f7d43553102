"""Plans: kept per snapshot, fresh after another process has committed, bounded, pruned by bounds inside a day."""

from datetime import timedelta

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.expressions.parser import parse

from resources.clients.lake import plans
from tests.support.lakes import TABLE, Bench, bench_of, readings
from tests.support.publications import DAY, NEXT_DAY


def test_plan__is_fresh_after_an_outside_commit(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    assert len(bench.lake.plan(TABLE, AlwaysTrue())) == 2
    outside = bench_of(bench.home)
    outside.replaced([DAY, NEXT_DAY], 2.0, 2)
    outside.lake.close()
    assert len(bench.lake.plan(TABLE, AlwaysTrue())) == 4
    assert bench.values() == [(DAY, 2.0, 6), (NEXT_DAY, 2.0, 6)]


def test_plan__of_the_same_snapshot_is_the_kept_one(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    first = bench.lake.plan(TABLE, AlwaysTrue())
    assert bench.lake.plan(TABLE, AlwaysTrue()) is first


def test_plan__of_an_empty_table_has_no_file(bench: Bench) -> None:
    assert bench.lake.plan(TABLE, AlwaysTrue()) == ()


def test_plan__knows_rows_and_day_of_each_file(bench: Bench) -> None:
    bench.replaced([DAY, NEXT_DAY], 1.0, 1)
    planned = bench.lake.plan(TABLE, AlwaysTrue())
    assert sorted((file.operating_day, file.rows) for file in planned if file.operating_day) == [
        (DAY, 3),
        (DAY, 3),
        (NEXT_DAY, 3),
        (NEXT_DAY, 3),
    ]


def test_plan__is_pruned_by_the_bounds_in_the_manifests(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    bench.replaced([NEXT_DAY], 300.0, 2)
    assert {f.operating_day for f in bench.lake.plan(TABLE, parse("value > 200.0"))} == {NEXT_DAY}
    assert {f.operating_day for f in bench.lake.plan(TABLE, parse("value = 1.0"))} == {DAY}
    assert bench.lake.plan(TABLE, parse("value > 1000.0")) == ()


def test_plan__keeps_a_bounded_number(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    for n in range(plans.PLANS_KEPT + 10):
        bench.lake.plan(TABLE, parse(f"value > {n}"))
    assert len(bench.lake.plans._kept) == plans.PLANS_KEPT  # noqa: SLF001 - nothing else shows the bound


def test_plan__with_a_column_of_nans_prunes_nothing_wrongly(bench: Bench) -> None:
    rows = readings([DAY], float("nan"), 1)
    bench.lake.append(TABLE, bench.written(rows, 1), {})
    later = readings([DAY + timedelta(days=1)], 5.0, 2)
    bench.lake.append(TABLE, bench.written(later, 2), {})
    assert bench.lake.plan(TABLE, parse("value > 6.0")) == ()
    assert len(bench.lake.plan(TABLE, AlwaysTrue())) == 4
    assert bench.rows("SELECT COUNT(*) AS n FROM readings WHERE isnan(value)") == [(6,)]
