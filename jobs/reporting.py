"""Telling Dagster of days that were made outside of its asset runs: by `grid run`, by the main job, by another host.

Materialisations and check results are recorded without a run. How far an instance was told is kept in the instance
itself, so that a new one is told everything and none is told twice.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import dagster as dg
from sqlalchemy import Select, func, not_, select

from grid_assets.defs.check_specs import HELD, RECONCILIATION
from grid_assets.defs.checking import Books
from grid_assets.defs.running import DRIVER
from grid_assets.domain.columns import TableSpec
from grid_assets.domain.tables import BY_NAME, METER_READINGS_HISTORY, TABLES
from grid_assets.partitions import has_days, key_of
from grid_assets.presentation.check_results import held_result, reconciliation_result
from grid_assets.presentation.copies import copies_of, told_later
from grid_assets.presentation.copy_specs import COPIES
from grid_assets.presentation.details import day_numbers, details
from grid_assets.presentation.gates import GATED, gate_results
from grid_assets.presentation.numbers import batch_rows, findings, held_batches
from grid_assets.presentation.reconciliation import aggregate_lines, ingest_lines, verify_lines
from jobs.quick_events import quick_events
from resources.clients.database.schema import BATCHES, CHANGE_LOG
from resources.clients.platform import Platform

OFFSET_KEY = "grid/reported"
PAGE = 150
"""Entries of the log that are told at once where time is short, as in a sensor."""
BOOKS: dict[str, Books] = {"ingest": ingest_lines, "verify": verify_lines, "aggregate": aggregate_lines}


@dataclass(frozen=True)
class Offset:
    """How far an instance was told: a position of the change log, and a batch up to which all are settled."""

    position: int = 0
    batch: int = 0


@dataclass(frozen=True)
class News:
    """What an instance was not told yet: days by table, each with its newest batch; tables without days; batches."""

    days: dict[str, dict[date, int]]
    whole_tables: dict[str, int]
    batches: tuple[dict[str, Any], ...]
    offset: Offset


def report(instance: dg.DagsterInstance, platform: Platform, seconds: float | None = None) -> int:
    """Tell an instance what it does not know yet and return how many events that took; a second call finds nothing.

    With `seconds`, no new page of the log is begun after that time; the next call goes on there.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    count = 0
    while (told := _report_page(instance, platform, None if seconds is None else PAGE)) is not None:
        count += told
        if deadline is not None and time.monotonic() >= deadline:
            break
    return count


def _report_page(instance: dg.DagsterInstance, platform: Platform, most_changes: int | None) -> int | None:
    """Tell one page of the log and return the number of events; None where nothing is new."""
    before = read_offset(instance)
    news = news_since(platform, before, most_changes)
    if news.offset == before:
        return None
    count = 0
    with ExitStack() as stack:
        for count, event in enumerate(_events(platform, news), start=1):
            instance.report_runless_asset_event(event)
            if count == 1:  # the first event of a new instance makes its files
                stack.enter_context(quick_events(instance))
        instance.daemon_cursor_storage.set_cursor_values({OFFSET_KEY: json.dumps(asdict(news.offset))})
    return count


def read_offset(instance: dg.DagsterInstance) -> Offset:
    """Return how far an instance was told."""
    text = instance.daemon_cursor_storage.get_cursor_values({OFFSET_KEY}).get(OFFSET_KEY)
    return Offset(**json.loads(text)) if text else Offset()


def news_since(platform: Platform, offset: Offset, most_changes: int | None = None) -> News:
    """Return what changed after an offset outside of asset runs, up to some entries of the log.

    Held batches become news when they are released: their changes then enter the log anew.
    """
    is_outside = not_(BATCHES.c.driver.startswith(DRIVER))
    changes = (
        select(CHANGE_LOG.c.table_name, CHANGE_LOG.c.operating_day, CHANGE_LOG.c.batch_id)
        .join(BATCHES, BATCHES.c.batch_id == CHANGE_LOG.c.batch_id)
        .where(CHANGE_LOG.c.position > offset.position, is_outside, BATCHES.c.is_held.is_(False))
        .where(CHANGE_LOG.c.position <= _last_of_page(offset.position, most_changes).scalar_subquery())
        .order_by(CHANGE_LOG.c.position)
    )
    settled = select(BATCHES.c.batch_id).where(
        BATCHES.c.batch_id > offset.batch, BATCHES.c.state == "settled", is_outside
    )
    oldest_open = select(func.min(BATCHES.c.batch_id)).where(BATCHES.c.state == "claimed")
    with platform.database.engine.begin() as connection:
        rows = connection.execute(changes).all()
        ids = set(connection.execute(settled).scalars())
        position = connection.execute(_last_of_page(offset.position, most_changes)).scalar_one()
        first_open = connection.execute(oldest_open).scalar()
        last = connection.execute(select(func.max(BATCHES.c.batch_id))).scalar() or 0
    batches = batch_rows(platform, sorted(ids | {row.batch_id for row in rows}))
    days: dict[str, dict[date, int]] = {}
    for row in rows:
        days.setdefault(row.table_name, {})[row.operating_day] = row.batch_id
    reached = Offset(position, last if first_open is None else first_open - 1)
    return News(_with_companions(days, batches), _whole_tables(batches, ids), batches, reached)


