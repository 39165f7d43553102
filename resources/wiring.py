"""Settings to clients: the only place that chooses an implementation."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from grid_assets.domain.intervals import zone_of
from grid_assets.domain.search.documents import document_kinds
from resources.clients.cache.sqlite_cache import SqliteCache
from resources.clients.database.client import Database
from resources.clients.database.engine import prepare_file
from resources.clients.database.sqlite_file import SqliteFile
from resources.clients.engines.duckdb_engine import DuckDBEngine
from resources.clients.lake.client import Lake, LakeSettings
from resources.clients.platform import Limits, Platform
from resources.clients.quality.judge import ExpectationsJudge
from resources.clients.search.base import SearchEngine
from resources.clients.search.tantivy_engine import TantivyEngine
from resources.clients.write_behind.sqlite_queue import SqliteQueue
from resources.clients.write_behind.through import OneFileThrough, Through, TwoStoreThrough
from resources.settings import GridSettings, load_settings

if TYPE_CHECKING:
    from resources.clients.engines.spark_engine import SparkEngine

MEGABYTE = 1_000_000


def make_platform(settings: GridSettings) -> Platform:
    """Return the clients that the settings ask for; nothing is opened before it is used."""
    zone = zone_of(settings.time_zone)
    file = make_file(settings)
    duckdb = DuckDBEngine(settings.scratch, settings.memory_limit, settings.threads)
    return Platform(
        lake=Lake(LakeSettings(settings.catalog_address, settings.warehouse, settings.time_zone)),
        engine=duckdb,
        compute=duckdb if settings.engine == "duckdb" else make_spark(settings),
        database=Database(settings.database_address),
        cache=SqliteCache(file),
        queue=SqliteQueue(file, settings.pending_writes),
        search=make_search(settings),
        judge=ExpectationsJudge(),
        zone=zone,
        landing=settings.landing,
        scratch=settings.scratch,
        limits=Limits(
            settings.chunk_readings,
            settings.batch_megabytes * MEGABYTE,
            settings.snapshots_kept,
            settings.warm_days,
            settings.indices_kept,
            settings.target_file_megabytes * MEGABYTE,
            timedelta(hours=settings.vacuum_grace_hours),
        ),
        clock=lambda: datetime.now(UTC),
    )


def open_platform(settings: GridSettings | None = None) -> closing[Platform]:
    """Return the clients for a `with` block, which closes them; by default the environment says which."""
    return closing(make_platform(settings or load_settings()))


def make_search(settings: GridSettings) -> SearchEngine:
    """Return the engine of the search indices."""
    return TantivyEngine(settings.search_folder, document_kinds(settings.readings_grain))


def make_spark(settings: GridSettings) -> "SparkEngine":
    """Return Spark over the lake; its JVM starts with the first session."""
    from resources.clients.engines.spark_engine import SparkEngine  # noqa: PLC0415 - by choice only
    from resources.clients.engines.spark_runtime import SparkSettings  # noqa: PLC0415 - as above
    from resources.clients.lake.spark_catalog import spark_catalog  # noqa: PLC0415 - as above

    catalog = spark_catalog(settings.catalog_address, settings.warehouse)
    options = SparkSettings(settings.spark_master, settings.spark_memory, settings.threads)
    return SparkEngine(settings.scratch, catalog, options)


def make_file(settings: GridSettings) -> SqliteFile:
    """Return the file that the embedded cache and queue live in; the database's where that is one."""
    return SqliteFile(settings.cache_file, settings.durability, lambda: prepare_file(settings.cache_file))


def make_through(settings: GridSettings) -> Through:
    """Return what writes through: by one transaction where database and cache are one file, else in turn."""
    file = make_file(settings)
    if settings.is_one_file:
        return OneFileThrough(file)
    return TwoStoreThrough(Database(settings.database_address), file, SqliteCache(file))
