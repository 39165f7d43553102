"""Status: what there is, what waits, what is held, in a fresh home, a filled one and one with work left."""

import json
from datetime import UTC, datetime

from grid_assets.domain.tables import TABLES
from grid_assets.pipeline.status import status
from resources.clients.database.batches import Settlement
from resources.clients.database.changes import Change
from resources.clients.platform import Platform
from tests.support.landing import DAYS

NOW = datetime(2016, 4, 1, tzinfo=UTC)


def test_status__of_a_fresh_home_has_every_table_without_rows(platform: Platform) -> None:
    state = status(platform)
    assert [(t.name, t.rows, t.files, t.snapshots) for t in state.tables] == [(t.name, 0, 0, 0) for t in TABLES]
    assert state.rows == dict.fromkeys(("received", "stored", "duplicate", "quarantined"), 0)
    assert (state.open_batches, state.held_batches, state.quarantine, state.finding) == (0, (), (), "")


def test_status__of_a_filled_home_counts_rows_files_and_days(still: Platform) -> None:
    state = status(still)
    sizes = {table.name: table for table in state.tables}
    assert (sizes["sensor_data"].rows, sizes["meter_readings"].rows, sizes["sensors"].rows) == (507, 507, 8)
    assert sizes["meter_readings"].files == 9
    assert all(table.megabytes > 0 for table in state.tables if table.rows > 100)
    assert state.rows == {"received": 507, "stored": 507, "duplicate": 0, "quarantined": 0}
    assert state.files == {"ingested": 4, "quarantined": 0, "claimed": 0}
    assert state.pending_days == dict.fromkeys(("verify", "aggregate", "publish", "warm", "index"), 0)


def test_status__says_what_waits_is_open_and_is_held(ran: Platform) -> None:
    batches = ran.database.batches
    changed, held, _ = (batches.open("ingest", "test", NOW) for _ in range(3))
    batches.settle(changed.batch_id, Settlement([Change("sensor_data", day) for day in DAYS[:2]]))
    gate = [{"rule": "G02", "metric": "quarantined_share", "value": 0.5, "passed": False}]
    batches.settle(held.batch_id, Settlement([Change("sensor_data", DAYS[2])], result={"gate": gate}, is_held=True))
    state = status(ran)
    assert (state.pending_days["verify"], state.pending_days["aggregate"]) == (2, 0)
    assert state.open_batches == 1
    assert state.held_batches == ({"batch_id": held.batch_id, "stage": "ingest", "gate": gate},)
    batches.release(held.batch_id)
    state = status(ran)
    assert (state.pending_days["verify"], state.held_batches) == (3, ())


def test_status__is_plain_json(still: Platform) -> None:
    found = json.loads(json.dumps(status(still).as_dict()))
    assert {"tables", "files", "rows", "pending_days", "held_batches", "open_batches", "quarantine"} <= found.keys()
