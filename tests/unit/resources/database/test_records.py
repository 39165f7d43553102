"""Records: rows of the published lake tables, what comes back of them, and which version stands."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from grid_assets.domain.columns import TableSpec
from grid_assets.domain.errors import DatabaseError, InputError
from grid_assets.domain.projections.arrow import arrow_schema
from grid_assets.domain.tables import EVENTS, LOAD_DAILY, METER_READINGS, SENSOR_LATEST
from resources.clients.database import records as module
from resources.clients.database.client import Database
from resources.clients.database.record_tables import PUBLISHED, RECORD_TABLES
from tests.support.publications import DAY, NEXT_DAY, filled

NOON = datetime(2016, 3, 24, 12, tzinfo=UTC)


def latest(sensor_id: str, batch_id: int, value: float = 1.5, day: date = DAY) -> dict[str, object]:
    return {"sensor_id": sensor_id, "batch_id": batch_id, "value": value, "operating_day": day}


def keys(*sensor_ids: str) -> pa.Table:
    return pa.table({"sensor_id": pa.array(sensor_ids, pa.string())})


@pytest.mark.parametrize("spec", PUBLISHED, ids=lambda spec: spec.name)
def test_upsert__gives_every_column_back_as_the_lake_has_it(spec: TableSpec, database: Database) -> None:
    rows = filled(spec, [{}])
    assert database.records.upsert(spec, rows) == 1
    (found,) = database.records.fetch(spec)
    assert found == rows.to_pylist()[0]
    assert database.records.get(spec, *(found[name] for name in spec.key)) == found


def test_upsert__writes_a_newer_version_only(database: Database) -> None:
    records = database.records
    assert records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, [latest("a", 5, 5.0), latest("b", 5, 5.0)])) == 2
    mixed = [latest("a", 4, 4.0), latest("b", 6, 6.0), latest("c", 1, 1.0)]
    assert records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, mixed)) == 2
    assert {row["sensor_id"]: row["value"] for row in records.fetch(SENSOR_LATEST)} == {"a": 5.0, "b": 6.0, "c": 1.0}


def test_upsert__again_changes_nothing(database: Database) -> None:
    rows = filled(EVENTS, [{"event_id": "e", "batch_id": 2, "message": "a sag"}])
    assert database.records.upsert(EVENTS, rows) == 1
    assert database.records.upsert(EVENTS, rows) == 0


def test_upsert__takes_more_rows_than_one_transaction(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 3)
    rows = filled(SENSOR_LATEST, [latest(f"s{n}", 1) for n in range(10)])
    assert database.records.upsert(SENSOR_LATEST, rows) == 10
    assert database.records.count(SENSOR_LATEST) == 10


def test_withdraw__hides_a_row_until_a_newer_version_comes(database: Database) -> None:
    records = database.records
    records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, [latest("a", 5)]))
    assert records.withdraw(SENSOR_LATEST, keys("a"), 5) == 1
    assert records.get(SENSOR_LATEST, "a") is None
    assert records.count(SENSOR_LATEST) == records.live_keys(SENSOR_LATEST).num_rows == 0
    assert records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, [latest("a", 5)])) == 0
    assert records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, [latest("a", 6, 6.0)])) == 1
    assert (records.get(SENSOR_LATEST, "a") or {})["value"] == 6.0


def test_withdraw__leaves_a_newer_row_and_marks_an_unknown_key(database: Database) -> None:
    records = database.records
    records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, [latest("a", 5)]))
    assert records.withdraw(SENSOR_LATEST, keys("a", "b"), 4) == 1
    assert records.get(SENSOR_LATEST, "a") is not None
    assert records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, [latest("b", 4)])) == 0
    assert records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, [latest("b", 5)])) == 1


def test_live_keys__are_those_of_the_days_asked_for(database: Database) -> None:
    many = [NEXT_DAY + timedelta(days=n) for n in range(1_200)]
    rows = [latest("a", 1, day=DAY), latest("b", 2, day=NEXT_DAY), latest("c", 3, day=many[-1])]
    database.records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, rows))
    found = database.records.live_keys(SENSOR_LATEST, many)
    assert found.schema.names == ["sensor_id", "operating_day", "batch_id"]
    assert sorted(found.column("sensor_id").to_pylist()) == ["b", "c"]
    nobody = database.records.live_keys(LOAD_DAILY, [])
    types = {name: arrow_schema(LOAD_DAILY).field(name).type for name in nobody.schema.names}
    assert {field.name: field.type for field in nobody.schema} == types


def test_fetch__filters_by_value_and_by_any_of_several(database: Database) -> None:
    rows: list[dict[str, object]] = [
        {"event_id": "1", "event_type": "sag", "sensor_id": "a", "started_at_utc": NOON},
        {"event_id": "2", "event_type": "swell", "sensor_id": "a", "started_at_utc": NOON + timedelta(hours=1)},
        {"event_id": "3", "event_type": "gap", "sensor_id": None, "started_at_utc": NOON},
    ]
    database.records.upsert(EVENTS, filled(EVENTS, rows))

    def found(limit: int = 10, **where: object) -> list[str]:
        return [row["event_id"] for row in database.records.fetch(EVENTS, where, limit)]

    assert found(event_type=["sag", "gap"]) == ["1", "3"]
    assert found(sensor_id=None) == ["3"]
    assert found(sensor_id="a", started_at_utc=NOON) == ["1"]
    assert found(limit=2) == ["1", "2"]
    assert database.records.count(EVENTS, {"sensor_id": "a"}) == 2


def test_records__refuse_what_they_do_not_have(database: Database) -> None:
    with pytest.raises(InputError, match="no column 'colour'"):
        database.records.fetch(EVENTS, {"colour": "red"})
    with pytest.raises(InputError, match="a key of 1 values for load_daily"):
        database.records.get(LOAD_DAILY, "M1")
    with pytest.raises(DatabaseError, match="meter_readings has no copy"):
        database.records.count(METER_READINGS)


def test_reading__waits_for_no_writer(database: Database, tmp_path: Path) -> None:
    database.records.upsert(SENSOR_LATEST, filled(SENSOR_LATEST, [latest("a", 1)]))
    other = Database(f"sqlite:///{tmp_path / 'grid.db'}")
    with other.engine.begin():
        assert database.records.get(SENSOR_LATEST, "a") is not None
        assert database.outbox.depth() == 0
    other.close()


def test_record_tables__can_be_made_on_postgresql() -> None:
    for table in RECORD_TABLES.values():
        text = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
        assert "TIMESTAMP WITHOUT TIME ZONE" in text
        assert "is_withdrawn BOOLEAN NOT NULL" in text
