"""Repair: what was committed decides whether a batch is finished or undone, and repairing may itself be killed."""

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from grid_assets.domain.errors import LakeError
from grid_assets.domain.tables import EVENTS, LOAD_DAILY, METER_READINGS, METER_READINGS_HISTORY
from grid_assets.pipeline.plan import Publication, TableCommit, plan_of
from grid_assets.pipeline.publish import open_batch, publish
from grid_assets.pipeline.repair import repair
from resources.clients import failpoints
from resources.clients.database.batches import Batch, Settlement
from resources.clients.database.changes import Change, Progress
from resources.clients.failpoints import REPAIR_POINTS
from resources.clients.lake.client import BATCH_PROPERTY
from resources.clients.lake.filters import days_predicate
from resources.clients.platform import Platform
from tests.support.child import Fault, StruckError, repair_and_be_killed_at, struck
from tests.support.homes import data_files, orphans
from tests.support.processes import call
from tests.support.publications import DAY, NEXT_DAY, a_reading, rows, verified, write

PROGRESS = Progress("verify", "sensor_data", (DAY,), 0)


def commit(platform: Platform, batch: Batch, commits: Sequence[TableCommit]) -> None:
    """Commit tables as publishing does, and nothing else."""
    for each in commits:
        properties = {BATCH_PROPERTY: str(batch.batch_id)}
        if each.is_append:
            platform.lake.append(each.table, each.written, properties)
        else:
            platform.lake.replace(each.table, days_predicate(each.days), each.written, properties)


def left_behind(platform: Platform, commits: Sequence[TableCommit], batch: Batch, count: int) -> Batch:
    """Leave a batch as a process that died after so many commits does."""
    batches = platform.database.batches
    batches.claim(batch.batch_id, [f"meter_readings/{DAY}"])
    batches.write_plan(batch.batch_id, plan_of(Publication(tuple(commits), {"days": 1}, PROGRESS)))
    commit(platform, batch, commits[:count])
    batches.hand_back(batch.batch_id)
    return batch


def opened_batch(platform: Platform, stage: str = "verify") -> Batch:
    return platform.database.batches.open(stage, "test", platform.clock())


@pytest.fixture
def stood(platform: Platform) -> Platform:
    """Return a home with one verified reading of an earlier batch."""
    with open_batch(platform, "verify", "test") as batch:
        new = write(platform, batch, METER_READINGS, [a_reading(value=1.0)])
        publish(platform, batch, Publication((TableCommit(METER_READINGS, new, (DAY,)),), {}))
    return platform


def values(platform: Platform) -> list[tuple[object, ...]]:
    return rows(platform, METER_READINGS, "value")


def test_repair__undoes_a_batch_that_had_no_plan_yet(stood: Platform) -> None:
    batch = opened_batch(stood)
    before = data_files(stood)
    verified(stood, batch, 2.0)
    stood.database.batches.hand_back(batch.batch_id)
    assert repair(stood) == ((batch.batch_id, "undone"),)
    assert data_files(stood) == before
    assert values(stood) == [(1.0,)]


def test_repair__undoes_a_companion_whose_principal_was_not_committed(stood: Platform) -> None:
    batch = opened_batch(stood)
    left_behind(stood, verified(stood, batch, 2.0), batch, 1)
    assert len(rows(stood, METER_READINGS_HISTORY, "value")) == 1
    assert repair(stood) == ((batch.batch_id, "undone"),)
    assert rows(stood, METER_READINGS_HISTORY, "value") == []
    assert values(stood) == [(1.0,)]
    assert orphans(stood) == ()
    assert len(stood.database.change_log.since(0)) == 1


def test_repair__leaves_companions_of_other_batches_alone(stood: Platform) -> None:
    with open_batch(stood, "verify", "test") as batch:
        publish(stood, batch, Publication(verified(stood, batch, 2.0), {}))
    dead = opened_batch(stood)
    left_behind(stood, verified(stood, dead, 3.0), dead, 1)
    assert repair(stood) == ((dead.batch_id, "undone"),)
    assert rows(stood, METER_READINGS_HISTORY, "superseded_by_batch") == [(batch.batch_id,)]


def test_repair__finishes_a_batch_whose_principal_was_committed(stood: Platform) -> None:
    batch = opened_batch(stood)
    left_behind(stood, verified(stood, batch, 2.0), batch, 2)
    assert repair(stood) == ((batch.batch_id, "finished"),)
    assert values(stood) == [(2.0,)]
    assert len(rows(stood, METER_READINGS_HISTORY, "value")) == 1
    (entry,) = stood.database.change_log.since(1)
    assert (entry.table_name, entry.batch_id) == ("meter_readings", batch.batch_id)
    assert stood.database.batches.listing()[-1]["result"] == {"days": 1}
    assert stood.database.batches.claim(opened_batch(stood).batch_id, [f"meter_readings/{DAY}"]) is None


