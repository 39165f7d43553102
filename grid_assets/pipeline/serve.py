"""Serving: every copy of the lake is brought up to date, one after the other: database, cache, search.

Copies can be made again from the lake at any time, so one that cannot be reached delays nothing else: its days stay
pending in the change log, and the next run does them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from grid_assets.domain.errors import GridError, Retryable
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.publish_records import publish_records
from grid_assets.pipeline.reindex import index_changes
from grid_assets.pipeline.reporter import Reporter
from grid_assets.pipeline.warm import warm
from resources.clients.platform import Platform

Follower = Callable[[Platform, str, Reporter, Sequence[date] | None], StageOutcome]
FOLLOWERS: dict[str, Follower] = {"publish": publish_records, "warm": warm, "index": index_changes}
"""What follows the lake, by stage, in order: what is looked up first is fresh first."""


@dataclass(frozen=True)
class Served:
    """What each copy's stage did, and which could not be reached, with the reason."""

    outcomes: dict[str, StageOutcome] = field(default_factory=dict)
    delayed: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        """Return the numbers of all stages by name, such as `keys` or `documents written`."""
        return sum(self.outcomes.values(), StageOutcome()).rows


def serve(platform: Platform, driver: str, reporter: Reporter, days: Sequence[date] | None = None) -> Served:
    """Bring every copy up to date with what changed, or with the given days again.

    Raises:
        GridError: If a copy failed for a reason that does not pass by itself; the copies after it were still tried.
    """
    outcomes: dict[str, StageOutcome] = {}
    delayed: dict[str, str] = {}
    failures: list[GridError] = []
    for stage, follower in FOLLOWERS.items():
        try:
            outcomes[stage] = follower(platform, driver, reporter, days)
        except GridError as error:
            if isinstance(error, Retryable):
                delayed[stage] = str(error)
            else:
                failures.append(error)
    if failures:
        raise failures[0]
    return Served(outcomes, delayed)
