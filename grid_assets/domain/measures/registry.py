"""Every step and measure, in the order in which they are computed: each reads only inputs and what stands before it."""

from grid_assets.domain.measures import (
    feeder_balance,
    load_by_asset,
    load_daily,
    load_hourly,
    sensor_latest,
    voltage_daily,
)
from grid_assets.domain.measures.energy import ENERGY, ENERGY_SENSORS, LOAD_DAYS, LOAD_PARTS
from grid_assets.domain.measures.events import table as events
from grid_assets.domain.measures.events.asset_outage import CONSUMER_ASSETS, DEAD_INTERVALS, FEEDER_PARENTS, USUAL_LOADS
from grid_assets.domain.measures.events.theft import EXCHANGE_LOADING
from grid_assets.domain.measures.measure import Measure, Step

STEPS: tuple[Step, ...] = (
    ENERGY_SENSORS,
    ENERGY,
    LOAD_PARTS,
    LOAD_DAYS,
    load_by_asset.MEMBERS,
    load_by_asset.ASSET_HOURS,
    load_by_asset.ASSET_DAYS,
    feeder_balance.EXCHANGES,
    feeder_balance.BALANCES,
    EXCHANGE_LOADING,
    CONSUMER_ASSETS,
    FEEDER_PARENTS,
    USUAL_LOADS,
    DEAD_INTERVALS,
    sensor_latest.CANDIDATES,
    sensor_latest.ORPHANS,
)
"""Intermediate relations, computed before any measure."""

MEASURES: tuple[Measure, ...] = (
    load_hourly.MEASURE,
    load_daily.MEASURE,
    load_by_asset.MEASURE,
    feeder_balance.MEASURE,
    voltage_daily.MEASURE,
    events.MEASURE,
    sensor_latest.MEASURE,
)
"""Every aggregate table."""

BY_NAME: dict[str, Measure] = {measure.name: measure for measure in MEASURES}
"""The measures by the short name of their table."""
