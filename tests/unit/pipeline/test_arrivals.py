"""What has arrived: new content once, known content passed over unopened, and never lost when a batch was undone."""

import os
from datetime import UTC, datetime
from pathlib import Path

from grid_assets.pipeline.arrivals import Arrivals, arrivals, remember
from grid_assets.pipeline.ingest_counts import identities
from resources.clients.database.batches import Batch
from resources.clients.platform import Platform
from tests.support.landing import DAYS, SENSORS, write_catalogue, write_readings

NOW = datetime(2016, 4, 1, tzinfo=UTC)


def names(arrived: Arrivals) -> list[str]:
    return [file.name for file in (*arrived.catalogues, *arrived.readings)]


def taken(platform: Platform, arrived: Arrivals) -> Batch:
    """Claim everything that has arrived for a batch that stays open."""
    files = (*arrived.catalogues, *arrived.readings)
    return platform.database.batches.open("ingest", "test", NOW, identities(files, arrived.unreadable))


def land_some(platform: Platform) -> None:
    write_catalogue(platform.landing, "catalogue.csv", SENSORS)
    for number, day in enumerate(DAYS[:2]):
        path = write_readings(platform.landing, f"{number}.csv", [day])
        os.utime(path, (1000 + number, 1000 + number))


def test_arrivals__are_empty_without_a_landing_zone(platform: Platform) -> None:
    assert arrivals(platform).is_empty


def test_arrivals__are_in_order_and_told_apart_by_kind(platform: Platform) -> None:
    land_some(platform)
    arrived = arrivals(platform)
    assert names(arrived) == ["catalogue.csv", "0.csv", "1.csv"]
    assert [file.name for file in arrived.catalogues] == ["catalogue.csv"]
    assert (arrived.repeated, arrived.unreadable, arrived.is_empty) == (0, (), False)


def test_arrivals__pass_over_what_a_batch_has_taken(platform: Platform) -> None:
    land_some(platform)
    taken(platform, arrivals(platform))
    again = arrivals(platform)
    assert (again.is_empty, again.repeated) == (True, 3)
    third = arrivals(platform)
    assert (third.is_empty, third.repeated) == (True, 0)


def test_arrivals__do_not_open_what_they_remember(platform: Platform) -> None:
    land_some(platform)
    arrived = arrivals(platform)
    taken(platform, arrived)
    remember(platform, arrived.readings)
    path = platform.landing / "readings" / "0.csv"
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert arrivals(platform).readings == ()


def test_arrivals__open_a_remembered_path_whose_size_or_time_changed(platform: Platform) -> None:
    land_some(platform)
    arrived = arrivals(platform)
    taken(platform, arrived)
    remember(platform, (*arrived.catalogues, *arrived.readings))
    write_readings(platform.landing, "0.csv", [DAYS[2]])
    os.utime(platform.landing / "readings" / "1.csv", (5000, 5000))
    again = arrivals(platform)
    assert (names(again), again.repeated) == (["0.csv"], 1)


def test_arrivals__give_files_again_that_a_batch_let_go_though_they_were_remembered(platform: Platform) -> None:
    land_some(platform)
    batch = taken(platform, arrivals(platform))
    assert arrivals(platform).repeated == 3
    platform.database.batches.abandon(batch.batch_id)
    assert names(arrivals(platform)) == ["catalogue.csv", "0.csv", "1.csv"]


def test_arrivals__take_the_same_content_under_two_names_once(platform: Platform) -> None:
    land_some(platform)
    write_readings(platform.landing, "copy.csv", [DAYS[0]])
    arrived = arrivals(platform)
    assert (names(arrived), arrived.repeated) == (["catalogue.csv", "0.csv", "1.csv"], 1)


def test_arrivals__report_what_cannot_be_read_until_it_was_taken(platform: Platform) -> None:
    (platform.landing / "readings" / "folder.csv").mkdir(parents=True)
    (platform.landing / "readings" / "nowhere.csv").symlink_to(Path("/nonexistent"))
    arrived = arrivals(platform)
    assert [file.name for file in arrived.unreadable] == ["folder.csv", "nowhere.csv"]
    taken(platform, arrived)
    assert arrivals(platform).is_empty


def test_arrivals__leave_hidden_and_unfinished_files_alone(platform: Platform) -> None:
    for name in (".hidden.csv", "coming.csv.part", "coming.csv.tmp"):
        write_readings(platform.landing, name, [DAYS[0]])
    assert arrivals(platform).is_empty
