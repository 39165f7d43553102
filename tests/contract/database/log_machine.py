"""Batches, claims, the change log and its consumers: what holds whatever clients do, in whatever order.

Ids only grow, claims are exclusive and taken in the order of batches, every consumer sees each changed day until it has
done it and never again after that, held batches are passed over, and a transaction that fails changes nothing.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, initialize, invariant, multiple, rule

from grid_assets.domain.errors import DatabaseError
from resources.clients.database.batches import Settlement
from resources.clients.database.changes import Change, Pending, Progress
from tests.contract.database.machine import WHO, Machine, no_commit

DAYS = tuple(date(2016, 3, 24) + timedelta(days=n) for n in range(4))
TABLES = ("events", "load_daily")
CONSUMERS = ("publish", "warm/1")
STAGES = ("verify", "aggregate")
NOW = datetime(2016, 3, 27, tzinfo=UTC)
SELDOM = st.integers(0, 3).map(lambda number: number == 3)
CHANGES = st.frozensets(st.builds(Change, st.sampled_from(TABLES), st.sampled_from(DAYS)), min_size=2, max_size=6)


@dataclass
class KnownBatch:
    """What the model knows of a batch."""

    stage: str
    state: str = "claimed"
    is_held: bool = False
    claims: frozenset[str] = frozenset()
    changes: frozenset[Change] = frozenset()


@dataclass(frozen=True)
class Look:
    """What a consumer saw when it looked."""

    consumer: str
    table: str
    pending: Pending


@dataclass
class Model:
    """The log as it should be: entries (table, day, batch) by position, and what each consumer did as of where."""

    batches: dict[int, KnownBatch] = field(default_factory=dict)
    log: list[tuple[str, date, int]] = field(default_factory=list)
    done: dict[tuple[str, str, date], int] = field(default_factory=dict)

    def pending(self, consumer: str, table: str) -> tuple[date, ...]:
        """Return the days that a consumer has to do."""
        todo = {
            day
            for position, (name, day, batch) in enumerate(self.log, 1)
            if name == table and not self.batches[batch].is_held and self.done.get((consumer, table, day), 0) < position
        }
        return tuple(sorted(todo))

    def progress(self, progress: Progress) -> None:
        """Record days as done."""
        for day in progress.days:
            key = (progress.consumer, progress.table_name, day)
            self.done[key] = max(self.done.get(key, 0), progress.position)

    def enter(self, batch_id: int, changes: frozenset[Change]) -> None:
        """Append a batch's changes."""
        ordered = sorted(changes, key=lambda c: (c.table_name, c.operating_day))
        self.log.extend((c.table_name, c.operating_day, batch_id) for c in ordered)


