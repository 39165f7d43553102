"""The life of indices and documents: what holds whatever clients do, in whatever order.

Only a whole index goes live, in one step, and one call goes back. A document never gives way to an older version of
itself, not even one that was removed. A change that fails changes nothing. A search is answered by the live index, and
finds exactly what that holds.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from grid_assets.domain.errors import SearchError
from grid_assets.domain.search.request import SearchRequest
from resources.clients.search.base import Applied, SearchEngine
from tests.contract.running import run_bound
from tests.contract.search.backends import Backend
from tests.contract.search.things import THINGS, Thing, documents, indexed, said, sums, withdrawn
from tests.properties import examples, in_order

CLIENTS = 3
WHO = st.integers(0, CLIENTS - 1)
IDS = st.sampled_from(("a", "b", "c.D-1", "ü|;'\""))
DAYS = (date(1970, 1, 1), date(2016, 3, 27))
VERSIONS = st.integers(0, 6)
THING = st.builds(
    Thing, st.sampled_from(DAYS), VERSIONS, st.floats(-1e9, 1e9), st.sampled_from(("", "warm Öl", "kalt"))
)
SOME = st.dictionaries(IDS, THING, min_size=1)
NOON = datetime(2016, 3, 27, 12, tzinfo=UTC)
KIND = THINGS.name
_NUMBERS = itertools.count()


class BrokenStreamError(Exception):
    """What the documents' source raises half way."""


@dataclass
class Index:
    """An index as it should be: documents that are there, versions of the removed ones, and whether it is whole."""

    things: dict[str, Thing] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    is_finished: bool = False
    is_spoilt: bool = False

    def version(self, key: str) -> int:
        """Return the version that stands of an id, -1 for none."""
        thing = self.things.get(key)
        return thing.version if thing else self.removed.get(key, -1)


