"""The test of the test: the suite fails on caches with one realistic bug each."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from grid_assets.domain.errors import CacheError
from resources.clients.cache.base import Generation, Versioned
from resources.clients.cache.sqlite_cache import SqliteCache
from tests.contract.cache.backends import SQLITE, Backend, sqlite_client
from tests.contract.cache.generation_machine import GenerationMachine
from tests.contract.cache.key_machine import KeyMachine
from tests.contract.cache.machine import Machine, hold_in_order
from tests.contract.cache.readers import hold_readers


class LastWriterWins(SqliteCache):
    """Puts whatever comes last, without a comparison."""

    def put_newer(self, entries: Iterable[Versioned], ttl_seconds: float | None = None) -> int:
        some = list(entries)
        self._store.write(lambda c: c.executemany("DELETE FROM cache_entries WHERE key = ?", ((e.key,) for e in some)))
        return super().put_newer(some, ttl_seconds)


class ForgetfulWithdrawal(SqliteCache):
    """Withdraws by deleting, so that no version is left to hold a slow writer off."""

    def put_newer(self, entries: Iterable[Versioned], ttl_seconds: float | None = None) -> int:
        count = super().put_newer(entries, ttl_seconds)
        self._store.write(lambda c: c.execute("DELETE FROM cache_entries WHERE value IS NULL"))
        return count


class FillsWithoutALease(SqliteCache):
    """Stores what a slow filler read, whatever was written since."""

    def fill(self, key: str, token: str, value: bytes, ttl_seconds: float | None) -> bool:
        if not super().fill(key, token, value, ttl_seconds):
            self.set(key, value, ttl_seconds)
        return True


class PromotesWhatIsThere(SqliteCache):
    """Moves the pointer to a load that died half way."""

    def promote_generation(self, generation: Generation, expected_members: int) -> bool:
        for members in range(expected_members, -1, -1):
            try:
                return super().promote_generation(generation, members)
            except CacheError:
                continue
        return False


class ReadsInTwoSteps(SqliteCache):
    """Reads the pointer first and the members later, when they may be gone."""

    def read_generation(self, table: str, day: date, members: Sequence[str]) -> dict[str, bytes] | None:
        number = self.generations(table).get(day)
        sql = "SELECT member, value FROM cache_members WHERE table_name = ? AND day = ? AND number = ? AND member = ?"
        found = (self._store.read(sql, (table, day.isoformat(), number, member)) for member in members)
        return None if number is None else {row[0]: row[1] for rows in found for row in rows}


def _with(bug: type[SqliteCache]) -> Backend:
    return replace(SQLITE, make=partial(sqlite_client, kind=bug))


@pytest.mark.parametrize(
    ("bug", "machine"),
    [
        (LastWriterWins, KeyMachine),
        (ForgetfulWithdrawal, KeyMachine),
        (FillsWithoutALease, KeyMachine),
        (PromotesWhatIsThere, GenerationMachine),
    ],
)
def test_suite__catches(bug: type[SqliteCache], machine: type[Machine], tmp_path: Path) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        hold_in_order(machine, _with(bug), tmp_path)


def test_readers__notice_a_pointer_that_is_read_before_its_members(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        hold_readers(_with(ReadsInTwoSteps), tmp_path)
