"""Publishing: one batch from claim to settlement, what an error at each point leaves, and waiting for claims."""

import json
import sqlite3
import threading
import time
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from grid_assets.domain.errors import ClaimHeldError, CommitConflictError
from grid_assets.domain.gates import GATES, GateFinding, GateReport
from grid_assets.domain.tables import METER_READINGS, QUARANTINE, SENSOR_DATA
from grid_assets.pipeline import retry
from grid_assets.pipeline.plan import Publication
from grid_assets.pipeline.publish import claim, open_batch, publish
from grid_assets.pipeline.repair import repair
from resources.clients import failpoints
from resources.clients.database import engine
from resources.clients.database.batches import Settlement
from resources.clients.database.files import FileIdentity
from resources.clients.failpoints import PUBLISH_POINTS
from resources.clients.platform import Platform
from tests.support.child import Fault, StruckError, arm, struck
from tests.support.homes import data_files, orphans
from tests.support.processes import call
from tests.support.publications import DAY, NEXT_DAY, received, rows, verified
from tests.support.rivals import open_and_die

FILE = FileIdentity("hash", "a.csv", 1, "readings")
COUNTS = {"content_hash": "hash", "state": "ingested", "received": 2, "stored": 1, "duplicate": 0, "quarantined": 1}
FAULTS = [Fault(f"ingest.{p}", n) for p in PUBLISH_POINTS for n in ((1, 2) if p == "table.committed" else (1,))]


def take_one(platform: Platform, gate: GateReport | None = None) -> int:
    """Publish an ingest batch of one file, one bad row and one reading; return its id."""
    with open_batch(platform, "ingest", "test", [FILE]) as batch:
        claim(platform, batch, [f"sensor_data/{DAY}"])
        commits = received(platform, batch)
        publish(platform, batch, Publication(commits, {"files": [COUNTS]}, None, gate, ("hash",)))
    return batch.batch_id


def held_rows(platform: Platform) -> tuple[int, int]:
    return len(rows(platform, QUARANTINE, "batch_id")), len(rows(platform, SENSOR_DATA, "batch_id"))


def test_publish__commits_each_table_once_and_logs_the_days_of_principals(platform: Platform) -> None:
    batch_id = take_one(platform)
    for table in (QUARANTINE, SENSOR_DATA):
        (snapshot,) = platform.lake.snapshots(table)
        assert snapshot.summary is not None
        assert snapshot.summary.get("grid.batch-id") == str(batch_id)
        assert snapshot.summary.get("grid.stage") == "ingest"
        assert json.loads(snapshot.summary.get("grid.files") or "") == ["hash"]
    assert held_rows(platform) == (1, 1)
    (entry,) = platform.database.change_log.since(0)
    assert (entry.table_name, entry.operating_day, entry.batch_id) == ("sensor_data", DAY, batch_id)
    (file,) = platform.database.files.listing()
    assert {name: file[name] for name in COUNTS} == COUNTS
    assert platform.database.batches.unsettled() == ()


def test_publish__holds_the_batch_where_its_gate_failed(platform: Platform) -> None:
    rule = next(rule for rule in GATES if rule.stage == "ingest")
    batch_id = take_one(platform, GateReport("ingest", (GateFinding(rule, 7.0, passed=False),)))
    assert held_rows(platform) == (1, 1)
    assert platform.database.change_log.pending("verify", "sensor_data").days == ()
    (batch,) = platform.database.batches.listing()
    assert batch["is_held"]
    assert batch["result"]["gate"] == [{"rule": rule.id, "metric": rule.metric, "value": 7.0, "passed": False}]
    platform.database.batches.release(batch_id)
    assert platform.database.change_log.pending("verify", "sensor_data").days == (DAY,)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_open_batch__leaves_nothing_open_after_an_error(fault: Fault, platform: Platform, tmp_path: Path) -> None:
    arm(fault, tmp_path / "marker", struck)
    with pytest.raises(StruckError):
        take_one(platform)
    failpoints.disarm()
    assert (tmp_path / "marker").read_text() == str(fault)
    assert platform.database.batches.unsettled() == ()
    is_finished = fault in (
        Fault("ingest.table.committed", 2),
        Fault("ingest.all.committed"),
        Fault("ingest.batch.settled"),
    )
    assert held_rows(platform) == ((1, 1) if is_finished else (0, 0))
    assert len(platform.database.change_log.since(0)) == int(is_finished)
    assert [f["state"] for f in platform.database.files.listing()] == (["ingested"] if is_finished else [])
    assert orphans(platform) == ()
    if not is_finished:
        take_one(platform)
        assert held_rows(platform) == (1, 1)


def test_open_batch__abandons_what_a_block_raised_before_publishing(platform: Platform) -> None:
    def write_and_fail() -> None:
        with open_batch(platform, "ingest", "test", [FILE]) as batch:
            received(platform, batch)
            assert data_files(platform)
            struck()

    with pytest.raises(StruckError):
        write_and_fail()
    assert data_files(platform) == ()
    assert [b["state"] for b in platform.database.batches.listing()] == ["abandoned"]


