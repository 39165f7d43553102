"""What the statistics of an ORC file, stripe or row group say of a column, in the form of all writers' statistics.

Bounds hold all values: those that the writer keeps to the millisecond are widened by one, and those that a NaN may have
spoilt are left out.
"""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from resources.clients.engines.base import ColumnStatistics
from resources.clients.engines.orc.protobuf import Message, double_of, messages, number, packed, signed, text_of
from resources.clients.engines.orc.tail import OrcColumn

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ZERO = date(1970, 1, 1)
_BOOLEAN, _INSTANT = 0, 18
_MICROSECONDS_A_DAY = 86_400_000_000

Bounds = tuple[str | None, str | None]
_UNKNOWN: Bounds = (None, None)


def column_statistics(column: OrcColumn, statistics: Message, rows: int) -> ColumnStatistics:
    """Return what is known of a top-level column in a part of a file that has so many rows."""
    values = number(statistics, 1)
    lower, upper = _bounds(column, statistics, values)
    return ColumnStatistics(lower, upper, rows - values, None, number(statistics, 11))


def is_counted(statistics: Message) -> bool:
    """Return whether statistics say how many values there are; without that nothing follows from them."""
    return 1 in statistics


def _bounds(column: OrcColumn, of: Message, values: int) -> Bounds:
    for field, bounds in _BY_FIELD.items():
        if values and field in of:
            return bounds(column, messages(of, field)[-1], values)
    return _UNKNOWN


def _integers(column: OrcColumn, of: Message, _: int) -> Bounds:
    least, greatest = signed(of, 1), signed(of, 2)
    if column.is_time:
        return _clock(least), _clock(greatest)
    return None if least is None else str(least), None if greatest is None else str(greatest)


def _doubles(_: OrcColumn, of: Message, __: int) -> Bounds:
    # A NaN makes the sum one; the writer's bounds are then whatever came before or after it.
    total, least, greatest = (double_of(of, field) for field in (3, 1, 2))
    if total is None or least is None or greatest is None or math.isnan(total):
        return _UNKNOWN
    return repr(least), repr(greatest)


def _booleans(column: OrcColumn, of: Message, values: int) -> Bounds:
    if column.kind != _BOOLEAN:
        return _UNKNOWN
    trues = sum(packed(of, 1))
    return str(trues == values).lower(), str(trues > 0).lower()


def _texts(_: OrcColumn, of: Message, __: int) -> Bounds:
    return text_of(of, 1), text_of(of, 2)


def _dates(_: OrcColumn, of: Message, __: int) -> Bounds:
    return _day(signed(of, 1)), _day(signed(of, 2))


def _times(column: OrcColumn, of: Message, _: int) -> Bounds:
    # Milliseconds towards zero: the value itself may be almost one further away from it.
    least, greatest = signed(of, 3), signed(of, 4)
    return _instant(column, least, -1), _instant(column, greatest, 1)


def _instant(column: OrcColumn, milliseconds: int | None, widened: int) -> str | None:
    if milliseconds is None:
        return None
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds + widened)
    except OverflowError:
        return None
    return (moment if column.kind == _INSTANT else moment.replace(tzinfo=None)).isoformat()


def _day(days: int | None) -> str | None:
    try:
        return None if days is None else (_DAY_ZERO + timedelta(days=days)).isoformat()
    except OverflowError:
        return None


def _clock(microseconds: int | None) -> str | None:
    if microseconds is None or not 0 <= microseconds < _MICROSECONDS_A_DAY:
        return None
    seconds, rest = divmod(microseconds, 1_000_000)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest).isoformat()


_BY_FIELD: dict[int, Callable[[OrcColumn, Message, int], Bounds]] = {
    2: _integers,
    3: _doubles,
    4: _texts,
    5: _booleans,
    6: _texts,
    7: _dates,
    9: _times,
}
"""How each kind of statistics is read, by its field; text and decimals are kept alike."""
