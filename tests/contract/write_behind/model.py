"""What a queue should hold, and a client that checks each answer against it before it hands it on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from grid_assets.domain.errors import QueueFullError
from grid_assets.domain.writes import Write
from resources.clients.write_behind.base import ParkedWrite, QueueDepth, QueuedWrite, Receipt, WriteQueue
from tests.contract.write_behind.backends import MOST_PENDING


@dataclass
class Entry:
    """One stored write and where it stands; `due` as in the queue: not before, or the lease's end."""

    write: Write
    version: int
    queued: float
    state: str = "pending"
    worker: str = ""
    due: float = 0.0
    attempts: int = 0


@dataclass
class Model:
    """Entries by version, the versions of all requests ever stored, and the newest value of each cache key."""

    now: float = 1_000_000.0
    newest: int = 0
    entries: dict[int, Entry] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    writes: dict[str, Write] = field(default_factory=dict)
    cached: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def waiting(self) -> list[Entry]:
        """Return what is pending or claimed."""
        return [entry for entry in self.entries.values() if entry.state != "parked"]

    def has_room(self, count: int) -> bool:
        """Return whether so many more may wait."""
        return len(self.waiting()) + count <= MOST_PENDING and len(self.in_state("parked")) < MOST_PENDING

    def in_state(self, state: str) -> list[Entry]:
        """Return the entries of a state, oldest first."""
        return sorted((e for e in self.entries.values() if e.state == state), key=lambda entry: entry.version)

    def may_be_claimed(self) -> list[Entry]:
        """Return what may be given out now, oldest first."""
        ahead = [entry for entry in self.waiting() if entry.due > self.now]
        free = [
            entry
            for entry in self.waiting()
            if entry.due <= self.now
            and not any(o.write.row_key == entry.write.row_key and o.version < entry.version for o in ahead)
        ]
        return sorted(free, key=lambda entry: entry.version)

    def mine(self, worker: str, versions: Sequence[int]) -> list[Entry]:
        """Return those of some entries that a worker holds."""
        held = [self.entries[version] for version in set(versions) if version in self.entries]
        return [entry for entry in held if entry.state == "claimed" and entry.worker == worker]

    def store(self, write: Write, version: int) -> None:
        """Note a write that was stored."""
        assert version > self.newest, "versions grow in the order in which writes are stored"
        self.newest = version
        self.entries[version] = Entry(write, version, self.now)
        self.versions[write.request_id] = version
        self.writes[write.request_id] = write
        self.cached[write.cache_key] = (version, write.cache_value)


class Watched:
    """A client of a queue that holds every answer to the model; a `WriteQueue` itself.

    Args:
        queue: The client.
        model: What all clients share.
        applied_version: Returns the version of a write's row in the database.
    """

    def __init__(self, queue: WriteQueue, model: Model, applied_version: Callable[[Write], int]) -> None:
        self.queue = queue
        self.model = model
        self._applied_version = applied_version

    def put(self, writes: Sequence[Write]) -> tuple[Receipt, ...]:
        new = {write.request_id for write in writes} - self.model.versions.keys()
        if new and not self.model.has_room(len(new)):
            with pytest.raises(QueueFullError):
                self.queue.put(writes)
            return ()
        receipts = self.queue.put(writes)
        assert [receipt.request_id for receipt in receipts] == [write.request_id for write in writes]
        for write, receipt in zip(writes, receipts, strict=True):
            assert receipt.is_new == (write.request_id in new)
            if write.request_id not in self.model.versions:
                self.model.store(write, receipt.version)
            assert receipt.version == self.model.versions[write.request_id]
        return receipts

    def claim(self, worker: str, most: int, lease_seconds: float) -> tuple[QueuedWrite, ...]:
        free = self.model.may_be_claimed()
        claimed = self.queue.claim(worker, most, lease_seconds)
        assert len(claimed) == min(most, len(free)), "what may be claimed is given out, and nothing else"
        assert {queued.version for queued in claimed} <= {entry.version for entry in free}
        for queued in claimed:
            entry = self.model.entries[queued.version]
            self._assert_is_next(entry, {each.version for each in claimed})
            entry.state, entry.worker, entry.due = "claimed", worker, self.model.now + lease_seconds
            entry.attempts += 1
            assert queued.attempts == entry.attempts
            assert (queued.write.request_id, queued.write.row) == (entry.write.request_id, entry.write.row)
        return claimed

    def acknowledge(self, worker: str, versions: Sequence[int]) -> int:
        mine = self.model.mine(worker, versions)
        for entry in mine:
            assert self._applied_version(entry.write) >= entry.version, "acknowledged before it was applied"
        count = self.queue.acknowledge(worker, versions)
        assert count == len(mine)
        for entry in mine:
            del self.model.entries[entry.version]
        return count

    def retry_later(self, worker: str, versions: Sequence[int], error: str, delay_seconds: float) -> int:
        mine = self.model.mine(worker, versions)
        count = self.queue.retry_later(worker, versions, error, delay_seconds)
        assert count == len(mine)
        for entry in mine:
            entry.state, entry.worker, entry.due = "pending", "", self.model.now + delay_seconds
        return count

    def park(self, worker: str, version: int, error: str) -> bool:
        mine = self.model.mine(worker, [version])
        assert self.queue.park(worker, version, error) == bool(mine)
        for entry in mine:
            entry.state, entry.worker, entry.due = "parked", "", 0.0
        return bool(mine)

    def parked(self, most: int = 100) -> tuple[ParkedWrite, ...]:
        found = self.queue.parked(most)
        expected = self.model.in_state("parked")[:most]
        assert [(each.version, each.attempts) for each in found] == [(e.version, e.attempts) for e in expected]
        assert all(each.error for each in found)
        return found

    def requeue(self, versions: Sequence[int]) -> int:
        wanted = [entry for entry in self.model.in_state("parked") if entry.version in versions]
        room = MOST_PENDING - len(self.model.waiting())
        count = self.queue.requeue(versions)
        assert count == min(len(wanted), room)
        for entry in wanted[:room]:
            entry.state, entry.due, entry.attempts = "pending", self.model.now, 0
        return count

    def depth(self) -> QueueDepth:
        depth = self.queue.depth()
        states = [len(self.model.in_state(state)) for state in ("pending", "claimed", "parked")]
        assert [depth.pending, depth.claimed, depth.parked] == states
        waiting = self.model.waiting()
        assert (depth.oldest_seconds is None) == (not waiting)
        if waiting:
            assert depth.oldest_seconds == self.model.now - min(entry.queued for entry in waiting)
        return depth

    def close(self) -> None:
        self.queue.close()

    def _assert_is_next(self, entry: Entry, claimed: set[int]) -> None:
        for other in self.model.waiting():
            if other.write.row_key == entry.write.row_key and other.version < entry.version:
                assert other.version in claimed, "given out while an older one of its row waits"
