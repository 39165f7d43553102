"""The conformance suite of queries: every request that can be asked, held against the oracle; and judged words.

It is written against the interface alone, so that another backend joins by a line in `QUERY_BACKENDS`.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from grid_assets.domain.search.fields import Role
from grid_assets.domain.search.request import Bound, Box, Near, SearchPage, SearchRequest, Window
from resources.clients.search.base import SearchEngine
from resources.clients.search.tantivy_engine import TantivyEngine
from tests.contract.search import queries_oracle as oracle
from tests.contract.search.queries_corpus import KINDS, PLACES, Document, MakeEngine, corpus
from tests.contract.search.queries_judgments import Judgment
from tests.properties import examples

QUERY_BACKENDS: Mapping[str, MakeEngine] = {"tantivy": TantivyEngine}
CLOSE_KM = 1e-6
"""Two ways to compute a distance agree to this; places as close as that to a circle's edge are not asked about."""
MOST_PAGES = 12
RANGED = (Role.NUMBER, Role.COUNT, Role.TIME, Role.DAY, Role.LATITUDE)
WORDS = (
    "energy",
    "household",
    "val_spike",
    "VAL_GAP",
    "suspected_theft",
    "voltage",
    "lv",
    "l017",
    "LV-L003.power",
    "müßiggang",
    "SAO",
    "street",
    "feeder",
    "t2",
    "a",
    "",
)
_NUMBERS = st.sampled_from([-4.0, -3.75, -0.0, 0.0, 1.0, 2.5, 229.99999999999997, 230.0, 1e300]) | st.floats(-5, 300)
_INSTANTS = st.integers(0, 8 * 96).map(
    lambda quarter: datetime(2016, 3, 25, tzinfo=UTC) + timedelta(minutes=15 * quarter)
)
_DAYS = st.integers(0, 9).map(lambda number: date(2016, 3, 24) + timedelta(days=number))


