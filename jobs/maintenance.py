"""Maintenance: once a day dead runs are repaired, small files rewritten, old snapshots and unnamed files let go."""

from dataclasses import asdict

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


@dg.op(
    description="Rewrite the many small files of a partition into few large ones.",
    ins={"after": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
)
def compact_files(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Compact the tables that stages append to; days that a run works on are left for the next night."""
    from grid_assets.pipeline.compact import compact  # noqa: PLC0415 - loads the clients' libraries
    from grid_assets.pipeline.reporter import Silent  # noqa: PLC0415 - as above

    with as_dagster_failures(context.retry_number), platform.open() as opened:
        found = compact(opened, f"dagster:{context.run_id}", Silent())
    for rewrite in found:
        context.log.info("%s: %s", rewrite.table, rewrite.left or f"{rewrite.files_before} -> {rewrite.files_after}")
    done = [rewrite for rewrite in found if not rewrite.left]
    context.add_output_metadata(
        {
            "rows rewritten": sum(rewrite.rows for rewrite in done),
            "files before": sum(rewrite.files_before for rewrite in done),
            "files after": sum(rewrite.files_after for rewrite in done),
            "bytes before": sum(rewrite.bytes_before for rewrite in done),
            "bytes after": sum(rewrite.bytes_after for rewrite in done),
            "rewrites left": len(found) - len(done),
        }
    )


@dg.op(
    description="Forget snapshots beyond the number that is kept.",
    ins={"after": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
)
def trim_snapshots(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Expire old snapshots of every table; those of unsettled batches stay."""
    from grid_assets.pipeline.run import trim  # noqa: PLC0415 - loads the clients' libraries

    with as_dagster_failures(context.retry_number), platform.open() as opened:
        context.add_output_metadata({"snapshots forgotten": trim(opened)})


@dg.op(
    description="Remember files that no snapshot names; remove those that nobody has named for the grace.",
    ins={"after": dg.In(dg.Nothing)},
)
def vacuum_files(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Vacuum the lake; folders that were left alone stand in the log with the reason."""
    from grid_assets.pipeline.vacuum import vacuum  # noqa: PLC0415 - loads the clients' libraries

    with as_dagster_failures(context.retry_number), platform.open() as opened:
        numbers = asdict(vacuum(opened))
    left = numbers.pop("left")
    for folder, why in left.items():
        context.log.warning("%s was left alone: %s", folder, why)
    context.add_output_metadata({**{n.replace("_", " "): v for n, v in numbers.items()}, "folders left": len(left)})


@dg.op(
    description="Remove what has expired in the cache, and what no reader can reach.", ins={"after": dg.In(dg.Nothing)}
)
def sweep_cache(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
    """Sweep the cache; warming does so only when it had something to do."""
    with as_dagster_failures(context.retry_number), platform.open() as opened:
        context.add_output_metadata({"entries removed": opened.cache.sweep()})


@dg.job(
    name=MAINTENANCE,
    description="Repair what dead runs left, rewrite small files, keep snapshots few, vacuum, and sweep the cache.",
    tags={PURPOSE: MAINTENANCE},
    executor_def=dg.in_process_executor,
)
def maintenance_job() -> None:
    """Repair; then files, snapshots and vacuum in turn, and beside them the sweep, which does not fail with them."""
    repaired = repair_batches()
    vacuum_files(after=trim_snapshots(after=compact_files(after=repaired)))
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
