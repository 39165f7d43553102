"""Being in a box or near a point, as filters.

Many documents share few places, so a circle is resolved by its places: a box around it gives the places in question,
the great circle decides on each, and the documents at those that are near are asked for by their coordinates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from grid_assets.domain.search.checking import place_fields
from grid_assets.domain.search.geo import box_around, distance_km, longitude_spans
from grid_assets.domain.search.request import Box, Near
from resources.clients.search.tantivy_query_target import Range, Target, all_of, any_of, between, in_range

if TYPE_CHECKING:
    from tantivy import Query

MOST_BUCKETS = 60_000
"""Places that one aggregation may return; more are asked for in halves of the box."""


@dataclass(frozen=True)
class Place:
    """A point where documents are: how many were found there, and how far it is."""

    km: float
    latitude: float
    longitude: float
    documents: int


def box_query(target: Target, box: Box) -> "Query":
    """Return the query of the documents in a box, edges included."""
    latitude, longitude = place_fields(target.kind)
    spans = [between(target, longitude, float(west), float(east)) for west, east in longitude_spans(box)]
    return all_of(None, [between(target, latitude, float(box.south), float(box.north)), any_of(spans)], ())


def circle(target: Target, query: "Query", near: Near) -> tuple["Query", Sequence[Place], Sequence["Query"]]:
    """Return the box around a circle, the places within the circle, nearest first, and queries of what to leave out.

    Left out are places outside of the circle that share one coordinate with one place of it and one with another.
    """
    box = box_around(near)
    inside: list[Place] = []
    outside: list[Place] = []
    for place in _places(target, query, box, near):
        (inside if place.km <= near.kilometres else outside).append(place)
    latitudes, longitudes = {place.latitude for place in inside}, {place.longitude for place in inside}
    strays = [place for place in outside if place.latitude in latitudes and place.longitude in longitudes]
    inside.sort(key=lambda place: (place.km, place.latitude, place.longitude))
    return box_query(target, box), inside, [circle_query(target, [place]) for place in strays]


def circle_query(target: Target, places: Sequence[Place]) -> "Query":
    """Return the query of the documents whose latitude is one of some places' and whose longitude is one of them."""
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    if not places:
        return Query.empty_query()
    latitude, longitude = place_fields(target.kind)
    north = Query.term_set_query(target.schema, latitude, _signed(place.latitude for place in places))
    east = Query.term_set_query(target.schema, longitude, _signed(place.longitude for place in places))
    return all_of(None, [north, east], ())


def exactly(target: Target, places: Sequence[Place]) -> "Query":
    """Return the query of the documents at some places, pair by pair."""
    ordered = sorted(places, key=lambda place: place.latitude)
    rows = [list(row) for _, row in groupby(ordered, key=lambda place: place.latitude)]
    return any_of([circle_query(target, row) for row in rows])


@dataclass(frozen=True)
class _Cell:
    """A part of a box; parts of one box share no place."""

    north: Range
    east: Range

    def halves(self) -> tuple["_Cell", "_Cell"]:
        """Return both halves, cut across the longer side."""
        is_tall = self.north.high - self.north.low >= self.east.high - self.east.low
        cut = self.north if is_tall else self.east
        middle = (cut.low + cut.high) / 2
        low = replace(cut, high=middle, with_high=False)
        high = replace(cut, low=middle, with_low=True)
        if is_tall:
            return replace(self, north=low), replace(self, north=high)
        return replace(self, east=low), replace(self, east=high)


def _places(target: Target, query: "Query", box: Box, near: Near) -> Iterator[Place]:
    """Yield every place in a box where documents of a query are, each once."""
    cells = [_Cell(Range(box.south, box.north), Range(west, east)) for west, east in longitude_spans(box)]
    while cells:
        cell = cells.pop()
        found = _places_in(target, query, cell)
        if found is None:
            cells.extend(cell.halves())
        else:
            yield from _counted(found, near)


def _places_in(target: Target, query: "Query", cell: _Cell) -> list[dict[str, Any]] | None:
    """Return latitudes with their longitudes and counts, or None where a cell has too many for one answer."""
    latitude, longitude = place_fields(target.kind)
    ranges = [in_range(target, latitude, cell.north), in_range(target, longitude, cell.east)]
    most = {"size": MOST_BUCKETS, "shard_size": MOST_BUCKETS}
    inner = {"east": {"terms": {"field": longitude, **most}}}
    asked = {"north": {"terms": {"field": latitude, **most}, "aggs": inner}}
    try:
        answer = target.searcher.aggregate(all_of(None, [query, *ranges], ()), asked)["north"]
    except ValueError as error:
        if "bucket limit" in str(error):
            return None
        raise
    rows: list[dict[str, Any]] = answer["buckets"]
    is_cut = answer["sum_other_doc_count"] or any(row["east"]["sum_other_doc_count"] for row in rows)
    return None if is_cut else rows


def _counted(rows: list[dict[str, Any]], near: Near) -> Iterator[Place]:
    here = (near.latitude, near.longitude)
    for north in rows:
        for east in north["east"]["buckets"]:
            there = (float(north["key"]) + 0.0, float(east["key"]) + 0.0)
            yield Place(distance_km(here, there), *there, int(east["doc_count"]))


def _signed(values: Iterator[float]) -> list[float]:
    """Return distinct values; zero with both signs, which the index keeps apart."""
    distinct = sorted({value + 0.0 for value in values})
    return [*distinct, -0.0] if 0.0 in distinct else distinct
