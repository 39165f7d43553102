"""Steps below every load: energy intervals with their hour, and their sums by meter, point and hour of the day.

Hours are counted from the start of the operating day, so they are UTC hours wherever the zone's offset is a whole hour
and half-hour zones get 23, 24 or 25 hours too. An interval belongs to the hour that it starts in; intervals longer than
an hour have no hour (`hour_no` is null) and enter daily sums only.
"""

from grid_assets.domain.intervals import CIVIL_DAY_MINUTES
from grid_assets.domain.measures.measure import Step, exact, exact_sum

_INTERVAL = f"""
    s.meter_id,
    s.point_type,
    r.operating_day,
    r.interval_start_utc,
    CASE WHEN r.interval_minutes <= 60
         THEN CAST(FLOOR((EPOCH(r.interval_start_utc) - EPOCH(d.start_utc)) / 3600) AS INTEGER) END AS hour_no,
    CASE WHEN r.interval_minutes >= {CIVIL_DAY_MINUTES} THEN d.minutes ELSE r.interval_minutes END AS minutes,
    {exact("r.value")} AS energy,
    r.quality,
    r.rule_ids
FROM readings AS r
JOIN energy_sensors AS s ON s.sensor_id = r.sensor_id
JOIN days AS d ON d.operating_day = r.operating_day
WHERE r.sensor_type = 'energy'"""

ENERGY_SENSORS = Step(
    "energy_sensors",
    """
SELECT sensor_id, meter_id, point_type, COUNT(*) OVER (PARTITION BY meter_id, point_type) AS channels
FROM sensors
WHERE sensor_type = 'energy'""",
    "Energy sensors of the catalogue with the number of channels that their meter has for the same point.",
)

ENERGY = Step(
    "energy_intervals",
    f"""
SELECT meter_id, point_type, operating_day, interval_start_utc, hour_no, energy, quality, rule_ids,
       ROUND(CAST(energy AS DOUBLE) * 60 / minutes, 9) AS power_kw,
       CASE WHEN energy IS NOT NULL THEN CAST(minutes AS DOUBLE) END AS covered_minutes
FROM (SELECT {_INTERVAL} AND s.channels = 1) AS alone
UNION ALL
SELECT meter_id, point_type, operating_day, interval_start_utc, hour_no, energy, quality, rule_ids,
       ROUND(CAST(SUM(energy) OVER (PARTITION BY meter_id, point_type, interval_start_utc, minutes) AS DOUBLE)
             * 60 / minutes, 9) AS power_kw,
       CASE WHEN energy IS NOT NULL THEN CAST(minutes AS DOUBLE)
            / COUNT(energy) OVER (PARTITION BY meter_id, point_type, interval_start_utc, minutes) END AS covered_minutes
FROM (SELECT {_INTERVAL} AND s.channels > 1) AS shared""",
    "Energy intervals with hour, exact energy and mean power; channels of one meter and point are added first.",
    is_kept=False,
)

_QUALITY_COUNTS = """
       COUNT(*) AS expected_intervals,
       SUM(CASE WHEN energy IS NOT NULL AND quality IN ('measured', 'revised') THEN 1 ELSE 0 END) AS measured_intervals,
       SUM(CASE WHEN energy IS NOT NULL AND quality = 'revised' THEN 1 ELSE 0 END) AS revised_intervals,
       SUM(CASE WHEN energy IS NOT NULL AND quality = 'edited' THEN 1 ELSE 0 END) AS edited_intervals,
       SUM(CASE WHEN energy IS NOT NULL AND quality = 'estimated' THEN 1 ELSE 0 END) AS estimated_intervals,
       SUM(CASE WHEN energy IS NULL THEN 1 ELSE 0 END) AS missing_intervals"""

LOAD_PARTS = Step(
    "load_parts",
    f"""
SELECT meter_id, point_type, operating_day, hour_no,
       {exact_sum("energy")} AS energy,
       MAX(power_kw) AS peak_kw,
       SUM(covered_minutes) AS covered_minutes,
       {exact_sum("CASE WHEN quality = 'estimated' THEN ABS(energy) END")} AS estimated_energy,
       SUM(CASE WHEN rule_ids <> '' AND rule_ids LIKE '%V08%' THEN 1 ELSE 0 END) AS zero_run_intervals,{_QUALITY_COUNTS}
FROM energy_intervals
GROUP BY meter_id, point_type, operating_day, hour_no""",
    "Exact energy, peak and quality counts by meter, point, day and hour; `hour_no` is null for longer intervals.",
)

COUNT_NAMES = (
    "expected_intervals",
    "measured_intervals",
    "edited_intervals",
    "estimated_intervals",
    "missing_intervals",
)
"""Names of the quality counts, as every aggregate table has them."""

SUMMED_COUNTS = ", ".join(f"SUM({name}) AS {name}" for name in COUNT_NAMES)
"""Select list that adds the counts of parts."""

LOAD_DAYS = Step(
    "load_days",
    f"""
SELECT meter_id, point_type, operating_day,
       {exact_sum("energy")} AS energy,
       MAX(peak_kw) AS peak_kw,
       SUM(covered_minutes) AS covered_minutes,
       MAX(CASE WHEN hour_no IS NOT NULL THEN energy END) AS hour_peak,
       {exact_sum("estimated_energy")} AS estimated_energy,
       SUM(zero_run_intervals) AS zero_run_intervals,
       SUM(revised_intervals) AS revised_intervals, {SUMMED_COUNTS}
FROM load_parts
GROUP BY meter_id, point_type, operating_day""",
    "Exact energy, peak and quality counts by meter, point and day, with the largest hourly energy.",
)

QUALITIES_SQL = """CONCAT_WS(',',
           CASE WHEN edited_intervals > 0 THEN 'edited' END,
           CASE WHEN estimated_intervals > 0 THEN 'estimated' END,
           CASE WHEN measured_intervals > revised_intervals THEN 'measured' END,
           CASE WHEN missing_intervals > 0 THEN 'missing' END,
           CASE WHEN revised_intervals > 0 THEN 'revised' END)"""
"""The set of qualities, sorted, from the counts."""
