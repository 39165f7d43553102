"""The books of each stage: every row received is stored, a duplicate or quarantined, and nothing is lost on the way.

Numbers of whole tables come from snapshots and from the operational database; sums are made for the run's days only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from grid_assets.domain.tables import (
    LOAD_DAILY,
    LOAD_HOURLY,
    METER_READINGS,
    QUARANTINE,
    SENSOR_DATA,
    VOLTAGE_DAILY,
)
from grid_assets.pipeline.aggregate_stage import STAGE as AGGREGATE
from grid_assets.pipeline.verify_stage import STAGE as VERIFY
from grid_assets.presentation.numbers import row_count
from resources.clients.database.schema import BATCHES, CHANGE_LOG, FILES
from resources.clients.engines.base import Session
from resources.clients.platform import Platform

ENERGY_TOLERANCE = 1e-6
"""Share by which sums of energy may differ: the order of adding doubles."""


@dataclass(frozen=True)
class Line:
    """One line of the books: two numbers that have to be the same, or a number that is told only."""

    what: str
    found: float
    expected: float
    is_told_only: bool = False

    @property
    def difference(self) -> float:
        """Return by how much the numbers differ."""
        return self.found - self.expected

    @property
    def is_kept(self) -> bool:
        """Return whether the numbers agree, sums of energy up to the order of adding."""
        return self.is_told_only or abs(self.difference) <= ENERGY_TOLERANCE * max(1.0, abs(self.expected))


def ingest_lines(platform: Platform, _: Sequence[date] = ()) -> tuple[Line, ...]:
    """Return the books of ingest over everything ever received."""
    counts = _file_counts(platform)
    accounted = counts["stored"] + counts["duplicate"] + counts["quarantined"]
    return (
        Line("rows received = stored + duplicate + quarantined", counts["received"], accounted),
        Line("reading rows stored = rows of sensor_data", counts["readings"], row_count(platform, SENSOR_DATA)),
        Line("rows quarantined = rows of quarantine", counts["quarantined"], row_count(platform, QUARANTINE)),
        Line("rows that repeat what was stored", counts["duplicate"], 0, is_told_only=True),
    )


def verify_lines(platform: Platform, days: Sequence[date]) -> tuple[Line, ...]:
    """Return the books of verification over some days."""
    received = set(platform.lake.rows_by_day(SENSOR_DATA, days))
    waiting = _waiting(platform, VERIFY, SENSOR_DATA.name)
    lost = received - waiting - set(platform.lake.rows_by_day(METER_READINGS, days))
    mine = tuple(day for day in days if day not in waiting)
    with platform.engine.session() as session:
        session.scan("received", platform.lake.scan(SENSOR_DATA, mine))
        session.scan("verified", platform.lake.scan(METER_READINGS, mine))
        row = _row(session, _VERIFY)
    return (
        Line("days received = days verified or waiting", len(received), len(received) - len(lost)),
        Line("verified intervals, by quality = in all", row["by_quality"], row["verified"]),
        Line("intervals with a received value", row["with_raw"], row["verified"], is_told_only=True),
        Line("readings received that fit no interval", row["received"] - row["with_raw"], 0, is_told_only=True),
        Line("days that wait for verification", len(waiting), 0, is_told_only=True),
    )


def aggregate_lines(platform: Platform, days: Sequence[date]) -> tuple[Line, ...]:
    """Return the books of aggregation: intervals and energy of some days, those that still wait left out."""
    waiting = _waiting(platform, AGGREGATE, METER_READINGS.name)
    mine = tuple(day for day in days if day not in waiting)
    with platform.engine.session() as session:
        for table in (METER_READINGS, LOAD_DAILY, LOAD_HOURLY, VOLTAGE_DAILY):
            session.scan(table.name, platform.lake.scan(table, mine))
        row = _row(session, _AGGREGATE)
    return (
        Line("energy intervals in load_daily = verified", row["daily_intervals"], row["energy_intervals"]),
        Line("kWh in load_daily = verified", row["daily_kwh"], row["energy_kwh"]),
        Line("kWh in load_hourly = verified, up to an hour long", row["hourly_kwh"], row["short_kwh"]),
        Line("intervals in voltage_daily = verified", row["voltage_daily"], row["voltage_intervals"]),
        Line("days that wait for aggregation", len(waiting), 0, is_told_only=True),
    )


def _file_counts(platform: Platform) -> dict[str, int]:
    columns = ("received", "stored", "duplicate", "quarantined")
    sums = [func.coalesce(func.sum(FILES.c[name]), 0).label(name) for name in columns]
    of_readings = select(func.coalesce(func.sum(FILES.c.stored), 0)).where(FILES.c.kind == "readings")
    with platform.database.engine.begin() as connection:
        row = connection.execute(select(*sums)).one()
        readings = connection.execute(of_readings).scalar_one()
    return {**{name: int(getattr(row, name)) for name in columns}, "readings": int(readings)}


def _row(session: Session, sql: str) -> dict[str, float]:
    """Return a query's only row as plain numbers; sums of counts come as decimals."""
    return {name: float(values[0]) for name, values in session.fetch(sql).to_pydict().items()}


def _waiting(platform: Platform, consumer: str, table_name: str) -> set[date]:
    """Return the days that a consumer has not done: pending ones, and those of batches that a gate holds back."""
    held = (
        select(CHANGE_LOG.c.operating_day)
        .join(BATCHES, BATCHES.c.batch_id == CHANGE_LOG.c.batch_id)
        .where(CHANGE_LOG.c.table_name == table_name, BATCHES.c.is_held)
    )
    with platform.database.engine.begin() as connection:
        days = set(connection.execute(held).scalars())
    return days | set(platform.database.change_log.pending(consumer, table_name).days)


_VERIFY = """
SELECT (SELECT COUNT(*) FROM (SELECT DISTINCT sensor_id, interval_start_utc FROM received)) AS received,
       COUNT(*) AS verified, COUNT(raw_value) AS with_raw,
       COUNT(CASE WHEN (quality IN ('measured', 'revised', 'edited', 'estimated') AND value IS NOT NULL)
                    OR (quality = 'missing' AND value IS NULL) THEN 1 END) AS by_quality
FROM verified
"""
_AGGREGATE = """
SELECT COUNT(CASE WHEN sensor_type = 'energy' THEN 1 END) AS energy_intervals,
       COUNT(CASE WHEN sensor_type = 'voltage' THEN 1 END) AS voltage_intervals,
       COALESCE(SUM(CASE WHEN sensor_type = 'energy' THEN value END), 0) AS energy_kwh,
       COALESCE(SUM(CASE WHEN sensor_type = 'energy' AND interval_minutes <= 60 THEN value END), 0) AS short_kwh,
       (SELECT COALESCE(SUM(expected_intervals), 0) FROM load_daily) AS daily_intervals,
       (SELECT COALESCE(SUM(energy_kwh), 0) FROM load_daily) AS daily_kwh,
       (SELECT COALESCE(SUM(energy_kwh), 0) FROM load_hourly) AS hourly_kwh,
       (SELECT COALESCE(SUM(expected_intervals), 0) FROM voltage_daily) AS voltage_daily
FROM meter_readings
"""
