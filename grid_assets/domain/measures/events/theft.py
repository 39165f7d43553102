"""Suspected theft: more energy went into an area than its meters and its usual losses explain."""

from grid_assets.domain.measures.events.kind import EventKind, count, number

LOSS_SHARE = 0.08
"""Share of the energy supplied that technical losses and meter errors stay below."""
MIN_LOSS_KWH = 5.0
"""Smallest unexplained loss of a day that is told."""
MAX_GUESSED_SHARE = 0.1
"""Largest share of estimated intervals in a balance that is still judged."""

_SQL = f"""
WITH shares AS (
    SELECT b.*, CAST(b.exchange + b.production AS DOUBLE) AS supplied,
           CAST(b.exchange + b.production - b.consumption AS DOUBLE) AS loss
    FROM balances AS b
    WHERE b.exchange + b.production > 0 AND b.missing_intervals = 0
      AND b.estimated_intervals <= {MAX_GUESSED_SHARE} * b.expected_intervals
)
SELECT 'suspected_theft' AS event_type,
       CASE WHEN s.loss >= 2 * {LOSS_SHARE} * s.supplied THEN 'critical' ELSE 'warning' END AS severity,
       CAST(NULL AS VARCHAR) AS sensor_id, s.asset_type, s.asset_id,
       d.start_utc AS started_at_utc, d.end_utc AS ended_at_utc,
       s.loss / s.supplied AS value, CAST({LOSS_SHARE} AS DOUBLE) AS limit_value, '1' AS unit,
       CONCAT('Balance of ', s.asset_type, ' ', s.asset_id, ' lost ', {number("s.loss")}, ' of ',
              {number("s.supplied")}, ' kWh supplied (', {number("100 * s.loss / s.supplied")}, ' %) at ',
              {count("s.meters")}, ' meters: more than the ', {number(f"100 * {LOSS_SHARE}", 0)}, ' % that losses explain.') AS message,
       s.operating_day
FROM shares AS s
JOIN days AS d ON d.operating_day = s.operating_day
WHERE s.loss > {LOSS_SHARE} * s.supplied AND s.loss - {LOSS_SHARE} * s.supplied >= {MIN_LOSS_KWH}"""

SUSPECTED_THEFT = EventKind(
    "suspected_theft",
    _SQL,
    "draft",
    "critical from twice the limit, else warning",
)
