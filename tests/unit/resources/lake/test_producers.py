"""Manifests: many commits leave few of them, no file is lost or doubled by merging, and dead ones go."""

from datetime import timedelta
from itertools import pairwise

import pytest

from resources.clients.lake import producers
from tests.support.lakes import TABLE, Bench
from tests.support.publications import DAY

DAYS = [DAY + timedelta(days=n) for n in range(6)]


def manifests(bench: Bench) -> int:
    table = bench.lake.table(TABLE)
    snapshot = table.current_snapshot()
    return len(snapshot.manifests(table.io)) if snapshot is not None else 0


def test_append__merges_small_manifests_and_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producers, "MANY_SMALL", 3)
    for batch, day in enumerate(DAYS, start=1):
        bench.appended([day], float(batch), batch)
        assert manifests(bench) <= 3
    assert bench.values() == [(day, float(batch), 6) for batch, day in enumerate(DAYS, start=1)]
    assert len({file.file_path for file in bench.data_files()}) == len(bench.data_files()) == 12


def test_replace__merges_small_manifests_and_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producers, "MANY_SMALL", 4)
    bench.replaced(DAYS, 1.0, 1)
    made = [bench.replaced([day], 2.0, batch) for batch, day in enumerate(DAYS, start=2)]
    assert manifests(bench) <= 4
    assert bench.values() == [(day, 2.0, 6) for day in DAYS]
    for done, snapshot in enumerate(made, start=1):
        assert bench.values(snapshot) == [(day, 2.0 if n < done else 1.0, 6) for n, day in enumerate(DAYS)]


def test_replace__again_and_again_does_not_pile_up_manifests(bench: Bench) -> None:
    bench.replaced(DAYS, 1.0, 1)
    for batch in range(2, 14):
        bench.replaced([DAYS[batch % 2]], float(batch), batch)
    assert manifests(bench) <= 4
    assert bench.values()[:2] == [(DAYS[0], 12.0, 6), (DAYS[1], 13.0, 6)]


def test_replace__after_merging_still_tells_a_conflict(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producers, "MANY_SMALL", 2)
    for batch, day in enumerate(DAYS, start=1):
        bench.replaced([day], 1.0, batch)
    snapshot = bench.replaced([DAYS[0]], 2.0, 10)
    assert bench.lake.table(TABLE).snapshot_by_id(snapshot) is not None
    assert bench.values()[0] == (DAYS[0], 2.0, 6)


def test_plan__of_a_day_reads_the_merged_manifests_of_that_day_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producers, "MANY_SMALL", 6)
    monkeypatch.setattr(producers, "LARGE_MANIFEST_BYTES", 18_000)
    for batch, day in enumerate(reversed(DAYS), start=1):
        bench.appended([day], 1.0, batch)
    table = bench.lake.table(TABLE)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    ranges = [m.partitions[0] for m in snapshot.manifests(table.io) if m.partitions]
    assert 1 < len(ranges) < len(DAYS)
    ordered = sorted((r.lower_bound or b"", r.upper_bound or b"") for r in ranges)
    assert all(before[1] < after[0] for before, after in pairwise(ordered))
