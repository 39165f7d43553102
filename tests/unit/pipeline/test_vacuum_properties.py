"""Vacuum between everything else, in any order: what is needed stays, and in the end nothing else is left.

Needed is what a table names, an open batch has written, or a reader has planned within the grace.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from pyiceberg.table import Table

from grid_assets.domain.tables import METER_READINGS, METER_READINGS_HISTORY, QUARANTINE, SENSOR_DATA
from grid_assets.pipeline import vacuum as vacuum_module
from grid_assets.pipeline.compact import compact
from grid_assets.pipeline.plan import Publication, TableCommit
from grid_assets.pipeline.publish import publish
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.vacuum import vacuum
from resources.clients.database.batches import Batch
from resources.clients.database.vacuum import VacuumCandidates
from resources.clients.lake import garbage
from resources.clients.lake.dataset_save import DatasetWriter, SaveOptions
from tests.properties import examples
from tests.support.homes import platform_of
from tests.support.named_files import aged, named, on_disk
from tests.support.publications import DAY, received
from tests.support.small_files import GRACE, with_small_files

TABLES = (SENSOR_DATA, METER_READINGS, METER_READINGS_HISTORY, QUARANTINE)
STEPS = 14
_NAMED: Any = garbage._named  # noqa: SLF001 - a planted bug stands on it


class VacuumMachine(RuleBasedStateMachine):
    """One home with a clock of its own; every file is as old as that clock says."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = datetime.now(UTC)
        made = platform_of(Path(self.folder.name) / "home")
        self.platform = replace(made, clock=lambda: self.now)
        self.open: list[tuple[Batch, tuple[TableCommit, ...]]] = []
        self.plans: list[tuple[datetime, set[str]]] = []
        self.seen: set[str] = set()

    @rule(batches=st.integers(1, 3))
    def publish_batches(self, batches: int) -> None:
        with_small_files(self.platform, batches, (DAY,))

    @rule(mode=st.sampled_from(["overwrite", "append"]))
    def save_a_dataset(self, mode: str) -> None:
        writer = DatasetWriter(self.platform.lake, self.platform.engine, 1)
        writer.save(pa.table({"n": [1, 2]}), "d", SaveOptions(mode=mode))

    @rule()
    def die_in_a_save(self) -> None:
        path = self.platform.lake.settings.warehouse / "datasets/d/data" / f"{len(self.seen):032x}" / "data_0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"rows")

    @rule()
    def write_a_batch_and_wait(self) -> None:
        batch = self.platform.database.batches.open("ingest", "test", self.now)
        self.open.append((batch, received(self.platform, batch)))

    @precondition(lambda self: bool(self.open))
    @rule()
    def publish_what_waited(self) -> None:
        batch, commits = self.open.pop(0)
        publish(self.platform, batch, Publication(commits, {"rows": {}}))

    @precondition(lambda self: bool(self.open))
    @rule()
    def give_up_what_waited(self) -> None:
        batch, _ = self.open.pop()
        self.platform.database.batches.abandon(batch.batch_id)

    @rule(keep=st.integers(1, 3))
    def forget_snapshots(self, keep: int) -> None:
        unsettled = frozenset(batch.batch_id for batch, _ in self.open)
        for table in TABLES:
            self.platform.lake.expire(table, keep, unsettled)

    @rule()
    def compact_files(self) -> None:
        compact(self.platform, "test", Silent())

    @rule()
    def plan_a_read(self) -> None:
        files = {path for table in TABLES for path in self.platform.lake.scan(table).files}
        self.plans.append((self.now, files))

    @rule(hours=st.sampled_from([1, 13, 25]))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(count=st.integers(1, 3))
    def spend_nights(self, count: int) -> None:
        for _ in range(count):
            self.now += timedelta(hours=25)
            vacuum(self.platform)

    @rule()
    def clean(self) -> None:
        vacuum(self.platform)

    @invariant()
    def what_is_needed_is_there(self) -> None:
        there = on_disk(self.platform)
        for new in there - self.seen:
            aged(Path(new), self.now.timestamp())
        self.seen |= there
        waiting = {file.path for _, commits in self.open for commit in commits for file in commit.written.files}
        planned = {path for at, files in self.plans if self.now - at < GRACE for path in files}
        assert sorted((named(self.platform) | waiting | planned) - there) == []

    def teardown(self) -> None:
        while self.open:
            self.give_up_what_waited()
        for _ in range(3):
            self.now += GRACE + timedelta(minutes=1)
            vacuum(self.platform)
        self.what_is_needed_is_there()
        assert on_disk(self.platform) == named(self.platform)
        self.close()

    def close(self) -> None:
        self.platform.close()
        self.folder.cleanup()


def _only_the_newest(table: Table) -> Iterator[str]:
    metadata = table.metadata
    snapshots = [s for s in metadata.snapshots if s.snapshot_id == metadata.current_snapshot_id]
    yield from _NAMED(SimpleNamespace(metadata=metadata.model_copy(update={"snapshots": snapshots}), **_rest(table)))


def _rest(table: Table) -> dict[str, object]:
    return {"io": table.io, "metadata_location": table.metadata_location}


def _at_once(_: VacuumCandidates, unnamed: Iterable[str], now_utc: datetime) -> dict[str, datetime]:
    return dict.fromkeys(unnamed, now_utc - GRACE)


def _waited(machine: VacuumMachine) -> None:
    machine.write_a_batch_and_wait()
    machine.what_is_needed_is_there()
    machine.spend_nights(2)


def _replaced(machine: VacuumMachine) -> None:
    machine.publish_batches(2)
    machine.what_is_needed_is_there()
    machine.spend_nights(2)


def _planned(machine: VacuumMachine) -> None:
    machine.publish_batches(1)
    machine.what_is_needed_is_there()
    machine.let_time_pass(25)
    machine.plan_a_read()
    machine.publish_batches(1)
    machine.forget_snapshots(1)
    machine.clean()


BUGS: dict[str, tuple[Callable[[VacuumMachine], None], tuple[object, str, object]]] = {
    "files of open batches go": (_waited, (vacuum_module, "_batch_of", lambda _: "")),
    "files of older snapshots go": (_replaced, (garbage, "_named", _only_the_newest)),
    "files go at first sight": (_planned, (VacuumCandidates, "keep", _at_once)),
}


@pytest.mark.parametrize("bug", BUGS)
def test_machine__catches_a_planted_bug(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story, planted = BUGS[bug]
    sound = VacuumMachine()
    story(sound)
    sound.what_is_needed_is_there()
    sound.teardown()
    monkeypatch.setattr(*planted)
    machine = VacuumMachine()
    story(machine)
    with pytest.raises((AssertionError, OSError)):
        machine.what_is_needed_is_there()
    machine.close()


@pytest.mark.hypothesis
def test_vacuum__removes_what_nobody_needs_and_nothing_else() -> None:
    run_state_machine_as_test(
        VacuumMachine,
        settings=settings(examples(8), stateful_step_count=STEPS, deadline=None),
    )
