"""The main job: everything that changed, end to end in one run, every morning and whenever somebody starts it.

It is made of operations and not of assets, because which days change is known only after ingest, and a run of
partitioned assets has to name its partitions before it starts. What it made is told to the asset graph by the same code
that tells it of runs outside of Dagster.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from jobs.purposes import PURPOSE
from resources.settings import GridSettings
from resources.wrappers.failures import as_dagster_failures
from resources.wrappers.log_reporter import LogReporter
from resources.wrappers.platform import PlatformResource

if TYPE_CHECKING:
    from grid_assets.pipeline.outcome import StageOutcome
    from resources.clients.platform import Platform

MAIN = "main"
CRON = "30 5 * * *"
AFTER = {"after": dg.In(dg.Nothing)}


@dg.op(pool="ingest", out=dg.Out(dg.Nothing))
def take_arrivals(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Repair what dead runs left, land what came by the API, then take every file that has landed."""
    from grid_assets.pipeline.repair import repair  # noqa: PLC0415 - loads the clients' libraries
    from grid_assets.pipeline.run import take, take_writes  # noqa: PLC0415

    with _open(context, platform) as opened:
        repair(opened)
        take_writes(opened, LogReporter(context.log))
        _, outcome = take(opened, _driver(context), LogReporter(context.log))
        _tell(context, opened, outcome)


@dg.op(pool="verify", ins=AFTER, out=dg.Out(dg.Nothing))
def verify_changes(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Verify the days whose received readings changed."""
    from grid_assets.pipeline.verify_stage import verify  # noqa: PLC0415 - loads the clients' libraries

    with _open(context, platform) as opened:
        _tell(context, opened, verify(opened, _driver(context), LogReporter(context.log)))


@dg.op(pool="aggregate", ins=AFTER, out=dg.Out(dg.Nothing))
def aggregate_changes(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Aggregate the days whose verified readings changed, then forget old snapshots."""
    from grid_assets.pipeline.aggregate_stage import aggregate  # noqa: PLC0415 - loads the clients' libraries
    from grid_assets.pipeline.run import trim  # noqa: PLC0415

    with _open(context, platform) as opened:
        outcome = aggregate(opened, _driver(context), LogReporter(context.log))
        trim(opened)
        _tell(context, opened, outcome)


@dg.op(pool="publish", ins=AFTER, out=dg.Out(dg.Nothing))
def serve_changes(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Bring every copy up to date with what changed: database, cache, search.

    A copy that cannot be reached just now fails nothing: its days wait, and the sensor `copies` wakes a run for them.
    """
    from grid_assets.pipeline.outcome import StageOutcome  # noqa: PLC0415 - loads the clients' libraries
    from grid_assets.pipeline.serve import serve  # noqa: PLC0415

    with _open(context, platform) as opened:
        served = serve(opened, _driver(context), LogReporter(context.log))
        for stage, reason in served.delayed.items():
            context.log.warning("%s waits for the next run: %s", stage, reason)
        _tell(context, opened, sum(served.outcomes.values(), StageOutcome()))


@dg.job(
    name=MAIN,
    description="Take what has landed, verify what changed, aggregate what changed, bring every copy up to date. "
    "Needs no partition.",
    tags={PURPOSE: MAIN},
    executor_def=dg.in_process_executor,
)
def main_job() -> None:
    """Ingest, verification, aggregation and serving, one after the other."""
    serve_changes(after=aggregate_changes(after=verify_changes(after=take_arrivals())))


def definitions(settings: GridSettings) -> dg.Definitions:
    """Return the job and its schedule, in the grid's zone."""
    every_morning = dg.ScheduleDefinition(
        name="main_daily",
        job=main_job,
        cron_schedule=CRON,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[main_job], schedules=[every_morning])


@contextmanager
def _open(context: dg.OpExecutionContext, platform: PlatformResource) -> Iterator["Platform"]:
    with as_dagster_failures(context.retry_number), platform.open() as opened:
        yield opened


def _driver(context: dg.OpExecutionContext) -> str:
    return f"job:{context.run_id}"


def _tell(context: dg.OpExecutionContext, platform: "Platform", outcome: "StageOutcome") -> None:
    """Show the outcome in the run and in the asset graph; a held batch fails the step, so that nothing follows it."""
    from jobs.reporting import report  # noqa: PLC0415 - loads the clients' libraries

    report(context.instance, platform)
    numbers = {**outcome.rows, "days changed": len(set(outcome.changed))}
    context.add_output_metadata(numbers)
    if outcome.held:
        ids = ", ".join(str(batch) for batch in outcome.held)
        raise dg.Failure(
            description=f"The gate holds back batch {ids}; the check of its asset says why.", allow_retries=False
        )
