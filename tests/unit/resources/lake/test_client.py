"""The lake: one snapshot per change, no hole in any, conflicts told, columns found by field id."""

from dataclasses import replace
from datetime import date, timedelta

import pyarrow.parquet as pq
import pytest
from pyiceberg.expressions import AlwaysTrue

from grid_assets.domain.errors import CommitConflictError, ConfigurationError, LakeError, SchemaError
from grid_assets.domain.tables import METER_READINGS, SENSOR_LATEST
from resources.clients.engines.base import WrittenFiles
from resources.clients.engines.layout import layout_of
from resources.clients.lake.client import BATCH_PROPERTY, Lake
from resources.clients.lake.commit import Change, commit
from resources.clients.lake.filters import batch_predicate, days_predicate
from tests.support.lakes import TABLE, Bench, readings
from tests.support.publications import DAY, NEXT_DAY

LATER = DAY + timedelta(days=5)


def test_replace__makes_one_snapshot_and_no_hole_in_any(bench: Bench) -> None:
    made = [
        bench.replaced([DAY, NEXT_DAY], 1.0, 1),
        bench.replaced([DAY], 2.0, 2),
        bench.replaced([DAY, NEXT_DAY], 3.0, 3),
    ]
    assert [s.snapshot_id for s in bench.lake.snapshots(TABLE)] == made
    assert [bench.values(snapshot) for snapshot in made] == [
        [(DAY, 1.0, 6), (NEXT_DAY, 1.0, 6)],
        [(DAY, 2.0, 6), (NEXT_DAY, 1.0, 6)],
        [(DAY, 3.0, 6), (NEXT_DAY, 3.0, 6)],
    ]
    assert bench.values() == bench.values(made[-1])


def test_replace__by_nothing_empties_its_days_alone(bench: Bench) -> None:
    bench.replaced([DAY, NEXT_DAY], 1.0, 1)
    bench.lake.replace(TABLE, days_predicate([DAY]), WrittenFiles(), {})
    assert bench.values() == [(NEXT_DAY, 1.0, 6)]


def test_replace__takes_days_apart_from_each_other(bench: Bench) -> None:
    bench.replaced([DAY, NEXT_DAY, LATER], 1.0, 1)
    bench.replaced([DAY, LATER], 2.0, 2)
    assert bench.values() == [(DAY, 2.0, 6), (NEXT_DAY, 1.0, 6), (LATER, 2.0, 6)]


def test_replace__returns_its_own_snapshot_also_when_another_came_after(bench: Bench) -> None:
    first = bench.replaced([DAY], 1.0, 1)
    second = bench.appended([NEXT_DAY], 1.0, 2)
    assert bench.lake.snapshot_of_batch(TABLE, 1) is not None
    assert [s.snapshot_id for s in bench.lake.snapshots(TABLE)] == [first, second]


def test_replace__of_a_whole_table_without_partitions(bench: Bench) -> None:
    layout = replace(layout_of(SENSOR_LATEST))
    for batch in (1, 2):
        sql = f"SELECT 's' AS sensor_id, 'energy' AS sensor_type, now() AS interval_start_utc, {batch}.5 AS value, "
        sql += f"'kWh' AS unit, 'measured' AS quality, DATE '2016-03-24' AS operating_day, {batch} AS batch_id"
        with bench.engine.session() as session:
            written = session.write(sql, layout, bench.lake.folder(SENSOR_LATEST, batch))
        bench.lake.replace(SENSOR_LATEST, AlwaysTrue(), written, {})
    assert bench.rows("SELECT value FROM readings", bench.lake.scan(SENSOR_LATEST)) == [(2.5,)]


