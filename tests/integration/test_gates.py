"""Gates: a batch that breaks one is held and read by no stage, whoever else changes its days, until it is released."""

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from grid_assets.domain import gates
from grid_assets.domain.gates import GATES, GateRule
from grid_assets.domain.tables import BY_NAME
from grid_assets.pipeline.run import run
from grid_assets.pipeline.status import status
from resources.clients.platform import Platform
from resources.clients.quality.judge import ExpectationsJudge
from tests.support.homes import opened, standing
from tests.support.judges import PlainJudge
from tests.support.landing import DAYS, METERS, SENSORS, Sensor, starts, usual, write_catalogue, write_readings
from tests.support.publications import rows

MANY_DAYS = tuple(DAYS[0] + timedelta(days=n) for n in range(8))
BAD_LINES = [f"nobody,2016-03-24T00:00:00Z,{n}" for n in range(600)]


@pytest.fixture
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Return a home whose catalogue is known."""
    home = tmp_path_factory.mktemp("gates") / "home"
    write_catalogue(home / "landing", "catalogue.csv", SENSORS)
    with opened(home) as made:
        run(made)
        yield made


def count(platform: Platform, table: str) -> int:
    return len(rows(platform, BY_NAME[table], "batch_id"))


def is_other(platform: Platform, day: date) -> bool:
    """Return whether the verified values of a day are those of `other`, and not the usual ones."""
    found = rows(platform, BY_NAME["meter_readings"], "sensor_id", "operating_day", "value")
    values = {value for sensor_id, operating_day, value in found if (sensor_id, operating_day) == ("M2.e", day)}
    expected = {value: {value(METERS[1], start) for start in starts(METERS[1], day)} for value in (usual, other)}
    assert values in expected.values()
    return values == expected[other]


def other(sensor: Sensor, start_utc: datetime) -> float | None:
    """Return values as good as the usual ones, of which M2's are different."""
    number = usual(sensor, start_utc)
    return round(number + 0.3, 4) if number is not None and sensor is METERS[1] else number


def absurd(sensor: Sensor, start_utc: datetime) -> float | None:
    """Return values of which the meters' lie far beyond their rating."""
    number = usual(sensor, start_utc)
    return 900.0 + start_utc.hour if sensor in METERS else number


def test_run__holds_a_batch_that_is_mostly_unusable(platform: Platform) -> None:
    write_readings(platform.landing, "bad.csv", MANY_DAYS, more=BAD_LINES)
    summary = run(platform)
    assert (summary.quarantined, summary.days, len(summary.held_batches)) == (600, 0, 1)
    assert count(platform, "sensor_data") == summary.stored > 1000
    assert (count(platform, "meter_readings"), count(platform, "load_daily")) == (0, 0)
    (held,) = status(platform).held_batches
    assert held["batch_id"] == summary.held_batches[0]
    assert [finding["rule"] for finding in held["gate"] if not finding["passed"]] == ["G02"]


def test_run__of_a_held_batch_again_changes_nothing(platform: Platform) -> None:
    write_readings(platform.landing, "bad.csv", MANY_DAYS, more=BAD_LINES)
    run(platform)
    before = standing(platform)
    assert run(platform).held_batches == ()
    assert standing(platform) == before


def test_release__lets_the_batch_pass(platform: Platform) -> None:
    write_readings(platform.landing, "bad.csv", MANY_DAYS, more=BAD_LINES)
    (held,) = run(platform).held_batches
    assert platform.database.batches.release(held) == len(MANY_DAYS)
    summary = run(platform)
    assert (summary.operating_days, summary.held_batches) == (MANY_DAYS, ())
    assert count(platform, "load_daily") == 6 * len(MANY_DAYS)
    assert status(platform).held_batches == ()


def test_run__does_not_take_held_rows_along_with_another_file_of_their_day(platform: Platform) -> None:
    write_readings(platform.landing, "bad.csv", MANY_DAYS, other, more=BAD_LINES)
    (held,) = run(platform).held_batches
    write_readings(platform.landing, "good.csv", DAYS[:1])
    summary = run(platform)
    assert (summary.operating_days, summary.stored, summary.duplicate) == (DAYS[:1], 169, 0)
    assert not is_other(platform, DAYS[0])
    run(platform, days=DAYS[:1])
    assert not is_other(platform, DAYS[0])
    platform.database.batches.release(held)
    run(platform)
    assert (is_other(platform, DAYS[0]), is_other(platform, DAYS[1])) == (False, True)


