"""Landing files by content: each is claimed by one batch, whoever races; paths that were seen are remembered."""

from datetime import UTC, datetime
from pathlib import Path

from resources.clients.database.client import Database
from resources.clients.database.files import CHUNK, SeenFile
from tests.support.processes import race
from tests.support.rivals import identities, take_files

NOW = datetime(2016, 3, 27, 12, tzinfo=UTC)


def test_claim__gives_each_file_to_one_of_racing_processes(tmp_path: Path) -> None:
    got = tmp_path / "got"
    got.mkdir()
    names = [f"{number:03}" for number in range(40)]
    shares = [names[start:] + names[:start] for start in (0, 10, 20, 30)]
    assert race(take_files, [(tmp_path, share, got) for share in shares]) == [0] * 4
    taken = sorted(name for path in got.iterdir() for name in path.read_text().split())
    assert taken == names


def test_claim__gives_the_rest_where_another_batch_has_some(database: Database) -> None:
    first = database.batches.open("ingest", "test", NOW, identities(["a", "b"]))
    second = database.batches.open("ingest", "test", NOW, identities(["b", "c"]))
    assert (first.files, second.files) == (frozenset("ab"), frozenset("c"))
    assert database.files.known(["a", "b", "c", "d"]) == {"a", "b", "c"}


def test_claim__takes_the_same_content_under_two_names_once(database: Database) -> None:
    twice = (*identities(["a"]), *identities(["a"]))
    assert database.batches.open("ingest", "test", NOW, twice).files == {"a"}
    assert [file["name"] for file in database.files.listing()] == ["a.csv"]


def test_claim__takes_more_files_than_one_query_names(database: Database) -> None:
    names = [f"{number:04}" for number in range(2 * CHUNK + 1)]
    assert database.batches.open("ingest", "test", NOW, identities(names)).files == set(names)
    assert database.batches.open("ingest", "test", NOW, identities(names)).files == frozenset()
    assert database.files.known(names) == set(names)


def test_remember__keeps_the_newest_look_at_a_path(database: Database) -> None:
    old = [SeenFile(f"/landing/{n}", 1, 1, "old") for n in range(CHUNK + 1)]
    database.files.remember(old)
    database.files.remember([SeenFile("/landing/0", 2, 2, "new")])
    seen = database.files.seen()
    assert len(seen) == CHUNK + 1
    assert (seen["/landing/0"].content_hash, seen["/landing/1"].content_hash) == ("new", "old")
