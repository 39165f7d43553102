"""Instants, civil days and timestamp texts. All instants are int64 microseconds since 1970 in UTC."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tests.input.constants import PROFILE_UTC_OFFSET_HOURS, PROFILE_YEAR, QUARTER_MINUTES, ZONE

Instants = npt.NDArray[np.int64]
MINUTE_US = 60_000_000
QUARTER_US = QUARTER_MINUTES * MINUTE_US


@dataclass(frozen=True)
class Window:
    """Civil days ``first`` to ``last``, both inclusive, in the grid's zone."""

    first: date
    last: date

    @property
    def start_us(self) -> int:
        """Instant at which the first civil day starts."""
        return midnight_us(self.first)

    @property
    def end_us(self) -> int:
        """Instant at which the last civil day ends (exclusive)."""
        return midnight_us(self.last + timedelta(days=1))

    def days(self) -> list[date]:
        """The civil days in order."""
        return [self.first + timedelta(days=i) for i in range((self.last - self.first).days + 1)]

    def starts(self, minutes: int = QUARTER_MINUTES) -> Instants:
        """Interval starts of ``minutes`` in the window; 1440 means one label per civil day (local midnight)."""
        if minutes == 1440:
            return np.array([midnight_us(day) for day in self.days()], dtype=np.int64)
        return np.arange(self.start_us, self.end_us, minutes * MINUTE_US, dtype=np.int64)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def from_us(instant: int, zone: tzinfo = UTC) -> datetime:
    """Aware datetime of an instant, in ``zone``."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(instant))).astimezone(zone)


def midnight_us(day: date) -> int:
    """Instant at which the civil day starts in the grid's zone."""
    return to_us(datetime(day.year, day.month, day.day, tzinfo=ZONE))


def profile_rows(starts: Instants) -> npt.NDArray[np.int64]:
    """Row of the SimBench profile for each quarter start.

    Raises:
        ValueError: an instant lies outside the profile year, read on the fixed CET axis.
    """
    origin = to_us(datetime(PROFILE_YEAR, 1, 1, tzinfo=UTC) - timedelta(hours=PROFILE_UTC_OFFSET_HOURS))
    end = to_us(datetime(PROFILE_YEAR + 1, 1, 1, tzinfo=UTC) - timedelta(hours=PROFILE_UTC_OFFSET_HOURS))
    if starts.size and (starts.min() < origin or starts.max() >= end):
        message = f"instants outside the SimBench year {PROFILE_YEAR} (fixed CET): choose days inside it"
        raise ValueError(message)
    return (starts - origin) // QUARTER_US


def _zulu(instant: int) -> str:
    return from_us(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _offset(instant: int) -> str:
    return from_us(instant, ZONE).isoformat(timespec="seconds")


def _local(instant: int) -> str:
    return from_us(instant, ZONE).replace(tzinfo=None).isoformat(timespec="seconds")


TIME_STYLES: dict[str, Callable[[int], str]] = {"zulu": _zulu, "offset": _offset, "local": _local}


def texts(instants: Instants, style: str) -> pa.Array:
    """ISO 8601 texts in style ``zulu`` (…Z), ``offset`` (+01:00 or +02:00) or ``local`` (no offset)."""
    unique, inverse = np.unique(instants, return_inverse=True)
    render = TIME_STYLES[style]
    return pa.array([render(int(instant)) for instant in unique], pa.string()).take(pa.array(inverse))
