"""The SQL that turns local times into instants by the zone that the catalogue states for their sensor.

An hour that clocks leave out has no instant. An hour that happens twice has two: where a file gives a sensor's wall
time exactly twice, the first is summer time and the second standard time; any other count stays ambiguous.
"""

from grid_assets.domain.ingest_reasons import Reason
from grid_assets.domain.projections.sql import literal
from grid_assets.pipeline.ingest.relations import DAY_US, GROUP, IS_ROW, LOCAL_DAYS, ROW, SENSORS, TYPED

IN_SWITCH = "wall_us >= switch_from_us AND wall_us < switch_to_us"
IS_REPEATED = f"coalesce(reason IS NULL AND {IN_SWITCH} AND after_us < before_us, FALSE)"
FOUND = "'found local time ' || CAST(wall AS VARCHAR) || '; expected '"


def local_rows_sql(limits_text: str) -> str:
    """Return the query of the group's rows with local times, resolved or with a reason.

    Columns: file_no, source_row, sensor, instant, value, unit, quality, channel, interval_minutes, reason, detail,
    raw_text, valid_from_utc, valid_to_utc.
    """
    return f"{_once_sql(limits_text)} UNION ALL {_twice_sql()}"


def _located_sql() -> str:
    """Return the rows beside the row of their zone and civil day: its offsets and what clocks do on it."""
    return f"""
        SELECT g.file_no, {ROW} AS source_row, t.sensor, t.wall, epoch_us(t.wall) AS wall_us, t.value, t.unit,
            t.quality, t.channel, t.interval_minutes, t.reason, t.detail, t.raw_text, s.time_zone, s.valid_from_utc,
            s.valid_to_utc, d.switch_from_us, d.switch_to_us, d.before_us, d.after_us
        FROM {TYPED} t JOIN {GROUP} g ON g.file_index = t.file_index LEFT JOIN {SENSORS} s ON s.sensor = t.sensor
        LEFT JOIN {LOCAL_DAYS} d ON d.time_zone = s.time_zone
            AND d.local_day = CAST(epoch_us(t.wall) // {DAY_US} AS INTEGER)
        WHERE {IS_ROW} AND t.wall IS NOT NULL"""


def _once_sql(limits_text: str) -> str:
    """Return the rows whose wall time happens once or never."""
    return f"""
        SELECT file_no, source_row, sensor,
            make_timestamptz(wall_us - CASE WHEN wall_us < switch_from_us THEN before_us ELSE after_us END) AS instant,
            value, unit, quality, channel, interval_minutes,
            CASE WHEN reason IS NOT NULL THEN reason
                WHEN time_zone IS NULL THEN '{Reason.NO_OFFSET}'
                WHEN switch_from_us IS NULL THEN '{Reason.FAR_DATE}'
                WHEN {IN_SWITCH} THEN '{Reason.NONEXISTENT_LOCAL_TIME}' END AS reason,
            CASE WHEN reason IS NOT NULL THEN detail
                WHEN time_zone IS NULL THEN {FOUND} || 'an offset, or a time_zone of the sensor in the catalogue'
                WHEN switch_from_us IS NULL THEN {FOUND} || {literal(limits_text)}
                WHEN {IN_SWITCH} THEN {FOUND} || 'a time that clocks in ' || time_zone || ' show' END AS detail,
            raw_text, valid_from_utc, valid_to_utc
        FROM ({_located_sql()}) WHERE NOT {IS_REPEATED}"""


def _twice_sql() -> str:
    """Return the rows whose wall time happens twice."""
    same = "PARTITION BY file_no, sensor, wall_us"
    return f"""
        SELECT file_no, source_row, sensor,
            CASE WHEN times = 2 THEN make_timestamptz(wall_us - CASE WHEN nth = 1 THEN before_us ELSE after_us END) END
                AS instant,
            value, unit, quality, channel, interval_minutes,
            CASE WHEN times <> 2 THEN '{Reason.AMBIGUOUS_LOCAL_TIME}' END AS reason,
            CASE WHEN times <> 2 THEN 'found local time ' || CAST(wall AS VARCHAR) || ' ' || times
                || ' times in the file; expected it twice, summer time first, or an offset' END AS detail,
            raw_text, valid_from_utc, valid_to_utc
        FROM (SELECT *, row_number() OVER ({same} ORDER BY source_row) AS nth, count(*) OVER ({same}) AS times
            FROM ({_located_sql()}) WHERE {IS_REPEATED})"""
