"""Runs at the same time: each file is taken once, what comes out is what one run makes, readers see whole days."""

import json
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grid_assets.domain.tables import METER_READINGS_HISTORY
from grid_assets.pipeline.arrivals import arrivals
from grid_assets.pipeline.ingest_counts import identities
from tests.support.child import Fault
from tests.support.crowds import read_until_told, run_and_be_killed, run_and_note
from tests.support.homes import ONE_FILE_A_BATCH, Contents, assert_reconciled, contents, opened, orphans, run_in
from tests.support.landing import (
    DAYS,
    METERS,
    SENSORS,
    corrected,
    land_first,
    write_catalogue,
    write_readings,
)
from tests.support.processes import finish, race, start

HOW_IT_CAME = frozenset({METER_READINGS_HISTORY.name})
"""A table that says what was known in between, which depends on who came first."""


def land_much(landing: Path) -> None:
    """Write files whose days overlap, a repeated and a corrected one among them, in a fixed order of arrival."""
    write_catalogue(landing, "catalogue.csv", SENSORS[:5])
    write_catalogue(landing, "more.csv", [*SENSORS[5:], replace(METERS[0], description="a household again")])
    for number, day in enumerate(DAYS[2:]):
        write_readings(landing, f"{number}0.csv", [day], sensors=SENSORS[:4])
        write_readings(landing, f"{number}1.csv", DAYS[1 : number + 3], sensors=SENSORS[4:])
    write_readings(landing, "50.csv", DAYS[1:3], corrected)
    write_readings(landing, "60.csv", DAYS[1:2], more=["nobody,2016-03-24T01:00:00Z,1", "M1.e"])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """Return what one run alone makes of the same files."""
    home = tmp_path_factory.mktemp("alone") / "home"
    land_much(home / "landing")
    run_in(home, ONE_FILE_A_BATCH)
    with opened(home) as platform:
        return contents(platform)


@pytest.mark.parametrize("runs", [2, pytest.param(3, marks=pytest.mark.deep)])
def test_run__at_the_same_time_as_others_makes_what_one_makes(runs: int, alone: Contents, tmp_path: Path) -> None:
    home = tmp_path / "home"
    land_much(home / "landing")
    assert race(run_and_note, [(home, tmp_path, number) for number in range(runs)]) == [0] * runs
    with opened(home) as platform:
        found = contents(platform)
        differing = [name for name in alone if name not in HOW_IT_CAME and found[name] != alone[name]]
        assert differing == []
        assert_reconciled(platform)
        assert orphans(platform) == ()
        assert platform.database.batches.unsettled() == ()
        files = platform.database.files.listing()
    received = [json.loads((tmp_path / f"run-{number}").read_text())[0] for number in range(runs)]
    assert sum(received) == sum(file["received"] for file in files if file["kind"] == "readings")
    assert len(files) == 8


@pytest.mark.parametrize("point", ["ingest.table.committed", "verify.batch.claimed"])
def test_run__beside_one_that_is_killed_makes_what_one_makes(point: str, alone: Contents, tmp_path: Path) -> None:
    home, marker = tmp_path / "home", tmp_path / "marker"
    land_much(home / "landing")
    dying = start(run_and_be_killed, home, Fault(point), marker)
    living = start(run_and_note, home, tmp_path, 0)
    assert finish(living) == 0
    assert finish(dying) in {0, -signal.SIGKILL}
    run_in(home, ONE_FILE_A_BATCH)
    with opened(home) as platform:
        found = contents(platform)
        assert [name for name in alone if name not in HOW_IT_CAME and found[name] != alone[name]] == []
        assert_reconciled(platform)
        assert platform.database.batches.unsettled() == ()


def test_run__of_newer_files_beside_an_older_run_keeps_the_order_of_arrival(tmp_path: Path) -> None:
    home = tmp_path / "home"
    land_first(home / "landing")
    run_in(home)
    write_readings(home / "landing", "20.csv", DAYS[:3], corrected)
    first = start(run_and_note, home, tmp_path, 0)
    write_readings(home / "landing", "30.csv", DAYS[:3], more=["M1.e,2016-03-26T22:30:00Z,1.25"])
    second = start(run_and_note, home, tmp_path, 1)
    assert [finish(first), finish(second)] == [0, 0]
    run_in(home)
    with opened(home) as platform:
        together = contents(platform)
    other = tmp_path / "other"
    shutil.copytree(home / "landing", other / "landing")
    run_in(other, ONE_FILE_A_BATCH)
    with opened(other) as platform:
        alone = contents(platform)
    for name in ("sensor_data", "meter_readings", "load_hourly", "load_daily", "events", "sensor_latest"):
        assert together[name] == alone[name], name


def test_run__takes_the_catalogue_that_another_run_died_with(tmp_path: Path) -> None:
    home = tmp_path / "home"
    land_first(home / "landing")
    with opened(home) as platform:
        catalogues = arrivals(platform).catalogues
        dead = platform.database.batches.open("catalogue", "test", platform.clock(), identities(catalogues, ()))
        running = start(run_and_note, home, tmp_path, 0)
        time.sleep(1.5)  # time for the run to look through the landing zone and to find the catalogue in other hands
        platform.database.batches.hand_back(dead.batch_id)
        assert finish(running) == 0
        assert (len(contents(platform)["sensors"]), contents(platform)["quarantine"]) == (len(SENSORS), ())
        assert len(contents(platform)["sensor_data"]) == 3 * 169


def test_query__sees_whole_days_whatever_runs(tmp_path: Path) -> None:
    home, stop, note = tmp_path / "home", tmp_path / "stop", tmp_path / "note"
    write_catalogue(home / "landing", "catalogue.csv", SENSORS)
    write_readings(home / "landing", "00.csv", DAYS[:1])
    run_in(home)
    reader = start(read_until_told, home, stop, note)
    try:
        for number, (day, value) in enumerate([(DAYS[1], corrected), (DAYS[2], corrected), (DAYS[3], corrected)]):
            write_readings(home / "landing", f"1{number}.csv", [DAYS[0], day], value)
            write_readings(home / "landing", f"2{number}.csv", [DAYS[0], day])
            assert race(run_and_note, [(home, tmp_path, n) for n in range(2)]) == [0, 0]
            time.sleep(0.1)
    finally:
        stop.touch()
    assert finish(reader) == 0
    found = json.loads(note.read_text())
    assert found["halves"] == []
    assert found["answers"] >= 20
    assert {f"meter_readings: {n} days" for n in (1, 4)} <= set(found["seen"])
