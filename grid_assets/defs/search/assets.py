"""The search stages' assets: three indices that follow what changed, and the full rebuild of all of them.

The rebuild has a pool of its own: it may take long, and until it is done the live indices are kept up to date.
"""

from collections.abc import Iterator

import dagster as dg

from grid_assets.defs.config import CopyConfig, KindsConfig
from grid_assets.presentation.copy_specs import KINDS, SEARCH_REBUILD, copy_spec, index_asset
from resources.wrappers.platform import PlatformResource


@dg.multi_asset(specs=[copy_spec(index_asset(kind.name)) for kind in KINDS], pool="index")
def index_copies(
    context: dg.AssetExecutionContext, config: CopyConfig, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Index what changed, or the days of the run config again; documents that stay the same are not written."""
    from grid_assets.defs.search.step import index_events  # noqa: PLC0415 - loads the clients' libraries

    yield from index_events(context, config, platform)


@dg.multi_asset(specs=[copy_spec(SEARCH_REBUILD)], pool="rebuild")
def rebuild_indices(
    context: dg.AssetExecutionContext, config: KindsConfig, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Build the indices of some kinds anew, check them against the lake and make them live."""
    from grid_assets.defs.search.step import rebuild_events  # noqa: PLC0415 - loads the clients' libraries

    yield from rebuild_events(context, config, platform)
