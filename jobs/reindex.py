"""Reindex: the full rebuild of the search indices with its schedule, and the way back to the indices before.

What changed is indexed by `serve`; a rebuild makes indices that owe nothing to what was there before.
"""

import dagster as dg

from grid_assets.defs.config import KindsConfig
from grid_assets.presentation.copy_specs import SEARCH_REBUILD
from jobs.purposes import PURPOSE
from resources.settings import GridSettings
from resources.wrappers.failures import as_dagster_failures
from resources.wrappers.platform import PlatformResource

REBUILD, ROLL_BACK = "rebuild_search", "roll_back_search"
CRON = "30 2 * * 0"

rebuild_job = dg.define_asset_job(
    REBUILD,
    selection=dg.AssetSelection.assets(SEARCH_REBUILD),
    description="Build the search indices anew beside the live ones, check them against the lake, and swap. Searches "
    "are answered all the time.",
    tags={PURPOSE: REBUILD},
)


@dg.op(description="Make the index before the live one live again, for each kind of document asked for.")
def roll_back_indices(context: dg.OpExecutionContext, config: KindsConfig, platform: PlatformResource) -> None:
    """Roll back; `serve` then brings the older indices up to date, because each knows how far it has got."""
    from grid_assets.pipeline.rebuild import roll_back  # noqa: PLC0415 - loads the clients' libraries

    with as_dagster_failures(context.retry_number), platform.open() as opened:
        live = roll_back(opened, config.wanted)
    context.log.info("live now: %s", ", ".join(live.values()))
    context.add_output_metadata({f"live {kind}": index for kind, index in live.items()})


@dg.job(
    name=ROLL_BACK,
    description="Go back to the search indices that were live before the newest ones, in one step per kind.",
    tags={PURPOSE: ROLL_BACK},
    executor_def=dg.in_process_executor,
)
def roll_back_job() -> None:
    """Roll back the indices."""
    roll_back_indices()


def definitions(settings: GridSettings) -> dg.Definitions:
    """Return the jobs and the schedule of the rebuild, in the grid's zone."""
    every_sunday = dg.ScheduleDefinition(
        name="rebuild_search_weekly",
        job=rebuild_job,
        cron_schedule=CRON,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[rebuild_job, roll_back_job], schedules=[every_sunday])