def test_run__takes_a_good_file_with_the_rows_of_a_held_one(platform: Platform) -> None:
    write_readings(platform.landing, "bad.csv", MANY_DAYS, more=BAD_LINES)
    run(platform)
    write_readings(platform.landing, "good.csv", MANY_DAYS)
    summary = run(platform)
    assert (summary.duplicate, summary.operating_days, summary.held_batches) == (0, MANY_DAYS, ())
    assert count(platform, "load_daily") == 6 * len(MANY_DAYS)


def test_run__does_not_hold_a_small_file_with_bad_rows(platform: Platform) -> None:
    write_readings(platform.landing, "small.csv", DAYS[:1], more=BAD_LINES)
    summary = run(platform)
    assert (summary.received, summary.quarantined, summary.held_batches) == (769, 600, ())
    assert summary.operating_days == DAYS[:1]


def test_run__holds_verified_days_of_which_most_was_rejected(platform: Platform) -> None:
    write_readings(platform.landing, "absurd.csv", MANY_DAYS, absurd)
    summary = run(platform)
    assert (summary.days, len(summary.held_batches)) == (len(MANY_DAYS), 1)
    (held,) = status(platform).held_batches
    assert held["stage"] == "verify"
    assert [finding["rule"] for finding in held["gate"] if not finding["passed"]] == ["G14"]
    assert (count(platform, "meter_readings") > 1000, count(platform, "load_daily")) == (True, 0)


def test_run__of_asked_days_does_not_go_around_a_gate(platform: Platform) -> None:
    write_readings(platform.landing, "absurd.csv", MANY_DAYS, absurd)
    (held,) = run(platform).held_batches
    run(platform, days=MANY_DAYS)
    assert count(platform, "load_daily") == 0
    assert [batch["batch_id"] for batch in status(platform).held_batches] == [held]
    platform.database.batches.release(held)
    run(platform)
    assert count(platform, "load_daily") == 6 * len(MANY_DAYS)


def test_run__passes_held_days_on_once_they_are_corrected(platform: Platform) -> None:
    write_readings(platform.landing, "absurd.csv", MANY_DAYS, absurd)
    run(platform)
    write_readings(platform.landing, "right.csv", MANY_DAYS)
    summary = run(platform)
    assert (summary.operating_days, summary.held_batches) == (MANY_DAYS, ())
    assert count(platform, "load_daily") == 6 * len(MANY_DAYS)


def test_run__holds_aggregates_that_break_their_gate(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = GateRule("G21", "aggregate", "energy_gap_share", "no energy at all", None, -1.0)
    monkeypatch.setattr(gates, "GATES", (*(rule for rule in GATES if rule.id != "G21"), strict))
    write_readings(platform.landing, "day.csv", DAYS[:1])
    summary = run(platform)
    assert len(summary.held_batches) == 1
    assert platform.database.change_log.pending("warm", "load_daily").days == ()
    platform.database.batches.release(summary.held_batches[0])
    assert platform.database.change_log.pending("warm", "load_daily").days == DAYS[:1]


METRICS: list[dict[str, float]] = [
    {"unreconciled_rows": 0.0, "quarantined_share": 0.25, "far_future_rows": 0.0},
    {"unreconciled_rows": 1.0, "quarantined_share": 0.26, "far_future_rows": 3.0},
    {"unreconciled_rows": 0.0, "far_future_rows": 0.0},
    {"unreconciled_rows": math.nan, "quarantined_share": math.inf, "far_future_rows": -1.0},
    {},
]


def test_judge__in_earnest_finds_what_the_plain_one_finds() -> None:
    earnest, plain = ExpectationsJudge(), PlainJudge()
    for metrics in METRICS:
        found, expected = earnest.judge("ingest", metrics), plain.judge("ingest", metrics)
        assert [f.passed for f in found.findings] == [f.passed for f in expected.findings], metrics
        assert found.passed == expected.passed
    assert earnest.judge("nowhere", {}).passed
