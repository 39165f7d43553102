"""The index stage: what changed in the lake is indexed, document by document; what stays the same is not written.

Every index reads the change log by an offset of its own, so that one that is rolled back to knows how far it has got.
A kind without an index of today's schema is built whole (`rebuild.py`).
"""

from collections.abc import Sequence
from datetime import date
from functools import partial

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.names import search_consumer
from grid_assets.domain.search.fields import DocumentKind
from grid_assets.pipeline.documents import difference, steps_of
from grid_assets.pipeline.follow import Feed, Step, follow
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.reporter import Reporter
from resources.clients.failpoints import reach
from resources.clients.platform import Platform
from resources.clients.search.base import NO_DAY, Applied

STAGE = "index"
WRITTEN, REMOVED = "documents written", "documents removed"
INDEX_POINTS = ("index.compared", "index.applied")
"""The steps of indexing some days: the difference is known, and it is in the index."""


def index_changes(
    platform: Platform, driver: str, reporter: Reporter, days: Sequence[date] | None = None
) -> StageOutcome:
    """Bring every kind's live index up to date with what changed, or with the given days again.

    Returns:
        The days done, and the numbers "documents written" and "documents removed".

    Raises:
        SearchBusyError: If another process writes an index for longer than is waited.
        IndexGateError: If an index had to be built whole, and does not hold what the lake holds.
    """
    from grid_assets.pipeline.rebuild import rebuild  # noqa: PLC0415 - a rebuild catches up by this module

    outcome = StageOutcome()
    for name, kind in platform.search.kinds.items():
        live = platform.search.live(name)
        if live is None:
            (report,) = rebuild(platform, (name,), driver, reporter)
            outcome += StageOutcome(rows={WRITTEN: report.documents, REMOVED: 0})
        else:
            outcome += catch_up(platform, kind, live, driver, reporter, days)
    return outcome


def catch_up(
    platform: Platform,
    kind: DocumentKind,
    index: str,
    driver: str,
    reporter: Reporter,
    days: Sequence[date] | None = None,
) -> StageOutcome:
    """Bring one index up to date with the tables of its kind; `days` are done again in any case."""
    outcome = StageOutcome()
    for table in kind.tables:
        feed = Feed(STAGE, search_consumer(index), table)
        again = days if table is kind.daily else None
        outcome += follow(platform, feed, partial(_copy, platform, kind, index, table), driver, reporter, again)
    return outcome


def newest_version(platform: Platform, kind: DocumentKind, index: str) -> int:
    """Return the newest batch that changed a table of a kind: what is read from now on is at least that new."""
    log = platform.database.change_log
    return max(log.pending(search_consumer(index), table.name).batch_id for table in kind.tables)


def _copy(platform: Platform, kind: DocumentKind, index: str, table: TableSpec, step: Step) -> dict[str, int]:
    # Documents are made from several tables, so their version is the newest change of any of them.
    version = max(step.version, newest_version(platform, kind, index))
    if table is kind.daily:
        steps: tuple[tuple[date, ...] | None, ...] = (step.days,)
    else:
        indexed = (day for day in platform.search.sums(kind.name, index) if day != NO_DAY)
        steps = steps_of(platform, kind, tuple(indexed))
    done = [_apply(platform, kind, index, days, version) for days in steps]
    return {WRITTEN: sum(each.written for each in done), REMOVED: sum(each.removed for each in done)}


def _apply(platform: Platform, kind: DocumentKind, index: str, days: tuple[date, ...] | None, version: int) -> Applied:
    found = difference(platform, kind, index, days, version)
    reach("index.compared")
    applied = platform.search.apply(kind.name, index, found.documents, found.withdrawn)
    reach("index.applied")
    return applied
