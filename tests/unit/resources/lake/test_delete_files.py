"""Delete files of another engine: datasets are read without the deleted rows, tables of the pipeline are refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.manifest import DataFileContent

from grid_assets.domain.errors import LakeError
from resources.columnar import evolve_dataset, read_from_orc, save_to_orc, save_to_parquet
from resources.settings import GridSettings, load_settings
from resources.wiring import make_platform
from tests.support.delete_files import delete_rows
from tests.support.lakes import TABLE, Bench, readings
from tests.support.publications import DAY

ROWS = pa.table({"id": [0, 1, 2, 3], "name": ["a", "b", "c", "d"]})


@pytest.fixture
def settings(tmp_path: Path) -> GridSettings:
    return load_settings(home=tmp_path / "home", threads=1)


def delete_from(settings: GridSettings, positions: list[int], content: DataFileContent) -> None:
    lake = make_platform(settings).lake
    delete_rows(lake.catalog.load_table("datasets.d"), positions, content)
    lake.close()


@pytest.mark.parametrize("save", [save_to_parquet, save_to_orc])
def test_read__leaves_out_rows_that_a_delete_file_names(settings: GridSettings, save: Callable[..., int]) -> None:
    before = save(ROWS, "d", settings=settings)
    delete_from(settings, [1, 3], DataFileContent.POSITION_DELETES)
    assert read_from_orc("d", as_="arrow", settings=settings).to_pylist() == ROWS.take([0, 2]).to_pylist()
    assert read_from_orc("d", [("name", ">", "a")], ["id"], as_="arrow", settings=settings).to_pylist() == [{"id": 2}]
    assert len(read_from_orc("d", as_of=before, settings=settings)) == 4
    evolve_dataset("d", rename={"name": "title"}, settings=settings)
    save(pa.table({"id": [4], "title": ["e"]}), "d", mode="append", settings=settings)
    assert sorted(read_from_orc("d", settings=settings)["title"]) == ["a", "c", "e"]
    save(ROWS, "d", settings=settings)
    assert len(read_from_orc("d", settings=settings)) == 4


@pytest.mark.parametrize("save", [save_to_parquet, save_to_orc])
def test_read__refuses_rows_deleted_by_their_values(settings: GridSettings, save: Callable[..., int]) -> None:
    save(ROWS, "d", settings=settings)
    delete_from(settings, [1], DataFileContent.EQUALITY_DELETES)
    with pytest.raises(LakeError, match=r"datasets\.d has rows that are deleted by value.*copy-on-write"):
        read_from_orc("d", settings=settings)


def test_scan__of_a_table_of_the_pipeline_is_refused_by_name(bench: Bench) -> None:
    whole = replace(TABLE, name="whole", partition_by=())
    with bench.engine.session() as session:
        session.register("given", readings([DAY], 1.0, 1))
        files = session.write("SELECT * FROM given", whole, bench.lake.folder(whole, 1))
    bench.lake.append(whole, files, {})
    delete_rows(bench.lake.table(whole), [0])
    with pytest.raises(LakeError, match=r"grid\.whole has delete files for .*copy-on-write"):
        bench.lake.scan(whole)
