"""Homes whose tables have many small files, and a clock that can be set forward."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from grid_assets.pipeline.plan import Publication
from grid_assets.pipeline.publish import open_batch, publish
from resources.clients.platform import Platform
from tests.support.publications import DAY, NEXT_DAY, received, verified

DAYS = (DAY, NEXT_DAY)
GRACE = timedelta(hours=24)


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
