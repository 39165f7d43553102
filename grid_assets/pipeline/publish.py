"""Publishing a batch: claim, write, plan, commit, settle; and waiting for a claim that another batch holds.

Tables are committed in the plan's order. A companion table (history, quarantine) comes before its principal, so that a
batch whose principal is committed is whole, and a batch whose principal is not can be undone.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import ClaimHeldError
from grid_assets.domain.gates import GateReport
from grid_assets.pipeline.repair import repair
from resources.clients.database.batches import Batch, Settlement
from resources.clients.database.changes import Change, Progress
from resources.clients.database.heartbeat import heartbeat
from resources.clients.engines.base import WrittenFiles
from resources.clients.failpoints import reach
from resources.clients.lake.client import BATCH_PROPERTY
from resources.clients.lake.filters import EVERYTHING, days_predicate
from resources.clients.platform import Platform

CLAIM_WAIT_SECONDS = 900.0
CLAIM_POLL_SECONDS = 0.25


@dataclass(frozen=True)
class TableCommit:
    """What a batch does to one table.

    `days` are the operating days that change. A daily table has them replaced, a table without days is replaced whole,
    and an appending one keeps what it had. `undo_column` names the batch column of a companion's rows, `principal` the
    table that it accompanies.
    """

    table: TableSpec
    written: WrittenFiles
    days: tuple[date, ...] = ()
    is_append: bool = False
    principal: str = ""
    undo_column: str = ""


@dataclass(frozen=True)
class Publication:
    """Everything that publishing a batch needs once its files are written."""

    commits: tuple[TableCommit, ...]
    result: dict[str, Any]
    progress: Progress | None = None
    gate: GateReport | None = None
    file_hashes: tuple[str, ...] = ()


@contextmanager
def open_batch(platform: Platform, stage: str, driver: str) -> Iterator[Batch]:
    """Open a batch for a block that publishes or abandons it; a block that raises leaves nothing behind."""
    batch = platform.database.batches.open(stage, driver, platform.clock())
    reach(f"{stage}.batch.opened")
    with heartbeat(platform.database.batches, batch.batch_id):
        try:
            yield batch
        except BaseException:
            repair(platform, own_batch=batch.batch_id)
            raise


def claim(platform: Platform, batch: Batch, resources: Sequence[str], wait_seconds: float = CLAIM_WAIT_SECONDS) -> None:
    """Take resources for a batch alone, waiting for live holders and repairing dead ones.

    Raises:
        ClaimHeldError: If a live batch still holds one of them when the wait is over.
    """
    deadline = time.monotonic() + wait_seconds
    while (holder := platform.database.batches.claim(batch.batch_id, resources)) is not None:
        if not holder.is_alive:
            repair(platform)
            continue
        if time.monotonic() >= deadline:
            raise ClaimHeldError(
                f"batch {holder.batch_id} holds {holder.resource}", "a free claim", "wait for that run, then run again"
            )
        time.sleep(CLAIM_POLL_SECONDS)
    reach(f"{batch.stage}.batch.claimed")


def publish(platform: Platform, batch: Batch, publication: Publication) -> None:
    """Commit a batch's tables one by one and settle it; a failed gate settles it as held."""
    reach(f"{batch.stage}.files.written")
    platform.database.batches.write_plan(batch.batch_id, _plan(publication))
    reach(f"{batch.stage}.plan.written")
    for commit in publication.commits:
        _commit(platform, batch, commit, publication.file_hashes)
        reach(f"{batch.stage}.table.committed")
    reach(f"{batch.stage}.all.committed")
    platform.database.batches.settle(batch.batch_id, settlement(_plan(publication), None))
    reach(f"{batch.stage}.batch.settled")


def settlement(plan: dict[str, Any], committed: frozenset[str] | None) -> Settlement:
    """Return what settling a plan writes; `committed` names the tables that were committed, None means all.

    A plan that was committed in part records the changes of those tables only, and no progress: the consumer does
    its days again and finds that nothing is left to change in them.
    """
    tables = [t for t in plan["tables"] if committed is None or t["table"] in committed]
    changes = [Change(t["table"], date.fromisoformat(day)) for t in tables if not t["principal"] for day in t["days"]]
    is_whole = len(tables) == len(plan["tables"])
    done = plan["progress"] if is_whole else None
    progress = None
    if done is not None:
        days = tuple(date.fromisoformat(day) for day in done["days"])
        progress = Progress(done["consumer"], done["table_name"], days, done["position"])
    return Settlement(changes, progress, plan["result"], is_held=plan["is_held"])


def _plan(publication: Publication) -> dict[str, Any]:
    progress, gate = publication.progress, publication.gate
    result = dict(publication.result)
    if gate is not None:
        result["gate"] = [
            {"rule": f.rule.id, "metric": f.rule.metric, "value": f.value, "passed": f.passed} for f in gate.findings
        ]
    return {
        "tables": [
            {
                "table": c.table.name,
                "days": [day.isoformat() for day in c.days],
                "principal": c.principal,
                "undo_column": c.undo_column,
            }
            for c in publication.commits
        ],
        "progress": None
        if progress is None
        else {**progress.__dict__, "days": [day.isoformat() for day in progress.days]},
        "result": result,
        "is_held": gate is not None and not gate.passed,
    }


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
