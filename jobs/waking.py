"""Whether a sensor should ask for a run now: never two at once, and failed tries again with growing pauses.

A run key alone would lose work: Dagster never starts a key twice, so days whose run failed would wait for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from jobs.purposes import PURPOSE, WAKE

MOST_TRIES = 6
FIRST_PAUSE = timedelta(minutes=1)
GROWTH = 3
UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


@dataclass(frozen=True)
class Decision:
    """Which try to make now, or why none is made."""

    attempt: int | None
    reason: str = ""


def decide(ends: Sequence[datetime | None], now: datetime) -> Decision:
    """Return what to do after tries that ended at some instants, None for a try that has not ended."""
    if None in ends:
        return Decision(None, "a run is at it already")
    ended = [end for end in ends if end is not None]
    if not ended:
        return Decision(0)
    if len(ended) >= MOST_TRIES:
        return Decision(None, f"{len(ended)} runs did not finish this; look at the newest one and start it by hand")
    due = max(ended) + FIRST_PAUSE * GROWTH ** (len(ended) - 1)
    if now < due:
        return Decision(None, f"try {len(ended) + 1} is due at {due:%Y-%m-%d %H:%M:%S} UTC")
    return Decision(len(ended))


def is_busy(instance: dg.DagsterInstance, purpose: str) -> bool:
    """Return whether a run of a purpose waits or runs."""
    return bool(instance.get_runs(dg.RunsFilter(tags={PURPOSE: purpose}, statuses=list(UNFINISHED)), limit=1))


def tries(instance: dg.DagsterInstance, key: str) -> tuple[datetime | None, ...]:
    """Return when the runs that were woken for a key ended, None for those that have not."""
    records = instance.get_run_records(dg.RunsFilter(tags={WAKE: key}))
    return tuple(
        None if record.end_time is None else datetime.fromtimestamp(record.end_time, UTC) for record in records
    )


def request(key: str, attempt: int, tags: dict[str, str] | None = None, job_name: str | None = None) -> dg.RunRequest:
    """Return the request of one try at a key; the same try is never started twice."""
    return dg.RunRequest(run_key=f"{key}#{attempt}", job_name=job_name, tags={**(tags or {}), WAKE: key})
