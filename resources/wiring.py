"""Settings to clients: the only place that chooses an implementation."""

from datetime import UTC, datetime

from grid_assets.domain.intervals import zone_of
from resources.clients.database.client import Database
from resources.clients.engines.duckdb_engine import DuckDBEngine
from resources.clients.lake.client import Lake, LakeSettings
from resources.clients.platform import Limits, Platform
from resources.clients.quality.judge import ExpectationsJudge
from resources.settings import GridSettings

MEGABYTE = 1_000_000


def make_platform(settings: GridSettings) -> Platform:
    """Return the clients that the settings ask for; nothing is opened before it is used."""
    zone = zone_of(settings.time_zone)
    return Platform(
        lake=Lake(LakeSettings(settings.catalog_address, settings.warehouse, settings.time_zone)),
        engine=DuckDBEngine(settings.scratch, settings.memory_limit, settings.threads),
        database=Database(settings.database_address),
        judge=ExpectationsJudge(),
        zone=zone,
        landing=settings.landing,
        scratch=settings.scratch,
        limits=Limits(settings.chunk_readings, settings.batch_megabytes * MEGABYTE, settings.snapshots_kept),
        clock=lambda: datetime.now(UTC),
    )
