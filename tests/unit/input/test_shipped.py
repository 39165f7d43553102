"""The shipped input holds together: files, manifest, truth and the physics of the grid agree."""

import csv
import hashlib
from collections import Counter
from typing import Any

import pyarrow.compute as pc
import pytest

from tests.input.constants import SHIPPED_DIR, TRUTH_DIR
from tests.input.faults.plan import OUTAGES, RESTARTS, THEFTS
from tests.input.timeaxis import from_us
from tests.unit.input.shipped import UNSTORABLE, connection, count_rows, files, truth

COLUMNS = [
    "sensor_id",
    "sensor_type",
    "unit",
    "meter_id",
    "transformer_id",
    "feeder_id",
    "substation_id",
    "region",
    "latitude",
    "longitude",
    "interval_minutes",
    "rated_min",
    "rated_max",
    "point_type",
    "valid_from_utc",
    "valid_to_utc",
    "time_zone",
    "description",
]
RARE = {"overload": 5, "overlap": 10, "late": 30, "theft": 3, "meter_swap": 1, "register_reset": 1}
RARE |= {"repeated_hour_complete": 11, "repeated_hour_incomplete": 24, "repeated_hour_lost": 6}
MAIN = "start < '2016-04-15'"


def ask(sql: str) -> list[Any]:
    return connection().execute(sql).fetchall()


def test_sizes__stay_small() -> None:
    shipped = [path.stat().st_size for path in SHIPPED_DIR.rglob("*") if path.is_file()]
    assert sum(shipped) < 11_000_000
    assert sum(path.stat().st_size for path in TRUTH_DIR.glob("*.parquet")) < 2_000_000


def test_catalogue__has_the_stated_columns_and_unique_ids() -> None:
    ids = []
    for path in sorted((SHIPPED_DIR / "sensors").iterdir()):
        with path.open(encoding="utf-8") as file:
            reader = csv.DictReader(file)
            assert reader.fieldnames == COLUMNS
            ids += [row["sensor_id"] for row in reader]
    assert len(ids) == len(set(ids)) == 474


def test_catalogue__meters_300_loads_and_generators_and_gives_each_an_energy_sensor() -> None:
    [(meters,)] = ask("SELECT count(DISTINCT meter_id) FROM sensors WHERE point_type <> 'exchange'")
    [(with_energy,)] = ask("SELECT count(DISTINCT meter_id) FROM sensors WHERE sensor_type = 'energy'")
    [(every,)] = ask("SELECT count(DISTINCT meter_id) FROM sensors")
    assert meters >= 300
    assert with_energy == every


def test_catalogue__lv_feeder_belongs_to_one_transformer() -> None:
    assert (
        ask("""SELECT feeder_id FROM sensors WHERE feeder_id LIKE 'LV%' AND transformer_id IS NOT NULL
        GROUP BY 1 HAVING count(DISTINCT transformer_id) <> 1""")
        == []
    )


def test_manifest__counts_the_rows_of_every_file() -> None:
    manifest = {row["file"]: row for row in truth("manifest").to_pylist()}
    assert sorted(manifest) == [path.name for path in files()]
    assert {path.name: count_rows(path) for path in files()} == {name: row["rows"] for name, row in manifest.items()}
    for row in manifest.values():
        assert row["rows"] == row["good_rows"] + row["expected_quarantined"] + row["expected_duplicate"]


def test_manifest__agrees_with_the_rows_that_cannot_be_stored() -> None:
    faults = truth("faults").filter(pc.is_in(truth("faults")["kind"], pc.cast(sorted(UNSTORABLE), "string")))
    found = Counter(faults["source_file"].to_pylist())
    expected = {row["file"]: row["expected_quarantined"] for row in truth("manifest").to_pylist()}
    assert found == {name: count for name, count in expected.items() if count}


def test_manifest__duplicates_are_rows_that_were_delivered_before() -> None:
    delivered_twice = ask("""SELECT count(*) - count(DISTINCT (sensor_id, start, value, coalesce(unit, ''),
        coalesce(quality, ''))) FROM delivered WHERE start < '2016-10-30' OR sensor_id NOT IN (
        SELECT sensor_id FROM sensors WHERE time_zone IS NOT NULL)""")
    [(expected,)] = ask("SELECT sum(expected_duplicate) FROM manifest WHERE file NOT LIKE '%-copy.%'")
    assert delivered_twice == [(expected,)]


def test_copies__are_byte_identical_to_an_earlier_file() -> None:
    copies = [path for path in files() if "-copy" in path.name]
    seen: dict[str, str] = {}
    for path in files():
        seen.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)
    assert len(copies) == 3
    assert all(seen[hashlib.sha256(path.read_bytes()).hexdigest()] != path.name for path in copies)


def test_faults__each_kind_occurs_often_enough_to_score() -> None:
    kinds = Counter(truth("faults")["kind"].to_pylist())
    assert {kind: kinds[kind] for kind in kinds if kinds[kind] < RARE.get(kind, 30)} == {}
    assert set(RARE) <= set(kinds)


def test_faults__touch_one_to_two_percent_of_the_readings() -> None:
    [(wrong,)] = ask("SELECT count(*) FROM true_values")
    [(rows,)] = ask("SELECT count(*) FROM repaired")
    assert 0.01 < wrong / rows < 0.02


def test_repaired__holds_every_slot_of_the_60_days_once() -> None:
    expected = {15: 5756, 30: 2878, 60: 1439, 1440: 60}
    counts = ask(f"""SELECT s.interval_minutes, r.n, r.slots FROM sensors s LEFT JOIN (
        SELECT sensor_id, count(*) AS n, count(DISTINCT start) AS slots FROM repaired WHERE {MAIN} GROUP BY 1
    ) r USING (sensor_id)""")
    assert len(counts) == 474
    assert [row for row in counts if not row[1] == row[2] == expected[row[0]]] == []


