"""Ordered pieces of what a query finds: by id, by a field behind a value, by score; each without counting through."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import groupby
from typing import TYPE_CHECKING

from grid_assets.domain.search.cursor import Key
from grid_assets.domain.search.fields import Role
from resources.clients.search.tantivy_query_target import (
    Keyed,
    Range,
    Target,
    all_of,
    between,
    having,
    in_range,
    instant_of,
)
from resources.clients.search.tantivy_schema import DAY, ID

if TYPE_CHECKING:
    from tantivy import DocAddress, Query

Scored = tuple[float, str, "DocAddress"]
TAKEN_AT_ONCE = 256
"""Hits that are taken from the top at first."""
MOST_SCANS = 3
"""How often hits of one score are looked for in the order of ids, twice as many ids each time."""
_BREAKS = frozenset('"()[]{}')
_LAST_LETTER = chr(0x10FFFF)


@dataclass(frozen=True)
class Sorting:
    """A field to sort by, largest first or smallest first."""

    name: str
    is_down: bool = False


def by_id(
    target: Target, query: "Query", behind: str | None, need: int, *, is_down: bool = False
) -> list[tuple[str, "DocAddress"]]:
    """Return the next documents in the order of their ids, as (id, address)."""
    return _by_text(target, query, Sorting(ID, is_down), behind, need)


def leading(target: Target, query: "Query", sorting: Sorting, behind: Key, need: int) -> list[Keyed]:
    """Return the next documents behind a value in the order of a field, as (value, address); never those without.

    Values are what the index sorts by: instants in nanoseconds, days as numbers. Ties have no order here.
    """
    role = target.role(sorting.name)
    if role is Role.EXACT:
        return _by_text(target, query, sorting, behind, need)
    name = DAY if role is Role.DAY else sorting.name
    if role is Role.DAY:
        query = all_of(None, [query, having(sorting.name)], ())
    if behind is not None:
        end = instant_of(behind) if role is Role.TIME and isinstance(behind, int) else behind
        rest = Range(high=end, with_high=False) if sorting.is_down else Range(low=end, with_low=False)
        query = all_of(None, [query, in_range(target, name, rest)], ())
    return _sorted(target, query, Sorting(name, sorting.is_down), need)


def with_value(target: Target, query: "Query", name: str, value: Key) -> "Query":
    """Return what a query finds with just this value in a field."""
    role = target.role(name)
    if role is Role.EXACT:
        return all_of(None, [query, target.term(name, value)], ())
    end = instant_of(value) if role is Role.TIME and isinstance(value, int) else value
    return all_of(None, [query, between(target, DAY if role is Role.DAY else name, end, end)], ())


def missing(query: "Query", name: str) -> "Query":
    """Return what a query finds without any value in a field."""
    return all_of(None, [query], [having(name)])


def by_score(target: Target, query: "Query", last: float | None, behind: str | None, need: int) -> list[Scored]:
    """Return the next documents from the best score down, equal scores by id, as (score, id, address).

    Scores cannot be asked for, so the best ones are taken from the top. Where many hits share a score, those needed
    are looked for in the order of ids; else more and more are taken, until enough are behind the last page.
    """
    limit = max(2 * need, TAKEN_AT_ONCE)
    while True:
        hits = target.searcher.search(query, limit=limit, count=False).hits
        is_whole = len(hits) < limit
        found: list[Scored] = []
        groups = [(score, [each[1] for each in group]) for score, group in groupby(hits, key=lambda hit: hit[0])]
        for number, (score, members) in enumerate(groups, 1):
            if last is not None and score > last:
                continue
            start = behind if score == last else None
            is_cut = number == len(groups) and not is_whole
            wanted = need - len(found)
            chosen = _scanned(target, query, score, start, wanted) if is_cut else _first(target, members, start, wanted)
            found += [(score, name, address) for name, address in chosen or ()]
            if len(found) >= need:
                return found
        if is_whole:
            return found
        limit *= 4


def _first(
    target: Target, members: Sequence["DocAddress"], behind: str | None, need: int
) -> list[tuple[str, "DocAddress"]]:
    """Return the members with the smallest ids behind one."""
    named = ((target.id_of(address), address) for address in members)
    return nsmallest(need, (each for each in named if behind is None or each[0] > behind), key=lambda each: each[0])


def _scanned(
    target: Target, query: "Query", score: float, behind: str | None, need: int
) -> list[tuple[str, "DocAddress"]] | None:
    """Return the next documents of one score in the order of ids, or None where too few of the ids have it."""
    found: list[tuple[str, DocAddress]] = []
    chunk = 2 * need
    for _ in range(MOST_SCANS):
        hits = by_id(target, query, behind, chunk)
        members = _of_score(target, query, score, [name for name, _ in hits])
        found += [hit for hit in hits if (hit[1].segment_ord, hit[1].doc) in members]
        if len(found) >= need:
            return found[:need]
        if len(hits) < chunk:
            return None
        behind, chunk = hits[-1][0], 2 * chunk
    return None


def _of_score(target: Target, query: "Query", score: float, ids: Sequence[str]) -> frozenset[tuple[int, int]]:
    """Return where the documents of some ids are that have a score."""
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    if not ids:
        return frozenset()
    named = all_of(query, [Query.term_set_query(target.schema, ID, list(ids))], ())
    hits = target.searcher.search(named, limit=len(ids), count=False).hits
    return frozenset((address.segment_ord, address.doc) for found, address in hits if found == score)


def _by_text(
    target: Target, query: "Query", sorting: Sorting, behind: Key, need: int
) -> list[tuple[str, "DocAddress"]]:
    """Return the next documents behind a text in the order of a field of exact words."""
    if behind is None:
        return _sorted(target, query, sorting, need)
    rest = all_of(None, [query, _text_behind(target, sorting, str(behind))], ())
    limit = need
    while True:
        hits = _sorted(target, rest, sorting, limit)
        beyond = [hit for hit in hits if (hit[0] < behind if sorting.is_down else hit[0] > behind)]
        if len(beyond) >= need or len(hits) < limit:
            return beyond[:need]
        limit *= 4


def _text_behind(target: Target, sorting: Sorting, text: str) -> "Query":
    """Return the query of the texts behind one, or of some more where it has letters that a range cannot hold.

    Ranges of texts can only be had through the library's parser, so nothing is given to it that it might take for
    more than a letter: the text is cut before the first such one.
    """
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    safe = next((text[:at] for at, letter in enumerate(text) if letter in _BREAKS or letter.isspace()), text)
    if not safe or safe.startswith("*"):
        return Query.all_query()
    if sorting.is_down:
        return target.index.parse_query(f"{sorting.name}:[* TO {safe}{_LAST_LETTER}]")
    return target.index.parse_query(f"{sorting.name}:[{safe} TO *]")


def _sorted(target: Target, query: "Query", sorting: Sorting, need: int) -> list[Keyed]:
    """Return the first documents in the order of a column that has a value for them."""
    from tantivy import Order  # noqa: PLC0415 - only who searches loads the library

    order = Order.Desc if sorting.is_down else Order.Asc
    answer = target.searcher.search(query, limit=need, count=False, order_by_field=sorting.name, order=order)
    return [hit for hit in answer.hits if hit[0] is not None]
