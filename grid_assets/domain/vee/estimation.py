"""Estimates for slots without a usable value: a straight line for short gaps, like days for long ones.

Registers are never estimated. Only exact values anchor a line: measured or revised ones, converted or not, that no
rule rejected; neither snapped ones nor estimates that were received.
"""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.rule_model import LIKE_DAY_TYPES, type_list
from grid_assets.domain.vee.statement import Statement

NEEDS = """
SELECT r.sensor_no, r.day_no, r.slot, r.local_minute, r.interval_minutes, r.sensor_type
FROM vee_reading AS r
LEFT JOIN vee_suspects AS s ON s.sensor_no = r.sensor_no AND s.day_no = r.day_no AND s.slot = r.slot
WHERE r.sensor_type <> 'register' AND (r.value IS NULL OR COALESCE(s.is_rejected, FALSE))
"""

# Runs of needs within a day; a line needs an exact value right before and right after its run, in the same day.
LINES = f"""
WITH numbered AS (
    SELECT n.*, slot - row_number() OVER (PARTITION BY sensor_no, day_no ORDER BY slot) AS run FROM vee_needs AS n
), runs AS (
    SELECT sensor_no, day_no, run, MIN(slot) - 1 AS slot_before, MAX(slot) + 1 AS slot_after
    FROM numbered
    GROUP BY sensor_no, day_no, run
    HAVING SUM(interval_minutes) <= {t.LINEAR_MINUTES}
), anchors AS (
    SELECT sensor_no, day_no, slot, value FROM vee_reading
    WHERE value IS NOT NULL AND NOT is_snapped AND received_quality <> 'estimated'
)
SELECT n.sensor_no, n.day_no, n.slot,
       b.value + (a.value - b.value) * (n.slot - r.slot_before) / (r.slot_after - r.slot_before) AS value
FROM runs AS r
JOIN numbered AS n ON n.sensor_no = r.sensor_no AND n.day_no = r.day_no AND n.run = r.run
JOIN anchors AS b ON b.sensor_no = r.sensor_no AND b.day_no = r.day_no AND b.slot = r.slot_before
JOIN anchors AS a ON a.sensor_no = r.sensor_no AND a.day_no = r.day_no AND a.slot = r.slot_after
"""

LIKE_DAYS = f"""
WITH wanted AS (
    SELECT n.* FROM vee_needs AS n
    LEFT JOIN vee_lines AS l ON l.sensor_no = n.sensor_no AND l.day_no = n.day_no AND l.slot = n.slot
    WHERE l.slot IS NULL AND n.sensor_type IN ({type_list(LIKE_DAY_TYPES)})
), earlier AS (
    SELECT w.sensor_no, w.day_no, w.slot, p.is_like_day, p.is_in_week, CAST(h.value AS DECIMAL(28, 9)) AS value
    FROM wanted AS w
    JOIN vee_pairs AS p ON p.day_no = w.day_no AND (p.is_like_day OR p.is_in_week)
    JOIN vee_slots AS x
        ON x.interval_minutes = w.interval_minutes AND x.day_no = p.earlier_day_no AND x.local_minute = w.local_minute
    JOIN vee_history AS h ON h.sensor_no = w.sensor_no AND h.day_no = x.day_no AND h.slot = x.slot
), sums AS (
    SELECT sensor_no, day_no, slot,
           SUM(CASE WHEN is_like_day THEN value END) AS like_sum,
           SUM(CASE WHEN is_like_day THEN 1 ELSE 0 END) AS like_count,
           SUM(CASE WHEN is_in_week THEN value END) AS week_sum,
           SUM(CASE WHEN is_in_week THEN 1 ELSE 0 END) AS week_count
    FROM earlier GROUP BY sensor_no, day_no, slot
)
SELECT sensor_no, day_no, slot,
       CASE WHEN like_count > 0 THEN 'like_day' ELSE 'recent_days' END AS method,
       CASE WHEN like_count > 0 THEN CAST(like_sum AS DOUBLE) / like_count
            ELSE CAST(week_sum AS DOUBLE) / NULLIF(week_count, 0) END AS value
FROM sums
"""

ESTIMATES = """
SELECT sensor_no, day_no, slot, 'linear' AS method, value FROM vee_lines
UNION ALL
SELECT sensor_no, day_no, slot, method, value FROM vee_like_days
"""


def estimation_statements() -> tuple[Statement, ...]:
    """Return the steps to `vee_estimates`: at most one value and method per slot that needs one."""
    return (
        Statement("vee_needs", NEEDS),
        Statement("vee_lines", LINES),
        Statement("vee_like_days", LIKE_DAYS),
        Statement("vee_estimates", ESTIMATES),
    )
