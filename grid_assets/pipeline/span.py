"""Which operating days a person means who names a first or a last one."""

from datetime import date

from grid_assets.domain.errors import InputError
from grid_assets.domain.tables import SENSOR_DATA
from resources.clients.lake.filters import EVERYTHING
from resources.clients.platform import Platform


def days_between(platform: Platform, first: date | None, last: date | None) -> tuple[date, ...]:
    """Return the days from first to last, open ends allowed, that have received readings.

    A day of which nothing was ever received has nothing to verify, so it is never made up.

    Raises:
        InputError: If first is after last, or nothing was received in between.
    """
    if first is not None and last is not None and first > last:
        raise InputError(f"the first day {first} is after the last day {last}", "days in order")
    planned = platform.lake.plan(SENSOR_DATA, EVERYTHING)
    received = {file.operating_day for file in planned if file.operating_day is not None}
    days = tuple(sorted(d for d in received if (first is None or d >= first) and (last is None or d <= last)))
    if not days:
        span = f"{first or 'the beginning'} to {last or 'now'}"
        raise InputError(f"no reading was received of {span}", action="`grid land PATH` and `grid run` first")
    return days
