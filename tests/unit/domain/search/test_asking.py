"""From callers' words to a request."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from grid_assets.domain.errors import InputError
from grid_assets.domain.search.asking import Ask, request_of
from grid_assets.domain.search.request import Box, Near, SearchRequest, Window

BERLIN = ZoneInfo("Europe/Berlin")


def test_request_of__what_is_not_asked_is_left_out() -> None:
    assert request_of("sensors", Ask("water", {"region": None}), BERLIN) == SearchRequest("sensors", "water")


@pytest.mark.parametrize(("kind", "field"), [("sensors", "latest_value"), ("readings", "value"), ("events", "value")])
def test_request_of__values_are_held_against_the_field_of_the_kind(kind: str, field: str) -> None:
    assert request_of(kind, Ask(min_value=1), BERLIN).windows == {field: Window(1, None)}


def test_request_of__a_day_is_whole_even_where_it_has_23_hours() -> None:
    window = request_of("events", Ask(start="2016-03-27", end=date(2016, 3, 27)), BERLIN).windows["started_at_utc"]
    assert window.low == datetime(2016, 3, 26, 23, tzinfo=UTC)
    assert window.high == datetime(2016, 3, 27, 21, 59, 59, 999_999, tzinfo=UTC)


def test_request_of__instants_are_what_they_say() -> None:
    made = request_of("readings", Ask(start="2016-03-27T12:00:00+02:00"), BERLIN)
    assert made.windows == {"period_start_utc": Window(datetime(2016, 3, 27, 10, tzinfo=UTC), None)}


def test_request_of__places_and_single_words() -> None:
    ask = Ask("x", {"region": "Nord"}, near=[50, 8, 2], box=(1, 2, 3, 4), facets="region")
    made = request_of("sensors", ask, BERLIN)
    assert (made.near, made.box) == (Near(50, 8, 2), Box(1, 2, 3, 4))
    assert (made.exact, made.facets, made.sort) == ({"region": ("Nord",)}, ("region",), "relevance")


def test_request_of__near_a_point_without_words_is_nearest_first() -> None:
    assert request_of("sensors", Ask(" ", near=(50, 8, 2)), BERLIN).sort == "distance"
    assert request_of("sensors", Ask(near=(50, 8, 2), sort="region"), BERLIN).sort == "region"


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (Ask(start="yesterday"), "start is 'yesterday'"),
        (Ask(end="2016-03-27T12:00:00"), "without an offset"),
        (Ask(start=7), "start is 7"),  # type: ignore[arg-type]
        (Ask(start=date.min), "start is 0001-01-01"),
        (Ask(near=(1, 2)), "near is"),
        (Ask(box="1234"), "box is '1234'"),  # type: ignore[arg-type]
        (Ask(exact={"region": 5}), "region is 5"),  # type: ignore[dict-item]
    ],
)
def test_request_of__what_cannot_be_understood_is_refused(ask: Ask, found: str) -> None:
    with pytest.raises(InputError) as refusal:
        request_of("events", ask, BERLIN)
    assert found in str(refusal.value)


def test_request_of__an_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match="one of sensors, readings, events"):
        request_of("meters", Ask(), BERLIN)
