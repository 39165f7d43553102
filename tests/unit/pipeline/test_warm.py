"""Warming: the cache holds what the lake holds, and no more of it is touched than changed."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from grid_assets.domain.errors import CacheError
from grid_assets.domain.names import latest_key
from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.domain.tables import METER_READINGS
from grid_assets.domain.warm import MEMBERS
from grid_assets.pipeline.aggregate_stage import aggregate
from grid_assets.pipeline.cache_report import cache_report
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.run import run, take
from grid_assets.pipeline.verify_stage import verify
from grid_assets.pipeline.warm import warm
from resources.clients import failpoints
from resources.clients.platform import Platform
from tests.support.cached import MEMBER_COLUMNS, assert_warm, modelled
from tests.support.homes import HomeShelf, opened
from tests.support.landing import DAYS, METERS, Sensor, usual, write_readings


@pytest.fixture
def first(shelf: HomeShelf) -> Path:
    return shelf.put_back("first")


def all_generations(platform: Platform) -> dict[str, dict[date, int]]:
    return {table: platform.cache.generations(table) for table in MEMBERS}


def first_days() -> tuple[tuple[str, date], ...]:
    """Return the days of tables that the first run has made; it found no event."""
    return tuple((table, day) for table in MEMBER_COLUMNS if table != "events" for day in DAYS[:3])


def one_night_corrected(sensor: Sensor, start_utc: datetime) -> float | None:
    """Return the usual values, but others of M1 in the first hour of the second day."""
    number = usual(sensor, start_utc)
    is_other = sensor is METERS[0] and start_utc == datetime(2016, 3, 24, 23, tzinfo=UTC)
    return number + 0.01 if is_other and number is not None else number


def test_warm__after_a_run_holds_what_the_lake_holds(first: Path) -> None:
    with opened(first) as platform:
        assert_warm(platform)
        assert warm(platform, "cli", Silent()).days == ()


def test_warm__late_file_touches_only_its_day(first: Path) -> None:
    with opened(first) as platform:
        before, latest = (
            all_generations(platform),
            platform.cache.versions_of([latest_key(m.sensor_id) for m in METERS]),
        )
        write_readings(first / "landing", "late.csv", [DAYS[1]], one_night_corrected, sensors=METERS[:1])
        copies = run(platform).copies
        after = all_generations(platform)
        assert_warm(platform)
        expected = modelled(platform)
        assert platform.cache.versions_of([latest_key(m.sensor_id) for m in METERS]) == latest
    changed = {(table, day) for table, days in after.items() for day in days if before[table].get(day) != days[day]}
    assert changed == {(table, DAYS[1]) for table in MEMBERS if table != "events"}
    assert copies["generations"] == len(changed)
    assert copies["keys"] == sum(len(expected[place]) for place in changed)


def test_warm__given_days_are_put_in_place_again(first: Path) -> None:
    with opened(first) as platform:
        before = all_generations(platform)
        done = warm(platform, "cli", Silent(), [DAYS[0]])
        after = all_generations(platform)
        assert_warm(platform)
    assert set(done.days) == {DAYS[0]}
    for table, day in first_days():
        if day == DAYS[0]:
            assert after[table].pop(day) > before[table].pop(day)
    assert after == before


def test_warm__holds_the_newest_days_only(first: Path) -> None:
    with opened(first) as opening:
        platform = replace(opening, limits=replace(opening.limits, warm_days=2))
        done = warm(platform, "cli", Silent(), [DAYS[2]])
        assert done.rows["dropped"] == len([table for table in MEMBERS if table != "events"])
        assert set(platform.cache.generations("load_daily")) == set(DAYS[1:3])
        write_readings(first / "landing", "new.csv", [DAYS[3]])
        run(platform)
        assert set(platform.cache.generations("load_daily")) == set(DAYS[2:4])
        write_readings(first / "landing", "late.csv", [DAYS[0]], one_night_corrected, sensors=METERS[1:2])
        run(platform)
        assert set(platform.cache.generations("load_daily")) == set(DAYS[2:4])
        assert warm(platform, "cli", Silent()).days == ()


def test_warm__of_no_days_holds_latest_values_alone(first: Path) -> None:
    with opened(first) as opening:
        platform = replace(opening, limits=replace(opening.limits, warm_days=0))
        platform.cache.clear()
        assert warm(platform, "cli", Silent()).rows["generations"] == 0
        assert platform.cache.get(latest_key("M1.e")) is not None


def test_warm__fills_a_cache_that_lost_everything(first: Path) -> None:
    with opened(first) as platform:
        platform.cache.clear()
        done = warm(platform, "cli", Silent())
        assert_warm(platform)
    assert done.rows["generations"] == len(first_days())


def test_warm__shows_nothing_that_is_not_whole(first: Path) -> None:
    with opened(first) as platform:
        before = all_generations(platform)

        def lose_a_member() -> None:
            with pytest.MonkeyPatch.context():
                platform.cache._store.write(  # type: ignore[attr-defined]  # noqa: SLF001 - what a disk might lose
                    lambda c: c.execute(
                        "DELETE FROM cache_members WHERE rowid = (SELECT max(rowid) FROM cache_members)"
                    )
                )

        failpoints.arm("warm.generation.loaded", lose_a_member)
        with pytest.raises(CacheError, match="members"):
            warm(platform, "cli", Silent(), [DAYS[0]])
        failpoints.disarm()
        assert all_generations(platform) == before
        warm(platform, "cli", Silent(), [DAYS[0]])
        assert_warm(platform)


def test_warm__keeps_latest_values_of_batches_that_do_not_count(first: Path) -> None:
    with opened(first) as platform:
        write_readings(first / "landing", "new.csv", [DAYS[3]])
        held = json.loads(platform.cache.get(latest_key("M1.e")) or b"null")
        take(platform, "cli", Silent())
        verify(platform, "cli", Silent())
        (batch,) = aggregate(platform, "cli", Silent()).batches
        with platform.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE batches SET is_held = 1 WHERE batch_id = ?", (batch,))
        warm(platform, "cli", Silent())
        assert json.loads(platform.cache.get(latest_key("M1.e")) or b"null") == held
        assert DAYS[3] not in platform.cache.generations("load_daily")
        platform.database.batches.release(batch)
        warm(platform, "cli", Silent())
        assert_warm(platform)


def test_readings__with_gaps_in_the_raster_name_their_minutes(platform: Platform) -> None:
    start = datetime(2016, 3, 24, tzinfo=UTC)
    rows = [
        _reading(start + timedelta(minutes=minute), value, quality)
        for minute, value, quality in (
            (30, 1.5, "measured"),
            (0, None, "missing"),
            (15, 0.1, "estimated"),
            (90, 2.0, "revised"),
        )
    ]
    with platform.engine.session() as session:
        session.register("lake", pa.Table.from_pylist(rows, arrow_schema(METER_READINGS)))
        (row,) = session.fetch(MEMBERS["meter_readings"].sql).to_pylist()
    assert row["member"] == 'M1."e'
    assert json.loads(row["value"]) == {
        "unit": "kWh",
        "start": "2016-03-24T00:00:00Z",
        "minutes": [0, 15, 30, 90],
        "values": [None, 0.1, 1.5, 2.0],
        "not_measured": {"0": "missing", "15": "estimated", "90": "revised"},
    }


def _reading(start: datetime, value: float | None, quality: str) -> dict[str, object]:
    known = {
        "sensor_id": 'M1."e',
        "interval_start_utc": start,
        "interval_minutes": 15,
        "value": value,
        "unit": "kWh",
        "quality": quality,
        "operating_day": start.date(),
        "batch_id": 1,
        "recorded_at_utc": start,
    }
    return {column.name: known.get(column.name, "") for column in METER_READINGS.columns} | {"raw_value": None}


def test_cache_report__says_how_long_readers_waited(first: Path) -> None:
    with opened(first) as platform:
        report = cache_report(platform)
        assert report.pending_days == ()
        assert report.generations == len(first_days())
        assert report.entries == platform.cache.statistics().entries > report.generations
        assert report.staleness_seconds is not None
        assert 0 < report.staleness_seconds < 600
        platform.cache.clear()
        empty = cache_report(platform)
    assert (empty.hit_ratio, empty.entries, empty.staleness_seconds) == (None, 0, None)
    assert set(empty.pending_days) == set(DAYS[:3])
