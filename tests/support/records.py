"""The operational database's copies beside the lake's tables, row by row."""

from pathlib import Path
from typing import Any

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.projections.sql import name_list
from grid_assets.pipeline import outbox
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.platform import Platform
from tests.support.child import Fault, killed_at

Keyed = dict[tuple[Any, ...], dict[str, Any]]
MOST = 1_000_000


def copied(platform: Platform, table: TableSpec) -> Keyed:
    """Return the live rows of a copy by key."""
    return _keyed(table, platform.database.records.fetch(table, None, MOST))


def in_lake(platform: Platform, table: TableSpec) -> Keyed:
    """Return the rows of a lake table by key."""
    with platform.engine.session() as session:
        session.scan("looked_at", platform.lake.scan(table))
        return _keyed(table, session.fetch(f"SELECT {name_list(table.column_names)} FROM looked_at").to_pylist())


def copies(platform: Platform) -> dict[str, Keyed]:
    """Return every copy by its table's name."""
    return {table.name: copied(platform, table) for table in PUBLISHED}


def assert_copies_are_the_lake(platform: Platform) -> None:
    """Assert that every copy holds the lake's rows, all columns and versions included, and no other."""
    for table in PUBLISHED:
        assert copied(platform, table) == in_lake(platform, table), table.name


def _keyed(table: TableSpec, rows: list[dict[str, Any]]) -> Keyed:
    keyed = {tuple(row[name] for name in table.key): row for row in rows}
    assert len(keyed) == len(rows), f"{table.name} has a key twice"
    return keyed


def killed_while_landing(home: Path, fault: Fault, marker: Path) -> None:
    """Run the main job, two readings to a file of the API, and be killed at a point."""
    outbox.LINES_A_FILE = 2
    killed_at(home, fault, marker)
