"""Landing the outbox: files are whole, in order and written once, whoever dies or races."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grid_assets.domain.errors import InputError
from grid_assets.domain.writes import Stamp, checked
from grid_assets.pipeline import outbox as module
from grid_assets.pipeline.outbox import OUTBOX_POINTS, land_outbox
from grid_assets.pipeline.run import run
from resources.clients import failpoints
from resources.clients.platform import Platform
from tests.support.child import StruckError, struck
from tests.support.homes import opened
from tests.support.landing import DAYS
from tests.support.processes import race

FIRST = datetime(2016, 3, 24, tzinfo=UTC)


def write(platform: Platform, first: int, last: int) -> None:
    """Write readings of M1 through, one for each of some quarters of an hour."""
    for number in range(first, last + 1):
        row = {
            "table": "sensor_data",
            "sensor_id": "M1.e",
            "value": float(number),
            "timestamp": FIRST + timedelta(hours=number),
        }
        request = checked("a key", None, row, "insert", Stamp(f"request-{number}", datetime.now(UTC)))
        platform.database.api_writes.write_through(request)


def files(platform: Platform) -> list[Path]:
    return sorted((platform.landing / "readings").glob("api-*"))


def values(platform: Platform) -> list[float]:
    """Return the values that landed, file by file."""
    return [json.loads(line)["value"] for file in files(platform) for line in file.read_text().splitlines()]


def test_land_outbox__writes_files_of_bounded_length_in_order(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINES_A_FILE", 2)
    write(platform, 1, 5)
    assert land_outbox(platform) == 5
    assert values(platform) == [1, 2, 3, 4, 5]
    assert [len(file.read_text().splitlines()) for file in files(platform)] == [2, 2, 1]
    times = [file.stat().st_mtime_ns for file in files(platform)]
    assert times == sorted(times)
    assert sorted(path.name for path in (platform.landing / "readings").iterdir()) == [f.name for f in files(platform)]


def test_land_outbox__again_writes_nothing(platform: Platform) -> None:
    write(platform, 1, 2)
    land_outbox(platform)
    before = [(file.name, file.stat().st_mtime_ns) for file in files(platform)]
    assert land_outbox(platform) == 0
    assert [(file.name, file.stat().st_mtime_ns) for file in files(platform)] == before


@pytest.mark.parametrize("point", OUTBOX_POINTS)
def test_land_outbox__that_failed_is_finished_by_the_next_one(point: str, platform: Platform) -> None:
    write(platform, 1, 3)
    failpoints.arm(point, struck)
    with pytest.raises(StruckError):
        land_outbox(platform)
    failpoints.disarm()
    write(platform, 4, 4)
    land_outbox(platform)
    assert values(platform) == [1, 2, 3, 4]
    assert platform.database.outbox.depth() == 0


def test_land_outbox__leaves_a_file_alone_that_another_lander_has_put_there(platform: Platform) -> None:
    write(platform, 1, 2)
    failpoints.arm("outbox.written", struck)
    with pytest.raises(StruckError):
        land_outbox(platform)
    failpoints.disarm()
    (file,) = files(platform)
    before = file.stat().st_mtime_ns
    assert land_outbox(platform) == 2
    assert file.stat().st_mtime_ns == before


def test_land_outbox__never_takes_the_place_of_other_content(platform: Platform) -> None:
    write(platform, 1, 2)
    folder = platform.landing / "readings"
    folder.mkdir(parents=True)
    (folder / "api-000000000001-000000000002.jsonl").write_text("somebody else's\n")
    with pytest.raises(InputError, match=r"api-000000000001-000000000002\.jsonl holds something else"):
        land_outbox(platform)
    assert platform.database.outbox.depth() == 2


def test_land_outbox__forgets_what_landed_long_ago(platform: Platform) -> None:
    write(platform, 1, 1)
    land_outbox(platform)
    platform.database.outbox.mark_landed("none", platform.clock())
    with platform.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET landed_at_utc = '2016-01-01 00:00:00.000000'")
    write(platform, 2, 2)
    land_outbox(platform)
    with platform.database.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT request_id FROM outbox").scalars().all() == ["request-2"]


def land_in(home: Path) -> None:
    """Land the outbox of a home, a line a file."""
    module.LINES_A_FILE = 1
    with opened(home) as platform:
        land_outbox(platform)


def test_land_outbox__by_several_processes_lands_each_reading_once(platform: Platform, tmp_path: Path) -> None:
    write(platform, 1, 12)
    assert race(land_in, [(tmp_path / "home",)] * 3) == [0] * 3
    assert values(platform) == list(range(1, 13))
    assert platform.database.outbox.depth() == 0
    times = [file.stat().st_mtime_ns for file in files(platform)]
    assert times == sorted(times)


def test_land_outbox__while_writes_come_in_misses_none(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES_A_FILE", 3)
    writer = threading.Thread(target=write, args=(platform, 1, 40))
    writer.start()
    while writer.is_alive():
        land_outbox(platform)
    writer.join()
    land_outbox(platform)
    assert values(platform) == list(range(1, 41))


def test_run__takes_readings_of_the_api_as_received_ones(ran: Platform) -> None:
    write(ran, 1, 3)
    summary = run(ran)
    assert (summary.received, summary.stored, summary.quarantined) == (3, 3, 0)
    assert summary.operating_days == DAYS[:1]
    again = run(ran)
    assert (again.received, again.days) == (0, 0)
