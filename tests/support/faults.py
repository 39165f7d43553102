"""The fault tests' common part: what each stage commits, a clean run to compare with, and what must hold after a fault.

The home has been through a first run. The second one, in which the fault strikes, has something to change in every
table of every stage.
"""

import signal
from dataclasses import dataclass
from pathlib import Path

from grid_assets.domain.tables import BY_NAME
from grid_assets.pipeline.run import RunSummary, run
from resources.clients.engines.base import Scan
from resources.clients.failpoints import PUBLISH_POINTS
from resources.clients.platform import Platform
from tests.support.child import Fault, killed_at, killed_under_the_real_judge
from tests.support.homes import (
    HomeShelf,
    assert_reconciled,
    digest_of,
    digests,
    opened,
    orphans,
    run_in,
    standing,
)
from tests.support.landing import land_first, land_second
from tests.support.processes import call

COMMITS: dict[str, tuple[str, ...]] = {
    "catalogue": ("quarantine", "sensors_history", "sensors"),
    "ingest": ("quarantine", "sensor_data"),
    "verify": ("meter_readings_history", "meter_readings"),
    "aggregate": (
        "load_hourly",
        "load_daily",
        "load_by_asset",
        "feeder_balance",
        "voltage_daily",
        "events",
        "sensor_latest",
    ),
}
"""What the second run commits, stage by stage, in order."""


def faults_of(stage: str) -> tuple[Fault, ...]:
    """Return every fault of a stage: each point of publishing, and the commit of each of its tables."""
    commits = range(1, len(COMMITS[stage]) + 1)
    return tuple(
        Fault(f"{stage}.{point}", nth)
        for point in PUBLISH_POINTS
        for nth in (commits if point == "table.committed" else (1,))
    )


@dataclass(frozen=True)
class Clean:
    """What a second run without any fault makes: the tables at the end, and each of them after each of its commits."""

    end: dict[str, str]
    states: dict[str, tuple[str, ...]]


class FaultyHome:
    """A home before its second run, put back for each fault."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shelf = HomeShelf(folder)
        home = self._shelf.home
        land_first(home / "landing")
        run_in(home)
        land_second(home / "landing")
        self._shelf.keep("before")
        run_in(home)
        with opened(home) as platform:
            self.clean = Clean(digests(platform), {table: _states(platform, table) for table in BY_NAME})

    def struck(self, fault: Fault, *, is_judged_in_earnest: bool = False) -> Path:
        """Put the home back and let a run be killed at a point; assert that it was, and return the home."""
        home, marker = self.put_back(), self._folder / "marker"
        marker.unlink(missing_ok=True)
        exit_code = call(killed_under_the_real_judge if is_judged_in_earnest else killed_at, home, fault, marker)
        assert exit_code == -signal.SIGKILL
        assert marker.read_text() == str(fault)
        return home

    def put_back(self) -> Path:
        """Put the home back to where it was before its second run, and return its path."""
        return self._shelf.put_back("before")

    def assert_every_table_is_whole(self, platform: Platform) -> None:
        """Assert that each table is as it stands between two commits of a run without a fault."""
        found = digests(platform)
        for name, states in self.clean.states.items():
            assert found[name] in states, f"{name} holds neither its old nor its new rows"

    def assert_mended(self, platform: Platform) -> RunSummary:
        """Run again; assert that everything is as after a run without a fault, and that a third run finds nothing."""
        second = run(platform)
        assert digests(platform) == self.clean.end
        assert_reconciled(platform)
        assert orphans(platform) == ()
        assert platform.database.batches.unsettled() == ()
        before = standing(platform)
        third = run(platform)
        assert (third.received, third.days, third.files, third.repaired_batches) == (0, 0, 0, ())
        assert standing(platform) == before
        return second


def _states(platform: Platform, name: str) -> tuple[str, ...]:
    table, lake = BY_NAME[name], platform.lake
    with platform.engine.session() as session:
        scans = (lake.scan(table, None, snapshot.snapshot_id) for snapshot in lake.snapshots(table))
        return tuple(digest_of(session, table, scan) for scan in (Scan(table, ()), *scans))


def what_was_found(fault: Fault, committed: dict[str, set[int]], summary: RunSummary) -> str:
    """Return a line for people: where the run was killed, what its batch had committed, what the next run did."""
    if not summary.repaired_batches:
        return f"{fault} | everything | nothing to repair"
    (batch_id, how), *_ = summary.repaired_batches
    tables = ", ".join(name for name, batches in committed.items() if batch_id in batches)
    return f"{fault} | {tables or 'nothing'} | {how}"
