"""The verification stage's assets: a partition is an operating day, and materialising it verifies that day again."""

from collections.abc import Iterator

import dagster as dg

from grid_assets.defs.config import StageConfig
from grid_assets.domain.tables import METER_READINGS, METER_READINGS_HISTORY, SENSOR_DATA, SENSORS
from grid_assets.presentation.gates import gate_check_specs
from grid_assets.presentation.specs import Lineage, asset_spec
from resources.wrappers.platform import PlatformResource


@dg.multi_asset(
    specs=[
        asset_spec(Lineage(METER_READINGS, [SENSOR_DATA.name, SENSORS.name])),
        asset_spec(Lineage(METER_READINGS_HISTORY, [SENSOR_DATA.name])),
    ],
    check_specs=gate_check_specs("verify"),
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="verify",
)
def verify_readings(
    context: dg.AssetExecutionContext, config: StageConfig, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Verify the run's days, or what changed where the run names none; days that stay the same are not written."""
    from grid_assets.defs.verify.step import verify_events  # noqa: PLC0415 - loads the clients' libraries

    yield from verify_events(context, config, platform)
