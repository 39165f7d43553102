"""The last step: one row per expected slot with the value to use, what was received, and why they differ."""

from grid_assets.domain.vee.rule_model import Stage
from grid_assets.domain.vee.rule_sql import rule_ids
from grid_assets.domain.vee.rules import RULES
from grid_assets.domain.vee.statement import Statement
from grid_assets.domain.vee.thresholds import RULE_VERSION

JUDGED = tuple(rule for rule in RULES if rule.stage is not Stage.INGEST)
VERIFIED = f"""
WITH verdicts AS (
    SELECT r.*, s.sensor_id, s.meter_id, s.unit, d.operating_day,
           {", ".join(f"p.{rule.column}" for rule in JUDGED if rule.stage is Stage.DAY)},
           {", ".join(f"g.{rule.column}" for rule in JUDGED if rule.stage is Stage.REGISTER)},
           r.value IS NULL OR COALESCE(p.is_rejected, FALSE) AS is_unusable,
           f.value AS filled_value, f.method AS filled_method, p.reason AS day_reason, g.reason AS register_reason
    FROM vee_reading AS r
    JOIN vee_sensors AS s ON s.sensor_no = r.sensor_no
    JOIN vee_days AS d ON d.day_no = r.day_no
    LEFT JOIN vee_suspects AS p ON p.sensor_no = r.sensor_no AND p.day_no = r.day_no AND p.slot = r.slot
    LEFT JOIN vee_register_verdicts AS g ON g.sensor_no = r.sensor_no AND g.day_no = r.day_no AND g.slot = r.slot
    LEFT JOIN vee_filled AS f ON f.sensor_no = r.sensor_no AND f.day_no = r.day_no AND f.slot = r.slot
), texts AS (
    SELECT *, reason IS NOT NULL OR day_reason IS NOT NULL OR register_reason IS NOT NULL AS is_noticed FROM verdicts
)
SELECT sensor_id, sensor_type, meter_id, interval_start_utc, interval_minutes,
       CASE WHEN is_unusable THEN filled_value ELSE value END AS value, unit, raw_value, raw_unit,
       CASE WHEN is_unusable AND filled_value IS NULL THEN 'missing'
            WHEN is_unusable OR received_quality = 'estimated' THEN 'estimated'
            WHEN is_edited THEN 'edited'
            WHEN received_quality = 'revised' OR is_corrected THEN 'revised'
            ELSE 'measured' END AS quality,
       CASE WHEN is_noticed THEN {rule_ids(JUDGED)} ELSE '' END AS rule_ids,
       CASE WHEN is_unusable THEN CASE WHEN filled_value IS NOT NULL THEN filled_method END
            WHEN received_quality = 'estimated' THEN 'received'
            WHEN is_snapped AND v11 THEN 'converted+snapped'
            WHEN is_snapped THEN 'snapped'
            WHEN v11 THEN 'converted' END AS estimation_method,
       CASE WHEN is_noticed THEN CONCAT_WS('; ', reason, day_reason, register_reason) END AS reason,
       '{RULE_VERSION}' AS rule_version, operating_day
FROM texts
"""


def verdict_statements() -> tuple[Statement, ...]:
    """Return the step to `verified`: the columns of meter_readings but its batch and when it was recorded."""
    return (Statement("verified", VERIFIED),)
