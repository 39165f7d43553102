"""The SQL that gives every row of a group of files its types, or the first reason against it.

A reader describes its files as a `RowSource`: a relation and one expression per field. The query here keeps the
relation's order (it has only projections), so the row ids of the table that it fills are the positions in the files.
Expressions are arranged so that a good row pays for its casts and little else; trims and patterns are for the rest.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.sql import literal
from grid_assets.pipeline.ingest.relations import CANCELLED, QUALITY_ENUM, SENSOR_ENUM, UNIT_ENUM

RAW_LIMIT = 4096
"""Characters of a bad row that quarantine keeps."""
DATE_PATTERN = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
OFFSET_PATTERN = r"(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"
MAX_EPOCH = 100_000_000_000
"""Epoch seconds beyond this, more than 3,000 years, are no times at all."""
IS_NO_CANCELLATION = f"quality IS DISTINCT FROM '{CANCELLED}'"
"""Whether a row says something that needs a value."""
NULL_TEXT = "CAST(NULL AS VARCHAR)"


class TimestampType(StrEnum):
    """What a file's timestamps are: text, text with epoch seconds, instants, or wall times without an offset."""

    TEXT = "text"
    EPOCH = "epoch"
    INSTANT = "instant"
    LOCAL = "local"


@dataclass(frozen=True)
class RowSource:
    """A relation in file order and SQL expressions over its columns, whose names all start with `src_`.

    Expressions are text (VARCHAR) unless their type says otherwise. `source_row` is null where the row's position in
    the relation is its line number. `exponent` (INTEGER) is the power of ten that a text value is multiplied with.
    `raw` is evaluated for bad rows only.
    """

    relation: str
    sensor_id: str
    timestamp: str
    value: str
    raw: str
    file_index: str = "src_file_index"
    source_row: str = "CAST(NULL AS BIGINT)"
    unit: str = NULL_TEXT
    quality: str = NULL_TEXT
    channel: str = NULL_TEXT
    interval_minutes: str = NULL_TEXT
    parse_error: str = NULL_TEXT
    timestamp_type: TimestampType = TimestampType.TEXT
    is_value_number: bool = False
    exponent: str = ""


@dataclass(frozen=True)
class SafeSpan:
    """The instants that no sensor's validity and no limit of date rejects; rows outside keep their raw text."""

    start_utc: datetime
    end_utc: datetime


def typed_sql(source: RowSource, span: SafeSpan) -> str:
    """Return the query of a source's rows with types.

    Columns: file_index, source_row, sensor, instant, wall, value, unit, quality, channel, interval_minutes, reason,
    detail, raw_text. `sensor`, `unit` and `quality` are enums of the batch; `instant` is null where the row gives
    `wall`, a local time.
    """
    judged = f"SELECT *, {_reason(source)} AS reason FROM ({_instants(source)})"
    is_outside = f"instant < {literal(span.start_utc)} OR instant >= {literal(span.end_utc)}"
    return f"""
        SELECT file_index, source_row, sensor, instant, wall, value, unit, quality, channel,
            CAST(minutes AS INTEGER) AS interval_minutes, reason,
            CASE WHEN reason IS NOT NULL THEN {_detail()} END AS detail,
            CASE WHEN reason IS NOT NULL OR wall IS NOT NULL OR {is_outside} THEN left({source.raw}, {RAW_LIMIT}) END
                AS raw_text
        FROM ({judged})"""


def _fields(source: RowSource) -> str:
    """Return the query of the fields as they are in the file."""
    return f"""
        SELECT *, {source.file_index} AS file_index, {source.source_row} AS source_row,
            {source.parse_error} AS parse_error, {source.sensor_id} AS sensor_field,
            {source.timestamp} AS timestamp_field, {source.value} AS value_field, {source.unit} AS unit_field,
            {source.quality} AS quality_field, {source.channel} AS channel_field,
            {source.interval_minutes} AS minutes_field
        FROM ({source.relation})"""


def _casts(source: RowSource) -> str:
    return f"""
        SELECT *,
            {_enum("sensor_field", SENSOR_ENUM)} AS sensor,
            {_is_zoned(source)} AS is_zoned,
            {_number(source)} AS value,
            {_enum("unit_field", UNIT_ENUM)} AS unit,
            {_enum("quality_field", QUALITY_ENUM, "lower")} AS quality,
            nullif(trim(channel_field), '') AS channel,
            TRY_CAST(minutes_field AS DOUBLE) AS minutes
        FROM ({_fields(source)})"""


def _number(source: RowSource) -> str:
    """Return the value as a double. Negative powers of ten divide, which rounds once: 1234 / 10^3 is 1.234."""
    if source.is_value_number:
        return "CAST(value_field AS DOUBLE)"
    number = "CASE WHEN contains(value_field, '_') THEN NULL ELSE TRY_CAST(value_field AS DOUBLE) END"
    if not source.exponent:
        return number
    power = f"power(10.0, abs({source.exponent}))"
    return f"CASE WHEN {source.exponent} < 0 THEN ({number}) / {power} ELSE ({number}) * {power} END"


def _enum(field: str, enum: str, spelling: str = "") -> str:
    """Return a cast to an enum that tries the text as it is before it trims it; null where neither is a member."""
    return f"coalesce(TRY_CAST({field} AS {enum}), TRY_CAST({spelling}(trim({field})) AS {enum}))"