def hold(engine: SearchEngine, usual: int, *, in_order: bool = False) -> None:
    """Hold an engine filled with the corpus against the oracle, by requests at edges and generated ones.

    In order, the same requests are asked each time, and none is made smaller.

    Raises:
        AssertionError: Where the engine differs from the oracle.
    """
    for edge in edges():
        check(engine, edge)

    @settings(
        examples(usual),
        deadline=None,
        phases=[Phase.generate] if in_order else tuple(Phase),
        derandomize=in_order or settings().derandomize,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(request=requests())
    def answers_as_the_oracle(request: SearchRequest) -> None:
        assume(_is_clear_of_the_edge(request))
        check(engine, request)

    answers_as_the_oracle()


def edges() -> Iterator[SearchRequest]:
    """Yield requests that chance meets too seldom: ranges that end at known values, and circles short of places."""
    for kind in KINDS:
        for name in _names(kind, *RANGED):
            field = KINDS[kind].field(name)
            known = _bounds(kind, name, Role.NUMBER if field is None else field.role)
            for value in known[len(known) // 2 :][:1]:
                for window in (Window(value, value), Window(value, known[-1]), Window(known[0], value)):
                    yield SearchRequest(kind, windows={name: window}, size=200)
        for here, there in itertools.permutations(PLACES[:6], 2):
            place = Document("", date.min, {"latitude": there[0], "longitude": there[1]})
            apart = oracle.kilometres(Near(*here, 0.0), place)
            if apart > 1:
                yield SearchRequest(kind, near=Near(*here, 0.95 * apart), sort="distance", size=60)


def check(engine: SearchEngine, request: SearchRequest) -> None:
    """Hold all pages of one request against the oracle."""
    expected = oracle.found_by(request)
    first = engine.search(request)
    assert first.total == len(expected)
    assert first.index == engine.live(request.kind)
    assert first.facets == {name: oracle.facet(name, expected) for name in request.facets}
    hits = [hit for page in _pages(engine, request, first) for hit in page.hits]
    known = {document.id: document for document in expected}
    assert sorted(hit.id for hit in hits) == sorted(known)
    assert all(hit.fields == known[hit.id].fields for hit in hits)
    _check_order(request, [known[hit.id] for hit in hits], expected)
    if request.near is not None:
        told = [hit.distance_km for hit in hits]
        assert told == pytest.approx([oracle.kilometres(request.near, known[hit.id]) for hit in hits], abs=CLOSE_KM)


def _pages(engine: SearchEngine, request: SearchRequest, first: SearchPage) -> list[SearchPage]:
    """Return every page of a request; few and large ones where there are many hits."""
    if first.total > MOST_PAGES * request.size:
        request = replace(request, size=-(-first.total // MOST_PAGES))
        first = engine.search(request)
    pages = [first]
    while pages[-1].next is not None:
        assert len(pages[-1].hits) == request.size
        pages.append(engine.search(replace(request, after=pages[-1].next)))
        assert pages[-1].hits
        assert pages[-1].total == first.total
    return pages


def _check_order(request: SearchRequest, found: list[Document], expected: list[Document]) -> None:
    if request.sort != "distance":
        assert [each.id for each in found] == [each.id for each in oracle.ordered(request, expected)]
        return
    distances = [oracle.kilometres(request.near, document) for document in found]
    assert all(here <= there + CLOSE_KM for here, there in itertools.pairwise(distances))
    for one, other in itertools.pairwise(found):
        assert _place(one) != _place(other) or one.id < other.id


def _place(document: Document) -> tuple[float, float]:
    return document.fields["latitude"], document.fields["longitude"]


def _is_clear_of_the_edge(request: SearchRequest) -> bool:
    """Return whether no place lies so close to the circle's edge that rounding decides."""
    if request.near is None:
        return True
    km = request.near.kilometres
    distances = [oracle.kilometres(request.near, document) for document in corpus()[request.kind]]
    return all(each == km or not math.isclose(each, km, abs_tol=CLOSE_KM) for each in distances)


@st.composite
def requests(draw: st.DrawFn) -> SearchRequest:
    """Draw any request that can be answered: with none, one or two parts, so that mostly something is found."""
    kind = draw(st.sampled_from(list(KINDS)))
    parts = draw(st.sets(st.sampled_from(["text", "exact", "windows", "near", "box"]), max_size=2))
    near = draw(nears()) if "near" in parts else None
    sorts = [field.name for field in KINDS[kind].fields if field.role is not Role.WORDS and not field.is_many]
    sort = draw(st.sampled_from(["relevance", "id", *sorts]))
    if sort != "relevance" and draw(st.booleans()):
        sort = f"-{sort}"
    return SearchRequest(
        kind,
        draw(texts()) if "text" in parts else "",
        draw(exacts(kind)) if "exact" in parts else {},
        draw(windows(kind)) if "windows" in parts else {},
        near,
        draw(boxes()) if "box" in parts else None,
        "distance" if near is not None and draw(st.booleans()) else sort,
        draw(st.integers(1, 60)),
        None,
        tuple(draw(st.lists(st.sampled_from(_names(kind, Role.EXACT, Role.DAY)), max_size=2, unique=True))),
    )


def texts() -> st.SearchStrategy[str]:
    """Draw words of the corpus, some with a letter changed, cut off, or in capitals; mostly none."""
    word = st.builds(_spoiled, st.sampled_from(WORDS), st.integers(0, 9), st.sampled_from("xe1 -"))
    return (
        st.just("")
        | st.lists(word, max_size=3).map(" ".join)
        | st.sampled_from(["*", "a b", "[box]", '"', "TO", "AND"])
    )


def _spoiled(word: str, at: int, letter: str) -> str:
    ways = (word, word.upper(), word[:at], word[:at] + letter + word[at + 1 :], word[:at] + letter + word[at:], word)
    return ways[at % len(ways)]


@st.composite
def exacts(draw: st.DrawFn, kind: str) -> dict[str, tuple[str, ...]]:
    """Draw filters on up to two fields, with values that exist and one that does not."""
    names = draw(st.lists(st.sampled_from(_names(kind, Role.EXACT)), min_size=1, max_size=2, unique=True))
    return {name: tuple(draw(st.lists(st.sampled_from(_values(kind, name)), min_size=1, max_size=4))) for name in names}


def _values(kind: str, name: str) -> list[str]:
    return [value for value, _ in oracle.facet(name, corpus()[kind])] + ["no such value"]


@st.composite
def windows(draw: st.DrawFn, kind: str) -> dict[str, Window]:
    """Draw ranges on up to two fields, some open."""
    names = draw(st.lists(st.sampled_from(_names(kind, *RANGED)), min_size=1, max_size=2, unique=True))
    return {name: draw(_window(kind, name)) for name in names}


@st.composite
def _window(draw: st.DrawFn, kind: str, name: str) -> Window:
    field = KINDS[kind].field(name)
    role = Role.NUMBER if field is None else field.role
    others: st.SearchStrategy[Bound] = {Role.TIME: _INSTANTS, Role.DAY: _DAYS}.get(role, _NUMBERS)
    known = _bounds(kind, name, role)
    values = st.sampled_from(known) | others if known else others
    low, high = draw(st.none() | values), draw(st.none() | values)
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        low, high = high, low
    return Window(low, high)


@cache
def _bounds(kind: str, name: str, role: Role) -> tuple[Bound, ...]:
    """Return the values of a field that documents have, for ranges that begin and end right at them."""
    values = {document.fields[name] for document in corpus()[kind] if name in document.fields}
    parse = {Role.TIME: datetime.fromisoformat, Role.DAY: date.fromisoformat}.get(role)
    return tuple(sorted(values if parse is None else map(parse, values)))


def nears() -> st.SearchStrategy[Near]:
    """Draw circles around places of the corpus and others, from a point to half of the globe."""
    place = st.sampled_from(PLACES) | st.tuples(st.floats(-90, 90), st.floats(-180, 180))
    radius = st.sampled_from([0.0, 5.0, 9.0, 15.0, 40.0, 120.0, 9_000.0, 25_000.0]) | st.floats(0, 500)
    return st.builds(lambda at, km: Near(at[0], at[1], km), place, radius)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Draw boxes with edges through places of the corpus, some across 180 degrees."""
    latitude = st.sampled_from([place[0] for place in PLACES]) | st.floats(-90, 90)
    longitude = st.sampled_from([place[1] for place in PLACES]) | st.floats(-180, 180)
    south, north = sorted((draw(latitude), draw(latitude)))
    return Box(south, draw(longitude), north, draw(longitude))


def _names(kind: str, *roles: Role) -> list[str]:
    return [field.name for field in KINDS[kind].fields if field.role in roles]


def judge(engine: SearchEngine, judgment: Judgment) -> None:
    """Hold the first hits of some words against what people mean by them."""
    page = engine.search(SearchRequest(judgment.kind, judgment.query, size=max(judgment.within, 1)))
    name, is_value, value = judgment.expected.partition("=")
    if not judgment.expected:
        assert page.total == 0
    elif is_value:
        assert page.hits
        assert all(value in hit.fields.get(name, ()) for hit in page.hits)
    else:
        assert judgment.expected in [hit.id for hit in page.hits]
