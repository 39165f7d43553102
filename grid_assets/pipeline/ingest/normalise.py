"""The SQL that makes typed rows into the batch's readings and rejects: zones, validity, limits of date, operating day.

What a row says by itself was settled in `typed.py`; here stands what needs the catalogue, the grid's zone or the row's
neighbours. Only rows with local times pay for zone logic.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.sql import literal
from grid_assets.pipeline.ingest.relations import (
    GROUP,
    QUALITY_ENUM,
    READINGS,
    REJECTS,
    SENSOR_ENUM,
    SENSORS,
    TYPED,
    UNIT_ENUM,
)
from grid_assets.pipeline.ingest.typed import BLANK, SafeSpan

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LEAD = timedelta(days=1)
"""A reading may be labelled this far ahead of the batch's clock."""
UTC_DAYS = "ingest_utc_days"
LOCAL_DAYS = "ingest_local_days"
DAY_US = 86_400_000_000
ROW = "coalesce(t.source_row, t.rowid - g.first_row + 1)"

CREATE_READINGS = f"""CREATE OR REPLACE TEMP TABLE {READINGS} (file_no INTEGER, source_row BIGINT, sensor {SENSOR_ENUM},
    interval_start_utc TIMESTAMPTZ, value DOUBLE, unit {UNIT_ENUM}, quality {QUALITY_ENUM}, channel VARCHAR,
    interval_minutes INTEGER, operating_day DATE)"""
CREATE_REJECTS = f"""CREATE OR REPLACE TEMP TABLE {REJECTS} (file_no INTEGER, source_row BIGINT, reason VARCHAR, detail VARCHAR,
    raw_text VARCHAR)"""


@dataclass(frozen=True)
class Limits:
    """The instants that a batch takes: from `earliest` on, before `latest`."""

    earliest: datetime
    latest: datetime

    @classmethod
    def at(cls, now_utc: datetime) -> "Limits":
        """Return the limits of a batch that is read at an instant."""
        return cls(EARLIEST, now_utc + LEAD)


def safe_span_sql(limits: Limits) -> str:
    """Return a query of the span that every sensor's validity and the limits cover: start_utc, end_utc."""
    return f"""SELECT greatest({literal(limits.earliest)}, coalesce(max(valid_from_utc), {literal(limits.earliest)})),
        least({literal(limits.latest)}, coalesce(min(valid_to_utc), {literal(limits.latest)})) FROM {SENSORS}"""


def judged_sql(limits: Limits, *, has_local: bool) -> str:
    """Return the query of the group's rows, blank and header lines left out, with the final reason.

    Columns: file_no, source_row, sensor, instant, value, unit, quality, channel, interval_minutes, reason, detail, raw_text.
    """
    clocked = _instants_sql() if not has_local else f"{_instants_sql('t.wall IS NULL')} UNION ALL {_local_sql()}"
    return f"""
        SELECT file_no, source_row, sensor, instant, value, unit, quality, channel, interval_minutes, raw_text,
            CASE WHEN reason IS NOT NULL THEN reason
                WHEN instant < {literal(limits.earliest)} OR instant >= {literal(limits.latest)} THEN '{Reason.FAR_DATE}'
                WHEN instant < valid_from_utc OR instant >= valid_to_utc THEN '{Reason.OUTSIDE_VALIDITY}' END AS reason,
            CASE WHEN reason IS NOT NULL THEN detail
                WHEN instant < {literal(limits.earliest)} OR instant >= {literal(limits.latest)} THEN 'found '
                    || CAST(instant AS VARCHAR) || '; expected {limits.earliest:%Y-%m-%d} or later, and at most a day ahead'
                WHEN instant < valid_from_utc OR instant >= valid_to_utc THEN 'found ' || CAST(instant AS VARCHAR)
                    || '; expected from ' || coalesce(CAST(valid_from_utc AS VARCHAR), 'ever') || ' until '
                    || coalesce(CAST(valid_to_utc AS VARCHAR), 'ever') END AS detail
        FROM ({clocked})"""


def readings_sql(judged: str) -> str:
    """Return the insert of the rows without a reason."""
    return f"""INSERT INTO {READINGS}
        SELECT j.file_no, j.source_row, j.sensor, j.instant, j.value, coalesce(j.unit, s.unit), coalesce(j.quality, 'measured'),
            j.channel, j.interval_minutes, CASE WHEN epoch_us(j.instant) < d.split_us THEN d.day_before ELSE d.day_after END
        FROM ({judged}) j JOIN {SENSORS} s ON s.sensor = j.sensor
        JOIN {UTC_DAYS} d ON d.utc_day = CAST(epoch_us(j.instant) // {DAY_US} AS INTEGER)
        WHERE j.reason IS NULL"""


