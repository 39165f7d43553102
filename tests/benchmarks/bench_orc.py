"""ORC datasets against plain pyarrow.orc: writes whole and by day, full reads and filtered reads, and memory.

    make bench            (or: python -m tests.benchmarks.bench_orc [ROWS] [PAIRS])

Rows, and what is imported, are ready before the clocks start; both sides take turns, write with zstd and, where it says
so, into a file per day. The rival of a filtered read reads all and filters: pyarrow.orc prunes nothing.
Goal: 1.2 times the wall time of pyarrow.orc for writes. The memory is that of a process of its own that saves a stream,
less what it has before it starts.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import orc

from resources.clients.engines.duckdb_engine import DuckDBEngine
from resources.columnar import read_from_orc, save_to_orc
from resources.settings import GridSettings, load_settings

ROWS, DAYS, GOAL = 10_000_000, 30, 1.2
FIRST = date(2016, 3, 1)
SENSOR = "sensor-01234"
FRAME = """
    SELECT 'sensor-' || lpad(CAST(i % 2500 AS VARCHAR), 5, '0') AS sensor_id,
           CASE WHEN i % 2500 < 2000 THEN 'energy' ELSE 'voltage' END AS sensor_type,
           TIMESTAMPTZ '2016-02-29 23:00:00+00' + to_minutes(CAST(15 * (i // 2500) AS INTEGER)) AS interval_start_utc,
           (hash(i) % 100000) / 1000.0 AS value,
           DATE '2016-03-01' + CAST(i * {days} // {rows} AS INTEGER) AS operating_day
    FROM range({rows}) AS t(i)
"""


def main(rows: int, pairs: int) -> None:
    """Measure everything and print the ratios."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder)
        settings = load_settings(home=root / "home")
        with DuckDBEngine(root / "tmp").session() as session:
            frame = session.fetch(FRAME.format(rows=rows, days=DAYS))
        save_to_orc(frame.slice(0, 1000), "warm", "operating_day", settings=settings)
        print(f"{rows:,} rows, {frame.nbytes / 1e6:.0f} MB in memory")
        _writes(frame, root, settings, pairs)
        _reads(root, settings, pairs)
        del frame
        _memory(rows)


def _writes(frame: pa.Table, root: Path, settings: GridSettings, pairs: int) -> None:
    _compare(
        "write whole, both with bloom filters on text",
        pairs,
        GOAL,
        lambda: orc.write_table(frame, str(root / "whole.orc"), compression="zstd", bloom_filter_columns=[1, 2]),
        lambda: save_to_orc(frame, "whole", settings=settings),
    )
    _compare(
        "write whole, no bloom filters",
        pairs,
        GOAL,
        lambda: orc.write_table(frame, str(root / "whole.orc"), compression="zstd"),
        lambda: save_to_orc(frame, "plain", bloom_filters=[], settings=settings),
    )
    _compare(
        "write by day",
        pairs,
        GOAL,
        lambda: _by_day(frame, root / "days"),
        lambda: save_to_orc(frame, "days", "operating_day", settings=settings),
    )
    # As the pipeline lays readings out: a sensor's rows of a month together.
    ordered = frame.sort_by([("sensor_id", "ascending"), ("interval_start_utc", "ascending")])
    orc.write_table(ordered, str(root / "sorted.orc"), compression="zstd")
    save_to_orc(ordered, "sorted", settings=settings)


def _by_day(frame: pa.Table, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for day in pc.unique(frame["operating_day"]):
        rows = frame.filter(pc.equal(frame["operating_day"], day))
        orc.write_table(rows, str(folder / f"{day}.orc"), compression="zstd")


def _reads(root: Path, settings: GridSettings, pairs: int) -> None:
    middle = FIRST + timedelta(days=DAYS // 2)
    sensor = pc.field("sensor_id") == SENSOR
    _compare(
        "read all",
        pairs,
        2.0,
        lambda: orc.read_table(str(root / "whole.orc")),
        lambda: read_from_orc("whole", as_="arrow", settings=settings),
    )
    _compare(
        "read a day",
        pairs,
        2.0,
        lambda: orc.read_table(str(root / "days" / f"{middle}.orc")),
        lambda: read_from_orc("days", [("operating_day", "==", middle)], as_="arrow", settings=settings),
    )
    _compare(
        "read a sensor of a month, sorted",
        pairs,
        2.0,
        lambda: orc.read_table(str(root / "sorted.orc")).filter(sensor),
        lambda: read_from_orc("sorted", [("sensor_id", "==", SENSOR)], as_="arrow", settings=settings),
    )
    _compare(
        "read a sensor that there is not (bloom filters)",
        pairs,
        2.0,
        lambda: orc.read_table(str(root / "whole.orc")).filter(pc.field("sensor_id") == "sensor-01234x"),
        lambda: read_from_orc("whole", [("sensor_id", "==", "sensor-01234x")], as_="arrow", settings=settings),
    )
    _compare(
        "read a sensor that there is not (no bloom filters)",
        pairs,
        2.0,
        lambda: orc.read_table(str(root / "whole.orc")).filter(pc.field("sensor_id") == "sensor-01234x"),
        lambda: read_from_orc("plain", [("sensor_id", "==", "sensor-01234x")], as_="arrow", settings=settings),
    )


def _compare(name: str, pairs: int, goal: float, rival: Callable[[], object], ours: Callable[[], object]) -> None:
    took: list[tuple[float, float]] = []
    for _ in range(pairs):
        seconds = []
        for call in (rival, ours):
            began = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - began)
        took.append((seconds[0], seconds[1]))
    ratio = statistics.median(mine / theirs for theirs, mine in took)
    theirs, mine = (min(pair[n] for pair in took) for n in (0, 1))
    print(
        f"{name}: {ratio:.2f}x (median of {pairs} pairs), least {mine:.2f} s against {theirs:.2f} s; "
        f"{'within' if ratio <= goal else 'beyond'} {goal}x"
    )


def _memory(rows: int) -> None:
    for count in (rows // 4, rows):
        for by in ("", "operating_day"):
            command = [sys.executable, "-m", "tests.benchmarks.bench_orc", "stream", str(count), by]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(f"memory of a stream of {count:,} rows{' by day' if by else ''}: {said.strip()}")


def stream(rows: int, by: str) -> None:
    """Save a stream of rows and print how much memory that took beyond what the process had."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = load_settings(home=Path(folder))
        save_to_orc(pa.table({"a": [1]}), "warm", settings=settings)
        before = _peak()
        first = _batch(0, 1)
        reader = pa.RecordBatchReader.from_batches(first.schema, _batches(rows))
        save_to_orc(reader, "d", by or None, settings=settings)
        print(f"{_peak() - before:.0f} MB beyond the {before:.0f} MB of a process that has saved one row")


def _peak() -> float:
    """Return the most memory that the process has had so far, in megabytes."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _batches(rows: int, size: int = 100_000) -> Iterator[pa.RecordBatch]:
    for start in range(0, rows, size):
        yield _batch(start, min(size, rows - start), rows)


def _batch(start: int, count: int, rows: int = ROWS) -> pa.RecordBatch:
    numbers = pa.array(range(start, start + count), pa.int64())
    days = pc.cast(pc.divide(pc.multiply(numbers, DAYS), rows), pa.int32())
    sensors = pc.binary_join_element_wise(
        "sensor-", pc.cast(pc.subtract(numbers, pc.multiply(pc.divide(numbers, 2500), 2500)), pa.string()), ""
    )
    return pa.record_batch({"sensor_id": sensors, "number": numbers, "operating_day": days.cast(pa.date32())})


if __name__ == "__main__":
    if sys.argv[1:2] == ["stream"]:
        stream(int(sys.argv[2]), sys.argv[3])
    else:
        given = [int(argument) for argument in sys.argv[1:]]
        main(*(given + [ROWS, 3][len(given) :]))
