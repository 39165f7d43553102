"""`load_hourly`: energy and peak per meter, point and hour."""

from grid_assets.domain.measures.energy import COUNT_NAMES, QUALITIES_SQL
from grid_assets.domain.measures.measure import Measure
from grid_assets.domain.tables import LOAD_HOURLY

MEASURE = Measure(
    LOAD_HOURLY,
    f"""
SELECT p.meter_id, p.point_type, d.start_utc + p.hour_no * INTERVAL 1 HOUR AS hour_start_utc,
       p.energy AS energy_kwh, p.peak_kw, {", ".join(COUNT_NAMES)},
       {QUALITIES_SQL} AS qualities,
       p.operating_day
FROM load_parts AS p
JOIN days AS d ON d.operating_day = p.operating_day
WHERE p.hour_no IS NOT NULL""",
    "Energy and peak of each meter and point by hour of the operating day. Only sensors of the type energy with "
    "intervals of an hour or less count; an interval belongs to the hour that it starts in.",
    (
        "energy_kwh = sum of the intervals' values, null where all are missing",
        "peak_kw = max(value x 60 / interval_minutes), over the sum of the channels where a meter has several",
    ),
    "Mean power of an interval is its energy over its length; counts and the set of qualities survive the sum, as in "
    "Energinet's calculated measurements.",
)
