"""What callers may write through write-through and write-behind, and the check of a request before anything is stored.

Only readings can be written: a new one (`insert`) or a correction of one (`update`, which needs its timestamp). Both
land again as received readings, so that they pass the same validation as readings of files.
"""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from grid_assets.domain.errors import InputError
from grid_assets.domain.names import OWN_PREFIX

INSERT, UPDATE = "insert", "update"
OPERATIONS: dict[str, tuple[str, ...]] = {"sensor_data": (INSERT, UPDATE)}
"""Tables that can be written, each with its operations."""
REQUIRED = ("sensor_id", "value")
OPTIONAL = ("timestamp", "unit", "quality", "channel")
LONGEST = {"sensor_id": 200, "unit": 32, "quality": 32, "channel": 200, "cache_key": 512, "request_id": 64}
MOST_VALUE_BYTES = 1_000_000


@dataclass(frozen=True)
class Write:
    """One checked request: what the cache gets, and the row that the database and then the lake get.

    `request_id` and `requested_at_utc` are made once, before any attempt, so that a request may be repeated. The cached
    value lives for `ttl_seconds`, None for ever. A write that comes back from a queue carries no cached value: that is
    in the cache already, and a queue does not keep it twice.
    """

    request_id: str
    requested_at_utc: datetime
    cache_key: str
    cache_value: bytes
    table: str
    operation: str
    row: dict[str, Any] = field(default_factory=dict)
    ttl_seconds: float | None = None

    @property
    def row_key(self) -> str:
        """Return what two writes of the same row share: table, sensor and start of the interval."""
        return f"{self.table}|{self.row['sensor_id']}|{self.row['timestamp']}"


def checked(
    cache_key: str,
    data: object,
    db_data: Mapping[str, object],
    operation: str,
    stamp: "Stamp",
    ttl: float | None = None,
) -> Write:
    """Return a request after every check that needs no store.

    Args:
        cache_key: The caller's key; keys of the pipeline (`grid:`) are refused.
        data: Any JSON value; what the cache gets.
        db_data: `table`, `sensor_id` and `value`; optionally `timestamp` (ISO 8601 with an offset, or an instant),
            `unit`, `quality` and `channel`. Without a timestamp the time of the call counts.
        operation: `insert` for a new reading, `update` for the correction of one.
        stamp: The request's id and time.
        ttl: Seconds that the cached value lives; None for ever.

    Raises:
        InputError: If the table, the operation or a column is unknown, or a value cannot be used.
    """
    check_key(cache_key)
    if not isinstance(db_data, Mapping):
        raise InputError(f"db_data is {type(db_data).__name__}", "a mapping with table, sensor_id and value")
    table = str(db_data.get("table", ""))
    if table not in OPERATIONS:
        raise InputError(f"db_data names the table {table!r}", f"one of {', '.join(OPERATIONS)}")
    if operation not in OPERATIONS[table]:
        raise InputError(f"the operation {operation!r}", f"one of {', '.join(OPERATIONS[table])} for {table}")
    return Write(
        stamp.request_id,
        stamp.requested_at_utc,
        cache_key,
        encoded(data),
        table,
        operation,
        _row(db_data, operation, stamp.requested_at_utc),
        checked_ttl(ttl),
    )


@dataclass(frozen=True)
class Stamp:
    """A request's id and time, made once."""

    request_id: str
    requested_at_utc: datetime


def stamped(request_id: str | None, fresh_id: str, now_utc: datetime) -> Stamp:
    """Return a request's stamp: the caller's own id where there is one, else a fresh one.

    Raises:
        InputError: If the caller's id is no printable text of 1 to 64 characters.
    """
    return Stamp(_text("request_id", request_id) or fresh_id, now_utc)


def checked_ttl(ttl: float | None) -> float | None:
    """Return a time to live in seconds, None for ever.

    Raises:
        InputError: If it is no number above zero.
    """
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, int | float) or not math.isfinite(ttl) or ttl <= 0:
        raise InputError(f"a ttl of {ttl!r}", "seconds above zero, or None for ever")
    return float(ttl)


def check_key(key: object) -> None:
    """Refuse keys that callers may not write.

    Raises:
        InputError: If the key is none that could be read, or one of the pipeline's.
    """
    if readable_key(key).startswith(OWN_PREFIX):
        raise InputError(f"the cache key {key!r}", "a key of your own", f"{OWN_PREFIX} is for the pipeline")


def readable_key(key: object) -> str:
    """Return a key that may be read, the pipeline's too.

    Raises:
        InputError: If it is empty, too long, or no text.
    """
    if not isinstance(key, str) or not key or len(key) > LONGEST["cache_key"]:
        raise InputError(f"the cache key {key!r}", f"a text of 1 to {LONGEST['cache_key']} characters")
    if not _is_text(key):
        raise InputError(f"the cache key {key!r}", "a text that UTF-8 can hold")
    return key


def encoded(value: object) -> bytes:
    """Return a JSON value as UTF-8 text.

    Raises:
        InputError: If it is no JSON value (NaN and infinities are none), or too large.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"a value that JSON cannot hold: {error}", "texts, finite numbers, lists, mappings") from error
    if len(text) > MOST_VALUE_BYTES:
        raise InputError(f"a value of {len(text):,} bytes", f"at most {MOST_VALUE_BYTES:,}")
    return text


def _row(db_data: Mapping[str, object], operation: str, now_utc: datetime) -> dict[str, Any]:
    given = {name: value for name, value in db_data.items() if name != "table"}
    known = {*REQUIRED, *OPTIONAL}
    if unknown := sorted(str(name) for name in given.keys() - known):
        raise InputError(f"db_data has the columns {', '.join(unknown)}", f"only {', '.join(sorted(known))}")
    if missing := [name for name in REQUIRED if given.get(name) is None]:
        raise InputError(f"db_data lacks {', '.join(missing)}", f"{' and '.join(REQUIRED)} of the reading")
    if operation == UPDATE and given.get("timestamp") is None:
        raise InputError("an update without a timestamp", "the start of the interval whose reading is corrected")
    row: dict[str, Any] = {name: _text(name, given[name]) for name in given if name not in {"value", "timestamp"}}
    row["value"] = _number(given["value"])
    stated = given.get("timestamp")
    row["timestamp"] = _instant(now_utc if stated is None else stated)
    if operation == UPDATE:
        row["quality"] = row.get("quality") or "revised"
    return {name: value for name, value in sorted(row.items()) if value is not None}


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value or len(value) > LONGEST[name] or not value.isprintable():
        raise InputError(f"{name} is {value!r}", f"a printable text of 1 to {LONGEST[name]} characters")
    return value


def _number(value: object) -> float:
    if not isinstance(value, bool) and isinstance(value, int | float):
        with suppress(OverflowError):
            number = float(value)
            if math.isfinite(number):
                return number
    raise InputError(f"value is {str(value)[:50]!r}", "a finite number")


def _instant(value: object) -> str:
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise InputError(f"timestamp is {value!r}", "ISO 8601 such as 2016-03-27T12:00:00Z") from error
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise InputError(f"timestamp is {value!r}", "an instant with an offset such as 2016-03-27T12:00:00Z")
    try:
        return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except OverflowError as error:
        raise InputError(f"timestamp is {value!r}", "an instant of the years 1 to 9999") from error
