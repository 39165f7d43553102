"""Which complaints of the engine are a file's fault, by provoking them."""

from pathlib import Path

import duckdb
import pytest

from grid_assets.pipeline.ingest.faults import is_fault_of_file


@pytest.fixture(name="connection")
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"memory_limit": "64MB", "temp_directory": ""})


def _complaint(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Error:
    with pytest.raises(duckdb.Error) as caught:
        connection.execute(sql).fetchall()
    return caught.value


def test_is_fault_of_file__content(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"a\n\xff\n")
    assert is_fault_of_file(_complaint(connection, f"SELECT * FROM read_csv('{path}', header = true)"))
    path.write_bytes(b"PAR1 no PAR1")
    assert is_fault_of_file(_complaint(connection, f"SELECT * FROM read_parquet('{path}')"))
    assert is_fault_of_file(_complaint(connection, "SELECT CAST('x' AS INTEGER)"))


def test_is_fault_of_file__not_memory_nor_query_nor_disk(connection: duckdb.DuckDBPyConnection) -> None:
    assert not is_fault_of_file(_complaint(connection, "SELECT no_such_column"))
    assert not is_fault_of_file(_complaint(connection, "SELECT FROM"))
    hungry = "SELECT list(i::VARCHAR || repeat('x', 100)) FROM range(10_000_000) t(i)"
    assert not is_fault_of_file(_complaint(connection, hungry))
    assert not is_fault_of_file(duckdb.IOException("Could not write file: No space left on device"))
