"""The folder for unpacked files: beside the engine's spill files, gone after use, swept where a process died."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

PREFIX = "ingest-"


@contextmanager
def scratch_folder(connection: duckdb.DuckDBPyConnection) -> Iterator[Path]:
    """Give a new folder for a block, on the disk that the connection spills to, else in the system's own place.

    Raises:
        OSError: If the folder cannot be made, for instance because the disk is full.
    """
    parent = _spill_folder(connection)
    if parent is not None:
        _sweep(parent)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=parent) as folder:
        yield Path(folder)


def _spill_folder(connection: duckdb.DuckDBPyConnection) -> Path | None:
    setting = str(connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])
    return Path(setting) if setting and Path(setting).is_dir() else None


def _sweep(parent: Path) -> None:
    """Remove folders of processes that are no more; those of living ones are left alone."""
    for folder in parent.glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
