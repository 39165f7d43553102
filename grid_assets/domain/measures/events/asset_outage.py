"""Outage of a transformer or feeder: all of its consumption meters at zero together, while they usually are not.

A meter is *active* on a day if its mean power of the day is above zero, or if rule V08 (zero run, which knows the
meter's history) fired on it. An interval of an active meter is *dead* if at most 1 % of that mean was observed, and
*silent* if nothing was observed: its value is missing or estimated. The area is out where every active meter is dead or
silent, at least two are dead, and at least half. Among meters of different interval lengths, the shortest length that
two active meters share decides. A feeder's outage inside of one of its transformer is told once, for the transformer.
"""

from grid_assets.domain.intervals import CIVIL_DAY_MINUTES
from grid_assets.domain.measures.events.kind import (
    IS_OBSERVED,
    EventKind,
    count,
    minutes_between,
    number,
    runs_of,
    since,
)
from grid_assets.domain.measures.measure import Step, exact, exact_sum

DEAD_SHARE = 0.01
"""Share of a meter's mean power of the day up to which an interval is dead."""
MIN_MINUTES = 15
"""Shortest outage that is told."""
MIN_METERS = 2
"""Fewest active and fewest dead meters."""

_OBSERVED = f"CASE WHEN {IS_OBSERVED} THEN r.value END"

CONSUMER_ASSETS = Step(
    "consumer_assets",
    """
SELECT sensor_id, 'transformer' AS asset_type, transformer_id AS asset_id
FROM sensors
WHERE sensor_type = 'energy' AND point_type = 'consumption' AND NULLIF(transformer_id, '') IS NOT NULL
UNION ALL
SELECT sensor_id, 'feeder' AS asset_type, feeder_id AS asset_id
FROM sensors
WHERE sensor_type = 'energy' AND point_type = 'consumption' AND NULLIF(feeder_id, '') IS NOT NULL""",
    "Transformer and feeder of every sensor of consumed energy.",
)

FEEDER_PARENTS = Step(
    "feeder_parents",
    """
SELECT f.asset_id AS feeder_id, MIN(t.asset_id) AS transformer_id
FROM consumer_assets AS f
LEFT JOIN consumer_assets AS t ON t.sensor_id = f.sensor_id AND t.asset_type = 'transformer'
WHERE f.asset_type = 'feeder'
GROUP BY f.asset_id
HAVING MIN(t.asset_id) = MAX(t.asset_id) AND COUNT(t.asset_id) = COUNT(*)""",
    "Transformer of every feeder whose sensors of consumed energy all hang on one.",
)

USUAL_LOADS = Step(
    "usual_loads",
    f"""
SELECT * FROM (
    SELECT r.sensor_id, r.operating_day, MIN(r.interval_minutes) AS interval_minutes,
           COALESCE(CAST({exact_sum(exact("r.value"))} AS DOUBLE) * 60
                    / NULLIF(SUM(CASE WHEN r.value IS NULL THEN 0 ELSE r.interval_minutes END), 0), 0) AS mean_kw,
           MAX(CASE WHEN r.rule_ids <> '' AND r.rule_ids LIKE '%V08%' THEN 1 ELSE 0 END) AS has_zero_run
    FROM readings AS r
    JOIN sensors AS s ON s.sensor_id = r.sensor_id
    WHERE r.sensor_type = 'energy' AND s.point_type = 'consumption' AND r.interval_minutes < {CIVIL_DAY_MINUTES}
    GROUP BY r.sensor_id, r.operating_day
) AS means
WHERE mean_kw > 0 OR has_zero_run = 1""",
    "Mean power of the day of every active sensor of consumed energy.",
)

DEAD_INTERVALS = Step(
    "dead_intervals",
    f"""
SELECT r.sensor_id, r.operating_day, r.interval_minutes, r.interval_start_utc,
       CASE WHEN {_OBSERVED} IS NULL THEN 0 ELSE 1 END AS is_dead,
       {exact(_OBSERVED)} AS energy
FROM readings AS r
JOIN usual_loads AS u ON u.sensor_id = r.sensor_id AND u.operating_day = r.operating_day
WHERE r.sensor_type = 'energy'
  AND ({_OBSERVED} IS NULL OR {_OBSERVED} * 60 <= {DEAD_SHARE} * u.mean_kw * r.interval_minutes)""",
    "Dead and silent intervals of active sensors.",
)

