"""The standing check of the cache."""

import dagster as dg

from grid_assets.defs.check_specs import agreement_options
from grid_assets.presentation.copy_specs import WARM_CACHE
from resources.wrappers.platform import PlatformResource


@dg.asset_check(**agreement_options(WARM_CACHE, "the newest days held have every member that the lake has."))
def cache_agrees(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """Ask the cache for the members that the lake names."""
    from grid_assets.defs.checking import agree  # noqa: PLC0415 - loads the clients' libraries
    from grid_assets.presentation.copy_books import cache_lines  # noqa: PLC0415

    return agree(context, platform, cache_lines)
