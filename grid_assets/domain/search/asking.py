"""From the words of callers to a request: the published calls and the command line ask by the same.

What a value and a time are differs by kind; the tables below say which field each is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from grid_assets.domain.errors import InputError
from grid_assets.domain.intervals import operating_day
from grid_assets.domain.search.checking import DISTANCE, RELEVANCE
from grid_assets.domain.search.request import Box, Near, SearchRequest, Window

VALUE_FIELDS = {"sensors": "latest_value", "readings": "value", "events": "value"}
"""What `min_value` and `max_value` are held against."""
TIME_FIELDS = {"sensors": "latest_start_utc", "readings": "period_start_utc", "events": "started_at_utc"}
"""What `start` and `end` are held against."""
Exact = str | Sequence[str] | None
Moment = str | date | datetime | None
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Ask:
    """One search in the words of callers; None and empty parts are not asked for.

    `exact` maps fields to one value or several. `start` and `end` are instants with an offset or days, both included.
    `near` is (latitude, longitude, kilometres), `box` (south, west, north, east).
    """

    query: str = ""
    exact: Mapping[str, Exact] = field(default_factory=dict)
    min_value: float | None = None
    max_value: float | None = None
    start: Moment = None
    end: Moment = None
    near: Sequence[float] | None = None
    box: Sequence[float] | None = None
    sort: str = RELEVANCE
    size: int = 20
    after: str | None = None
    facets: Sequence[str] = ()


def request_of(kind: str, ask: Ask, zone: ZoneInfo) -> SearchRequest:
    """Return the request of what a caller asks; fields and values are checked where the kind is known.

    Without words there is no relevance, so a search near a point then gives the nearest first.

    Args:
        kind: `sensors`, `readings` or `events`.
        ask: What is asked.
        zone: The grid's time zone, which days are of.

    Raises:
        InputError: If the kind is unknown, or a place or a time cannot be understood.
    """
    if kind not in VALUE_FIELDS:
        raise InputError(f"a search for {kind!r}", f"one of {', '.join(VALUE_FIELDS)}")
    near = None if ask.near is None else Near(*_numbers("near", ask.near, ("latitude", "longitude", "kilometres")))
    box = None if ask.box is None else Box(*_numbers("box", ask.box, ("south", "west", "north", "east")))
    has_words = isinstance(ask.query, str) and bool(ask.query.strip())
    nearest = ask.sort == RELEVANCE and near is not None and not has_words
    return SearchRequest(
        kind,
        ask.query,
        {name: _texts(name, value) for name, value in ask.exact.items() if value is not None},
        _windows(kind, ask, zone),
        near,
        box,
        DISTANCE if nearest else ask.sort,
        ask.size,
        ask.after,
        (ask.facets,) if isinstance(ask.facets, str) else tuple(ask.facets),
    )


def _windows(kind: str, ask: Ask, zone: ZoneInfo) -> dict[str, Window]:
    windows = {
        VALUE_FIELDS[kind]: Window(ask.min_value, ask.max_value),
        TIME_FIELDS[kind]: Window(_moment("start", ask.start, zone), _moment("end", ask.end, zone)),
    }
    return {name: window for name, window in windows.items() if window != Window()}


def _moment(name: str, given: Moment, zone: ZoneInfo) -> datetime | None:
    """Return an instant in UTC; a day is its first instant as the start, its last one as the end."""
    if given is None:
        return None
    moment = _parsed(name, given) if isinstance(given, str) else given
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise InputError(f"{name} is {given!s} without an offset", "such as 2016-03-27T12:00:00+02:00, or a day")
        return moment.astimezone(UTC)
    if not isinstance(moment, date):
        raise InputError(f"{name} is {given!r}", "an instant with an offset, or a day")
    try:
        day = operating_day(moment, zone)
    except OverflowError as error:
        raise InputError(f"{name} is {given}", "a day of these centuries") from error
    return day.start_utc if name == "start" else day.end_utc - _TICK


def _parsed(name: str, text: str) -> date | datetime:
    for parse in (date.fromisoformat, datetime.fromisoformat):
        try:
            return parse(text)
        except ValueError:
            continue
    raise InputError(f"{name} is {text!r}", "ISO 8601: a day such as 2016-03-27, or 2016-03-27T12:00:00Z")


def _texts(name: str, value: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence | set | frozenset):
        raise InputError(f"{name} is {value!r}", "a text, or several")
    return tuple(value)


def _numbers(name: str, given: object, parts: Sequence[str]) -> Sequence[float]:
    values = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else ()
    if len(values) != len(parts):
        raise InputError(f"{name} is {given!r}", f"{len(parts)} numbers: {', '.join(parts)}")
    return values
