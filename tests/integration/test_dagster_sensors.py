"""The two sensors over a real home: what landed or changed wakes one run, and nothing is asked for twice."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest

from jobs.waking import tries
from tests.support.dagster import project, resource_of, run_job
from tests.support.homes import HomeShelf, opened, run_in
from tests.support.landing import DAYS, land_first, land_second, write_readings

YESTERDAY = 86_400


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as in_memory:
        yield in_memory


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> HomeShelf:
    """Return a home that `grid run` has run in, put back by copying."""
    kept = HomeShelf(tmp_path_factory.mktemp("homes"))
    land_first(kept.home / "landing")
    run_in(kept.home)
    kept.keep("made")
    return kept


def landed_long_ago(landing: Path) -> None:
    """Make every file of the landing zone old enough to be whole."""
    for path in landing.rglob("*.*"):
        status = path.stat()
        os.utime(path, (status.st_atime - YESTERDAY, status.st_mtime - YESTERDAY))


class Evaluated:
    """One sensor evaluated again and again, with the cursor that Dagster would keep in between."""

    def __init__(self, home: Path, instance: dg.DagsterInstance, name: str) -> None:
        self.defs = project(home)
        self.resource = resource_of(home)
        self.instance = instance
        self.sensor = self.defs.resolve_sensor_def(name)
        self.cursor: str | None = None

    def __call__(self) -> tuple[Sequence[dg.RunRequest], str]:
        """Return the requests of one evaluation and the reason where there is none."""
        context = dg.build_sensor_context(self.instance, self.cursor, resources={"platform": self.resource})
        data = self.sensor.evaluate_tick(context)
        self.cursor = data.cursor
        return data.run_requests or (), data.skip_message or ""

    def run(self, request: dg.RunRequest, job: str) -> bool:
        """Run a request as the daemon would."""
        definition = self.defs.resolve_job_def(job)
        return definition.execute_in_process(
            instance=self.instance, tags=dict(request.tags), raise_on_error=False
        ).success


def test_landing_sensor__one_run_for_a_burst_and_none_twice(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    look = Evaluated(tmp_path, instance, "landing_files")
    assert look() == ((), "every file that has landed was taken")
    land_first(tmp_path / "landing")
    assert look() == ((), "files are still arriving")
    landed_long_ago(tmp_path / "landing")
    (request,), _ = look()
    (same,), _ = look()
    assert same.run_key == request.run_key
    assert look.run(request, "ingest")
    assert look() == ((), "every file that has landed was taken")
    assert look() == ((), "the landing zone has not changed")


def test_landing_sensor__new_content_under_an_old_name_wakes_again(
    shelf: HomeShelf, instance: dg.DagsterInstance
) -> None:
    home = shelf.put_back("made")
    look = Evaluated(home, instance, "landing_files")
    landed_long_ago(home / "landing")
    ((request), _) = look()
    # Copied or touched files are looked at again: their content is known, so the run takes nothing.
    assert look.run(request[0], "ingest")
    assert look()[0] == ()
    with opened(home) as platform:
        before = len(platform.database.files.listing())
    write_readings(home / "landing", f"00_{DAYS[0]}.csv", DAYS[:1], lambda *_: 1.25)
    landed_long_ago(home / "landing")
    (again,), _ = look()
    assert look.run(again, "ingest")
    with opened(home) as platform:
        assert len(platform.database.files.listing()) == before + 1


def test_landing_sensor__does_not_ask_beside_a_run_that_waits(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    land_first(tmp_path / "landing")
    landed_long_ago(tmp_path / "landing")
    look = Evaluated(tmp_path, instance, "landing_files")
    (request,), _ = look()
    job = look.defs.resolve_job_def("ingest")
    instance.create_run_for_job(job, tags={**job.tags, **request.tags})
    requests, reason = look()
    assert requests == ()
    assert "wait for the run that is at it" in reason


def test_landing_sensor__a_failed_run_is_tried_again_later(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    land_first(tmp_path / "landing")
    landed_long_ago(tmp_path / "landing")
    look = Evaluated(tmp_path, instance, "landing_files")
    (request,), _ = look()
    job = look.defs.resolve_job_def("ingest")
    failed = instance.create_run_for_job(job, tags={**job.tags, **request.tags})
    instance.report_run_failed(failed)
    (ended,) = tries(instance, request.tags["grid/wake"])
    assert ended is not None
    requests, reason = look()
    assert requests == ()
    assert "try 2 is due at" in reason


def test_change_log_sensor__shows_what_was_made_elsewhere_once(shelf: HomeShelf, instance: dg.DagsterInstance) -> None:
    look = Evaluated(shelf.put_back("made"), instance, "change_log")
    _, first = look()
    assert first.endswith("events told; 0 days pending; nothing to wake")
    assert not first.startswith("0 ")
    assert look() == ((), "0 events told; 0 days pending; nothing to wake")
    days = {day.isoformat() for day in DAYS[:3]}
    assert instance.get_materialized_partitions(dg.AssetKey("load_daily")) == days


def test_change_log_sensor__wakes_one_run_per_range_and_none_twice(
    shelf: HomeShelf, instance: dg.DagsterInstance
) -> None:
    home = shelf.put_back("made")
    land_second(home / "landing")
    look = Evaluated(home, instance, "change_log")
    assert run_job(look.defs, instance, "ingest").success
    requests, _ = look()
    ranges = [tuple(value for key, value in sorted(r.tags.items()) if "range" in key) for r in requests]
    assert ranges == [("2016-03-24", "2016-03-24"), ("2016-03-27", "2016-03-27")]
    assert [r.run_key for r in look()[0]] == [r.run_key for r in requests]
    for request in requests:
        assert look.run(request, "restate")
    requests, reason = look()
    assert requests == ()
    assert reason == "0 events told; 0 days pending; nothing to wake"
