"""What every part of a search works on: one state of an index, and the few ways to make a query over its fields."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grid_assets.domain.search.fields import DocumentKind, Role
from resources.clients.search.tantivy_schema import ID

if TYPE_CHECKING:
    from tantivy import DocAddress, Index, Query, Schema, Searcher

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Keyed = tuple[Any, "DocAddress"]
"""A document's place in the index, and what it is sorted by."""


@dataclass(frozen=True)
class Target:
    """One state of one index, and the kind of its documents."""

    index: "Index"
    searcher: "Searcher"
    kind: DocumentKind

    @cached_property
    def schema(self) -> "Schema":
        """Return the schema of the index."""
        return self.index.schema

    def role(self, name: str) -> Role:
        """Return the role of a field; the document's id is exact."""
        found = self.kind.field(name)
        return Role.EXACT if found is None else found.role

    def term(self, name: str, value: object) -> "Query":
        """Return the query of the documents that have a value in a field."""
        from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

        return Query.term_query(self.schema, name, value, index_option="basic")

    def count(self, query: "Query") -> int:
        """Return how many documents a query finds."""
        found: int | None = getattr(self.searcher.search(query, limit=1, count=True), "count", None)
        return found or 0

    def id_of(self, address: "DocAddress") -> str:
        """Return the id of a document."""
        return str(self.searcher.doc(address).get_first(ID))


@dataclass(frozen=True)
class Range:
    """Ends of a range; None is open."""

    low: Any = None
    high: Any = None
    with_low: bool = field(default=True, kw_only=True)
    with_high: bool = field(default=True, kw_only=True)


def between(target: Target, name: str, low: object, high: object) -> "Query":
    """Return the query of the documents whose value is between two ends, both included; None leaves an end open."""
    return in_range(target, name, Range(low, high))


def in_range(target: Target, name: str, given: Range) -> "Query":
    """Return the query of the documents whose value is in a range of a numeric field, an instant or a number of a day.

    Zero has a sign in the index, and both zeros are one value here.
    """
    from tantivy import FieldType, Query  # noqa: PLC0415 - only who searches loads the library

    types = {Role.TIME: FieldType.Date, Role.COUNT: FieldType.Integer, Role.EXACT: FieldType.Integer}
    low, high = given.low, given.high
    if isinstance(low, float) and low == 0:
        low = -0.0 if given.with_low else 0.0
    if isinstance(high, float) and high == 0:
        high = 0.0 if given.with_high else -0.0
    kind = types.get(target.role(name), FieldType.Float)
    return Query.range_query(target.schema, name, kind, low, high, given.with_low, given.with_high)


def having(name: str) -> "Query":
    """Return the query of the documents that have any value in a field."""
    from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

    return Query.exists_query(name)


def all_of(scored: "Query | None", wanted: Sequence["Query"], unwanted: Sequence["Query"]) -> "Query":
    """Return the query of what all of the wanted and none of the unwanted match; only the scored part has a score."""
    from tantivy import Occur, Query  # noqa: PLC0415 - only who searches loads the library

    parts = [(Occur.Must, scored if scored is not None else Query.const_score_query(Query.all_query(), 0.0))]
    parts += [(Occur.Must, Query.const_score_query(each, 0.0)) for each in wanted]
    parts += [(Occur.MustNot, each) for each in unwanted]
    return Query.boolean_query(parts)


def any_of(queries: Sequence["Query"]) -> "Query":
    """Return the query of what at least one of some queries matches; their scores add up."""
    from tantivy import Occur, Query  # noqa: PLC0415 - only who searches loads the library

    return Query.boolean_query([(Occur.Should, each) for each in queries]) if queries else Query.empty_query()


def instant_of(nanoseconds: int) -> datetime:
    """Return an instant from what the index says of it."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1_000)
