"""Maintenance: once a day, what dead runs left is repaired, old snapshots are forgotten, the cache is swept."""

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


@dg.op(
    description="Remove what has expired in the cache, and what no reader can reach.", ins={"after": dg.In(dg.Nothing)}
)
def sweep_cache(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Sweep the cache; warming does so only when it had something to do."""
    with as_dagster_failures(context.retry_number), platform.open() as opened:
        context.add_output_metadata({"entries removed": opened.cache.sweep()})


@dg.job(
    name=MAINTENANCE,
    description="Repair what dead runs left, keep snapshots few so that commits stay quick, and sweep the cache.",
    tags={PURPOSE: MAINTENANCE},
    executor_def=dg.in_process_executor,
)
def maintenance_job() -> None:
    """Repair, then trim and sweep: neither waits for the other, and neither fails with it."""
    repaired = repair_batches()
    trim_snapshots(after=repaired)
    sweep_cache(after=repaired)


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
