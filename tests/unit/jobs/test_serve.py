"""When the sensor of copies asks for a run: for what waits, once for each state, never beside another run."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from grid_assets.pipeline.lag import Lag
from jobs.main import MAIN
from jobs.purposes import PURPOSE
from jobs.serve import SERVE, look, wake_key

NOW = datetime(2016, 3, 27, 12, tzinfo=UTC)
DAY = date(2016, 3, 24)


def behind(*days: date, stage: str = "warm", consumer: str = "warm/a", position: int = 7) -> Lag:
    return Lag(stage, consumer, "events", days, position)


@dg.job(name=SERVE)
def a_job() -> None:
    """Do nothing."""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as in_memory:
        yield in_memory


def test_look__nothing_waits_wakes_nothing(instance: dg.DagsterInstance) -> None:
    assert look(instance, [behind()], NOW).request is None
    assert look(instance, [behind()], NOW).reason == "every copy is up to date"


def test_look__one_run_for_everything_that_waits(instance: dg.DagsterInstance) -> None:
    found = look(instance, [behind(DAY), behind(DAY, DAY + timedelta(days=1), stage="index")], NOW)
    assert found.request is not None
    assert found.reason == "warm: 1 days; index: 2 days; woken"


def test_look__a_copy_that_cannot_be_asked_hides_no_other(instance: dg.DagsterInstance) -> None:
    lost = Lag("warm", "", "", (), problem="the cache does not answer")
    assert look(instance, [lost], NOW).request is None
    found = look(instance, [behind(DAY, stage="publish"), lost], NOW)
    assert found.request is not None
    assert "warm cannot be asked (the cache does not answer)" in found.reason


@pytest.mark.parametrize("purpose", [SERVE, MAIN])
def test_look__not_beside_a_run_that_serves(instance: dg.DagsterInstance, purpose: str) -> None:
    instance.create_run_for_job(a_job, tags={PURPOSE: purpose})
    found = look(instance, [behind(DAY)], NOW)
    assert found.request is None
    assert found.reason == "warm: 1 days; a run is at it already"


def test_look__the_same_state_after_a_pause_and_under_another_key(instance: dg.DagsterInstance) -> None:
    now = datetime.now(UTC)
    first = look(instance, [behind(DAY)], now).request
    assert first is not None
    run = instance.create_run_for_job(a_job, tags={PURPOSE: SERVE, **first.tags})
    instance.report_run_failed(run)
    waits = look(instance, [behind(DAY)], now)
    assert waits.request is None
    assert "try 2 is due at" in waits.reason
    second = look(instance, [behind(DAY)], now + timedelta(minutes=2)).request
    assert second is not None
    assert second.run_key != first.run_key
    assert second.tags == first.tags


@pytest.mark.parametrize(
    "other",
    [
        [behind(DAY, position=8)],
        [behind(DAY + timedelta(days=1))],
        [behind(DAY, consumer="warm/b")],
        [behind(DAY), behind(DAY, stage="index")],
    ],
    ids=["a new change", "other days", "another life of the cache", "one more copy"],
)
def test_wake_key__another_state_is_another_key(other: list[Lag]) -> None:
    assert wake_key(other) != wake_key([behind(DAY)])


def test_wake_key__copies_with_nothing_to_do_change_no_key() -> None:
    assert wake_key([behind(DAY), behind(stage="index")]) == wake_key([behind(DAY)])
