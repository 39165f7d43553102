"""What a batch is about to commit, written down before the first commit, and what settling it then records."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.gates import GateReport
from resources.clients.database.batches import Settlement
from resources.clients.database.changes import Change, Progress
from resources.clients.engines.base import WrittenFiles


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


def settlement(plan: dict[str, Any], committed: frozenset[str] | None = None) -> Settlement:
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


def plan_of(publication: Publication) -> dict[str, Any]:
    """Return a publication as the plain mapping that is written down before its first commit."""
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
