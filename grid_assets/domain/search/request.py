"""What a search asks and what it answers, for every kind of document and every engine.

Checks that need no index are in `checking.py`; the typed hits that users see are in `hits.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

Bound = float | int | datetime | date


@dataclass(frozen=True)
class Window:
    """Values from `low` to `high`, both included; None leaves that end open."""

    low: Bound | None = None
    high: Bound | None = None


@dataclass(frozen=True)
class Near:
    """Within some kilometres of a point (WGS 84), along the great circle."""

    latitude: float
    longitude: float
    kilometres: float


@dataclass(frozen=True)
class Box:
    """Between two latitudes and two longitudes (WGS 84), edges included; west > east across 180 degrees."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True)
class SearchRequest:
    """One search. All of the parts given have to hold; facets count what they leave.

    `text` is words to find (typos and beginnings of words count too; exact ids come first); empty text finds all.
    `exact` maps fields to the values of which one must hold, `windows` maps fields to ranges. `sort` is `relevance`,
    `distance` (needs `near`), or a field, with a minus sign before it for largest first. `after` is a cursor that an
    earlier page gave.
    """

    kind: str
    text: str = ""
    exact: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    near: Near | None = None
    box: Box | None = None
    sort: str = "relevance"
    size: int = 20
    after: str | None = None
    facets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """One document found: its id, fields by name, score, and distance where the search was near a point."""

    id: str
    fields: Mapping[str, Any]
    score: float | None = None
    distance_km: float | None = None


@dataclass(frozen=True)
class SearchPage:
    """One page of hits; `total` counts all of them, `facets` maps each asked field to (value, count), most first.

    `next` is the cursor of the page after this one, None on the last; `index` names the index that answered.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    next: str | None
    index: str