def test_repair__finishes_in_part_what_was_committed_in_part(stood: Platform) -> None:
    with open_batch(stood, "ingest", "test") as received:
        stood.database.batches.settle(received.batch_id, Settlement([Change("sensor_data", DAY)]))
    batch = opened_batch(stood, "aggregate")
    row = {"meter_id": "a", "point_type": "consumption", "operating_day": DAY}
    commits = [
        TableCommit(LOAD_DAILY, write(stood, batch, LOAD_DAILY, [row]), (DAY,)),
        TableCommit(EVENTS, write(stood, batch, EVENTS, [{"operating_day": NEXT_DAY}]), (NEXT_DAY,)),
    ]
    left_behind(stood, commits, batch, 1)
    assert repair(stood) == ((batch.batch_id, "finished in part"),)
    newest = stood.database.change_log.since(2)
    assert [(e.table_name, e.operating_day) for e in newest] == [("load_daily", DAY)]
    assert stood.database.change_log.pending("verify", "sensor_data").days == (DAY,)
    assert rows(stood, EVENTS, "event_id") == []
    assert orphans(stood) == ()


def test_repair__abandons_a_batch_that_had_nothing_to_commit(stood: Platform) -> None:
    batch = left_behind(stood, [], opened_batch(stood), 0)
    assert repair(stood) == ((batch.batch_id, "undone"),)
    assert stood.database.batches.listing()[-1]["state"] == "abandoned"


def test_repair__finds_nothing_the_second_time_and_leaves_the_living_alone(stood: Platform) -> None:
    living = opened_batch(stood)
    dead = opened_batch(stood)
    left_behind(stood, verified(stood, dead, 2.0), dead, 2)
    assert repair(stood) == ((dead.batch_id, "finished"),)
    assert repair(stood) == ()
    assert [batch.batch_id for batch, _ in stood.database.batches.unsettled()] == [living.batch_id]


def test_repair__of_the_own_batch_leaves_dead_ones_to_others(stood: Platform) -> None:
    dead, own = opened_batch(stood), opened_batch(stood)
    stood.database.batches.hand_back(dead.batch_id)
    assert repair(stood, own_batch=own.batch_id) == ((own.batch_id, "undone"),)
    assert repair(stood) == ((dead.batch_id, "undone"),)


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("point", REPAIR_POINTS)
def test_repair__may_be_killed_itself(point: str, count: int, stood: Platform, tmp_path: Path) -> None:
    batch = opened_batch(stood)
    left_behind(stood, verified(stood, batch, 2.0), batch, count)
    marker, home = tmp_path / "marker", tmp_path / "home"
    assert call(repair_and_be_killed_at, home, Fault(point), marker) == -signal.SIGKILL
    assert marker.read_text() == point
    how = "finished" if count == 2 else "undone"
    assert repair(stood) == ((batch.batch_id, how),)
    assert values(stood) == [(2.0 if count == 2 else 1.0,)]
    assert len(rows(stood, METER_READINGS_HISTORY, "value")) == int(count == 2)
    assert len(stood.database.change_log.since(0)) == (2 if count == 2 else 1)
    assert orphans(stood) == ()


def test_repair__hands_back_a_batch_that_it_cannot_repair(stood: Platform) -> None:
    batch = opened_batch(stood)
    left_behind(stood, verified(stood, batch, 2.0), batch, 1)
    metadata = Path(stood.lake.folder(METER_READINGS_HISTORY, 0)).parents[2] / "metadata"
    metadata.rename(metadata.with_name("aside"))
    with pytest.raises(LakeError, match="metadata"):
        repair(stood)
    assert [is_alive for _, is_alive in stood.database.batches.unsettled()] == [False]
    metadata.with_name("aside").rename(metadata)
    assert repair(stood) == ((batch.batch_id, "undone"),)


def test_repair__is_not_stopped_by_an_error_in_the_middle(stood: Platform) -> None:
    batch = opened_batch(stood)
    left_behind(stood, verified(stood, batch, 2.0), batch, 1)
    failpoints.arm("repair.undone", struck)
    with pytest.raises(StruckError):
        repair(stood)
    failpoints.disarm()
    assert repair(stood) == ((batch.batch_id, "undone"),)
    assert rows(stood, METER_READINGS_HISTORY, "value") == []
