"""Typed hits: every field of a kind has its place and its type."""

from dataclasses import fields
from datetime import UTC, date, datetime

import pytest

from grid_assets.domain.search.documents import document_kinds
from grid_assets.domain.search.hits import HIT_CLASSES, EventHit, ReadingHit, SensorHit, results_of, typed
from grid_assets.domain.search.request import Hit, SearchPage


@pytest.mark.parametrize("grain", ["hour", "raw"])
def test_hits__know_every_field_of_their_kind(grain: str) -> None:
    for kind in document_kinds(grain):
        names = {each.name for each in fields(HIT_CLASSES[kind.name])}
        assert {field.name for field in kind.fields} <= names


def test_typed__fields_have_their_types() -> None:
    given = {"sensor_id": "a", "period_start_utc": "2016-03-27T01:00:00Z", "operating_day": "2016-03-27", "value": 3}
    hit = typed(Hit("a|1", {**given, "quality": ["edited", "measured"], "later": 1}, 2.5, 0.25), ReadingHit)
    assert hit == ReadingHit(
        "a|1",
        2.5,
        0.25,
        sensor_id="a",
        period_start_utc=datetime(2016, 3, 27, 1, tzinfo=UTC),
        operating_day=date(2016, 3, 27),
        value=3.0,
        quality=("edited", "measured"),
    )
    assert isinstance(hit.value, float)


def test_typed__one_quality_is_one_of_several() -> None:
    assert typed(Hit("a", {"quality": "measured"}), ReadingHit).quality == ("measured",)


def test_typed__what_is_missing_is_none() -> None:
    assert typed(Hit("a", {"latest_value": None}), SensorHit) == SensorHit("a")


def test_results__are_gone_through_like_a_list() -> None:
    page = SearchPage((Hit("a", {"severity": "info"}),), 7, {"severity": (("info", 7),)}, "next", "events-1")
    results = results_of(page, EventHit)
    assert [hit.severity for hit in results] == ["info"]
    assert (len(results), results.total, results.next, results.index) == (1, 7, "next", "events-1")
