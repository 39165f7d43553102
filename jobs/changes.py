"""Changes: the sensor that reads the change log, shows what was made elsewhere, and wakes what has to follow.

The log is the truth and the sensor only wakes: days stay pending until a run has done them, whatever happens to runs,
sensors or this process in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import dagster as dg

from grid_assets.domain.tables import METER_READINGS, SENSOR_DATA
from grid_assets.partitions import are_partitions, ranges
from jobs.backfill import RESTATE, range_tags, restate_job
from jobs.main import MAIN, main_job
from jobs.waking import decide, is_busy, request, tries
from resources.wrappers.platform import PlatformResource

if TYPE_CHECKING:
    from resources.clients.platform import Platform

INTERVAL_SECONDS = 30
TELLING_SECONDS = 15.0
"""Dagster gives a sensor a minute; what is not told in this time is told at the next look."""
MOST_RANGES = 3
"""More separate ranges than this go to the main job, which does scattered days in one run."""


@dataclass(frozen=True)
class Pending:
    """Operating days that wait for verification or aggregation, and the position of the log that this was read at."""

    days: tuple[date, ...]
    position: int


@dataclass(frozen=True)
class Wanted:
    """One run to ask for: its job, the key that its tries share, and its tags."""

    job_name: str
    key: str
    tags: dict[str, str]


def changes_sensor(days: dg.DailyPartitionsDefinition) -> dg.SensorDefinition:
    """Return the sensor, which needs to know which days have partitions."""

    @dg.sensor(
        name="change_log",
        jobs=[restate_job, main_job],
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Shows days that were made outside of Dagster, and wakes verification and aggregation of days that "
        "changed: one run per range of days, however many files changed them.",
    )
    def change_log(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult:
        from jobs.reporting import report  # noqa: PLC0415 - loads the clients' libraries

        with platform.open() as opened:
            told = report(context.instance, opened, TELLING_SECONDS)
            pending = read_pending(opened)
        requests, reason = wake(context.instance, wanted_runs(pending, days))
        said = f"{told} events told; {len(pending.days)} days pending; {reason}"
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason(said).skip_message,
            cursor=str(pending.position),
        )

    return change_log


def read_pending(platform: "Platform") -> Pending:
    """Return the days that verification or aggregation has still to do; days of held batches do not count."""
    log = platform.database.change_log
    to_verify = log.pending("verify", SENSOR_DATA.name)
    to_aggregate = log.pending("aggregate", METER_READINGS.name)
    position = max(to_verify.position, to_aggregate.position)
    return Pending(tuple(sorted({*to_verify.days, *to_aggregate.days})), position)


def wanted_runs(pending: Pending, partitions: dg.DailyPartitionsDefinition) -> tuple[Wanted, ...]:
    """Return the runs that do some pending days: one per gapless range, or the main job for many or odd ones."""
    found = ranges(pending.days)
    if len(found) > MOST_RANGES or not are_partitions(pending.days, partitions):
        return (Wanted(MAIN, f"{MAIN}:{pending.position}", {}),)
    return tuple(
        Wanted(RESTATE, f"{RESTATE}:{pending.position}:{first}:{last}", range_tags(first, last))
        for first, last in found
    )


def wake(instance: dg.DagsterInstance, wanted: Sequence[Wanted]) -> tuple[list[dg.RunRequest], str]:
    """Return the requests to make now, and why others are not made."""
    if not wanted:
        return [], "nothing to wake"
    if is_busy(instance, RESTATE) or is_busy(instance, MAIN):
        return [], "a run is at it already"
    now = datetime.now(UTC)
    decisions = [(want, decide(tries(instance, want.key), now)) for want in wanted]
    requests = [
        request(want.key, decision.attempt, want.tags, want.job_name)
        for want, decision in decisions
        if decision.attempt is not None
    ]
    return requests, "; ".join(sorted({decision.reason for _, decision in decisions if decision.reason})) or "woken"


def definitions(days: dg.DailyPartitionsDefinition) -> dg.Definitions:
    """Return the job that restates days, and the sensor that wakes it."""
    return dg.Definitions(jobs=[restate_job], sensors=[changes_sensor(days)])
