"""What a search engine promises, whatever it is; the conformance suite in tests/contract holds every backend to it.

Each kind of document has versioned indices, of which one is live. A new one is loaded unseen, checked by the caller,
and made live by one atomic step; the one before stays for a rollback. Changes to an index are written by one process
at a time, and a document never gives way to an older version of itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import pyarrow as pa

from grid_assets.domain.search.fields import DocumentKind
from grid_assets.domain.search.request import SearchPage, SearchRequest

NO_DAY = date(1970, 1, 1)
"""The day of documents that have none."""

DOCUMENTS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("operating_day", pa.date32(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
    ]
)
"""Documents on their way into an index: `source` is the JSON object of all fields, instants as ISO 8601 with Z."""

INDEXED = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("checksum", pa.int64(), nullable=False),
    ]
)
"""What an index says of its documents; `checksum` is the first 32 bits of the MD5 of the source."""

WITHDRAWN = pa.schema([pa.field("id", pa.string(), nullable=False), pa.field("version", pa.int64(), nullable=False)])
"""Documents to remove, each at the version of the change that removed it."""


@dataclass(frozen=True)
class DaySum:
    """How many documents an index holds of a day, and the sum of their checksums."""

    documents: int
    checksum: int


@dataclass(frozen=True)
class Applied:
    """What a change did: documents written, removed, and refused because the index holds a newer version."""

    written: int
    removed: int
    refused: int


@dataclass(frozen=True)
class IndexVersion:
    """One index of a kind; `was_live` says that it passed its check once and can be rolled back to."""

    name: str
    made_at_utc: datetime
    documents: int
    bytes: int
    is_live: bool
    was_live: bool


class SearchEngine(Protocol):
    """Versioned indices by kind (`sensors`, `readings`, `events`); safe to use from many threads and processes.

    Raises SearchError where an index does not exist or cannot be read, SearchBusyError where another process writes it
    for longer than the backend waits.
    """

    @property
    def kinds(self) -> Mapping[str, DocumentKind]:
        """Return the kinds of documents by name: their fields, and the queries that make them from the lake."""

    def live(self, kind: str) -> str | None:
        """Return the name of the live index of a kind whose schema is today's, or None."""

    def indices(self, kind: str) -> tuple[IndexVersion, ...]:
        """Return every index of a kind, oldest first."""

    def create(self, kind: str, now_utc: datetime) -> str:
        """Make an empty index that nobody searches yet, and return its name."""

    def load(self, kind: str, index: str, documents: Iterable[pa.RecordBatch]) -> int:
        """Write many documents (schema DOCUMENTS), each id once, into an index that is not live; return how many."""

    def finish(self, kind: str, index: str) -> None:
        """End the loading: what was loaded is durable and searchable by the index's name."""

    def sums(self, kind: str, index: str) -> dict[date, DaySum]:
        """Return count and checksum of each day's documents, removed ones left out."""

    def indexed(self, kind: str, index: str, day: date | None = None) -> pa.Table:
        """Return what an index says of a day's documents, or of all (schema INDEXED), removed ones left out."""

    def apply(self, kind: str, index: str, documents: pa.Table, withdrawn: pa.Table) -> Applied:
        """Write and remove documents (schemas DOCUMENTS and WITHDRAWN) in one durable step.

        A document gives way only to a larger version of itself, or to the same one; a removal leaves its version
        behind, so that a slow writer cannot bring the document back. The numbers returned add up to those given.

        Raises:
            SearchError: If an id is named twice, or a source does not fit the kind's fields; nothing is changed then.
        """

    def promote(self, kind: str, index: str) -> str | None:
        """Make an index the live one in one atomic step; return the one before. Searches never find none."""

    def roll_back(self, kind: str) -> str:
        """Make the index that was live before live again, and return its name.

        Raises:
            SearchError: If there is none.
        """

    def prune(self, kind: str, keep: int) -> tuple[str, ...]:
        """Remove all but the live index and the `keep` last good ones before it; return the names of those removed."""

    def search(self, request: SearchRequest, index: str | None = None) -> SearchPage:
        """Search the live index of the request's kind, or a named one.

        Raises:
            InputError: If the request names a field that the kind lacks, or cannot be used otherwise.
        """

    def sources(self, kind: str, index: str, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the stored JSON source of documents by id; unknown and removed ones are left out."""

    def close(self) -> None:
        """Let go of files and connections."""
