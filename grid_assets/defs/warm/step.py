"""What the warm step does when it runs."""

import dagster as dg

from grid_assets.defs.config import CopyConfig
from grid_assets.defs.copying import Results, copy_results
from grid_assets.pipeline.warm import warm
from resources.wrappers.platform import PlatformResource


def warm_events(context: dg.AssetExecutionContext, config: CopyConfig, resource: PlatformResource) -> Results:
    """Bring the cache up to date and yield the asset's result."""
    return copy_results(context, config, resource, warm)
