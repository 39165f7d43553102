"""The SQL that gives every row of a group of files its types, or the first reason against it.

A reader describes its files as a `RowSource`: a relation and one expression per field. The query here keeps the relation's
order (it has only projections), so the row ids of the table that it fills are the positions in the files.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.sql import literal
from grid_assets.pipeline.ingest.relations import QUALITY_ENUM, SENSOR_ENUM, UNIT_ENUM

BLANK = "blank"
"""Parse error of a line that is empty and no row at all."""
RAW_LIMIT = 4096
"""Characters of a bad row that quarantine keeps."""
DATE = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
OFFSET = r"(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"
NULL_TEXT = "CAST(NULL AS VARCHAR)"


class TimestampType(StrEnum):
    """What a file's timestamps are: text, instants, or wall times without an offset."""

    TEXT = "text"
    INSTANT = "instant"
    LOCAL = "local"


@dataclass(frozen=True)
class RowSource:
    """A relation in file order and SQL expressions over its columns, whose names all start with `src_`.

    Expressions are text (VARCHAR) unless their type says otherwise. `source_row` is null where the row's position in the
    relation is its line number. `raw` is evaluated for bad rows only.
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


@dataclass(frozen=True)
class SafeSpan:
    """The instants that no sensor's validity and no date limit can reject; rows outside keep their raw text for the next step."""

    start_utc: datetime
    end_utc: datetime


def typed_sql(source: RowSource, span: SafeSpan) -> str:
    """Return the query: file_index, source_row, sensor, instant, wall, value, unit, quality, channel, interval_minutes, reason,
    detail, raw_text.

    `sensor`, `unit` and `quality` are enums of the batch; `instant` is null where the row gives `wall`, a local time.
    """
    judged = f"SELECT *, {_reason(source)} AS reason FROM ({_instants(source)})"
    at_risk = f"reason IS NOT NULL OR wall IS NOT NULL OR instant < {literal(span.start_utc)} OR instant >= {literal(span.end_utc)}"
    return f"""
        SELECT file_index, source_row, sensor, instant, wall, value, unit, quality, channel, interval_minutes, reason,
            CASE WHEN reason IS NOT NULL THEN {_detail()} END AS detail,
            CASE WHEN {at_risk} THEN left({source.raw}, {RAW_LIMIT}) END AS raw_text
        FROM ({judged})"""


def _fields(source: RowSource) -> str:
    """Return the query of the fields as they are in the file."""
    return f"""
        SELECT *, {source.file_index} AS file_index, {source.source_row} AS source_row, {source.parse_error} AS parse_error,
            {source.sensor_id} AS sensor_text, {source.timestamp} AS timestamp_field, {source.value} AS value_field,
            nullif(trim({source.unit}), '') AS unit_text, nullif(trim({source.quality}), '') AS quality_text,
            nullif(trim({source.channel}), '') AS channel, nullif(trim({source.interval_minutes}), '') AS minutes_text
        FROM ({source.relation})"""


def _casts(source: RowSource) -> str:
    number = (
        "value_field"
        if source.is_value_number
        else ("CASE WHEN contains(value_field, '_') THEN NULL ELSE TRY_CAST(value_field AS DOUBLE) END")
    )
    return f"""
        SELECT *,
            coalesce(TRY_CAST(sensor_text AS {SENSOR_ENUM}), TRY_CAST(trim(sensor_text) AS {SENSOR_ENUM})) AS sensor,
            {_timestamp_kind(source)} AS timestamp_kind,
            CAST({number} AS DOUBLE) AS value,
            TRY_CAST(unit_text AS {UNIT_ENUM}) AS unit,
            TRY_CAST(lower(quality_text) AS {QUALITY_ENUM}) AS quality,
            TRY_CAST(minutes_text AS INTEGER) AS interval_minutes
        FROM ({_fields(source)})"""


def _timestamp_kind(source: RowSource) -> str:
    """Return an expression: instant, local or null. The patterns are quick; the expressions decide what they leave over."""
    if source.timestamp_type is not TimestampType.TEXT:
        return f"CASE WHEN timestamp_field IS NOT NULL THEN '{source.timestamp_type}' END"
    return f"""CASE
        WHEN timestamp_field LIKE '____-__-_____:__:__Z' OR timestamp_field LIKE '____-__-_____:__:__+0_:__' THEN 'instant'
        WHEN regexp_full_match(trim(timestamp_field), '{DATE}{OFFSET}') THEN 'instant'
        WHEN regexp_full_match(trim(timestamp_field), '{DATE}') THEN 'local' END"""


