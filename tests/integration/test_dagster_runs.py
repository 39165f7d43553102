"""The whole asset graph run for real: what changed, a day again, a range, and gates that stop what comes after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from grid_assets.domain.tables import LOAD_DAILY, METER_READINGS, SENSOR_DATA, TABLES
from grid_assets.presentation.numbers import row_count
from jobs.instance import open_instance
from tests.support.dagster import Ran, materialise_day, project, run_job, settings_of
from tests.support.homes import HomeShelf, opened, rows_of, run_in, standing
from tests.support.landing import DAYS, METERS, land_first, land_second, write_catalogue, write_readings

AGGREGATES = {
    "load_hourly",
    "load_daily",
    "load_by_asset",
    "feeder_balance",
    "voltage_daily",
    "events",
    "sensor_latest",
}
FIRST, LAST = DAYS[0], DAYS[2]
KEYS = {day.isoformat() for day in DAYS[:3]}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as in_memory:
        yield in_memory


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    """Return homes that are put back by copying: `made` is one that the main job has run in."""
    kept = HomeShelf(tmp_path_factory.mktemp("homes"))
    land_first(kept.home / "landing")
    run_in(kept.home)
    kept.keep("made")
    return kept


@dataclass(frozen=True)
class Graph:
    """A home whose whole graph was run, the instance that knows of it, and both runs."""

    home: Path
    instance: dg.DagsterInstance
    ingest: Ran
    restate: Ran


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """Run the graph once: ingest, then the days that it changed, as the two sensors do one after the other."""
    home = tmp_path_factory.mktemp("graph")
    land_first(home / "landing")
    with open_instance(settings_of(home)) as kept:
        defs = project(home)
        ingest = run_job(defs, kept, "ingest")
        yield Graph(home, kept, ingest, run_job(defs, kept, "restate", (FIRST, LAST)))


def test_asset_graph__makes_every_table_of_the_days_that_landed(graph: Graph) -> None:
    ingest, restate = graph.ingest, graph.restate
    assert ingest.success
    assert restate.success
    assert ingest.days["sensor_data"] == KEYS
    assert ingest.whole >= {"sensors", "sensors_history", "quarantine", "sensor_data"}
    assert {name: days for name, days in restate.days.items() if days != KEYS} == {}
    assert set(restate.days) == {"meter_readings", "meter_readings_history", *AGGREGATES}
    with opened(graph.home) as platform:
        assert platform.lake.rows_by_day(LOAD_DAILY, DAYS[:3]) == dict.fromkeys(DAYS[:3], 6)


def test_asset_graph__shows_numbers_preview_and_plot(graph: Graph) -> None:
    newest = graph.instance.get_latest_materialization_event(dg.AssetKey("load_daily"))
    assert newest is not None
    assert newest.asset_materialization is not None
    shown = newest.asset_materialization.metadata
    assert newest.asset_materialization.partition == LAST.isoformat()
    assert shown["dagster/row_count"].value == 18
    assert shown["dagster/partition_row_count"].value == 6
    assert str(shown["preview"].value).startswith("| meter_id | point_type |")
    assert str(shown["plot"].value).startswith("![Energy per day](data:image/png;base64,")
    received = graph.instance.get_latest_materialization_event(dg.AssetKey("sensor_data"))
    assert received is not None
    assert received.asset_materialization is not None
    numbers = {name: value.value for name, value in received.asset_materialization.metadata.items()}
    assert numbers["rows received"] == numbers["rows stored"] == 3 * (7 * 24 + 1)


def test_a_day_again__changes_nothing(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("made")
    with opened(home) as platform:
        before = standing(platform)
    again = materialise_day(project(home), instance, "restate", DAYS[1])
    assert again.success
    assert again.days["meter_readings"] == {DAYS[1].isoformat()}
    with opened(home) as platform:
        after = standing(platform)
    assert (after.snapshots, after.log, after.data_files) == (before.snapshots, before.log, before.data_files)


def test_a_range__makes_no_rows_of_days_before_anything_was_received(
    shelf: HomeShelf, instance: dg.DagsterInstance
) -> None:
    home = shelf.put_back("made")
    before = FIRST - timedelta(days=3)
    ran = run_job(project(home), instance, "restate", (before, LAST))
    assert ran.success
    assert len(ran.days["meter_readings"]) == 6
    with opened(home) as platform:
        days = platform.lake.rows_by_day(METER_READINGS, [before + timedelta(days=n) for n in range(6)])
    assert set(days) == set(DAYS[:3])


def test_a_late_file__restates_its_day_and_keeps_what_stood(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("made")
    land_second(home / "landing")
    defs = project(home)
    ingest = run_job(defs, instance, "ingest")
    assert ingest.days["sensor_data"] == {FIRST.isoformat(), DAYS[3].isoformat()}
    ran = run_job(defs, instance, "restate", (FIRST, FIRST))
    assert ran.success
    history = instance.get_latest_materialization_event(dg.AssetKey("meter_readings_history"))
    assert history is not None
    assert history.asset_materialization is not None
    assert int(str(history.asset_materialization.metadata["dagster/partition_row_count"].value)) > 0


def test_a_broken_metric__stops_the_assets_downstream_until_it_is_released(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    land_first(tmp_path / "landing")
    broken = project(tmp_path, ("verify", "uncovered_intervals", "5"))
    assert run_job(broken, instance, "ingest").success
    restate = run_job(broken, instance, "restate", (FIRST, LAST))
    assert_blocked(restate, tmp_path)
    # Done again without a change nothing is judged anew, and still nothing is mended.
    assert_blocked(materialise_day(project(tmp_path), instance, "restate", DAYS[1]), tmp_path)
    with opened(tmp_path) as platform:
        (held,) = [b["batch_id"] for b in platform.database.batches.listing() if b["is_held"]]
        platform.database.batches.release(held)
    assert materialise_day(project(tmp_path), instance, "restate", DAYS[1]).success


def assert_blocked(ran: Ran, home: Path) -> None:
    """Assert that a run stopped at the verification's gate and that no aggregate was made."""
    assert not ran.success
    assert ran.failed_checks == {"g11_uncovered_intervals"}
    assert "aggregate_readings" not in ran.steps
    assert not AGGREGATES & set(ran.days)
    with opened(home) as platform:
        assert rows_of(platform, LOAD_DAILY) == ()
        assert platform.database.change_log.pending("aggregate", METER_READINGS.name).days == ()


