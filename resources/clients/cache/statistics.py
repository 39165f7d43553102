"""Hits and misses, kept in the process and added to the file now and then, and what the cache holds."""

import threading
import time

from grid_assets.domain.errors import CacheError
from resources.clients.cache.base import CacheStatistics
from resources.clients.cache.store import Store

FLUSH_SECONDS = 30.0
_ADD = """
INSERT INTO cache_facts (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER) AS TEXT)
"""
_SIZES = """
SELECT
    (SELECT COALESCE(SUM(value), 0) FROM cache_facts WHERE name = 'hits'),
    (SELECT COALESCE(SUM(value), 0) FROM cache_facts WHERE name = 'misses'),
    e.entries + p.entries, p.generations, e.bytes + p.bytes
FROM (
    SELECT COUNT(*) AS entries, COALESCE(SUM(LENGTH(value)), 0) AS bytes
    FROM cache_entries WHERE value IS NOT NULL AND (expires IS NULL OR expires > ?)
) AS e, (
    SELECT COALESCE(SUM(members), 0) AS entries, COUNT(*) AS generations, COALESCE(SUM(bytes), 0) AS bytes
    FROM cache_pointers
) AS p
"""


class Counters:
    """Counts reads; a read never waits for the file, for a thread of its own adds what was counted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._hits = 0
        self._misses = 0
        self._flushed = time.monotonic()
        self._flusher: threading.Thread | None = None

    def count(self, hits: int, misses: int) -> None:
        """Count reads that found a value and that did not."""
        with self._guard:
            self._hits += hits
            self._misses += misses
            if time.monotonic() - self._flushed > FLUSH_SECONDS:
                self._flushed = time.monotonic()
                self._flusher = threading.Thread(target=self._flush_quietly, daemon=True)
                self._flusher.start()

    def flush(self) -> None:
        """Add what was counted to the file.

        Raises:
            CacheError: If the file cannot be written; what was counted is kept.
        """
        with self._guard:
            hits, misses, self._hits, self._misses = self._hits, self._misses, 0, 0
        if not hits and not misses:
            return
        try:
            self._store.write(lambda c: c.executemany(_ADD, (("hits", str(hits)), ("misses", str(misses)))))
        except CacheError:
            with self._guard:
                self._hits += hits
                self._misses += misses
            raise

    def forget(self) -> None:
        """Drop what was counted and not added yet."""
        with self._guard:
            self._hits = self._misses = 0

    def close(self) -> None:
        """Add what was counted, if that is possible, and wait for a flush under way."""
        if self._flusher is not None:
            self._flusher.join()
        self._flush_quietly()

    def _flush_quietly(self) -> None:
        try:
            self.flush()
        except CacheError:
            return  # counts are no record; a cache that cannot be written is reported by its writers


def statistics(store: Store) -> CacheStatistics:
    """Return hits, misses and sizes as the file has them; entries are live keys and members of current generations."""
    return CacheStatistics(*(int(number) for number in store.read(_SIZES, (store.clock(),))[0]))
