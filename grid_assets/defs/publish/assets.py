"""The publish stage's asset: the operational database's copies of the tables that are looked up row by row."""

from collections.abc import Iterator

import dagster as dg

from grid_assets.defs.config import CopyConfig
from grid_assets.presentation.copy_specs import DATABASE_RECORDS, copy_spec
from resources.wrappers.platform import PlatformResource


@dg.multi_asset(specs=[copy_spec(DATABASE_RECORDS)], pool="publish")
def publish_database_records(
    context: dg.AssetExecutionContext, config: CopyConfig, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Publish what changed, or the days of the run config again; rows that stay the same are not written."""
    from grid_assets.defs.publish.step import publish_events  # noqa: PLC0415 - loads the clients' libraries

    yield from publish_events(context, config, platform)
