"""What every stage's step does around its pipeline function: the run's days, errors, events and check results.

A run with partitions does these days again; a run without does what changed. Dagster itself records one event per
partition of the run, and days that changed beyond these are logged, so that the UI shows what the lake holds.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.tables import BY_NAME
from grid_assets.partitions import day_of, has_days, key_of
from grid_assets.pipeline.apart import DaysFailedError
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.presentation.details import Metadata, day_numbers, details
from grid_assets.presentation.gates import gate_results
from grid_assets.presentation.numbers import batch_rows, findings, known_days
from resources.clients.platform import Platform
from resources.wrappers.failures import as_dagster_failures
from resources.wrappers.log_reporter import LogReporter
from resources.wrappers.platform import PlatformResource

DRIVER = "dagster:"
"""Batches of asset runs have a driver that starts so; their days are shown by the run itself and not reported again."""

Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


@dataclass(frozen=True)
class Step:
    """One step of one run: Dagster's context and the open platform."""

    context: dg.AssetExecutionContext
    platform: Platform

    @property
    def driver(self) -> str:
        """Return who the step's batches say they were run by."""
        return f"{DRIVER}{self.context.run.run_id}"

    @property
    def reporter(self) -> LogReporter:
        """Return a reporter that writes into the run's log."""
        return LogReporter(self.context.log)

    @property
    def partition_days(self) -> tuple[date, ...] | None:
        """Return the operating days of the run's partitions, None for a run without partitions."""
        context = self.context
        if not (context.has_partition_key or context.has_partition_key_range):
            return None
        return tuple(day_of(key) for key in context.partition_keys)

    @property
    def days(self) -> tuple[date, ...] | None:
        """Return the days to do again, those outside of everything ever received left out; None for what changed."""
        asked = self.partition_days
        if asked is None:
            return None
        known = known_days(self.platform, asked)
        if len(known) < len(asked):
            self.context.log.info("%d of %d days lie outside of what was received", len(asked) - len(known), len(asked))
        return known


@contextmanager
def step_of(
    context: dg.AssetExecutionContext, resource: PlatformResource, chunk_readings: int | None = None
) -> Iterator[Step]:
    """Open the platform for a step, with the project's errors told as Dagster's."""
    with as_dagster_failures(context.retry_number), resource.open(chunk_readings) as platform:
        yield Step(context, platform)


def events(step: Step, stage: str, outcome: StageOutcome, numbers: Metadata) -> Events:
    """Yield what a stage's step made: a result per selected table, then a result per rule of its gate."""
    log_other_days(step, outcome)
    keys = step.context.selected_asset_keys
    for table in _selected(step, keys):
        yield _result(step, table, outcome, numbers)
    wanted = step.context.selected_asset_check_keys
    found = findings(step.platform, stage, outcome.batches, step.partition_days or ())
    yield from gate_results(stage, found, wanted)


def log_other_days(step: Step, outcome: StageOutcome) -> None:
    """Log a materialisation of every day that the step's batches changed and that the run's own events do not name."""
    own_days = frozenset(step.partition_days or ())
    for batch in batch_rows(step.platform, outcome.batches):
        for change in (batch["plan"] or {}).get("tables", []):
            table = BY_NAME[change["table"]]
            is_selected = dg.AssetKey(table.name) in step.context.selected_asset_keys
            if has_days(table):
                days = [date.fromisoformat(day) for day in change["days"]]
                _log_days(step, table, [d for d in days if not (is_selected and d in own_days)], batch["batch_id"])
            elif not is_selected:
                step.context.log_event(dg.AssetMaterialization(table.name, metadata={"batch": batch["batch_id"]}))


@contextmanager
def others_shown(step: Step) -> Iterator[None]:
    """Where some days of a stage fail, show that the others were made before the step fails with the error."""
    try:
        yield
    except DaysFailedError as error:
        for key in step.context.selected_asset_keys:
            _log_days(step, BY_NAME[key.path[-1]], error.outcome.days, max(error.outcome.batches, default=0))
        raise


def _log_days(step: Step, table: TableSpec, days: Sequence[date], batch_id: int) -> None:
    rows = step.platform.lake.rows_by_day(table, days) if table.is_daily else {}
    for day in days:
        step.context.log_event(
            dg.AssetMaterialization(table.name, partition=key_of(day), metadata=day_numbers(rows.get(day), batch_id))
        )


def _selected(step: Step, keys: Any) -> Iterator[TableSpec]:  # noqa: ANN401 - Dagster's set of keys
    """Yield the selected tables in the order in which they were declared, which is that of their dependencies."""
    for spec in step.context.assets_def.specs:
        if spec.key in keys:
            yield BY_NAME[spec.key.path[-1]]


def _result(step: Step, table: TableSpec, outcome: StageOutcome, numbers: Metadata) -> dg.MaterializeResult[None]:
    asked = step.partition_days
    common: Metadata = {**numbers, "batches": ", ".join(str(b) for b in outcome.batches) or "none"}
    if asked is None or not has_days(table):
        newest = max(outcome.changed, default=None)
        return dg.MaterializeResult(asset_key=table.name, metadata={**common, **details(step.platform, table, newest)})
    rows = step.platform.lake.rows_by_day(table, asked) if table.is_daily else {}
    for day in asked:
        extra = day_numbers(rows.get(day)) if table.is_daily else {}
        if day == asked[-1]:
            extra |= details(step.platform, table, max(rows, default=None))
        if extra:
            step.context.add_asset_metadata(extra, asset_key=table.name, partition_key=key_of(day))
    return dg.MaterializeResult(asset_key=table.name, metadata=common)


Work = Callable[[Step], StageOutcome]
"""A stage's pipeline function, given its step."""
