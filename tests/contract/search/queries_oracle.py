"""What a search should find, in plain Python over the corpus: no index, and nothing of the code that is tested."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from grid_assets.domain.search.fields import DocumentKind, Role
from grid_assets.domain.search.request import Box, Near, SearchRequest, Window
from tests.contract.search.queries_corpus import KINDS, Document, corpus

RADIUS_KM = 6371.0088
NAMES_COUNT = 64.0
NAME_WEIGHT = 2.0
MOST_VALUES = 100
HALF_TURN = 180.0


def found_by(request: SearchRequest) -> list[Document]:
    """Return the documents that fit a request, in no order."""
    kind = KINDS[request.kind]
    return [document for document in corpus()[request.kind] if _fits(kind, document, request)]


def ordered(request: SearchRequest, found: Iterable[Document]) -> list[Document]:
    """Return documents in the order of the request's sort, ties by id; for distance see `kilometres`."""
    kind = KINDS[request.kind]
    by_id = sorted(found, key=lambda document: document.id)
    if request.sort == "relevance":
        return sorted(by_id, key=lambda document: -(score(kind, document, request.text) or 0.0))
    if request.sort == "distance":
        return sorted(by_id, key=lambda document: kilometres(request.near, document))
    name = request.sort.removeprefix("-")
    if name == "id":
        return by_id[::-1] if request.sort.startswith("-") else by_id
    present = [document for document in by_id if name in document.fields]
    absent = [document for document in by_id if name not in document.fields]
    # A sort that goes down keeps ties by id going up, as Python's own does.
    return sorted(present, key=lambda document: document.fields[name], reverse=request.sort.startswith("-")) + absent


def facet(name: str, found: Iterable[Document]) -> tuple[tuple[str, int], ...]:
    """Return how many documents have each value of a field, most first, then by value; the first hundred."""
    values = (document.fields[name] for document in found if name in document.fields)
    counts = Counter(word for value in values for word in ([value] if isinstance(value, str) else value))
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:MOST_VALUES])


def kilometres(near: Near | None, document: Document) -> float:
    """Return the distance of a document, by the angle between two directions from the middle of the earth."""
    if near is None or "latitude" not in document.fields:
        return math.inf
    here = _direction(near.latitude, near.longitude)
    there = _direction(document.fields["latitude"], document.fields["longitude"])
    cross = math.hypot(*(here[a] * there[b] - here[b] * there[a] for a, b in ((1, 2), (2, 0), (0, 1))))
    return RADIUS_KM * math.atan2(cross, math.fsum(a * b for a, b in zip(here, there, strict=True)))


def score(kind: DocumentKind, document: Document, text: str) -> float | None:
    """Return how well a document fits some text, or None where it does not."""
    if not text.strip():
        return 0.0
    own = NAMES_COUNT if document.id == text.strip() else 0.0
    chunks = [(chunk, words_of(chunk)) for chunk in text.split()]
    if not any(words for _, words in chunks):
        bonus = own + _named(kind, document, text.strip())
        return bonus or None
    total = 0.0
    typing = bool(chunks[-1][1]) and text[-1].isalnum()
    for place, (_, words) in enumerate(chunks):
        for number, word in enumerate(words):
            is_last = typing and place == len(chunks) - 1 and number == len(words) - 1
            best = _best(kind, document, word, is_last=is_last)
            if best is None:
                return own or None
            total += best
    names = dict.fromkeys([text.strip(), *(chunk for chunk, words in chunks if words)])
    total += math.fsum(_coded(kind, document, chunk) for chunk, words in chunks if len(words) > 1)
    return total + own + math.fsum(_named(kind, document, name) for name in names)


