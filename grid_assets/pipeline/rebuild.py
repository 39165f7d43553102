"""Building an index anew beside the live one: load, catch up with the change log, check against the lake, swap.

Searches are answered by the old index until the new one is whole and checked, and by the new one from then on.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from grid_assets.domain.errors import GridError
from grid_assets.domain.names import search_consumer
from grid_assets.domain.search.fields import DocumentKind
from grid_assets.pipeline.documents import steps_of, stream
from grid_assets.pipeline.index_gate import check
from grid_assets.pipeline.publish import claim, open_batch
from grid_assets.pipeline.reindex import newest_version
from grid_assets.pipeline.reporter import Reporter
from resources.clients.database.batches import Settlement
from resources.clients.database.changes import Progress
from resources.clients.failpoints import reach
from resources.clients.platform import Platform

STAGE = "rebuild"
REBUILD_POINTS = (
    "rebuild.batch.opened",
    "rebuild.batch.claimed",
    "rebuild.created",
    "rebuild.loaded",
    "rebuild.finished",
    "rebuild.noted",
    "rebuild.checked",
    "rebuild.promoted",
    "rebuild.batch.settled",
    "rebuild.pruned",
)
"""The steps of a rebuild, in order; what the engine does in each has points of its own."""


@dataclass(frozen=True)
class RebuildReport:
    """What a rebuild of one kind did; `checks` says in words what the new index was held against."""

    kind: str
    index: str
    previous: str | None
    documents: int
    seconds: float
    days: int
    checks: str


def rebuild(platform: Platform, kinds: Iterable[str], driver: str, reporter: Reporter) -> tuple[RebuildReport, ...]:
    """Build the indices of some kinds anew, check each against the lake, and make it live in one step.

    Raises:
        ClaimHeldError: If the same kind is being rebuilt by somebody else.
        IndexGateError: If a new index does not hold what the lake holds; it is removed, and the live one stays.
    """
    return tuple(_rebuild(platform, platform.search.kinds[kind], driver, reporter) for kind in kinds)


def roll_back(platform: Platform, kinds: Iterable[str]) -> dict[str, str]:
    """Make the indices before the live ones live again, and return their names by kind.

    Their own offsets in the change log make the next `index_changes` bring them up to date.

    Raises:
        SearchError: If a kind has none; the kinds before it were rolled back.
    """
    return {kind: platform.search.roll_back(kind) for kind in kinds}


def _rebuild(platform: Platform, kind: DocumentKind, driver: str, reporter: Reporter) -> RebuildReport:
    started = time.monotonic()
    with open_batch(platform, STAGE, driver) as batch:
        claim(platform, batch, [f"rebuild/{kind.name}"], wait_seconds=0)
        _prune(platform, kind)  # what a rebuild that died has left
        steps = steps_of(platform, kind)
        reporter.start(f"{STAGE} {kind.name}", len(steps))
        index, loaded, checks = _build(platform, kind, driver, _told(steps, reporter))
        previous = platform.search.promote(kind.name, index)
        reach("rebuild.promoted")
        days = sum(len(step) for step in steps if step is not None)
        report = RebuildReport(kind.name, index, previous, loaded, round(time.monotonic() - started, 3), days, checks)
        platform.database.batches.settle(batch.batch_id, Settlement(result=dict(report.__dict__)))
        reach("rebuild.batch.settled")
    _prune(platform, kind)
    reach("rebuild.pruned")
    reporter.finish(f"{loaded:,} documents; checked {checks}")
    return report


def _build(
    platform: Platform, kind: DocumentKind, driver: str, steps: Iterable[tuple[date, ...] | None]
) -> tuple[str, int, str]:
    """Make an index that holds what the lake holds; return its name, the documents loaded and what was checked."""
    index = platform.search.create(kind.name, platform.clock())
    reach("rebuild.created")
    try:
        log = platform.database.change_log
        noted = {table.name: log.pending(search_consumer(index), table.name) for table in kind.tables}
        version = newest_version(platform, kind, index)
        loaded = platform.search.load(kind.name, index, _documents(platform, kind, steps, version))
        reach("rebuild.loaded")
        platform.search.finish(kind.name, index)
        reach("rebuild.finished")
        for table, pending in noted.items():
            log.progress(Progress(search_consumer(index), table, pending.days, pending.position))
        reach("rebuild.noted")
        checks = check(platform, kind, index, driver)
        reach("rebuild.checked")
    except BaseException as error:
        _give_up(platform, kind, error)
        raise
    return index, loaded, checks


def _documents(
    platform: Platform, kind: DocumentKind, steps: Iterable[tuple[date, ...] | None], version: int
) -> Iterator[pa.RecordBatch]:
    for step in steps:
        yield from stream(platform, kind, step, version)


def _told(steps: Sequence[tuple[date, ...] | None], reporter: Reporter) -> Iterator[tuple[date, ...] | None]:
    for step in steps:
        yield step
        reporter.step(1, f"{step[0]} to {step[-1]}" if step else "all")


def _prune(platform: Platform, kind: DocumentKind) -> None:
    for index in platform.search.prune(kind.name, platform.limits.indices_kept):
        platform.database.change_log.forget(search_consumer(index))


def _give_up(platform: Platform, kind: DocumentKind, error: BaseException) -> None:
    try:
        _prune(platform, kind)
    except (GridError, OSError) as second:
        error.add_note(f"The unfinished index stays until the next rebuild. Removing it failed: {second}")
