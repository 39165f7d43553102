"""The kind `readings`, in two grains: a document per sensor and hour, or one per verified reading.

An hour's value is the sum for energy, the last value for a register and the mean for everything else. An hour begins
where its first interval does, so an interval longer than an hour is a document of its own, and where the civil day
begins at half past, the hour that two days share makes two documents.
"""

from grid_assets.domain.measures.measure import exact
from grid_assets.domain.search.common_fields import (
    ASSETS,
    DESCRIPTION,
    LOCATION,
    METER_ID,
    OPERATING_DAY,
    SENSOR_ID,
    SENSOR_TYPE,
    UNIT,
    instant_text,
)
from grid_assets.domain.search.fields import DocumentKind, Role, SearchField
from grid_assets.domain.tables import METER_READINGS, SENSORS

_RULES = SearchField("rule_ids", Role.EXACT, "Ids of the rules that fired.", 1.0, is_many=True)
_REASON = SearchField("reason", Role.WORDS, "Why values differ from the raw ones, or what was noticed.", 1.0)
_START = SearchField("period_start_utc", Role.TIME, "Start of the period.")
_MINUTES = SearchField("minutes", Role.COUNT, "Length of the period.")
_OF_SENSOR = (SENSOR_ID, SENSOR_TYPE, METER_ID, *ASSETS, *LOCATION, UNIT, DESCRIPTION)
_VALUE = exact("r.value")
_SENSOR_COLUMNS = "s.transformer_id, s.feeder_id, s.substation_id, s.region, s.latitude, s.longitude, s.description"
QUALITIES = ("edited", "estimated", "measured", "missing", "revised")
_HOUR_KEY = "r.sensor_id, r.sensor_type, r.operating_day, DATE_TRUNC('hour', r.interval_start_utc)"
_HOUR = f"{_HOUR_KEY} AS hour_utc"
_COUNTS = ", ".join(f"COUNT(CASE WHEN r.quality = '{q}' THEN 1 END) AS {q}_intervals" for q in QUALITIES)
_QUALITIES = ", ".join(f"CASE WHEN h.{q}_intervals > 0 THEN '{q}' END" for q in QUALITIES)

HOURLY_KIND = DocumentKind(
    "readings",
    "Verified readings by sensor and hour, with the sensor's place and words.",
    (
        *_OF_SENSOR,
        _START,
        _MINUTES,
        OPERATING_DAY,
        SearchField(
            "value", Role.NUMBER, "Energy: sum; register: last value; else the mean. None where all is missing."
        ),
        SearchField("min_value", Role.NUMBER, "Smallest value of an interval."),
        SearchField("max_value", Role.NUMBER, "Largest value of an interval."),
        SearchField("quality", Role.EXACT, "Qualities of the intervals.", 1.0, is_many=True),
        SearchField("intervals", Role.COUNT, "Intervals of the period."),
        SearchField("estimated_intervals", Role.COUNT, "Intervals with an estimated value."),
        SearchField("missing_intervals", Role.COUNT, "Intervals without any value."),
        _RULES,
        _REASON,
    ),
    f"""
WITH hours AS (
    SELECT {_HOUR}, MIN(r.meter_id) AS meter_id, MIN(r.unit) AS unit,
           MIN(r.interval_start_utc) AS period_start_utc, CAST(SUM(r.interval_minutes) AS BIGINT) AS minutes,
           SUM({_VALUE}) AS summed, COUNT({_VALUE}) AS counted,
           MAX_BY(r.value, CASE WHEN r.value IS NOT NULL THEN r.interval_start_utc END) AS last_value,
           MIN(r.value) AS min_value, MAX(r.value) AS max_value, COUNT(*) AS intervals, {_COUNTS}
    FROM meter_readings AS r
    GROUP BY {_HOUR_KEY}
), remarks AS (
    SELECT {_HOUR}, STRING_AGG(NULLIF(r.rule_ids, ''), ',') AS rule_ids,
           STRING_AGG(DISTINCT r.reason, '; ' ORDER BY r.reason) AS reason
    FROM meter_readings AS r
    WHERE r.rule_ids <> '' OR r.reason IS NOT NULL
    GROUP BY {_HOUR_KEY}
)
SELECT CONCAT(h.sensor_id, '|', {instant_text("h.period_start_utc")}) AS id, h.operating_day,
       h.sensor_id, h.sensor_type, h.meter_id, h.unit, h.period_start_utc, h.minutes,
       CASE WHEN h.sensor_type = 'register' THEN h.last_value
            WHEN h.sensor_type = 'energy' THEN CAST(h.summed AS DOUBLE)
            ELSE CAST(h.summed AS DOUBLE) / NULLIF(h.counted, 0) END AS value,
       h.min_value, h.max_value, CONCAT_WS(',', {_QUALITIES}) AS quality,
       h.intervals, h.estimated_intervals, h.missing_intervals, n.rule_ids, n.reason, {_SENSOR_COLUMNS}
FROM hours AS h
LEFT JOIN remarks AS n
    ON n.sensor_id = h.sensor_id AND n.sensor_type = h.sensor_type AND n.operating_day = h.operating_day
    AND n.hour_utc = h.hour_utc
LEFT JOIN sensors AS s ON s.sensor_id = h.sensor_id""",
    daily=METER_READINGS,
    whole=(SENSORS,),
)

RAW_KIND = DocumentKind(
    "readings",
    "Verified readings one by one, with the sensor's place and words.",
    (
        *_OF_SENSOR,
        _START,
        _MINUTES,
        OPERATING_DAY,
        SearchField("value", Role.NUMBER, "The verified value; none where it is missing."),
        SearchField("raw_value", Role.NUMBER, "The value as received."),
        SearchField("quality", Role.EXACT, "measured, revised, edited, estimated or missing.", 1.0),
        SearchField("estimation_method", Role.EXACT, "Method of the estimate or edit."),
        _RULES,
        _REASON,
    ),
    f"""
SELECT CONCAT(r.sensor_id, '|', {instant_text("r.interval_start_utc")}) AS id, r.operating_day,
       r.sensor_id, r.sensor_type, r.meter_id, r.unit, r.interval_start_utc AS period_start_utc,
       r.interval_minutes AS minutes, r.value, r.raw_value, r.quality, r.estimation_method, r.rule_ids, r.reason,
       {_SENSOR_COLUMNS}
FROM meter_readings AS r
LEFT JOIN sensors AS s ON s.sensor_id = r.sensor_id""",
    daily=METER_READINGS,
    whole=(SENSORS,),
)
