"""How well the cache serves: what it holds, how often it is hit, how far it is behind the lake."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.names import warm_consumer
from grid_assets.domain.warm import MEMBERS, WARMED
from resources.clients.database.freshness import NewestChange, newest_changes, settled_at
from resources.clients.platform import Platform


@dataclass(frozen=True)
class CacheReport:
    """Numbers of the cache as a whole.

    `hit_ratio` is of all reads since the cache began, None before the first. `staleness_seconds` is the longest time
    that passed, for a day which is held now, from the knowledge time of its newest change until readers saw it; for
    a change that they do not see yet, until now. None where nothing is held. `pending_days` are still to be warmed.
    """

    hit_ratio: float | None
    entries: int
    generations: int
    bytes: int
    staleness_seconds: float | None
    pending_days: tuple[date, ...]


def cache_report(platform: Platform) -> CacheReport:
    """Return the numbers of the cache.

    Raises:
        CacheError: If the cache cannot be reached.
    """
    found = platform.cache.statistics()
    waits = [wait for members in MEMBERS.values() for wait in _waits(platform, members.table)]
    consumer, log = warm_consumer(platform.cache.epoch()), platform.database.change_log
    pending = {day for table in WARMED for day in log.pending(consumer, table.name).days}
    return CacheReport(
        found.hit_ratio,
        found.entries,
        found.generations,
        found.bytes,
        max(waits, default=None),
        tuple(sorted(pending)),
    )


def _waits(platform: Platform, table: TableSpec) -> Iterator[float]:
    """Give the seconds that readers waited for the newest change of each day that is held."""
    held = platform.cache.generations(table.name)
    changes = newest_changes(platform.database.engine, table.name)
    ends = settled_at(platform.database.engine, held.values())
    now = platform.clock()
    for day, number in held.items():
        if day in changes:
            yield (_seen(changes[day], number, ends, now) - changes[day].recorded_at_utc).total_seconds()


def _seen(change: NewestChange, number: int, ends: dict[int, datetime], now: datetime) -> datetime:
    return ends.get(number, now) if number > change.batch_id else now
