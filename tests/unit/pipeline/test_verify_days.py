"""verify_days: the promised shape, and the invariants that every later stage stands on."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.domain.tables import METER_READINGS, SENSOR_DATA, SENSORS
from grid_assets.pipeline.verify.days import verify_days
from resources.clients.engines.duckdb_engine import DuckDBEngine
from tests.unit.domain.vee.world import Row, World, sensor, table, verify, whole_day

MONDAY = date(2016, 2, 1)
METER = sensor("m.energy", rated_max=20.0)
REGISTER = sensor("m.register", sensor_type="register")
POWER = sensor("p.power", sensor_type="power")
WEEKS = [MONDAY - timedelta(days=n) for n in range(14, -3, -1)]
SLOW = settings(max_examples=settings().max_examples // 16, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _noisy_world(seed: int) -> World:
    """Return two weeks of three sensors with holes, wild values, wrong units, shifted starts and repeated readings."""
    chance = random.Random(seed)
    rows: list[Row] = []
    index = 0.0
    for day in WEEKS:
        for of in (METER, POWER):
            values = [round(chance.uniform(0.5, 3.0), 3) for _ in range(24)]
            rows += [_spoiled(row, chance) for row in whole_day(of, day, values) if chance.random() > 0.05]
        index += chance.uniform(20, 60)
        rows += whole_day(REGISTER, day, index) if chance.random() > 0.1 else []
    rows += [row | {"batch_id": 2, "value": 1.25} for row in rows if chance.random() < 0.02]
    return World((METER, REGISTER, POWER), rows)


def _spoiled(row: Row, chance: random.Random) -> Row:
    start = row["interval_start_utc"]
    faults: Sequence[Row] = (
        {"value": 900.0},
        {"value": -1.0},
        {"value": 0.0},
        {"unit": "V"},
        {"unit": "Wh" if row["unit"] == "kWh" else "W"},
        {"quality": "estimated"},
        {"interval_minutes": 15},
        {"interval_start_utc": start + timedelta(seconds=30)},  # type: ignore[operator]
        {"interval_start_utc": start + timedelta(minutes=9)},  # type: ignore[operator]
    )
    return row | chance.choice(faults) if chance.random() < 0.15 else row


def test_verify_days__gives_the_registered_columns(tmp_path: Path) -> None:
    names = [name for name in METER_READINGS.column_names if name not in ("batch_id", "recorded_at_utc")]
    with DuckDBEngine(tmp_path).session() as session:
        session.register("sensors", table(SENSORS, [METER]))
        session.register("received", table(SENSOR_DATA, whole_day(METER, MONDAY, 1.0)))
        verify_days(session, (), "Europe/Berlin")
        found = session.fetch("SELECT * FROM verified")
        assert sorted(found.column_names) == sorted(names)
        assert found.num_rows == 0
        schema = arrow_schema(METER_READINGS)
        assert {f.name: f.type for f in found.schema} == {name: schema.field(name).type for name in names}


def test_verify_days__leaves_nothing_else_behind(tmp_path: Path) -> None:
    with DuckDBEngine(tmp_path).session() as session:
        session.register("sensors", table(SENSORS, [METER]))
        session.register("received", table(SENSOR_DATA, []))
        verify_days(session, (), "Europe/Berlin")
        names = session.fetch("SELECT table_name FROM information_schema.tables")["table_name"].to_pylist()
        assert sorted(names) == ["received", "sensors", "verified"]


@pytest.mark.parametrize(("day", "hours"), [(date(2016, 3, 27), 23), (MONDAY, 24), (date(2016, 10, 30), 25)])
def test_verify_days__expects_every_interval_of_the_civil_day(day: date, hours: int, tmp_path: Path) -> None:
    verified = verify(tmp_path, [day], World((METER, REGISTER)))
    assert [row["sensor_id"] for row in verified].count("m.energy") == hours
    assert [row["sensor_id"] for row in verified].count("m.register") == 1
    assert {row["quality"] for row in verified} == {"missing"}
    assert {row["operating_day"] for row in verified} == {day}


@SLOW
@given(seed=st.integers(0, 10_000))
def test_verify_days__gives_each_expected_interval_one_row_with_a_sound_verdict(seed: int, tmp_path: Path) -> None:
    days = WEEKS[-4:]
    world = _noisy_world(seed)
    verified = verify(tmp_path, days, world)
    assert len({(row["sensor_id"], row["interval_start_utc"]) for row in verified}) == len(verified) == len(days) * 49
    received = {(row["sensor_id"], row["value"], row["unit"]) for row in world.readings}
    for row in verified:
        assert (row["value"] is None) == (row["quality"] == "missing")
        assert (row["raw_value"] is None) == ("V02" in str(row["rule_ids"]))
        assert row["raw_value"] is None or (row["sensor_id"], row["raw_value"], row["raw_unit"]) in received
        assert (row["reason"] is None) == (row["rule_ids"] == "")
        assert row["rule_ids"] == ",".join(sorted(str(row["rule_ids"]).split(",")))
        assert (row["estimation_method"] is not None) == (row["quality"] in ("edited", "estimated"))
        assert row["quality"] not in ("measured", "revised") or row["value"] == row["raw_value"]
        assert (
            row["sensor_type"] != "register" or row["quality"] != "estimated" or row["estimation_method"] == "received"
        )


@SLOW
@given(seed=st.integers(0, 10_000))
def test_verify_days__does_not_depend_on_the_chunk_or_the_order_of_rows(seed: int, tmp_path: Path) -> None:
    world = _noisy_world(seed)
    shuffled = World(world.sensors, random.Random(seed).sample(list(world.readings), len(world.readings)))
    together = verify(tmp_path, WEEKS[-3:], world)
    alone = [row for day in WEEKS[-3:] for row in verify(tmp_path, [day], shuffled, threads=2)]
    assert sorted(alone, key=_key) == sorted(together, key=_key)


@SLOW
@given(seed=st.integers(0, 10_000))
def test_verify_days__never_looks_at_later_days(seed: int, tmp_path: Path) -> None:
    world = _noisy_world(seed)
    known = World(world.sensors, [row for row in world.readings if str(row["operating_day"]) <= str(MONDAY)])
    assert verify(tmp_path, [MONDAY], known) == verify(tmp_path, [MONDAY], world)


@SLOW
@given(values=st.lists(st.one_of(st.none(), st.floats(0, 5)), min_size=24, max_size=24), advance=st.floats(130, 400))
def test_verify_days__scales_estimates_to_the_register(
    values: list[float | None], advance: float, tmp_path: Path
) -> None:
    before = MONDAY - timedelta(days=7)
    rows = whole_day(METER, before, [1.0 + n / 10 for n in range(24)]) + whole_day(METER, MONDAY, values)
    rows += whole_day(REGISTER, MONDAY - timedelta(days=1), 100.0) + whole_day(REGISTER, MONDAY, 100.0 + advance)
    verified = verify(tmp_path, [MONDAY], World((METER, REGISTER), rows))
    energies = [row for row in verified if row["sensor_id"] == "m.energy"]
    total = sum(float(str(row["value"])) for row in energies)
    if None in values:
        assert total == pytest.approx(advance, abs=1e-4)
        assert all("register" in str(row["estimation_method"]) for row in energies if row["quality"] == "estimated")
    else:
        assert total == pytest.approx(sum(value or 0.0 for value in values))


def test_verify_days__of_an_empty_catalogue_is_empty(tmp_path: Path) -> None:
    assert verify(tmp_path, [MONDAY], World((), whole_day(METER, MONDAY, 1.0))) == []


def test_verify_days__takes_energy_of_a_civil_day(tmp_path: Path) -> None:
    daily = sensor("d.energy", interval_minutes=1440)
    rows = [row for day in WEEKS[:-3] for row in whole_day(daily, day, 24.0)]
    verified = verify(tmp_path, [date(2016, 3, 27), MONDAY], World((daily,), rows))
    assert [(row["value"], row["quality"]) for row in verified] == [(24.0, "estimated"), (None, "missing")]


def test_verify_days__ignores_readings_of_sensors_that_the_catalogue_lacks(tmp_path: Path) -> None:
    rows = whole_day(METER, MONDAY, 1.0) + whole_day(sensor("x.energy"), MONDAY, 2.0)
    verified = verify(tmp_path, [MONDAY], World((METER,), rows))
    assert {row["sensor_id"] for row in verified} == {"m.energy"}
    assert {row["quality"] for row in verified} == {"measured"}


def _key(row: Row) -> tuple[str, str]:
    return str(row["sensor_id"]), str(row["interval_start_utc"])
