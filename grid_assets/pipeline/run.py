"""The main job: repair, take what arrived, verify and aggregate what changed, serve it, keep the snapshots few."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from grid_assets.domain.tables import TABLES
from grid_assets.pipeline.aggregate_stage import aggregate
from grid_assets.pipeline.apart import DaysFailedError
from grid_assets.pipeline.arrivals import arrivals
from grid_assets.pipeline.catalogue_stage import STAGE as CATALOGUE
from grid_assets.pipeline.catalogue_stage import absorb_catalogues
from grid_assets.pipeline.drain import drain
from grid_assets.pipeline.ingest_stage import ingest
from grid_assets.pipeline.outbox import land_outbox
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.publish import wait_for_stage
from grid_assets.pipeline.repair import repair
from grid_assets.pipeline.reporter import Reporter, Silent
from grid_assets.pipeline.serve import serve
from grid_assets.pipeline.verify_stage import verify
from resources.clients.failpoints import reach
from resources.clients.platform import Platform

TRIM_POINT = "trim.table.expired"
"""The step of trimming that tests make fail: after each table."""


@dataclass(frozen=True)
class RunSummary:
    """What one run did, in rows and days; `received` = `stored` + `duplicate` + `quarantined`.

    `written` counts readings of the API that landed, `copies` what was written to database, cache and search, and
    `delayed` names the copies that could not be reached, with the reason; the next run does them.
    """

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    estimated: int = 0
    edited: int = 0
    missing: int = 0
    days: int = 0
    files: int = 0
    repeated_files: int = 0
    operating_days: tuple[date, ...] = ()
    tables: dict[str, int] = field(default_factory=dict)
    held_batches: tuple[int, ...] = ()
    repaired_batches: tuple[tuple[int, str], ...] = ()
    written: int = 0
    copies: dict[str, int] = field(default_factory=dict)
    delayed: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain JSON values."""
        return {**self.__dict__, "operating_days": [day.isoformat() for day in self.operating_days]}


def run(
    platform: Platform,
    driver: str = "cli",
    reporter: Reporter | None = None,
    days: Sequence[date] | None = None,
) -> RunSummary:
    """Run the pipeline for what changed; with `days`, do those days again, whether they changed or not.

    Running it again changes nothing. Batches that a gate held are named in the summary and go no further.

    Raises:
        DaysFailedError: If some days cannot be verified or aggregated. The others are, and the copies follow them.
    """
    reporter = reporter or Silent()
    repaired = repair(platform)
    written = take_writes(platform, reporter)
    arrived, received = take(platform, driver, reporter)
    failures: list[DaysFailedError] = []
    verified = _others_too(partial(verify, platform, driver, reporter, days), failures)
    aggregated = _others_too(partial(aggregate, platform, driver, reporter, days), failures)
    served = serve(platform, driver, reporter)
    trim(platform)
    if failures:
        raise failures[0]
    rows = received.rows
    return RunSummary(
        received=rows.get("received", 0),
        stored=rows.get("stored", 0),
        duplicate=rows.get("duplicate", 0),
        quarantined=rows.get("quarantined", 0),
        estimated=verified.rows.get("estimated", 0),
        edited=verified.rows.get("edited", 0),
        missing=verified.rows.get("missing", 0),
        days=len(set(verified.changed)),
        files=arrived,
        repeated_files=rows.get("repeated_files", 0),
        operating_days=tuple(sorted(set(verified.changed))),
        tables=aggregated.rows,
        held_batches=received.held + verified.held + aggregated.held,
        repaired_batches=repaired,
        written=written,
        copies=served.rows,
        delayed=served.delayed,
    )


def _others_too(stage: Callable[[], StageOutcome], failures: list[DaysFailedError]) -> StageOutcome:
    """Run a stage; where days of it fail, keep the error for later and return the outcome of the others."""
    try:
        return stage()
    except DaysFailedError as error:
        failures.append(error)
        return error.outcome


def take_writes(platform: Platform, reporter: Reporter) -> int:
    """Apply what write-behind has queued, land it as files of the API, and return how many readings that were."""
    drain(platform, reporter)
    return land_outbox(platform)


def take(platform: Platform, driver: str, reporter: Reporter) -> tuple[int, StageOutcome]:
    """Take what arrived, catalogues first, then readings; return the number of files and the outcome."""
    arrived = arrivals(platform)
    repeated = StageOutcome(rows={"repeated_files": arrived.repeated})
    if arrived.is_empty:
        return 0, repeated
    platform.judge.preload()
    outcome = absorb_catalogues(platform, driver, arrived.catalogues)
    outcome += _catalogues_of_others(platform, driver)
    outcome += ingest(platform, driver, reporter, arrived)
    files = len(arrived.catalogues) + len(arrived.readings) + len(arrived.unreadable)
    return files, outcome + repeated


def _catalogues_of_others(platform: Platform, driver: str) -> StageOutcome:
    """Wait for catalogues that another run has in its hands, and take those that it died with.

    Readings whose catalogue arrived before them would otherwise meet unknown sensors.
    """
    outcome = StageOutcome()
    while True:
        wait_for_stage(platform, CATALOGUE)
        left = arrivals(platform).catalogues
        if not left:
            return outcome
        outcome += absorb_catalogues(platform, driver, left)


def trim(platform: Platform) -> int:
    """Forget old snapshots beyond the number that is kept and return how many; those of unsettled batches stay."""
    open_batches = frozenset(batch.batch_id for batch, _ in platform.database.batches.unsettled())
    expired = 0
    for table in TABLES:
        expired += platform.lake.expire(table, platform.limits.snapshots_kept, open_batches)
        reach(TRIM_POINT)
    return expired
