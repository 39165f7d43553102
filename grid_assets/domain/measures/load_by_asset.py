"""`load_by_asset`: hourly and daily load of transformers, feeders, substations and regions."""

from grid_assets.domain.measures.energy import SUMMED_COUNTS
from grid_assets.domain.measures.measure import EXACT, Measure, Step, exact_sum
from grid_assets.domain.tables import LOAD_BY_ASSET

ASSET_COLUMNS = {
    "transformer": "transformer_id",
    "feeder": "feeder_id",
    "substation": "substation_id",
    "region": "region",
}
"""Kind of asset -> the catalogue's column that names it."""

_UNPIVOT = "\nUNION ALL\n".join(
    f"SELECT meter_id, point_type, '{kind}' AS asset_type, {column} AS asset_id FROM places WHERE {column} IS NOT NULL"
    for kind, column in ASSET_COLUMNS.items()
)

MEMBERS = Step(
    "asset_members",
    f"""
WITH places AS (
    SELECT meter_id, point_type, {", ".join(f"MIN(NULLIF({c}, '')) AS {c}" for c in ASSET_COLUMNS.values())}
    FROM sensors
    WHERE sensor_type = 'energy' AND point_type IN ('consumption', 'production')
    GROUP BY meter_id, point_type
), members AS (
{_UNPIVOT}
)
SELECT *, COUNT(*) OVER (PARTITION BY asset_type, asset_id, meter_id) AS points FROM members""",
    "Which meters' consumption and production belong to which grid asset; `points` is 2 where both of a meter do.",
)

METERS = """COUNT(DISTINCT CASE WHEN m.points > 1 THEN l.meter_id END)
           + SUM(CASE WHEN m.points = 1 THEN 1 ELSE 0 END) AS meters"""
"""Select item that counts meters over loads `l` of members `m`; only meters with two points need to be told apart."""

_SUMS = f"""
           {exact_sum("CASE WHEN l.point_type = 'consumption' THEN l.energy END")} AS consumption,
           {exact_sum("CASE WHEN l.point_type = 'production' THEN l.energy END")} AS production,
           SUM(CASE WHEN l.point_type = 'consumption' THEN 1 ELSE 0 END) AS consumption_points,
           SUM(CASE WHEN l.point_type = 'production' THEN 1 ELSE 0 END) AS production_points,
           {METERS}, {SUMMED_COUNTS}"""

_ZERO = f"CAST(0 AS {EXACT})"

ASSET_HOURS = Step(
    "asset_hours",
    f"""
WITH sums AS (
    SELECT m.asset_type, m.asset_id, l.operating_day, l.hour_no,{_SUMS}
    FROM load_parts AS l
    JOIN asset_members AS m ON m.meter_id = l.meter_id AND m.point_type = l.point_type
    WHERE l.hour_no IS NOT NULL
    GROUP BY m.asset_type, m.asset_id, l.operating_day, l.hour_no
), filled AS (
    SELECT *, CASE WHEN consumption_points = 0 THEN {_ZERO} ELSE consumption END AS consumed,
              CASE WHEN production_points = 0 THEN {_ZERO} ELSE production END AS produced
    FROM sums
)
SELECT f.*, f.consumed - f.produced AS net,
       CASE WHEN d.minutes - f.hour_no * 60 < 60 THEN CAST(d.minutes - f.hour_no * 60 AS DOUBLE) / 60 ELSE 1.0e0 END
           AS hours
FROM filled AS f
JOIN days AS d ON d.operating_day = f.operating_day""",
    "Exact hourly sums by asset; no meter of a kind gives 0, all of them missing gives null.",
)

