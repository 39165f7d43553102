"""Events in the data rather than on the grid: spike and gap, from the rules of verification that fired."""

from grid_assets.domain.measures.events.kind import SINCE, EventKind, SensorRun, count, number

LONG_GAP_MINUTES = 120
"""Minutes up to which a gap is only worth an info: what linear interpolation may fill."""

_SPIKE = SensorRun(
    event_type="spike",
    condition="r.rule_ids <> '' AND (r.rule_ids LIKE '%V04%' OR r.rule_ids LIKE '%V05%') AND r.raw_value IS NOT NULL",
    severity="CASE WHEN estimated_intervals + missing_intervals = intervals THEN 'info' ELSE 'warning' END",
    value="MAX(ABS(raw_value))",
    limit="MIN(rated_max)",
    unit="MIN(COALESCE(raw_unit, unit))",
    message=f"CONCAT('Spike at ', sensor_id, ' from ', {SINCE}, ' UTC: ', {number('value', 3)}, ' ', unit, ' received"
    f" in an interval', CASE WHEN limit_value IS NULL THEN '' "
    f"ELSE CONCAT(', rated for ', {number('limit_value', 3)}) END,"
    f" '; ', {count('estimated_intervals')}, ' of ', {count('intervals')}, ' intervals are estimated instead.')",
)
SPIKE = EventKind(
    "spike",
    "any sensor",
    _SPIKE.sql(),
    "Readings that rule V04 (spike) or V05 (high or low against the rating) fired on. `value` is the largest raw "
    "value, without its sign, in the unit received; `limit_value` the upper rated limit.",
    "info where every value was replaced, else warning",
)

_GAP = SensorRun(
    event_type="gap",
    condition="(r.quality = 'missing' OR r.quality = 'estimated'"
    " AND (r.rule_ids LIKE '%V02%' OR r.rule_ids LIKE '%V16%'))",
    severity=f"CASE WHEN minutes <= {LONG_GAP_MINUTES} THEN 'info' ELSE 'warning' END",
    value="CAST(COUNT(*) AS DOUBLE)",
    limit="CAST(NULL AS DOUBLE)",
    unit="'intervals'",
    message=f"CONCAT('Gap at ', sensor_id, ' from ', {SINCE}, ' UTC for ', {count('minutes')}, ' min (', "
    f"{count('intervals')}, ' intervals): ', {count('estimated_intervals')}, ' estimated, ', "
    f"{count('missing_intervals')}, ' missing.')",
)
GAP = EventKind(
    "gap",
    "any sensor",
    _GAP.sql(),
    "A run of intervals that nothing was received for (rule V02) or whose reading was cancelled (V16), estimated or "
    "not, or that stayed without a value. `value` is the number of intervals.",
    f"info up to {LONG_GAP_MINUTES} min, else warning",
)
