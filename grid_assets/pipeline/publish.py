"""Publishing a batch: claim, write, plan, commit, settle; and waiting for a claim that another batch holds.

Tables are committed in the plan's order. A companion table (history, quarantine) comes before its principal, so that a
batch whose principal is committed is whole, and a batch whose principal is not can be undone.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from grid_assets.domain.errors import ClaimHeldError, GridError
from grid_assets.pipeline.plan import Publication, TableCommit, plan_of, settlement
from grid_assets.pipeline.repair import repair
from grid_assets.pipeline.retry import on_conflict
from resources.clients.database.batches import Batch, Holder
from resources.clients.database.files import FileIdentity
from resources.clients.database.heartbeat import heartbeat
from resources.clients.failpoints import reach
from resources.clients.lake.client import BATCH_PROPERTY
from resources.clients.lake.filters import EVERYTHING, days_predicate
from resources.clients.platform import Platform

CLAIM_WAIT_SECONDS = 900.0
CLAIM_POLL_SECONDS = 0.25


@contextmanager
def open_batch(platform: Platform, stage: str, driver: str, files: Sequence[FileIdentity] = ()) -> Iterator[Batch]:
    """Open a batch, with the files that nobody else has, for a block that publishes or abandons it.

    A block that raises leaves nothing open: what it committed is finished or undone. Where that fails too, on a full
    disk for instance, the batch stays for the next run to repair, and the error says so.
    """
    batch = platform.database.batches.open(stage, driver, platform.clock(), files)
    with heartbeat(platform.database.batches, batch.batch_id):
        try:
            reach(f"{stage}.batch.opened")
            yield batch
        except BaseException as error:
            _give_up(platform, batch, error)
            raise


def _give_up(platform: Platform, batch: Batch, error: BaseException) -> None:
    try:
        repair(platform, own_batch=batch.batch_id)
    except (GridError, OSError) as second:
        error.add_note(f"Batch {batch.batch_id} stays open; the next run repairs it. Undoing it failed: {second}")


def claim(platform: Platform, batch: Batch, resources: Sequence[str], wait_seconds: float = CLAIM_WAIT_SECONDS) -> None:
    """Take resources for a batch alone, waiting for live holders and repairing dead ones.

    Raises:
        ClaimHeldError: If a live batch still holds one of them when the wait is over.
    """
    _wait(platform, partial(platform.database.batches.claim, batch.batch_id, resources), wait_seconds)
    reach(f"{batch.stage}.batch.claimed")


def wait_for_stage(platform: Platform, stage: str, wait_seconds: float = CLAIM_WAIT_SECONDS) -> None:
    """Wait until no batch of a stage is open; dead ones are repaired.

    Raises:
        ClaimHeldError: If one of them is still open when the wait is over.
    """
    _wait(platform, partial(platform.database.batches.oldest_open, stage), wait_seconds)


def _wait(platform: Platform, look: Callable[[], Holder | None], wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while (holder := look()) is not None:
        if not holder.is_alive:
            repair(platform)
            continue
        if time.monotonic() >= deadline:
            raise ClaimHeldError(
                f"batch {holder.batch_id} holds {holder.resource}", "a free claim", "wait for that run, then run again"
            )
        time.sleep(CLAIM_POLL_SECONDS)


def publish(platform: Platform, batch: Batch, publication: Publication) -> None:
    """Commit a batch's tables one by one and settle it; a failed gate settles it as held."""
    reach(f"{batch.stage}.files.written")
    plan = plan_of(publication)
    platform.database.batches.write_plan(batch.batch_id, plan)
    reach(f"{batch.stage}.plan.written")
    for commit in publication.commits:
        on_conflict(partial(_commit, platform, batch, commit, publication.file_hashes))
        reach(f"{batch.stage}.table.committed")
    reach(f"{batch.stage}.all.committed")
    platform.database.batches.settle(batch.batch_id, settlement(plan))
    reach(f"{batch.stage}.batch.settled")


def _commit(platform: Platform, batch: Batch, commit: TableCommit, file_hashes: tuple[str, ...]) -> None:
    properties = {
        BATCH_PROPERTY: str(batch.batch_id),
        "grid.stage": batch.stage,
        "grid.days": json.dumps([day.isoformat() for day in commit.days]),
    }
    if file_hashes:
        properties["grid.files"] = json.dumps(file_hashes)
    if commit.is_append:
        platform.lake.append(commit.table, commit.written, properties)
    else:
        where = days_predicate(commit.days) if commit.table.is_daily else EVERYTHING
        platform.lake.replace(commit.table, where, commit.written, properties)
