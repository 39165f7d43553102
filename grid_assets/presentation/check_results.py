"""Reconciliation and held batches as check results, with the whole table in their metadata."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from grid_assets.presentation.reconciliation import Line

_LINES = dg.TableSchema(
    columns=[
        dg.TableColumn("what", "string", "What is counted; with an equals sign, which two numbers have to agree."),
        dg.TableColumn("found", "double", "The number on the left."),
        dg.TableColumn("expected", "double", "The number on the right; empty where the line is told only."),
        dg.TableColumn("difference", "double", "Found less expected."),
        dg.TableColumn("agrees", "boolean", "Whether the two agree."),
    ]
)
_HELD = dg.TableSchema(
    columns=[
        dg.TableColumn("batch", "int64", "The batch that is held back."),
        dg.TableColumn("recorded at", "string", "When the batch was claimed, UTC."),
        dg.TableColumn("broken", "string", "The rules that it broke, with the values found."),
    ]
)


def reconciliation_result(lines: Sequence[Line]) -> dg.AssetCheckResult:
    """Return whether all of a stage's books agree, with every line."""
    return _books(lines, dg.AssetCheckSeverity.ERROR, "Every row is accounted for.")


def agreement_result(lines: Sequence[Line]) -> dg.AssetCheckResult:
    """Return whether a copy agrees with the lake, with every line; a difference warns, for a copy can be made again."""
    told = sum(line.is_told_only for line in lines)
    waits = f" {told} of {len(lines)} comparisons wait for days to be copied." if told else ""
    return _books(lines, dg.AssetCheckSeverity.WARN, f"The copy holds what the lake holds.{waits}")


def _books(lines: Sequence[Line], severity: dg.AssetCheckSeverity, said_if_kept: str) -> dg.AssetCheckResult:
    broken = [line for line in lines if not line.is_kept]
    said = "; ".join(f"{line.what}: found {line.found:,g}, expected {line.expected:,g}" for line in broken)
    return dg.AssetCheckResult(
        passed=not broken,
        severity=severity,
        description=said or said_if_kept,
        metadata={"books": dg.MetadataValue.table([_record(line) for line in lines], schema=_LINES)},
    )


def held_result(batches: Sequence[Mapping[str, Any]]) -> dg.AssetCheckResult:
    """Return whether no batch of a stage is held back, with those that are and why."""
    ids = ", ".join(str(batch["batch_id"]) for batch in batches)
    return dg.AssetCheckResult(
        passed=not batches,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Held back: batch {ids}. Mend the input and run again, or release the batch."
        if batches
        else "No batch is held back.",
        metadata={"held": dg.MetadataValue.table([_held(batch) for batch in batches], schema=_HELD)} if batches else {},
    )


def _record(line: Line) -> dg.TableRecord:
    told = line.is_told_only
    return dg.TableRecord(
        {
            "what": line.what,
            "found": line.found,
            "expected": None if told else line.expected,
            "difference": None if told else line.difference,
            "agrees": None if told else line.is_kept,
        }
    )


def _held(batch: Mapping[str, Any]) -> dg.TableRecord:
    found = (batch["result"] or {}).get("gate", [])
    broken = ", ".join(f"{f['rule']} {f['metric']} = {f['value']}" for f in found if not f["passed"])
    return dg.TableRecord(
        {"batch": batch["batch_id"], "recorded at": f"{batch['recorded_at_utc']:%Y-%m-%d %H:%M:%S}", "broken": broken}
    )
