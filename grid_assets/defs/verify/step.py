"""What the verification step does when it runs."""

import dagster as dg

from grid_assets.defs.config import StageConfig
from grid_assets.defs.running import Events, events, others_shown, step_of
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.verify_stage import STAGE, verify
from grid_assets.presentation.details import Metadata
from resources.wrappers.platform import PlatformResource

QUALITIES = ("measured", "revised", "edited", "estimated", "missing")


def verify_events(context: dg.AssetExecutionContext, config: StageConfig, resource: PlatformResource) -> Events:
    """Verify the run's days and yield the results of the tables and the gate."""
    with step_of(context, resource, config.chunk_readings) as step:
        with others_shown(step):
            outcome = verify(step.platform, step.driver, step.reporter, step.days)
        yield from events(step, STAGE, outcome, _numbers(outcome))


def _numbers(outcome: StageOutcome) -> Metadata:
    return {
        "days verified": len(set(outcome.days)),
        "days changed": len(set(outcome.changed)),
        **{f"intervals {quality}": outcome.rows.get(quality, 0) for quality in QUALITIES},
    }
