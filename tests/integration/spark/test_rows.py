"""Rows of ORC tables changed in place: MERGE, UPDATE, DELETE, time travel, rollback, and races that lose nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from grid_assets.domain.errors import InputError
from resources.columnar import read_from_orc
from resources.settings import GridSettings, load_settings
from resources.spark_sql import spark_sql

WRITERS = 3
TURNS = 3


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> GridSettings:
    return load_settings(home=tmp_path_factory.mktemp("rows"), threads=2)


@pytest.fixture
def loads(settings: GridSettings) -> Iterator[GridSettings]:
    """An ORC table of three meters."""
    spark_sql(
        "CREATE TABLE loads (meter_id STRING, energy_kwh DOUBLE, turns INT) USING iceberg "
        "TBLPROPERTIES ('write.format.default' = 'orc', 'write.orc.compression-codec' = 'zstd')",
        settings=settings,
    )
    spark_sql("INSERT INTO loads VALUES ('M1', 1.0, 0), ('M2', 2.0, 0), ('M3', 3.0, 0)", settings=settings)
    yield settings
    spark_sql("DROP TABLE loads PURGE", settings=settings)


def rows(settings: GridSettings, of: str = "loads") -> dict[str, float]:
    found = spark_sql(f"SELECT meter_id, energy_kwh FROM {of}", settings=settings)
    return dict(zip(found["meter_id"].to_pylist(), found["energy_kwh"].to_pylist(), strict=True))


def snapshots(settings: GridSettings) -> list[int]:
    found = spark_sql("SELECT snapshot_id FROM grid.datasets.loads.snapshots ORDER BY committed_at", settings=settings)
    ids: list[int] = found["snapshot_id"].to_pylist()
    return ids


def merge(settings: GridSettings, changes: pa.Table) -> None:
    spark_sql(
        "MERGE INTO loads USING changes ON loads.meter_id = changes.meter_id "
        "WHEN MATCHED THEN UPDATE SET energy_kwh = changes.energy_kwh "
        "WHEN NOT MATCHED THEN INSERT (meter_id, energy_kwh, turns) VALUES (changes.meter_id, changes.energy_kwh, 0)",
        frames={"changes": changes},
        settings=settings,
    )


def test_rows__are_merged_updated_and_deleted_in_orc_files(loads: GridSettings) -> None:
    merge(loads, pa.table({"meter_id": ["M2", "M4"], "energy_kwh": [20.0, 4.0]}))
    assert rows(loads) == {"M1": 1.0, "M2": 20.0, "M3": 3.0, "M4": 4.0}
    spark_sql("UPDATE loads SET energy_kwh = energy_kwh + 1 WHERE meter_id = 'M1'", settings=loads)
    spark_sql("DELETE FROM loads WHERE meter_id = 'M3'", settings=loads)
    assert rows(loads) == {"M1": 2.0, "M2": 20.0, "M4": 4.0}
    files = spark_sql("SELECT file_format FROM grid.datasets.loads.files", settings=loads)
    assert set(files["file_format"].to_pylist()) == {"ORC"}
    assert {path.suffix for path in Path(loads.warehouse).rglob("data/**/*") if path.is_file()} >= {".orc"}
    read = read_from_orc("loads", settings=loads, as_="arrow")
    assert dict(zip(read["meter_id"].to_pylist(), read["energy_kwh"].to_pylist(), strict=True)) == rows(loads)


def test_rows__as_they_were_are_read_and_brought_back(loads: GridSettings) -> None:
    (first,) = snapshots(loads)
    spark_sql("DELETE FROM loads WHERE meter_id <> 'M1'", settings=loads)
    assert rows(loads) == {"M1": 1.0}
    assert rows(loads, f"loads VERSION AS OF {first}") == {"M1": 1.0, "M2": 2.0, "M3": 3.0}
    spark_sql(f"CALL grid.system.rollback_to_snapshot('datasets.loads', {first})", settings=loads)
    assert rows(loads) == {"M1": 1.0, "M2": 2.0, "M3": 3.0}


def test_rows__of_racing_merges_are_all_counted(loads: GridSettings) -> None:
    def take_turns(meter_id: str) -> None:
        step = pa.table({"meter_id": ["M1", meter_id]})
        for _ in range(TURNS):
            spark_sql(
                "MERGE INTO loads USING step ON loads.meter_id = step.meter_id "
                "WHEN MATCHED THEN UPDATE SET turns = loads.turns + 1 "
                "WHEN NOT MATCHED THEN INSERT (meter_id, energy_kwh, turns) VALUES (step.meter_id, 0.0, 1)",
                frames={"step": step},
                settings=loads,
            )

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(take_turns, [f"W{n}" for n in range(WRITERS)]))
    found = spark_sql("SELECT meter_id, turns FROM loads", settings=loads)
    turns = dict(zip(found["meter_id"].to_pylist(), found["turns"].to_pylist(), strict=True))
    assert turns["M1"] == WRITERS * TURNS
    assert [turns[f"W{n}"] for n in range(WRITERS)] == [TURNS] * WRITERS
    assert len(turns) == WRITERS + 3


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM grid.grid.meter_readings",
        "UPDATE `grid`.`grid`.meter_readings SET value = 1",
        "INSERT INTO grid.grid.events SELECT * FROM grid.grid.events",
        "DROP TABLE grid.grid.sensors",
        "ALTER TABLE grid.grid.sensors ADD COLUMN note STRING",
        "CALL grid.system.rollback_to_snapshot('grid.meter_readings', 1)",
        "MERGE INTO grid.grid.events USING changes ON FALSE WHEN NOT MATCHED THEN INSERT *",
        "SELECT 1; DELETE FROM loads",
        "",
    ],
)
def test_spark_sql__changes_no_table_of_the_pipeline(statement: str, settings: GridSettings) -> None:
    with pytest.raises(InputError):
        spark_sql(statement, settings=settings)
