"""Datasets of both formats among processes: races, kills at every step of a save and of an evolution, a full disk."""

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from resources.clients.lake.dataset_evolve import EVOLVE_POINTS
from resources.clients.lake.dataset_save import SAVE_POINTS
from resources.columnar import evolve_dataset, read_from_orc
from tests.support.dataset_children import (
    SAVES,
    Mode,
    add_columns,
    evolve_and_be_killed_at,
    save_and_be_killed_at,
    save_frames,
    save_orc_with_small_files_only,
)
from tests.support.lake_children import NAME, ROWS, frame_of, settings_of
from tests.support.processes import call, finish, race, start

FORMATS = pytest.mark.parametrize("file_format", list(SAVES))
CHANGE: dict[str, Any] = {"rename": {"number": "count"}, "drop": ["row"], "reorder": ["count", "worker"]}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "grid höme"


def frames_in(home: Path) -> Counter[tuple[int, int]]:
    """Return how many rows each saved frame has."""
    found = read_from_orc(NAME, as_="arrow", settings=settings_of(home))
    return Counter(zip(found.column("worker").to_pylist(), found.column("number").to_pylist(), strict=True))


def test_orc_appends__of_several_processes_all_count_from_the_first_use_on(home: Path) -> None:
    assert race(save_frames, [(home, "orc", worker, 3, "append") for worker in range(3)]) == [0] * 3
    assert frames_in(home) == {(worker, number): ROWS for worker in range(3) for number in range(3)}


def test_orc_reads__during_overwrites_see_whole_frames_alone(home: Path) -> None:
    SAVES["orc"](frame_of(0, 0), NAME, settings=settings_of(home))
    writer = start(save_frames, home, "orc", 1, 6, "overwrite")
    seen = [frames_in(home)]
    while writer.is_alive():
        seen.append(frames_in(home))
    assert finish(writer) == 0
    assert all(list(frames.values()) == [ROWS] for frames in seen)
    assert frames_in(home) == {(1, 5): ROWS}


@FORMATS
def test_evolutions__of_several_processes_during_appends_lose_nothing(home: Path, file_format: str) -> None:
    SAVES[file_format](frame_of(0, 0), NAME, "worker", settings=settings_of(home))
    writer = start(save_frames, home, file_format, 1, 4, "append")
    assert race(add_columns, [(home, worker, 2) for worker in (1, 2)]) == [0, 0]
    assert finish(writer) == 0
    found = read_from_orc(NAME, as_="arrow", settings=settings_of(home))
    assert {"of_1_0", "of_1_1", "of_2_0", "of_2_1"} <= set(found.column_names)
    assert frames_in(home) == {(0, 0): ROWS} | {(1, number): ROWS for number in range(4)}


@FORMATS
@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.parametrize("point", SAVE_POINTS)
def test_save__killed_at_any_step_is_whole_or_not_at_all(
    home: Path, tmp_path: Path, file_format: str, mode: Mode, point: str
) -> None:
    save, marker = SAVES[file_format], tmp_path / "marker"
    save(frame_of(0, 0), NAME, "worker", settings=settings_of(home))
    assert call(save_and_be_killed_at, home, file_format, mode, point, marker) == -signal.SIGKILL
    assert marker.read_text() == point
    before, new = {(0, 0): ROWS}, {(9, 9): ROWS}
    after = before | new if mode == "append" else new
    assert frames_in(home) == (after if point == SAVE_POINTS[-1] else before)
    save(frame_of(8, 8), NAME, "worker", mode="overwrite", settings=settings_of(home))
    assert frames_in(home) == {(8, 8): ROWS}


@FORMATS
@pytest.mark.parametrize("point", EVOLVE_POINTS)
def test_evolution__killed_at_any_step_is_whole_or_not_at_all(
    home: Path, tmp_path: Path, file_format: str, point: str
) -> None:
    marker = tmp_path / "marker"
    SAVES[file_format](frame_of(0, 0), NAME, settings=settings_of(home))
    assert call(evolve_and_be_killed_at, home, CHANGE, point, marker) == -signal.SIGKILL
    assert marker.read_text() == point
    is_done = point == EVOLVE_POINTS[-1]
    found = read_from_orc(NAME, as_="arrow", settings=settings_of(home))
    assert found.column_names == (["count", "worker"] if is_done else ["worker", "number", "row"])
    assert found.num_rows == ROWS
    if not is_done:
        assert evolve_dataset(NAME, settings=settings_of(home), **CHANGE) == ("count", "worker")
    assert read_from_orc(NAME, as_="arrow", settings=settings_of(home)).num_rows == ROWS


@pytest.mark.parametrize(
    ("rows", "most_bytes", "said"),
    [(100_000, 100_000, "writing datasets.d under"), (10, 3_000, "the commit to datasets.d failed")],
    ids=["while writing files", "while committing"],
)
def test_orc_save__on_a_full_disk_changes_nothing_and_works_again(
    home: Path, tmp_path: Path, rows: int, most_bytes: int, said: str
) -> None:
    SAVES["orc"](frame_of(0, 0), NAME, settings=settings_of(home))
    assert call(save_orc_with_small_files_only, home, rows, most_bytes, tmp_path / "said") == 0
    assert said in (tmp_path / "said").read_text()
    assert (tmp_path / "said").read_text().startswith("LakeError")
    assert frames_in(home) == {(0, 0): ROWS}
    SAVES["orc"](frame_of(1, 1), NAME, settings=settings_of(home))
    assert frames_in(home) == {(1, 1): ROWS}
