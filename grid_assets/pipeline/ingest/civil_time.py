"""Civil time as small tables, one row a day, so that rows find their day and offset by an equi-join.

Asking a time zone library for every reading costs ten times as much as joining with these (measured on 9 M rows).
Both tables cover a range of days; they are built from the zone's rules as Python's `zoneinfo` knows them.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa

from grid_assets.domain.intervals import operating_day, zone_of

EPOCH = date(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)
DAY_US = timedelta(days=1) // MICROSECOND


class Transition(NamedTuple):
    """One change of a zone's offset: the instant, and the offsets before and after it, in microseconds."""

    instant_us: int
    before_us: int
    after_us: int

    @property
    def wall_from_us(self) -> int:
        """Return the first wall time that does not happen, or happens twice."""
        return self.instant_us + min(self.before_us, self.after_us)

    @property
    def wall_to_us(self) -> int:
        """Return the first wall time after those."""
        return self.instant_us + max(self.before_us, self.after_us)


@lru_cache(maxsize=32)
def utc_day_table(zone_name: str, first: date, last: date) -> pa.Table:
    """Return for each UTC day the civil day before and after the one civil midnight that it holds.

    Columns: utc_day (days since 1970), split_us (the midnight, microseconds since 1970), day_before, day_after.
    """
    zone = zone_of(zone_name)
    rows: list[tuple[int, int, date, date]] = []
    for number in range((first - EPOCH).days, (last - EPOCH).days + 1):
        start = datetime.combine(EPOCH + timedelta(days=number), datetime.min.time(), tzinfo=UTC)
        before = start.astimezone(zone).date()
        after = (start + timedelta(days=1) - MICROSECOND).astimezone(zone).date()
        split = _us(operating_day(after, zone).start_utc) if after != before else (number + 1) * DAY_US
        rows.append((number, split, before, after))
    return _columns(rows, utc_day=pa.int32(), split_us=pa.int64(), day_before=pa.date32(), day_after=pa.date32())


@lru_cache(maxsize=32)
def local_day_table(zone_names: tuple[str, ...], first: date, last: date) -> pa.Table:
    """Return for each zone and civil day the offset, and the wall times that the day lacks or has twice.

    Columns: time_zone, local_day (days since 1970), switch_from_us and switch_to_us (wall times as microseconds since
    1970; equal where nothing is switched), before_us, after_us (offsets before and after the switch).
    """
    rows: list[tuple[str, int, int, int, int, int]] = []
    for name in zone_names:
        changes = transitions(name, first, last)
        offset = _offset_us(name, first - timedelta(days=3))
        days = range((first - EPOCH).days, (last - EPOCH).days + 1)
        rows.extend((name, number, *_switch(number, changes, offset)) for number in days)
    return _columns(
        rows,
        time_zone=pa.string(),
        local_day=pa.int32(),
        switch_from_us=pa.int64(),
        switch_to_us=pa.int64(),
        before_us=pa.int64(),
        after_us=pa.int64(),
    )


@lru_cache(maxsize=32)
def transitions(zone_name: str, first: date, last: date) -> tuple[Transition, ...]:
    """Return the changes of a zone's offset from two days before the first day to two days after the last."""
    found: list[Transition] = []
    for n in range((last - first).days + 5):
        day = first + timedelta(days=n - 3)
        before, after = _offset_us(zone_name, day), _offset_us(zone_name, day + timedelta(days=1))
        if before != after:
            found.append(Transition(_instant_of_change(zone_name, day), before, after))
    return tuple(found)


def _switch(number: int, changes: tuple[Transition, ...], first_offset: int) -> tuple[int, int, int, int]:
    start, end = number * DAY_US, (number + 1) * DAY_US
    offset = first_offset
    for change in changes:
        if change.wall_from_us < end and change.wall_to_us > start:
            return change.wall_from_us, change.wall_to_us, change.before_us, change.after_us
        if change.wall_to_us <= start:
            offset = change.after_us
    return end, end, offset, offset


def _instant_of_change(zone_name: str, day: date) -> int:
    low = (day - EPOCH).days * DAY_US // 1_000_000
    high = low + DAY_US // 1_000_000
    before = _offset_at(zone_name, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_at(zone_name, middle) == before:
            low = middle
        else:
            high = middle
    return high * 1_000_000


def _offset_us(zone_name: str, day: date) -> int:
    return _offset_at(zone_name, (day - EPOCH).days * DAY_US // 1_000_000)


def _offset_at(zone_name: str, epoch_seconds: int) -> int:
    offset = datetime.fromtimestamp(epoch_seconds, zone_of(zone_name)).utcoffset() or timedelta()
    return offset // MICROSECOND


def _us(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND


def _columns(rows: Sequence[tuple[object, ...]], **types: pa.DataType) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(types)
    return pa.table({name: pa.array(values, kind) for (name, kind), values in zip(types.items(), columns, strict=True)})
