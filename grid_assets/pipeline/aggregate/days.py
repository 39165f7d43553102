"""Compute every aggregate of some operating days in an engine's session; reading and publishing are not done here."""

from collections.abc import Sequence

from grid_assets.domain.intervals import OperatingDay, day_table
from grid_assets.domain.measures.registry import MEASURES, STEPS
from resources.clients.engines.base import Session


def aggregate_days(session: Session, days: Sequence[OperatingDay]) -> None:
    """Compute all measures of whole operating days and leave them in the session as `new_<table>`.

    A day's rows depend on that day's readings and the catalogue only, so days can be computed in any order and in any
    chunks; `new_sensor_latest` is the whole table after these days.

    Args:
        session: A session with these relations bound, the columns being those of the tables named: `readings`
            (meter_readings of the wanted days, nothing else), `sensors` (sensors), `previous_latest` (sensor_latest,
            empty at first) and `fallback` (meter_readings of the 28 days before; it may be empty, and serves only
            sensors whose latest value stood on a wanted day and was withdrawn).
        days: The wanted days, each once.
    """
    session.register("days", day_table(tuple(days)))
    for step in STEPS:
        if step.is_kept:
            session.materialize(step.name, step.sql)
        else:
            session.define(step.name, step.sql)
    for measure in MEASURES:
        session.materialize(measure.relation, measure.typed_sql)
    session.drop(*(step.name for step in reversed(STEPS)), "days")
