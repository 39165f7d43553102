"""Warming one day of many keys against a plain loop of executemany over the same rows, and against setting keys singly.

    make bench            (or: python -m tests.benchmarks.bench_warm [KEYS] [full|normal])

A day of a real lake: readings, 96 of a sensor in each key; daily loads, one row in each key; latest values. Warming
reads the lake, makes the values, stores them, counts them and moves the pointer. The rival gets the finished values for
nothing and stores them in a bare table of the same columns in one transaction. Both sync as the durability says; the
best of several rounds counts. Goal: 50,000 keys a second.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.names import latest_key, warm_consumer
from grid_assets.domain.projections.sql import quote
from grid_assets.domain.tables import LOAD_DAILY, METER_READINGS, SENSOR_LATEST
from grid_assets.domain.warm import MEMBERS
from grid_assets.pipeline.latest import latest
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.warm import warm
from resources.clients.database.batches import Settlement
from resources.clients.database.changes import Change
from resources.clients.lake.filters import days_predicate
from resources.clients.platform import Platform
from resources.settings import load_settings
from resources.wiring import make_platform

KEYS = 100_000
SINGLY = 3_000
DAY = date(2016, 3, 24)
ROUNDS = 3
SOURCES = {
    METER_READINGS: """
        SELECT 'M' || lpad(CAST(s AS VARCHAR), 7, '0') || '.e' AS sensor_id, 'energy' AS sensor_type, 'kWh' AS unit,
               TIMESTAMPTZ '2016-03-23 23:00:00Z' + to_minutes(15 * i) AS interval_start_utc, 15 AS interval_minutes,
               (hash(s * 96 + i) % 30000) / 10000.0 AS value,
               CASE WHEN hash(i * s) % 100 = 0 THEN 'estimated' ELSE 'measured' END AS quality
        FROM range({keys}) AS a(s), range(96) AS b(i)
    """,
    LOAD_DAILY: """
        SELECT 'M' || lpad(CAST(s AS VARCHAR), 7, '0') AS meter_id, 'consumption' AS point_type, 12.5 AS energy_kwh,
               0.9 AS peak_kw, 0.6 AS load_factor, 96 AS measured_intervals
        FROM range({keys}) AS a(s)
    """,
    SENSOR_LATEST: """
        SELECT 'M' || lpad(CAST(s AS VARCHAR), 7, '0') || '.e' AS sensor_id, 'energy' AS sensor_type, 'kWh' AS unit,
               TIMESTAMPTZ '2016-03-24 22:45:00Z' AS interval_start_utc, 1.5 AS value, 'measured' AS quality
        FROM range({keys}) AS a(s)
    """,
}


def main(keys: int, durability: str) -> None:
    """Measure and print."""
    print(f"{keys:,} keys a day, durability {durability} (PRAGMA synchronous = {durability.upper()}), WAL")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = load_settings(home=Path(folder) / "home", durability=durability)
        with closing(make_platform(settings)) as platform:
            for table, source in SOURCES.items():
                publish(platform, table, source.format(keys=keys))
                measure(platform, table, keys, Path(folder) / "bare.db")
            measure_singly(platform, keys)


def publish(platform: Platform, table: TableSpec, source: str) -> None:
    """Put a day of a table into the lake and into the change log."""
    batch = platform.database.batches.open(table.group, "bench", platform.clock())
    stamps = {"operating_day": f"DATE '{DAY}'", "batch_id": str(batch.batch_id), "recorded_at_utc": "now()"}
    with platform.engine.session() as session:
        session.materialize("given", source)
        given = set(session.fetch("SELECT * FROM given LIMIT 0").column_names)
        fillers = {c.name: "NULL" if c.is_nullable else "''" if c.type == "string" else "0" for c in table.columns}
        columns = {n: quote(n) if n in given else stamps.get(n, filler) for n, filler in fillers.items()}
        query = ", ".join(f"{sql} AS {quote(name)}" for name, sql in columns.items())
        written = session.write(f"SELECT {query} FROM given", table, platform.lake.folder(table, batch.batch_id))
    where = days_predicate([DAY])
    platform.lake.replace(table, where, written, {"grid.batch-id": str(batch.batch_id)})
    platform.database.batches.settle(batch.batch_id, Settlement((Change(table.name, DAY),), None, {}))


def measure(platform: Platform, table: TableSpec, keys: int, bare: Path) -> None:
    """Print the rate of warming a day of a table, and the ratio to the bare table where days are members."""
    # Latest values are set once: the second time none is newer.
    rounds = ROUNDS if table.name in MEMBERS else 1
    own = min(seconds(lambda: rewarm(platform, table, keys)) for _ in range(rounds))
    line = f"{table.name:15} {keys / own:9,.0f} keys/s"
    if table.name in MEMBERS:
        rows = finished(platform, table)
        rival = min(seconds(lambda: into_bare_table(bare, rows, platform)) for _ in range(ROUNDS))
        line += f"; the bare table {keys / rival:9,.0f} rows/s: {own / rival:.2f} times its time"
        line += f"; {sum(len(row[4]) for row in rows) / keys:,.0f} bytes a key"
    print(line)


def rewarm(platform: Platform, table: TableSpec, keys: int) -> None:
    """Warm what the change log says of a table, as if it had not been done."""
    consumer = warm_consumer(platform.cache.epoch())
    with platform.database.engine.begin() as connection:
        for name in ("consumer_offsets", "consumer_days"):
            mine = (consumer, table.name)
            connection.exec_driver_sql(f"DELETE FROM {name} WHERE consumer = ? AND table_name = ?", mine)
    done = warm(platform, "bench", Silent())
    assert done.rows["keys"] == keys, done.rows


def finished(platform: Platform, table: TableSpec) -> list[tuple[str, str, int, str, bytes]]:
    """Return the day's members as they are stored."""
    with platform.engine.session() as session:
        session.scan("lake", platform.lake.scan(table, [DAY]))
        found = session.fetch(f"SELECT member, value FROM ({MEMBERS[table.name].sql}) ORDER BY member").to_pylist()
    return [(table.name, DAY.isoformat(), 1, row["member"], row["value"].encode()) for row in found]


def into_bare_table(file: Path, rows: Sequence[tuple[str, str, int, str, bytes]], platform: Platform) -> None:
    """Store finished rows in a bare table of a new file."""
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {platform.cache._store.file.durability}")  # type: ignore[attr-defined]  # noqa: SLF001
        connection.execute(
            "CREATE TABLE bare (t TEXT, d TEXT, n INTEGER, member TEXT, value BLOB, PRIMARY KEY (t, d, n, member))"
        )
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")


def measure_singly(platform: Platform, keys: int) -> None:
    """Print the rates of setting and reading single keys."""
    value = b'{"value":1.5}'

    def set_one_by_one() -> None:
        for number in range(SINGLY):
            platform.cache.set(f"k{number}", value, 3_600)

    sets = seconds(set_one_by_one)
    sensors = [f"M{n % keys:07d}.e" for n in range(0, SINGLY * 31, 31)]
    reads = seconds(lambda: [latest(platform, sensor) for sensor in sensors])
    assert platform.cache.get(latest_key(sensors[0])) is not None
    print(f"set one by one  {SINGLY / sets:9,.0f} keys/s")
    print(f"latest, warm    {SINGLY / reads:9,.0f} reads/s, {reads / SINGLY * 1e6:.0f} microseconds each")


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    arguments = sys.argv[1:]
    print(datetime.now(UTC).isoformat(timespec="seconds"))
    main(int(arguments[0]) if arguments else KEYS, arguments[1] if len(arguments) > 1 else "full")
