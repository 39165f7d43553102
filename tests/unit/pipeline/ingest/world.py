"""A small world for ingest tests: a few sensors, real files in a landing folder, a real connection."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.domain.tables import SENSORS
from grid_assets.pipeline.ingest.batch import read_batch
from grid_assets.pipeline.ingest.dedupe import SplitRelations, newest_stored_sql, split_new
from grid_assets.pipeline.ingest.files import Kind, LandingFile
from grid_assets.pipeline.ingest.landing import hash_file
from grid_assets.pipeline.ingest.relations import BatchRelations

ZONE = "Europe/Berlin"
NOW = datetime(2017, 1, 1, tzinfo=UTC)
HEADER = "sensor_id,timestamp,value"
NO_STORED = """(SELECT CAST(NULL AS VARCHAR) AS sensor_id, CAST(NULL AS TIMESTAMPTZ) AS interval_start_utc,
    CAST(NULL AS DOUBLE) AS value, CAST(NULL AS VARCHAR) AS unit, CAST(NULL AS VARCHAR) AS quality,
    CAST(NULL AS VARCHAR) AS channel, CAST(NULL AS INTEGER) AS interval_minutes WHERE FALSE)"""


def sensor(sensor_id: str, **facts: object) -> dict[str, object]:
    """Return a catalogue row with defaults: energy in kWh, 15 minutes, no zone, always valid."""
    row: dict[str, object] = dict.fromkeys(SENSORS.column_names)
    row |= {"sensor_id": sensor_id, "sensor_type": "energy", "unit": "kWh", "meter_id": f"meter of {sensor_id}"}
    row |= {"interval_minutes": 15, "point_type": "consumption", "batch_id": 1, "recorded_at_utc": NOW}
    return row | facts


SENSORS_HERE = (
    sensor("a"),
    sensor("b"),
    sensor("local", time_zone=ZONE),
    sensor("short", valid_from_utc=datetime(2016, 2, 1, tzinfo=UTC), valid_to_utc=datetime(2016, 3, 1, tzinfo=UTC)),
    sensor("volt", sensor_type="voltage", unit="V"),
)


def catalogue(rows: Sequence[dict[str, object]] = SENSORS_HERE) -> pa.Table:
    """Return catalogue rows as the table `sensors`."""
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(SENSORS))


@dataclass
class World:
    """A landing folder and a connection; `land` files, `read` them all."""

    folder: Path
    connection: duckdb.DuckDBPyConnection
    files: list[LandingFile] = field(default_factory=list)

    def land(self, name: str, content: bytes | str | pa.Table) -> LandingFile:
        """Write a file, packed if its name says gz, and remember it as the next to arrive."""
        if isinstance(content, pa.Table):
            sink = pa.BufferOutputStream()
            pq.write_table(content, sink)
            return self.land_as_is(name, bytes(sink.getvalue()))
        plain = content.encode() if isinstance(content, str) else content
        return self.land_as_is(name, gzip.compress(plain) if name.endswith(".gz") else plain)

    def land_as_is(self, name: str, content: bytes) -> LandingFile:
        """Write a file's bytes as they are, and remember it as the next to arrive."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        status = path.stat()
        file = LandingFile(path, name, Kind.READINGS, status.st_size, hash_file(path), status.st_mtime_ns)
        self.files.append(file)
        return file

    def csv(self, *lines: str, name: str = "file.csv", header: str = HEADER) -> LandingFile:
        """Land a CSV file of a header and lines."""
        return self.land(name, "\n".join((header, *lines)) + "\n")

    def read(self, rows: Sequence[dict[str, object]] = SENSORS_HERE) -> BatchRelations:
        """Read all landed files."""
        return read_batch(self.connection, self.files, catalogue(rows), ZONE, NOW)

    def split(self, stored: str = NO_STORED) -> SplitRelations:
        """Read all landed files and tell new rows from duplicates."""
        return split_new(self.connection, self.read(), stored)

    def rows(self, relation: str, columns: str) -> list[tuple[object, ...]]:
        """Return columns of a relation, ordered by file and row where it has them."""
        query = f"SELECT {columns} FROM {relation} ORDER BY source_file, source_row"
        return [tuple(row) for row in self.connection.execute(query).fetchall()]

    def accepted(self, columns: str = "sensor_id, interval_start_utc, value") -> list[tuple[object, ...]]:
        """Read all landed files and return the accepted rows."""
        return self.rows(self.read().accepted, columns)

    def rejected(self, columns: str = "source_row, reason") -> list[tuple[object, ...]]:
        """Read all landed files and return the rejected rows."""
        return self.rows(self.read().rejected, columns)


def world(folder: Path) -> World:
    """Return an empty world over a folder."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return World(folder, connection)


def store(of: World, batch_id: int, split: SplitRelations) -> str:
    """Append a batch's new rows to a table of stored rows, and return the query of the newest ones."""
    columns = f"*, {batch_id} AS batch_id"
    of.connection.execute(f"CREATE TABLE IF NOT EXISTS stored AS SELECT {columns} FROM {split.new_rows} WHERE FALSE")
    of.connection.execute(f"INSERT INTO stored SELECT {columns} FROM {split.new_rows}")
    return f"({newest_stored_sql('stored')})"


def utc(text: str) -> datetime:
    """Return an instant from ISO 8601 text without offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
