"""One step of a verification: a query and the name that its rows are bound to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """A query in the common SQL dialect; `is_view` where its rows need not be kept."""

    name: str
    sql: str
    is_view: bool = False
