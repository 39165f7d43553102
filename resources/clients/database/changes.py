"""The change log: which operating day of which table a batch changed, and how far each consumer has read.

A consumer reads by offset. Days that it has done beyond its offset are remembered one by one, so that a run which dies
half way does not do them again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Engine, Select, and_, delete, func, insert, or_, select
from sqlalchemy.engine import Row

from resources.clients.database.schema import BATCHES, CHANGE_LOG, CONSUMER_DAYS, CONSUMER_OFFSETS
from resources.clients.database.transactions import reading


@dataclass(frozen=True)
class Change:
    """One operating day of one table that changed."""

    table_name: str
    operating_day: date


@dataclass(frozen=True)
class Progress:
    """Days of a table that a consumer has done, as of a position of the log."""

    consumer: str
    table_name: str
    days: tuple[date, ...]
    position: int


@dataclass(frozen=True)
class Pending:
    """Days of a table that a consumer has still to do, the position of the log, and the table's newest batch there."""

    days: tuple[date, ...]
    position: int
    batch_id: int = 0


class ChangeLog:
    """Reading the log by consumer; writing happens when a batch is settled."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def pending(self, consumer: str, table_name: str) -> Pending:
        """Return the days that changed since the consumer last did them, in order; held batches are passed over."""
        with reading(self.engine) as connection:
            rows = connection.execute(_pending(connection, consumer, table_name)).all()
            newest = connection.execute(select(func.max(CHANGE_LOG.c.position))).scalar() or 0
            of_table = select(func.max(CHANGE_LOG.c.batch_id)).where(CHANGE_LOG.c.table_name == table_name)
            batch_id = connection.execute(of_table).scalar() or 0
        return Pending(tuple(sorted({row.operating_day for row in rows})), newest, batch_id)

    def to_copy(self, consumer: str, table_name: str) -> Pending:
        """Return what `pending` does, less the days whose newest change a gate holds: they wait for a person."""
        found = self.pending(consumer, table_name)
        held = self.held_days(table_name) if found.days else frozenset()
        return replace(found, days=tuple(day for day in found.days if day not in held))

    def held_days(self, table_name: str) -> frozenset[date]:
        """Return the days of a table whose newest change was made by a batch that its gate holds."""
        log = CHANGE_LOG.c
        newest = (
            select(func.max(log.position).label("position"))
            .where(log.table_name == table_name)
            .group_by(log.operating_day)
            .subquery()
        )
        query = (
            select(log.operating_day)
            .join(newest, newest.c.position == log.position)
            .join(BATCHES, BATCHES.c.batch_id == log.batch_id)
            .where(BATCHES.c.is_held.is_(True))
        )
        with reading(self.engine) as connection:
            return frozenset(connection.execute(query).scalars())

    def since(self, position: int, limit: int = 10_000) -> Sequence[Row[tuple[int, str, date, int]]]:
        """Return the log's entries after a position: position, table_name, operating_day, batch_id."""
        query = select(CHANGE_LOG).where(CHANGE_LOG.c.position > position).order_by(CHANGE_LOG.c.position).limit(limit)
        with reading(self.engine) as connection:
            return connection.execute(query).all()

    def progress(self, progress: Progress) -> None:
        """Record days as done without a batch: nothing had to be changed."""
        with self.engine.begin() as connection:
            advance(connection, progress)

    def forget(self, consumer: str) -> None:
        """Forget how far a consumer has got that is no more."""
        with self.engine.begin() as connection:
            for table in (CONSUMER_DAYS, CONSUMER_OFFSETS):
                connection.execute(delete(table).where(table.c.consumer == consumer))


def record_changes(connection: Connection, batch_id: int, changes: Sequence[Change]) -> int:
    """Append changes to the log, once each, and return how many."""
    rows = [
        {"table_name": c.table_name, "operating_day": c.operating_day, "batch_id": batch_id}
        for c in sorted(set(changes), key=lambda c: (c.table_name, c.operating_day))
    ]
    if rows:
        connection.execute(insert(CHANGE_LOG), rows)
    return len(rows)


def advance(connection: Connection, progress: Progress) -> None:
    """Record days as done and move the consumer's offset over everything that is; what is known of later stays."""
    done = CONSUMER_DAYS.c
    of_table = and_(done.consumer == progress.consumer, done.table_name == progress.table_name)
    stored = connection.execute(select(done.operating_day, done.position).where(of_table))
    known = {row.operating_day: row.position for row in stored}
    newly = [day for day in sorted(set(progress.days)) if known.get(day, -1) < progress.position]
    for day in known.keys() & set(newly):
        connection.execute(delete(CONSUMER_DAYS).where(of_table, done.operating_day == day))
    if newly:
        rest = {"consumer": progress.consumer, "table_name": progress.table_name, "position": progress.position}
        connection.execute(insert(CONSUMER_DAYS), [{**rest, "operating_day": day} for day in newly])
    _move_offset(connection, progress)


def _move_offset(connection: Connection, progress: Progress) -> None:
    rows = connection.execute(_pending(connection, progress.consumer, progress.table_name)).all()
    newest = connection.execute(select(func.max(CHANGE_LOG.c.position))).scalar() or 0
    position = min((row.position for row in rows), default=newest + 1) - 1
    offsets = CONSUMER_OFFSETS.c
    where = and_(offsets.consumer == progress.consumer, offsets.table_name == progress.table_name)
    connection.execute(delete(CONSUMER_OFFSETS).where(where))
    connection.execute(
        insert(CONSUMER_OFFSETS).values(consumer=progress.consumer, table_name=progress.table_name, position=position)
    )
    done = CONSUMER_DAYS.c
    connection.execute(
        delete(CONSUMER_DAYS).where(
            done.consumer == progress.consumer,
            done.table_name == progress.table_name,
            done.position <= position,
        )
    )


def _pending(connection: Connection, consumer: str, table_name: str) -> Select[tuple[date, int]]:
    offsets, done, log = CONSUMER_OFFSETS.c, CONSUMER_DAYS.c, CHANGE_LOG.c
    offset = connection.execute(
        select(offsets.position).where(offsets.consumer == consumer, offsets.table_name == table_name)
    ).scalar()
    on_day = and_(done.consumer == consumer, done.table_name == table_name, done.operating_day == log.operating_day)
    return (
        select(log.operating_day, log.position)
        .join(BATCHES, BATCHES.c.batch_id == log.batch_id)
        .outerjoin(CONSUMER_DAYS, on_day)
        .where(
            log.table_name == table_name,
            log.position > (offset or 0),
            BATCHES.c.is_held.is_(False),
            or_(done.position.is_(None), done.position < log.position),
        )
    )
