"""Draining: apply what write-behind has queued, in this process, until nothing is left that can be."""

from dataclasses import dataclass

from grid_assets.pipeline.reporter import Reporter
from resources.clients.platform import Platform
from resources.clients.write_behind.worker import Tally, Worker

STAGE = "drain"


@dataclass(frozen=True)
class DrainReport:
    """Writes that were applied, parked with an error and given back, and how many still wait."""

    applied: int
    parked: int
    retried: int
    left: int


def drain(platform: Platform, reporter: Reporter) -> DrainReport:
    """Apply queued writes to the database until none can be claimed; what another worker holds is left to it.

    A database that refuses for now ends it: the writes stay in the queue, for a worker or the next run.
    """
    depth = platform.queue.depth()
    waiting = depth.pending + depth.claimed
    if waiting == 0:
        return DrainReport(0, 0, 0, 0)
    reporter.start(STAGE, waiting)
    worker = Worker(platform.queue, platform.database.api_writes.apply)
    tally = worker.drain(heard=lambda step: _tell(reporter, step))
    report = report_of(platform, tally)
    reporter.finish(f"{report.applied:,} writes applied, {report.parked:,} parked, {report.left:,} left")
    return report


def report_of(platform: Platform, tally: Tally) -> DrainReport:
    """Return what became of writes, with what waits now."""
    depth = platform.queue.depth()
    return DrainReport(tally.applied, tally.parked, tally.retried, depth.pending + depth.claimed)


def _tell(reporter: Reporter, step: Tally) -> None:
    if step.claimed:
        reporter.step(step.applied + step.parked, f"{step.applied:,} writes applied")
