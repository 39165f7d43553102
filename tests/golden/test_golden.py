"""Golden tables: what earlier versions wrote is read, filtered, time-travelled, appended to and evolved today."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from grid_assets.domain.tables import METER_READINGS
from resources.columnar import evolve_dataset, list_datasets, read_from_orc, save_to_orc, save_to_parquet
from resources.wiring import make_platform
from tests.golden.tables import VERSIONS, answers, put_in_place, read

EVERY = pytest.mark.parametrize("version", VERSIONS)


def test_golden_tables__are_there() -> None:
    assert VERSIONS


@EVERY
def test_golden_tables__answer_as_they_did(version: str, tmp_path: Path) -> None:
    settings = put_in_place(version, tmp_path / "höme of gold")
    for question in answers(version)["questions"]:
        assert read(settings, question) == question["rows"], _named(question)


@EVERY
def test_golden_tables__are_pruned(version: str, tmp_path: Path) -> None:
    settings = put_in_place(version, tmp_path / "home")
    platform = make_platform(settings)
    for name in ("evolved_parquet", "evolved_orc"):
        table = platform.lake.catalog.load_table(f"datasets.{name}")
        assert (len(list(table.scan("day = '2016-03-28'").plan_files())), len(list(table.scan().plan_files()))) == (
            3,
            6,
        )
    platform.close()


@EVERY
def test_golden_tables__go_on(version: str, tmp_path: Path) -> None:
    settings = put_in_place(version, tmp_path / "home")
    for name, save in (("evolved_parquet", save_to_parquet), ("evolved_orc", save_to_orc)):
        before = read_from_orc(name, as_="arrow", settings=settings)
        save(before.slice(0, 1), name, mode="append", settings=settings)
        evolve_dataset(name, add={"later": pa.int64()}, drop=["note"], settings=settings)
        after = read_from_orc(name, as_="arrow", settings=settings)
        kept = [column for column in before.column_names if column != "note"]
        assert (after.num_rows, after.column_names) == (before.num_rows + 1, [*kept, "later"])
    assert "types_orc" in list_datasets(settings=settings)


@EVERY
def test_golden_registry_table__has_the_columns_of_today(version: str, tmp_path: Path) -> None:
    platform = make_platform(put_in_place(version, tmp_path / "home"))
    table = platform.lake.table(METER_READINGS)
    assert [field.name for field in table.schema().fields] == list(METER_READINGS.column_names)
    platform.close()


def _named(question: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in question.items() if name != "rows"}
