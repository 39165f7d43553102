"""kill -9 at every write step of indexing and of rebuilding: searches go on, and the next run mends everything."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from grid_assets.domain.search.documents import document_kinds
from grid_assets.domain.search.request import SearchRequest
from grid_assets.pipeline.follow import FOLLOW_POINTS
from grid_assets.pipeline.rebuild import REBUILD_POINTS, rebuild
from grid_assets.pipeline.reindex import INDEX_POINTS
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.run import run
from resources.clients.platform import Platform
from resources.clients.search.tantivy_engine import ENGINE_POINTS, TantivyEngine
from resources.clients.search.tantivy_index import WRITE_POINTS
from tests.support.child import Fault, killed_at
from tests.support.homes import HomeShelf, opened, run_in
from tests.support.indices import assert_indices_hold_the_lake, beside, index_folders, rebuild_and_be_killed_at
from tests.support.landing import land_first, land_second

KIND = "readings"
KINDS = document_kinds("hour")
DELTA_POINTS = (*(f"index.{point}" for point in FOLLOW_POINTS), *INDEX_POINTS, *WRITE_POINTS)
DELTA_FAULTS = tuple(Fault(point) for point in DELTA_POINTS)
LATER_FAULTS = tuple(Fault(point, nth) for point in DELTA_POINTS for nth in (2, 4))
REBUILD_FAULTS = tuple(Fault(point) for point in (*REBUILD_POINTS, *ENGINE_POINTS))


class Homes:
    """A home before its second run, one after it with an old index beside the live one, and what searches find."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shelf = HomeShelf(folder)
        home = self.shelf.home
        land_first(home / "landing")
        run_in(home)
        land_second(home / "landing")
        self.shelf.keep("before")
        self.first = _total(home)
        run_in(home)
        with opened(home) as platform:
            rebuild(platform, [KIND], "test", Silent())
        self.shelf.keep("after")
        self.second = _total(home)

    def struck(self, name: str, killed: Callable[[Path, Fault, Path], None], fault: Fault, totals: set[int]) -> Path:
        """Let a process be killed at a point, searching meanwhile; assert that it was, and what the searches found."""
        home, marker = self.shelf.put_back(name), self.folder / "marker"
        marker.unlink(missing_ok=True)
        engine, found = TantivyEngine(home / "search", KINDS), set[int]()

        def search() -> None:
            found.add(engine.search(SearchRequest(KIND, size=1)).total)

        exit_code = beside(killed, (home, fault, marker), search)
        search()
        engine.close()
        assert exit_code == -signal.SIGKILL
        assert marker.read_text() == str(fault)
        assert found <= totals, "a search was answered by half an index"
        return home


def _total(home: Path) -> int:
    return TantivyEngine(home / "search", KINDS).search(SearchRequest(KIND)).total


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    return Homes(tmp_path_factory.mktemp("index"))


def _assert_mended(platform: Platform) -> None:
    run(platform)
    assert_indices_hold_the_lake(platform)
    assert platform.database.batches.unsettled() == ()


@pytest.mark.parametrize(
    "fault", [*DELTA_FAULTS, *(pytest.param(fault, marks=pytest.mark.deep) for fault in LATER_FAULTS)], ids=str
)
def test_index__goes_on_where_a_killed_run_stopped(fault: Fault, homes: Homes) -> None:
    home = homes.struck("before", killed_at, fault, {homes.first, homes.second})
    with opened(home) as platform:
        _assert_mended(platform)
        assert _total(home) == homes.second
        assert index_folders(platform) == ()


@pytest.mark.parametrize("fault", REBUILD_FAULTS, ids=str)
def test_rebuild__that_was_killed_leaves_a_whole_index_and_nothing_else(fault: Fault, homes: Homes) -> None:
    home = homes.struck("after", rebuild_and_be_killed_at, fault, {homes.second})
    with opened(home) as platform:
        _assert_mended(platform)
        rebuild(platform, [KIND], "test", Silent())
        assert_indices_hold_the_lake(platform)
        assert index_folders(platform) == ()
        assert len(platform.search.indices(KIND)) == 1 + platform.limits.indices_kept
        assert platform.database.batches.unsettled() == ()