def _is_zoned(source: RowSource) -> str:
    """Return an expression: true for an instant, false for a local time, null for neither.

    The LIKE patterns are quick and the cast checks the digits; the regular expressions decide what they leave over.
    """
    if source.timestamp_type is not TimestampType.TEXT:
        is_zoned = source.timestamp_type is not TimestampType.LOCAL
        return f"CASE WHEN timestamp_field IS NOT NULL THEN {is_zoned} END"
    return f"""CASE
        WHEN timestamp_field LIKE '____-__-_____:__:__Z' THEN TRUE
        WHEN timestamp_field LIKE '____-__-_____:__:__+0_:00' THEN TRUE
        WHEN timestamp_field LIKE '____-__-_____:__:__' THEN FALSE
        WHEN regexp_full_match(trim(timestamp_field), '{DATE_PATTERN}{OFFSET_PATTERN}') THEN TRUE
        WHEN regexp_full_match(trim(timestamp_field), '{DATE_PATTERN}') THEN FALSE END"""


def _instants(source: RowSource) -> str:
    instant, wall = "TRY_CAST(timestamp_field AS TIMESTAMPTZ)", "TRY_CAST(timestamp_field AS TIMESTAMP)"
    finite = "CASE WHEN isfinite(CAST(timestamp_field AS {0})) THEN CAST(timestamp_field AS {0}) END"
    if source.timestamp_type is TimestampType.EPOCH:
        seconds = "TRY_CAST(timestamp_field AS BIGINT)"
        instant, wall = f"CASE WHEN abs({seconds}) < {MAX_EPOCH} THEN make_timestamptz({seconds} * 1000000) END", "NULL"
    elif source.timestamp_type is TimestampType.INSTANT:
        instant, wall = finite.format("TIMESTAMPTZ"), "NULL"
    elif source.timestamp_type is TimestampType.LOCAL:
        instant, wall = "NULL", finite.format("TIMESTAMP")
    return f"""
        SELECT *, CAST(CASE WHEN is_zoned THEN {instant} END AS TIMESTAMPTZ) AS instant,
            CAST(CASE WHEN NOT is_zoned THEN {wall} END AS TIMESTAMP) AS wall
        FROM ({_casts(source)})"""


def _reason(source: RowSource) -> str:
    """Return the first reason against a row; the whole good case comes first, so that good rows stop there."""
    empty_value = "value_field IS NULL" if source.is_value_number else _empty("value_field")
    lacks_value = f"({empty_value} AND {IS_NO_CANCELLATION})"
    good = f"""parse_error IS NULL AND sensor IS NOT NULL AND (instant IS NOT NULL OR wall IS NOT NULL)
        AND (isfinite(value) OR ({empty_value} AND NOT {lacks_value})) AND (unit IS NOT NULL OR {_empty("unit_field")})
        AND (quality IS NOT NULL OR {_empty("quality_field")})
        AND ((minutes BETWEEN 1 AND 1440 AND minutes = floor(minutes)) OR {_empty("minutes_field")})"""
    is_timestamp_text = source.timestamp_type in {TimestampType.TEXT, TimestampType.EPOCH}
    empty_time = _empty("timestamp_field") if is_timestamp_text else "timestamp_field IS NULL"
    return f"""CASE WHEN {good} THEN NULL
        WHEN parse_error IS NOT NULL THEN parse_error
        WHEN sensor IS NULL AND NOT {_empty("sensor_field")} THEN '{Reason.UNKNOWN_SENSOR}'
        WHEN sensor IS NULL OR {empty_time} OR {lacks_value} THEN '{Reason.MISSING_FIELD}'
        WHEN instant IS NULL AND wall IS NULL THEN '{Reason.BAD_TIMESTAMP}'
        WHEN value IS NULL AND NOT {empty_value} THEN '{Reason.BAD_VALUE}'
        WHEN NOT isfinite(value) THEN '{Reason.NOT_FINITE}'
        WHEN unit IS NULL AND NOT {_empty("unit_field")} THEN '{Reason.UNIT_UNKNOWN}'
        WHEN quality IS NULL AND NOT {_empty("quality_field")} THEN '{Reason.QUALITY_UNKNOWN}'
        ELSE '{Reason.BAD_INTERVAL}' END"""


def _empty(field: str) -> str:
    return f"({field} IS NULL OR trim({field}) = '')"


def _detail() -> str:
    """Return an expression over a bad row: what was found, and what was expected."""
    return f"""CASE reason
        WHEN '{Reason.UNKNOWN_SENSOR}' THEN {_found("sensor_field", "a sensor of the catalogue")}
        WHEN '{Reason.MISSING_FIELD}' THEN 'found nothing for ' || concat_ws(', ',
            {_name_if_empty("sensor_field", "sensor_id")}, {_name_if_empty("timestamp_field", "timestamp")},
            CASE WHEN {IS_NO_CANCELLATION} THEN {_name_if_empty("value_field", "value")} END) || '; expected all three'
        WHEN '{Reason.BAD_TIMESTAMP}' THEN {_found("timestamp_field", "ISO 8601 such as 2016-03-27T00:15:00Z")}
        WHEN '{Reason.BAD_VALUE}' THEN {_found("value_field", "a number with a decimal point")}
        WHEN '{Reason.NOT_FINITE}' THEN {_found("value_field", "a finite number")}
        WHEN '{Reason.UNIT_UNKNOWN}' THEN {_found("unit_field", "a known unit such as kWh")}
        WHEN '{Reason.QUALITY_UNKNOWN}' THEN {_found("quality_field", "measured, estimated, revised or cancelled")}
        WHEN '{Reason.BAD_INTERVAL}' THEN {_found("minutes_field", "whole minutes from 1 to 1440")}
        END"""


def _found(field: str, expected: str) -> str:
    return f"'found ''' || left(CAST({field} AS VARCHAR), 100) || '''; expected ' || {literal(expected)}"


def _name_if_empty(field: str, name: str) -> str:
    return f"CASE WHEN coalesce(trim(CAST({field} AS VARCHAR)), '') = '' THEN '{name}' END"
