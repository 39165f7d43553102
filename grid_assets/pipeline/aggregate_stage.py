"""The aggregation stage: changed days of verified readings become rows of every aggregate table.

The measures are in `aggregate/` and `domain/measures`; this module scans, compares and publishes. Only days whose rows
really differ are written, table by table.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.intervals import operating_day
from grid_assets.domain.tables import METER_READINGS, SENSOR_LATEST, SENSORS, TABLES
from grid_assets.pipeline.aggregate.days import aggregate_days
from grid_assets.pipeline.apart import Apart
from grid_assets.pipeline.counted import without_held
from grid_assets.pipeline.difference import Stamp, changed_days, compare, has_changed
from grid_assets.pipeline.metrics import aggregate_metrics
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.plan import Publication, TableCommit
from grid_assets.pipeline.publish import claim, open_batch, publish
from grid_assets.pipeline.reporter import Reporter
from grid_assets.pipeline.steps import in_steps
from resources.clients.database.batches import Batch
from resources.clients.database.changes import Progress
from resources.clients.engines.base import Session
from resources.clients.lake.filters import days_sql
from resources.clients.platform import Platform

STAGE = "aggregate"
AGGREGATES: tuple[TableSpec, ...] = tuple(table for table in TABLES if table.group == STAGE)
FALLBACK_DAYS = 28
"""How far back a sensor's latest value is looked for when the one that stood was withdrawn."""


def aggregate(platform: Platform, driver: str, reporter: Reporter, days: Sequence[date] | None = None) -> StageOutcome:
    """Aggregate the days that changed, or the given ones that no gate holds; what stays the same is not written.

    Raises:
        DaysFailedError: If some days cannot be aggregated; the others are, and stand.
    """
    pending = platform.database.change_log.pending(STAGE, METER_READINGS.name)
    wanted = pending.days if days is None else without_held(platform, days)
    reporter.start(STAGE, len(wanted))
    do = Apart(STAGE, partial(_aggregate_chunk, platform, driver, is_asked=days is not None))
    outcome = in_steps(platform, reporter, METER_READINGS, wanted, do)
    reporter.finish(f"{len(outcome.changed)} of {len(outcome.days)} days changed")
    return do.check(outcome)


def _aggregate_chunk(platform: Platform, driver: str, days: tuple[date, ...], *, is_asked: bool) -> StageOutcome:
    with open_batch(platform, STAGE, driver) as batch:
        # The latest values are one row per sensor over all days, so two runs of this stage take turns.
        claim(platform, batch, [SENSOR_LATEST.name, *(f"aggregates/{day}" for day in days)])
        pending = platform.database.change_log.pending(STAGE, METER_READINGS.name)
        todo = days if is_asked else tuple(day for day in days if day in set(pending.days))
        if not todo:
            platform.database.batches.abandon(batch.batch_id)
            return StageOutcome()
        with platform.compute.session() as session:
            _bind(platform, session, todo)
            commits = _commits(platform, session, batch, todo)
            gate = platform.judge.judge(STAGE, aggregate_metrics(session)) if commits else None
        rows = {commit.table.name: commit.written.rows for commit in commits}
        progress = Progress(STAGE, METER_READINGS.name, todo, pending.position)
        publish(platform, batch, Publication(commits, {"rows": rows, "days": len(todo)}, progress, gate))
    held = () if gate is None or gate.passed else (batch.batch_id,)
    changed = tuple(sorted({day for commit in commits for day in commit.days}))
    return StageOutcome(todo, changed, rows, held, (batch.batch_id,))


def _bind(platform: Platform, session: Session, days: tuple[date, ...]) -> None:
    before = {day - timedelta(days=n) for day in days for n in range(1, FALLBACK_DAYS + 1)} - set(days)
    session.scan("readings", platform.lake.scan(METER_READINGS, days))
    session.scan("fallback", platform.lake.scan(METER_READINGS, sorted(before)))
    session.scan("sensors", platform.lake.scan(SENSORS))
    session.scan("previous_latest", platform.lake.scan(SENSOR_LATEST))
    aggregate_days(session, tuple(operating_day(day, platform.zone) for day in days))


def _commits(platform: Platform, session: Session, batch: Batch, days: tuple[date, ...]) -> tuple[TableCommit, ...]:
    stamp = Stamp(batch.batch_id, batch.recorded_at_utc)
    commits = (_commit(platform, session, table, days, stamp) for table in AGGREGATES)
    return tuple(commit for commit in commits if commit is not None)


def _commit(
    platform: Platform, session: Session, table: TableSpec, days: tuple[date, ...], stamp: Stamp
) -> TableCommit | None:
    current = f"{table.name}_current"
    session.scan(current, platform.lake.scan(table, days if table.is_daily else None))
    merged = compare(session, table, f"new_{table.name}", current, stamp)
    query = f"SELECT * FROM {merged}"
    if table.is_daily:
        changed = changed_days(session, table, merged, current, stamp)
        query += f" WHERE {days_sql(changed)}"
    else:
        changed = days if has_changed(session, table, merged, current, stamp) else ()
    if not changed:
        return None
    written = session.write(query, table, platform.lake.folder(table, stamp.batch_id))
    session.drop(merged)
    return TableCommit(table, written, changed)
