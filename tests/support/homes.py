"""Real homes for tests: a platform over a folder, what its tables hold, and how it stands as a whole."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from grid_assets.domain.columns import ColumnType, TableSpec
from grid_assets.domain.projections.sql import name_list, quote
from grid_assets.domain.tables import QUARANTINE, SENSOR_DATA, TABLES
from grid_assets.pipeline.run import RunSummary, run
from resources.clients.engines.base import Scan, Session
from resources.clients.lake.client import BATCH_PROPERTY
from resources.clients.lake.filters import EVERYTHING
from resources.clients.platform import Limits, Platform
from resources.settings import load_settings
from resources.wiring import make_platform
from tests.support.judges import PlainJudge

PROVENANCE = frozenset({"batch_id", "recorded_at_utc", "superseded_at_utc", "superseded_by_batch", "source_order"})
Rows = tuple[tuple[object, ...], ...]
Contents = dict[str, Rows]


ONE_FILE_A_BATCH = Limits(chunk_readings=200, batch_bytes=1, snapshots_kept=30)
"""Limits under which each landing file is a batch and each day a step of its own."""


def platform_of(home: Path, limits: Limits | None = None) -> Platform:
    """Return the platform of a home, two threads wide, with the judge that needs no library."""
    made = make_platform(load_settings(home=home, threads=2))
    return replace(made, judge=PlainJudge(), limits=limits or made.limits)


@contextmanager
def opened(home: Path, limits: Limits | None = None) -> Iterator[Platform]:
    """Open a home's platform for a block."""
    platform = platform_of(home, limits)
    try:
        yield platform
    finally:
        platform.close()


def run_in(home: Path, limits: Limits | None = None) -> RunSummary:
    """Run the main job on a home."""
    with opened(home, limits) as platform:
        return run(platform)


class HomeShelf:
    """Prepared homes that are put in place again by copying; a lake knows its files by their full path.

    So a home is made, kept and used again under one path only.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self._kept = folder / "kept"
        self._kept.mkdir(parents=True)

    def keep(self, name: str) -> None:
        """Keep the home as it is now under a name."""
        shutil.copytree(self.home, self._kept / name)

    def put_back(self, name: str) -> Path:
        """Make the home what it was when it was kept under that name, and return its path."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self._kept / name, self.home)
        return self.home


def contents(platform: Platform, snapshots: Mapping[str, int] | None = None) -> Contents:
    """Return what every table holds less its provenance, as sorted rows; as of now, or of the snapshots named."""
    return {table.name: rows_of(platform, table, (snapshots or {}).get(table.name)) for table in TABLES}


def rows_of(platform: Platform, table: TableSpec, snapshot_id: int | None = None) -> Rows:
    """Return a table's rows less their provenance, sorted; doubles to nine digits, for sums depend on their order."""
    names = [name for name in table.column_names if name not in PROVENANCE]
    with platform.engine.session() as session:
        session.scan("looked_at", platform.lake.scan(table, None, snapshot_id))
        rows = session.fetch(f"SELECT {name_list(names)} FROM looked_at").to_pylist()
    plain = [tuple(_plain(row[name]) for name in names) for row in rows]
    return tuple(sorted(plain, key=repr))


def digests(platform: Platform) -> dict[str, str]:
    """Return a number of rows and a digest for every table: as telling as `contents`, and quicker."""
    with platform.engine.session() as session:
        return {table.name: digest_of(session, table, platform.lake.scan(table)) for table in TABLES}


def digest_of(session: Session, table: TableSpec, scan: Scan) -> str:
    """Return the number of a scan's rows and a digest of them, provenance left out."""
    columns = [column for column in table.columns if column.name not in PROVENANCE]
    texts = (_digits(c.name) if c.type is ColumnType.DOUBLE else f"CAST({quote(c.name)} AS VARCHAR)" for c in columns)
    line = ", ".join(f"COALESCE({text}, 'null')" for text in texts)
    session.scan("looked_at", scan)
    (row,) = session.fetch(
        f"SELECT COUNT(*) AS n, md5(string_agg(line, chr(10) ORDER BY line)) AS digest "
        f"FROM (SELECT concat_ws('|', {line}) AS line FROM looked_at)"
    ).to_pylist()
    return f"{row['n']} rows, {row['digest']}"