def test_repaired__lies_within_the_ratings_but_for_overloads_and_voltage_events() -> None:
    above = ask("""SELECT s.point_type, s.sensor_type, count(*), max(abs(r.value) / s.rated_max) FROM repaired r
        JOIN sensors s USING (sensor_id) WHERE s.sensor_type NOT IN ('register', 'voltage')
        AND (r.value > s.rated_max OR r.value < s.rated_min) GROUP BY 1, 2""")
    assert [(point, kind) for point, kind, _, _ in above] == [("exchange", "energy")]
    assert 5 <= above[0][2] <= 30
    assert above[0][3] <= 1.3


def test_voltages__leave_the_band_exactly_in_events() -> None:
    assert ask("""SELECT count(*) FROM repaired r JOIN sensors s USING (sensor_id)
        WHERE s.sensor_type = 'voltage' AND (r.value NOT BETWEEN s.rated_min AND s.rated_max) <> EXISTS (
            SELECT 1 FROM faults f WHERE f.sensor_id = r.sensor_id AND f.kind IN ('sag', 'swell', 'outage')
            AND r.start >= f.start_utc AND r.start < f.end_utc)""") == [(0,)]


def test_registers__agree_with_the_intervals_of_their_meter() -> None:
    restarts = ", ".join(f"'{restart.sensor_id}'" for restart in RESTARTS)
    differing = ask(f"""
        WITH days AS (
            SELECT s.meter_id, r.start, r.value - lag(r.value) OVER days AS delta,
                coalesce(lead(r.start) OVER days, TIMESTAMPTZ '2016-04-14 22:00Z') AS stop
            FROM repaired r JOIN sensors s USING (sensor_id)
            WHERE s.sensor_type = 'register' AND r.sensor_id NOT IN ({restarts})
            WINDOW days AS (PARTITION BY r.sensor_id ORDER BY r.start))
        SELECT d.meter_id, d.start, d.delta, sum(r.value) FROM days d
        JOIN sensors s ON s.meter_id = d.meter_id AND s.sensor_type = 'energy'
        JOIN repaired r ON r.sensor_id = s.sensor_id AND r.start >= d.start AND r.start < d.stop
        WHERE d.delta IS NOT NULL GROUP BY ALL HAVING abs(d.delta - sum(r.value)) > 0.0011""")
    assert differing == []
    assert ask(f"SELECT count(*) FROM repaired WHERE sensor_id IN ({restarts})") == [(120,)]


BALANCE = """
    SELECT r.start, sum(CASE s.point_type WHEN 'consumption' THEN -r.value ELSE r.value END) AS loss,
        sum(CASE s.point_type WHEN 'consumption' THEN r.value ELSE 0 END) AS consumption
    FROM {readings} r JOIN sensors s USING (sensor_id)
    WHERE s.sensor_type = 'energy' AND s.{column} = '{asset}' AND {main}
        AND (s.point_type <> 'exchange' OR s.sensor_id = '{asset}-X.energy') GROUP BY 1"""


@pytest.mark.parametrize("asset", ["TR-LV2.108", "LV-F1", "LV-F2", "LV-F3", "LV-F4", "MV-F1", "MV-F6", "MV-F7"])
def test_balance__closes_with_losses_every_quarter_hour(asset: str) -> None:
    column = "transformer_id" if asset.startswith("TR") else "feeder_id"
    balance = BALANCE.format(readings="repaired", column=column, asset=asset, main=MAIN)
    [(quarters, least, loss, consumption)] = ask(
        f"SELECT count(*), min(loss), sum(loss), sum(consumption) FROM ({balance})"
    )
    rounding = 0.003 if asset[:2] != "MV" else 0.3
    assert quarters == 5756
    assert least > -rounding
    assert 0 < loss / consumption < 0.06


@pytest.mark.parametrize(("sensor_id", "since"), [(sensor_id, since) for sensor_id, since, _ in THEFTS])
def test_theft__shows_in_the_balance_of_its_feeder_from_its_day_on(sensor_id: str, since: int) -> None:
    [(feeder,)] = ask(f"SELECT feeder_id FROM sensors WHERE sensor_id = '{sensor_id}'")
    stolen = f"""(SELECT * FROM repaired WHERE sensor_id <> '{sensor_id}'
        UNION ALL SELECT sensor_id, start, value FROM delivered WHERE sensor_id = '{sensor_id}')"""
    balance = BALANCE.format(readings=stolen, column="feeder_id", asset=feeder, main=MAIN)
    shares = dict(
        ask(f"""SELECT start >= TIMESTAMPTZ '{from_us(since).isoformat()}', sum(loss) / sum(consumption)
        FROM ({balance}) GROUP BY 1""")
    )
    assert shares[False] < 0.02
    assert shares[True] > 0.04


def test_outage__is_zero_for_every_meter_of_the_area_with_no_voltage() -> None:
    for outage in OUTAGES[:3]:
        inside = f"start >= '{from_us(outage.start_us).isoformat()}' AND start < '{from_us(outage.end_us).isoformat()}'"
        area = f"(s.feeder_id = '{outage.asset_id}' OR s.transformer_id = '{outage.asset_id}')"
        [(sensors, largest)] = ask(f"""SELECT count(DISTINCT sensor_id), max(abs(value)) FROM repaired
            JOIN sensors s USING (sensor_id) WHERE {area} AND {inside} AND s.sensor_type <> 'register'""")
        assert sensors > 10
        assert largest == 0
