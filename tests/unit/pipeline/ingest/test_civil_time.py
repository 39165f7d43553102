"""The day tables agree with the time zone library, instant by instant."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.pipeline.ingest.civil_time import EPOCH, MICROSECOND, local_day_table, transitions, utc_day_table
from tests.properties import examples

ZONES = ("Europe/Berlin", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati", "America/St_Johns", "UTC")
FIRST, LAST = date(2016, 1, 1), date(2016, 12, 31)
INSTANTS = st.datetimes(datetime(2016, 1, 1), datetime(2016, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - naive bounds


@examples(100)
@given(INSTANTS, st.sampled_from(ZONES))
def test_utc_day_table__gives_the_civil_day(instant: datetime, zone: str) -> None:
    micros = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND
    table = utc_day_table(zone, FIRST, LAST)
    row = table.slice(micros // 86_400_000_000 - table.column("utc_day")[0].as_py(), 1).to_pylist()[0]
    day = row["day_before"] if micros < row["split_us"] else row["day_after"]
    assert day == instant.astimezone(ZoneInfo(zone)).date()


@examples(100)
@given(INSTANTS, st.sampled_from(ZONES))
def test_local_day_table__leads_back_to_the_instant(instant: datetime, zone: str) -> None:
    local = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    wall_us = (local - datetime(1970, 1, 1)) // MICROSECOND  # noqa: DTZ001 - a wall time
    table = local_day_table((zone,), FIRST - timedelta(days=2), LAST + timedelta(days=2))
    row = table.slice((local.date() - EPOCH).days - table.column("local_day")[0].as_py(), 1).to_pylist()[0]
    micros = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND
    if wall_us < row["switch_from_us"]:
        assert wall_us - row["before_us"] == micros
    elif wall_us >= row["switch_to_us"]:
        assert wall_us - row["after_us"] == micros
    else:
        assert micros in {wall_us - row["before_us"], wall_us - row["after_us"]}


def test_transitions__are_the_two_of_a_year() -> None:
    found = [
        datetime.fromtimestamp(change.instant_us // 1_000_000, UTC)
        for change in transitions("Europe/Berlin", FIRST, LAST)
    ]
    assert found == [datetime(2016, 3, 27, 1, tzinfo=UTC), datetime(2016, 10, 30, 1, tzinfo=UTC)]


def test_transitions__that_skip_a_whole_day() -> None:
    (change,) = transitions("Pacific/Apia", date(2011, 12, 25), date(2012, 1, 5))
    assert change.after_us - change.before_us == timedelta(days=1) // MICROSECOND


@pytest.mark.parametrize("zone", ZONES)
def test_local_day_table__has_each_day_once(zone: str) -> None:
    table = local_day_table((zone,), FIRST, LAST)
    assert table.column("local_day").to_pylist() == list(range((FIRST - EPOCH).days, (LAST - EPOCH).days + 1))
