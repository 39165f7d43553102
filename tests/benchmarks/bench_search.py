"""The search index: a whole rebuild against a plain loop over the same documents, a changed day, and searches.

    make bench            (or: python -m tests.benchmarks.bench_search [SENSORS] [DAYS] [PAIRS])

The rival is what a script would do with the library alone: each document of a file as a mapping, `Document.from_dict`,
one writer with as many threads, one commit. It has its documents ready, knows no versions, no check against the lake
and no swap. Goals: 50,000 documents a second, and a changed day that costs its own documents only.
"""

import json
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.search.request import Near, SearchRequest, Window
from grid_assets.domain.tables import METER_READINGS, SENSORS
from grid_assets.pipeline.documents import made, steps_of, stream
from grid_assets.pipeline.plan import Publication, TableCommit
from grid_assets.pipeline.publish import claim, open_batch, publish
from grid_assets.pipeline.rebuild import rebuild
from grid_assets.pipeline.reindex import index_changes
from grid_assets.pipeline.reporter import Silent
from resources.clients.platform import Platform
from resources.clients.search.tantivy_index import HEAP_BYTES_PER_THREAD
from resources.clients.search.tantivy_schema import build_schema, register_tokenizers
from resources.settings import load_settings
from resources.wiring import make_platform
from tests.benchmarks.measure import Measured, measure

GOAL = 50_000
KIND = "readings"
FIRST = date(2016, 3, 1)
THREADS = 2
COMMAND = (sys.executable, "-m", "tests.benchmarks.bench_search")
SENSORS_SQL = """
    SELECT 'S' || lpad(CAST(i AS VARCHAR), 5, '0') || '.energy' AS sensor_id, 'energy' AS sensor_type, 'kWh' AS unit,
           'M' || i AS meter_id, 'T' || (i // 20) AS transformer_id, 'F' || (i // 100) AS feeder_id,
           'U' || (i // 500) AS substation_id, 'north' AS region, 50 + (i % 100) / 500.0 AS latitude,
           9 + (i // 100) / 500.0 AS longitude, 15 AS interval_minutes, NULL AS rated_min, 10.0 AS rated_max,
           'consumption' AS point_type, NULL AS valid_from_utc, NULL AS valid_to_utc, 'Europe/Berlin' AS time_zone,
           'household of street ' || (i % 300) || ' with a heat pump' AS description, {batch} AS batch_id,
           TIMESTAMPTZ '2016-04-20 00:00:00+00' AS recorded_at_utc
    FROM range({sensors}) AS t(i)
"""
READINGS_SQL = """
    SELECT 'S' || lpad(CAST(i AS VARCHAR), 5, '0') || '.energy' AS sensor_id, 'energy' AS sensor_type,
           'M' || i AS meter_id, TIMESTAMPTZ '{day} 00:00:00+01' + to_minutes(CAST(15 * q AS INTEGER))
               AS interval_start_utc, 15 AS interval_minutes,
           (hash(i, q, DATE '{day}') % 100000) / 1000.0 + {more} AS value, 'kWh' AS unit, value AS raw_value,
           'kWh' AS raw_unit, 'measured' AS quality, '' AS rule_ids, NULL AS estimation_method, NULL AS reason,
           '1' AS rule_version, DATE '{day}' AS operating_day, {batch} AS batch_id,
           TIMESTAMPTZ '2016-04-20 00:00:00+00' AS recorded_at_utc
    FROM range({sensors}) AS s(i), range(96) AS t(q)
"""