def _instants(source: RowSource) -> str:
    zoned, naive = (
        ("TRY_CAST(trim(timestamp_field) AS TIMESTAMPTZ)", "TRY_CAST(trim(timestamp_field) AS TIMESTAMP)")
        if source.timestamp_type is TimestampType.TEXT
        else (
            f"{'timestamp_field' if source.timestamp_type is TimestampType.INSTANT else 'NULL'}",
            f"{'timestamp_field' if source.timestamp_type is TimestampType.LOCAL else 'NULL'}",
        )
    )
    return f"""
        SELECT *, CAST(CASE WHEN timestamp_kind = 'instant' THEN {zoned} END AS TIMESTAMPTZ) AS instant,
            CAST(CASE WHEN timestamp_kind = 'local' THEN {naive} END AS TIMESTAMP) AS wall
        FROM ({_casts(source)})"""


def _reason(source: RowSource) -> str:
    empty_value = "value_field IS NULL" if source.is_value_number else "coalesce(trim(value_field), '') = ''"
    empty_time = (
        "coalesce(trim(timestamp_field), '') = ''"
        if source.timestamp_type is TimestampType.TEXT
        else "timestamp_field IS NULL"
    )
    return f"""CASE
        WHEN parse_error IS NOT NULL THEN parse_error
        WHEN sensor IS NULL AND coalesce(trim(sensor_text), '') <> '' THEN '{Reason.UNKNOWN_SENSOR}'
        WHEN sensor IS NULL OR {empty_time} OR {empty_value} THEN '{Reason.MISSING_FIELD}'
        WHEN instant IS NULL AND wall IS NULL THEN '{Reason.BAD_TIMESTAMP}'
        WHEN value IS NULL THEN '{Reason.BAD_VALUE}'
        WHEN NOT isfinite(value) THEN '{Reason.NOT_FINITE}'
        WHEN unit IS NULL AND unit_text IS NOT NULL THEN '{Reason.UNIT_UNKNOWN}'
        WHEN quality IS NULL AND quality_text IS NOT NULL THEN '{Reason.QUALITY_UNKNOWN}'
        WHEN minutes_text IS NOT NULL AND coalesce(interval_minutes NOT BETWEEN 1 AND 1440, TRUE)
            THEN '{Reason.BAD_INTERVAL}' END"""


def _detail() -> str:
    """Return an expression over a bad row: what was found, and what was expected."""

    def found(field: str, expected: str) -> str:
        return f"'found ' || coalesce('''' || left(CAST({field} AS VARCHAR), 100) || '''', 'nothing') || '; expected {expected}'"

    return f"""CASE reason
        WHEN '{Reason.UNKNOWN_SENSOR}' THEN {found("sensor_text", "a sensor of the catalogue")}
        WHEN '{Reason.MISSING_FIELD}' THEN 'empty: ' || concat_ws(', ',
            CASE WHEN coalesce(trim(sensor_text), '') = '' THEN 'sensor_id' END,
            CASE WHEN coalesce(trim(CAST(timestamp_field AS VARCHAR)), '') = '' THEN 'timestamp' END,
            CASE WHEN coalesce(trim(CAST(value_field AS VARCHAR)), '') = '' THEN 'value' END)
        WHEN '{Reason.BAD_TIMESTAMP}' THEN {found("timestamp_field", "ISO 8601 such as 2016-03-27T00:15:00Z")}
        WHEN '{Reason.BAD_VALUE}' THEN {found("value_field", "a number with a decimal point")}
        WHEN '{Reason.NOT_FINITE}' THEN {found("value_field", "a finite number")}
        WHEN '{Reason.UNIT_UNKNOWN}' THEN {found("unit_text", "a known unit such as kWh")}
        WHEN '{Reason.QUALITY_UNKNOWN}' THEN {found("quality_text", "measured, estimated or revised")}
        WHEN '{Reason.BAD_INTERVAL}' THEN {found("minutes_text", "whole minutes from 1 to 1440")}
        END"""
