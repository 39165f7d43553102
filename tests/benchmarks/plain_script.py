# ruff: noqa: E501 - the SQL of a script is easier to read in long lines
"""The rival of the main job: one plain DuckDB script that makes the same tables from the same landing files.

It knows its input by heart and promises nothing else: no claims, no commits, no history, no comparison with what stood
before, no gate, no second run. The meaning (rules and measures) is the same SQL, or the tables could not be equal.

    python -m tests.benchmarks.plain_script LANDING OUT
"""

import gzip
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from grid_assets.domain.intervals import operating_day
from grid_assets.domain.tables import SENSORS
from grid_assets.pipeline.aggregate.days import aggregate_days
from grid_assets.pipeline.verify.days import verify_days
from resources.clients.engines.duckdb_engine import DuckDBSession

ZONE = "Europe/Berlin"
MONTH_DAYS = 120
LINES = (
    "read_csv({files}, header = {header}, columns = {{'line': 'VARCHAR'}}, delim = '\x1f', quote = '', escape = '', "
    "auto_detect = false, filename = true)"
)
STAMP = "1 AS batch_id, TIMESTAMPTZ '2026-01-01T00:00:00Z' AS recorded_at_utc"
CSV_STREAMS = {
    "lv": ("timestamp", "value", "unit", "quality"),
    "lvlocal": ("timestamp", "value"),
    "register": ("timestamp", "value", "unit", "quality", "channel", "interval_minutes"),
}
AGGREGATES = (
    "load_hourly",
    "load_daily",
    "load_by_asset",
    "feeder_balance",
    "voltage_daily",
    "events",
    "sensor_latest",
)


def main(landing: Path, out: Path) -> None:
    """Make every table from a landing folder."""
    connection = duckdb.connect(config={"memory_limit": "4GiB", "temp_directory": str(out / "tmp")})
    connection.execute("SET TimeZone = 'UTC'")
    read_catalogue(connection, landing)
    read_readings(connection, landing)
    keep_good_rows(connection)
    write(connection, "sensor_data", f"SELECT *, {STAMP} FROM sensor_data", out, "sensor_id, interval_start_utc")
    connection.execute(
        f"COPY (SELECT * FROM typed WHERE reason IS NOT NULL) TO '{out}/quarantine.parquet' (COMPRESSION zstd)"
    )
    days = [
        row[0] for row in connection.execute("SELECT DISTINCT operating_day FROM sensor_data ORDER BY 1").fetchall()
    ]
    for start in range(0, len(days), MONTH_DAYS):
        verify_and_aggregate(connection, days[start : start + MONTH_DAYS], out, start)


