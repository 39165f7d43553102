"""The books of each copy: what it holds is what the lake holds, as far as its follower has got.

A table with days that wait, or that a gate holds, is told only: it cannot agree before they are copied. Only the newest
days are looked into, so that a check costs the same after a year as after a day.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.search.fields import DocumentKind
from grid_assets.domain.warm import MEMBERS, Members
from grid_assets.pipeline.documents import lake_sums
from grid_assets.pipeline.lag import lag
from grid_assets.presentation.numbers import logged_days, row_count
from grid_assets.presentation.reconciliation import Line
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.platform import Platform
from resources.clients.search.base import NO_DAY, DaySum

NEWEST_DAYS = 3
MOST_MEMBERS = 1_000
"""Members of a generation that a check asks for; a generation is counted whole before it is put in place."""
NONE = DaySum(0, 0)
_NAMES = """
SELECT DISTINCT operating_day, {name} AS member FROM lake
QUALIFY dense_rank() OVER (PARTITION BY operating_day ORDER BY member) <= {most}
"""


def records_lines(platform: Platform) -> tuple[Line, ...]:
    """Return the books of the operational database: live rows of each published table against the lake's."""
    waiting = _waiting(platform, "publish")
    return tuple(_records_line(platform, table, waiting) for table in PUBLISHED)


def cache_lines(platform: Platform) -> tuple[Line, ...]:
    """Return the books of the cache: of each table's newest days, the members that the lake says there are."""
    waiting = _waiting(platform, "warm")
    return tuple(line for members in MEMBERS.values() for line in _generation_lines(platform, members, waiting))


def index_lines(platform: Platform, kind_name: str) -> tuple[Line, ...]:
    """Return the books of an index: its documents of the newest days against those that the lake makes."""
    kind, live = platform.search.kinds[kind_name], platform.search.live(kind_name)
    if live is None:
        return (Line("documents in the index; there is none yet", 0, 0, is_told_only=True),)
    is_behind = not _waiting(platform, "index").isdisjoint(table.name for table in kind.tables)
    return tuple(_document_lines(platform, kind, live, is_told_only=is_behind))


def _records_line(platform: Platform, table: TableSpec, waiting: frozenset[str]) -> Line:
    found, expected = platform.database.records.count(table), row_count(platform, table)
    what = f"live rows of {table.name} in the database = rows in the lake"
    return Line(what, found, expected, is_told_only=table.name in waiting)


def _generation_lines(platform: Platform, members: Members, waiting: frozenset[str]) -> Iterator[Line]:
    table, most = members.table, min(NEWEST_DAYS, platform.limits.warm_days)
    days = logged_days(platform, table)[-most:] if most else ()
    for day, asked in _members(platform, members, days).items():
        found = platform.cache.read_generation(table.name, day, asked) or {}
        what = f"{table.name} of {day}: members in the cache = members in the lake"
        yield Line(what, len(found), len(asked), is_told_only=table.name in waiting)


def _members(platform: Platform, members: Members, days: Sequence[date]) -> dict[date, list[str]]:
    """Return the names of some of the members that each day has in the lake."""
    asked: dict[date, list[str]] = {day: [] for day in days}
    if not days:
        return asked
    with platform.engine.session() as session:
        session.scan("lake", platform.lake.scan(members.table, days))
        for row in session.fetch(_NAMES.format(name=members.name_sql, most=MOST_MEMBERS)).to_pylist():
            asked[row["operating_day"]].append(row["member"])
    return asked


def _document_lines(platform: Platform, kind: DocumentKind, live: str, *, is_told_only: bool) -> Iterator[Line]:
    days = logged_days(platform, kind.daily)[-NEWEST_DAYS:] if kind.daily else (NO_DAY,)
    held = platform.search.sums(kind.name, live)
    made = lake_sums(platform, kind, days if kind.daily else None)
    for day in days:
        of_day = f" of {day}" if kind.daily else ""
        found, expected = held.get(day, NONE).documents, made.get(day, NONE).documents
        yield Line(f"documents{of_day} in the index = in the lake", found, expected, is_told_only=is_told_only)


def _waiting(platform: Platform, stage: str) -> frozenset[str]:
    """Return the tables of a stage that cannot agree yet: days wait to be copied, or a gate holds some."""
    log = platform.database.change_log
    entries = [entry for entry in lag(platform) if entry.stage == stage and entry.table]
    return frozenset(entry.table for entry in entries if entry.days or log.held_days(entry.table))
