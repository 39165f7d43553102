"""Least and greatest values, taken from the rows where the writer's own statistics are not exact.

ORC's writer keeps timestamps to the millisecond, and a NaN spoils its bounds of numbers.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as at


@dataclass(frozen=True)
class Range:
    """The least and greatest value of some rows as text, None without any, and how many are NaN (of numbers)."""

    least: Any
    greatest: Any
    nans: int | None

    @classmethod
    def of(cls, values: pa.Array) -> Self:
        """Return the range of a column of numbers or timestamps; neither nulls nor NaN are in it."""
        found = pc.min_max(values).as_py()
        least, greatest = found["min"], found["max"]
        nans = None
        if at.is_floating(values.type):
            nans = pc.is_nan(values).true_count
        is_nan = least != least  # noqa: PLR0124 - NaN is the one value that differs from itself
        return cls(None, None, nans) if is_nan else cls(least, greatest, nans)

    def joined(self, other: Self | None) -> Self:
        """Return the range of these rows and others."""
        if other is None:
            return self
        least = [value for value in (self.least, other.least) if value is not None]
        greatest = [value for value in (self.greatest, other.greatest) if value is not None]
        nans = None if self.nans is None else self.nans + (other.nans or 0)
        return type(self)(min(least, default=None), max(greatest, default=None), nans)

    @property
    def lower(self) -> str | None:
        """Return the least value as text."""
        return text_of_value(self.least)

    @property
    def upper(self) -> str | None:
        """Return the greatest value as text."""
        return text_of_value(self.greatest)


def text_of_value(value: object) -> str | None:
    """Return a value as the text that statistics and partitions have, None for none."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | datetime) else repr(value)
