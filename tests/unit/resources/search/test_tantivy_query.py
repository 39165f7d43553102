"""Queries on Tantivy: what the oracle of the contract does not reach."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.errors import InputError
from grid_assets.domain.search.cursor import Cursor, encode
from grid_assets.domain.search.request import Near, SearchRequest, Window
from resources.clients.search import tantivy_query_order, tantivy_query_places
from resources.clients.search.base import SearchEngine
from resources.clients.search.tantivy_engine import TantivyEngine
from tests.contract.search.queries import check
from tests.contract.search.queries_corpus import corpus, filled
from tests.properties import examples


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    made = filled(TantivyEngine, Path(tmp_path_factory.mktemp("search")))
    yield made
    made.close()


@examples(150)
@given(text=st.text(max_size=200), kind=st.sampled_from(["sensors", "events"]))
def test_text__any_characters_are_safe(engine: SearchEngine, text: str, kind: str) -> None:
    page = engine.search(SearchRequest(kind, text))
    assert page.total >= len(page.hits)


@pytest.mark.parametrize(
    "text", ['a" OR b:*', "sensor_id:*", "+energy -power", "energy~9", "(", "/.*/", "energy^9", "\\", "{* TO *}"]
)
def test_text__is_no_language_of_queries(engine: SearchEngine, text: str) -> None:
    assert engine.search(SearchRequest("sensors", text)).total < len(corpus()["sensors"])


def test_text__without_words_finds_all(engine: SearchEngine) -> None:
    assert engine.search(SearchRequest("sensors", " \t\n")).total == len(corpus()["sensors"])


def test_text__a_digit_is_no_typo(engine: SearchEngine) -> None:
    assert {hit.fields["meter_id"] for hit in engine.search(SearchRequest("sensors", "LV-L017 ")).hits} == {"LV-L017"}


def test_text__a_word_that_is_ended_is_no_beginning(engine: SearchEngine) -> None:
    assert engine.search(SearchRequest("sensors", "house")).total > 0
    assert engine.search(SearchRequest("sensors", "house ")).total == 0


def test_windows__instants_that_no_index_holds(engine: SearchEngine) -> None:
    always = Window(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
    found = engine.search(SearchRequest("events", windows={"started_at_utc": always}))
    assert found.total == len(corpus()["events"])


def test_windows__both_ends_open_find_what_has_a_value(engine: SearchEngine) -> None:
    check(engine, SearchRequest("sensors", windows={"latest_value": Window()}))


@pytest.mark.parametrize("most", [1, 3, 20])
def test_near__more_places_than_one_answer_holds(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(tantivy_query_places, "MOST_BUCKETS", most)
    for centre in (Near(50.2, 8.3, 40), Near(0, 179.95, 120), Near(90, 0, 50), Near(0, 0, 25_000)):
        check(engine, SearchRequest("sensors", near=centre, sort="distance", size=9))


@pytest.mark.parametrize("scans", [0, 1, 3])
def test_relevance__more_hits_of_one_score_than_are_taken_at_once(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch, scans: int
) -> None:
    monkeypatch.setattr(tantivy_query_order, "MOST_SCANS", scans)
    monkeypatch.setattr(tantivy_query_order, "TAKEN_AT_ONCE", 9)
    for text in ("energy", "household", "lv", "energy sud"):
        check(engine, SearchRequest("sensors", text, size=7))


def test_cursor__with_a_key_of_another_type_is_refused(engine: SearchEngine) -> None:
    for sort in ("latest_value", "latest_start_utc", "region", "id", "interval_minutes"):
        asked = SearchRequest("sensors", sort=sort)
        index = engine.search(asked).index
        forged = encode(Cursor([1], "x"), replace(asked), index)  # type: ignore[arg-type]
        with pytest.raises(InputError):
            engine.search(replace(asked, after=forged))
        key = 1 if sort in {"latest_value", "region", "id"} else 1.5
        with pytest.raises(InputError, match="another order"):
            engine.search(replace(asked, after=encode(Cursor(key, "x"), asked, index)))


def test_cursor__goes_on_behind_a_document_that_is_gone(engine: SearchEngine) -> None:
    asked = SearchRequest("sensors", sort="id")
    after = encode(Cursor("LV-L003.energy-that-was", "LV-L003.energy-that-was"), asked, engine.search(asked).index)
    assert engine.search(replace(asked, after=after)).hits[0].id == "LV-L003.power"
