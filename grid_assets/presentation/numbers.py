"""Plain numbers of tables and batches, taken from snapshots and from the operational database.

No data file is opened and no whole table planned, so that they cost the same after a year as after a day.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.tables import METER_READINGS, METER_READINGS_HISTORY, SENSOR_DATA
from grid_assets.presentation.gates import Finding
from resources.clients.database.schema import BATCHES, CHANGE_LOG
from resources.clients.lake.filters import EVERYTHING
from resources.clients.platform import Platform


def row_count(platform: Platform, table: TableSpec) -> int:
    """Return how many rows a table has now, as its newest snapshot counts them."""
    snapshot = platform.lake.table(table).current_snapshot()
    counted = None if snapshot is None or snapshot.summary is None else snapshot.summary.get("total-records")
    if counted is not None:
        return int(counted)
    return sum(file.rows for file in platform.lake.plan(table, EVERYTHING))


def logged_days(platform: Platform, table: TableSpec) -> tuple[date, ...]:
    """Return the operating days of a table that were ever written, in order; none for tables not kept by day."""
    principal = METER_READINGS if table is METER_READINGS_HISTORY else table
    query = select(CHANGE_LOG.c.operating_day).where(CHANGE_LOG.c.table_name == principal.name).distinct()
    with platform.database.engine.begin() as connection:
        return tuple(sorted(connection.execute(query).scalars()))


def known_days(platform: Platform, days: Sequence[date]) -> tuple[date, ...]:
    """Return those of some days that lie between the first and the last day ever received, in order.

    Outside of these nothing was ever expected to be known, and verifying such a day would only make missing intervals.
    """
    received = logged_days(platform, SENSOR_DATA)
    return tuple(day for day in sorted(set(days)) if received and received[0] <= day <= received[-1])


def batch_rows(platform: Platform, batch_ids: Sequence[int]) -> tuple[dict[str, Any], ...]:
    """Return batches as plain mappings, oldest first."""
    query = select(BATCHES).where(BATCHES.c.batch_id.in_(batch_ids)).order_by(BATCHES.c.batch_id)
    with platform.database.engine.begin() as connection:
        return tuple(dict(row) for row in connection.execute(query).mappings())


def held_batches(platform: Platform, stage: str) -> tuple[dict[str, Any], ...]:
    """Return the batches of a stage that their gate holds back, oldest first."""
    query = select(BATCHES).where(BATCHES.c.stage == stage, BATCHES.c.is_held).order_by(BATCHES.c.batch_id)
    with platform.database.engine.begin() as connection:
        return tuple(dict(row) for row in connection.execute(query).mappings())


def findings(platform: Platform, stage: str, batch_ids: Sequence[int], days: Sequence[date] = ()) -> list[Finding]:
    """Return what the gate of a stage said of some batches, and of held batches that made some days.

    The held ones keep a day blocked that is done again without a change: nothing is judged then, but nothing is mended
    either.
    """
    of_days = select(CHANGE_LOG.c.batch_id).where(CHANGE_LOG.c.operating_day.in_(days))
    is_meant = or_(BATCHES.c.batch_id.in_(batch_ids), BATCHES.c.is_held & BATCHES.c.batch_id.in_(of_days))
    query = select(BATCHES).where(BATCHES.c.stage == stage, is_meant).order_by(BATCHES.c.batch_id)
    with platform.database.engine.begin() as connection:
        rows = connection.execute(query).mappings().all()
    return [
        Finding(
            found["rule"], found["value"], bool(found["passed"]) or not _is_held(row), row["batch_id"], _is_held(row)
        )
        for row in rows
        for found in (row["result"] or {}).get("gate", [])
    ]


def _is_held(row: Any) -> bool:  # noqa: ANN401 - SQLAlchemy's mappings have no static type here
    return bool(row["is_held"])
