"""Checks of every configured part of a home, each with what was found and what to do."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from grid_assets.domain.errors import GridError
from grid_assets.domain.tables import TABLES
from resources.clients.lake.filters import EVERYTHING
from resources.clients.platform import Platform

LEAST_FREE_BYTES = 1_000_000_000
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
    )
    return tuple(_guarded(name, check, platform) for name, check in parts)


def _guarded(name: str, check: Callable[[Platform], Finding], platform: Platform) -> Finding:
    try:
        return check(platform)
    except (GridError, SQLAlchemyError, OSError) as error:
        return Finding(name, "bad", str(error), "mend what is named, then run `grid doctor` again")


def _home(platform: Platform) -> Finding:
    home = platform.landing.parent
    home.mkdir(parents=True, exist_ok=True)
    if not os.access(home, os.W_OK):
        return Finding("home", "bad", f"{home} cannot be written", "mend its permissions or set GRID_HOME")
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
    if gone:
        return Finding(
            "data files",
            "bad",
            f"{len(gone)} of {len(paths)} are missing, the first is {gone[0]}",
            "restore them from a backup, or run their days again: `grid run --day D`",
        )
    return Finding("data files", "ok", f"all {len(paths)} are there")


def _engine(platform: Platform) -> Finding:
    with platform.engine.session() as session:
        rows = session.fetch("SELECT extension_name FROM duckdb_extensions() WHERE loaded").column(0).to_pylist()
        version = session.fetch("SELECT version() AS v").column(0)[0].as_py()
    if missing := sorted(NEEDED_EXTENSIONS - set(rows)):
        return Finding("engine", "bad", f"DuckDB {version} lacks {', '.join(missing)}", "install duckdb from the lock")
    return Finding("engine", "ok", f"DuckDB {version}, {platform.engine.memory_limit} of memory")


def _batches(platform: Platform) -> Finding:
    dead = [batch.batch_id for batch, is_alive in platform.database.batches.unsettled() if not is_alive]
    held = [b["batch_id"] for b in platform.database.batches.listing() if b["is_held"]]
    if dead:
        return Finding("batches", "warning", f"left open by dead runs: {dead}", "`grid run` repairs them")
    if held:
        return Finding("batches", "warning", f"held by their gate: {held}", "`grid status`, then `grid release BATCH`")
    return Finding("batches", "ok", "none is open or held")