def test_bad_data__is_held_at_ingest_and_told_by_the_checks(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    write_catalogue(tmp_path / "landing", "catalogue.csv", METERS)
    nonsense = [f"nobody-{n},2016-03-24T01:00:00Z,1.5" for n in range(1_200)]
    write_readings(tmp_path / "landing", "bad.csv", DAYS[:1], sensors=METERS, more=nonsense)
    defs = project(tmp_path)
    ran = run_job(defs, instance, "ingest")
    assert not ran.success
    assert ran.failed_checks == {"g02_quarantined_share"}
    (told,) = [e for e in ran.result.get_asset_check_evaluations() if not e.passed]
    assert "expected at most 0.25" in str(told.description)
    with opened(tmp_path) as platform:
        assert platform.database.change_log.pending("verify", SENSOR_DATA.name).days == ()


def test_main_job__does_everything_that_changed_and_shows_it(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    land_first(tmp_path / "landing")
    defs = project(tmp_path)
    assert run_job(defs, instance, "main").success
    for name in ("sensor_data", "meter_readings", *AGGREGATES - {"events"}):
        assert instance.get_materialized_partitions(dg.AssetKey(name)) == KEYS, name
    assert instance.get_latest_materialization_event(dg.AssetKey("sensors")) is not None


def test_main_job__fails_its_step_when_a_gate_holds(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    land_first(tmp_path / "landing")
    ran = run_job(project(tmp_path, ("verify", "repeated_keys", "2")), instance, "main")
    assert not ran.success
    assert ran.steps == {"take_arrivals", "verify_changes"}


def test_maintenance_job__leaves_a_settled_home_as_it_is(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    home = shelf.put_back("made")
    with opened(home) as platform:
        before = standing(platform)
    assert run_job(project(home), instance, "maintenance").success
    with opened(home) as platform:
        assert standing(platform) == before


def test_row_count__is_what_the_files_hold_after_days_were_replaced(
    shelf: HomeShelf, instance: dg.DagsterInstance
) -> None:
    home = shelf.put_back("made")
    land_second(home / "landing")
    assert run_job(project(home), instance, "main").success
    with opened(home) as platform:
        for table in TABLES:
            assert row_count(platform, table) == len(rows_of(platform, table)), table.name
