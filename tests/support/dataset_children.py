"""What other processes do to datasets of either format: save, evolve, and be struck in the middle of it."""

import os
import random
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from grid_assets.domain.errors import GridError
from resources.columnar import evolve_dataset, save_to_orc, save_to_parquet
from tests.support.child import Fault, arm
from tests.support.lake_children import NAME, frame_of, settings_of

SAVES: dict[str, Callable[..., int]] = {"parquet": save_to_parquet, "orc": save_to_orc}
Mode = Literal["append", "overwrite"]


def save_frames(home: Path, file_format: str, worker: int, count: int, mode: Mode) -> None:
    """Save frames one after the other."""
    for number in range(count):
        SAVES[file_format](frame_of(worker, number), NAME, "worker", mode=mode, settings=settings_of(home))


def add_columns(home: Path, worker: int, count: int) -> None:
    """Add columns one after the other."""
    for number in range(count):
        evolve_dataset(NAME, add={f"of_{worker}_{number}": pa.int64()}, settings=settings_of(home))


def save_and_be_killed_at(home: Path, file_format: str, mode: Mode, point: str, marker: Path) -> None:
    """Save a frame and be killed at a point."""
    arm(Fault(point), marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    SAVES[file_format](frame_of(9, 9), NAME, "worker", mode=mode, settings=settings_of(home))


def evolve_and_be_killed_at(home: Path, how: dict[str, Any], point: str, marker: Path) -> None:
    """Evolve the dataset and be killed at a point."""
    arm(Fault(point), marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    evolve_dataset(NAME, settings=settings_of(home), **how)


def save_orc_with_small_files_only(home: Path, rows: int, most_bytes: int, said: Path) -> None:
    """Save while no file may grow beyond a size, as on a full disk, and write down what the error says."""
    numbers = [random.getrandbits(60) for _ in range(rows)]
    frame = pa.table({"worker": [7] * rows, "number": numbers, "row": numbers})
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        save_to_orc(frame, NAME, settings=settings_of(home))
    except GridError as error:
        said.write_text(f"{type(error).__name__}: {error}"[: most_bytes // 2])
