"""Maintenance: the same rows in fewer files, and files that nobody names go, in two steps and no others."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from grid_assets.domain.errors import LakeError
from grid_assets.domain.tables import METER_READINGS_HISTORY, QUARANTINE, SENSOR_DATA
from grid_assets.pipeline.compact import STAGE, compact
from grid_assets.pipeline.maintain import maintain
from grid_assets.pipeline.plan import Publication, plan_of
from grid_assets.pipeline.repair import repair
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.vacuum import VacuumReport, vacuum
from resources.clients.lake.client import BATCH_PROPERTY
from resources.clients.lake.dataset_read import DatasetReader, ReadOptions, ReadPlan
from resources.clients.lake.dataset_save import DatasetWriter, SaveOptions
from resources.clients.platform import Platform
from tests.support.homes import current_files, data_files, digests, opened, standing
from tests.support.named_files import assert_all_there, named, on_disk
from tests.support.publications import DAY, NEXT_DAY, received, rows
from tests.support.small_files import GRACE, later, with_small_files

COMPACTED = (SENSOR_DATA, METER_READINGS_HISTORY, QUARANTINE)


@pytest.fixture
def small(platform: Platform) -> Platform:
    """Return a home with six small files in every partition that is appended to."""
    with_small_files(platform)
    return platform


def few_kept(platform: Platform) -> Platform:
    """Return the platform with two snapshots kept, and a clock beyond the grace of every file that there is."""
    return later(replace(platform, limits=replace(platform.limits, snapshots_kept=2)), 2 * GRACE)


def files_of(platform: Platform) -> dict[str, list[int]]:
    return {t.name: [len(f) for f in current_files(platform, t).values()] for t in COMPACTED}


def test_compact__leaves_the_same_rows_of_the_same_batches_in_one_file_a_partition(small: Platform) -> None:
    before, log = digests(small), small.database.change_log.since(0)
    batches = {t.name: rows(small, t, "batch_id") for t in COMPACTED}
    assert files_of(small) == {"sensor_data": [6, 6], "meter_readings_history": [6, 6], "quarantine": [6]}
    done = compact(small, "test", Silent())
    assert [(c.table, c.partitions, c.files_before, c.files_after) for c in done] == [
        ("sensor_data", 2, 12, 2),
        ("meter_readings_history", 2, 12, 2),
        ("quarantine", 1, 6, 1),
    ]
    assert files_of(small) == {"sensor_data": [1, 1], "meter_readings_history": [1, 1], "quarantine": [1]}
    assert digests(small) == before
    assert {t.name: rows(small, t, "batch_id") for t in COMPACTED} == batches
    assert small.database.change_log.since(0) == log


def test_compact__is_a_settled_batch_and_finds_nothing_the_second_time(small: Platform) -> None:
    compact(small, "test", Silent())
    assert [(b["stage"], b["state"]) for b in small.database.batches.listing()[-3:]] == [(STAGE, "settled")] * 3
    before = standing(small)
    assert compact(small, "test", Silent()) == ()
    assert standing(small) == before


def test_compact__writes_files_sorted_in_the_tables_order(small: Platform) -> None:
    compact(small, "test", Silent())
    (path,) = current_files(small, SENSOR_DATA)[DAY]
    with small.engine.session() as session:
        found = session.fetch(f"SELECT batch_id FROM read_parquet('{path}')").column("batch_id").to_pylist()
    assert found == sorted(found)


def test_compact__leaves_a_partition_with_few_files(platform: Platform) -> None:
    with_small_files(platform, 4)
    before = standing(platform)
    assert compact(platform, "test", Silent()) == ()
    assert standing(platform) == before


def test_compact__goes_towards_the_target_and_not_beyond(platform: Platform) -> None:
    with_small_files(platform, 12, (DAY,))
    (size, *_) = [Path(path).stat().st_size for path in current_files(platform, SENSOR_DATA)[DAY]]
    limits = replace(platform.limits, target_file_bytes=int(size * 6.5))
    done = compact(replace(platform, limits=limits), "test", Silent())
    assert [(c.files_before, c.files_after) for c in done if c.table == "sensor_data"] == [(12, 2)]


def test_compact__takes_no_more_rows_at_once_than_a_step_may(small: Platform) -> None:
    limits = replace(small.limits, chunk_readings=6)
    done = compact(replace(small, limits=limits), "test", Silent())
    assert [c.files_before for c in done if c.table == "sensor_data"] == [6, 6]


def test_compact__leaves_a_day_that_another_run_holds(small: Platform) -> None:
    other = small.database.batches.open("ingest", "test", small.clock())
    small.database.batches.claim(other.batch_id, [f"sensor_data/{DAY}"])
    done = compact(replace(small, limits=replace(small.limits, chunk_readings=6)), "test", Silent())
    left = [c for c in done if c.left]
    assert [(c.table, c.files_after) for c in left] == [("sensor_data", 0)]
    assert f"holds sensor_data/{DAY}" in left[0].left
    assert {day: len(f) for day, f in current_files(small, SENSOR_DATA).items()} == {DAY: 6, NEXT_DAY: 1}
    assert [b.batch_id for b, _ in small.database.batches.unsettled()] == [other.batch_id]


def test_compact__leaves_rows_of_an_open_batch_so_that_it_can_be_undone(platform: Platform) -> None:
    with_small_files(platform, 3)
    batch = platform.database.batches.open("ingest", "test", platform.clock())
    lost, kept = received(platform, batch)
    platform.database.batches.write_plan(batch.batch_id, plan_of(Publication((lost, kept), {})))
    platform.lake.append(QUARANTINE, lost.written, {BATCH_PROPERTY: str(batch.batch_id)})
    with_small_files(platform, 4)
    assert compact(platform, "test", Silent()) == ()
    platform.database.batches.hand_back(batch.batch_id)
    assert repair(platform) == ((batch.batch_id, "undone"),)
    assert len(rows(platform, QUARANTINE, "source_file")) == 7
    assert [c.files_after for c in compact(platform, "test", Silent())] == [2, 2, 1]


def test_maintain__in_a_dry_run_writes_nothing(small: Platform) -> None:
    before, files = standing(small), on_disk(small)
    report = maintain(few_kept(small), is_dry=True)
    assert [c.left for c in report.compacted] == ["a dry run"] * 3
    assert (standing(small), on_disk(small)) == (before, files)


def test_maintain__of_a_new_home_in_a_dry_run_makes_no_table(platform: Platform) -> None:
    maintain(platform, is_dry=True)
    assert on_disk(platform) == set()
    assert platform.lake.catalog.list_namespaces() == []


def test_maintain__removes_in_two_steps_what_compaction_and_trimming_let_go(small: Platform) -> None:
    before = digests(small)
    first = maintain(few_kept(small)).vacuumed
    assert (first.unnamed > 30, first.removed) == (True, 0)
    again = maintain(few_kept(small)).vacuumed
    assert (again.unnamed, again.removed) == (first.unnamed, 0)
    last = maintain(later(few_kept(small), 4 * GRACE)).vacuumed
    assert (last.removed, last.removed_bytes) == (first.unnamed, first.unnamed_bytes)
    assert digests(small) == before
    assert named(small) == on_disk(small)
    assert vacuum(later(small, 6 * GRACE)).unnamed == 0


@pytest.fixture
def saved(platform: Platform) -> DatasetWriter:
    """Return a writer of datasets that has saved one."""
    writer = DatasetWriter(platform.lake, platform.engine, 3)
    writer.save(pa.table({"n": [1]}), "d", SaveOptions())
    return writer


def orphan_in(platform: Platform, folder: str = "datasets/d/data/0123/4567") -> Path:
    """Leave a file as a save that was killed before its commit does."""
    path = platform.lake.settings.warehouse / folder / "data_0.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"rows")
    return path


def vacuumed(platform: Platform, hours: float) -> VacuumReport:
    return vacuum(later(platform, timedelta(hours=hours)))


@pytest.mark.usefixtures("saved")
def test_vacuum__removes_what_a_killed_save_left_and_its_folders(platform: Platform) -> None:
    path = orphan_in(platform)
    assert vacuumed(platform, 23).unnamed == 0
    assert (vacuumed(platform, 25).unnamed, path.exists()) == (1, True)
    assert vacuumed(platform, 48).removed == 0
    assert vacuumed(platform, 50).removed == 1
    assert not path.parents[1].exists()
    assert path.parents[2].exists()
    assert platform.database.vacuum_candidates.listing() == {}


def test_vacuum__removes_what_a_killed_first_save_left(platform: Platform) -> None:
    path = orphan_in(platform)
    vacuumed(platform, 25)
    assert vacuumed(platform, 50).removed == 1
    assert not path.exists()


def test_vacuum__begins_anew_with_a_file_that_was_written_again(platform: Platform) -> None:
    path = orphan_in(platform)
    vacuumed(platform, 25)
    path.unlink()
    vacuumed(platform, 26)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"other rows")
    assert vacuumed(platform, 50).removed == 0
    assert path.exists()


def test_vacuum__leaves_what_an_open_batch_has_written_however_old(platform: Platform) -> None:
    batch = platform.database.batches.open("ingest", "test", platform.clock())
    commits = received(platform, batch)
    before = data_files(platform)
    for hours in (25, 50, 75):
        assert vacuumed(platform, hours).unnamed == 0
    assert data_files(platform) == before
    for commit in commits:
        platform.lake.append(commit.table, commit.written, {BATCH_PROPERTY: str(batch.batch_id)})
    assert_all_there(platform)


def test_vacuum__leaves_a_folder_alone_that_the_catalog_does_not_know(small: Platform) -> None:
    small.lake.catalog.drop_table(SENSOR_DATA.identifier)
    before = on_disk(small)
    for hours in (25, 50):
        assert vacuumed(small, hours).left == {"grid/sensor_data": "the catalog knows no table there"}
    assert on_disk(small) == before


def test_vacuum__leaves_everything_of_a_home_that_was_moved(small: Platform, tmp_path: Path) -> None:
    small.close()
    shutil.copytree(tmp_path / "home", tmp_path / "moved")
    with opened(tmp_path / "moved") as moved:
        before = on_disk(moved)
        assert len(vacuumed(moved, 25).left) == 4
        assert vacuumed(moved, 50).removed == 0
        assert on_disk(moved) == before


def test_vacuum__removes_nothing_where_a_manifest_cannot_be_read(small: Platform) -> None:
    path = orphan_in(small)
    vacuumed(small, 25)
    manifest = next((small.lake.settings.warehouse / "grid" / "sensor_data" / "metadata").glob("*-m0.avro"))
    manifest.write_bytes(b"cut off")
    with pytest.raises(LakeError, match="nothing was removed"):
        vacuumed(small, 50)
    assert path.exists()


class SlowReader(DatasetReader):
    """A reader that is so slow that between its first plan and its read all that is old was removed."""

    vacuums: list[VacuumReport]
    platform: Platform

    def _rows(self, plan: ReadPlan) -> pa.Table:
        if not self.vacuums:
            writer = DatasetWriter(self.platform.lake, self.platform.engine, 1)
            for number in range(3):
                writer.save(pa.table({"n": [number]}), "d", SaveOptions())
            for hours in (25, 50):
                self.vacuums.append(vacuumed(self.platform, hours))
        return super()._rows(plan)


@pytest.mark.usefixtures("saved")
def test_vacuum__makes_a_reader_with_an_older_plan_plan_again(platform: Platform) -> None:
    reader = SlowReader(platform.lake, platform.engine)
    reader.vacuums, reader.platform = [], platform
    found: dict[str, Any] = reader.read("d", ReadOptions()).to_pydict()
    assert found == {"n": [2]}
    assert reader.vacuums[-1].removed > 0
