"""The metrics that a stage's gate judges, computed by the engine over the stage's own relations, one row each."""

from grid_assets.domain.projections.sql import literal
from resources.clients.engines.base import Session

FEWEST_ROWS = 1_000
"""Shares say nothing about a handful of rows: below this many they count as 0."""

_VERIFY = f"""
WITH counted AS (
    SELECT sensor_id, operating_day, COUNT(*) AS intervals FROM verified GROUP BY sensor_id, operating_day
), expected AS (
    SELECT s.sensor_id, d.operating_day,
           CASE WHEN s.interval_minutes >= 1440 THEN 1 ELSE d.minutes // s.interval_minutes END AS intervals
    FROM sensors s JOIN gate_days d
      ON COALESCE(s.valid_from_utc <= d.start_utc, TRUE) AND COALESCE(s.valid_to_utc >= d.end_utc, TRUE)
), totals AS (
    SELECT COUNT(*) AS row_count,
           COUNT(raw_value) AS received,
           SUM(CASE WHEN raw_value IS NOT NULL AND quality IN ('estimated', 'missing') AND rule_ids <> ''
                    THEN 1 ELSE 0 END) AS rejected,
           SUM(CASE WHEN value IS DISTINCT FROM raw_value AND rule_ids = '' THEN 1 ELSE 0 END) AS unexplained
    FROM verified
)
SELECT CAST((SELECT COALESCE(SUM(ABS(e.intervals - COALESCE(c.intervals, 0))), 0)
             FROM expected e LEFT JOIN counted c
               ON c.sensor_id = e.sensor_id AND c.operating_day = e.operating_day) AS DOUBLE) AS uncovered_intervals,
       CAST((SELECT COUNT(*) FROM (SELECT sensor_id FROM verified GROUP BY sensor_id, interval_start_utc
                                   HAVING COUNT(*) > 1)) AS DOUBLE) AS repeated_keys,
       CAST(COALESCE(unexplained, 0) AS DOUBLE) AS unexplained_values,
       CASE WHEN received < {FEWEST_ROWS} THEN 0.0 ELSE rejected / CAST(received AS DOUBLE) END AS rejected_share
FROM totals
"""

_AGGREGATE = """
WITH given AS (
    SELECT COALESCE(SUM(value), 0.0) AS energy_kwh FROM readings WHERE sensor_type = 'energy'
), made AS (
    SELECT COALESCE(SUM(energy_kwh), 0.0) AS energy_kwh,
           SUM(CASE WHEN measured_intervals + edited_intervals + estimated_intervals + missing_intervals
                         <> expected_intervals THEN 1 ELSE 0 END) AS miscounted,
           SUM(CASE WHEN load_factor < 0 OR load_factor > 1 + 1e-9 THEN 1 ELSE 0 END) AS outside
    FROM new_load_daily
)
SELECT ABS(g.energy_kwh - m.energy_kwh) / GREATEST(ABS(g.energy_kwh), 1.0) AS energy_gap_share,
       CAST(COALESCE(m.miscounted, 0) AS DOUBLE) AS miscounted_rows,
       CAST(COALESCE(m.outside, 0) AS DOUBLE) AS load_factor_outside
FROM given g, made m
"""


def verify_metrics(session: Session) -> dict[str, float]:
    """Return the verification gate's metrics over `verified`, `sensors` and `gate_days`."""
    return _row(session, _VERIFY)


def aggregate_metrics(session: Session) -> dict[str, float]:
    """Return the aggregation gate's metrics over `readings` and `new_load_daily`."""
    return _row(session, _AGGREGATE)


def ingest_metrics(counts: dict[str, int], far_future_rows: int) -> dict[str, float]:
    """Return the ingest gate's metrics from a batch's counts."""
    accounted = counts["stored"] + counts["duplicate"] + counts["quarantined"]
    share = counts["quarantined"] / counts["received"] if counts["received"] >= FEWEST_ROWS else 0.0
    return {
        "unreconciled_rows": float(abs(counts["received"] - accounted)),
        "quarantined_share": share,
        "far_future_rows": float(far_future_rows),
    }


def far_future_sql(relation: str, limit_utc: object) -> str:
    """Return a query of how many rows of a relation start after an instant."""
    return f"SELECT COUNT(*) AS n FROM {relation} WHERE interval_start_utc > {literal(limit_utc)}"  # type: ignore[arg-type]


def _row(session: Session, sql: str) -> dict[str, float]:
    return {name: float(values[0]) for name, values in session.fetch(sql).to_pydict().items()}
