"""What a column and a table are: name, type, unit, nullability, key and description, all frozen.

The tables themselves stand in `tables.py`; engines' type systems in `projections/`.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class ColumnType(StrEnum):
    """The types a column can have; every engine's projection covers exactly these."""

    STRING = "string"
    INT32 = "int32"
    INT64 = "int64"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP_UTC = "timestamp_utc"


@dataclass(frozen=True)
class Column:
    """One column: `unit` is empty for text and counts, `varies` where another column states it."""

    name: str
    type: ColumnType
    description: str
    unit: str = ""
    is_nullable: bool = False


@dataclass(frozen=True)
class TableSpec:
    """One table: columns in order, its key, how it is partitioned and sorted.

    `field_ids` are the positions of the columns, from 1; columns are only ever added at the end.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()
    sort_by: tuple[str, ...] = ()
    namespace: str = "grid"
    group: str = ""
    column_index: dict[str, Column] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        """Index the columns by name."""
        object.__setattr__(self, "column_index", {column.name: column for column in self.columns})

    @property
    def identifier(self) -> str:
        """Return the full name, `namespace.table`."""
        return f"{self.namespace}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def content_names(self) -> tuple[str, ...]:
        """Return the columns that carry meaning: all but the batch and when it was recorded."""
        return tuple(name for name in self.column_names if name not in PROVENANCE)

    @property
    def is_daily(self) -> bool:
        """Return whether the table is replaced by operating day."""
        return "operating_day" in self.partition_by


PROVENANCE = frozenset({"batch_id", "recorded_at_utc"})
"""Columns that say which batch wrote a row and when; two rows are the same fact whatever these say."""