class LogMachine(Machine):
    """Clients that open, claim, settle, give up and take over batches, and consumers that follow."""

    batches = Bundle("batches")
    looks = Bundle("looks")

    @initialize()
    def begin(self) -> None:
        self.model = Model()
        self.newest_knowledge = NOW - timedelta(days=1)

    @rule(target=batches, who=WHO, stage=st.sampled_from(STAGES), late=st.integers(-5, 5))
    def open(self, who: int, stage: str, late: int) -> int:
        batch = self.clients[who].batches.open(stage, "test", NOW + timedelta(seconds=late))
        assert batch.batch_id > max(self.model.batches, default=0)
        assert batch.recorded_at_utc > self.newest_knowledge
        self.newest_knowledge = batch.recorded_at_utc
        self.model.batches[batch.batch_id] = KnownBatch(stage)
        return batch.batch_id

    @rule(who=WHO, stage=st.sampled_from(STAGES))
    def fail_to_open(self, who: int, stage: str) -> None:
        with no_commit(self.clients[who]):
            self.clients[who].batches.open(stage, "test", NOW)

    @rule(who=WHO, batch=batches, days=st.frozensets(st.sampled_from(DAYS), min_size=1, max_size=2))
    def claim(self, who: int, batch: int, days: frozenset[date]) -> None:
        known = self.model.batches[batch]
        if known.state != "claimed" or known.claims:
            return
        wanted = frozenset(f"{known.stage}/{day}" for day in days)
        holder = self.clients[who].batches.claim(batch, sorted(wanted))
        in_the_way = self._in_the_way(batch, wanted)
        assert (holder is None) == (not in_the_way)
        if holder is None:
            known.claims = wanted
        else:
            assert holder.batch_id in in_the_way

    def _in_the_way(self, batch: int, wanted: frozenset[str]) -> set[int]:
        stage = self.model.batches[batch].stage
        others = {i: b for i, b in self.model.batches.items() if b.state == "claimed" and i != batch}
        earlier = {i for i, b in others.items() if i < batch and b.stage == stage and not b.claims}
        return earlier or {i for i, b in others.items() if b.claims & wanted}

    @rule(who=WHO, batch=batches, changes=CHANGES, is_held=SELDOM, breaks=SELDOM)
    def settle(self, who: int, batch: int, changes: frozenset[Change], is_held: bool, breaks: bool) -> None:  # noqa: FBT001 - drawn
        known, settlement = self.model.batches[batch], Settlement(tuple(changes), is_held=is_held)
        client = self.clients[who]
        if known.state != "claimed":
            with pytest.raises(DatabaseError, match="not open any more"):
                client.batches.settle(batch, settlement)
        elif breaks:
            with no_commit(client):
                client.batches.settle(batch, settlement)
        else:
            client.batches.settle(batch, settlement)
            self.model.batches[batch] = KnownBatch(known.stage, "settled", is_held, changes=changes)
            self.model.enter(batch, changes)

    @rule(who=WHO, stage=st.sampled_from(STAGES), changes=CHANGES)
    def publish(self, who: int, stage: str, changes: frozenset[Change]) -> None:
        """Open a batch and settle it at once."""
        self.settle(who, self.open(who, stage, 0), changes, is_held=False, breaks=False)

    @rule(who=WHO, batch=batches)
    def abandon(self, who: int, batch: int) -> None:
        known = self.model.batches[batch]
        if known.state == "claimed":
            self.clients[who].batches.abandon(batch)
            self.model.batches[batch] = KnownBatch(known.stage, "abandoned")

    @rule(who=WHO, batch=batches)
    def release(self, who: int, batch: int) -> None:
        known = self.model.batches[batch]
        if not known.is_held:
            with pytest.raises(DatabaseError, match="is not held"):
                self.clients[who].batches.release(batch)
            return
        assert self.clients[who].batches.release(batch) == len(known.changes)
        known.is_held = False
        self.model.enter(batch, known.changes)

    @rule(first=WHO, second=WHO, batch=batches)
    def die_and_be_taken_over(self, first: int, second: int, batch: int) -> None:
        """Give a batch up, as its death does; of two that want it one gets it, and it stays as it was."""
        if self.model.batches[batch].state != "claimed":
            assert not self.clients[first].batches.take_over(batch)
            return
        self.clients[first].batches.hand_back(batch)
        assert self.clients[first].batches.take_over(batch)
        assert not self.clients[second].batches.take_over(batch)

    @rule(target=looks, who=WHO, consumer=st.sampled_from(CONSUMERS), table=st.sampled_from(TABLES))
    def look(self, who: int, consumer: str, table: str) -> Look:
        pending = self.clients[who].change_log.pending(consumer, table)
        assert pending.days == self.model.pending(consumer, table)
        assert pending.position == len(self.model.log)
        return Look(consumer, table, pending)

    @rule(who=WHO, look=consumes(looks), share=st.integers(1, 3), batch=st.none() | batches)
    def do_some(self, who: int, look: Look, share: int, batch: int | None) -> None:
        """Do some of the days that a consumer saw, perhaps long ago; by itself, or as a batch is settled."""
        progress = Progress(look.consumer, look.table, look.pending.days[:share], look.pending.position)
        if batch is None:
            self.clients[who].change_log.progress(progress)
        elif self.model.batches[batch].state == "claimed":
            self.clients[who].batches.settle(batch, Settlement((), progress))
            self.model.batches[batch] = KnownBatch(self.model.batches[batch].stage, "settled")
        else:
            return
        self.model.progress(progress)

    @rule(target=looks, who=WHO, look=consumes(looks))
    def fail_to_do(self, who: int, look: Look) -> object:
        progress = Progress(look.consumer, look.table, look.pending.days, look.pending.position)
        with no_commit(self.clients[who]):
            self.clients[who].change_log.progress(progress)
        return multiple(look)

    @invariant()
    def every_consumer_sees_what_it_has_to_do(self) -> None:
        for consumer in CONSUMERS:
            for table in TABLES:
                seen = self.clients[0].change_log.pending(consumer, table).days
                assert seen == self.model.pending(consumer, table), (consumer, table)

    @invariant()
    def batches_stand_as_they_were_left(self) -> None:
        batches = self.clients[0].batches
        assert [batch.batch_id for batch, _ in batches.unsettled()] == [
            number for number, known in self.model.batches.items() if known.state == "claimed"
        ]
        for stage in STAGES:
            assert batches.uncounted(stage) == tuple(
                number
                for number, known in self.model.batches.items()
                if known.stage == stage and (known.state == "claimed" or known.is_held)
            )
