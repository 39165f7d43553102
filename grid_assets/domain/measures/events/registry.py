"""Every kind of event, in the order of the reference."""

from grid_assets.domain.measures.events.asset_outage import ASSET_OUTAGE
from grid_assets.domain.measures.events.data import GAP, SPIKE
from grid_assets.domain.measures.events.kind import EventKind
from grid_assets.domain.measures.events.overload import OVERLOAD
from grid_assets.domain.measures.events.theft import SUSPECTED_THEFT
from grid_assets.domain.measures.events.voltage import SAG, SENSOR_OUTAGE, SWELL

EVENT_KINDS: tuple[EventKind, ...] = (
    ASSET_OUTAGE,
    SENSOR_OUTAGE,
    SAG,
    SWELL,
    OVERLOAD,
    SPIKE,
    GAP,
    SUSPECTED_THEFT,
)
"""Every kind of event; outage has two definitions, one for an area and one for a voltage sensor."""
