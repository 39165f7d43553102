"""The plan: what is written down survives JSON, and settles what was committed, no more."""

import json
from datetime import date

import pytest

from grid_assets.domain.gates import GATES, GateFinding, GateReport
from grid_assets.domain.tables import EVENTS, LOAD_DAILY, METER_READINGS, METER_READINGS_HISTORY, SENSOR_LATEST
from grid_assets.pipeline.plan import Publication, TableCommit, plan_of, settlement
from resources.clients.database.changes import Change, Progress
from resources.clients.engines.base import WrittenFiles

DAYS = (date(2016, 3, 26), date(2016, 3, 27))
PROGRESS = Progress("verify", "sensor_data", DAYS, 17)
HISTORY = TableCommit(
    METER_READINGS_HISTORY, WrittenFiles(), DAYS[:1], is_append=True, principal="meter_readings", undo_column="x"
)
VERIFIED = TableCommit(METER_READINGS, WrittenFiles(), DAYS)
AGGREGATES = (TableCommit(LOAD_DAILY, WrittenFiles(), DAYS), TableCommit(EVENTS, WrittenFiles(), DAYS[1:]))


def settled(publication: Publication, committed: frozenset[str] | None = None) -> object:
    return settlement(json.loads(json.dumps(plan_of(publication))), committed)


def test_settlement__of_a_whole_plan_logs_principals_and_progress() -> None:
    result = settlement(plan_of(Publication((HISTORY, VERIFIED), {"days": 2}, PROGRESS)))
    assert result.changes == [Change("meter_readings", day) for day in DAYS]
    assert (result.progress, result.result, result.is_held) == (PROGRESS, {"days": 2}, False)


def test_settlement__is_the_same_after_the_plan_went_through_json() -> None:
    publication = Publication((HISTORY, VERIFIED), {"days": 2}, PROGRESS)
    assert settled(publication) == settlement(plan_of(publication))


@pytest.mark.parametrize(
    ("committed", "changes"),
    [
        (frozenset({"load_daily"}), [Change("load_daily", day) for day in DAYS]),
        (frozenset({"events"}), [Change("events", DAYS[1])]),
    ],
)
def test_settlement__of_a_part_logs_that_part_and_no_progress(committed: frozenset[str], changes: list[Change]) -> None:
    result = settlement(plan_of(Publication(AGGREGATES, {}, PROGRESS)), committed)
    assert (result.changes, result.progress) == (changes, None)


def test_settlement__of_nothing_to_commit_keeps_the_progress() -> None:
    result = settlement(plan_of(Publication((), {}, PROGRESS)))
    assert (result.changes, result.progress) == ([], PROGRESS)


def test_settlement__logs_the_days_of_a_table_that_is_replaced_whole() -> None:
    result = settlement(plan_of(Publication((TableCommit(SENSOR_LATEST, WrittenFiles(), DAYS),), {})))
    assert result.changes == [Change("sensor_latest", day) for day in DAYS]


@pytest.mark.parametrize("passed", [True, False])
def test_plan_of__holds_what_its_gate_refused(*, passed: bool) -> None:
    finding = GateFinding(GATES[0], 3.0, passed)
    publication = Publication((VERIFIED,), {"rows": {}}, None, GateReport("ingest", (finding,)))
    result = settlement(plan_of(publication))
    assert result.is_held is not passed
    assert result.result["gate"][0]["passed"] is passed
    assert publication.result == {"rows": {}}
