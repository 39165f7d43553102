"""`load_daily`: energy, peak and load factor per meter, point and operating day."""

from grid_assets.domain.measures.energy import COUNT_NAMES, QUALITIES_SQL
from grid_assets.domain.measures.measure import Measure
from grid_assets.domain.tables import LOAD_DAILY

MEASURE = Measure(
    LOAD_DAILY,
    f"""
WITH peaks AS (
    SELECT e.meter_id, e.point_type, e.operating_day, MIN(e.interval_start_utc) AS peak_start_utc
    FROM energy_intervals AS e
    JOIN load_days AS l
      ON l.meter_id = e.meter_id AND l.point_type = e.point_type AND l.operating_day = e.operating_day
     AND l.peak_kw = e.power_kw
    GROUP BY e.meter_id, e.point_type, e.operating_day
)
SELECT l.meter_id, l.point_type, l.operating_day, l.energy AS energy_kwh, l.peak_kw, p.peak_start_utc,
       CASE WHEN l.peak_kw > 0 AND l.energy >= 0
            THEN LEAST(ROUND(CAST(l.energy AS DOUBLE) * 60 / l.covered_minutes / l.peak_kw, 9), 1.0e0) END
           AS load_factor,
       {", ".join(f"l.{name}" for name in COUNT_NAMES)},
       {QUALITIES_SQL} AS qualities
FROM load_days AS l
LEFT JOIN peaks AS p
  ON p.meter_id = l.meter_id AND p.point_type = l.point_type AND p.operating_day = l.operating_day""",
    "Energy, peak and load factor of each meter and point by operating day. Sensors with one interval a civil day "
    "count with the day's true length of 23, 24 or 25 hours.",
    (
        "energy_kwh = sum of the intervals' values, null where all are missing",
        "peak_kw = max(value x 60 / interval_minutes); peak_start_utc = the first interval that reaches it",
        "load_factor = (energy_kwh / hours of the intervals that have a value) / peak_kw, null unless peak_kw > 0",
        "load_factor is null, too, for exchange that feeds back more than it takes",
    ),
    "Load factor: average load over peak load of the period.",
)
