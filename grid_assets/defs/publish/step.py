"""What the publish step does when it runs."""

import dagster as dg

from grid_assets.defs.config import CopyConfig
from grid_assets.defs.copying import Results, copy_results
from grid_assets.pipeline.publish_records import publish_records
from resources.wrappers.platform import PlatformResource


def publish_events(context: dg.AssetExecutionContext, config: CopyConfig, resource: PlatformResource) -> Results:
    """Bring the database's records up to date and yield the asset's result."""
    return copy_results(context, config, resource, publish_records)
