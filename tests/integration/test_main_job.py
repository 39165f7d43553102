"""The main job on two weeks of the shipped input, the change to summer time among them, under the gates in earnest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from grid_assets.domain.tables import BY_NAME
from grid_assets.pipeline.doctor import examine
from grid_assets.pipeline.ingest.land import land
from grid_assets.pipeline.query import query
from grid_assets.pipeline.run import RunSummary, run
from grid_assets.pipeline.status import status
from resources.clients.platform import Platform
from resources.settings import load_settings
from resources.wiring import make_platform
from tests.support.homes import assert_reconciled, orphans, standing

INPUT = Path(__file__).parents[2] / "grid_assets" / "shipped_input"
WEEK = tuple(date(2016, 3, 21) + timedelta(days=n) for n in range(7))
NEXT_WEEK = tuple(day + timedelta(days=7) for day in WEEK)
SPRING = WEEK[6]
KEPT_BY_THE_BATCH = frozenset({"sensors_history"})
"""A table that only an amended catalogue fills."""


@dataclass(frozen=True)
class Job:
    """A home after two runs on real input, and what they said."""

    platform: Platform
    first: RunSummary
    second: RunSummary


def files(*parts: str) -> list[Path]:
    """Return the shipped files of readings whose name has one of some parts."""
    found = [path for path in (INPUT / "readings").iterdir() if any(part in path.name for part in parts)]
    assert len(found) >= len(parts)
    return found


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    home = tmp_path_factory.mktemp("job") / "home"
    platform = make_platform(load_settings(home=home))
    land([INPUT / "sensors", *files("2016-w12.")], platform.landing)
    first = run(platform)
    land(files("2016-w13.", "2016-w12-"), platform.landing)
    yield Job(platform, first, run(platform))
    platform.database.close()


def one(job: Job, sql: str) -> dict[str, object]:
    (row,) = query(job.platform, sql).to_pylist()
    assert isinstance(row, dict)
    return row


def test_run__accounts_for_every_row_and_passes_every_gate(job: Job) -> None:
    for summary in (job.first, job.second):
        assert summary.received == summary.stored + summary.duplicate + summary.quarantined
        assert summary.received > 100_000
        assert summary.held_batches == ()
        assert summary.repaired_batches == ()
    assert_reconciled(job.platform)
    assert orphans(job.platform) == ()
    assert [finding for finding in examine(job.platform) if finding.state == "bad"] == []


def test_run__restates_the_days_of_late_and_corrected_files(job: Job) -> None:
    assert set(WEEK) <= set(job.first.operating_days)
    assert set(NEXT_WEEK) <= set(job.second.operating_days)
    assert set(job.second.operating_days) & set(WEEK)
    assert job.second.duplicate > 0
    assert job.second.repeated_files >= 1
    history = one(
        job, "SELECT COUNT(*) AS n, COUNT(DISTINCT superseded_by_batch) AS batches FROM meter_readings_history"
    )
    assert history["n"] != 0
    assert history["batches"] == 1


def test_run__fills_every_table(job: Job) -> None:
    empty = [table.name for table in status(job.platform).tables if not table.rows]
    assert set(empty) <= KEPT_BY_THE_BATCH
    assert len(BY_NAME) - len(empty) >= 12


def test_run__gives_the_short_day_its_ninety_two_quarters(job: Job) -> None:
    sql = f"""SELECT MIN(n) AS least, MAX(n) AS most, COUNT(*) AS sensors FROM (
        SELECT r.sensor_id, COUNT(*) AS n FROM meter_readings r JOIN sensors s ON s.sensor_id = r.sensor_id
        WHERE r.operating_day = DATE '{SPRING}' AND s.interval_minutes = 15 GROUP BY r.sensor_id)"""
    found = one(job, sql)
    assert (found["least"], found["most"]) == (92, 92)
    assert found["sensors"] == one(job, "SELECT COUNT(*) AS n FROM sensors WHERE interval_minutes = 15")["n"]


def test_run__keeps_the_energy_from_readings_to_aggregates(job: Job) -> None:
    given = one(job, "SELECT SUM(value) AS kwh FROM meter_readings WHERE sensor_type = 'energy'")["kwh"]
    for table in ("load_daily", "load_hourly"):
        assert one(job, f"SELECT SUM(energy_kwh) AS kwh FROM {table}")["kwh"] == pytest.approx(given, rel=1e-9)


def test_run__again_finds_nothing(job: Job) -> None:
    before = standing(job.platform)
    third = run(job.platform)
    assert (third.received, third.days, third.files) == (0, 0, 0)
    assert standing(job.platform) == before
