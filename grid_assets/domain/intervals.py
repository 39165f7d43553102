"""Civil time: operating days as UTC ranges, their true length, and expected interval counts.

An operating day is a civil day of the grid's zone: 23, 24 or 25 hours long. Every interval is labelled with its start.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from grid_assets.domain.errors import ConfigurationError

CIVIL_DAY_MINUTES = 1440
"""An interval length of this many minutes means one civil day, however long that day is."""


@dataclass(frozen=True)
class OperatingDay:
    """A civil day as the half-open UTC range [start_utc, end_utc)."""

    day: date
    start_utc: datetime
    end_utc: datetime

    @property
    def minutes(self) -> int:
        """Return the true length of the day in minutes: 1380, 1440 or 1500 where clocks change by an hour."""
        return int((self.end_utc - self.start_utc) / timedelta(minutes=1))

    def expected_intervals(self, interval_minutes: int) -> int:
        """Return how many intervals of a length the day has: 92, 96 or 100 quarters; one of a civil day's length."""
        return 1 if interval_minutes >= CIVIL_DAY_MINUTES else self.minutes // interval_minutes


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        ConfigurationError: If no such zone is known.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"the time zone {name!r} is not known", "an IANA name such as Europe/Berlin", "set GRID_TIME_ZONE"
        ) from error


def operating_day(day: date, zone: ZoneInfo) -> OperatingDay:
    """Return a civil day of a zone as a UTC range."""
    start = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    return OperatingDay(day, start, end)


def operating_days(first: date, last: date, zone: ZoneInfo) -> tuple[OperatingDay, ...]:
    """Return the civil days from first to last, both included; empty where last is before first."""
    return tuple(operating_day(first + timedelta(days=n), zone) for n in range((last - first).days + 1))


def day_table(days: tuple[OperatingDay, ...]) -> pa.Table:
    """Return days as an Arrow table: operating_day, start_utc, end_utc, minutes."""
    instant = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "operating_day": pa.array([d.day for d in days], pa.date32()),
            "start_utc": pa.array([d.start_utc for d in days], instant),
            "end_utc": pa.array([d.end_utc for d in days], instant),
            "minutes": pa.array([d.minutes for d in days], pa.int32()),
        }
    )
