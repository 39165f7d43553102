"""The standing checks of the search indices, one for each kind of document."""

from functools import partial

import dagster as dg

from grid_assets.defs.check_specs import agreement_options
from grid_assets.presentation.copy_specs import KINDS, index_asset
from resources.wrappers.platform import PlatformResource


def _index_check(kind: str) -> dg.AssetChecksDefinition:
    options = agreement_options(index_asset(kind), "the index has as many documents of the newest days as the lake.")

    @dg.asset_check(**options)
    def index_agrees(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
        """Compare the number of documents with the lake's, day by day."""
        from grid_assets.defs.checking import agree  # noqa: PLC0415 - loads the clients' libraries
        from grid_assets.presentation.copy_books import index_lines  # noqa: PLC0415

        return agree(context, platform, partial(index_lines, kind_name=kind))

    return index_agrees


index_checks = [_index_check(kind.name) for kind in KINDS]