def test_replace__refuses_a_filter_that_covers_a_part_of_a_file(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    files = bench.written(readings([DAY], 5.0, 2), 2)
    mixed = replace(files.files[0], columns={})
    bench.lake.append(TABLE, WrittenFiles((mixed,)), {})
    with pytest.raises(LakeError, match="only a part"):
        bench.lake.replace(TABLE, batch_predicate("batch_id", 1), WrittenFiles(), {})
    assert len(bench.lake.snapshots(TABLE)) == 2


def test_replace__by_batch_withdraws_the_files_of_that_batch_alone(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    bench.appended([DAY], 2.0, 2)
    bench.lake.replace(TABLE, batch_predicate("batch_id", 2), WrittenFiles(), {})
    assert bench.values() == [(DAY, 1.0, 6)]


def test_commit__of_a_day_that_another_writer_changed_is_a_conflict(bench: Bench) -> None:
    bench.replaced([DAY, NEXT_DAY], 1.0, 1)
    stale = bench.lake.table(TABLE)
    files = bench.written(readings([DAY], 3.0, 3), 3)
    bench.replaced([DAY], 2.0, 2)
    with pytest.raises(CommitConflictError, match="met another writer"):
        commit(stale, Change(files, days_predicate([DAY])))
    assert bench.values() == [(DAY, 2.0, 6), (NEXT_DAY, 1.0, 6)]


def test_commit__of_the_first_rows_of_a_day_is_a_conflict_when_another_was_first(bench: Bench) -> None:
    stale = bench.lake.table(TABLE)
    files = bench.written(readings([DAY], 3.0, 3), 3)
    bench.replaced([DAY], 2.0, 2)
    with pytest.raises(CommitConflictError):
        commit(stale, Change(files, days_predicate([DAY])))
    assert bench.values() == [(DAY, 2.0, 6)]


def test_commit__of_another_day_goes_on_top_of_what_came_between(bench: Bench) -> None:
    bench.replaced([DAY, NEXT_DAY], 1.0, 1)
    stale = bench.lake.table(TABLE)
    files = bench.written(readings([NEXT_DAY], 3.0, 3), 3)
    bench.replaced([DAY], 2.0, 2)
    made = commit(stale, Change(files, days_predicate([NEXT_DAY])))
    assert bench.values() == [(DAY, 2.0, 6), (NEXT_DAY, 3.0, 6)]
    assert bench.lake.snapshots(TABLE)[-1].snapshot_id == made


def test_commit__of_an_append_never_conflicts(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    stale = bench.lake.table(TABLE)
    files = bench.written(readings([DAY], 3.0, 3), 3)
    bench.replaced([DAY], 2.0, 2)
    commit(stale, Change(files))
    assert bench.values() == [(DAY, 2.0, 6), (DAY, 3.0, 6)]


def test_commit__refuses_a_partition_value_that_the_file_does_not_have(bench: Bench) -> None:
    files = bench.written(readings([DAY], 1.0, 1), 1)
    nameless = replace(files.files[0], partition={"operating_day": None, "sensor_type": "energy"})
    for wrong in (nameless, replace(nameless, partition={"sensor_type": "energy"})):
        with pytest.raises(SchemaError, match="no value for the partition column 'operating_day'"):
            bench.lake.append(TABLE, WrittenFiles((wrong,)), {})
    assert bench.lake.snapshots(TABLE) == ()


def test_table__has_the_zone_of_the_setting_or_is_refused(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    elsewhere = Lake(replace(bench.lake.settings, time_zone="Europe/Lisbon"))
    with pytest.raises(ConfigurationError, match=r"made for the time zone 'Europe/Berlin'.*set GRID_TIME_ZONE back"):
        elsewhere.scan(TABLE)
    elsewhere.close()


def test_table__with_unreadable_metadata_is_a_lake_error_that_names_it(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    for path in (bench.home / "lake" / "grid" / TABLE.name / "metadata").glob("*.json"):
        path.write_text("{}")
    with pytest.raises(LakeError, match=r"metadata of grid\.meter_readings cannot be read"):
        bench.lake.scan(TABLE)


def test_files__have_the_field_ids_of_the_schema(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    ids = {field.name: field.field_id for field in bench.lake.table(TABLE).schema().fields}
    for file in bench.data_files():
        stored = pq.read_schema(file.file_path.removeprefix("file://"))
        assert {field.name: int(field.metadata[b"PARQUET:field_id"]) for field in stored} == ids


def test_files__of_a_batch_are_in_its_folder_and_named_by_number(bench: Bench) -> None:
    bench.replaced([DAY, NEXT_DAY], 1.0, 7)
    folder = bench.lake.folder(TABLE, 7)
    assert sorted(f.file_path for f in bench.data_files()) == [f"file://{folder}/data_{n}.parquet" for n in range(4)]


def test_scan__reads_by_field_id_under_another_name(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    columns = tuple(replace(c, name="amount") if c.name == "value" else c for c in METER_READINGS.columns)
    scan = replace(bench.lake.scan(TABLE), table=replace(METER_READINGS, columns=columns))
    assert bench.rows("SELECT DISTINCT amount FROM readings", scan) == [(1.0,)]
    assert bench.rows("SELECT DISTINCT value FROM readings") == [(1.0,)]


def test_scan__of_a_table_whose_column_another_engine_renamed_is_refused(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    with bench.lake.table(TABLE).update_schema() as update:
        update.rename_column("value", "amount")
    with pytest.raises(ConfigurationError, match=r"has 'amount' \(double\) where the registry says 'value'"):
        bench.lake.scan(TABLE)


def test_scan__of_days_names_their_files_alone(bench: Bench) -> None:
    bench.replaced([DAY, NEXT_DAY, LATER], 1.0, 1)
    assert len(bench.lake.scan(TABLE).files) == 6
    assert len(bench.lake.scan(TABLE, [DAY]).files) == 2
    assert len(bench.lake.scan(TABLE, [DAY, LATER]).files) == 4
    assert bench.lake.scan(TABLE, []).files == ()
    assert bench.rows("SELECT COUNT(*) AS n FROM readings", bench.lake.scan(TABLE, [])) == [(0,)]
    assert bench.rows("SELECT DISTINCT operating_day FROM readings", bench.lake.scan(TABLE, [LATER])) == [(LATER,)]


def test_rows_by_day__counts_from_the_plan_alone(bench: Bench) -> None:
    bench.replaced([DAY, NEXT_DAY], 1.0, 1)
    assert bench.lake.rows_by_day(TABLE, [DAY, LATER]) == {DAY: 6}
    assert bench.lake.rows_by_day(TABLE, []) == {}


def test_snapshot_of_batch__is_the_newest_of_that_batch(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    again = bench.appended([NEXT_DAY], 1.0, 1, part="1")
    bench.appended([LATER], 1.0, 2)
    found = bench.lake.snapshot_of_batch(TABLE, 1)
    assert found is not None
    assert found.snapshot_id == again
    assert bench.lake.snapshot_of_batch(TABLE, 3) is None


def test_expire__keeps_the_newest_and_those_of_protected_batches(bench: Bench) -> None:
    made = [bench.replaced([DAY], float(batch), batch) for batch in range(1, 7)]
    assert bench.lake.expire(TABLE, 2, frozenset({2})) == 3
    assert [s.snapshot_id for s in bench.lake.snapshots(TABLE)] == [made[1], *made[4:]]
    assert bench.lake.expire(TABLE, 2, frozenset({2})) == 0
    assert bench.values() == [(DAY, 6.0, 6)]
    assert bench.values(made[1]) == [(DAY, 2.0, 6)]


def test_expire__never_takes_the_current_snapshot(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    assert bench.lake.expire(TABLE, 0) == 0
    assert bench.values() == [(DAY, 1.0, 6)]


def test_folder__is_one_per_batch_and_part(bench: Bench) -> None:
    folders = {bench.lake.folder(TABLE, batch, part) for batch in (1, 2) for part in ("0", "1")}
    assert len(folders) == 4
    assert all(folder.startswith(str(bench.home.absolute())) for folder in folders)


def test_close__lets_the_next_use_open_the_catalog_again(bench: Bench) -> None:
    bench.replaced([DAY], 1.0, 1)
    bench.lake.close()
    bench.lake.close()
    assert bench.values() == [(DAY, 1.0, 6)]


def test_properties__of_a_snapshot_say_which_batch_made_it(bench: Bench) -> None:
    bench.replaced([date(2016, 3, 27)], 1.0, 42)
    summary = bench.lake.snapshots(TABLE)[-1].summary
    assert summary is not None
    assert summary.get(BATCH_PROPERTY) == "42"


def test_replace__of_hundreds_of_days_with_gaps_leaves_the_days_between_alone(bench: Bench) -> None:
    days = [DAY + timedelta(days=2 * n) for n in range(250)]
    between = [DAY + timedelta(days=1), DAY + timedelta(days=251)]
    bench.replaced([*days[:3], *between], 1.0, 1)
    files = bench.written(readings(days[:2], 2.0, 2), 2)
    bench.lake.replace(TABLE, days_predicate(days), files, {})
    assert bench.values() == sorted([(days[0], 2.0, 6), (days[1], 2.0, 6), *((day, 1.0, 6) for day in between)])
    assert len(bench.lake.scan(TABLE, days).files) == 4
