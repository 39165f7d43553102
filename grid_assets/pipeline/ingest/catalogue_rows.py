"""The SQL of catalogue rows: from text to the types of `sensors`, each row with the first reason against it."""

import duckdb
import pyarrow as pa

from grid_assets.domain.errors import ConfigurationError
from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.intervals import zone_of
from grid_assets.domain.projections.sql import SQL_TYPES, quote
from grid_assets.domain.tables import CATALOGUE_COLUMNS
from grid_assets.domain.vee.units import UNIT_OF_TYPE, UNITS
from grid_assets.pipeline.ingest.readers.text import LineFields
from grid_assets.pipeline.ingest.relations import BLANK, FILES, load
from grid_assets.pipeline.ingest.typed import DATE_PATTERN, OFFSET_PATTERN, RAW_LIMIT

ROWS = "ingest_catalogue_rows"
UNIT_WORDS = "ingest_catalogue_units"
ZONE_WORDS = "ingest_catalogue_zones"
POINT_TYPES = ("consumption", "production", "exchange")
DEFAULT_MINUTES = 15
NAMES = tuple(column.name for column in CATALOGUE_COLUMNS)

CREATE_ROWS = f"""CREATE OR REPLACE TEMP TABLE {ROWS} (file_no INTEGER, source_row BIGINT, parse_error VARCHAR,
    raw_text VARCHAR, {", ".join(f"{quote(name)} VARCHAR" for name in NAMES)})"""


def insert_rows_sql(file_no: int, lines: LineFields, source_row: str, header_row: int) -> str:
    """Return the insert of one file's rows as trimmed text, empty fields as null; no blank lines and no header."""
    fields = ", ".join(f"nullif(trim({lines.field(name)}), '') AS {quote(name)}" for name in NAMES)
    return f"""INSERT INTO {ROWS} SELECT {file_no}, * FROM (
        SELECT {source_row} AS source_row, {lines.parse_error} AS parse_error,
            left({lines.raw}, {RAW_LIMIT}) AS raw_text, {fields} FROM ({lines.relation}))
        WHERE coalesce(parse_error, '') <> '{BLANK}' AND source_row <> {header_row}"""


def load_words(connection: duckdb.DuckDBPyConnection) -> None:
    """Bind the words that rows are held against: units by sensor type with the default, and which zones exist."""
    quantity = {unit.symbol: unit.quantity for unit in UNITS}
    pairs = [
        (kind, unit.symbol) for kind, own in UNIT_OF_TYPE.items() for unit in UNITS if unit.quantity == quantity[own]
    ]
    load(
        connection,
        UNIT_WORDS,
        pa.table(
            {
                "sensor_type": [kind for kind, _ in pairs],
                "unit": [unit for _, unit in pairs],
                "is_default": [UNIT_OF_TYPE[kind] == unit for kind, unit in pairs],
            }
        ),
    )
    named = connection.execute(f"SELECT DISTINCT time_zone FROM {ROWS} WHERE time_zone IS NOT NULL").fetchall()
    load(connection, ZONE_WORDS, pa.table({"time_zone": pa.array([z for (z,) in named if _is_zone(z)], pa.string())}))


def judged_sql() -> str:
    """Return the query of all rows with their types: file_no, source_row, raw_text, the columns, reason, detail."""
    typed = f"""
        SELECT r.file_no, r.source_row, r.raw_text, r.parse_error, r.sensor_id, lower(r.sensor_type) AS sensor_type,
            coalesce(r.unit, d.unit) AS unit, r.meter_id, r.transformer_id, r.feeder_id, r.substation_id, r.region,
            TRY_CAST(r.latitude AS DOUBLE) AS latitude, TRY_CAST(r.longitude AS DOUBLE) AS longitude,
            coalesce(TRY_CAST(r.interval_minutes AS DOUBLE), {DEFAULT_MINUTES}) AS interval_minutes,
            TRY_CAST(r.rated_min AS DOUBLE) AS rated_min, TRY_CAST(r.rated_max AS DOUBLE) AS rated_max,
            coalesce(lower(r.point_type), 'consumption') AS point_type, {_instant("valid_from_utc")},
            {_instant("valid_to_utc")}, r.time_zone, r.description,
            r.latitude AS latitude_text, r.longitude AS longitude_text, r.interval_minutes AS minutes_text,
            r.rated_min AS min_text, r.rated_max AS max_text, r.valid_from_utc AS from_text, r.valid_to_utc AS to_text,
            d.unit AS default_unit, u.unit AS known_unit, z.time_zone AS known_zone
        FROM {ROWS} r
        LEFT JOIN {UNIT_WORDS} d ON d.sensor_type = lower(r.sensor_type) AND d.is_default
        LEFT JOIN {UNIT_WORDS} u ON u.sensor_type = lower(r.sensor_type) AND u.unit = r.unit
        LEFT JOIN {ZONE_WORDS} z ON z.time_zone = r.time_zone"""
    return f"SELECT *, {_detail()} AS detail FROM (SELECT *, {_reason()} AS reason FROM ({typed}))"


