"""Rewriting files: exactly the named ones go, nothing that came meanwhile; and what counts as named."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from grid_assets.domain.errors import CommitConflictError, LakeError
from resources.clients.engines.base import Scan, WrittenFiles
from resources.clients.lake.garbage import doubt, named_by, names, stored_files, table_folders
from resources.clients.lake.maintenance import LiveFile, live_files, rewrite
from tests.support.lakes import TABLE, Bench, bench_of
from tests.support.publications import DAY

NEXT = DAY + timedelta(days=1)


def together(bench: Bench, files: tuple[LiveFile, ...], batch: int) -> WrittenFiles:
    """Write the rows of some files as those of a batch."""
    with bench.engine.session() as session:
        session.scan("small", Scan(TABLE, tuple(file.path for file in files)))
        return session.write("SELECT * FROM small", TABLE, bench.lake.folder(TABLE, batch))


def live(bench: Bench) -> tuple[LiveFile, ...]:
    return live_files(bench.lake.table(TABLE), "batch_id")


def paths(files: tuple[LiveFile, ...]) -> list[str]:
    return [file.path for file in files]


def folder_of(bench: Bench) -> str:
    (folder,) = table_folders(bench.lake.settings.warehouse)
    return folder


def test_live_files__say_their_day_rows_and_newest_batch(bench: Bench) -> None:
    assert live(bench) == ()
    bench.appended([DAY], 1.0, 1)
    bench.appended([DAY, NEXT], 2.0, 7)
    assert sorted((file.day, file.newest, file.rows) for file in live(bench)) == [
        *[(DAY, 1, 3)] * 2,
        *[(DAY, 7, 3)] * 2,
        *[(NEXT, 7, 3)] * 2,
    ]


def test_rewrite__puts_one_file_a_partition_in_place_with_the_same_rows(bench: Bench) -> None:
    for batch in range(1, 4):
        bench.appended([DAY, NEXT], float(batch), batch)
    before, rows = live(bench), bench.rows("SELECT * FROM readings ORDER BY ALL")
    snapshot = rewrite(bench.lake.table(TABLE), paths(before), together(bench, before, 9), {"who": "me"})
    assert [file.rows for file in live(bench)] == [9] * 4
    assert bench.rows("SELECT * FROM readings ORDER BY ALL") == rows
    assert bench.lake.snapshots(TABLE)[-1].snapshot_id == snapshot


def test_rewrite__leaves_what_was_appended_meanwhile(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    bench.appended([DAY], 2.0, 2)
    before = live(bench)
    written = together(bench, before, 9)
    bench.appended([DAY], 3.0, 3)
    rewrite(bench.lake.table(TABLE), paths(before), written, {})
    assert bench.values() == [(DAY, 1.0, 6), (DAY, 2.0, 6), (DAY, 3.0, 6)]


def test_rewrite__that_meets_an_append_between_load_and_commit_loses_nothing(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    before, table = live(bench), bench.lake.table(TABLE)
    written = together(bench, before, 9)
    bench.appended([DAY], 2.0, 2)
    with pytest.raises(CommitConflictError, match="met another writer"):
        rewrite(table, paths(before), written, {})
    assert bench.values() == [(DAY, 1.0, 6), (DAY, 2.0, 6)]


def test_rewrite__is_refused_where_a_file_has_gone(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    before, table = live(bench), bench.lake.table(TABLE)
    written = together(bench, before, 9)
    bench.replaced([DAY], 2.0, 2)
    with pytest.raises(CommitConflictError):
        rewrite(table, paths(before), written, {})
    with pytest.raises(CommitConflictError, match=r"2 files .* have gone"):
        rewrite(bench.lake.table(TABLE), paths(before), written, {})
    assert bench.values() == [(DAY, 2.0, 6)]


def test_rewrite__is_refused_where_rows_are_missing(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    before = live(bench)
    part = WrittenFiles(together(bench, before, 9).files[:1])
    with pytest.raises(LakeError, match=r"3 rows.*6 rows"):
        rewrite(bench.lake.table(TABLE), paths(before), part, {})
    assert len(bench.lake.snapshots(TABLE)) == 1


def test_names__are_all_files_of_a_lake_where_nothing_is_left_over(bench: Bench) -> None:
    for batch in range(1, 4):
        bench.replaced([DAY], float(batch), batch)
    found = {file.path for file in stored_files(folder_of(bench))}
    assert found == names(bench.lake.catalog).files


def test_names__of_an_older_snapshot_count_until_it_is_forgotten(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    (old, _) = paths(live(bench))
    bench.replaced([DAY], 2.0, 2)
    assert old in names(bench.lake.catalog).files
    bench.lake.expire(TABLE, 1)
    assert old not in names(bench.lake.catalog).files


def test_names__are_refused_where_a_manifest_cannot_be_read(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    (manifest,) = (Path(folder_of(bench)) / "metadata").glob("*-m0.avro")
    manifest.write_bytes(b"no manifest")
    with pytest.raises(LakeError, match="nothing was removed"):
        names(bench.lake.catalog)


def test_names__are_the_same_through_a_link(bench: Bench, tmp_path: Path) -> None:
    bench.appended([DAY], 1.0, 1)
    link = tmp_path / "link"
    link.symlink_to(bench.home)
    other = bench_of(link)
    other.appended([DAY], 2.0, 2)
    found = {file.path for file in stored_files(folder_of(other))}
    assert found == names(other.lake.catalog).files
    other.lake.close()


def test_doubt__is_none_about_a_table_that_the_catalog_knows(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    folder = folder_of(bench)
    assert doubt(folder, stored_files(folder), names(bench.lake.catalog)) == ""


def test_doubt__is_about_a_table_that_the_catalog_does_not_know(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    folder = folder_of(bench)
    bench.lake.catalog.drop_table(TABLE.identifier)
    assert "knows no table" in doubt(folder, stored_files(folder), names(bench.lake.catalog))


def test_doubt__is_about_a_folder_in_which_another_table_has_lived(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    folder = folder_of(bench)
    (bench.home / "catalog.db").rename(bench.home / "aside.db")
    bench.lake.close()
    bench.appended([DAY], 2.0, 2)
    assert "another table" in doubt(folder, stored_files(folder), names(bench.lake.catalog))


def test_doubt__is_about_a_catalog_that_is_older_than_the_files(bench: Bench) -> None:
    bench.appended([DAY], 1.0, 1)
    kept = (bench.home / "catalog.db").read_bytes()
    for batch in range(2, 5):
        bench.appended([DAY], float(batch), batch)
    bench.lake.close()
    (bench.home / "catalog.db").write_bytes(kept)
    folder = folder_of(bench)
    assert "older" in doubt(folder, stored_files(folder), names(bench.lake.catalog))


def test_doubt__is_none_about_the_files_of_a_save_that_died_before_its_table_was_made(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    orphan = tmp_path / "lake" / "datasets" / "d" / "data" / "1a" / "data_0.parquet"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"rows")
    folder = folder_of(bench)
    files = stored_files(folder)
    assert [file.path for file in files] == [str(orphan)]
    assert doubt(folder, files, names(bench.lake.catalog)) == ""
    cut = replace(files[0], path=f"{folder}/metadata/00000-x.metadata.json")
    assert "knows no table" in doubt(folder, (cut,), names(bench.lake.catalog))
    bench.lake.close()


def test_named_by__is_the_file_itself_but_for_a_checksum() -> None:
    assert named_by("/a/b.parquet") == "/a/b.parquet"
    assert named_by("/a/.b.parquet.crc") == "/a/b.parquet"