ASSET_DAYS = Step(
    "asset_days",
    f"""
WITH sums AS (
    SELECT m.asset_type, m.asset_id, l.operating_day,
           {exact_sum("CASE WHEN l.point_type = 'consumption' THEN l.hour_peak END")} AS sum_of_peaks,{_SUMS}
    FROM load_days AS l
    JOIN asset_members AS m ON m.meter_id = l.meter_id AND m.point_type = l.point_type
    GROUP BY m.asset_type, m.asset_id, l.operating_day
), shapes AS (
    SELECT asset_type, asset_id, operating_day,
           MAX(CAST(net AS DOUBLE) / hours) AS peak_kw,
           CAST({exact_sum("net")} AS DOUBLE) / SUM(CASE WHEN net IS NOT NULL THEN hours END) AS mean_kw,
           MAX(CASE WHEN consumption_points > 0 THEN consumed END) AS peak_of_sum
    FROM asset_hours
    GROUP BY asset_type, asset_id, operating_day
)
SELECT s.*, h.peak_kw, h.mean_kw, h.peak_of_sum,
       CASE WHEN s.consumption_points = 0 THEN {_ZERO} ELSE s.consumption END AS consumed,
       CASE WHEN s.production_points = 0 THEN {_ZERO} ELSE s.production END AS produced
FROM sums AS s
LEFT JOIN shapes AS h
  ON h.asset_type = s.asset_type AND h.asset_id = s.asset_id AND h.operating_day = s.operating_day""",
    "Exact daily sums by asset with the peak, mean and coincidence of its hours.",
)

_COUNTS = "expected_intervals, measured_intervals, edited_intervals, estimated_intervals, missing_intervals"

MEASURE = Measure(
    LOAD_BY_ASSET,
    f"""
SELECT a.asset_type, a.asset_id, 'hour' AS grain, d.start_utc + a.hour_no * INTERVAL 1 HOUR AS period_start_utc,
       CAST(a.consumed AS DOUBLE) AS consumption_kwh, CAST(a.produced AS DOUBLE) AS production_kwh,
       CAST(a.net AS DOUBLE) AS net_kwh, CAST(a.net AS DOUBLE) / a.hours AS peak_kw,
       CAST(NULL AS DOUBLE) AS load_factor, CAST(NULL AS DOUBLE) AS coincidence_factor,
       a.meters, {_COUNTS}, a.operating_day
FROM asset_hours AS a
JOIN days AS d ON d.operating_day = a.operating_day
UNION ALL
SELECT a.asset_type, a.asset_id, 'day' AS grain, d.start_utc AS period_start_utc,
       CAST(a.consumed AS DOUBLE) AS consumption_kwh, CAST(a.produced AS DOUBLE) AS production_kwh,
       CAST(a.consumed - a.produced AS DOUBLE) AS net_kwh, a.peak_kw,
       CASE WHEN a.peak_kw > 0 AND a.mean_kw > 0 THEN LEAST(a.mean_kw / a.peak_kw, 1.0e0) END AS load_factor,
       CASE WHEN a.sum_of_peaks > 0 THEN CAST(a.peak_of_sum AS DOUBLE) / CAST(a.sum_of_peaks AS DOUBLE) END
           AS coincidence_factor,
       a.meters, {_COUNTS}, a.operating_day
FROM asset_days AS a
JOIN days AS d ON d.operating_day = a.operating_day""",
    "Load of each transformer, feeder, substation and region of the catalogue by hour and by operating day: the sum of "
    "its consumption and production meters, exchange meters left out. Meters with intervals longer than an hour enter "
    "the energy of the day only. No production meter gives 0 kWh; production meters that are all missing give null.",
    (
        "net_kwh = consumption_kwh - production_kwh",
        "peak_kw = net_kwh / length of the hour; of a day: the largest of its hours",
        "load_factor = mean net power of the hours that have a value / peak_kw; null unless both are above zero",
        "coincidence_factor = largest hourly sum of consumption / sum of the meters' largest hourly ones, days only",
    ),
    "Coincidence factor: peak of the group over the sum of its members' peaks in the same period, the inverse of the "
    "diversity factor, as textbooks of distribution engineering define both.",
)
