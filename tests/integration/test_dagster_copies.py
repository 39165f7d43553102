"""The copies as assets over a real home: what a run makes and shows, days again, rebuilds, and copies that fail."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from grid_assets.defs.config import CopyConfig, KindsConfig
from grid_assets.domain.errors import CacheError
from grid_assets.domain.tables import EVENTS, LOAD_DAILY, METER_READINGS, SENSOR_LATEST
from grid_assets.pipeline.lag import lag, pending_days
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.warm import warm
from grid_assets.presentation.copy_books import cache_lines, index_lines, records_lines
from grid_assets.presentation.copy_specs import COPIES, SEARCH_REBUILD
from jobs.reporting import report
from jobs.serve import look
from resources.clients import failpoints
from resources.clients.platform import Platform
from tests.support.child import struck
from tests.support.dagster import project, resource_of, run_job
from tests.support.homes import HomeShelf, opened, rows_of, run_in
from tests.support.landing import DAYS, land_first, land_second

FOLLOWING = set(COPIES) - {SEARCH_REBUILD}
STEPS = {"publish_database_records", "warm_the_cache", "index_copies"}
LATER = timedelta(days=1)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as in_memory:
        yield in_memory


@pytest.fixture
def armed() -> Iterator[Callable[[str, Callable[[], None]], None]]:
    """Return the function that arms a failpoint; it is disarmed when the test ends."""
    yield failpoints.arm
    failpoints.disarm()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    """Return homes put back by copying: `made` has its tables and no copy yet, `served` has copies of them too."""
    kept = HomeShelf(tmp_path_factory.mktemp("homes"))
    land_first(kept.home / "landing")
    with dg.DagsterInstance.ephemeral() as in_memory:
        defs = project(kept.home)
        assert run_job(defs, in_memory, "ingest").success
        assert run_job(defs, in_memory, "restate", (DAYS[0], DAYS[2])).success
    kept.keep("made")
    run_in(kept.home)
    kept.keep("served")
    return kept


def shown(instance: dg.DagsterInstance, asset: str) -> dict[str, Any]:
    """Return the metadata of an asset's newest materialisation."""
    newest = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert newest is not None, asset
    assert newest.asset_materialization is not None
    return {name: value.value for name, value in newest.asset_materialization.metadata.items()}


def events_of(instance: dg.DagsterInstance, asset: str) -> int:
    return len(instance.fetch_materializations(dg.AssetKey(asset), limit=100).records)


def assert_copies_agree(platform: Platform) -> None:
    """Assert that nothing waits, and that every copy holds what the lake holds."""
    assert pending_days(lag(platform)) == ()
    lines = [*records_lines(platform), *cache_lines(platform)]
    lines += [line for kind in platform.search.kinds for line in index_lines(platform, kind)]
    assert [line for line in lines if line.is_told_only or not line.is_kept] == []
    assert sum(line.found for line in lines) > 0


