"""Followers that write down what they copy, over the real change log; changes settled without a lake behind them."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial

from grid_assets.domain.names import PUBLISH_CONSUMER, search_consumer, warm_consumer
from grid_assets.domain.tables import BY_NAME
from grid_assets.domain.warm import WARMED
from grid_assets.pipeline.follow import Feed, Step, follow
from grid_assets.pipeline.reporter import Silent
from resources.clients.database.batches import Settlement
from resources.clients.database.changes import Change
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.platform import Platform

STAGES = ("publish", "warm", "index")
KINDS = {
    "sensors": ("sensors", "sensor_latest"),
    "readings": ("meter_readings", "sensors"),
    "events": ("events", "sensors"),
}
TABLES = tuple(sorted({t.name for t in (*PUBLISHED, *WARMED)} | {t for tables in KINDS.values() for t in tables}))
"""Every table that some copy is made from."""


@dataclass(frozen=True)
class Copied:
    """One day that a follower copied: when by the test's own count, by which consumer, under which batch."""

    moment: int
    consumer: str
    table: str
    day: date
    batch_id: int


@dataclass
class History:
    """What changed and what was copied, in one order."""

    changes: list[tuple[int, str, date]] = field(default_factory=list)
    copies: list[Copied] = field(default_factory=list)
    held: dict[int, tuple[Change, ...]] = field(default_factory=dict)
    moments: Iterator[int] = field(default_factory=itertools.count)

    def settle(self, platform: Platform, changes: Sequence[Change], *, is_held: bool = False) -> None:
        """Settle a batch that changed some days; a held one counts from its release on."""
        batches = platform.database.batches
        batch = batches.open("aggregate", "test", datetime.now(UTC))
        batches.settle(batch.batch_id, Settlement(tuple(changes), is_held=is_held))
        if is_held:
            self.held[batch.batch_id] = tuple(changes)
        else:
            self._changed(changes)

    def release(self, platform: Platform) -> None:
        """Release the oldest held batch, if there is one."""
        if self.held:
            batch_id, changes = next(iter(self.held.items()))
            platform.database.batches.release(batch_id)
            del self.held[batch_id]
            self._changed(changes)

    def serve(self, platform: Platform, stage: str, meanwhile: Callable[[], None]) -> None:
        """Run every follower of a stage; `meanwhile` is called once, when the first one has read what it copies."""
        once = iter([meanwhile])
        for consumer, table in feeds(platform, stage):
            copy = partial(self._copy, consumer, table, once)
            follow(platform, Feed(stage, consumer, BY_NAME[table]), copy, "test", Silent())

    def _copy(self, consumer: str, table: str, once: Iterator[Callable[[], None]], step: Step) -> dict[str, int]:
        moment = next(self.moments)
        self.copies += [Copied(moment, consumer, table, day, step.batch.batch_id) for day in step.days]
        for act in once:
            act()
        return {"days": len(step.days)}

    def _changed(self, changes: Sequence[Change]) -> None:
        moment = next(self.moments)
        self.changes += [(moment, change.table_name, change.operating_day) for change in changes]

    def missed(self, platform: Platform) -> list[tuple[str, str, date]]:
        """Return what changed after today's followers last copied it: consumer, table and day."""
        copied = {(copy.consumer, copy.table, copy.day): copy.moment for copy in self.copies}
        wanted = [pair for stage in STAGES for pair in feeds(platform, stage)]
        return [
            (consumer, table, day)
            for moment, table, day in self.changes
            for consumer, read in wanted
            if read == table and copied.get((consumer, table, day), -1) < moment
        ]

    def repeated(self, platform: Platform) -> list[Copied]:
        """Return what was copied, with its batch settled, and copied again without a change in between."""
        settled = {b["batch_id"] for b in platform.database.batches.listing() if b["state"] == "settled"}
        changed: dict[tuple[str, date], list[int]] = {}
        for moment, table, day in self.changes:
            changed.setdefault((table, day), []).append(moment)
        last: dict[tuple[str, str, date], int] = {}
        found = []
        for copy in self.copies:
            key = (copy.consumer, copy.table, copy.day)
            if copy.batch_id in settled:
                since = [m for m in changed.get((copy.table, copy.day), ()) if last.get(key, -1) < m < copy.moment]
                found += [] if since else [copy]
                last[key] = copy.moment
        return found


def feeds(platform: Platform, stage: str) -> list[tuple[str, str]]:
    """Return the consumers of a stage as they are now, each with a table that it reads."""
    if stage == "publish":
        return [(PUBLISH_CONSUMER, table.name) for table in PUBLISHED]
    if stage == "warm":
        return [(warm_consumer(platform.cache.epoch()), table.name) for table in WARMED]
    live = {kind: platform.search.live(kind) for kind in KINDS}
    return [(search_consumer(index), table) for kind, index in live.items() if index for table in KINDS[kind]]


def new_index(platform: Platform, kind: str) -> None:
    """Make an empty index of a kind live."""
    name = platform.search.create(kind, datetime.now(UTC))
    platform.search.load(kind, name, [])
    platform.search.finish(kind, name)
    platform.search.promote(kind, name)
