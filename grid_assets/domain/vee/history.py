"""What is usual for a sensor: its range over the earlier days, and how far single values stand out by nature.

History are the plausible values of up to 28 earlier days, as received; never later days, never verified results. The
most extreme days are left out at either end, so that a fault of last week does not become this week's measure.
"""

from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.rule_model import VARYING_TYPES, type_list
from grid_assets.domain.vee.statement import Statement

DAILY = """
SELECT sensor_no, day_no, MAX(value) AS highest, MIN(value) AS lowest FROM vee_history GROUP BY sensor_no, day_no
"""

RANGES = f"""
WITH earlier AS (
    SELECT h.sensor_no, p.day_no, h.highest, h.lowest,
           COUNT(*) OVER (PARTITION BY h.sensor_no, p.day_no) AS history_days,
           row_number() OVER (PARTITION BY h.sensor_no, p.day_no ORDER BY h.highest DESC) AS rank_high,
           row_number() OVER (PARTITION BY h.sensor_no, p.day_no ORDER BY h.lowest) AS rank_low
    FROM vee_daily AS h JOIN vee_pairs AS p ON p.earlier_day_no = h.day_no
)
SELECT sensor_no, day_no, MAX(history_days) AS history_days,
       MAX(CASE WHEN rank_high = 1 + history_days // {t.HISTORY_TRIM} THEN highest END) AS history_high,
       MAX(CASE WHEN rank_low = 1 + history_days // {t.HISTORY_TRIM} THEN lowest END) AS history_low
FROM earlier GROUP BY sensor_no, day_no
"""

NEIGHBOURS = f"""
SELECT sensor_no, day_no, slot, local_minute, interval_minutes, point_type, value,
       lag(value) OVER day AS previous_value, lead(value) OVER day AS next_value
FROM vee_reading
WHERE value IS NOT NULL AND sensor_type IN ({type_list(VARYING_TYPES)})
WINDOW day AS (PARTITION BY sensor_no, day_no ORDER BY slot)
"""

# Sensor-days with a value that stands out enough to ask how far the sensor's values stand out by nature.
PEAK_DAYS = f"""
SELECT DISTINCT n.sensor_no, n.day_no
FROM vee_neighbours AS n JOIN vee_ranges AS g ON g.sensor_no = n.sensor_no AND g.day_no = n.day_no
WHERE n.value > {t.PEAK_OF_HIGH} * g.history_high
  AND n.value > {t.PEAK_RATIO} * GREATEST(n.previous_value, n.next_value, {t.PEAK_FLOOR} * g.history_high)
"""

DAILY_PEAKS = f"""
WITH sensors AS (SELECT DISTINCT sensor_no FROM vee_peak_days
), neighbours AS (
    SELECT h.sensor_no, h.day_no, h.value,
           GREATEST(lag(h.value) OVER day, lead(h.value) OVER day) AS neighbour
    FROM vee_history AS h JOIN sensors AS s ON s.sensor_no = h.sensor_no
    WINDOW day AS (PARTITION BY h.sensor_no, h.day_no ORDER BY h.slot)
)
SELECT n.sensor_no, n.day_no, MAX(n.value / GREATEST(n.neighbour, {t.PEAK_FLOOR} * d.highest)) AS peak_ratio
FROM neighbours AS n JOIN vee_daily AS d ON d.sensor_no = n.sensor_no AND d.day_no = n.day_no
WHERE d.highest > 0 AND n.value > {t.PEAK_OF_HIGH} * d.highest
GROUP BY n.sensor_no, n.day_no
"""

PEAKS = f"""
WITH earlier AS (
    SELECT c.sensor_no, c.day_no, h.peak_ratio, COUNT(*) OVER (PARTITION BY c.sensor_no, c.day_no) AS days,
           row_number() OVER (PARTITION BY c.sensor_no, c.day_no ORDER BY h.peak_ratio DESC) AS rank_high
    FROM vee_peak_days AS c
    JOIN vee_pairs AS p ON p.day_no = c.day_no
    JOIN vee_daily_peaks AS h ON h.sensor_no = c.sensor_no AND h.day_no = p.earlier_day_no
)
SELECT sensor_no, day_no, peak_ratio AS usual_peak_ratio FROM earlier WHERE rank_high = 1 + days // {t.HISTORY_TRIM}
"""


def history_statements() -> tuple[Statement, ...]:
    """Return the steps to `vee_ranges` and `vee_peaks` per sensor-day, and `vee_neighbours` per usable value."""
    return (
        Statement("vee_daily", DAILY),
        Statement("vee_ranges", RANGES),
        Statement("vee_neighbours", NEIGHBOURS),
        Statement("vee_peak_days", PEAK_DAYS),
        Statement("vee_daily_peaks", DAILY_PEAKS),
        Statement("vee_peaks", PEAKS),
    )
