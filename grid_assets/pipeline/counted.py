"""Which received readings count: those of settled batches that no gate holds.

A held batch stays in the lake for people to look at, but no stage reads its rows, whoever else changes the same days,
until `grid release` lets it pass.
"""

from collections.abc import Sequence
from datetime import date

from grid_assets.domain.tables import METER_READINGS, SENSOR_DATA
from resources.clients.engines.base import Scan
from resources.clients.platform import Platform

RECEIVING_STAGE = "ingest"


def received_scan(platform: Platform, days: Sequence[date]) -> Scan:
    """Plan a read of the received readings of some operating days that count."""
    scan = platform.lake.scan(SENSOR_DATA, days)
    left_out = platform.database.batches.uncounted(RECEIVING_STAGE)
    if not left_out:
        return scan
    return scan.narrowed(f"batch_id NOT IN ({', '.join(str(batch_id) for batch_id in left_out)})")


def without_held(platform: Platform, days: Sequence[date]) -> tuple[date, ...]:
    """Return the operating days, in order, whose verified readings no gate holds."""
    held = platform.database.change_log.held_days(METER_READINGS.name)
    return tuple(day for day in sorted(set(days)) if day not in held)
