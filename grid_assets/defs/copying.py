"""What the step of every copy does around its pipeline function: the days asked for, errors, and results."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import dagster as dg

from grid_assets.defs.config import CopyConfig
from grid_assets.defs.running import Step, step_of
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.reporter import Reporter
from grid_assets.pipeline.span import days_between
from grid_assets.presentation.copies import copied_numbers, copy_shown
from resources.clients.platform import Platform
from resources.wrappers.platform import PlatformResource

Results = Iterator[dg.MaterializeResult[None]]
Follower = Callable[[Platform, str, Reporter, Sequence[date] | None], StageOutcome]


def copy_results(
    context: dg.AssetExecutionContext, config: CopyConfig, resource: PlatformResource, follower: Follower
) -> Results:
    """Run a follower for what changed, or for the days of the run config; yield a result for each asset of the step."""
    with step_of(context, resource) as step:
        outcome = follower(step.platform, step.driver, step.reporter, _days(step, config))
        numbers = copied_numbers(outcome)
        for spec in context.assets_def.specs:
            name = spec.key.path[-1]
            yield dg.MaterializeResult(asset_key=name, metadata={**numbers, **copy_shown(step.platform, name)})


def _days(step: Step, config: CopyConfig) -> tuple[date, ...] | None:
    return days_between(step.platform, *config.span) if config.is_range else None
