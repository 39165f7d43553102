"""Overload: more energy through an exchange meter than its transformer or feeder is rated for, in either direction."""

from grid_assets.domain.measures.events.kind import IS_OBSERVED, SINCE, EventKind, SensorRun, count, number

HIGH_SHARE = 1.2
"""Share of the rating from which an overload is critical."""
LONG_MINUTES = 120
"""Minutes from which an overload is critical."""

_MEAN_KW = "value * 60 / interval_minutes"

_RUN = SensorRun(
    event_type="overload",
    condition=f"r.sensor_type = 'energy' AND s.point_type = 'exchange' AND {IS_OBSERVED} "
    "AND ABS(r.value) > s.rated_max",
    severity=f"CASE WHEN value >= limit_value * {HIGH_SHARE!r} OR minutes >= {LONG_MINUTES} THEN 'critical' "
    "ELSE 'warning' END",
    value="MAX(ABS(value))",
    limit="MIN(rated_max)",
    unit="MIN(unit)",
    message=f"CONCAT('Overload at ', sensor_id, ' for ', {count('minutes')}, ' min from ', {SINCE}, ' UTC: up to ', "
    f"{number(_MEAN_KW)}, ' kW, ', {number('100 * value / limit_value', 0)}, ' % of the rated ', "
    f"{number('limit_value * 60 / interval_minutes')}, ' kW.')",
)
OVERLOAD = EventKind(
    "overload",
    "exchange meter",
    _RUN.sql(),
    "An exchange meter's energy of an interval, imported or fed back, observed above its rating. `value` is the "
    "largest energy of an interval, without its sign.",
    f"critical from {HIGH_SHARE:.0%} of the rating or {LONG_MINUTES} min, else warning",
)
