"""What there is: tables with their sizes, batches, days that wait, what is held back, and the most telling finding."""

from dataclasses import dataclass
from typing import Any

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.tables import METER_READINGS, SENSOR_DATA, TABLES
from grid_assets.pipeline import aggregate_stage, verify_stage
from grid_assets.pipeline.copies import CopyState, copies
from grid_assets.pipeline.lag import lag, pending_days
from grid_assets.pipeline.query import query
from grid_assets.pipeline.serve import FOLLOWERS
from resources.clients.platform import Platform

_FINDING = """
WITH suspected AS (
    SELECT e.asset_type, e.asset_id, COUNT(*) AS suspected_days
    FROM events e WHERE e.event_type = 'suspected_theft' GROUP BY e.asset_type, e.asset_id
), shares AS (
    SELECT b.asset_type, b.asset_id, s.suspected_days,
           SUM(CASE WHEN e.event_id IS NOT NULL THEN b.loss_kwh END)
             / SUM(CASE WHEN e.event_id IS NOT NULL THEN b.exchange_kwh + b.production_kwh END) AS suspect_share,
           SUM(CASE WHEN e.event_id IS NULL THEN b.loss_kwh END)
             / SUM(CASE WHEN e.event_id IS NULL THEN b.exchange_kwh + b.production_kwh END) AS usual_share
    FROM feeder_balance b
    JOIN suspected s ON s.asset_type = b.asset_type AND s.asset_id = b.asset_id
    LEFT JOIN events e ON e.event_type = 'suspected_theft' AND e.asset_type = b.asset_type
                      AND e.asset_id = b.asset_id AND e.operating_day = b.operating_day
    GROUP BY b.asset_type, b.asset_id, s.suspected_days
)
SELECT * FROM shares ORDER BY suspected_days DESC, suspect_share DESC LIMIT 1
"""


@dataclass(frozen=True)
class TableSize:
    """One table as its current snapshot has it."""

    name: str
    rows: int
    files: int
    megabytes: float
    snapshots: int


@dataclass(frozen=True)
class Status:
    """The state of one home."""

    tables: tuple[TableSize, ...]
    files: dict[str, int]
    rows: dict[str, int]
    pending_days: dict[str, int]
    held_batches: tuple[dict[str, Any], ...]
    open_batches: int
    quarantine: tuple[dict[str, Any], ...]
    finding: str
    copies: tuple[CopyState, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the status as plain JSON values."""
        copies = {copy.part: copy.numbers or {"problem": copy.problem} for copy in self.copies}
        return {**self.__dict__, "tables": [table.__dict__ for table in self.tables], "copies": copies}


def status(platform: Platform) -> Status:
    """Return the state of the home; a fresh one has tables without rows."""
    batches = platform.database.batches.listing()
    files = platform.database.files.listing()
    names = ("received", "stored", "duplicate", "quarantined")
    log, lags = platform.database.change_log, lag(platform)
    return Status(
        tables=tuple(_size(platform, table) for table in TABLES),
        files={state: sum(f["state"] == state for f in files) for state in ("ingested", "quarantined", "claimed")},
        rows={name: sum(f[name] for f in files if f["kind"] == "readings") for name in names},
        pending_days={
            "verify": len(log.pending(verify_stage.STAGE, SENSOR_DATA.name).days),
            "aggregate": len(log.pending(aggregate_stage.STAGE, METER_READINGS.name).days),
            **{stage: len(pending_days(lags, stage)) for stage in FOLLOWERS},
        },
        held_batches=tuple(
            {"batch_id": b["batch_id"], "stage": b["stage"], "gate": (b["result"] or {}).get("gate", [])}
            for b in batches
            if b["is_held"]
        ),
        open_batches=sum(b["state"] == "claimed" for b in batches),
        quarantine=_quarantine(platform),
        finding=finding(platform),
        copies=copies(platform),
    )


def finding(platform: Platform) -> str:
    """Return the most telling thing that the data says, as one sentence; empty where nothing stands out."""
    rows = query(platform, _FINDING).to_pylist()
    if not rows or rows[0]["suspect_share"] is None:
        return ""
    row = rows[0]
    usual = f", against {row['usual_share']:.1%} on its other days" if row["usual_share"] is not None else ""
    return (
        f"{row['asset_type']} {row['asset_id']} loses {row['suspect_share']:.1%} of its energy on "
        f"{row['suspected_days']} days{usual}: suspected theft"
    )


def _size(platform: Platform, table: TableSpec) -> TableSize:
    snapshots = platform.lake.snapshots(table)
    summary = snapshots[-1].summary if snapshots else None

    def number(name: str) -> int:
        return int((summary.get(name) if summary is not None else None) or 0)

    megabytes = round(number("total-files-size") / 1e6, 2)
    return TableSize(table.name, number("total-records"), number("total-data-files"), megabytes, len(snapshots))


def _quarantine(platform: Platform) -> tuple[dict[str, Any], ...]:
    sql = "SELECT reason, COUNT(*) AS n FROM quarantine GROUP BY reason ORDER BY n DESC, reason"
    return tuple({"reason": r["reason"], "rows": r["n"]} for r in query(platform, sql).to_pylist())
