"""The verification stage: changed days of received readings become verified days, with what they replace kept.

Days come from the change log, or from a caller who wants them done again. Rules and estimates are in `verify/` and
`domain/vee`; this module scans, compares and publishes.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from grid_assets.domain.intervals import day_table, operating_day
from grid_assets.domain.tables import METER_READINGS, METER_READINGS_HISTORY, SENSOR_DATA, SENSORS
from grid_assets.pipeline.apart import Apart
from grid_assets.pipeline.counted import received_scan
from grid_assets.pipeline.difference import Stamp, changed_days, compare, superseded_sql
from grid_assets.pipeline.metrics import verify_metrics
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.plan import Publication, TableCommit
from grid_assets.pipeline.publish import claim, open_batch, publish
from grid_assets.pipeline.reporter import Reporter
from grid_assets.pipeline.steps import in_steps
from grid_assets.pipeline.verify.days import verify_days
from resources.clients.database.batches import Batch
from resources.clients.database.changes import Pending, Progress
from resources.clients.engines.base import Session, WrittenFiles
from resources.clients.lake.filters import days_sql
from resources.clients.platform import Platform

STAGE = "verify"
HISTORY_DAYS = 28
"""How many days before a day its rules and like-day estimates look at."""


def verify(platform: Platform, driver: str, reporter: Reporter, days: Sequence[date] | None = None) -> StageOutcome:
    """Verify the days that changed, or the given ones; days whose outcome is the same are not written.

    Raises:
        DaysFailedError: If some days cannot be verified; the others are, and stand.
    """
    pending = platform.database.change_log.pending(STAGE, SENSOR_DATA.name)
    wanted = pending.days if days is None else tuple(sorted(set(days)))
    reporter.start(STAGE, len(wanted))
    do = Apart(STAGE, partial(_verify_chunk, platform, driver, is_asked=days is not None))
    outcome = in_steps(platform, reporter, SENSOR_DATA, wanted, do)
    reporter.finish(f"{len(outcome.changed)} of {len(outcome.days)} days changed")
    return do.check(outcome)


def _verify_chunk(platform: Platform, driver: str, days: tuple[date, ...], *, is_asked: bool) -> StageOutcome:
    with open_batch(platform, STAGE, driver) as batch:
        claim(platform, batch, [f"{METER_READINGS.name}/{day}" for day in days])
        # Read again under the claim: another run may have done some of the days in the meantime.
        pending = platform.database.change_log.pending(STAGE, SENSOR_DATA.name)
        todo = days if is_asked else tuple(day for day in days if day in set(pending.days))
        if not todo:
            platform.database.batches.abandon(batch.batch_id)
            return StageOutcome()
        with platform.compute.session() as session:
            _bind(platform, session, todo)
            publication, outcome = _publication(platform, session, batch, todo, pending)
        publish(platform, batch, publication)
    held = () if publication.gate is None or publication.gate.passed else (batch.batch_id,)
    return outcome + StageOutcome(held=held, batches=(batch.batch_id,))


def _bind(platform: Platform, session: Session, days: tuple[date, ...]) -> None:
    history = {day - timedelta(days=n) for day in days for n in range(HISTORY_DAYS + 1)}
    session.scan("received", received_scan(platform, sorted(history)))
    session.scan("sensors", platform.lake.scan(SENSORS))
    session.scan("current", platform.lake.scan(METER_READINGS, days))
    civil = tuple(operating_day(day, platform.zone) for day in days)
    session.register("gate_days", day_table(civil))
    verify_days(session, civil, platform.zone.key)


def _publication(
    platform: Platform, session: Session, batch: Batch, days: tuple[date, ...], pending: Pending
) -> tuple[Publication, StageOutcome]:
    stamp = Stamp(batch.batch_id, batch.recorded_at_utc)
    merged = compare(session, METER_READINGS, "verified", "current", stamp)
    changed = changed_days(session, METER_READINGS, merged, "current", stamp)
    gate = platform.judge.judge(STAGE, verify_metrics(session)) if changed else None
    rows = _rows_by_quality(session, merged)
    commits = _commits(platform, session, batch, merged, changed)
    progress = Progress(STAGE, SENSOR_DATA.name, days, pending.position)
    return Publication(commits, {"rows": rows, "days": len(days)}, progress, gate), StageOutcome(days, changed, rows)


def _commits(
    platform: Platform, session: Session, batch: Batch, merged: str, changed: tuple[date, ...]
) -> tuple[TableCommit, ...]:
    if not changed:
        return ()
    stamp = Stamp(batch.batch_id, batch.recorded_at_utc)
    old = _write(platform, session, batch, superseded_sql(METER_READINGS, merged, "current", stamp), is_history=True)
    of_changed = f"SELECT * FROM {merged} WHERE {days_sql(changed)}"
    new = _write(platform, session, batch, of_changed, is_history=False)
    principal = TableCommit(METER_READINGS, new, changed)
    if not old.files:
        return (principal,)
    companion = TableCommit(
        METER_READINGS_HISTORY,
        old,
        changed,
        is_append=True,
        principal=METER_READINGS.name,
        undo_column="superseded_by_batch",
    )
    return companion, principal


def _write(platform: Platform, session: Session, batch: Batch, sql: str, *, is_history: bool) -> WrittenFiles:
    table = METER_READINGS_HISTORY if is_history else METER_READINGS
    return session.write(sql, table, platform.lake.folder(table, batch.batch_id))


def _rows_by_quality(session: Session, merged: str) -> dict[str, int]:
    counts = session.fetch(f"SELECT quality, COUNT(*) AS n FROM {merged} GROUP BY quality ORDER BY quality")
    return dict(zip(counts.column("quality").to_pylist(), counts.column("n").to_pylist(), strict=True))
