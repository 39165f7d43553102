"""Second stage: values that stand out in their day or against the sensor's history.

Only suspects come this far: values outside of the usual range, peaks, and values in a long run of identical ones. What
is usual is found by `history.py` and `runs.py`.
"""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.history import history_statements
from grid_assets.domain.vee.rule_model import Effect, Stage
from grid_assets.domain.vee.rule_sql import fired_columns, has_effect, reasons
from grid_assets.domain.vee.rules import rules_of
from grid_assets.domain.vee.runs import run_statements
from grid_assets.domain.vee.statement import Statement

RULES = rules_of(Stage.DAY)

SUSPECTS = f"""
WITH features AS (
    SELECT n.sensor_no, n.day_no, n.slot, n.value, n.previous_value, n.next_value,
           s.sensor_type, s.point_type, s.unit, s.interval_minutes, s.rated_min, s.rated_max, s.limit_low, s.limit_high,
           COALESCE(g.history_days, 0) AS history_days, g.history_low, g.history_high, k.usual_peak_ratio,
           r.run_minutes,
           z.usual_zero_share, q.repeat_share, w.day_no IS NOT NULL AS is_disproved,
           SUM(CASE WHEN z.usual_zero_share <= {t.ZERO_RUN_HISTORY_SHARE}
                    THEN n.interval_minutes + CASE WHEN n.slot = 0 THEN r.before_day ELSE 0 END ELSE 0 END)
               OVER (PARTITION BY n.sensor_no, n.day_no, r.run) AS unusual_zero_minutes
    FROM vee_neighbours AS n
    JOIN vee_sensors AS s ON s.sensor_no = n.sensor_no
    LEFT JOIN vee_ranges AS g ON g.sensor_no = n.sensor_no AND g.day_no = n.day_no
    LEFT JOIN vee_peaks AS k ON k.sensor_no = n.sensor_no AND k.day_no = n.day_no
    LEFT JOIN vee_runs AS r ON r.sensor_no = n.sensor_no AND r.day_no = n.day_no AND r.slot = n.slot
    LEFT JOIN vee_zero_slots AS z ON z.sensor_no = n.sensor_no AND z.day_no = n.day_no AND z.slot = n.slot
    LEFT JOIN vee_disproved AS w ON w.sensor_no = n.sensor_no AND w.day_no = n.day_no
    LEFT JOIN vee_repeats AS q ON q.sensor_no = n.sensor_no AND q.day_no = n.day_no
    WHERE r.run IS NOT NULL OR n.value > g.history_high OR n.value < g.history_low
       OR (k.usual_peak_ratio IS NOT NULL OR g.history_days IS NULL OR g.history_days < {t.MIN_HISTORY_DAYS})
          AND n.value > {t.PEAK_RATIO} * GREATEST(n.previous_value, n.next_value)
), judged AS (
    SELECT *, {fired_columns(RULES)}, {has_effect(RULES, Effect.REJECT)} AS is_rejected, {reasons(RULES)} AS reason
    FROM features
)
SELECT sensor_no, day_no, slot, {", ".join(rule.column for rule in RULES)}, is_rejected, reason
FROM judged WHERE {" OR ".join(rule.column for rule in RULES)}
"""


def suspect_statements() -> tuple[Statement, ...]:
    """Return the steps to `vee_suspects`: one row per value that a rule of the second stage fired on."""
    return (*history_statements(), *run_statements(), Statement("vee_suspects", SUSPECTS))
