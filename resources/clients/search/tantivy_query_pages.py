"""Which hits come when: by relevance, by distance or by a field, ties always by id; and where a page goes on.

A page goes on behind the last hit's sort key and id, so what comes is never counted through from the beginning. Hits
with equal keys are a group: groups come in the order of their keys, and a group in the order of its ids. Hits that lack
the field are the last group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from grid_assets.domain.errors import InputError
from grid_assets.domain.search.checking import DISTANCE, RELEVANCE, sort_field
from grid_assets.domain.search.cursor import Cursor, Key
from grid_assets.domain.search.fields import Role
from grid_assets.domain.search.request import SearchRequest
from resources.clients.search.tantivy_query_order import Sorting, by_id, by_score, leading, missing, with_value
from resources.clients.search.tantivy_query_places import Place, exactly
from resources.clients.search.tantivy_query_target import Target, all_of
from resources.clients.search.tantivy_schema import ID

if TYPE_CHECKING:
    from tantivy import DocAddress, Query


@dataclass(frozen=True)
class Found:
    """One hit in its order: what it is sorted by, its id and where the index has it."""

    key: Key
    id: str
    address: "DocAddress"


@dataclass(frozen=True)
class Ordered:
    """The hits of one page in their order, and whether there are none behind it."""

    found: Sequence[Found]
    is_last: bool


def page_of(
    target: Target, query: "Query", asked: SearchRequest, places: Sequence[Place], after: Cursor | None
) -> Ordered:
    """Return one page of what a query finds.

    Args:
        target: The state of the index.
        query: All that is found; its score counts only for relevance.
        asked: The checked request: its sort and its size.
        places: The places of the circle, nearest first, for the order by distance.
        after: The last hit of the page before.

    Raises:
        InputError: If the cursor's key is of another type than the order's.
    """
    need = asked.size + 1
    pages = _Pages(target, query, after)
    if asked.sort == DISTANCE:
        found = pages.by_distance(places, need)
    elif asked.sort == RELEVANCE and asked.text.strip():
        found = pages.by_relevance(need)
    else:
        name, is_down = (ID, False) if asked.sort == RELEVANCE else sort_field(asked.sort)
        found = pages.by_field(Sorting(name, is_down), need)
    return Ordered(found[: asked.size], is_last=len(found) < need)


@dataclass(frozen=True)
class _Pages:
    target: Target
    query: "Query"
    after: Cursor | None

    def by_field(self, sorting: Sorting, need: int) -> list[Found]:
        """Return the next hits in the order of a field."""
        if sorting.name == ID:
            behind = None if self._key(str) is None or self.after is None else self.after.id
            hits = by_id(self.target, self.query, behind, need, is_down=sorting.is_down)
            return [Found(key, key, address) for key, address in hits]
        last = self._key(_KEY_TYPES.get(self.target.role(sorting.name), float))
        found: list[Found] = []
        if self.after is None or last is not None:
            if self.after is not None:
                group = with_value(self.target, self.query, sorting.name, last)
                found += self._group(group, last, self.after.id, need)
            found += self._beyond(sorting, last, need - len(found))
        if len(found) < need:
            behind = self.after.id if self.after is not None and last is None else None
            found += self._group(missing(self.query, sorting.name), None, behind, need - len(found))
        return found

    def by_distance(self, places: Sequence[Place], need: int) -> list[Found]:
        """Return the next hits from near to far."""
        last = self._key(float)
        found: list[Found] = []
        waiting: list[Place] = []
        for km, at in groupby(places, key=lambda place: place.km):
            group = list(at)
            if last is not None and km < last:
                continue
            room = need - len(found) - sum(place.documents for place in waiting)
            if km == last or sum(place.documents for place in group) > room:
                found += self._at(waiting)
                waiting = []
                behind = self.after.id if self.after is not None and km == last else None
                nearby = all_of(None, [self.query, exactly(self.target, group)], ())
                found += self._group(nearby, km, behind, need - len(found))
            else:
                waiting += group
            if len(found) >= need:
                return found
        return found + self._at(waiting)

    def by_relevance(self, need: int) -> list[Found]:
        """Return the next hits from the best score down."""
        last = self._key(float)
        score = float(last) if isinstance(last, float) else None
        hits = by_score(self.target, self.query, score, self.after.id if self.after else None, need)
        return [Found(score, name, address) for score, name, address in hits]

    def _beyond(self, sorting: Sorting, last: Key, need: int) -> list[Found]:
        """Return the next hits behind a value; of the last value's group those with the smallest ids."""
        if need <= 0:
            return []
        hits = leading(self.target, self.query, sorting, last, need)
        if not hits:
            return []
        end = hits[-1][0]
        firm = [Found(key, self.target.id_of(address), address) for key, address in hits if key != end]
        ordered = [each for _, group in groupby(firm, key=_key_of) for each in sorted(group, key=_id_of)]
        group = with_value(self.target, self.query, sorting.name, end)
        return ordered + self._group(group, end, None, need - len(ordered))

    def _group(self, query: "Query", key: Key, behind: str | None, need: int) -> list[Found]:
        if need <= 0:
            return []
        return [Found(key, name, address) for name, address in by_id(self.target, query, behind, need)]

    def _at(self, places: Sequence[Place]) -> list[Found]:
        """Return all hits at some places, nearest first."""
        found: list[Found] = []
        for km, at in groupby(places, key=lambda place: place.km):
            group = list(at)
            nearby = all_of(None, [self.query, exactly(self.target, group)], ())
            found += self._group(nearby, km, None, sum(place.documents for place in group))
        return found

    def _key(self, expected: type) -> "Key":
        key = None if self.after is None else self.after.key
        if key is not None and type(key) is not expected:
            raise InputError("`after` is a cursor of another order", "the `next` of an earlier page, whole")
        return key


_KEY_TYPES: dict[Role, type] = {Role.EXACT: str, Role.COUNT: int, Role.TIME: int, Role.DAY: int}


def _key_of(found: Found) -> Key:
    return found.key


def _id_of(found: Found) -> str:
    return found.id
