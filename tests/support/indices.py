"""What tests ask of search indices: do they hold what the lake holds, and what lies in their folder."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from grid_assets.domain.search.fields import DocumentKind
from grid_assets.pipeline.documents import made
from grid_assets.pipeline.rebuild import rebuild
from grid_assets.pipeline.reporter import Silent
from resources.clients.platform import Platform
from tests.support.child import Fault, arm
from tests.support.homes import opened
from tests.support.processes import finish, start

PAUSE_SECONDS = 0.01
Documents = dict[str, str]


def lake_documents(platform: Platform, kind: DocumentKind) -> Documents:
    """Return the documents that the lake makes: source by id."""
    with made(platform, kind, None) as documents:
        rows = documents.session.fetch("SELECT id, source FROM documents").to_pylist()
    return {row["id"]: row["source"] for row in rows}


def index_documents(platform: Platform, kind: str, index: str | None = None) -> Documents:
    """Return the documents of an index, the live one by default: source by id."""
    name = index or platform.search.live(kind)
    assert name is not None
    ids = platform.search.indexed(kind, name).column("id").to_pylist()
    return dict(platform.search.sources(kind, name, ids))


def assert_indices_hold_the_lake(platform: Platform) -> None:
    """Assert that every kind's live index holds exactly what the lake holds."""
    for name, kind in platform.search.kinds.items():
        assert index_documents(platform, name) == lake_documents(platform, kind), name


def index_folders(platform: Platform) -> tuple[str, ...]:
    """Return every folder in the search folder that is a kind's, less those of indices that may stay."""
    root = Path(platform.lake.settings.warehouse).parent / "search"
    kept = {version.name for kind in platform.search.kinds for version in platform.search.indices(kind)}
    return tuple(sorted(path.name for path in root.glob("*/*") if path.is_dir() and path.name not in kept))


def rebuild_and_be_killed_at(home: Path, fault: Fault, marker: Path) -> None:
    """Rebuild the readings' index and be killed at a point, as by `kill -9`."""
    arm(fault, marker, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with opened(home) as platform:
        rebuild(platform, ["readings"], "test", Silent())


def beside(function: Callable[..., object], arguments: tuple[object, ...], look: Callable[[], None]) -> int:
    """Call a function in a process of its own, look at something all the while it runs, and return its exit code."""
    process = start(function, *arguments)
    while process.is_alive():
        look()
        time.sleep(PAUSE_SECONDS)
    return finish(process)
