"""One Tantivy index in its folder: opening it, reading what it holds, and writing documents into it.

Which indices there are and which is live is the business of `versions.py`; searching that of `tantivy_query.py`.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from grid_assets.domain.errors import SearchError
from resources.clients.failpoints import reach
from resources.clients.search.base import INDEXED, DaySum
from resources.clients.search.tantivy_schema import (
    DAY,
    HIGH,
    ID,
    LOW,
    REMOVED,
    SOURCE,
    VERSION,
    register_tokenizers,
)

if TYPE_CHECKING:
    from tantivy import DocAddress, Index, IndexWriter, Query, Schema, Searcher

WRITE_POINTS = ("search.added", "search.committed")
"""The steps of writing documents: handed to the writer, and committed."""
HEAP_BYTES_PER_THREAD = 96_000_000
MOST_THREADS = 4
IDS_AT_ONCE = 20_000
MOST_DAYS = 65_000
HALF = 16


@dataclass(frozen=True)
class Known:
    """What an index says of one id: the version that stands, and whether that is a removal."""

    version: int
    is_removed: bool


class OpenIndex:
    """An index that is open for reading; `fresh` shows what other processes committed since."""

    def __init__(self, index: "Index") -> None:
        self.index = index

    @property
    def schema(self) -> "Schema":
        """Return the schema that the index was made with."""
        return self.index.schema

    def fresh(self) -> "Searcher":
        """Return a searcher over the newest commit.

        Raises:
            SearchError: If the index is gone or damaged.
        """
        with as_ours("read"):
            self.index.reload()
            return self.index.searcher()

    def sums(self) -> dict[date, DaySum]:
        """Return count and checksum of the documents of each day, removed ones left out."""
        wanted = {
            "days": {
                "terms": {"field": DAY, "size": MOST_DAYS},
                "aggs": {half: {"sum": {"field": half}} for half in (HIGH, LOW)},
            }
        }
        searcher = self.fresh()
        with as_ours("read"):
            buckets = searcher.aggregate(self._present(), wanted)["days"]["buckets"]
        return {
            day_of(int(bucket["key"])): DaySum(
                int(bucket["doc_count"]), (int(bucket[HIGH]["value"]) << HALF) + int(bucket[LOW]["value"])
            )
            for bucket in buckets
        }

    def count(self) -> int:
        """Return how many documents there are, removed ones left out."""
        searcher = self.fresh()
        with as_ours("read"):
            found: int | None = getattr(searcher.search(self._present(), limit=1, count=True), "count", None)
        return int(found or 0)

    def indexed(self, day: date | None) -> pa.Table:
        """Return id, version and checksum of the documents of a day, or of all; schema INDEXED."""
        searcher = self.fresh()
        query = self._present() if day is None else self._both(self._present(), self._term(DAY, day_number(day)))
        with as_ours("read"):
            places = _places(searcher, query)
            high, low = searcher.fast_field_values(HIGH, places), searcher.fast_field_values(LOW, places)
            checksums = [(int(h or 0) << HALF) | int(b or 0) for h, b in zip(high, low, strict=True)]
            versions = searcher.fast_field_values(VERSION, places)
            ids = [searcher.doc(place).get_first(ID) for place in places]
        return pa.table({"id": ids, "version": versions, "checksum": checksums}, schema=INDEXED)

    def known(self, ids: Sequence[str]) -> dict[str, Known]:
        """Return what the index says of some ids, removed ones too; unknown ids are left out."""
        searcher = self.fresh()
        known: dict[str, Known] = {}
        with as_ours("read"):
            for places in self._places_of(searcher, ids):
                versions = searcher.fast_field_values(VERSION, places)
                removed = searcher.fast_field_values(REMOVED, places)
                for place, version, is_removed in zip(places, versions, removed, strict=True):
                    known[str(searcher.doc(place).get_first(ID))] = Known(int(version or 0), bool(is_removed))
        return known

    def sources(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the stored source of documents by id; unknown and removed ones are left out."""
        searcher = self.fresh()
        found: dict[str, str] = {}
        with as_ours("read"):
            for places in self._places_of(searcher, list(ids)):
                for document in map(searcher.doc, places):
                    source = document.get_first(SOURCE)
                    if source is not None:
                        found[str(document.get_first(ID))] = bytes(source).decode()
        return found

    def _places_of(self, searcher: "Searcher", ids: Sequence[str]) -> Iterator[list["DocAddress"]]:
        from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

        for first in range(0, len(ids), IDS_AT_ONCE):
            chosen = list(ids[first : first + IDS_AT_ONCE])
            yield _places(searcher, Query.term_set_query(self.schema, ID, chosen))

    def _present(self) -> "Query":
        return self._term(REMOVED, value=False)

    def _term(self, field: str, value: object) -> "Query":
        from tantivy import Query  # noqa: PLC0415 - only who searches loads the library

        return Query.term_query(self.schema, field, value)

    def _both(self, one: "Query", other: "Query") -> "Query":
        from tantivy import Occur, Query  # noqa: PLC0415 - only who searches loads the library

        return Query.boolean_query([(Occur.Must, one), (Occur.Must, other)])


def open_index(folder: Path) -> OpenIndex:
    """Open an index for reading and writing; readers see new commits when they ask for a fresh searcher.

    Raises:
        SearchError: If there is none in the folder, or it cannot be read.
    """
    from tantivy import Index  # noqa: PLC0415 - only who searches loads the library

    with as_ours("opened"):
        index = Index.open(str(folder))
        register_tokenizers(index)
        index.config_reader("manual")
    return OpenIndex(index)


def make_index(folder: Path, schema: "Schema") -> None:
    """Make an empty index in a folder that exists.

    Raises:
        SearchError: If the folder cannot be written.
    """
    from tantivy import Index  # noqa: PLC0415 - only who searches loads the library

    with as_ours("made"):
        Index(schema, str(folder), reuse=False)


@contextmanager
def writing(opened: OpenIndex, *, is_small: bool) -> Iterator["IndexWriter"]:
    """Open an index's one writer for a block, and commit durably at its end; a block that raises changes nothing.

    Raises:
        SearchError: If the index cannot be written.
    """
    threads = 1 if is_small else min(os.cpu_count() or 1, MOST_THREADS)
    with as_ours("written"):
        writer = opened.index.writer(HEAP_BYTES_PER_THREAD * threads, threads)
        try:
            yield writer
            reach("search.added")
            writer.commit()
            reach("search.committed")
        except BaseException:
            with suppress(ValueError):
                writer.rollback()
            raise
        finally:
            with suppress(ValueError):
                writer.wait_merging_threads()


@contextmanager
def as_ours(what: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise SearchError(
            f"a search index cannot be {what}: {error}",
            "an index that is whole, and room on the disk",
            "look at the search folder; `grid reindex` builds the indices anew",
        ) from error


def day_number(day: date) -> int:
    """Return a day as the index keeps it, for instance 20160327."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_of(number: int) -> date:
    """Return the day that the index keeps under a number."""
    return date(number // 10_000, number // 100 % 100, number % 100)


def _places(searcher: "Searcher", query: "Query") -> list["DocAddress"]:
    most = max(searcher.num_docs, 1)
    return [place for _, place in searcher.search(query, limit=most, count=False).hits]
