"""Checks of every configured part of a home, each with what was found and what to do."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from grid_assets.domain.errors import GridError
from grid_assets.domain.tables import TABLES
from grid_assets.pipeline.copies import PARKED, copies
from resources.clients.engines.spark_engine import SparkEngine
from resources.clients.lake.filters import EVERYTHING
from resources.clients.platform import Platform

LEAST_FREE_BYTES = 1_000_000_000
PARQUET_END = b"PAR1"
BROKEN = (GridError, SQLAlchemyError, OSError)
"""What a part that does not work may raise."""
NEEDED_EXTENSIONS = frozenset({"icu", "json", "parquet"})


@dataclass(frozen=True)
class Finding:
    """One part's state: ok, warning or bad."""

    part: str
    state: str
    found: str
    action: str = ""

    @property
    def is_bad(self) -> bool:
        """Return whether the part does not work."""
        return self.state == "bad"


def examine(platform: Platform) -> tuple[Finding, ...]:
    """Look at every part; a part that fails never keeps the others from being looked at."""
    parts: tuple[tuple[str, Callable[[Platform], Finding]], ...] = (
        ("home", _home),
        ("database", _database),
        ("catalog", _catalog),
        ("data files", _data_files),
        ("engine", _engine),
        ("batches", _batches),
        ("copies", _copies),
    )
    return tuple(_guarded(name, check, platform) for name, check in parts)


def _guarded(name: str, check: Callable[[Platform], Finding], platform: Platform) -> Finding:
    try:
        return check(platform)
    except BROKEN as error:
        return Finding(name, "bad", str(error), "mend what is named, then run `grid doctor` again")


def _home(platform: Platform) -> Finding:
    home = platform.landing.parent
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"x")
    except OSError as error:
        found = f"{home.absolute()} cannot be written: {error.strerror}"
        return Finding("home", "bad", found, "mend its permissions, make room, or set GRID_HOME")
    free = shutil.disk_usage(home).free
    text = f"{home.absolute()}, {free / 1e9:.1f} GB free, days in {platform.zone.key}"
    if free < LEAST_FREE_BYTES:
        return Finding("home", "warning", text, "make room on the disk")
    return Finding("home", "ok", text)


def _database(platform: Platform) -> Finding:
    batches = platform.database.batches.listing()
    return Finding("database", "ok", f"{len(batches)} batches, {len(platform.database.files.listing())} files")


def _catalog(platform: Platform) -> Finding:
    names = [table.name for table in TABLES if platform.lake.snapshots(table)]
    return Finding("catalog", "ok", f"{len(names)} of {len(TABLES)} tables have data")


def _data_files(platform: Platform) -> Finding:
    paths = [file.path for table in TABLES for file in platform.lake.plan(table, EVERYTHING)]
    gone = [path for path in paths if not Path(path).exists()]
    damaged = [path for path in paths if path not in set(gone) and not _is_whole(Path(path))]
    found = [f"{len(p)} of {len(paths)} are {what}, the first is {p[0]}" for what, p in _named(gone, damaged) if p]
    if found:
        return Finding("data files", "bad", "; ".join(found), "restore them from a backup: they are the record")
    return Finding("data files", "ok", f"all {len(paths)} are there and whole")


def _named(gone: list[str], damaged: list[str]) -> tuple[tuple[str, list[str]], ...]:
    return ("missing", gone), ("damaged", damaged)


def _is_whole(path: Path) -> bool:
    """Return whether a Parquet file has its end, which is written last; other formats are taken as they are."""
    if path.suffix != ".parquet":
        return True
    with path.open("rb") as stream:
        stream.seek(-min(len(PARQUET_END), path.stat().st_size), os.SEEK_END)
        return stream.read() == PARQUET_END


def _engine(platform: Platform) -> Finding:
    with platform.engine.session() as session:
        rows = session.fetch("SELECT extension_name FROM duckdb_extensions() WHERE loaded").column(0).to_pylist()
        version = session.fetch("SELECT version() AS v").column(0)[0].as_py()
    if missing := sorted(NEEDED_EXTENSIONS - set(rows)):
        return Finding("engine", "bad", f"DuckDB {version} lacks {', '.join(missing)}", "install duckdb from the lock")
    text = f"DuckDB {version}, {platform.engine.memory_limit} of memory"
    if isinstance(platform.compute, SparkEngine):
        return Finding("engine", "ok", f"{text}; days by {platform.compute.examined()}")
    return Finding("engine", "ok", text)


def _batches(platform: Platform) -> Finding:
    dead = [batch.batch_id for batch, is_alive in platform.database.batches.unsettled() if not is_alive]
    held = [b["batch_id"] for b in platform.database.batches.listing() if b["is_held"]]
    if dead:
        return Finding("batches", "warning", f"left open by dead runs: {dead}", "`grid run` repairs them")
    if held:
        return Finding("batches", "warning", f"held by their gate: {held}", "`grid status`, then `grid release BATCH`")
    return Finding("batches", "ok", "none is open or held")


def _copies(platform: Platform) -> Finding:
    found = copies(platform)
    said = "; ".join(f"{copy.part}: {copy.said}" for copy in found)
    if broken := [copy.part for copy in found if copy.problem]:
        return Finding(
            "copies", "bad", said, f"mend {', '.join(broken)}: caches and indices are made anew by `grid run`"
        )
    if sum(copy.numbers.get(PARKED, 0) for copy in found):
        action = "look at `resources.write_behind.parked_writes()`, mend what they name, then requeue them"
        return Finding("copies", "warning", said, action)
    return Finding("copies", "ok", said)