def _last_of_page(position: int, most_changes: int | None) -> Select[Any]:
    """Return a query of the last position of the page after a position; of that position where nothing follows."""
    page = select(CHANGE_LOG.c.position).where(CHANGE_LOG.c.position > position).order_by(CHANGE_LOG.c.position)
    return select(func.coalesce(func.max(page.limit(most_changes).subquery().c.position), position))


def _with_companions(days: dict[str, dict[date, int]], batches: Sequence[dict[str, Any]]) -> dict[str, dict[date, int]]:
    """Add the days of companion tables, which the change log does not name: their batch's plan does."""
    told = {batch for by_day in days.values() for batch in by_day.values()}
    for batch in batches:
        for change in (batch["plan"] or {}).get("tables", []) if batch["batch_id"] in told else []:
            if change["principal"] and has_days(BY_NAME[change["table"]]):
                for day in days.get(change["principal"], {}):
                    if day.isoformat() in change["days"]:
                        days.setdefault(change["table"], {})[day] = batch["batch_id"]
    return days


def _whole_tables(batches: Sequence[dict[str, Any]], ids: set[int]) -> dict[str, int]:
    return {
        change["table"]: batch["batch_id"]
        for batch in batches
        if batch["batch_id"] in ids
        for change in (batch["plan"] or {}).get("tables", [])
        if not has_days(BY_NAME[change["table"]])
    }


def _events(platform: Platform, news: News) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    yield from _materializations(platform, news)
    yield from _evaluations(platform, news)
    yield from _copies(platform, news)


def _copies(platform: Platform, news: News) -> Iterator[dg.AssetMaterialization]:
    """Yield one event for each copy that was brought up to date, however many days and batches that took."""
    for name in COPIES:
        batches = [batch for batch in news.batches if name in copies_of(batch)]
        if batches:
            yield dg.AssetMaterialization(name, metadata=told_later(platform, name, batches))


def _materializations(platform: Platform, news: News) -> Iterator[dg.AssetMaterialization]:
    for table in TABLES:
        if table.name in news.whole_tables:
            metadata = {"batch": news.whole_tables[table.name], **details(platform, table, None)}
            yield dg.AssetMaterialization(table.name, metadata=metadata)
        elif table.name in news.days and has_days(table):
            yield from _day_events(platform, table, news.days[table.name])


def _day_events(platform: Platform, table: TableSpec, days: dict[date, int]) -> Iterator[dg.AssetMaterialization]:
    rows = platform.lake.rows_by_day(table, sorted(days)) if table.is_daily else {}
    if table is METER_READINGS_HISTORY:
        # Its batch's plan names every day that the batch changed; most of them replaced nothing.
        days = {day: batch for day, batch in days.items() if day in rows}
    for day in sorted(days):
        metadata = day_numbers(rows.get(day), days[day]) if table.is_daily else {"batch": days[day]}
        if day == max(days):
            metadata |= details(platform, table, day)
        yield dg.AssetMaterialization(table.name, partition=key_of(day), metadata=metadata)


def _evaluations(platform: Platform, news: News) -> Iterator[dg.AssetCheckEvaluation]:
    for stage, asset in GATED.items():
        batches = [batch["batch_id"] for batch in news.batches if batch["stage"] == stage]
        if batches:
            days = sorted(news.days.get(asset, {}))
            for result in gate_results(stage, findings(platform, stage, batches, days)):
                yield _evaluation(asset, str(result.check_name), result, is_blocking=True)
            books = reconciliation_result(BOOKS[stage](platform, days))
            yield _evaluation(asset, RECONCILIATION, books, is_blocking=True)
            yield _evaluation(asset, HELD, held_result(held_batches(platform, stage)), is_blocking=False)


def _evaluation(asset: str, name: str, result: dg.AssetCheckResult, *, is_blocking: bool) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(asset),
        check_name=name,
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        description=result.description,
        blocking=is_blocking,
    )
