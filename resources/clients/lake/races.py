"""Commits that meet other writers: how often they are tried, and how rivals are kept apart."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from grid_assets.domain.errors import CommitConflictError

COMMITS_TRIED = 12
FIRST_WAIT_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 2.0

T = TypeVar("T")


def keep_apart(tries: int) -> None:
    """Wait for a random time that may be longer with each lost race."""
    longest = min(FIRST_WAIT_SECONDS * 2**tries, LONGEST_WAIT_SECONDS)
    time.sleep(random.uniform(0, longest))  # noqa: S311 - keeps rivals apart, guards nothing


def retried(attempt: Callable[[], T]) -> T:
    """Return what an attempt returns that loads, stages and commits; it is made again when it meets another writer.

    Raises:
        CommitConflictError: If every attempt met one.
    """
    for tries in range(1, COMMITS_TRIED):
        try:
            return attempt()
        except CommitConflictError:
            keep_apart(tries)
    return attempt()