def main(sensors: int, days: int, pairs: int) -> None:
    """Build a home, measure, and print the rates and ratios."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder)
        home, file = root / "home", root / "documents.parquet"
        # In a process of its own: a child's peak of memory is counted from its parent's.
        measure([*COMMAND, "fill", str(home), str(file), str(root / "fill"), str(sensors), str(days)])
        documents = int(pq.read_metadata(file).num_rows)
        print(f"{documents:,} documents of {sensors:,} sensors and {days} days; {THREADS} threads")
        _rebuild_against_loop(home, file, root, documents, pairs)
        platform = _platform(home)
        _changed_day(platform, sensors, documents)
        _searches(platform)
        platform.close()


def _platform(home: Path) -> Platform:
    return make_platform(load_settings(home=home, threads=THREADS))


def _fill(platform: Platform, sensors: int, days: list[date]) -> None:
    with open_batch(platform, "catalogue", "bench") as batch:
        claim(platform, batch, ["bench"])
        commit = _commit(
            platform, batch.batch_id, SENSORS, SENSORS_SQL.format(sensors=sensors, batch=batch.batch_id), FIRST
        )
        publish(platform, batch, Publication((commit,), {}))
    for day in days:
        _publish_day(platform, sensors, day, "0")


def _publish_day(platform: Platform, sensors: int, day: date, more: str) -> None:
    with open_batch(platform, "verify", "bench") as batch:
        claim(platform, batch, ["bench"])
        sql = READINGS_SQL.format(sensors=sensors, day=day, batch=batch.batch_id, more=more)
        publish(platform, batch, Publication((_commit(platform, batch.batch_id, METER_READINGS, sql, day),), {}))


def _commit(platform: Platform, batch_id: int, table: TableSpec, sql: str, day: date) -> TableCommit:
    with platform.engine.session() as session:
        return TableCommit(table, session.write(sql, table, platform.lake.folder(table, batch_id)), (day,))


def part_fill(home: Path, file: Path, sensors: int, days: int) -> None:
    """Make a home with a catalogue and days of readings, and write its documents for the rival."""
    platform = _platform(home)
    _fill(platform, sensors, [FIRST + timedelta(days=n) for n in range(days)])
    with made(platform, platform.search.kinds[KIND], None) as documents:
        table = documents.session.fetch("SELECT id, source FROM documents ORDER BY operating_day, id")
    pq.write_table(table, file)
    platform.close()


def _rebuild_against_loop(home: Path, file: Path, root: Path, documents: int, pairs: int) -> None:
    figures: dict[str, list[tuple[float, Measured]]] = {"rebuild": [], "load": [], "loop": []}
    for pair in range(pairs):
        for part, taken in figures.items():
            target = root / f"{part}-{pair}"
            measured = measure([*COMMAND, part, str(home), str(file), str(target)])
            seconds = float(target.with_suffix(".seconds").read_text())
            taken.append((seconds, measured))
            print(f"{part:<8} {documents / seconds:9,.0f} documents/s  {seconds:6.2f} s; whole process {measured}")
            shutil.rmtree(target, ignore_errors=True)
    best = {part: min(seconds for seconds, _ in taken) for part, taken in figures.items()}
    memory = {part: statistics.median(m.peak_megabytes for _, m in taken) for part, taken in figures.items()}
    print(
        f"engine.load {documents / best['load']:,.0f} documents/s, goal {GOAL:,}; the loop takes "
        f"{best['loop'] / best['load']:.2f}x its time; whole rebuild {documents / best['rebuild']:,.0f} documents/s, "
        f"{best['rebuild'] / best['loop']:.2f}x the loop; memory {memory['rebuild'] / memory['loop']:.2f}x"
    )


def part_rebuild(home: Path, _: Path, __: Path) -> float:
    """Rebuild the index of a home: documents from the lake, load, check, swap."""
    platform = _platform(home)
    (report,) = rebuild(platform, (KIND,), "bench", Silent())
    platform.close()
    return report.seconds


def part_load(home: Path, _: Path, target: Path) -> float:
    """Load the documents as the lake makes them, without check and swap, as the loop does."""
    platform = make_platform(load_settings(home=home, threads=THREADS))
    engine = type(platform.search)(target, tuple(platform.search.kinds.values()))  # type: ignore[call-arg]
    kind = engine.kinds[KIND]
    batches = [batch for step in steps_of(platform, kind) for batch in stream(platform, kind, step, 1)]
    index = engine.create(KIND, datetime.now(UTC))
    began = time.perf_counter()
    engine.load(KIND, index, batches)
    return time.perf_counter() - began


def part_loop(home: Path, file: Path, target: Path) -> float:
    """Index the documents of the file with the library alone."""
    from tantivy import Document, Index  # noqa: PLC0415 - the other parts load it when they need it

    kind = _platform(home).search.kinds[KIND]
    schema = build_schema(kind)
    target.mkdir()
    index = Index(schema, str(target))
    register_tokenizers(index)
    times = [field.name for field in kind.fields if field.name.endswith("_utc")]
    sources = pq.read_table(file).column("source").to_pylist()
    began = time.perf_counter()
    writer = index.writer(HEAP_BYTES_PER_THREAD * THREADS, THREADS)
    for source in sources:
        fields = json.loads(source)
        for name in times:
            fields[name] = datetime.fromisoformat(fields[name])
        fields["_source"] = source.encode()
        writer.add_document(Document.from_dict(fields, schema))
    writer.commit()
    writer.wait_merging_threads()
    return time.perf_counter() - began


def _changed_day(platform: Platform, sensors: int, documents: int) -> None:
    began = time.perf_counter()
    index_changes(platform, "bench", Silent())
    print(f"nothing changed (the other kinds are built): {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    index_changes(platform, "bench", Silent())
    print(f"nothing changed: {time.perf_counter() - began:.3f} s")
    for what, more in (("ten sensors of one day", "CASE WHEN i < 10 THEN 1 ELSE 0 END"), ("one whole day", "2")):
        _publish_day(platform, sensors, FIRST, more)
        began = time.perf_counter()
        done = index_changes(platform, "bench", Silent())
        seconds, written = time.perf_counter() - began, done.rows["documents written"]
        print(f"changed {what}: {written:,} of {documents:,} documents written in {seconds:.2f} s")


def _searches(platform: Platform) -> None:
    noon = datetime(2016, 3, 2, 12, tzinfo=UTC)
    asked = {
        "words": SearchRequest(KIND, "heat pump street 12"),
        "with a typo": SearchRequest(KIND, "housheold"),
        "an id": SearchRequest(KIND, "S00042.energy"),
        "a window, filtered": SearchRequest(
            KIND, exact={"feeder_id": ("F1",)}, windows={"period_start_utc": Window(noon, noon + timedelta(hours=6))}
        ),
        "near, with facets": SearchRequest(KIND, near=Near(50.1, 9.0, 5.0), facets=("sensor_type", "feeder_id")),
        "sorted by value": SearchRequest(KIND, windows={"value": Window(low=150.0)}, sort="-value"),
    }
    for name, request in asked.items():
        took = []
        for _ in range(100):
            began = time.perf_counter()
            page = platform.search.search(request)
            took.append(1000 * (time.perf_counter() - began))
        p95 = statistics.quantiles(took, n=20)[-1]
        print(f"search {name:<20} p50 {statistics.median(took):6.2f} ms  p95 {p95:6.2f} ms  {page.total:,} found")


PARTS = {"rebuild": part_rebuild, "load": part_load, "loop": part_loop}

if __name__ == "__main__":
    given = sys.argv[1:]
    if given and given[0] == "fill":
        part_fill(Path(given[1]), Path(given[2]), int(given[4]), int(given[5]))
    elif given and given[0] in PARTS:
        out = Path(given[3])
        taken = PARTS[given[0]](Path(given[1]), Path(given[2]), out)
        out.with_suffix(".seconds").write_text(str(taken))
    else:
        main(*(int(each) for each in (*given, *("1000", "10", "3")[len(given) :])))