def _digits(name: str) -> str:
    return f"printf('%.9g', {quote(name)})"


def _plain(value: object) -> object:
    return float(f"{value:.9g}") if isinstance(value, float) else value


@dataclass(frozen=True)
class Standing:
    """What must not move when nothing has changed: snapshots, the log, batches that published, files on disk."""

    snapshots: dict[str, tuple[int, ...]]
    log: tuple[tuple[Any, ...], ...]
    batches: tuple[tuple[int, str], ...]
    data_files: tuple[str, ...]


def standing(platform: Platform) -> Standing:
    """Return how a home stands."""
    return Standing(
        {table.name: tuple(s.snapshot_id for s in platform.lake.snapshots(table)) for table in TABLES},
        tuple(tuple(row) for row in platform.database.change_log.since(0)),
        tuple((b["batch_id"], b["state"]) for b in platform.database.batches.listing()),
        data_files(platform),
    )


def data_files(platform: Platform) -> tuple[str, ...]:
    """Return every data file on disk, committed or not."""
    root = platform.lake.settings.warehouse
    return tuple(sorted(str(path) for path in root.glob("*/*/data/**/*") if path.is_file()))


def current_files(platform: Platform, table: TableSpec) -> dict[date | None, tuple[str, ...]]:
    """Return the data files of a table's current snapshot, by operating day."""
    found: dict[date | None, list[str]] = {}
    for file in platform.lake.plan(table, EVERYTHING):
        found.setdefault(file.operating_day, []).append(file.path)
    return {day: tuple(sorted(paths)) for day, paths in found.items()}


def days_of_snapshots(platform: Platform, table: TableSpec, after: int = 0) -> list[list[str]]:
    """Return the days that each snapshot of a table says it changed, oldest first, without the first `after`."""
    snapshots = platform.lake.snapshots(table)[after:]
    return [json.loads((s.summary.get("grid.days") if s.summary is not None else None) or "[]") for s in snapshots]


def orphans(platform: Platform) -> tuple[str, ...]:
    """Return data files that no snapshot names and that belong to no batch that is still open."""
    named = {
        path
        for table in TABLES
        for snapshot in platform.lake.snapshots(table)
        for path in platform.lake.scan(table, None, snapshot.snapshot_id).files
    }
    open_batches = {batch.batch_id for batch, _ in platform.database.batches.unsettled()}
    on_disk = {path: int(path.split("/data/", 1)[1].split("/", 1)[0]) for path in data_files(platform)}
    return tuple(path for path, batch in on_disk.items() if path not in named and batch not in open_batches)


def batches_in_lake(platform: Platform) -> dict[str, set[int]]:
    """Return the batches that each table's snapshots were committed by."""
    found: dict[str, set[int]] = {}
    for table in TABLES:
        named = (s.summary.get(BATCH_PROPERTY) for s in platform.lake.snapshots(table) if s.summary is not None)
        found[table.name] = {int(batch_id) for batch_id in named if batch_id}
    return found


def assert_reconciled(platform: Platform) -> None:
    """Assert that every received row stands in exactly one place, file by file and in the tables."""
    files = [f for f in platform.database.files.listing() if f["kind"] == "readings"]
    for file in files:
        assert file["received"] == file["stored"] + file["duplicate"] + file["quarantined"], file
        assert file["state"] in {"ingested", "quarantined"}, file
    received = {f["content_hash"] for f in files}
    with platform.engine.session() as session:
        session.scan("stored", platform.lake.scan(SENSOR_DATA))
        session.scan("lost", platform.lake.scan(QUARANTINE))
        stored = session.fetch("SELECT COUNT(*) AS n FROM stored").column("n")[0].as_py()
        lost = session.fetch("SELECT content_hash FROM lost").column("content_hash").to_pylist()
    assert stored == sum(f["stored"] for f in files)
    assert sum(content_hash in received for content_hash in lost) == sum(f["quarantined"] for f in files)
