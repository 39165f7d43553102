"""The warm stage: what changed in the lake is put into the cache, each day of a table whole or not at all.

A changed day is loaded beside the one that readers see, counted against the lake, and put in its place by one pointer.
Only the newest days are held; older ones are read on demand (`serving`). Latest values go by versioned compare.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

import pyarrow as pa

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.names import latest_key, warm_consumer
from grid_assets.domain.tables import SENSOR_LATEST, SENSORS
from grid_assets.domain.warm import LATEST_SQL, MEMBERS, Members
from grid_assets.pipeline.follow import Feed, Step, follow
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.reporter import Reporter
from resources.clients.cache.base import Generation, Versioned
from resources.clients.engines.duckdb_engine import DuckDBSession
from resources.clients.failpoints import reach
from resources.clients.lake.filters import EVERYTHING
from resources.clients.platform import Platform

STAGE = "warm"
WARM_POINTS = ("warm.generation.loaded", "warm.generation.promoted", "warm.latest.put")
"""The steps of warming: a day loaded and not seen, a day put in place, latest values set and none withdrawn yet."""
MEMBERS_AT_ONCE = 20_000


def warm(platform: Platform, driver: str, reporter: Reporter, days: Sequence[date] | None = None) -> StageOutcome:
    """Bring the cache up to date with what changed in the warmed tables, or put the given days in place again.

    Returns:
        The days done, and the numbers `keys` (members loaded and latest values set), `generations` (days of a table
        put in place), `dropped` (days of a table that are held no more) and `withdrawn` (latest values that are gone).

    Raises:
        CacheError: If the cache cannot be written; the days stay pending.
    """
    consumer = warm_consumer(platform.cache.epoch())
    outcome = StageOutcome()
    for members in MEMBERS.values():
        copy = partial(_copy_days, platform, members)
        outcome += follow(platform, Feed(STAGE, consumer, members.table), copy, driver, reporter, days)
    latest = Feed(STAGE, consumer, SENSOR_LATEST)
    outcome += follow(platform, latest, partial(_copy_latest, platform), driver, reporter, days)
    if outcome.days:
        platform.cache.sweep()
    return outcome


def first_warm_day(platform: Platform, table: TableSpec) -> date:
    """Return the first of the newest days of a table that the cache holds; the last day there is, if it holds none."""
    found = {file.operating_day for file in platform.lake.plan(table, EVERYTHING)}
    newest = sorted(day for day in found if day is not None)[-platform.limits.warm_days :]
    return newest[0] if newest and platform.limits.warm_days else date.max


def _copy_days(platform: Platform, members: Members, step: Step) -> dict[str, int]:
    first = first_warm_day(platform, members.table)
    wanted = tuple(day for day in step.days if day >= first)
    numbers = _put_in_place(platform, members, step.batch.batch_id, wanted)
    name = members.table.name
    outside = [day for day in platform.cache.generations(name) if day < first]
    for day in outside:
        platform.cache.drop_generation(name, day)
    return {**numbers, "dropped": len(outside)}


def _put_in_place(platform: Platform, members: Members, number: int, days: Sequence[date]) -> dict[str, int]:
    """Load, count and promote some days of a table as generations of one number."""
    numbers = {"keys": 0, "generations": 0}
    if not days:
        return numbers
    with platform.engine.session() as session:
        session.scan("lake", platform.lake.scan(members.table, days))
        waiting = _days_that_wait(platform, session, members.table)
        session.materialize("members", f"SELECT * FROM ({members.sql}) ORDER BY operating_day, member")
        expected = _members_by_day(session, members)
        for day in days:
            if day in waiting:
                continue
            generation = Generation(members.table.name, day, number)
            numbers["keys"] += platform.cache.load_generation(generation, _members(session, day))
            reach("warm.generation.loaded")
            numbers["generations"] += platform.cache.promote_generation(generation, expected.get(day, 0))
            reach("warm.generation.promoted")
    return numbers


def _days_that_wait(platform: Platform, session: DuckDBSession, table: TableSpec) -> set[date]:
    """Return the days whose rows do not count yet: a batch that has to settle, or a gate, has them.

    They enter the change log when that batch ends, and are warmed then. Asked after the scan was planned, the open
    batches first, so that a batch which settles in between is seen by one of the two.
    """
    is_open = [batch.batch_id for batch, _ in platform.database.batches.unsettled() if batch.stage == table.group]
    held = platform.database.change_log.held_days(table.name)
    if not is_open:
        return set(held)
    rows = session.fetch("SELECT DISTINCT operating_day FROM lake WHERE batch_id IN (SELECT unnest(?))", [is_open])
    return {*held, *rows["operating_day"].to_pylist()}


def _members_by_day(session: DuckDBSession, members: Members) -> dict[date, int]:
    """Return how many members each day has, counted from the rows themselves."""
    sql = f"SELECT operating_day, COUNT(DISTINCT {members.name_sql}) AS members FROM lake GROUP BY operating_day"
    return {row["operating_day"]: row["members"] for row in session.fetch(sql).to_pylist()}


def _members(session: DuckDBSession, day: date) -> Iterator[pa.RecordBatch]:
    sql = "SELECT member, value FROM members WHERE operating_day = ?"
    return iter(session.connection.sql(sql, params=[day]).to_arrow_reader(MEMBERS_AT_ONCE))


def _copy_latest(platform: Platform, step: Step) -> dict[str, int]:
    """Set the latest values that are newer than the cache's and withdraw those of sensors that have none any more."""
    scan = platform.lake.scan(SENSOR_LATEST)
    uncounted = platform.database.batches.uncounted_days(SENSOR_LATEST.group, SENSOR_LATEST.name)
    with platform.engine.session() as session:
        session.scan("lake", scan)
        session.scan("sensors", platform.lake.scan(SENSORS))
        counted = "batch_id NOT IN (SELECT unnest(CAST(? AS BIGINT[])))"
        rows = session.fetch(f"SELECT * FROM ({LATEST_SQL}) WHERE {counted} ORDER BY sensor_id", [list(uncounted)])
        without = session.fetch("SELECT sensor_id FROM sensors ANTI JOIN lake USING (sensor_id)")["sensor_id"]
    keys = platform.cache.put_newer(_entries(rows))
    reach("warm.latest.put")
    waiting = frozenset[date]().union(*uncounted.values())
    withdrawn = platform.cache.put_newer(_withdrawals(platform, without.to_pylist(), step.version, waiting))
    return {"keys": keys, "withdrawn": withdrawn}


def _entries(rows: pa.Table) -> Iterator[Versioned]:
    for batch in rows.to_batches(MEMBERS_AT_ONCE):
        ids, versions = batch.column("sensor_id").to_pylist(), batch.column("batch_id").to_pylist()
        values = batch.column("value").cast(pa.binary()).to_pylist()
        yield from map(Versioned, map(latest_key, ids), values, versions)


def _withdrawals(
    platform: Platform, sensors: Sequence[str], version: int, waiting: frozenset[date]
) -> Iterator[Versioned]:
    """Withdraw the cached values of sensors that have none, but for those that a batch which does not count took."""
    versioned = platform.cache.versions_of([latest_key(sensor) for sensor in sensors])
    found = platform.cache.get_many(list(versioned))
    for key, value in found.items():
        row = json.loads(value)
        if row is not None and date.fromisoformat(row["operating_day"]) not in waiting:
            yield Versioned(key, None, version)
