"""Which days a person means: both ends, one end, and ends that cannot be meant."""

from datetime import date

import pytest

from grid_assets.domain.errors import InputError
from grid_assets.pipeline.span import days_between
from resources.clients.platform import Platform
from tests.support.landing import DAYS


def test_days_between__are_the_received_days_of_the_span(still: Platform) -> None:
    assert days_between(still, date(2016, 1, 1), DAYS[1]) == DAYS[:2]
    assert days_between(still, DAYS[1], DAYS[1]) == DAYS[1:2]


def test_days_between__end_where_the_received_readings_do(still: Platform) -> None:
    assert days_between(still, None, None) == DAYS[:3]
    assert days_between(still, DAYS[1], None) == DAYS[1:3]
    assert days_between(still, None, DAYS[1]) == DAYS[:2]


def test_days_between__refuses_a_span_without_received_readings(platform: Platform, still: Platform) -> None:
    with pytest.raises(InputError, match=r"no reading was received of 2016-03-24.*grid land"):
        days_between(platform, DAYS[0], None)
    with pytest.raises(InputError, match="no reading was received of 2017-01-01 to now"):
        days_between(still, date(2017, 1, 1), None)


def test_days_between__refuses_days_in_reverse(platform: Platform) -> None:
    with pytest.raises(InputError, match="2016-03-25 is after the last day 2016-03-24"):
        days_between(platform, DAYS[1], DAYS[0])
