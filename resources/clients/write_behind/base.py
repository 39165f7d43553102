"""What a write-behind queue promises, whatever keeps it; the conformance suite in tests/contract holds backends to it.

A call answers when the cached value and the queue entry are stored together, durably in the backend's stated mode. A
worker then claims entries, applies them to the database in batches, and acknowledges. Nothing acknowledged to a caller
is lost and nothing is applied twice; writes of one row are applied in the order of their versions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from grid_assets.domain.writes import Write


@dataclass(frozen=True)
class Receipt:
    """What a caller gets: the request and its version; `is_new` is False where an earlier call had stored it."""

    request_id: str
    version: int
    is_new: bool


@dataclass(frozen=True)
class QueuedWrite:
    """A claimed write: larger versions are newer; `attempts` counts this one."""

    write: Write
    version: int
    attempts: int


@dataclass(frozen=True)
class ParkedWrite:
    """A write that could not be applied, with the error that it met."""

    write: Write
    version: int
    attempts: int
    error: str
    parked_at_utc: datetime


@dataclass(frozen=True)
class QueueDepth:
    """Entries by state, and the age of the oldest that waits; None where none does."""

    pending: int
    claimed: int
    parked: int
    oldest_seconds: float | None


class WriteQueue(Protocol):
    """A durable queue beside the cache; safe to use from many threads and processes at once."""

    def put(self, writes: Sequence[Write]) -> tuple[Receipt, ...]:
        """Store cached values and queue entries, all or none; a request that is known already is not stored again.

        The cached value is versioned: a later write of the key is never overwritten by an earlier one. A request is
        known while it waits or is parked, and for seven days after it was applied.

        Raises:
            QueueFullError: If the call would exceed the bound on what waits, or as many entries are parked; nothing of
                the call is stored.
        """

    def claim(self, worker: str, most: int, lease_seconds: float) -> tuple[QueuedWrite, ...]:
        """Take the oldest entries for a worker alone, until its lease ends; then others may take them over.

        An entry is not given out while an older one of the same row is claimed or waits for its next attempt. Parked
        ones hold nothing up.
        """

    def acknowledge(self, worker: str, versions: Sequence[int]) -> int:
        """Remove entries that were applied and are still this worker's; return how many."""

    def retry_later(self, worker: str, versions: Sequence[int], error: str, delay_seconds: float) -> int:
        """Give entries back, not to be claimed before the delay is over; return how many."""

    def park(self, worker: str, version: int, error: str) -> bool:
        """Set an entry aside with its error, so that it holds nothing up."""

    def parked(self, most: int = 100) -> tuple[ParkedWrite, ...]:
        """Return what was set aside, oldest first."""

    def requeue(self, versions: Sequence[int]) -> int:
        """Make parked entries pending again, as if never tried, the oldest first while there is room; return how many.

        One that a newer write of its row has overtaken meanwhile changes nothing when it is applied.
        """

    def depth(self) -> QueueDepth:
        """Return how much waits."""

    def close(self) -> None:
        """Let go of connections."""