def sensors_sql(judged: str) -> str:
    """Return the query of the catalogue's columns, one row per sensor: the newest usable one."""
    types = {column.name: SQL_TYPES[column.type] for column in CATALOGUE_COLUMNS}
    columns = ", ".join(f"CAST({quote(name)} AS {types[name]}) AS {quote(name)}" for name in NAMES)
    return f"""SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY sensor_id
            ORDER BY file_no DESC, source_row DESC) AS age FROM {judged} WHERE reason IS NULL)
        WHERE age = 1"""


def rejected_sql(judged: str, set_aside: str) -> str:
    """Return the query of the rejected rows and files in the shape of `quarantine`, batch and time left out."""
    return f"""SELECT f.source_file, r.source_row, r.reason, r.detail, r.raw_text, f.content_hash
        FROM (SELECT file_no, source_row, reason, detail, raw_text FROM {judged} WHERE reason IS NOT NULL
            UNION ALL SELECT * FROM {set_aside}) r JOIN {FILES} f ON f.file_no = r.file_no"""


def _is_zone(name: str) -> bool:
    try:
        zone_of(name)
    except (ConfigurationError, OSError):  # a folder of zones, such as Europe, is opened as a file
        return False
    return True


def _instant(name: str) -> str:
    """Return a validity limit as an instant; null where the text is no ISO 8601 instant with an offset."""
    is_instant = f"regexp_full_match(r.{name}, '{DATE_PATTERN}{OFFSET_PATTERN}')"
    return f"CASE WHEN {is_instant} THEN TRY_CAST(r.{name} AS TIMESTAMPTZ) END AS {name}"


def _reason() -> str:
    points = ", ".join(f"'{word}'" for word in POINT_TYPES)
    return f"""CASE
        WHEN parse_error IS NOT NULL THEN parse_error
        WHEN sensor_id IS NULL OR sensor_type IS NULL OR meter_id IS NULL THEN '{Reason.MISSING_FIELD}'
        WHEN default_unit IS NULL THEN '{Reason.BAD_SENSOR_TYPE}'
        WHEN unit <> default_unit AND known_unit IS NULL THEN '{Reason.UNIT_UNKNOWN}'
        WHEN point_type NOT IN ({points}) THEN '{Reason.BAD_POINT_TYPE}'
        WHEN {_is_bad("latitude", "latitude_text", -90, 90)} OR {_is_bad("longitude", "longitude_text", -180, 180)}
            OR (latitude IS NULL) <> (longitude IS NULL) THEN '{Reason.BAD_COORDINATE}'
        WHEN (minutes_text IS NOT NULL AND TRY_CAST(minutes_text AS DOUBLE) IS NULL) OR interval_minutes NOT BETWEEN 1
            AND 1440 OR interval_minutes <> floor(interval_minutes) THEN '{Reason.BAD_INTERVAL}'
        WHEN (min_text IS NOT NULL AND NOT coalesce(isfinite(rated_min), FALSE))
            OR (max_text IS NOT NULL AND NOT coalesce(isfinite(rated_max), FALSE))
            OR rated_min > rated_max THEN '{Reason.BAD_LIMIT}'
        WHEN (from_text IS NOT NULL AND valid_from_utc IS NULL) OR (to_text IS NOT NULL AND valid_to_utc IS NULL)
            OR valid_from_utc >= valid_to_utc THEN '{Reason.BAD_VALIDITY}'
        WHEN time_zone IS NOT NULL AND known_zone IS NULL THEN '{Reason.BAD_TIME_ZONE}' END"""


def _is_bad(number: str, text: str, low: int, high: int) -> str:
    return f"({text} IS NOT NULL AND NOT coalesce({number} BETWEEN {low} AND {high}, FALSE))"


def _detail() -> str:
    def found(fields: str, expected: str) -> str:
        return f"'found ' || concat_ws(' and ', {fields}) || '; expected {expected}'"

    types = ", ".join(UNIT_OF_TYPE)
    return f"""CASE reason
        WHEN '{Reason.MISSING_FIELD}' THEN 'found nothing for ' || concat_ws(', ',
            CASE WHEN sensor_id IS NULL THEN 'sensor_id' END, CASE WHEN sensor_type IS NULL THEN 'sensor_type' END,
            CASE WHEN meter_id IS NULL THEN 'meter_id' END) || '; expected all three'
        WHEN '{Reason.BAD_SENSOR_TYPE}' THEN {found("sensor_type", types)}
        WHEN '{Reason.UNIT_UNKNOWN}' THEN {found("unit", "a unit of the sensor type, such as ")} || default_unit
        WHEN '{Reason.BAD_POINT_TYPE}' THEN {found("point_type", "consumption, production or exchange")}
        WHEN '{Reason.BAD_COORDINATE}' THEN {found("latitude_text, longitude_text", "both, in degrees")}
        WHEN '{Reason.BAD_INTERVAL}' THEN {found("minutes_text", "whole minutes from 1 to 1440")}
        WHEN '{Reason.BAD_LIMIT}' THEN {found("min_text, max_text", "numbers, the lower limit first")}
        WHEN '{Reason.BAD_VALIDITY}' THEN {found("from_text, to_text", "instants with an offset, the start first")}
        WHEN '{Reason.BAD_TIME_ZONE}' THEN {found("time_zone", "an IANA name such as Europe/Berlin")}
        END"""
