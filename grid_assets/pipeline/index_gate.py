"""The gate before an index is made live: it must hold exactly what the lake holds, day by day.

Other runs may change the lake meanwhile. So the index catches up first, and a difference counts only if the lake stood
still while it was looked for and nobody is about to change it.
"""

import json
import time
from collections.abc import Iterator
from datetime import date, datetime

from grid_assets.domain.errors import IndexGateError
from grid_assets.domain.names import search_consumer
from grid_assets.domain.search.fields import DocumentKind, Role
from grid_assets.domain.search.request import SearchRequest, Window
from grid_assets.pipeline.documents import MAKERS, made, steps_of, sums_of
from grid_assets.pipeline.reindex import catch_up
from grid_assets.pipeline.reporter import Silent
from resources.clients.platform import Platform
from resources.clients.search.base import DaySum

WAIT_SECONDS = 900.0
POLL_SECONDS = 0.25
SAMPLES, SEARCHES = 50, 5
NOTHING = DaySum(0, 0)


def check(platform: Platform, kind: DocumentKind, index: str, driver: str) -> str:
    """Bring an index up to date and hold it against the lake; return in words what was compared.

    Count and checksum of each day, the stored sources of some documents, and searches for a few of them.

    Raises:
        IndexGateError: If anything differs; day or document, what was found and what was expected are named.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        before = _snapshots(platform, kind)
        while catch_up(platform, kind, index, driver, Silent()).days:
            pass
        wrong = [*_wrong_days(platform, kind, index), *_wrong_samples(platform, kind, index)]
        if not wrong:
            return _said(platform, kind, index)
        if time.monotonic() >= deadline or _stands_still(platform, kind, index, before):
            raise IndexGateError(
                f"the new index {index} differs from the lake: {'; '.join(wrong[:3])}"
                + (f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""),  # noqa: PLR2004 - as many as a line holds
                "the same documents in both",
                "the index before stays live; look at the disk, then rebuild again: grid reindex",
            )
        time.sleep(POLL_SECONDS)


def _wrong_days(platform: Platform, kind: DocumentKind, index: str) -> Iterator[str]:
    found = platform.search.sums(kind.name, index)
    expected: dict[date, DaySum] = {}
    left_out: set[date] = set()
    for step in steps_of(platform, kind, tuple(found) if kind.daily else ()):
        with made(platform, kind, step) as documents:
            expected |= sums_of(documents)
            left_out |= documents.left_out
    for day in sorted((expected.keys() | found.keys()) - left_out):
        one, other = found.get(day, NOTHING), expected.get(day, NOTHING)
        if one != other:
            yield (
                f"{day}: found {one.documents:,} documents with checksum {one.checksum}, "
                f"expected {other.documents:,} with {other.checksum}"
            )


def _wrong_samples(platform: Platform, kind: DocumentKind, index: str) -> Iterator[str]:
    sources = _samples(platform, kind)
    stored = platform.search.sources(kind.name, index, sources)
    for document_id, source in sources.items():
        if stored.get(document_id) != source:
            yield f"{document_id}: found the source {stored.get(document_id)}, expected {source}"
    for document_id in list(sources)[:SEARCHES]:
        if document_id in stored and not _is_found(platform, kind, index, document_id):
            yield f"{document_id}: no search finds it by its fields"


def _samples(platform: Platform, kind: DocumentKind) -> dict[str, str]:
    """Return some documents of the newest day, or of all where there are no days: source by id."""
    newest = steps_of(platform, kind)[-1:]
    if not newest:
        return {}
    with made(platform, kind, newest[0][-1:] if newest[0] else None) as documents:
        rows = documents.session.fetch(f"SELECT id, source FROM documents ORDER BY MD5(id) LIMIT {SAMPLES}").to_pylist()
    return {row["id"]: row["source"] for row in rows}


def _is_found(platform: Platform, kind: DocumentKind, index: str, document_id: str) -> bool:
    """Return whether a search for what tells a document apart finds it: its first exact field, and its start."""
    fields = json.loads(platform.search.sources(kind.name, index, [document_id])[document_id])
    exact = next((f.name for f in kind.fields if f.role is Role.EXACT and not f.is_many and f.name in fields), None)
    start = next((f.name for f in kind.fields if f.role is Role.TIME and f.name in fields), None)
    windows = {}
    if start is not None:
        moment = datetime.fromisoformat(fields[start])
        windows[start] = Window(moment, moment)
    request = SearchRequest(kind.name, exact={exact: (fields[exact],)} if exact else {}, windows=windows, size=100)
    return any(hit.id == document_id for hit in platform.search.search(request, index).hits)


def _stands_still(platform: Platform, kind: DocumentKind, index: str, before: tuple[int | None, ...]) -> bool:
    log = platform.database.change_log
    is_behind = any(log.to_copy(search_consumer(index), table.name).days for table in kind.tables)
    is_in_hands = any(batch.stage in MAKERS.values() for batch, _ in platform.database.batches.unsettled())
    return not is_behind and not is_in_hands and _snapshots(platform, kind) == before


def _snapshots(platform: Platform, kind: DocumentKind) -> tuple[int | None, ...]:
    return tuple(platform.lake.table(table).metadata.current_snapshot_id for table in kind.tables)


def _said(platform: Platform, kind: DocumentKind, index: str) -> str:
    sums = platform.search.sums(kind.name, index)
    documents = sum(found.documents for found in sums.values())
    days = f" of {len(sums)} days" if kind.daily else ""
    return (
        f"{documents:,} documents{days} by count and checksum, {min(SAMPLES, documents)} sources, "
        f"{min(SEARCHES, documents)} searches"
    )
