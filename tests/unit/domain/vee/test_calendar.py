"""Calendar tables: true day lengths, local times across clock changes, and the days that history may look at."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.intervals import operating_day, zone_of
from grid_assets.domain.vee.calendar import (
    HISTORY_DAYS,
    calendar_days,
    calendar_pairs,
    calendar_slots,
    clock_change,
    history_days,
)

BERLIN = zone_of("Europe/Berlin")
SPRING, AUTUMN, PLAIN = date(2016, 3, 27), date(2016, 10, 30), date(2016, 2, 1)
ZONES = ("Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago", "UTC")


@pytest.mark.parametrize(("day", "quarters"), [(SPRING, 92), (PLAIN, 96), (AUTUMN, 100)])
def test_calendar_slots__has_as_many_quarters_as_the_day(day: date, quarters: int) -> None:
    slots = calendar_slots((operating_day(day, BERLIN),), (15, 1440), BERLIN).to_pylist()
    assert sum(slot["interval_minutes"] == 15 for slot in slots) == quarters
    assert [slot["slot"] for slot in slots if slot["interval_minutes"] == 1440] == [0]


def test_calendar_slots__skips_the_missing_hour_and_repeats_the_repeated_one() -> None:
    spring = calendar_slots((operating_day(SPRING, BERLIN),), (60,), BERLIN)["local_minute"].to_pylist()
    autumn = calendar_slots((operating_day(AUTUMN, BERLIN),), (60,), BERLIN)["local_minute"].to_pylist()
    assert spring[:4] == [0, 60, 180, 240]
    assert autumn[:5] == [0, 60, 120, 120, 180]


def test_calendar_slots__marks_the_hours_around_a_clock_change() -> None:
    marked = {
        day: [s["interval_start_utc"].hour for s in slots if s["is_in_clock_change"]]
        for day in (SPRING, PLAIN, AUTUMN)
        if (slots := calendar_slots((operating_day(day, BERLIN),), (60,), BERLIN).to_pylist())
    }
    assert marked == {SPRING: [1], PLAIN: [], AUTUMN: [0, 1]}


def test_calendar_slots__is_empty_without_days() -> None:
    assert calendar_slots((), (15,), BERLIN).num_rows == 0


@given(st.sampled_from(ZONES), st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.sampled_from((5, 15, 30, 60)))
def test_calendar_slots__tiles_the_day_and_tells_local_time(zone_name: str, day: date, length: int) -> None:
    zone = zone_of(zone_name)
    span = operating_day(day, zone)
    slots = calendar_slots((span,), (length,), zone).to_pylist()
    starts = [slot["interval_start_utc"] for slot in slots]
    assert starts == [span.start_utc + n * timedelta(minutes=length) for n in range(len(slots))]
    assert span.end_utc - starts[-1] >= timedelta(minutes=length)
    for slot in slots:
        wall = slot["interval_start_utc"].astimezone(zone)
        assert slot["local_minute"] == wall.hour * 60 + wall.minute
        assert slot["start_s"] == slot["interval_start_utc"].timestamp()


def test_clock_change__is_found_at_midnight_too() -> None:
    havana = zone_of("America/Havana")
    found = clock_change(operating_day(date(2016, 3, 13), havana), havana)
    assert found == (datetime(2016, 3, 13, 5, tzinfo=UTC), datetime(2016, 3, 13, 6, tzinfo=UTC))


def test_history_days__are_the_28_days_before_without_the_given_ones() -> None:
    days = (operating_day(PLAIN, BERLIN), operating_day(PLAIN + timedelta(days=2), BERLIN))
    found = [day.day for day in history_days(days, BERLIN)]
    assert found[0] == PLAIN - timedelta(days=HISTORY_DAYS)
    assert found[-1] == PLAIN + timedelta(days=1)
    assert PLAIN not in found
    assert found == sorted(set(found))


def test_calendar_pairs__names_like_days_by_whole_weeks() -> None:
    pairs = calendar_pairs((operating_day(PLAIN, BERLIN),)).to_pylist()
    assert [pair["gap"] for pair in pairs if pair["is_like_day"]] == [7, 14, 21, 28]
    assert [pair["gap"] for pair in pairs if pair["is_in_week"]] == [1, 2, 3, 4, 5, 6, 7]
    assert all(pair["day_no"] - pair["earlier_day_no"] == pair["gap"] for pair in pairs)


def test_calendar_days__knows_the_length_of_a_day() -> None:
    rows = calendar_days(
        (operating_day(SPRING, BERLIN), operating_day(AUTUMN, BERLIN)), frozenset({AUTUMN})
    ).to_pylist()
    assert [row["seconds"] for row in rows] == [23 * 3600, 25 * 3600]