@cache
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, folded: small letters without accents."""
    return tuple(_folded(word) for word in re.findall(r"[^\W_]+", text))


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _fits(kind: DocumentKind, document: Document, request: SearchRequest) -> bool:
    return (
        all(_is_one_of(document, name, values) for name, values in request.exact.items())
        and all(_is_within(kind, document, name, window) for name, window in request.windows.items())
        and (request.near is None or kilometres(request.near, document) <= request.near.kilometres)
        and (request.box is None or _is_in_box(document, request.box))
        and score(kind, document, request.text) is not None
    )


def _is_one_of(document: Document, name: str, values: tuple[str, ...]) -> bool:
    value = document.id if name == "id" else document.fields.get(name, [])
    return bool({value} & set(values) if isinstance(value, str) else set(value) & set(values))


def _is_within(kind: DocumentKind, document: Document, name: str, window: Window) -> bool:
    field = kind.field(name)
    value = document.fields.get(name)
    if value is None or field is None:
        return False
    number = _comparable(value, field.role)
    low, high = (_comparable(bound, field.role) for bound in (window.low, window.high))
    return (low is None or number >= low) and (high is None or number <= high)


def _comparable(value: Any, role: Role) -> Any:  # noqa: ANN401 - whatever the field holds
    if role is Role.TIME and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    return date.fromisoformat(value) if role is Role.DAY and isinstance(value, str) else value


def _is_in_box(document: Document, box: Box) -> bool:
    if "latitude" not in document.fields or not box.south <= document.fields["latitude"] <= box.north:
        return False
    own = document.fields["longitude"]
    names = {own, -own} if abs(own) == HALF_TURN else {own}
    if box.west <= box.east:
        return any(box.west <= longitude <= box.east for longitude in names)
    return any(longitude >= box.west or longitude <= box.east for longitude in names)


def _direction(latitude: float, longitude: float) -> tuple[float, float, float]:
    north, east = math.radians(latitude), math.radians(longitude)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)


def _named(kind: DocumentKind, document: Document, text: str) -> float:
    names = [field for field in kind.fields if field.role is Role.EXACT and field.weight >= NAME_WEIGHT]
    return math.fsum(
        NAMES_COUNT * field.weight
        for field in names
        if field.name in document.fields and _folded(document.fields[field.name]) == _folded(text)
    )


def _best(kind: DocumentKind, document: Document, word: str, *, is_last: bool) -> float | None:
    shares = (
        field.weight * share
        for field in kind.fields
        if field.weight and field.name in document.fields
        for share in (_share(word, _words_in(document.fields[field.name]), is_last=is_last),)
        if share
    )
    called = [
        field.weight / 16
        for field in kind.fields
        if field.role is Role.EXACT and field.name in document.fields
        if field.weight and word in set(field.name.split("_")) - {"id", "ids", "type"}
    ]
    return max([*shares, *called], default=None)


def _coded(kind: DocumentKind, document: Document, text: str) -> float:
    return math.fsum(
        field.weight / 2
        for field in kind.fields
        if field.role is Role.EXACT and field.weight and field.weight < NAME_WEIGHT
        if {text, text.lower(), text.upper()} & set(_texts(document.fields.get(field.name, [])))
    )


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _words_in(value: str | list[str]) -> frozenset[str]:
    return frozenset(word for text in _texts(value) for word in words_of(text))


@cache
def _share(word: str, words: frozenset[str], *, is_last: bool) -> float:
    if word in words:
        return 1.0
    if is_last and any(other.startswith(word) for other in words):
        return 1 / 2
    if not word.isalpha():
        return 0.0
    typos = min((_typos(word, other) for other in words), default=9)
    if typos <= 1 and len(word) >= 4:
        return 1 / 4
    if typos <= 2 and len(word) >= 8:
        return 1 / 8
    begun = is_last and len(word) >= 6 and any(_typos(word, other[:end]) <= 1 for other in words for end in _ends(word))
    return 1 / 16 if begun else 0.0


def _ends(word: str) -> range:
    return range(len(word) - 1, len(word) + 2)


@cache
def _typos(one: str, other: str) -> int:
    """Return how many letters are to be put in, left out, changed or swapped with their neighbour."""
    if abs(len(one) - len(other)) > 2:
        return 9
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
