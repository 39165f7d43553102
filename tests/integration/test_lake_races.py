"""Several processes on one lake: nothing is lost, nothing is mixed, readers see whole commits, losers are told."""

import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from resources.columnar import list_datasets, read_from_parquet, save_to_parquet
from resources.wiring import make_platform
from tests.support.lake_children import (
    NAME,
    ROWS,
    append_own_column,
    frame_of,
    replace_days,
    save_and_be_killed,
    save_many,
    save_with_small_files_only,
    settings_of,
)
from tests.support.lakes import TABLE, bench_of
from tests.support.processes import call, finish, race, start
from tests.support.publications import DAY

WORKERS, TIMES = 4, 4


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "grid höme"


def frames_in(home: Path, snapshot_id: int | None = None) -> Counter[tuple[int, int]]:
    """Return how many rows each saved frame has in a dataset."""
    found = read_from_parquet(NAME, as_of=snapshot_id, as_="arrow", settings=settings_of(home))
    return Counter(zip(found.column("worker").to_pylist(), found.column("number").to_pylist(), strict=True))


def snapshots(home: Path) -> list[int]:
    lake = make_platform(settings_of(home)).lake
    made = sorted(lake.catalog.load_table(f"datasets.{NAME}").metadata.snapshots, key=lambda s: s.sequence_number or 0)
    lake.close()
    return [snapshot.snapshot_id for snapshot in made]


def test_appends__of_several_processes_all_count_from_the_first_use_on(home: Path) -> None:
    assert race(save_many, [(home, worker, TIMES, "append") for worker in range(WORKERS)]) == [0] * WORKERS
    expected = {(worker, number): ROWS for worker in range(WORKERS) for number in range(TIMES)}
    assert frames_in(home) == expected
    assert len(snapshots(home)) == WORKERS * TIMES


def test_overwrites__of_several_processes_each_stand_whole_and_none_is_lost(home: Path) -> None:
    assert race(save_many, [(home, worker, TIMES, "overwrite") for worker in range(WORKERS)]) == [0] * WORKERS
    stood = [frames_in(home, snapshot) for snapshot in snapshots(home)]
    assert all(list(frames.values()) == [ROWS] for frames in stood)
    assert sorted(key for frames in stood for key in frames) == [(w, n) for w in range(WORKERS) for n in range(TIMES)]


def test_appends_and_overwrites__together_are_one_after_the_other(home: Path) -> None:
    save_to_parquet(frame_of(0, 0), NAME, "worker", settings=settings_of(home))
    modes = [(home, 1, TIMES, "append"), (home, 2, TIMES, "overwrite"), (home, 3, TIMES, "append")]
    assert race(save_many, modes) == [0, 0, 0]
    before: Counter[tuple[int, int]] = Counter()
    for snapshot in snapshots(home):
        frames = frames_in(home, snapshot)
        added = frames - before
        assert list(added.values()) == [ROWS]
        assert frames in (added, before + added)
        before = frames
    assert len(snapshots(home)) == 3 * TIMES + 1


def test_appends__that_each_add_a_column_keep_all_columns_and_rows(home: Path) -> None:
    save_to_parquet(frame_of(0, 0), NAME, settings=settings_of(home))
    assert race(append_own_column, [(home, worker, 2) for worker in (1, 2, 3)]) == [0, 0, 0]
    found = read_from_parquet(NAME, as_="arrow", settings=settings_of(home)).to_pylist()
    assert len(found) == 7 * ROWS
    for row in found:
        assert {n: row[f"of_{n}"] for n in (1, 2, 3)} == {n: n if row["worker"] == n else None for n in (1, 2, 3)}


def test_reads__during_overwrites_see_whole_frames_alone(home: Path) -> None:
    save_to_parquet(frame_of(0, 0), NAME, settings=settings_of(home))
    writer = start(save_many, home, 1, 2 * TIMES, "overwrite")
    seen = [frames_in(home)]
    while writer.is_alive():
        seen.append(frames_in(home))
    assert finish(writer) == 0
    assert all(list(frames.values()) == [ROWS] for frames in seen)
    assert frames_in(home) == {(1, 2 * TIMES - 1): ROWS}


def test_replaces__of_different_days_by_several_processes_all_stand(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    days = [DAY + timedelta(days=n) for n in range(3)]
    conflicts = tmp_path / "conflicts"
    tasks = [(home, [day], float(n), range(100 * n + 1, 100 * n + 5), conflicts) for n, day in enumerate(days)]
    assert race(replace_days, tasks) == [0, 0, 0]
    assert not conflicts.exists()
    bench = bench_of(home)
    assert bench.values() == [(day, n + (100 * n + 4) / 1000, 6) for n, day in enumerate(days)]
    assert len(bench.lake.snapshots(TABLE)) == 12
    bench.lake.close()


def test_replaces__of_one_day_by_several_processes_stand_whole_or_are_told(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    conflicts = tmp_path / "conflicts"
    tasks = [(home, [DAY], float(n), range(100 * n + 1, 100 * n + 9), conflicts) for n in range(2)]
    assert race(replace_days, tasks) == [0, 0]
    told = len(conflicts.read_text().split()) if conflicts.exists() else 0
    bench = bench_of(home)
    stood = [bench.values(snapshot.snapshot_id) for snapshot in bench.lake.snapshots(TABLE)]
    bench.lake.close()
    assert len(stood) + told == 16
    assert all(len(rows) == 1 and rows[0][2] == 6 for rows in stood)
    assert len({rows[0][1] for rows in stood}) == len(stood)


def test_save__killed_before_its_commit_changes_nothing_and_works_again(home: Path, tmp_path: Path) -> None:
    save_to_parquet(frame_of(0, 0), NAME, settings=settings_of(home))
    assert call(save_and_be_killed, home, tmp_path / "marker") == -signal.SIGKILL
    assert (tmp_path / "marker").read_text() == str(ROWS)
    assert frames_in(home) == {(0, 0): ROWS}
    save_to_parquet(frame_of(9, 9), NAME, settings=settings_of(home))
    assert frames_in(home) == {(9, 9): ROWS}


@pytest.mark.parametrize(
    ("rows", "most_bytes", "said"),
    [(300_000, 200_000, "writing datasets.d under"), (10, 3_000, "the commit to datasets.d failed")],
    ids=["while writing files", "while committing"],
)
def test_save__on_a_full_disk_changes_nothing_and_works_again(
    home: Path, tmp_path: Path, rows: int, most_bytes: int, said: str
) -> None:
    save_to_parquet(frame_of(0, 0), NAME, settings=settings_of(home))
    before = snapshots(home)
    assert call(save_with_small_files_only, home, rows, most_bytes, tmp_path / "said") == 0
    assert said in (tmp_path / "said").read_text()
    assert (tmp_path / "said").read_text().startswith("LakeError")
    assert snapshots(home) == before
    assert frames_in(home) == {(0, 0): ROWS}
    save_to_parquet(frame_of(1, 1), NAME, settings=settings_of(home))
    assert frames_in(home) == {(1, 1): ROWS}


def test_save__on_a_full_disk_from_the_first_use_on_works_again(home: Path, tmp_path: Path) -> None:
    assert call(save_with_small_files_only, home, 10, 1_000, tmp_path / "said") == 0
    assert (tmp_path / "said").read_text().startswith("LakeError")
    assert list_datasets(settings=settings_of(home)) == ()
    save_to_parquet(frame_of(1, 1), NAME, settings=settings_of(home))
    assert frames_in(home) == {(1, 1): ROWS}
