"""Suspected theft: more energy went into an area than its meters and its technical losses explain.

The limit of a day comes from that day alone, so that a late file changes no other day's verdict. It adds up

- what meters may err: 1 % of the energy supplied (EN 50470-3, class B);
- load losses, which grow with the square of the current: 8 % of an interval's exchange at the rated load of the
  exchange meter, proportionally less below it (5 % of the energy supplied where the meter has no rating);
- no-load losses of a transformer: 0.3 % of its rating, all day;
- half of the energy that verification had to estimate.

What is left over is only an info where unusual zeros (rule V08) may hide it: for each such interval, twice of what the
area's intervals consume on average. A meter that stopped is likelier than a thief there.

Energy supplied is production plus the day's net import, if it is one. A balance with a missing interval, or
without any meter, is not judged.
"""

from grid_assets.domain.measures.events.kind import EventKind, count, number
from grid_assets.domain.measures.measure import Step, exact, exact_sum

METER_SHARE = 0.01
"""Share of the energy supplied that meters may err."""
LOAD_LOSS_SHARE = 0.08
"""Share of the exchange that is lost on the way at rated load."""
UNRATED_LOSS_SHARE = 0.05
"""Share of the energy supplied that is lost on the way where no rating is known."""
NO_LOAD_SHARE = 0.003
"""Share of a transformer's rated energy that it takes itself."""
GUESS_SHARE = 0.5
"""Share of the estimated energy that may be wrong."""
ZERO_FACTOR = 2.0
"""An interval of unusual zeros may hide this multiple of what the area's intervals consume on average."""
MIN_UNEXPLAINED_KWH = 1.0
"""Smallest unexplained loss of a day that is told."""

EXCHANGE_LOADING = Step(
    "exchange_loading",
    f"""
SELECT p.asset_type, p.asset_id, r.operating_day,
       CAST({exact_sum(exact("r.value * r.value / s.rated_max"))} AS DOUBLE) AS squared,
       CAST({exact_sum(exact("s.rated_max"))} AS DOUBLE) AS rated
FROM readings AS r
JOIN sensors AS s ON s.sensor_id = r.sensor_id
JOIN exchange_points AS p ON p.meter_id = s.meter_id
WHERE r.sensor_type = 'energy' AND s.point_type = 'exchange' AND s.rated_max > 0
GROUP BY p.asset_type, p.asset_id, r.operating_day""",
    "Squared exchange over rated exchange, and rated exchange, summed over each day's intervals.",
)

_LIMIT = f"""{METER_SHARE} * s.supplied
           + COALESCE({LOAD_LOSS_SHARE} * x.squared, {UNRATED_LOSS_SHARE} * s.supplied)
           + CASE WHEN s.asset_type = 'transformer' THEN {NO_LOAD_SHARE} * COALESCE(x.rated, 0) ELSE 0 END
           + {GUESS_SHARE} * s.guessed"""

_SQL = f"""
WITH supplies AS (
    SELECT b.asset_type, b.asset_id, b.operating_day, b.meters, b.zero_run_intervals,
           CAST(b.exchange + b.production - b.consumption AS DOUBLE) AS loss,
           CAST(b.production + CASE WHEN b.exchange > 0 THEN b.exchange ELSE 0 END AS DOUBLE) AS supplied,
           CAST(b.estimated_energy AS DOUBLE) AS guessed,
           CASE WHEN b.consumption_intervals > 0
                THEN {ZERO_FACTOR} * CAST(b.consumption AS DOUBLE) * b.zero_run_intervals / b.consumption_intervals
                ELSE 0 END AS hidden
    FROM balances AS b
    WHERE b.missing_intervals = 0 AND b.meters > 0
), judged AS (
    SELECT s.*, {_LIMIT} AS explained
    FROM supplies AS s
    LEFT JOIN exchange_loading AS x
      ON x.asset_type = s.asset_type AND x.asset_id = s.asset_id AND x.operating_day = s.operating_day
)
SELECT 'suspected_theft' AS event_type,
       CASE WHEN j.loss <= j.explained + j.hidden THEN 'info' WHEN j.loss >= 2 * j.explained THEN 'critical'
            ELSE 'warning' END AS severity,
       CAST(NULL AS VARCHAR) AS sensor_id, j.asset_type, j.asset_id,
       d.start_utc AS started_at_utc, d.end_utc AS ended_at_utc,
       j.loss AS value, j.explained AS limit_value, 'kWh' AS unit,
       CONCAT('Balance of ', j.asset_type, ' ', j.asset_id, ' lost ', {number("j.loss")}, ' of ',
              {number("j.supplied")}, ' kWh supplied to ', {count("j.meters")},
              ' meters, where losses and estimates explain ', {number("j.explained")}, ' kWh',
              CASE WHEN j.loss <= j.explained + j.hidden
                   THEN CONCAT('; ', {count("j.zero_run_intervals")}, ' intervals of unusual zeros may be the cause.')
                   ELSE '.' END) AS message,
       j.operating_day
FROM judged AS j
JOIN days AS d ON d.operating_day = j.operating_day
WHERE j.loss - j.explained >= {MIN_UNEXPLAINED_KWH}"""

SUSPECTED_THEFT = EventKind(
    "suspected_theft",
    "transformer or feeder",
    _SQL,
    "A day's balance of a transformer or feeder that lost more than is explained: "
    f"{METER_SHARE:.0%} of the energy supplied for meters' errors, {LOAD_LOSS_SHARE:.0%} of the exchange at rated load "
    f"(falling with the load's square; {UNRATED_LOSS_SHARE:.0%} of the energy supplied where there is no rating), "
    f"{NO_LOAD_SHARE:.1%} of a transformer's rating, and {GUESS_SHARE:.0%} of the estimated energy. At least "
    f"{MIN_UNEXPLAINED_KWH:g} kWh must stay unexplained; a balance with missing intervals, or without meters, is not "
    "judged. `value` is the loss of the day, `limit_value` what is explained.",
    f"info where intervals of unusual zeros (rule V08), each taken for {ZERO_FACTOR:g} times the area's mean "
    "consumption of an interval, may hide the rest; else critical from twice the limit, else warning",
)
