"""`voltage_daily`: voltage range and limit violations per sensor and operating day."""

from grid_assets.domain.measures.measure import Measure, exact, exact_sum
from grid_assets.domain.tables import VOLTAGE_DAILY

MEASURE = Measure(
    VOLTAGE_DAILY,
    f"""
SELECT r.sensor_id, r.operating_day,
       MIN(r.value) AS min_v,
       CAST({exact_sum(exact("r.value"))} AS DOUBLE) / NULLIF(COUNT(r.value), 0) AS mean_v,
       MAX(r.value) AS max_v,
       SUM(CASE WHEN r.value < s.rated_min THEN 1 ELSE 0 END) AS below_limit_intervals,
       SUM(CASE WHEN r.value > s.rated_max THEN 1 ELSE 0 END) AS above_limit_intervals,
       COUNT(*) AS expected_intervals,
       SUM(CASE WHEN r.quality IN ('measured', 'revised') THEN 1 ELSE 0 END) AS measured_intervals,
       SUM(CASE WHEN r.quality = 'edited' THEN 1 ELSE 0 END) AS edited_intervals,
       SUM(CASE WHEN r.quality = 'estimated' THEN 1 ELSE 0 END) AS estimated_intervals,
       SUM(CASE WHEN r.quality = 'missing' THEN 1 ELSE 0 END) AS missing_intervals
FROM readings AS r
JOIN sensors AS s ON s.sensor_id = r.sensor_id
JOIN days AS d ON d.operating_day = r.operating_day
WHERE r.sensor_type = 'voltage'
GROUP BY r.sensor_id, r.operating_day""",
    "Lowest, mean and highest voltage of each sensor and operating day, and how many intervals lay outside of the "
    "rated band. A sensor without rated limits has no violations.",
    ("mean_v = sum of the values / number of intervals that have a value",),
    "Share of intervals inside of a band is how EN 50160 judges supply voltage.",
)
