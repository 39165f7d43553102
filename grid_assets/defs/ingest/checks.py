"""The standing checks of the ingest stage; the rules of its gate stand with the assets."""

import dagster as dg

from grid_assets.defs.check_specs import held_options, reconciliation_options
from grid_assets.domain.tables import SENSOR_DATA
from resources.wrappers.platform import PlatformResource


@dg.asset_check(
    **reconciliation_options(
        SENSOR_DATA.name, "rows received = stored + duplicate + quarantined, and the tables hold as many."
    )
)
def ingest_reconciliation(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """Compare what went into the stage with what came out."""
    from grid_assets.defs.checking import reconcile  # noqa: PLC0415 - loads the clients' libraries
    from grid_assets.presentation.reconciliation import ingest_lines  # noqa: PLC0415

    return reconcile(context, platform, ingest_lines)


@dg.asset_check(**held_options(SENSOR_DATA.name))
def ingest_held(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """List the batches of the stage that its gate holds back."""
    from grid_assets.defs.checking import held  # noqa: PLC0415 - loads the clients' libraries

    return held(context, platform, "ingest")
