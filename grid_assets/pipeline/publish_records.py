"""The publish stage: the operational database's copies of lake tables are brought up to date, row by row.

Only rows that are new or newer are written, and rows that are gone from the lake are withdrawn. Rows of batches that
do not count yet (open, or held by their gate) stay as the copy has them.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial

import pyarrow as pa

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.names import PUBLISH_CONSUMER
from grid_assets.domain.projections.sql import name_list, quote
from grid_assets.pipeline.follow import Feed, Step, follow
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.reporter import Reporter
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.engines.base import Session
from resources.clients.failpoints import reach
from resources.clients.platform import Platform

STAGE = "publish"
MAKER = "aggregate"
"""The stage that makes the published tables."""
COPY_POINTS = ("publish.compared", "publish.written", "publish.withdrawn")
"""The steps of copying some days of a table, in order."""


def publish_records(
    platform: Platform, driver: str, reporter: Reporter, days: Sequence[date] | None = None
) -> StageOutcome:
    """Copy what changed in the published lake tables into the operational database, or the given days again.

    Returns:
        The days done, and the numbers "rows written" and "rows withdrawn"; 0 of both where the copies were up to date.
    """
    outcome = StageOutcome()
    for table in PUBLISHED:
        feed = Feed(STAGE, PUBLISH_CONSUMER, table)
        outcome += follow(platform, feed, partial(_copy, platform, table), driver, reporter, days)
    return outcome


def _copy(platform: Platform, table: TableSpec, step: Step) -> dict[str, int]:
    newer, gone = _difference(platform, table, step)
    reach("publish.compared")
    written = platform.database.records.upsert(table, newer)
    reach("publish.written")
    withdrawn = platform.database.records.withdraw(table, gone, step.version)
    reach("publish.withdrawn")
    return {"rows written": written, "rows withdrawn": withdrawn}


def _difference(platform: Platform, table: TableSpec, step: Step) -> tuple[pa.Table, pa.Table]:
    """Return the rows that the lake has newer than the copy, and the keys that the lake has no more."""
    days = step.days if table.is_daily else None
    copied = platform.database.records.live_keys(table, days)
    scan = platform.lake.scan(table, days)
    # Asked after the scan is planned: a batch that the scan sees and that settled since then counts.
    uncounted = platform.database.batches.uncounted_days(MAKER, table.name)
    with platform.engine.session() as session:
        session.scan("lake", scan)
        session.register("copy", copied)
        session.register("uncounted", _uncounted(uncounted))
        return _newer(session, table), _gone(session, table)


def _newer(session: Session, table: TableSpec) -> pa.Table:
    return session.fetch(
        f"SELECT {', '.join(f'l.{quote(name)}' for name in table.column_names)} FROM lake AS l "
        f"LEFT JOIN copy AS c ON {_same_key(table)} "
        "WHERE (c.batch_id IS NULL OR c.batch_id < l.batch_id) "
        "AND l.batch_id NOT IN (SELECT batch_id FROM uncounted)"
    )


def _gone(session: Session, table: TableSpec) -> pa.Table:
    """Return the keys that are gone; those of days that an uncounted batch has in its hands wait for that batch."""
    return session.fetch(
        f"SELECT {name_list(table.key)} FROM copy AS c "
        f"WHERE NOT EXISTS (SELECT 1 FROM lake AS l WHERE {_same_key(table)}) "
        "AND c.operating_day NOT IN (SELECT operating_day FROM uncounted)"
    )


def _same_key(table: TableSpec) -> str:
    return " AND ".join(f"l.{quote(name)} = c.{quote(name)}" for name in table.key)


def _uncounted(days_of: dict[int, frozenset[date]]) -> pa.Table:
    rows = [(batch_id, day) for batch_id, days in days_of.items() for day in (days or {date.min})]
    return pa.table(
        {
            "batch_id": pa.array([batch_id for batch_id, _ in rows], pa.int64()),
            "operating_day": pa.array([day for _, day in rows], pa.date32()),
        }
    )
