"""Readings of the API and the outbox: each write is applied once and lands once, the newest of a row last."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule

from grid_assets.domain.writes import Stamp, Write, checked
from resources.clients.database.api_writes import allot
from resources.clients.write_behind.base import QueuedWrite
from tests.contract.database.machine import WHO, Machine, no_commit

NOW = datetime(2016, 3, 27, 12, tzinfo=UTC)
TIMES = ("2016-03-27T10:00:00Z", "2016-03-27T11:00:00Z")


@dataclass
class Entry:
    """An entry of the outbox as it should be."""

    request_id: str
    line_starts: str
    file: str | None = None
    has_landed: bool = False


@dataclass
class Model:
    """Rows by their key, as (version, value, request); entries in order, pruned ones left out; lines that landed."""

    newest: int = 0
    rows: dict[str, tuple[int, float, str]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    landed: list[str] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)

    def is_known(self, write: Write) -> int | None:
        """Return whether a request is known: by the outbox, or as the newest of its row."""
        row = self.rows.get(write.row_key)
        known = any(entry.request_id == write.request_id for entry in self.entries)
        return known or (row is not None and row[2] == write.request_id)

    def apply(self, writes: list[tuple[Write, int]]) -> int:
        """Apply writes in the order of their versions; return how many entered."""
        ordered = sorted(writes, key=lambda pair: pair[1])
        before = dict(self.rows)
        entered = 0
        for write, version in ordered:
            line = f'{{"sensor_id":"{write.row["sensor_id"]}"'
            known = any(entry.request_id == write.request_id for entry in self.entries)
            if not known and before.get(write.row_key, (0,))[0] < version:
                self.entries.append(Entry(write.request_id, line))
                self.entered.append(write.request_id)
                entered += 1
            if self.rows.get(write.row_key, (0,))[0] < version:
                self.rows[write.row_key] = (version, write.row["value"], write.request_id)
        return entered


class WriteMachine(Machine):
    """Clients that write through, workers that apply what was queued, and landers; all of them repeat themselves."""

    writes = Bundle("writes")
    queued = Bundle("queued")

    @initialize()
    def begin(self) -> None:
        self.model = Model()
        self.made = 0
        self.versions: dict[str, int] = {}

    @rule(target=writes, sensor=st.sampled_from(("a", "b")), time=st.sampled_from(TIMES))
    def ask(self, sensor: str, time: str) -> Write:
        self.made += 1
        row = {"table": "sensor_data", "sensor_id": sensor, "value": float(self.made), "timestamp": time}
        return checked("a key", None, row, "insert", Stamp(f"request-{self.made}", NOW))

    @rule(target=queued, who=WHO, write=writes)
    def queue(self, who: int, write: Write) -> QueuedWrite:
        """Give a write its version, as a queue does; a repeat keeps the one it has."""
        if write.request_id not in self.versions:
            with self.clients[who].engine.begin() as connection:
                version = allot(connection)
            assert version > self.model.newest
            self.model.newest = self.versions[write.request_id] = version
        return QueuedWrite(write, self.versions[write.request_id], 1)

    @rule(who=WHO, some=st.lists(queued, min_size=1, max_size=4), breaks=st.booleans())
    def apply(self, who: int, some: list[QueuedWrite], breaks: bool) -> None:  # noqa: FBT001 - drawn
        distinct = list({each.version: each for each in some}.values())
        if breaks:
            with no_commit(self.clients[who]):
                self.clients[who].api_writes.apply(distinct)
            return
        entered = self.clients[who].api_writes.apply(distinct)
        assert entered == self.model.apply([(each.write, each.version) for each in distinct])

    @rule(who=WHO, write=writes, breaks=st.booleans())
    def write_through(self, who: int, write: Write, breaks: bool) -> None:  # noqa: FBT001 - drawn
        if write.request_id in self.versions and not self.model.is_known(write):
            return  # it is queued: the caller chose the other way
        if breaks:
            with no_commit(self.clients[who]):
                self.clients[who].api_writes.write_through(write)
            return
        version = self.clients[who].api_writes.write_through(write)
        if self.model.is_known(write):
            assert version == self.versions[write.request_id]
            self.model.newest = max(self.model.newest, version)
            return
        assert version > self.model.newest
        self.model.newest = self.versions[write.request_id] = version
        self.model.apply([(write, version)])

    @rule(who=WHO, most=st.integers(1, 3))
    def name_a_file(self, who: int, most: int) -> None:
        """Name a file and die, or go on: whoever lands next finds it."""
        waiting = [entry for entry in self.model.entries if entry.file is None][:most]
        name = self.clients[who].outbox.name_file(most)
        assert (name is None) == (not waiting)
        for entry in waiting:
            entry.file = name

    @rule(who=WHO, marks=st.booleans())
    def land(self, who: int, marks: bool) -> None:  # noqa: FBT001 - drawn
        """Read the oldest named file; mark it, or die before."""
        outbox = self.clients[who].outbox
        files = list(dict.fromkeys(e.file for e in self.model.entries if e.file is not None and not e.has_landed))
        assert list(outbox.files_to_write()) == files
        if not files:
            return
        of_it = [entry for entry in self.model.entries if entry.file == files[0]]
        lines = outbox.lines(str(files[0]))
        assert len(lines) == len(of_it)
        assert all(line.startswith(entry.line_starts) for line, entry in zip(lines, of_it, strict=True))
        if marks:
            assert outbox.mark_landed(str(files[0]), NOW) == len(of_it)
            assert outbox.mark_landed(str(files[0]), NOW) == 0
            for entry in of_it:
                entry.has_landed = True
                self.model.landed.append(entry.request_id)

    @rule(who=WHO)
    def forget(self, who: int) -> None:
        kept = [entry for entry in self.model.entries if not entry.has_landed]
        assert self.clients[who].outbox.prune(NOW + timedelta(seconds=1)) == len(self.model.entries) - len(kept)
        self.model.entries = kept

    @invariant()
    def the_outbox_has_each_write_once_and_in_order(self) -> None:
        for client in self.clients:
            waiting = [entry.request_id for entry in client.outbox.unlanded()]
            assert [*self.model.landed, *waiting] == self.model.entered
            assert client.outbox.depth() == len(waiting)
