"""The project's errors as Dagster's: what may pass by itself is tried again, everything else waits for a person."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from grid_assets.domain.errors import GridError, Retryable

MOST_RETRIES = 5
LONGEST_WAIT_SECONDS = 120.0


def wait_seconds(retry: int, jitter: float) -> float:
    """Return how long to wait before a retry: 2, 4, 8 seconds and so on up to two minutes, times 0.5 to 1.

    Args:
        retry: How many retries have been made, from 0.
        jitter: A number from 0 to 1 that keeps two runs from meeting again.
    """
    return float(min(2.0 ** (retry + 1), LONGEST_WAIT_SECONDS) * (0.5 + jitter / 2))


@contextmanager
def as_dagster_failures(retry: int) -> Iterator[None]:
    """Turn the project's errors into a retry with backoff or a final failure; other errors pass as they are.

    Raises:
        RetryRequested: If the error is retryable.
        Failure: For every other error of the project, with what was found, expected and can be done.
    """
    try:
        yield
    except GridError as error:
        if isinstance(error, Retryable):
            wait = wait_seconds(retry, random.random())  # noqa: S311 - spreads retries, guards nothing
            raise dg.RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=wait) from error
        parts = {"found": error.found, "expected": error.expected, "what to do": error.action}
        raise dg.Failure(
            description=str(error),
            metadata={name: text for name, text in parts.items() if text},
            allow_retries=False,
        ) from error
