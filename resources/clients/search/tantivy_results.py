"""What people get to see of what was found: hits from the stored documents, and facets."""

import json
from collections.abc import Mapping, Sequence
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from grid_assets.domain.search.checking import RELEVANCE, place_fields
from grid_assets.domain.search.geo import distance_km
from grid_assets.domain.search.request import Hit, Near, SearchRequest
from resources.clients.search.tantivy_query_pages import Found
from resources.clients.search.tantivy_query_target import Target
from resources.clients.search.tantivy_schema import SOURCE

if TYPE_CHECKING:
    from tantivy import Query

MOST_VALUES = 100
"""Values that a facet lists, the most frequent ones."""
_MOST_COMPARED = 10_000
"""Distinct values among which those with equal counts are listed in order; of more, any of the equal ones are."""
_MOST_COUNTED = 1_000_000
"""Distinct values that are counted exactly in each segment of an index."""


def hits_of(target: Target, asked: SearchRequest, found: Sequence[Found]) -> tuple[Hit, ...]:
    """Return hits with all fields of their documents, and the distance where the search is near a point."""
    return tuple(_hit(target, asked, each) for each in found)


def facet_counts(target: Target, query: "Query", names: Sequence[str]) -> Mapping[str, tuple[tuple[str, int], ...]]:
    """Return how many documents of a query have each value of some fields, most first, then by value."""
    if not names:
        return {}
    size = {"size": _MOST_COMPARED, "shard_size": _MOST_COUNTED}
    answer = target.searcher.aggregate(query, {name: {"terms": {"field": name, **size}} for name in names})
    return {name: _counts(answer[name]["buckets"]) for name in names}


def _counts(buckets: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, int], ...]:
    counts = ((str(bucket["key"]), int(bucket["doc_count"])) for bucket in buckets)
    return tuple(nsmallest(MOST_VALUES, counts, key=lambda each: (-each[1], each[0])))


def _hit(target: Target, asked: SearchRequest, found: Found) -> Hit:
    fields: dict[str, Any] = json.loads(bytes(target.searcher.doc(found.address).get_first(SOURCE) or b"{}"))
    has_score = asked.sort == RELEVANCE and bool(asked.text.strip())
    return Hit(
        found.id,
        fields,
        float(found.key) if has_score and found.key is not None else None,
        None if asked.near is None else _distance(target, asked.near, fields),
    )


def _distance(target: Target, near: Near, fields: Mapping[str, Any]) -> float:
    latitude, longitude = place_fields(target.kind)
    return distance_km((near.latitude, near.longitude), (float(fields[latitude]), float(fields[longitude])))
