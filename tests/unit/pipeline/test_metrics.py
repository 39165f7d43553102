"""The gates' metrics: zero for faultless days, and each defect is seen by its own metric."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from grid_assets.domain.gates import GATES
from grid_assets.domain.intervals import day_table, operating_day
from grid_assets.domain.tables import METER_READINGS, SENSOR_DATA, SENSOR_LATEST, SENSORS
from grid_assets.pipeline.aggregate.days import aggregate_days
from grid_assets.pipeline.metrics import (
    FEWEST_ROWS,
    aggregate_metrics,
    far_future_sql,
    ingest_metrics,
    verify_metrics,
)
from grid_assets.pipeline.verify.days import verify_days
from resources.clients.engines.base import Scan
from resources.clients.engines.duckdb_engine import DuckDBEngine, DuckDBSession
from tests.support.landing import DAYS, ZONE
from tests.unit.domain.vee.world import ZONE_NAME, sensor, table, whole_day

SPRING = operating_day(DAYS[3], ZONE)
NONE = {"uncovered_intervals": 0.0, "repeated_keys": 0.0, "unexplained_values": 0.0, "rejected_share": 0.0}
EVEN = {"energy_gap_share": 0.0, "miscounted_rows": 0.0, "load_factor_outside": 0.0}
PROVENANCE = "1 AS batch_id, TIMESTAMPTZ '2016-04-01 00:00:00+00' AS recorded_at_utc"


@pytest.fixture
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBSession]:
    """Return a session after the verification and aggregation of a day of 23 hours, one reading of which is missing."""
    meters = [sensor(name, transformer_id="T1") for name in ("a.e", "b.e")]
    values = [1.0 + n / 7 for n in range(23)]
    readings = [row for meter in meters for row in whole_day(meter, SPRING.day, values)][:-1]
    with DuckDBEngine(tmp_path_factory.mktemp("engine"), threads=1).session() as made:
        made.register("sensors", table(SENSORS, meters))
        made.register("received", table(SENSOR_DATA, readings))
        made.register("gate_days", day_table((SPRING,)))
        verify_days(made, (SPRING,), ZONE_NAME)
        made.materialize("readings", f"SELECT *, {PROVENANCE} FROM verified")
        made.scan("fallback", Scan(METER_READINGS, ()))
        made.scan("previous_latest", Scan(SENSOR_LATEST, ()))
        aggregate_days(made, (SPRING,))
        yield made


def test_metrics__are_those_that_the_gates_judge(session: DuckDBSession) -> None:
    computed = {
        "ingest": ingest_metrics({"received": 0, "stored": 0, "duplicate": 0, "quarantined": 0}, 0),
        "verify": verify_metrics(session),
        "aggregate": aggregate_metrics(session),
    }
    assert {(rule.stage, rule.metric) for rule in GATES} == {(s, m) for s, found in computed.items() for m in found}


def test_verify_metrics__are_zero_for_a_faultless_day(session: DuckDBSession) -> None:
    assert verify_metrics(session) == NONE


def test_verify_metrics__of_no_day_are_zero(session: DuckDBSession) -> None:
    session.materialize("verified", "SELECT * FROM verified WHERE FALSE")
    session.register("gate_days", day_table(()))
    assert verify_metrics(session) == NONE


@pytest.mark.parametrize(
    ("verified", "metric", "value"),
    [
        ("SELECT * FROM verified WHERE NOT (sensor_id = 'a.e' AND value < 1.2)", "uncovered_intervals", 2.0),
        ("SELECT * FROM verified WHERE sensor_id = 'a.e'", "uncovered_intervals", 23.0),
        ("SELECT * REPLACE (value + 1 AS value) FROM verified WHERE rule_ids = ''", "unexplained_values", 45.0),
        ("SELECT * REPLACE (NULL AS value) FROM verified WHERE rule_ids = ''", "unexplained_values", 45.0),
    ],
)
def test_verify_metrics__see_each_defect(verified: str, metric: str, value: float, session: DuckDBSession) -> None:
    session.materialize("verified", verified)
    found = verify_metrics(session)
    assert found[metric] == value


def test_verify_metrics__see_an_interval_that_stands_twice(session: DuckDBSession) -> None:
    session.materialize("verified", "SELECT * FROM verified UNION ALL (SELECT * FROM verified ORDER BY ALL LIMIT 3)")
    found = verify_metrics(session)
    assert (found["repeated_keys"], found["uncovered_intervals"]) == (3.0, 3.0)


@pytest.mark.parametrize(("rows", "share"), [(FEWEST_ROWS - 1, 0.0), (FEWEST_ROWS, 0.4)])
def test_verify_metrics__judge_the_rejected_share_of_many_rows_only(
    rows: int, share: float, session: DuckDBSession
) -> None:
    session.materialize("numbers", f"SELECT unnest(range({rows})) AS n")
    session.materialize(
        "verified",
        "SELECT v.* REPLACE (CASE WHEN n % 5 < 2 THEN 'estimated' ELSE 'measured' END AS quality, "
        "CASE WHEN n % 5 < 2 THEN 'V04' ELSE '' END AS rule_ids) "
        "FROM numbers, (SELECT * FROM verified WHERE raw_value IS NOT NULL LIMIT 1) AS v",
    )
    assert verify_metrics(session)["rejected_share"] == share


def test_aggregate_metrics__are_zero_for_a_faultless_day(session: DuckDBSession) -> None:
    assert aggregate_metrics(session) == pytest.approx(EVEN, abs=1e-9)


@pytest.mark.parametrize(
    ("load_daily", "metric", "value"),
    [
        ("SELECT * FROM new_load_daily WHERE meter_id = 'nobody'", "energy_gap_share", 1.0),
        ("SELECT * REPLACE (2 * energy_kwh AS energy_kwh) FROM new_load_daily", "energy_gap_share", 1.0),
        ("SELECT * REPLACE (0 AS measured_intervals) FROM new_load_daily", "miscounted_rows", 2.0),
        ("SELECT * REPLACE (1.1 AS load_factor) FROM new_load_daily", "load_factor_outside", 2.0),
        ("SELECT * REPLACE (-0.1 AS load_factor) FROM new_load_daily", "load_factor_outside", 2.0),
    ],
)
def test_aggregate_metrics__see_each_defect(load_daily: str, metric: str, value: float, session: DuckDBSession) -> None:
    session.materialize("new_load_daily", load_daily)
    found = aggregate_metrics(session)
    assert found.pop(metric) == pytest.approx(value)
    assert found == pytest.approx({name: 0.0 for name in EVEN if name != metric}, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "share", "unreconciled"),
    [
        ((10, 0, 0, 10), 0.0, 0.0),
        ((FEWEST_ROWS, FEWEST_ROWS // 2, 0, FEWEST_ROWS // 2), 0.5, 0.0),
        ((FEWEST_ROWS, FEWEST_ROWS - 3, 1, 1), 0.001, 1.0),
        ((5, 5, 1, 0), 0.0, 1.0),
    ],
)
def test_ingest_metrics__are_shares_of_many_rows_and_what_does_not_add_up(
    counts: tuple[int, int, int, int], share: float, unreconciled: float
) -> None:
    named = dict(zip(("received", "stored", "duplicate", "quarantined"), counts, strict=True))
    found = ingest_metrics(named, 7)
    assert found == {"quarantined_share": share, "unreconciled_rows": unreconciled, "far_future_rows": 7.0}


def test_far_future_sql__counts_rows_after_an_instant(session: DuckDBSession) -> None:
    noon = datetime(2016, 3, 27, 12, tzinfo=UTC)
    rows = session.fetch(far_future_sql("verified", noon))
    assert rows.column("n")[0].as_py() == 2 * 9
