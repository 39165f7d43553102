"""The folder for unpacked files: where it lies, that it goes, and that dead processes' folders go too."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from grid_assets.pipeline.ingest.scratch import scratch_folder


def test_scratch_folder__lies_where_the_engine_spills_and_goes_after_use(tmp_path: Path) -> None:
    with duckdb.connect(config={"temp_directory": str(tmp_path)}) as connection:
        with scratch_folder(connection) as folder:
            assert folder.parent == tmp_path
            (folder / "file").write_text("x")
        assert not folder.exists()


def test_scratch_folder__goes_after_an_error(tmp_path: Path) -> None:
    with duckdb.connect(config={"temp_directory": str(tmp_path)}) as connection:
        with pytest.raises(ValueError, match="inside"), scratch_folder(connection):
            raise ValueError("inside")
        assert list(tmp_path.iterdir()) == []


def test_scratch_folder__without_a_place_to_spill_to(tmp_path: Path) -> None:
    connection = duckdb.connect(config={"temp_directory": str(tmp_path / "not there")})
    with scratch_folder(connection) as folder:
        assert folder.is_dir()


def test_scratch_folder__sweeps_what_dead_processes_left(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], check=True, capture_output=True)
    dead = tmp_path / f"ingest-{int(gone.stdout)}-a"
    living = tmp_path / f"ingest-{os.getppid()}-b"
    other = tmp_path / "something-else"
    for folder in (dead, living, other):
        folder.mkdir()
        (folder / "file").write_text("x")
    with duckdb.connect(config={"temp_directory": str(tmp_path)}) as connection, scratch_folder(connection):
        assert not dead.exists()
        assert living.exists()
        assert other.exists()
