"""Publishing records: the copies are the lake's rows, and only what changed is touched."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from grid_assets.domain.gates import GateReport
from grid_assets.domain.tables import EVENTS, LOAD_DAILY, SENSOR_LATEST
from grid_assets.pipeline.aggregate_stage import aggregate
from grid_assets.pipeline.outcome import StageOutcome
from grid_assets.pipeline.plan import Publication, TableCommit
from grid_assets.pipeline.publish import open_batch, publish
from grid_assets.pipeline.publish_records import publish_records
from grid_assets.pipeline.reporter import Silent
from grid_assets.pipeline.run import take
from grid_assets.pipeline.verify_stage import verify
from resources.clients import failpoints
from resources.clients.database.record_tables import PUBLISHED
from resources.clients.platform import Platform
from tests.support.child import StruckError, struck
from tests.support.judges import PlainJudge
from tests.support.landing import DAYS, METERS, Sensor, corrected, usual, write_readings
from tests.support.publications import DAY, NEXT_DAY, write
from tests.support.records import Keyed, assert_copies_are_the_lake, copied, copies, in_lake


def published(platform: Platform) -> StageOutcome:
    return publish_records(platform, "test", Silent())


def aggregated(platform: Platform) -> StageOutcome:
    """Run the main job as far as the lake goes."""
    take(platform, "test", Silent())
    verify(platform, "test", Silent())
    return aggregate(platform, "test", Silent())


def touched(before: dict[str, Keyed], after: dict[str, Keyed]) -> dict[str, int]:
    """Return how many rows are new or differ, and how many are gone."""
    pairs = [(before[name], after[name]) for name in before]
    return {
        "rows written": sum(row != old.get(key) for old, new in pairs for key, row in new.items()),
        "rows withdrawn": sum(key not in new for old, new in pairs for key in old),
    }


class HoldingJudge(PlainJudge):
    """Lets nothing pass that the aggregation stage made."""

    def judge(self, stage: str, metrics: Mapping[str, float]) -> GateReport:
        report = super().judge(stage, metrics)
        if stage != "aggregate":
            return report
        return GateReport(stage, tuple(replace(finding, passed=False) for finding in report.findings))


def test_publish_records__copies_the_lake(ran: Platform) -> None:
    assert_copies_are_the_lake(ran)
    assert all(copies(ran)[table.name] for table in (SENSOR_LATEST, LOAD_DAILY))


def test_publish_records__again_opens_no_batch(ran: Platform) -> None:
    before = ran.database.batches.listing()
    assert published(ran) == StageOutcome()
    assert ran.database.batches.listing() == before


def test_publish_records__touches_what_a_late_file_changed_and_no_more(ran: Platform) -> None:
    write_readings(ran.landing, "20_late.csv", DAYS[:1], corrected)
    before = copies(ran)
    aggregated(ran)
    outcome = published(ran)
    after = copies(ran)
    assert_copies_are_the_lake(ran)
    assert outcome.rows == touched(before, after)
    assert 0 < outcome.rows["rows written"] < sum(len(rows) for rows in after.values()) / 2
    assert set(outcome.days) == {DAYS[0]}


def test_publish_records__withdraws_what_is_gone(ran: Platform) -> None:
    write_readings(ran.landing, "20_corrected.csv", DAYS[:1], corrected)
    aggregated(ran)
    published(ran)
    sagged = copied(ran, EVENTS)
    write_readings(ran.landing, "21_back.csv", DAYS[:1], usual, more=["nobody,2016-03-24T00:00:00Z,1"])
    aggregated(ran)
    outcome = published(ran)
    assert_copies_are_the_lake(ran)
    gone = sagged.keys() - copied(ran, EVENTS).keys()
    assert outcome.rows["rows withdrawn"] == len(gone) > 0


def test_publish_records__copies_given_days_again_and_finds_nothing_to_write(ran: Platform) -> None:
    outcome = publish_records(ran, "test", Silent(), DAYS[:2])
    assert set(outcome.days) == set(DAYS[:2])
    assert outcome.rows == {"rows withdrawn": 0, "rows written": 0}


def test_publish_records__mends_a_copy_that_lost_rows(ran: Platform) -> None:
    with ran.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM load_daily WHERE meter_id = 'M2'")
    outcome = publish_records(ran, "test", Silent(), DAYS)
    assert outcome.rows == {"rows withdrawn": 0, "rows written": 3}
    assert_copies_are_the_lake(ran)


def test_publish_records__leaves_a_held_batch_out_until_it_is_released(ran: Platform) -> None:
    write_readings(ran.landing, "20_late.csv", DAYS[:1], corrected)
    before = copies(ran)
    holding = replace(ran, judge=HoldingJudge())
    (held,) = aggregated(holding).held
    published(ran)
    assert copies(ran) == before
    ran.database.batches.release(held)
    outcome = published(ran)
    assert_copies_are_the_lake(ran)
    assert outcome.rows == touched(before, copies(ran))


def only_m1(sensor: Sensor, _: object) -> float | None:
    return 2.5 if sensor is METERS[0] else None


def test_publish_records__leaves_the_rows_of_a_held_batch_where_another_changed_its_table(ran: Platform) -> None:
    """The latest values are one table over all days: rows of a held day stay, those of other days are copied."""
    write_readings(ran.landing, "20_late.csv", DAYS[2:3], corrected)
    (held,) = aggregated(replace(ran, judge=HoldingJudge())).held
    before = copied(ran, SENSOR_LATEST)
    write_readings(ran.landing, "21_new.csv", DAYS[3:], only_m1)
    aggregated(ran)
    published(ran)
    lake, copy = in_lake(ran, SENSOR_LATEST), copied(ran, SENSOR_LATEST)
    assert copy == {key: before[key] if row["batch_id"] == held else row for key, row in lake.items()}
    ran.database.batches.release(held)
    published(ran)
    assert_copies_are_the_lake(ran)


@pytest.fixture
def two_days(platform: Platform) -> Platform:
    """Return a home with two events on two days, both published."""
    with open_batch(platform, "aggregate", "test") as batch:
        rows = [{"event_id": "a", "operating_day": DAY}, {"event_id": "b", "operating_day": NEXT_DAY}]
        new = write(platform, batch, EVENTS, rows)
        publish(platform, batch, Publication((TableCommit(EVENTS, new, (DAY, NEXT_DAY)),), {}))
    published(platform)
    return platform


def test_publish_records__waits_for_a_batch_that_is_committed_and_not_settled(two_days: Platform) -> None:
    before = copies(two_days)

    def publish_meanwhile() -> None:
        outcome = publish_records(two_days, "test", Silent(), (DAY, NEXT_DAY))
        assert outcome.rows == {"rows withdrawn": 0, "rows written": 0}
        assert copies(two_days) == before
        struck()

    failpoints.arm("aggregate.all.committed", publish_meanwhile)
    with pytest.raises(StruckError):
        replace_the_first_event(two_days)
    published(two_days)
    assert copied(two_days, EVENTS).keys() == {("b",), ("c",)}
    assert_copies_are_the_lake(two_days)


def replace_the_first_event(platform: Platform) -> None:
    with open_batch(platform, "aggregate", "test") as batch:
        new = write(platform, batch, EVENTS, [{"event_id": "c", "operating_day": DAY}])
        publish(platform, batch, Publication((TableCommit(EVENTS, new, (DAY,)),), {}))


def test_publish_records__that_failed_half_way_is_done_by_the_next_one(ran: Platform) -> None:
    write_readings(ran.landing, "20_late.csv", DAYS[:1], corrected)
    aggregated(ran)
    failpoints.arm("publish.written", struck)
    with pytest.raises(StruckError):
        published(ran)
    failpoints.disarm()
    assert ran.database.batches.unsettled() == ()
    published(ran)
    assert_copies_are_the_lake(ran)


def test_published__are_tables_of_the_aggregation_stage() -> None:
    assert {table.group for table in PUBLISHED} == {"aggregate"}
