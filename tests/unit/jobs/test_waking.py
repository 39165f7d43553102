"""When a sensor asks for a run: once, never beside a running one, and again after failures with growing pauses."""

import itertools
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.partitions import operating_days, ranges
from jobs.changes import MOST_RANGES, Pending, wanted_runs
from jobs.waking import FIRST_PAUSE, MOST_TRIES, decide
from resources.settings import load_settings

NOW = datetime(2016, 3, 27, 12, tzinfo=UTC)
DAY = date(2016, 3, 24)
LONG_AGO = NOW - timedelta(days=30)


def days(*numbers: int) -> tuple[date, ...]:
    return tuple(DAY + timedelta(days=n) for n in numbers)


@pytest.fixture
def partitions() -> dg.DailyPartitionsDefinition:
    return operating_days(load_settings(first_day=date(2016, 1, 1)))


def test_decide__first_try_at_once() -> None:
    assert decide([], NOW).attempt == 0


def test_decide__not_beside_a_run_that_has_not_ended() -> None:
    assert decide([LONG_AGO, None], NOW).attempt is None


@pytest.mark.parametrize("tries", range(1, MOST_TRIES))
def test_decide__again_after_a_pause_that_grows(tries: int) -> None:
    pause = FIRST_PAUSE * 3 ** (tries - 1)
    ended = [NOW - pause + timedelta(seconds=1)] * tries
    assert decide(ended, NOW).attempt is None
    assert decide(ended, NOW + timedelta(seconds=1)).attempt == tries


def test_decide__gives_up_and_says_so() -> None:
    decision = decide([LONG_AGO] * MOST_TRIES, NOW)
    assert decision.attempt is None
    assert "start it by hand" in decision.reason


def test_wanted_runs__one_per_gapless_range(partitions: dg.DailyPartitionsDefinition) -> None:
    wanted = wanted_runs(Pending(days(0, 1, 2, 7), 41), partitions)
    assert [(run.job_name, run.key) for run in wanted] == [
        ("restate", "restate:41:2016-03-24:2016-03-26"),
        ("restate", "restate:41:2016-03-31:2016-03-31"),
    ]
    assert wanted[0].tags == {
        "dagster/asset_partition_range_start": "2016-03-24",
        "dagster/asset_partition_range_end": "2016-03-26",
    }


def test_wanted_runs__scattered_days_are_one_run_of_the_main_job(partitions: dg.DailyPartitionsDefinition) -> None:
    scattered = days(*range(0, 2 * MOST_RANGES + 2, 2))
    assert [run.job_name for run in wanted_runs(Pending(scattered, 7), partitions)] == ["main"]


@pytest.mark.parametrize("day", [date(2015, 12, 31), date.today() + timedelta(days=30)])  # noqa: DTZ011
def test_wanted_runs__days_without_a_partition_go_to_the_main_job(
    partitions: dg.DailyPartitionsDefinition, day: date
) -> None:
    assert [run.job_name for run in wanted_runs(Pending((day,), 7), partitions)] == ["main"]


def test_wanted_runs__nothing_pending_wants_nothing(partitions: dg.DailyPartitionsDefinition) -> None:
    assert wanted_runs(Pending((), 7), partitions) == ()


@given(st.sets(st.dates(date(2016, 1, 1), date(2016, 4, 30)), max_size=40))
def test_ranges__hold_exactly_the_days_and_never_touch(some: set[date]) -> None:
    found = ranges(some)
    held = [first + timedelta(days=n) for first, last in found for n in range((last - first).days + 1)]
    assert held == sorted(some)
    assert all((later[0] - earlier[1]).days > 1 for earlier, later in itertools.pairwise(found))
