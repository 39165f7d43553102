"""Which operating days a person means who names a first or a last one."""

from datetime import date, timedelta

from grid_assets.domain.errors import InputError
from grid_assets.domain.tables import SENSOR_DATA
from resources.clients.lake.filters import EVERYTHING
from resources.clients.platform import Platform


def days_between(platform: Platform, first: date | None, last: date | None) -> tuple[date, ...]:
    """Return the days from first to last; an open end is the first or last day that has received readings.

    Raises:
        InputError: If first is after last, or nothing was received yet.
    """
    if first is None or last is None:
        planned = platform.lake.plan(SENSOR_DATA, EVERYTHING)
        known = [file.operating_day for file in planned if file.operating_day is not None]
        if not known:
            raise InputError("no reading was received yet", action="`grid land PATH` and `grid run` first")
        first, last = first or min(known), last or max(known)
    if first > last:
        raise InputError(f"the first day {first} is after the last day {last}", "days in order")
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
