"""One search of one Tantivy index: the request becomes a query, the query a page.

A query has scored parts (the words, in `tantivy_query_text.py`) and filters that add nothing to the score. Being near a
point is turned into a filter as well (`tantivy_query_places.py`), so that totals and facets are exact. Which hits come
when, and where a page ends, is in `tantivy_query_pages.py`; what people get to see of them in `tantivy_results.py`.
"""

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from grid_assets.domain.search.checking import checked
from grid_assets.domain.search.cursor import Cursor, decode, encode
from grid_assets.domain.search.fields import DocumentKind, Role
from grid_assets.domain.search.request import SearchPage, SearchRequest, Window
from resources.clients.search.tantivy_index import day_number
from resources.clients.search.tantivy_query_pages import Ordered, page_of
from resources.clients.search.tantivy_query_places import Place, box_query, circle, circle_query
from resources.clients.search.tantivy_query_target import Target, all_of, between, having
from resources.clients.search.tantivy_query_text import text_query
from resources.clients.search.tantivy_results import facet_counts, hits_of
from resources.clients.search.tantivy_schema import DAY, REMOVED

if TYPE_CHECKING:
    from tantivy import Index, Query

I64_MIN, I64_MAX = -(2**63), 2**63 - 1


def run_search(index: "Index", kind: DocumentKind, request: SearchRequest, name: str) -> SearchPage:
    """Return the page that a request asks for, all of it from one state of the index.

    Args:
        index: An open index whose tokenizers are registered; its last commit that was reloaded is searched.
        kind: The kind whose fields the index has.
        request: What is asked; it is checked here.
        name: The name of the index, which cursors are bound to.

    Raises:
        InputError: If the request cannot be used, or its cursor is one of another search or index.
    """
    asked = checked(kind, request)
    after = None if asked.after is None else decode(asked.after, asked, name)
    target = Target(index, index.searcher(), kind)
    query, places = _matching(target, asked)
    total = target.count(query)
    ordered = page_of(target, query, asked, places, after) if total else Ordered((), is_last=True)
    return SearchPage(
        hits_of(target, asked, ordered.found),
        total,
        facet_counts(target, query, asked.facets),
        None if ordered.is_last else encode(Cursor(ordered.found[-1].key, ordered.found[-1].id), asked, name),
        name,
    )


def _matching(target: Target, asked: SearchRequest) -> tuple["Query", Sequence[Place]]:
    """Return the query of everything that is found, and the places within the circle where one is asked for."""
    wanted, unwanted = _filters(target, asked), [target.term(REMOVED, value=True)]
    words = text_query(target, asked.text)
    if asked.near is None:
        return all_of(words, wanted, unwanted), ()
    box, places, strays = circle(target, all_of(words, wanted, unwanted), asked.near)
    near = circle_query(target, places)
    return all_of(words, [*wanted, box, near], [*unwanted, *strays]), places


def _filters(target: Target, asked: SearchRequest) -> list["Query"]:
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    wanted = [Query.term_set_query(target.schema, name, list(values)) for name, values in asked.exact.items()]
    wanted += [_window(target, name, window) for name, window in asked.windows.items()]
    if asked.box is not None:
        wanted.append(box_query(target, asked.box))
    return wanted


def _window(target: Target, name: str, window: Window) -> "Query":
    """Return the query of a range; a field without a value is in no range, be it open at both ends."""
    role = target.role(name)
    low, high = window.low, window.high
    if low is None and high is None:
        return having(name)
    if role is Role.DAY:
        days = [day_number(bound) if isinstance(bound, date) else None for bound in (low, high)]
        return all_of(None, [having(name), between(target, DAY, days[0], days[1])], ())
    if role is Role.TIME:
        return between(target, name, _instant(low), _instant(high))
    if role is Role.COUNT:
        return _count_window(target, name, low, high)
    return between(target, name, low, high)


def _count_window(target: Target, name: str, low: object, high: object) -> "Query":
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    first = max(math.ceil(low), I64_MIN) if isinstance(low, float) else I64_MIN
    last = min(math.floor(high), I64_MAX) if isinstance(high, float) else I64_MAX
    return between(target, name, first, last) if first <= last else Query.empty_query()


def _instant(bound: object) -> datetime | None:
    """Return an instant that the index can hold; before and after those there is nothing."""
    from tantivy import MAX_DATETIME, MIN_DATETIME  # noqa: PLC0415 - only who searches loads the library

    return min(max(bound, MIN_DATETIME), MAX_DATETIME) if isinstance(bound, datetime) else None
