"""A census of a home: every file, row, database row, cache key and document by operating day, each with its version.

Two censuses are compared by `changes`: what is gone and what is new, part by part and day by day. Whatever is not
named there is the very same: files to their bytes, rows to their batch, keys to their generation.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.names import latest_key
from grid_assets.domain.projections.sql import name_list, quote
from grid_assets.domain.tables import SENSORS, TABLES
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.platform import Platform
from resources.clients.search.base import NO_DAY
from tests.support.homes import current_files
from tests.support.indices import index_documents

NO_DAYS = date.min
"""Where things stand that go by no day."""
Items = Counter[tuple[object, ...]]
Census = dict[str, dict[date, Items]]


@dataclass(frozen=True, order=True)
class Change:
    """How many things of one part and day are gone, and how many are new; a thing in another version is both."""

    gone: int
    new: int


def census(platform: Platform) -> Census:
    """Return everything that a home holds: files, rows, database, cache and documents, part by part and day by day."""
    found: Census = {}
    for table in TABLES:
        found[f"files of {table.name}"] = _files(platform, table)
        found[f"rows of {table.name}"] = _rows(platform, table)
    for table in PUBLISHED:
        found[f"database of {table.name}"] = _database(platform, table)
    for table in TABLES:
        generations = platform.cache.generations(table.name)
        found[f"cache of {table.name}"] = {day: Counter([(number,)]) for day, number in generations.items()}
    found["cache of latest values"] = {NO_DAYS: _latest(platform)}
    for kind in platform.search.kinds:
        found[f"documents of {kind}"] = _documents(platform, kind)
    return found


def changes(before: Census, after: Census) -> dict[str, dict[date, Change]]:
    """Return what differs, parts and days without a difference left out."""
    found: dict[str, dict[date, Change]] = {}
    for part in before.keys() | after.keys():
        then, now = before.get(part, {}), after.get(part, {})
        for day in then.keys() | now.keys():
            old, new = then.get(day, Counter()), now.get(day, Counter())
            if old != new:
                found.setdefault(part, {})[day] = Change((old - new).total(), (new - old).total())
    return found


def _files(platform: Platform, table: TableSpec) -> dict[date, Items]:
    files = current_files(platform, table)
    return {day or NO_DAYS: Counter((path, _digest(path)) for path in paths) for day, paths in files.items()}


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path.removeprefix("file://")).read_bytes()).hexdigest()


def _rows(platform: Platform, table: TableSpec) -> dict[date, Items]:
    """Return every row by its key and version; of the quarantine, whose key may repeat, each as often as it stands."""
    day = quote("operating_day") if "operating_day" in table.column_names and table.is_daily else "NULL"
    key = name_list(table.key)
    with platform.engine.session() as session:
        session.scan("counted", platform.lake.scan(table))
        rows = session.fetch(f"SELECT {day} AS census_day, batch_id AS census_version, {key} FROM counted").to_pylist()
    return _by_day((row.pop("census_day"), tuple(row.values())) for row in rows)


def _database(platform: Platform, table: TableSpec) -> dict[date, Items]:
    rows = platform.database.records.live_keys(table).to_pylist()
    day = "operating_day" if table.is_daily else None
    return _by_day((row[day] if day else None, tuple(row.values())) for row in rows)


def _latest(platform: Platform) -> Items:
    with platform.engine.session() as session:
        session.scan("catalogue", platform.lake.scan(SENSORS))
        sensors = session.fetch("SELECT sensor_id FROM catalogue")["sensor_id"].to_pylist()
    keys = [latest_key(sensor) for sensor in sensors]
    values = platform.cache.get_many(keys)
    return Counter((key, version, values.get(key)) for key, version in platform.cache.versions_of(keys).items())


def _documents(platform: Platform, kind: str) -> dict[date, Items]:
    index = platform.search.live(kind)
    assert index is not None
    sources = index_documents(platform, kind)
    found: dict[date, Items] = {}
    for day in platform.search.sums(kind, index):
        rows = platform.search.indexed(kind, index, day).to_pylist()
        items: Items = Counter((row["id"], row["version"], sources[row["id"]]) for row in rows)
        found[NO_DAYS if day == NO_DAY else day] = items
    return found


def _by_day(items: Iterable[tuple[date | None, tuple[object, ...]]]) -> dict[date, Items]:
    found: dict[date, Items] = {}
    for day, item in items:
        found.setdefault(day or NO_DAYS, Counter())[item] += 1
    return found
