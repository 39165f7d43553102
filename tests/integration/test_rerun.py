"""Running again: nothing moves, whatever the files are called, and rows that are known are counted as such."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grid_assets.domain.tables import SENSOR_DATA
from grid_assets.pipeline.run import RunSummary, run
from resources.clients.platform import Platform
from tests.support.homes import HomeShelf, assert_reconciled, contents, opened, run_in, standing
from tests.support.landing import DAYS, SENSORS, land_first, land_second, usual, write_catalogue, write_readings


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    made = HomeShelf(tmp_path_factory.mktemp("rerun"))
    land_first(made.home / "landing")
    land_second(made.home / "landing")
    run_in(made.home)
    made.keep("ran")
    return made


@pytest.fixture
def ran(shelf: HomeShelf) -> Iterator[Platform]:
    with opened(shelf.put_back("ran")) as platform:
        yield platform


def did_nothing(summary: RunSummary) -> bool:
    return (summary.stored, summary.quarantined, summary.days, summary.tables) == (0, 0, 0, {})


def test_run__again_moves_nothing(ran: Platform) -> None:
    before = standing(ran)
    for _ in range(2):
        summary = run(ran)
        assert did_nothing(summary)
        assert (summary.received, summary.files, summary.repeated_files) == (0, 0, 0)
    assert standing(ran) == before


def test_run__of_asked_days_again_moves_no_table(ran: Platform) -> None:
    before = standing(ran)
    assert did_nothing(run(ran, days=DAYS))
    after = standing(ran)
    assert (after.snapshots, after.log, after.data_files) == (before.snapshots, before.log, before.data_files)


def test_run__of_the_same_files_under_other_names_moves_nothing(ran: Platform) -> None:
    before = standing(ran)
    write_readings(ran.landing, "again.csv", [DAYS[1]])
    write_catalogue(ran.landing, "again.csv", SENSORS)
    summary = run(ran)
    assert did_nothing(summary)
    assert (summary.received, summary.repeated_files) == (0, 2)
    assert run(ran).repeated_files == 0
    assert standing(ran) == before


def test_run__of_known_rows_in_another_file_counts_them_as_duplicates(ran: Platform) -> None:
    before, held = standing(ran), contents(ran)
    write_readings(ran.landing, "reversed.csv", [DAYS[1]], sensors=tuple(reversed(SENSORS)))
    summary = run(ran)
    assert did_nothing(summary)
    assert (summary.received, summary.duplicate) == (169, 169)
    after = standing(ran)
    assert (after.snapshots, after.log, after.data_files) == (before.snapshots, before.log, before.data_files)
    assert contents(ran) == held
    assert_reconciled(ran)


def test_run__of_a_catalogue_that_says_the_same_in_another_order_moves_nothing(ran: Platform) -> None:
    before = standing(ran)
    write_catalogue(ran.landing, "reversed.csv", tuple(reversed(SENSORS[:3])))
    assert did_nothing(run(ran))
    after = standing(ran)
    assert (after.snapshots, after.log, after.data_files) == (before.snapshots, before.log, before.data_files)


def test_run__takes_one_file_after_the_other_as_it_takes_them_together(tmp_path: Path) -> None:
    home = tmp_path / "one-by-one"
    write_catalogue(home / "landing", "catalogue.csv", SENSORS)
    for number, day in enumerate(DAYS[:3]):
        write_readings(home / "landing", f"{number}.csv", [day])
        run_in(home)
    other = tmp_path / "together"
    land_first(other / "landing")
    run_in(other)
    with opened(home) as left, opened(other) as right:
        found, expected = contents(left), contents(right)
        for name in found:
            if name != SENSOR_DATA.name:
                assert found[name] == expected[name], name


def test_run__says_the_same_as_its_parts(ran: Platform) -> None:
    write_readings(ran.landing, "new.csv", [DAYS[3]], usual, more=["nobody,2016-03-27T01:00:00Z,1"])
    summary = run(ran)
    assert summary.received == summary.stored + summary.duplicate + summary.quarantined
    assert (summary.quarantined, summary.days, summary.operating_days) == (1, 1, (DAYS[3],))
    assert_reconciled(ran)
