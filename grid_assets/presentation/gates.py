"""Gate rules as Dagster asset checks: their names and descriptions, and a batch's findings as check results.

A gate is judged once, when a stage publishes its batch; the findings stand in the operational database. A check only
reports them, and being a blocking one it stops the run before the assets downstream.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from grid_assets.domain.gates import GateRule, bounds, gate_of
from grid_assets.domain.tables import LOAD_DAILY, METER_READINGS, SENSOR_DATA

GATED: dict[str, str] = {"ingest": SENSOR_DATA.name, "verify": METER_READINGS.name, "aggregate": LOAD_DAILY.name}
"""The asset that carries each stage's gate."""


@dataclass(frozen=True)
class Finding:
    """What a batch's gate said of one rule; `is_held` tells whether the batch is still held back."""

    rule_id: str
    value: float | None
    passed: bool
    batch_id: int
    is_held: bool = False


def check_name(rule: GateRule) -> str:
    """Return the name of a rule's check, such as `g11_uncovered_intervals`."""
    return f"{rule.id}_{rule.metric}".lower()


def gate_check_specs(stage: str) -> list[dg.AssetCheckSpec]:
    """Return one blocking check per rule of a stage's gate."""
    return [
        dg.AssetCheckSpec(
            name=check_name(rule),
            asset=GATED[stage],
            description=f"{rule.id}: {rule.description}. The metric {rule.metric} has to be {bounds(rule)}.",
            blocking=True,
            metadata={"rule": rule.id, "metric": rule.metric, "bounds": bounds(rule)},
        )
        for rule in gate_of(stage)
    ]


def gate_results(
    stage: str, findings: Sequence[Finding], wanted: Collection[dg.AssetCheckKey] | None = None
) -> Iterator[dg.AssetCheckResult]:
    """Yield a result per rule of a stage's gate; a rule that no batch was judged by passes and says so."""
    for rule in gate_of(stage):
        key = dg.AssetCheckKey(dg.AssetKey(GATED[stage]), check_name(rule))
        if wanted is None or key in wanted:
            yield _result(rule, key, [f for f in findings if f.rule_id == rule.id])


def _result(rule: GateRule, key: dg.AssetCheckKey, findings: Sequence[Finding]) -> dg.AssetCheckResult:
    broken = [finding for finding in findings if not finding.passed]
    told = broken or list(findings)
    value = told[-1].value if told else None
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not broken,
        severity=dg.AssetCheckSeverity.ERROR,
        description=_sentence(rule, findings, broken),
        metadata={
            "metric": rule.metric,
            "bounds": bounds(rule),
            **({"value": value} if value is not None else {}),
            **({"batches": dg.MetadataValue.table(_records(findings), schema=_SCHEMA)} if findings else {}),
        },
    )


def _sentence(rule: GateRule, findings: Sequence[Finding], broken: Sequence[Finding]) -> str:
    if not findings:
        return "Nothing changed in this run, so there was nothing to judge."
    if not broken:
        return f"{rule.metric} is {bounds(rule)} in every batch."
    held = ", ".join(str(finding.batch_id) for finding in broken)
    return (
        f"{rule.metric} is {broken[-1].value}, expected {bounds(rule)}: {rule.description}. Held back: batch {held}. "
        "Mend the input and run again, or release the batch."
    )


def _records(findings: Sequence[Finding]) -> list[dg.TableRecord]:
    return [
        dg.TableRecord({"batch": f.batch_id, "value": f.value, "passed": f.passed, "held": f.is_held}) for f in findings
    ]


_SCHEMA = dg.TableSchema(
    columns=[
        dg.TableColumn("batch", "int64", "The batch that was judged."),
        dg.TableColumn("value", "double", "The metric's value."),
        dg.TableColumn("passed", "boolean", "Whether the value lies within the bounds."),
        dg.TableColumn("held", "boolean", "Whether the batch is held back."),
    ]
)
