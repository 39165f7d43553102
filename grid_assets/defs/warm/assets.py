"""The warm stage's asset: what stands ready in the cache."""

from collections.abc import Iterator

import dagster as dg

from grid_assets.defs.config import CopyConfig
from grid_assets.presentation.copy_specs import WARM_CACHE, copy_spec
from resources.wrappers.platform import PlatformResource


@dg.multi_asset(specs=[copy_spec(WARM_CACHE)], pool="warm")
def warm_the_cache(
    context: dg.AssetExecutionContext, config: CopyConfig, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Warm what changed, or the days of the run config again; every other generation stays as it is."""
    from grid_assets.defs.warm.step import warm_events  # noqa: PLC0415 - loads the clients' libraries

    yield from warm_events(context, config, platform)
