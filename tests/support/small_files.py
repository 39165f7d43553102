"""Homes whose tables have many small files, and a clock that can be set forward."""

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from grid_assets.pipeline.maintain import maintain
from grid_assets.pipeline.plan import Publication
from grid_assets.pipeline.publish import open_batch, publish
from grid_assets.pipeline.query import query
from resources.clients.platform import Platform
from tests.support.child import Fault, arm
from tests.support.homes import opened
from tests.support.publications import DAY, NEXT_DAY, received, verified

DAYS = (DAY, NEXT_DAY)
GRACE = timedelta(hours=24)
SHORT = timedelta(seconds=5)
"""A grace that is still longer than a read or a commit of the small homes here."""
COUNTS = "SELECT COUNT(*) AS n, COUNT(DISTINCT batch_id) AS batches FROM sensor_data"


def with_small_files(platform: Platform, batches: int = 6, days: Sequence[date] = DAYS) -> None:
    """Publish batches of ingest and verification, each of which appends a file to every partition."""
    for number in range(batches):
        with open_batch(platform, "ingest", "test") as batch:
            publish(platform, batch, Publication(received(platform, batch, days), {"rows": {}}))
        with open_batch(platform, "verify", "test") as batch:
            publish(platform, batch, Publication(verified(platform, batch, float(number), days), {"rows": {}}))


def later(platform: Platform, by: timedelta) -> Platform:
    """Return the platform with its clock set forward."""
    return replace(platform, clock=lambda: datetime.now(UTC) + by)


def maintained(platform: Platform, by: timedelta) -> Platform:
    """Return the platform as the faulty maintenance has it: two snapshots kept, the clock set forward."""
    return later(replace(platform, limits=replace(platform.limits, snapshots_kept=2)), by)


def maintain_and_be_killed_at(home: Path, fault: Fault, marker: Path, by: timedelta) -> None:
    """Do the maintenance with the clock set forward, and be killed at a point of it."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with opened(home) as platform:
        maintain(maintained(platform, by))


def maintain_until_told(home: Path, stop: Path, note: Path) -> None:
    """Do the maintenance again and again with a short grace; note what was compacted and removed."""
    compacted = removed = 0
    with opened(home) as platform:
        while not stop.exists():
            done = maintain(replace(platform, limits=replace(platform.limits, snapshots_kept=2, vacuum_grace=SHORT)))
            compacted += sum(c.files_before for c in done.compacted if not c.left)
            removed += done.vacuumed.removed
    note.write_text(json.dumps({"compacted": compacted, "removed": removed}))


def publish_many(home: Path, batches: int) -> None:
    """Publish batches of ingest and verification, one after the other."""
    with opened(home) as platform:
        with_small_files(platform, batches)


def count_until_told(home: Path, stop: Path, note: Path) -> None:
    """Count received readings and the rows of a batch again and again; note what never can be, and how often."""
    answers, wrong, last = 0, [], 0
    with opened(home) as platform:
        while not stop.exists():
            (row,) = query(platform, COUNTS).to_pylist()
            answers += 1
            if row["n"] < last or row["n"] != row["batches"] * len(DAYS):
                wrong.append(str(row))
            last = row["n"]
    note.write_text(json.dumps({"answers": answers, "wrong": wrong}))
