"""What a materialisation of a copy shows: what was done, what the copy holds, and how far it is behind the lake.

Everything is a count that the copy keeps or an index answers; no copy is read through, and no file of the lake opened.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from grid_assets.domain.warm import MEMBERS
from grid_assets.pipeline.cache_report import cache_report
from grid_assets.pipeline.lag import Lag, lag, pending_days
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.rebuild import RebuildReport
from grid_assets.presentation.copy_specs import (
    COPIES,
    DATABASE_RECORDS,
    KINDS,
    REBUILD_STAGE,
    SEARCH_REBUILD,
    WARM_CACHE,
    index_asset,
)
from grid_assets.presentation.details import Metadata
from grid_assets.presentation.plots.copies import held_days_plot, index_days_plot
from grid_assets.presentation.preview import markdown_table
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.platform import Platform
from resources.clients.search.base import IndexVersion

MEGABYTE = 1_000_000
Shown = Callable[[Platform, Sequence[Lag]], Metadata]


def copied_numbers(outcome: StageOutcome) -> Metadata:
    """Return what a step copied: days, what was written and removed by name, and its batches."""
    return {
        "days copied": len(set(outcome.days)),
        **outcome.rows,
        "batches": ", ".join(str(batch) for batch in outcome.batches) or "none",
    }


def copies_of(batch: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the assets of the copies that a settled batch brought up to date, or built anew; none for other stages."""
    result = batch["result"] or {}
    if batch["stage"] == REBUILD_STAGE:
        return (SEARCH_REBUILD, index_asset(result["kind"]))
    table = result.get("table", "")
    return tuple(c.name for c in COPIES.values() if c.stage == batch["stage"] and table in c.reads)


def told_later(platform: Platform, name: str, batches: Sequence[Mapping[str, Any]]) -> Metadata:
    """Return what one event says of a copy that some settled batches brought up to date outside of asset runs."""
    results = [batch["result"] or {} for batch in batches]
    if name == SEARCH_REBUILD:
        return rebuild_shown([RebuildReport(**result) for result in results])
    outcome = StageOutcome(batches=tuple(batch["batch_id"] for batch in batches))
    for result in results:
        outcome += StageOutcome(rows=result.get("rows", {}))
    return {**copied_numbers(outcome), "days copied": _days_of(results), **copy_shown(platform, name)}


def _days_of(results: Sequence[Mapping[str, Any]]) -> int:
    """Return the most days that batches did of one table: the tables of a copy mostly share their days."""
    by_table: dict[str, int] = {}
    for result in results:
        table = result.get("table", "")
        by_table[table] = by_table.get(table, 0) + result.get("days", 0)
    return max(by_table.values(), default=0)


def copy_shown(platform: Platform, name: str) -> Metadata:
    """Return what a copy's asset holds now; empty for the rebuild, which shows its reports instead."""
    shown = SHOWN.get(name)
    if shown is None:
        return {}
    behind = [entry for entry in lag(platform) if entry.stage == COPIES[name].stage]
    return {"days pending": len(pending_days(behind)), **shown(platform, behind)}


def rebuild_shown(reports: Sequence[RebuildReport]) -> Metadata:
    """Return what a rebuild came to: documents, rate, and for each index its checks and the index before."""
    seconds = sum(report.seconds for report in reports)
    documents = sum(report.documents for report in reports)
    header = ("kind", "index", "before", "documents", "days", "seconds", "checks")
    rows = [
        (r.kind, r.index, r.previous or "none", f"{r.documents:,}", r.days, f"{r.seconds:.2f}", r.checks)
        for r in reports
    ]
    return {
        "dagster/row_count": documents,
        "documents": documents,
        "seconds": round(seconds, 3),
        "documents per second": round(documents / seconds) if seconds else 0,
        "preview": dg.MetadataValue.md(markdown_table(header, rows)),
    }


def _records(platform: Platform, behind: Sequence[Lag]) -> Metadata:
    counts = {table.name: platform.database.records.count(table) for table in PUBLISHED}
    waiting = _waiting(behind)
    rows = [(name, f"{count:,}", waiting.get(name, 0)) for name, count in counts.items()]
    return {
        "dagster/row_count": sum(counts.values()),
        **{f"live rows of {name}": count for name, count in counts.items()},
        "preview": dg.MetadataValue.md(markdown_table(("table", "live rows", "days pending"), rows)),
    }


def _cache(platform: Platform, behind: Sequence[Lag]) -> Metadata:
    report, waiting = cache_report(platform), _waiting(behind)
    held = {name: sorted(platform.cache.generations(name)) for name in MEMBERS}
    rows = [
        (name, len(days), days[0] if days else "", days[-1] if days else "", waiting.get(name, 0))
        for name, days in held.items()
    ]
    ratio, staleness = report.hit_ratio, report.staleness_seconds
    return {
        "dagster/row_count": report.entries,
        "entries": report.entries,
        "generations": report.generations,
        "megabytes": round(report.bytes / MEGABYTE, 3),
        **({"hit ratio": round(ratio, 4)} if ratio is not None else {}),
        **({"staleness seconds": round(staleness, 3)} if staleness is not None else {}),
        "preview": dg.MetadataValue.md(markdown_table(("table", "days held", "first", "last", "days pending"), rows)),
        **_plotted(lambda: held_days_plot(held)),
    }


def _index_of(kind: str) -> Shown:
    def shown(platform: Platform, _: Sequence[Lag]) -> Metadata:
        versions = platform.search.indices(kind)
        live = platform.search.live(kind)
        newest = next((version for version in versions if version.name == live), None)
        if newest is None:
            return {"index": "none yet", "dagster/row_count": 0}
        return {
            "dagster/row_count": newest.documents,
            "index": newest.name,
            "documents": newest.documents,
            "index megabytes": round(newest.bytes / MEGABYTE, 3),
            "good indices before it": sum(v.was_live and not v.is_live for v in versions),
            "preview": dg.MetadataValue.md(_indices_table(versions)),
            **_plotted(lambda: index_days_plot(kind, _documents_by_day(platform, kind, newest.name))),
        }

    return shown


def _indices_table(versions: Sequence[IndexVersion]) -> str:
    rows = [
        (
            version.name,
            f"{version.documents:,}",
            f"{version.bytes / MEGABYTE:.2f}",
            "live" if version.is_live else "good" if version.was_live else "unfinished",
        )
        for version in reversed(versions)
    ]
    return markdown_table(("index", "documents", "megabytes", "state"), rows)


def _documents_by_day(platform: Platform, kind: str, index: str) -> dict[date, int]:
    return {day: found.documents for day, found in platform.search.sums(kind, index).items()}


def _waiting(behind: Sequence[Lag]) -> dict[str, int]:
    return {entry.table: len(entry.days) for entry in behind if entry.table}


def _plotted(draw: Callable[[], str | None]) -> Metadata:
    try:
        plot = draw()
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # The copy is made by now: a picture that cannot be drawn must not make its run a failure.
        plot = f"The plot could not be drawn: {error}"
    return {"plot": dg.MetadataValue.md(plot)} if plot is not None else {}


SHOWN: dict[str, Shown] = {
    DATABASE_RECORDS: _records,
    WARM_CACHE: _cache,
    **{index_asset(kind.name): _index_of(kind.name) for kind in KINDS},
}
"""What each copy's asset shows of itself."""
