"""The standing check of the operational database's records."""

import dagster as dg

from grid_assets.defs.check_specs import agreement_options
from grid_assets.presentation.copy_specs import DATABASE_RECORDS
from resources.wrappers.platform import PlatformResource


@dg.asset_check(**agreement_options(DATABASE_RECORDS, "the live rows of each published table are those of the lake."))
def records_agree(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """Compare the number of live rows with the lake's, table by table."""
    from grid_assets.defs.checking import agree  # noqa: PLC0415 - loads the clients' libraries
    from grid_assets.presentation.copy_books import records_lines  # noqa: PLC0415

    return agree(context, platform, records_lines)
