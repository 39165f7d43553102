"""Written files: truly sorted whatever the size, whole or absent, with statistics that hold for odd names too."""

import resource
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from grid_assets.domain.errors import LakeError, SchemaError
from resources.clients.engines.base import Scan, WrittenFiles
from resources.clients.engines.duckdb_engine import DuckDBEngine, scan_sql
from resources.clients.engines.layout import Layout, StoredColumn
from tests.support.processes import call

COLUMNS = (
    StoredColumn("day", 1, "INTEGER", is_nullable=False),
    StoredColumn("sensor", 2, "VARCHAR", is_nullable=False),
    StoredColumn("moment", 3, "BIGINT", is_nullable=False),
    StoredColumn("value", 4, "DOUBLE"),
)
SORTED = Layout("grid.sorted", COLUMNS, ("day",), ("sensor", "moment"))
OUT_OF_ORDER = """
    SELECT COUNT(*) FROM (
        SELECT (sensor, moment) < lag((sensor, moment)) OVER (ORDER BY file_row_number) AS is_wrong
        FROM read_parquet('{}', file_row_number = true, hive_partitioning = false)
    ) WHERE is_wrong
"""


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "tmp", threads=2)


def shuffled(rows: int, days: int) -> str:
    return (
        f"SELECT i % {days} AS day, 'sensor-' || (i * 7919) % 1000 AS sensor, i AS moment, i / 3.0 AS value "
        f"FROM range({rows}) AS t(i) ORDER BY hash(i)"
    )


def wrong_rows(files: WrittenFiles) -> int:
    return sum(duckdb.execute(OUT_OF_ORDER.format(file.path)).fetchall()[0][0] for file in files.files)


@pytest.mark.parametrize("days", [1, 20])
def test_write__sorts_every_file_of_three_million_rows(engine: DuckDBEngine, tmp_path: Path, days: int) -> None:
    with engine.session() as session:
        session.materialize("given", shuffled(3_000_000, days))
        files = session.write("SELECT * FROM given", SORTED, str(tmp_path / "out"))
    assert files.rows == 3_000_000
    assert max(pq.read_metadata(file.path).num_row_groups for file in files.files) > 1
    assert wrong_rows(files) == 0


def test_write__sorts_a_single_file_of_many_row_groups(engine: DuckDBEngine, tmp_path: Path) -> None:
    layout = Layout("grid.single", COLUMNS, (), ("sensor", "moment"))
    with engine.session() as session:
        session.materialize("given", shuffled(1_000_000, 3))
        files = session.write("SELECT * FROM given", layout, str(tmp_path / "out"))
    assert pq.read_metadata(files.files[0].path).num_row_groups > 1
    assert wrong_rows(files) == 0


def test_write__without_an_order_keeps_that_of_the_query(engine: DuckDBEngine, tmp_path: Path) -> None:
    layout = Layout("datasets.plain", COLUMNS)
    with engine.session() as session:
        session.materialize("given", shuffled(1_000_000, 3))
        given = session.fetch("SELECT moment FROM given")
        files = session.write("SELECT * FROM given", layout, str(tmp_path / "out"))
        session.scan("stored", Scan(layout, tuple(file.path for file in files.files)))
        assert session.fetch("SELECT moment FROM stored").equals(given)


def test_write__takes_another_order_where_it_is_told_one(engine: DuckDBEngine, tmp_path: Path) -> None:
    with engine.session() as session:
        files = session.write(shuffled(1000, 1), SORTED, str(tmp_path / "out"), order_by=("moment",))
    stored = pq.read_table(files.files[0].path).column("moment").to_pylist()
    assert stored == sorted(stored)


def test_write__gives_the_same_bytes_again(engine: DuckDBEngine, tmp_path: Path) -> None:
    written = []
    for name in ("first", "second"):
        with engine.session() as session:
            session.materialize("given", shuffled(200_000, 4))
            files = session.write("SELECT * FROM given", SORTED, str(tmp_path / name))
        by_day = sorted(files.files, key=lambda file: str(file.partition["day"]))
        written.append([Path(file.path).read_bytes() for file in by_day])
    assert written[0] == written[1]


def test_write__reports_what_is_in_the_files(engine: DuckDBEngine, tmp_path: Path) -> None:
    value = "CASE i WHEN 0 THEN NULL WHEN 1 THEN 'nan'::DOUBLE ELSE i END AS value"
    sql = f"SELECT 1 AS day, 'a' AS sensor, i AS moment, {value} FROM range(5) AS t(i)"
    with engine.session() as session:
        files = session.write(sql, SORTED, str(tmp_path / "out"))
    (file,) = files.files
    assert (file.rows, file.partition, file.size_bytes) == (5, {"day": "1"}, Path(file.path).stat().st_size)
    number, moment = file.columns["value"], file.columns["moment"]
    assert (number.lower, number.upper, number.nulls, number.nans) == ("2.0", "4.0", 1, 1)
    assert (moment.lower, moment.upper, moment.nulls, moment.nans) == ("0", "4", 0, None)
    assert number.size_bytes > 0


