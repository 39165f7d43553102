"""What a search may ask: each refusal says what was found and what is possible."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from grid_assets.domain.errors import InputError
from grid_assets.domain.search.checking import checked
from grid_assets.domain.search.documents import document_kinds
from grid_assets.domain.search.request import Box, Near, SearchRequest, Window

SENSORS, READINGS, EVENTS = document_kinds("hour")
NOON = datetime(2016, 3, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"kind": "readings"}, "a search for 'readings'"),
        ({"text": "x" * 1_001}, "1,001 characters"),
        ({"text": "x " * 33}, "66 characters"),
        ({"text": None}, "the query None"),
        ({"exact": {"colour": ("red",)}}, "no field 'colour'"),
        ({"exact": {"description": ("red",)}}, "text, which `query` searches"),
        ({"exact": {"region": ()}}, "region is ()"),
        ({"exact": {"region": (1,)}}, "region is (1,)"),
        ({"windows": {"region": Window(1, 2)}}, "region is one word"),
        ({"windows": {"latest_value": Window(2, 1)}}, "from 2.0 to 1.0"),
        ({"windows": {"latest_value": Window(math.nan)}}, "is nan"),
        ({"windows": {"latest_value": Window(high=math.inf)}}, "is inf"),
        ({"windows": {"latest_value": Window(NOON)}}, "bound of latest_value"),
        ({"windows": {"latest_value": Window(low=True)}}, "is True"),
        ({"windows": {"latest_start_utc": Window(1)}}, "bound of latest_start_utc is 1"),
        ({"windows": {"latest_start_utc": Window(datetime(2016, 3, 27))}}, "an instant with an offset"),  # noqa: DTZ001 - the fault
        ({"windows": {"latest_start_utc": Window(date(2016, 3, 27))}}, "an instant with an offset"),
        ({"near": Near(91, 0, 1)}, "latitude is 91"),
        ({"near": Near(0, 181, 1)}, "longitude is 181"),
        ({"near": Near(0, math.nan, 1)}, "longitude is nan"),
        ({"near": Near(0, 0, -1)}, "-1 km"),
        ({"near": Near("0", 0, 1)}, "latitude is '0'"),  # type: ignore[arg-type]
        ({"box": Box(2, 0, 1, 0)}, "from 2 south to 1 north"),
        ({"box": Box(0, -181, 1, 0)}, "west is -181"),
        ({"sort": "distance"}, "sort by distance without a place"),
        ({"sort": "colour"}, "sort is 'colour'"),
        ({"sort": "-relevance"}, "sort is '-relevance'"),
        ({"sort": "description"}, "sort is 'description'"),
        ({"sort": None}, "sort is None"),
        ({"size": 0}, "a page of 0 hits"),
        ({"size": 1_001}, "a page of 1001 hits"),
        ({"size": True}, "a page of True hits"),
        ({"facets": ("latest_value",)}, "latest_value is a number"),
    ],
)
def test_checked__what_cannot_be_answered_is_refused(asked: dict[str, Any], found: str) -> None:
    with pytest.raises(InputError) as refusal:
        checked(SENSORS, SearchRequest(**{"kind": "sensors", **asked}))
    assert found in str(refusal.value)
    assert "Expected" in str(refusal.value)


def test_checked__a_field_of_many_words_sorts_nothing() -> None:
    with pytest.raises(InputError, match="sort is 'quality'"):
        checked(READINGS, SearchRequest("readings", sort="quality"))


def test_checked__names_the_fields_that_are_possible() -> None:
    with pytest.raises(InputError, match=r"event_type.*severity"):
        checked(EVENTS, SearchRequest("events", facets=("message",)))


def test_checked__bounds_and_values_become_plain() -> None:
    later = NOON.astimezone(timezone(timedelta(hours=2)))
    windows = {"period_start_utc": Window(later), "intervals": Window(1, 4), "operating_day": Window(date(2016, 3, 27))}
    made = checked(READINGS, SearchRequest("readings", exact={"region": ("a", "b", "a")}, windows=windows))
    assert made.exact == {"region": ("a", "b")}
    assert made.windows["period_start_utc"].low == NOON
    assert made.windows["intervals"] == Window(1.0, 4.0)
    assert checked(READINGS, made) == made
