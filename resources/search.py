"""The published calls for searching: sensors, meter readings and events, with typed hits.

Words are found with typos, by their beginnings and by parts of ids; ids typed whole come first. All filters given have
to hold. One engine is kept open per folder of indices, so a call costs what its search costs.
"""

from collections.abc import Sequence

from grid_assets.domain.intervals import zone_of
from grid_assets.domain.search.asking import Ask, Exact, Moment, request_of
from grid_assets.domain.search.hits import AnyHit, EventHit, ReadingHit, SearchResults, SensorHit, results_of
from resources.clients.database.shared import Shared, resolved
from resources.clients.search.base import SearchEngine
from resources.settings import GridSettings
from resources.wiring import make_search

_ENGINES: Shared[SearchEngine] = Shared(make_search, lambda settings: settings.search_folder)


def search_sensors(  # noqa: PLR0913 - every filter by its name
    query: str = "",
    sensor_type: Exact = None,
    min_value: float | None = None,
    max_value: float | None = None,
    *,
    sensor_id: Exact = None,
    meter_id: Exact = None,
    feeder_id: Exact = None,
    transformer_id: Exact = None,
    substation_id: Exact = None,
    region: Exact = None,
    near: Sequence[float] | None = None,
    box: Sequence[float] | None = None,
    sort: str = "relevance",
    size: int = 20,
    after: str | None = None,
    facets: Sequence[str] = (),
    settings: GridSettings | None = None,
) -> SearchResults[SensorHit]:
    """Return the sensors that fit, the best first.

    Args:
        query: Words to find in ids, types, places and descriptions; empty finds all.
        sensor_type: One type such as `voltage`, or several; so for every other filter that is a text.
        min_value: Smallest latest verified value, in the sensor's unit; included.
        max_value: Largest latest verified value; included.
        sensor_id: Sensors by their ids.
        meter_id: Sensors of a meter.
        feeder_id: Sensors on a feeder.
        transformer_id: Sensors behind a transformer.
        substation_id: Sensors under a substation.
        region: Sensors of a region.
        near: (latitude, longitude, kilometres), WGS 84: within that distance.
        box: (south, west, north, east), edges included; west > east across 180 degrees.
        sort: `relevance`, `distance` (needs `near`) or a field, with a minus sign before it for largest first; ties
            come by id. Without words, relevance is the distance where `near` is given and the id elsewhere.
        size: Hits of a page, 1 to 1,000.
        after: `next` of the page before.
        facets: Fields whose values are counted over all hits.
        settings: Where the indices are; by default the environment says so.

    Raises:
        InputError: If an argument cannot be used; the message names what is possible.
        SearchError: If there is no index yet, or none with today's fields.
    """
    places = {"feeder_id": feeder_id, "transformer_id": transformer_id, "substation_id": substation_id}
    exact = {"sensor_type": sensor_type, "sensor_id": sensor_id, "meter_id": meter_id, "region": region, **places}
    ask = Ask(query, exact, min_value, max_value, None, None, near, box, sort, size, after, facets)
    return _results("sensors", ask, SensorHit, settings)


def search_readings(  # noqa: PLR0913 - every filter by its name
    query: str = "",
    sensor_type: Exact = None,
    min_value: float | None = None,
    max_value: float | None = None,
    *,
    start: Moment = None,
    end: Moment = None,
    quality: Exact = None,
    rule_ids: Exact = None,
    sensor_id: Exact = None,
    meter_id: Exact = None,
    feeder_id: Exact = None,
    transformer_id: Exact = None,
    substation_id: Exact = None,
    region: Exact = None,
    near: Sequence[float] | None = None,
    box: Sequence[float] | None = None,
    sort: str = "relevance",
    size: int = 20,
    after: str | None = None,
    facets: Sequence[str] = (),
    settings: GridSettings | None = None,
) -> SearchResults[ReadingHit]:
    """Return the verified readings that fit: by default one hit stands for a sensor's hour.

    Args as for `search_sensors`, and:

    Args:
        query: Words to find in ids, places, descriptions and reasons.
        sensor_type: One type or several.
        min_value: Smallest value, in the sensor's unit; included.
        max_value: Largest value; included.
        start: First start of a period: an instant with an offset, or a day of the grid's zone; included.
        end: Last start of a period; a day is included whole.
        quality: measured, revised, edited, estimated or missing; an hour has the qualities of all its intervals.
        rule_ids: Rules that fired.
        sensor_id: Readings of a sensor.
        meter_id: Readings of a meter.
        feeder_id: Readings on a feeder.
        transformer_id: Readings behind a transformer.
        substation_id: Readings under a substation.
        region: Readings of a region.
        near: (latitude, longitude, kilometres).
        box: (south, west, north, east).
        sort: Such as `-value` or `period_start_utc`.
        size: Hits of a page.
        after: `next` of the page before.
        facets: Fields whose values are counted, such as `quality` and `operating_day`.
        settings: Where the indices are.

    Raises:
        InputError: If an argument cannot be used.
        SearchError: If there is no index yet, or none with today's fields.
    """
    places = {"feeder_id": feeder_id, "transformer_id": transformer_id, "substation_id": substation_id}
    exact = {"sensor_type": sensor_type, "sensor_id": sensor_id, "meter_id": meter_id, "region": region, **places}
    exact |= {"quality": quality, "rule_ids": rule_ids}
    ask = Ask(query, exact, min_value, max_value, start, end, near, box, sort, size, after, facets)
    return _results("readings", ask, ReadingHit, settings)


def search_events(  # noqa: PLR0913 - every filter by its name
    query: str = "",
    event_type: Exact = None,
    severity: Exact = None,
    *,
    start: Moment = None,
    end: Moment = None,
    min_value: float | None = None,
    max_value: float | None = None,
    sensor_id: Exact = None,
    asset_type: Exact = None,
    asset_id: Exact = None,
    near: Sequence[float] | None = None,
    box: Sequence[float] | None = None,
    sort: str = "relevance",
    size: int = 20,
    after: str | None = None,
    facets: Sequence[str] = (),
    settings: GridSettings | None = None,
) -> SearchResults[EventHit]:
    """Return the events that fit; an event of an asset stands in the middle of the asset's sensors.

    Args:
        query: Words to find in ids, types, places and messages.
        event_type: One type such as `outage`, or several.
        severity: info, warning or critical.
        start: First start of an event: an instant with an offset, or a day of the grid's zone; included.
        end: Last start of an event; a day is included whole.
        min_value: Smallest decisive value; included.
        max_value: Largest decisive value; included.
        sensor_id: Events of a sensor.
        asset_type: transformer, feeder, substation or region.
        asset_id: Events of an asset.
        near: (latitude, longitude, kilometres).
        box: (south, west, north, east).
        sort: Such as `-started_at_utc`.
        size: Hits of a page.
        after: `next` of the page before.
        facets: Fields whose values are counted, such as `event_type`.
        settings: Where the indices are.

    Raises:
        InputError: If an argument cannot be used.
        SearchError: If there is no index yet, or none with today's fields.
    """
    exact = {"event_type": event_type, "severity": severity, "sensor_id": sensor_id}
    exact |= {"asset_type": asset_type, "asset_id": asset_id}
    ask = Ask(query, exact, min_value, max_value, start, end, near, box, sort, size, after, facets)
    return _results("events", ask, EventHit, settings)


def _results(kind: str, ask: Ask, of: type[AnyHit], settings: GridSettings | None) -> SearchResults[AnyHit]:
    known = resolved(settings)
    request = request_of(kind, ask, zone_of(known.time_zone))
    return results_of(_ENGINES.of(known).search(request), of)
