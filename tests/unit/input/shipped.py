"""Reads the shipped folder strictly, with the truth's help and none of the project's own code.

Rows that the truth calls malformed are taken out by their number; any other row that does not parse is an error.
"""

import gzip
from collections import defaultdict
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.json as pajson
import pyarrow.parquet as pq
import zstandard
from lxml import etree

from tests.input.constants import SHIPPED_DIR, TRUTH_DIR, ZONE
from tests.input.readings import FORMS

UNSTORABLE = {*FORMS, "unknown_sensor", "missing_hour", "repeated_hour_incomplete"}
ESPI = "{http://naesb.org/espi}"
ATOM = "{http://www.w3.org/2005/Atom}"
INSTANT = pa.timestamp("us", "UTC")


def files() -> list[Path]:
    """Files of readings in the order of delivery."""
    return sorted((SHIPPED_DIR / "readings").iterdir())


def unpacked(path: Path) -> bytes:
    """Content of a file without its compression."""
    payload = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(payload)
    return zstandard.ZstdDecompressor().decompress(payload) if path.suffix == ".zst" else payload


def truth(name: str) -> pa.Table:
    """A table of the truth."""
    return pq.read_table(TRUTH_DIR / f"{name}.parquet")


@cache
def unstorable() -> dict[str, set[int]]:
    """Numbers of the rows that cannot be stored, per file."""
    rows: dict[str, set[int]] = defaultdict(set)
    for fault in truth("faults").to_pylist():
        if fault["kind"] in UNSTORABLE:
            rows[fault["source_file"]].add(fault["source_row"])
    return rows


def count_rows(path: Path) -> int:
    """Rows of a file, good or bad, counted by its lines or elements."""
    if path.name.endswith(".parquet"):
        return int(pq.ParquetFile(path).metadata.num_rows)
    payload = unpacked(path)
    if ".xml" in path.name:
        return payload.count(b"<IntervalReading>")
    return payload.count(b"\n") - (".csv" in path.name)


def read(path: Path) -> pa.Table:
    """Storable rows of a file: sensor_id, start (UTC), value, unit (null where not given), quality."""
    bad = unstorable().get(path.name, set())
    if path.name.endswith(".parquet"):
        rows = pq.read_table(path)
        rows = rows.filter(pa.array([n not in bad for n in range(1, rows.num_rows + 1)]))
    elif ".xml" in path.name:
        rows = _green_button(unpacked(path), bad)
    else:
        lines = unpacked(path).split(b"\n")[:-1]
        good = b"\n".join(line for number, line in enumerate(lines, 1) if number not in bad)
        rows = _csv(good) if ".csv" in path.name else pajson.read_json(pa.BufferReader(good))
    return _canonical(rows)


def _csv(payload: bytes) -> pa.Table:
    types = {"timestamp": pa.string(), "value": pa.float64()}
    return pacsv.read_csv(pa.BufferReader(payload), convert_options=pacsv.ConvertOptions(column_types=types))


def _green_button(payload: bytes, bad: set[int]) -> pa.Table:
    rows: dict[str, list[object]] = {"sensor_id": [], "timestamp": [], "value": []}
    title, ordinal = "", 0
    for entry in etree.fromstring(payload).iter(f"{ATOM}entry"):
        if entry.find(f".//{ESPI}UsagePoint") is not None:
            title = entry.findtext(f"{ATOM}title")
        for reading in entry.iter(f"{ESPI}IntervalReading"):
            ordinal += 1
            if ordinal not in bad:
                rows["sensor_id"].append(title)
                rows["timestamp"].append(int(reading.findtext(f"{ESPI}timePeriod/{ESPI}start")) * 1_000_000)
                rows["value"].append(int(reading.findtext(f"{ESPI}value")) / 10_000)
    return pa.table(rows)


def _canonical(rows: pa.Table) -> pa.Table:
    nothing = pa.nulls(rows.num_rows, pa.string())
    columns = {name: rows[name] if name in rows.column_names else nothing for name in ("unit", "quality")}
    value = pc.cast(rows["value"], pa.float64())
    return pa.table({"sensor_id": rows["sensor_id"], "start": _instants(rows["timestamp"]), "value": value, **columns})


def _instants(stamps: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(stamps.type):
        return pc.cast(stamps, INSTANT)
    if len(stamps[0].as_py()) > len("2016-03-27T02:00:00"):
        return pc.cast(pc.strptime(_digits(stamps), format="%Y-%m-%dT%H:%M:%S%z", unit="us"), INSTANT)
    naive = pc.strptime(stamps, format="%Y-%m-%dT%H:%M:%S", unit="us")
    return pc.cast(pc.assume_timezone(naive, ZONE.key, ambiguous="earliest"), INSTANT)


def _digits(stamps: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(pc.replace_substring_regex(stamps, "Z$", "+0000"), r"(\d\d):(\d\d)$", r"\1\2")


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """A database with the shipped input and the truth.

    Tables: delivered (in order of delivery, copied files left out), sensors, true_values, faults, manifest, and
    repaired: for each slot the true value, where delivered values were wrong or missing, or else the last delivered.
    """
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    parts = []
    for number, path in enumerate(files()):
        if "-copy" not in path.name:
            rows = read(path)
            parts.append(rows.append_column("delivery", pa.array([number] * rows.num_rows, pa.int32())))
    database.register("delivered_rows", pa.concat_tables(parts, promote_options="permissive"))
    database.execute("CREATE TABLE delivered AS FROM delivered_rows")
    for name in ("true_values", "faults", "manifest"):
        database.register(f"{name}_rows", truth(name))
        database.execute(f"CREATE TABLE {name} AS FROM {name}_rows")
    catalogue = str(SHIPPED_DIR / "sensors" / "*.csv")
    database.execute(f"CREATE TABLE sensors AS FROM read_csv('{catalogue}', union_by_name = true)")
    database.execute("""
        CREATE TABLE repaired AS
        SELECT sensor_id, interval_start_utc AS start, true_value AS value FROM true_values
        UNION ALL
        SELECT sensor_id, start, value FROM (
            SELECT d.sensor_id, d.start, CASE WHEN d.unit = 'Wh' THEN d.value / 1000 ELSE d.value END AS value,
                row_number() OVER (PARTITION BY d.sensor_id, d.start ORDER BY d.delivery DESC) AS age
            FROM delivered d
            ANTI JOIN true_values t ON t.sensor_id = d.sensor_id AND t.interval_start_utc = d.start
            JOIN sensors s ON s.sensor_id = d.sensor_id
            WHERE s.interval_minutes = 1440 OR epoch(d.start) % (s.interval_minutes * 60) = 0
        ) WHERE age = 1
    """)
    return database
