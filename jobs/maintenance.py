"""Maintenance: once a day, what dead runs left is repaired and old snapshots are forgotten."""

import dagster as dg

from jobs.purposes import PURPOSE
from resources.settings import GridSettings
from resources.wrappers.failures import as_dagster_failures
from resources.wrappers.platform import PlatformResource

MAINTENANCE = "maintenance"
CRON = "15 3 * * *"


@dg.op(description="Finish or undo the batches of dead processes.", out=dg.Out(dg.Nothing))
def repair_batches(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Repair what dead processes left open; the log names each batch."""
    from grid_assets.pipeline.repair import repair  # noqa: PLC0415 - loads the clients' libraries

    with as_dagster_failures(context.retry_number), platform.open() as opened:
        repaired = repair(opened)
    context.log.info("%d batches repaired", len(repaired))
    context.add_output_metadata({f"batch {batch}": what for batch, what in repaired} or {"repaired": 0})


@dg.op(description="Forget snapshots beyond the number that is kept.", ins={"after": dg.In(dg.Nothing)})
def trim_snapshots(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Expire old snapshots of every table; those of unsettled batches stay."""
    from grid_assets.pipeline.run import trim  # noqa: PLC0415 - loads the clients' libraries

    with as_dagster_failures(context.retry_number), platform.open() as opened:
        trim(opened)


@dg.job(
    name=MAINTENANCE,
    description="Repair what dead runs left, and keep snapshots few so that commits stay quick.",
    tags={PURPOSE: MAINTENANCE},
    executor_def=dg.in_process_executor,
)
def maintenance_job() -> None:
    """Repair, then trim."""
    trim_snapshots(after=repair_batches())


def definitions(settings: GridSettings) -> dg.Definitions:
    """Return the job and its schedule, in the grid's zone."""
    nightly = dg.ScheduleDefinition(
        name="maintenance_daily",
        job=maintenance_job,
        cron_schedule=CRON,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[maintenance_job], schedules=[nightly])
