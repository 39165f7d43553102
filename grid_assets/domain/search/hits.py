"""What people get from a search: one class per kind of document with typed fields; what a document lacks is None."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from grid_assets.domain.search.request import Hit, SearchPage


@dataclass(frozen=True)
class Found:
    """What every hit has: its id, its score where it was ranked, its distance where a place was asked for."""

    id: str
    score: float | None = None
    distance_km: float | None = None


@dataclass(frozen=True)
class SensorHit(Found):
    """A sensor of the catalogue with its newest verified value; instants are in UTC."""

    sensor_id: str | None = None
    sensor_type: str | None = None
    unit: str | None = None
    meter_id: str | None = None
    transformer_id: str | None = None
    feeder_id: str | None = None
    substation_id: str | None = None
    region: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    interval_minutes: int | None = None
    rated_min: float | None = None
    rated_max: float | None = None
    point_type: str | None = None
    valid_from_utc: datetime | None = None
    valid_to_utc: datetime | None = None
    time_zone: str | None = None
    description: str | None = None
    latest_value: float | None = None
    latest_start_utc: datetime | None = None
    latest_quality: str | None = None


@dataclass(frozen=True)
class ReadingHit(Found):
    """A sensor's hour, or one reading where the index holds those; `raw_value` and `estimation_method` only there.

    `value` of an hour is the sum for energy, the last value of a register and else the mean, in `unit`.
    """

    sensor_id: str | None = None
    sensor_type: str | None = None
    meter_id: str | None = None
    transformer_id: str | None = None
    feeder_id: str | None = None
    substation_id: str | None = None
    region: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    unit: str | None = None
    description: str | None = None
    period_start_utc: datetime | None = None
    minutes: int | None = None
    operating_day: date | None = None
    value: float | None = None
    min_value: float | None = None
    max_value: float | None = None
    raw_value: float | None = None
    quality: tuple[str, ...] = ()
    estimation_method: str | None = None
    intervals: int | None = None
    estimated_intervals: int | None = None
    missing_intervals: int | None = None
    rule_ids: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class EventHit(Found):
    """An event at a sensor or at an asset of the grid; instants are in UTC."""

    event_id: str | None = None
    event_type: str | None = None
    severity: str | None = None
    sensor_id: str | None = None
    asset_type: str | None = None
    asset_id: str | None = None
    started_at_utc: datetime | None = None
    ended_at_utc: datetime | None = None
    value: float | None = None
    limit_value: float | None = None
    unit: str | None = None
    place: str | None = None
    message: str | None = None
    operating_day: date | None = None
    latitude: float | None = None
    longitude: float | None = None


T_co = TypeVar("T_co", bound=Found, covariant=True)


@dataclass(frozen=True)
class SearchResults(Generic[T_co]):
    """One page of typed hits: iterate over it, or index `hits`.

    `total` counts all hits of the search, `facets` maps each asked field to (value, count), most first. `next` gets the
    page behind this one as `after`, None on the last; `index` names the index that answered.
    """

    hits: tuple[T_co, ...]
    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    next: str | None
    index: str

    def __iter__(self) -> Iterator[T_co]:
        """Go through the hits of this page."""
        return iter(self.hits)

    def __len__(self) -> int:
        """Return how many hits this page has."""
        return len(self.hits)


HIT_CLASSES: dict[str, type[Found]] = {"sensors": SensorHit, "readings": ReadingHit, "events": EventHit}
"""The class of the hits of each kind."""
AnyHit = TypeVar("AnyHit", bound=Found)


def results_of(page: SearchPage, of: type[AnyHit]) -> SearchResults[AnyHit]:
    """Return a page with typed hits."""
    return SearchResults(tuple(typed(hit, of) for hit in page.hits), page.total, page.facets, page.next, page.index)


def typed(hit: Hit, of: type[AnyHit]) -> AnyHit:
    """Return a hit as an object of its class; fields that the class does not know are left out."""
    names = [each.name for each in fields(of) if each.name in hit.fields and each.name not in _OWN]
    given = {name: _converter(name)(hit.fields[name]) for name in names if hit.fields[name] is not None}
    return of(id=hit.id, score=hit.score, distance_km=hit.distance_km, **given)


_OWN = frozenset({"id", "score", "distance_km"})
_MANY = frozenset({"quality", "rule_ids"})
_NUMBERS = frozenset(
    {"latitude", "longitude", "rated_min", "rated_max", "latest_value", "value", "min_value", "max_value"}
    | {"raw_value", "limit_value"}
)


def _converter(name: str) -> Callable[[Any], Any]:
    if name.endswith("_utc"):
        return datetime.fromisoformat
    if name == "operating_day":
        return date.fromisoformat
    if name in _MANY:
        return _several
    return float if name in _NUMBERS else _as_it_is


def _several(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _as_it_is(value: object) -> object:
    return value
