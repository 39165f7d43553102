"""Sessions: scans by field id, empty scans with types, bound parameters, names replaced, missing files told."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from grid_assets.domain.errors import MissingDataFileError
from grid_assets.domain.projections.arrow import ARROW_TYPES
from grid_assets.domain.tables import METER_READINGS
from resources.clients.engines.base import Scan
from resources.clients.engines.duckdb_engine import DuckDBEngine
from resources.clients.engines.layout import Layout, StoredColumn, layout_of

TWO = Layout("datasets.two", (StoredColumn("a", 1, "INTEGER"), StoredColumn("b", 2, "VARCHAR")))


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "tmp", threads=2)


def stored(engine: DuckDBEngine, folder: Path, sql: str, layout: Layout = TWO) -> tuple[str, ...]:
    with engine.session() as session:
        return tuple(file.path for file in session.write(sql, layout, str(folder)).files)


def test_session__speaks_utc(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        moment = session.fetch("SELECT TIMESTAMPTZ '2016-03-27 03:00:00+02' AS t").column("t")
    assert moment.type == pa.timestamp("us", tz="UTC")
    assert moment[0].as_py() == datetime(2016, 3, 27, 1, tzinfo=UTC)


def test_layout_of__a_registry_table_has_positions_as_field_ids() -> None:
    layout = layout_of(METER_READINGS)
    assert [(c.name, c.field_id) for c in layout.columns] == list(
        zip(METER_READINGS.column_names, range(1, 18), strict=True)
    )
    assert (layout.partition_by, layout.sort_by) == (METER_READINGS.partition_by, METER_READINGS.sort_by)
    assert layout_of(layout) is layout


def test_scan__of_no_file_has_the_columns_and_types(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        session.scan("nothing", Scan(METER_READINGS, ()))
        found = session.fetch("SELECT * FROM nothing").schema
    assert found.names == list(METER_READINGS.column_names)
    assert found.types == [ARROW_TYPES[c.type] for c in METER_READINGS.columns]


def test_scan__finds_renamed_and_added_columns_by_field_id(engine: DuckDBEngine, tmp_path: Path) -> None:
    old = stored(engine, tmp_path / "old", "SELECT 1 AS a, 'x' AS b")
    columns = (
        StoredColumn("was_b", 2, "VARCHAR"),
        StoredColumn("new", 3, "DOUBLE"),
        StoredColumn("a", 1, "BIGINT"),
        StoredColumn("b", 4, "DATE"),
    )
    with engine.session() as session:
        session.scan("found", Scan(replace(TWO, columns=columns), old))
        found = session.fetch("SELECT * FROM found")
    assert found.to_pylist() == [{"was_b": "x", "new": None, "a": 1, "b": None}]
    assert found.schema.field("a").type == pa.int64()


def test_scan__applies_its_predicate(engine: DuckDBEngine, tmp_path: Path) -> None:
    files = stored(engine, tmp_path / "out", "SELECT i AS a, 'x' AS b FROM range(10) t(i)")
    with engine.session() as session:
        session.scan("found", Scan(TWO, files, "a >= 7"))
        assert session.fetch("SELECT a FROM found ORDER BY a").to_pydict() == {"a": [7, 8, 9]}


def test_scan__of_a_file_that_is_gone_says_so(engine: DuckDBEngine, tmp_path: Path) -> None:
    with engine.session() as session, pytest.raises(MissingDataFileError, match="planned data file is gone"):
        session.scan("found", Scan(TWO, (str(tmp_path / "gone.parquet"),)))


def test_fetch__of_a_file_that_went_after_the_scan_says_so(engine: DuckDBEngine, tmp_path: Path) -> None:
    files = stored(engine, tmp_path / "out", "SELECT 1 AS a, 'x' AS b")
    with engine.session() as session:
        session.scan("found", Scan(TWO, files))
        Path(files[0]).unlink()
        with pytest.raises(MissingDataFileError):
            session.fetch("SELECT * FROM found")


def test_fetch__binds_parameters_and_never_reads_them_as_sql(engine: DuckDBEngine) -> None:
    hostile = "'; DROP TABLE kept; --"
    with engine.session() as session:
        session.materialize("kept", "SELECT 1 AS a")
        assert session.fetch("SELECT ? AS text, ? + 1 AS number", (hostile, 41)).to_pylist() == [
            {"text": hostile, "number": 42}
        ]
        assert session.fetch("SELECT a FROM kept").num_rows == 1


def test_register__keeps_its_own_copy(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        session.register("given", pa.table({"a": [1, 2]}))
        session.register("given", pa.table({"a": [3]}))
        assert session.fetch("SELECT a FROM given").to_pydict() == {"a": [3]}


def test_bind__of_a_reader_gives_its_rows_once(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        session.bind("given", pa.table({"a": [1, 2]}).to_reader())
        assert session.fetch("SELECT SUM(a) AS s FROM given").to_pydict() == {"s": [3]}


def test_names__are_replaced_and_dropped_whatever_they_were(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        session.define("it", "SELECT 1 AS a")
        session.materialize("it", "SELECT a + 1 AS a FROM it")
        session.define("it", "SELECT 3 AS a")
        assert session.fetch("SELECT a FROM it").to_pydict() == {"a": [3]}
        session.drop("it", "unknown")
        left = session.fetch("SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_name = 'it'")
    assert left.to_pydict() == {"n": [0]}
