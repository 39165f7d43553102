"""kill -9 at every point of publishing records and of landing the outbox: the next run makes the copies the lake's.

Rows of a copy are whole at any time, old or new; readings of the API stand in the lake once each.
"""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grid_assets.domain.tables import SENSOR_DATA
from grid_assets.domain.writes import Stamp, checked
from grid_assets.pipeline.follow import FOLLOW_POINTS
from grid_assets.pipeline.outbox import OUTBOX_POINTS
from grid_assets.pipeline.publish_records import COPY_POINTS, STAGE
from grid_assets.pipeline.run import run
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.platform import Platform
from tests.support.child import Fault
from tests.support.faults import FaultyHome
from tests.support.homes import HomeShelf, opened, run_in, standing
from tests.support.landing import DAYS, land_first
from tests.support.processes import call
from tests.support.publications import rows
from tests.support.records import assert_copies_are_the_lake, copies, killed_while_landing

POINTS = (*(f"{STAGE}.{point}" for point in FOLLOW_POINTS), *COPY_POINTS)
FAULTS = tuple(Fault(point, number % len(PUBLISHED) + 1) for number, point in enumerate(POINTS))
"""Every point once, each in the copying of another table."""
MORE_FAULTS = tuple(
    fault for point in POINTS for nth in range(1, len(PUBLISHED) + 1) if (fault := Fault(point, nth)) not in FAULTS
)
"""Every point in the copying of the other tables."""
LANDING_FAULTS = tuple(Fault(point, nth) for nth in (1, 2) for point in OUTBOX_POINTS)
READINGS = 5


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> FaultyHome:
    return FaultyHome(tmp_path_factory.mktemp("publish"))


@pytest.mark.parametrize(
    "fault", [*FAULTS, *(pytest.param(fault, marks=pytest.mark.deep) for fault in MORE_FAULTS)], ids=str
)
def test_run__ends_what_a_killed_publishing_began(fault: Fault, faulty: FaultyHome) -> None:
    with opened(faulty.put_back()) as platform:
        before = copies(platform)
    with opened(faulty.struck(fault)) as platform:
        struck = copies(platform)
        faulty.assert_mended(platform)
        assert_copies_are_the_lake(platform)
        after = copies(platform)
    for name, found in struck.items():
        assert all(row in (before[name].get(key), after[name].get(key)) for key, row in found.items()), name


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    """Return a home that has been through a first run, with readings of the API that wait to land."""
    made = HomeShelf(tmp_path_factory.mktemp("outbox"))
    land_first(made.home / "landing")
    run_in(made.home)
    with opened(made.home) as platform:
        for number in range(READINGS):
            write(platform, number)
    made.keep("waiting")
    return made


def write(platform: Platform, number: int) -> None:
    moment = datetime(2016, 3, 24, number, tzinfo=UTC)
    row = {"table": "sensor_data", "sensor_id": "M1.e", "value": 3.0 + number / 10, "timestamp": moment}
    platform.database.api_writes.write_through(checked("k", None, row, "update", Stamp(f"request-{number}", moment)))


def landed(platform: Platform) -> list[tuple[object, ...]]:
    """Return instant and value of the received readings that came by the API."""
    found = rows(platform, SENSOR_DATA, "interval_start_utc", "value", "source_file")
    return [(start, value) for start, value, file in found if str(file).split("/")[-1].startswith("api-")]


@pytest.mark.parametrize("fault", LANDING_FAULTS, ids=str)
def test_run__lands_each_reading_once_after_a_lander_was_killed(fault: Fault, shelf: HomeShelf, tmp_path: Path) -> None:
    home, marker = shelf.put_back("waiting"), tmp_path / "marker"
    assert call(killed_while_landing, home, fault, marker) == -signal.SIGKILL
    assert marker.read_text() == str(fault)
    start = datetime(2016, 3, 24, tzinfo=UTC)
    with opened(home) as platform:
        run(platform)
        assert landed(platform) == [(start + timedelta(hours=n), 3.0 + n / 10) for n in range(READINGS)]
        assert platform.database.outbox.depth() == 0
        assert_copies_are_the_lake(platform)
        before = standing(platform)
        again = run(platform)
        assert (again.received, again.days, again.operating_days) == (0, 0, ())
        assert standing(platform) == before
        assert DAYS[0] in {row["operating_day"] for row in platform.database.records.fetch(PUBLISHED[1])}
