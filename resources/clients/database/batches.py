"""Batches, from claim to settlement: the monotone ids that every copy of the data is ordered by.

A batch is claimed, writes down its plan, commits to the lake, and is settled: its changes enter the change log in the
same transaction that frees its claims. What a dead process left behind is found by `unsettled`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Select, delete, func, insert, literal, or_, select, update

from grid_assets.domain.errors import DatabaseError
from resources.clients.database.changes import Change, Progress, advance, record_changes
from resources.clients.database.files import FileIdentity, claim_files
from resources.clients.database.owner import NOBODY, is_alive, this_process
from resources.clients.database.schema import BATCHES, CHANGE_LOG, CLAIMS, FILES
from resources.clients.database.transactions import reading

LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001 - the database keeps instants in UTC without an offset


@dataclass(frozen=True)
class Batch:
    """One batch: its id, the stage that runs it, its knowledge time and the plan it wrote down, if it got that far.

    `files` are the content hashes that it claimed when it was opened.
    """

    batch_id: int
    stage: str
    recorded_at_utc: datetime
    plan: dict[str, Any] | None = None
    driver: str = "cli"
    files: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Settlement:
    """What settling a batch writes: changed days, the consumer's progress, and numbers for people."""

    changes: Sequence[Change] = ()
    progress: Progress | None = None
    result: dict[str, Any] = field(default_factory=dict)
    is_held: bool = False


@dataclass(frozen=True)
class Holder:
    """The batch that holds a claim somebody else wants."""

    resource: str
    batch_id: int
    is_alive: bool


