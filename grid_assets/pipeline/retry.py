"""Trying a commit again where another writer was faster: a few times, with growing and uneven pauses."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from grid_assets.domain.errors import CommitConflictError

Result = TypeVar("Result")
ATTEMPTS = 8
WAIT_SECONDS = 0.1


def on_conflict(commit: Callable[[], Result]) -> Result:
    """Run a commit that plans anew each time, until it meets no other writer.

    Raises:
        CommitConflictError: If it still does after the last attempt.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return commit()
        except CommitConflictError:
            time.sleep(random.uniform(0, WAIT_SECONDS * attempt))  # noqa: S311 - spreads writers, keeps no secret
    return commit()
