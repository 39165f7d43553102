"""What a stage works with: the clients and the few plain values that all stages share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from grid_assets.domain.gates import GateReport
from resources.clients.cache.base import Cache
from resources.clients.database.client import Database
from resources.clients.engines.base import Engine
from resources.clients.engines.duckdb_engine import DuckDBEngine
from resources.clients.lake.client import Lake
from resources.clients.search.base import SearchEngine
from resources.clients.write_behind.base import WriteQueue


class Judge(Protocol):
    """Holds a stage's metrics against its gate."""

    def judge(self, stage: str, metrics: Mapping[str, float]) -> GateReport:
        """Return the findings of the stage's gate on engine-computed metrics."""

    def preload(self) -> None:
        """Begin to load what judging needs, in the background."""


@dataclass(frozen=True)
class Limits:
    """How much one step takes at once, how many snapshots stay, how large files grow and how long unnamed ones stay."""

    chunk_readings: int
    batch_bytes: int
    snapshots_kept: int
    warm_days: int = 35
    indices_kept: int = 1
    target_file_bytes: int = 256_000_000
    vacuum_grace: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Platform:
    """The clients of one home; `compute` runs verification and aggregation, `engine` everything else."""

    lake: Lake
    engine: DuckDBEngine
    compute: Engine
    database: Database
    cache: Cache
    queue: WriteQueue
    search: SearchEngine
    judge: Judge
    zone: ZoneInfo
    landing: Path
    scratch: Path
    limits: Limits
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Let go of connections and files; the next use opens them again."""
        for part in (self.cache, self.queue, self.search, self.database, self.lake):
            part.close()