def test_open_batch__says_that_a_batch_stays_open_where_it_cannot_be_undone(platform: Platform) -> None:
    metadata = Path(platform.lake.folder(QUARANTINE, 0)).parents[2] / "metadata"
    aside = metadata.with_name("aside")

    def strike() -> None:
        metadata.rename(aside)
        struck()

    failpoints.arm("ingest.table.committed", strike)
    with pytest.raises(StruckError) as caught:
        take_one(platform)
    assert any("stays open; the next run repairs it" in note for note in caught.value.__notes__)
    ((batch, is_alive),) = platform.database.batches.unsettled()
    assert not is_alive
    aside.rename(metadata)
    assert repair(platform) == ((batch.batch_id, "undone"),)
    assert held_rows(platform) == (0, 0)


def test_open_batch__survives_a_database_that_is_busy_for_a_while(platform: Platform, tmp_path: Path) -> None:
    locked_for = 0.6

    def lock() -> None:
        other = sqlite3.connect(tmp_path / "home" / "grid.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(locked_for, partial(_commit_and_close, other)).start()

    failpoints.arm("ingest.all.committed", lock)
    began = time.monotonic()
    take_one(platform)
    assert time.monotonic() - began > locked_for
    assert held_rows(platform) == (1, 1)


def test_open_batch__repairs_after_a_database_that_was_busy_for_too_long(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    other = sqlite3.connect(":memory:")

    def lock() -> None:
        nonlocal other
        other = sqlite3.connect(tmp_path / "home" / "grid.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

    failpoints.arm("ingest.all.committed", lock)
    with pytest.raises(Exception, match="locked") as caught:
        take_one(platform)
    assert any("stays open" in note for note in caught.value.__notes__)
    other.execute("COMMIT")
    other.close()
    assert repair(platform, own_batch=1) == ((1, "finished"),)
    assert held_rows(platform) == (1, 1)


def test_claim__gives_up_when_a_live_batch_holds_on(platform: Platform) -> None:
    def claim_in_vain() -> None:
        with open_batch(platform, "ingest", "test") as second:
            claim(platform, second, ["a"], wait_seconds=0)

    with open_batch(platform, "ingest", "test") as first:
        claim(platform, first, ["a"])
        with pytest.raises(ClaimHeldError, match=f"batch {first.batch_id} holds a"):
            claim_in_vain()
        assert [b["state"] for b in platform.database.batches.listing()] == ["claimed", "abandoned"]
        platform.database.batches.abandon(first.batch_id)


def test_claim__waits_for_a_live_batch_to_end(platform: Platform) -> None:
    first = platform.database.batches.open("ingest", "test", platform.clock())
    platform.database.batches.claim(first.batch_id, ["a"])
    timer = threading.Timer(0.4, lambda: platform.database.batches.settle(first.batch_id, Settlement()))
    timer.start()
    with open_batch(platform, "ingest", "test") as second:
        claim(platform, second, ["a"], wait_seconds=20)
        assert platform.database.batches.uncounted("ingest") == (second.batch_id,)
        platform.database.batches.abandon(second.batch_id)
    timer.join()


def test_claim__repairs_a_dead_holder(platform: Platform, tmp_path: Path) -> None:
    assert call(open_and_die, tmp_path / "home", ["a"], ["hash"]) == -9
    with open_batch(platform, "verify", "test") as batch:
        claim(platform, batch, ["a"], wait_seconds=0)
        platform.database.batches.abandon(batch.batch_id)
    assert [b["state"] for b in platform.database.batches.listing()] == ["abandoned", "abandoned"]
    assert platform.database.files.listing() == []


def test_publish__replaces_the_days_it_names_and_no_other(platform: Platform) -> None:
    def verify(value: float, days: tuple[date, ...]) -> None:
        with open_batch(platform, "verify", "test") as batch:
            claim(platform, batch, [f"meter_readings/{day}" for day in days])
            publish(platform, batch, Publication(verified(platform, batch, value, days), {}))

    verify(1.0, (DAY, NEXT_DAY))
    verify(2.0, (NEXT_DAY,))
    assert rows(platform, METER_READINGS, "operating_day", "value") == [(DAY, 1.0), (NEXT_DAY, 2.0)]


def test_on_conflict__tries_again_until_the_commit_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "WAIT_SECONDS", 0.001)
    tries = 0

    def commit() -> str:
        nonlocal tries
        tries += 1
        if tries < retry.ATTEMPTS:
            raise CommitConflictError("met another writer")
        return "done"

    assert retry.on_conflict(commit) == "done"
    tries = -100
    with pytest.raises(CommitConflictError):
        retry.on_conflict(commit)
    assert tries == -100 + retry.ATTEMPTS


def _commit_and_close(connection: sqlite3.Connection) -> None:
    connection.execute("COMMIT")
    connection.close()
