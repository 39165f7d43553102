"""The published calls for searching, over indices in a real home."""

import multiprocessing
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from grid_assets.domain.errors import InputError, SearchError
from grid_assets.domain.search.hits import EventHit, ReadingHit, SensorHit
from resources.clients.search.tantivy_engine import TantivyEngine
from resources.search import search_events, search_readings, search_sensors
from resources.settings import GridSettings, load_settings
from tests.contract.search.queries_corpus import corpus, filled


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> GridSettings:
    settings = load_settings(home=tmp_path_factory.mktemp("home"))
    filled(TantivyEngine, settings.search_folder).close()
    return settings


def test_search_sensors__by_words_type_and_latest_value(home: GridSettings) -> None:
    found = search_sensors("household", "voltage", 0, 2.5, region=["Nord", "Süd"], facets=["region"], settings=home)
    assert found.total == sum(count for _, count in found.facets["region"]) > 0
    for hit in found:
        assert isinstance(hit, SensorHit)
        assert hit.sensor_type == "voltage"
        assert hit.latest_value is not None
        assert 0 <= hit.latest_value <= 2.5
        assert hit.region in {"Nord", "Süd"}


def test_search_sensors__nearest_first(home: GridSettings) -> None:
    found = search_sensors(near=(50.1, 8.1, 12), settings=home)
    told = [hit.distance_km for hit in found]
    assert told == sorted(told, key=lambda km: km or 0.0)
    assert told[0] == 0


def test_search_readings__of_a_day_by_quality(home: GridSettings) -> None:
    found = search_readings(start="2016-03-27", end="2016-03-27", quality="estimated", size=100, settings=home)
    assert found.total == len(found) > 0
    for hit in found:
        assert isinstance(hit, ReadingHit)
        assert hit.operating_day == date(2016, 3, 27)
        assert "estimated" in hit.quality


def test_search_events__of_a_time_largest_first(home: GridSettings) -> None:
    start = datetime(2016, 3, 28, tzinfo=UTC)
    found = search_events(event_type="outage", start=start, sort="-value", settings=home)
    values = [hit.value for hit in found if hit.value is not None]
    assert values == sorted(values, reverse=True)
    for hit in found:
        assert isinstance(hit, EventHit)
        assert hit.started_at_utc is not None
        assert hit.started_at_utc >= start


def test_search__pages_follow_each_other(home: GridSettings) -> None:
    names, after = [], None
    for _ in range(100):
        page = search_sensors(sort="-latest_value", size=10, after=after, settings=home)
        names += [hit.sensor_id for hit in page]
        after = page.next
        if after is None:
            break
    assert sorted(filter(None, names)) == sorted(each.id for each in corpus()["sensors"])


def test_search__what_cannot_be_answered_is_refused(home: GridSettings) -> None:
    with pytest.raises(InputError, match="sort is 'colour'"):
        search_events(sort="colour", settings=home)
    with pytest.raises(InputError, match="near is"):
        search_sensors(near=(1, 2), settings=home)


def test_search__without_an_index_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="grid reindex"):
        search_sensors("energy", settings=load_settings(home=tmp_path))


def test_search__a_home_made_anew_is_opened_anew(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    filled(TantivyEngine, settings.search_folder).close()
    assert search_sensors(settings=settings).total
    shutil.rmtree(settings.home)
    with pytest.raises(SearchError):
        search_sensors(settings=settings)
    filled(TantivyEngine, settings.search_folder).close()
    assert search_sensors(settings=settings).total


def _total(settings: GridSettings) -> int:
    return search_sensors(settings=settings).total


def test_search__in_a_forked_process(home: GridSettings) -> None:
    total = _total(home)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_total, (home,)) == total
