"""The published call for what was known at a moment: any query over the pipeline's tables, answered as of then.

    read_as_of("load_daily", "2016-04-01T00:00:00Z")
    read_as_of("SELECT SUM(energy_kwh) AS kwh FROM load_daily", datetime(2016, 4, 1, tzinfo=UTC))

What an answer stands on, and until when it repeats, is in docs/concepts/restatement.md. Datasets of your own have
`as_of` in `resources.columnar`.
"""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, overload

import pyarrow as pa

from grid_assets.domain.errors import InputError
from grid_assets.pipeline.query import query, watermark
from resources.clients.lake.frames import Form, as_form, check_form
from resources.settings import GridSettings
from resources.wiring import open_platform

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

NAMESPACE = "grid."
EXPECTED = "an instant with an offset, such as 2016-04-01T00:00:00Z"


@overload
def read_as_of(
    source: str,
    as_of: datetime | str,
    days: tuple[date, date] | None = ...,
    as_: Literal["pandas"] = ...,
    *,
    settings: GridSettings | None = ...,
) -> "pd.DataFrame": ...
@overload
def read_as_of(
    source: str,
    as_of: datetime | str,
    days: tuple[date, date] | None = ...,
    *,
    as_: Literal["polars"],
    settings: GridSettings | None = ...,
) -> "pl.DataFrame": ...
@overload
def read_as_of(
    source: str,
    as_of: datetime | str,
    days: tuple[date, date] | None = ...,
    *,
    as_: Literal["arrow"],
    settings: GridSettings | None = ...,
) -> pa.Table: ...
def read_as_of(
    source: str,
    as_of: datetime | str,
    days: tuple[date, date] | None = None,
    as_: Form = "pandas",
    *,
    settings: GridSettings | None = None,
) -> Any:
    """Return a table of the pipeline, or the rows of a query over such tables, as it was known at a moment.

    Readings as received are those that had come, verified readings those that stood, the catalogue the one that was
    valid then, and aggregates and events are computed anew from these, by today's measures.

    Args:
        source: A table such as `load_daily` (or `grid.load_daily`), or one SELECT over tables.
        as_of: The moment, with an offset: a datetime, or ISO 8601 text.
        days: First and last operating day, both included: only these are read, and aggregates computed of these only.
            Without it every day is, which for aggregates over years takes long.
        as_: The form to return: pandas, polars or arrow.
        settings: Where the lake is; by default the environment says so.

    Raises:
        InputError: If the query cannot be used, a table does not exist, the moment has no offset, or the days are not
            in order.
    """
    check_form(as_)
    moment, wanted = _instant(as_of), None if days is None else _days(*days)
    with open_platform(settings) as platform:
        rows = query(platform, _sql(source), moment, wanted)
    return as_form(rows, as_)


def repeatable_until(*, settings: GridSettings | None = None) -> datetime:
    """Return the moment up to which answers can no longer change: just before the oldest batch still open, else now."""
    with open_platform(settings) as platform:
        return watermark(platform)


def _sql(source: str) -> str:
    table = source.strip().removeprefix(NAMESPACE)
    return f'SELECT * FROM "{table}"' if table.isidentifier() else source


def _instant(as_of: datetime | str) -> datetime:
    try:
        moment = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError as error:
        raise InputError(f"as_of is {as_of!r}", EXPECTED) from error
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise InputError(f"as_of is {as_of!r}, which is no instant", EXPECTED)
    return moment.astimezone(UTC)


def _days(first: date, last: date) -> tuple[date, ...]:
    if first > last:
        raise InputError(f"the first day {first} is after the last day {last}", "days in order")
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
