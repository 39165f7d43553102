"""Cursors: they say where a page ended, and fit one search of one index alone."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.errors import InputError
from grid_assets.domain.search.cursor import Cursor, Key, decode, encode
from grid_assets.domain.search.request import Near, SearchRequest, Window

REQUEST = SearchRequest(
    "readings",
    "spike",
    {"region": ("Süd",)},
    {"period_start_utc": Window(datetime(2016, 3, 27, tzinfo=UTC))},
    Near(50, 8, 5),
)
KEYS = st.none() | st.text() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)


@given(KEYS, st.text())
def test_cursor__comes_back_as_it_was(key: Key, name: str) -> None:
    text = encode(Cursor(key, name), REQUEST, "readings-1")
    assert decode(text, REQUEST, "readings-1") == Cursor(key, name)


def test_cursor__another_size_and_other_facets_are_the_same_search() -> None:
    text = encode(Cursor(1.5, "a"), REQUEST, "readings-1")
    assert decode(text, replace(REQUEST, size=7, facets=("region",), after=text), "readings-1") == Cursor(1.5, "a")


@pytest.mark.parametrize(
    "other",
    [
        {"text": "gap"},
        {"sort": "value"},
        {"exact": {}},
        {"windows": {"period_start_utc": Window(datetime(2016, 3, 28, tzinfo=UTC))}},
        {"near": Near(50, 8, 6)},
    ],
)
def test_cursor__of_another_search_is_refused(other: dict[str, object]) -> None:
    text = encode(Cursor(1.5, "a"), REQUEST, "readings-1")
    with pytest.raises(InputError, match="a cursor of another search"):
        decode(text, replace(REQUEST, **other), "readings-1")  # type: ignore[arg-type]


def test_cursor__of_another_index_is_refused() -> None:
    text = encode(Cursor(1.5, "a"), REQUEST, "readings-1")
    with pytest.raises(InputError, match="a cursor of the index readings-1, and readings-2 answers now"):
        decode(text, REQUEST, "readings-2")


@given(st.text() | st.binary().map(lambda some: base64.urlsafe_b64encode(some).decode()))
def test_cursor__any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="`after`"):
        decode(text, REQUEST, "readings-1")


@pytest.mark.parametrize("parts", [{}, [1, 2, 3, 4], ["a", "b", [], "c"], ["a", "b", True, "c"], ["a", "b", 1]])
def test_cursor__of_other_parts_is_refused(parts: object) -> None:
    with pytest.raises(InputError, match="the `next` of an earlier page"):
        decode(base64.urlsafe_b64encode(json.dumps(parts).encode()).decode(), REQUEST, "readings-1")
