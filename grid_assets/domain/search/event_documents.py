"""The kind `events`: one document per event, placed at its sensor or in the middle of its asset's sensors."""

from grid_assets.domain.measures.measure import exact
from grid_assets.domain.search.common_fields import LOCATION, OPERATING_DAY, SENSOR_ID, UNIT
from grid_assets.domain.search.fields import DocumentKind, Role, SearchField
from grid_assets.domain.tables import EVENTS, SENSORS

_ASSET_COLUMNS = {
    "transformer": "transformer_id",
    "feeder": "feeder_id",
    "substation": "substation_id",
    "region": "region",
}


def _mean(column: str) -> str:
    return f"CAST(SUM({exact(column)}) AS DOUBLE) / NULLIF(COUNT({column}), 0) AS {column}"


_ASSET_PLACES = "\n    UNION ALL ".join(
    f"SELECT '{kind}' AS asset_type, {column} AS asset_id, {_mean('latitude')}, {_mean('longitude')} "
    f"FROM sensors WHERE {column} IS NOT NULL GROUP BY {column}"
    for kind, column in _ASSET_COLUMNS.items()
)

EVENTS_KIND = DocumentKind(
    "events",
    "What happened on the grid and in the data: outages, sags, swells, overloads, spikes, gaps, suspected theft.",
    (
        SearchField("event_id", Role.EXACT, "Stable id: the same facts give the same id.", 4.0),
        SearchField("event_type", Role.EXACT, "Such as outage or suspected_theft.", 2.0),
        SearchField("severity", Role.EXACT, "info, warning or critical.", 1.0),
        SENSOR_ID,
        SearchField("asset_type", Role.EXACT, "Kind of grid asset, where an asset is meant.", 1.0),
        SearchField("asset_id", Role.EXACT, "The grid asset, where one is meant.", 3.0),
        SearchField("started_at_utc", Role.TIME, "Start of the first interval."),
        SearchField("ended_at_utc", Role.TIME, "End of the last interval."),
        SearchField("value", Role.NUMBER, "The decisive value."),
        SearchField("limit_value", Role.NUMBER, "The limit that it is held against."),
        UNIT,
        SearchField("place", Role.WORDS, "Region, substation, feeder and transformer, in words.", 1.5),
        SearchField("message", Role.WORDS, "The event in one sentence.", 1.0),
        OPERATING_DAY,
        *LOCATION,
    ),
    f"""
WITH asset_places AS (
    {_ASSET_PLACES}
)
SELECT e.event_id AS id, e.operating_day, e.event_id, e.event_type, e.severity, e.sensor_id, e.asset_type, e.asset_id,
       e.started_at_utc, e.ended_at_utc, e.value, e.limit_value, e.unit, e.place, e.message,
       COALESCE(s.latitude, a.latitude) AS latitude, COALESCE(s.longitude, a.longitude) AS longitude
FROM events AS e
LEFT JOIN sensors AS s ON s.sensor_id = e.sensor_id
LEFT JOIN asset_places AS a ON a.asset_type = e.asset_type AND a.asset_id = e.asset_id""",
    daily=EVENTS,
    whole=(SENSORS,),
)
