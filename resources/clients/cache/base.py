"""What a cache promises, whatever keeps it; the conformance suite in tests/contract holds every backend to it.

Three uses share one cache and never meet: plain keys (a value and a time to live), versioned keys (an older version
never overwrites a newer one), and generations (a day of a table, put in place whole by one pointer). Values are JSON
text in UTF-8; the published calls encode and decode.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True)
class Versioned:
    """A value with the version of the record it was made from; `value` is None where the record was withdrawn."""

    key: str
    value: bytes | None
    version: int


@dataclass(frozen=True)
class Lease:
    """What a reader that may have to fill a key gets.

    Either a value; or a token, and then this caller alone fills the key; or neither, and then another caller is at it:
    wait, or take `stale`, the value that expired last, if there is one.
    """

    value: bytes | None = None
    token: str | None = None
    stale: bytes | None = None


@dataclass(frozen=True)
class Generation:
    """One version of a day of a table: `number` is the batch that made it; larger is newer."""

    table: str
    day: date
    number: int


@dataclass(frozen=True)
class CacheStatistics:
    """Reads that found a value and that did not, since the cache began; entries and their bytes now."""

    hits: int
    misses: int
    entries: int
    generations: int
    bytes: int

    @property
    def hit_ratio(self) -> float | None:
        """Return hits over reads, None before the first read."""
        reads = self.hits + self.misses
        return self.hits / reads if reads else None


class Cache(Protocol):
    """A cache; safe to use from many threads and processes at once.

    Every method raises CacheError where the cache cannot be reached or written.
    """

    def get(self, key: str) -> bytes | None:
        """Return the value of a key, None where it has none or it has expired."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values of those keys that have one."""

    def set(self, key: str, value: bytes, ttl_seconds: float | None) -> None:
        """Set a key whatever it holds; None lives for ever. The version of a versioned key stays as it is."""

    def set_many(self, values: Mapping[str, bytes], ttl_seconds: float | None) -> None:
        """Set keys, all of them before a reader sees the first where the backend can; at least each one whole."""

    def delete_many(self, keys: Sequence[str]) -> int:
        """Remove keys and return how many had a value; a versioned key keeps its version."""

    def put_newer(self, entries: Iterable[Versioned], ttl_seconds: float | None = None) -> int:
        """Set each key whose version is larger than the stored one (or that has none); return how many were set.

        An entry without a value withdraws the key: it reads as missing, and its version stays, so that a slow writer
        cannot bring an old value back. A withdrawal also takes effect at the same version as the stored one.
        """

    def versions_of(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the versions of the versioned keys among some, withdrawn and expired ones too."""

    def lease(self, key: str, seconds: float) -> Lease:
        """Read a key; on a miss let one caller fill it, for so many seconds."""

    def fill(self, key: str, token: str, value: bytes, ttl_seconds: float | None) -> bool:
        """Set a key under a lease and end the lease; False, and nothing set, where the lease is not held any more.

        A set, delete or newer version of the key ends its lease: what was read before it may be old.
        """

    def load_generation(self, generation: Generation, values: Iterable[pa.RecordBatch]) -> int:
        """Store a generation's members (columns `member`, `value`: text) unseen by readers; return how many.

        Loading the same generation again replaces what a load that died left of it.
        """

    def promote_generation(self, generation: Generation, expected_members: int) -> bool:
        """Move the day's pointer to a loaded generation; False where the pointer is at a newer one already.

        Raises:
            CacheError: If the generation does not hold as many members as expected; the pointer stays.
        """

    def roll_back_generation(self, table: str, day: date) -> int | None:
        """Move the day's pointer back to the generation before, which then is the only one; return its number."""

    def drop_generation(self, table: str, day: date) -> int:
        """Forget a day of a table, pointer first; return how many members that were."""

    def generations(self, table: str) -> dict[date, int]:
        """Return the generation that each day's pointer is at."""

    def read_generation(self, table: str, day: date, members: Sequence[str]) -> dict[str, bytes] | None:
        """Return members of the day's current generation, all of one and the same; None where the day has none."""

    def sweep(self) -> int:
        """Remove expired values and what no pointer leads to any more; return how many entries went."""

    def epoch(self) -> str:
        """Return the identity of this life of the cache: another one after everything was lost."""

    def clear(self) -> None:
        """Lose everything, and begin a new epoch."""

    def statistics(self) -> CacheStatistics:
        """Return hits, misses and sizes."""

    def close(self) -> None:
        """Write the counters down and let go of connections."""
