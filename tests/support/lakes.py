"""Lakes of their own for tests: readings written and committed by day, and looked at from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyiceberg.manifest import DataFile

from grid_assets.domain.tables import METER_READINGS
from resources.clients.engines.base import Scan, WrittenFiles
from resources.clients.engines.duckdb_engine import DuckDBEngine
from resources.clients.lake.client import BATCH_PROPERTY, Lake, LakeSettings
from resources.clients.lake.filters import days_predicate
from tests.support.publications import a_reading, filled

TABLE = METER_READINGS
ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Bench:
    """A lake and an engine over one home."""

    home: Path
    lake: Lake
    engine: DuckDBEngine

    def written(self, rows: pa.Table, batch: int, part: str = "0") -> WrittenFiles:
        """Write rows as a batch's files, not yet committed."""
        with self.engine.session() as session:
            session.register("given", rows)
            return session.write("SELECT * FROM given", TABLE, self.lake.folder(TABLE, batch, part))

    def replaced(self, days: Sequence[date], value: float, batch: int) -> int:
        """Replace days by one whose readings all have a value, and return the snapshot's id."""
        files = self.written(readings(days, value, batch), batch)
        return self.lake.replace(TABLE, days_predicate(days), files, {BATCH_PROPERTY: str(batch)})

    def appended(self, days: Sequence[date], value: float, batch: int, part: str = "0") -> int:
        """Append readings of a batch and return the snapshot's id."""
        files = self.written(readings(days, value, batch), batch, part)
        return self.lake.append(TABLE, files, {BATCH_PROPERTY: str(batch)})

    def rows(self, sql: str, scan: Scan | None = None) -> list[tuple[object, ...]]:
        """Run a query over the table's rows, bound to the name `readings`."""
        with self.engine.session() as session:
            session.scan("readings", scan or self.lake.scan(TABLE))
            return [tuple(row.values()) for row in session.fetch(sql).to_pylist()]

    def values(self, snapshot_id: int | None = None) -> list[tuple[object, ...]]:
        """Return day, value and count of readings, as of a snapshot or now."""
        scan = self.lake.scan(TABLE, None, snapshot_id)
        return self.rows("SELECT operating_day, value, COUNT(*) AS n FROM readings GROUP BY ALL ORDER BY ALL", scan)

    def data_files(self) -> list[DataFile]:
        """Return the entries of the current snapshot."""
        return [task.file for task in self.lake.table(TABLE).scan().plan_files()]


def bench_of(home: Path) -> Bench:
    """Return a lake and an engine of two threads over a home."""
    settings = LakeSettings(f"sqlite:///{home}/catalog.db", home / "lake", ZONE)
    return Bench(home, Lake(settings), DuckDBEngine(home / "tmp", threads=2))


def readings(days: Sequence[date], value: float, batch: int, sensors: int = 3) -> pa.Table:
    """Return a reading at noon per day, sensor and type, all of one value."""
    kinds = ("energy", "power")
    rows = [
        a_reading(day, f"{kind}-{n}", sensor_type=kind, value=value, batch_id=batch)
        for day in days
        for kind in kinds
        for n in range(sensors)
    ]
    return filled(TABLE, rows)
