"""The project's errors as Dagster's: what may pass by itself is tried again, everything else is final."""

import dagster as dg
import pytest

from grid_assets.domain.errors import ClaimHeldError, ConfigurationError
from resources.wrappers.failures import LONGEST_WAIT_SECONDS, MOST_RETRIES, as_dagster_failures, wait_seconds


def test_as_dagster_failures__a_retryable_error_asks_for_a_retry() -> None:
    with pytest.raises(dg.RetryRequested) as raised, as_dagster_failures(0):
        raise ClaimHeldError("batch 7 holds sensors")
    assert raised.value.max_retries == MOST_RETRIES
    assert 1.0 <= (raised.value.seconds_to_wait or 0) <= 2.0


def test_as_dagster_failures__any_other_error_is_final_and_says_what_to_do() -> None:
    with pytest.raises(dg.Failure) as raised, as_dagster_failures(0):
        raise ConfigurationError("the zone is wrong", "another zone", "set GRID_TIME_ZONE")
    assert raised.value.allow_retries is False
    assert raised.value.metadata["what to do"].value == "set GRID_TIME_ZONE"


def test_as_dagster_failures__errors_of_others_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), as_dagster_failures(0):
        raise ZeroDivisionError


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_wait_seconds__grows_up_to_a_bound(jitter: float) -> None:
    waits = [wait_seconds(retry, jitter) for retry in range(12)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_SECONDS * (0.5 + jitter / 2)
