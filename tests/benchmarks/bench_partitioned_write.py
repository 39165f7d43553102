"""Partitioned writes with their commit against DuckDB's COPY alone, of the same rows into the same partitions.

    make bench            (or: python -m tests.benchmarks.bench_partitioned_write [ROWS] [PAIRS])

Two forms: a user's frame by `save_to_parquet`, and days of readings as the pipeline writes them, sorted in each file.
Rows, and what is imported, are ready before the clocks start; both sides have the same threads and memory, write with
zstd and take turns. Goal: 1.3 times COPY's wall time.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from grid_assets.domain.tables import METER_READINGS
from resources.clients.engines.duckdb_engine import DuckDBEngine, DuckDBSession
from resources.clients.lake.client import Lake, LakeSettings
from resources.clients.lake.filters import days_predicate
from resources.columnar import read_from_parquet, save_to_parquet
from resources.settings import load_settings

GOAL = 1.3
ROWS = 5_000_000
DAYS = 45
FIRST = date(2016, 3, 1)
FRAME = """
    SELECT 'sensor-' || lpad(CAST(i % 2500 AS VARCHAR), 5, '0') AS sensor_id,
           CASE WHEN i % 2500 < 2000 THEN 'energy' ELSE 'voltage' END AS sensor_type,
           TIMESTAMPTZ '2016-02-29 23:00:00+00' + to_minutes(CAST(15 * (i // 2500) AS INTEGER)) AS interval_start_utc,
           (hash(i) % 100000) / 1000.0 AS value,
           DATE '2016-03-01' + CAST(i * {days} // {rows} AS INTEGER) AS operating_day
    FROM range({rows}) AS t(i)
"""
READINGS = """
    SELECT *, 'meter-' || sensor_id AS meter_id, 15 AS interval_minutes, 'kWh' AS unit, value AS raw_value,
           'kWh' AS raw_unit, 'measured' AS quality, '' AS rule_ids, NULL AS estimation_method, NULL AS reason,
           '1' AS rule_version, 1 AS batch_id, TIMESTAMPTZ '2016-04-20 00:00:00+00' AS recorded_at_utc
    FROM frame ORDER BY hash(interval_start_utc, sensor_id)
"""


@dataclass(frozen=True)
class Took:
    """Seconds of one write by the clock and on all processors."""

    wall: float
    processor: float


def main(rows: int, pairs: int) -> None:
    """Measure both forms and print the ratios."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder)
        engine = DuckDBEngine(root / "tmp")
        with engine.session() as session:
            frame = session.fetch(FRAME.format(rows=rows, days=DAYS))
        save_to_parquet(frame.slice(0, 1000), "warm", "operating_day", settings=load_settings(home=root / "warm"))
        _compare("frame, by day", lambda n: _copy_frame(engine, frame, root / f"a{n}"), _saver(frame, root), pairs)
        with engine.session() as session:
            session.register("frame", frame)
            session.materialize("readings", READINGS)
            lake = Lake(LakeSettings(f"sqlite:///{root}/catalog.db", root / "lake", "Europe/Berlin"))
            _compare(
                "readings, by day and type, sorted",
                lambda n: _copy_readings(session.connection, root / f"b{n}"),
                lambda n: _replace(lake, engine, session.connection, n),
                pairs,
            )
            lake.close()


def _compare(name: str, copy: Callable[[int], int], ours: Callable[[int], int], pairs: int) -> None:
    took: dict[str, list[Took]] = {"copy": [], "ours": []}
    for number in range(pairs):
        for who, write in (("copy", copy), ("ours", ours)):
            began = time.perf_counter(), time.process_time()
            files = write(number)
            took[who].append(Took(time.perf_counter() - began[0], time.process_time() - began[1]))
            last = took[who][-1]
            print(f"{name}: {who} {last.wall:6.2f} s wall {last.processor:6.2f} s processor, {files} files")
    wall = min(o.wall for o in took["ours"]) / min(c.wall for c in took["copy"])
    processor = min(o.processor for o in took["ours"]) / min(c.processor for c in took["copy"])
    middle = statistics.median(o.wall / c.wall for o, c in zip(took["ours"], took["copy"], strict=True))
    print(
        f"{name}: wall {middle:.2f}x (median of {pairs} pairs) {wall:.2f}x (least of each), "
        f"processor {processor:.2f}x; {'within' if middle <= GOAL else 'beyond'} the goal of {GOAL}x"
    )


def _copy_frame(engine: DuckDBEngine, frame: pa.Table, folder: Path) -> int:
    with engine.session() as session:
        session.bind("frame", frame)
        session.connection.execute(
            f"COPY frame TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (operating_day))"
        )
    return _files(folder)


def _saver(frame: pa.Table, root: Path) -> Callable[[int], int]:
    settings = load_settings(home=root / "home")

    def save(_number: int) -> int:
        before = _files(settings.warehouse)
        save_to_parquet(frame, "readings", "operating_day", settings=settings)
        return _files(settings.warehouse) - before

    save(-1)
    first = read_from_parquet("readings", [("operating_day", "==", FIRST)], as_="arrow", settings=settings)
    print(f"frame of {frame.num_rows} rows; the first day reads back with {first.num_rows}")
    return save


def _copy_readings(connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    connection.execute(
        f"COPY readings TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (operating_day, sensor_type), "
        "ORDER_BY (sensor_id, interval_start_utc))"
    )
    return _files(folder)


def _replace(lake: Lake, engine: DuckDBEngine, connection: duckdb.DuckDBPyConnection, number: int) -> int:
    session = DuckDBSession(connection, engine.compression)
    written = session.write("SELECT * FROM readings", METER_READINGS, lake.folder(METER_READINGS, number))
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    lake.replace(METER_READINGS, days_predicate(days), written, {})
    return len(written.files)


def _files(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.parquet"))


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [ROWS, 3][len(given) :]))
