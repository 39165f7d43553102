"""kill -9 at every step of compaction, expiry and vacuum; maintenance beside readers and writers: nothing is lost."""

import json
import signal
import time
from pathlib import Path

import pytest

from grid_assets.domain.tables import TABLES
from grid_assets.pipeline.compact import STAGE
from grid_assets.pipeline.maintain import maintain
from grid_assets.pipeline.run import TRIM_POINT
from grid_assets.pipeline.vacuum import VACUUM_POINTS
from resources.clients.failpoints import PUBLISH_POINTS
from resources.clients.platform import Platform
from tests.support.child import Fault
from tests.support.homes import HomeShelf, current_files, digests, opened
from tests.support.named_files import assert_all_there, named, on_disk
from tests.support.processes import call, finish, race, start
from tests.support.small_files import (
    GRACE,
    SHORT,
    count_until_told,
    maintain_and_be_killed_at,
    maintain_until_told,
    maintained,
    publish_many,
    with_small_files,
)

COMPACTED = 3
"""Tables that a maintenance of the prepared home rewrites."""
REMOVED = 20
"""Files, at least, that the second maintenance of it removes."""
FAULTS = (
    *(Fault(f"{STAGE}.{p}", nth) for p in PUBLISH_POINTS for nth in ((1, COMPACTED) if "table" in p else (1,))),
    Fault(TRIM_POINT),
    Fault(TRIM_POINT, len(TABLES)),
    *(Fault(point) for point in VACUUM_POINTS if not point.endswith("removed")),
)
LATER_FAULTS = tuple(
    Fault(point, nth) for point in VACUUM_POINTS for nth in ((1, REMOVED) if "file" in point else (1,))
)


class Small:
    """A home with small files and what a killed save left, before any maintenance and after a first one."""

    def __init__(self, folder: Path) -> None:
        self.shelf = HomeShelf(folder)
        self.marker = folder / "marker"
        with opened(self.shelf.home) as platform:
            with_small_files(platform)
            self.digests, self.log = digests(platform), platform.database.change_log.since(0)
            orphan = platform.lake.settings.warehouse / "datasets/d/data/0123/data_0.parquet"
        orphan.parent.mkdir(parents=True)
        orphan.write_bytes(b"rows")
        self.shelf.keep("before")
        with opened(self.shelf.home) as platform:
            maintained_once(platform, 2)
        self.shelf.keep("once")

    def struck(self, name: str, fault: Fault, graces: int) -> Path:
        """Put a home back, let a maintenance be killed at a point, and assert that it was."""
        home = self.shelf.put_back(name)
        self.marker.unlink(missing_ok=True)
        assert call(maintain_and_be_killed_at, home, fault, self.marker, graces * GRACE) == -signal.SIGKILL
        assert self.marker.read_text() == str(fault)
        return home

    def assert_mended(self, platform: Platform, graces: int) -> None:
        """Assert that every row is there at once, and that further maintenance makes what an undisturbed one does."""
        assert digests(platform) == self.digests
        assert_all_there(platform)
        for more in range(graces, graces + 6, 2):
            maintained_once(platform, more)
        assert platform.database.batches.unsettled() == ()
        assert digests(platform) == self.digests
        assert platform.database.change_log.since(0) == self.log
        files = {t.name: [len(f) for f in current_files(platform, t).values()] for t in TABLES}
        assert all(count == 1 for counts in files.values() for count in counts), files
        assert named(platform) == on_disk(platform)
        assert platform.database.vacuum_candidates.listing() == {}


def maintained_once(platform: Platform, graces: int) -> None:
    maintain(maintained(platform, graces * GRACE))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return Small(tmp_path_factory.mktemp("maintain"))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_maintain__mends_what_a_killed_maintenance_left(fault: Fault, small: Small) -> None:
    with opened(small.struck("before", fault, 2)) as platform:
        small.assert_mended(platform, 4)


@pytest.mark.parametrize("fault", LATER_FAULTS, ids=str)
def test_maintain__mends_what_was_killed_while_it_removed_files(fault: Fault, small: Small) -> None:
    with opened(small.struck("once", fault, 4)) as platform:
        small.assert_mended(platform, 6)


def test_maintain__beside_readers_writers_and_another_one_loses_nothing(tmp_path: Path) -> None:
    home, stop = tmp_path / "home", tmp_path / "stop"
    publish_many(home, 6)
    notes = [tmp_path / name for name in ("one", "other", "reader")]
    beside = [start(maintain_until_told, home, stop, note) for note in notes[:2]]
    beside.append(start(count_until_told, home, stop, notes[2]))
    try:
        assert race(publish_many, [(home, 8), (home, 8)]) == [0, 0]
        time.sleep(3 * SHORT.total_seconds())
    finally:
        stop.touch()
        codes = [finish(process) for process in beside]
    assert codes == [0, 0, 0]
    one, other, reader = (json.loads(note.read_text()) for note in notes)
    assert one["compacted"] + other["compacted"] >= 20
    assert one["removed"] + other["removed"] >= 20
    assert reader["wrong"] == []
    assert reader["answers"] > 3
    with opened(home) as platform:
        assert_all_there(platform)
        found = digests(platform)
        assert found["sensor_data"].startswith("44 rows")
        assert found["meter_readings_history"].startswith("44 rows")
        assert found["quarantine"].startswith("22 rows")
        assert platform.database.batches.unsettled() == ()
