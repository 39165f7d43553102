"""`feeder_balance`: loss by balance of transformers and feeders that have an exchange meter."""

from grid_assets.domain.measures.energy import COUNT_NAMES
from grid_assets.domain.measures.load_by_asset import METERS
from grid_assets.domain.measures.measure import EXACT, Measure, Step, exact_sum
from grid_assets.domain.tables import FEEDER_BALANCE

EXCHANGES = Step(
    "exchange_points",
    """
SELECT meter_id,
       CASE WHEN MIN(NULLIF(transformer_id, '')) IS NOT NULL THEN 'transformer' ELSE 'feeder' END AS asset_type,
       COALESCE(MIN(NULLIF(transformer_id, '')), MIN(NULLIF(feeder_id, ''))) AS asset_id
FROM sensors
WHERE sensor_type = 'energy' AND point_type = 'exchange'
GROUP BY meter_id
HAVING COALESCE(MIN(NULLIF(transformer_id, '')), MIN(NULLIF(feeder_id, ''))) IS NOT NULL""",
    "Exchange meters and the transformer or feeder whose exchange they measure.",
)

_ADDED = (*COUNT_NAMES, "estimated_energy", "zero_run_intervals")
_SUMS = ", ".join(f"SUM(l.{name}) AS {name}" for name in _ADDED)
_TOTALS = ", ".join(f"COALESCE(x.{name}, 0) + COALESCE(m.{name}, 0) AS {name}" for name in _ADDED)
_ZERO = f"CAST(0 AS {EXACT})"

BALANCES = Step(
    "balances",
    f"""
WITH exchanged AS (
    SELECT p.asset_type, p.asset_id, l.operating_day, {exact_sum("l.energy")} AS exchange, {_SUMS}
    FROM exchange_points AS p
    JOIN load_days AS l ON l.meter_id = p.meter_id AND l.point_type = 'exchange'
    GROUP BY p.asset_type, p.asset_id, l.operating_day
), members AS (
    SELECT p.asset_type, p.asset_id, l.operating_day,
           {exact_sum("CASE WHEN l.point_type = 'consumption' THEN l.energy END")} AS consumption,
           {exact_sum("CASE WHEN l.point_type = 'production' THEN l.energy END")} AS production,
           SUM(CASE WHEN l.point_type = 'consumption' THEN 1 ELSE 0 END) AS consumption_points,
           SUM(CASE WHEN l.point_type = 'production' THEN 1 ELSE 0 END) AS production_points,
           SUM(CASE WHEN l.point_type = 'consumption' THEN l.expected_intervals ELSE 0 END) AS consumption_intervals,
           {METERS}, {_SUMS}
    FROM (SELECT DISTINCT asset_type, asset_id FROM exchange_points) AS p
    JOIN asset_members AS m ON m.asset_type = p.asset_type AND m.asset_id = p.asset_id
    JOIN load_days AS l ON l.meter_id = m.meter_id AND l.point_type = m.point_type
    GROUP BY p.asset_type, p.asset_id, l.operating_day
)
SELECT x.asset_type, x.asset_id, x.operating_day, x.exchange,
       CASE WHEN COALESCE(m.consumption_points, 0) = 0 THEN {_ZERO} ELSE m.consumption END AS consumption,
       CASE WHEN COALESCE(m.production_points, 0) = 0 THEN {_ZERO} ELSE m.production END AS production,
       COALESCE(m.meters, 0) AS meters, m.consumption_intervals, {_TOTALS}
FROM exchanged AS x
LEFT JOIN members AS m
  ON m.asset_type = x.asset_type AND m.asset_id = x.asset_id AND m.operating_day = x.operating_day""",
    "Exact daily exchange, production and consumption of every asset with an exchange meter.",
)

MEASURE = Measure(
    FEEDER_BALANCE,
    f"""
SELECT asset_type, asset_id, operating_day,
       CAST(exchange AS DOUBLE) AS exchange_kwh, CAST(production AS DOUBLE) AS production_kwh,
       CAST(consumption AS DOUBLE) AS consumption_kwh,
       CAST(exchange + production - consumption AS DOUBLE) AS loss_kwh,
       CASE WHEN exchange + production > 0
            THEN CAST(exchange + production - consumption AS DOUBLE) / CAST(exchange + production AS DOUBLE) END
           AS loss_share,
       meters, {", ".join(COUNT_NAMES)}
FROM balances""",
    "Daily balance of each transformer and feeder with an exchange meter. An exchange meter belongs to its transformer "
    "where the catalogue names one, else to its feeder; members are all consumption and production meters with that "
    "transformer or feeder. The counts are over the exchange meter and the members: a balance with missing or "
    "estimated intervals is worth less.",
    (
        "loss_kwh = exchange_kwh + production_kwh - consumption_kwh",
        "loss_share = loss_kwh / (exchange_kwh + production_kwh), null unless that is above zero",
    ),
    "Grid loss as Energinet calculates it: exchange + production - consumption.",
)
