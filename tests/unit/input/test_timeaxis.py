"""Instants, civil days and timestamp texts."""

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.input.timeaxis import MINUTE_US, Window, from_us, profile_rows, texts, to_us

SPRING, AUTUMN, PLAIN = date(2016, 3, 27), date(2016, 10, 30), date(2016, 4, 1)


@pytest.mark.parametrize(("day", "quarters"), [(SPRING, 92), (AUTUMN, 100), (PLAIN, 96)])
def test_starts__count_the_quarters_of_the_civil_day(day: date, quarters: int) -> None:
    assert Window(day, day).starts().size == quarters


def test_starts__of_registers_are_local_midnights() -> None:
    labels = texts(Window(SPRING, date(2016, 3, 28)).starts(1440), "zulu")
    assert labels.to_pylist() == ["2016-03-26T23:00:00Z", "2016-03-27T22:00:00Z"]


@given(st.datetimes(timezones=st.just(UTC)))
def test_to_us__is_undone_by_from_us(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment


def test_texts__repeat_the_local_hour_in_autumn() -> None:
    hours = Window(AUTUMN, AUTUMN).starts(60)[1:5]
    local = ["2016-10-30T01:00:00", "2016-10-30T02:00:00", "2016-10-30T02:00:00", "2016-10-30T03:00:00"]
    assert texts(hours, "local").to_pylist() == local
    assert texts(hours, "offset").to_pylist()[1:3] == ["2016-10-30T02:00:00+02:00", "2016-10-30T02:00:00+01:00"]


def test_profile_rows__read_the_axis_as_fixed_cet() -> None:
    winter, summer = datetime(2016, 1, 1, 12, tzinfo=UTC), datetime(2016, 7, 1, 12, tzinfo=UTC)
    rows = profile_rows(np.array([to_us(winter), to_us(summer)]))
    assert rows.tolist() == [13 * 4, (182 * 24 + 13) * 4]


def test_profile_rows__outside_the_year_is_refused() -> None:
    first = Window(date(2016, 1, 1), date(2016, 1, 1)).starts()
    assert profile_rows(first)[0] == 0
    with pytest.raises(ValueError, match="outside the SimBench year 2016"):
        profile_rows(first - 15 * MINUTE_US)
