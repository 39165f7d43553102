"""Calendar tables that verification joins with: days, slots and like days, so that the SQL itself needs no time zone.

A slot is the n-th interval of an operating day. Its local minute is the wall-clock time that it starts at: on a
clock-change day a local minute is missing or comes twice, and slots of different days correspond by it, never by
their number.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from grid_assets.domain.intervals import CIVIL_DAY_MINUTES, OperatingDay, operating_day

HISTORY_DAYS = 28
"""How many earlier days a day's verdicts may look at."""
LIKE_DAY_GAPS = (7, 14, 21, 28)
"""Distances in days to the days of the same weekday."""
WEEK_DAYS = 7
"""How many preceding days stand in where no like day can be used."""
EPOCH = date(1970, 1, 1)
INSTANT = pa.timestamp("us", tz="UTC")


def history_days(days: tuple[OperatingDay, ...], zone: ZoneInfo) -> tuple[OperatingDay, ...]:
    """Return the days before the given ones that their verdicts look at, the given ones left out, in order."""
    wanted = {day.day for day in days}
    earlier = {day - timedelta(days=gap) for day in wanted for gap in range(1, HISTORY_DAYS + 1)} - wanted
    return tuple(operating_day(day, zone) for day in sorted(earlier))


def day_number(day: date) -> int:
    """Return the number of a day, counted from 1970-01-01; a week is a difference of seven."""
    return (day - EPOCH).days


def calendar_days(days: tuple[OperatingDay, ...], targets: frozenset[date]) -> pa.Table:
    """Return one row per day: day_no, operating_day, start_s (since 1970), seconds (its length), is_target.

    `targets` are the days to verify; the others are there for history.
    """
    return pa.table(
        {
            "day_no": pa.array([day_number(d.day) for d in days], pa.int32()),
            "operating_day": pa.array([d.day for d in days], pa.date32()),
            "start_s": pa.array([int(d.start_utc.timestamp()) for d in days], pa.int64()),
            "seconds": pa.array([d.minutes * 60 for d in days], pa.int32()),
            "is_target": pa.array([d.day in targets for d in days], pa.bool_()),
        }
    )


def calendar_pairs(days: tuple[OperatingDay, ...]) -> pa.Table:
    """Return each day with each of the 28 days before it: day_no, earlier_day_no, gap, is_like_day, is_in_week."""
    gaps = [(day_number(d.day), gap) for d in days for gap in range(1, HISTORY_DAYS + 1)]
    return pa.table(
        {
            "day_no": pa.array([number for number, _ in gaps], pa.int32()),
            "earlier_day_no": pa.array([number - gap for number, gap in gaps], pa.int32()),
            "gap": pa.array([gap for _, gap in gaps], pa.int32()),
            "is_like_day": pa.array([gap in LIKE_DAY_GAPS for _, gap in gaps], pa.bool_()),
            "is_in_week": pa.array([gap <= WEEK_DAYS for _, gap in gaps], pa.bool_()),
        }
    )


def calendar_slots(days: tuple[OperatingDay, ...], lengths: tuple[int, ...], zone: ZoneInfo) -> pa.Table:
    """Return every slot of every day for each interval length in minutes.

    Columns: interval_minutes, day_no, slot (from 0), interval_start_utc, start_s (seconds since 1970), local_minute
    (of the wall-clock day), is_in_clock_change (starts in the hour after a missing one, or in either run of a
    repeated one).
    """
    parts = [_slots_of_day(day, length, zone) for length in lengths for day in days]
    return pa.concat_tables(parts or [_slot_table(_Slots(1, 0, 0, [], [], []))])


@dataclass(frozen=True)
class _Slots:
    interval_minutes: int
    day_no: int
    length_s: int
    starts: list[datetime]
    local_minutes: list[int]
    affected: list[bool]


def _slots_of_day(day: OperatingDay, length: int, zone: ZoneInfo) -> pa.Table:
    length_s = (day.minutes if length >= CIVIL_DAY_MINUTES else length) * 60
    starts = [day.start_utc + slot * timedelta(seconds=length_s) for slot in range(day.expected_intervals(length))]
    first = day.start_utc.astimezone(zone)
    change = clock_change(day, zone)
    if change is None:
        base = first.hour * 60 + first.minute
        local = [base + slot * length for slot in range(len(starts))]
        affected = [False] * len(starts)
    else:
        local = [wall.hour * 60 + wall.minute for wall in (start.astimezone(zone) for start in starts)]
        affected = [length < CIVIL_DAY_MINUTES and change[0] <= start < change[1] for start in starts]
    return _slot_table(_Slots(length, day_number(day.day), length_s, starts, local, affected))


def _slot_table(slots: _Slots) -> pa.Table:
    count = len(slots.starts)
    return pa.table(
        {
            "interval_minutes": pa.array([slots.interval_minutes] * count, pa.int32()),
            "day_no": pa.array([slots.day_no] * count, pa.int32()),
            "slot": pa.array(range(count), pa.int32()),
            "interval_start_utc": pa.array(slots.starts, INSTANT),
            "start_s": pa.array([int(start.timestamp()) for start in slots.starts], pa.int64()),
            "length_s": pa.array([slots.length_s] * count, pa.int32()),
            "local_minute": pa.array(slots.local_minutes, pa.int32()),
            "is_in_clock_change": pa.array(slots.affected, pa.bool_()),
        }
    )


def clock_change(day: OperatingDay, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return the UTC range whose labels a clock change makes doubtful, or None on a day without one.

    When clocks go forward it is as long as the missing time and begins at the change; when they go back it covers both
    runs of the repeated time.
    """
    quarter = timedelta(minutes=15)
    before = (day.start_utc - quarter).astimezone(zone).utcoffset() or timedelta()
    if (day.end_utc - quarter).astimezone(zone).utcoffset() == before:
        return None
    moment = day.start_utc
    while moment < day.end_utc:
        after = moment.astimezone(zone).utcoffset() or timedelta()
        if after != before:
            shift = abs(after - before)
            return (moment, moment + shift) if after > before else (moment - shift, moment + shift)
        moment += quarter
    return None
