"""What a kind of event is, and the SQL that kinds share: runs of intervals, numbers and times in words.

Intervals that follow one another without a break become one event; an event ends with its operating day, so a longer
condition gives one event a day and a late file can restate its own days only.
"""

from dataclasses import dataclass

from grid_assets.domain.intervals import CIVIL_DAY_MINUTES

EVENT_COLUMNS = (
    "event_type",
    "severity",
    "sensor_id",
    "asset_type",
    "asset_id",
    "started_at_utc",
    "ended_at_utc",
    "value",
    "limit_value",
    "unit",
    "message",
    "operating_day",
)
"""The columns that the SQL of each kind gives; id and place are added to all of them at once."""


@dataclass(frozen=True)
class EventKind:
    """One kind of event: SQL that gives `EVENT_COLUMNS`; whom it is about, definition and severities in words."""

    event_type: str
    subject: str
    sql: str
    definition: str
    severity: str


@dataclass(frozen=True)
class SensorRun:
    """A kind of event that is a run of flagged intervals of one sensor.

    `condition` is SQL over a reading `r` and its catalogue row `s`; `value`, `limit` and `unit` are aggregates over the
    run's intervals (columns of `flagged_intervals`); `severity` and `message` are SQL over the event so far.
    """

    event_type: str
    condition: str
    severity: str
    value: str
    limit: str
    unit: str
    message: str

    def sql(self) -> str:
        """Return SQL that gives one row of `EVENT_COLUMNS` for each run."""
        return f"""
WITH flagged AS ({flagged_intervals(self.condition)}
), runs AS ({runs_of("flagged", ("sensor_id", "operating_day"))}
), events AS (
    SELECT sensor_id, operating_day, MIN(started_at_utc) AS started_at_utc, MAX(ended_at_utc) AS ended_at_utc,
           {minutes_between("MIN(started_at_utc)", "MAX(ended_at_utc)")} AS minutes,
           {self.value} AS value, {self.limit} AS limit_value, {self.unit} AS unit,
           COUNT(*) AS intervals, MIN(sensor_type) AS sensor_type, MIN(interval_minutes) AS interval_minutes,
           SUM(CASE WHEN quality = 'missing' THEN 1 ELSE 0 END) AS missing_intervals,
           SUM(CASE WHEN value IS NULL OR quality <> 'estimated' THEN 0 ELSE 1 END) AS estimated_intervals
    FROM runs
    GROUP BY sensor_id, operating_day, run
)
SELECT '{self.event_type}' AS event_type, {self.severity} AS severity, sensor_id,
       CAST(NULL AS VARCHAR) AS asset_type, CAST(NULL AS VARCHAR) AS asset_id,
       started_at_utc, ended_at_utc, value, limit_value, unit, {self.message} AS message, operating_day
FROM events"""


def flagged_intervals(condition: str) -> str:
    """Return SQL for the readings `r` (catalogue row `s`) under a condition, with start, end and rated limits."""
    return f"""
    SELECT r.sensor_id, r.sensor_type, r.operating_day, r.interval_minutes, r.interval_start_utc AS started_at_utc,
           {interval_end("r", "d")} AS ended_at_utc,
           r.value, r.raw_value, r.unit, r.raw_unit, r.quality, r.rule_ids, s.rated_min, s.rated_max
    FROM readings AS r
    JOIN sensors AS s ON s.sensor_id = r.sensor_id
    JOIN days AS d ON d.operating_day = r.operating_day
    WHERE {condition}"""


def interval_end(reading: str, day: str) -> str:
    """Return SQL for the end of a reading's interval; one of a civil day's length ends with its day."""
    return (
        f"CASE WHEN {reading}.interval_minutes >= {CIVIL_DAY_MINUTES} THEN {day}.end_utc "
        f"ELSE {reading}.interval_start_utc + {reading}.interval_minutes * INTERVAL 1 MINUTE END"
    )


def runs_of(relation: str, keys: tuple[str, ...]) -> str:
    """Return SQL that numbers, as `run`, the gapless runs of a relation's intervals within each combination of keys."""
    window = f"PARTITION BY {', '.join(keys)} ORDER BY started_at_utc"
    return f"""
    SELECT *, SUM(is_first) OVER ({window} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
    FROM (
        SELECT *, CASE WHEN LAG(ended_at_utc) OVER ({window}) = started_at_utc THEN 0 ELSE 1 END AS is_first
        FROM {relation}
    ) AS marked"""


def minutes_between(start: str, end: str) -> str:
    """Return SQL for the whole minutes between two instants."""
    return f"CAST((EPOCH({end}) - EPOCH({start})) / 60 AS BIGINT)"


def number(expression: str, decimals: int = 1) -> str:
    """Return SQL for a number in plain digits with a fixed count of decimals; `?` where it has none to show."""
    return f"COALESCE(CAST(TRY_CAST({expression} AS DECIMAL(28, {decimals})) AS VARCHAR), '?')"


def count(expression: str) -> str:
    """Return SQL for a whole number in words."""
    return f"CAST(CAST({expression} AS BIGINT) AS VARCHAR)"


def since(event: str) -> str:
    """Return SQL for the start of an event as hours and minutes, UTC."""
    return f"STRFTIME({event}.started_at_utc, '%H:%M')"


SINCE = "STRFTIME(started_at_utc, '%H:%M')"
"""SQL for the start of an event as hours and minutes, UTC."""

IS_OBSERVED = "r.quality IN ('measured', 'revised', 'edited')"
"""SQL: the value of a reading `r` was observed, not estimated."""