_SQL = f"""
WITH areas AS (
    SELECT c.asset_type, c.asset_id, u.operating_day, u.interval_minutes, COUNT(*) AS active,
           CAST({exact_sum(exact("u.mean_kw"))} AS DOUBLE) AS usual_kw
    FROM usual_loads AS u
    JOIN consumer_assets AS c ON c.sensor_id = u.sensor_id
    GROUP BY c.asset_type, c.asset_id, u.operating_day, u.interval_minutes
    HAVING COUNT(*) >= {MIN_METERS}
), deciding AS (
    SELECT a.* FROM areas AS a
    JOIN (SELECT asset_type, asset_id, operating_day, MIN(interval_minutes) AS shortest FROM areas
          GROUP BY asset_type, asset_id, operating_day) AS m
      ON m.asset_type = a.asset_type AND m.asset_id = a.asset_id AND m.operating_day = a.operating_day
     AND m.shortest = a.interval_minutes
), flagged AS (
    SELECT a.asset_type, a.asset_id, a.operating_day, a.active, a.usual_kw, x.interval_start_utc AS started_at_utc,
           x.interval_start_utc + a.interval_minutes * INTERVAL 1 MINUTE AS ended_at_utc,
           COALESCE(CAST({exact_sum("x.energy")} AS DOUBLE), 0) * 60 / a.interval_minutes AS power_kw
    FROM dead_intervals AS x
    JOIN consumer_assets AS c ON c.sensor_id = x.sensor_id
    JOIN deciding AS a ON a.asset_type = c.asset_type AND a.asset_id = c.asset_id
     AND a.operating_day = x.operating_day AND a.interval_minutes = x.interval_minutes
    GROUP BY a.asset_type, a.asset_id, a.operating_day, a.active, a.usual_kw, a.interval_minutes, x.interval_start_utc
    HAVING COUNT(*) = a.active AND SUM(x.is_dead) >= {MIN_METERS} AND SUM(x.is_dead) * 2 >= a.active
), runs AS ({runs_of("flagged", ("asset_type", "asset_id", "operating_day"))}
), events AS (
    SELECT asset_type, asset_id, operating_day,
           MIN(started_at_utc) AS started_at_utc, MAX(ended_at_utc) AS ended_at_utc,
           {minutes_between("MIN(started_at_utc)", "MAX(ended_at_utc)")} AS minutes,
           MAX(power_kw) AS value, MAX(usual_kw) AS limit_value, MAX(active) AS active
    FROM runs
    GROUP BY asset_type, asset_id, operating_day, run
)
SELECT 'outage' AS event_type, 'critical' AS severity, CAST(NULL AS VARCHAR) AS sensor_id, e.asset_type, e.asset_id,
       e.started_at_utc, e.ended_at_utc, e.value, e.limit_value, 'kW' AS unit,
       CONCAT('Outage of ', e.asset_type, ' ', e.asset_id, ' for ', {count("e.minutes")}, ' min from ', {since("e")},
              ' UTC: none of its ', {count("e.active")}, ' active meters drew power, usually ',
              {number("e.limit_value")}, ' kW together.') AS message,
       e.operating_day
FROM events AS e
LEFT JOIN feeder_parents AS p ON e.asset_type = 'feeder' AND p.feeder_id = e.asset_id
LEFT JOIN events AS t
  ON t.asset_type = 'transformer' AND t.asset_id = p.transformer_id AND t.operating_day = e.operating_day
 AND t.started_at_utc <= e.started_at_utc AND t.ended_at_utc >= e.ended_at_utc
WHERE e.minutes >= {MIN_MINUTES} AND t.asset_id IS NULL"""

ASSET_OUTAGE = EventKind(
    "outage",
    "transformer or feeder",
    _SQL,
    "All active consumption meters of a transformer or feeder without load for at least "
    f"{MIN_MINUTES} min: each dead (at most {DEAD_SHARE:.0%} of its mean power of the day) or silent, at least "
    f"{MIN_METERS} and at least half of them dead. Active: mean power of the day above zero, or rule V08 fired. "
    "`value` is the largest power that was still drawn, `limit_value` the meters' summed mean power of the day.",
    "critical",
)
