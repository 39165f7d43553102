"""What other processes do to one lake: save, replace, and be struck in the middle of it."""

import os
import resource
import signal
from datetime import date
from pathlib import Path
from typing import Literal

import pyarrow as pa

from grid_assets.domain.errors import CommitConflictError, GridError
from resources.clients.lake import dataset_save
from resources.clients.lake.commit import Change
from resources.columnar import save_to_parquet
from resources.settings import GridSettings, load_settings
from tests.support.lakes import bench_of

ROWS = 50
NAME = "d"


def settings_of(home: Path) -> GridSettings:
    """Return the settings of a home, one thread wide."""
    return load_settings(home=home, threads=1)


def frame_of(worker: int, number: int) -> pa.Table:
    """Return a frame that says who saved it; it is whole where it has all its rows."""
    return pa.table({"worker": [worker] * ROWS, "number": [number] * ROWS, "row": range(ROWS)})


def save_many(home: Path, worker: int, count: int, mode: Literal["append", "overwrite"]) -> None:
    """Save frames one after the other."""
    for number in range(count):
        save_to_parquet(frame_of(worker, number), NAME, "worker", mode=mode, settings=settings_of(home))


def append_own_column(home: Path, worker: int, count: int) -> None:
    """Append frames that have a column that no other process has."""
    for number in range(count):
        frame = frame_of(worker, number).append_column(f"of_{worker}", pa.array([worker] * ROWS))
        save_to_parquet(frame, NAME, mode="append", settings=settings_of(home))


def replace_days(home: Path, days: list[date], value: float, batches: range, conflicts: Path) -> None:
    """Replace days again and again; each conflict is a line of a file."""
    bench = bench_of(home)
    for batch in batches:
        try:
            bench.replaced(days, value + batch / 1000, batch)
        except CommitConflictError:
            with conflicts.open("a") as lines:
                lines.write(f"{batch}\n")


def save_and_be_killed(home: Path, marker: Path) -> None:
    """Write the files of an overwrite and be killed just before its commit."""

    def killed(_table: object, change: Change, _transaction: object) -> int:
        marker.write_text(str(change.written.rows))
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    dataset_save.__dict__["commit"] = killed
    save_to_parquet(frame_of(9, 9), NAME, settings=settings_of(home))


def save_with_small_files_only(home: Path, rows: int, most_bytes: int, said: Path) -> None:
    """Save while no file may grow beyond a size, as on a full disk, and write down what the error says."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    frame = pa.table({"worker": [7] * rows, "number": range(rows), "row": range(rows)})
    try:
        save_to_parquet(frame, NAME, settings=settings_of(home))
    except GridError as error:
        said.write_text(f"{type(error).__name__}: {error}"[: most_bytes // 2])
