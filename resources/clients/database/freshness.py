"""How new each day of a table is: the batch that changed it last, and when a batch ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Engine, and_, func, select

from resources.clients.database.schema import BATCHES, CHANGE_LOG

IDS_AT_ONCE = 500


@dataclass(frozen=True)
class NewestChange:
    """The newest batch that changed a day and that no gate holds, with its knowledge time."""

    batch_id: int
    recorded_at_utc: datetime


def newest_changes(engine: Engine, table_name: str, days: Sequence[date] | None = None) -> dict[date, NewestChange]:
    """Return the newest change of each day of a table, or of the given days; days that never changed are left out."""
    log, batches = CHANGE_LOG.c, BATCHES.c
    query = (
        select(log.operating_day, func.max(log.batch_id).label("batch_id"))
        .join(BATCHES, and_(batches.batch_id == log.batch_id, batches.is_held.is_(False)))
        .where(log.table_name == table_name)
        .group_by(log.operating_day)
    )
    if days is not None:
        query = query.where(log.operating_day.in_(days))
    newest = query.subquery()
    dated = select(newest, batches.recorded_at_utc).join(BATCHES, batches.batch_id == newest.c.batch_id)
    with engine.begin() as connection:
        rows = connection.execute(dated).all()
    return {row.operating_day: NewestChange(row.batch_id, row.recorded_at_utc.replace(tzinfo=UTC)) for row in rows}


def settled_at(engine: Engine, batch_ids: Iterable[int]) -> dict[int, datetime]:
    """Return when each of some batches was settled; those that are not are left out."""
    ids = sorted(set(batch_ids))
    found: dict[int, datetime] = {}
    with engine.begin() as connection:
        for start in range(0, len(ids), IDS_AT_ONCE):
            some = BATCHES.c.batch_id.in_(ids[start : start + IDS_AT_ONCE])
            query = select(BATCHES.c.batch_id, BATCHES.c.settled_at_utc).where(some, BATCHES.c.state == "settled")
            found.update({row.batch_id: row.settled_at_utc.replace(tzinfo=UTC) for row in connection.execute(query)})
    return found
