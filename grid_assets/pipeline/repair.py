"""Repair: what a dead process left open is finished where its principal tables were committed, and undone elsewhere.

The plan in the operational database says what the batch was about to do; the snapshots' properties say what it did.
"""

import shutil
from pathlib import Path
from typing import Any

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.tables import BY_NAME, TABLES
from grid_assets.pipeline.plan import settlement
from resources.clients.database.batches import Batch
from resources.clients.engines.base import WrittenFiles
from resources.clients.lake.filters import batch_predicate
from resources.clients.platform import Platform


def repair(platform: Platform, own_batch: int | None = None) -> tuple[tuple[int, str], ...]:
    """Repair every batch whose process is dead, and `own_batch`, which this process gives up.

    Returns:
        (batch id, "finished" or "undone") of each batch repaired, oldest first; running it again finds nothing.
    """
    done = []
    for batch, is_alive in platform.database.batches.unsettled():
        if batch.batch_id == own_batch or (not is_alive and platform.database.batches.take_over(batch.batch_id)):
            done.append((batch.batch_id, _repair_one(platform, batch)))
    return tuple(done)


def _repair_one(platform: Platform, batch: Batch) -> str:
    plan: dict[str, Any] = batch.plan or {"tables": []}
    committed = frozenset(
        t["table"] for t in plan["tables"] if platform.lake.snapshot_of_batch(BY_NAME[t["table"]], batch.batch_id)
    )
    for table in plan["tables"]:
        if table["principal"] and table["table"] in committed and table["principal"] not in committed:
            _undo(platform, BY_NAME[table["table"]], table["undo_column"], batch.batch_id)
    for table_spec in TABLES:
        # Files of an undone commit stay until vacuum: the snapshot before the undoing still names them.
        if table_spec.name not in committed:
            _remove_files(platform, table_spec, batch.batch_id)
    principals = frozenset(t["table"] for t in plan["tables"] if not t["principal"] and t["table"] in committed)
    if not principals:
        platform.database.batches.abandon(batch.batch_id)
        return "undone"
    kept = principals | {t["table"] for t in plan["tables"] if t["principal"] in principals and t["table"] in committed}
    platform.database.batches.settle(batch.batch_id, settlement(plan, kept))
    return "finished"


def _undo(platform: Platform, table: TableSpec, column: str, batch_id: int) -> None:
    properties = {"grid.undone-batch": str(batch_id)}
    platform.lake.replace(table, batch_predicate(column, batch_id), WrittenFiles(), properties)


def _remove_files(platform: Platform, table: TableSpec, batch_id: int) -> None:
    folder = Path(platform.lake.folder(table, batch_id)).parent
    if folder.exists():
        shutil.rmtree(folder)
