"""Search on Tantivy: every kind's indices in a folder of the home, for one machine.

`versions.py` says which index is live, `tantivy_index.py` reads and writes one, `tantivy_query.py` searches one.
One process at a time writes an index, the others wait; readers are never held up.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from grid_assets.domain.errors import InputError, SearchError
from grid_assets.domain.names import index_name
from grid_assets.domain.search.fields import DocumentKind
from grid_assets.domain.search.request import SearchPage, SearchRequest
from resources.clients.failpoints import reach
from resources.clients.search.base import Applied, DaySum, IndexVersion
from resources.clients.search.tantivy_index import WRITE_POINTS, Known, OpenIndex, make_index, open_index, writing
from resources.clients.search.tantivy_lines import document_lines, tombstone_line
from resources.clients.search.tantivy_schema import ID, build_schema, schema_hash, shape_hash
from resources.clients.search.versions import POINTER_POINTS, About, Versions, made_at

ENGINE_POINTS = ("search.created", *WRITE_POINTS, *POINTER_POINTS, "search.removed")
"""The steps of the engine's writes, in order: made, documents added, committed, pointer written, moved, one removed."""
SMALL = 50_000


class TantivyEngine:
    """Versioned Tantivy indices by kind under one folder; see `base.SearchEngine` for what it promises."""

    def __init__(self, folder: Path, kinds: Sequence[DocumentKind]) -> None:
        self.folder = folder
        self.kinds: Mapping[str, DocumentKind] = MappingProxyType({kind.name: kind for kind in kinds})
        self._versions = {kind.name: Versions(folder, kind.name) for kind in kinds}
        self._open: dict[tuple[str, str], OpenIndex] = {}

    def live(self, kind: str) -> str | None:
        """Return the live index of a kind whose schema is today's, or None."""
        versions = self._of(kind)
        name = versions.live()
        if name is None or not versions.exists(name):
            return None
        return name if versions.about(name).schema == schema_hash(self.kinds[kind]) else None

    def indices(self, kind: str) -> tuple[IndexVersion, ...]:
        """Return every index of a kind, oldest first."""
        versions = self._of(kind)
        good, live = versions.good(), versions.live()
        found = []
        for name in versions.names():
            with suppress(SearchError):  # removed since the names were listed
                made, documents = made_at(versions.about(name)), self._opened(kind, name).count()
                found.append(IndexVersion(name, made, documents, versions.size_bytes(name), name == live, name in good))
        return tuple(found)

    def create(self, kind: str, now_utc: datetime) -> str:
        """Make an empty index that nobody searches yet, and return its name."""
        versions, spec = self._of(kind), self.kinds[kind]
        schema = schema_hash(spec)
        with versions.locked():
            moment = versions.after_all(now_utc)
            name = index_name(kind, moment, schema)
            versions.path(name).mkdir(exist_ok=True)
            make_index(versions.path(name), build_schema(spec))
            reach("search.created")
            versions.add(name, About(moment.isoformat(), shape_hash(spec), schema))
        return name

    def load(self, kind: str, index: str, documents: Iterable[pa.RecordBatch]) -> int:
        """Write many documents into an index that is not live; they are streamed, and committed together."""
        versions = self._of(kind)
        if versions.live() == index:
            raise SearchError(f"{index} is live", "an index that nobody searches yet", "create one")
        loaded = 0
        with versions.locked(index), writing(self._opened(kind, index), is_small=False) as writer:
            for lines in document_lines(self.kinds[kind], documents):
                for line in lines:
                    writer.add_json(line)
                loaded += len(lines)
        return loaded

    def finish(self, kind: str, index: str) -> None:
        """End the loading: the index may be made live."""
        versions = self._of(kind)
        with versions.locked():
            versions.finish(index)

    def sums(self, kind: str, index: str) -> dict[date, DaySum]:
        """Return count and checksum of each day's documents, removed ones left out."""
        return self._opened(kind, index).sums()

    def indexed(self, kind: str, index: str, day: date | None = None) -> pa.Table:
        """Return what an index says of a day's documents, or of all (schema INDEXED), removed ones left out."""
        return self._opened(kind, index).indexed(day)

    def apply(self, kind: str, index: str, documents: pa.Table, withdrawn: pa.Table) -> Applied:
        """Write and remove documents in one durable step; older versions are refused one by one."""
        ids = [*documents.column("id").to_pylist(), *withdrawn.column("id").to_pylist()]
        if len(set(ids)) != len(ids):
            raise SearchError("a change names an id twice", "each document once")
        if not ids:
            return Applied(0, 0, 0)
        with self._of(kind).locked(index):
            opened = self._opened(kind, index)
            known = opened.known(ids)
            documents, withdrawn = self._due(documents, known), self._due(withdrawn, known)
            if documents.num_rows or withdrawn.num_rows:
                self._replace(self.kinds[kind], opened, known, documents, withdrawn)
        taken = documents.num_rows + withdrawn.num_rows
        return Applied(documents.num_rows, withdrawn.num_rows, len(ids) - taken)

    def _due(self, rows: pa.Table, known: Mapping[str, Known]) -> pa.Table:
        """Return the rows whose version is not below the one that stands."""
        pairs = zip(rows.column("id").to_pylist(), rows.column("version").to_pylist(), strict=True)
        return rows.filter(
            pa.array([i not in known or version >= known[i].version for i, version in pairs], pa.bool_())
        )

    def _replace(
        self,
        kind: DocumentKind,
        opened: OpenIndex,
        known: Mapping[str, Known],
        documents: pa.Table,
        withdrawn: pa.Table,
    ) -> None:
        with writing(opened, is_small=documents.num_rows < SMALL) as writer:
            for document_id in (*documents.column("id").to_pylist(), *withdrawn.column("id").to_pylist()):
                if document_id in known:
                    writer.delete_documents_by_term(ID, document_id)
            for line in chain.from_iterable(document_lines(kind, documents.to_batches())):
                writer.add_json(line)
            for line in self._tombstones(withdrawn):
                writer.add_json(line)

    def _tombstones(self, withdrawn: pa.Table) -> list[str]:
        """Return what stays of removed documents: their versions."""
        return [tombstone_line(row["id"], row["version"]) for row in withdrawn.to_pylist()]

    def promote(self, kind: str, index: str) -> str | None:
        """Make an index whose loading was ended the live one in one atomic step; return the one before."""
        versions = self._of(kind)
        with versions.locked():
            if not versions.about(index).is_finished:
                raise SearchError(f"the loading of {index} was not ended", "an index that is whole", "finish it first")
            good = tuple(name for name in versions.good() if name != index)
            if versions.live() != index:
                versions.point_to((*good, index))
        return good[-1] if good else None

    def roll_back(self, kind: str) -> str:
        """Make the index that was live before live again, and return its name."""
        versions = self._of(kind)
        with versions.locked():
            good = tuple(name for name in versions.good() if versions.exists(name))
            before = tuple(name for name in good if name != versions.live())
            if not before:
                raise SearchError(
                    f"there is no index of the kind {kind} before the live one",
                    "a good one that was kept",
                    "build it anew: grid reindex",
                )
            versions.point_to(before)
        return before[-1]

    def prune(self, kind: str, keep: int) -> tuple[str, ...]:
        """Remove all but the live index and the `keep` last good ones before it; return the names of those removed."""
        versions = self._of(kind)
        with versions.locked():
            good = versions.good()[-1 - keep :]
            if good != versions.good():
                versions.point_to(good)
            gone = tuple(name for name in versions.names() if name not in good)
            for name in gone:
                versions.remove(name)
                self._open.pop((kind, name), None)
                reach("search.removed")
            versions.remove_leftovers()
        return gone

    def search(self, request: SearchRequest, index: str | None = None) -> SearchPage:
        """Search the live index of the request's kind, or a named one; where that was just replaced, the new one."""
        kind = self.kinds.get(request.kind)
        if kind is None:
            raise InputError(f"there are no documents of the kind {request.kind!r}", f"one of {', '.join(self.kinds)}")
        if index is not None:
            return self._search_in(kind, index, request)
        while True:
            live = self._versions[kind.name].live()
            try:
                return self._search_in(kind, self._checked(kind, live), request)
            except SearchError:
                # Another process may have replaced the index and removed it in the meantime: the new one answers.
                if self._versions[kind.name].live() == live:
                    raise

    def _search_in(self, kind: DocumentKind, name: str, request: SearchRequest) -> SearchPage:
        from resources.clients.search.tantivy_query import run_search  # noqa: PLC0415 - only who searches loads it

        opened = self._opened(kind.name, name)
        opened.fresh()
        return run_search(opened.index, kind, request, name)

    def sources(self, kind: str, index: str, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the stored JSON source of documents by id; unknown and removed ones are left out."""
        return self._opened(kind, index).sources(ids)

    def close(self) -> None:
        """Let go of open indices; the next use opens them again."""
        self._open.clear()

    def _checked(self, kind: DocumentKind, name: str | None) -> str:
        """Return the name of an index that can be searched, of an older query too as long as its fields are today's."""
        versions = self._versions[kind.name]
        if name is None:
            raise SearchError(f"there is no index of the kind {kind.name} yet", action="make it: grid reindex")
        if not versions.exists(name) or versions.about(name).shape != shape_hash(kind):
            raise SearchError(
                f"the live index {name} is gone or has other fields than this version of the software asks for",
                "an index with today's fields",
                "build it anew: grid reindex",
            )
        return name

    def _opened(self, kind: str, index: str) -> OpenIndex:
        found = self._open.get((kind, index))
        if found is None:
            versions = self._of(kind)
            versions.about(index)
            found = open_index(versions.path(index))
            for name in [name for of, name in list(self._open) if of == kind and not versions.exists(name)]:
                self._open.pop((kind, name), None)
            self._open[(kind, index)] = found
        return found

    def _of(self, kind: str) -> Versions:
        found = self._versions.get(kind)
        if found is None:
            raise SearchError(f"there are no documents of the kind {kind!r}", f"one of {', '.join(self.kinds)}")
        return found
