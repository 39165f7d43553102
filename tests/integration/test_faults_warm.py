"""kill -9 at every write step of warming: readers see the old day or the new one whole; the next run mends the rest."""

import signal
from pathlib import Path

import pytest

from grid_assets.pipeline.aggregate_stage import aggregate
from grid_assets.pipeline.follow import FOLLOW_POINTS
from grid_assets.pipeline.repair import repair
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.run import take
from grid_assets.pipeline.verify_stage import verify
from grid_assets.pipeline.warm import WARM_POINTS, warm
from resources.clients.cache.generations import GENERATION_POINTS
from tests.support.cached import (
    Days,
    assert_warm,
    cached,
    cached_latest,
    modelled,
    modelled_latest,
    warm_and_be_killed_at,
)
from tests.support.child import Fault
from tests.support.homes import HomeShelf, opened, run_in
from tests.support.landing import land_first, land_second
from tests.support.processes import call

POINTS = (*(f"warm.{point}" for point in FOLLOW_POINTS), *WARM_POINTS, *GENERATION_POINTS)
LATER = tuple(pytest.param(Fault(point, 4), marks=pytest.mark.deep) for point in POINTS if point != "warm.latest.put")
FAULTS = (*(Fault(point) for point in POINTS), *LATER)


class ColdHome:
    """A home whose lake has a second run's changes that its cache has not; put back for each fault."""

    def __init__(self, folder: Path) -> None:
        self._shelf = HomeShelf(folder)
        self._marker = folder / "marker"
        home = self._shelf.home
        land_first(home / "landing")
        run_in(home)
        with opened(home) as platform:
            self.old: Days = modelled(platform)
            self.old_latest = modelled_latest(platform)
            land_second(home / "landing")
            take(platform, "cli", Silent())
            verify(platform, "cli", Silent())
            aggregate(platform, "cli", Silent())
            self.new: Days = modelled(platform)
        self._shelf.keep("cold")

    def struck(self, fault: Fault) -> Path:
        """Put the home back, let warming be killed at a point, assert that it was, and return the home."""
        home = self._shelf.put_back("cold")
        self._marker.unlink(missing_ok=True)
        assert call(warm_and_be_killed_at, home, fault, self._marker) == -signal.SIGKILL
        assert self._marker.read_text() == str(fault)
        return home


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> ColdHome:
    return ColdHome(tmp_path_factory.mktemp("warm"))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_warm__killed_anywhere_shows_whole_days_and_is_mended(fault: Fault, cold: ColdHome) -> None:
    home = cold.struck(fault)
    with opened(home) as platform:
        for place, day in cached(platform, {**cold.old, **cold.new}).items():
            assert day in (cold.old.get(place, {}), cold.new.get(place, {})), place
        new_latest = modelled_latest(platform)
        for sensor, row in cached_latest(platform).items():
            assert row in (cold.old_latest.get(sensor), new_latest.get(sensor))
        repair(platform)
        warm(platform, "cli", Silent())
        assert_warm(platform)
        assert platform.database.batches.unsettled() == ()
        assert warm(platform, "cli", Silent()).days == ()
