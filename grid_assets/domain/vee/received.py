"""From readings as received to one current reading per slot: place in the day, unit, and the choice between versions.

Slots are found by arithmetic on seconds since 1970: a day starts at `start_s` and its n-th slot n interval lengths
later; the slot of a reading is the one that it starts in, or the next one where that begins within the tolerance,
always of its own operating day. The newest version counts: by batch, then order of arrival, then row; a reading on
the clock comes before one off it. A cancellation takes away every version of the slot before it, and puts nothing in
their place; what comes after it counts as ever.
"""

from datetime import date

from grid_assets.domain.projections.sql import literal
from grid_assets.domain.vee import thresholds as t
from grid_assets.domain.vee.statement import Statement

CURRENT_COLUMNS = (
    "sensor_no",
    "day_no",
    "slot",
    "length_s",
    "off_clock_s",
    "raw_value",
    "raw_unit",
    "unit_factor",
    "unit_addend",
    "value",
    "received_quality",
    "sent_minutes",
)
LENGTH_S = "CASE WHEN s.interval_minutes >= 1440 THEN d.seconds ELSE s.interval_minutes * 60 END"
IS_CANCELLED = "received_quality = 'cancelled'"
TOLERANCE_S = f"CAST(floor({t.OFF_CLOCK_SHARE} * length_s) AS INTEGER)"
SLOT = f"LEAST(GREATEST((offset_s + {TOLERANCE_S}) // length_s, 0), seconds // length_s - 1)"
CLOCK_RANK = (
    f"CASE WHEN off_clock_s = 0 THEN 0 WHEN ABS(off_clock_s) <= {t.OFF_CLOCK_SHARE} * length_s THEN 1 ELSE 2 END"
)


def received_statements(days: tuple[date, ...]) -> tuple[Statement, ...]:
    """Return the steps from `received` to `vee_current`: one row per sensor, day and slot that has a reading.

    `vee_cancelled` has the slots whose newest version is a cancellation; they have no reading.
    Readings outside of a sensor's validity are left out: they were quarantined, or the catalogue has changed since.
    """
    return (
        Statement("vee_sensors", SENSORS),
        Statement("vee_received", _received(days)),
        Statement("vee_repeated", REPEATED),
        Statement("vee_ranked", RANKED),
        Statement("vee_current", CURRENT),
        Statement("vee_cancelled", CANCELLED),
    )


SENSORS = f"""
SELECT CAST(row_number() OVER (ORDER BY sensor_id) AS INTEGER) AS sensor_no,
       sensor_id, sensor_type, unit, meter_id, transformer_id, feeder_id, point_type,
       interval_minutes, rated_min, rated_max,
       COALESCE(CAST(floor(epoch(valid_from_utc)) AS BIGINT), -100000000000) AS valid_from_s,
       COALESCE(CAST(floor(epoch(valid_to_utc)) AS BIGINT), 100000000000) AS valid_to_s,
       CASE WHEN sensor_type = 'voltage' THEN {t.VOLTAGE_ABSURD_FACTOR} * rated_max
            WHEN rated_max > 0 THEN {t.PHYSICAL_FACTOR} * rated_max
            ELSE rated_max + {t.BELOW_RANGE_SHARE} * ABS(rated_max) END AS limit_high,
       CASE WHEN sensor_type = 'voltage' THEN NULL
            WHEN rated_min IS NOT NULL THEN rated_min - {t.BELOW_RANGE_SHARE} * (rated_max - rated_min)
            WHEN point_type = 'exchange' THEN -{t.PHYSICAL_FACTOR} * ABS(rated_max) END AS limit_low
FROM sensors
"""


def _days(days: tuple[date, ...]) -> str:
    if not days:
        return "operating_day IS NULL"
    return f"operating_day IN ({', '.join(literal(day) for day in days)})"


