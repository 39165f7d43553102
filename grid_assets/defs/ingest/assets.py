"""The ingest stage's assets. Both steps take whatever has arrived: a landing file knows no partition."""

from collections.abc import Iterator

import dagster as dg

from grid_assets.domain.tables import QUARANTINE, SENSOR_DATA, SENSORS, SENSORS_HISTORY
from grid_assets.presentation.gates import gate_check_specs
from grid_assets.presentation.specs import LANDING_FILES, Lineage, asset_spec, landing_spec
from resources.wrappers.platform import PlatformResource

landing_files = landing_spec()


@dg.multi_asset(
    specs=[
        asset_spec(Lineage(SENSORS, [LANDING_FILES])),
        asset_spec(Lineage(SENSORS_HISTORY, [LANDING_FILES])),
        asset_spec(Lineage(QUARANTINE, [LANDING_FILES])),
    ],
    can_subset=True,
    pool="ingest",
)
def ingest_catalogue(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Amend the catalogue by the sensor files that have arrived."""
    from grid_assets.defs.ingest.step import catalogue_events  # noqa: PLC0415 - loads the clients' libraries

    yield from catalogue_events(context, platform)


@dg.multi_asset(
    specs=[asset_spec(Lineage(SENSOR_DATA, [LANDING_FILES, SENSORS.name]))],
    check_specs=gate_check_specs("ingest"),
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="ingest",
)
def ingest_readings(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Take every reading file that has arrived, each once by its content."""
    from grid_assets.defs.ingest.step import readings_events  # noqa: PLC0415 - loads the clients' libraries

    yield from readings_events(context, platform)
