"""What an index field and a kind of document are; the three kinds stand in `documents.py`."""

from dataclasses import dataclass
from enum import StrEnum

from grid_assets.domain.columns import TableSpec


class Role(StrEnum):
    """How a field can be searched; every engine's projection covers exactly these."""

    EXACT = "exact"  # one word as it stands: filters, facets, exact matches
    WORDS = "words"  # full text, and as facets never
    NUMBER = "number"  # ranges and sorting
    COUNT = "count"  # a whole number: ranges and sorting
    TIME = "time"  # an instant: windows, sorting, histograms
    DAY = "day"  # a civil day: windows and histograms
    LATITUDE = "latitude"
    LONGITUDE = "longitude"


@dataclass(frozen=True)
class SearchField:
    """One field of a document; `weight` is how much a match in it counts; 0: plain text is not looked for in it.

    With `is_many` the field holds several exact words: joined by commas in the query's column, a sorted list without
    repetition in the document, left out where there is none.
    """

    name: str
    role: Role
    description: str
    weight: float = 0.0
    is_many: bool = False


@dataclass(frozen=True)
class DocumentKind:
    """One kind of document: its fields, and the query that makes them from the lake's tables, bound by their names.

    The query gives `id` (the key of the fact), `operating_day` (the day whose change makes the document anew; null for
    kinds without days) and every field. `daily` is the table whose changed days remake their documents; a change of a
    table in `whole` remakes all of them.
    """

    name: str
    description: str
    fields: tuple[SearchField, ...]
    sql: str
    daily: TableSpec | None
    whole: tuple[TableSpec, ...]

    @property
    def tables(self) -> tuple[TableSpec, ...]:
        """Return every table that the query reads."""
        return (*((self.daily,) if self.daily else ()), *self.whole)

    def field(self, name: str) -> SearchField | None:
        """Return a field by name, or None."""
        return next((field for field in self.fields if field.name == name), None)
