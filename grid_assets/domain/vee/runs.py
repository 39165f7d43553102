"""Runs of one identical value: how long they are, and whether they are usual for the sensor at that time of day."""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.statement import Statement

LONG_RUN_MINUTES = min(t.ZERO_RUN_MINUTES, t.STUCK_MINUTES)
IS_TELLING = "(n.value <> 0 OR n.point_type = 'consumption')"

# How long the day before ended with the value that the day begins with: that part of a run is known already.
CARRIED = """
WITH held AS (
    SELECT n.sensor_no, n.day_no, n.value, n.interval_minutes
    FROM vee_neighbours AS n
    JOIN vee_days AS d ON d.day_no = n.day_no - 1
    JOIN vee_history AS h ON h.sensor_no = n.sensor_no AND h.day_no = d.day_no AND h.value = n.value
    WHERE n.slot = 0 AND h.slot = d.seconds // (n.interval_minutes * 60) - 1
), broken AS (
    SELECT e.sensor_no, e.day_no, MAX(CASE WHEN h.value <> e.value THEN h.slot ELSE -1 END) AS last_other
    FROM held AS e JOIN vee_history AS h ON h.sensor_no = e.sensor_no AND h.day_no = e.day_no - 1
    GROUP BY e.sensor_no, e.day_no
)
SELECT e.sensor_no, e.day_no, SUM(e.interval_minutes) AS carried_minutes
FROM held AS e
JOIN broken AS b ON b.sensor_no = e.sensor_no AND b.day_no = e.day_no
JOIN vee_history AS h ON h.sensor_no = e.sensor_no AND h.day_no = e.day_no - 1 AND h.slot > b.last_other
GROUP BY e.sensor_no, e.day_no
"""

RUNS = f"""
WITH repeating AS (
    SELECT n.sensor_no, n.day_no, MAX(COALESCE(c.carried_minutes, 0)) AS carried_minutes
    FROM vee_neighbours AS n LEFT JOIN vee_carried AS c ON c.sensor_no = n.sensor_no AND c.day_no = n.day_no
    GROUP BY n.sensor_no, n.day_no
    HAVING SUM(CASE WHEN n.value = n.previous_value AND {IS_TELLING} THEN n.interval_minutes ELSE 0 END)
        + MAX(n.interval_minutes)
        + MAX(COALESCE(c.carried_minutes, 0)) >= {LONG_RUN_MINUTES}
), numbered AS (
    SELECT n.*, r.carried_minutes, SUM(CASE WHEN n.value = n.previous_value THEN 0 ELSE 1 END)
               OVER (PARTITION BY n.sensor_no, n.day_no ORDER BY n.slot ROWS UNBOUNDED PRECEDING) AS run
    FROM vee_neighbours AS n JOIN repeating AS r ON r.sensor_no = n.sensor_no AND r.day_no = n.day_no
), begun AS (
    SELECT *, SUM(interval_minutes) OVER (PARTITION BY sensor_no, day_no, run) AS in_day,
           CASE WHEN MIN(slot) OVER (PARTITION BY sensor_no, day_no, run) = 0 THEN carried_minutes ELSE 0 END
               AS before_day
    FROM numbered
)
SELECT sensor_no, day_no, slot, local_minute, interval_minutes, value, run, before_day,
       before_day + in_day AS run_minutes
FROM begun AS n WHERE before_day + in_day >= {LONG_RUN_MINUTES} AND {IS_TELLING}
"""

ZERO_SLOTS = """
SELECT z.sensor_no, z.day_no, z.slot, AVG(CASE WHEN h.value = z.value THEN 1.0 ELSE 0.0 END) AS usual_zero_share
FROM vee_runs AS z
JOIN vee_pairs AS p ON p.day_no = z.day_no AND (p.is_like_day OR p.is_in_week)
JOIN vee_slots AS x
    ON x.interval_minutes = z.interval_minutes AND x.day_no = p.earlier_day_no AND x.local_minute = z.local_minute
JOIN vee_history AS h ON h.sensor_no = z.sensor_no AND h.day_no = x.day_no AND h.slot = x.slot
WHERE z.value = 0
GROUP BY z.sensor_no, z.day_no, z.slot
"""

REPEATS = """
WITH stuck AS (SELECT DISTINCT sensor_no, day_no FROM vee_runs WHERE value <> 0
), pairs AS (
    SELECT a.sensor_no, a.day_no, COUNT(*) AS compared, SUM(CASE WHEN a.value = b.value THEN 1 ELSE 0 END) AS repeated
    FROM vee_history AS a
    JOIN (SELECT DISTINCT sensor_no FROM stuck) AS s ON s.sensor_no = a.sensor_no
    JOIN vee_history AS b ON b.sensor_no = a.sensor_no AND b.day_no = a.day_no AND b.slot = a.slot - 1
    WHERE a.value <> 0
    GROUP BY a.sensor_no, a.day_no
)
SELECT s.sensor_no, s.day_no, SUM(h.repeated) * 1.0 / SUM(h.compared) AS repeat_share
FROM stuck AS s
JOIN vee_pairs AS p ON p.day_no = s.day_no
JOIN pairs AS h ON h.sensor_no = s.sensor_no AND h.day_no = p.earlier_day_no
GROUP BY s.sensor_no, s.day_no
"""

# Sensor-days with unusual zeros, complete otherwise, on which the register of the meter advanced by more than was read.
DISPROVED = f"""
WITH zeros AS (
    SELECT DISTINCT sensor_no, day_no FROM vee_zero_slots WHERE usual_zero_share <= {t.ZERO_RUN_HISTORY_SHARE}
)
SELECT z.sensor_no, z.day_no
FROM zeros AS z
JOIN vee_advances AS a ON a.sensor_no = z.sensor_no AND a.day_no = z.day_no
JOIN vee_days AS d ON d.day_no = z.day_no
JOIN vee_reading AS r ON r.sensor_no = z.sensor_no AND r.day_no = z.day_no
GROUP BY z.sensor_no, z.day_no
HAVING SUM(CASE WHEN r.value IS NOT NULL THEN r.interval_minutes ELSE 0 END) * 60 = MAX(d.seconds)
   AND MIN(a.register_delta) - SUM(r.value)
       > GREATEST({t.REGISTER_TOLERANCE_KWH}, {t.REGISTER_TOLERANCE_SHARE} * MIN(a.register_delta))
"""


def run_statements() -> tuple[Statement, ...]:
    """Return the steps to `vee_runs`, `vee_zero_slots` (per value), `vee_disproved`, `vee_repeats` (per sensor-day)."""
    return (
        Statement("vee_carried", CARRIED),
        Statement("vee_runs", RUNS),
        Statement("vee_zero_slots", ZERO_SLOTS),
        Statement("vee_disproved", DISPROVED),
        Statement("vee_repeats", REPEATS),
    )
