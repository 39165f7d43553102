"""`sensor_latest`: the newest verified value of every sensor that has one."""

from grid_assets.domain.measures.measure import Measure, Step
from grid_assets.domain.tables import SENSOR_LATEST

_NAMES = "sensor_id, sensor_type, interval_start_utc, value, unit, quality, operating_day"


def _newest(relation: str, condition: str) -> str:
    """Return SQL for the newest row with a value of each sensor of a relation, under a condition on its rows `r`."""
    return f"""
    SELECT {", ".join(f"r.{name.strip()}" for name in _NAMES.split(","))}
    FROM {relation} AS r
    JOIN (
        SELECT r.sensor_id, MAX(r.interval_start_utc) AS newest_utc
        FROM {relation} AS r
        WHERE r.value IS NOT NULL AND {condition}
        GROUP BY r.sensor_id
    ) AS n ON n.sensor_id = r.sensor_id AND n.newest_utc = r.interval_start_utc"""


_ORPHANS = "r.sensor_id IN (SELECT sensor_id FROM latest_orphans)"
_UNTOUCHED = "r.operating_day NOT IN (SELECT operating_day FROM days)"

CANDIDATES = Step(
    "latest_candidates",
    f"""
{_newest("readings", "r.operating_day IN (SELECT operating_day FROM days)")}
UNION ALL
    SELECT {_NAMES} FROM previous_latest AS r WHERE {_UNTOUCHED}""",
    "The newest value of the wanted days and the newest known before, unless that stood on one of the wanted days.",
)

ORPHANS = Step(
    "latest_orphans",
    """
SELECT DISTINCT p.sensor_id
FROM previous_latest AS p
LEFT JOIN latest_candidates AS c ON c.sensor_id = p.sensor_id
WHERE c.sensor_id IS NULL""",
    "Sensors whose newest value stood on a wanted day and was withdrawn.",
)

MEASURE = Measure(
    SENSOR_LATEST,
    f"""
WITH candidates AS (
    SELECT {_NAMES} FROM latest_candidates
    UNION ALL
    {_newest("fallback", f"{_ORPHANS} AND {_UNTOUCHED}")}
), ranked AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY sensor_id ORDER BY interval_start_utc DESC) AS place
    FROM candidates
)
SELECT {_NAMES} FROM ranked WHERE place = 1""",
    "The newest value that is not missing of every sensor, estimates included. A previous row on one of the wanted "
    "days is dropped first, because it may have been withdrawn; a sensor that is left with nothing takes its newest "
    "value of `fallback`, the 28 days before, and has no row where that has none either.",
)
