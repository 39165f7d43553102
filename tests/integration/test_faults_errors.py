"""Errors that do not kill: raised at a point, a full disk while committing, a catalog or a database that is locked."""

import signal
import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from grid_assets.domain.errors import LakeError
from grid_assets.pipeline.run import run
from resources.clients import failpoints
from resources.clients.lake import catalog
from tests.support.child import Fault, StruckError, arm, interrupted_at, killed_after, run_on_a_full_disk, struck
from tests.support.faults import FaultyHome, faults_of
from tests.support.homes import opened, orphans
from tests.support.processes import call

STAGES = ("catalogue", "ingest", "verify", "aggregate")
QUICK = [
    Fault("catalogue.table.committed", 2),
    Fault("ingest.all.committed"),
    Fault("verify.table.committed"),
    Fault("aggregate.table.committed", 4),
]
FULL_AT = [
    Fault("ingest.batch.claimed"),
    Fault("ingest.files.written"),
    Fault("verify.plan.written"),
    Fault("aggregate.table.committed", 3),
]
NOTHING_LEFT_TO_WRITE = Fault("aggregate.batch.settled")
FULL_ANYWHERE = [
    pytest.param(fault, marks=pytest.mark.deep)
    for stage in STAGES
    for fault in faults_of(stage)
    if fault not in (*FULL_AT, NOTHING_LEFT_TO_WRITE)
]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> FaultyHome:
    return FaultyHome(tmp_path_factory.mktemp("errors"))


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.disarm()


def assert_raises_and_mends(faulty: FaultyHome, fault: Fault, tmp_path: Path) -> None:
    """Assert that a run which raises leaves nothing open and whole tables, and that the same process can run again."""
    with opened(faulty.put_back()) as platform:
        arm(fault, tmp_path / "marker", struck)
        with pytest.raises(StruckError):
            run(platform)
        failpoints.disarm()
        assert (tmp_path / "marker").read_text() == str(fault)
        assert platform.database.batches.unsettled() == ()
        assert orphans(platform) == ()
        faulty.assert_every_table_is_whole(platform)
        assert faulty.assert_mended(platform).repaired_batches == ()


@pytest.mark.parametrize("fault", QUICK, ids=str)
def test_run__that_raises_leaves_nothing_open(fault: Fault, faulty: FaultyHome, tmp_path: Path) -> None:
    assert_raises_and_mends(faulty, fault, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("fault", [f for s in STAGES for f in faults_of(s) if f not in QUICK], ids=str)
def test_run__that_raises_anywhere_leaves_nothing_open(fault: Fault, faulty: FaultyHome, tmp_path: Path) -> None:
    assert_raises_and_mends(faulty, fault, tmp_path)


@pytest.mark.parametrize("fault", [*FULL_AT, *FULL_ANYWHERE], ids=str)
def test_run__on_a_disk_that_is_full_says_so_and_works_afterwards(
    fault: Fault, faulty: FaultyHome, tmp_path: Path
) -> None:
    home = faulty.put_back()
    marker, error = tmp_path / "marker", tmp_path / "error"
    assert call(run_on_a_full_disk, home, fault, marker, error) == 0
    assert marker.read_text() == str(fault)
    kind, _, message = error.read_text().partition(": ")
    assert kind in {"LakeError", "DatabaseError"}, message
    assert "room" in message
    with opened(home) as platform:
        faulty.assert_every_table_is_whole(platform)
        faulty.assert_mended(platform)


@pytest.mark.parametrize("point", ["ingest.batch.claimed", "aggregate.table.committed"])
def test_run__that_is_interrupted_leaves_nothing_open(point: str, faulty: FaultyHome, tmp_path: Path) -> None:
    home, marker = faulty.put_back(), tmp_path / "marker"
    assert call(interrupted_at, home, Fault(point), marker) == 0
    assert marker.read_text() == point
    with opened(home) as platform:
        assert platform.database.batches.unsettled() == ()
        faulty.assert_every_table_is_whole(platform)
        assert faulty.assert_mended(platform).repaired_batches == ()


@pytest.mark.deep
@pytest.mark.parametrize("seconds", [0.05 + 0.11 * n for n in range(20)])
def test_run__killed_at_any_time_is_mended(seconds: float, faulty: FaultyHome, tmp_path: Path) -> None:
    home, marker = faulty.put_back(), tmp_path / "marker"
    exit_code = call(killed_after, home, seconds, marker)
    assert exit_code == (-signal.SIGKILL if marker.exists() else 0)
    with opened(home) as platform:
        faulty.assert_every_table_is_whole(platform)
        faulty.assert_mended(platform)


def test_run__judged_in_earnest_is_mended_as_well(faulty: FaultyHome) -> None:
    with opened(faulty.struck(Fault("verify.table.committed"), is_judged_in_earnest=True)) as platform:
        faulty.assert_every_table_is_whole(platform)
        assert [how for _, how in faulty.assert_mended(platform).repaired_batches] == ["undone"]


def lock(path: Path) -> sqlite3.Connection:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    return other


def unlock(other: sqlite3.Connection) -> None:
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.parametrize(
    ("point", "name"),
    [
        ("ingest.plan.written", "catalog.db"),
        ("verify.files.written", "grid.db"),
        ("aggregate.all.committed", "grid.db"),
    ],
)
def test_run__waits_for_a_lock_that_is_held_for_a_while(point: str, name: str, faulty: FaultyHome) -> None:
    home = faulty.put_back()
    locked: list[sqlite3.Connection] = []

    def strike() -> None:
        failpoints.disarm()
        locked.append(lock(home / name))
        threading.Timer(1.2, partial(unlock, locked[0])).start()

    with opened(home) as platform:
        failpoints.arm(point, strike)
        assert faulty.assert_mended(platform).repaired_batches == ()
    assert len(locked) == 1


def test_run__says_that_the_catalog_is_locked_for_good_and_works_afterwards(
    faulty: FaultyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "LOCK_SECONDS", "0.2")
    home = faulty.put_back()
    locked: list[sqlite3.Connection] = []

    def strike() -> None:
        failpoints.disarm()
        locked.append(lock(home / "catalog.db"))

    with opened(home) as platform:
        failpoints.arm("verify.plan.written", strike)
        with pytest.raises(LakeError, match="locked"):
            run(platform)
        unlock(locked[0])
        faulty.assert_every_table_is_whole(platform)
        assert faulty.assert_mended(platform).repaired_batches != ()
