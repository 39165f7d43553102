"""What the aggregation step does when it runs."""

import dagster as dg

from grid_assets.defs.config import StageConfig
from grid_assets.defs.running import Events, events, others_shown, step_of
from grid_assets.pipeline.aggregate_stage import STAGE, aggregate
from grid_assets.presentation.details import Metadata
from resources.wrappers.platform import PlatformResource


def aggregate_events(context: dg.AssetExecutionContext, config: StageConfig, resource: PlatformResource) -> Events:
    """Aggregate the run's days and yield the results of the tables and the gate."""
    with step_of(context, resource, config.chunk_readings) as step:
        with others_shown(step):
            outcome = aggregate(step.platform, step.driver, step.reporter, step.days)
        numbers: Metadata = {
            "days aggregated": len(set(outcome.days)),
            "days changed": len(set(outcome.changed)),
            "rows written": sum(outcome.rows.values()),
        }
        yield from events(step, STAGE, outcome, numbers)