class Batches:
    """The life of batches over one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def open(self, stage: str, driver: str, now_utc: datetime, files: Sequence[FileIdentity] = ()) -> Batch:
        """Claim a new batch id, and with it the files that no other batch has.

        Its knowledge time is later than that of every batch before it. Files go with the id in one transaction, so
        that of two batches the later one has the files that arrived later.

        Raises:
            DatabaseError: If the instant has no offset.
        """
        if now_utc.tzinfo is None:
            raise DatabaseError(
                f"the clock {now_utc.isoformat()} has no offset", "an instant such as datetime.now(UTC)"
            )
        with self.engine.begin() as connection:
            newest = connection.execute(select(func.max(BATCHES.c.recorded_at_utc))).scalar()
            recorded = _naive(now_utc)
            if newest is not None and recorded <= newest:
                recorded = newest + timedelta(microseconds=1)
            values = {
                "stage": stage,
                "state": "claimed",
                "driver": driver,
                "owner": this_process(),
                "heartbeat_utc": _naive(now_utc),
                "recorded_at_utc": recorded,
                "is_held": False,
            }
            key = connection.execute(insert(BATCHES).values(values)).inserted_primary_key
            if key is None:
                raise DatabaseError("the database gave no id for a new batch")
            got = claim_files(connection, int(key[0]), files)
        return Batch(int(key[0]), stage, recorded.replace(tzinfo=UTC), None, driver, got)

    def claim(self, batch_id: int, resources: Sequence[str]) -> Holder | None:
        """Take resources for a batch alone, all or none; return who has to end first, or None when they were taken.

        Batches of a stage take their claims in the order of their ids, so that on no day an older batch comes after
        a newer one. A claim of a dead batch is not taken over here: its batch has to be repaired first, which frees it.
        """
        with self.engine.begin() as connection:
            first = connection.execute(_before(batch_id)).first()
            if first is None:
                first = connection.execute(_holding(batch_id, resources)).first()
            if first is not None:
                return Holder(first.resource, first.batch_id, is_alive(first.owner, first.heartbeat_utc, _now()))
            connection.execute(insert(CLAIMS), [{"resource": r, "batch_id": batch_id} for r in sorted(set(resources))])
        return None

    def oldest_open(self, stage: str) -> Holder | None:
        """Return the oldest open batch of a stage, or None; its resource is the stage."""
        query = (
            select(BATCHES.c.batch_id, BATCHES.c.owner, BATCHES.c.heartbeat_utc)
            .where(BATCHES.c.state == "claimed", BATCHES.c.stage == stage)
            .order_by(BATCHES.c.batch_id)
            .limit(1)
        )
        with reading(self.engine) as connection:
            first = connection.execute(query).first()
        if first is None:
            return None
        return Holder(stage, first.batch_id, is_alive(first.owner, first.heartbeat_utc, _now()))

    def take_over(self, batch_id: int) -> bool:
        """Make this process the owner of a dead batch; False where another process was faster or it lives."""
        with self.engine.begin() as connection:
            row = connection.execute(select(BATCHES).where(BATCHES.c.batch_id == batch_id)).first()
            if row is None or row.state != "claimed" or is_alive(row.owner, row.heartbeat_utc, _now()):
                return False
            values = {"owner": this_process(), "heartbeat_utc": _now()}
            connection.execute(update(BATCHES).where(BATCHES.c.batch_id == batch_id).values(values))
        return True

    def hand_back(self, batch_id: int) -> None:
        """Give an open batch up without ending it: whoever repairs next, this process too, may take it over."""
        with self.engine.begin() as connection:
            mine = (BATCHES.c.batch_id == batch_id, BATCHES.c.state == "claimed")
            connection.execute(update(BATCHES).where(*mine).values(owner=NOBODY, heartbeat_utc=LONG_AGO))

    def beat(self, batch_id: int) -> None:
        """Say that the batch's process still lives."""
        with self.engine.begin() as connection:
            connection.execute(update(BATCHES).where(BATCHES.c.batch_id == batch_id).values(heartbeat_utc=_now()))

    def write_plan(self, batch_id: int, plan: dict[str, Any]) -> None:
        """Keep what a batch is about to commit, so that a repair can finish or undo it."""
        with self.engine.begin() as connection:
            connection.execute(update(BATCHES).where(BATCHES.c.batch_id == batch_id).values(plan=plan))

    def settle(self, batch_id: int, settlement: Settlement) -> None:
        """End a batch: record its changes and the consumer's progress, free its claims, all in one transaction."""
        with self.engine.begin() as connection:
            record_changes(connection, batch_id, settlement.changes)
            if settlement.progress is not None:
                advance(connection, settlement.progress)
            _close(connection, batch_id, "settled", settlement.result, is_held=settlement.is_held)
            _settle_files(connection, batch_id, settlement.result.get("files", []))

    def abandon(self, batch_id: int) -> None:
        """End a batch that committed nothing: its files may be claimed again."""
        with self.engine.begin() as connection:
            connection.execute(delete(FILES).where(FILES.c.batch_id == batch_id, FILES.c.state == "claimed"))
            _close(connection, batch_id, "abandoned", {})

    def unsettled(self) -> tuple[tuple[Batch, bool], ...]:
        """Return the batches that are neither settled nor abandoned, each with whether its process lives."""
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(BATCHES).where(BATCHES.c.state == "claimed").order_by(BATCHES.c.batch_id)
            ).all()
        return tuple((_batch(row), is_alive(row.owner, row.heartbeat_utc, _now())) for row in rows)

    def uncounted(self, stage: str) -> tuple[int, ...]:
        """Return the batches of a stage whose rows do not count: still open, or held by their gate."""
        query = select(BATCHES.c.batch_id).where(
            BATCHES.c.stage == stage, or_(BATCHES.c.state == "claimed", BATCHES.c.is_held.is_(True))
        )
        with reading(self.engine) as connection:
            return tuple(connection.execute(query.order_by(BATCHES.c.batch_id)).scalars())

    def uncounted_days(self, stage: str, table_name: str) -> dict[int, frozenset[date]]:
        """Return the batches of a stage whose rows do not count, each with the days of a table that it changes.

        A batch that has no plan yet has changed nothing.
        """
        is_uncounted = or_(BATCHES.c.state == "claimed", BATCHES.c.is_held.is_(True))
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(BATCHES.c.batch_id, BATCHES.c.plan).where(BATCHES.c.stage == stage, is_uncounted)
            ).all()
        return {row.batch_id: frozenset(_planned_days(row.plan, table_name)) for row in rows}

    def release(self, batch_id: int) -> int:
        """Let a held batch's changes pass: they enter the change log anew; return how many.

        Raises:
            DatabaseError: If the batch is not held.
        """
        with self.engine.begin() as connection:
            held = connection.execute(select(BATCHES.c.is_held).where(BATCHES.c.batch_id == batch_id)).scalar()
            if not held:
                raise DatabaseError(
                    f"batch {batch_id} is not held", "the id of a held batch", "`grid status` lists the held batches"
                )
            connection.execute(update(BATCHES).where(BATCHES.c.batch_id == batch_id).values(is_held=False))
            return record_changes(connection, batch_id, _changes_of(connection, batch_id))

    def listing(self) -> list[dict[str, Any]]:
        """Return every batch as a plain mapping, oldest first."""
        with reading(self.engine) as connection:
            return [dict(row) for row in connection.execute(select(BATCHES).order_by(BATCHES.c.batch_id)).mappings()]


