"""What the search steps do when they run."""

import dagster as dg

from grid_assets.defs.config import CopyConfig, KindsConfig
from grid_assets.defs.copying import Results, copy_results
from grid_assets.defs.running import step_of
from grid_assets.pipeline.rebuild import rebuild
from grid_assets.pipeline.reindex import index_changes
from grid_assets.presentation.copies import rebuild_shown
from grid_assets.presentation.copy_specs import SEARCH_REBUILD
from resources.wrappers.platform import PlatformResource


def index_events(context: dg.AssetExecutionContext, config: CopyConfig, resource: PlatformResource) -> Results:
    """Bring the indices up to date and yield a result for each."""
    return copy_results(context, config, resource, index_changes)


def rebuild_events(context: dg.AssetExecutionContext, config: KindsConfig, resource: PlatformResource) -> Results:
    """Build indices anew and yield the asset's result with a line for each."""
    with step_of(context, resource) as step:
        reports = rebuild(step.platform, config.wanted, step.driver, step.reporter)
        yield dg.MaterializeResult(asset_key=SEARCH_REBUILD, metadata=rebuild_shown(reports))