def test_write__of_no_row_leaves_no_file(engine: DuckDBEngine, tmp_path: Path) -> None:
    with engine.session() as session:
        none = f"SELECT * FROM ({shuffled(10, 1)}) WHERE FALSE"
        partitioned = session.write(none, SORTED, str(tmp_path / "a"))
        single = session.write(none, Layout("grid.single", COLUMNS), str(tmp_path / "b"))
    assert (partitioned.files, single.files) == ((), ())
    assert [path for path in tmp_path.rglob("*") if path.suffix == ".parquet"] == []


def test_write__takes_names_that_are_words_of_sql_or_hold_quotes_and_dots(engine: DuckDBEngine, tmp_path: Path) -> None:
    names = ("order", 'say "hi"', "a.b", "größe in m²", "element")
    columns = tuple(StoredColumn(name, number, "BIGINT") for number, name in enumerate(names, start=1))
    layout = Layout("datasets.odd", columns, names[:2], names[2:4])
    sql = "SELECT " + ", ".join(f'{n} AS "{name.replace(chr(34), chr(34) * 2)}"' for n, name in enumerate(names))
    with engine.session() as session:
        files = session.write(sql, layout, str(tmp_path / "out"))
        session.scan("stored", Scan(layout, tuple(file.path for file in files.files)))
        assert session.fetch("SELECT * FROM stored").to_pylist() == [{name: n for n, name in enumerate(names)}]
    assert files.files[0].partition == {names[0]: "0", names[1]: "1"}
    assert {name: stats.lower for name, stats in files.files[0].columns.items()} == {
        name: str(n) for n, name in enumerate(names)
    }


def test_write__refuses_null_where_there_may_be_none(engine: DuckDBEngine, tmp_path: Path) -> None:
    sql = (
        "SELECT 1 AS day, CASE i WHEN 3 THEN NULL ELSE 'a' END AS sensor, i AS moment, 1.0 AS value FROM range(5) t(i)"
    )
    with engine.session() as session, pytest.raises(SchemaError, match=r"1 null values of grid\.sorted\.sensor"):
        session.write(sql, SORTED, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_write__refuses_null_in_a_partition_that_may_have_none(engine: DuckDBEngine, tmp_path: Path) -> None:
    sql = (
        "SELECT CASE i WHEN 3 THEN NULL ELSE 1 END AS day, 'a' AS sensor, i AS moment, 1.0 AS value FROM range(5) t(i)"
    )
    with engine.session() as session, pytest.raises(SchemaError, match=r"null values of grid\.sorted\.day"):
        session.write(sql, SORTED, str(tmp_path / "out"))


def test_write__refuses_a_folder_that_exists_and_leaves_it_alone(engine: DuckDBEngine, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with engine.session() as session, pytest.raises(LakeError, match="exists already"):
        session.write(shuffled(10, 1), SORTED, str(tmp_path / "out"))
    assert (tmp_path / "out" / "mine").exists()


def test_write__without_permission_is_a_lake_error(engine: DuckDBEngine, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with engine.session() as session, pytest.raises(LakeError, match=r"writing grid\.sorted under .* failed"):
        session.write(shuffled(10, 1), SORTED, str(blocked / "out"))


def write_with_small_files_only(folder: Path) -> None:
    """Write while no file may grow beyond a size, as on a full disk; the error is the child's exit code."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    with DuckDBEngine(folder / "tmp", threads=1).session() as session:
        try:
            session.write(shuffled(100_000, 1), SORTED, str(folder / "out"))
        except LakeError as error:
            (folder / "error").write_text(str(error))


def test_write__on_a_full_disk_leaves_nothing_and_works_again(engine: DuckDBEngine, tmp_path: Path) -> None:
    assert call(write_with_small_files_only, tmp_path) == 0
    assert "make room" in (tmp_path / "error").read_text()
    assert not (tmp_path / "out").exists()
    with engine.session() as session:
        assert session.write(shuffled(100_000, 1), SORTED, str(tmp_path / "out")).rows == 100_000


@pytest.mark.parametrize("name", ["a?b", "a[b]c", "a*", "it's", "50%20", 'say "hi"'])
def test_scan__takes_a_path_as_it_is_and_not_as_a_pattern(engine: DuckDBEngine, tmp_path: Path, name: str) -> None:
    written = {}
    with engine.session() as session:
        for number, folder in enumerate((name, "axb", "abc")):
            sql = f"SELECT 1 AS day, 's' AS sensor, {number} AS moment, 1.0 AS value"
            written[folder] = session.write(sql, SORTED, str(tmp_path / folder))
        scan = Scan(SORTED, tuple(file.path for file in written[name].files))
        assert session.fetch(f"SELECT moment FROM ({scan_sql(scan)})").to_pylist() == [{"moment": 0}]