class LifeMachine(RuleBasedStateMachine):
    """Several clients of one engine: loaders, slow writers, operators and readers."""

    backend: ClassVar[Backend]
    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.place = self.folder / str(next(_NUMBERS))
        self.clients: list[SearchEngine] = [self._new_client() for _ in range(CLIENTS)]
        self.made: dict[str, Index] = {}
        self.good: list[str] = []

    def _new_client(self) -> SearchEngine:
        return self.backend.make(self.place, (THINGS,))

    def _pick(self, number: int, *, unfinished: bool = False) -> str | None:
        names = [
            n for n, i in self.made.items() if not (unfinished and (i.is_finished or i.is_spoilt or n in self.good))
        ]
        return names[number % len(names)] if names else None

    @precondition(lambda self: len(self.made) < 4)
    @rule(who=WHO)
    def create(self, who: int) -> None:
        name = self.clients[who].create(KIND, NOON)
        assert name not in self.made
        self.made[name] = Index()

    @rule(who=WHO, number=st.integers(0, 3), things=SOME, breaks=st.integers(0, 5).map(lambda n: n == 5))
    def load(self, who: int, number: int, things: dict[str, Thing], breaks: bool) -> None:  # noqa: FBT001 - drawn
        name = self._pick(number, unfinished=True)
        if name is None:
            return
        new = {key: thing for key, thing in things.items() if self.made[name].version(key) < 0}
        if breaks:
            with pytest.raises(BrokenStreamError):
                self.clients[who].load(KIND, name, _breaking(documents(new)))
            self.made[name].is_spoilt = True
        else:
            assert self.clients[who].load(KIND, name, documents(new).to_batches()) == len(new)
            self.made[name].things.update(new)

    @precondition(lambda self: self.good)
    @rule(who=WHO, things=SOME)
    def load_into_the_live_one(self, who: int, things: dict[str, Thing]) -> None:
        with pytest.raises(SearchError):
            self.clients[who].load(KIND, self.good[-1], documents(things).to_batches())

    @rule(who=WHO, number=st.integers(0, 3))
    def finish(self, who: int, number: int) -> None:
        name = self._pick(number, unfinished=True)
        if name is not None:
            self.clients[who].finish(KIND, name)
            self.made[name].is_finished = True

    @rule(who=WHO, number=st.integers(0, 3))
    def promote(self, who: int, number: int) -> None:
        name = self._pick(number)
        if name is None:
            return
        if not self.made[name].is_finished:
            with pytest.raises(SearchError):
                self.clients[who].promote(KIND, name)
            return
        others = [good for good in self.good if good != name]
        assert self.clients[who].promote(KIND, name) == (others[-1] if others else None)
        self.good = [*others, name]

    @rule(who=WHO)
    def roll_back(self, who: int) -> None:
        if len(self.good) < 2:
            with pytest.raises(SearchError):
                self.clients[who].roll_back(KIND)
            return
        self.good.pop()
        assert self.clients[who].roll_back(KIND) == self.good[-1]

    @rule(who=WHO, keep=st.integers(0, 2))
    def prune(self, who: int, keep: int) -> None:
        kept = self.good[-1 - keep :]
        gone = [name for name in self.made if name not in kept]
        assert sorted(self.clients[who].prune(KIND, keep)) == sorted(gone)
        self.made, self.good = {name: self.made[name] for name in self.made if name in kept}, kept

    @rule(who=WHO, number=st.integers(0, 3), things=SOME, gone=st.dictionaries(IDS, VERSIONS))
    def apply(self, who: int, number: int, things: dict[str, Thing], gone: dict[str, int]) -> None:
        name = self._pick(number)
        if name is None or self.made[name].is_spoilt:
            return
        gone = {key: version for key, version in gone.items() if key not in things}
        index = self.made[name]
        written = {key: thing for key, thing in things.items() if thing.version >= index.version(key)}
        removed = {key: version for key, version in gone.items() if version >= index.version(key)}
        refused = len(things) + len(gone) - len(written) - len(removed)
        applied = self.clients[who].apply(KIND, name, documents(things), withdrawn(gone))
        assert applied == Applied(len(written), len(removed), refused)
        index.things = {key: thing for key, thing in {**index.things, **written}.items() if key not in removed}
        index.removed = {k: v for k, v in {**index.removed, **removed}.items() if k not in written}

    @rule(who=WHO, other=WHO, number=st.integers(0, 3), key=IDS, thing=THING)
    def remove_before_a_slow_writer_comes(self, who: int, other: int, number: int, key: str, thing: Thing) -> None:
        self.apply(who, number, {}, {key: thing.version + 1})
        self.apply(other, number, {key: thing}, {})

    @rule(who=WHO, number=st.integers(0, 3), things=SOME, is_twice=st.booleans())
    def apply_what_does_not_fit(self, who: int, number: int, things: dict[str, Thing], is_twice: bool) -> None:  # noqa: FBT001 - drawn
        name = self._pick(number)
        if name is None:
            return
        table = documents({key: Thing(thing.day, 99, thing.size) for key, thing in things.items()})
        bad = pa.concat_tables([table, table]) if is_twice else _spoilt(table)
        with pytest.raises(SearchError):
            self.clients[who].apply(KIND, name, bad, withdrawn({}))

    @rule(who=WHO)
    def begin_anew(self, who: int) -> None:
        self.clients[who].close()
        self.clients[who] = self._new_client()

    @rule(who=WHO)
    def ask_for_what_is_not_there(self, who: int) -> None:
        for call in (
            self.clients[who].sums,
            self.clients[who].indexed,
            self.clients[who].finish,
            self.clients[who].promote,
        ):
            with pytest.raises(SearchError):
                call(KIND, "nowhere")

    @invariant()
    def every_client_sees_the_same(self) -> None:
        live = self.good[-1] if self.good else None
        for client in self.clients:
            assert client.live(KIND) == live
            versions = client.indices(KIND)
            assert [version.name for version in versions] == list(self.made)
            for version in versions:
                index = self.made[version.name]
                assert (version.is_live, version.was_live) == (version.name == live, version.name in self.good)
                if not index.is_spoilt:
                    self._holds(client, version.name, index)
                    assert version.documents == len(index.things)
            self._searches(client, live)

    def _holds(self, client: SearchEngine, name: str, index: Index) -> None:
        assert client.sums(KIND, name) == sums(index.things)
        assert said(client.indexed(KIND, name)) == indexed(index.things)
        for day in DAYS:
            of_day = {key: thing for key, thing in index.things.items() if thing.day == day}
            assert said(client.indexed(KIND, name, day)) == indexed(of_day)
        asked = [*index.things, *index.removed, "unheard of"]
        assert client.sources(KIND, name, asked) == {key: thing.source(key) for key, thing in index.things.items()}

    def _searches(self, client: SearchEngine, live: str | None) -> None:
        if live is None:
            with pytest.raises(SearchError):
                client.search(SearchRequest(KIND))
            return
        page = client.search(SearchRequest(KIND, size=100))
        things = self.made[live].things
        assert (page.index, page.total) == (live, len(things))
        assert {hit.id: hit.fields["size"] for hit in page.hits} == {key: thing.size for key, thing in things.items()}

    def teardown(self) -> None:
        """Close every client."""
        for client in self.clients:
            client.close()


def _spoilt(table: pa.Table) -> pa.Table:
    """Return documents the last of which has a word where the kind has a number."""
    sources = [*table.column("source").to_pylist()[:-1], '{"size":"much"}']
    return table.set_column(3, table.schema.field(3), pa.array(sources, pa.string()))


def _breaking(table: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from table.to_batches()
    raise BrokenStreamError


def hold(backend: Backend, folder: Path, usual: int) -> None:
    """Hold a backend to what the machine knows; many more examples in the deep tier."""
    _run(backend, folder, examples(usual))


def hold_in_order(backend: Backend, folder: Path) -> None:
    """Run the machine the same way each time, until it fails; there is nothing to be made smaller."""
    _run(backend, folder, in_order(200))


def _run(backend: Backend, folder: Path, chosen: settings) -> None:
    run_bound(LifeMachine, backend, folder, chosen, 25)
