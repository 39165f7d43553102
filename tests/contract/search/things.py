"""A small kind of document for the suite, and its documents as tables."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from grid_assets.domain.search.fields import DocumentKind, Role, SearchField
from resources.clients.search.base import DOCUMENTS, WITHDRAWN, DaySum

THINGS = DocumentKind(
    "things",
    "What the suite indexes.",
    (
        SearchField("thing_id", Role.EXACT, "The id.", 4.0),
        SearchField("words", Role.WORDS, "Words.", 1.0),
        SearchField("size", Role.NUMBER, "A number."),
        SearchField("operating_day", Role.DAY, "The day."),
    ),
    "",
    None,
    (),
)


@dataclass(frozen=True)
class Thing:
    """One document as the suite draws it."""

    day: date
    version: int
    size: float
    words: str = ""

    def source(self, thing_id: str) -> str:
        """Return the document's source."""
        fields = {"thing_id": thing_id, "words": self.words, "size": self.size, "operating_day": self.day.isoformat()}
        return json.dumps(fields, ensure_ascii=False)


def checksum(source: str) -> int:
    """Return the first 32 bits of a source's MD5."""
    return int(hashlib.md5(source.encode(), usedforsecurity=False).hexdigest()[:8], 16)


def documents(things: Mapping[str, Thing]) -> pa.Table:
    """Return documents as the table that engines take."""
    rows = [
        {"id": key, "operating_day": t.day, "version": t.version, "source": t.source(key)} for key, t in things.items()
    ]
    return pa.Table.from_pylist(rows, schema=DOCUMENTS)


def withdrawn(versions: Mapping[str, int]) -> pa.Table:
    """Return removals as the table that engines take."""
    rows = [{"id": key, "version": version} for key, version in versions.items()]
    return pa.Table.from_pylist(rows, schema=WITHDRAWN)


def sums(things: Mapping[str, Thing]) -> dict[date, DaySum]:
    """Return count and checksum of documents by day."""
    found: dict[date, DaySum] = {}
    for key, thing in things.items():
        before = found.get(thing.day, DaySum(0, 0))
        found[thing.day] = DaySum(before.documents + 1, before.checksum + checksum(thing.source(key)))
    return found


def indexed(things: Mapping[str, Thing]) -> set[tuple[str, int, int]]:
    """Return what an index should say of documents: id, version, checksum."""
    return {(key, thing.version, checksum(thing.source(key))) for key, thing in things.items()}


def said(table: pa.Table) -> set[tuple[str, int, int]]:
    """Return what an index says, as a set; asserts that it says it once."""
    rows: Iterable[Mapping[str, object]] = table.to_pylist()
    found = [(str(row["id"]), int(str(row["version"])), int(str(row["checksum"]))) for row in rows]
    assert len(set(found)) == len(found)
    return set(found)
