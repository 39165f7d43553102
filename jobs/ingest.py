"""Ingest: the job that takes what has landed, and the sensor that wakes it."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from grid_assets.domain.tables import QUARANTINE, SENSOR_DATA, SENSORS, SENSORS_HISTORY
from jobs.purposes import PURPOSE
from jobs.waking import decide, is_busy, request, tries
from resources.wrappers.platform import PlatformResource

INGEST = "ingest"
TABLES = (SENSORS, SENSORS_HISTORY, QUARANTINE, SENSOR_DATA)
INTERVAL_SECONDS = 30
SETTLED_AFTER = timedelta(seconds=5)
"""A file that changed this recently may still be written by somebody."""

ingest_job = dg.define_asset_job(
    INGEST,
    selection=dg.AssetSelection.assets(*(table.name for table in TABLES)),
    description="Take every file that has landed: catalogue first, then readings. Needs no partition.",
    tags={PURPOSE: INGEST},
)


@dg.sensor(
    name="landing_files",
    job=ingest_job,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Wakes ingest when files have landed that nobody has taken; a burst of files is one run.",
)
def landing_sensor(
    context: dg.SensorEvaluationContext, platform: PlatformResource
) -> dg.SkipReason | dg.RunRequest | None:
    """Compare the landing zone's listing with the last one, and only then with what was taken."""
    found = tuple(entries(platform.landing))
    listing = digest(found)
    if listing == context.cursor:
        return dg.SkipReason("the landing zone has not changed")
    now = datetime.now(UTC)
    newest = max((modified for _, _, modified in found), default=0)
    if now.timestamp() - newest / 1e9 < SETTLED_AFTER.total_seconds():
        return dg.SkipReason("files are still arriving")
    from jobs.waiting import waiting_files  # noqa: PLC0415 - loads the clients' libraries

    with platform.open() as opened:
        waiting = waiting_files(opened)
    if not waiting:
        context.update_cursor(listing)
        return dg.SkipReason("every file that has landed was taken")
    if is_busy(context.instance, INGEST):
        return dg.SkipReason(f"{waiting} files wait for the run that is at it")
    decision = decide(tries(context.instance, f"{INGEST}:{listing}"), now)
    if decision.attempt is None:
        return dg.SkipReason(f"{waiting} files wait: {decision.reason}")
    return request(f"{INGEST}:{listing}", decision.attempt)


def entries(landing: Path) -> Iterator[tuple[str, int, int]]:
    """Yield name, size and modification time of everything in the landing zone's folders; no file is opened."""
    for folder in sorted(path for path in landing.glob("*") if path.is_dir()):
        for path in sorted(folder.iterdir()):
            status = path.lstat()
            yield f"{folder.name}/{path.name}", status.st_size, status.st_mtime_ns


def digest(found: tuple[tuple[str, int, int], ...]) -> str:
    """Return a short text that is the same for the same listing."""
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def definitions() -> dg.Definitions:
    """Return the job and its sensor."""
    return dg.Definitions(jobs=[ingest_job], sensors=[landing_sensor])
