"""Repair: what a dead process left open is finished where its principal tables were committed, and undone elsewhere.

The plan in the operational database says what the batch was about to do; the snapshots' properties say what it did.
"""

import shutil
from pathlib import Path
from typing import Any

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.tables import BY_NAME, TABLES
from grid_assets.pipeline.plan import settlement
from grid_assets.pipeline.retry import on_conflict
from resources.clients.database.batches import Batch
from resources.clients.engines.base import WrittenFiles
from resources.clients.failpoints import reach
from resources.clients.lake.filters import batch_predicate
from resources.clients.platform import Platform


def repair(platform: Platform, own_batch: int | None = None) -> tuple[tuple[int, str], ...]:
    """Repair every batch whose process is dead, or only `own_batch`, which this process gives up.

    Returns:
        (batch id, what became of it) of each batch repaired, oldest first: "finished", "undone", or "finished in part"
        where some of several principal tables were committed; the rest is still to do. Running it again finds nothing.
    """
    batches = platform.database.batches
    done = []
    for batch, is_alive in batches.unsettled():
        is_own = batch.batch_id == own_batch
        if is_own or (own_batch is None and not is_alive and batches.take_over(batch.batch_id)):
            done.append((batch.batch_id, _repair_or_hand_back(platform, batch)))
    return tuple(done)


def _repair_or_hand_back(platform: Platform, batch: Batch) -> str:
    """Repair a batch that this process owns; where that fails, give it back, so that the next attempt finds it."""
    how = ""
    try:
        how = _repair_one(platform, batch)
    finally:
        if not how:
            platform.database.batches.hand_back(batch.batch_id)
    return how


def _repair_one(platform: Platform, batch: Batch) -> str:
    reach("repair.taken")
    plan: dict[str, Any] = batch.plan or {"tables": []}
    committed = frozenset(
        t["table"] for t in plan["tables"] if platform.lake.snapshot_of_batch(BY_NAME[t["table"]], batch.batch_id)
    )
    for table in plan["tables"]:
        if table["principal"] and table["table"] in committed and table["principal"] not in committed:
            _undo(platform, BY_NAME[table["table"]], table["undo_column"], batch.batch_id)
    reach("repair.undone")
    for table_spec in TABLES:
        # Files of an undone commit stay until vacuum: the snapshot before the undoing still names them.
        if table_spec.name not in committed:
            _remove_files(platform, table_spec, batch.batch_id)
    reach("repair.cleared")
    principals = frozenset(t["table"] for t in plan["tables"] if not t["principal"] and t["table"] in committed)
    if not principals:
        platform.database.batches.abandon(batch.batch_id)
        return "undone"
    kept = principals | {t["table"] for t in plan["tables"] if t["principal"] in principals and t["table"] in committed}
    platform.database.batches.settle(batch.batch_id, settlement(plan, kept))
    return "finished" if len(kept) == len(plan["tables"]) else "finished in part"


def _undo(platform: Platform, table: TableSpec, column: str, batch_id: int) -> None:
    properties = {"grid.undone-batch": str(batch_id)}
    where = batch_predicate(column, batch_id)
    on_conflict(lambda: platform.lake.replace(table, where, WrittenFiles(), properties))


def _remove_files(platform: Platform, table: TableSpec, batch_id: int) -> None:
    folder = Path(platform.lake.folder(table, batch_id)).parent
    if folder.exists():
        shutil.rmtree(folder)
