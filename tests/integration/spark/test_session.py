"""A Spark session keeps the promises of every engine's: names, field ids, snapshots, files, and errors told as ours."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grid_assets.domain.columns import Column, ColumnType, TableSpec
from grid_assets.domain.errors import LakeError, MissingDataFileError, SchemaError
from resources.clients.engines.base import Scan
from resources.clients.engines.duckdb_engine import DuckDBEngine
from resources.clients.engines.spark_engine import SparkEngine, SparkSqlSession
from resources.clients.lake.client import Lake
from resources.clients.lake.filters import EVERYTHING
from resources.settings import load_settings
from resources.wiring import make_platform, make_spark

LOADS = TableSpec(
    "loads",
    "A small table of every type.",
    (
        Column("meter_id", ColumnType.STRING, "Meter."),
        Column("operating_day", ColumnType.DATE, "Day."),
        Column("start_utc", ColumnType.TIMESTAMP_UTC, "Start."),
        Column("energy_kwh", ColumnType.DOUBLE, "Energy.", "kWh", is_nullable=True),
        Column("number", ColumnType.INT32, "Number."),
        Column("batch_id", ColumnType.INT64, "Batch."),
        Column("is_odd", ColumnType.BOOLEAN, "Odd.", is_nullable=True),
    ),
    key=("meter_id", "start_utc"),
    partition_by=("operating_day", "meter_id"),
    sort_by=("start_utc",),
)
FIRST = date(2016, 3, 26)
ROWS = """
SELECT 'm' || CAST(n % 2 AS VARCHAR) AS meter_id, DATE '2016-03-26' + CAST(n // 30 AS INTEGER) AS operating_day,
       TIMESTAMPTZ '2016-03-25T23:00:00+00:00' + (59 - n) * INTERVAL '1' HOUR AS start_utc,
       CASE WHEN n % 7 = 0 THEN NULL ELSE n / 4.0 END AS energy_kwh, n AS number, CAST(5 AS BIGINT) AS batch_id,
       n % 2 = 1 AS is_odd
FROM numbers
"""
NUMBERS = pa.table({"n": pa.array(range(60), pa.int32())})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake with a space")


@pytest.fixture(scope="module")
def lake(home: Path) -> Iterator[Lake]:
    made = make_platform(load_settings(home=home)).lake
    yield made
    made.close()


@pytest.fixture(scope="module")
def engine(home: Path) -> SparkEngine:
    return make_spark(load_settings(home=home, threads=2))


@pytest.fixture
def session(engine: SparkEngine) -> Iterator[SparkSqlSession]:
    with engine.session() as opened:
        yield opened


def filled(lake: Lake, session: SparkSqlSession, table: TableSpec, number: int, sql: str = ROWS) -> int:
    session.register("numbers", NUMBERS)
    return lake.replace(table, EVERYTHING, session.write(sql, table, lake.folder(table, number)), {})


def count(session: SparkSqlSession, lake: Lake, table: TableSpec) -> int:
    session.scan("looked_at", lake.scan(table))
    return int(session.fetch("SELECT COUNT(*) AS n FROM looked_at")["n"][0].as_py())


def test_write__is_read_alike_by_both_engines(session: SparkSqlSession, tmp_path: Path) -> None:
    session.register("numbers", NUMBERS)
    written = session.write(ROWS, LOADS, str(tmp_path / "out"))
    scan = Scan(LOADS, tuple(file.path for file in written.files), "operating_day = DATE '2016-03-27'")
    query = "SELECT * FROM looked_at ORDER BY number"
    with DuckDBEngine(tmp_path / "scratch").session() as other:
        other.scan("looked_at", scan)
        expected = other.fetch(query)
    session.scan("looked_at", scan)
    found = session.fetch(query)
    assert found.cast(expected.schema).equals(expected)
    assert found.num_rows == 30


def test_write__says_of_its_files_what_the_other_engine_says(session: SparkSqlSession, tmp_path: Path) -> None:
    session.register("numbers", NUMBERS)
    written = session.write(ROWS, LOADS, str(tmp_path / "spark"))
    with DuckDBEngine(tmp_path / "scratch").session() as other:
        other.register("numbers", NUMBERS)
        expected = other.write(ROWS, LOADS, str(tmp_path / "duckdb"))
    mine = {tuple(sorted(file.partition.items())): file for file in written.files}
    assert len(mine) == len(written.files) == 4
    for file in expected.files:
        same = mine[tuple(sorted(file.partition.items()))]
        assert same.rows == file.rows
        assert {n: s.nulls for n, s in same.columns.items()} == {n: s.nulls for n, s in file.columns.items()}
        for name in ("meter_id", "operating_day", "energy_kwh", "number"):
            assert (same.columns[name].lower, same.columns[name].upper) == (
                file.columns[name].lower,
                file.columns[name].upper,
            )
        bounds = same.columns["start_utc"]
        assert bounds.lower is not None
        assert datetime.fromisoformat(bounds.lower).tzinfo == UTC


def test_write__leaves_sorted_numbered_files_with_field_ids_and_nothing_else(
    session: SparkSqlSession, tmp_path: Path
) -> None:
    session.register("numbers", NUMBERS)
    written = session.write(ROWS, LOADS, str(tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"data_{n}.parquet" for n in range(4)]
    for file in written.files:
        stored = pq.ParquetFile(file.path)
        ids = [field.metadata[b"PARQUET:field_id"] for field in stored.schema_arrow]
        assert ids == [str(n).encode() for n in range(1, 8)]
        starts = stored.read(["start_utc"])["start_utc"].to_pylist()
        assert starts == sorted(starts)
        assert stored.metadata.row_group(0).column(0).compression == "ZSTD"


def test_write__of_no_row_leaves_no_file(session: SparkSqlSession, tmp_path: Path) -> None:
    session.register("numbers", NUMBERS)
    assert session.write(f"{ROWS} WHERE n < 0", LOADS, str(tmp_path / "out")).files == ()
    assert list((tmp_path / "out").rglob("*")) == []


def test_write__refuses_null_where_there_may_be_none(session: SparkSqlSession, tmp_path: Path) -> None:
    session.register("numbers", NUMBERS)
    with pytest.raises(SchemaError, match=r"null values of grid\.loads\.number"):
        session.write(ROWS.replace("n AS number", "NULLIF(n, 3) AS number"), LOADS, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_write__refuses_a_folder_that_exists_and_leaves_it_alone(session: SparkSqlSession, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    session.register("numbers", NUMBERS)
    with pytest.raises(LakeError, match="exists already"):
        session.write(ROWS, LOADS, str(tmp_path / "out"))
    assert (tmp_path / "out" / "mine").exists()


def test_write__takes_values_and_names_that_mean_something_in_a_path_or_in_sql(
    session: SparkSqlSession, tmp_path: Path
) -> None:
    names = ("a`b", "select", "c.d")
    columns = tuple(Column(name, ColumnType.STRING, "Any.", is_nullable=True) for name in names)
    table = TableSpec("odd", "Odd names.", columns, key=names, partition_by=("c.d",), sort_by=("select",))
    values: list[str | None] = ["/", "..", "%2F", "=", "__HIVE_DEFAULT_PARTITION__", "", None, "ä"]
    session.register("given", pa.table({name: pa.array(values, pa.string()) for name in names}))
    written = session.write("SELECT * FROM given", table, str(tmp_path / "out"))
    assert {file.partition["c.d"] for file in written.files} == set(values)
    assert {Path(file.path).parent for file in written.files} == {tmp_path / "out"}


def test_scan__reads_the_planned_snapshot_whatever_was_committed_since(session: SparkSqlSession, lake: Lake) -> None:
    table = TableSpec("planned", "Planned.", LOADS.columns, LOADS.key, LOADS.partition_by, LOADS.sort_by)
    filled(lake, session, table, 1)
    scan = lake.scan(table, [FIRST])
    filled(lake, session, table, 2, f"{ROWS} WHERE n < 10")
    session.scan("before", scan)
    assert session.fetch("SELECT COUNT(*) AS n FROM before")["n"].to_pylist() == [30]
    assert count(session, lake, table) == 10


def test_scan__sees_what_another_writer_committed_between_two_reads(session: SparkSqlSession, lake: Lake) -> None:
    table = TableSpec("outside", "Outside.", LOADS.columns, LOADS.key, LOADS.partition_by, LOADS.sort_by)
    filled(lake, session, table, 1)
    newest = "SELECT COUNT(*) FROM grid.grid.outside"
    assert session.spark.sql(newest).first()[0] == 60  # type: ignore[index]
    lake.append(table, session.write(f"{ROWS} WHERE n < 5", table, lake.folder(table, 2)), {})
    assert session.spark.sql(newest).first()[0] == 65  # type: ignore[index]
    assert count(session, lake, table) == 65
    lake.replace(table, EVERYTHING, session.write(f"{ROWS} WHERE n = 1", table, lake.folder(table, 3)), {})
    assert session.spark.sql(newest).first()[0] == 1  # type: ignore[index]


def test_scan__finds_columns_by_field_id_after_a_rename_and_an_addition(session: SparkSqlSession, lake: Lake) -> None:
    table = TableSpec("renamed", "Renamed.", LOADS.columns, LOADS.key, LOADS.partition_by, LOADS.sort_by)
    first = filled(lake, session, table, 1)
    with lake.table(table).update_schema() as update:
        update.rename_column("energy_kwh", "energy")
    newer = Column("energy", ColumnType.DOUBLE, "Energy.", "kWh", is_nullable=True)
    note = Column("note", ColumnType.STRING, "Note.", is_nullable=True)
    columns = (*(newer if c.name == "energy_kwh" else c for c in table.columns), note)
    evolved = TableSpec("renamed", "Renamed.", columns, LOADS.key, LOADS.partition_by, LOADS.sort_by)
    session.scan("looked_at", lake.scan(evolved, None, first))
    row = session.fetch("SELECT SUM(energy) AS energy, COUNT(note) AS notes FROM looked_at").to_pylist()[0]
    assert row == {"energy": pytest.approx(sum(n / 4 for n in range(60) if n % 7)), "notes": 0}


def test_scan__of_no_file_has_the_columns_and_types(session: SparkSqlSession) -> None:
    session.scan("empty", Scan(LOADS, ()))
    found = session.fetch("SELECT * FROM empty")
    assert found.num_rows == 0
    assert found.column_names == list(LOADS.column_names)
    assert found.schema.field("start_utc").type == pa.timestamp("us", tz="UTC")


def test_fetch__of_a_file_that_went_says_so(session: SparkSqlSession, lake: Lake) -> None:
    table = TableSpec("gone", "Gone.", LOADS.columns, LOADS.key, LOADS.partition_by, LOADS.sort_by)
    filled(lake, session, table, 1)
    scan = lake.scan(table)
    session.scan("looked_at", scan)
    Path(scan.files[0]).unlink()
    with pytest.raises(MissingDataFileError, match="gone"):
        session.fetch("SELECT SUM(number) AS n FROM looked_at")


def test_fetch__binds_parameters_and_never_reads_them_as_sql(session: SparkSqlSession) -> None:
    moment = datetime(2016, 3, 27, 1, tzinfo=UTC) + timedelta(microseconds=7)
    values = ["' OR 1 = 1 --", 7, 2.5, FIRST, moment]
    found = session.fetch("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e", values)
    assert list(found.to_pylist()[0].values()) == values


def test_names__are_replaced_and_dropped_whatever_they_were(session: SparkSqlSession) -> None:
    session.register("thing", NUMBERS)
    session.materialize("thing", "SELECT n + 1 AS n FROM thing")
    assert session.fetch("SELECT MIN(n) AS n FROM thing")["n"].to_pylist() == [1]
    session.register("given", NUMBERS)
    session.define("thing", "SELECT n FROM given WHERE n < 3")
    assert session.fetch("SELECT COUNT(*) AS n FROM thing")["n"].to_pylist() == [3]
    session.drop("thing", "given", "nothing")
    assert session.spark.catalog.listTables() == []


def test_sessions__do_not_see_each_others_names(engine: SparkEngine, session: SparkSqlSession) -> None:
    session.register("mine", NUMBERS)
    with engine.session() as other:
        other.register("mine", NUMBERS.slice(0, 1))
        assert other.fetch("SELECT COUNT(*) AS n FROM mine")["n"].to_pylist() == [1]
    assert session.fetch("SELECT COUNT(*) AS n FROM mine")["n"].to_pylist() == [60]


def test_session__of_another_home_reads_its_own_catalog(session: SparkSqlSession, lake: Lake, tmp_path: Path) -> None:
    filled(lake, session, LOADS, 1)
    other_home = load_settings(home=tmp_path / "other")
    other_lake = make_platform(other_home).lake
    with make_spark(other_home).session() as other:
        other.register("numbers", NUMBERS)
        written = other.write(f"{ROWS} WHERE n = 0", LOADS, other_lake.folder(LOADS, 1))
        other_lake.replace(LOADS, EVERYTHING, written, {})
        assert count(other, other_lake, LOADS) == 1
    other_lake.close()
    assert lake.rows_by_day(LOADS, [FIRST]) == {FIRST: 30}
