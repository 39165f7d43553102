"""What `grid worker` runs: applying what write-behind has queued and landing it, until somebody says stop."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from grid_assets.pipeline.drain import STAGE, DrainReport, report_of
from grid_assets.pipeline.outbox import land_outbox
from grid_assets.pipeline.reporter import Reporter
from resources.clients.platform import Platform
from resources.clients.write_behind.worker import Stop, Tally, Worker

SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.5
LANDING_SECONDS = 5.0
"""How long applied writes are gathered into one landing file."""


def run_worker(platform: Platform, reporter: Reporter, *, once: bool) -> DrainReport:
    """Apply queued writes and land them as files of the API; `once` ends when nothing waits any more.

    A batch that has begun is finished when SIGTERM or SIGINT arrives, and what was applied is landed before this
    returns. A database that refuses for now is tried again; a killed worker's writes are taken over by the next.
    """
    worker = Worker(platform.queue, platform.database.api_writes.apply)
    with _stopping() as stop:
        reporter.start(STAGE, 0)
        if once:
            worker.drain(stop)
        else:
            _work_until(stop, worker, platform)
    land_outbox(platform)
    report = report_of(platform, worker.done)
    reporter.finish(f"{report.applied:,} writes applied, {report.parked:,} parked, {report.left:,} left")
    return report


def _work_until(stop: Stop, worker: Worker, platform: Platform) -> None:
    pause, landed, waits = SHORTEST_PAUSE, time.monotonic(), True
    while not stop.is_set():
        tally = worker.step()
        waits = waits or tally.applied > 0
        if waits and time.monotonic() - landed >= LANDING_SECONDS:
            land_outbox(platform)
            landed, waits = time.monotonic(), False
        pause = SHORTEST_PAUSE if _got_on(tally) else min(2 * pause, LONGEST_PAUSE)
        if not _got_on(tally):
            stop.wait(pause)


def _got_on(tally: Tally) -> bool:
    return tally.claimed > 0 and tally.refusals == 0


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Hear SIGTERM and SIGINT as a wish to stop, for a block; elsewhere than in the main thread nothing is heard."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def heard(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, heard) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