def rejects_sql(judged: str) -> str:
    """Return the insert of the rows with a reason."""
    return f"""INSERT INTO {REJECTS}
        SELECT file_no, source_row, reason, detail, raw_text FROM ({judged}) WHERE reason IS NOT NULL"""


def received_sql() -> str:
    """Return the query of the rows that the group's files hold: file_no, received; files without a row are left out."""
    return f"""SELECT g.file_no, count(*) FROM {TYPED} t JOIN {GROUP} g ON g.file_index = t.file_index
        WHERE {_is_row()} GROUP BY g.file_no"""


def _is_row() -> str:
    return f"coalesce(t.reason, '') <> '{BLANK}' AND {ROW} <> g.header_row"


def _instants_sql(condition: str = "TRUE") -> str:
    return f"""
        SELECT g.file_no, {ROW} AS source_row, t.sensor, t.instant, t.value, t.unit, t.quality, t.channel, t.interval_minutes,
            t.reason, t.detail, t.raw_text, s.valid_from_utc, s.valid_to_utc
        FROM {TYPED} t JOIN {GROUP} g ON g.file_index = t.file_index LEFT JOIN {SENSORS} s ON s.sensor = t.sensor
        WHERE {_is_row()} AND {condition}"""


def _local_sql() -> str:
    """Return the rows with local times, resolved: an hour that happens twice is taken in file order where it is complete."""
    wall_us = "epoch_us(t.wall)"
    in_switch = "l.wall_us >= l.switch_from_us AND l.wall_us < l.switch_to_us"
    located = f"""
        SELECT g.file_no, {ROW} AS source_row, t.*, {wall_us} AS wall_us, s.time_zone, s.valid_from_utc, s.valid_to_utc,
            d.switch_from_us, d.switch_to_us, d.before_us, d.after_us
        FROM {TYPED} t JOIN {GROUP} g ON g.file_index = t.file_index LEFT JOIN {SENSORS} s ON s.sensor = t.sensor
        LEFT JOIN {LOCAL_DAYS} d ON d.time_zone = s.time_zone AND d.local_day = CAST({wall_us} // {DAY_US} AS INTEGER)
        WHERE {_is_row()} AND t.wall IS NOT NULL"""
    columns = """file_no, source_row, sensor, {instant} AS instant, value, unit, quality, channel, interval_minutes,
        {reason} AS reason, {detail} AS detail, raw_text, valid_from_utc, valid_to_utc"""
    plain = columns.format(
        instant="make_timestamptz(l.wall_us - CASE WHEN l.wall_us < l.switch_from_us THEN l.before_us ELSE l.after_us END)",
        reason=f"""CASE WHEN reason IS NOT NULL THEN reason WHEN l.time_zone IS NULL THEN '{Reason.NO_OFFSET}'
            WHEN l.switch_from_us IS NULL THEN '{Reason.FAR_DATE}'
            WHEN {in_switch} THEN '{Reason.NONEXISTENT_LOCAL_TIME}' END""",
        detail=f"""CASE WHEN reason IS NOT NULL THEN detail
            WHEN l.time_zone IS NULL THEN 'found local time ' || CAST(l.wall AS VARCHAR) || '; expected an offset, or a time_zone in the catalogue'
            WHEN l.switch_from_us IS NULL THEN 'found ' || CAST(l.wall AS VARCHAR) || '; expected a day from 2000 on, and at most a day ahead'
            WHEN {in_switch} THEN 'found ' || CAST(l.wall AS VARCHAR) || '; clocks in ' || l.time_zone || ' leave it out' END""",
    )
    twice = columns.format(
        instant="CASE WHEN times = 2 THEN make_timestamptz(wall_us - CASE WHEN nth = 1 THEN before_us ELSE after_us END) END",
        reason=f"CASE WHEN times <> 2 THEN '{Reason.AMBIGUOUS_LOCAL_TIME}' END",
        detail="""CASE WHEN times <> 2 THEN 'found ' || CAST(wall AS VARCHAR) || ' ' || times || ' times; expected both of '
            || time_zone || ', summer time first, or an offset' END""",
    )
    repeated = f"coalesce(reason IS NULL AND {in_switch} AND l.after_us < l.before_us, FALSE)"
    return f"""
        SELECT {plain} FROM ({located}) l WHERE NOT {repeated}
        UNION ALL
        SELECT {twice} FROM (SELECT *, row_number() OVER same AS nth, count(*) OVER (PARTITION BY file_no, sensor, wall_us) AS times
            FROM ({located}) l WHERE {repeated} WINDOW same AS (PARTITION BY file_no, sensor, wall_us ORDER BY source_row))"""
