"""Registers and intervals of one meter: the sum check, and estimates scaled to the register.

A register reading of a day is the index at the day's end, so the day's energy is its register less the day before's.
Both must have been received and be plausible. Estimates are scaled by one factor, as profiles are fitted to a
register in practice; slots without any estimate take the mean of the others first, or an equal share where there is
none.
"""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.rule_model import Stage
from grid_assets.domain.vee.rule_sql import fired_columns, reasons
from grid_assets.domain.vee.rules import rules_of
from grid_assets.domain.vee.statement import Statement

RULES = rules_of(Stage.REGISTER)

LAST_SLOT = "CASE WHEN s.interval_minutes >= 1440 THEN 0 ELSE d.seconds // (s.interval_minutes * 60) - 1 END"
ADVANCES = f"""
WITH ends AS (
    SELECT h.sensor_no, h.day_no, h.slot, h.value
    FROM vee_history AS h
    JOIN vee_sensors AS s ON s.sensor_no = h.sensor_no
    JOIN vee_days AS d ON d.day_no = h.day_no
    WHERE s.sensor_type = 'register' AND h.slot = {LAST_SLOT}
), meters AS (
    SELECT r.sensor_no AS register_no, MIN(e.sensor_no) AS sensor_no
    FROM vee_sensors AS r
    JOIN vee_sensors AS e ON e.meter_id = r.meter_id AND e.point_type = r.point_type AND e.sensor_type = 'energy'
    WHERE r.sensor_type = 'register'
    GROUP BY r.sensor_no
)
SELECT a.sensor_no AS register_no, m.sensor_no, a.day_no, a.slot AS register_slot, a.value - b.value AS register_delta
FROM ends AS a
JOIN vee_days AS d ON d.day_no = a.day_no AND d.is_target
JOIN ends AS b ON b.sensor_no = a.sensor_no AND b.day_no = a.day_no - 1
LEFT JOIN meters AS m ON m.register_no = a.sensor_no
"""

DAY_SUMS = """
WITH advanced AS (SELECT DISTINCT sensor_no, day_no FROM vee_advances WHERE sensor_no IS NOT NULL)
SELECT r.sensor_no, r.day_no, COUNT(*) AS slots,
       SUM(CASE WHEN n.slot IS NULL THEN CAST(r.value AS DECIMAL(28, 9)) END) AS kept_sum,
       SUM(CASE WHEN n.slot IS NULL AND r.received_quality = 'estimated' THEN 1 ELSE 0 END) AS received_estimates,
       SUM(CAST(e.value AS DECIMAL(28, 9))) AS estimated_sum,
       COUNT(e.slot) AS estimated,
       COUNT(n.slot) - COUNT(e.slot) AS missing
FROM vee_reading AS r
JOIN advanced AS a ON a.sensor_no = r.sensor_no AND a.day_no = r.day_no
LEFT JOIN vee_needs AS n ON n.sensor_no = r.sensor_no AND n.day_no = r.day_no AND n.slot = r.slot
LEFT JOIN vee_estimates AS e ON e.sensor_no = r.sensor_no AND e.day_no = r.day_no AND e.slot = r.slot
GROUP BY r.sensor_no, r.day_no
"""

VERDICTS = f"""
WITH features AS (
    SELECT a.register_no AS sensor_no, a.day_no, a.register_slot AS slot, s.sensor_type, s.point_type, s.limit_high,
           a.register_delta,
           CASE WHEN b.estimated + b.missing + b.received_estimates = 0
                 AND b.slots = d.seconds // (e.interval_minutes * 60)
                THEN CAST(b.kept_sum AS DOUBLE) END AS interval_sum,
           GREATEST({t.REGISTER_TOLERANCE_KWH}, {t.REGISTER_TOLERANCE_SHARE} * ABS(a.register_delta)) AS tolerance_kwh
    FROM vee_advances AS a
    JOIN vee_sensors AS s ON s.sensor_no = a.register_no
    JOIN vee_days AS d ON d.day_no = a.day_no
    LEFT JOIN vee_sensors AS e ON e.sensor_no = a.sensor_no
    LEFT JOIN vee_day_sums AS b ON b.sensor_no = a.sensor_no AND b.day_no = a.day_no
), judged AS (SELECT *, {fired_columns(RULES)}, {reasons(RULES)} AS reason FROM features)
SELECT sensor_no, day_no, slot, {", ".join(rule.column for rule in RULES)}, reason
FROM judged WHERE {" OR ".join(rule.column for rule in RULES)}
"""

# What is left of the register's advance after the kept values; sensor-days that cannot be scaled are not in it.
REMAINDERS = f"""
WITH remainders AS (
    SELECT a.sensor_no, a.day_no, a.register_delta - COALESCE(CAST(b.kept_sum AS DOUBLE), 0) AS remainder,
           GREATEST({t.REGISTER_TOLERANCE_KWH}, {t.REGISTER_TOLERANCE_SHARE} * a.register_delta) AS tolerance_kwh,
           CASE WHEN b.estimated = 0 THEN 1 ELSE CAST(b.estimated_sum AS DOUBLE) / b.estimated END AS mean_estimate,
           b.estimated + b.missing AS filled, b.slots
    FROM vee_advances AS a
    JOIN vee_day_sums AS b ON b.sensor_no = a.sensor_no AND b.day_no = a.day_no
    JOIN vee_sensors AS s ON s.sensor_no = a.sensor_no
    JOIN vee_sensors AS r ON r.sensor_no = a.register_no
    JOIN vee_days AS d ON d.day_no = a.day_no
    WHERE s.point_type <> 'exchange' AND a.register_delta >= 0 AND b.estimated + b.missing > 0
      AND b.slots = d.seconds // (s.interval_minutes * 60)
      AND (s.limit_high IS NULL OR a.register_delta <= s.limit_high * b.slots)
      AND (r.limit_high IS NULL OR a.register_delta <= r.limit_high)
)
SELECT sensor_no, day_no, GREATEST(remainder, 0) AS remainder, mean_estimate, filled
FROM remainders WHERE remainder >= -tolerance_kwh
"""

FILLED = f"""
SELECT n.sensor_no, n.day_no, n.slot,
       CASE WHEN m.filled IS NULL THEN e.method
            WHEN e.method IS NULL OR m.mean_estimate = 0 THEN 'flat+register'
            ELSE CONCAT(e.method, '+register') END AS method,
       ROUND(CASE WHEN m.filled IS NULL THEN e.value
                  WHEN m.mean_estimate = 0 THEN m.remainder / m.filled
                  ELSE COALESCE(e.value, m.mean_estimate) * m.remainder / (m.mean_estimate * m.filled) END,
             {t.ESTIMATE_DECIMALS}) AS value
FROM vee_needs AS n
LEFT JOIN vee_estimates AS e ON e.sensor_no = n.sensor_no AND e.day_no = n.day_no AND e.slot = n.slot
LEFT JOIN vee_remainders AS m ON m.sensor_no = n.sensor_no AND m.day_no = n.day_no
"""


def advance_statements() -> tuple[Statement, ...]:
    """Return the step to `vee_advances`: what each register advanced on a day, and its energy sensor."""
    return (Statement("vee_advances", ADVANCES),)


def register_statements() -> tuple[Statement, ...]:
    """Return the steps to `vee_register_verdicts` and `vee_filled`, the final estimates."""
    return (
        Statement("vee_day_sums", DAY_SUMS),
        Statement("vee_register_verdicts", VERDICTS),
        Statement("vee_remainders", REMAINDERS),
        Statement("vee_filled", FILLED),
    )
