"""One step of a verification: a query and the name that its rows are kept under."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """A query in the common SQL dialect and the name of the temporary table that holds its rows."""

    name: str
    sql: str
