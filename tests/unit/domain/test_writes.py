"""What callers may write, and what is refused before anything is stored."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.errors import InputError
from grid_assets.domain.writes import Stamp, Write, checked, checked_ttl, encoded, stamped

NOW = datetime(2016, 3, 27, 12, 0, 0, 1, tzinfo=UTC)
STAMP = Stamp("request", NOW)
ROW: dict[str, Any] = {"table": "sensor_data", "sensor_id": "001", "value": 220.5}


def asked(operation: str = "insert", key: str = "sensor:001", **row: object) -> Write:
    return checked(key, {"value": 220.5}, {**ROW, **row}, operation, STAMP)


def test_checked__without_a_timestamp_takes_the_time_of_the_call() -> None:
    write = asked()
    assert write.row == {"sensor_id": "001", "timestamp": "2016-03-27T12:00:00.000001Z", "value": 220.5}
    assert write.row_key == "sensor_data|001|2016-03-27T12:00:00.000001Z"
    assert (write.cache_value, write.ttl_seconds) == (b'{"value":220.5}', None)


@pytest.mark.parametrize(
    "timestamp",
    [
        "2016-03-27T12:00:00Z",
        "2016-03-27T14:00:00+02:00",
        datetime(2016, 3, 27, 14, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_checked__writes_every_instant_in_one_way(timestamp: object) -> None:
    assert asked(timestamp=timestamp).row["timestamp"] == "2016-03-27T12:00:00.000000Z"


def test_checked__an_update_is_a_revision_unless_it_says_otherwise() -> None:
    assert asked("update", timestamp="2016-03-27T12:00:00Z").row["quality"] == "revised"
    assert asked("update", timestamp="2016-03-27T12:00:00Z", quality="estimated").row["quality"] == "estimated"
    assert "quality" not in asked().row


@pytest.mark.parametrize(
    ("row", "operation", "names"),
    [
        ({"table": "meter_readings"}, "insert", "meter_readings"),
        ({"table": None}, "insert", "None"),
        ({}, "delete", "delete"),
        ({}, "update", "timestamp"),
        ({"humidity": 1}, "insert", "humidity"),
        ({"sensor_id": None}, "insert", "sensor_id"),
        ({"sensor_id": ""}, "insert", "sensor_id"),
        ({"sensor_id": "a\nb"}, "insert", "sensor_id"),
        ({"sensor_id": "x" * 201}, "insert", "sensor_id"),
        ({"sensor_id": 1}, "insert", "sensor_id"),
        ({"value": None}, "insert", "value"),
        ({"value": True}, "insert", "value"),
        ({"value": "220.5"}, "insert", "value"),
        ({"value": math.nan}, "insert", "value"),
        ({"value": math.inf}, "insert", "value"),
        ({"value": 10**400}, "insert", "value"),
        ({"timestamp": "yesterday"}, "insert", "timestamp"),
        ({"timestamp": ""}, "insert", "timestamp"),
        ({"timestamp": "2016-03-27T12:00:00"}, "insert", "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+02:00"}, "insert", "timestamp"),
        ({"unit": ""}, "insert", "unit"),
    ],
)
def test_checked__refuses_and_says_what(row: dict[str, Any], operation: str, names: str) -> None:
    with pytest.raises(InputError, match=names):
        asked(operation, **row)


def test_checked__refuses_a_row_that_is_no_mapping() -> None:
    with pytest.raises(InputError, match="list"):
        checked("key", 1, [1], "insert", STAMP)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["", "grid:latest:001", "x" * 513, "\ud800"])
def test_checked__refuses_keys_that_are_not_the_callers(key: str) -> None:
    with pytest.raises(InputError, match="cache key"):
        asked(key=key)


@pytest.mark.parametrize("value", [math.nan, {"a": math.inf}, {1, 2}, b"bytes", object(), "\ud800", "x" * 1_000_001])
def test_encoded__refuses_what_json_cannot_hold(value: object) -> None:
    with pytest.raises(InputError):
        encoded(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON)
def test_encoded__keeps_any_json_value(value: object) -> None:
    try:
        stored = encoded(value)
    except InputError:
        assert "\\ud" in json.dumps(value), "only halves of characters are refused"
    else:
        assert json.loads(stored) == value


@pytest.mark.parametrize("ttl", [0, -1, math.nan, math.inf, True, "60"])
def test_checked_ttl__refuses_what_is_no_time(ttl: Any) -> None:  # noqa: ANN401 - what a caller may give
    with pytest.raises(InputError, match="ttl"):
        checked_ttl(ttl)


def test_checked_ttl__none_is_for_ever() -> None:
    assert checked_ttl(None) is None
    assert checked_ttl(60) == 60.0


def test_stamped__takes_the_callers_id_or_a_fresh_one() -> None:
    assert stamped("mine", "fresh", NOW) == Stamp("mine", NOW)
    assert stamped(None, "fresh", NOW) == Stamp("fresh", NOW)
    with pytest.raises(InputError, match="request_id"):
        stamped("x" * 65, "fresh", NOW)
    with pytest.raises(InputError, match="request_id"):
        stamped("", "fresh", NOW)
