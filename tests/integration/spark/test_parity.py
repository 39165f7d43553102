"""Both engines say the same: every scenario and a seeded month, value by value.

Spark takes a second for what takes the other engine a hundredth, so the scenarios of the usual tier go through it
together, each under names of its own; alone they go in the deep tier.
"""

from datetime import date
from pathlib import Path

import pytest

from grid_assets.domain.tables import BY_NAME
from resources.clients.engines.duckdb_engine import DuckDBEngine
from resources.clients.engines.spark_engine import SparkEngine
from tests.scenarios.aggregates import test_scenarios as aggregates
from tests.scenarios.test_vee_scenarios import SCENARIOS as VERIFICATIONS
from tests.scenarios.test_vee_scenarios import given_world
from tests.support.parity import MONTH, assert_same, month_of, named, of_world, whole_pipeline_in
from tests.unit.domain.measures import world as measured
from tests.unit.domain.vee.world import World, verify, verify_in

USUAL_DAY = [date(2016, 2, 1)]
AGGREGATIONS = aggregates.SCENARIOS


def verification(name: str) -> tuple[World, list[date]]:
    world, days = given_world(name)
    return World(named(world.sensors, name), named(world.readings, name)), days


def aggregation(folder: Path) -> tuple[measured.World, list[date]]:
    world, days = aggregates.given_world(folder)
    parts = (world.sensors, world.readings, world.previous_latest, world.fallback)
    return measured.World(*(named(rows, folder.name) for rows in parts)), days


@pytest.mark.parametrize("is_usual", [True, False], ids=["the usual day", "other days"])
def test_verification__of_all_scenarios_together(spark: SparkEngine, tmp_path: Path, *, is_usual: bool) -> None:
    given = {name: verification(name) for name in VERIFICATIONS}
    chosen = {name: (world, days) for name, (world, days) in given.items() if (days == USUAL_DAY) is is_usual}
    assert chosen
    together = World(
        [row for world, _ in chosen.values() for row in world.sensors],
        [row for world, _ in chosen.values() for row in world.readings],
    )
    with spark.session() as session:
        found = verify_in(session, sorted({day for _, days in chosen.values() for day in days}), together)
    for name, (world, days) in chosen.items():
        assert_same(of_world(found, name, days), verify(tmp_path, days, world), name)


def aggregations_together() -> dict[tuple[date, ...], dict[str, tuple[measured.World, list[date]]]]:
    """Return the scenarios by name; those with latest values by their days, for which stay depends on the days done."""
    groups: dict[tuple[date, ...], dict[str, tuple[measured.World, list[date]]]] = {}
    for folder in AGGREGATIONS:
        world, days = aggregation(folder)
        groups.setdefault(tuple(days) if world.previous_latest else (), {})[folder.name] = world, days
    return groups


@pytest.mark.parametrize(
    "given", [pytest.param(group, id=f"{len(group)} worlds") for group in aggregations_together().values()]
)
def test_aggregation__of_all_scenarios_together(
    spark: SparkEngine, given: dict[str, tuple[measured.World, list[date]]], tmp_path: Path
) -> None:
    together = measured.World(
        [row for world, _ in given.values() for row in world.sensors],
        [row for world, _ in given.values() for row in world.readings],
        [row for world, _ in given.values() for row in world.previous_latest],
        [row for world, _ in given.values() for row in world.fallback],
    )
    with spark.session() as session:
        found = measured.aggregate_in(session, sorted({day for _, days in given.values() for day in days}), together)
    for name, (world, days) in given.items():
        for table, expected in measured.aggregate(tmp_path, days, world).items():
            wanted = days if BY_NAME[table].is_daily else None
            assert_same(of_world(found[table], name, wanted), expected, f"{name}, {table}")


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 8))])
def test_month__of_a_seed(spark: SparkEngine, seed: int, tmp_path: Path) -> None:
    world = month_of(seed)
    with DuckDBEngine(tmp_path, threads=1).session() as session:
        expected = whole_pipeline_in(session, MONTH, world)
    assert all(expected[table] for table in ("meter_readings", "load_hourly", "feeder_balance", "events"))
    with spark.session() as session:
        found = whole_pipeline_in(session, MONTH, world)
    for table, rows in expected.items():
        assert_same(found[table], rows, table)


@pytest.mark.deep
@pytest.mark.parametrize("name", VERIFICATIONS)
def test_verification__of_a_scenario_alone(spark: SparkEngine, name: str, tmp_path: Path) -> None:
    world, days = given_world(name)
    with spark.session() as session:
        assert_same(verify_in(session, days, world), verify(tmp_path, days, world), name)


@pytest.mark.deep
@pytest.mark.parametrize("folder", AGGREGATIONS, ids=[folder.name for folder in AGGREGATIONS])
def test_aggregation__of_a_scenario_alone(spark: SparkEngine, folder: Path, tmp_path: Path) -> None:
    world, days = aggregates.given_world(folder)
    with spark.session() as session:
        found = measured.aggregate_in(session, days, world)
    for table, rows in measured.aggregate(tmp_path, days, world).items():
        assert_same(found[table], rows, table)