def _before(batch_id: int) -> Select[Any]:
    """Select the oldest open batch of the same stage that was opened before and has yet to take its claims."""
    own = select(BATCHES.c.stage).where(BATCHES.c.batch_id == batch_id).scalar_subquery()
    has_claims = select(CLAIMS.c.resource).where(CLAIMS.c.batch_id == BATCHES.c.batch_id).exists()
    return (
        select(
            literal("an earlier turn").label("resource"), BATCHES.c.batch_id, BATCHES.c.owner, BATCHES.c.heartbeat_utc
        )
        .where(BATCHES.c.state == "claimed", BATCHES.c.stage == own, BATCHES.c.batch_id < batch_id, ~has_claims)
        .order_by(BATCHES.c.batch_id)
        .limit(1)
    )


def _holding(batch_id: int, resources: Sequence[str]) -> Select[Any]:
    """Select the oldest batch that holds one of some resources."""
    return (
        select(CLAIMS.c.resource, BATCHES.c.batch_id, BATCHES.c.owner, BATCHES.c.heartbeat_utc)
        .join(BATCHES, BATCHES.c.batch_id == CLAIMS.c.batch_id)
        .where(CLAIMS.c.resource.in_(resources), CLAIMS.c.batch_id != batch_id)
        .order_by(BATCHES.c.batch_id)
        .limit(1)
    )


def _changes_of(connection: Connection, batch_id: int) -> tuple[Change, ...]:
    rows = connection.execute(
        select(CHANGE_LOG.c.table_name, CHANGE_LOG.c.operating_day).where(CHANGE_LOG.c.batch_id == batch_id).distinct()
    )
    return tuple(Change(row.table_name, row.operating_day) for row in rows)


def _planned_days(plan: dict[str, Any] | None, table_name: str) -> Iterator[date]:
    for table in (plan or {}).get("tables", ()):
        if table["table"] == table_name:
            yield from (date.fromisoformat(day) for day in table["days"])


def _close(connection: Connection, batch_id: int, state: str, result: dict[str, Any], *, is_held: bool = False) -> None:
    connection.execute(delete(CLAIMS).where(CLAIMS.c.batch_id == batch_id))
    closed = connection.execute(
        update(BATCHES)
        .where(BATCHES.c.batch_id == batch_id, BATCHES.c.state == "claimed")
        .values(state=state, result=result, settled_at_utc=_now(), is_held=is_held)
    )
    if closed.rowcount != 1:
        raise DatabaseError(
            f"batch {batch_id} is not open any more", "an open batch", "another process repaired it; run again"
        )


def _settle_files(connection: Connection, batch_id: int, files: Sequence[dict[str, Any]]) -> None:
    for counts in files:
        connection.execute(
            update(FILES)
            .where(FILES.c.content_hash == counts["content_hash"], FILES.c.batch_id == batch_id)
            .values({name: counts[name] for name in ("state", "received", "stored", "duplicate", "quarantined")})
        )


def _batch(row: Any) -> Batch:  # noqa: ANN401 - SQLAlchemy's rows have no static type here
    return Batch(row.batch_id, row.stage, row.recorded_at_utc.replace(tzinfo=UTC), row.plan, row.driver)


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)


def _now() -> datetime:
    return _naive(datetime.now(UTC))
