"""The table of events: all kinds together, each event with a stable id and its place in words.

An id is the kind and the MD5 of kind, sensor or asset, and start: the same facts give the same id in whatever order and
however often they are computed.
"""

from collections.abc import Mapping

from grid_assets.domain.measures.events.kind import EVENT_COLUMNS
from grid_assets.domain.measures.events.registry import EVENT_KINDS
from grid_assets.domain.measures.measure import Measure
from grid_assets.domain.tables import EVENTS

PLACE_WORDS = {
    "region": "region",
    "substation": "substation_id",
    "feeder": "feeder_id",
    "transformer": "transformer_id",
}
"""Word of a place -> the catalogue's column, from large to small."""


def _words(columns: Mapping[str, str]) -> str:
    """Return SQL for a place in words from the SQL of each of its parts; null where no part is known."""
    parts = ", ".join(f"CASE WHEN {sql} <> '' THEN CONCAT('{word} ', {sql}) END" for word, sql in columns.items())
    return f"NULLIF(CONCAT_WS(', ', {parts}), '')"


def _asset_place(kind: str) -> str:
    """Return SQL for the places of all assets of a kind: a part is told where all sensors of the asset agree on it."""
    key = PLACE_WORDS[kind]
    only = {
        word: f"CASE WHEN MIN(NULLIF({c}, '')) = MAX(NULLIF({c}, '')) THEN MIN(NULLIF({c}, '')) END"
        for word, c in PLACE_WORDS.items()
    }
    return (
        f"SELECT '{kind}' AS asset_type, {key} AS asset_id, {_words(only)} AS place "
        f"FROM sensors WHERE NULLIF({key}, '') IS NOT NULL GROUP BY {key}"
    )


_UNION = "\nUNION ALL\n".join(f"SELECT {', '.join(EVENT_COLUMNS)} FROM ({kind.sql}) AS kind" for kind in EVENT_KINDS)

MEASURE = Measure(
    EVENTS,
    f"""
WITH found AS ({_UNION}),
sensor_places AS (SELECT sensor_id, {_words(PLACE_WORDS)} AS place FROM sensors),
asset_places AS ({_asset_place("transformer")} UNION ALL {_asset_place("feeder")})
SELECT CONCAT(f.event_type, '-', MD5(CONCAT_WS('|', f.event_type,
           COALESCE(f.sensor_id, CONCAT_WS(':', f.asset_type, f.asset_id)),
           CAST(CAST(EPOCH(f.started_at_utc) AS BIGINT) AS VARCHAR)))) AS event_id,
       f.event_type, f.severity, f.sensor_id, f.asset_type, f.asset_id, f.started_at_utc, f.ended_at_utc,
       f.value, f.limit_value, f.unit, COALESCE(s.place, a.place) AS place, f.message, f.operating_day
FROM found AS f
LEFT JOIN sensor_places AS s ON s.sensor_id = f.sensor_id
LEFT JOIN asset_places AS a ON a.asset_type = f.asset_type AND a.asset_id = f.asset_id""",
    "Events on the grid (outage, sag, swell, overload, suspected theft) and in the data (spike, gap). Consecutive "
    "intervals are one event; an event ends with its operating day. Times in messages are UTC.",
    ("event_id = event_type + '-' + MD5 of event_type, sensor or asset, and start",),
)
