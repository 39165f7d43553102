"""Events of one voltage sensor: outage at the sensor, sag and swell.

Only observed values count: a dead voltage that verification refused, because the meters around it measure energy, is no
outage.
"""

from grid_assets.domain.measures.events.kind import IS_OBSERVED, SINCE, EventKind, SensorRun, count, number

DEAD_SHARE = 0.1
"""Share of the lower rated limit below which there is no supply (IEEE 1159: interruption below 0.1 of nominal)."""
DEEP_SHARE = 0.85 / 0.90
"""Share of the lower rated limit below which a sag is critical: -15 % where the limit is -10 % (EN 50160)."""
HIGH_SHARE = 1.05
"""Share of the upper rated limit above which a swell is critical."""
LONG_MINUTES = 60
"""Minutes from which an outage of one sensor is critical."""

_SENSOR_OUTAGE = SensorRun(
    event_type="outage",
    condition=f"r.sensor_type = 'voltage' AND {IS_OBSERVED} AND r.value < {DEAD_SHARE} * s.rated_min",
    severity=f"CASE WHEN minutes >= {LONG_MINUTES} THEN 'critical' ELSE 'warning' END",
    value="MAX(value)",
    limit=f"MAX({DEAD_SHARE} * rated_min)",
    unit="MIN(unit)",
    message=f"CONCAT('No supply at ', sensor_id, ' for ', {count('minutes')}, ' min from ', {SINCE}, ' UTC: at most ', "
    f"{number('value')}, ' V, below ', {number('limit_value')}, ' V.')",
)
SENSOR_OUTAGE = EventKind(
    "outage",
    "voltage sensor",
    _SENSOR_OUTAGE.sql(),
    f"A voltage sensor below {DEAD_SHARE:.0%} of its lower rated limit. `value` is the highest voltage of the run.",
    f"critical from {LONG_MINUTES} min, else warning",
)

_SAG = SensorRun(
    event_type="sag",
    condition=f"r.sensor_type = 'voltage' AND {IS_OBSERVED} AND r.value < s.rated_min "
    f"AND r.value >= {DEAD_SHARE} * s.rated_min",
    severity=f"CASE WHEN value < limit_value * {DEEP_SHARE!r} THEN 'critical' ELSE 'warning' END",
    value="MIN(value)",
    limit="MAX(rated_min)",
    unit="MIN(unit)",
    message=f"CONCAT('Voltage at ', sensor_id, ' sagged to ', {number('value')}, ' V for ', {count('minutes')}, "
    f"' min from ', {SINCE}, ' UTC, below the limit of ', {number('limit_value')}, ' V.')",
)
SAG = EventKind(
    "sag",
    "voltage sensor",
    _SAG.sql(),
    "A voltage sensor observed below its lower rated limit, but not dead. `value` is the lowest voltage.",
    "critical below 94.4 % of the limit (-15 % of nominal where the limit is -10 %), else warning",
)

_SWELL = SensorRun(
    event_type="swell",
    condition=f"r.sensor_type = 'voltage' AND {IS_OBSERVED} AND r.value > s.rated_max",
    severity=f"CASE WHEN value > limit_value * {HIGH_SHARE!r} THEN 'critical' ELSE 'warning' END",
    value="MAX(value)",
    limit="MIN(rated_max)",
    unit="MIN(unit)",
    message=f"CONCAT('Voltage at ', sensor_id, ' rose to ', {number('value')}, ' V for ', {count('minutes')}, "
    f"' min from ', {SINCE}, ' UTC, above the limit of ', {number('limit_value')}, ' V.')",
)
SWELL = EventKind(
    "swell",
    "voltage sensor",
    _SWELL.sql(),
    "A voltage sensor observed above its upper rated limit. `value` is the highest voltage.",
    "critical above 105 % of the limit, else warning",
)
