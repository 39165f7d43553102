"""Verify whole days in one session: bind the calendar, run the statements, leave `verified` behind.

Reading the lake, the comparison with the current rows and the commit belong to the stage that calls this.
"""

from grid_assets.domain.intervals import OperatingDay, zone_of
from grid_assets.domain.vee.calendar import calendar_days, calendar_pairs, calendar_slots, history_days
from grid_assets.domain.vee.units import unit_table
from grid_assets.domain.vee.verify_sql import releases, verify_sql
from resources.clients.engines.base import Session


def verify_days(session: Session, days: tuple[OperatingDay, ...], zone_name: str) -> None:
    """Verify operating days of a zone and keep the result in the session as the table `verified`.

    Expects `received` (columns of sensor_data; all versions of the days and of the 28 days before each) and `sensors`
    (columns of the catalogue) bound in the session. `verified` has the columns of meter_readings but batch_id and
    recorded_at_utc: one row for every interval that a sensor should have on the days, and nothing else.

    Raises:
        ConfigurationError: If the zone is not known.
    """
    bound = _bind_calendar(session, days, zone_name)
    steps = verify_sql(tuple(day.day for day in (*history_days(days, zone_of(zone_name)), *days)))
    for step, finished in zip(steps, releases(steps), strict=True):
        session.materialize(step.name, step.sql)
        session.drop(*finished)
    session.drop(*bound)


def _bind_calendar(session: Session, days: tuple[OperatingDay, ...], zone_name: str) -> tuple[str, ...]:
    zone = zone_of(zone_name)
    earlier = history_days(days, zone)
    every = (*earlier, *days)
    lengths = session.fetch("SELECT DISTINCT interval_minutes FROM sensors ORDER BY interval_minutes")
    session.register("vee_days", calendar_days(every, frozenset(day.day for day in days)))
    session.register("vee_pairs", calendar_pairs(days))
    session.register("vee_slots", calendar_slots(every, tuple(lengths["interval_minutes"].to_pylist()), zone))
    session.register("vee_units", unit_table())
    return ("vee_days", "vee_pairs", "vee_slots", "vee_units")
