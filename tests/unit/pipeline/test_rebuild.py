"""Rebuilding: a checked index takes the live one's place in one step, and one call goes back."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from grid_assets.domain.errors import ClaimHeldError, IndexGateError, SearchError
from grid_assets.domain.search.request import SearchRequest
from grid_assets.pipeline import index_gate
from grid_assets.pipeline.publish import claim, open_batch
from grid_assets.pipeline.rebuild import REBUILD_POINTS, rebuild, roll_back
from grid_assets.pipeline.reindex import index_changes
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.run import run
from resources.clients import failpoints
from resources.clients.platform import Platform
from resources.clients.search.base import DOCUMENTS, WITHDRAWN
from tests.support.homes import HomeShelf, opened
from tests.support.indices import assert_indices_hold_the_lake, index_documents, index_folders
from tests.support.landing import DAYS, corrected, land_second, write_readings

KIND = "readings"


@pytest.fixture
def first(shelf: HomeShelf) -> Iterator[Platform]:
    with opened(shelf.put_back("first")) as platform:
        yield platform
    failpoints.disarm()


def _the_new_one(platform: Platform) -> str:
    return platform.search.indices(KIND)[-1].name


def _alter(platform: Platform) -> None:
    """Change one document of the new index, as a bad disk or a lost write would."""
    index = _the_new_one(platform)
    (document_id, *_) = sorted(platform.search.indexed(KIND, index).column("id").to_pylist())
    row = {"id": document_id, "operating_day": DAYS[0], "version": 10**6, "source": '{"value":99.0}'}
    platform.search.apply(KIND, index, pa.Table.from_pylist([row], schema=DOCUMENTS), WITHDRAWN.empty_table())


def _lose(platform: Platform) -> None:
    """Take one document out of the new index."""
    index = _the_new_one(platform)
    (document_id, *_) = sorted(platform.search.indexed(KIND, index).column("id").to_pylist())
    gone = pa.Table.from_pylist([{"id": document_id, "version": 10**6}], schema=WITHDRAWN)
    platform.search.apply(KIND, index, DOCUMENTS.empty_table(), gone)


def test_rebuild__takes_the_live_ones_place_and_keeps_it_for_a_rollback(first: Platform) -> None:
    before = {kind: first.search.live(kind) for kind in first.search.kinds}
    reports = rebuild(first, list(first.search.kinds), "test", Silent())
    assert [report.previous for report in reports] == list(before.values())
    assert [report.index for report in reports] == [first.search.live(kind) for kind in first.search.kinds]
    assert [report.documents for report in reports] == [len(index_documents(first, kind)) for kind in before]
    assert "by count and checksum" in reports[1].checks
    assert_indices_hold_the_lake(first)
    assert all(len(first.search.indices(kind)) == 2 for kind in before)
    assert index_changes(first, "test", Silent()).rows == {}


def test_rebuild__keeps_as_many_old_indices_as_the_limit_says(first: Platform) -> None:
    for _ in range(3):
        rebuild(first, [KIND], "test", Silent())
    assert len(first.search.indices(KIND)) == 1 + first.limits.indices_kept
    assert index_folders(first) == ()


def test_roll_back__answers_from_the_index_before_and_the_next_run_brings_it_up_to_date(first: Platform) -> None:
    old = first.search.live(KIND)
    rebuild(first, [KIND], "test", Silent())
    land_second(first.landing)
    run(first)
    assert roll_back(first, [KIND]) == {KIND: old}
    assert len(index_documents(first, KIND)) < len(index_documents(first, "sensors")) * 24 * 4
    index_changes(first, "test", Silent())
    assert first.search.live(KIND) == old
    assert_indices_hold_the_lake(first)
    with pytest.raises(SearchError, match="grid reindex"):
        roll_back(first, [KIND])


@pytest.mark.parametrize("harm", [_alter, _lose])
@pytest.mark.parametrize("point", ["rebuild.loaded", "rebuild.noted"])
def test_rebuild__is_not_promoted_where_one_document_differs(
    harm: Callable[[Platform], None], point: str, first: Platform
) -> None:
    live = first.search.live(KIND)
    failpoints.arm(point, lambda: harm(first))
    with pytest.raises(IndexGateError, match=r"2016-03-24: found .* expected"):
        rebuild(first, [KIND], "test", Silent())
    assert first.search.live(KIND) == live
    assert [version.name for version in first.search.indices(KIND)] == [live]
    assert first.database.batches.unsettled() == ()
    assert index_folders(first) == ()


def test_rebuild__is_not_promoted_where_searches_do_not_find(first: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_gate, "_is_found", lambda *_: False)
    with pytest.raises(IndexGateError, match="no search finds it"):
        rebuild(first, [KIND], "test", Silent())


@pytest.mark.parametrize("point", ["rebuild.created", "rebuild.loaded", "rebuild.noted"])
def test_rebuild__catches_up_with_what_changes_meanwhile(point: str, first: Platform) -> None:
    def change() -> None:
        failpoints.disarm()
        write_readings(first.landing, "late.csv", DAYS[:1], corrected)
        run(first)

    failpoints.arm(point, change)
    rebuild(first, [KIND], "test", Silent())
    assert_indices_hold_the_lake(first)


def test_rebuild__answers_searches_all_the_time(first: Platform) -> None:
    totals: list[int] = []

    def search() -> None:
        totals.append(first.search.search(SearchRequest(KIND)).total)

    for point in REBUILD_POINTS:
        failpoints.arm(point, search)
    expected = first.search.search(SearchRequest(KIND)).total
    rebuild(first, [KIND], "test", Silent())
    assert totals == [expected] * len(REBUILD_POINTS)


def test_rebuild__refuses_at_once_where_another_one_works(first: Platform) -> None:
    with open_batch(first, "rebuild", "other") as batch:
        claim(first, batch, [f"rebuild/{KIND}"])
        with pytest.raises(ClaimHeldError, match=f"rebuild/{KIND}"):
            rebuild(first, [KIND], "test", Silent())
        first.database.batches.abandon(batch.batch_id)


def test_rebuild__removes_what_a_dead_one_left(first: Platform) -> None:
    dead = first.search.create(KIND, first.clock())
    rebuild(first, [KIND], "test", Silent())
    assert dead not in {version.name for version in first.search.indices(KIND)}
    assert index_folders(first) == ()