def test_serve__makes_every_copy_and_shows_it(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("made")
    ran = run_job(project(home), instance, "serve")
    assert ran.success
    assert ran.whole == FOLLOWING
    assert ran.steps >= STEPS
    checks = {(e.asset_key.path[-1], e.passed) for e in ran.result.get_asset_check_evaluations()}
    assert checks == {(name, True) for name in FOLLOWING}
    with opened(home) as platform:
        assert_copies_agree(platform)
        published = sum(len(rows_of(platform, table)) for table in (SENSOR_LATEST, LOAD_DAILY, EVENTS))
    records = shown(instance, "database_records")
    assert records["dagster/row_count"] == records["rows written"] == published
    assert records["days pending"] == 0
    assert "| load_daily | 18 | 0 |" in records["preview"]
    cache = shown(instance, "warm_cache")
    assert cache["generations"] > 0
    assert cache["keys"] == cache["entries"]
    assert cache["staleness seconds"] >= 0
    assert str(cache["plot"]).startswith("![Days in the cache](data:image/png;base64,")
    readings = shown(instance, "readings_index")
    assert readings["index"].startswith("readings-")
    assert readings["documents"] == readings["dagster/row_count"] > 0
    assert str(readings["plot"]).startswith("![Documents of readings](data:image/png;base64,")


def test_serve__again_copies_nothing(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("served")
    with opened(home) as platform:
        before = len(platform.database.batches.listing())
    assert run_job(project(home), instance, "serve").success
    assert [shown(instance, name)["days copied"] for name in sorted(FOLLOWING)] == [0] * len(FOLLOWING)
    with opened(home) as platform:
        assert len(platform.database.batches.listing()) == before


def test_serve__after_a_late_file_touches_its_day_only(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("served")
    land_second(home / "landing")
    defs = project(home)
    assert run_job(defs, instance, "ingest").success
    assert run_job(defs, instance, "restate", (DAYS[0], DAYS[3])).success
    with opened(home) as platform:
        before = platform.cache.generations(METER_READINGS.name)
    assert run_job(defs, instance, "serve").success
    with opened(home) as platform:
        after = platform.cache.generations(METER_READINGS.name)
        assert_copies_agree(platform)
    assert {day for day in after if after[day] != before.get(day)} == {DAYS[0], DAYS[3]}


def test_serve__a_copy_that_fails_holds_up_no_other_and_is_tried_again(
    shelf: HomeShelf, instance: dg.DagsterInstance, armed: Callable[[str, Callable[[], None]], None]
) -> None:
    home = shelf.put_back("made")
    defs = project(home)
    sensor = Sensor(home, instance)
    (request,), _ = sensor()
    armed("warm.batch.claimed", struck)
    assert not sensor.run(request)
    assert instance.get_latest_materialization_event(dg.AssetKey("warm_cache")) is None
    assert shown(instance, "database_records")["days pending"] == 0
    assert shown(instance, "sensors_index")["days pending"] == 0
    # What is left is another state, so it is tried at once; the same state only after a pause.
    (second,), _ = sensor()
    assert not sensor.run(second)
    requests, reason = sensor()
    assert requests == ()
    assert reason.startswith("warm: 3 days; try 2 is due at")
    failpoints.disarm()
    with opened(home) as platform:
        third = look(instance, lag(platform), datetime.now(UTC) + LATER).request
    assert third is not None
    assert len({request.run_key, second.run_key, third.run_key}) == 3
    assert sensor.run(third)
    assert sensor() == ((), "every copy is up to date")
    with opened(home) as platform:
        assert_copies_agree(platform)
    assert run_job(defs, instance, "serve").success


def test_copies_sensor__a_cache_that_lost_everything_wakes_a_run(
    shelf: HomeShelf, instance: dg.DagsterInstance
) -> None:
    home = shelf.put_back("served")
    sensor = Sensor(home, instance)
    assert sensor() == ((), "every copy is up to date")
    with opened(home) as platform:
        platform.cache.clear()
    (request,), _ = sensor()
    assert sensor.run(request)
    assert sensor() == ((), "every copy is up to date")
    with opened(home) as platform:
        assert_copies_agree(platform)


def test_warm__days_of_the_run_config_are_put_in_place_again(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("served")
    with opened(home) as platform:
        before = platform.cache.generations(LOAD_DAILY.name)
    asked = dg.RunConfig(ops={"warm_the_cache": CopyConfig(days_from="2016-03-25", days_to="2016-03-25")})
    assert run_job(project(home), instance, "warm", config=asked).success
    with opened(home) as platform:
        after = platform.cache.generations(LOAD_DAILY.name)
        assert_copies_agree(platform)
    assert [day for day in after if after[day] > before[day]] == [DAYS[1]]
    assert shown(instance, "warm_cache")["days copied"] == 1


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2016-03-32", None, "days_from is '2016-03-32'"),
        ("2016-03-26", "2016-03-25", "the first day 2016-03-26 is after the last day 2016-03-25"),
        ("2030-01-01", None, "no reading was received"),
    ],
)
def test_warm__days_that_are_none_are_refused_with_a_reason(
    shelf: HomeShelf, instance: dg.DagsterInstance, first: str, last: str | None, said: str
) -> None:
    asked = dg.RunConfig(ops={"warm_the_cache": CopyConfig(days_from=first, days_to=last)})
    ran = run_job(project(shelf.put_back("served")), instance, "warm", config=asked)
    assert not ran.success
    failure = next(event for event in ran.result.all_events if event.is_step_failure)
    assert said in str(failure.step_failure_data.user_failure_data)


def test_rebuild_search__swaps_and_can_be_rolled_back(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("served")
    defs = project(home)
    with opened(home) as platform:
        before = {kind: platform.search.live(kind) for kind in platform.search.kinds}
    asked = dg.RunConfig(ops={"rebuild_indices": KindsConfig(kinds=["events", "sensors"])})
    assert run_job(defs, instance, "rebuild_search", config=asked).success
    numbers = shown(instance, SEARCH_REBUILD)
    assert numbers["documents"] > 0
    assert numbers["preview"].count("\n| ") == 3
    with opened(home) as platform:
        rebuilt = {kind: platform.search.live(kind) for kind in platform.search.kinds}
        assert {kind for kind in rebuilt if rebuilt[kind] != before[kind]} == {"sensors", "events"}
    back = dg.RunConfig(ops={"roll_back_indices": KindsConfig(kinds=["events", "sensors"])})
    assert run_job(defs, instance, "roll_back_search", config=back).success
    with opened(home) as platform:
        assert {kind: platform.search.live(kind) for kind in platform.search.kinds} == before
        assert_copies_agree(platform)


def test_rebuild_search__refuses_a_kind_that_there_is_not(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    asked = dg.RunConfig(ops={"rebuild_indices": KindsConfig(kinds=["meters"])})
    ran = run_job(project(shelf.put_back("served")), instance, "rebuild_search", config=asked)
    assert not ran.success
    failure = next(event for event in ran.result.all_events if event.is_step_failure)
    assert "no documents of the kind meters" in str(failure.step_failure_data.user_failure_data)


def test_main__ends_in_fresh_copies_each_told_once(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("made")
    assert run_job(project(home), instance, "main").success
    with opened(home) as platform:
        assert_copies_agree(platform)
        assert report(instance, platform) == 0
    for name in FOLLOWING:
        assert events_of(instance, name) == 1, name
        assert shown(instance, name)["days pending"] == 0
    assert shown(instance, "database_records")["days copied"] == 3


def test_main__a_copy_that_cannot_be_reached_delays_nothing_else(
    shelf: HomeShelf, instance: dg.DagsterInstance, armed: Callable[[str, Callable[[], None]], None]
) -> None:
    def unreachable() -> None:
        raise CacheError("the cache does not answer")

    home = shelf.put_back("made")
    armed("warm.batch.claimed", unreachable)
    assert run_job(project(home), instance, "main").success
    failpoints.disarm()
    assert events_of(instance, "warm_cache") == 0
    assert events_of(instance, "database_records") == 1
    sensor = Sensor(home, instance)
    (request,), _ = sensor()
    assert sensor.run(request)
    with opened(home) as platform:
        assert_copies_agree(platform)


def test_report__tells_one_event_a_copy_after_runs_elsewhere(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("served")
    with opened(home) as platform:
        report(instance, platform)
    assert {name: events_of(instance, name) for name in FOLLOWING} == dict.fromkeys(FOLLOWING, 1)
    with opened(home) as platform:
        platform.cache.clear()
        warm(platform, "cli", Silent())
        report(instance, platform)
    more = {name for name in FOLLOWING if events_of(instance, name) == 2}
    assert more == {"warm_cache"}
    assert shown(instance, "warm_cache")["days copied"] == 3


class Sensor:
    """The sensor `copies` over a home, and runs of what it asks for."""

    def __init__(self, home: Path, instance: dg.DagsterInstance) -> None:
        self.defs = project(home)
        self.resource = resource_of(home)
        self.instance = instance

    def __call__(self) -> tuple[tuple[dg.RunRequest, ...], str]:
        """Return the requests of one look, and the reason where there is none."""
        context = dg.build_sensor_context(self.instance, resources={"platform": self.resource})
        data = self.defs.resolve_sensor_def("copies").evaluate_tick(context)
        return tuple(data.run_requests or ()), data.skip_message or ""

    def run(self, request: dg.RunRequest) -> bool:
        """Run a request as the daemon would."""
        job = self.defs.resolve_job_def("serve")
        return job.execute_in_process(instance=self.instance, tags=dict(request.tags), raise_on_error=False).success
