"""The conformance suite of write-behind: clients, workers and faults over one store, and what must hold throughout.

Clients repeat themselves, workers die at each of their steps or are slow, the database refuses for a while, some
writes are poison. Whatever happens, cache and queue agree after each step, and once all is drained the database holds
the newest write of each row, the outbox each write once, and exactly the poison is parked.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import select

from grid_assets.domain.errors import DatabaseError
from grid_assets.domain.writes import Stamp, Write, checked
from resources.clients import failpoints
from resources.clients.database.client import Database
from resources.clients.database.schema import API_READINGS, OUTBOX
from resources.clients.write_behind.base import QueuedWrite
from resources.clients.write_behind.worker import Tally, WorkerOptions
from tests.contract.running import run_bound
from tests.contract.write_behind.backends import Backend
from tests.contract.write_behind.model import Model, Watched
from tests.properties import examples, in_order

CLIENTS = 3
WHO = st.integers(0, CLIENTS - 1)
KEYS = ("sensor:a", "sensor:b")
ROWS = (("a", "2016-03-27T10:00:00Z"), ("a", "2016-03-27T11:00:00Z"), ("b", "2016-03-27T10:00:00Z"))
LEASE = 60.0
OPTIONS = WorkerOptions(batch_size=4, lease=LEASE, attempts=2, first_delay=1.0, longest_delay=4.0)
DEATHS = ("worker.claimed", "worker.applied", "worker.acknowledged", "worker.retried", "worker.parked")
_NUMBERS = itertools.count()


class DiedError(Exception):
    """A process that ended at a point."""


class PoisonError(Exception):
    """What the database says of a row that it will never take."""


class WriteBehindMachine(RuleBasedStateMachine):
    """Several clients and workers of one queue."""

    backend: ClassVar[Backend]
    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.address = self.backend.fresh(self.folder, next(_NUMBERS))
        self.model = Model()
        self.database = Database(f"sqlite:///{self.address}")
        self.cache = self.backend.cache(self.address)
        self.clients = [self._client() for _ in range(CLIENTS)]

    @initialize()
    def begin(self) -> None:
        self.poison: set[str] = set()
        self.is_refusing = False
        self.made = 0
        self.slow: list[tuple[str, tuple[QueuedWrite, ...]]] = []

    @rule(who=WHO, rows=st.lists(st.sampled_from(ROWS), min_size=1, max_size=3), key=st.sampled_from(KEYS))
    def call(self, who: int, rows: list[tuple[str, str]], key: str) -> None:
        self.clients[who].put([self._write(row, key) for row in rows])

    @rule(who=WHO, row=st.sampled_from(ROWS), key=st.sampled_from(KEYS))
    def call_with_poison(self, who: int, row: tuple[str, str], key: str) -> None:
        write = self._write(row, key)
        self.poison.add(write.request_id)
        self.clients[who].put([write])

    @precondition(lambda self: self.model.writes)
    @rule(who=WHO, data=st.data(), row=st.sampled_from(ROWS))
    def repeat(self, who: int, data: st.DataObject, row: tuple[str, str]) -> None:
        """Ask again, on whichever client, alone or with a new write, twice in one call."""
        known = self.model.writes[data.draw(st.sampled_from(sorted(self.model.writes)))]
        self.clients[who].put(data.draw(st.sampled_from([[known], [known, known], [known, self._write(row, KEYS[0])]])))

    @precondition(lambda self: self.model.has_room(1))
    @rule(who=WHO, other=WHO, data=st.data(), row=st.sampled_from(ROWS), key=st.sampled_from(KEYS))
    def call_and_never_hear(self, who: int, other: int, data: st.DataObject, row: tuple[str, str], key: str) -> None:
        """Die at a step of the call; then another client asks with the same request id what became of it."""
        point, write = data.draw(st.sampled_from(self.backend.put_points)), self._write(row, key)
        self._dies(point, lambda: self.clients[who].queue.put([write]))
        self.clients[who] = self._client()
        if point != self.backend.put_points[-1]:
            self.cache_and_queue_agree()
            self.clients[other].put([write])
            return
        (receipt,) = self.clients[other].queue.put([write])
        assert not receipt.is_new
        self.model.store(write, receipt.version)

    @rule(who=WHO, death=st.sampled_from((None, None, *DEATHS)))
    def work(self, who: int, death: str | None) -> None:
        self._work(who, death)

    @rule()
    def refuse_or_relent(self) -> None:
        self.is_refusing = not self.is_refusing

    @rule(who=WHO, most=st.integers(1, 4))
    def claim_and_be_slow(self, who: int, most: int) -> None:
        name = f"slow {next(_NUMBERS)}"
        self.slow.append((name, self.clients[who].claim(name, most, LEASE)))

    @precondition(lambda self: self.slow)
    @rule(who=WHO, data=st.data(), ends=st.sampled_from(("acknowledge", "retry", "park", "twice")))
    def finish_late(self, who: int, data: st.DataObject, ends: str) -> None:
        """Go on with what was claimed long ago; another worker may have taken it over."""
        name, claimed = self.slow.pop(data.draw(st.integers(0, len(self.slow) - 1)))
        versions = [queued.version for queued in claimed]
        if ends == "retry":
            self.clients[who].retry_later(name, versions, "not now", 5.0)
        elif ends == "park":
            for queued in claimed:
                self.poison.add(queued.write.request_id)
                self.clients[who].park(name, queued.version, "never")
        else:
            good = [queued for queued in claimed if queued.write.request_id not in self.poison]
            for _ in range(2 if ends == "twice" else 1):
                self.database.api_writes.apply(good)
            self.clients[who].acknowledge(name, [queued.version for queued in good])
            for version in set(versions) - {queued.version for queued in good}:
                self.clients[who].park(name, version, "never")

    @rule(seconds=st.sampled_from((0.5, 2.0, 10.0, LEASE + 1)))
    def wait(self, seconds: float) -> None:
        self.model.now += seconds

    @rule(who=WHO, mends=st.booleans())
    def requeue(self, who: int, mends: bool) -> None:  # noqa: FBT001 - drawn
        parked = self.clients[who].parked()
        self.clients[who].requeue([each.version for each in parked])
        if mends:  # what the queue had no room for is still parked, and counts as poison
            still = {entry.write.request_id for entry in self.model.in_state("parked")}
            self.poison -= {each.write.request_id for each in parked} - still

    @rule(who=WHO)
    def drain(self, who: int) -> None:
        """Work until all is applied or parked; then everything has to agree."""
        self.is_refusing = False
        for _ in range(100):
            if not self.model.waiting():
                break
            if self._work(who, None).claimed == 0:
                self.model.now += LEASE + 1
        assert not self.model.waiting(), "some writes are never given out"
        self._assert_settled()

    @invariant()
    def cache_and_queue_agree(self) -> None:
        found = {key: self.cache.get(key) for key in KEYS}
        assert found == {key: self.model.cached.get(key, (0, None))[1] for key in KEYS}
        for client in self.clients:
            client.depth()

    def teardown(self) -> None:
        try:
            self.drain(0)
        finally:
            failpoints.disarm()
            for client in self.clients:
                client.close()
            self.cache.close()
            self.database.close()

    def _client(self) -> Watched:
        return Watched(self.backend.queue(self.address, lambda: self.model.now), self.model, self._applied_version)

    def _write(self, row: tuple[str, str], key: str) -> Write:
        self.made += 1
        db_data = {"table": "sensor_data", "sensor_id": row[0], "timestamp": row[1], "value": float(self.made)}
        stamp = Stamp(f"request-{self.made}", datetime(2016, 3, 27, 12, tzinfo=UTC))
        return checked(key, {"value": self.made}, db_data, "insert", stamp)

    def _work(self, who: int, death: str | None) -> Tally:
        worker = self.backend.worker(self.clients[who], self._apply, OPTIONS)
        if death is None:
            return worker.step()
        failpoints.arm(death, _die)
        try:
            return worker.step()
        except DiedError:
            return Tally()
        finally:
            failpoints.disarm()

    def _apply(self, writes: Sequence[QueuedWrite]) -> int:
        if self.is_refusing:
            raise DatabaseError("the database is away for a while")
        if any(queued.write.request_id in self.poison for queued in writes):
            raise PoisonError("a constraint")
        return self.database.api_writes.apply(writes)

    def _dies(self, point: str, act: Any) -> None:  # noqa: ANN401 - a call without arguments
        failpoints.arm(point, _die)
        try:
            with pytest.raises(DiedError):
                act()
        finally:
            failpoints.disarm()

    def _applied_version(self, write: Write) -> int:
        row = self._rows().get(write.row_key)
        return row[0] if row is not None else 0

    def _rows(self) -> dict[str, tuple[int, float]]:
        with self.database.engine.begin() as connection:
            rows = connection.execute(select(API_READINGS)).all()
        return {f"sensor_data|{r.sensor_id}|{r.timestamp_utc}": (r.version, r.value) for r in rows}

    def _assert_settled(self) -> None:
        parked = {entry.write.request_id for entry in self.model.in_state("parked")}
        assert parked <= self.poison
        newest: dict[str, tuple[int, float]] = {}
        for request_id, version in self.model.versions.items():
            write = self.model.writes[request_id]
            if request_id not in parked:
                newest[write.row_key] = max(newest.get(write.row_key, (0, 0.0)), (version, write.row["value"]))
        assert self._rows() == newest
        self._assert_each_is_handed_on_once(parked, newest)

    def _assert_each_is_handed_on_once(self, parked: set[str], newest: dict[str, tuple[int, float]]) -> None:
        with self.database.engine.begin() as connection:
            outbox = connection.execute(select(OUTBOX).order_by(OUTBOX.c.position)).all()
        entered = [entry.request_id for entry in outbox]
        assert len(entered) == len(set(entered))
        assert not parked & set(entered)
        for request_id, version in self.model.versions.items():
            write = self.model.writes[request_id]
            is_overtaken = newest.get(write.row_key, (0, 0.0))[0] > version
            assert request_id in entered or request_id in parked or is_overtaken, f"{request_id} is lost"
        for row_key in newest:
            of_row = [e.version for e in outbox if self.model.writes[e.request_id].row_key == row_key]
            assert of_row == sorted(of_row), "the lake would get an older write after a newer one"


def _die() -> None:
    raise DiedError


def hold(backend: Backend, folder: Path, usual: int) -> None:
    """Hold a backend to the suite; many more examples in the deep tier."""
    _run(backend, folder, examples(usual))


def hold_in_order(backend: Backend, folder: Path) -> None:
    """Run the suite the same way each time, until it fails; there is nothing to be made smaller."""
    _run(backend, folder, in_order(300))


def _run(backend: Backend, folder: Path, chosen: settings) -> None:
    backend.prepare(folder)
    run_bound(WriteBehindMachine, backend, folder, chosen, 30)
