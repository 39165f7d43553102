"""Following the change log: the loop that every copy of the lake shares, be it a database table, a cache or an index.

A follower reads the changed days of one table by an offset of its own, brings its copy up to date for some of them
at a time, and moves the offset. It dies at any point without harm: the days stay pending, and doing them again finds
the copy up to date. Copies carry versions, so that an older change never overwrites a newer one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from grid_assets.domain.columns import TableSpec
from grid_assets.pipeline.counted import without_held
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.publish import claim, open_batch
from grid_assets.pipeline.reporter import Reporter
from grid_assets.pipeline.steps import in_steps
from resources.clients.database.batches import Batch, Settlement
from resources.clients.database.changes import Pending, Progress
from resources.clients.failpoints import reach
from resources.clients.platform import Platform

FOLLOW_POINTS = ("batch.opened", "batch.claimed", "copied", "batch.settled")
"""The steps of following, in order; the stage's name stands before them. What `copy` does has points of its own."""


@dataclass(frozen=True)
class Feed:
    """What a follower reads: its stage, its name in the log, and the table."""

    stage: str
    consumer: str
    table: TableSpec


@dataclass(frozen=True)
class Step:
    """Some changed days of a table, to be copied.

    `batch` is this copying's own batch, larger than that of every step before. `version` is the newest batch that had
    changed the table when the log was read: what is gone from the lake is withdrawn at this version.
    """

    batch: Batch
    days: tuple[date, ...]
    version: int


Copy = Callable[[Step], dict[str, int]]
"""Brings a copy up to date for a step and returns what it did, as numbers by name; doing it again must do no harm."""


def follow(
    platform: Platform, feed: Feed, copy: Copy, driver: str, reporter: Reporter, days: Sequence[date] | None = None
) -> StageOutcome:
    """Copy the days of a table that changed since the follower last did, or the given ones that no gate holds.

    Returns:
        The days done and the numbers that `copy` returned, added up.
    """
    wanted = _wanted(platform, feed, days)
    if not wanted:
        return StageOutcome()
    reporter.start(feed.stage, len(wanted))
    do = partial(_step, platform, feed, copy, driver, is_asked=days is not None)
    outcome = in_steps(platform, reporter, feed.table, wanted, do)
    reporter.finish(_said(feed, outcome))
    return outcome


def _wanted(platform: Platform, feed: Feed, days: Sequence[date] | None) -> tuple[date, ...]:
    """Return the days to copy; a day whose newest change is held by a gate waits until it is released."""
    log = platform.database.change_log
    if days is None:
        return log.to_copy(feed.consumer, feed.table.name).days
    held = log.held_days(feed.table.name)
    return tuple(day for day in without_held(platform, days) if day not in held)


def _step(
    platform: Platform, feed: Feed, copy: Copy, driver: str, days: tuple[date, ...], *, is_asked: bool
) -> StageOutcome:
    with open_batch(platform, feed.stage, driver) as batch:
        claim(platform, batch, [f"{feed.consumer}/{feed.table.name}"])
        pending = _pending(platform, feed)
        todo = days if is_asked else tuple(day for day in days if day in set(pending.days))
        if not todo:
            platform.database.batches.abandon(batch.batch_id)
            return StageOutcome()
        numbers = copy(Step(batch, todo, pending.batch_id))
        reach(f"{feed.stage}.copied")
        progress = Progress(feed.consumer, feed.table.name, todo, pending.position)
        result = {"rows": numbers, "days": len(todo), "table": feed.table.name}
        platform.database.batches.settle(batch.batch_id, Settlement((), progress, result))
        reach(f"{feed.stage}.batch.settled")
    return StageOutcome(todo, todo, numbers, (), (batch.batch_id,))


def _pending(platform: Platform, feed: Feed) -> Pending:
    return platform.database.change_log.pending(feed.consumer, feed.table.name)


def _said(feed: Feed, outcome: StageOutcome) -> str:
    numbers = ", ".join(f"{count:,} {name}" for name, count in outcome.rows.items() if count)
    return f"{feed.table.name}: {len(outcome.days)} days" + (f", {numbers}" if numbers else "")