def _received(days: tuple[date, ...]) -> str:
    return f"""
WITH placed AS (
    SELECT s.sensor_no, d.day_no, d.start_s, d.seconds, s.valid_from_s, s.valid_to_s,
           CAST(floor(epoch(r.interval_start_utc)) AS BIGINT) - d.start_s AS offset_s,
           {LENGTH_S} AS length_s, r.value AS raw_value, r.unit AS raw_unit, r.quality AS received_quality,
           r.interval_minutes AS sent_minutes, r.batch_id, r.source_order, r.source_row,
           CASE WHEN r.unit = s.unit THEN 1.0 ELSE u.factor END AS unit_factor,
           CASE WHEN r.unit = s.unit THEN 0.0 ELSE u.addend END AS unit_addend
    FROM received AS r
    JOIN vee_sensors AS s ON s.sensor_id = r.sensor_id
    JOIN vee_days AS d ON d.operating_day = r.operating_day
    LEFT JOIN vee_units AS u ON u.from_unit = r.unit AND u.to_unit = s.unit
    WHERE r.{_days(days)}
), slotted AS (SELECT *, CAST({SLOT} AS INTEGER) AS slot FROM placed
), measured AS (
    SELECT *, CAST(offset_s - slot * length_s AS INTEGER) AS off_clock_s,
           raw_value * unit_factor + unit_addend AS value
    FROM slotted
    WHERE start_s + slot * length_s >= valid_from_s AND start_s + slot * length_s < valid_to_s
)
SELECT {", ".join(CURRENT_COLUMNS)}, {CLOCK_RANK} AS clock_rank, batch_id, source_order, source_row
FROM measured
"""


REPEATED = """
SELECT sensor_no, day_no, slot FROM vee_received
GROUP BY sensor_no, day_no, slot HAVING COUNT(*) > 1
"""

# How a version stands to the slot's cancellations: 0 after the newest of them, 1 that one itself, 2 withdrawn by it.
RANKED = f"""
WITH placed AS (
    SELECT r.*, SUM(CASE WHEN {IS_CANCELLED} THEN 1 ELSE 0 END) OVER (
               PARTITION BY r.sensor_no, r.day_no, r.slot ORDER BY batch_id DESC, source_order DESC, source_row DESC
               ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS cancellations
    FROM vee_received AS r
    JOIN vee_repeated AS p ON p.sensor_no = r.sensor_no AND p.day_no = r.day_no AND p.slot = r.slot
), stood AS (
    SELECT *, CASE WHEN cancellations = 0 THEN 0 WHEN cancellations = 1 AND {IS_CANCELLED} THEN 1 ELSE 2 END AS standing
    FROM placed
)
SELECT *, row_number() OVER (PARTITION BY sensor_no, day_no, slot
                        ORDER BY standing, clock_rank, batch_id DESC, source_order DESC, source_row DESC
                        ) AS version_rank
FROM stood
"""

DIFFERS = "o.clock_rank = n.clock_rank AND ABS(o.value - n.value) > 1e-9 * GREATEST(ABS(o.value), ABS(n.value))"
STANDS = "o.standing = 0"
CURRENT = f"""
WITH others AS (
    SELECT n.sensor_no, n.day_no, n.slot,
           MAX(CASE WHEN {STANDS} AND o.batch_id = n.batch_id AND {DIFFERS} THEN 1 ELSE 0 END) AS differs_in_batch,
           MAX(CASE WHEN o.batch_id < n.batch_id AND {DIFFERS} THEN 1 ELSE 0 END) AS differs_before,
           SUM(CASE WHEN {STANDS} AND o.clock_rank > 0 AND o.version_rank > 1 THEN 1 ELSE 0 END) AS unused_off_clock
    FROM vee_ranked AS n
    JOIN vee_ranked AS o ON o.sensor_no = n.sensor_no AND o.day_no = n.day_no AND o.slot = n.slot
    WHERE n.version_rank = 1
    GROUP BY n.sensor_no, n.day_no, n.slot
)
SELECT {", ".join(f"r.{name}" for name in CURRENT_COLUMNS)},
       0 AS unused_off_clock, FALSE AS has_conflict, FALSE AS is_corrected
FROM vee_received AS r
LEFT JOIN vee_repeated AS p ON p.sensor_no = r.sensor_no AND p.day_no = r.day_no AND p.slot = r.slot
WHERE p.slot IS NULL AND NOT r.{IS_CANCELLED}
UNION ALL
SELECT {", ".join(f"r.{name}" for name in CURRENT_COLUMNS)},
       o.unused_off_clock, o.differs_in_batch = 1 AND r.received_quality <> 'revised' AS has_conflict,
       o.differs_before = 1 AS is_corrected
FROM vee_ranked AS r
JOIN others AS o ON o.sensor_no = r.sensor_no AND o.day_no = r.day_no AND o.slot = r.slot
WHERE r.version_rank = 1 AND NOT r.{IS_CANCELLED}
"""

CANCELLED = f"""
SELECT r.sensor_no, r.day_no, r.slot
FROM vee_received AS r
LEFT JOIN vee_repeated AS p ON p.sensor_no = r.sensor_no AND p.day_no = r.day_no AND p.slot = r.slot
WHERE p.slot IS NULL AND r.{IS_CANCELLED}
UNION ALL
SELECT sensor_no, day_no, slot FROM vee_ranked WHERE version_rank = 1 AND {IS_CANCELLED}
"""
