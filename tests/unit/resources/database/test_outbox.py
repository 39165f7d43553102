"""The outbox: entries are named for files, read, marked and forgotten."""

from datetime import UTC, datetime, timedelta

from resources.clients.database.client import Database
from resources.clients.write_behind.base import QueuedWrite
from tests.unit.resources.database.test_api_writes import a_write

NOW = datetime(2016, 3, 27, 12, tzinfo=UTC)


def fill(database: Database, first: int, last: int) -> None:
    writes = [QueuedWrite(a_write(n, f"2016-03-27T10:00:{n:02}Z"), n, 1) for n in range(first, last + 1)]
    database.api_writes.apply(writes)


def test_name_file__names_the_oldest_entries(database: Database) -> None:
    fill(database, 1, 5)
    outbox = database.outbox
    assert outbox.name_file(2) == "api-000000000001-000000000002.jsonl"
    assert outbox.name_file(9) == "api-000000000003-000000000005.jsonl"
    assert outbox.name_file(9) is None
    assert [len(outbox.lines(name)) for name in outbox.files_to_write()] == [2, 3]
    assert outbox.depth() == 5


def test_mark_landed__ends_a_file_once(database: Database) -> None:
    fill(database, 1, 3)
    outbox = database.outbox
    name = str(outbox.name_file(3))
    assert outbox.mark_landed(name, NOW) == 3
    assert outbox.mark_landed(name, NOW) == 0
    assert outbox.files_to_write() == ()
    assert outbox.depth() == 0


def test_prune__forgets_what_landed_before(database: Database) -> None:
    fill(database, 1, 2)
    outbox = database.outbox
    outbox.mark_landed(str(outbox.name_file(1)), NOW - timedelta(days=8))
    outbox.mark_landed(str(outbox.name_file(1)), NOW)
    fill(database, 3, 3)
    assert outbox.prune(NOW - timedelta(days=7)) == 1
    assert [entry.position for entry in outbox.unlanded()] == [3]
    assert outbox.name_file(9) == "api-000000000003-000000000003.jsonl"
