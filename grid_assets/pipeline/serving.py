"""One member of an operating day: from the cache's generation, else made from the lake and kept for an hour."""

import json
from datetime import date
from functools import partial
from typing import Any

from grid_assets.domain.errors import CacheError, GateError, InputError
from grid_assets.domain.names import OWN_PREFIX
from grid_assets.domain.projections.sql import literal
from grid_assets.domain.warm import MEMBERS, Members
from grid_assets.pipeline.filling import Made, read_through
from resources.clients.database.freshness import newest_changes
from resources.clients.platform import Platform

KEPT_SECONDS = 3_600.0


def day(platform: Platform, table: str, operating_day: date, member: str) -> dict[str, Any] | None:
    """Return what a member of a table's day holds, as docs/concepts/caching.md shows it; None where there is none.

    Args:
        platform: The clients.
        table: A warmed table of days, such as `load_daily`.
        operating_day: The day.
        member: The member's name, such as `M1|consumption`.

    Raises:
        InputError: If the table is not one that is served by day.
        GateError: If the day is not in the cache and a gate holds its newest change.
    """
    members = MEMBERS.get(table)
    if members is None:
        raise InputError(f"the table {table!r} is not served by day", f"one of {', '.join(MEMBERS)}")
    found = _from_generation(platform, table, operating_day, member)
    if found is not None:
        value = found.get(member)
        return None if value is None else dict(json.loads(value))
    _check_not_held(platform, table, operating_day)
    change = newest_changes(platform.database.engine, table, [operating_day]).get(operating_day)
    # The newest batch is a part of the key, so what is kept under it is never older than the day is.
    key = f"{OWN_PREFIX}day:{table}:{operating_day}:{change.batch_id if change else 0}:{member}"
    return read_through(platform.cache, key, partial(_from_lake, platform, members, operating_day, member))


def _from_generation(platform: Platform, table: str, operating_day: date, member: str) -> dict[str, bytes] | None:
    try:
        return platform.cache.read_generation(table, operating_day, [member])
    except CacheError:
        return None


def _check_not_held(platform: Platform, table: str, operating_day: date) -> None:
    if operating_day in platform.database.change_log.held_days(table):
        raise GateError(
            f"{table} of {operating_day} is held back by a gate",
            "a batch that was released, or a corrected file",
            "`grid status` lists the held batches",
        )


def _from_lake(platform: Platform, members: Members, operating_day: date, member: str) -> Made:
    scan = platform.lake.scan(members.table, [operating_day])
    is_settled = not any(b.stage == members.table.group for b, _ in platform.database.batches.unsettled())
    with platform.engine.session() as session:
        session.scan("all_members", scan)
        session.define("lake", f"SELECT * FROM all_members WHERE {members.name_sql} = {literal(member)}")
        rows = session.fetch(members.sql).to_pylist()
    value = json.loads(rows[0]["value"]) if rows else None
    return Made(value, ttl_seconds=KEPT_SECONDS, is_kept=is_settled)
