"""How far the copies of the lake are behind it: which changed days each follower has still to copy.

Read from the change log alone, so that it costs little however much has changed. Days that a gate holds do not count:
they wait for a person and not for a run.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import GridError, Retryable
from grid_assets.domain.names import PUBLISH_CONSUMER, search_consumer, warm_consumer
from grid_assets.domain.warm import WARMED
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.platform import Platform


@dataclass(frozen=True)
class Lag:
    """What one follower has still to copy of one table, as of a position of the log.

    `consumer` is empty for a kind of documents that has no index yet. `problem` says why a copy could not be asked how
    far it is; its days are unknown then.
    """

    stage: str
    consumer: str
    table: str
    days: tuple[date, ...]
    position: int = 0
    problem: str = ""


def lag(platform: Platform) -> tuple[Lag, ...]:
    """Return how far every follower is behind, one entry for each table that it reads, in the order of serving.

    A copy that cannot be reached is one entry that says so; the other copies' entries are there all the same.
    """
    parts: tuple[tuple[str, Callable[[Platform], Iterator[Lag]]], ...] = (
        ("publish", _publish),
        ("warm", _warm),
        ("index", _index),
    )
    return tuple(entry for stage, part in parts for entry in _asked(platform, stage, part))


def pending_days(lags: Sequence[Lag], stage: str | None = None) -> tuple[date, ...]:
    """Return the days that some followers have still to copy, those of one stage where it is named, in order."""
    return tuple(sorted({day for entry in lags if stage in (None, entry.stage) for day in entry.days}))


def _asked(platform: Platform, stage: str, part: Callable[[Platform], Iterator[Lag]]) -> tuple[Lag, ...]:
    try:
        return tuple(part(platform))
    except GridError as error:
        if not isinstance(error, Retryable):
            raise
        return (Lag(stage, "", "", (), problem=str(error)),)


def _publish(platform: Platform) -> Iterator[Lag]:
    for table in PUBLISHED:
        yield _behind(platform, "publish", PUBLISH_CONSUMER, table)


def _warm(platform: Platform) -> Iterator[Lag]:
    consumer = warm_consumer(platform.cache.epoch())
    for table in WARMED:
        yield _behind(platform, "warm", consumer, table)


def _index(platform: Platform) -> Iterator[Lag]:
    for kind in platform.search.kinds.values():
        live = platform.search.live(kind.name)
        for table in kind.tables:
            yield _behind(platform, "index", search_consumer(live) if live else "", table)


def _behind(platform: Platform, stage: str, consumer: str, table: TableSpec) -> Lag:
    found = platform.database.change_log.to_copy(consumer, table.name)
    return Lag(stage, consumer, table.name, found.days, found.position)