def read_catalogue(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    """Read the catalogue, typed."""
    types = dict.fromkeys(SENSORS.column_names, "VARCHAR")
    types |= dict.fromkeys(("latitude", "longitude", "rated_min", "rated_max"), "DOUBLE")
    types["interval_minutes"] = "INTEGER"
    types |= dict.fromkeys(("valid_from_utc", "valid_to_utc"), "TIMESTAMPTZ")
    select = ", ".join(f"CAST({name} AS {types[name]}) AS {name}" for name in SENSORS.content_names)
    connection.execute(
        f"CREATE TABLE sensors AS SELECT {select}, {STAMP} "
        f"FROM read_csv('{landing}/sensors/*.csv', all_varchar = true, header = true, nullstr = '')"
    )


def read_readings(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    """Read every file to `raw`: file, row, the fields as text, and the row itself."""
    paths = different(landing / "readings")
    parts = []
    for stream, columns in CSV_STREAMS.items():
        files = quoted(p for p in paths if f"_{stream}_" in p.name and ".csv" in p.name)
        if files != "[]":
            parts.append(csv_select(files, columns))
    files = quoted(p for p in paths if ".jsonl" in p.name)
    if files != "[]":
        parts.append(json_select(files))
    for name in ("mv", "voltage"):
        files = quoted(p for p in paths if f"_{name}_" in p.name and p.suffix == ".parquet")
        if files != "[]":
            parts.append(parquet_select(files))
    connection.register("espi", espi_table([p for p in paths if ".xml" in p.name]))
    parts.append(
        "SELECT name, n AS row, sensor_id, NULL AS ts_text, ts, CAST(value AS VARCHAR) AS value, 'Wh' AS unit, "
        "'measured' AS quality, NULL AS channel, minutes AS minutes, TRUE AS is_whole, NULL AS line FROM espi"
    )
    connection.execute(f"CREATE TABLE raw AS {' UNION ALL BY NAME '.join(parts)}")


def csv_select(files: str, columns: tuple[str, ...]) -> str:
    """Return a query over CSV lines; the row number is the line number."""
    fields = {name: f"f[{n}]" for n, name in enumerate(columns, start=2)}
    lines = LINES.format(files=files, header="false")
    minutes = f"TRY_CAST({fields['interval_minutes']} AS INTEGER)" if "interval_minutes" in fields else "NULL::INTEGER"
    return f"""
        SELECT name, row, f[1] AS sensor_id, {fields["timestamp"]} AS ts_text, NULL::TIMESTAMPTZ AS ts,
               {fields["value"]} AS value, {fields.get("unit", "NULL")} AS unit, {fields.get("quality", "NULL")} AS quality,
               {fields.get("channel", "NULL")} AS channel, {minutes} AS minutes, len(f) = {len(columns) + 1} AS is_whole, line
        FROM (SELECT parse_filename(filename) AS name, line, string_split(line, ',') AS f,
                     row_number() OVER (PARTITION BY filename ORDER BY n) AS row
              FROM (SELECT filename, line, row_number() OVER () AS n FROM {lines}))
        WHERE row > 1"""


def json_select(files: str) -> str:
    """Return a query over JSON lines."""
    keys = ("sensor_id", "timestamp", "value", "unit", "quality", "channel", "interval_minutes")
    struct = "{" + ", ".join(f'"{key}": "VARCHAR"' for key in keys) + "}"
    lines = LINES.format(files=files, header="false")
    return f"""
        SELECT name, row, j.sensor_id AS sensor_id, j.timestamp AS ts_text, NULL::TIMESTAMPTZ AS ts, j.value AS value,
               j.unit AS unit, j.quality AS quality, j.channel AS channel, TRY_CAST(j.interval_minutes AS INTEGER) AS minutes,
               j IS NOT NULL AS is_whole, line
        FROM (SELECT parse_filename(filename) AS name, line, row_number() OVER (PARTITION BY filename ORDER BY n) AS row,
                     CASE WHEN json_valid(line) THEN json_transform(line, '{struct}') END AS j
              FROM (SELECT filename, line, row_number() OVER () AS n FROM {lines}))"""


def parquet_select(files: str) -> str:
    """Return a query over Parquet rows."""
    return f"""
        SELECT parse_filename(filename) AS name, file_row_number + 1 AS row, sensor_id, NULL AS ts_text, timestamp AS ts,
               CAST(value AS VARCHAR) AS value, * EXCLUDE (filename, file_row_number, sensor_id, timestamp, value),
               TRUE AS is_whole, NULL AS line
        FROM read_parquet({files}, filename = true, file_row_number = true, union_by_name = true)"""


def espi_table(files: list[Path]) -> pa.Table:
    """Return the readings of Green Button files, found by regular expressions: the files' layout is known."""
    rows: dict[str, list[object]] = {"name": [], "n": [], "sensor_id": [], "ts": [], "minutes": [], "value": []}
    for path in sorted(files):
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
        for number, (sensor, start, duration, value) in enumerate(espi_readings(text), start=1):
            rows["name"].append(path.name)
            rows["n"].append(number)
            rows["sensor_id"].append(sensor)
            rows["ts"].append(start)
            rows["minutes"].append(duration // 60)
            rows["value"].append(value)
    types = (pa.string(), pa.int64(), pa.string(), pa.int64(), pa.int32(), pa.float64())
    table = pa.table({name: pa.array(values, kind) for (name, values), kind in zip(rows.items(), types, strict=True)})
    return table.set_column(3, "ts", table["ts"].cast(pa.timestamp("s", tz="UTC")).cast(pa.timestamp("us", tz="UTC")))


def espi_readings(text: str) -> Iterator[tuple[str, int, int, float | None]]:
    """Yield sensor, start, duration and value of each reading, in file order."""
    titles = dict(re.findall(r'href="espi/1_1/resource/UsagePoint/(\d+)"/>.*?<title>([^<]*)</title>', text, re.DOTALL))
    power = int(re.findall(r"<powerOfTenMultiplier>(-?\d+)<", text)[0])
    blocks = re.split(r'href="espi/1_1/resource/UsagePoint/(\d+)/MeterReading/\d+/IntervalBlock/\d+"', text)
    for point, block in zip(blocks[1::2], blocks[2::2], strict=True):
        for reading in re.findall(r"<IntervalReading>(.*?)</IntervalReading>", block, re.DOTALL):
            duration, start = re.findall(r"<duration>(\d+)</duration><start>(\d+)</start>", reading)[0]
            value = re.findall(r"<value>(-?\d+)</value>", reading)
            yield titles[point], int(start), int(duration), round(int(value[0]) * 10.0**power, 6) if value else None


def keep_good_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Type the rows, set bad ones aside, and drop those that say again what the row before them said."""
    connection.execute(f"""
        CREATE TABLE typed AS
        WITH timed AS (
            SELECT r.*, s.sensor_type, s.unit AS own_unit, TRY_CAST(r.value AS DOUBLE) AS number,
                   CASE WHEN r.ts IS NOT NULL THEN r.ts
                        WHEN regexp_matches(ts_text, '(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$') THEN TRY_CAST(ts_text AS TIMESTAMPTZ)
                        END AS instant,
                   CASE WHEN r.ts IS NULL AND s.time_zone IS NOT NULL
                         AND NOT regexp_matches(ts_text, '(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$')
                        THEN TRY_CAST(ts_text AS TIMESTAMP) END AS wall
            FROM raw r LEFT JOIN sensors s ON s.sensor_id = r.sensor_id
        ), walled AS (
            SELECT *, timezone('{ZONE}', wall) AS guess FROM timed
        ), doubled AS (
            SELECT *, wall IS NOT NULL AND (timezone('{ZONE}', guess + INTERVAL 1 HOUR) = wall
                                            OR timezone('{ZONE}', guess - INTERVAL 1 HOUR) = wall) AS is_twice,
                   LEAST(guess, CASE WHEN timezone('{ZONE}', guess - INTERVAL 1 HOUR) = wall THEN guess - INTERVAL 1 HOUR
                                     ELSE guess END) AS early
            FROM walled
        ), counted AS (
            SELECT *, CASE WHEN is_twice THEN COUNT(*) OVER same END AS times,
                   CASE WHEN is_twice THEN row_number() OVER (same ORDER BY row) END AS turn
            FROM doubled WINDOW same AS (PARTITION BY name, sensor_id, wall)
        ), placed AS (
            SELECT *, CASE WHEN instant IS NOT NULL THEN instant
                           WHEN is_twice AND times = 2 THEN early + to_hours(turn - 1)
                           WHEN NOT is_twice AND timezone('{ZONE}', guess) = wall THEN guess END AS instant_utc
            FROM counted
        )
        SELECT name AS source_file, row AS source_row, sensor_id, sensor_type, instant_utc AS interval_start_utc, number AS value,
               COALESCE(unit, own_unit) AS unit, COALESCE(quality, 'measured') AS quality, channel,
               minutes AS interval_minutes, line,
               CASE WHEN NOT is_whole OR sensor_type IS NULL OR instant_utc IS NULL OR number IS NULL OR isnan(number)
                         OR isinf(number) OR instant_utc < TIMESTAMPTZ '2000-01-01T00:00:00Z' OR instant_utc > now() + INTERVAL 1 DAY
                    THEN 'bad' END AS reason
        FROM placed""")
    same = " AND ".join(
        f"{name} IS NOT DISTINCT FROM LAG({name}) OVER (PARTITION BY sensor_id, interval_start_utc ORDER BY source_file, source_row)"
        for name in ("value", "unit", "quality", "channel", "interval_minutes")
    )
    connection.execute(f"""
        CREATE TABLE sensor_data AS
        SELECT * EXCLUDE (is_same, nth, line, reason), CAST(timezone('{ZONE}', interval_start_utc) AS DATE) AS operating_day,
               CAST(dense_rank() OVER (ORDER BY source_file) - 1 AS INTEGER) AS source_order
        FROM (SELECT *, {same} AS is_same,
                     row_number() OVER (PARTITION BY sensor_id, interval_start_utc ORDER BY source_file, source_row) AS nth
              FROM typed WHERE reason IS NULL)
        WHERE nth = 1 OR NOT is_same""")
    connection.execute("DROP TABLE raw")


def verify_and_aggregate(connection: duckdb.DuckDBPyConnection, days: list[date], out: Path, part: int) -> None:
    """Verify some days over the 28 before them, aggregate them, and write both."""
    session = DuckDBSession(connection.cursor(), "zstd")
    session.connection.execute("SET TimeZone = 'UTC'")
    civil = tuple(operating_day(day, ZoneInfo(ZONE)) for day in days)
    wanted = ", ".join(f"'{day - timedelta(days=n)}'" for day in days for n in range(29))
    session.define("received", f"SELECT *, {STAMP} FROM sensor_data WHERE operating_day IN ({wanted})")
    verify_days(session, civil, ZONE)
    write(
        session.connection,
        "meter_readings",
        f"SELECT *, {STAMP} FROM verified",
        out,
        "sensor_id, interval_start_utc",
        part,
    )
    session.define("readings", f"SELECT *, {STAMP} FROM verified")
    session.define("fallback", f"SELECT *, {STAMP} FROM verified WHERE FALSE")
    latest = out / f"sensor_latest-{part - MONTH_DAYS}.parquet"
    source = (
        f"read_parquet('{latest}')"
        if latest.exists()
        else "(SELECT NULL::VARCHAR AS sensor_id, NULL::VARCHAR AS "
        "sensor_type, NULL::TIMESTAMPTZ AS interval_start_utc, NULL::DOUBLE AS value, NULL::VARCHAR AS unit, "
        "NULL::VARCHAR AS quality, NULL::DATE AS operating_day WHERE FALSE)"
    )
    session.define("previous_latest", f"SELECT *, 1 AS batch_id FROM {source}")
    aggregate_days(session, civil)
    for table in AGGREGATES:
        if table == "sensor_latest":
            session.connection.execute(f"COPY new_{table} TO '{out}/{table}-{part}.parquet' (COMPRESSION zstd)")
        else:
            write(session.connection, table, f"SELECT * FROM new_{table}", out, "ALL", part)
    session.drop("verified", *(f"new_{table}" for table in AGGREGATES))


def write(connection: duckdb.DuckDBPyConnection, table: str, sql: str, out: Path, order: str, part: int = 0) -> None:
    """Write rows by operating day, and by sensor type where there is one."""
    keys = ["operating_day"] + (["sensor_type"] if table in {"sensor_data", "meter_readings"} else [])
    first = f"{', '.join(keys)}, " if order != "ALL" else ""
    connection.execute(
        f"COPY (SELECT * FROM ({sql}) ORDER BY {first}{order}) TO '{out}/{table}' (FORMAT parquet, COMPRESSION zstd, "
        f"PARTITION_BY ({', '.join(keys)}), WRITE_PARTITION_COLUMNS true, OVERWRITE_OR_IGNORE true, "
        f"FILENAME_PATTERN 'part-{part}-{{i}}')"
    )


def different(folder: Path) -> list[Path]:
    """Return the files of a folder in name order, a repeated content once."""
    first: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        first.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
    return list(first.values())


def quoted(paths: Iterable[Path]) -> str:
    """Return paths as an SQL list in name order."""
    return "[" + ", ".join(f"'{path}'" for path in sorted(paths)) + "]"


if __name__ == "__main__":
    began = datetime.now().astimezone()
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    main(Path(sys.argv[1]), target)
    print(f"{(datetime.now().astimezone() - began).total_seconds():.2f} s")
