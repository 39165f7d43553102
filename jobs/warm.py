"""Warm: the job that brings the cache up to date, and its schedule for the morning's readers."""

import dagster as dg

from grid_assets.presentation.copy_specs import WARM_CACHE
from jobs.purposes import PURPOSE
from resources.settings import GridSettings

WARM = "warm"
CRON = "15 6 * * *"

warm_job = dg.define_asset_job(
    WARM,
    selection=dg.AssetSelection.assets(WARM_CACHE),
    description="Warm the cache with what changed: all days that are held where it lost everything. `days_from` and "
    "`days_to` in the run config put days in place again.",
    tags={PURPOSE: WARM},
)


def definitions(settings: GridSettings) -> dg.Definitions:
    """Return the job and its schedule, in the grid's zone."""
    every_morning = dg.ScheduleDefinition(
        name="warm_daily",
        job=warm_job,
        cron_schedule=CRON,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[warm_job], schedules=[every_morning])
