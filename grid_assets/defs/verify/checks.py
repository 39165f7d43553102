"""The standing checks of the verify stage; the rules of its gate stand with the assets."""

import dagster as dg

from grid_assets.defs.check_specs import held_options, reconciliation_options
from grid_assets.domain.tables import METER_READINGS
from resources.wrappers.platform import PlatformResource


@dg.asset_check(
    **reconciliation_options(
        METER_READINGS.name, "every day received is verified or waits, every interval has one quality."
    )
)
def verify_reconciliation(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """Compare what went into the stage with what came out."""
    from grid_assets.defs.checking import reconcile  # noqa: PLC0415 - loads the clients' libraries
    from grid_assets.presentation.reconciliation import verify_lines  # noqa: PLC0415

    return reconcile(context, platform, verify_lines)


@dg.asset_check(**held_options(METER_READINGS.name))
def verify_held(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """List the batches of the stage that its gate holds back."""
    from grid_assets.defs.checking import held  # noqa: PLC0415 - loads the clients' libraries

    return held(context, platform, "verify")
