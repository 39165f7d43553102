"""Generations: readers see a day whole, as of one batch; what is newer stays; what died leaves nothing to be seen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from grid_assets.domain.errors import CacheError
from resources.clients.cache.base import Generation
from tests.contract.cache.machine import WHO, Machine

PLACES = tuple((table, day) for table in ("load_daily", "events") for day in (date(2016, 3, 24), date(2016, 3, 27)))
PLACE = st.sampled_from(PLACES)
NUMBERS = st.integers(1, 8)
NAMES = tuple(f"M{n}|ü" for n in range(7))
SIZES = st.integers(0, len(NAMES))
LONG_SECONDS = 3_600.0
"""Longer than any load goes on without a sign of life."""


class DiedError(Exception):
    """What a load meets that dies."""


@dataclass
class Day:
    """A day of a table: its pointer, the generation before, and what is stored by number and when it was loaded."""

    number: int | None = None
    previous: int | None = None
    stored: dict[int, tuple[dict[str, bytes], float]] = field(default_factory=dict)

    def keep(self, numbers: set[int | None]) -> None:
        self.stored = {n: what for n, what in self.stored.items() if n in numbers}


class GenerationMachine(Machine):
    """Clients that load, promote, roll back and drop days in any order, and loads that die."""

    @initialize()
    def begin(self) -> None:
        self.days = {place: Day() for place in PLACES}
        self.salt = 0

    @rule(who=WHO, place=PLACE, number=NUMBERS, size=SIZES)
    def load(self, who: int, place: tuple[str, date], number: int, size: int) -> None:
        day, members = self.days[place], self._members(size)
        generation = Generation(*place, number)
        if number in (day.number, day.previous):
            with pytest.raises(CacheError):
                self.clients[who].load_generation(generation, _batches(members))
            return
        assert self.clients[who].load_generation(generation, _batches(members)) == size
        day.stored[number] = (members, self.now)

    @rule(who=WHO, place=PLACE, number=NUMBERS, size=st.integers(1, len(NAMES)))
    def load_and_die(self, who: int, place: tuple[str, date], number: int, size: int) -> None:
        day, members = self.days[place], self._members(size)
        if number in (day.number, day.previous):
            return
        with pytest.raises(DiedError):
            self.clients[who].load_generation(Generation(*place, number), _dying(members))
        # What it left is at most a part; the next load of the same number replaces it.
        day.stored.pop(number, None)
        self.promote_what_is_not_there(who, place, number)

    @precondition(lambda self: any(day.stored for day in self.days.values()))
    @rule(who=WHO, data=st.data(), excess=st.sampled_from([0, 0, 0, 1, -1]))
    def promote(self, who: int, data: st.DataObject, excess: int) -> None:
        place = data.draw(st.sampled_from([place for place, day in self.days.items() if day.stored]))
        day = self.days[place]
        number = data.draw(st.sampled_from(sorted(day.stored)))
        members = day.stored[number][0]
        if excess and (day.number is None or number > day.number):
            with pytest.raises(CacheError):
                self._promote(who, place, number, len(members) + excess)
            return
        is_current = day.number is None or number >= day.number
        assert self._promote(who, place, number, len(members)) == is_current
        if is_current and number != day.number:
            day.number, day.previous = number, day.number
            day.keep({number, day.previous, *(n for n in day.stored if n > number)})

    @rule(who=WHO, place=PLACE, number=NUMBERS)
    def try_to_promote(self, who: int, place: tuple[str, date], number: int) -> None:
        self.promote_what_is_not_there(who, place, number)

    def promote_what_is_not_there(self, who: int, place: tuple[str, date], number: int) -> None:
        day = self.days[place]
        if number in day.stored:
            return
        if day.number is not None and number < day.number:
            assert not self._promote(who, place, number, len(NAMES))
            return
        with pytest.raises(CacheError):
            self._promote(who, place, number, len(NAMES))

    @rule(who=WHO, place=PLACE)
    def roll_back(self, who: int, place: tuple[str, date]) -> None:
        day = self.days[place]
        assert self.clients[who].roll_back_generation(*place) == day.previous
        if day.previous is not None and day.number is not None:
            day.stored.pop(day.number)
            day.number, day.previous = day.previous, None

    @rule(who=WHO, place=PLACE)
    def drop(self, who: int, place: tuple[str, date]) -> None:
        day = self.days[place]
        visible = 0 if day.number is None else len(day.stored[day.number][0])
        assert self.clients[who].drop_generation(*place) == visible
        last = day.number
        day.number = day.previous = None
        if last is not None:
            day.keep({n for n in day.stored if n > last})

    @rule(who=WHO)
    def sweep(self, who: int) -> None:
        self.clients[who].sweep()
        for day in self.days.values():
            fresh = {n for n, (_, at) in day.stored.items() if n > (day.number or 0) and at + LONG_SECONDS > self.now}
            day.keep({day.number, day.previous, *fresh})

    @rule()
    def wait(self) -> None:
        self.now += LONG_SECONDS

    @rule(who=WHO)
    def clear(self, who: int) -> None:
        self.clients[who].clear()
        self.days = {place: Day() for place in PLACES}

    @invariant()
    def every_client_reads_whole_days(self) -> None:
        for client in self.clients:
            for place, day in self.days.items():
                expected = None if day.number is None else day.stored[day.number][0]
                assert client.read_generation(*place, [*NAMES, "none"]) == expected
            for table in {table for table, _ in PLACES}:
                numbers = {d: day.number for (t, d), day in self.days.items() if t == table and day.number is not None}
                assert client.generations(table) == numbers
        visible = [day.stored[day.number][0] for day in self.days.values() if day.number is not None]
        found = self.clients[0].statistics()
        assert (found.generations, found.entries) == (len(visible), sum(map(len, visible)))

    def _promote(self, who: int, place: tuple[str, date], number: int, expected: int) -> bool:
        return bool(self.clients[who].promote_generation(Generation(*place, number), expected))

    def _members(self, size: int) -> dict[str, bytes]:
        self.salt += 1
        return {name: f'"{name} {self.salt}"'.encode() for name in NAMES[:size]}


def _batches(members: dict[str, bytes]) -> Iterator[pa.RecordBatch]:
    table = pa.table(
        {
            "member": pa.array(list(members), pa.string()),
            "value": pa.array([value.decode() for value in members.values()], pa.string()),
        }
    )
    return iter(table.to_batches(max_chunksize=3))


def _dying(members: dict[str, bytes]) -> Iterator[pa.RecordBatch]:
    yield next(_batches(members))  # three members, of seven that were expected
    raise DiedError
