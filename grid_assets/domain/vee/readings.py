"""First stage: every expected slot with its current reading, judged by the rules that look at one reading alone.

The same judgement, for every day with readings, says which values may serve as history.
"""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.rule_model import Effect, Stage
from grid_assets.domain.vee.rule_sql import any_fired, fired_columns, has_effect, reasons
from grid_assets.domain.vee.rules import rules_of
from grid_assets.domain.vee.statement import Statement

RULES = rules_of(Stage.READING)

DEAD = f"""
SELECT c.sensor_no, c.day_no, c.slot, s.interval_minutes,
       CASE WHEN s.feeder_id IS NOT NULL THEN 'feeder' ELSE 'transformer' END AS asset_type,
       COALESCE(s.feeder_id, s.transformer_id) AS asset_id
FROM vee_current AS c JOIN vee_sensors AS s ON s.sensor_no = c.sensor_no
WHERE s.sensor_type = 'voltage' AND c.value >= 0 AND c.value < {t.DEAD_VOLTAGE_SHARE} * s.rated_min
"""

ENERGISED = f"""
WITH meters AS (
    SELECT sensor_no, interval_minutes, 'transformer' AS asset_type, transformer_id AS asset_id FROM vee_sensors
    WHERE sensor_type = 'energy' AND point_type = 'consumption'
    UNION ALL
    SELECT sensor_no, interval_minutes, 'feeder' AS asset_type, feeder_id AS asset_id FROM vee_sensors
    WHERE sensor_type = 'energy' AND point_type = 'consumption'
), around AS (
    SELECT d.sensor_no, d.day_no, d.slot, m.sensor_no AS meter_no
    FROM vee_dead AS d
    JOIN meters AS m
        ON m.asset_type = d.asset_type AND m.asset_id = d.asset_id AND m.interval_minutes = d.interval_minutes
)
SELECT a.sensor_no, a.day_no, a.slot,
       SUM(CASE WHEN c.value > 0 THEN 1 ELSE 0 END) > {t.ENERGISED_SHARE} * COUNT(*) AS is_energised
FROM around AS a
JOIN vee_current AS c ON c.sensor_no = a.meter_no AND c.day_no = a.day_no AND c.slot = a.slot
GROUP BY a.sensor_no, a.day_no, a.slot
"""

# A sensor that sent nothing at all on a day of clock change has a gap, not an anomaly of the clock.
CHANGING_DAYS = """
SELECT DISTINCT c.sensor_no, c.day_no
FROM vee_current AS c
JOIN (SELECT DISTINCT day_no FROM vee_slots WHERE is_in_clock_change) AS d ON d.day_no = c.day_no
"""

SENSOR = "s.sensor_type, s.point_type, s.unit, s.interval_minutes, s.rated_min, s.rated_max, s.limit_low, s.limit_high"
CURRENT = (
    "c.value, c.raw_value, c.raw_unit, c.unit_factor, c.unit_addend, c.sent_minutes, c.off_clock_s, "
    "c.received_quality, c.has_conflict, c.is_corrected, c.unused_off_clock"
)

READING_COLUMNS = (
    "sensor_no, day_no, slot, local_minute, interval_start_utc, sensor_type, point_type, interval_minutes, "
    "raw_value, raw_unit, received_quality, is_corrected"
)
READING = f"""
WITH features AS (
    SELECT s.sensor_no, x.day_no, x.slot, x.local_minute, x.interval_start_utc, {SENSOR}, {CURRENT},
           {t.OFF_CLOCK_SHARE} * x.length_s AS tolerance_s, c.raw_value IS NOT NULL AS has_reading,
           x.is_in_clock_change, y.day_no IS NOT NULL AS has_day, e.is_energised,
           k.slot IS NOT NULL AS is_cancelled
    FROM vee_sensors AS s
    JOIN vee_slots AS x
        ON x.interval_minutes = s.interval_minutes AND x.start_s >= s.valid_from_s AND x.start_s < s.valid_to_s
    JOIN vee_days AS d ON d.day_no = x.day_no
    LEFT JOIN vee_current AS c ON c.sensor_no = s.sensor_no AND c.day_no = x.day_no AND c.slot = x.slot
    LEFT JOIN vee_cancelled AS k ON k.sensor_no = s.sensor_no AND k.day_no = x.day_no AND k.slot = x.slot
    LEFT JOIN vee_changing_days AS y ON y.sensor_no = s.sensor_no AND y.day_no = x.day_no
    LEFT JOIN vee_energised AS e ON e.sensor_no = s.sensor_no AND e.day_no = x.day_no AND e.slot = x.slot
    WHERE d.is_target
), judged AS (
    SELECT *, {fired_columns(RULES)}, {has_effect(RULES, Effect.REJECT)} AS is_rejected,
           {has_effect(RULES, Effect.EDIT)} AS is_edited, off_clock_s <> 0 AS is_snapped
    FROM features
)
SELECT {READING_COLUMNS}, {", ".join(rule.column for rule in RULES)}, is_edited,
       COALESCE(is_snapped, FALSE) AS is_snapped,
       CASE WHEN NOT is_rejected THEN value END AS value,
       CASE WHEN {any_fired(RULES)} THEN {reasons(RULES)} END AS reason
FROM judged
"""

# Dead voltages stay out of history, so whether the meters around were energised need not be asked.
HISTORY = f"""
WITH features AS (
    SELECT c.sensor_no, c.day_no, c.slot, {SENSOR}, {CURRENT}, {t.OFF_CLOCK_SHARE} * c.length_s AS tolerance_s,
           TRUE AS has_reading, FALSE AS is_in_clock_change, TRUE AS has_day, FALSE AS is_energised,
           FALSE AS is_cancelled
    FROM vee_current AS c
    JOIN vee_sensors AS s ON s.sensor_no = c.sensor_no
    WHERE c.received_quality <> 'estimated' AND c.value IS NOT NULL
      AND NOT (s.sensor_type = 'voltage' AND c.value < {t.DEAD_VOLTAGE_SHARE} * COALESCE(s.rated_min, 0))
)
SELECT sensor_no, day_no, slot, value
FROM features
WHERE NOT {has_effect(RULES, Effect.REJECT)}
"""


def reading_statements() -> tuple[Statement, ...]:
    """Return the steps to `vee_reading`, one row per expected slot, and `vee_history`, the plausible values."""
    return (
        Statement("vee_dead", DEAD),
        Statement("vee_energised", ENERGISED),
        Statement("vee_changing_days", CHANGING_DAYS),
        Statement("vee_reading", READING),
        Statement("vee_history", HISTORY),
    )
