"""Second stage: values that stand out in their day or against the sensor's history.

Only suspects come this far: values outside of the usual range, and values in a long run of identical ones. History
are the plausible values of up to 28 earlier days, as received; never later days, never verified results.
"""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.day_rules import VARYING_TYPES
from grid_assets.domain.vee.rule_model import FLOWS, Effect, Stage
from grid_assets.domain.vee.rule_sql import fired_columns, has_effect, reasons
from grid_assets.domain.vee.rules import rules_of
from grid_assets.domain.vee.statement import Statement

RULES = rules_of(Stage.DAY)
LONG_RUN_MINUTES = min(t.ZERO_RUN_MINUTES, t.STUCK_MINUTES)

DAILY = """
SELECT sensor_no, day_no, MAX(value) AS highest, MIN(value) AS lowest FROM vee_history GROUP BY sensor_no, day_no
"""

RANGES = f"""
WITH earlier AS (
    SELECT h.sensor_no, p.day_no, h.highest, h.lowest,
           COUNT(*) OVER (PARTITION BY h.sensor_no, p.day_no) AS history_days,
           row_number() OVER (PARTITION BY h.sensor_no, p.day_no ORDER BY h.highest DESC) AS rank_high,
           row_number() OVER (PARTITION BY h.sensor_no, p.day_no ORDER BY h.lowest) AS rank_low
    FROM vee_daily AS h JOIN vee_pairs AS p ON p.earlier_day_no = h.day_no
)
SELECT sensor_no, day_no, MAX(history_days) AS history_days,
       MAX(CASE WHEN rank_high = 1 + history_days // {t.HISTORY_TRIM} THEN highest END) AS history_high,
       MAX(CASE WHEN rank_low = 1 + history_days // {t.HISTORY_TRIM} THEN lowest END) AS history_low
FROM earlier GROUP BY sensor_no, day_no
"""

VARYING = ", ".join(f"'{name}'" for name in VARYING_TYPES)
FLOW = ", ".join(f"'{name}'" for name in FLOWS)
NEIGHBOURS = f"""
SELECT sensor_no, day_no, slot, local_minute, interval_minutes, sensor_type, value,
       lag(value) OVER day AS previous_value, lead(value) OVER day AS next_value
FROM vee_reading
WHERE value IS NOT NULL AND sensor_type IN ({VARYING})
WINDOW day AS (PARTITION BY sensor_no, day_no ORDER BY slot)
"""

RUNS = f"""
WITH repeating AS (
    SELECT sensor_no, day_no FROM vee_neighbours
    GROUP BY sensor_no, day_no
    HAVING SUM(CASE WHEN value = previous_value THEN interval_minutes ELSE 0 END) + MAX(interval_minutes)
        >= {LONG_RUN_MINUTES}
), numbered AS (
    SELECT n.*, SUM(CASE WHEN n.value = n.previous_value THEN 0 ELSE 1 END)
               OVER (PARTITION BY n.sensor_no, n.day_no ORDER BY n.slot ROWS UNBOUNDED PRECEDING) AS run
    FROM vee_neighbours AS n JOIN repeating AS r ON r.sensor_no = n.sensor_no AND r.day_no = n.day_no
), measured AS (
    SELECT *, SUM(interval_minutes) OVER (PARTITION BY sensor_no, day_no, run) AS run_minutes FROM numbered
)
SELECT sensor_no, day_no, slot, local_minute, interval_minutes, sensor_type, value, run, run_minutes
FROM measured WHERE run_minutes >= {LONG_RUN_MINUTES}
"""

ZERO_SLOTS = f"""
WITH earlier AS (
    SELECT z.sensor_no, z.day_no, z.slot,
           AVG(CASE WHEN p.is_like_day THEN CASE WHEN h.value = 0 THEN 1.0 ELSE 0.0 END END) AS like_share,
           AVG(CASE WHEN p.is_in_week THEN CASE WHEN h.value = 0 THEN 1.0 ELSE 0.0 END END) AS week_share
    FROM vee_runs AS z
    JOIN vee_pairs AS p ON p.day_no = z.day_no AND (p.is_like_day OR p.is_in_week)
    JOIN vee_history AS h
        ON h.sensor_no = z.sensor_no AND h.day_no = p.earlier_day_no AND h.local_minute = z.local_minute
    WHERE z.value = 0 AND z.sensor_type IN ({FLOW})
    GROUP BY z.sensor_no, z.day_no, z.slot
)
SELECT sensor_no, day_no, slot, COALESCE(like_share, week_share) AS usual_zero_share FROM earlier
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

SUSPECTS = f"""
WITH features AS (
    SELECT n.sensor_no, n.day_no, n.slot, n.value, n.previous_value, n.next_value,
           s.sensor_type, s.point_type, s.unit, s.interval_minutes, s.rated_min, s.rated_max, s.limit_low, s.limit_high,
           COALESCE(g.history_days, 0) AS history_days, g.history_low, g.history_high, r.run_minutes,
           z.usual_zero_share, q.repeat_share,
           SUM(CASE WHEN z.usual_zero_share <= {t.ZERO_RUN_HISTORY_SHARE} THEN n.interval_minutes ELSE 0 END)
               OVER (PARTITION BY n.sensor_no, n.day_no, r.run) AS unusual_zero_minutes
    FROM vee_neighbours AS n
    JOIN vee_sensors AS s ON s.sensor_no = n.sensor_no
    LEFT JOIN vee_ranges AS g ON g.sensor_no = n.sensor_no AND g.day_no = n.day_no
    LEFT JOIN vee_runs AS r ON r.sensor_no = n.sensor_no AND r.day_no = n.day_no AND r.slot = n.slot
    LEFT JOIN vee_zero_slots AS z ON z.sensor_no = n.sensor_no AND z.day_no = n.day_no AND z.slot = n.slot
    LEFT JOIN vee_repeats AS q ON q.sensor_no = n.sensor_no AND q.day_no = n.day_no
    WHERE r.run IS NOT NULL OR n.value > g.history_high OR n.value < g.history_low
), judged AS (
    SELECT *, {fired_columns(RULES)}, {has_effect(RULES, Effect.REJECT)} AS is_rejected, {reasons(RULES)} AS reason
    FROM features
)
SELECT sensor_no, day_no, slot, {", ".join(rule.column for rule in RULES)}, is_rejected, reason
FROM judged WHERE {" OR ".join(rule.column for rule in RULES)}
"""


def suspect_statements() -> tuple[Statement, ...]:
    """Return the steps to `vee_suspects`: one row per value that a rule of the second stage fired on."""
    return (
        Statement("vee_daily", DAILY),
        Statement("vee_ranges", RANGES),
        Statement("vee_neighbours", NEIGHBOURS),
        Statement("vee_runs", RUNS),
        Statement("vee_zero_slots", ZERO_SLOTS),
        Statement("vee_repeats", REPEATS),
        Statement("vee_suspects", SUSPECTS),
    )
