"""The change log against a model: no changed day is lost, none is done twice without a new change, offsets move on."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from resources.clients.database.batches import Settlement
from resources.clients.database.changes import Change, Progress
from resources.clients.database.client import Database
from resources.clients.database.schema import CONSUMER_DAYS, CONSUMER_OFFSETS
from tests.properties import examples

NOW = datetime(2016, 3, 27, tzinfo=UTC)
FIRST = date(2016, 3, 1)
CONSUMERS, TABLES = ("verify", "warm"), ("sensor_data", "meter_readings")
DAYS = tuple(FIRST + timedelta(days=n) for n in range(6))
SOME_DAYS = st.sets(st.sampled_from(DAYS), min_size=1)


@dataclass
class Entry:
    """One entry of the log as the model knows it."""

    table: str
    day: date
    batch_id: int


@dataclass(frozen=True)
class Work:
    """Days that a consumer has taken up, and where the log stood then."""

    consumer: str
    table: str
    days: tuple[date, ...]
    position: int


class ChangeLogMachine(RuleBasedStateMachine):
    """Batches settle, are held and released; consumers read, finish or die; the model says what is left to do."""

    def __init__(self) -> None:
        super().__init__()
        self.database = Database("sqlite://")
        self.entries: list[Entry] = []
        self.held: list[int] = []
        self.done: dict[tuple[str, str, date], int] = {}
        self.under_way: list[Work] = []
        self.offsets: dict[tuple[str, str], int] = {}

    @rule(days=SOME_DAYS, table=st.sampled_from(TABLES), is_held=st.booleans())
    def settle(self, days: set[date], table: str, *, is_held: bool) -> None:
        batch = self.database.batches.open("any", "test", NOW)
        changes = [Change(table, day) for day in days]
        self.database.batches.settle(batch.batch_id, Settlement(changes, is_held=is_held))
        self._append(table, days, batch.batch_id)
        if is_held:
            self.held.append(batch.batch_id)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        batch_id = data.draw(st.sampled_from(self.held))
        self.held.remove(batch_id)
        released = [entry for entry in self.entries if entry.batch_id == batch_id]
        assert self.database.batches.release(batch_id) == len(released)
        self._append(released[0].table, {entry.day for entry in released}, batch_id)

    @rule(consumer=st.sampled_from(CONSUMERS), table=st.sampled_from(TABLES), data=st.data())
    def take_up(self, consumer: str, table: str, data: st.DataObject) -> None:
        pending = self.database.change_log.pending(consumer, table)
        if pending.days:
            days = tuple(sorted(data.draw(st.sets(st.sampled_from(pending.days), min_size=1))))
            self.under_way.append(Work(consumer, table, days, pending.position))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), other_days=SOME_DAYS)
    def finish_in_a_batch(self, data: st.DataObject, other_days: set[date]) -> None:
        work = self._end_one(data)
        batch = self.database.batches.open("any", "test", NOW)
        changes = [Change("events", day) for day in other_days]
        self.database.batches.settle(batch.batch_id, Settlement(changes, self._progress(work)))
        self._append("events", other_days, batch.batch_id)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def finish_without_a_batch(self, data: st.DataObject) -> None:
        self.database.change_log.progress(self._progress(self._end_one(data)))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        self.under_way.remove(data.draw(st.sampled_from(self.under_way)))

    @invariant()
    def exactly_what_changed_since_is_pending(self) -> None:
        for consumer in CONSUMERS:
            for table in TABLES:
                pending = self.database.change_log.pending(consumer, table)
                assert pending.days == self._expected(consumer, table), (consumer, table)
                assert pending.position == len(self.entries)

    @invariant()
    def offsets_only_move_on_and_leave_nothing_behind(self) -> None:
        with self.database.engine.begin() as connection:
            offsets = {(r.consumer, r.table_name): r.position for r in connection.execute(select(CONSUMER_OFFSETS))}
            ahead = connection.execute(select(CONSUMER_DAYS)).all()
        for key, position in offsets.items():
            assert self.offsets.get(key, 0) <= position <= len(self.entries)
            if not self._expected(*key) and not any(w.consumer == key[0] and w.table == key[1] for w in self.under_way):
                assert not [r for r in ahead if (r.consumer, r.table_name) == key and r.position <= position]
        assert all(row.position > offsets[row.consumer, row.table_name] for row in ahead)
        self.offsets = offsets

    @invariant()
    def held_days_are_those_whose_newest_change_is_held(self) -> None:
        for table in TABLES:
            newest = {entry.day: entry.batch_id for entry in self.entries if entry.table == table}
            expected = {day for day, batch_id in newest.items() if batch_id in self.held}
            assert self.database.change_log.held_days(table) == expected

    def teardown(self) -> None:
        self.database.close()

    def _append(self, table: str, days: set[date], batch_id: int) -> None:
        self.entries += [Entry(table, day, batch_id) for day in sorted(days)]

    def _end_one(self, data: st.DataObject) -> Work:
        work: Work = data.draw(st.sampled_from(self.under_way))
        self.under_way.remove(work)
        for day in work.days:
            key = (work.consumer, work.table, day)
            self.done[key] = max(work.position, self.done.get(key, 0))
        return work

    def _progress(self, work: Work) -> Progress:
        return Progress(work.consumer, work.table, work.days, work.position)

    def _expected(self, consumer: str, table: str) -> tuple[date, ...]:
        days = {
            entry.day
            for position, entry in enumerate(self.entries, start=1)
            if entry.table == table
            and entry.batch_id not in self.held
            and position > self.done.get((consumer, table, entry.day), 0)
        }
        return tuple(sorted(days))


TestChangeLog = ChangeLogMachine.TestCase
TestChangeLog.settings = settings(examples(25), stateful_step_count=30)


def test_since__pages_through_the_log() -> None:
    database = Database("sqlite://")
    batch = database.batches.open("any", "test", NOW)
    database.batches.settle(batch.batch_id, Settlement([Change("events", day) for day in DAYS]))
    first = database.change_log.since(0, limit=4)
    rest = database.change_log.since(first[-1].position)
    assert [row.operating_day for row in (*first, *rest)] == list(DAYS)
