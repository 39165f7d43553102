"""The outbox: readings of the API on their way into the lake, as files of the landing zone.

An entry is named for a file before the file is written, and marked as landed after it, so that a repeat after a crash
writes the same lines under the same name. Entries land in the order of their positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, select, update

from grid_assets.domain.names import api_file_name
from resources.clients.database.schema import OUTBOX
from resources.clients.database.transactions import reading

KEEP = timedelta(days=7)
"""How long entries stay after they landed. For so long a repeated request is known, whatever else was written."""


@dataclass(frozen=True)
class OutboxEntry:
    """One reading that waits to land; `payload` is its line of the landing file."""

    position: int
    request_id: str
    version: int
    payload: str


class Outbox:
    """The outbox of one database; several processes may land it at once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def unlanded(self, most: int = 1_000) -> tuple[OutboxEntry, ...]:
        """Return the oldest entries that have not landed yet, in order."""
        columns = (OUTBOX.c.position, OUTBOX.c.request_id, OUTBOX.c.version, OUTBOX.c.payload)
        query = select(*columns).where(OUTBOX.c.landed_at_utc.is_(None)).order_by(OUTBOX.c.position).limit(most)
        with reading(self.engine) as connection:
            return tuple(OutboxEntry(*row) for row in connection.execute(query))

    def depth(self) -> int:
        """Return how many entries have not landed yet."""
        with reading(self.engine) as connection:
            return int(connection.execute(select(func.count()).where(OUTBOX.c.landed_at_utc.is_(None))).scalar_one())

    def name_file(self, most: int) -> str | None:
        """Give the oldest entries without a file the name of one, and return it; None where there are none."""
        with self.engine.begin() as connection:
            positions = _unnamed(connection, most)
            if not positions:
                return None
            name = api_file_name(positions[0], positions[-1])
            is_of_the_file = (
                OUTBOX.c.position.between(positions[0], positions[-1]),
                OUTBOX.c.landing_file.is_(None),
            )
            connection.execute(update(OUTBOX).where(*is_of_the_file).values(landing_file=name))
        return name

    def files_to_write(self) -> tuple[str, ...]:
        """Return the files that were named and have not landed, in the order of their entries."""
        query = (
            select(OUTBOX.c.landing_file)
            .where(OUTBOX.c.landing_file.is_not(None), OUTBOX.c.landed_at_utc.is_(None))
            .group_by(OUTBOX.c.landing_file)
            .order_by(func.min(OUTBOX.c.position))
        )
        with reading(self.engine) as connection:
            return tuple(str(name) for name in connection.execute(query).scalars())

    def lines(self, file: str) -> list[str]:
        """Return the lines of a file that was named, without their ends, in order."""
        query = select(OUTBOX.c.payload).where(OUTBOX.c.landing_file == file).order_by(OUTBOX.c.position)
        with reading(self.engine) as connection:
            return list(connection.execute(query).scalars())

    def mark_landed(self, file: str, now_utc: datetime) -> int:
        """Record that a file is in the landing zone; return how many entries that were, 0 where it was known."""
        is_waiting = (OUTBOX.c.landing_file == file, OUTBOX.c.landed_at_utc.is_(None))
        with self.engine.begin() as connection:
            marked = connection.execute(update(OUTBOX).where(*is_waiting).values(landed_at_utc=_naive(now_utc)))
            return int(marked.rowcount)

    def prune(self, older_than_utc: datetime) -> int:
        """Forget entries that landed before an instant, and return how many."""
        with self.engine.begin() as connection:
            gone = connection.execute(delete(OUTBOX).where(OUTBOX.c.landed_at_utc < _naive(older_than_utc)))
            return int(gone.rowcount)


def _unnamed(connection: Connection, most: int) -> Sequence[int]:
    """Return the oldest positions without a file; rows are locked, so that two landers do not name them twice."""
    query = select(OUTBOX.c.position).where(OUTBOX.c.landing_file.is_(None)).order_by(OUTBOX.c.position).limit(most)
    return connection.execute(query.with_for_update()).scalars().all()


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)
