"""The aggregation stage's assets, made in one step: the measures share their intermediate relations."""

from collections.abc import Iterator

import dagster as dg

from grid_assets.defs.config import StageConfig
from grid_assets.domain.tables import (
    EVENTS,
    FEEDER_BALANCE,
    LOAD_BY_ASSET,
    LOAD_DAILY,
    LOAD_HOURLY,
    METER_READINGS,
    SENSOR_LATEST,
    SENSORS,
    VOLTAGE_DAILY,
)
from grid_assets.presentation.gates import gate_check_specs
from grid_assets.presentation.specs import Lineage, asset_spec
from resources.wrappers.platform import PlatformResource

_PLACED = (LOAD_HOURLY, LOAD_DAILY, LOAD_BY_ASSET, FEEDER_BALANCE, VOLTAGE_DAILY, EVENTS)
"""Tables whose rows need a sensor's place or limits from the catalogue."""


@dg.multi_asset(
    specs=[
        *(asset_spec(Lineage(table, [METER_READINGS.name], looks_up=[SENSORS.name])) for table in _PLACED),
        asset_spec(Lineage(SENSOR_LATEST, [METER_READINGS.name])),
    ],
    check_specs=gate_check_specs("aggregate"),
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="aggregate",
)
def aggregate_readings(
    context: dg.AssetExecutionContext, config: StageConfig, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Aggregate the run's days, or what changed where the run names none; tables that stay the same are not written."""
    from grid_assets.defs.aggregate.step import aggregate_events  # noqa: PLC0415 - loads the clients' libraries

    yield from aggregate_events(context, config, platform)
