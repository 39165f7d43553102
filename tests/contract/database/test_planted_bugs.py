"""The test of the test: the suite fails on databases with one realistic bug each."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from grid_assets.domain.columns import TableSpec
from resources.clients.database.api_writes import ApiWrites
from resources.clients.database.changes import ChangeLog, Progress
from resources.clients.database.client import Database
from resources.clients.database.record_tables import RECORD_TABLES
from resources.clients.database.records import Records
from resources.clients.database.schema import CHANGE_LOG, CONSUMER_OFFSETS, OUTBOX
from resources.clients.write_behind.base import QueuedWrite
from tests.contract.database.backends import SQLITE
from tests.contract.database.log_machine import LogMachine
from tests.contract.database.machine import Machine, hold_in_order
from tests.contract.database.record_machine import RecordMachine
from tests.contract.database.write_machine import WriteMachine


class UnguardedRecords(Records):
    """Writes whatever comes last, by deleting what stands in its way."""

    def upsert(self, spec: TableSpec, rows: pa.Table) -> int:
        table = RECORD_TABLES[spec.name]
        with self.engine.begin() as connection:
            for key in rows.select(list(spec.key)).to_pylist():
                connection.execute(delete(table).where(*(table.c[name] == value for name, value in key.items())))
        return super().upsert(spec, rows)


class ForgetfulRecords(Records):
    """Withdraws by deleting, so that nothing stays to hold a slow writer off."""

    def withdraw(self, spec: TableSpec, keys: pa.Table, version: int) -> int:
        changed = super().withdraw(spec, keys, version)
        table = RECORD_TABLES[spec.name]
        with self.engine.begin() as connection:
            connection.execute(delete(table).where(table.c.is_withdrawn.is_(True)))
        return changed


class HastyChangeLog(ChangeLog):
    """Moves a consumer's offset to the end of the log, past days that it has not done."""

    def progress(self, progress: Progress) -> None:
        super().progress(progress)
        with self.engine.begin() as connection:
            newest = connection.execute(select(func.max(CHANGE_LOG.c.position))).scalar() or 0
            offsets = CONSUMER_OFFSETS.c
            mine = (offsets.consumer == progress.consumer, offsets.table_name == progress.table_name)
            connection.execute(update(CONSUMER_OFFSETS).where(*mine).values(position=newest))


class EagerWrites(ApiWrites):
    """Enters every write that the outbox does not hold, so that an old one lands after the newer one of its row."""

    def apply(self, writes: Sequence[QueuedWrite]) -> int:
        with self.engine.begin() as connection:
            for queued in writes:
                values = {"request_id": queued.write.request_id, "version": queued.version}
                entry = insert(OUTBOX).values(**values, table_name=queued.write.table, payload='{"sensor_id":')
                connection.execute(entry.on_conflict_do_nothing())
        return super().apply(writes)


class Unguarded(Database):
    @cached_property
    def records(self) -> Records:
        return UnguardedRecords(self.engine)


class Forgetful(Database):
    @cached_property
    def records(self) -> Records:
        return ForgetfulRecords(self.engine)


class Hasty(Database):
    @cached_property
    def change_log(self) -> ChangeLog:
        return HastyChangeLog(self.engine)


class Eager(Database):
    @cached_property
    def api_writes(self) -> ApiWrites:
        return EagerWrites(self.engine)


@pytest.mark.parametrize(
    ("bug", "machine"),
    [(Unguarded, RecordMachine), (Forgetful, RecordMachine), (Hasty, LogMachine), (Eager, WriteMachine)],
)
def test_suite__catches(bug: type[Database], machine: type[Machine], tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        hold_in_order(machine, replace(SQLITE, make=bug), tmp_path)
